create function private.write_lead_phones(p_org_id uuid, p_lead_id uuid, p_input jsonb, p_allow_duplicate boolean)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_wanted jsonb;
  v_clash record;
begin
  -- {role: e164}: the phones that the lead has, changed by those of the input (null removes a phone).
  select coalesce(jsonb_object_agg(r.role, r.e164) filter (where r.e164 is not null), '{}') into v_wanted
  from (
    select roles.role,
      case when p_input ? (roles.role || '_phone') then nullif(trim(p_input ->> (roles.role || '_phone')), '')
        else p.e164 end as e164
    from unnest(array['primary', 'secondary', 'alternate']) roles (role)
    left join public.lead_phones p on p.lead_id = p_lead_id and p.role = roles.role
  ) r;

  if not v_wanted ? 'primary' then
    perform private.raise_error('PT422', 'invalid_input', 'A lead needs a primary phone.',
      '{"errors": [{"field": "primary_phone", "message": "Give the lead a primary phone."}]}');
  end if;
  select w.key || '_phone' as field into v_clash
  from jsonb_each_text(v_wanted) w where w.value !~ '^\+1[2-9][0-9]{9}$' limit 1;
  if found then
    perform private.raise_error('PT422', 'invalid_input', format('%s is not a US phone number in E.164.', v_clash.field),
      jsonb_build_object('errors', jsonb_build_array(jsonb_build_object(
        'field', v_clash.field, 'message', 'Write it like +15125550123.'))));
  end if;
  select w.key || '_phone' as field, o.key || '_phone' as other into v_clash
  from jsonb_each_text(v_wanted) w
  join jsonb_each_text(v_wanted) o on o.value = w.value
    and array_position(array['primary', 'secondary', 'alternate'],
      o.key) < array_position(array['primary', 'secondary', 'alternate'], w.key)
  limit 1;
  if found then
    perform private.raise_error('PT422', 'invalid_input', format('%s is the same number as %s.', v_clash.field, v_clash.other),
      jsonb_build_object('errors', jsonb_build_array(jsonb_build_object(
        'field', v_clash.field, 'message', format('This is the same number as %s: leave one of them out.', v_clash.other)))));
  end if;

  if not p_allow_duplicate then
    select w.key || '_phone' as field, lp.lead_id into v_clash
    from jsonb_each_text(v_wanted) w
    join private.find_phone_leads(p_org_id, array(
      select n.value from jsonb_each_text(v_wanted) n
      where not exists (select 1 from public.lead_phones own where own.lead_id = p_lead_id and own.e164 = n.value)
    )) lp on lp.e164 = w.value
    order by array_position(array['primary', 'secondary', 'alternate'], w.key) limit 1;
    if found then
      perform private.raise_error('PT409', 'duplicate',
        format('Another lead has the number of %s. Open that lead, or send allow_duplicate_phone: true.', v_clash.field),
        jsonb_build_object('field', v_clash.field, 'lead_id', v_clash.lead_id));
    end if;
  end if;

  if exists (select from public.leads l where l.id = p_lead_id and l.refusal is not null)
    and exists (select from public.lead_phones p
      where p.lead_id = p_lead_id and not exists (select from jsonb_each_text(v_wanted) w where w.value = p.e164))
  then
    perform private.raise_error('PT409', 'invalid_state',
      'This lead is do_not_contact, or denied consent. That holds for its phones, so none can be taken from it: add the new one '
      'in another role. If it was a mistake, set status and consent_status first.', '{"field": "status"}');
  end if;
  delete from public.lead_phones p
  where p.lead_id = p_lead_id and not exists (select 1 from jsonb_each_text(v_wanted) w where w.value = p.e164);
  update public.lead_phones p set role = w.key
  from jsonb_each_text(v_wanted) w
  where p.lead_id = p_lead_id and p.e164 = w.value and p.role <> w.key;
  insert into public.lead_phones (org_id, lead_id, e164, role, consent_status)
  select p_org_id, p_lead_id, w.value, w.key,
    -- A phone that is denied stays denied, whichever lead has it.
    case when exists (
      select from public.lead_phones o where o.org_id = p_org_id and o.e164 = w.value and o.consent_status = 'denied')
      then 'denied' else l.consent_status end
  from jsonb_each_text(v_wanted) w
  join public.leads l on l.id = p_lead_id
  where not exists (select 1 from public.lead_phones p where p.lead_id = p_lead_id and p.e164 = w.value);
end;
$$;
comment on function private.write_lead_phones(uuid, uuid, jsonb, boolean) is
  'Sets a lead''s phones from primary_phone, secondary_phone and alternate_phone of the input (E.164; null removes a phone, a '
  'missing key keeps it). Raises PT422 naming the field, PT409 duplicate naming the lead that has the number, PT409 '
  'invalid_state for taking a phone from a lead that refuses contact. The caller holds the locks of the contacts.';
