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
