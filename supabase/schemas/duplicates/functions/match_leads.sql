-- Keeping the keys and the list of leads that have a duplicate. Whoever writes leads appends their ids; a job does the rest in
-- order, alone, so that two who write at the same moment are seen together by it whichever commits first.

create function private.match_leads(p_limit integer default 5000)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_until timestamptz := clock_timestamp() + interval '2 seconds';
  v_pivot uuid := gen_random_uuid();
  v_count integer := 0;
  v_orgs uuid[];
  v_share integer;
  v_id uuid;
begin
  -- One at a time: who comes second would look at what the first has not written yet.
  if not exists (select from private.lead_changes) or not pg_try_advisory_xact_lock(hashtextextended('match_leads', 0)) then
    return 0;
  end if;
  -- Beginning anywhere: what the time does not suffice for is not always the same.
  v_orgs := array(select o from private.orgs_to_match() o where not private.is_resting('match_leads', o) order by o < v_pivot, o);
  v_share := greatest(p_limit / greatest(cardinality(v_orgs), 1), 50);
  foreach v_id in array v_orgs loop
    v_count := v_count + coalesce(private.run_item('match_leads', v_id, v_id,
      format('select private.match_changes($1, %s)', v_share))::integer, 0);
    exit when clock_timestamp() > v_until;
  end loop;
  return v_count;
end;
$$;
comment on function private.match_leads(integer) is
  'Works off leads that changed: their keys, and whether they and those that look like them have a duplicate. Each organisation '
  'has an equal share of p_limit, and a failure is its own; after two seconds it begins no further one. Returns how many leads. '
  'Nothing where another is at it.';

create function private.match_org_leads(p_org_id uuid, p_lead_ids uuid[])
returns void
language plpgsql
set search_path = ''
as $$
declare
  c_step constant integer := 250;
  v_until timestamptz := clock_timestamp() + interval '2 seconds';
  v_ids uuid[];
begin
  -- Step by step, each after the keys of the one before are written: a pair is seen by whichever comes second.
  for v_at in 1 .. cardinality(p_lead_ids) by c_step loop
    v_ids := p_lead_ids[v_at : v_at + c_step - 1];
    if clock_timestamp() > v_until then
      insert into private.lead_changes (org_id, lead_id) select p_org_id, x from unnest(p_lead_ids[v_at :]) x;
      return;
    end if;
    perform private.match_some_leads(p_org_id, v_ids);
  end loop;
end;
$$;
comment on function private.match_org_leads(uuid, uuid[]) is
  'What private.match_leads does for the changed leads of one organisation, for two seconds; the rest of them is noted again, '
  'behind what others wait for.';

create function private.orgs_to_match()
returns setof uuid
language sql
stable
set search_path = ''
as $$
  -- Steps from one to the next through the index: one that has just imported a million leads is one step too.
  with recursive o as (
    (select c.org_id from private.lead_changes c order by c.org_id limit 1)
    union all
    select (select c.org_id from private.lead_changes c where c.org_id > o.org_id order by c.org_id limit 1) from o
      where o.org_id is not null
  )
  select o.org_id from o where o.org_id is not null;
$$;
comment on function private.orgs_to_match() is 'Organisations of which leads changed since they were last compared.';

create function private.match_changes(p_org_id uuid, p_limit integer)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_ids uuid[];
begin
  with taken as (
    delete from private.lead_changes c
    where c.id in (select x.id from private.lead_changes x where x.org_id = p_org_id order by x.id limit p_limit)
      returning c.lead_id
  )
  select array_agg(distinct t.lead_id) into v_ids from taken t;
  if v_ids is null then
    return 0;
  end if;
  perform private.match_org_leads(p_org_id, v_ids);
  return cardinality(v_ids);
end;
$$;
comment on function private.match_changes(uuid, integer) is
  'Compares up to p_limit leads of an organisation that changed, the oldest changes first; returns how many. The caller holds '
  'the lock of match_leads.';

create function private.match_some_leads(p_org_id uuid, p_lead_ids uuid[])
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
    set address_key = excluded.address_key, owner_key = excluded.owner_key, initial_key = excluded.initial_key,
      names = excluded.names
    where (k.address_key, k.owner_key, k.initial_key, k.names)
      is distinct from (excluded.address_key, excluded.owner_key, excluded.initial_key, excluded.names);
  -- Keys of a deleted lead stay, for it may be restored; those it looked like are looked at again, with it left out.
  v_near := array(
    select l.id from public.leads l where l.id = any (p_lead_ids) and l.deleted_at is null
    union
    select private.near_leads(p_org_id, p_lead_ids));
  with ranks as (
    select e.lead_id, min(case e.reason when 'phone' then 1 else 2 end)::smallint as rank
    from private.duplicate_edges(p_org_id, v_near, p_most => 1) e group by e.lead_id
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
comment on function private.match_some_leads(uuid, uuid[]) is
  'Writes the keys of some leads of one organisation, and whether they and those near them have a duplicate. Some hundred leads '
  'at most: see private.match_org_leads.';
