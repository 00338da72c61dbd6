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
