-- Turns a filter of leads into the condition of a query. Lists, counts, segments, campaigns, exports and bulk actions all use it.

create function private.filter_range(p_filter jsonb, p_field text, p_expression text, p_type text)
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
  'A condition for a field of a filter of the form {from, to}: numbers include both ends, times exclude the end. Empty if the '
  'filter does not have the field. The caller has checked the filter against its shape.';

create function private.parcel_condition(p_filter jsonb)
returns text
language plpgsql
stable
set search_path = ''
as $$
declare
  v_types text[] := (select array_agg(lower(w)) from unnest(private.filter_words(p_filter, 'property_types')) w);
  v_sql text := private.filter_range(p_filter, 'acreage', 'x.acreage', 'numeric')
    || private.filter_range(p_filter, 'estimated_value', 'x.estimated_value', 'numeric');
begin
  if v_types is not null then
    v_sql := v_sql || format(' and lower(x.property_type) = any (%L::text[])', v_types);
  end if;
  return v_sql;
end;
$$;
comment on function private.parcel_condition(jsonb) is
  'What a filter requires of one parcel (alias x of lead_properties): type, acreage, value. Empty if it requires nothing. The '
  'caller has checked the filter against its shape.';

create function private.history_condition(p_org_id uuid, p_filter jsonb, p_now timestamptz)
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
    v_sql := v_sql || case p_filter ->> 'contacted' when 'never' then ' and l.first_contacted_at is null'
      else ' and l.first_contacted_at is not null' end;
  end if;
  if p_filter ? 'not_contacted_days' then
    v_days := (p_filter ->> 'not_contacted_days')::numeric::integer;
    v_sql := v_sql || format(
      ' and not exists (select 1 from private.lead_activity a where a.lead_id = l.id and a.last_contacted_at > %L::timestamptz)',
      p_now - make_interval(days => v_days));
  end if;
  if v_ids is not null then
    v_sql := v_sql || format(
      ' and l.id in (select t.lead_id from public.campaign_targets t where t.org_id = %L and t.campaign_id = any (%L::uuid[]) '
      'and t.state = ''sent'')',
      p_org_id, v_ids);
  end if;
  if p_filter ? 'replied' then
    v_replied := format('select k.lead_id from public.conversations k where k.org_id = %L and k.lead_id is not null '
      'and k.first_inbound_at is not null', p_org_id);
    v_sql := v_sql || case when (p_filter ->> 'replied')::boolean
      then format(' and l.id in (%s)', v_replied)
      else format(' and not exists (%s and k.lead_id = l.id)', v_replied) end;
  end if;
  return v_sql;
end;
$$;
comment on function private.history_condition(uuid, jsonb, timestamptz) is
  'What a filter requires of a lead''s history with campaigns: contacted, not_contacted_days, campaign_ids, replied. Empty if it '
  'requires nothing. The caller has checked the filter against its shape.';

create function private.lead_condition(p_org_id uuid, p_filter jsonb, p_now timestamptz default now())
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
  -- After this check every filter can be turned into a condition, now and later: the code below need not check types or numbers.
  perform private.check_shape(coalesce(p_filter, '{}'), private.lead_filter_shape());

  for v_pattern in select s.pattern, s.other from private.search_patterns(p_filter ->> 'search') s loop
    v_sql := v_sql || case when v_pattern.other is null then format(' and l.search_text like %L', v_pattern.pattern)
      else format(' and (l.search_text like %L or l.search_text like %L)', v_pattern.pattern, v_pattern.other) end;
  end loop;

  -- With a single value it compares with =, so that the index also gives the order of the list.
  for v_field in
    select f.expression, w.words
    from (values
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

  v_words := array(select distinct private.county_key(w, true) from unnest(private.filter_words(p_filter, 'counties')) w);
  if cardinality(v_words) > 0 then
    v_sql := v_sql || format(' and l.county_keys && %L::text[]', v_words);
  end if;

  for v_field in
    select t.name, array(select upper(w) from unnest(private.filter_words(p_filter, 'tags.' || t.name)) w) as words
    from unnest(array['any', 'all', 'none']) t (name)
  loop
    if v_field.name = 'any' and p_filter #> '{tags,untagged}' = 'true' then
      v_sql := v_sql || case when cardinality(v_field.words) = 0 then ' and l.tags = ''{}'''
        else format(' and (l.tags = ''{}'' or l.tags && %L::text[])', v_field.words) end;
      continue;
    end if;
    continue when cardinality(v_field.words) = 0;
    v_sql := v_sql || format(case v_field.name
      when 'any' then ' and l.tags && %L::text[]' when 'all' then ' and l.tags @> %L::text[]'
        else ' and not l.tags && %L::text[]' end,
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
    v_sql := v_sql || format(' and l.id in (select x.lead_id from public.lead_properties x where x.org_id = %L%s)', p_org_id,
      v_parcels);
  end if;
  v_words := private.filter_words(p_filter, 'line_types');
  if v_words is not null then
    v_sql := v_sql || format(' and l.id in (select p.lead_id from public.lead_phones p where p.org_id = %L and %s)', p_org_id,
      case when v_words = '{not_looked_up}' then 'p.line_type is null'
        when 'not_looked_up' = any (v_words) then format('(p.line_type is null or p.line_type = any (%L::text[]))', v_words)
        else format('p.line_type = any (%L::text[])', v_words) end);
  end if;

  if p_filter ? 'custom_fields' then
    -- Each value becomes a condition of its own.
    if (select sum(case jsonb_typeof(e.value) when 'array' then jsonb_array_length(e.value) else 1 end)
      from jsonb_each(p_filter -> 'custom_fields') e) > 100 then
      perform private.refuse_field('custom_fields', 'custom_fields may have at most 100 values in all fields together.');
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
comment on function private.lead_condition(uuid, jsonb, timestamptz) is
  'A filter as a condition over the alias l of public.leads. It includes the organisation and "not deleted" (deleted: true '
  'selects only deleted leads); every value in it is a quoted literal. All fields of a filter are optional, and all that are '
  'given must match. search: every word must match a name, address, city, county, e-mail, parcel number or phone in any format. '
  'Lists: ids, counties, states, cities, zips, statuses, scores, sources, consent, languages, import_ids, campaign_ids (any of '
  'them wrote to the lead), segment_ids (the lead is in any of them). tags: {any, all, none, '
  'untagged: leads without tags, beside those of any}. property_types, acreage {from, '
  'to}, estimated_value {from, to}: all of the same parcel. line_types: of any phone, or not_looked_up. contacted: never or '
  'ever. not_contacted_days: not in the last n days. replied: true or false. created {from, to}. custom_fields: {name: value or '
  'list}. Raises PT422 naming the field.';

create function private.filter_words(p_filter jsonb, p_field text)
returns text[]
language sql
immutable
set search_path = ''
as $$
  select nullif(array(select distinct trim(e) from jsonb_array_elements_text(p_filter #> string_to_array(p_field, '.')) e), '{}');
$$;
comment on function private.filter_words(jsonb, text) is
  'The words in the list of a field of a filter (tags.any: a field inside another), trimmed and without duplicates; null if '
  'there are none. The caller has checked the filter against its shape.';

create function private.filter_ids(p_filter jsonb, p_field text)
returns uuid[]
language sql
immutable
set search_path = ''
as $$
  select case when p_filter ? p_field
    then array(select distinct e::uuid from jsonb_array_elements_text(p_filter -> p_field) e) end;
$$;
comment on function private.filter_ids(jsonb, text) is
  'The ids in the list of a field of a filter: null if the field is absent; an empty list, which no lead matches, if its list is '
  'empty. The caller has checked the filter against its shape.';
