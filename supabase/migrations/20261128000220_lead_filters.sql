-- A filter of leads is held against its shape before anything is made of it: what passes makes a condition that Postgres reads,
-- whatever it says, and that it answers within its time.

create or replace function private.filter_range(p_filter jsonb, p_field text, p_expression text, p_type text)
returns text
language plpgsql
stable
set search_path = ''
as $$
declare
  v_range jsonb := p_filter -> p_field;
  v_sql text := '';
  v_bound record;
begin
  if coalesce(v_range, 'null') = 'null' then
    return '';
  end if;
  for v_bound in select e.key, e.value from jsonb_each_text(v_range) e where e.value is not null order by e.key loop
    v_sql := v_sql || format(' and %s %s %L::%s', p_expression, case v_bound.key when 'from' then '>=' when 'to' then
      case p_type when 'numeric' then '<=' else '<' end end, v_bound.value, p_type);
  end loop;
  return v_sql;
end;
$$;
comment on function private.filter_range(jsonb, text, text, text) is
  'A condition for a field of a filter that holds {from, to}: numbers include both, times leave out the end. Empty where it says nothing. The caller has held the filter against its shape.';

create or replace function private.history_condition(p_org_id uuid, p_filter jsonb, p_now timestamptz)
returns text
language plpgsql
stable
set search_path = ''
as $$
declare
  v_sql text := '';
  v_days integer;
  v_ids uuid[] := private.filter_ids(p_filter, 'campaign_ids');
  v_replied text;
begin
  if p_filter ? 'contacted' then
    v_sql := v_sql || case p_filter ->> 'contacted' when 'never' then ' and l.first_contacted_at is null' else ' and l.first_contacted_at is not null' end;
  end if;
  if p_filter ? 'not_contacted_days' then
    v_days := (p_filter ->> 'not_contacted_days')::numeric::integer;
    v_sql := v_sql || format(
      ' and not exists (select 1 from private.lead_activity a where a.lead_id = l.id and a.last_contacted_at > %L::timestamptz)',
      p_now - make_interval(days => v_days));
  end if;
  if v_ids is not null then
    v_sql := v_sql || format(
      ' and l.id in (select t.lead_id from public.campaign_targets t where t.org_id = %L and t.campaign_id = any (%L::uuid[]) and t.state = ''sent'')',
      p_org_id, v_ids);
  end if;
  if p_filter ? 'replied' then
    -- A conversation begins with the person's first message.
    v_replied := format('select k.lead_id from public.conversations k where k.org_id = %L and k.lead_id is not null', p_org_id);
    v_sql := v_sql || case when (p_filter ->> 'replied')::boolean
      then format(' and l.id in (%s)', v_replied)
      else format(' and not exists (%s and k.lead_id = l.id)', v_replied) end;
  end if;
  return v_sql;
end;
$$;
comment on function private.history_condition(uuid, jsonb, timestamptz) is
  'What a filter asks of a lead''s history with campaigns: contacted, not_contacted_days, campaign_ids, replied. Empty where it asks nothing. The caller has held the filter against its shape.';

drop function private.filter_words(jsonb, text, integer, text[]);
create function private.filter_words(p_filter jsonb, p_field text)
returns text[]
language sql
immutable
set search_path = ''
as $$
  select nullif(array(select distinct trim(e) from jsonb_array_elements_text(p_filter #> string_to_array(p_field, '.')) e), '{}');
$$;
comment on function private.filter_words(jsonb, text) is
  'The words that a field of a filter (tags.any: inside another) lists, trimmed and once each; null where it lists none. The caller has held the filter against its shape.';

drop function private.filter_ids(jsonb, text, integer);
create function private.filter_ids(p_filter jsonb, p_field text)
returns uuid[]
language sql
immutable
set search_path = ''
as $$
  select case when p_filter ? p_field then array(select distinct e::uuid from jsonb_array_elements_text(p_filter -> p_field) e) end;
$$;
comment on function private.filter_ids(jsonb, text) is
  'The ids that a field of a filter lists: null where it is not there, but none where its list is empty, and none is nobody. The caller has held the filter against its shape.';

create or replace function private.lead_condition(p_org_id uuid, p_filter jsonb, p_now timestamptz default now())
returns text
language plpgsql
stable
set search_path = ''
as $$
declare
  v_sql text := format('l.org_id = %L and l.deleted_at is %s', p_org_id,
    case when p_filter -> 'deleted' = 'true' then 'not null' else 'null' end);
  v_pattern record;
  v_words text[];
  v_ids uuid[];
  v_parcels text;
  v_field record;
begin
  -- Whatever passes can be made a condition of, now and later: nothing below is in doubt about a type or a number.
  perform private.check_shape(coalesce(p_filter, '{}'), private.lead_filter_shape());

  for v_pattern in select s.pattern, s.other from private.search_patterns(p_filter ->> 'search') s loop
    v_sql := v_sql || case when v_pattern.other is null then format(' and l.search_text like %L', v_pattern.pattern)
      else format(' and (l.search_text like %L or l.search_text like %L)', v_pattern.pattern, v_pattern.other) end;
  end loop;

  -- Equal to one value where there is one: the index then also gives the order of the list.
  for v_field in
    select f.expression, w.words
    from (values
      ('counties', 'lower(l.county)', 'lower'),
      ('cities', 'lower(l.city)', 'lower'),
      ('zips', '"left"(l.postal_code, 5)', 'zip'),
      ('states', 'l.state', 'upper'),
      ('statuses', 'l.status', ''),
      ('scores', 'l.score_rank', 'score'),
      ('sources', 'lower(l.source)', 'lower'),
      ('consent', 'l.consent_status', ''),
      ('languages', 'l.language', '')
    ) f (name, expression, change)
    cross join lateral (
      select array_agg(distinct case f.change
        when 'lower' then lower(w) when 'upper' then upper(w) when 'zip' then left(w, 5)
        when 'score' then case w when 'hot' then '3' when 'warm' then '2' else '1' end else w end) as words
      from unnest(private.filter_words(p_filter, f.name)) w
    ) w
    where w.words is not null
  loop
    v_sql := v_sql || case when cardinality(v_field.words) = 1
      then format(' and %s = %L', v_field.expression, v_field.words[1])
      else format(' and %s = any (%L)', v_field.expression, v_field.words) end;
  end loop;

  for v_field in
    select t.name, array(select upper(w) from unnest(private.filter_words(p_filter, 'tags.' || t.name)) w) as words
    from unnest(array['any', 'all', 'none']) t (name)
  loop
    continue when cardinality(v_field.words) = 0;
    v_sql := v_sql || format(case v_field.name
      when 'any' then ' and l.tags && %L::text[]' when 'all' then ' and l.tags @> %L::text[]' else ' and not l.tags && %L::text[]' end,
      v_field.words);
  end loop;

  v_ids := private.filter_ids(p_filter, 'ids');
  if v_ids is not null then
    v_sql := v_sql || format(' and l.id = any (%L::uuid[])', v_ids);
  end if;
  v_ids := private.filter_ids(p_filter, 'import_ids');
  if v_ids is not null then
    v_sql := v_sql || format(' and l.import_id = any (%L::uuid[])', v_ids);
  end if;
  v_sql := v_sql || private.filter_range(p_filter, 'created', 'l.created_at', 'timestamptz');

  v_parcels := private.parcel_condition(p_filter);
  if v_parcels <> '' then
    v_sql := v_sql || format(' and l.id in (select x.lead_id from public.lead_properties x where x.org_id = %L%s)', p_org_id, v_parcels);
  end if;
  v_words := private.filter_words(p_filter, 'line_types');
  if v_words is not null then
    v_sql := v_sql || format(' and l.id in (select p.lead_id from public.lead_phones p where p.org_id = %L and %s)', p_org_id,
      case when v_words = '{not_looked_up}' then 'p.line_type is null'
        when 'not_looked_up' = any (v_words) then format('(p.line_type is null or p.line_type = any (%L::text[]))', v_words)
        else format('p.line_type = any (%L::text[])', v_words) end);
  end if;

  if p_filter ? 'custom_fields' then
    -- Each value is a condition of its own.
    if (select sum(case jsonb_typeof(e.value) when 'array' then jsonb_array_length(e.value) else 1 end) from jsonb_each(p_filter -> 'custom_fields') e) > 100 then
      perform private.refuse_field('custom_fields', 'custom_fields may name 100 values at most, all fields together.');
    end if;
    for v_field in select e.key, case jsonb_typeof(e.value) when 'array' then e.value else jsonb_build_array(e.value) end as list
      from jsonb_each(p_filter -> 'custom_fields') e
    loop
      v_sql := v_sql || ' and (false' || (
        select coalesce(string_agg(format(' or l.custom_fields @> %L::jsonb', jsonb_build_object(v_field.key, v)), ''), '')
        from jsonb_array_elements(v_field.list) v) || ') and l.custom_fields <> ''{}''';
    end loop;
  end if;

  return v_sql || private.history_condition(p_org_id, p_filter, p_now) || private.segment_condition(p_org_id, p_filter, p_now);
end;
$$;

create or replace function private.segment_condition(p_org_id uuid, p_filter jsonb, p_now timestamptz)
returns text
language plpgsql
stable
set search_path = ''
as $$
declare
  v_ids uuid[] := private.filter_ids(p_filter, 'segment_ids');
  v_lists uuid[];
  v_parts text[] := '{}';
  v_segment public.segments;
  v_values integer := 0;
begin
  if v_ids is null then
    return '';
  end if;
  -- Each is a condition that every lead is held against: what one filter may ask is bounded whatever segments it is made of.
  if cardinality(v_ids) > 20 then
    perform private.refuse_field('segment_ids', 'segment_ids may name 20 segments at most.');
  end if;
  for v_segment in select s.* from public.segments s where s.org_id = p_org_id and s.id = any (v_ids) order by s.id loop
    if v_segment.kind = 'list' then
      v_lists := v_lists || v_segment.id;
    else
      begin
        -- As it was kept, maybe before filters were held against a shape; and none that names segments, or two could name each other.
        perform private.check_shape(v_segment.filter, private.segment_shape() #> '{properties,filter}');
        v_parts := v_parts || format('(%s)', private.lead_condition(p_org_id, v_segment.filter, p_now));
      exception when sqlstate 'PT422' then
        perform private.refuse_field('segment_ids', format('The segment "%s" can''t be used, save its filter anew: %s', left(v_segment.name, 100), sqlerrm));
      end;
    end if;
    v_ids := array_remove(v_ids, v_segment.id);
    if v_segment.kind <> 'list' and v_segment.filter ? 'custom_fields' then
      v_values := v_values + (
        select coalesce(sum(case jsonb_typeof(e.value) when 'array' then jsonb_array_length(e.value) else 1 end), 0)
        from jsonb_each(v_segment.filter -> 'custom_fields') e);
    end if;
  end loop;
  if v_values > 200 then
    perform private.refuse_field('segment_ids', format(
      'segment_ids may ask for 200 values of custom fields at most, all segments together; these ask for %s. Name fewer segments.', v_values));
  end if;
  if cardinality(v_ids) > 0 then
    perform private.refuse_field('segment_ids', format('There is no segment %s.', v_ids[1]));
  end if;
  if v_lists is not null then
    v_parts := v_parts || format('l.id in (select sl.lead_id from public.segment_leads sl where sl.org_id = %L and sl.segment_id = any (%L::uuid[]))',
      p_org_id, v_lists);
  end if;
  return format(' and (%s)', coalesce(nullif(array_to_string(v_parts, ' or '), ''), 'false'));
end;
$$;
comment on function private.segment_condition(uuid, jsonb, timestamptz) is
  'What a filter''s segment_ids ask of a lead: in any of these segments, as their filters stand now. A segment''s own filter names no segments. Empty where none are named. Raises PT422 where a segment is gone, its filter can''t be read, or they name more than 200 values of custom fields together; the caller has held the filter against its shape.';

create or replace function private.search_leads(
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
  -- Who asks holds a page several times over.
  v_most constant bigint := 4000000;
begin
  select string_agg(o.expression, ', ' order by o.n), string_agg(o.expression || '::text', ', ' order by o.n),
    string_agg(o.expression || ' ' || v_direction, ', ' order by o.n)
  into v_columns, v_keys, v_order from private.lead_order(p_sort_by) o;
  if v_columns is null then
    perform private.refuse_field('sort_by', 'sort_by must be created_at, name or score.');
  end if;
  if p_after is not null then
    if jsonb_typeof(p_after) <> 'array' or jsonb_array_length(p_after) <> (select count(*) from private.lead_order(p_sort_by)) or exists (
      select 1 from private.lead_order(p_sort_by) o
      where jsonb_typeof(p_after -> (o.n - 1)) <> 'string' or length(p_after ->> (o.n - 1)) > 1000
        -- Postgres reads "infinity" as a time too.
        or not (o.type = 'text' or (p_after ->> (o.n - 1) ~ '^[0-9a-f]' and pg_catalog.pg_input_is_valid(p_after ->> (o.n - 1), o.type)))
    ) then
      perform private.refuse_field('cursor', 'The cursor is none of this list''s: take next_cursor of the page before, unchanged.');
    end if;
    select format(' and (%s) %s (%s)', v_columns, case v_direction when 'desc' then '<' else '>' end,
      string_agg(format('%L::%s', p_after ->> (o.n - 1), o.type), ', ' order by o.n))
    into v_after from private.lead_order(p_sort_by) o;
  end if;

  -- One lead more than asked for tells whether there is a next page.
  execute format(
    'select array_agg(p.id order by p.n), array_agg(p.keys order by p.n)
     from (
       select l.id, jsonb_build_array(%s) as keys, row_number() over (order by %s) as n from public.leads l where %s%s
       order by %s offset %s limit %s
     ) p',
    v_keys, v_order, v_condition, v_after, v_order, v_offset, v_limit + 1)
  into v_ids, v_places;
  v_found := coalesce(cardinality(v_ids), 0);
  -- Some at a time: of large leads not many more are read than the page takes.
  while v_given < least(v_found, v_limit) loop
    with summed as (
      select o.n, j.lead, v_bytes + sum(pg_column_size(j.lead)) over (order by o.n) as bytes, row_number() over (order by o.n) as place
      from unnest(v_ids[v_given + 1:least(v_given + 250, v_limit)]) with ordinality o (id, n)
      join private.leads_json(v_ids[v_given + 1:least(v_given + 250, v_limit)]) j on j.id = o.id
    )
    select coalesce(jsonb_agg(s.lead order by s.n) filter (where f.fits), '[]') as leads, max(s.bytes) filter (where f.fits) as bytes,
      min(s.n) filter (where not f.fits) as cut
    into v_row
    from summed s cross join lateral (select s.bytes <= v_most or (v_bytes = 0 and s.place = 1) as fits) f;
    v_leads := v_leads || v_row.leads;
    v_bytes := coalesce(v_row.bytes, v_bytes);
    v_given := v_given + coalesce(v_row.cut - 1, least(250, least(v_found, v_limit) - v_given));
    exit when v_row.cut is not null;
  end loop;

  return case
    when v_after = '' and v_found <= v_limit and (v_found > 0 or v_offset = 0)
      then jsonb_build_object('total', v_offset + v_found, 'total_is_estimate', false)
    else private.count_matching(v_condition)
  end || jsonb_build_object('leads', v_leads, 'next', case when v_found > v_given then v_places[v_given] end);
end;
$$;
comment on function private.search_leads(jsonb, text, boolean, integer, integer, jsonb, timestamptz) is
  'Leads of the caller''s organisation that match a filter (private.lead_condition), by created_at, name or score: {leads, total (exact to 10,000, the planner''s estimate above), total_is_estimate, next: what to go on with as p_after, null at the end}. Limit at most 1,000; a page ends earlier, with next, if its leads make 4 MB, but has one at least. Raises PT422. Volatile, because explain is. Definer: under RLS the indexes of a filter may not be used.';
