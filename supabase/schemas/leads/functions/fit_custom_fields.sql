-- Changes custom fields so that the table of leads accepts them.

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
  'Custom fields that fit private.custom_fields_shape: texts are cut to 10,000 characters, objects and lists become text, and '
  'fields beyond the limits are left out.';
