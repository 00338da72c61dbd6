-- Written from supabase/schemas/messages by npm run generate: change it there.

-- A function may call one that comes later.
set check_function_bodies = off;

-- schemas/messages/tables/message_requests.sql

create table private.message_requests (
  org_id uuid not null references public.orgs (id) on delete cascade,
  key text not null check (length(key) between 1 and 200),
  request_hash bytea not null,
  message_id uuid references public.messages (id) on delete cascade,
  scheduled_id uuid,
  created_at timestamptz not null,
  primary key (org_id, key),
  check (num_nonnulls(message_id, scheduled_id) = 1)
);
comment on table private.message_requests is
  'The Idempotency-Key of each direct text, for 24 hours: the same request again is answered with the same message.';
create index message_requests_message_idx on private.message_requests (message_id);
create index message_requests_age_idx on private.message_requests (created_at);

alter table private.message_requests enable row level security;

-- schemas/messages/functions/direct_charges.sql

-- Direct texts and the daily caps, which campaigns charge when they plan.

create function private.carrier_cap_of(p_org_id uuid, p_carrier text)
returns uuid
language sql
stable
set search_path = ''
as $$
  -- As in planning: a phone with an unknown carrier counts against the smallest cap.
  select c.id from public.carrier_caps c
  where c.org_id = p_org_id and (p_carrier is null or position(c.carrier in lower(p_carrier)) > 0)
  order by c.daily_segments, c.id limit 1;
$$;
comment on function private.carrier_cap_of(uuid, text) is 'The carrier cap that counts for a phone of this carrier; null: none.';

create function private.charge_direct(p_message_id uuid, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_row record;
begin
  for v_row in
    select c.scope, c.scope_id, c.day from private.charges_of(array[p_message_id]) c
    order by array_position(array['org', 'campaign', 'carrier', 'number'], c.scope)
  loop
    perform private.open_usage(v_row.scope, array[v_row.scope_id], array[v_row.day]);
  end loop;
  -- A second statement sees what others charged before these locks.
  for v_row in
    select c.scope, l.name, l.most, (c.day + 1)::timestamp at time zone l.time_zone as ends
    from private.charges_of(array[p_message_id]) c
    join private.daily_usage u on u.scope = c.scope and u.scope_id = c.scope_id and u.day = c.day
    cross join lateral (
      select 'organisation' as name, o.daily_cap as most, o.time_zone from public.orgs o
      where c.scope = 'org' and o.id = c.scope_id
      union all
      select 'carrier', k.daily_segments, 'America/Los_Angeles' from public.carrier_caps k
      where c.scope = 'carrier' and k.id = c.scope_id
      union all
      select 'number', private.number_cap(n.daily_cap, n.warmup_started_on, o.warmup_caps, c.day), n.time_zone
      from public.phone_numbers n join public.orgs o on o.id = n.org_id where c.scope = 'number' and n.id = c.scope_id
    ) l
    where case c.scope when 'org' then u.messages + c.messages else u.segments + c.segments end > l.most
  loop
    perform private.refuse_cap(v_row.name, case v_row.name
      when 'organisation' then format('Your organisation may send %s texts a day, and they were sent. Raise daily_cap in your '
        'settings, or try again tomorrow.', v_row.most)
      when 'carrier' then format('The person''s carrier takes %s segments a day from you, which leaves no room for this text. '
        'Raise the carrier cap if your registration allows more, or try again tomorrow.', v_row.most)
      else format('The number may send %s segments today, by its daily_cap or its warm-up, which leaves no room for this text. '
        'Raise daily_cap, activate another number, or try again tomorrow.', v_row.most) end,
      v_row.most, v_row.ends, p_now);
  end loop;
  perform private.charge_again(array[p_message_id]);
end;
$$;
comment on function private.charge_direct(uuid, timestamptz) is
  'Charges a direct text to the daily caps of organisation, carrier and number. Raises PT429 naming the cap that has no room. '
  'These are the last locks of a transaction.';

create function private.charge_direct_anew(p_message_id uuid, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
begin
  perform private.refund_usage(array[p_message_id]);
  update public.messages m set queued_at = p_now, charged_day = (p_now at time zone n.time_zone)::date
  from public.phone_numbers n where m.id = p_message_id and n.id = m.phone_number_id;
  perform private.charge_direct(p_message_id, p_now);
end;
$$;
comment on function private.charge_direct_anew(uuid, timestamptz) is
  'Moves the charge of a direct text that is sent again to today. Raises PT429 as private.charge_direct.';

-- schemas/messages/functions/direct_gates.sql

-- What a direct text must obey: the person's wishes, the law's hours, and the caps of numbers.

create function private.require_writable(p_phone public.lead_phones, p_contact private.contacts)
returns void
language plpgsql
stable
set search_path = ''
as $$
declare
  v_lead public.leads;
  v_refused_by uuid;
begin
  select * into v_lead from public.leads l where l.id = p_phone.lead_id;
  if p_contact.suppressed_at is not null then
    perform private.raise_error('PT409', 'opted_out',
      'This phone opted out, so nothing may be sent to it. Its holder can write START to one of your numbers.');
  elsif v_lead.status = 'do_not_contact' then
    perform private.raise_error('PT409', 'opted_out',
      'The lead''s status is do_not_contact. Set another status first if that was a mistake.', '{"field": "status"}');
  elsif 'denied' in (v_lead.consent_status, p_phone.consent_status) then
    perform private.raise_error('PT409', 'opted_out',
      'The person denied consent. Record their consent first if they gave it since.', '{"field": "consent_status"}');
  end if;
  v_refused_by := private.refused_by(p_phone.org_id, p_phone.e164);
  if v_refused_by is not null then
    select * into v_lead from public.leads l where l.id = v_refused_by;
    perform private.raise_error('PT409', 'opted_out', case when v_lead.deleted_at is null
      then format('Another lead with this phone %s. Change that lead first if that was a mistake.',
        case v_lead.refusal when 'do_not_contact' then 'is do_not_contact' else 'denied consent' end)
      else 'A lead with this phone said no before it was deleted. If the person consented since, set consent_status of this '
        'phone to granted, with consent_evidence.' end,
      jsonb_build_object('lead_id', v_refused_by, 'reason', v_lead.refusal, 'is_deleted', v_lead.deleted_at is not null));
  elsif p_contact.invalid_at is not null or not p_phone.is_valid or p_phone.line_type = 'landline' then
    perform private.raise_error('PT409', 'invalid_state', format('This phone cannot get texts (%s). Use another one.',
      replace(coalesce(p_contact.invalid_reason, p_phone.invalid_reason, p_phone.line_type, 'invalid'), '_', ' ')));
  elsif p_contact.held_at is not null then
    perform private.raise_error('PT409', 'invalid_state',
      'The person''s last text may be a wish to stop, or says that somebody has died. Say what it means first: review it.',
      jsonb_build_object('review', (
        select m.id from public.messages m
        where m.org_id = p_contact.org_id and m.holds and m.reviewed_at is null and m.from_number = p_contact.e164
        order by m.created_at limit 1)));
  end if;
end;
$$;
comment on function private.require_writable(public.lead_phones, private.contacts) is
  'Raises PT409 opted_out or invalid_state if this phone of a lead may not be written to at any hour. The caller holds the '
  'contact.';

create function private.require_consent(p_org public.orgs, p_phone public.lead_phones, p_window_key text, p_now timestamptz)
returns void
language plpgsql
stable
set search_path = ''
as $$
begin
  if (p_org.consent_policy = 'required' or exists (
      select from public.consent_rules r
      where r.state = any (string_to_array(split_part(p_window_key, '|', 2), ','))
        and r.effective_from <= p_now::date and (r.effective_to is null or r.effective_to > p_now::date)))
    and 'granted' not in (p_phone.consent_status, (select l.consent_status from public.leads l where l.id = p_phone.lead_id))
  then
    perform private.raise_error('PT409', 'opted_out',
      'The person''s consent is needed, by your settings or by the law of their state. Record it first if they gave it.',
      '{"field": "consent_status"}');
  end if;
end;
$$;
comment on function private.require_consent(public.orgs, public.lead_phones, text, timestamptz) is
  'Raises PT409 opted_out if an unasked text needs a consent that was not given: the same rules by which campaigns are built.';

create function private.require_hours(p_window private.windows, p_number public.phone_numbers, p_e164 text, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_soon timestamptz := p_now + interval '1 minute';
  v_texts timestamptz[] := private.texts_in_day(p_window.org_id, p_e164, p_now);
  v_queued integer;
  v_until timestamptz;
begin
  if not p_window.is_open or p_window.valid_to < v_soon or coalesce(
    private.number_open_until(p_number.quiet_starts, p_number.quiet_ends, p_number.time_zone, p_now) < v_soon, true)
  then
    v_until := private.next_open_with(p_number, p_window.window_key, p_now);
    perform private.raise_error('PT409', 'outside_hours', format(
      'It is outside the hours in which this person may be written to%s. Only who wrote to you within 24 hours may be answered '
      'at any hour.', coalesce(
        '. Try again from ' || to_char(v_until at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') || ' on', '')),
      jsonb_build_object('next_open_at', v_until));
  end if;
  if p_window.max_per_24h is null then
    return;
  end if;
  select count(*) into v_queued from public.messages m
  where m.to_number = p_e164 and (m.org_id = p_window.org_id) is true and m.status = 'queued'
    and (m.kind = 'campaign' or m.kind = 'direct' and m.exempt is null);
  if cardinality(v_texts) + v_queued >= p_window.max_per_24h then
    v_until := v_texts[greatest(cardinality(v_texts) - p_window.max_per_24h + 1, 1)] + interval '24 hours';
    perform private.refuse_cap('person', format(
      'This person''s state allows %s texts in 24 hours, and they were sent. Try again later.', p_window.max_per_24h),
      p_window.max_per_24h, coalesce(v_until, p_now + interval '1 hour'), p_now);
  end if;
end;
$$;
comment on function private.require_hours(private.windows, public.phone_numbers, text, timestamptz) is
  'Raises PT409 outside_hours, with the next lawful time, if a person may not be written to from a number for another minute, '
  'and PT429 if they got as many texts in 24 hours as their state allows.';

create function private.refuse_cap(p_limit text, p_message text, p_most integer, p_until timestamptz, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
begin
  perform private.raise_error('PT429', 'rate_limited', p_message, jsonb_build_object('limit', p_limit, 'most', p_most,
    'next_at', p_until, 'retry_after', greatest(ceil(extract(epoch from p_until - p_now)), 1)));
end;
$$;
comment on function private.refuse_cap(text, text, integer, timestamptz, timestamptz) is
  'Raises PT429 for a cap that leaves no room until p_until. p_limit: person, organisation, carrier or number.';

-- schemas/messages/functions/direct_number.sql

create function private.direct_number(
  p_phone public.lead_phones,
  p_contact private.contacts,
  p_segments integer,
  p_is_exempt boolean,
  p_now timestamptz
)
returns public.phone_numbers
language plpgsql
stable
set search_path = ''
as $$
declare
  v_known uuid := coalesce(p_contact.phone_number_id, (
    select c.phone_number_id from public.conversations c where c.e164 = p_phone.e164 and (c.org_id = p_phone.org_id) is true));
  v_number public.phone_numbers;
  v_obstacle record;
  v_first_obstacle record;
begin
  if not exists (select from public.twilio_accounts a where a.org_id = p_phone.org_id) then
    perform private.raise_error('PT409', 'twilio_not_configured', 'The organisation has no Twilio account yet: set it up first.');
  end if;
  -- As in planning, but at once: somebody waits for the answer. If the known number cannot send today, another one takes over.
  -- Registrations are looked up one by one, the best number's first: mostly that is the only one.
  for v_number in
    select n.*
    from private.number_room(p_phone.org_id, interval '0', p_now) r
    join public.phone_numbers n on n.id = r.id
    where r.is_active and n.e164 <> p_phone.e164
    order by ((r.is_open or p_is_exempt) and r.segment_room >= p_segments) desc, (n.id = v_known) is true desc, r.usable desc,
      (r.area_code = substr(p_phone.e164, 3, 3)) is true desc, r.health desc, r.segment_room desc, n.id
  loop
    select * into v_obstacle from private.registration_obstacle(p_phone.org_id, array[v_number.id], p_now);
    if v_obstacle.code is null then
      return v_number;
    elsif v_first_obstacle is null then
      v_first_obstacle := v_obstacle;
    end if;
  end loop;
  if v_first_obstacle is null then
    perform private.raise_error('PT409', 'no_phone_numbers',
      'The organisation has no active phone number: add or activate one.');
  end if;
  perform private.raise_error('PT409', v_first_obstacle.code, v_first_obstacle.message, v_first_obstacle.details);
  return null;
end;
$$;
comment on function private.direct_number(public.lead_phones, private.contacts, integer, boolean, timestamptz) is
  'The number from which a direct text of p_segments segments goes: one that can send it now (p_is_exempt: its hours do not '
  'count), then the one that the person knows, then one of their area code, then the healthiest. Its hours and caps are still to '
  'be checked. Raises PT409 twilio_not_configured, no_phone_numbers, a2p_not_verified or a2p_not_checked.';

-- schemas/messages/functions/direct_requests.sql

-- What is asked for in a direct text: its words, its person, and whether it was asked for before.

create function private.read_direct_text(p_body text, p_field text default 'body')
returns text
language plpgsql
immutable
set search_path = ''
as $$
declare
  v_text text;
begin
  -- Much longer texts are not even read.
  if p_body is null or length(p_body) > 10000 then
    perform private.refuse_field(p_field, format('Give %s, a text of 1 to 1,600 characters.', p_field));
  end if;
  -- As templates are stored: Twilio's count and ours are the same only for this form. Braces mean nothing here.
  v_text := private.strip(regexp_replace(normalize(p_body, NFC), E'\r\n?', E'\n', 'g'));
  -- Signs of no width are no text.
  if v_text !~ ('[^[:space:]\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2028-\u202f\u205f-\u206f'
    '\u3164\ufe00-\ufe0f\ufeff\uffa0]')
  then
    perform private.refuse_field(p_field, format('Write the text: %s is empty.', p_field));
  elsif v_text ~ '[\u0001-\u0009\u000b-\u001f\u007f-\u009f]' then
    perform private.refuse_field(p_field,
      format('%s must be plain text: leave out tabs and other control characters.', p_field));
  elsif (private.text_size(v_text)).units > 1600 then
    perform private.refuse_field(p_field, format(
      '%s may have 1,600 characters at most: it counts %s. Emoji and the signs ^ { } \ [ ~ ] | € count as two.',
      p_field, (private.text_size(v_text)).units));
  end if;
  return v_text;
end;
$$;
comment on function private.read_direct_text(text, text) is
  'The words of a direct text as they are sent: NFC, line feeds, no white space at the ends. Raises PT422 naming p_field.';

create function private.person_to_text(p_org_id uuid, p_to text, p_lead_id uuid)
returns public.lead_phones
language plpgsql
stable
set search_path = ''
as $$
declare
  v_phone public.lead_phones;
begin
  if p_to is null and p_lead_id is null then
    perform private.refuse_field('to', 'Give to, a phone of a lead, or lead_id.');
  elsif length(p_to) > 20 or p_to !~ '^\+[1-9][0-9]{6,14}$' then
    perform private.refuse_field('to', 'Write the phone in E.164, for example +15125550123.');
  elsif p_lead_id is not null and not exists (
    select from public.leads l where l.org_id = p_org_id and l.id = p_lead_id and l.deleted_at is null)
  then
    perform private.refuse_lead(p_org_id, p_lead_id);
  end if;
  -- Of a lead, the first phone that may be written to. Of leads that share a phone, the one of its conversation, then the newest,
  -- as for texts that come in.
  select p.* into v_phone
  from public.lead_phones p
  join public.leads l on l.id = p.lead_id and l.deleted_at is null
  left join private.contacts k on k.org_id = p.org_id and k.e164 = p.e164
  left join public.conversations c on c.org_id = p.org_id and c.e164 = p.e164
  where p.org_id = p_org_id and (p_to is null or p.e164 = p_to) and (p_lead_id is null or p.lead_id = p_lead_id)
  order by (p.is_valid and k.suppressed_at is null and k.invalid_at is null and p.consent_status <> 'denied'
      and p.line_type is distinct from 'landline'
      and not exists (select from private.refused_phones r where r.org_id = p.org_id and r.e164 = p.e164)) desc,
    (c.lead_id = p.lead_id) is true desc, array_position(array['primary', 'secondary', 'alternate'], p.role), l.created_at desc,
    p.id
  limit 1;
  if v_phone.id is not null then
    return v_phone;
  elsif p_to is null then
    perform private.refuse_field('lead_id', 'The lead has no phone: add one.');
  elsif p_lead_id is not null then
    perform private.refuse_field('to', 'The lead has no such phone: add it to the lead, or leave one of to and lead_id out.');
  end if;
  perform private.refuse_field('to', 'No lead has this phone, and texts go to leads only: add a lead with it first.');
end;
$$;
comment on function private.person_to_text(uuid, text, uuid) is
  'The phone of a lead to which a direct text goes. p_to (E.164) or p_lead_id may be null. Raises PT404 for no such lead, PT422 '
  'naming to or lead_id if it has no such phone.';

create function private.keyed_direct(p_org_id uuid, p_key text, p_request_hash bytea, p_now timestamptz)
returns uuid
language plpgsql
set search_path = ''
as $$
declare
  v_request private.message_requests;
begin
  if p_key is null then
    return null;
  elsif p_key !~ '^[ -~]{1,200}$' then
    perform private.refuse_field('Idempotency-Key', 'Idempotency-Key must have 1 to 200 characters of ASCII.');
  end if;
  delete from private.message_requests r
  where r.org_id = p_org_id and r.key = p_key and r.created_at <= p_now - interval '24 hours';
  select * into v_request from private.message_requests r where r.org_id = p_org_id and r.key = p_key;
  if v_request.request_hash <> p_request_hash then
    perform private.refuse_field('Idempotency-Key',
      'This Idempotency-Key was used for another request in the last 24 hours. Use a new one for each text.');
  end if;
  return coalesce(v_request.message_id, v_request.scheduled_id);
end;
$$;
comment on function private.keyed_direct(uuid, text, bytea, timestamptz) is
  'The message, or the scheduled text, that was asked for with this Idempotency-Key within 24 hours; null if there is none, or '
  'no key. Raises PT422 if the request was another one. The caller holds the organisation''s lock, so that two requests at once '
  'are one after the other.';

-- schemas/messages/functions/send_direct.sql

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
