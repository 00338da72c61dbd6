-- Sending at any hour: one answer, which is the platform's. No caller says what Twilio is, and planning goes by what claims do.

create function private.twilio_is_loopback()
returns boolean
language sql
stable
set search_path = ''
as $$
  select coalesce(private.vault_secret('twilio_is_loopback') = 'true', false);
$$;
comment on function private.twilio_is_loopback() is
  'Whether Twilio is a simulator on this machine, as whoever set the platform up put into Vault (twilio_is_loopback). Never '
  'taken from a caller; false where nobody said so, as on every hosted project.';
