create function private.queue_direct(
  p_org public.orgs,
  p_phone public.lead_phones,
  p_contact private.contacts,
  p_text text,
  p_author_id uuid,
  p_id uuid,
  p_media_ids uuid[],
  p_now timestamptz
)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_segments smallint := (private.text_size(p_text)).segments;
  v_is_exempt boolean := coalesce(p_contact.last_inbound_at > p_now - interval '24 hours', false);
  v_window private.windows;
  v_number public.phone_numbers;
  v_conversation public.conversations;
begin
  perform private.require_writable(p_phone, p_contact);
  v_number := private.direct_number(p_phone, p_contact, v_segments, v_is_exempt, p_now);
  if not v_is_exempt then
    v_window := private.person_window(p_org.id, p_phone.e164, p_now);
    perform private.require_consent(p_org, p_phone, v_window.window_key, p_now);
    perform private.require_hours(v_window, v_number, p_phone.e164, p_now);
  end if;
  perform private.require_spending(p_org.id, v_segments, p_now);

  update private.contacts k set phone_number_id = v_number.id
  where k.org_id = p_org.id and k.e164 = p_phone.e164 and k.phone_number_id is distinct from v_number.id;
  v_conversation := private.conversation_with(p_org.id, p_phone.e164, p_phone.lead_id, v_number.id, p_now);
  insert into public.messages (id, org_id, kind, conversation_id, lead_id, phone_number_id, from_number, to_number, content,
    status, charged_segments, charged_day, carrier_cap_id, exempt, queued_at, created_at, updated_at, author_id,
    conversation_version)
  values (p_id, p_org.id, 'direct', v_conversation.id, p_phone.lead_id, v_number.id, v_number.e164, p_phone.e164, p_text,
    'queued', v_segments, (p_now at time zone v_number.time_zone)::date, private.carrier_cap_of(p_org.id, p_phone.carrier),
    case when v_is_exempt then 'conversation' end, p_now, p_now, p_now, p_author_id, v_conversation.version + 1);
  perform private.attach_media(p_org.id, p_id, p_media_ids, p_now);
  perform private.note_outbound(v_conversation, p_phone.lead_id, v_number.id, p_text, p_author_id, p_now);
  perform private.record_audit_event(p_org.id, 'direct_text', p_phone.e164, null, p_phone.lead_id,
    jsonb_build_object('message_id', p_id));
  perform pgmq.send('replies', jsonb_build_object('message_id', p_id, 'org_id', p_org.id));
  perform private.call_worker();
  perform private.charge_direct(p_id, p_now);
end;
$$;
comment on function private.queue_direct(public.orgs, public.lead_phones, private.contacts, text, uuid, uuid, uuid[], timestamptz)
is
  'Queues a direct text of p_author_id, with files, ahead of campaigns, in the person''s conversation, as the message p_id. '
  'Raises what forbids it. The caller holds the organisation and the contact.';

create function private.recent_direct(p_org_id uuid, p_e164 text, p_text text, p_author_id uuid, p_media_ids uuid[],
  p_now timestamptz)
returns uuid
language plpgsql
stable
set search_path = ''
as $$
begin
  return (
    select m.id from public.messages m
    where m.to_number = p_e164 and (m.org_id = p_org_id) is true
      -- Without an upper bound: a request that began a moment later may have got the lock before this one.
      and (m.created_at > p_now - interval '60 seconds') is true
      -- What is said again after the person wrote is another answer.
      and not exists (
        select from private.contacts k
        where k.org_id = p_org_id and k.e164 = p_e164 and k.last_inbound_at > m.created_at)
      and m.kind = 'direct' and m.content = p_text and m.is_live and (p_author_id is null or m.author_id = p_author_id)
      and array(select x.sha256 from public.message_media x where x.message_id = m.id order by x.ordinal) = array(
        select x.sha256 from unnest(p_media_ids) with ordinality i (id, n)
        join public.message_media x on x.id = i.id and x.org_id = p_org_id order by i.n)
    order by m.created_at limit 1);
end;
$$;
comment on function private.recent_direct(uuid, text, text, uuid, uuid[], timestamptz) is
  'The direct text with these words and files that was asked for this phone in the last 60 seconds and since the person last '
  'wrote, by p_author_id (null: by anybody); null if there is none. The caller holds the contact.';

create function private.send_direct(p_body text, p_to text, p_lead_id uuid, p_key text, p_now timestamptz default now())
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('operator');
  v_text text := private.read_direct_text(p_body);
  v_hash bytea := sha256(convert_to(jsonb_build_array(p_to, p_lead_id, v_text)::text, 'UTF8'));
  v_org public.orgs;
  v_phone public.lead_phones;
  v_contact private.contacts;
  v_id uuid;
begin
  select * into v_org from public.orgs o where o.id = v_org_id for no key update;
  perform private.hold_people(array[auth.uid()]);
  v_id := private.keyed_direct(v_org_id, p_key, v_hash, p_now);
  if v_id is not null then
    return jsonb_build_object('message_id', v_id, 'deduplicated', true);
  end if;
  v_phone := private.person_to_text(v_org_id, p_to, p_lead_id);
  v_contact := private.lock_contact(v_org_id, v_phone.e164);
  -- Read again: while the contact was waited for, the lead may have been merged, erased or changed.
  v_phone := private.person_to_text(v_org_id, v_phone.e164, p_lead_id);
  if p_key is null then
    v_id := private.recent_direct(v_org_id, v_phone.e164, v_text, null, '{}', p_now);
    if v_id is not null then
      return jsonb_build_object('message_id', v_id, 'deduplicated', true);
    end if;
  end if;
  v_id := private.uuid_v7();
  perform private.queue_direct(v_org, v_phone, v_contact, v_text, auth.uid(), v_id, '{}', p_now);
  if p_key is not null then
    insert into private.message_requests (org_id, key, request_hash, message_id, created_at)
    values (v_org_id, p_key, v_hash, v_id, p_now);
  end if;
  return jsonb_build_object('message_id', v_id, 'deduplicated', false);
end;
$$;
comment on function private.send_direct(text, text, uuid, text, timestamptz) is
  'Sends one text to one lead, literally: {message_id, deduplicated}. p_to: a phone of a lead, in E.164; null: the first phone '
  'of p_lead_id that may be written to. p_lead_id null: the lead is found by the phone. p_key: an Idempotency-Key, for 24 hours; '
  'without one, the same text to the same phone within 60 seconds is the same message. Needs operator. Raises PT403, PT404; '
  'PT409 opted_out, invalid_state, outside_hours, spending_limit_reached, twilio_not_configured, no_phone_numbers, '
  'a2p_not_verified, a2p_not_checked; PT422 naming the field; PT429 for a cap. Security definer: users may not write messages.';
grant execute on function private.send_direct(text, text, uuid, text, timestamptz) to authenticated;

create function public.send_direct(p_body text, p_to text default null, p_lead_id uuid default null,
  p_idempotency_key text default null)
  returns jsonb language sql set search_path = ''
  as $$ select private.send_direct(p_body, p_to, p_lead_id, p_idempotency_key); $$;
comment on function public.send_direct(text, text, uuid, text) is
  'Calls the private function of the same name, which checks role and organisation, with the current time.';
grant execute on function public.send_direct(text, text, uuid, text) to authenticated;
