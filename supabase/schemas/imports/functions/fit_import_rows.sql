-- A row with a value that a lead may not have loses that field, or is rejected, but does not make its chunk fail. The worker
-- sends clean rows. If a row is not clean after all, the chunk is applied again, first with each text as one line, then with each
-- value checked against its shape.

create function private.as_lines(p_values jsonb)
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select p_values || coalesce((
    select jsonb_object_agg(e.key, private.one_line(e.value #>> '{}')) from jsonb_each(p_values) e
    where jsonb_typeof(e.value) = 'string' and e.key <> 'notes'
      and e.value #>> '{}' ~ '[\u0001-\u001f\u007f-\u009f\u2028\u2029]'), '{}');
$$;
comment on function private.as_lines(jsonb) is 'The values of a lead or a parcel, with each text except notes as one line.';
