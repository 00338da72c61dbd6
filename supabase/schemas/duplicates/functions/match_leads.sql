-- Keeps the keys and the list of leads that have a duplicate up to date. Writing a lead appends its id to lead_changes. A single
-- task compares the changed leads in order, so that of two leads written at the same moment each is compared with the other,
-- whichever commits first.

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
  -- One run at a time: a second one would not see what the first has not committed yet.
  if not exists (select from private.lead_changes) or not pg_try_advisory_xact_lock(hashtextextended('match_leads', 0)) then
    return 0;
  end if;
  -- Starts at a random organisation: if the time is not enough for all, it is not always the same ones that are left out.
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
  'Processes leads that changed: writes their keys, and whether they and the leads that look like them have a duplicate. Each '
  'organisation gets an equal share of p_limit, and its failure stops only its own share. After two seconds it begins no further '
  'organisation. Returns how many leads. Does nothing if another run is active.';

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
  -- In steps, each after the keys of the step before were written: a pair is found by the lead that comes second.
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
  'Processes changed leads of one organisation for two seconds; the rest is appended to lead_changes again, behind the leads '
  'that already wait.';

create function private.orgs_to_match()
returns setof uuid
language sql
stable
set search_path = ''
as $$
  -- Skips from one organisation to the next in the index: an organisation that has just imported a million leads takes only one
  -- step too.
  with recursive o as (
    (select c.org_id from private.lead_changes c order by c.org_id limit 1)
    union all
    select (select c.org_id from private.lead_changes c where c.org_id > o.org_id order by c.org_id limit 1) from o
      where o.org_id is not null
  )
  select o.org_id from o where o.org_id is not null;
$$;
comment on function private.orgs_to_match() is 'Organisations with leads that changed and are not compared yet.';

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
  'Compares up to p_limit changed leads of an organisation, the oldest changes first; returns how many. The caller holds the '
  'lock of match_leads.';

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
  -- Keys of a deleted lead stay, because it may be restored. The leads that looked like it are checked again without it.
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
  'Writes the keys of some leads of one organisation, and whether they and the leads near them have a duplicate. For some '
  'hundred leads at most: see private.match_org_leads.';
