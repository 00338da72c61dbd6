-- Duplicates are looked for organisation by organisation: each has its share of a run, and what fails is its own.

create index lead_changes_org_idx on private.lead_changes (org_id, id);

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
    select (select c.org_id from private.lead_changes c where c.org_id > o.org_id order by c.org_id limit 1) from o where o.org_id is not null
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
    where c.id in (select x.id from private.lead_changes x where x.org_id = p_org_id order by x.id limit p_limit) returning c.lead_id
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
  'Compares up to p_limit leads of an organisation that changed, the oldest changes first; returns how many. The caller holds the lock of match_leads.';

create or replace function private.match_leads(p_limit integer default 5000)
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
    v_count := v_count + coalesce(private.run_item('match_leads', v_id, v_id, format('select private.match_changes($1, %s)', v_share))::integer, 0);
    exit when clock_timestamp() > v_until;
  end loop;
  return v_count;
end;
$$;
comment on function private.match_leads(integer) is
  'Works off leads that changed: their keys, and whether they and those that look like them have a duplicate. Each organisation has an equal share of p_limit, and a failure is its own; after two seconds it begins no further one. Returns how many leads. Nothing where another is at it.';
