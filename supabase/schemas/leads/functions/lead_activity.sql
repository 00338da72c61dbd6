-- When campaigns last wrote to a lead. Never on the lead's own row: that has a dozen indexes, and this changes with every
-- message. Sending appends a line a message and no more; a fold writes one narrow row a lead, and once in its life the lead
-- itself.

create function private.fold_lead_activity(p_limit integer default 20000, p_org_id uuid default null)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_resting uuid[] := private.resting_orgs('fold_activity', p_org_id, now());
  v_count integer;
begin
  -- One at a time: two folds would wait for each other's leads.
  if not pg_try_advisory_xact_lock(hashtextextended('fold lead activity', 0)) then
    return 0;
  end if;
  perform private.set_lead_cause('sent');
  with locked as materialized (
    -- In the order in which everybody locks leads. Whoever is being changed by somebody else waits for the next fold.
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
  'Takes up to p_limit lines of sent_leads: writes when each lead was last contacted, and of those written to for the first '
  'time first_contacted_at and status contacted, if it was new and no person had it so. Returns of how many leads. p_org_id: of '
  'that organisation alone; null: of all but those for which this work rests.';
