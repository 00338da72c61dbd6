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
  -- Those without a phone yet are noted when it comes.
  insert into private.lead_changes (org_id, lead_id) select n.org_id, n.id from new_rows n where n.phone_digits <> '';
  return null;
end;
$$;
comment on function private.note_new_leads() is
  'Statement trigger: notes new leads for private.match_leads. Definer: whoever writes leads may not write private tables.';
create trigger leads_note_new after insert on public.leads
  referencing new table as new_rows for each statement execute function private.note_new_leads();

create function private.note_changed_leads()
returns trigger
language plpgsql
security definer
set search_path = ''
-- Old and new rows are joined by hash: a plan is kept from the first statement, and one made for a single row compares every row
-- with every other.
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
  'Statement trigger: notes leads that may have got or lost a duplicate. Definer: whoever writes leads may not write private '
  'tables.';
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
  'Statement trigger: what was kept to compare leads goes with them. Definer: whoever removes leads may not '
  'write private tables.';
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
  'Words of addresses as the postal service shortens them, and words of names that do not say who it is, folded to nothing.';

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

-- Not Sr: it tells a father from his son, as Jr does.
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
  'What a lead is compared by, as hashes: its folded mailing address, that with the name in any order, and for names like "M '
  'Garcia" that with name and initial. Written by private.match_leads; no foreign key, a trigger removes what is gone.';
comment on column private.lead_match_keys.names is 'The names of two letters and more, sorted.';
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
  'Pairs of leads of which a person said that they are not the same owner: they are not suggested again.';
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
  'Leads whose name, address, phones or deletion changed since private.match_leads looked at them. Appended only, twice does no '
  'harm.';
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
  'Leads that have a duplicate, to be listed without looking at all leads: rank 1 by phone, 2 by owner alone. What is no longer '
  'true is found when it is listed, and looked at again.';
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
  select jsonb_agg(j.lead order by l.created_at, l.id), (array_agg(to_jsonb(l)) filter (where l.id = p_keep_id))[1],
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
  'Merges leads into one in the caller''s transaction and returns what was done, field by field; the audit event leads_merged '
  'keeps all of them as they were. Raises PT404 (details.merged_into), PT503 try_again.';

-- schemas/duplicates/functions/duplicate_edges.sql

-- Which leads look like the same owner as others. Phones are compared as they are now, names and addresses by their keys.

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
  -- From all of them at once, by rounds: asked one by one, a page took ten times as long. Bounded: what is larger is no owner.
  -- Twenty of each kind hold a group together, for those who share a phone or a name find the same twenty.
  while cardinality(v_next) > 0 and cardinality(v_seen) < cardinality(p_lead_ids) + 500 loop
    select coalesce(array_agg(e.lead_id), '{}'), coalesce(array_agg(e.other_id), '{}') into v_a, v_b
    from (select distinct d.lead_id, d.other_id from private.duplicate_edges(p_org_id, v_next, p_reason, 20) d) e;
    v_from := v_from || v_a;
    v_to := v_to || v_b;
    v_next := array(select distinct x from unnest(v_b) x where x <> all (v_seen) limit 500);
    v_seen := v_seen || v_next;
  end loop;
  -- All leads at once take the least number among those that hang together, neighbour by neighbour. Worked out for each lead
  -- asked about, a group of a thousand would be found a thousand times.
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
  'For each of these leads all that hang together with it by duplicate_edges, itself among them, in the order of their ids; it '
  'alone where there is none. Some 500 more than were asked about at most.';

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
       select from private.dismissed_duplicates d where d.lead_a = least(x.id, c.other_id)
         and d.lead_b = greatest(x.id, c.other_id))
       and cardinality(c.names) > 1 and c.name = any (c.names)
       and c.initial_key = any (array(select private.initial_key(c.address_key, c.name, left(n, 1)) from unnest(c.names) n
         where n <> c.name))
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
         from (select distinct f.name, left(i.name, 1) as initial from unnest(k.names) f (name)
           cross join unnest(k.names) i (name) where f.name <> i.name) p
         where exists (
           -- In the order of the index that holds such keys alone: at most addresses there is none.
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
  'The leads that look like the same owner as these, with why: phone (value: E.164) or owner (name and mailing address). Those '
  'dismissed and those deleted are not among them; of the leads asked about, deleted ones are answered too. p_reason: only '
  'phone, or only owner. p_most: so many of each kind for a lead.';

-- schemas/duplicates/functions/duplicate_lists.sql

-- Duplicates as people see them: groups page by page, those of one lead, and the word that they are none.

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
    select m.n, jsonb_agg(j.lead order by m.place) as list
    from members m join private.leads_json(array(select x.id from members x)) j on j.id = m.id group by m.n
  ),
  edges as (
    select m.n, jsonb_agg(jsonb_strip_nulls(jsonb_build_object(
        'lead_ids', jsonb_build_array(e.lead_id, e.other_id), 'reason', e.reason, 'phone', e.value,
        'confidence', case e.reason when 'phone' then 'certain' else 'likely' end))
      order by e.reason desc, m.place, e.other_id, e.value) as list
    from members m
    join private.duplicate_edges(p_org_id, array(select x.id from members x), p_reason) e on e.lead_id = m.id
      and e.lead_id < e.other_id
    join members o on o.n = m.n and o.id = e.other_id
    group by m.n
  )
  select coalesce(jsonb_agg(jsonb_build_object('leads', l.list, 'links', coalesce(e.list, '[]'),
      'confidence', case when e.list @> '[{"reason": "phone"}]' then 'certain' else 'likely' end) order by l.n), '[]')
  from leads l left join edges e on e.n = l.n;
$$;
comment on function private.duplicates_json(uuid, jsonb, text) is
  'Groups of leads ([[lead id]]) as the API shows them: [{leads, links: [{lead_ids, reason, phone, confidence}], confidence}].';

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
  'The group of one lead, itself first, 50 at most: {leads, links, confidence}; without links where nobody looks like it. '
  'Raises PT403, PT404. Definer: keys are out of users'' reach.';
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
  'Operators: these leads are not the same owner, each pair of them; they are not suggested as such again. Returns how many '
  'pairs that is news of. Raises PT403, PT404, PT422. Definer: users may not write the table.';
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
  'Groups of leads that look like one owner, those by phone first: {groups, total, total_is_estimate, next: {rank, id} to go on '
  'with as p_after_rank and p_after_id}. p_reason phone or owner: by that alone. Limit at most 200 groups, 50 leads of a group '
  'and 1,000 in all; a page ends early, with next, if its leads have 4 MB or it takes a second. Volatile: what is listed no '
  'more is noted to be looked at again. Raises PT403, PT422. Definer: keys and lists are out of users'' reach.';
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

-- By what leads are known to be the same owner: name and mailing address, folded so that ways of writing them do not matter.
-- Keys are worked out beside the writing of leads, never in it: an import only notes which leads there are to look at.

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
  'The key of somebody known by one name and the initial of another, at an address; null without an address.';

-- In plpgsql, which keeps its plan: planning it took longer than some hundred leads do.
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
      -- Dots and apostrophes part no words: "P.O. Box", "L.L.C.", "O'Brien".
      trim(regexp_replace(translate(replace(private.fold_text(coalesce(l.address1, '') || ' ' || coalesce(l.address2, '')), '#',
        ' apt '),
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
comment on function private.match_keys(uuid[]) is
  'What leads that are not deleted are compared by: see private.lead_match_keys. The place of an address is its five-digit ZIP, '
  'else city and state; no address, no keys. Of a name the first eight words count.';

-- schemas/duplicates/functions/match_leads.sql

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

-- schemas/duplicates/functions/merge_leads.sql

-- Merging leads: locks, what is not sent yet, history, and the function operators call.

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
  'Every phone that leads have or were ever written to or wrote from: whose contact rows are locked before anything of the '
  'leads is moved, and by which their messages are found.';

create function private.lock_leads(p_org_id uuid, p_lead_ids uuid[])
returns text[]
language plpgsql
set search_path = ''
as $$
declare
  v_phones text[];
begin
  -- A campaign that is being built waits, or is waited for: else it would add a target for a lead that is no more.
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
  'Locks leads and the contacts of all their phones, in the one order (campaigns being built, contacts by E.164, leads by id), '
  'and returns those phones. Raises PT503 try_again where a lead was given another phone meanwhile: locking it now would be '
  'against the order.';

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
  -- Who is left alone is left alone at every phone. Else, in a campaign that writes to one phone of each lead, the person that
  -- several leads turned out to be is written to once: not again where one was sent already, and first at the kept lead's phone.
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
  'Gives the kept lead the targets of the merged ones, and cancels what it may not or need not be sent any more: {canceled, '
  'moved}. p_status is the kept lead''s after the merge.';

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
  -- By person and by conversation, each by its index: messages have none by lead.
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
  -- Contacted are all whom any of them was.
  insert into private.lead_activity as a (lead_id, org_id, last_contacted_at)
  select p_keep_id, p_org_id, max(o.last_contacted_at) from private.lead_activity o where o.lead_id = any (p_other_ids)
    having count(*) > 0
  on conflict (lead_id) do update set last_contacted_at = greatest(a.last_contacted_at, excluded.last_contacted_at);
  delete from private.lead_activity a where a.lead_id = any (p_other_ids);
  update private.sent_leads s set lead_id = p_keep_id where s.lead_id = any (p_other_ids);
  update public.leads l set first_contacted_at = x.first_at
  from (select min(o.first_contacted_at) as first_at from public.leads o where o.id = any (p_keep_id || p_other_ids)) x
  where l.id = p_keep_id and l.first_contacted_at is distinct from x.first_at;
  -- Who was told apart from a merged lead is told apart from the kept one.
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
  'Gives the kept lead the conversations, messages, consent records, audit and lead events of the merged ones, their places on '
  'lists and what tells when they were contacted; how many of each.';

create function private.merge_differences(p_before jsonb, p_keep_id uuid)
returns jsonb
language sql
stable
set search_path = ''
as $$
  select coalesce(jsonb_agg(jsonb_build_object('field', d.field, 'lead_id', d.lead_id, 'value', d.value) order by d.n, d.field),
    '[]')
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
  'What merged leads said otherwise than the kept one does now: [{field, lead_id, value}]. It stands in the audit event and in '
  'the merged leads'' rows alone.';

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
    perform private.refuse_field('merge_ids', 'Name 1 to 20 leads to merge, the one that is kept not among them.');
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
      -- The same answer, and nothing of it written: what was done is undone, locks included.
      raise exception using errcode = 'DRYRN';
    end if;
  exception when sqlstate 'DRYRN' then
    null;
  end;
  return v_answer || jsonb_build_object('dry_run', p_dry_run);
end;
$$;
comment on function private.merge_leads(uuid, uuid[], jsonb, boolean, timestamptz) is
  'Operators: merges 1 to 20 leads into one that is kept. p_prefer {field: lead id} says whose value a field takes; p_dry_run '
  'writes nothing. Returns {lead, merged, fields: {field: {value, from, because}}, tags_added, custom_fields_added, left_over, '
  'not_taken, properties, targets, history, dry_run}. Raises PT403, PT404 (details.merged_into), PT422, PT503 try_again. '
  'Definer: users may not write the tables.';
grant execute on function private.merge_leads(uuid, uuid[], jsonb, boolean, timestamptz) to authenticated;

create function public.merge_leads(p_keep_id uuid, p_merge_ids uuid[], p_prefer jsonb default '{}',
  p_dry_run boolean default false)
returns jsonb language sql set search_path = ''
as $$ select private.merge_leads(p_keep_id, p_merge_ids, p_prefer, p_dry_run) $$;
comment on function public.merge_leads(uuid, uuid[], jsonb, boolean) is 'See private.merge_leads.';
grant execute on function public.merge_leads(uuid, uuid[], jsonb, boolean) to authenticated;

-- schemas/duplicates/functions/merge_rows.sql

-- What a merge does with the phones and parcels of leads. The caller holds the contacts of all their phones and the leads.

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
  -- Said of a lead, no is said of the person, and so of all phones. Yes is good for the phones it was given for and no other.
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
    -- Of the lead: only where nothing else was ever said of any of its phones, as it is read as a yes for all of them.
    when not exists (
      select 1 from public.lead_phones p where p.org_id = p_org_id and p.lead_id = any (p_lead_ids)
        and p.consent_status <> 'granted') then 'granted'
    else 'unknown'
  end;
end;
$$;
comment on function private.merge_consent(uuid, uuid[], timestamptz) is
  'Gives every phone of merged leads the strictest consent that holds for it: denied where it or any of the leads is denied '
  '(recorded, and open targets canceled), granted only where it was given for this phone. Returns the consent of the lead.';

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
  -- What is known of one phone in several leads is known of all of them: a bad number is bad everywhere.
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
  'Moves phones of other leads (in their order, valid ones first) to the free roles of the kept one; {left: phones that found '
  'none}, which stay rows of the merged leads.';

create function private.same_parcel(p_one public.lead_properties, p_other public.lead_properties)
returns boolean
language sql
immutable
set search_path = ''
as $$
  -- Of one owner: a county or state that is not given contradicts nothing. Without an APN only what is alike in everything is
  -- one.
  select case
    when p_one.apn is null and p_other.apn is null then
      (lower(p_one.county), p_one.state, lower(p_one.situs), p_one.property_type, p_one.acreage, p_one.estimated_value)
        is not distinct from
      (lower(p_other.county), p_other.state, lower(p_other.situs), p_other.property_type, p_other.acreage,
        p_other.estimated_value)
    else
      regexp_replace(upper(p_one.apn), '[^A-Z0-9]', '', 'g') = regexp_replace(upper(p_other.apn), '[^A-Z0-9]', '', 'g')
      and coalesce(lower(p_one.county) = lower(p_other.county), true) and coalesce(p_one.state = p_other.state, true)
  end;
$$;
comment on function private.same_parcel(public.lead_properties, public.lead_properties) is
  'Whether two parcels of one owner are the same: APN (dashes and blanks aside), county and state, where given.';

create function private.merge_parcels(p_org_id uuid, p_keep_id uuid, p_other_ids uuid[])
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_parcel public.lead_properties;
  v_same_id uuid;
  v_moved integer := 0;
  v_united integer := 0;
begin
  for v_parcel in
    select p.* from unnest(p_other_ids) with ordinality o (lead_id, n)
    join public.lead_properties p on p.org_id = p_org_id and p.lead_id = o.lead_id order by o.n, p.created_at, p.id
  loop
    select k.id into v_same_id from public.lead_properties k
    where k.org_id = p_org_id and k.lead_id = p_keep_id and coalesce(private.same_parcel(k, v_parcel), false)
    order by (k.county is null)::integer + (k.state is null)::integer, k.created_at, k.id limit 1;
    if found then
      update public.lead_properties k
      set situs = coalesce(k.situs, v_parcel.situs), property_type = coalesce(k.property_type, v_parcel.property_type),
          acreage = coalesce(k.acreage, v_parcel.acreage), estimated_value = coalesce(k.estimated_value, v_parcel.estimated_value)
      where k.id = v_same_id;
      v_united := v_united + 1;
    else
      update public.lead_properties p set lead_id = p_keep_id where p.id = v_parcel.id;
      v_moved := v_moved + 1;
    end if;
  end loop;
  return jsonb_build_object('moved', v_moved, 'united', v_united);
end;
$$;
comment on function private.merge_parcels(uuid, uuid, uuid[]) is
  'Moves parcels of other leads to the kept one; of one it has already, only the blanks are filled: {moved, united}. A united '
  'one stays a row of its merged lead.';

-- schemas/duplicates/functions/merge_values.sql

-- What the fields of a merged lead become, each by a rule that is told with the answer. Nothing here writes.

create function private.merge_fields(p_keep jsonb, p_others jsonb[], p_prefer jsonb)
returns jsonb
language plpgsql
immutable
set search_path = ''
as $$
declare
  -- Fields that belong together are filled together: half of one address and half of another is nobody's.
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
  'The kept lead (JSON) with its blank fields filled from the others, in their order, and preferred ones ({field: lead id}) '
  'taken: {value: the lead, from: {field: {value, from, because}}}. A name or an address is filled only from a lead that '
  'contradicts no part of it.';

create function private.merge_rank(p_word text)
returns integer
language sql
immutable
set search_path = ''
as $$
  -- A wish to be left alone is never lost; of answers the one worth answering; then that somebody was written to at all.
  select array_position(array['new', 'contacted', 'not_interested', 'interested', 'do_not_contact', 'cold', 'warm', 'hot'],
    p_word);
$$;
comment on function private.merge_rank(text) is
  'How much a status or score weighs when leads are merged; the heaviest stays: do_not_contact, interested, not_interested, '
  'contacted, new; hot, warm, cold.';

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
  'Status and score of the kept lead after a merge: {field: {value, from, because}}. A preference counts, but never against '
  'do_not_contact.';

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
  'The notes of merged leads one after the other, and those that do not fit any more: {notes, left: [text]}. The same notes '
  'twice are kept once.';

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
  'Custom fields with one more, under the key or, where that is taken, key_2, key_3 ….';

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
    'tags_added', (select coalesce(jsonb_agg(t), '[]') from unnest(v_tags[:50]) t where not p_keep -> 'tags' ? t),
    'custom_fields_added', v_added,
    'left_over', jsonb_strip_nulls(jsonb_build_object(
      'phones', to_jsonb(nullif(p_phones_left, '{}')), 'tags', case when cardinality(v_tags) > 50 then to_jsonb(v_tags[51:]) end,
      'notes', nullif(jsonb_array_length(v_notes -> 'left'), 0))));
end;
$$;
comment on function private.merge_extras(jsonb, jsonb[], text[]) is
  'Tags (50 at most), notes and custom fields of merged leads, and what was added; what does not fit (phones given, tags, '
  'notes) is in custom_fields as other_phones, other_tags, other_notes and named in left_over.';

-- schemas/duplicates/functions/merged_leads.sql

-- Leads that were merged into another: hidden like deleted ones, and they say into which. Their rows keep what did not fit.

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
  'Raises PT404 for a lead that is not there, with details.merged_into where it was merged into another.';

-- schemas/duplicates/functions/near_leads.sql

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
  -- By phone and by key, each once: by lead, ten thousand of one name would be looked up ten thousand times each. Who came second
  -- makes a duplicate of who came first; from then on those who come say nothing new of the ones before, so three of each are
  -- enough.
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
  'Leads that these ones may have made duplicates, or may have been the only duplicates of, without these themselves.';

-- schemas/duplicates/tasks.sql

insert into private.tasks (name, seconds, due) values ('match-leads', 5, 'select exists (select from private.lead_changes)');

-- Four batches leave the next second to others. What fails for an organisation is counted by the function itself.
insert into private.task_parts (task, place, kind, items, call) values
  ('match-leads', 1, null, 'select null::uuid, null::uuid from generate_series(1, 4)', 'select private.match_leads()');
