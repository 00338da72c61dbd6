-- The audience: which phones a campaign would write to, and why others are excluded. Building fixes it in chunks.

create function private.criteria_filter(p_criteria jsonb)
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select coalesce(p_criteria -> 'filter', '{}') || jsonb_strip_nulls(jsonb_build_object(
    -- In the older criteria an empty list means no condition; in a filter it matches no lead.
    'ids', nullif(p_criteria -> 'lead_ids', '[]'),
    'tags', case when p_criteria ? 'tags' then jsonb_build_object('any', p_criteria -> 'tags') end,
    'counties', p_criteria -> 'counties',
    'states', p_criteria -> 'states',
    'statuses', p_criteria -> 'statuses',
    'segment_ids', nullif(p_criteria -> 'segment_ids', '[]'),
    'import_ids', case when p_criteria ? 'import_id' then jsonb_build_array(p_criteria -> 'import_id') end));
$$;
comment on function private.criteria_filter(jsonb) is
  'A campaign''s target_criteria as a filter of private.lead_condition: filter, overridden by the older criteria.';

create function private.lead_needs(p_required text[], p_support_contact text)
returns text[]
language sql
immutable
set search_path = ''
as $$
  -- A contact without any letter or digit comes to nothing when it is cleaned for sending.
  select array(
    select v from unnest(p_required) v
    where v not in ('brand', 'phone', 'today')
      and (v <> 'support_contact' or coalesce(p_support_contact, '') !~ '[A-Za-z0-9]'));
$$;
comment on function private.lead_needs(text[], text) is
  'Which variables that a template requires need a value of the lead; planning provides the others. '
  'p_support_contact: the organisation''s; while it has none, nobody can get a text that needs it.';

create function private.audience_leads(p_campaign public.campaigns, p_after uuid, p_upto uuid, p_now timestamptz)
returns table (id uuid, status text, consent_status text, state text)
language plpgsql
stable
set search_path = ''
as $$
begin
  return query execute format(
    'select l.id, l.status, l.consent_status, l.state from public.leads l where %s and ($1 is null or l.id > $1) and ($2 is '
    'null or l.id <= $2)',
    private.lead_condition(p_campaign.org_id, private.criteria_filter(p_campaign.target_criteria), p_now))
  using p_after, p_upto;
end;
$$;
comment on function private.audience_leads(public.campaigns, uuid, uuid, timestamptz) is
  'The leads that match a campaign''s criteria, with ids after p_after and up to p_upto (null: no bound). Raises PT422 if a '
  'segment does not exist.';

create function private.campaign_audience(p_campaign public.campaigns, p_after uuid, p_upto uuid, p_now timestamptz default now())
returns table (lead_id uuid, lead_phone_id uuid, e164 text, window_key text, reason text)
language plpgsql
stable
set search_path = ''
as $$
begin
  if not exists (select from public.campaign_steps s where s.campaign_id = p_campaign.id and s.kind = 'next_phone') then
    return query select * from private.audience_chunk(p_campaign, p_after, p_upto, p_now);
    return;
  end if;
  p_campaign.phones := 'all';
  return query
  select a.lead_id, a.lead_phone_id, a.e164, a.window_key, a.reason
  from (
    select c.*, min(c.n) filter (where c.reason is null or c.reason not in ('landline', 'invalid_phone'))
      over (partition by c.lead_id order by c.n) as first_n
    from private.audience_chunk(p_campaign, p_after, p_upto, p_now) with ordinality
      as c(lead_id, lead_phone_id, e164, window_key, reason, n)
  ) a
  where a.first_n is null or a.first_n = a.n
  order by a.n;
end;
$$;
comment on function private.campaign_audience(public.campaigns, uuid, uuid, timestamptz) is
  'The audience of a campaign: see private.audience_chunk. A campaign that goes from phone to phone begins with the first phone '
  'of each lead that is neither a landline nor invalid.';
