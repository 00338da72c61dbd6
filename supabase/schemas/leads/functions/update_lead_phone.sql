create function private.update_lead_phone(p_lead_id uuid, p_phone_id uuid, p_changes jsonb, p_now timestamptz default now())
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('operator');
  v_e164 text;
  v_before public.lead_phones;
  v_after public.lead_phones;
  v_contact private.contacts;
begin
  perform private.check_shape(p_changes, private.lead_phone_shape());
  if not p_changes ?| array['label', 'consent_status', 'is_valid', 'line_type'] then
    perform private.refuse_field('input', 'Give label, consent_status, is_valid or line_type.');
  elsif p_changes ? 'invalid_reason' and p_changes -> 'is_valid' is distinct from 'false' then
    perform private.refuse_field('invalid_reason', 'Give invalid_reason only together with is_valid: false.');
  elsif p_changes ? 'consent_evidence' and not p_changes ? 'consent_status' then
    perform private.refuse_field('consent_evidence', 'Give consent_evidence only together with consent_status.');
  end if;
  select p.e164 into v_e164
  from public.lead_phones p join public.leads l on l.id = p.lead_id and l.deleted_at is null
  where p.org_id = v_org_id and p.lead_id = p_lead_id and p.id = p_phone_id;
  if v_e164 is null then
    perform private.raise_error('PT404', 'not_found', 'This lead has no such phone.', jsonb_build_object('phone_id', p_phone_id));
  end if;
  -- Locks the contact before the phone, as everywhere.
  v_contact := private.lock_contact(v_org_id, v_e164);
  select * into v_before from public.lead_phones p where p.id = p_phone_id for no key update;
  if p_changes ->> 'consent_status' = 'granted' and v_contact.suppressed_at is not null then
    perform private.raise_error('PT409', 'invalid_state',
      'This person opted out. Only their own START or ALTA, or an admin who removes the opt-out, lets you write to them again.',
      jsonb_build_object('suppressed_at', v_contact.suppressed_at));
  end if;

  update public.lead_phones p
  set label = case when p_changes ? 'label' then nullif(trim(p_changes ->> 'label'), '') else p.label end,
      consent_status = coalesce(p_changes ->> 'consent_status', p.consent_status),
      is_valid = coalesce((p_changes ->> 'is_valid')::boolean, p.is_valid),
      invalid_reason = case
        when coalesce((p_changes ->> 'is_valid')::boolean, p.is_valid)
          then null
        else coalesce(nullif(trim(p_changes ->> 'invalid_reason'), ''), p.invalid_reason, 'manual')
      end,
      line_type = case when p_changes ? 'line_type' then p_changes ->> 'line_type' else p.line_type end,
      line_type_source = case
        when not p_changes ? 'line_type' then p.line_type_source
        when p_changes ->> 'line_type' is not null then 'manual'
      end
  where p.id = p_phone_id
  returning * into v_after;

  if v_after.is_valid <> v_before.is_valid then
    update private.contacts c
    set invalid_at = case when v_after.is_valid then null else p_now end, invalid_reason = v_after.invalid_reason
    where c.org_id = v_org_id and c.e164 = v_e164;
  end if;
  if v_after.consent_status <> v_before.consent_status and v_after.consent_status <> 'unknown' then
    insert into public.consent_records (org_id, e164, lead_id, status, method, evidence, recorded_at, recorded_by)
    values (v_org_id, v_e164, p_lead_id, case v_after.consent_status when 'granted' then 'granted' else 'revoked' end, 'manual',
      coalesce(nullif(trim(p_changes ->> 'consent_evidence'), ''), 'Set on the phone by hand.'), p_now, auth.uid());
  end if;
  if v_after.consent_status = 'granted' then
    perform private.end_deleted_refusals(v_org_id, array[v_e164]);
  end if;
  if v_after.consent_status = 'denied' and v_before.consent_status <> 'denied' then
    with others as (
      update public.lead_phones p set consent_status = 'denied'
      where p.org_id = v_org_id and p.e164 = v_e164 and p.consent_status <> 'denied'
      returning p.lead_id
    )
    insert into public.consent_records (org_id, e164, lead_id, status, method, evidence, recorded_at, recorded_by)
    select v_org_id, v_e164, o.lead_id, 'revoked', 'manual', format('Set on the phone of the lead %s by hand.', p_lead_id), p_now,
      auth.uid()
    from others o;
  end if;
  -- Cancels messages that wait in running campaigns for a phone that may not or can't be written to.
  if not v_after.is_valid or v_after.line_type = 'landline' or v_after.consent_status = 'denied' then
    perform private.cancel_open_targets(v_org_id, v_e164, case
      when not v_after.is_valid then 'invalid_phone' when v_after.line_type = 'landline' then 'landline'
        else 'no_consent' end, p_now);
  end if;
  perform private.record_audit_event(v_org_id, 'lead_phone_changed', v_e164, null, p_lead_id, jsonb_build_object(
    'changes', p_changes,
    'before', (select jsonb_object_agg(b.key, b.value) from jsonb_each(to_jsonb(v_before)) b where p_changes ? b.key)));
  return to_jsonb(v_after) - array['org_id', 'lead_id', 'carrier_info'];
end;
$$;
comment on function private.update_lead_phone(uuid, uuid, jsonb, timestamptz) is
  'Operators: changes label, consent_status (with consent_evidence, kept in consent_records, 47 CFR 64.1200(a)(10)), is_valid '
  '(with invalid_reason) and line_type (null: a lookup may set it) of one phone, and writes an audit event; returns the phone. '
  'Denied consent holds for all leads with this phone. Cancels waiting campaign messages to a phone that may not or can''t be '
  'written to any more. Raises PT403, PT404, PT409 if consent is granted for a person who opted out, PT422. Security definer: '
  'users may not write the tables.';
grant execute on function private.update_lead_phone(uuid, uuid, jsonb, timestamptz) to authenticated;

create function public.update_lead_phone(p_lead_id uuid, p_phone_id uuid, p_changes jsonb) returns jsonb
  language sql set search_path = '' as $$ select private.update_lead_phone(p_lead_id, p_phone_id, p_changes); $$;
comment on function public.update_lead_phone(uuid, uuid, jsonb) is
  'Calls the private function of the same name, which checks role and organisation, with the current time.';
grant execute on function public.update_lead_phone(uuid, uuid, jsonb) to authenticated;
