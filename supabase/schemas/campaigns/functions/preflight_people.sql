create function private.preflight_people(p_campaign public.campaigns, p_now timestamptz)
returns jsonb
language sql
stable
set search_path = ''
as $$
  with people as (
    -- A larger campaign is judged by those who come first.
    select t.e164, t.lead_phone_id, t.lead_id from public.campaign_targets t
    where t.campaign_id = p_campaign.id and t.is_waiting
    limit 100000
  ),
  scrubs as (
    select s.e164, max(s.scrubbed_at) filter (where s.result = 'clean') as clean_at
    from public.phone_scrubs s join people p on p.e164 = s.e164
    where s.org_id = p_campaign.org_id
    group by s.e164
  )
  select jsonb_build_object(
    'judged', count(*),
    'with_consent', count(*) filter (where l.consent_status = 'granted' or lp.consent_status = 'granted'),
    'line_type_unknown', count(*) filter (where lp.line_type is null),
    'state_unknown', count(*) filter (where l.state is null),
    'scrubbed', count(*) filter (where s.clean_at > p_now - interval '31 days'),
    'oldest_scrub_at', min(s.clean_at))
  from people p
  left join public.leads l on l.id = p.lead_id
  left join public.lead_phones lp on lp.id = p.lead_phone_id
  left join scrubs s on s.e164 = p.e164;
$$;
comment on function private.preflight_people(public.campaigns, timestamptz) is
  'What is known about the waiting people of a campaign, or about 100,000 of them: judged says about how many. scrubbed counts '
  'phones that a scrub service found on no list within 31 days (16 CFR 310.4(b)(3)(iv)).';
