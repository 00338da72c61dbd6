-- How a row of an import is merged into a lead: pure functions over JSON that read no tables. While a chunk is processed, a lead
-- is {lead, phones: [{id, e164, role, line_type, consent_status, invalid_reason}], parcels: [{id, ...}], identities: [what each
-- parcel is compared by]}. A phone or parcel without id is new; one with changed: true is to be written.

create function private.parcel_identities(p_parcels jsonb)
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select coalesce(to_jsonb(array_agg(
    private.identify_parcel(jsonb_populate_record(null::public.lead_properties, p.parcel)) order by p.at)), '[]')
  from jsonb_array_elements(p_parcels) with ordinality p (parcel, at);
$$;
comment on function private.parcel_identities(jsonb) is 'What each parcel of a list is compared by (private.identify_parcel).';

create function private.import_merge_parcel(p_state jsonb, p_parcel jsonb, p_strategy text)
returns jsonb
language plpgsql
immutable
set search_path = ''
as $$
declare
  v_parcels jsonb := p_state -> 'parcels';
  v_identities jsonb := p_state -> 'identities';
  v_warnings jsonb := '[]';
  v_new jsonb := jsonb_strip_nulls(p_parcel);
  v_identity private.parcel_identity;
  v_at integer;
  v_before jsonb;
  v_after jsonb;
begin
  if v_new <> '{}' then
    v_identity := private.identify_parcel(jsonb_populate_record(null::public.lead_properties, v_new));
    select i.at - 1 into v_at
    from jsonb_array_elements(v_identities) with ordinality i (identity, at)
    where i.identity ->> 'own' = v_identity.own
      and private.same_parcel(jsonb_populate_record(null::private.parcel_identity, i.identity), v_identity)
    order by i.at limit 1;
    v_before := v_parcels -> v_at;
    v_after := case
      -- The parcel number is the same, however it is written.
      when p_strategy = 'update' and v_before ->> 'apn' is not null then v_before || (v_new - 'apn')
      when p_strategy = 'update' then v_before || v_new
      when p_strategy = 'fill' then v_new || jsonb_strip_nulls(v_before)
      else v_before
    end;
    if v_at is null and jsonb_array_length(v_parcels) >= 100 then
      v_warnings := '[{"reason": "A lead has at most 100 parcels: that of this row was not added."}]';
    elsif v_at is null then
      v_parcels := v_parcels || v_new;
      v_identities := v_identities || to_jsonb(v_identity);
    elsif jsonb_strip_nulls(v_after) <> jsonb_strip_nulls(v_before) then
      v_identity := private.identify_parcel(jsonb_populate_record(null::public.lead_properties, v_after));
      v_parcels := jsonb_set(v_parcels, array[v_at::text], v_after || '{"changed": true}');
      v_identities := jsonb_set(v_identities, array[v_at::text], to_jsonb(v_identity));
    end if;
  end if;
  return jsonb_build_object('parcels', v_parcels, 'identities', v_identities, 'warnings', v_warnings);
end;
$$;
comment on function private.import_merge_parcel(jsonb, jsonb, text) is
  'The parcels of p_state merged with that of a row (private.same_parcel): {parcels, identities, warnings}. Another parcel is '
  'added, up to 100. The same parcel takes all values of the row (update), only those it lacks (fill), or none (add_phones).';

create function private.outlasts_import(p_before text, p_in_file text)
returns boolean
language sql
immutable
set search_path = ''
as $$
  -- A file was often exported before the deal began.
  select p_before = 'do_not_contact'
    or p_before = any (private.deal_stages()) and p_in_file <> all (private.deal_stages() || 'do_not_contact'::text);
$$;
comment on function private.outlasts_import(text, text) is
  'Whether a lead''s status stays although a file says another one: do_not_contact always does, and the stage of a deal unless '
  'the file says do_not_contact or another stage.';

create function private.import_merge_row(p_state jsonb, p_row jsonb, p_strategy text, p_import_tags text[], p_taken text[])
returns jsonb
language plpgsql
immutable
set search_path = ''
as $$
declare
  v_before jsonb := p_state -> 'lead';
  v_row jsonb := jsonb_strip_nulls(p_row -> 'lead');
  v_values jsonb := v_row - array['tags', 'custom_fields', 'consent_status'];
  v_custom jsonb := coalesce(v_row -> 'custom_fields', '{}');
  v_lead jsonb := v_before;
  v_phones jsonb;
  v_land jsonb;
  v_tags text[];
  v_warnings jsonb;
begin
  if p_strategy = 'update' then
    if private.outlasts_import(v_before ->> 'status', v_values ->> 'status') then
      v_values := v_values - 'status';
    end if;
    v_lead := v_lead || v_values || jsonb_build_object('custom_fields', (v_before -> 'custom_fields') || v_custom);
  elsif p_strategy = 'fill' then
    v_lead := v_lead || coalesce(
      (select jsonb_object_agg(n.key, n.value) from jsonb_each(v_values) n where coalesce(v_before ->> n.key, '') = ''), '{}')
      || jsonb_build_object('custom_fields', v_custom || (v_before -> 'custom_fields'));
  end if;

  v_tags := array(select jsonb_array_elements_text(v_before -> 'tags'));
  v_tags := v_tags || array(
    select t.tag
    from unnest(case when p_strategy = 'add_phones' then p_import_tags
      else array(select jsonb_array_elements_text(coalesce(v_row -> 'tags', '[]'))) end) with ordinality t (tag, at)
    where t.tag <> all (v_tags)
    group by t.tag order by min(t.at));
  v_phones := private.import_merge_phones(v_before, p_state -> 'phones', p_row, p_taken);
  v_land := private.import_merge_parcel(p_state, p_row -> 'parcel', p_strategy);
  v_lead := v_lead || jsonb_build_object(
    'tags', to_jsonb(v_tags[:50]),
    'consent_status', least(v_before ->> 'consent_status', coalesce(v_row ->> 'consent_status', 'unknown')));
  v_warnings := (v_phones -> 'warnings') || (v_land -> 'warnings');
  if pg_column_size(v_lead -> 'custom_fields') > 32000 then
    v_lead := v_lead || jsonb_build_object('custom_fields', v_before -> 'custom_fields');
    v_warnings := v_warnings || jsonb_build_object('reason',
      'A lead has at most 32 KB of custom fields: those of this row were not added.');
  end if;
  if cardinality(v_tags) > 50 then
    v_warnings := v_warnings || jsonb_build_object('reason',
      format('A lead has at most 50 tags: %s not added.', array_to_string(v_tags[51:], ', ')));
  end if;
  return p_state || jsonb_build_object(
    'lead', v_lead, 'phones', v_phones -> 'phones', 'parcels', v_land -> 'parcels',
    'identities', v_land -> 'identities', 'changed', coalesce((p_state ->> 'changed')::boolean, false)
      or v_lead <> v_before or v_phones -> 'phones' <> p_state -> 'phones' or v_land -> 'parcels' <> p_state -> 'parcels',
    'line', p_row -> 'line', 'consents', (p_state -> 'consents') || (v_phones -> 'consents'),
    'warnings', (p_state -> 'warnings') || coalesce(
      (select to_jsonb(array_agg(w || jsonb_build_object('line', p_row -> 'line')))
        from jsonb_array_elements(v_warnings) w), '[]'));
end;
$$;
comment on function private.import_merge_row(jsonb, jsonb, text, text[], text[]) is
  'A lead, in the form it has while a chunk is processed, after one more row is merged by strategy update, fill or add_phones. '
  'With every strategy, the strictest consent wins, and the status stays if private.outlasts_import says so. p_taken: the row''s '
  'phones that other leads have.';

create function private.import_first_row(p_row jsonb)
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select jsonb_build_object(
    'lead', l.lead, 'line', p_row -> 'line',
    'phones', (
      select to_jsonb(array_agg(jsonb_build_object('e164', p.e164, 'role', p.role, 'line_type', p.line_type,
        'invalid_reason', p.invalid_reason, 'consent_status', least(l.lead ->> 'consent_status', p.consent_status))))
      from jsonb_to_recordset(p_row -> 'phones') as p (
        e164 text, role text, line_type text, consent_status text, invalid_reason text)),
    'parcels', land.merged -> 'parcels', 'identities', land.merged -> 'identities',
    'consents', coalesce((
      select to_jsonb(array_agg(jsonb_build_object('e164', p.e164,
        'status', least(l.lead ->> 'consent_status', p.consent_status), 'line', p_row -> 'line')))
      from jsonb_to_recordset(p_row -> 'phones') as p (e164 text, consent_status text)
      where least(l.lead ->> 'consent_status', p.consent_status) <> 'unknown'), '[]'),
    'warnings', '[]'::jsonb)
  from (
    -- With the defaults of the table, so that a later row finds the same values here as it would in the next chunk.
    select '{"status": "new", "lead_score": "cold", "consent_status": "unknown", "tags": [], "custom_fields": {}}'::jsonb
      || jsonb_strip_nulls(p_row -> 'lead') as lead
  ) l
  cross join lateral private.import_merge_parcel('{"parcels": [], "identities": []}', p_row -> 'parcel', 'update')
    as land (merged);
$$;
comment on function private.import_first_row(jsonb) is
  'A new lead, in the form it has while a chunk is processed, from its first row.';
