create function private.record_lead_events()
returns trigger
language plpgsql
security definer
set search_path = ''
-- A hash join and no JIT, for the reasons given in private.count_lead_changes.
set enable_nestloop = off
set jit = off
as $$
declare
  v_user_id uuid;
begin
  insert into public.lead_events (org_id, lead_id, kind, old_value, new_value, cause, message_id, user_id)
  select n.org_id, n.id, c.kind, c.old_value, c.new_value,
    coalesce(nullif(current_setting('lead_events.cause', true), ''), case when u.id is null then 'system' else 'manual' end),
    nullif(current_setting('lead_events.message_id', true), '')::uuid, u.id
  from new_rows n join old_rows o on o.id = n.id
  cross join lateral (values ('status', o.status, n.status), ('score', o.lead_score, n.lead_score)) c (kind, old_value, new_value)
  left join public.users u on u.id = (select auth.uid())
  where (n.status, n.lead_score) is distinct from (o.status, o.lead_score) and c.old_value <> c.new_value;
  return null;
end;
$$;
comment on function private.record_lead_events() is
  'Statement trigger: writes an event for every status and score that a statement changed. Security definer: events are written '
  'only by changes of leads, never directly.';
