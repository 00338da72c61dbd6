-- Delivery receipts: Twilio's status callbacks, applied by rank, so that their order, repetition and delay do not matter. A
-- receipt contains our message and attempt (?mid=…&a=…), so it may arrive before the answer to the POST.

create function private.provider_rank(p_status text)
returns smallint
language sql
immutable
set search_path = ''
as $$
  select case p_status
    when 'accepted' then 0 when 'scheduled' then 0 when 'queued' then 1 when 'sending' then 2 when 'sent' then 3
    when 'failed' then 4 when 'undelivered' then 4 when 'delivered' then 4 when 'canceled' then 4 when 'read' then 5
    else -1 end::smallint;
$$;
comment on function private.provider_rank(text) is
  'The rank of a Twilio message status. A lower rank never replaces a higher one, nor one final status another. -1: an unknown '
  'status.';

create function private.mark_undelivered(p_message public.messages, p_code integer, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_class private.error_classes := private.error_class(p_code);
begin
  update public.messages m set error_code = p_code, error_message = v_class.note, settled_at = p_now, updated_at = p_now
    where m.id = p_message.id;
  perform private.learn_from_error(p_message, p_code, p_now);
end;
$$;
comment on function private.mark_undelivered(public.messages, integer, timestamptz) is
  'Ends an undelivered message that is not retried, and applies its error code to the phone: marks or suppresses it.';

create function private.twilio_accounts_for(p_account_sid text)
returns table (org_id uuid, auth_token text)
language sql
stable
security definer
set search_path = ''
as $$
  select a.org_id, s.decrypted_secret
  from public.twilio_accounts a join vault.decrypted_secrets s on s.id = a.auth_token_secret_id
  where a.account_sid = p_account_sid;
$$;
comment on function private.twilio_accounts_for(text) is
  'The organisation of a Twilio account, and the token that signs its webhooks and authorises its calls. Security definer: the '
  'worker may read secrets in Vault only through this function.';
grant execute on function private.twilio_accounts_for(text) to worker;

create function private.apply_late_success(
  p_message public.messages,
  p_attempt public.send_attempts,
  p_provider_sid text,
  p_status text,
  p_rank smallint,
  p_now timestamptz
)
returns text
language plpgsql
set search_path = ''
as $$
declare
  v_target public.campaign_targets;
  v_newer public.messages;
begin
  -- We had given this message up (or back), and Twilio says that it was sent. Its replacement must not be sent.
  select * into v_target from public.campaign_targets t where t.id = p_message.campaign_target_id;
  select * into v_newer from public.messages m where m.id = v_target.message_id and m.id <> p_message.id for no key update;
  if v_newer.status = 'queued' then
    update public.messages m set status = 'canceled', error_message = 'an earlier attempt went out', settled_at = p_now,
      updated_at = p_now where m.id = v_newer.id;
  elsif v_newer.status not in ('failed', 'undelivered', 'canceled') then
    update public.messages m set provider_status = p_status, provider_rank = p_rank,
      provider_sid = coalesce(m.provider_sid, p_provider_sid),
      needs_attention = 'Twilio sent this message after it had been given up, and its replacement was sent too.',
        updated_at = p_now
    where m.id = p_message.id;
    perform private.raise_double_send(p_message, v_newer.id);
    if p_attempt.outcome in ('not_accepted', 'resent') then
      perform private.charge_again(array[p_message.id]);
    end if;
    return 'double_send';
  end if;
  update public.messages m
  set status = case when p_status in ('delivered', 'read') then 'delivered'
    else 'sent' end::public.message_status, attempt_id = p_attempt.id,
      error_code = null, error_message = null, needs_attention = null, provider_status = p_status, provider_rank = p_rank,
      provider_sid = coalesce(m.provider_sid, p_provider_sid), sent_at = coalesce(m.sent_at, p_now), updated_at = p_now
  where m.id = p_message.id;
  update public.campaign_targets t
  set state = 'sent', delivery = case when p_status in ('delivered', 'read') then 'delivered'
    else 'unconfirmed' end, message_id = p_message.id,
      reason = null, error_code = null, needs_attention = null, sent_at = coalesce(t.sent_at, p_now), updated_at = p_now
  where t.id = p_message.campaign_target_id;
  -- The replacement's charge is refunded, and the daily caps are charged with this message, which had been refunded.
  if v_newer.status = 'queued' then
    perform private.lock_usage(array[p_message.id, v_newer.id]);
    perform private.refund_usage(array[v_newer.id]);
  end if;
  -- A direct text that is queued again is charged already.
  if p_attempt.outcome in ('not_accepted', 'resent') and p_message.status <> 'queued' then
    perform private.charge_again(array[p_message.id]);
  end if;
  return 'late_success';
end;
$$;
comment on function private.apply_late_success(public.messages, public.send_attempts, text, text, smallint, timestamptz) is
  'Restores a message that had been given up: cancels its replacement if that is not posted yet, or raises an alert if it was '
  'posted too. p_attempt: the attempt as it was before this was known.';

create function private.apply_receipts(p_receipts jsonb, p_now timestamptz default now())
returns jsonb
language plpgsql
security definer
set search_path = ''
set plan_cache_mode = force_generic_plan
as $$
declare
  v_results text[] := array_fill(null::text, array[jsonb_array_length(p_receipts)]);
  v_targets uuid[];
  v_messages uuid[];
  v_row record;
begin
  select array_agg(m.id), array_agg(m.campaign_target_id) into v_messages, v_targets
  from jsonb_to_recordset(p_receipts) as r(org_id uuid, message_id uuid)
  join public.messages m on m.id = r.message_id and m.org_id = r.org_id;
  -- Locks all of them in the usual order before any is applied. Applied one by one, they would be locked in the order in which
  -- they arrived.
  perform 1 from public.campaign_targets t where t.id = any (v_targets) order by t.id for no key update;
  perform 1 from public.messages m where m.id = any (v_messages) order by m.id for no key update;

  for v_row in
    select r.*
    from rows from (jsonb_to_recordset(p_receipts) as (
      org_id uuid, message_id uuid, attempt_id uuid, provider_sid text, status text, error_code integer,
        raw jsonb)) with ordinality
      as r(org_id, message_id, attempt_id, provider_sid, status, error_code, raw, n)
    join public.messages m on m.id = r.message_id and m.org_id = r.org_id
    -- Other receipts lock campaigns and contacts, which come before targets in the order of locks: the caller applies them one by
    -- one.
    where m.attempt_id = r.attempt_id and m.status in ('sending', 'unknown', 'sent')
      and r.status not in ('failed', 'undelivered', 'canceled')
    order by r.n
  loop
    v_results[v_row.n] := private.apply_receipt(v_row.org_id, v_row.message_id, v_row.attempt_id, v_row.provider_sid,
      v_row.status,
      v_row.error_code, v_row.raw, p_now);
  end loop;
  return to_jsonb(v_results);
end;
$$;
comment on function private.apply_receipts(jsonb, timestamptz) is
  'Applies, in one transaction, those of several delivery receipts that report progress of a current attempt: [{org_id, '
  'message_id, attempt_id, provider_sid, status, error_code, raw}]. Returns a list in the same order: the result of '
  'private.apply_receipt, or null for a receipt for which that function must be called separately (failures, and receipts of '
  'messages that ended or of attempts given up). Security definer: the worker may not write these tables.';
grant execute on function private.apply_receipts(jsonb, timestamptz) to worker;

create function private.receipt_details(p_raw jsonb)
returns jsonb
language plpgsql
immutable
set search_path = ''
as $$
declare
  v_kept jsonb;
  v_text text;
begin
  if jsonb_typeof(p_raw) is distinct from 'object' then
    return null;
  end if;
  v_kept := p_raw - '{AccountSid,AuthToken,ApiKey,ApiKeySid,ApiSecret,ApiKeySecret,Authorization,Password,Secret,Token}'::text[];
  v_text := v_kept::text;
  if length(v_text) > 20000 then
    return null;
  -- Hundreds of receipts arrive in a second. Matching a pattern costs a tenth of applying one, so it is done only if needed.
  elsif strpos(v_text, 'AC') = 0 and strpos(v_text, 'SK') = 0 then
    return v_kept;
  end if;
  return regexp_replace(v_text, '(AC|SK)[0-9A-Fa-f]{32}', '\1…', 'g')::jsonb;
end;
$$;
comment on function private.receipt_details(jsonb) is
  'The part of a delivery receipt''s form that is stored: everything except AccountSid, fields with names of credentials, and '
  'ids of accounts and API keys within other fields. Null if it is not an object or has more than 20,000 characters.';
