-- Whether messages may be sent at any hour is decided by the platform alone. No caller can claim that Twilio is a simulator, and
-- planning uses the same answer as claiming.

create function private.twilio_is_loopback()
returns boolean
language sql
stable
set search_path = ''
as $$
  select coalesce(private.vault_secret('twilio_is_loopback') = 'true', false);
$$;
comment on function private.twilio_is_loopback() is
  'Whether Twilio is a simulator on this machine. The setup of the platform stores this in Vault (twilio_is_loopback); it is '
  'never taken from a caller. False if it is not set, as on every hosted project.';
