-- Fewer lookups for the same duplicates. A name of two words gave two keys and more, each worked out and looked up for each lead, where
-- hardly an address has a lead that is known by an initial. Such leads are asked for by the address first.

create index lead_match_keys_address_initial_idx on private.lead_match_keys (org_id, address_key, initial_key) where initial_key is not null;
drop index private.lead_match_keys_initial_idx;

-- In plpgsql, which keeps its plan: planning it took longer than some hundred leads do.
create or replace function private.match_keys(p_lead_ids uuid[])
returns table (lead_id uuid, org_id uuid, address_key bigint, owner_key bigint, initial_key bigint, names text[])
language plpgsql
stable
set search_path = ''
as $$
begin
  return query
  with leads as materialized (
    select l.id, l.org_id,
      -- Dots and apostrophes part no words: "P.O. Box", "L.L.C.", "O'Brien".
      trim(regexp_replace(translate(replace(private.fold_text(coalesce(l.address1, '') || ' ' || coalesce(l.address2, '')), '#', ' apt '),
        '.''’', ''), '[^a-z0-9]+', ' ', 'g')) as street,
      trim(regexp_replace(translate(private.fold_text(l.full_name), '.''’', ''), '[^a-z0-9]+', ' ', 'g')) as person,
      coalesce(substring(l.postal_code from '^\s*([0-9]{5})'), private.fold_text(nullif(trim(l.city), '')) || l.state) as place
    from public.leads l where l.id = any (p_lead_ids) and l.deleted_at is null
  ),
  -- Word by word within each lead: joining leads to their words, the planner took thousands for one and compared all with all.
  keys as (
    select l.id, l.org_id, hashtextextended(s.street || '|' || l.place, 0) as address_key,
      coalesce(p.names, '{}') as names, coalesce(p.initials, '{}') as initials
    from leads l
    cross join lateral (
      select string_agg(coalesce((select m.folded from private.match_words m where m.kind = 'address' and m.word = w.word), w.word), ' ' order by w.n) as street
      from unnest(string_to_array(
        regexp_replace(l.street, '\m(p ?o ?box|post office box|p ?o ?b|apartado)\M', 'pobox', 'g'), ' ')) with ordinality w (word, n)
    ) s
    cross join lateral (
      select array_agg(c.word order by c.word) filter (where length(c.word) > 1) as names,
        array_agg(c.word order by c.word) filter (where length(c.word) = 1) as initials
      from (
        -- Two owners with four names each are eight. Each name is compared with each other one, so their number is bounded.
        select w.word from unnest(string_to_array(l.person, ' ')) with ordinality w (word, n)
        where not exists (select from private.match_words m where m.kind = 'name' and m.word = w.word offset 0)
        order by w.n limit 8
      ) c
    ) p
  )
  select k.id, k.org_id, k.address_key,
    -- One name alone is told from others by its initials; beside two names they are middle ones, and left out as often as not.
    case when cardinality(k.names) > 0 then hashtextextended(
      array_to_string(k.names || case when cardinality(k.names) = 1 then k.initials end, ' '), k.address_key) end,
    case when cardinality(k.names) = 1 and cardinality(k.initials) = 1
      then private.initial_key(k.address_key, k.names[1], k.initials[1]) end,
    k.names
  from keys k;
end;
$$;

create or replace function private.duplicate_edges(p_org_id uuid, p_lead_ids uuid[], p_reason text default null, p_most integer default 200)
returns table (lead_id uuid, other_id uuid, reason text, value text)
language plpgsql
stable
set search_path = ''
-- Index lookups and nothing else, whatever the statistics say: see private.find_phone_leads.
set enable_seqscan = off
set enable_bitmapscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set enable_material = off
as $$
begin
  -- Of each kind 200 are looked at for a lead: more share a phone, a name or an address only where it is nobody's.
  return query
  select x.id, e.other_id, e.reason, e.value
  from unnest(p_lead_ids) x (id)
  cross join lateral (
    (select c.other_id, 'phone' as reason, c.value as value
     from (
       select q.lead_id as other_id, p.e164 as value
       from public.lead_phones p
       join public.lead_phones q on q.org_id = p.org_id and q.e164 = p.e164 and q.lead_id <> p.lead_id
       where p.org_id = p_org_id and p.lead_id = x.id and p_reason is distinct from 'owner'
       limit 200) c
     cross join lateral (select from public.leads l where l.id = c.other_id and l.deleted_at is null offset 0) live
     where not exists (
       select from private.dismissed_duplicates d where d.lead_a = least(x.id, c.other_id) and d.lead_b = greatest(x.id, c.other_id))
     limit p_most)
    union all
    (select c.other_id, 'owner' as reason, null as value
     from (
       select o.lead_id as other_id
       from private.lead_match_keys k
       join private.lead_match_keys o on o.org_id = k.org_id and o.owner_key = k.owner_key and o.lead_id <> k.lead_id
       where k.lead_id = x.id and k.org_id = p_org_id and p_reason is distinct from 'phone'
       limit 200) c
     cross join lateral (select from public.leads l where l.id = c.other_id and l.deleted_at is null offset 0) live
     where not exists (
       select from private.dismissed_duplicates d where d.lead_a = least(x.id, c.other_id) and d.lead_b = greatest(x.id, c.other_id))
     limit p_most)
    union all
    -- "M Garcia" and whoever is a Garcia with an M at the same address …
    (select c.other_id, 'owner', null
     from (
       select o.lead_id as other_id, k.address_key, k.initial_key, k.names[1] as name, o.names
       from private.lead_match_keys k
       join private.lead_match_keys o on o.org_id = k.org_id and o.address_key = k.address_key and o.lead_id <> k.lead_id
       where k.lead_id = x.id and k.org_id = p_org_id and k.initial_key is not null and p_reason is distinct from 'phone'
       limit 200) c
     cross join lateral (select from public.leads l where l.id = c.other_id and l.deleted_at is null offset 0) live
     where not exists (
       select from private.dismissed_duplicates d where d.lead_a = least(x.id, c.other_id) and d.lead_b = greatest(x.id, c.other_id))
       and cardinality(c.names) > 1 and c.name = any (c.names)
       and c.initial_key = any (array(select private.initial_key(c.address_key, c.name, left(n, 1)) from unnest(c.names) n where n <> c.name))
     limit p_most)
    union all
    -- … and the other way round.
    (select c.other_id, 'owner' as reason, null as value
     from (
       select o.other_id
       from private.lead_match_keys k
       -- Apart, so that each key is looked up: joined, the planner took all keys of the organisation and compared them with each.
       cross join lateral (
         select private.initial_key(k.address_key, p.name, p.initial) as key
         from (select distinct f.name, left(i.name, 1) as initial from unnest(k.names) f (name) cross join unnest(k.names) i (name) where f.name <> i.name) p
         where exists (
           -- In the order of the index that holds such keys alone: at most addresses there is none.
           select from private.lead_match_keys m
           where m.org_id = p_org_id and m.address_key = k.address_key and m.initial_key is not null
           order by m.initial_key limit 1)
         offset 0
       ) i
       cross join lateral (
         select m.lead_id as other_id from private.lead_match_keys m
         where m.org_id = p_org_id and m.address_key = k.address_key and m.initial_key = i.key and m.lead_id <> k.lead_id limit 200
       ) o
       where k.lead_id = x.id and k.org_id = p_org_id and cardinality(k.names) > 1 and p_reason is distinct from 'phone'
       limit 200) c
     cross join lateral (select from public.leads l where l.id = c.other_id and l.deleted_at is null offset 0) live
     where not exists (
       select from private.dismissed_duplicates d where d.lead_a = least(x.id, c.other_id) and d.lead_b = greatest(x.id, c.other_id))
     limit p_most)
  ) e;
end;
$$;
create or replace function private.near_leads(p_org_id uuid, p_lead_ids uuid[])
returns setof uuid
language plpgsql
stable
set search_path = ''
-- As in private.duplicate_edges.
set enable_seqscan = off
set enable_bitmapscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set enable_material = off
as $$
begin
  -- By phone and by key, each once: by lead, ten thousand of one name would be looked up ten thousand times each. Who came second makes
  -- a duplicate of who came first; from then on those who come say nothing new of the ones before, so three of each are enough.
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
    select distinct on (k.initial_key) k.initial_key, k.address_key, k.names[1] as name from keys k where k.initial_key is not null
  ),
  names as materialized (
    select p.address_key, private.initial_key(p.address_key, p.name, p.initial) as initial_key
    from (
      select distinct k.address_key, f.name, left(i.name, 1) as initial
      from keys k cross join lateral unnest(k.names) f (name) cross join lateral unnest(k.names) i (name)
      where k.address_key is not null and cardinality(k.names) > 1 and f.name <> i.name and exists (
        -- As in private.duplicate_edges.
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
      and i.initial_key = any (array(select private.initial_key(i.address_key, i.name, left(n, 1)) from unnest(o.names) n where n <> i.name))
    union all
    select q.lead_id from names n
    cross join lateral (
      select c.lead_id from (
        select o.lead_id from private.lead_match_keys o
        where o.org_id = p_org_id and o.address_key = n.address_key and o.initial_key = n.initial_key and o.lead_id <> all (p_lead_ids) limit 200) c
      join public.leads l on l.id = c.lead_id and l.deleted_at is null limit 3) q
  )
  select distinct n.lead_id from near n;
end;
$$;
