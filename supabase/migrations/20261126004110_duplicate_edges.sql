-- Which leads look like the same owner as others. Phones are compared as they are now, names and addresses by their keys.

create table private.dismissed_duplicates (
  org_id uuid not null references public.orgs (id) on delete cascade,
  lead_a uuid not null,
  lead_b uuid not null,
  dismissed_by uuid references public.users (id) on delete set null,
  dismissed_at timestamptz not null default now(),
  primary key (lead_a, lead_b),
  check (lead_a < lead_b)
);
comment on table private.dismissed_duplicates is 'Pairs of leads of which a person said that they are not the same owner: they are not suggested again.';
create index dismissed_duplicates_b_idx on private.dismissed_duplicates (lead_b);
create index dismissed_duplicates_org_idx on private.dismissed_duplicates (org_id);
create index dismissed_duplicates_by_idx on private.dismissed_duplicates (dismissed_by) where dismissed_by is not null;
alter table private.dismissed_duplicates enable row level security;

create function private.duplicate_edges(p_org_id uuid, p_lead_ids uuid[], p_reason text default null)
returns table (lead_id uuid, other_id uuid, reason text, value text)
language plpgsql
stable
set search_path = ''
-- Index lookups and nothing else, whatever the statistics say: see private.find_phone_leads.
set enable_seqscan = off
set enable_bitmapscan = off
set enable_hashjoin = off
set enable_mergejoin = off
as $$
begin
  -- At most 200 of each kind for a lead: more share a phone or an address only where it is nobody's.
  return query
  select x.id, e.other_id, e.reason, e.value
  from unnest(p_lead_ids) x (id)
  cross join lateral (
    (select q.lead_id as other_id, 'phone' as reason, p.e164 as value
     from public.lead_phones p
     join public.lead_phones q on q.org_id = p.org_id and q.e164 = p.e164 and q.lead_id <> p.lead_id
     where p.org_id = p_org_id and p.lead_id = x.id and p_reason is distinct from 'owner'
     limit 200)
    union all
    (select o.lead_id, 'owner', null
     from private.lead_match_keys k
     join private.lead_match_keys o on o.org_id = k.org_id and o.owner_key = k.owner_key and o.lead_id <> k.lead_id
     where k.lead_id = x.id and k.org_id = p_org_id and p_reason is distinct from 'phone'
     limit 200)
    union all
    -- "M Garcia" and whoever is a Garcia with an M at the same address …
    (select o.lead_id, 'owner', null
     from private.lead_match_keys k
     join private.lead_match_keys o on o.org_id = k.org_id and o.address_key = k.address_key and o.lead_id <> k.lead_id
       and cardinality(o.names) > 1 and k.names <@ o.names
       and k.initial_key = any (array(select private.initial_key(k.address_key, k.names[1], left(n, 1)) from unnest(o.names) n where n <> k.names[1]))
     where k.lead_id = x.id and k.org_id = p_org_id and k.initial_key is not null and p_reason is distinct from 'phone'
     limit 200)
    union all
    -- … and the other way round.
    (select o.lead_id, 'owner', null
     from private.lead_match_keys k
     cross join lateral unnest(k.names) f (name) cross join lateral unnest(k.names) i (name)
     join private.lead_match_keys o on o.org_id = k.org_id and o.initial_key = private.initial_key(k.address_key, f.name, left(i.name, 1))
       and o.lead_id <> k.lead_id
     where k.lead_id = x.id and k.org_id = p_org_id and cardinality(k.names) > 1 and f.name <> i.name and p_reason is distinct from 'phone'
     limit 200)
  ) e
  cross join lateral (select from public.leads l where l.id = e.other_id and l.deleted_at is null offset 0) live
  where not exists (
    select from private.dismissed_duplicates d where d.lead_a = least(x.id, e.other_id) and d.lead_b = greatest(x.id, e.other_id));
end;
$$;
comment on function private.duplicate_edges(uuid, uuid[], text) is
  'The leads that look like the same owner as these, with why: phone (value: E.164) or owner (name and mailing address). Those dismissed and those deleted are not among them; of the leads asked about, deleted ones are answered too. p_reason: only phone, or only owner.';

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
begin
  -- From all of them at once, by rounds: asked one by one, a page took ten times as long. Bounded: what is larger is no owner.
  while cardinality(v_next) > 0 and cardinality(v_seen) < cardinality(p_lead_ids) + 2000 loop
    select coalesce(array_agg(e.lead_id), '{}'), coalesce(array_agg(e.other_id), '{}') into v_a, v_b
    from private.duplicate_edges(p_org_id, v_next, p_reason) e;
    v_from := v_from || v_a;
    v_to := v_to || v_b;
    v_next := array(select distinct x from unnest(v_b) x where x <> all (v_seen) limit 500);
    v_seen := v_seen || v_next;
  end loop;
  return query
  with recursive edges as materialized (
    select distinct e.a, e.b from unnest(v_from, v_to) as e (a, b)
  ),
  reach as (
    select x.id as root, x.id from unnest(p_lead_ids) x (id)
    union
    select r.root, e.b from reach r join edges e on e.a = r.id
  )
  select r.root, array_agg(r.id order by r.id) from reach r group by r.root;
end;
$$;
comment on function private.duplicate_groups(uuid, uuid[], text) is
  'For each of these leads all that hang together with it by duplicate_edges, itself among them, in the order of their ids; it alone where there is none. Some 2,000 more than were asked about at most.';
