-- What the tables of leads hold, whoever writes them: numbers within bounds (NaN sorts above all of them, infinity too), texts of
-- one line where they are one, lists and JSON of bounded size. Rows of before are mended first: a check that only new rows keep
-- would stop every later change of an old one.

create function private.fit_custom_fields(p_fields jsonb)
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select coalesce(jsonb_object_agg(f.key, f.value), '{}')
  from (
    select c.key, c.value, row_number() over (order by c.n) as n,
      sum(pg_column_size(c.value) + octet_length(c.key) + 16) over (order by c.n) as bytes
    from (
      select distinct on (left(private.one_line(e.key), 210)) left(private.one_line(e.key), 210) as key, e.n,
        case jsonb_typeof(e.value)
          when 'number' then case when length(e.value::text) <= 40 and abs((e.value::text)::numeric) <= 1e15 then e.value
            else to_jsonb(left(e.value::text, 40)) end
          when 'string' then to_jsonb(left(e.value #>> '{}', 10000))
          when 'object' then to_jsonb(left(e.value::text, 10000)) when 'array' then to_jsonb(left(e.value::text, 10000))
          else e.value end as value
      from jsonb_each(p_fields) with ordinality e (key, value, n)
      where private.one_line(e.key) <> ''
      order by 1, e.n
    ) c
  ) f
  where f.n <= 500 and f.bytes <= 32000;
$$;
comment on function private.fit_custom_fields(jsonb) is
  'Custom fields as private.custom_fields_shape has them: values cut to 10,000 characters, objects and lists written out as '
  'text, and no more of them than fit.';

create function private.fit_lead(p_lead jsonb)
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select p_lead || coalesce((
    select jsonb_object_agg(e.key, case e.key
      when 'custom_fields' then private.fit_custom_fields(e.value)
      when 'tags' then (
        select coalesce(jsonb_agg(distinct left(regexp_replace(t.tag, '[^A-Z0-9+-]', '-', 'g'), 50)), '[]')
          from jsonb_array_elements_text(e.value) t (tag))
      else to_jsonb(left(private.one_line(e.value #>> '{}'),
        (private.lead_shape() #>> array['properties', e.key, 'maxLength'])::integer)) end)
    from jsonb_each(p_lead) e
    where case
      when e.key = 'custom_fields' then pg_column_size(e.value) > 32000
      when e.key = 'tags' then e.value::text !~ '^\[("[A-Z0-9+-]+"(, "[A-Z0-9+-]+")*)?\]$' or e.value::text ~ '[^"]{51}'
      else private.lead_shape() #>> array['properties', e.key, 'format'] = 'line'
        and e.value #>> '{}' ~ '[\u0001-\u001f\u007f-\u009f\u2028\u2029]' end
  ), '{}');
$$;
comment on function private.fit_lead(jsonb) is
  'A lead (columns as JSON) with what its table no longer takes mended: control characters in lines, tags above 50 characters, '
  'too many custom fields.';

create function private.fit_parcel(p_parcel jsonb)
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select p_parcel || coalesce((
    select jsonb_object_agg(e.key, case
      when jsonb_typeof(e.value) = 'string' and e.key in ('acreage', 'estimated_value') then 'null'
      when jsonb_typeof(e.value) = 'number'
        then to_jsonb(least((e.value #>> '{}')::numeric,
        (private.parcel_shape() #>> array['properties', e.key, 'maximum'])::numeric))
      else to_jsonb(private.one_line(e.value #>> '{}')) end)
    from jsonb_each(p_parcel) e
    where private.parcel_shape() -> 'properties' ? e.key and jsonb_typeof(e.value) in ('string', 'number')
  ), '{}');
$$;
comment on function private.fit_parcel(jsonb) is
  'A parcel (columns as JSON) with what its table no longer takes mended: control characters, numbers out of bounds, NaN, which '
  'becomes nothing.';
