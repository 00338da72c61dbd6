-- Folding the figures of leads, and checking them against a count.

create function private.count_leads_anew(p_org_id uuid)
returns table (dimension text, value text, n bigint)
language plpgsql
stable
set search_path = ''
as $$
begin
  return query execute format('select f.dimension, f.value, f.n::bigint from (%s) f',
    private.lead_figures_sql(format('select l.*, 1 as sign from public.leads l where l.org_id = %L and l.deleted_at is null',
      p_org_id)));
  return query
    select d.dimension, d.value, count(*)
    from public.lead_phones p join public.leads l on l.id = p.lead_id and l.deleted_at is null
    cross join lateral (values ('line_type', coalesce(p.line_type, 'not_looked_up')),
      ('phone_valid', p.is_valid::text)) d (dimension, value)
    where p.org_id = p_org_id group by 1, 2;
  return query
    select 'parcels', '', count(*)
    from public.lead_properties p join public.leads l on l.id = p.lead_id and l.deleted_at is null
    where p.org_id = p_org_id having count(*) > 0;
end;
$$;
comment on function private.count_leads_anew(uuid) is
  'What lead_counts should contain for an organisation, counted from its rows. Takes seconds for a million leads.';

create function private.check_lead_counts(p_org_id uuid)
returns table (dimension text, value text, kept bigint, counted bigint)
language sql
stable
set search_path = ''
as $$
  select coalesce(k.dimension, t.dimension), coalesce(k.value, t.value), coalesce(k.n, 0), coalesce(t.n, 0)
  from (
    select x.dimension, x.value, sum(x.n)::bigint as n
    from (
      select c.dimension, c.value, c.count as n from private.lead_counts c where c.org_id = p_org_id
      union all
      select d.dimension, d.value, d.change from private.lead_count_deltas d where d.org_id = p_org_id
    ) x group by 1, 2
  ) k
  full join private.count_leads_anew(p_org_id) t on t.dimension = k.dimension and t.value = k.value
  where coalesce(k.n, 0) <> coalesce(t.n, 0);
$$;
comment on function private.check_lead_counts(uuid) is
  'The figures of an organisation that are wrong, compared with a count in the same snapshot; no rows if all are right.';

create function private.repair_lead_counts(p_org_id uuid)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_wrong integer;
begin
  perform pg_advisory_xact_lock(hashtextextended('fold lead counts', 0));
  -- One statement, and so one snapshot: rows that are appended meanwhile stay, and belong to changes that were not counted.
  with truth as materialized (
    select t.dimension, t.value, t.n from private.count_leads_anew(p_org_id) t
  ),
  taken as (
    delete from private.lead_count_deltas d where d.org_id = p_org_id returning d.dimension, d.value, d.change
  ),
  kept as (
    select x.dimension, x.value, sum(x.n) as n
    from (
      select c.dimension, c.value, c.count as n from private.lead_counts c where c.org_id = p_org_id
      union all
      select t.dimension, t.value, t.change from taken t
    ) x group by 1, 2
  ),
  right_ones as (
    insert into private.lead_counts as c (org_id, dimension, value, count)
    select p_org_id, coalesce(k.dimension, t.dimension), coalesce(k.value, t.value), coalesce(t.n, 0)
    from kept k full join truth t on t.dimension = k.dimension and t.value = k.value
    on conflict (org_id, dimension, value) do update set count = excluded.count where c.count <> excluded.count
  )
  select count(*) into v_wrong
  from kept k full join truth t on t.dimension = k.dimension and t.value = k.value
  where coalesce(k.n, 0) <> coalesce(t.n, 0);
  delete from private.lead_counts c where c.count = 0;
  return v_wrong;
end;
$$;
comment on function private.repair_lead_counts(uuid) is
  'Counts the leads of an organisation anew and stores the result. Returns how many figures were wrong.';

create function private.fold_lead_counts(p_limit integer default 50000, p_org_id uuid default null)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_resting uuid[] := private.resting_orgs('fold_counts', p_org_id, now());
  v_count integer;
begin
  -- One fold at a time: two would wait for each other's figures.
  if not pg_try_advisory_xact_lock(hashtextextended('fold lead counts', 0)) then
    return 0;
  end if;
  with taken as (
    delete from private.lead_count_deltas d
    where d.ctid = any (array(select x.ctid from private.lead_count_deltas x
      where (p_org_id is null or x.org_id = p_org_id) and x.org_id <> all (v_resting) limit p_limit))
    returning d.org_id, d.dimension, d.value, d.change
  ),
  folded as (
    insert into private.lead_counts as c (org_id, dimension, value, count)
    select t.org_id, t.dimension, t.value, sum(t.change)
    from taken t join public.orgs o on o.id = t.org_id
    group by 1, 2, 3 having sum(t.change) <> 0
    on conflict (org_id, dimension, value) do update set count = c.count + excluded.count
  )
  select count(*) into v_count from taken;
  if v_count > 0 then
    delete from private.lead_counts c where c.count = 0;
  end if;
  return v_count;
end;
$$;
comment on function private.fold_lead_counts(integer, uuid) is
  'Adds up to p_limit changes to lead_counts; returns how many. p_org_id: only this organisation; null: all except those for '
  'which this work is resting.';
