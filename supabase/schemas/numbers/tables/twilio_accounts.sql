create table public.twilio_accounts (
  org_id uuid primary key references public.orgs (id) on delete cascade,
  account_sid text not null unique check (account_sid ~ '^AC[0-9a-f]{32}$'),
  messaging_service_sid text check (messaging_service_sid ~ '^MG[0-9a-f]{32}$'),
  auth_token_secret_id uuid,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  balance numeric(14, 5),
  balance_currency text check (balance_currency ~ '^[A-Z]{3}$'),
  balance_checked_at timestamptz
);
comment on table public.twilio_accounts is
  'The Twilio account of an organisation. Its auth token is in Vault; only the secret''s id is here.';
comment on column public.twilio_accounts.balance is
  'The balance when it was last read from Twilio, in balance_currency; null until it is read.';

alter table public.twilio_accounts enable row level security;
create policy "admins read the Twilio account of their organisation" on public.twilio_accounts
  for select to authenticated using (org_id = (select private.org_id()) and (select private.has_role('admin')));
grant delete, insert, select, update on public.twilio_accounts to service_role;
grant select (org_id, account_sid, messaging_service_sid, created_at, updated_at, balance, balance_currency, balance_checked_at)
  on public.twilio_accounts to authenticated;

create trigger twilio_accounts_updated_at before update on public.twilio_accounts
  for each row execute function private.set_updated_at();
