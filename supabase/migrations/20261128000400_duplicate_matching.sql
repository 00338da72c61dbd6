-- Matching takes time in proportion to the leads it looks at, whatever their names are and however many share a phone, a name or an
-- address. One organisation's leads are looked at for two seconds at most; the rest of them waits behind the others'.

create or replace function private.match_keys(p_lead_ids uuid[])
returns table (lead_id uuid, org_id uuid, address_key bigint, owner_key bigint, initial_key bigint, names text[])
language sql
stable
set search_path = ''
as $$
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
$$;

comment on function private.match_keys(uuid[]) is
  'What leads that are not deleted are compared by: see private.lead_match_keys. The place of an address is its five-digit ZIP, else city and state; no address, no keys. Of a name the first eight words count.';

drop function private.duplicate_edges(uuid, uuid[], text);
create function private.duplicate_edges(p_org_id uuid, p_lead_ids uuid[], p_reason text default null, p_most integer default 200)
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
         offset 0
       ) i
       cross join lateral (
         select m.lead_id as other_id from private.lead_match_keys m
         where m.org_id = p_org_id and m.initial_key = i.key and m.lead_id <> k.lead_id limit 200
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
comment on function private.duplicate_edges(uuid, uuid[], text, integer) is
  'The leads that look like the same owner as these, with why: phone (value: E.164) or owner (name and mailing address). Those dismissed and those deleted are not among them; of the leads asked about, deleted ones are answered too. p_reason: only phone, or only owner. p_most: so many of each kind for a lead.';
revoke execute on function private.duplicate_edges(uuid, uuid[], text, integer) from public;

create function private.near_leads(p_org_id uuid, p_lead_ids uuid[])
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
    select private.initial_key(p.address_key, p.name, p.initial) as initial_key
    from (
      select distinct k.address_key, f.name, left(i.name, 1) as initial
      from keys k cross join lateral unnest(k.names) f (name) cross join lateral unnest(k.names) i (name)
      where k.address_key is not null and cardinality(k.names) > 1 and f.name <> i.name) p
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
        where o.org_id = p_org_id and o.initial_key = n.initial_key and o.lead_id <> all (p_lead_ids) limit 200) c
      join public.leads l on l.id = c.lead_id and l.deleted_at is null limit 3) q
  )
  select distinct n.lead_id from near n;
end;
$$;
comment on function private.near_leads(uuid, uuid[]) is
  'Leads that these ones may have made duplicates, or may have been the only duplicates of, without these themselves.';

create or replace function private.match_org_leads(p_org_id uuid, p_lead_ids uuid[])
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
  'What private.match_leads does for the changed leads of one organisation, for two seconds; the rest of them is noted again, behind what others wait for.';


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
    set address_key = excluded.address_key, owner_key = excluded.owner_key, initial_key = excluded.initial_key, names = excluded.names
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
  'Writes the keys of some leads of one organisation, and whether they and those near them have a duplicate. Some hundred leads at most: see private.match_org_leads.';

create or replace function private.duplicate_groups(p_org_id uuid, p_lead_ids uuid[], p_reason text default null)
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
  -- From all of them at once, by rounds: asked one by one, a page took ten times as long. Bounded: what is larger is no owner. Twenty of
  -- each kind hold a group together, for those who share a phone or a name find the same twenty.
  while cardinality(v_next) > 0 and cardinality(v_seen) < cardinality(p_lead_ids) + 500 loop
    select coalesce(array_agg(e.lead_id), '{}'), coalesce(array_agg(e.other_id), '{}') into v_a, v_b
    from (select distinct d.lead_id, d.other_id from private.duplicate_edges(p_org_id, v_next, p_reason, 20) d) e;
    v_from := v_from || v_a;
    v_to := v_to || v_b;
    v_next := array(select distinct x from unnest(v_b) x where x <> all (v_seen) limit 500);
    v_seen := v_seen || v_next;
  end loop;
  -- All leads at once take the least number among those that hang together, neighbour by neighbour: reckoned for each lead asked
  -- about, a group of a thousand would be found a thousand times.
  v_nodes := array(select distinct x from unnest(v_seen || v_to) x order by x);
  v_labels := array(select generate_series(1, cardinality(v_nodes)));
  loop
    v_lower := array(
      with nodes as materialized (select n.id, n.label from unnest(v_nodes, v_labels) as n (id, label)),
      least_of as (
        select e.a, min(n.label) as label
        from (select f.a, f.b from unnest(v_from, v_to) as f (a, b) union all select t.b, t.a from unnest(v_from, v_to) as t (a, b)) e
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
  'For each of these leads all that hang together with it by duplicate_edges, itself among them, in the order of their ids; it alone where there is none. Some 500 more than were asked about at most.';

create or replace function private.duplicates_json(p_org_id uuid, p_groups jsonb, p_reason text default null)
returns jsonb
language sql
stable
set search_path = ''
as $$
  with members as materialized (
    select g.n, m.id::uuid as id, m.n as place
    from jsonb_array_elements(p_groups) with ordinality g (ids, n)
    cross join lateral jsonb_array_elements_text(g.ids) with ordinality m (id, n)
  ),
  leads as (
    select m.n, jsonb_agg(j.lead order by m.place) as list
    from members m join private.leads_json(array(select x.id from members x)) j on j.id = m.id group by m.n
  ),
  edges as (
    select m.n, jsonb_agg(jsonb_strip_nulls(jsonb_build_object(
        'lead_ids', jsonb_build_array(e.lead_id, e.other_id), 'reason', e.reason, 'phone', e.value,
        'confidence', case e.reason when 'phone' then 'certain' else 'likely' end))
      order by e.reason desc, m.place, e.other_id, e.value) as list
    from members m
    join private.duplicate_edges(p_org_id, array(select x.id from members x), p_reason) e on e.lead_id = m.id and e.lead_id < e.other_id
    join members o on o.n = m.n and o.id = e.other_id
    group by m.n
  )
  select coalesce(jsonb_agg(jsonb_build_object('leads', l.list, 'links', coalesce(e.list, '[]'),
      'confidence', case when e.list @> '[{"reason": "phone"}]' then 'certain' else 'likely' end) order by l.n), '[]')
  from leads l left join edges e on e.n = l.n;
$$;

create or replace function private.list_duplicates(
  p_reason text default null,
  p_limit integer default 50,
  p_offset integer default 0,
  p_after_rank integer default null,
  p_after_id uuid default null
)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('viewer');
  v_limit integer := least(greatest(coalesce(p_limit, 50), 1), 200);
  v_rank integer := p_after_rank;
  v_skip integer := case when p_after_id is null then greatest(coalesce(p_offset, 0), 0) else 0 end;
  v_row record;
  v_batch uuid[];
  v_groups jsonb := '[]';
  v_next jsonb;
  v_total bigint;
  v_members uuid[];
  v_shown integer := 0;
  v_bytes bigint := 0;
  v_until timestamptz := clock_timestamp() + interval '1 second';
begin
  if p_reason not in ('phone', 'owner') then
    perform private.refuse_field('reason', 'reason must be phone or owner.');
  elsif (p_after_rank is null) <> (p_after_id is null) or p_after_rank not between 1 and 2 then
    perform private.refuse_field('cursor', 'The cursor is none of this list''s: take next_cursor of the page before, unchanged.');
  end if;
  if v_skip > 2000 then
    perform private.refuse_field('page', 'So deep a page is reached by the cursor alone: take next_cursor of the page before.');
  end if;
  -- Those by phone first. A group is listed where its first lead stands; the others that come up are of a group that was.
  <<batches>>
  loop
    v_batch := array(
      select d.lead_id from private.duplicate_leads d
      where d.org_id = v_org_id and (p_reason is distinct from 'phone' or d.rank = 1)
        and (p_after_id is null or (d.rank, d.lead_id) > (v_rank, p_after_id))
      order by d.rank, d.lead_id limit case when v_skip > 0 then 500 else 2 * v_limit end);
    exit when cardinality(v_batch) = 0;
    for v_row in
      select d.rank, d.lead_id, g.members, exists (
          select from private.duplicate_leads o
          where o.lead_id = any (g.members) and o.org_id = v_org_id and (p_reason is distinct from 'phone' or o.rank = 1)
            and (o.rank, o.lead_id) < (d.rank, d.lead_id)) as is_listed
      from private.duplicate_groups(v_org_id, v_batch, p_reason) g
      join private.duplicate_leads d on d.lead_id = g.lead_id and d.org_id = v_org_id and (p_reason is distinct from 'phone' or d.rank = 1)
        and (p_after_id is null or (d.rank, d.lead_id) > (v_rank, p_after_id))
      order by d.rank, d.lead_id
    loop
      if cardinality(v_row.members) > 1 and not v_row.is_listed then
        if v_skip > 0 then
          v_skip := v_skip - 1;
        elsif jsonb_array_length(v_groups) = v_limit or v_shown >= 1000 or v_bytes >= 4000000 then
          v_next := jsonb_build_object('rank', v_rank, 'id', p_after_id);
          exit batches;
        else
          -- More leads than that are no owner, and nobody looks through them.
          v_members := array(select x from unnest(v_row.members) x order by x <> v_row.lead_id, x limit 50);
          v_groups := v_groups || jsonb_build_array(array(select x from unnest(v_members) x order by x));
          v_shown := v_shown + cardinality(v_members);
          v_bytes := v_bytes + (
            select sum(octet_length(l.custom_fields::text) + coalesce(octet_length(l.notes), 0)
              + (select count(*) * 1000 from public.lead_properties p where p.org_id = v_org_id and p.lead_id = l.id))
            from public.leads l where l.id = any (v_members));
        end if;
      elsif cardinality(v_row.members) = 1 and p_reason is null then
        insert into private.lead_changes (org_id, lead_id) values (v_org_id, v_row.lead_id);
      end if;
      v_rank := v_row.rank;
      p_after_id := v_row.lead_id;
    end loop;
    -- Thousands that are all of groups listed before: the page ends here, and the next goes on.
    if clock_timestamp() > v_until then
      v_next := jsonb_build_object('rank', v_rank, 'id', p_after_id);
      exit batches;
    end if;
  end loop;
  if v_next is null and coalesce(p_offset, 0) <= 0 and p_after_rank is null then
    v_total := jsonb_array_length(v_groups);
  else
    -- Two leads to a group at least.
    select ceil(count(*) / 2.0) into v_total
    from (select from private.duplicate_leads d where d.org_id = v_org_id and (p_reason is distinct from 'phone' or d.rank = 1) limit 20001) c;
  end if;
  return jsonb_build_object(
    'groups', private.duplicates_json(v_org_id, v_groups, p_reason), 'total', v_total,
    'total_is_estimate', v_next is not null or coalesce(p_offset, 0) > 0 or p_after_rank is not null,
    'next', v_next);
end;
$$;
comment on function private.list_duplicates(text, integer, integer, integer, uuid) is
  'Groups of leads that look like one owner, those by phone first: {groups, total, total_is_estimate, next: {rank, id} to go on with as p_after_rank and p_after_id}. p_reason phone or owner: by that alone. Limit at most 200 groups, 50 leads of a group and 1,000 in all; a page ends early, with next, if its leads have 4 MB or it takes a second. Volatile: what is listed no more is noted to be looked at again. Raises PT403, PT422. Definer: keys and lists are out of users'' reach.';

create or replace function private.lead_duplicates(p_lead_id uuid)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('viewer');
begin
  if not exists (select from public.leads l where l.org_id = v_org_id and l.id = p_lead_id and l.deleted_at is null) then
    perform private.refuse_lead(v_org_id, p_lead_id);
  end if;
  return private.duplicates_json(v_org_id, jsonb_build_array(array(
    select m from private.duplicate_groups(v_org_id, array[p_lead_id]) g cross join unnest(g.members) m order by m <> p_lead_id, m limit 50))) -> 0;
end;
$$;
comment on function private.lead_duplicates(uuid) is
  'The group of one lead, itself first, 50 at most: {leads, links, confidence}; without links where nobody looks like it. Raises PT403, PT404. Definer: keys are out of users'' reach.';

-- Keys of names of more words are made again.
insert into private.lead_changes (org_id, lead_id)
select k.org_id, k.lead_id from private.lead_match_keys k where cardinality(k.names) > 8;
delete from private.lead_match_keys k where cardinality(k.names) > 8;

revoke execute on function private.near_leads(uuid, uuid[]), private.match_some_leads(uuid, uuid[]) from public;
