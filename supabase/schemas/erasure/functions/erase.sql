create function private.erase(p_org_id uuid, p_lead_ids uuid[], p_phones text[], p_now timestamptz)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_ids uuid[];
  v_phones text[];
  v_emails text[];
  v_others uuid[];
  v_refused text[];
  v_e164 text;
  v_canceled integer := 0;
  v_done jsonb;
begin
  v_ids := array(
    select x from unnest(p_lead_ids) x
    union
    select l.id from public.leads l where l.merged_into = any (p_lead_ids));
  v_phones := p_phones || private.lead_contacts(p_org_id, v_ids);
  -- Deleted leads with the same phones are emptied too: nobody sees them, but they contain data of the same person.
  v_ids := array(
    select x from unnest(v_ids) x
    union
    select l.id from public.lead_phones p join public.leads l on l.id = p.lead_id
    where p.org_id = p_org_id and p.e164 = any (v_phones) and l.deleted_at is not null);
  if not v_phones <@ private.lock_leads(p_org_id, v_ids) then
    -- True if a phone never belonged to a lead; then no lead is locked either.
    perform private.lock_contacts(p_org_id, v_phones);
  end if;
  v_others := array(
    select distinct l.id from public.lead_phones p join public.leads l on l.id = p.lead_id
    where p.org_id = p_org_id and p.e164 = any (v_phones) and l.deleted_at is null and l.id <> all (v_ids) order by l.id);
  if cardinality(v_others) > 0 then
    perform private.raise_error('PT409', 'conflict',
      'Other leads have the same phones. If they are the same person, merge them first or erase them too (also_erase). If they '
      'are not, remove the phone from one of them.',
      jsonb_build_object('lead_ids', v_others));
  end if;
  if exists (
    select from public.messages m
    where m.to_number = any (v_phones) and (m.org_id = p_org_id) is true and m.status in ('sending', 'unknown')) then
    perform private.raise_error('PT409', 'invalid_state',
      'A message to this person is being sent, or it is unknown whether Twilio accepted one. Try again when that is settled.');
  end if;

  select array_agg(lower(l.email)) filter (where l.email is not null) into v_emails from public.leads l where l.id = any (v_ids);
  foreach v_e164 in array array(select distinct p from unnest(v_phones) p order by p) loop
    v_canceled := v_canceled + private.cancel_open_targets(p_org_id, v_e164, 'erased', p_now);
    perform private.suppress(p_org_id, v_e164, 'manual', 'erased', p_now => p_now);
  end loop;
  -- Deleted leads may have refused more phones, which other leads may have: their refusal goes with their rows.
  v_refused := array(
    select distinct r.e164 from public.lead_phones p join private.refused_phones r on r.lead_phone_id = p.id
    where p.lead_id = any (v_ids) and p.e164 <> all (v_phones) order by 1);
  foreach v_e164 in array v_refused loop
    perform private.suppress(p_org_id, v_e164, 'manual', 'erased', p_now => p_now);
  end loop;
  -- Cancels replies that wait to be sent, including the confirmation of an opt-out.
  update public.messages m set status = 'canceled', error_message = 'erased', settled_at = p_now
  where m.to_number = any (v_phones) and (m.org_id = p_org_id) is true and m.status = 'queued';
  v_done := private.erase_messages(p_org_id, v_phones)
    || private.erase_records(p_org_id, v_ids, v_phones, coalesce(v_emails, '{}'))
    || private.erase_outside(p_org_id, v_ids, v_phones)
    || private.erase_leads(p_org_id, v_ids, p_now);
  perform private.record_audit_event(p_org_id, 'person_erased', null, null, p_lead_ids[1], v_done);
  return jsonb_build_object('erased', v_done, 'targets_canceled', v_canceled,
    'suppressed', to_jsonb(array(select distinct p from unnest(v_phones || v_refused) p order by p)));
end;
$$;
comment on function private.erase(uuid, uuid[], text[], timestamptz) is
  'Erases leads (with those merged into them and deleted ones of the same phones) and phones in the caller''s transaction, '
  'suppresses the phones and cancels messages that wait for them. Returns {erased: {table: how many}, targets_canceled, '
  'suppressed: [e164]}. Raises PT409 conflict if another lead has one of the phones, PT409 invalid_state while a message is '
  'being sent or unknown.';
