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
        'invalid_reason', null,
        'consent_status', case when p_lead ->> 'consent_status' = 'denied' then 'denied' else 'unknown' end);
    end if;
  end loop;

  -- Consent is per phone: granted applies to the phones of its row, denied to all phones of the person, and a phone's own flag
  -- (DNC, litigator) to that phone. least() gives the strictest: denied, granted and unknown are in alphabetical order. A file
  -- may say that a number is wrong, but not that a wrong one is right.
  for v_phone in
    select p.at - 1 as at, p.phone, n.line_type, n.invalid_reason, n.consent_status as own,
      case when n.e164 is not null or v_consent = 'denied' then v_consent end as meant
    from jsonb_array_elements(v_phones) with ordinality p (phone, at)
    left join jsonb_to_recordset(p_row -> 'phones') as n (e164 text, line_type text, consent_status text,
      invalid_reason text) on n.e164 = p.phone ->> 'e164'
  loop
    v_after := v_phone.phone || jsonb_build_object(
      'line_type', coalesce(v_phone.phone ->> 'line_type', v_phone.line_type),
      'invalid_reason', coalesce(v_phone.phone ->> 'invalid_reason', v_phone.invalid_reason),
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
  'A lead''s phones merged with those of a row: {phones, consents: [{e164, status, line}] that changed, warnings: [{field, '
  'reason}]}. New phones get free roles. A phone that another lead has (p_taken), or for which no role is free, becomes a '
  'warning. A line type is taken only if the phone has none, because a lookup overrides a file.';
