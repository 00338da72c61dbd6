-- Events of leads: every change of status and score, no matter who makes it, with the cause. Creating a lead writes no event.

create function private.set_lead_cause(p_cause text, p_message_id uuid default null)
returns void
language sql
set search_path = ''
as $$
  select set_config('lead_events.cause', coalesce(p_cause, ''), true),
    set_config('lead_events.message_id', coalesce(p_message_id::text, ''), true);
$$;
comment on function private.set_lead_cause(text, uuid) is
  'Sets the cause of changes to leads (see lead_events.cause) until the end of the transaction or the next call; null resets it. '
  'If no cause is set, it is manual if somebody is signed in, else system.';

create function private.prune_lead_events(p_now timestamptz default now(), p_limit integer default 50000,
  p_org_id uuid default null)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_resting uuid[] := private.resting_orgs('prune_events', p_org_id, p_now);
  v_count integer;
begin
  delete from public.lead_events e where e.id in (
    select x.id from public.lead_events x where x.created_at < p_now - interval '2 years'
      and (p_org_id is null or x.org_id = p_org_id) and x.org_id <> all (v_resting) order by x.created_at limit p_limit);
  get diagnostics v_count = row_count;
  return v_count;
end;
$$;
comment on function private.prune_lead_events(timestamptz, integer, uuid) is
  'Deletes a limited batch of events that are older than two years; returns how many. p_org_id: only this organisation; null: '
  'all except those for which this work is resting.';
