-- List and search of leads by any filter, in three orders, by page or by cursor. Definer: under RLS the planner may not use the
-- indexes of like, && and @>, which are not leakproof (94 ms against 3 ms at 80,000 leads); the organisation is a condition of every query.

drop function public.search_leads(text, text[], text[], text[], text[], integer, integer, timestamptz, uuid);
drop function private.search_leads(text, text[], text[], text[], text[], integer, integer, timestamptz, uuid);

create function private.count_matching(p_condition text)
returns jsonb
language plpgsql
set search_path = ''
-- What is wanted is the first ten thousand: a merge join reads both sides in the order of ids to find them (0.5 s where lookups take
-- 0.1), and starting parallel workers takes longer than most counts.
set enable_mergejoin = off
set max_parallel_workers_per_gather = 0
as $$
declare
  v_total bigint;
  v_plan jsonb;
begin
  execute format('select count(*) from (select from public.leads l where %s limit 10001) c', p_condition) into v_total;
  if v_total > 10000 then
    execute format('explain (format json) select from public.leads l where %s', p_condition) into v_plan;
  end if;
  return jsonb_build_object(
    'total', greatest(v_total, (v_plan #>> '{0,Plan,Plan Rows}')::bigint),
    'total_is_estimate', v_total > 10000);
end;
$$;
comment on function private.count_matching(text) is
  'How many leads match a condition of private.lead_condition: {total, total_is_estimate}; exact to 10,000, the planner''s estimate above. Volatile, because explain is.';

create function private.lead_order(p_sort_by text)
returns table (expression text, type text, n integer)
language sql
immutable
set search_path = ''
as $$
  select o.expression, o.type, o.n
  from (values
    ('created_at', 'l.created_at', 'timestamptz', 1),
    ('created_at', 'l.id', 'uuid', 2),
    ('score', 'l.score_rank', 'smallint', 1),
    ('score', 'l.created_at', 'timestamptz', 2),
    ('score', 'l.id', 'uuid', 3),
    ('name', 'private.fold_text(coalesce(l.last_name, '''') || '' '' || coalesce(l.first_name, ''''))', 'text', 1),
    ('name', 'l.id', 'uuid', 2)
  ) o (sort_by, expression, type, n)
  where o.sort_by = p_sort_by;
$$;
comment on function private.lead_order(text) is
  'What a list of leads is ordered by, each order read off an index: created_at, score (hot first when descending) or name (last, then first).';

create function private.search_leads(
  p_filter jsonb default '{}',
  p_sort_by text default 'created_at',
  p_descending boolean default true,
  p_limit integer default 50,
  p_offset integer default 0,
  p_after jsonb default null,
  p_now timestamptz default now()
)
returns jsonb
language plpgsql
security definer
set search_path = ''
set enable_mergejoin = off
set max_parallel_workers_per_gather = 0
as $$
declare
  v_org_id uuid := private.require_role('viewer');
  v_condition text := private.lead_condition(v_org_id, p_filter, p_now);
  v_limit integer := least(greatest(coalesce(p_limit, 50), 1), 1000);
  v_offset integer := case when p_after is null then greatest(coalesce(p_offset, 0), 0) else 0 end;
  v_direction text := case when coalesce(p_descending, true) then 'desc' else 'asc' end;
  v_columns text;
  v_keys text;
  v_order text;
  v_after text := '';
  v_ids uuid[];
  v_last jsonb;
  v_found integer;
  v_leads jsonb;
begin
  select string_agg(o.expression, ', ' order by o.n), string_agg(o.expression || '::text', ', ' order by o.n),
    string_agg(o.expression || ' ' || v_direction, ', ' order by o.n)
  into v_columns, v_keys, v_order from private.lead_order(p_sort_by) o;
  if v_columns is null then
    perform private.refuse_field('sort_by', 'sort_by must be created_at, name or score.');
  end if;
  if p_after is not null then
    if jsonb_typeof(p_after) <> 'array' or exists (
      select 1 from private.lead_order(p_sort_by) o
      where p_after ->> (o.n - 1) is null or not pg_catalog.pg_input_is_valid(p_after ->> (o.n - 1), o.type)
    ) then
      perform private.refuse_field('cursor', 'The cursor is none of this list''s: take next_cursor of the page before, unchanged.');
    end if;
    select format(' and (%s) %s (%s)', v_columns, case v_direction when 'desc' then '<' else '>' end,
      string_agg(format('%L::%s', p_after ->> (o.n - 1), o.type), ', ' order by o.n))
    into v_after from private.lead_order(p_sort_by) o;
  end if;

  -- One lead more than asked for tells whether there is a next page.
  execute format(
    'select array_agg(p.id order by p.n), (array_agg(p.keys order by p.n))[%s]
     from (
       select l.id, jsonb_build_array(%s) as keys, row_number() over (order by %s) as n from public.leads l where %s%s
       order by %s offset %s limit %s
     ) p',
    v_limit, v_keys, v_order, v_condition, v_after, v_order, v_offset, v_limit + 1)
  into v_ids, v_last;
  v_found := coalesce(cardinality(v_ids), 0);
  select coalesce(jsonb_agg(j.lead order by o.n), '[]') into v_leads
  from unnest(v_ids[1:v_limit]) with ordinality o (id, n)
  join private.leads_json(v_ids[1:v_limit]) j on j.id = o.id;

  return case
    when v_after = '' and v_found <= v_limit and (v_found > 0 or v_offset = 0)
      then jsonb_build_object('total', v_offset + v_found, 'total_is_estimate', false)
    else private.count_matching(v_condition)
  end || jsonb_build_object('leads', v_leads, 'next', case when v_found > v_limit then v_last end);
end;
$$;
comment on function private.search_leads(jsonb, text, boolean, integer, integer, jsonb, timestamptz) is
  'Leads of the caller''s organisation that match a filter (private.lead_condition), by created_at, name or score: {leads, total (exact to 10,000, the planner''s estimate above), total_is_estimate, next: what to go on with as p_after, null at the end}. Limit at most 1,000. Raises PT422. Volatile, because explain is. Definer: under RLS the indexes of a filter may not be used.';

create function public.search_leads(
  p_filter jsonb default '{}',
  p_sort_by text default 'created_at',
  p_descending boolean default true,
  p_limit integer default 50,
  p_offset integer default 0,
  p_after jsonb default null
)
returns jsonb language sql set search_path = ''
as $$ select private.search_leads(p_filter, p_sort_by, p_descending, p_limit, p_offset, p_after) $$;
comment on function public.search_leads(jsonb, text, boolean, integer, integer, jsonb) is 'See private.search_leads.';

grant execute on function
  private.search_leads(jsonb, text, boolean, integer, integer, jsonb, timestamptz),
  public.search_leads(jsonb, text, boolean, integer, integer, jsonb)
to authenticated, service_role;
