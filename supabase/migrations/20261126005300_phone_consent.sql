-- A phone that the file itself flags (DNC, litigator) comes with consent_status denied of its own: merging a row keeps it for
-- that phone, as inserting one does.

create or replace function private.import_merge_phones(p_lead jsonb, p_phones jsonb, p_row jsonb, p_taken text[])
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
  for v_phone in select p.e164, p.line_type, p.field from jsonb_to_recordset(p_row -> 'phones') as p (e164 text, line_type text, field text) loop
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
    left join jsonb_to_recordset(p_row -> 'phones') as n (e164 text, line_type text, consent_status text) on n.e164 = p.phone ->> 'e164'
  loop
    v_after := v_phone.phone || jsonb_build_object(
      'line_type', coalesce(v_phone.phone ->> 'line_type', v_phone.line_type),
      'consent_status', least(v_phone.phone ->> 'consent_status', v_phone.meant, v_phone.own));
    if v_after ->> 'consent_status' <> v_phone.phone ->> 'consent_status' then
      v_consents := v_consents || jsonb_build_object('e164', v_after -> 'e164', 'status', v_after -> 'consent_status', 'line', p_row -> 'line');
    end if;
    if v_after <> v_phone.phone then
      v_phones := jsonb_set(v_phones, array[v_phone.at::text], v_after || '{"changed": true}');
    end if;
  end loop;
  return jsonb_build_object('phones', v_phones, 'consents', v_consents, 'warnings', v_warnings);
end;
$$;

create or replace function private.import_first_row(p_row jsonb)
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select jsonb_build_object(
    'lead', l.lead, 'line', p_row -> 'line',
    'phones', (
      select jsonb_agg(jsonb_build_object('e164', p.e164, 'role', p.role, 'line_type', p.line_type, 'consent_status', least(l.lead ->> 'consent_status', p.consent_status)))
      from jsonb_to_recordset(p_row -> 'phones') as p (e164 text, role text, line_type text, consent_status text)),
    'parcels', private.import_merge_parcel('[]', p_row -> 'parcel', 'update'),
    'consents', coalesce((
      select jsonb_agg(jsonb_build_object('e164', p.e164, 'status', least(l.lead ->> 'consent_status', p.consent_status), 'line', p_row -> 'line'))
      from jsonb_to_recordset(p_row -> 'phones') as p (e164 text, consent_status text)
      where least(l.lead ->> 'consent_status', p.consent_status) <> 'unknown'), '[]'),
    'warnings', '[]'::jsonb)
  from (
    -- As the table would have it: a later row finds the same lead here as it would in the next chunk.
    select '{"status": "new", "lead_score": "cold", "consent_status": "unknown", "tags": [], "custom_fields": {}}'::jsonb
      || jsonb_strip_nulls(p_row -> 'lead') as lead
  ) l;
$$;
