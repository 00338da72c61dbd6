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

create function private.lead_needs(p_required text[])
returns text[]
language sql
immutable
set search_path = ''
as $$
  select array(select v from unnest(p_required) v where v not in ('brand', 'phone', 'today'));
$$;
comment on function private.lead_needs(text[]) is
  'Which variables that a template requires need a value of the lead; planning provides the others.';

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
