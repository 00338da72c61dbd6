-- Written from supabase/schemas/foundation by npm run generate: change it there.

-- A function may call one that comes later.
set check_function_bodies = off;

-- schemas/foundation/extensions.sql

create schema if not exists extensions;

create extension if not exists pg_trgm with schema extensions;

create extension if not exists btree_gin with schema extensions;

create extension if not exists pgmq;

create extension if not exists pg_cron;

create extension if not exists pg_net with schema extensions;

create extension if not exists supabase_vault with schema vault;

-- schemas/foundation/roles_and_rights.sql

-- The two schemas, the role of the worker functions, and default rights: nobody gets any, so each file grants what is needed.
-- public   what users may read and call, under row-level security.
-- private  the internal functions and tables: planning, claiming, windows, membership. Not exposed over REST.

create schema private;
comment on schema private is
  'The internal functions and tables behind the API: planning, claiming, windows, rates, membership. Never exposed over REST.';

grant usage on schema private to authenticated, service_role;

alter default privileges revoke execute on functions from public;

alter default privileges in schema public revoke all on tables from anon, authenticated, service_role;

alter default privileges in schema public revoke all on sequences from anon, authenticated, service_role;

alter default privileges in schema public revoke all on functions from anon, authenticated, service_role;

do $$
begin
  if not exists (select 1 from pg_catalog.pg_roles where rolname = 'worker') then
    create role worker login noinherit;
  end if;
end;
$$;

alter role worker set statement_timeout = '30s';

alter role worker set idle_in_transaction_session_timeout = '30s';

grant usage on schema private to worker;

-- schemas/foundation/checks/foundation.sql

create function private.uuid_v7()
returns uuid
language plpgsql
volatile
set search_path = ''
as $$
declare
  v_now bigint := extract(epoch from clock_timestamp()) * 1000000;
begin
  -- PL/pgSQL, not SQL: a SQL function with a fixed search_path can't be inlined, and cost four times as much.
  -- The first 8 bytes: 48 bits of milliseconds, 4 of the version, and 12 with the rest of the time, in steps of a quarter of a
  -- microsecond. Rows of one transaction have the same now(): only their ids tell in which order they were written.
  return encode(
    overlay(
      uuid_send(gen_random_uuid())
      placing int8send(((v_now / 1000) << 16) | (7 << 12) | ((v_now % 1000) * 4096 / 1000))
      from 1 for 8
    ),
    'hex'
  )::uuid;
end;
$$;
comment on function private.uuid_v7() is
  'A time-ordered UUID, version 7 (RFC 9562, sections 5.7 and 6.2), with the time in microseconds.';

-- schemas/foundation/checks/texts.sql

create function private.fold_text(p_text text)
returns text
language plpgsql
immutable
strict
parallel safe
set search_path = ''
as $$
begin
  -- Plain ASCII, as nearly all texts of an import are, costs far less. Apostrophes go, because "O'Brien" is also typed as
  -- "OBrien", with a curly apostrophe, or with an accent in its place.
  if octet_length(p_text) = length(p_text) then
    return translate(lower(p_text), '''`', '');
  end if;
  -- Each letter apart from its accent; then the letters that have no such parts. lower() under the C collation knows ASCII only.
  -- The acute accent alone goes first, since it becomes a blank and an accent. Signs that can't be seen come with copied text.
  return translate(
    lower(regexp_replace(
      normalize(translate(p_text, '´', ''), nfkd),
      '[\u0300-\u036f\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff''`‘’‚‛′ʹʻʼʽˈ׳＇]',
      '', 'g')),
    'øłđœæıØŁĐŒÆ‐‑‒–—―−', 'oldoaioldoa-------');
end;
$$;
comment on function private.fold_text(text) is
  'Text as the search compares it: lower case, without accents, apostrophes and signs that can''t be seen, with one hyphen, in '
  'whatever form of Unicode it is written. Null '
  'stays null.';
grant execute on function private.fold_text(text) to service_role;

-- schemas/foundation/triggers/foundation.sql

create function private.set_updated_at()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  if current_setting('private.keep_updated_at', true) = 'on' then
    return new;
  end if;
  new.updated_at := now();
  return new;
end;
$$;
comment on function private.set_updated_at() is
  'Trigger: sets updated_at to the time of the transaction. If the setting private.keep_updated_at is on, it leaves updated_at '
  'alone, so that an undo can put back the old time.';

-- schemas/foundation/triggers/shapes.sql

create function private.check_time_zone()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  -- "at time zone" also accepts offsets and invented zones such as X+167, but everything else that reads a time zone accepts only
  -- names.
  if not private.is_time_zone(new.time_zone) then
    perform private.refuse_field('time_zone', 'time_zone must be an IANA name such as America/Chicago.');
  end if;
  return new;
end;
$$;
comment on function private.check_time_zone() is
  'Trigger: refuses a time zone that Postgres does not know by its full name (PT422). Security definer: the role that saves the '
  'row may not call private functions.';

-- schemas/foundation/functions/check_shape.sql

create function private.check_shape(p_value jsonb, p_shape jsonb, p_field text default '')
returns void
language plpgsql
stable
set search_path = ''
as $$
declare
  v_kind text := private.json_kind(p_value);
  v_name text := coalesce(nullif(p_field, ''), 'input');
  v_inner text := case when p_field = '' then '' else p_field || '.' end;
  v_types jsonb := p_shape -> 'type';
  v_part record;
  v_texts boolean;
  v_format text;
  v_least integer;
  v_most integer;
begin
  if p_value is null then
    perform private.refuse_field(v_name, format('%s is required.', v_name));
  end if;
  if pg_column_size(p_value) > (p_shape ->> 'maxBytes')::integer then
    perform private.refuse_field(v_name, format('%s is too large: %s bytes at most.', v_name, p_shape ->> 'maxBytes'));
  end if;
  if not (v_types @> to_jsonb(v_kind) or (v_kind = 'integer' and v_types @> '"number"')) then
    perform private.refuse_field(v_name, format('%s must be of type %s: it is %s.', v_name,
      case jsonb_typeof(v_types) when 'array' then (select string_agg(t, ' or ') from jsonb_array_elements_text(v_types) t)
        else v_types #>> '{}' end, v_kind));
  end if;
  if v_kind <> 'null' and p_shape ? 'enum' and not p_shape -> 'enum' @> jsonb_build_array(p_value) then
    perform private.refuse_field(v_name, format('%s must be one of: %s.', v_name,
      (select string_agg(e, ', ') from jsonb_array_elements_text(p_shape -> 'enum') e)));
  end if;
  case v_kind
    when 'string' then
      perform private.check_string(p_value #>> '{}', p_shape, v_name);
    when 'integer', 'number' then
      perform private.check_number(p_value, p_shape, v_name);
    when 'array' then
      if jsonb_array_length(p_value) > (p_shape ->> 'maxItems')::integer then
        perform private.refuse_field(v_name, format('%s may list %s at most: it lists %s.', v_name, p_shape ->> 'maxItems',
          jsonb_array_length(p_value)));
      elsif jsonb_array_length(p_value) < (p_shape ->> 'minItems')::integer then
        perform private.refuse_field(v_name, format('%s must list %s at least.', v_name, p_shape ->> 'minItems'));
      end if;
      -- Long lists hold ids and short texts. An item that plainly fits is not checked by a call of its own: the calls would take
      -- most of the time.
      v_texts := p_shape #>> '{items,type}' = 'string' and not p_shape -> 'items' ?| array['enum', 'pattern'];
      v_format := p_shape #>> '{items,format}';
      v_least := coalesce((p_shape #>> '{items,minLength}')::integer, 0);
      v_most := coalesce((p_shape #>> '{items,maxLength}')::integer, 2147483647);
      for v_part in
        select e.value, e.number from jsonb_array_elements(p_value) with ordinality e(value, number)
        where not (v_texts and jsonb_typeof(e.value) = 'string' and length(e.value #>> '{}') between v_least and v_most
          and case v_format when 'uuid' then e.value #>> '{}' ~ '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$'
            else v_format is null end)
      loop
        perform private.check_shape(v_part.value, p_shape -> 'items', format('%s[%s]', v_name, v_part.number - 1));
      end loop;
    when 'object' then
      if (select count(*) from jsonb_object_keys(p_value)) > (p_shape ->> 'maxProperties')::integer then
        perform private.refuse_field(v_name, format('%s may have %s entries at most.', v_name, p_shape ->> 'maxProperties'));
      end if;
      for v_part in select r.key from jsonb_array_elements_text(p_shape -> 'required') r(key) where not p_value ? r.key
        limit 1 loop
        perform private.refuse_field(v_inner || v_part.key, format('%s is required.', v_inner || v_part.key));
      end loop;
      for v_part in select e.key, e.value from jsonb_each(p_value) e loop
        if p_shape -> 'properties' ? v_part.key then
          perform private.check_shape(v_part.value, p_shape -> 'properties' -> v_part.key, v_inner || v_part.key);
        elsif p_shape ? 'additionalProperties' then
          perform private.check_string(v_part.key, p_shape -> 'propertyNames', v_name);
          perform private.check_shape(v_part.value, p_shape -> 'additionalProperties', v_inner || left(v_part.key, 64));
        else
          perform private.refuse_field(v_inner || left(v_part.key, 64),
            format('There is no field %s here: leave it out. The fields are: %s.',
            v_inner || left(v_part.key, 64),
              (select string_agg(k, ', ' order by k) from jsonb_object_keys(p_shape -> 'properties') k)));
        end if;
      end loop;
    else
      null;
  end case;
end;
$$;
comment on function private.check_shape(jsonb, jsonb, text) is
  'Checks a JSON value against a shape (a part of JSON Schema, described at the head of shapes.sql). p_field is the name of the '
  'value in errors; it is empty for the whole argument. Returns if the value fits. Raises PT422 that names the first field that '
  'does not fit and says what to do. A missing value (SQL null) is refused. Reads no more of a value than its maxBytes, maxItems '
  'and maxProperties allow.';

-- schemas/foundation/functions/common_shapes.sql

create function private.line_shape(p_most integer)
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select jsonb_build_object('type', 'string', 'maxLength', p_most, 'format', 'line',
    'pattern', '[^\u0009-\u000d\u0020\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff]', 'description',
      'it must not be blank.');
$$;
comment on function private.line_shape(integer) is
  'The shape of one line of text that is not blank and has at most p_most characters.';

create function private.text_shape(p_most integer, p_least integer default 0)
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select jsonb_build_object('type', 'string', 'format', 'line', 'minLength', p_least, 'maxLength', p_most);
$$;
comment on function private.text_shape(integer, integer) is 'The shape of one line of text of p_least to p_most characters.';

create function private.list_shape(p_items jsonb, p_most integer, p_least integer default 0)
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select jsonb_build_object('type', 'array', 'minItems', p_least, 'maxItems', p_most, 'items', p_items);
$$;
comment on function private.list_shape(jsonb, integer, integer) is
  'The shape of a list of p_least to p_most values, each of the shape p_items.';

create function private.ids_shape(p_most integer, p_least integer default 0)
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select private.list_shape('{"type": "string", "format": "uuid"}', p_most, p_least);
$$;
comment on function private.ids_shape(integer, integer) is 'The shape of a list of p_least to p_most ids.';

create function private.word_shape(variadic p_words text[])
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select jsonb_build_object('type', 'string', 'enum', to_jsonb(p_words));
$$;
comment on function private.word_shape(text[]) is 'The shape of a text that is one of p_words.';

create function private.object_shape(p_properties jsonb, p_required text[] default '{}')
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select jsonb_build_object('type', 'object', 'properties', p_properties, 'required', to_jsonb(p_required));
$$;
comment on function private.object_shape(jsonb, text[]) is 'The shape of an object with these properties and no others.';

create function private.range_shape(p_value jsonb)
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select private.object_shape(jsonb_build_object('from', p_value, 'to', p_value));
$$;
comment on function private.range_shape(jsonb) is 'The shape of {from, to}; either may be left out.';

-- schemas/foundation/functions/errors.sql

create function private.raise_error(
  p_sqlstate text,
  p_code text,
  p_message text,
  p_details jsonb default '{}'
)
returns void
language plpgsql
set search_path = ''
as $$
begin
  raise exception using errcode = p_sqlstate, message = p_message, detail = p_details::text, hint = p_code;
end;
$$;
comment on function private.raise_error(text, text, text, jsonb) is
  'Raises an error that the API understands. p_sqlstate is PT400, PT403, PT404, PT409, PT422 or PT429, which PostgREST answers '
  'with that HTTP status. The error''s hint is the stable snake_case code, its message is the sentence for people, and its '
  'detail is the details as JSON.';

create function private.refuse_field(p_field text, p_message text)
returns void
language plpgsql
set search_path = ''
as $$
begin
  perform private.raise_error('PT422', 'invalid_input', p_message,
    jsonb_build_object('errors', jsonb_build_array(jsonb_build_object('field', p_field, 'message', p_message))));
end;
$$;
comment on function private.refuse_field(text, text) is 'Raises PT422 for one wrong field.';

-- schemas/foundation/functions/shapes.sql

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

-- schemas/foundation/functions/statistics.sql

-- Statistics of rates. Each formula is here once, and tests hold it against a statistics library.

create function private.wilson_bound(p_numerator double precision, p_denominator double precision, p_sign integer)
returns double precision
language plpgsql
immutable
set search_path = ''
as $$
declare
  -- 97.5 % of a normal distribution are below this many standard errors.
  c_z constant double precision := 1.959963984540054;
  c_z2 constant double precision := 3.841458820694124;
begin
  -- In plpgsql, as private.rate: its plans are kept, where a function in SQL with a search_path is planned at each call.
  return case when p_denominator > 0 and p_numerator between 0 and p_denominator then least(greatest(
    (p_numerator + c_z2 / 2 + p_sign * c_z * sqrt(p_numerator * (p_denominator - p_numerator) / p_denominator + c_z2 / 4))
      / (p_denominator + c_z2), 0), 1) end;
end;
$$;
comment on function private.wilson_bound(double precision, double precision, integer) is
  'The lower (p_sign -1) or upper (1) bound of Wilson''s 95 % interval of a rate; null if the rate is none.';

create function private.wilson_low(p_numerator double precision, p_denominator double precision)
returns double precision
language plpgsql
immutable
set search_path = ''
as $$ begin return private.wilson_bound(p_numerator, p_denominator, -1); end; $$;
comment on function private.wilson_low(double precision, double precision) is
  'The lower bound of Wilson''s 95 % interval of a rate, from 0 to 1; null if the denominator is 0.';

create function private.wilson_high(p_numerator double precision, p_denominator double precision)
returns double precision
language plpgsql
immutable
set search_path = ''
as $$ begin return private.wilson_bound(p_numerator, p_denominator, 1); end; $$;
comment on function private.wilson_high(double precision, double precision) is
  'The upper bound of Wilson''s 95 % interval of a rate, from 0 to 1; null if the denominator is 0.';

create function private.chi_square_p(p_statistic double precision, p_freedom integer)
returns double precision
language plpgsql
immutable
set search_path = ''
as $$
declare
  v_half double precision := p_statistic / 2;
  v_term double precision;
  v_sum double precision := 0;
begin
  if p_statistic is null or p_statistic < 0 or p_freedom is null or p_freedom not between 1 and 100 then
    return null;
  elsif p_statistic > 1400 then
    -- exp() would underflow.
    return 0;
  end if;
  -- For a whole number of degrees of freedom the tail is a finite sum: no series that may not converge.
  if p_freedom % 2 = 0 then
    v_term := exp(-v_half);
    for i in 1 .. p_freedom / 2 loop
      v_sum := v_sum + v_term;
      v_term := v_term * v_half / i;
    end loop;
    return least(v_sum, 1);
  end if;
  v_term := exp(-v_half) * sqrt(v_half) * 2 / sqrt(pi());
  for i in 1 .. (p_freedom - 1) / 2 loop
    v_sum := v_sum + v_term;
    v_term := v_term * v_half / (i + 0.5);
  end loop;
  return least(erfc(sqrt(v_half)) + v_sum, 1);
end;
$$;
comment on function private.chi_square_p(double precision, integer) is
  'The probability of a chi-square statistic at least this large by chance. Null outside 1 to 100 degrees of freedom.';

create function private.rate(p_numerator bigint, p_denominator bigint, p_provisional boolean default false)
returns jsonb
language plpgsql
immutable
set search_path = ''
as $$
begin
  return jsonb_build_object(
    'value', round(100.0 * p_numerator / nullif(p_denominator, 0), 2),
    'numerator', p_numerator,
    'denominator', p_denominator,
    'low', round((100 * private.wilson_low(p_numerator, p_denominator))::numeric, 2),
    'high', round((100 * private.wilson_high(p_numerator, p_denominator))::numeric, 2),
    'enough', p_numerator >= 5 and p_denominator - p_numerator >= 5,
    'provisional', p_provisional);
end;
$$;
comment on function private.rate(bigint, bigint, boolean) is
  'A rate as people read it: percent to two decimals (null if the denominator is 0) with Wilson''s 95 % interval. enough: at '
  'least five on either side. provisional: some of what it counts may still change.';

create function private.log_gamma(p_x double precision)
returns double precision
language plpgsql
immutable
set search_path = ''
as $$
declare
  -- Stirling's series is exact to the last digits from 10 on; smaller numbers are moved there.
  v_x double precision := p_x + 10;
  v_moved double precision := 0;
begin
  if p_x <= 0 then
    return null;
  end if;
  for i in 0 .. 9 loop
    v_moved := v_moved + ln(p_x + i);
  end loop;
  return (v_x - 0.5) * ln(v_x) - v_x + 0.5 * ln(2 * pi()) + 1 / (12 * v_x) - 1 / (360 * v_x ^ 3) + 1 / (1260 * v_x ^ 5)
    - 1 / (1680 * v_x ^ 7) - v_moved;
end;
$$;
comment on function private.log_gamma(double precision) is
  'The logarithm of the gamma function of a number above 0; null for others.';

-- schemas/foundation/functions/texts.sql

create function private.like_pattern(p_word text)
returns text
language sql
immutable
set search_path = ''
as $$
  select case when length(p_word) < 3 then '% ' else '%' end || regexp_replace(p_word, '([\\%_])', '\\\1', 'g') || '%';
$$;
comment on function private.like_pattern(text) is
  'A LIKE pattern that finds the word anywhere in a text. A word of fewer than 3 characters is too short for trigrams, and is '
  'found only at the beginning of a word.';

create function private.one_line(p_text text)
returns text
language sql
immutable
set search_path = ''
as $$
  select btrim(regexp_replace(p_text, '[[:space:]\u0001-\u001f\u007f-\u009f\u2028\u2029]+', ' ', 'g'));
$$;
comment on function private.one_line(text) is
  'A text as one line: each run of white space, line breaks and other control characters becomes one blank.';

create function private.trim_texts(p_input jsonb)
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select p_input || coalesce(jsonb_object_agg(e.key, nullif(trim(e.value #>> '{}'), '')), '{}')
  from jsonb_each(p_input) e where jsonb_typeof(e.value) = 'string';
$$;
comment on function private.trim_texts(jsonb) is 'An object with its texts trimmed; an empty text becomes null.';

-- schemas/foundation/functions/vault.sql

create function private.vault_secret(p_name text)
returns text
language sql
stable
security definer
set search_path = ''
as $$
  select s.decrypted_secret from vault.decrypted_secrets s where s.name = p_name;
$$;
comment on function private.vault_secret(text) is
  'A secret from Vault by name; null if there is none. Security definer: only the owner, whose rights cron jobs have, may call '
  'it.';
