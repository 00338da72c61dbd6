-- Which leads look like the same owner. Phones are compared as they are now, names and addresses by their stored keys.

create function private.duplicate_groups(p_org_id uuid, p_lead_ids uuid[], p_reason text default null)
returns table (lead_id uuid, members uuid[])
language plpgsql
stable
set search_path = ''
as $$
declare
  v_seen uuid[] := p_lead_ids;
  v_next uuid[] := array(select l.id from public.leads l where l.id = any (p_lead_ids) and l.deleted_at is null);
  v_from uuid[] := '{}';
  v_to uuid[] := '{}';
  v_a uuid[];
  v_b uuid[];
  v_nodes uuid[];
  v_labels integer[];
  v_lower integer[];
begin
  -- Searches from all leads at once, in rounds: one by one, a page took ten times as long. The number of leads is limited,
  -- because a larger group is not one owner. Twenty edges of each kind suffice to connect a group: leads that share a phone or a
  -- name find the same twenty.
  while cardinality(v_next) > 0 and cardinality(v_seen) < cardinality(p_lead_ids) + 500 loop
    select coalesce(array_agg(e.lead_id), '{}'), coalesce(array_agg(e.other_id), '{}') into v_a, v_b
    from (select distinct d.lead_id, d.other_id from private.duplicate_edges(p_org_id, v_next, p_reason, 20) d) e;
    v_from := v_from || v_a;
    v_to := v_to || v_b;
    v_next := array(select distinct x from unnest(v_b) x where x <> all (v_seen) limit 500);
    v_seen := v_seen || v_next;
  end loop;
  -- Labels connected leads: in each round every lead takes the least label among its neighbours, until nothing changes. Searching
  -- from each lead separately would find a group of a thousand a thousand times.
  v_nodes := array(select distinct x from unnest(v_seen || v_to) x order by x);
  v_labels := array(select generate_series(1, cardinality(v_nodes)));
  loop
    v_lower := array(
      with nodes as materialized (select n.id, n.label from unnest(v_nodes, v_labels) as n (id, label)),
      least_of as (
        select e.a, min(n.label) as label
        from (select f.a, f.b from unnest(v_from, v_to) as f (a, b) union all select t.b, t.a
          from unnest(v_from, v_to) as t (a, b)) e
        join nodes n on n.id = e.b group by e.a
      )
      select least(n.label, l.label) from nodes n left join least_of l on l.a = n.id order by n.id);
    exit when v_lower = v_labels;
    v_labels := v_lower;
  end loop;
  return query
  with nodes as materialized (select n.id, n.label from unnest(v_nodes, v_labels) as n (id, label)),
  groups as (select n.label, array_agg(n.id order by n.id) as ids from nodes n group by n.label)
  select n.id, g.ids from nodes n join groups g on g.label = n.label where n.id = any (p_lead_ids);
end;
$$;
comment on function private.duplicate_groups(uuid, uuid[], text) is
  'For each of these leads, all leads that are connected with it by duplicate_edges, with itself, in the order of their ids; '
  'only itself if there are no others. Reads at most some 500 leads more than it was asked about.';

create function private.duplicate_edges(p_org_id uuid, p_lead_ids uuid[], p_reason text default null, p_most integer default 200)
returns table (lead_id uuid, other_id uuid, reason text, value text)
language plpgsql
stable
set search_path = ''
-- Forces index lookups, whatever the statistics say: see private.find_phone_leads.
set enable_seqscan = off
set enable_bitmapscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set enable_material = off
as $$
begin
  -- Reads at most 200 leads of each kind for a lead: more leads share a phone, a name or an address only if it is not a real one.
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
       select from private.dismissed_duplicates d where d.lead_a = least(x.id, c.other_id)
         and d.lead_b = greatest(x.id, c.other_id))
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
       select from private.dismissed_duplicates d where d.lead_a = least(x.id, c.other_id)
         and d.lead_b = greatest(x.id, c.other_id))
     limit p_most)
    union all
    -- "M Garcia" matches a Garcia with another name that begins with M at the same address …
    (select c.other_id, 'owner', null
     from (
       select o.lead_id as other_id, k.address_key, k.initial_key, k.names[1] as name, o.names
       from private.lead_match_keys k
       join private.lead_match_keys o on o.org_id = k.org_id and o.address_key = k.address_key and o.lead_id <> k.lead_id
       where k.lead_id = x.id and k.org_id = p_org_id and k.initial_key is not null and p_reason is distinct from 'phone'
       limit 200) c
     cross join lateral (select from public.leads l where l.id = c.other_id and l.deleted_at is null offset 0) live
     where not exists (
       select from private.dismissed_duplicates d where d.lead_a = least(x.id, c.other_id)
         and d.lead_b = greatest(x.id, c.other_id))
       and cardinality(c.names) > 1 and c.name = any (c.names)
       and c.initial_key = any (array(select private.initial_key(c.address_key, c.name, left(n, 1)) from unnest(c.names) n
         where n <> c.name))
     limit p_most)
    union all
    -- … and the reverse.
    (select c.other_id, 'owner' as reason, null as value
     from (
       select o.other_id
       from private.lead_match_keys k
       -- In a subquery of its own, so that each key is looked up: in a join, the planner took all keys of the organisation and
       -- compared them with each.
       cross join lateral (
         select private.initial_key(k.address_key, p.name, p.initial) as key
         from (select distinct f.name, left(i.name, 1) as initial from unnest(k.names) f (name)
           cross join unnest(k.names) i (name) where f.name <> i.name) p
         where exists (
           -- Ordered as in the index that contains only such keys: at most addresses there are none.
           select from private.lead_match_keys m
           where m.org_id = p_org_id and m.address_key = k.address_key and m.initial_key is not null
           order by m.initial_key limit 1)
         offset 0
       ) i
       cross join lateral (
         select m.lead_id as other_id from private.lead_match_keys m
         where m.org_id = p_org_id and m.address_key = k.address_key and m.initial_key = i.key and m.lead_id <> k.lead_id
           limit 200
       ) o
       where k.lead_id = x.id and k.org_id = p_org_id and cardinality(k.names) > 1 and p_reason is distinct from 'phone'
       limit 200) c
     cross join lateral (select from public.leads l where l.id = c.other_id and l.deleted_at is null offset 0) live
     where not exists (
       select from private.dismissed_duplicates d where d.lead_a = least(x.id, c.other_id)
         and d.lead_b = greatest(x.id, c.other_id))
     limit p_most)
  ) e;
end;
$$;
comment on function private.duplicate_edges(uuid, uuid[], text, integer) is
  'The leads that look like the same owner as these leads, with the reason: phone (value: E.164) or owner (name and mailing '
  'address). Leaves out dismissed pairs and deleted leads as matches; p_lead_ids may include deleted leads. p_reason: only '
  'phone, or only owner. p_most: at most so many of each kind for a lead.';
