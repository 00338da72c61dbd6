-- Refused webhooks are kept within limits that hold for all isolates together: anybody on the Internet can post them. And who may
-- not be known is asked about once for all.

create function private.webhook_payload(p_payload jsonb)
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select case when length(p_payload::text) <= 20000
    then regexp_replace((p_payload #- '{fields,AccountSid}')::text, '(AC|SK)[0-9A-Fa-f]{32}', '\1…', 'g')::jsonb
    else '{"too_long": true}' end;
$$;
comment on function private.webhook_payload(jsonb) is
  'What is kept of a refused webhook ({fields, query}): nothing of 20,000 characters or more, no AccountSid and no id of an '
  'account or API key anywhere in it.';

create function private.log_webhook(
  p_org_id uuid,
  p_type text,
  p_payload jsonb,
  p_error text,
  p_is_signed boolean default false,
  p_now timestamptz default now()
)
returns boolean
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_most constant integer := case when p_org_id is null then 600 else 120 end;
begin
  insert into private.webhook_log_hours as h (org_id, is_signed, hour, rows)
  values (p_org_id, p_is_signed, date_trunc('hour', p_now), 1)
  on conflict (org_id, is_signed) do update
    set hour = excluded.hour, rows = case when h.hour = excluded.hour then h.rows + 1 else 1 end
    where h.hour <> excluded.hour or h.rows < v_most;
  if not found then
    return false;
  end if;
  insert into public.webhook_logs (org_id, webhook_type, payload, error_message, created_at)
  values (p_org_id, p_type, private.webhook_payload(p_payload), left(p_error, 1000), p_now);
  return true;
end;
$$;
comment on function private.log_webhook(uuid, text, jsonb, text, boolean, timestamptz) is
  'Keeps a webhook that was refused or could not be applied, with the reason: in an hour at most 120 of an organisation that '
  'its account signed, 120 that only name it, and 600 of nobody we know. Returns whether it was kept. Definer: the worker may '
  'not write the table.';
grant execute on function private.log_webhook(uuid, text, jsonb, text, boolean, timestamptz) to worker;

create function private.twilio_account_sids(p_since timestamptz default '-infinity')
returns table (account_sid text, read_at timestamptz)
language sql
stable
security definer
set search_path = ''
as $$
  select a.account_sid, now() from public.twilio_accounts a where a.updated_at >= p_since
  union all
  select null, now();
$$;
comment on function private.twilio_account_sids(timestamptz) is
  'The Twilio accounts that were added or changed since a moment, and (in a last row without one) when this was read: for '
  'telling webhooks of strangers without asking about each. Definer: the worker may not read the table.';
grant execute on function private.twilio_account_sids(timestamptz) to worker;
