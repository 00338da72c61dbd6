-- Keeping the keys and the list of leads that have a duplicate. Whoever writes leads appends their ids; a job does the rest in
-- order, alone, so that two who write at the same moment are seen together by it whichever commits first.

create table private.lead_changes (
  id bigint generated always as identity primary key,
  org_id uuid not null,
  lead_id uuid not null
) with (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_cost_delay = 0);
comment on table private.lead_changes is 'Leads whose name, address, phones or deletion changed since private.match_leads looked at them. Appended only, twice does no harm.';
alter table private.lead_changes enable row level security;

create table private.duplicate_leads (
  org_id uuid not null,
  rank smallint not null check (rank in (1, 2)),
  lead_id uuid not null,
  primary key (org_id, rank, lead_id)
);
comment on table private.duplicate_leads is
  'Leads that have a duplicate, to be listed without looking at all leads: rank 1 by phone, 2 by owner alone. What is no longer true is found when it is listed, and looked at again.';
create index duplicate_leads_lead_idx on private.duplicate_leads (lead_id);
alter table private.duplicate_leads enable row level security;

create function private.note_new_leads()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  -- Those without a phone yet are noted when it comes.
  insert into private.lead_changes (org_id, lead_id) select n.org_id, n.id from new_rows n where n.phone_digits <> '';
  return null;
end;
$$;
comment on function private.note_new_leads() is 'Statement trigger: notes new leads for private.match_leads. Definer: whoever writes leads may not write private tables.';

create function private.note_changed_leads()
returns trigger
language plpgsql
security definer
set search_path = ''
-- Old and new rows are joined by hash: a plan is kept from the first statement, and one made for a single row compares every row with
-- every other.
set enable_nestloop = off
as $$
begin
  insert into private.lead_changes (org_id, lead_id)
  select n.org_id, n.id from new_rows n join old_rows o on o.id = n.id
  where (n.phone_digits, n.first_name, n.last_name, n.address1, n.address2, n.city, n.state, n.postal_code, n.deleted_at)
    is distinct from (o.phone_digits, o.first_name, o.last_name, o.address1, o.address2, o.city, o.state, o.postal_code, o.deleted_at);
  return null;
end;
$$;
comment on function private.note_changed_leads() is 'Statement trigger: notes leads that may have got or lost a duplicate. Definer: whoever writes leads may not write private tables.';

create function private.forget_leads()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  delete from private.lead_match_keys k using old_rows o where k.lead_id = o.id;
  delete from private.duplicate_leads d using old_rows o where d.lead_id = o.id;
  delete from private.dismissed_duplicates d using old_rows o where d.lead_a = o.id;
  delete from private.dismissed_duplicates d using old_rows o where d.lead_b = o.id;
  return null;
end;
$$;
comment on function private.forget_leads() is 'Statement trigger: what was kept to compare leads goes with them. Definer: whoever removes leads may not write private tables.';

create trigger leads_note_new after insert on public.leads
  referencing new table as new_rows for each statement execute function private.note_new_leads();
create trigger leads_note_changed after update on public.leads
  referencing old table as old_rows new table as new_rows for each statement execute function private.note_changed_leads();
create trigger leads_forget after delete on public.leads
  referencing old table as old_rows for each statement execute function private.forget_leads();

create function private.match_leads(p_limit integer default 5000)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_count integer := 0;
  v_org record;
begin
  -- One at a time: who comes second would look at what the first has not written yet.
  if not exists (select from private.lead_changes) or not pg_try_advisory_xact_lock(hashtextextended('match_leads', 0)) then
    return 0;
  end if;
  for v_org in
    with taken as (
      delete from private.lead_changes c
      where c.id in (select x.id from private.lead_changes x order by x.id limit p_limit) returning c.org_id, c.lead_id
    )
    select t.org_id, array_agg(distinct t.lead_id) as ids from taken t group by t.org_id order by t.org_id
  loop
    perform private.match_org_leads(v_org.org_id, v_org.ids);
    v_count := v_count + cardinality(v_org.ids);
  end loop;
  return v_count;
end;
$$;
comment on function private.match_leads(integer) is
  'Works off leads that changed: their keys, and whether they and those that look like them have a duplicate; returns how many. Nothing where another is at it.';

create function private.match_org_leads(p_org_id uuid, p_lead_ids uuid[])
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_near uuid[];
begin
  insert into private.lead_match_keys as k (lead_id, org_id, address_key, owner_key, initial_key, names)
  select m.lead_id, m.org_id, m.address_key, m.owner_key, m.initial_key, m.names from private.match_keys(p_lead_ids) m
  on conflict (lead_id) do update
    set address_key = excluded.address_key, owner_key = excluded.owner_key, initial_key = excluded.initial_key, names = excluded.names
    where (k.address_key, k.owner_key, k.initial_key, k.names)
      is distinct from (excluded.address_key, excluded.owner_key, excluded.initial_key, excluded.names);
  -- Keys of a deleted lead stay, for it may be restored; those it looked like are looked at again, with it left out.
  v_near := array(
    select l.id from public.leads l where l.id = any (p_lead_ids) and l.deleted_at is null
    union
    select e.other_id from private.duplicate_edges(p_org_id, p_lead_ids) e);
  with ranks as (
    select e.lead_id, min(case e.reason when 'phone' then 1 else 2 end)::smallint as rank
    from private.duplicate_edges(p_org_id, v_near) e group by e.lead_id
  ),
  gone as (
    delete from private.duplicate_leads d
    where d.lead_id = any (v_near || p_lead_ids)
      and not exists (select from ranks r where r.lead_id = d.lead_id and r.rank = d.rank)
  )
  insert into private.duplicate_leads (org_id, rank, lead_id)
  select p_org_id, r.rank, r.lead_id from ranks r
  on conflict do nothing;
end;
$$;
comment on function private.match_org_leads(uuid, uuid[]) is 'What private.match_leads does for the changed leads of one organisation.';

-- A block, because each batch commits by itself. Four batches leave the next second to others.
select cron.schedule('match-leads', '5 seconds', $match$
do $block$
begin
  for i in 1 .. 4 loop
    exit when private.match_leads() = 0;
    commit;
  end loop;
end;
$block$
$match$);
