-- When campaigns last wrote to a lead. This is not stored in the lead's own row, which has a dozen indexes and would change with
-- every message. Sending only appends a row for each message. A fold then writes one small row for each lead; it updates the lead
-- itself only for the first message.

create function private.fold_lead_activity(p_limit integer default 20000, p_org_id uuid default null)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_resting uuid[] := private.resting_orgs('fold_activity', p_org_id, now());
  v_count integer;
begin
  -- One fold at a time: two would wait for each other's leads.
  if not pg_try_advisory_xact_lock(hashtextextended('fold lead activity', 0)) then
    return 0;
  end if;
  perform private.set_lead_cause('sent');
  with locked as materialized (
    -- Locks leads in the order of their ids, as all functions do. A lead that another transaction is changing waits for the next
    -- fold.
    select l.id, l.status, l.first_contacted_at from public.leads l
    where l.id in (select x.lead_id from (select s.lead_id from private.sent_leads s
      where (p_org_id is null or s.org_id = p_org_id) and s.org_id <> all (v_resting) limit p_limit) x)
    order by l.id for no key update skip locked
  ),
  taken as materialized (
    delete from private.sent_leads s
    where s.ctid = any (array(select x.ctid from private.sent_leads x where (p_org_id is null or x.org_id = p_org_id)
      and x.org_id <> all (v_resting) limit p_limit))
      and (s.lead_id in (select k.id from locked k) or not exists (select from public.leads l where l.id = s.lead_id))
    returning s.org_id, s.lead_id, s.sent_at
  ),
  sent as materialized (
    select t.org_id, t.lead_id, min(t.sent_at) as first_at, max(t.sent_at) as last_at
    from taken t join locked k on k.id = t.lead_id
    group by t.org_id, t.lead_id
  ),
  firsts as (
    update public.leads l
    set first_contacted_at = coalesce(l.first_contacted_at, s.first_at),
        status = case when l.status = 'new' and not private.is_chosen(l.id, 'status') then 'contacted' else l.status end
    from sent s
    where l.id = s.lead_id and (l.first_contacted_at is null or l.status = 'new' and not private.is_chosen(l.id, 'status'))
  ),
  folded as (
    insert into private.lead_activity as a (lead_id, org_id, last_contacted_at)
    select s.lead_id, s.org_id, s.last_at from sent s order by s.lead_id
    on conflict (lead_id) do update set last_contacted_at = greatest(a.last_contacted_at, excluded.last_contacted_at)
  )
  select count(*) into v_count from sent;
  perform private.set_lead_cause(null);
  return v_count;
end;
$$;
comment on function private.fold_lead_activity(integer, uuid) is
  'Processes up to p_limit rows of sent_leads: stores when each lead was last contacted. For leads contacted for the first time '
  'it sets first_contacted_at, and status contacted if the lead is new and no person chose that status. Returns the number of '
  'leads. p_org_id: only this organisation; null: all except those for which this work is resting.';
