-- Phone numbers: the Twilio account, the pool an organisation sends from, and the narrow rows that change with every message.

create table public.twilio_accounts (
  org_id uuid primary key references public.orgs (id) on delete cascade,
  account_sid text not null unique check (account_sid ~ '^AC[0-9a-f]{32}$'),
  messaging_service_sid text check (messaging_service_sid ~ '^MG[0-9a-f]{32}$'),
  auth_token_secret_id uuid,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
comment on table public.twilio_accounts is 'The Twilio account of an organisation. Its auth token lives in Vault; only its id is here.';
create trigger twilio_accounts_updated_at before update on public.twilio_accounts
  for each row execute function private.set_updated_at();

create table public.phone_numbers (
  id uuid primary key default gen_random_uuid(),
  org_id uuid not null references public.orgs (id) on delete cascade,
  e164 text not null unique check (e164 ~ '^\+[1-9][0-9]{6,14}$'),
  area_code text generated always as (case when e164 ~ '^\+1[0-9]{10}$' then substr(e164, 3, 3) end) stored,
  twilio_sid text,
  messaging_service_sid text check (messaging_service_sid ~ '^MG[0-9a-f]{32}$'),
  status text not null default 'active' check (status in ('active', 'paused', 'quarantined', 'released')),
  status_reason text,
  health_score smallint check (health_score between 0 and 100),
  mps numeric(8, 3) not null default 1 check (mps > 0),
  daily_cap integer check (daily_cap >= 0),
  quiet_starts time not null default '20:00',
  quiet_ends time not null default '08:00',
  time_zone text not null default 'America/Chicago' check (timezone(time_zone, timestamptz '2000-01-01') is not null),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (org_id, id),
  check (quiet_starts <> quiet_ends)
);
comment on table public.phone_numbers is 'A number of an organisation''s pool: its pace (mps, messages a second), daily cap (segments a day in its own zone, null is unlimited) and own quiet hours.';
comment on column public.phone_numbers.health_score is '0-100 from real outcomes; null while there are too few to say.';
create index phone_numbers_org_idx on public.phone_numbers (org_id, status);
create trigger phone_numbers_updated_at before update on public.phone_numbers
  for each row execute function private.set_updated_at();

create table private.number_pace (
  phone_number_id uuid primary key references public.phone_numbers (id) on delete cascade,
  next_slot_at timestamptz not null default '-infinity',
  resting_until timestamptz not null default '-infinity',
  resting_reason text
) with (fillfactor = 50);
comment on table private.number_pace is 'The clock of a number: when its next slot is, and until when it rests (Twilio 21611). Narrow, because it changes with every batch.';

create table private.org_pace (
  org_id uuid primary key references public.orgs (id) on delete cascade,
  next_slot_at timestamptz not null default '-infinity',
  resting_until timestamptz not null default '-infinity',
  resting_reason text
) with (fillfactor = 50);
comment on table private.org_pace is 'The clock of an organisation: its own mps, and until when its account rests (Twilio 63038).';

create table private.daily_usage (
  scope text not null check (scope in ('number', 'campaign', 'org')),
  scope_id uuid not null,
  day date not null,
  messages integer not null default 0,
  segments integer not null default 0,
  primary key (scope, scope_id, day)
) with (fillfactor = 50);
comment on table private.daily_usage is
  'What was charged against daily caps, per number (day in the number''s zone), campaign and organisation (day in the organisation''s zone). Planning charges, giving back refunds.';
create index daily_usage_day_idx on private.daily_usage (day);

create function private.add_pace_rows()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  if tg_table_name = 'phone_numbers' then
    insert into private.number_pace (phone_number_id) values (new.id) on conflict do nothing;
  else
    insert into private.org_pace (org_id) values (new.id) on conflict do nothing;
  end if;
  return null;
end;
$$;
comment on function private.add_pace_rows() is 'Trigger: every number and organisation has its clock. Definer: whoever may add the row may not write private tables.';
create trigger phone_numbers_pace after insert on public.phone_numbers
  for each row execute function private.add_pace_rows();
create trigger orgs_pace after insert on public.orgs
  for each row execute function private.add_pace_rows();

alter table private.contacts
  add foreign key (org_id, phone_number_id) references public.phone_numbers (org_id, id) on delete set null (phone_number_id);
create index contacts_phone_number_idx on private.contacts (org_id, phone_number_id) where phone_number_id is not null;

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
  'Stores an organisation''s Twilio account, its token in Vault. Definer: the caller needs no right on Vault. For service and admins with database access.';
grant execute on function private.set_twilio_account(uuid, text, text, text) to service_role;

alter table public.twilio_accounts enable row level security;
create policy "admins read the Twilio account of their organisation" on public.twilio_accounts
  for select to authenticated using (org_id = (select private.org_id()) and (select private.has_role('admin')));
grant select (org_id, account_sid, messaging_service_sid, created_at, updated_at) on public.twilio_accounts to authenticated;
grant select, insert, update, delete on public.twilio_accounts to service_role;

alter table public.phone_numbers enable row level security;
create policy "people read numbers of their organisation" on public.phone_numbers
  for select to authenticated using (org_id = (select private.org_id()));
grant select on public.phone_numbers to authenticated;
grant select, insert, update, delete on public.phone_numbers to service_role;

alter table private.number_pace enable row level security;
alter table private.org_pace enable row level security;
alter table private.daily_usage enable row level security;
