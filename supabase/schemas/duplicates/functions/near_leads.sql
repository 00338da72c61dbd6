create function private.near_leads(p_org_id uuid, p_lead_ids uuid[])
returns setof uuid
language plpgsql
stable
set search_path = ''
-- Forces index lookups, as private.duplicate_edges does.
set enable_seqscan = off
set enable_bitmapscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set enable_material = off
as $$
begin
  -- Looks up each phone and each key once: for each lead, ten thousand leads of one name would be looked up ten thousand times
  -- each. Three matches of each suffice: the second lead makes the first one a duplicate, and later leads change nothing for the
  -- earlier ones.
  return query
  with phones as materialized (
    select distinct p.e164 from public.lead_phones p where p.org_id = p_org_id and p.lead_id = any (p_lead_ids)
  ),
  keys as materialized (
    select k.lead_id, k.address_key, k.owner_key, k.initial_key, k.names from private.lead_match_keys k
    where k.lead_id = any (p_lead_ids) and k.org_id = p_org_id
  ),
  owners as materialized (select distinct k.owner_key from keys k where k.owner_key is not null),
  initials as materialized (
    select distinct on (k.initial_key) k.initial_key, k.address_key, k.names[1] as name from keys k
      where k.initial_key is not null
  ),
  names as materialized (
    select p.address_key, private.initial_key(p.address_key, p.name, p.initial) as initial_key
    from (
      select distinct k.address_key, f.name, left(i.name, 1) as initial
      from keys k cross join lateral unnest(k.names) f (name) cross join lateral unnest(k.names) i (name)
      where k.address_key is not null and cardinality(k.names) > 1 and f.name <> i.name and exists (
        -- Ordered for the index, as in private.duplicate_edges.
        select from private.lead_match_keys m
        where m.org_id = p_org_id and m.address_key = k.address_key and m.initial_key is not null
        order by m.initial_key limit 1)) p
  ),
  near as (
    select q.lead_id from phones p
    cross join lateral (
      select c.lead_id from (
        select q.lead_id from public.lead_phones q
        where q.org_id = p_org_id and q.e164 = p.e164 and q.lead_id <> all (p_lead_ids) limit 200) c
      join public.leads l on l.id = c.lead_id and l.deleted_at is null limit 3) q
    union all
    select q.lead_id from owners w
    cross join lateral (
      select c.lead_id from (
        select o.lead_id from private.lead_match_keys o
        where o.org_id = p_org_id and o.owner_key = w.owner_key and o.lead_id <> all (p_lead_ids) limit 200) c
      join public.leads l on l.id = c.lead_id and l.deleted_at is null limit 3) q
    union all
    select o.lead_id from initials i
    cross join lateral (
      select c.lead_id, c.names from private.lead_match_keys c
      where c.org_id = p_org_id and c.address_key = i.address_key and c.lead_id <> all (p_lead_ids) limit 200) o
    where cardinality(o.names) > 1 and i.name = any (o.names)
      and i.initial_key = any (array(select private.initial_key(i.address_key, i.name, left(n, 1)) from unnest(o.names) n
        where n <> i.name))
    union all
    select q.lead_id from names n
    cross join lateral (
      select c.lead_id from (
        select o.lead_id from private.lead_match_keys o
        where o.org_id = p_org_id and o.address_key = n.address_key and o.initial_key = n.initial_key
          and o.lead_id <> all (p_lead_ids) limit 200) c
      join public.leads l on l.id = c.lead_id and l.deleted_at is null limit 3) q
  )
  select distinct n.lead_id from near n;
end;
$$;
comment on function private.near_leads(uuid, uuid[]) is
  'Leads that may have become duplicates because of these leads, or may have lost their only duplicate; without these leads '
  'themselves.';
