create function private.fit_import_row(p_row jsonb)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
declare
  v_shapes jsonb := private.lead_shape() -> 'properties';
  v_parcels jsonb := private.parcel_shape() -> 'properties';
  v_warnings jsonb := coalesce(p_row -> 'warnings', '[]');
  v_lead jsonb := '{}';
  v_parcel jsonb := '{}';
  v_field record;
  v_left jsonb;
  v_names text[];
begin
  if p_row ->> 'reason' is not null then
    return p_row;
  end if;
  -- Most rows are correct, even in a chunk with one that is not.
  begin
    perform private.check_shape(jsonb_strip_nulls(p_row -> 'lead'), private.lead_shape());
    if jsonb_typeof(p_row -> 'parcel') = 'object' then
      perform private.check_shape(p_row -> 'parcel', private.parcel_shape());
    end if;
    if not exists (
      select from jsonb_array_elements(p_row -> 'phones') p (phone)
        where not coalesce(p.phone ->> 'e164' ~ '^\+1[2-9][0-9]{9}$', false))
    then
      return p_row;
    end if;
  exception when sqlstate 'PT422' then
    null;
  end;
  select p.phone ->> 'field' as key into v_field from jsonb_array_elements(p_row -> 'phones') p (phone)
  where not coalesce(p.phone ->> 'e164' ~ '^\+1[2-9][0-9]{9}$', false) limit 1;
  if found then
    return jsonb_build_object('line', p_row -> 'line', 'raw', p_row -> 'raw', 'field', v_field.key, 'reason',
      'This is not a phone number that can be texted.');
  end if;
  for v_field in
    select true as is_lead, e.key, e.value, v_shapes -> e.key as shape from jsonb_each(p_row -> 'lead') e
    union all
    select false, e.key, e.value, v_parcels -> e.key
      from jsonb_each(case jsonb_typeof(p_row -> 'parcel') when 'object' then p_row -> 'parcel' else '{}' end) e
  loop
    begin
      if v_field.key = 'custom_fields' then
        v_left := v_field.value;
        v_field.value := private.fit_custom_fields(v_field.value);
        select array_agg(k.key order by k.key) into v_names
        from jsonb_object_keys(v_left) k (key) where not v_field.value ? left(private.one_line(k.key), 210)
          and private.one_line(k.key) <> '';
        if v_names is not null then
          v_warnings := v_warnings || jsonb_build_object('field', v_field.key, 'reason', format(
            'A lead has at most 500 custom fields and 32 KB of them: %s of this row were left out (%s).',
            cardinality(v_names), left(array_to_string(v_names, ', '), 500)));
        end if;
      elsif v_field.shape ->> 'format' = 'line' then
        v_field.value := to_jsonb(private.one_line(v_field.value #>> '{}'));
      end if;
      if v_field.value is not null and v_field.value <> 'null' then
        perform private.check_shape(v_field.value, v_field.shape, v_field.key);
      end if;
      if v_field.is_lead then
        v_lead := v_lead || jsonb_build_object(v_field.key, v_field.value);
      else
        v_parcel := v_parcel || jsonb_build_object(v_field.key, v_field.value);
      end if;
    exception when sqlstate 'PT422' then
      v_warnings := v_warnings || jsonb_build_object('field', v_field.key, 'reason', sqlerrm || ' It was left out.');
    end;
  end loop;
  return p_row || jsonb_build_object('lead', v_lead, 'warnings', v_warnings)
    || case when p_row ? 'parcel' then jsonb_build_object('parcel', nullif(v_parcel, '{}')) else '{}' end;
end;
$$;
comment on function private.fit_import_row(jsonb) is
  'A row for private.import_chunk without the values that a lead may not have, and with a warning for each field left out. A row '
  'with an invalid phone is rejected.';
