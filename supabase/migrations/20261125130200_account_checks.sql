-- What Twilio says of an account: its balance, and the A2P registration of its messaging services. The worker asks, because
-- it alone has the tokens; here is when, and what is kept. Balance at most every 10 minutes while campaigns run; registrations
-- daily, every 10 minutes while one is not verified, and at once when an account or a messaging service is new.

alter table public.twilio_accounts
  add column balance numeric(14, 5),
  add column balance_currency text check (balance_currency ~ '^[A-Z]{3}$'),
  add column balance_checked_at timestamptz;
comment on column public.twilio_accounts.balance is 'As Twilio told last, in balance_currency; null until it was read.';
grant select (balance, balance_currency, balance_checked_at) on public.twilio_accounts to authenticated;

create table public.a2p_registrations (
  org_id uuid not null references public.orgs (id) on delete cascade,
  messaging_service_sid text not null check (messaging_service_sid ~ '^MG[0-9a-f]{32}$'),
  status text not null check (status ~ '^[A-Z_]{1,40}$'),
  campaign_sid text,
  brand_sid text,
  use_case text,
  rate_limits jsonb,
  errors jsonb not null default '[]' check (jsonb_typeof(errors) = 'array'),
  checked_at timestamptz not null,
  primary key (org_id, messaging_service_sid)
);
comment on table public.a2p_registrations is
  'The A2P 10DLC campaign of each messaging service as Twilio told last: VERIFIED, PENDING, IN_PROGRESS, FAILED, or NONE where the service has none.';

create table private.account_checks (
  org_id uuid primary key references public.twilio_accounts (org_id) on delete cascade,
  due_at timestamptz not null default '-infinity',
  failures smallint not null default 0,
  last_error text
) with (fillfactor = 50);
comment on table private.account_checks is 'When Twilio should be asked about an account next, and how often it could not be since it last could.';
create index account_checks_due_idx on private.account_checks (due_at);

create function private.messaging_services_of(p_org_id uuid)
returns setof text
language sql
stable
set search_path = ''
as $$
  select distinct x.sid from (
    select a.messaging_service_sid as sid from public.twilio_accounts a where a.org_id = p_org_id
    union all
    select n.messaging_service_sid from public.phone_numbers n where n.org_id = p_org_id and n.status <> 'released'
  ) x
  where x.sid is not null;
$$;
comment on function private.messaging_services_of(uuid) is 'The messaging services an organisation sends through: its account''s, and those of numbers that have their own.';

create function private.balance_due_at(p_org_id uuid)
returns timestamptz
language sql
stable
set search_path = ''
as $$
  select case
      when a.balance_checked_at is null then '-infinity'
      -- A campaign was started or resumed after a low reading: somebody may have paid in.
      when a.balance < l.min_balance and r.begun_at > a.balance_checked_at then '-infinity'
      else a.balance_checked_at + interval '10 minutes'
    end
  from public.twilio_accounts a
  join public.sending_limits l on l.org_id = a.org_id and l.min_balance is not null
  cross join lateral (
    select max(greatest(c.started_at, c.breaker_since)) as begun_at, count(*) as n
    from public.campaigns c where c.org_id = a.org_id and c.status = 'running'
  ) r
  where a.org_id = p_org_id and r.n > 0;
$$;
comment on function private.balance_due_at(uuid) is 'When an account''s balance should be read next; null where no campaign runs or nobody wants to know.';

create function private.registration_due_at(p_org_id uuid, p_messaging_service_sid text)
returns timestamptz
language sql
stable
set search_path = ''
as $$
  select coalesce((
    select r.checked_at + case r.status when 'VERIFIED' then interval '1 day' else interval '10 minutes' end
    from public.a2p_registrations r where r.org_id = p_org_id and r.messaging_service_sid = p_messaging_service_sid), '-infinity');
$$;
comment on function private.registration_due_at(uuid, text) is 'When the A2P registration of a messaging service should be read next.';

create function private.next_account_check(p_org_id uuid)
returns timestamptz
language sql
stable
set search_path = ''
as $$
  select coalesce(least(
    private.balance_due_at(p_org_id),
    (select min(private.registration_due_at(p_org_id, s.sid)) from private.messaging_services_of(p_org_id) as s(sid))), 'infinity');
$$;
comment on function private.next_account_check(uuid) is 'When Twilio should be asked about an account next; infinity where there is nothing to ask.';

create function private.hasten_account_check(p_org_id uuid)
returns void
language sql
set search_path = ''
as $$
  update private.account_checks k set due_at = '-infinity' where k.org_id = p_org_id and k.due_at > '-infinity';
$$;
comment on function private.hasten_account_check(uuid) is 'Lets an account be looked at now: whether there is anything to ask Twilio is decided when it is taken.';

create function private.note_account_change()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  if tg_table_name = 'twilio_accounts' then
    insert into private.account_checks (org_id) values (new.org_id)
    on conflict (org_id) do update set due_at = '-infinity', failures = 0, last_error = null;
    if tg_op = 'UPDATE' and new.account_sid is distinct from old.account_sid then
      delete from public.a2p_registrations r where r.org_id = new.org_id;
      update public.twilio_accounts a set balance = null, balance_currency = null, balance_checked_at = null where a.org_id = new.org_id;
    end if;
  else
    perform private.hasten_account_check(new.org_id);
  end if;
  return null;
end;
$$;
comment on function private.note_account_change() is
  'Trigger: a new or changed account, or a number''s own messaging service, is looked at with Twilio at once; what was known of another account is forgotten. Definer: whoever changes them may not write private tables.';
create trigger twilio_accounts_checks_insert after insert on public.twilio_accounts
  for each row execute function private.note_account_change();
create trigger twilio_accounts_checks_update after update of account_sid, messaging_service_sid, auth_token_secret_id on public.twilio_accounts
  for each row execute function private.note_account_change();
create trigger phone_numbers_checks_insert after insert on public.phone_numbers
  for each row when (new.messaging_service_sid is not null) execute function private.note_account_change();
create trigger phone_numbers_checks_update after update of messaging_service_sid on public.phone_numbers
  for each row when (new.messaging_service_sid is not null) execute function private.note_account_change();
insert into private.account_checks (org_id) select a.org_id from public.twilio_accounts a;

alter table private.account_checks enable row level security;
alter table public.a2p_registrations enable row level security;
create policy "people read A2P registrations of their organisation" on public.a2p_registrations
  for select to authenticated using (org_id = (select private.org_id()));
grant select on public.a2p_registrations to authenticated, service_role;
