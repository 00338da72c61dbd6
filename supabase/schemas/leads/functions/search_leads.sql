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
  v_places jsonb[];
  v_found integer;
  v_leads jsonb := '[]';
  v_given integer := 0;
  v_bytes bigint := 0;
  v_row record;
  -- The caller has several copies of a page in memory.
  v_most constant bigint := 4000000;
  c_part constant integer := 250;
  v_step integer := c_part;
  v_part uuid[];
begin
  select string_agg(o.expression, ', ' order by o.n), string_agg(o.expression || '::text', ', ' order by o.n),
    string_agg(o.expression || ' ' || v_direction, ', ' order by o.n)
  into v_columns, v_keys, v_order from private.lead_order(p_sort_by) o;
  if v_columns is null then
    perform private.refuse_field('sort_by', 'sort_by must be created_at, name or score.');
  end if;
  if p_after is not null then
    if jsonb_typeof(p_after) <> 'array' or jsonb_array_length(p_after) <> (select count(*) from private.lead_order(p_sort_by))
      or exists (
      select 1 from private.lead_order(p_sort_by) o
      where jsonb_typeof(p_after -> (o.n - 1)) <> 'string' or length(p_after ->> (o.n - 1)) > 1000
        -- Postgres reads "infinity" as a time too.
        or not (o.type = 'text' or (p_after ->> (o.n - 1) ~ '^[0-9a-f]'
          and pg_catalog.pg_input_is_valid(p_after ->> (o.n - 1), o.type)))
    ) then
      perform private.refuse_field('cursor',
        'The cursor is not of this list: use next_cursor of the page before, unchanged.');
    end if;
    select format(' and (%s) %s (%s)', v_columns, case v_direction when 'desc' then '<' else '>' end,
      string_agg(format('%L::%s', p_after ->> (o.n - 1), o.type), ', ' order by o.n))
    into v_after from private.lead_order(p_sort_by) o;
  end if;

  -- Reads one lead more than asked for, to know whether there is a next page.
  execute format(
    'select array_agg(p.id order by p.n), array_agg(p.keys order by p.n)
     from (
       select l.id, jsonb_build_array(%s) as keys, row_number() over (order by %s) as n from public.leads l where %s%s
       order by %s offset %s limit %s
     ) p',
    v_keys, v_order, v_condition, v_after, v_order, v_offset, v_limit + 1)
  into v_ids, v_places;
  v_found := coalesce(cardinality(v_ids), 0);
  -- Reads leads in parts, so that it does not read many more large leads than the page has room for.
  while v_given < least(v_found, v_limit) loop
    v_part := v_ids[v_given + 1:least(v_given + v_step, v_limit)];
    select coalesce(to_jsonb(array_agg(j.lead order by o.n)), '[]') as leads, coalesce(sum(pg_column_size(j.lead)), 0) as bytes
    into v_row
    from unnest(v_part) with ordinality o (id, n) join private.leads_json(v_part) j on j.id = o.id;
    if v_bytes + v_row.bytes <= v_most or (v_given = 0 and cardinality(v_part) = 1) then
      v_leads := v_leads || v_row.leads;
      v_bytes := v_bytes + v_row.bytes;
      v_given := v_given + cardinality(v_part);
      if v_step >= c_part and v_bytes * v_limit <= v_most * v_given then
        v_step := v_limit;
      end if;
    else
      -- Halves the part that is too large, until the page ends between two leads.
      exit when cardinality(v_part) = 1;
      v_step := least(cardinality(v_part), c_part) / 2;
    end if;
  end loop;

  return case
    when v_after = '' and v_found <= v_limit and (v_found > 0 or v_offset = 0)
      then jsonb_build_object('total', v_offset + v_found, 'total_is_estimate', false)
    else private.count_matching(v_condition)
  end || jsonb_build_object('leads', v_leads, 'next', case when v_found > v_given then v_places[v_given] end);
end;
$$;
comment on function private.search_leads(jsonb, text, boolean, integer, integer, jsonb, timestamptz) is
  'Leads of the caller''s organisation that match a filter (private.lead_condition), ordered by created_at, name or score: '
  '{leads, total (exact up to 10,000, above that the planner''s estimate), total_is_estimate, next}. next is passed as p_after '
  'to get the next page; null at the end. At most 1,000 leads; a page ends earlier, with next, when its leads take 4 MB, but has '
  'at least one lead. Raises PT422. Volatile, because EXPLAIN is. Security definer: under RLS the planner may not use the '
  'indexes that a filter needs.';
grant execute on function private.search_leads(jsonb, text, boolean, integer, integer, jsonb, timestamptz) to authenticated,
  service_role;

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
grant execute on function public.search_leads(jsonb, text, boolean, integer, integer, jsonb) to authenticated, service_role;
