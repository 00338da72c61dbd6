create table private.account_checks (
  org_id uuid primary key references public.twilio_accounts (org_id) on delete cascade,
  due_at timestamptz not null default '-infinity',
  failures smallint not null default 0,
  last_error text
) with (fillfactor = 50);
comment on table private.account_checks is
  'When Twilio should be asked about an account next, and how often in a row that failed.';
create index account_checks_due_idx on private.account_checks (due_at);

alter table private.account_checks enable row level security;
