-- Written from supabase/schemas/erasure by npm run generate: change it there.

-- A function may call one that comes later.
set check_function_bodies = off;

-- schemas/erasure/functions/erase.sql

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

-- schemas/erasure/functions/erase_person.sql

-- Erasing a person, as admins call it: a lead with all leads merged into it, or a phone that no lead has.

create function private.erase_lead(p_lead_id uuid, p_confirm text, p_also_erase uuid[] default '{}',
  p_now timestamptz default now())
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('admin');
  v_lead public.leads;
  v_id uuid;
begin
  perform private.check_ids(p_also_erase, 'also_erase', 20);
  if coalesce(trim(p_confirm), '') = '' or length(p_confirm) > 1000 then
    perform private.refuse_field('confirm',
      'Confirm with the full name of the lead or one of its phones: this can''t be undone.');
  end if;
  select * into v_lead from public.leads l where l.org_id = v_org_id and l.id = p_lead_id;
  if v_lead.erased_at is not null then
    return '{"erased": {}, "targets_canceled": 0, "suppressed": []}';
  end if;
  foreach v_id in array p_lead_id || coalesce(p_also_erase, '{}') loop
    if not exists (select from public.leads l where l.org_id = v_org_id and l.id = v_id and l.deleted_at is null) then
      perform private.refuse_lead(v_org_id, v_id);
    end if;
  end loop;
  if not coalesce(private.fold_text(trim(p_confirm)) = private.fold_text(nullif(v_lead.full_name, '')), false)
    and not exists (select from public.lead_phones p where p.org_id = v_org_id and p.lead_id = p_lead_id
      and p.e164 = p_confirm) then
    perform private.refuse_field('confirm',
      'Confirm with the full name of the lead or one of its phones: this can''t be undone.');
  end if;
  return private.erase(v_org_id, p_lead_id || coalesce(p_also_erase, '{}'), '{}', p_now);
end;
$$;
comment on function private.erase_lead(uuid, text, uuid[], timestamptz) is
  'Admins: erases the person of a lead, and of the leads also_erase, for good; see private.erase for the answer. p_confirm: the '
  'lead''s full name, or one of its phones in E.164. Does nothing if the lead is erased already. Raises PT403, PT404, PT409, '
  'PT422. Security definer: users may not write the tables.';
grant execute on function private.erase_lead(uuid, text, uuid[], timestamptz) to authenticated;

create function public.erase_lead(p_lead_id uuid, p_confirm text, p_also_erase uuid[] default '{}')
returns jsonb language sql set search_path = ''
as $$ select private.erase_lead(p_lead_id, p_confirm, p_also_erase) $$;
comment on function public.erase_lead(uuid, text, uuid[]) is 'See private.erase_lead.';
grant execute on function public.erase_lead(uuid, text, uuid[]) to authenticated;

create function private.erase_phone(p_e164 text, p_now timestamptz default now())
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('admin');
begin
  if p_e164 is null or p_e164 !~ '^\+[1-9][0-9]{6,14}$' then
    perform private.refuse_field('phone', 'Write it like +15125550123.');
  end if;
  return private.erase(v_org_id, '{}', array[p_e164], p_now);
end;
$$;
comment on function private.erase_phone(text, timestamptz) is
  'Admins: erases everything about a phone (E.164) that no lead has, and suppresses it; see private.erase for the answer. Raises '
  'PT403, PT409 conflict naming the lead that has it, PT422. Security definer: users may not write the tables.';
grant execute on function private.erase_phone(text, timestamptz) to authenticated;

create function public.erase_phone(p_e164 text)
returns jsonb language sql set search_path = ''
as $$ select private.erase_phone(p_e164) $$;
comment on function public.erase_phone(text) is 'See private.erase_phone.';
grant execute on function public.erase_phone(text) to authenticated;

create function private.erase_outside(p_org_id uuid, p_lead_ids uuid[], p_phones text[])
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_subjects text[] := p_phones || array(
    select x.id::text from public.lead_properties x where x.org_id = p_org_id and x.lead_id = any (p_lead_ids));
  v_answers integer;
  v_scrubs integer;
begin
  delete from private.outside_calls c
  using private.call_lanes k
  where k.org_id = p_org_id and c.lane_id = k.id and c.subject = any (v_subjects);
  delete from public.enrichment_answers a where a.org_id = p_org_id and a.subjects && v_subjects;
  get diagnostics v_answers = row_count;
  delete from public.phone_scrubs s where s.org_id = p_org_id and s.e164 = any (p_phones);
  get diagnostics v_scrubs = row_count;
  delete from public.test_phones t where t.org_id = p_org_id and t.e164 = any (p_phones);
  return jsonb_build_object('enrichment_answers', v_answers, 'phone_scrubs', v_scrubs);
end;
$$;
comment on function private.erase_outside(uuid, uuid[], text[]) is
  'Deletes waiting calls to outside services about these phones and the parcels of these leads, the services'' answers about '
  'them (an answer about several subjects is deleted whole), and the scrubs of the phones; returns how many. Must run before the '
  'parcels are deleted.';

-- schemas/erasure/functions/erase_rows.sql

-- Erasing a person: what happens in each table. Phones with dates and kinds stay: without the suppression the person would be
-- written to again, and it may have to be proved that they were written to and refused (47 CFR 64.1200; four years, 28 USC 1658).

create function private.erase_leads(p_org_id uuid, p_lead_ids uuid[], p_now timestamptz)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_phones integer;
  v_parcels integer;
begin
  perform private.set_lead_cause('opt_out');
  update public.leads l set
    first_name = null, last_name = null, language = null, email = null, address1 = null, address2 = null, city = null,
      state = null,
    postal_code = null, county = null, source = null, notes = null, tags = '{}', custom_fields = '{}',
    status = 'do_not_contact', lead_score = 'cold', consent_status = 'denied',
    deleted_at = coalesce(l.deleted_at, p_now), erased_at = p_now
  where l.org_id = p_org_id and l.id = any (p_lead_ids);
  perform private.set_lead_cause(null);
  delete from public.lead_phones p where p.org_id = p_org_id and p.lead_id = any (p_lead_ids);
  get diagnostics v_phones = row_count;
  update public.leads l set phone_digits = '' where l.id = any (p_lead_ids) and l.phone_digits <> '';
  delete from public.lead_properties p where p.org_id = p_org_id and p.lead_id = any (p_lead_ids);
  get diagnostics v_parcels = row_count;
  delete from public.segment_leads s where s.org_id = p_org_id and s.lead_id = any (p_lead_ids);
  -- The journal of imports contains leads as they were; after this, an undo finds nothing to put back. The journal of bulk
  -- actions is deleted by a trigger on erased_at.
  delete from private.import_changes c where c.lead_id = any (p_lead_ids);
  update public.import_rejections r set raw = '[]', field = null, reason = 'Erased at the person''s request.', lead_id = null
  where r.org_id = p_org_id and r.outcome = 'warning' and r.lead_id = any (p_lead_ids);
  delete from private.lead_match_keys k where k.lead_id = any (p_lead_ids);
  delete from private.duplicate_leads d where d.lead_id = any (p_lead_ids);
  delete from private.dismissed_duplicates d where d.lead_a = any (p_lead_ids) or d.lead_b = any (p_lead_ids);
  return jsonb_build_object('leads', cardinality(p_lead_ids), 'phones', v_phones, 'properties', v_parcels);
end;
$$;
comment on function private.erase_leads(uuid, uuid[], timestamptz) is
  'Empties leads and deletes their phones and parcels; returns how many. The rows stay, hidden, so that figures of campaigns '
  'stay right.';

create function private.erase_messages(p_org_id uuid, p_phones text[])
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_messages uuid[];
  v_conversations integer;
  v_receipts integer;
  v_media integer;
begin
  v_messages := array(
    select x.id from public.messages x where x.to_number = any (p_phones) and (x.org_id = p_org_id) is true
    union
    select x.id from public.conversations c join public.messages x on x.conversation_id = c.id
    where c.org_id = p_org_id and c.e164 = any (p_phones)
    order by 1);
  perform private.forget_provider_media(p_org_id, v_messages);
  delete from public.message_media x where x.message_id = any (v_messages);
  get diagnostics v_media = row_count;
  update public.messages m
  set content = null, variables = null, has_media = false, needs_attention = null, class_phrase = null,
      error_message = case when m.error_message ~ '[0-9]{7}' then null else m.error_message end
  where m.id = any (v_messages);
  delete from private.message_requests r where r.message_id = any (v_messages) or r.scheduled_id in (
    select s.id from public.scheduled_texts s join public.conversations c on c.id = s.conversation_id
    where c.org_id = p_org_id and c.e164 = any (p_phones));
  update public.send_attempts a set error_message = null where a.message_id = any (v_messages) and a.error_message is not null;
  update public.message_status_events e set raw_data = null where e.message_id = any (v_messages) and e.raw_data is not null;
  get diagnostics v_receipts = row_count;
  update public.conversation_notes n set content = '[erased]', mentions = '{}'
  where n.conversation_id in (select c.id from public.conversations c where c.org_id = p_org_id and c.e164 = any (p_phones));
  update public.scheduled_texts s
  set content = null, state = case s.state when 'waiting' then 'canceled' else s.state end,
    reason = case s.state when 'waiting' then 'The person was erased.' else s.reason end
  where s.conversation_id in (select c.id from public.conversations c where c.org_id = p_org_id and c.e164 = any (p_phones));
  update public.conversations c
  set last_message = null, unread_count = 0, status = 'archived', snoozed_until = null, reply_class = null, class_source = null,
    hot_since = null, hot_due_at = null, escalates_at = null, escalated_at = null, returns_at = null
  where c.org_id = p_org_id and c.e164 = any (p_phones);
  get diagnostics v_conversations = row_count;
  delete from public.conversation_labels x
  where x.conversation_id in (select c.id from public.conversations c where c.org_id = p_org_id and c.e164 = any (p_phones));
  perform private.tell_hot_waiting(p_org_id, now());
  return jsonb_build_object('messages', cardinality(v_messages), 'media', v_media, 'receipts', v_receipts, 'conversations',
    v_conversations);
end;
$$;
comment on function private.erase_messages(uuid, text[]) is
  'Empties the messages to and from these phones: texts, values, raw receipts, previews, notes, answers that wait; returns how '
  'many of each. Phone, time and status stay. Deletes their pictures and files, and queues the removal of ours and of Twilio''s '
  'copies.';

create function private.erase_records(p_org_id uuid, p_lead_ids uuid[], p_phones text[], p_emails text[])
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_digits text[] := array(select right(regexp_replace(p, '\D', '', 'g'), 10) from unnest(p_phones) p);
  -- In every format of a phone, the last four digits are together.
  v_ends text[] := array(select '%' || right(d, 4) || '%' from unnest(v_digits) d);
  v_mails text[] := array(select '%' || regexp_replace(lower(e), '([\\%_])', '\\\1', 'g') || '%' from unnest(p_emails) e
    where e <> '');
  v_audit integer;
  v_rejections integer;
  v_webhooks integer;
begin
  -- Of audit events, who did what and when stays, and only details that identify no person.
  update public.audit_events e
  set phone_number = case when e.event_type in ('opt_out', 'opt_in') then e.phone_number end,
      details = (
        select coalesce(jsonb_object_agg(d.key, d.value), '{}') from jsonb_each(e.details) d
        where d.key in ('message_id', 'attempt_id', 'kind', 'certainty', 'source', 'method', 'action', 'merged',
          'handled_by_twilio'))
  where e.org_id = p_org_id and e.id in (
    select x.id from public.audit_events x where x.org_id = p_org_id and x.phone_number = any (p_phones)
    union
    select x.id from public.audit_events x where x.lead_id = any (p_lead_ids));
  get diagnostics v_audit = row_count;
  update public.consent_records r set evidence = null
  where r.org_id = p_org_id and (r.e164 = any (p_phones) or r.lead_id = any (p_lead_ids)) and r.evidence is not null;
  update public.opt_outs o set reason = 'erased', needs_review = false where o.org_id = p_org_id and o.e164 = any (p_phones);
  update public.import_rejections r set raw = '[]', field = null, reason = 'Erased at the person''s request.'
  where r.org_id = p_org_id and (
    (r.raw::text like any (v_ends) and exists (
      select from jsonb_array_elements_text(r.raw) c where right(regexp_replace(c, '\D', '', 'g'), 10) = any (v_digits)
        or exists (select from unnest(v_digits) d where regexp_replace(c, '\D', '', 'g') like '%' || d || '%')))
    or exists (select from unnest(p_phones) p where position(p in r.reason) > 0)
    or lower(r.raw::text) like any (v_mails));
  get diagnostics v_rejections = row_count;
  delete from public.webhook_logs w
  where w.org_id = p_org_id and w.payload::text like any (v_ends)
    and exists (select from unnest(v_digits) d where position(d in w.payload::text) > 0);
  get diagnostics v_webhooks = row_count;
  return jsonb_build_object('audit_events', v_audit, 'import_rejections', v_rejections, 'webhook_logs', v_webhooks);
end;
$$;
comment on function private.erase_records(uuid, uuid[], text[], text[]) is
  'Reduces audit events, consent records and opt-outs to phone, date and kind, empties rejected rows of imports that contain one '
  'of the phones (in any format) or e-mail addresses, and deletes refused webhooks of these phones; returns how many.';
