-- How a row of an import is merged into a lead: pure functions over JSON, without the tables. A lead on its way through a chunk
-- is {lead, phones: [{id, e164, role, line_type, consent_status}], parcels: [{id, ...}]}; what has no id is new, what has
-- changed: true is to be written.

create function private.import_parcel_key(p_parcel jsonb)
returns text
language sql
immutable
set search_path = ''
as $$
  select jsonb_build_array(
    coalesce(p_parcel ->> 'state', ''), lower(coalesce(p_parcel ->> 'county', '')),
    case
      when p_parcel ->> 'apn' is not null then jsonb_build_array('apn', p_parcel ->> 'apn')
      when p_parcel ->> 'situs' is not null then jsonb_build_array('situs', lower(p_parcel ->> 'situs'))
      -- Without either nothing tells one parcel from another but what is said of it.
      else jsonb_build_array('values', p_parcel -> 'property_type', p_parcel -> 'acreage', p_parcel -> 'estimated_value')
    end)::text;
$$;
comment on function private.import_parcel_key(jsonb) is
  'What two rows must share to speak of the same parcel: state, county and APN; where there is no APN, where it lies; else '
  'everything.';

create function private.import_merge_parcel(p_parcels jsonb, p_parcel jsonb, p_strategy text)
returns jsonb
language plpgsql
immutable
set search_path = ''
as $$
declare
  v_new jsonb := jsonb_strip_nulls(p_parcel);
  v_at integer;
  v_before jsonb;
  v_after jsonb;
begin
  if p_parcel is null or v_new = '{}' then
    return p_parcels;
  end if;
  select p.at - 1, p.parcel into v_at, v_before
  from jsonb_array_elements(p_parcels) with ordinality p (parcel, at)
  where private.import_parcel_key(p.parcel) = private.import_parcel_key(v_new)
  order by p.at limit 1;
  if v_at is null then
    return p_parcels || v_new;
  end if;
  v_after := case p_strategy
    when 'update' then v_before || v_new
    when 'fill' then v_new || jsonb_strip_nulls(v_before)
    else v_before
  end;
  if jsonb_strip_nulls(v_after) = jsonb_strip_nulls(v_before) then
    return p_parcels;
  end if;
  return jsonb_set(p_parcels, array[v_at::text], v_after || '{"changed": true}');
end;
$$;
comment on function private.import_merge_parcel(jsonb, jsonb, text) is
  'A lead''s parcels with that of a row: another parcel is added; the same one takes the row''s values (update), those it has '
  'none of (fill) or nothing (add_phones).';

create function private.import_merge_phones(p_lead jsonb, p_phones jsonb, p_row jsonb, p_taken text[])
returns jsonb
language plpgsql
immutable
set search_path = ''
as $$
declare
  v_consent text := coalesce(p_row -> 'lead' ->> 'consent_status', 'unknown');
  v_phones jsonb := p_phones;
  v_consents jsonb := '[]';
  v_warnings jsonb := '[]';
  v_phone record;
  v_role text;
  v_after jsonb;
begin
  for v_phone in select p.e164, p.line_type, p.field
    from jsonb_to_recordset(p_row -> 'phones') as p (e164 text, line_type text, field text) loop
    if exists (select from jsonb_array_elements(v_phones) o where o ->> 'e164' = v_phone.e164) then
      continue;
    end if;
    select r.role into v_role
    from unnest(array['primary', 'secondary', 'alternate']) with ordinality r (role, at)
    where not exists (select from jsonb_array_elements(v_phones) o where o ->> 'role' = r.role)
    order by r.at limit 1;
    if v_phone.e164 = any (p_taken) then
      v_warnings := v_warnings || jsonb_build_object('field', v_phone.field, 'reason',
        format('Another lead has the phone %s: it was not added to this one.', v_phone.e164));
    elsif v_role is null then
      v_warnings := v_warnings || jsonb_build_object('field', v_phone.field, 'reason',
        format('The lead has three phones already: %s was not added.', v_phone.e164));
    else
      v_phones := v_phones || jsonb_build_object('e164', v_phone.e164, 'role', v_role, 'line_type', v_phone.line_type,
        'consent_status', case when p_lead ->> 'consent_status' = 'denied' then 'denied' else 'unknown' end);
    end if;
  end loop;

  -- Consent is per phone: a yes is for the phones of its row, a no for all that the person has, and a phone's own flag (DNC,
  -- litigator) for that phone. In the order of the alphabet the strictest of denied, granted and unknown comes first.
  for v_phone in
    select p.at - 1 as at, p.phone, n.line_type, n.consent_status as own,
      case when n.e164 is not null or v_consent = 'denied' then v_consent end as meant
    from jsonb_array_elements(v_phones) with ordinality p (phone, at)
    left join jsonb_to_recordset(p_row -> 'phones') as n (e164 text, line_type text,
      consent_status text) on n.e164 = p.phone ->> 'e164'
  loop
    v_after := v_phone.phone || jsonb_build_object(
      'line_type', coalesce(v_phone.phone ->> 'line_type', v_phone.line_type),
      'consent_status', least(v_phone.phone ->> 'consent_status', v_phone.meant, v_phone.own));
    if v_after ->> 'consent_status' <> v_phone.phone ->> 'consent_status' then
      v_consents := v_consents || jsonb_build_object('e164', v_after -> 'e164', 'status', v_after -> 'consent_status', 'line',
        p_row -> 'line');
    end if;
    if v_after <> v_phone.phone then
      v_phones := jsonb_set(v_phones, array[v_phone.at::text], v_after || '{"changed": true}');
    end if;
  end loop;
  return jsonb_build_object('phones', v_phones, 'consents', v_consents, 'warnings', v_warnings);
end;
$$;
comment on function private.import_merge_phones(jsonb, jsonb, jsonb, text[]) is
  'A lead''s phones with those of a row: {phones, consents: [{e164, status, line}] that changed, warnings: [{field, reason}]}. '
  'New ones take free roles; what another lead has (p_taken) or what finds no role is a warning. A line type is taken where '
  'there is none: what was looked up outranks a file.';

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
  v_parcels jsonb;
  v_tags text[];
  v_warnings jsonb;
begin
  if p_strategy = 'update' then
    if v_before ->> 'status' = 'do_not_contact' then
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
  v_parcels := private.import_merge_parcel(p_state -> 'parcels', p_row -> 'parcel', p_strategy);
  v_lead := v_lead || jsonb_build_object(
    'tags', to_jsonb(v_tags[:50]),
    'consent_status', least(v_before ->> 'consent_status', coalesce(v_row ->> 'consent_status', 'unknown')));
  v_warnings := v_phones -> 'warnings';
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
    'lead', v_lead, 'phones', v_phones -> 'phones', 'parcels', v_parcels,
    'changed', coalesce((p_state ->> 'changed')::boolean, false)
      or v_lead <> v_before or v_phones -> 'phones' <> p_state -> 'phones' or v_parcels <> p_state -> 'parcels',
    'line', p_row -> 'line',
    'consents', (p_state -> 'consents') || (v_phones -> 'consents'),
    'warnings', (p_state -> 'warnings') || coalesce(
      (select jsonb_agg(w || jsonb_build_object('line', p_row -> 'line')) from jsonb_array_elements(v_warnings) w), '[]'));
end;
$$;
comment on function private.import_merge_row(jsonb, jsonb, text, text[], text[]) is
  'A lead on its way through a chunk after one more row, by strategy update, fill or add_phones. Status do_not_contact stays, '
  'and the strictest consent wins, whatever the strategy. p_taken: the row''s phones that other leads have.';

create function private.import_first_row(p_row jsonb)
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select jsonb_build_object(
    'lead', l.lead, 'line', p_row -> 'line',
    'phones', (
      select jsonb_agg(jsonb_build_object('e164', p.e164, 'role', p.role, 'line_type', p.line_type, 'consent_status',
        least(l.lead ->> 'consent_status', p.consent_status)))
      from jsonb_to_recordset(p_row -> 'phones') as p (e164 text, role text, line_type text, consent_status text)),
    'parcels', private.import_merge_parcel('[]', p_row -> 'parcel', 'update'),
    'consents', coalesce((
      select jsonb_agg(jsonb_build_object('e164', p.e164, 'status', least(l.lead ->> 'consent_status', p.consent_status), 'line',
        p_row -> 'line'))
      from jsonb_to_recordset(p_row -> 'phones') as p (e164 text, consent_status text)
      where least(l.lead ->> 'consent_status', p.consent_status) <> 'unknown'), '[]'),
    'warnings', '[]'::jsonb)
  from (
    -- As the table would have it: a later row finds the same lead here as it would in the next chunk.
    select '{"status": "new", "lead_score": "cold", "consent_status": "unknown", "tags": [], "custom_fields": {}}'::jsonb
      || jsonb_strip_nulls(p_row -> 'lead') as lead
  ) l;
$$;
comment on function private.import_first_row(jsonb) is
  'A new lead on its way through a chunk, from the first row that speaks of it.';
