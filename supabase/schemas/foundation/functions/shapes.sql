-- The strict reader of JSON: each shape is described once, and one function checks values against shapes.
-- Every signed-in person can call rpc functions with any JSON, so a function checks its whole argument before it reads a key.
-- A shape is written with these keywords of JSON Schema (draft 2020-12):
--   type                    object, array, string, integer, number, boolean, null; a list of them if several are allowed
--   enum                    the values allowed
--   properties, required    of an object. Other keys are refused, unless additionalProperties gives a shape for their values
--   propertyNames, maxProperties   of such other keys: the shape of a key, and how many keys there may be
--   items, minItems, maxItems      of an array
--   minLength, maxLength, pattern  of a string; lengths are in characters, the pattern is a regular expression of Postgres
--   format                  of a string: uuid, date, date-time, time, time-zone, line (no control character)
--   minimum, exclusiveMinimum, maximum   of a number
--   multipleOf              of a number: the step between allowed values
--   maxBytes                not of JSON Schema: the size of the whole value, as the database stores it
-- Keywords that are not listed here must not be used in a shape.

create function private.is_time_zone(p_name text)
returns boolean
language sql
stable
set search_path = ''
as $$
  select exists (select from pg_catalog.pg_timezone_names z where z.name = p_name);
$$;
comment on function private.is_time_zone(text) is
  'Whether p_name is the full name of a time zone, such as America/Chicago; null if p_name is null.';

create function private.json_kind(p_value jsonb)
returns text
language sql
immutable
set search_path = ''
as $$
  select case
    when jsonb_typeof(p_value) <> 'number' then jsonb_typeof(p_value)
    -- A number of jsonb may have 131,072 digits: this avoids rounding such a number, which costs time.
    when length(p_value::text) > 40 then 'number'
    when p_value::numeric = trunc(p_value::numeric) then 'integer'
    else 'number'
  end;
$$;
comment on function private.json_kind(jsonb) is
  'The type of a JSON value, as JSON Schema names it: object, array, string, integer, number, boolean or null.';

create function private.check_string(p_value text, p_shape jsonb, p_field text)
returns void
language plpgsql
stable
set search_path = ''
as $$
declare
  v_format text := p_shape ->> 'format';
  v_length integer := length(p_value);
begin
  if v_length > (p_shape ->> 'maxLength')::integer then
    perform private.refuse_field(p_field, format('%s may have %s characters at most: it has %s.', p_field,
      p_shape ->> 'maxLength', v_length));
  end if;
  if v_length < (p_shape ->> 'minLength')::integer then
    perform private.refuse_field(p_field, case when v_length = 0 then format('%s must not be empty.', p_field)
      else format('%s must have %s characters at least.', p_field, p_shape ->> 'minLength') end);
  end if;
  if p_value !~ (p_shape ->> 'pattern') then
    perform private.refuse_field(p_field, format('%s does not have the required form: %s', p_field,
      coalesce(p_shape ->> 'description', p_shape ->> 'pattern')));
  end if;
  if v_format is null then
    return;
  end if;
  -- The pattern is checked before the cast, because Postgres also reads "now", "infinity" and "allballs" as times.
  if not coalesce(case v_format
    when 'uuid' then p_value ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'
    when 'date' then p_value ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}$' and pg_catalog.pg_input_is_valid(p_value, 'date')
    when 'time' then p_value ~ '^([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?$'
    when 'date-time' then
      p_value ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,9})?)?([Zz]|[+-][0-9]{2}(:?[0-9]{2})?)$'
      and pg_catalog.pg_input_is_valid(p_value, 'timestamptz')
    when 'time-zone' then length(p_value) <= 64 and private.is_time_zone(p_value)
    when 'line' then p_value !~ '[\u0001-\u001f\u007f-\u009f\u2028\u2029]'
  end, false) then
    perform private.refuse_field(p_field, p_field || case v_format
      when 'uuid' then ' must be an id, like 018f2c5e-7b1a-7c3d-9e4f-0123456789ab.'
      when 'date' then ' must be a date, like 2026-01-31.'
      when 'time' then ' must be a time of day, like 20:00.'
      when 'date-time' then ' must be a time with its zone, like 2026-01-31T15:00:00Z.'
      when 'time-zone' then ' must be the name of a time zone, like America/Chicago.'
      when 'line' then ' must be one line, without control characters.'
      else format(' has the unknown format %s.', v_format) end);
  end if;
end;
$$;
comment on function private.check_string(text, jsonb, text) is
  'Checks a text against minLength, maxLength, pattern and format of a shape. Raises PT422 naming p_field; if the pattern does '
  'not match, the message ends with the shape''s description.';

create function private.check_number(p_value jsonb, p_shape jsonb, p_field text)
returns void
language plpgsql
immutable
set search_path = ''
as $$
declare
  v_value numeric;
begin
  if length(p_value::text) > 40 then
    perform private.refuse_field(p_field, format('%s must be written with 40 digits at most.', p_field));
  end if;
  v_value := p_value::text::numeric;
  if v_value < (p_shape ->> 'minimum')::numeric then
    perform private.refuse_field(p_field, format('%s must be %s at least.', p_field, p_shape ->> 'minimum'));
  elsif v_value <= (p_shape ->> 'exclusiveMinimum')::numeric then
    perform private.refuse_field(p_field, format('%s must be more than %s.', p_field, p_shape ->> 'exclusiveMinimum'));
  elsif v_value > (p_shape ->> 'maximum')::numeric then
    perform private.refuse_field(p_field, format('%s must be %s at most.', p_field, p_shape ->> 'maximum'));
  elsif v_value % (p_shape ->> 'multipleOf')::numeric <> 0 then
    perform private.refuse_field(p_field, format('%s must be a multiple of %s.', p_field, p_shape ->> 'multipleOf'));
  end if;
end;
$$;
comment on function private.check_number(jsonb, jsonb, text) is
  'Checks a number against minimum, exclusiveMinimum, maximum and multipleOf of a shape. Raises PT422 naming p_field.';

create function private.null_or(p_shape jsonb)
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select p_shape || jsonb_build_object('type', jsonb_build_array(p_shape -> 'type', 'null'));
$$;
comment on function private.null_or(jsonb) is
  'The shape of a value that is null or has the shape p_shape, whose type must be a single word.';
