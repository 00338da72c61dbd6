-- Tests: messages to the organisation's own people. They go the way of replies: claimed with the last look at opt-outs and hours,
-- charged when Twilio accepts them. They belong to no campaign and count for no number.

create function private.test_number(p_org_id uuid, p_contact private.contacts, p_is_exempt boolean, p_now timestamptz)
returns public.phone_numbers
language plpgsql
stable
set search_path = ''
as $$
declare
  v_number public.phone_numbers;
begin
  if not exists (select from public.twilio_accounts a where a.org_id = p_org_id) then
    perform private.raise_error('PT409', 'twilio_not_configured', 'The organisation has no Twilio account yet: set it up first.');
  end if;
  select n.* into v_number
  from public.phone_numbers n join private.number_pace p on p.phone_number_id = n.id
  where n.org_id = p_org_id and n.status = 'active' and n.e164 <> p_contact.e164
    and (p_is_exempt or private.number_open_until(n.quiet_starts, n.quiet_ends, n.time_zone, p_now) > p_now + interval '1 minute')
  -- The one that the phone knows, then one that need not rest, then the healthiest.
  order by (n.id = p_contact.phone_number_id) is true desc, coalesce(p.resting_until > p_now, false),
    n.health_score desc nulls last, n.id
  limit 1;
  if v_number.id is not null then
    return v_number;
  elsif exists (select from public.phone_numbers n where n.org_id = p_org_id and n.status = 'active') then
    perform private.raise_error('PT409', 'outside_hours',
      'No number of the organisation may send at this hour. Try again within its hours, or change them.');
  end if;
  perform private.raise_error('PT409', 'no_phone_numbers', 'The organisation has no active phone number: add or activate one.');
end;
$$;
comment on function private.test_number(uuid, private.contacts, boolean, timestamptz) is
  'The number to send a test from. p_is_exempt: its hours do not count. Raises PT409 twilio_not_configured, outside_hours or '
  'no_phone_numbers.';

create function private.require_test_hours(p_org_id uuid, p_e164 text, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_window private.windows := private.person_window(p_org_id, p_e164, p_now);
begin
  if not v_window.is_open or v_window.valid_to < p_now + interval '1 minute' then
    perform private.raise_error('PT409', 'outside_hours',
      'It is outside the hours in which this phone may be written to. Tests keep the hours of campaigns: try again later.',
      jsonb_build_object('next_open_at', case when v_window.is_open then null else v_window.next_open_at end));
  end if;
end;
$$;
comment on function private.require_test_hours(uuid, text, timestamptz) is
  'Raises PT409 outside_hours if a phone may not be written to for another minute.';

create function private.queue_test(p_message public.messages, p_now timestamptz)
returns uuid
language plpgsql
set search_path = ''
as $$
declare
  v_contact private.contacts := private.lock_contact(p_message.org_id, p_message.to_number);
  -- As for replies: who wrote to us within a day may be answered at any hour.
  v_is_exempt boolean := coalesce(v_contact.last_inbound_at > p_now - interval '24 hours', false);
  v_number public.phone_numbers;
  v_id uuid := private.uuid_v7();
begin
  if v_contact.suppressed_at is not null then
    perform private.raise_error('PT409', 'opted_out',
      'This phone opted out, so nothing may be sent to it. Its holder can write START to one of your numbers.');
  elsif private.refused_by(p_message.org_id, p_message.to_number) is not null then
    perform private.raise_error('PT409', 'opted_out',
      'A lead with this phone is do_not_contact, or denied consent: nothing may be sent to it.');
  elsif v_contact.invalid_at is not null then
    perform private.raise_error('PT409', 'invalid_state', format(
      'This phone cannot get texts (%s). Use another one.', replace(coalesce(v_contact.invalid_reason, 'invalid'), '_', ' ')));
  elsif v_contact.held_at is not null then
    perform private.raise_error('PT409', 'invalid_state',
      'Somebody must read the answer of this phone''s holder first: it may be a wish to stop.');
  end if;
  v_number := private.test_number(p_message.org_id, v_contact, v_is_exempt, p_now);
  if not v_is_exempt then
    perform private.require_test_hours(p_message.org_id, p_message.to_number, p_now);
  end if;
  perform private.require_spending(p_message.org_id, p_message.charged_segments, p_now);
  insert into public.messages (id, org_id, kind, phone_number_id, template_id, template_version, variables, from_number,
    to_number, content, language, status, charged_segments, queued_at, created_at, updated_at)
  values (v_id, p_message.org_id, p_message.kind, v_number.id, p_message.template_id, p_message.template_version,
    p_message.variables, v_number.e164, p_message.to_number, p_message.content, p_message.language, 'queued',
    p_message.charged_segments, p_now, p_now, p_now);
  perform pgmq.send('replies', jsonb_build_object('message_id', v_id, 'org_id', p_message.org_id));
  perform private.call_worker();
  return v_id;
end;
$$;
comment on function private.queue_test(public.messages, timestamptz) is
  'Queues a message of kind test or code and returns its id. Raises PT409 opted_out, invalid_state, twilio_not_configured, '
  'no_phone_numbers, outside_hours or spending_limit_reached. The caller holds the organisation''s lock.';
