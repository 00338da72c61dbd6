-- Written from supabase/schemas/test-sends by npm run generate: change it there.

-- A function may call one that comes later.
set check_function_bodies = off;

-- schemas/test-sends/tables/test_phones.sql

create table public.test_phones (
  id uuid primary key default gen_random_uuid(),
  org_id uuid not null references public.orgs (id) on delete cascade,
  e164 text collate "C" not null check (e164 ~ '^\+1[2-9][0-9]{9}$'),
  label text check (length(label) <= 100 and label !~ '[\u0001-\u001f\u007f-\u009f\u2028\u2029]'),
  confirmed_at timestamptz,
  created_by uuid references public.users (id) on delete set null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (org_id, e164)
);
comment on table public.test_phones is
  'Phones of an organisation''s own people, to which templates can be sent as a test once a code proved that they have '
  'the phone.';
create index test_phones_created_by_idx on public.test_phones (created_by) where created_by is not null;

alter table public.test_phones enable row level security;
create policy "people read test phones of their organisation" on public.test_phones
  for select to authenticated using (org_id = (select private.org_id()));
grant select on public.test_phones to authenticated, service_role;

create trigger test_phones_updated_at before update on public.test_phones
  for each row execute function private.set_updated_at();
create trigger test_phones_limit before insert on public.test_phones
  for each row execute function private.limit_rows('20');

-- schemas/test-sends/tables/test_codes.sql

create table private.test_codes (
  test_phone_id uuid primary key references public.test_phones (id) on delete cascade,
  code_hash bytea not null,
  sent_at timestamptz not null,
  tries smallint not null default 0
);
comment on table private.test_codes is
  'The code that was sent to a test phone last, as a hash, and how often a wrong one was given. No user reads it: whoever could '
  'would not have to have the phone.';

alter table private.test_codes enable row level security;

-- schemas/test-sends/functions/queue_test.sql

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

-- schemas/test-sends/functions/send_campaign_test.sql

create function private.send_campaign_test(p_campaign_id uuid, p_to text, p_lead_id uuid, p_now timestamptz default now())
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('campaign_manager');
  v_texts uuid[] := array(
    select ct.template_id
    from public.campaign_templates ct join public.templates t on t.id = ct.template_id and t.is_active
    where ct.campaign_id = p_campaign_id
    group by ct.template_id order by min(ct.step), min(ct.variant), ct.template_id);
  v_lead_id uuid := coalesce(p_lead_id, (
    select t.lead_id from public.campaign_targets t join public.leads l on l.id = t.lead_id and l.deleted_at is null
    where t.campaign_id = p_campaign_id and t.is_waiting limit 1));
  v_id uuid;
  v_sent jsonb := '[]';
begin
  perform private.find_campaign(v_org_id, p_campaign_id);
  if v_texts = '{}' then
    perform private.raise_error('PT409', 'no_templates', 'The campaign has no active template. Add one, then test it.');
  elsif cardinality(v_texts) > 10 then
    perform private.raise_error('PT409', 'invalid_state', format(
      'The campaign has %s texts, and ten tests a day may be sent. Send those you want to see one by one.',
      cardinality(v_texts)), jsonb_build_object('texts', cardinality(v_texts), 'most', 10));
  end if;
  foreach v_id in array v_texts loop
    v_sent := v_sent || jsonb_build_array(
      jsonb_build_object('template_id', v_id) || private.send_test(v_id, p_to, v_lead_id, '{}', p_now));
  end loop;
  return v_sent;
end;
$$;
comment on function private.send_campaign_test(uuid, text, uuid, timestamptz) is
  'Sends each active text of a campaign once to a confirmed test phone, all or none, with the values of a lead (null: somebody '
  'who waits in the campaign). Returns what private.send_test returns for each, with template_id. Needs campaign_manager. Raises '
  'PT403, PT404, PT409 without a text or with more than ten, and as private.send_test. Security definer: users may not write '
  'messages.';
grant execute on function private.send_campaign_test(uuid, text, uuid, timestamptz) to authenticated;

create function public.send_campaign_test(p_campaign_id uuid, p_to text, p_lead_id uuid default null)
  returns jsonb language sql set search_path = '' as $$ select private.send_campaign_test(p_campaign_id, p_to, p_lead_id); $$;
comment on function public.send_campaign_test(uuid, text, uuid) is
  'Calls the private function of the same name, which checks role and organisation, with the current time.';
grant execute on function public.send_campaign_test(uuid, text, uuid) to authenticated;

-- schemas/test-sends/functions/send_test.sql

create function private.test_values(p_values jsonb)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
declare
  v_part record;
  v_name text;
  v_values jsonb := '{}';
begin
  perform private.check_shape(p_values, '{"type": "object", "properties": {}, "maxProperties": 50, "propertyNames": '
    '{"maxLength": 60}, "additionalProperties": {"type": "string", "maxLength": 500, "format": "line"}}', 'values');
  for v_part in select e.key, e.value from jsonb_each(p_values) e loop
    select v.name into v_name from private.template_variables v
    where regexp_replace(lower(v_part.key), '[[:space:]_-]+', '', 'g') = any (v.spellings);
    if v_name is null then
      perform private.refuse_field('values.' || left(v_part.key, 60), format('{%s} is not a variable. Use one of these: %s.',
        left(v_part.key, 60), (select string_agg(v.name, ', ' order by v.name) from private.template_variables v)));
    end if;
    v_values := v_values || jsonb_build_object(v_name, v_part.value);
  end loop;
  return v_values;
end;
$$;
comment on function private.test_values(jsonb) is
  'Values by any spelling of a variable, keyed by the variable''s own name. Raises PT422 for what is no variable or no line.';

create function private.send_test(p_template_id uuid, p_to text, p_lead_id uuid, p_values jsonb, p_now timestamptz default now())
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_template public.templates := private.own_template(p_template_id);
  v_message public.messages;
  v_first public.messages;
  v_missing text[];
  v_confirmed_at timestamptz;
begin
  select p.confirmed_at into v_confirmed_at from public.test_phones p where p.org_id = v_template.org_id and p.e164 = p_to;
  if not found then
    perform private.refuse_field('to', 'to must be a test phone. Add the phone, and confirm it by the code it gets.');
  elsif v_confirmed_at is null then
    perform private.raise_error('PT409', 'invalid_state', 'This test phone is not confirmed. Confirm it by the code it got.',
      '{"field": "to"}');
  elsif p_lead_id is not null and not exists (
    select from public.leads l where l.org_id = v_template.org_id and l.id = p_lead_id and l.deleted_at is null)
  then
    perform private.raise_error('PT404', 'not_found', 'There is no lead with this id.', jsonb_build_object('lead_id', p_lead_id));
  end if;
  v_message.org_id := v_template.org_id;
  v_message.kind := 'test';
  v_message.to_number := p_to;
  v_message.template_id := p_template_id;
  v_message.template_version := v_template.version;
  v_message.language := v_template.language;
  v_message.charged_segments := v_template.worst_segments;
  v_message.variables := jsonb_strip_nulls(private.message_values(v_template.org_id, p_lead_id, p_to, v_template.category,
    v_template.language, p_now)) || private.test_values(coalesce(p_values, '{}'));
  v_missing := array(select r from unnest(v_template.required_variables) r
    where coalesce(private.strip(v_message.variables ->> r), '') = '');
  if v_missing <> '{}' then
    perform private.refuse_field('values', format(
      'The text needs a value of: %s. Give it in values, or choose a lead that has it.',
      array_to_string(v_missing, ', ')));
  end if;

  -- The same within a minute is a click too many.
  select * into v_first from public.messages m
  where m.org_id = v_message.org_id and m.kind = 'test' and m.created_at > p_now - interval '1 minute' and m.created_at <= p_now
    and m.to_number = p_to and m.template_id = p_template_id and m.template_version = v_message.template_version
    and m.variables = v_message.variables and m.status not in ('failed', 'canceled')
  order by m.created_at limit 1;
  if found then
    return jsonb_build_object('message_id', v_first.id, 'to', p_to, 'from', v_first.from_number, 'deduplicated', true);
  end if;
  if (select count(*) from public.messages m join public.orgs o on o.id = m.org_id
      where m.org_id = v_message.org_id and m.kind = 'test' and m.status <> 'canceled'
        and m.created_at > p_now - interval '2 days'
        and (m.created_at at time zone o.time_zone)::date = (p_now at time zone o.time_zone)::date) >= 10
  then
    perform private.raise_error('PT429', 'rate_limited', 'Ten tests a day may be sent, and they were. Try again tomorrow.',
      '{"most": 10}');
  end if;
  v_message.id := private.queue_test(v_message, p_now);
  perform private.note_template(v_template, 'test_sent', jsonb_build_object('message_id', v_message.id));
  return jsonb_build_object('message_id', v_message.id, 'to', p_to, 'from',
    (select m.from_number from public.messages m where m.id = v_message.id), 'deduplicated', false);
end;
$$;
comment on function private.send_test(uuid, text, uuid, jsonb, timestamptz) is
  'Sends a template to a confirmed test phone, with the values of a lead (null: none) and p_values, which win over them. Returns '
  'message_id, to, from, and whether it is the one that was asked for within the last minute. Needs campaign_manager. Raises '
  'PT403, PT404; PT409 for a phone that is not confirmed, and as private.queue_test; PT422 for no test phone, unknown variables '
  'and missing values; PT429 for more than ten a day. Security definer: users may not write messages.';
grant execute on function private.send_test(uuid, text, uuid, jsonb, timestamptz) to authenticated;

create function public.send_test(p_template_id uuid, p_to text, p_lead_id uuid default null, p_values jsonb default '{}')
  returns jsonb language sql set search_path = ''
  as $$ select private.send_test(p_template_id, p_to, p_lead_id, p_values); $$;
comment on function public.send_test(uuid, text, uuid, jsonb) is
  'Calls the private function of the same name, which checks role and organisation, with the current time.';
grant execute on function public.send_test(uuid, text, uuid, jsonb) to authenticated;

-- schemas/test-sends/functions/test_phones.sql

-- Test phones. Users call the functions of the same names in public.

create function private.own_test_phone(p_test_phone_id uuid)
returns public.test_phones
language plpgsql
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('campaign_manager');
  v_phone public.test_phones;
begin
  perform 1 from public.orgs o where o.id = v_org_id for no key update;
  select * into v_phone from public.test_phones p where p.org_id = v_org_id and p.id = p_test_phone_id for no key update;
  if not found then
    perform private.raise_error('PT404', 'not_found', 'There is no test phone with this id.');
  end if;
  return v_phone;
end;
$$;
comment on function private.own_test_phone(uuid) is
  'Locks a test phone of the signed-in person''s organisation, and the organisation, and returns it. Raises PT403, PT404.';

create function private.send_test_code(p_phone public.test_phones, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_org public.orgs;
  v_message public.messages;
  v_of_org integer;
  v_of_phone integer;
  v_newest timestamptz;
  -- A version 4 UUID begins with 32 bits of the strong random source.
  v_code text := lpad(((('x' || left(gen_random_uuid()::text, 8))::bit(32)::bigint) % 1000000)::text, 6, '0');
begin
  -- Counted by messages, not by phones: a phone that is removed and added again gets no more of them.
  select count(*), count(*) filter (where m.to_number = p_phone.e164), max(m.created_at) filter (where m.to_number = p_phone.e164)
  into v_of_org, v_of_phone, v_newest
  from public.messages m
  where m.org_id = p_phone.org_id and m.kind = 'code' and m.created_at > p_now - interval '1 day';
  if v_newest > p_now - interval '1 minute' then
    perform private.raise_error('PT429', 'rate_limited', 'A code was sent to this phone less than a minute ago. Wait for it.',
      jsonb_build_object('retry_after', ceil(extract(epoch from v_newest + interval '1 minute' - p_now))::integer));
  elsif v_of_phone >= 5 or v_of_org >= 40 then
    perform private.raise_error('PT429', 'rate_limited', format(
      'Only %s codes a day are sent to %s. Try again tomorrow.', case when v_of_phone >= 5 then 5 else 40 end,
      case when v_of_phone >= 5 then 'a phone' else 'the phones of an organisation' end));
  end if;
  select * into v_org from public.orgs o where o.id = p_phone.org_id;
  v_message.org_id := p_phone.org_id;
  v_message.kind := 'code';
  v_message.to_number := p_phone.e164;
  v_message.language := v_org.language;
  v_message.content := case v_org.language
    when 'es' then format('%s: su codigo para recibir textos de prueba es %s. Vale 10 minutos.', v_org.brand, v_code)
    else format('%s: your code to receive test messages is %s. It is valid for 10 minutes.', v_org.brand, v_code) end;
  v_message.charged_segments := (private.text_size(v_message.content)).segments;
  perform private.queue_test(v_message, p_now);
  insert into private.test_codes (test_phone_id, code_hash, sent_at)
  values (p_phone.id, sha256(convert_to(p_phone.id || v_code, 'utf-8')), p_now)
  on conflict (test_phone_id) do update set code_hash = excluded.code_hash, sent_at = excluded.sent_at, tries = 0;
end;
$$;
comment on function private.send_test_code(public.test_phones, timestamptz) is
  'Sends a new code to a test phone; an earlier one is void. Raises PT429 within a minute of the last code, and for more than 5 '
  'codes a day to a phone or 40 of an organisation; PT409 as private.queue_test does. The caller holds the organisation''s lock.';

create function private.add_test_phone(p_e164 text, p_label text, p_now timestamptz default now())
returns uuid
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('campaign_manager');
  v_phone public.test_phones;
begin
  perform 1 from public.orgs o where o.id = v_org_id for no key update;
  if exists (select from public.test_phones p where p.org_id = v_org_id and p.e164 = p_e164) then
    perform private.raise_error('PT409', 'duplicate', 'This phone is a test phone already.', '{"field": "e164"}');
  end if;
  if p_e164 is null or p_e164 !~ '^\+1[2-9][0-9]{9}$'
    or not exists (select from private.area_codes a where a.area_code = substr(p_e164, 3, 3))
  then
    perform private.refuse_field('e164', 'e164 must be a phone of the United States or its territories, like +15125550123.');
  elsif p_label is not null then
    perform private.check_shape(to_jsonb(p_label), private.text_shape(100), 'label');
  end if;
  if exists (select from public.phone_numbers n where n.org_id = v_org_id and n.e164 = p_e164 and n.status <> 'released') then
    perform private.refuse_field('e164', 'This is a number that you send from. Use the phone of a person.');
  end if;
  insert into public.test_phones (org_id, e164, label, created_by)
  values (v_org_id, p_e164, nullif(trim(p_label), ''), auth.uid())
  returning * into v_phone;
  perform private.send_test_code(v_phone, p_now);
  perform private.record_audit_event(v_org_id, 'test_phone_added', p_e164, null, null,
    jsonb_build_object('test_phone_id', v_phone.id));
  return v_phone.id;
end;
$$;
comment on function private.add_test_phone(text, text, timestamptz) is
  'Adds a test phone, sends it a code and returns its id. Needs campaign_manager. Raises PT403; PT409 duplicate, invalid_state '
  'for more than 20, opted_out and the others of private.queue_test; PT422; PT429 as private.send_test_code. Security definer: '
  'users may not write test phones.';
grant execute on function private.add_test_phone(text, text, timestamptz) to authenticated;

create function public.add_test_phone(p_e164 text, p_label text default null) returns uuid
  language sql set search_path = '' as $$ select private.add_test_phone(p_e164, p_label); $$;
comment on function public.add_test_phone(text, text) is
  'Calls the private function of the same name, which checks role and organisation, with the current time.';
grant execute on function public.add_test_phone(text, text) to authenticated;

create function private.resend_test_code(p_test_phone_id uuid, p_now timestamptz default now())
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_phone public.test_phones := private.own_test_phone(p_test_phone_id);
begin
  if v_phone.confirmed_at is not null then
    perform private.raise_error('PT409', 'invalid_state', 'This phone is confirmed already.');
  end if;
  perform private.send_test_code(v_phone, p_now);
  perform private.record_audit_event(v_phone.org_id, 'test_code_sent', v_phone.e164, null, null,
    jsonb_build_object('test_phone_id', v_phone.id));
end;
$$;
comment on function private.resend_test_code(uuid, timestamptz) is
  'Sends another code to a test phone that is not confirmed. Needs campaign_manager. Raises PT403, PT404, and PT409 and PT429 as '
  'private.send_test_code. Security definer: users may not write test codes.';
grant execute on function private.resend_test_code(uuid, timestamptz) to authenticated;

create function public.resend_test_code(p_test_phone_id uuid) returns void
  language sql set search_path = '' as $$ select private.resend_test_code(p_test_phone_id); $$;
comment on function public.resend_test_code(uuid) is
  'Calls the private function of the same name, which checks role and organisation, with the current time.';
grant execute on function public.resend_test_code(uuid) to authenticated;

create function private.confirm_test_phone(p_test_phone_id uuid, p_code text, p_now timestamptz default now())
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_phone public.test_phones := private.own_test_phone(p_test_phone_id);
  v_code private.test_codes;
begin
  perform private.check_shape(to_jsonb(p_code),
    '{"type": "string", "pattern": "^[0-9]{6}$", "description": "six digits."}', 'code');
  if v_phone.confirmed_at is not null then
    return '{"confirmed": true, "tries_left": null}';
  end if;
  select * into v_code from private.test_codes c where c.test_phone_id = p_test_phone_id;
  if v_code.test_phone_id is null or v_code.sent_at <= p_now - interval '10 minutes' then
    perform private.raise_error('PT409', 'invalid_state', 'The code is older than 10 minutes. Ask for another one.');
  elsif v_code.tries >= 5 then
    perform private.raise_error('PT409', 'invalid_state', 'Five wrong codes were given. Ask for another code.');
  elsif v_code.code_hash <> sha256(convert_to(p_test_phone_id || p_code, 'utf-8')) then
    -- Answered, not raised: an error would take the count back.
    update private.test_codes c set tries = c.tries + 1 where c.test_phone_id = p_test_phone_id;
    return jsonb_build_object('confirmed', false, 'tries_left', 4 - v_code.tries);
  end if;
  update public.test_phones p set confirmed_at = p_now where p.id = p_test_phone_id;
  delete from private.test_codes c where c.test_phone_id = p_test_phone_id;
  perform private.record_audit_event(v_phone.org_id, 'test_phone_confirmed', v_phone.e164, null, null,
    jsonb_build_object('test_phone_id', v_phone.id));
  return '{"confirmed": true, "tries_left": null}';
end;
$$;
comment on function private.confirm_test_phone(uuid, text, timestamptz) is
  'Confirms a test phone by its code; answers whether it did, and how many tries are left if the code is wrong. Needs '
  'campaign_manager. Raises PT403, PT404; PT409 for a code older than 10 minutes and after five wrong ones; PT422 for what is no '
  'code. Security definer: users may not read test codes.';
grant execute on function private.confirm_test_phone(uuid, text, timestamptz) to authenticated;

create function public.confirm_test_phone(p_test_phone_id uuid, p_code text) returns jsonb
  language sql set search_path = '' as $$ select private.confirm_test_phone(p_test_phone_id, p_code); $$;
comment on function public.confirm_test_phone(uuid, text) is
  'Calls the private function of the same name, which checks role and organisation, with the current time.';
grant execute on function public.confirm_test_phone(uuid, text) to authenticated;

create function private.remove_test_phone(p_test_phone_id uuid)
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_phone public.test_phones := private.own_test_phone(p_test_phone_id);
begin
  delete from public.test_phones p where p.id = p_test_phone_id;
  perform private.record_audit_event(v_phone.org_id, 'test_phone_removed', v_phone.e164, null, null,
    jsonb_build_object('test_phone_id', v_phone.id));
end;
$$;
comment on function private.remove_test_phone(uuid) is
  'Removes a test phone; what was sent to it stays. Needs campaign_manager. Raises PT403, PT404. Security definer: users may not '
  'write test phones.';
grant execute on function private.remove_test_phone(uuid) to authenticated;

create function public.remove_test_phone(p_test_phone_id uuid) returns void
  language sql set search_path = '' as $$ select private.remove_test_phone(p_test_phone_id); $$;
comment on function public.remove_test_phone(uuid) is
  'Calls the private function of the same name, which checks role and organisation.';
grant execute on function public.remove_test_phone(uuid) to authenticated;
