-- Written from supabase/schemas/duplicates by npm run generate: change it there.

-- A function may call one that comes later.
set check_function_bodies = off;

-- schemas/duplicates/triggers/match_leads.sql

create function private.note_new_leads()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  -- Leads without a phone yet are recorded when they get one.
  insert into private.lead_changes (org_id, lead_id) select n.org_id, n.id from new_rows n where n.phone_digits <> '';
  return null;
end;
$$;
comment on function private.note_new_leads() is
  'Statement trigger: records new leads for private.match_leads. Security definer: the role that writes leads may not write '
  'private tables.';
create trigger leads_note_new after insert on public.leads
  referencing new table as new_rows for each statement execute function private.note_new_leads();

create function private.note_changed_leads()
returns trigger
language plpgsql
security definer
set search_path = ''
-- Forces a hash join of old and new rows. The plan is made for the first statement and kept; a nested loop planned for a single
-- row would compare every old row with every new one.
set enable_nestloop = off
as $$
begin
  insert into private.lead_changes (org_id, lead_id)
  select n.org_id, n.id from new_rows n join old_rows o on o.id = n.id
  where (n.phone_digits, n.first_name, n.last_name, n.address1, n.address2, n.city, n.state, n.postal_code, n.deleted_at)
    is distinct from (o.phone_digits, o.first_name, o.last_name, o.address1, o.address2, o.city, o.state, o.postal_code,
      o.deleted_at);
  return null;
end;
$$;
comment on function private.note_changed_leads() is
  'Statement trigger: records leads that may have gained or lost a duplicate. Security definer: the role that writes leads may '
  'not write private tables.';
create trigger leads_note_changed after update on public.leads
  referencing old table as old_rows new table as new_rows for each statement execute function private.note_changed_leads();

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
comment on function private.forget_leads() is
  'Statement trigger: deletes what is stored for comparing leads together with the leads. Security definer: the role that '
  'deletes leads may not write private tables.';
create trigger leads_forget after delete on public.leads
  referencing old table as old_rows for each statement execute function private.forget_leads();

-- schemas/duplicates/tables/match_words.sql

create table private.match_words (
  kind text not null check (kind in ('address', 'name')),
  word text not null,
  folded text not null,
  primary key (kind, word)
);
comment on table private.match_words is
  'Words of addresses with the abbreviation that the postal service uses, and words of names that do not identify a person, '
  'folded to an empty text.';

alter table private.match_words enable row level security;

insert into private.match_words (kind, word, folded)
select 'address', w.word, f.folded
from (values
  ('st', 'street str calle'), ('rd', 'road'), ('ave', 'avenue av avn avenida'), ('dr', 'drive drv'), ('ln', 'lane'),
    ('ct', 'court'),
  ('cir', 'circle circ'), ('blvd', 'boulevard boul'), ('hwy', 'highway hiway hway'), ('pkwy', 'parkway'), ('pl', 'place'),
    ('trl', 'trail'),
  ('ter', 'terrace terr'), ('sq', 'square'), ('xing', 'crossing'), ('cv', 'cove'), ('pt', 'point'), ('mtn', 'mountain'),
    ('mt', 'mount'),
  ('crk', 'creek'), ('spgs', 'springs'), ('hts', 'heights'), ('vly', 'valley'), ('rt', 'route rte'), ('rr', 'rural'),
    ('fm', 'farm'),
  ('n', 'north norte'), ('s', 'south sur'), ('e', 'east este'), ('w', 'west oeste'), ('ne', 'northeast'), ('nw', 'northwest'),
  ('se', 'southeast'), ('sw', 'southwest'), ('apt', 'apartment unit suite ste num no trlr trailer lot spc space rm room')
) f (folded, words)
cross join lateral unnest(string_to_array(f.words, ' ')) w (word);

-- Without Sr, because it distinguishes a father from his son, as Jr does.
insert into private.match_words (kind, word, folded)
select 'name', w.word, ''
from unnest(string_to_array(
  'llc inc incorporated corp corporation co company ltd limited lp llp pllc and y the mr mrs ms et al ux etal etux trustee ttee',
    ' ')) w (word);

-- schemas/duplicates/tables/lead_match_keys.sql

create table private.lead_match_keys (
  lead_id uuid primary key,
  org_id uuid not null,
  address_key bigint,
  owner_key bigint,
  initial_key bigint,
  names text[] not null
);
comment on table private.lead_match_keys is
  'The keys by which a lead is compared, as hashes. address_key: its folded mailing address. owner_key: the address with the '
  'names in any order. initial_key: for names like "M Garcia", the address with name and initial. Written by '
  'private.match_leads. No foreign key: a trigger deletes the keys of deleted leads.';
comment on column private.lead_match_keys.names is 'The names of two letters or more, sorted.';
create index lead_match_keys_owner_idx on private.lead_match_keys (org_id, owner_key) where owner_key is not null;
create index lead_match_keys_address_idx on private.lead_match_keys (org_id, address_key) where address_key is not null;
create index lead_match_keys_address_initial_idx on private.lead_match_keys (org_id, address_key, initial_key)
  where initial_key is not null;

alter table private.lead_match_keys enable row level security;

-- schemas/duplicates/tables/dismissed_duplicates.sql

create table private.dismissed_duplicates (
  org_id uuid not null references public.orgs (id) on delete cascade,
  lead_a uuid not null,
  lead_b uuid not null,
  dismissed_by uuid references public.users (id) on delete set null,
  dismissed_at timestamptz not null default now(),
  primary key (lead_a, lead_b),
  check (lead_a < lead_b)
);
comment on table private.dismissed_duplicates is
  'Pairs of leads that a person said are not the same owner; they are not suggested again.';
create index dismissed_duplicates_b_idx on private.dismissed_duplicates (lead_b);
create index dismissed_duplicates_org_idx on private.dismissed_duplicates (org_id);
create index dismissed_duplicates_by_idx on private.dismissed_duplicates (dismissed_by) where dismissed_by is not null;

alter table private.dismissed_duplicates enable row level security;

-- schemas/duplicates/tables/lead_changes.sql

create table private.lead_changes (
  id bigint generated always as identity primary key,
  org_id uuid not null,
  lead_id uuid not null
) with (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_cost_delay = 0);
comment on table private.lead_changes is
  'Leads whose name, address, phones or deletion changed since private.match_leads last processed them. Rows are only appended; '
  'a lead may be in it twice.';
create index lead_changes_org_idx on private.lead_changes (org_id, id);

alter table private.lead_changes enable row level security;

-- schemas/duplicates/tables/duplicate_leads.sql

create table private.duplicate_leads (
  org_id uuid not null,
  rank smallint not null check (rank in (1, 2)),
  lead_id uuid not null,
  primary key (org_id, rank, lead_id)
);
comment on table private.duplicate_leads is
  'Leads that have a duplicate, so that listing them need not read all leads: rank 1 by phone, 2 only by owner. Rows that are no '
  'longer true are found when they are listed, and checked again.';
create index duplicate_leads_lead_idx on private.duplicate_leads (lead_id);

alter table private.duplicate_leads enable row level security;

-- schemas/duplicates/functions/apply_merge.sql

create function private.apply_merge(p_org_id uuid, p_keep_id uuid, p_other_ids uuid[], p_prefer jsonb, p_now timestamptz)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_phones text[];
  v_ids uuid[] := p_keep_id || p_other_ids;
  v_before jsonb;
  v_keep jsonb;
  v_others jsonb[];
  v_fields jsonb;
  v_standing jsonb;
  v_extras jsonb;
  v_consent text;
  v_left text[];
  v_answer jsonb;
  v_lead public.leads;
begin
  v_phones := private.lock_leads(p_org_id, v_ids);
  perform private.refuse_lead(p_org_id, x.id)
  from unnest(v_ids) x (id) where not exists (select 1 from public.leads l
    where l.org_id = p_org_id and l.id = x.id and l.deleted_at is null);
  select to_jsonb(array_agg(j.lead order by l.created_at, l.id)), (array_agg(to_jsonb(l)) filter (where l.id = p_keep_id))[1],
    array_agg(to_jsonb(l) order by l.created_at, l.id) filter (where l.id <> p_keep_id),
    array_agg(l.id order by l.created_at, l.id) filter (where l.id <> p_keep_id)
  into v_before, v_keep, v_others, p_other_ids
  from public.leads l join private.leads_json(v_ids) j on j.id = l.id where l.id = any (v_ids);

  v_fields := private.merge_fields(v_keep, v_others, p_prefer - array['status', 'lead_score']);
  v_standing := private.merge_standing(v_keep, v_others, p_prefer);
  v_consent := private.merge_consent(p_org_id, v_ids, p_now);
  v_left := array(select jsonb_array_elements_text(private.merge_phones(p_org_id, p_keep_id, p_other_ids) -> 'left'));
  v_extras := private.merge_extras(v_keep, v_others, v_left);
  v_answer := jsonb_build_object('properties', private.merge_parcels(p_org_id, p_keep_id, p_other_ids));

  v_lead := jsonb_populate_record(null::public.leads, v_fields -> 'value');
  update public.leads l set
    first_name = v_lead.first_name, last_name = v_lead.last_name, language = v_lead.language, email = v_lead.email,
    address1 = v_lead.address1, address2 = v_lead.address2, city = v_lead.city, state = v_lead.state,
      postal_code = v_lead.postal_code,
    county = v_lead.county, source = v_lead.source, consent_status = v_consent,
    status = v_standing #>> '{status,value}', lead_score = v_standing #>> '{lead_score,value}',
    tags = array(select jsonb_array_elements_text(v_extras -> 'tags')), notes = v_extras ->> 'notes',
      custom_fields = v_extras -> 'custom_fields'
  where l.id = p_keep_id;
  update public.leads l set deleted_at = p_now, merged_into = p_keep_id where l.id = any (p_other_ids);
  update public.leads l set merged_into = p_keep_id where l.merged_into = any (p_other_ids);
  v_answer := v_answer || jsonb_build_object(
    'targets', private.merge_targets(p_org_id, p_keep_id, v_ids, v_standing #>> '{status,value}', p_now),
    'history', private.move_lead_history(p_org_id, p_keep_id, p_other_ids, v_phones));

  v_answer := v_answer || jsonb_build_object(
    'merged', to_jsonb(p_other_ids),
    'lead', (select j.lead from private.leads_json(array[p_keep_id]) j),
    'fields', (v_fields -> 'from') || v_standing
      || jsonb_build_object('consent_status', jsonb_build_object('value', v_consent, 'because', 'strictest')),
    'tags_added', v_extras -> 'tags_added', 'custom_fields_added', v_extras -> 'custom_fields_added', 'left_over',
      v_extras -> 'left_over',
    'not_taken', private.merge_differences(v_before, p_keep_id));
  perform private.record_audit_event(p_org_id, 'leads_merged', null, null, p_keep_id,
    jsonb_build_object('merged', to_jsonb(p_other_ids), 'before', v_before, 'done', v_answer - 'lead'));
  return v_answer;
end;
$$;
comment on function private.apply_merge(uuid, uuid, uuid[], jsonb, timestamptz) is
  'Merges leads into one in the caller''s transaction, and returns what was done, field by field. The audit event leads_merged '
  'stores all of them as they were. Raises PT404 (details.merged_into), PT422 for too many custom fields, PT503 try_again.';

-- schemas/duplicates/functions/duplicate_edges.sql

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

-- schemas/duplicates/functions/duplicate_lists.sql

-- Duplicates as people see them: groups page by page, the group of one lead, and dismissing suggestions.

create function private.duplicates_json(p_org_id uuid, p_groups jsonb, p_reason text default null)
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
    select m.n, to_jsonb(array_agg(j.lead order by m.place)) as list
    from members m join private.leads_json(array(select x.id from members x)) j on j.id = m.id group by m.n
  ),
  edges as (
    select m.n, to_jsonb(array_agg(jsonb_strip_nulls(jsonb_build_object(
        'lead_ids', jsonb_build_array(e.lead_id, e.other_id), 'reason', e.reason, 'phone', e.value,
        'confidence', case e.reason when 'phone' then 'certain' else 'likely' end))
      order by e.reason desc, m.place, e.other_id, e.value)) as list
    from members m
    join private.duplicate_edges(p_org_id, array(select x.id from members x), p_reason) e on e.lead_id = m.id
      and e.lead_id < e.other_id
    join members o on o.n = m.n and o.id = e.other_id
    group by m.n
  )
  select coalesce(to_jsonb(array_agg(jsonb_build_object('leads', l.list, 'links', coalesce(e.list, '[]'),
      'confidence', case when e.list @> '[{"reason": "phone"}]' then 'certain' else 'likely' end) order by l.n)), '[]')
  from leads l left join edges e on e.n = l.n;
$$;
comment on function private.duplicates_json(uuid, jsonb, text) is
  'Groups of leads ([[lead id]]) in the form that the API returns: [{leads, links: [{lead_ids, reason, phone, confidence}], '
  'confidence}].';

create function private.lead_duplicates(p_lead_id uuid)
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
    select m from private.duplicate_groups(v_org_id, array[p_lead_id]) g cross join unnest(g.members) m order by m <> p_lead_id, m
      limit 50))) -> 0;
end;
$$;
comment on function private.lead_duplicates(uuid) is
  'The group of one lead, with this lead first and at most 50 leads: {leads, links, confidence}. It has no links if no other '
  'lead looks like it. Raises PT403, PT404. Security definer: users may not read the keys.';
grant execute on function private.lead_duplicates(uuid) to authenticated;

create function public.lead_duplicates(p_lead_id uuid)
returns jsonb language sql stable set search_path = ''
as $$ select private.lead_duplicates(p_lead_id) $$;
comment on function public.lead_duplicates(uuid) is 'See private.lead_duplicates.';
grant execute on function public.lead_duplicates(uuid) to authenticated;

create function private.dismiss_duplicates(p_lead_ids uuid[], p_now timestamptz default now())
returns integer
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('operator');
  v_ids uuid[];
  v_count integer;
begin
  perform private.check_ids(coalesce(p_lead_ids, '{}'), 'lead_ids', 20, 2);
  v_ids := array(select distinct x from unnest(p_lead_ids) x order by x);
  if cardinality(v_ids) not between 2 and 20 then
    perform private.refuse_field('lead_ids', 'Name 2 to 20 different leads.');
  end if;
  perform private.refuse_lead(v_org_id, x.id) from unnest(v_ids) x (id)
  where not exists (select from public.leads l where l.org_id = v_org_id and l.id = x.id and l.deleted_at is null);
  insert into private.dismissed_duplicates (org_id, lead_a, lead_b, dismissed_by, dismissed_at)
  select v_org_id, a.id, b.id, (select u.id from public.users u where u.id = auth.uid()), p_now
  from unnest(v_ids) a (id) join unnest(v_ids) b (id) on a.id < b.id order by a.id, b.id
  on conflict do nothing;
  get diagnostics v_count = row_count;
  insert into private.lead_changes (org_id, lead_id) select v_org_id, x from unnest(v_ids) x;
  return v_count;
end;
$$;
comment on function private.dismiss_duplicates(uuid[], timestamptz) is
  'Operators: records that no two of these leads are the same owner, so that they are not suggested as duplicates again. Returns '
  'how many pairs are newly recorded. Raises PT403, PT404, PT422. Security definer: users may not write the table.';
grant execute on function private.dismiss_duplicates(uuid[], timestamptz) to authenticated;

create function public.dismiss_duplicates(p_lead_ids uuid[])
returns integer language sql set search_path = ''
as $$ select private.dismiss_duplicates(p_lead_ids) $$;
comment on function public.dismiss_duplicates(uuid[]) is 'See private.dismiss_duplicates.';
grant execute on function public.dismiss_duplicates(uuid[]) to authenticated;

-- schemas/duplicates/functions/list_duplicates.sql

create function private.list_duplicates(
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
    perform private.refuse_field('cursor', 'The cursor is not of this list: use next_cursor of the page before, unchanged.');
  end if;
  if v_skip > 2000 then
    perform private.refuse_field('page', 'A page this deep can be reached only by cursor: use next_cursor of the page before.');
  end if;
  -- Groups by phone come first. A group is listed at the place of its first lead; its other leads are skipped when they come up.
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
      join private.duplicate_leads d on d.lead_id = g.lead_id and d.org_id = v_org_id
        and (p_reason is distinct from 'phone' or d.rank = 1)
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
          -- A group of more leads is not one owner, and nobody looks through so many.
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
    -- There may be thousands of leads of groups that were listed before: the page ends here, and the next one continues.
    if clock_timestamp() > v_until then
      v_next := jsonb_build_object('rank', v_rank, 'id', p_after_id);
      exit batches;
    end if;
  end loop;
  if v_next is null and coalesce(p_offset, 0) <= 0 and p_after_rank is null then
    v_total := jsonb_array_length(v_groups);
  else
    -- A group has at least two leads.
    select ceil(count(*) / 2.0) into v_total
    from (select from private.duplicate_leads d where d.org_id = v_org_id and (p_reason is distinct from 'phone' or d.rank = 1)
      limit 20001) c;
  end if;
  return jsonb_build_object(
    'groups', private.duplicates_json(v_org_id, v_groups, p_reason), 'total', v_total,
    'total_is_estimate', v_next is not null or coalesce(p_offset, 0) > 0 or p_after_rank is not null,
    'next', v_next);
end;
$$;
comment on function private.list_duplicates(text, integer, integer, integer, uuid) is
  'Groups of leads that look like one owner, those by phone first: {groups, total, total_is_estimate, next: {rank, id}}. next is '
  'passed as p_after_rank and p_after_id to get the next page. p_reason phone or owner: only for that reason. A page has at most '
  '200 groups, 50 leads of a group and 1,000 leads in all; it ends early, with next, if its leads have 4 MB or it takes a '
  'second. Volatile: leads that no longer have a duplicate are queued for another check. Raises PT403, PT422. Security definer: '
  'users may not read keys and lists.';
grant execute on function private.list_duplicates(text, integer, integer, integer, uuid) to authenticated;

create function public.list_duplicates(
  p_reason text default null, p_limit integer default 50, p_offset integer default 0, p_after_rank integer default null,
    p_after_id uuid default null
)
returns jsonb language sql set search_path = ''
as $$ select private.list_duplicates(p_reason, p_limit, p_offset, p_after_rank, p_after_id) $$;
comment on function public.list_duplicates(text, integer, integer, integer, uuid) is 'See private.list_duplicates.';
grant execute on function public.list_duplicates(text, integer, integer, integer, uuid) to authenticated;

-- schemas/duplicates/functions/match_keys.sql

-- The keys by which leads are recognised as the same owner: name and mailing address, folded so that different spellings do not
-- matter. Keys are not computed when leads are written: an import only records which leads are to be compared.

create function private.initial_key(p_address_key bigint, p_name text, p_initial text)
returns bigint
language sql
immutable
parallel safe
set search_path = ''
as $$
  select hashtextextended(p_name || ' ' || p_initial || '.', p_address_key);
$$;
comment on function private.initial_key(bigint, text, text) is
  'The key of a person known by one name and the initial of another, at an address; null without an address.';

-- PL/pgSQL, because it keeps its plan: planning took longer than processing some hundred leads.
create function private.match_keys(p_lead_ids uuid[])
returns table (lead_id uuid, org_id uuid, address_key bigint, owner_key bigint, initial_key bigint, names text[])
language plpgsql
stable
set search_path = ''
as $$
begin
  return query
  with leads as materialized (
    select l.id, l.org_id,
      -- Dots and apostrophes do not separate words: "P.O. Box", "L.L.C.", "O'Brien".
      trim(regexp_replace(translate(replace(private.fold_text(coalesce(l.address1, '') || ' ' || coalesce(l.address2, '')), '#',
        ' apt '),
        '.''’', ''), '[^a-z0-9]+', ' ', 'g')) as street,
      trim(regexp_replace(translate(private.fold_text(l.full_name), '.''’', ''), '[^a-z0-9]+', ' ', 'g')) as person,
      coalesce(substring(l.postal_code from '^\s*([0-9]{5})'), private.fold_text(nullif(trim(l.city), '')) || l.state) as place
    from public.leads l where l.id = any (p_lead_ids) and l.deleted_at is null
  ),
  -- Processes the words within each lead: when leads were joined to their words, the planner expected thousands of words for one
  -- lead and compared all with all.
  keys as (
    select l.id, l.org_id, hashtextextended(s.street || '|' || l.place, 0) as address_key,
      coalesce(p.names, '{}') as names, coalesce(p.initials, '{}') as initials
    from leads l
    cross join lateral (
      select string_agg(coalesce((select m.folded from private.match_words m where m.kind = 'address' and m.word = w.word),
        w.word), ' ' order by w.n) as street
      from unnest(string_to_array(
        regexp_replace(l.street, '\m(p ?o ?box|post office box|p ?o ?b|apartado)\M', 'pobox', 'g'), ' ')) with ordinality w (word,
          n)
    ) s
    cross join lateral (
      select array_agg(c.word order by c.word) filter (where length(c.word) > 1) as names,
        array_agg(c.word order by c.word) filter (where length(c.word) = 1) as initials
      from (
        -- Two owners with four names each have eight. Each name is compared with each other name, so their number is limited.
        select w.word from unnest(string_to_array(l.person, ' ')) with ordinality w (word, n)
        where not exists (select from private.match_words m where m.kind = 'name' and m.word = w.word offset 0)
        order by w.n limit 8
      ) c
    ) p
  )
  select k.id, k.org_id, k.address_key,
    -- If there is only one name, its initials are part of the key. With two names or more, initials are middle initials, which
    -- are often left out.
    case when cardinality(k.names) > 0 then hashtextextended(
      array_to_string(k.names || case when cardinality(k.names) = 1 then k.initials end, ' '), k.address_key) end,
    case when cardinality(k.names) = 1 and cardinality(k.initials) = 1
      then private.initial_key(k.address_key, k.names[1], k.initials[1]) end,
    k.names
  from keys k;
end;
$$;
comment on function private.match_keys(uuid[]) is
  'The keys by which leads that are not deleted are compared: see private.lead_match_keys. The place of an address is its '
  'five-digit ZIP, else city and state; without an address there are no keys. Only the first eight words of a name count.';

-- schemas/duplicates/functions/match_leads.sql

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

-- schemas/duplicates/functions/merge_leads.sql

-- Merging leads: locks, messages that are not sent yet, history, and the function that operators call.

create function private.lead_contacts(p_org_id uuid, p_lead_ids uuid[])
returns text[]
language sql
stable
set search_path = ''
as $$
  select array(
    select p.e164 from public.lead_phones p where p.org_id = p_org_id and p.lead_id = any (p_lead_ids)
    union
    select t.e164 from public.campaign_targets t where t.org_id = p_org_id and t.lead_id = any (p_lead_ids)
    union
    select c.e164 from public.conversations c where c.org_id = p_org_id and c.lead_id = any (p_lead_ids)
    order by 1);
$$;
comment on function private.lead_contacts(uuid, uuid[]) is
  'Every phone that these leads have, were ever written to at, or wrote from. Their contacts are locked before anything of the '
  'leads is moved, and their messages are found by these phones.';

create function private.lock_leads(p_org_id uuid, p_lead_ids uuid[])
returns text[]
language plpgsql
set search_path = ''
as $$
declare
  v_phones text[];
begin
  -- Waits for campaigns that are being built, and makes them wait: they would otherwise add a target for a lead that no longer
  -- exists.
  perform 1 from public.campaigns c where c.org_id = p_org_id and c.status in ('draft', 'building', 'ready')
    order by c.id for share;
  v_phones := private.lead_contacts(p_org_id, p_lead_ids);
  perform private.lock_contacts(p_org_id, v_phones);
  perform 1 from public.leads l where l.org_id = p_org_id and l.id = any (p_lead_ids) order by l.id for no key update;
  if not private.lead_contacts(p_org_id, p_lead_ids) <@ v_phones then
    perform private.raise_error('PT503', 'try_again', 'Another change got in the way: retry.', '{"retry_after": 1}');
  end if;
  return v_phones;
end;
$$;
comment on function private.lock_leads(uuid, uuid[]) is
  'Locks leads and the contacts of all their phones in the usual order (campaigns being built, contacts by E.164, leads by id), '
  'and returns those phones. Raises PT503 try_again if a lead got another phone meanwhile: locking that one now would break the '
  'order.';

create function private.merge_targets(p_org_id uuid, p_keep_id uuid, p_lead_ids uuid[], p_status text, p_now timestamptz)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_canceled integer;
  v_state text;
  v_moved integer;
begin
  perform 1 from public.campaign_targets t where t.org_id = p_org_id and t.lead_id = any (p_lead_ids)
    order by t.id for no key update;
  -- A person with status do_not_contact is not written to at any phone. Otherwise, a campaign that writes only to the primary
  -- phone of each lead writes once to a person who had several leads: not again if it already wrote to one of them, and
  -- preferably to the kept lead's phone.
  v_canceled := private.cancel_targets(array(
    select t.id
    from (
      select t.id, t.state, c.phones,
        bool_or(t.state in ('sending', 'unknown', 'sent')) over step as was_sent,
        row_number() over (step order by t.state in ('waiting', 'queued') desc, t.lead_id = p_keep_id desc, t.ordinal, t.id) as n
      from public.campaign_targets t join public.campaigns c on c.id = t.campaign_id
      where t.org_id = p_org_id and t.lead_id = any (p_lead_ids) and t.is_included
      window step as (partition by t.campaign_id, t.step)
    ) t
    where t.state in ('waiting', 'queued')
      and (p_status = 'do_not_contact' or (t.phones = 'primary' and (t.was_sent or t.n > 1)))
  ), case p_status when 'do_not_contact' then 'do_not_contact' else 'lead_merged' end, p_now);

  select l.state into v_state from public.leads l where l.id = p_keep_id;
  update public.campaign_targets t
  set lead_id = p_keep_id, lead_phone_id = coalesce((select p.id from public.lead_phones p
    where p.lead_id = p_keep_id and p.e164 = t.e164), t.lead_phone_id),
      window_key = case when t.state in ('waiting', 'queued', 'sending', 'unknown') then private.window_key(t.e164, v_state)
        else t.window_key end,
      updated_at = p_now
  where t.org_id = p_org_id and t.lead_id = any (p_lead_ids) and t.lead_id <> p_keep_id;
  get diagnostics v_moved = row_count;
  return jsonb_build_object('canceled', v_canceled, 'moved', v_moved);
end;
$$;
comment on function private.merge_targets(uuid, uuid, uuid[], text, timestamptz) is
  'Moves the targets of the merged leads to the kept one, and cancels those that may not or need not be sent any more: '
  '{canceled, moved}. p_status is the kept lead''s status after the merge.';

create function private.move_lead_history(p_org_id uuid, p_keep_id uuid, p_other_ids uuid[], p_phones text[])
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_conversations integer;
  v_messages integer;
  v_consent integer;
  v_audit integer;
  v_events integer;
  v_lists integer;
begin
  update public.conversations c set lead_id = p_keep_id where c.org_id = p_org_id and c.lead_id = any (p_other_ids);
  get diagnostics v_conversations = row_count;
  -- Finds messages by phone and by conversation, each by its index: messages have no index by lead.
  update public.messages m set lead_id = p_keep_id
  where m.lead_id = any (p_other_ids) and m.id in (
    select x.id from public.messages x where x.to_number = any (p_phones) and (x.org_id = p_org_id) is true
    union
    select x.id from public.conversations c join public.messages x on x.conversation_id = c.id
    where c.org_id = p_org_id and c.e164 = any (p_phones));
  get diagnostics v_messages = row_count;
  update public.consent_records r set lead_id = p_keep_id where r.org_id = p_org_id and r.lead_id = any (p_other_ids);
  get diagnostics v_consent = row_count;
  update public.audit_events e set lead_id = p_keep_id where e.org_id = p_org_id and e.lead_id = any (p_other_ids);
  get diagnostics v_audit = row_count;
  update public.lead_events e set lead_id = p_keep_id where e.lead_id = any (p_other_ids);
  get diagnostics v_events = row_count;
  insert into public.segment_leads (org_id, segment_id, lead_id, added_at)
  select p_org_id, s.segment_id, p_keep_id, min(s.added_at) from public.segment_leads s
  where s.org_id = p_org_id and s.lead_id = any (p_other_ids) group by s.segment_id
  on conflict do nothing;
  get diagnostics v_lists = row_count;
  delete from public.segment_leads s where s.org_id = p_org_id and s.lead_id = any (p_other_ids);
  -- The kept lead was contacted if any of the leads was.
  insert into private.lead_activity as a (lead_id, org_id, last_contacted_at)
  select p_keep_id, p_org_id, max(o.last_contacted_at) from private.lead_activity o where o.lead_id = any (p_other_ids)
    having count(*) > 0
  on conflict (lead_id) do update set last_contacted_at = greatest(a.last_contacted_at, excluded.last_contacted_at);
  delete from private.lead_activity a where a.lead_id = any (p_other_ids);
  update private.sent_leads s set lead_id = p_keep_id where s.lead_id = any (p_other_ids);
  update public.leads l set first_contacted_at = x.first_at
  from (select min(o.first_contacted_at) as first_at from public.leads o where o.id = any (p_keep_id || p_other_ids)) x
  where l.id = p_keep_id and l.first_contacted_at is distinct from x.first_at;
  -- A lead that is known not to be a duplicate of a merged lead is not one of the kept lead either.
  insert into private.dismissed_duplicates (org_id, lead_a, lead_b, dismissed_by, dismissed_at)
  select distinct on (1, 2, 3) p_org_id, least(p_keep_id, x.id), greatest(p_keep_id, x.id), d.dismissed_by, d.dismissed_at
  from private.dismissed_duplicates d
  cross join lateral (select case when d.lead_a = any (p_other_ids) then d.lead_b else d.lead_a end as id) x
  where (d.lead_a = any (p_other_ids) or d.lead_b = any (p_other_ids)) and x.id <> p_keep_id and x.id <> all (p_other_ids)
  order by 1, 2, 3
  on conflict do nothing;
  return jsonb_build_object('conversations', v_conversations, 'messages', v_messages, 'consent_records', v_consent,
    'audit_events', v_audit,
    'lead_events', v_events, 'segments', v_lists);
end;
$$;
comment on function private.move_lead_history(uuid, uuid, uuid[], text[]) is
  'Moves the conversations, messages, consent records, audit events and lead events of the merged leads to the kept one, and '
  'their places on lists and times of contact; returns how many of each.';

create function private.merge_differences(p_before jsonb, p_keep_id uuid)
returns jsonb
language sql
stable
set search_path = ''
as $$
  select coalesce(to_jsonb(array_agg(jsonb_build_object('field', d.field, 'lead_id', d.lead_id, 'value', d.value)
    order by d.n, d.field)), '[]')
  from (
    select x.n, f.field, x.lead -> 'id' as lead_id, f.value
    from public.leads l cross join jsonb_array_elements(p_before) with ordinality x (lead, n)
    cross join lateral (
      select e.key as field, e.value, to_jsonb(l) -> e.key as now from jsonb_each(x.lead) e
      where e.key in ('first_name', 'last_name', 'language', 'email', 'address1', 'address2', 'city', 'state', 'postal_code',
        'county', 'source')
      union all
      select 'custom_fields.' || e.key, e.value, l.custom_fields -> e.key from jsonb_each(x.lead -> 'custom_fields') e
    ) f
    where l.id = p_keep_id and f.value not in ('null', '""') and f.now is distinct from f.value
  ) d;
$$;
comment on function private.merge_differences(jsonb, uuid) is
  'Values of the merged leads that differ from the kept lead after the merge: [{field, lead_id, value}]. They are stored only in '
  'the audit event and in the rows of the merged leads.';

create function private.merge_leads(
  p_keep_id uuid,
  p_merge_ids uuid[],
  p_prefer jsonb default '{}',
  p_dry_run boolean default false,
  p_now timestamptz default now()
)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('operator');
  v_ids uuid[];
  v_answer jsonb;
  v_wrong text;
begin
  perform private.check_ids(p_merge_ids, 'merge_ids', 20, 1);
  perform private.check_shape(coalesce(p_prefer, '{}'),
    '{"type": "object", "maxProperties": 13, "properties": {}, "propertyNames": {"maxLength": 20}, "additionalProperties": '
    '{"type": "string", "format": "uuid"}}', 'prefer');
  p_prefer := coalesce(p_prefer, '{}');
  p_dry_run := coalesce(p_dry_run, false);
  v_ids := array(select distinct x from unnest(p_merge_ids) x);
  if p_keep_id is null or coalesce(cardinality(v_ids), 0) = 0 or p_keep_id = any (v_ids) then
    perform private.refuse_field('merge_ids', 'Give 1 to 20 leads to merge, without the one that is kept.');
  end if;
  select p.key into v_wrong from jsonb_each_text(p_prefer) p
  where p.key not in ('first_name', 'last_name', 'language', 'email', 'address1', 'address2', 'city', 'state', 'postal_code',
    'county',
      'source', 'status', 'lead_score')
    or not p.value::uuid = any (p_keep_id || v_ids)
  limit 1;
  if found then
    perform private.refuse_field('prefer.' || v_wrong, 'Prefer a field of one of these leads, such as {"email": "<its id>"}.');
  end if;
  begin
    perform private.set_lead_cause('merge');
    v_answer := private.apply_merge(v_org_id, p_keep_id, v_ids, p_prefer, p_now);
    perform private.set_lead_cause(null);
    if p_dry_run then
      -- A dry run gives the same answer but writes nothing: everything is rolled back, locks too.
      raise exception using errcode = 'DRYRN';
    end if;
  exception when sqlstate 'DRYRN' then
    null;
  end;
  return v_answer || jsonb_build_object('dry_run', p_dry_run);
end;
$$;
comment on function private.merge_leads(uuid, uuid[], jsonb, boolean, timestamptz) is
  'Operators: merges 1 to 20 leads into one that is kept. p_prefer {field: lead id} gives the lead whose value a field takes; '
  'p_dry_run writes nothing. Returns {lead, merged, fields: {field: {value, from, because}}, tags_added, custom_fields_added, '
  'left_over, not_taken, properties, targets, history, dry_run}. Raises PT403, PT404 (details.merged_into), PT422, PT503 '
  'try_again. Security definer: users may not write the tables.';
grant execute on function private.merge_leads(uuid, uuid[], jsonb, boolean, timestamptz) to authenticated;

create function public.merge_leads(p_keep_id uuid, p_merge_ids uuid[], p_prefer jsonb default '{}',
  p_dry_run boolean default false)
returns jsonb language sql set search_path = ''
as $$ select private.merge_leads(p_keep_id, p_merge_ids, p_prefer, p_dry_run) $$;
comment on function public.merge_leads(uuid, uuid[], jsonb, boolean) is 'See private.merge_leads.';
grant execute on function public.merge_leads(uuid, uuid[], jsonb, boolean) to authenticated;

-- schemas/duplicates/functions/merge_parcels.sql

create function private.merge_parcels(p_org_id uuid, p_keep_id uuid, p_other_ids uuid[])
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_row record;
  v_parcel public.lead_properties;
  v_at integer;
  v_ids uuid[];
  v_identities private.parcel_identity[];
  v_moved integer := 0;
  v_united integer := 0;
  v_left integer := 0;
begin
  select coalesce(array_agg(k.id order by k.created_at, k.id), '{}'),
    coalesce(array_agg(private.identify_parcel(k) order by k.created_at, k.id), '{}')
  into v_ids, v_identities
  from public.lead_properties k where k.org_id = p_org_id and k.lead_id = p_keep_id;
  for v_row in
    select p as parcel, private.identify_parcel(p) as identity from unnest(p_other_ids) with ordinality o (lead_id, n)
    join public.lead_properties p on p.org_id = p_org_id and p.lead_id = o.lead_id order by o.n, p.created_at, p.id
  loop
    v_parcel := v_row.parcel;
    v_at := null;
    select k.n into v_at from unnest(v_identities) with ordinality k (state, county, own, n)
    where private.same_parcel((k.state, k.county, k.own)::private.parcel_identity, v_row.identity)
    order by (k.county is null)::integer + (k.state is null)::integer, k.n limit 1;
    if v_at is not null then
      update public.lead_properties k
      set county = coalesce(k.county, v_parcel.county), state = coalesce(k.state, v_parcel.state),
          situs = coalesce(k.situs, v_parcel.situs), property_type = coalesce(k.property_type, v_parcel.property_type),
          acreage = coalesce(k.acreage, v_parcel.acreage), estimated_value = coalesce(k.estimated_value, v_parcel.estimated_value)
      where k.id = v_ids[v_at];
      v_identities[v_at].county := coalesce(v_identities[v_at].county, (v_row.identity).county);
      v_identities[v_at].state := coalesce(v_identities[v_at].state, (v_row.identity).state);
      v_united := v_united + 1;
    elsif cardinality(v_ids) >= 100 then
      v_left := v_left + 1;
    else
      update public.lead_properties p set lead_id = p_keep_id where p.id = v_parcel.id;
      v_ids := v_ids || v_parcel.id;
      v_identities := v_identities || v_row.identity;
      v_moved := v_moved + 1;
    end if;
  end loop;
  return jsonb_build_object('moved', v_moved, 'united', v_united, 'left', v_left);
end;
$$;
comment on function private.merge_parcels(uuid, uuid, uuid[]) is
  'Moves parcels of other leads to the kept one, as long as it has fewer than 100. If the kept lead has the same parcel already, '
  'only its empty fields are filled: {moved, united, left}. A united parcel, and one that did not fit, stays a row of its merged '
  'lead.';

-- schemas/duplicates/functions/merge_rows.sql

-- How a merge changes phones and parcels of leads. The caller holds the locks of the contacts of all their phones and of the
-- leads.

create function private.merge_consent(p_org_id uuid, p_lead_ids uuid[], p_now timestamptz)
returns text
language plpgsql
set search_path = ''
as $$
declare
  v_denied_by uuid;
  v_phone record;
begin
  select l.id into v_denied_by from public.leads l
  where l.id = any (p_lead_ids) and l.consent_status = 'denied' order by l.created_at, l.id limit 1;
  -- If a lead's consent is denied, the person denied it, and that applies to all phones. Granted consent applies only to the
  -- phones for which it was given.
  for v_phone in
    select p.e164, bool_or(p.consent_status = 'denied') as was_denied,
      case
        when v_denied_by is not null or bool_or(p.consent_status = 'denied') then 'denied'
        when bool_or('granted' in (p.consent_status, l.consent_status)) then 'granted'
        else 'unknown'
      end as consent_status
    from public.leads l join public.lead_phones p on p.lead_id = l.id and p.org_id = l.org_id
    where l.id = any (p_lead_ids) group by p.e164 order by p.e164
  loop
    update public.lead_phones p set consent_status = v_phone.consent_status
    where p.org_id = p_org_id and p.lead_id = any (p_lead_ids) and p.e164 = v_phone.e164
      and p.consent_status <> v_phone.consent_status;
    if v_phone.consent_status = 'denied' and not v_phone.was_denied then
      insert into public.consent_records (org_id, e164, lead_id, status, method, evidence, recorded_at, recorded_by)
      values (p_org_id, v_phone.e164, v_denied_by, 'revoked', 'manual',
        format('Merged with the lead %s, who had denied consent.', v_denied_by),
        p_now, (select u.id from public.users u where u.id = auth.uid()));
    end if;
    if v_phone.consent_status = 'denied' then
      perform private.cancel_open_targets(p_org_id, v_phone.e164, 'no_consent', p_now);
    end if;
  end loop;
  return case
    when v_denied_by is not null then 'denied'
    -- The lead's consent is granted only if all its phones are, because it is read as consent for all of them.
    when not exists (
      select 1 from public.lead_phones p where p.org_id = p_org_id and p.lead_id = any (p_lead_ids)
        and p.consent_status <> 'granted') then 'granted'
    else 'unknown'
  end;
end;
$$;
comment on function private.merge_consent(uuid, uuid[], timestamptz) is
  'Sets every phone of merged leads to the strictest consent that applies: denied if the phone or any of the leads is denied '
  '(this is recorded, and open targets are canceled); granted only if it was given for this phone. Returns the consent of the '
  'kept lead.';

create function private.merge_phones(p_org_id uuid, p_keep_id uuid, p_other_ids uuid[])
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_free text[];
  v_row record;
  v_phones jsonb;
  v_left text[] := '{}';
begin
  -- What is known about a phone in one lead applies to it in all leads: a number that is invalid is invalid everywhere.
  update public.lead_phones p
  set is_valid = coalesce(x.invalid_reason, p.invalid_reason) is null,
    invalid_reason = coalesce(p.invalid_reason, x.invalid_reason),
      line_type = coalesce(p.line_type, x.line_type), carrier = coalesce(p.carrier, x.carrier), label = coalesce(p.label, x.label)
  from (
    select o.e164, min(o.invalid_reason) as invalid_reason, min(o.line_type) as line_type, min(o.carrier) as carrier,
      min(o.label) as label
    from public.lead_phones o where o.org_id = p_org_id and o.lead_id = any (p_other_ids) group by o.e164
  ) x
  where p.org_id = p_org_id and p.lead_id = p_keep_id and p.e164 = x.e164;

  v_free := array(
    select r.role from unnest(array['primary', 'secondary', 'alternate']) with ordinality r (role, n)
    where not exists (select 1 from public.lead_phones p where p.lead_id = p_keep_id and p.role = r.role) order by r.n);
  for v_row in
    select x.* from (
      select distinct on (p.e164) p.id, p.e164, p.is_valid, o.n,
        array_position(array['primary', 'secondary', 'alternate'], p.role) as role_order
      from unnest(p_other_ids) with ordinality o (lead_id, n)
      join public.lead_phones p on p.org_id = p_org_id and p.lead_id = o.lead_id
      where not exists (select 1 from public.lead_phones k where k.lead_id = p_keep_id and k.e164 = p.e164)
      order by p.e164, o.n
    ) x
    order by x.is_valid desc, x.n, x.role_order
  loop
    if cardinality(v_free) = 0 then
      v_left := v_left || v_row.e164;
      continue;
    end if;
    update public.lead_phones p set lead_id = p_keep_id, role = v_free[1] where p.id = v_row.id;
    v_free := v_free[2:];
  end loop;
  return jsonb_build_object('left', to_jsonb(v_left));
end;
$$;
comment on function private.merge_phones(uuid, uuid, uuid[]) is
  'Moves phones of the other leads (in their order, valid ones first) to the free roles of the kept one. Returns {left: phones '
  'for which no role was free}; these stay rows of the merged leads.';

-- schemas/duplicates/functions/merge_values.sql

-- The values of a lead's fields after a merge; the answer names the rule for each. Nothing here writes.

create function private.merge_fields(p_keep jsonb, p_others jsonb[], p_prefer jsonb)
returns jsonb
language plpgsql
immutable
set search_path = ''
as $$
declare
  -- Fields that belong together are filled together: half of one address and half of another is no real address.
  v_groups constant jsonb := '[["first_name", "last_name"], ["address1", "address2", "city", "state", "postal_code"], '
    '["language"], ["email"], ["county"], ["source"]]';
  v_value jsonb := p_keep;
  v_from jsonb := '{}';
  v_group jsonb;
  v_field text;
  v_other jsonb;
begin
  for v_group in select g.value from jsonb_array_elements(v_groups) g loop
    foreach v_other in array p_others loop
      continue when exists (
        select 1 from jsonb_array_elements_text(v_group) f (name)
        where trim(v_value ->> f.name) <> '' and trim(v_other ->> f.name) <> ''
          and private.fold_text(trim(v_value ->> f.name)) <> private.fold_text(trim(v_other ->> f.name)));
      for v_field in select f.name from jsonb_array_elements_text(v_group) f (name) loop
        if coalesce(trim(v_value ->> v_field), '') = '' and trim(v_other ->> v_field) <> '' then
          v_value := jsonb_set(v_value, array[v_field], v_other -> v_field);
          v_from := v_from || jsonb_build_object(v_field, jsonb_build_object(
            'value', v_other -> v_field, 'from', v_other -> 'id', 'because', 'blank_filled'));
        end if;
      end loop;
    end loop;
  end loop;
  for v_field, v_other in
    select p.key, x.lead from jsonb_each_text(p_prefer) p join unnest(p_keep || p_others) x (lead) on x.lead ->> 'id' = p.value
  loop
    v_value := jsonb_set(v_value, array[v_field], v_other -> v_field);
    v_from := v_from || jsonb_build_object(v_field, jsonb_build_object(
      'value', v_other -> v_field, 'from', v_other -> 'id', 'because', 'preferred'));
  end loop;
  return jsonb_build_object('value', v_value, 'from', v_from);
end;
$$;
comment on function private.merge_fields(jsonb, jsonb[], jsonb) is
  'The kept lead (JSON) with its empty fields filled from the others, in their order, and preferred fields ({field: lead id}) '
  'taken: {value: the lead, from: {field: {value, from, because}}}. A name or an address is filled only from a lead that '
  'contradicts no part of it.';

create function private.merge_rank(p_word text)
returns integer
language sql
immutable
set search_path = ''
as $$
  -- A wish not to be contacted is never lost. Then the furthest stage of a deal counts most, then a deal that ended, then an
  -- answer that is worth a reply, then any other answer, then that the person was written to at all.
  select array_position(array['new', 'contacted', 'not_interested', 'interested', 'lost', 'qualified', 'appointment', 'contract',
    'closed', 'do_not_contact', 'cold', 'warm', 'hot'], p_word);
$$;
comment on function private.merge_rank(text) is
  'The weight of a status or score when leads are merged; the highest stays. In falling order: do_not_contact, closed, '
  'contract, appointment, qualified, lost, interested, not_interested, contacted, new; hot, warm, cold.';

create function private.merge_standing(p_keep jsonb, p_others jsonb[], p_prefer jsonb)
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select jsonb_object_agg(f.field, jsonb_build_object('value', w.lead -> f.field, 'from', w.lead -> 'id',
    'because', case when w.lead ->> 'id' = p_prefer ->> f.field then 'preferred' else f.because end))
  from (values ('status', 'heaviest'), ('lead_score', 'hottest')) f (field, because)
  cross join lateral (
    select x.lead from unnest(p_keep || p_others) with ordinality x (lead, n)
    order by x.lead ->> f.field = 'do_not_contact' desc, x.lead ->> 'id' is not distinct from p_prefer ->> f.field desc,
      private.merge_rank(x.lead ->> f.field) desc, x.n
    limit 1
  ) w;
$$;
comment on function private.merge_standing(jsonb, jsonb[], jsonb) is
  'Status and score of the kept lead after a merge: {field: {value, from, because}}. A preference counts, but do_not_contact '
  'always wins.';

create function private.merge_notes(p_keep jsonb, p_others jsonb[])
returns jsonb
language plpgsql
immutable
set search_path = ''
as $$
declare
  v_notes text := nullif(p_keep ->> 'notes', '');
  v_left text[] := '{}';
  v_other jsonb;
begin
  foreach v_other in array p_others loop
    continue when coalesce(v_other ->> 'notes', '') = '' or position(v_other ->> 'notes' in coalesce(v_notes, '')) > 0;
    if length(coalesce(v_notes || E'\n\n', '') || (v_other ->> 'notes')) <= 10000 then
      v_notes := coalesce(v_notes || E'\n\n', '') || (v_other ->> 'notes');
    else
      v_left := v_left || (v_other ->> 'notes');
    end if;
  end loop;
  return jsonb_build_object('notes', v_notes, 'left', to_jsonb(v_left));
end;
$$;
comment on function private.merge_notes(jsonb, jsonb[]) is
  'The notes of merged leads one after the other, and those that do not fit: {notes, left: [text]}. Notes that are the same are '
  'kept once.';

create function private.add_custom_text(p_fields jsonb, p_key text, p_text text)
returns jsonb
language plpgsql
immutable
set search_path = ''
as $$
declare
  v_key text := p_key;
  v_n integer := 1;
begin
  while p_fields ? v_key loop
    v_n := v_n + 1;
    v_key := p_key || '_' || v_n;
  end loop;
  return p_fields || jsonb_build_object(v_key, p_text);
end;
$$;
comment on function private.add_custom_text(jsonb, text, text) is
  'Custom fields with one more, under p_key or, if that is taken, key_2, key_3 ….';

create function private.merge_extras(p_keep jsonb, p_others jsonb[], p_phones_left text[])
returns jsonb
language plpgsql
immutable
set search_path = ''
as $$
declare
  v_fields jsonb := p_keep -> 'custom_fields';
  v_notes jsonb := private.merge_notes(p_keep, p_others);
  v_tags text[];
  v_added jsonb := '{}';
  v_row record;
begin
  select array_agg(t.tag order by t.n) into v_tags
  from (
    select t.tag, min(x.n * 1000 + t.n) as n
    from unnest(p_keep || p_others) with ordinality x (lead, n)
    cross join lateral jsonb_array_elements_text(x.lead -> 'tags') with ordinality t (tag, n)
    group by t.tag
  ) t;
  for v_row in
    select distinct on (f.key) f.key, f.value
    from unnest(p_others) with ordinality x (lead, n) cross join lateral jsonb_each(x.lead -> 'custom_fields') f
    where coalesce(v_fields -> f.key, 'null') in ('null', '""') and f.value not in ('null', '""')
    order by f.key, x.n
  loop
    v_fields := v_fields || jsonb_build_object(v_row.key, v_row.value);
    v_added := v_added || jsonb_build_object(v_row.key, v_row.value);
  end loop;
  if cardinality(p_phones_left) > 0 then
    v_fields := private.add_custom_text(v_fields, 'other_phones', array_to_string(p_phones_left, ', '));
  end if;
  if cardinality(v_tags) > 50 then
    v_fields := private.add_custom_text(v_fields, 'other_tags', array_to_string(v_tags[51:], ', '));
  end if;
  for v_row in select n.value #>> '{}' as text from jsonb_array_elements(v_notes -> 'left') n loop
    v_fields := private.add_custom_text(v_fields, 'other_notes', v_row.text);
  end loop;
  if pg_column_size(v_fields) > 32000 then
    perform private.refuse_field('merge_ids',
      'Together these leads have more than 32 KB of custom fields and notes: empty some first.');
  end if;
  return jsonb_build_object(
    'tags', to_jsonb(coalesce(v_tags[:50], '{}')), 'notes', v_notes -> 'notes', 'custom_fields', v_fields,
    'tags_added', (select coalesce(to_jsonb(array_agg(t)), '[]') from unnest(v_tags[:50]) t where not p_keep -> 'tags' ? t),
    'custom_fields_added', v_added,
    'left_over', jsonb_strip_nulls(jsonb_build_object(
      'phones', to_jsonb(nullif(p_phones_left, '{}')), 'tags', case when cardinality(v_tags) > 50 then to_jsonb(v_tags[51:]) end,
      'notes', nullif(jsonb_array_length(v_notes -> 'left'), 0))));
end;
$$;
comment on function private.merge_extras(jsonb, jsonb[], text[]) is
  'Tags (50 at most), notes and custom fields of merged leads, and which of them were added. What does not fit (phones given, '
  'tags, notes) is stored in custom_fields as other_phones, other_tags, other_notes and listed in left_over.';

-- schemas/duplicates/functions/merged_leads.sql

-- Leads that were merged into another: they are hidden like deleted ones and name the lead they were merged into. Their rows keep
-- the values that did not fit.

create function private.refuse_lead(p_org_id uuid, p_lead_id uuid)
returns void
language plpgsql
stable
set search_path = ''
as $$
declare
  v_into uuid;
begin
  select l.merged_into into v_into from public.leads l where l.org_id = p_org_id and l.id = p_lead_id;
  perform private.raise_error('PT404', 'not_found',
    case when v_into is null then 'There is no lead with this id.'
      else format('This lead was merged into the lead %s.', v_into) end,
    jsonb_strip_nulls(jsonb_build_object('merged_into', v_into)));
end;
$$;
comment on function private.refuse_lead(uuid, uuid) is
  'Raises PT404 for a lead that does not exist; details.merged_into is given if it was merged into another.';

-- schemas/duplicates/functions/near_leads.sql

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

-- schemas/duplicates/tasks.sql

insert into private.tasks (name, seconds, due) values ('match-leads', 5, 'select exists (select from private.lead_changes)');

-- After four batches, the next second is left to other tasks. The function itself counts failures of an organisation.
insert into private.task_parts (task, place, kind, items, call) values
  ('match-leads', 1, null, 'select null::uuid, null::uuid from generate_series(1, 4)', 'select private.match_leads()');
