create table public.orgs (
  id uuid primary key default gen_random_uuid(),
  name text not null check (length(trim(name)) between 1 and 200),
  brand text not null check (length(trim(brand)) between 1 and 25),
  support_contact text check (length(support_contact) <= 100),
  language text not null default 'es' check (language in ('es', 'en')),
  time_zone text not null default 'America/Chicago' check (timezone(time_zone, timestamptz '2000-01-01') is not null),
  quiet_starts time not null default '20:00',
  quiet_ends time not null default '08:00',
  cooldown_days smallint not null default 30 check (cooldown_days between 0 and 3650),
  consent_policy text not null default 'not_required' check (consent_policy in ('not_required', 'required')),
  mps numeric(8, 3) check (mps between 0.001 and 10000),
  daily_cap integer check (daily_cap between 0 and 100000000),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  -- A second dimension, a first index other than 1, or a null would be read as "no cap".
  warmup_caps integer[] not null default '{100,200,400,800,1600,2000}'
    check (
    cardinality(warmup_caps) between 1 and 60 and array_ndims(warmup_caps) = 1 and array_lower(warmup_caps, 1) = 1
    and array_position(warmup_caps, null) is null and 1 <= all (warmup_caps) and 1000000 >= all (warmup_caps)),
  health_quarantine_below smallint not null default 50 check (health_quarantine_below between 0 and 100),
  health_min_messages integer not null default 50 check (health_min_messages between 10 and 100000),
  lookup_enabled boolean not null default false,
  lookup_daily_budget integer not null default 1000 check (lookup_daily_budget between 0 and 1000000),
  lookup_price numeric(10, 5) not null default 0.008 check (lookup_price between 0 and 99),
  reply_hours jsonb,
  hot_minutes integer not null default 5 check (hot_minutes between 1 and 1440),
  assignment text not null default 'off' check (assignment in ('off', 'round_robin', 'least_open')),
  max_open integer not null default 30 check (max_open between 1 and 1000),
  return_minutes integer not null default 15 check (return_minutes between 0 and 1440),
  check (quiet_starts <> quiet_ends),
  constraint orgs_reply_hours_check check (private.reply_hours_fault(reply_hours) is null),
  constraint orgs_name_line check (length(name) <= 200 and name !~ '[\u0001-\u001f\u007f-\u009f\u2028\u2029]'
    and name ~ '[^[:space:]\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000\ufeff]'),
  constraint orgs_brand_line check (length(brand) <= 25 and brand !~ '[\u0001-\u001f\u007f-\u009f\u2028\u2029]'
    and brand ~ '[^[:space:]\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000\ufeff]'),
  constraint orgs_support_contact_line check (support_contact !~ '[\u0001-\u001f\u007f-\u009f\u2028\u2029]'),
  constraint orgs_time_zone_length check (length(time_zone) <= 64),
  constraint orgs_quiet_starts_check check (quiet_starts < '24:00'),
  constraint orgs_quiet_ends_check check (quiet_ends < '24:00')
);
comment on table public.orgs is
  'An organisation (tenant) and its settings. Quiet hours default to 20:00-08:00 Central. mps and daily_cap (messages a day, in '
  'the organisation''s time zone) are unlimited if they are null.';
comment on column public.orgs.cooldown_days is
  'After one campaign has contacted a phone, other campaigns leave it alone for so many days.';
comment on column public.orgs.warmup_caps is
  'How many segments a day a number may send while it warms up, from its first day on. After the last of these days it is warm, '
  'and only its own cap counts.';
comment on column public.orgs.health_quarantine_below is
  'A number whose health score falls below this is quarantined until a person reactivates it; 0 means never.';
comment on column public.orgs.health_min_messages is
  'How many outcomes in the last 7 days a number must have to get a score; with fewer its score is unknown.';
comment on column public.orgs.lookup_enabled is
  'Whether phones are looked up at Twilio: phones of new leads automatically, others on request.';
comment on column public.orgs.lookup_daily_budget is 'The most lookups a day, in the organisation''s time zone.';
comment on column public.orgs.lookup_price is
  'Estimated price of a lookup in US dollars: the list price of line type intelligence (about 0.008 in 2026, not confirmed). Set '
  'it to what your account pays.';

comment on column public.orgs.reply_hours is
  'When the organisation answers people: intervals for each day of the week, and holidays. They are the clock of reply times, '
  'hot leads and assignments; null: every hour.';
comment on column public.orgs.hot_minutes is 'Within how many minutes of reply hours an interested person must have an answer.';
comment on column public.orgs.assignment is 'The rule by which conversations that wait for an answer are given to people.';
comment on column public.orgs.max_open is 'How many active conversations a person may have before the rule passes them over.';
comment on column public.orgs.return_minutes is
  'After how many minutes of reply hours an unanswered conversation is given to somebody else; 0: never.';

alter table public.orgs enable row level security;
create policy "people read their own organisation" on public.orgs
  for select to authenticated using (id = (select private.org_id()));
create policy "admins change their own organisation" on public.orgs
  for update to authenticated
  using (id = (select private.org_id()) and (select private.has_role('admin')))
  with check (id = (select private.org_id()) and (select private.has_role('admin')));
grant select on public.orgs to authenticated;
grant delete, insert, select, update on public.orgs to service_role;
grant update (name, brand, support_contact, language, time_zone, quiet_starts, quiet_ends, cooldown_days, consent_policy, mps,
  daily_cap, warmup_caps, health_quarantine_below, health_min_messages, lookup_enabled, lookup_daily_budget, lookup_price,
  reply_hours, hot_minutes, assignment, max_open, return_minutes) on
  public.orgs to authenticated;

create trigger orgs_updated_at before update on public.orgs
  for each row execute function private.set_updated_at();
create trigger orgs_check_new_time_zone before insert on public.orgs
  for each row when (new.time_zone <> 'America/Chicago') execute function private.check_time_zone();
create trigger orgs_check_time_zone before update of time_zone on public.orgs
  for each row when (new.time_zone <> old.time_zone) execute function private.check_time_zone();
