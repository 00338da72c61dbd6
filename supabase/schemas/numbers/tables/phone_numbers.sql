create table public.phone_numbers (
  id uuid primary key default gen_random_uuid(),
  number bigint generated always as identity unique,
  org_id uuid not null references public.orgs (id) on delete cascade,
  e164 text not null unique check (e164 ~ '^\+[1-9][0-9]{6,14}$'),
  area_code text generated always as (case when e164 ~ '^\+1[0-9]{10}$' then substr(e164, 3, 3) end) stored,
  twilio_sid text,
  messaging_service_sid text check (messaging_service_sid ~ '^MG[0-9a-f]{32}$'),
  status text not null default 'active' check (status in ('active', 'paused', 'quarantined', 'released')),
  status_reason text,
  health_score smallint check (health_score between 0 and 100),
  -- update_number allows less. No system of Twilio's accepts more than this from one number.
  mps numeric(8, 3) not null default 1 check (mps between 0.001 and 10000),
  daily_cap integer check (daily_cap between 0 and 10000000),
  quiet_starts time not null default '20:00',
  quiet_ends time not null default '08:00',
  time_zone text not null default 'America/Chicago' check (timezone(time_zone, timestamptz '2000-01-01') is not null),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  warmup_started_on date,
  reactivated_at timestamptz,
  unique (org_id, id),
  check (quiet_starts <> quiet_ends),
  constraint phone_numbers_time_zone_length check (length(time_zone) <= 64),
  -- An infinite date has no age, and computing one made the planning of all organisations fail.
  constraint phone_numbers_warmup_started_on_check check (warmup_started_on between '2000-01-01' and '2100-01-01'),
  constraint phone_numbers_quiet_starts_check check (quiet_starts < '24:00'),
  constraint phone_numbers_quiet_ends_check check (quiet_ends < '24:00'),
  constraint phone_numbers_status_reason_check check (length(status_reason) <= 1000),
  constraint phone_numbers_twilio_sid_check check (length(twilio_sid) <= 64)
);
comment on table public.phone_numbers is
  'A number of an organisation''s pool: its pace (mps), daily cap (segments a day in its own time zone, null means unlimited) '
  'and own quiet hours.';
comment on column public.phone_numbers.number is 'A short number beside the id, for programs whose ids are numbers.';
comment on column public.phone_numbers.health_score is '0-100, from the outcomes of its messages; null if there are too few.';
comment on column public.phone_numbers.mps is
  'Segments a second: Twilio counts a long text as the number of segments in which it is sent.';
comment on column public.phone_numbers.warmup_started_on is
  'First day of the warm-up, in the number''s time zone; null if the number is warm.';
comment on column public.phone_numbers.reactivated_at is
  'When a person last took the number out of quarantine: its health counts only messages from then on.';
alter table private.contacts add foreign key (org_id, phone_number_id)
  references public.phone_numbers (org_id, id) on delete set null (phone_number_id);
create index phone_numbers_org_idx on public.phone_numbers (org_id, status);

alter table public.phone_numbers enable row level security;
create policy "people read numbers of their organisation" on public.phone_numbers
  for select to authenticated using (org_id = (select private.org_id()));
grant select on public.phone_numbers to authenticated;
grant delete, insert, select, update on public.phone_numbers to service_role;

create trigger phone_numbers_updated_at before update on public.phone_numbers
  for each row execute function private.set_updated_at();
create trigger phone_numbers_pace after insert on public.phone_numbers
  for each row execute function private.add_pace_rows();
create trigger phone_numbers_check_new_time_zone before insert on public.phone_numbers
  for each row when (new.time_zone <> 'America/Chicago') execute function private.check_time_zone();
create trigger phone_numbers_check_time_zone before update of time_zone on public.phone_numbers
  for each row when (new.time_zone <> old.time_zone) execute function private.check_time_zone();
