-- A row of a file that holds what no lead may costs itself a field, or itself, and not the chunk. The rows come clean from the
-- worker; should one not, the chunk is done again, first with each text as one line, then with each value held against its shape.

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
comment on function private.as_lines(jsonb) is 'The values of a lead or a parcel with each text but the notes as one line.';
