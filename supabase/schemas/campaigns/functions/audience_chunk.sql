create function private.audience_chunk(p_campaign public.campaigns, p_after uuid, p_upto uuid, p_now timestamptz default now())
returns table (lead_id uuid, lead_phone_id uuid, e164 text, window_key text, reason text)
language plpgsql
stable
set search_path = ''
as $$
declare
  v_never_contacted boolean := coalesce((p_campaign.target_criteria ->> 'never_contacted')::boolean, false);
  v_org public.orgs;
  v_cooldown interval;
  v_required text[];
  v_by_parcel boolean;
  v_excluded uuid[] := private.filter_ids(p_campaign.target_criteria, 'exclude_campaign_ids');
  v_failed uuid := (p_campaign.target_criteria ->> 'failed_in_campaign_id')::uuid;
  v_unanswered uuid := (p_campaign.target_criteria ->> 'unanswered_campaign_id')::uuid;
begin
  select * into v_org from public.orgs o where o.id = p_campaign.org_id;
  v_cooldown := make_interval(days => coalesce(p_campaign.cooldown_days, v_org.cooldown_days));
  -- The sets of variables that the templates need of a lead. Only the smallest sets: a lead that has all variables of a larger
  -- set also has those of the smaller one. Null if some template needs none, and so suits every lead.
  with needs as (
    select distinct private.lead_needs(t.required_variables, v_org.support_contact) as variables
    from public.campaign_templates ct
    join public.templates t on t.id = ct.template_id and t.is_active
    where ct.campaign_id = p_campaign.id and ct.step = 1
  )
  select case when bool_or(n.variables = '{}') then null else array_agg(array_to_string(n.variables, ',')) end
  into v_required
  from needs n
  where not exists (select from needs x where x.variables <@ n.variables and not n.variables <@ x.variables);
  v_by_parcel := exists (
    select from unnest(v_required) needs, unnest(string_to_array(needs, ',')) variable
    where variable <> all (array['first_name', 'last_name', 'full_name', 'email', 'city', 'state', 'zip_code',
      'support_contact']));

  return query
  with people as materialized (
    select x.id, x.status, x.consent_status, x.state from private.audience_leads(p_campaign, p_after, p_upto, p_now) x
  ),
  -- From lead to phone to contact, each by its own index: "is true" and "limit" leave the planner no other way. To the statistics
  -- an organisation that has just imported is one row, and joins that relied on them compared all rows with all (50 s for 10,000
  -- leads).
  phones as materialized (
    select l.id as lead_id, l.status, l.consent_status as lead_consent, p.id as lead_phone_id, p.e164,
      array_position(array['primary', 'secondary', 'alternate'], p.role) as role_order,
      p.is_valid, p.line_type, p.consent_status, substr(p.e164, 3, 3) || coalesce(l.state, '') as place,
        coalesce(l.state, '') as state,
      coalesce(o.variables, v.variables) as variables,
      c.suppressed_at, c.invalid_at, c.last_sent_at, c.last_campaign_id,
      (select r.reason from private.refused_phones r
        where r.org_id = p_campaign.org_id and r.e164 = p.e164 order by r.reason limit 1) as refusal
    from people l
    join public.lead_phones p on p.lead_id = l.id and (p.org_id = p_campaign.org_id) is true
      and (p_campaign.phones = 'all' or p.role = 'primary')
    left join lateral (
      select x.suppressed_at, x.invalid_at, x.last_sent_at, x.last_campaign_id, x.last_inbound_at
      from private.contacts x where x.org_id = p_campaign.org_id and x.e164 = p.e164 limit 1
    ) c on true
    left join private.lead_own_values o on v_required is not null and not v_by_parcel and o.lead_id = l.id
    left join private.lead_values v on v_by_parcel and v.lead_id = l.id
    where (not v_never_contacted or c.last_sent_at is null)
      -- Each "offset" makes a lookup of it: without one the planner may hash all targets of the other campaigns for each chunk.
      and (v_failed is null or exists (
        select from public.campaign_targets t
        where t.campaign_id = v_failed and t.e164 = p.e164 and t.is_included and t.state = 'failed' offset 0))
      and (v_unanswered is null or coalesce(c.last_inbound_at, '-infinity') < (
        select min(t.sent_at) from public.campaign_targets t
        where t.campaign_id = v_unanswered and t.e164 = p.e164 and t.is_included and t.state = 'sent'))
      and (v_excluded is null or not (
        exists (select from public.campaign_targets t
          where t.campaign_id = any (v_excluded) and t.e164 = p.e164 and t.is_included offset 0)
        or exists (select from public.campaign_targets t
          where t.lead_id = l.id and t.campaign_id = any (v_excluded) and t.is_included offset 0)))
  ),
  -- Once for each area code and state, not for each phone.
  places as materialized (
    select jsonb_object_agg(k.place, jsonb_build_array(k.window_key, exists (
        select 1 from public.consent_rules r
        where r.state = any (string_to_array(split_part(k.window_key, '|', 2), ','))
          and r.effective_from <= p_now::date and (r.effective_to is null or r.effective_to > p_now::date)))) as keys
    from (
      select d.place, private.window_key('+1' || substr(d.place, 1, 3) || '5550100', nullif(d.state, '')) as window_key
      from (select distinct x.place, x.state from phones x) d
    ) k
  ),
  -- Judges each phone once, and keeps only the columns that are needed after that.
  judged as materialized (
    select p.lead_id, p.lead_phone_id, p.e164, p.role_order, k.keys -> p.place ->> 0 as window_key,
      case
        when p.is_valid is false or p.invalid_at is not null then 'invalid_phone'
        when p.line_type = 'landline' then 'landline'
        when p.status = 'do_not_contact' then 'do_not_contact'
        when p.suppressed_at is not null then 'suppressed'
        when p.consent_status = 'denied' or p.lead_consent = 'denied' then 'no_consent'
        when 'granted' not in (p.consent_status, p.lead_consent)
          and (v_org.consent_policy = 'required' or (k.keys -> p.place -> 1)::boolean) then 'no_consent'
        -- Another lead with this phone refuses it.
        when p.refusal is not null then p.refusal
        when p.last_sent_at > p_now - v_cooldown and p.last_campaign_id is distinct from p_campaign.id then 'recently_contacted'
        when v_required is not null and not exists (
          select 1 from unnest(v_required) needs where p.variables ?& string_to_array(needs, ',')
        ) then 'missing_variable'
      end as verdict
    from phones p cross join places k
  )
  select j.lead_id, j.lead_phone_id, j.e164, j.window_key,
    coalesce(j.verdict, case
      -- The lead whose primary phone it is comes first.
      when row_number() over (partition by j.e164, j.verdict is null order by j.role_order, j.lead_id) > 1
        -- "limit" makes this a lookup for each person. Without it, all targets of the campaign were read for every chunk.
        or (
          select true from public.campaign_targets t
          where t.campaign_id = p_campaign.id and t.e164 = j.e164 and t.step = 1 and t.is_included limit 1
        ) then 'duplicate'
    end)
  from judged j
  order by j.lead_id, j.role_order;
end;
$$;
comment on function private.audience_chunk(public.campaigns, uuid, uuid, timestamptz) is
  'The phones of the leads that match a campaign''s criteria, with lead ids after p_after and up to p_upto (null: no bound), '
  'each with the reason why it is excluded (null: it is a target).';
