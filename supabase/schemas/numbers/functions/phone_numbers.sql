-- Phone numbers: the Twilio account, the pool of numbers that an organisation sends from, and the narrow rows that change with
-- every message.

create function private.set_twilio_account(
  p_org_id uuid,
  p_account_sid text,
  p_auth_token text,
  p_messaging_service_sid text default null
)
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_secret_id uuid;
begin
  select auth_token_secret_id into v_secret_id from public.twilio_accounts where org_id = p_org_id for update;
  if v_secret_id is null then
    v_secret_id := vault.create_secret(p_auth_token, 'twilio_auth_token:' || p_org_id, 'Twilio auth token');
  else
    perform vault.update_secret(v_secret_id, p_auth_token);
  end if;
  insert into public.twilio_accounts (org_id, account_sid, messaging_service_sid, auth_token_secret_id)
  values (p_org_id, p_account_sid, p_messaging_service_sid, v_secret_id)
  on conflict (org_id) do update
    set account_sid = excluded.account_sid,
        messaging_service_sid = excluded.messaging_service_sid,
        auth_token_secret_id = excluded.auth_token_secret_id;
end;
$$;
comment on function private.set_twilio_account(uuid, text, text, text) is
  'Stores an organisation''s Twilio account, with its token in Vault. For the service role and admins with database access. '
  'Security definer: the caller needs no right on Vault.';
grant execute on function private.set_twilio_account(uuid, text, text, text) to service_role;
