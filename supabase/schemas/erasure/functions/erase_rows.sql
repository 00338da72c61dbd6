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
