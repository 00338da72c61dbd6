-- A phone of a lead as people change it: its label, whether there is such a number, what kind of line it is, and consent, each of
-- which is said of that phone alone. Which numbers a lead has, and in which roles, is update_lead's.

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
  v_unknown text;
begin
  select k into v_unknown from jsonb_object_keys(p_changes) k
  where k not in ('label', 'consent_status', 'consent_evidence', 'is_valid', 'invalid_reason', 'line_type') limit 1;
  if found then
    perform private.refuse_field(v_unknown, 'There is no such field.');
  end if;
  select p.e164 into v_e164
  from public.lead_phones p join public.leads l on l.id = p.lead_id and l.deleted_at is null
  where p.org_id = v_org_id and p.lead_id = p_lead_id and p.id = p_phone_id;
  if v_e164 is null then
    perform private.raise_error('PT404', 'not_found', 'This lead has no such phone.', jsonb_build_object('phone_id', p_phone_id));
  end if;
  -- The contact before the phone, as everywhere.
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
  -- What waits in running campaigns is not sent to a phone that may not or can't be written to.
  if not v_after.is_valid or v_after.line_type = 'landline' or v_after.consent_status = 'denied' then
    perform private.cancel_open_targets(v_org_id, v_e164, case
      when not v_after.is_valid then 'invalid_phone' when v_after.line_type = 'landline' then 'landline' else 'no_consent' end, p_now);
  end if;
  perform private.record_audit_event(v_org_id, 'lead_phone_changed', v_e164, null, p_lead_id, jsonb_build_object(
    'changes', p_changes,
    'before', (select jsonb_object_agg(b.key, b.value) from jsonb_each(to_jsonb(v_before)) b where p_changes ? b.key)));
  return to_jsonb(v_after) - array['org_id', 'lead_id', 'carrier_info'];
end;
$$;
comment on function private.update_lead_phone(uuid, uuid, jsonb, timestamptz) is
  'Operators: changes label, consent_status (with consent_evidence, kept in consent_records, 47 CFR 64.1200(a)(10)), is_valid (with invalid_reason) and line_type (null: let a lookup tell) of one phone, with an audit event; returns it. A phone that may not or can''t be written to any more is taken out of campaigns that wait to. Raises PT403, PT404, PT409 where consent is granted for somebody who opted out, PT422. Definer: users may not write the tables.';
create function public.update_lead_phone(p_lead_id uuid, p_phone_id uuid, p_changes jsonb) returns jsonb
  language sql set search_path = '' as $$ select private.update_lead_phone(p_lead_id, p_phone_id, p_changes); $$;
comment on function public.update_lead_phone(uuid, uuid, jsonb) is 'Calls the private function of the same name, which checks role and organisation, at the time of the call.';
grant execute on function private.update_lead_phone(uuid, uuid, jsonb, timestamptz), public.update_lead_phone(uuid, uuid, jsonb) to authenticated;

create function private.phone_figures(p_now timestamptz default now())
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('viewer');
begin
  return (
    with phones as materialized (
      -- A number that several leads have is one phone; one that no text may go to for any of them, for all.
      select p.e164, bool_and(p.is_valid) as is_valid, bool_or(p.looked_up_at is not null) as is_looked_up,
        bool_or(p.consent_status = 'denied' or l.consent_status = 'denied') as is_denied,
        bool_or(p.consent_status = 'granted' or l.consent_status = 'granted') as is_granted,
        (array_agg(p.line_type order by array_position(array['manual', 'lookup', 'import'], p.line_type_source)))[1] as line_type
      from public.lead_phones p join public.leads l on l.id = p.lead_id and l.deleted_at is null
      where p.org_id = v_org_id
      group by p.e164
    )
    select jsonb_build_object(
      'phones', count(*),
      'valid', count(*) filter (where p.is_valid), 'invalid', count(*) filter (where not p.is_valid),
      'looked_up', count(*) filter (where p.is_looked_up), 'not_looked_up', count(*) filter (where not p.is_looked_up),
      'line_type', jsonb_build_object(
        'mobile', count(*) filter (where p.line_type = 'mobile'), 'landline', count(*) filter (where p.line_type = 'landline'),
        'voip', count(*) filter (where p.line_type = 'voip'), 'toll_free', count(*) filter (where p.line_type = 'toll_free'),
        'other', count(*) filter (where p.line_type = 'other'), 'not_known', count(*) filter (where p.line_type is null)),
      'consent', jsonb_build_object(
        'granted', count(*) filter (where p.is_granted and not p.is_denied), 'denied', count(*) filter (where p.is_denied),
        'unknown', count(*) filter (where not p.is_granted and not p.is_denied)))
    from phones p);
end;
$$;
comment on function private.phone_figures(timestamptz) is
  'The phones of an organisation''s leads, each number once: how many, valid or not, looked up or not, by kind of line and by consent (denied by one lead counts as denied). Definer: one pass, where a policy would be asked for each row. Needs viewer.';
create function public.phone_figures() returns jsonb
  language sql stable set search_path = '' as $$ select private.phone_figures(); $$;
comment on function public.phone_figures() is 'Calls the private function of the same name, which checks role and organisation, at the time of the call.';
grant execute on function private.phone_figures(timestamptz), public.phone_figures() to authenticated;
