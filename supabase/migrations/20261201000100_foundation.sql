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

-- The two schemas, the role of the worker, and what nobody gets by default: each file grants what it means to.
-- public   what users may read and call, behind RLS.
-- private  the machinery: planning, claiming, windows, membership. Not exposed over REST.

create schema private;
comment on schema private is
  'The machinery behind the API: planning, claiming, windows, rates, membership. Never exposed over REST.';

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
begin
  -- In plpgsql: as a SQL function, which may not be inlined with a fixed search_path, it cost four times as much.
  return encode(
    set_bit(
      set_bit(
        overlay(
          uuid_send(gen_random_uuid())
          placing substring(int8send((extract(epoch from clock_timestamp()) * 1000)::bigint) from 3)
          from 1 for 6
        ),
        52, 1
      ),
      53, 1
    ),
    'hex'
  )::uuid;
end;
$$;
comment on function private.uuid_v7() is 'A time-ordered uuid, version 7 (RFC 9562, section 5.7), in milliseconds.';

-- schemas/foundation/checks/texts.sql

create function private.fold_text(p_text text)
returns text
language sql
immutable
strict
parallel safe
set search_path = ''
as $$
  -- Capitals are in the list too: under the C collation lower() leaves them alone.
  select translate(
    lower(p_text),
    'áàäâãåéèëêíìïîóòöôõúùüûñçÁÀÄÂÃÅÉÈËÊÍÌÏÎÓÒÖÔÕÚÙÜÛÑÇ',
    'aaaaaaeeeeiiiiooooouuuuncaaaaaaeeeeiiiiooooouuuunc'
  );
$$;
comment on function private.fold_text(text) is 'Text as the search compares it: lower case, without accents. Null stays null.';
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
  'Trigger: stamps updated_at with the time of the transaction, but where the setting private.keep_updated_at is on: undo puts '
  'back what stood there.';

-- schemas/foundation/triggers/shapes.sql

create function private.check_time_zone()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  -- "at time zone" reads offsets and invented zones too, such as X+167; everything else that reads a zone knows names only.
  if not private.is_time_zone(new.time_zone) then
    perform private.refuse_field('time_zone', 'time_zone must be an IANA name such as America/Chicago.');
  end if;
  return new;
end;
$$;
comment on function private.check_time_zone() is
  'Trigger: a time zone is one that Postgres knows by its full name. Raises PT422. Definer: whoever saves a row may not call '
  'private functions.';

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
      -- Long lists are of ids and short texts: what plainly fits needs no call of its own, which is most of the time they take.
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
            format('There is no field %s here: leave it out. Known are: %s.',
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
  'Holds a JSON value against a shape (a part of JSON Schema, described at the head of its file); p_field is what the value is '
  'called in errors, empty for the whole argument. Returns if it fits. Raises PT422 naming the first field that does not, with '
  'the remedy; an absent value (SQL null) is refused as missing. Reads no more of a value than its maxBytes, maxItems and '
  'maxProperties allow.';

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
comment on function private.line_shape(integer) is 'The shape of a text of one line, not blank, of p_most characters at most.';

create function private.text_shape(p_most integer, p_least integer default 0)
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select jsonb_build_object('type', 'string', 'format', 'line', 'minLength', p_least, 'maxLength', p_most);
$$;
comment on function private.text_shape(integer, integer) is 'The shape of one line of text, of p_least to p_most characters.';

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
comment on function private.word_shape(text[]) is 'The shape of a text that is one of these words.';

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
comment on function private.range_shape(jsonb) is 'The shape of {from, to}, either of which may be left out.';

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
  'Raises an error the API understands: errcode PT400, PT403, PT404, PT409, PT422 or PT429 are PostgREST''s own convention for '
  'an HTTP status, hint is the stable snake_case code, message the sentence for people, detail the JSON details.';

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

-- The strict reader of JSON: one description for each shape, one function that holds a value against it.
-- Whoever is signed in can call rpc functions with any JSON, so no function reads a key before its whole argument was checked.
-- A shape is written in a part of JSON Schema (draft 2020-12), in its words:
--   type                    object, array, string, integer, number, boolean, null; a list of them where several will do
--   enum                    the values allowed
--   properties, required    of an object. Other keys are refused, unless additionalProperties gives a shape for their values
--   propertyNames, maxProperties   of such other keys: a shape of the key, and how many at most
--   items, minItems, maxItems      of an array
--   minLength, maxLength, pattern  of a string, in characters; the pattern is one of Postgres
--   format                  of a string: uuid, date, date-time, time, time-zone, line (no control character)
--   minimum, exclusiveMinimum, maximum   of a number
--   multipleOf              of a number: how fine it may be
--   maxBytes                our own word: of the whole value, as the database holds it
-- Words that do not stand here are a fault of the shape, and said to be.

create function private.is_time_zone(p_name text)
returns boolean
language sql
stable
set search_path = ''
as $$
  select exists (select from pg_catalog.pg_timezone_names z where z.name = p_name);
$$;
comment on function private.is_time_zone(text) is
  'Whether this is the full name of a time zone, as America/Chicago; null where p_name is.';

create function private.json_kind(p_value jsonb)
returns text
language sql
immutable
set search_path = ''
as $$
  select case
    when jsonb_typeof(p_value) <> 'number' then jsonb_typeof(p_value)
    -- 131,072 digits are a number of jsonb too: rounding it would be work.
    when length(p_value::text) > 40 then 'number'
    when p_value::numeric = trunc(p_value::numeric) then 'integer'
    else 'number'
  end;
$$;
comment on function private.json_kind(jsonb) is
  'What a JSON value is, in the words of JSON Schema: object, array, string, integer, number, boolean or null.';

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
    perform private.refuse_field(p_field, format('%s does not have the form it must have: %s', p_field,
      coalesce(p_shape ->> 'description', p_shape ->> 'pattern')));
  end if;
  if v_format is null then
    return;
  end if;
  -- The pattern comes first: Postgres itself reads "now", "infinity" and "allballs" as times.
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
  'Holds a text against minLength, maxLength, pattern (its description is the remedy) and format of a shape. Raises PT422 '
  'naming p_field.';

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
  'Holds a number against minimum, exclusiveMinimum, maximum and multipleOf of a shape. Raises PT422 naming p_field.';

create function private.null_or(p_shape jsonb)
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select p_shape || jsonb_build_object('type', jsonb_build_array(p_shape -> 'type', 'null'));
$$;
comment on function private.null_or(jsonb) is 'The shape of what may be null beside p_shape, whose type is a single word.';

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
  'A like-pattern that finds the word anywhere, or at the beginning of a word where it is too short for trigrams.';

create function private.one_line(p_text text)
returns text
language sql
immutable
set search_path = ''
as $$
  select btrim(regexp_replace(p_text, '[[:space:]\u0001-\u001f\u007f-\u009f\u2028\u2029]+', ' ', 'g'));
$$;
comment on function private.one_line(text) is
  'A text as one line: runs of blanks, line breaks and other control characters become one blank.';

create function private.trim_texts(p_input jsonb)
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select coalesce(jsonb_object_agg(e.key, case jsonb_typeof(e.value)
    when 'string' then to_jsonb(nullif(trim(e.value #>> '{}'), '')) else e.value end), '{}')
  from jsonb_each(p_input) e;
$$;
comment on function private.trim_texts(jsonb) is 'An object with its texts trimmed; an empty one is null.';

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
  'A secret from Vault by name, null where there is none. Definer: cron''s role alone may call it.';
