-- Refused webhooks are stored within limits that apply to all isolates together, because anybody on the Internet can post them.
-- Also the list of known accounts, so that an isolate need not ask the database about each webhook.

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
  'The part of a refused webhook ({fields, query}) that is stored: nothing if it has more than 20,000 characters, and without '
  'AccountSid and ids of accounts or API keys anywhere in it.';

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
  'Stores a webhook that was refused or could not be applied, with the reason. In an hour it stores at most 120 of an '
  'organisation that its account signed, 120 that only name the organisation, and 600 of unknown organisations. Returns whether '
  'it was stored. Security definer: the worker may not write the table.';
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
  'The Twilio accounts that were added or changed since p_since, and (in a last row without an account) when this was read. With '
  'it, webhooks of unknown accounts are recognised without a query for each. Security definer: the worker may not read the '
  'table.';
grant execute on function private.twilio_account_sids(timestamptz) to worker;
