-- Written from supabase/schemas/numbers by npm run generate: change it there.

-- A function may call one that comes later.
set check_function_bodies = off;

-- schemas/numbers/triggers/number_outcomes.sql

create function private.note_outcome_changes()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  if tg_op = 'INSERT' then
    insert into private.number_outcome_changes (org_id, hour)
    select new.org_id, date_trunc('hour', new.created_at, 'UTC')
    union
    select new.org_id, date_trunc('hour', m.created_at, 'UTC') from public.messages m where m.id = new.answers_message_id;
    return null;
  end if;
  -- Messages that are queued or being posted have no outcome yet, so claiming writes nothing here.
  insert into private.number_outcome_changes (org_id, hour)
  select distinct n.org_id, date_trunc('hour', n.created_at, 'UTC')
  from new_rows n
  where n.status not in ('queued', 'sending') and n.phone_number_id is not null;
  return null;
end;
$$;
comment on function private.note_outcome_changes() is
  'Trigger: records the hours whose messages have an outcome now; for updates once a statement, one row for each organisation '
  'and hour. For an inbound message also the hour of the message that it answers. Security definer: the role that changes a '
  'message may not write private tables.';

-- schemas/numbers/triggers/phone_numbers.sql

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
comment on function private.add_pace_rows() is
  'Trigger: creates the clock of a new number or organisation. Security definer: the role that adds the row may not write '
  'private tables.';
create trigger orgs_pace after insert on public.orgs
  for each row execute function private.add_pace_rows();

-- schemas/numbers/tables/twilio_accounts.sql

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

-- schemas/numbers/tables/phone_numbers.sql

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

-- schemas/numbers/tables/number_pace.sql

create table private.number_pace (
  phone_number_id uuid primary key references public.phone_numbers (id) on delete cascade,
  next_slot_at timestamptz not null default '-infinity',
  resting_until timestamptz not null default '-infinity',
  resting_reason text
) with (fillfactor = 50);
comment on table private.number_pace is
  'The clock of a number: the time of its next slot, and until when it rests (Twilio error 21611). A narrow row, because it '
  'changes with every batch.';

alter table private.number_pace enable row level security;

-- schemas/numbers/tables/org_pace.sql

create table private.org_pace (
  org_id uuid primary key references public.orgs (id) on delete cascade,
  next_slot_at timestamptz not null default '-infinity',
  resting_until timestamptz not null default '-infinity',
  resting_reason text,
  blocked_regions text[] not null default '{}',
  regions_released_at timestamptz not null default '-infinity'
) with (fillfactor = 50);
comment on table private.org_pace is
  'The clock of an organisation: the time of its next slot under its own mps, and until when its account rests (Twilio error '
  '63038).';
comment on column private.org_pace.blocked_regions is
  'Regions that the account may not text (Twilio error 21408): private.phone_region. Their people wait.';
comment on column private.org_pace.regions_released_at is
  'When a person last had the blocked regions tried again. Refusals of earlier attempts block nothing.';

alter table private.org_pace enable row level security;

-- schemas/numbers/tables/daily_usage.sql

create table private.daily_usage (
  scope text not null check (scope in ('number', 'campaign', 'org', 'carrier')),
  scope_id uuid not null,
  day date not null,
  messages integer not null default 0,
  segments integer not null default 0,
  primary key (scope, scope_id, day)
) with (fillfactor = 50);
comment on table private.daily_usage is
  'What was charged to daily caps: for each number (day in the number''s time zone), campaign and organisation (day in the '
  'organisation''s time zone) and carrier (day in Pacific time). Planning charges; messages that are not sent are refunded.';
create index daily_usage_day_idx on private.daily_usage (day);

alter table private.daily_usage enable row level security;

-- schemas/numbers/tables/carrier_caps.sql

create table public.carrier_caps (
  id uuid primary key default gen_random_uuid(),
  org_id uuid not null references public.orgs (id) on delete cascade,
  carrier text not null check (carrier = lower(trim(carrier)) and length(carrier) between 2 and 60),
  daily_segments integer not null check (daily_segments between 0 and 100000000),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (org_id, carrier),
  constraint carrier_caps_carrier_line check (carrier !~ '[\u0001-\u001f\u007f-\u009f\u2028\u2029]')
);
comment on table public.carrier_caps is
  'How many segments a carrier accepts from an organisation''s brand in a day, over all its numbers. Days begin at midnight '
  'Pacific (Twilio error 30023; the cap comes from the campaign''s registration). A phone belongs to a carrier if the carrier''s '
  'name contains this word. A phone with an unknown carrier counts against the smallest cap.';
comment on column public.carrier_caps.carrier is 'A word of the carrier''s name in lower case, such as t-mobile.';

alter table public.carrier_caps enable row level security;
create policy "people read carrier caps of their organisation" on public.carrier_caps
  for select to authenticated using (org_id = (select private.org_id()));
create policy "admins add carrier caps to their organisation" on public.carrier_caps
  for insert to authenticated with check (org_id = (select private.org_id()) and (select private.has_role('admin')));
create policy "admins change carrier caps of their organisation" on public.carrier_caps
  for update to authenticated
  using (org_id = (select private.org_id()) and (select private.has_role('admin')))
  with check (org_id = (select private.org_id()) and (select private.has_role('admin')));
create policy "admins remove carrier caps of their organisation" on public.carrier_caps
  for delete to authenticated using (org_id = (select private.org_id()) and (select private.has_role('admin')));
grant delete, select on public.carrier_caps to authenticated;
grant delete, insert, select, update on public.carrier_caps to service_role;
grant insert (org_id, carrier, daily_segments) on public.carrier_caps to authenticated;
grant update (carrier, daily_segments) on public.carrier_caps to authenticated;

create trigger carrier_caps_updated_at before update on public.carrier_caps
  for each row execute function private.set_updated_at();
create trigger carrier_caps_audit after insert or update or delete on public.carrier_caps
  for each row execute function private.audit_change('carrier_cap');
create trigger carrier_caps_limit before insert on public.carrier_caps
  for each row execute function private.limit_rows('20');

-- schemas/numbers/tables/number_outcomes.sql

create table private.number_outcomes (
  org_id uuid not null references public.orgs (id) on delete cascade,
  hour timestamptz not null check (hour = date_trunc('hour', hour, 'UTC')),
  phone_number_id uuid not null references public.phone_numbers (id) on delete cascade,
  carrier text not null,
  delivered integer not null,
  filtered integer not null,
  unreachable integer not null,
  failed integer not null,
  unconfirmed integer not null,
  unknown integer not null,
  opt_outs integer not null,
  primary key (org_id, hour, phone_number_id, carrier)
);
comment on table private.number_outcomes is
  'The outcomes of a number''s messages of an hour (UTC, when they were planned), by the receiver''s carrier ('''' if it is '
  'unknown). Counted from the messages, kept for 7 days.';
create index number_outcomes_number_idx on private.number_outcomes (phone_number_id);

alter table private.number_outcomes enable row level security;

-- schemas/numbers/tables/number_outcome_changes.sql

create table private.number_outcome_changes (
  org_id uuid not null,
  id bigint generated always as identity,
  hour timestamptz not null,
  primary key (org_id, id)
);
comment on table private.number_outcome_changes is
  'Hours of an organisation in which messages changed since they were counted. Rows are only appended, so nothing waits for a '
  'lock; an hour may be in it twice. No foreign key: it would lock the organisation with every receipt.';

alter table private.number_outcome_changes enable row level security;

-- schemas/numbers/functions/carrier_caps.sql

create function private.carrier_day(p_now timestamptz)
returns date
language sql
stable
set search_path = ''
as $$
  select (p_now at time zone 'America/Los_Angeles')::date;
$$;
comment on function private.carrier_day(timestamptz) is
  'The day by which carriers count, in Pacific time: T-Mobile''s brand cap resets at 00:00 US/Pacific.';

-- schemas/numbers/functions/daily_caps.sql

-- Daily caps: planning charges them with a text's worst-case segments; what was not sent is refunded to the day to which it was
-- charged. Days are in the number's time zone for a number, and in the organisation's time zone for campaigns and the
-- organisation.

create function private.charge_usage(p_scope text, p_ids uuid[], p_days date[], p_messages integer[], p_segments integer[])
returns void
language sql
set search_path = ''
as $$
  insert into private.daily_usage as u (scope, scope_id, day, messages, segments)
  select p_scope, x.id, x.day, sum(x.messages), sum(x.segments)
  from unnest(p_ids, p_days, p_messages, p_segments) as x(id, day, messages, segments)
  group by x.id, x.day
  order by x.id, x.day
  on conflict (scope, scope_id, day) do update
    set messages = u.messages + excluded.messages, segments = u.segments + excluded.segments;
$$;
comment on function private.charge_usage(text, uuid[], date[], integer[], integer[]) is
  'Charges messages and segments to the daily caps of a scope.';

create function private.charges_of(p_messages uuid[])
returns table (scope text, scope_id uuid, day date, messages integer, segments integer)
language sql
stable
set search_path = ''
as $$
  -- Days are in the number's time zone for a number, Pacific for a carrier, and in the organisation's time zone for campaigns and
  -- the organisation: around midnight they differ.
  select x.scope, x.scope_id, x.day, count(*)::integer, sum(m.charged_segments)::integer
  from public.messages m
  join public.orgs o on o.id = m.org_id
  cross join lateral (
    values ('org', m.org_id, (m.queued_at at time zone o.time_zone)::date),
      ('campaign', m.campaign_id, (m.queued_at at time zone o.time_zone)::date),
      ('number', m.phone_number_id, m.charged_day),
      ('carrier', m.carrier_cap_id, private.carrier_day(m.queued_at))
  ) as x(scope, scope_id, day)
  where m.id = any (p_messages) and m.charged_day is not null and x.scope_id is not null
  group by x.scope, x.scope_id, x.day;
$$;
comment on function private.charges_of(uuid[]) is
  'What messages were charged to the daily caps when they were planned, by cap and day.';

create function private.lock_usage(p_messages uuid[])
returns void
language sql
set search_path = ''
as $$
  -- The order in which planning charges, so that two refunds, or a refund and a plan, never deadlock.
  select 1 from private.daily_usage u
  where (u.scope, u.scope_id, u.day) in (select c.scope, c.scope_id, c.day from private.charges_of(p_messages) c)
  order by array_position(array['org', 'campaign', 'carrier', 'number'], u.scope), u.scope_id, u.day
  for no key update;
$$;
comment on function private.lock_usage(uuid[]) is 'Locks the daily caps to which messages were charged, in the usual order.';

create function private.refund_usage(p_messages uuid[])
returns void
language plpgsql
set search_path = ''
as $$
begin
  if p_messages is null or cardinality(p_messages) = 0 then
    return;
  end if;
  perform private.lock_usage(p_messages);
  update private.daily_usage u
  set messages = greatest(u.messages - r.messages, 0), segments = greatest(u.segments - r.segments, 0)
  from private.charges_of(p_messages) r
  where u.scope = r.scope and u.scope_id = r.scope_id and u.day = r.day;
end;
$$;
comment on function private.refund_usage(uuid[]) is
  'Refunds to the daily caps what was charged for messages that were not sent. It is the last lock of a transaction: a '
  'transaction that holds a cap waits for no other lock.';

create function private.number_cap(p_daily_cap integer, p_warmup_started_on date, p_warmup_caps integer[], p_day date)
returns integer
language sql
immutable
set search_path = ''
as $$
  select case
    when p_warmup_started_on is null or p_day - p_warmup_started_on >= cardinality(p_warmup_caps) then p_daily_cap
    when p_day < p_warmup_started_on then 0
    else least(p_daily_cap, p_warmup_caps[p_day - p_warmup_started_on + 1])
  end;
$$;
comment on function private.number_cap(integer, date, integer[], date) is
  'Segments that a number may send on a day: its own cap and, while it warms up, that day''s warm-up cap if it is lower; null '
  'means no limit.';

create function private.open_usage(p_scope text, p_ids uuid[], p_days date[])
returns void
language plpgsql
set search_path = ''
as $$
begin
  insert into private.daily_usage (scope, scope_id, day)
  select p_scope, x.id, x.day from unnest(p_ids, p_days) as x(id, day) order by x.id, x.day
  on conflict do nothing;
  perform 1 from private.daily_usage u
  where u.scope = p_scope and (u.scope_id, u.day) in (select x.id, x.day from unnest(p_ids, p_days) as x(id, day))
  order by u.scope_id, u.day for no key update;
end;
$$;
comment on function private.open_usage(text, uuid[], date[]) is
  'Locks daily caps of a scope in the order of their ids, and creates rows that are missing. Planning opens organisation, '
  'campaigns, carriers and numbers, in this order.';

-- schemas/numbers/functions/number_control.sql

-- Numbers as people see and control them: pausing, reactivating and quarantining by hand; what a number has left today; its
-- health by carrier.

create function private.number_opens_at(p_quiet_starts time, p_quiet_ends time, p_time_zone text, p_now timestamptz)
returns timestamptz
language sql
immutable
set search_path = ''
as $$
  select (n.day + case when n.t >= p_quiet_ends then 1 else 0 end + p_quiet_ends) at time zone p_time_zone
  from (select (p_now at time zone p_time_zone)::time as t, (p_now at time zone p_time_zone)::date as day) n;
$$;
comment on function private.number_opens_at(time, time, text, timestamptz) is 'When a number''s own hours open next after p_now.';

create function private.set_number_status(p_phone_number_id uuid, p_status text, p_reason text default null,
  p_now timestamptz default now())
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('admin');
  v_number public.phone_numbers;
  v_allowed text[];
begin
  perform private.check_shape(jsonb_strip_nulls(jsonb_build_object('status', p_status, 'reason', p_reason)), jsonb_build_object(
    'type', 'object', 'required', '["status"]'::jsonb, 'properties', jsonb_build_object(
      'status', '{"type": "string", "enum": ["active", "paused", "quarantined"]}'::jsonb, 'reason',
        private.line_shape(1000) - 'format')));
  if p_status = 'active' then
    -- A scoring that is running would judge the number by messages from before its reactivation: waits for it to end.
    perform pg_advisory_xact_lock(hashtextextended('score_numbers:' || v_org_id::text, 0));
  end if;
  -- Waits for claims in flight, which hold a share lock on the number. After that, nothing new is claimed for a number that is
  -- stopped.
  select * into v_number from public.phone_numbers n where n.id = p_phone_number_id and n.org_id = v_org_id for no key update;
  if v_number.id is null then
    perform private.raise_error('PT404', 'not_found', 'No such phone number.',
      jsonb_build_object('phone_number_id', p_phone_number_id));
  end if;
  -- A number leaves quarantine only by being reactivated, which starts its health anew.
  v_allowed := case p_status when 'active' then '{paused,quarantined}' when 'paused' then '{active}'
    when 'quarantined' then '{active,paused}' end;
  if v_number.status <> all (v_allowed) then
    perform private.raise_error('PT409', 'invalid_state',
      format('A number that is %s cannot become %s; it must be %s.', v_number.status, p_status,
        array_to_string(v_allowed, ' or ')),
      jsonb_build_object('status', v_number.status, 'allowed', v_allowed));
  end if;

  update public.phone_numbers n
  set status = p_status, status_reason = case when p_status <> 'active' then p_reason end,
      reactivated_at = case when v_number.status = 'quarantined' then p_now else n.reactivated_at end,
      health_score = case when v_number.status = 'quarantined' then null else n.health_score end
  where n.id = p_phone_number_id;
  if v_number.status = 'quarantined' then
    delete from private.number_outcomes o where o.phone_number_id = p_phone_number_id;
    update public.alerts a set resolved_at = p_now
    where a.org_id = v_org_id and a.phone_number_id = p_phone_number_id and a.kind = 'number_quarantined'
      and a.resolved_at is null;
  end if;
  perform private.record_audit_event(v_org_id,
    case p_status when 'active' then 'number_reactivated' when 'paused' then 'number_paused' else 'number_quarantined' end,
    v_number.e164, null, null, jsonb_build_object('was', v_number.status, 'reason', p_reason));
end;
$$;
comment on function private.set_number_status(uuid, text, text, timestamptz) is
  'Pauses, quarantines or reactivates a number. Its queued messages are moved to other numbers when they become due; replies are '
  'still sent from it. When it leaves quarantine, its health starts anew and its alert is resolved. Needs admin. Raises PT403, '
  'PT404, PT409, PT422. Security definer: users may not write numbers.';
grant execute on function private.set_number_status(uuid, text, text, timestamptz) to authenticated;

create function public.set_number_status(p_phone_number_id uuid, p_status text, p_reason text default null) returns void
  language sql set search_path = '' as $$ select private.set_number_status(p_phone_number_id, p_status, p_reason); $$;
comment on function public.set_number_status(uuid, text, text) is
  'Calls the private function of the same name, which checks role and organisation, with the current time.';
grant execute on function public.set_number_status(uuid, text, text) to authenticated;

create function private.number_usage(p_phone_number_ids uuid[], p_now timestamptz default now())
returns table (
  phone_number_id uuid, segments_today integer, segments_left integer, is_open boolean, opens_at timestamptz,
  resting_until timestamptz, resting_reason text
)
language plpgsql
stable
security definer
set search_path = ''
as $$
#variable_conflict use_column
begin
  if cardinality(p_phone_number_ids) > 1000 then
    perform private.refuse_field('phone_number_ids', 'phone_number_ids may list 1,000 at most.');
  end if;
  return query
  select n.id, coalesce(u.segments, 0),
    case when r.segment_room < 2147483647 then r.segment_room
      when n.daily_cap is not null then greatest(n.daily_cap - coalesce(u.segments, 0), 0) end,
    o.until is not null,
    case when o.until is null then private.number_opens_at(n.quiet_starts, n.quiet_ends, n.time_zone, p_now) end,
    case when p.resting_until > p_now then p.resting_until end, case when p.resting_until > p_now then p.resting_reason end
  from public.phone_numbers n
  join private.number_pace p on p.phone_number_id = n.id
  cross join lateral (select private.number_open_until(n.quiet_starts, n.quiet_ends, n.time_zone, p_now) as until) o
  left join private.daily_usage u on u.scope = 'number' and u.scope_id = n.id and u.day = (p_now at time zone n.time_zone)::date
  -- Uses planning's own figure, which includes the cap of a number that warms up.
  left join private.number_room((select private.org_id()), interval '5 seconds', p_now) r on r.id = n.id
  where n.id = any (p_phone_number_ids) and n.org_id = (select private.org_id());
end;
$$;
comment on function private.number_usage(uuid[], timestamptz) is
  'For numbers of the signed-in user''s organisation, at most 1,000 ids: segments charged today and left (null: no cap; the day '
  'is in the number''s time zone), whether its own hours are open and when they open next, and until when it rests. Raises '
  'PT422. Security definer: users may not read private tables.';
grant execute on function private.number_usage(uuid[], timestamptz) to authenticated;

create function public.number_usage(p_phone_number_ids uuid[])
  returns table (
    phone_number_id uuid, segments_today integer, segments_left integer, is_open boolean, opens_at timestamptz,
    resting_until timestamptz, resting_reason text)
  language sql stable set search_path = '' as $$ select * from private.number_usage(p_phone_number_ids); $$;
comment on function public.number_usage(uuid[]) is 'Calls the private function of the same name.';
grant execute on function public.number_usage(uuid[]) to authenticated;

create function private.number_health(p_phone_number_id uuid, p_now timestamptz default now())
returns jsonb
language sql
stable
security definer
set search_path = ''
as $$
  select jsonb_build_object(
    'outcomes', (array_agg(to_jsonb(s) - array['phone_number_id', 'carrier', 'score']) filter (where s.carrier is null))[1],
    'carriers', coalesce(to_jsonb(array_agg(to_jsonb(s) - 'phone_number_id' order by s.filtered::numeric
        / greatest(s.delivered + s.filtered + s.unreachable + s.failed, 1) desc, s.carrier)
        filter (where s.carrier <> '')), '[]'))
  from public.phone_numbers n
  join private.number_scores((select private.org_id()), p_now) s on s.phone_number_id = n.id
  where n.id = p_phone_number_id and n.org_id = (select private.org_id())
  having count(*) > 0;
$$;
comment on function private.number_health(uuid, timestamptz) is
  'The outcomes behind the score of a number of the signed-in user''s organisation, and the outcomes and score for each known '
  'carrier, with the carrier that filters most first; null if there are no outcomes. Security definer: users may not read '
  'private tables.';
grant execute on function private.number_health(uuid, timestamptz) to authenticated;

create function public.number_health(p_phone_number_id uuid) returns jsonb
  language sql stable set search_path = '' as $$ select private.number_health(p_phone_number_id); $$;
comment on function public.number_health(uuid) is 'Calls the private function of the same name.';
grant execute on function public.number_health(uuid) to authenticated;

create function private.update_number(p_phone_number_id uuid, p_input jsonb, p_now timestamptz default now())
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('admin');
  v_number public.phone_numbers;
begin
  perform private.check_shape(p_input, private.number_shape());
  if p_input = '{}' then
    perform private.refuse_field('input', 'Give at least one field to change.');
  end if;
  if not (p_input ->> 'warmup_started_on')::date between '2000-01-01' and '2100-01-01' then
    perform private.refuse_field('warmup_started_on', 'warmup_started_on must lie between the years 2000 and 2100.');
  end if;
  select * into v_number from public.phone_numbers n where n.id = p_phone_number_id and n.org_id = v_org_id for no key update;
  if v_number.id is null then
    perform private.raise_error('PT404', 'not_found', 'No such phone number.',
      jsonb_build_object('phone_number_id', p_phone_number_id));
  end if;
  if v_number.status = 'released' then
    perform private.raise_error('PT409', 'invalid_state', 'A number that is released sends nothing any more.',
      jsonb_build_object('status', v_number.status));
  end if;
  if coalesce((p_input ->> 'quiet_starts')::time, v_number.quiet_starts) = coalesce((p_input ->> 'quiet_ends')::time,
    v_number.quiet_ends) then
    perform private.refuse_field('quiet_ends',
      'quiet_ends must differ from quiet_starts: give two different times.');
  end if;
  update public.phone_numbers n set
    mps = coalesce((p_input ->> 'mps')::numeric, n.mps),
    daily_cap = case when p_input ? 'daily_cap' then (p_input ->> 'daily_cap')::numeric::integer else n.daily_cap end,
    time_zone = coalesce(p_input ->> 'time_zone', n.time_zone),
    quiet_starts = coalesce((p_input ->> 'quiet_starts')::time, n.quiet_starts),
    quiet_ends = coalesce((p_input ->> 'quiet_ends')::time, n.quiet_ends),
    warmup_started_on = case when p_input ? 'warmup_started_on' then (p_input ->> 'warmup_started_on')::date
      else n.warmup_started_on end
  where n.id = p_phone_number_id;
  perform private.record_audit_event(v_org_id, 'number_changed', v_number.e164, null, null, p_input);
end;
$$;
comment on function private.update_number(uuid, jsonb, timestamptz) is
  'Changes the given fields of a number: mps, daily_cap, time_zone, quiet_starts, quiet_ends, warmup_started_on (null: it is '
  'warm). Waits for claims in flight. Needs admin. Raises PT403, PT404, PT409, PT422. Security definer: users may not write '
  'numbers.';
grant execute on function private.update_number(uuid, jsonb, timestamptz) to authenticated;

create function public.update_number(p_phone_number_id uuid, p_input jsonb) returns void
  language sql set search_path = '' as $$ select private.update_number(p_phone_number_id, p_input); $$;
comment on function public.update_number(uuid, jsonb) is
  'Calls the private function of the same name, which checks role and organisation, with the current time.';
grant execute on function public.update_number(uuid, jsonb) to authenticated;

create function private.number_shape()
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select '{"type": "object", "properties": {
    "mps": {"type": "number", "minimum": 0.001, "maximum": 100},
    "daily_cap": {"type": ["integer", "null"], "minimum": 0, "maximum": 10000000},
    "time_zone": {"type": "string", "format": "time-zone"},
    "quiet_starts": {"type": "string", "format": "time"},
    "quiet_ends": {"type": "string", "format": "time"},
    "warmup_started_on": {"type": ["string", "null"], "format": "date"}}}'::jsonb;
$$;
comment on function private.number_shape() is 'The shape of a change to a phone number.';

-- schemas/numbers/functions/number_outcomes.sql

-- Number outcomes: the results of each number's messages, counted by hour and by the receiver's carrier. The score of a number is
-- computed from these few rows and never from a week of messages. A statement trigger records the hours in which messages
-- changed, whatever changes them and however late. Scoring then counts those hours again from the messages themselves, so a count
-- is right whatever the number, order and delay of receipts.

create function private.count_outcomes(p_org_id uuid, p_hour timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
begin
  delete from private.number_outcomes o where o.org_id = p_org_id and o.hour = p_hour;
  insert into private.number_outcomes
    (org_id, hour, phone_number_id, carrier, delivered, filtered, unreachable, failed, unconfirmed, unknown, opt_outs)
  select p_org_id, p_hour, x.phone_number_id, x.carrier,
    count(*) filter (where x.outcome = 'delivered'), count(*) filter (where x.outcome = 'filtered'),
    count(*) filter (where x.outcome = 'unreachable'), count(*) filter (where x.outcome = 'failed'),
    count(*) filter (where x.outcome = 'unconfirmed'), count(*) filter (where x.outcome = 'unknown'),
    count(*) filter (where x.outcome = 'opt_out')
  from (
    select m.phone_number_id, coalesce(nullif(lp.carrier, ''), lp.carrier_info ->> 'carrier_name', '') as carrier,
      case
        when m.kind = 'inbound' then case when m.classification = 'stop' then 'opt_out' end
        when m.status = 'delivered' then 'delivered'
        when m.status = 'sent' then 'unconfirmed'
        when m.status = 'unknown' then 'unknown'
        -- Messages that Twilio refused or never handed to a carrier say nothing about the number.
        when m.status not in ('undelivered', 'failed') or m.provider_sid is null or e.never_handed_to_carrier then null
        -- 30004 marks the phone like an invalid one, but the block is the reaction of the receiver or carrier to the sender.
        when e.action = 'score_number' or m.error_code = 30004 then 'filtered'
        when e.class = 'permanent' or m.error_code = 30003 then 'unreachable'
        else 'failed'
      end as outcome
    from public.messages m
    join public.phone_numbers n on n.id = m.phone_number_id
    left join private.error_classes e on e.code = m.error_code
    left join public.lead_phones lp on lp.lead_id = m.lead_id
      and lp.e164 = case m.kind when 'inbound' then m.from_number else m.to_number end
    where m.org_id = p_org_id and m.kind not in ('test', 'code')
      and m.created_at >= p_hour and m.created_at < p_hour + interval '1 hour'
      and m.created_at >= coalesce(n.reactivated_at, '-infinity')
  ) x
  where x.outcome is not null
  group by x.phone_number_id, x.carrier;
end;
$$;
comment on function private.count_outcomes(uuid, timestamptz) is
  'Counts an organisation''s outcomes of one hour anew from its messages; leaves out messages that a number sent before it was '
  'last reactivated.';

-- schemas/numbers/functions/number_scores.sql

-- The score of a number: 0 to 100 from its outcomes of the last 7 days. docs/numbers.md explains it with an example.

create function private.number_scores(p_org_id uuid, p_now timestamptz default now())
returns table (
  phone_number_id uuid, carrier text, score smallint,
  delivered integer, filtered integer, unreachable integer, failed integer, unconfirmed integer, unknown integer, opt_outs integer
)
language sql
stable
set search_path = ''
as $$
  with hours as (
    select o.phone_number_id, o.carrier, o.delivered, o.filtered, o.unreachable, o.failed, o.unknown, o.opt_outs,
      -- A receipt takes seconds, rarely hours. Until then a message without one is on its way and does not count.
      case when a.age >= 4 then o.unconfirmed else 0 end as unconfirmed,
      power(0.5::double precision, a.age / 24) as weight
    from private.number_outcomes o
    cross join lateral (
      select greatest(extract(epoch from date_trunc('hour', p_now, 'UTC') - o.hour) / 3600, 0)::double precision as age
    ) a
    where o.org_id = p_org_id and o.hour > date_trunc('hour', p_now, 'UTC') - interval '7 days'
  )
  select h.phone_number_id, h.carrier,
    case when sum(h.delivered + h.filtered + h.unreachable + h.failed) >= (select g.health_min_messages from public.orgs g
      where g.id = p_org_id) then
      greatest(round(round((100 * sum(h.weight * (
          h.delivered + 0.9 * h.unreachable + 0.9 * h.unconfirmed + 0.5 * h.failed + 0.5 * h.unknown
          - 3 * h.filtered - h.opt_outs))
        / sum(h.weight * (h.delivered + h.filtered + h.unreachable + h.failed + h.unconfirmed + h.unknown)))::numeric, 6)), 0)
    end::smallint,
    sum(h.delivered)::integer, sum(h.filtered)::integer, sum(h.unreachable)::integer, sum(h.failed)::integer,
    sum(h.unconfirmed)::integer, sum(h.unknown)::integer, sum(h.opt_outs)::integer
  from hours h
  group by grouping sets ((h.phone_number_id), (h.phone_number_id, h.carrier));
$$;
comment on function private.number_scores(uuid, timestamptz) is
  'Score (0-100, null if there are too few outcomes) and outcomes of each number of an organisation: over all carriers if '
  'carrier is null, and for each carrier ('''' if it is unknown).';

create function private.score_numbers(p_org_id uuid, p_now timestamptz default now())
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_oldest timestamptz := date_trunc('hour', p_now, 'UTC') - interval '7 days';
  v_hours timestamptz[];
  v_hour timestamptz;
  v_row record;
  v_reason text;
  v_count integer := 0;
begin
  -- One run at a time: reactivating a number waits for it, so that a number is never judged by messages from before.
  if not pg_try_advisory_xact_lock(hashtextextended('score_numbers:' || p_org_id::text, 0)) then
    return 0;
  end if;
  with taken as (
    delete from private.number_outcome_changes c where c.org_id = p_org_id returning c.hour
  )
  select array_agg(distinct t.hour) into v_hours from taken t;
  perform private.mark_texts(p_org_id, v_hours);
  -- Hour by hour, because each hour is one range of the index of messages by organisation and time.
  foreach v_hour in array array(select h from unnest(v_hours) h where h > v_oldest) loop
    perform private.count_outcomes(p_org_id, v_hour);
  end loop;
  delete from private.number_outcomes o where o.org_id = p_org_id and o.hour <= v_oldest;

  -- Locks the numbers last, and only those that change: claims hold share locks on them, and wait meanwhile.
  for v_row in
    select n.id, n.e164, n.status, s.score, s.delivered, s.filtered, s.unreachable, s.failed, s.unconfirmed, s.unknown,
      s.opt_outs,
      n.status = 'active' and coalesce(s.score < g.health_quarantine_below, false) as is_ill
    from public.phone_numbers n
    join public.orgs g on g.id = n.org_id
    left join private.number_scores(p_org_id, p_now) s on s.phone_number_id = n.id and s.carrier is null
    where n.org_id = p_org_id and n.status <> 'released'
      and (n.health_score is distinct from s.score or (n.status = 'active' and s.score < g.health_quarantine_below))
    order by n.id for no key update of n
  loop
    v_count := v_count + 1;
    update public.phone_numbers n set health_score = v_row.score where n.id = v_row.id;
    continue when not v_row.is_ill;
    v_reason := format('Health score %s: of %s messages in 7 days %s were filtered and %s failed; %s people opted out.',
      v_row.score, v_row.delivered + v_row.filtered + v_row.unreachable + v_row.failed, v_row.filtered, v_row.failed,
        v_row.opt_outs);
    update public.phone_numbers n set status = 'quarantined', status_reason = v_reason where n.id = v_row.id;
    perform private.raise_alert(p_org_id, 'number_quarantined', 'critical', 'A number was quarantined. ' || v_reason, null,
      v_row.id,
      to_jsonb(v_row) - array['id', 'status', 'is_ill']);
    perform private.record_audit_event(p_org_id, 'number_quarantined', v_row.e164, null, null,
      jsonb_build_object('reason', v_reason));
  end loop;
  return v_count;
end;
$$;
comment on function private.score_numbers(uuid, timestamptz) is
  'Counts the changed hours of an organisation, scores its numbers, and quarantines those below its threshold, each with one '
  'critical alert; returns how many numbers changed, and 0 if another run is active.';

-- schemas/numbers/functions/phone_numbers.sql

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
