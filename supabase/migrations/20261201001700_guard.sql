-- Written from supabase/schemas/guard by npm run generate: change it there.

-- A function may call one that comes later.
set check_function_bodies = off;

-- schemas/guard/types.sql

create type private.breaker_window as (since timestamptz, sent integer, failed integer, undelivered integer, opt_outs integer);
comment on type private.breaker_window is
  'A campaign''s figures for the circuit breaker: since when they count, and how many messages were sent (including undelivered '
  'ones) or failed, and how many people opted out.';

create type private.trouble as (kind text, message text, details jsonb);
comment on type private.trouble is
  'Why something must stop: the kind of the alert, the message for people (figure, limit, what to do), and the figures.';

-- schemas/guard/triggers/account_checks.sql

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
      update public.twilio_accounts a set balance = null, balance_currency = null, balance_checked_at = null
        where a.org_id = new.org_id;
    end if;
  else
    perform private.hasten_account_check(new.org_id);
  end if;
  return null;
end;
$$;
comment on function private.note_account_change() is
  'Trigger: makes the check at Twilio of a new or changed account, or of a number''s own messaging service, due at once, and '
  'deletes what is known about a former account. Security definer: the role that changes them may not write private tables.';
create trigger twilio_accounts_checks_insert after insert on public.twilio_accounts
  for each row execute function private.note_account_change();
create trigger twilio_accounts_checks_update after update of account_sid, messaging_service_sid,
  auth_token_secret_id on public.twilio_accounts
  for each row execute function private.note_account_change();
create trigger phone_numbers_checks_insert after insert on public.phone_numbers
  for each row when (new.messaging_service_sid is not null) execute function private.note_account_change();
create trigger phone_numbers_checks_update after update of messaging_service_sid on public.phone_numbers
  for each row when (new.messaging_service_sid is not null) execute function private.note_account_change();

-- schemas/guard/triggers/circuit_breaker.sql

create function private.note_unclear_send()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  if tg_argv[0] = 'unclear' then
    insert into private.unclear_sends (attempt_id, campaign_id, claimed_at, unclear_at)
    select new.id, m.campaign_id, new.claimed_at, coalesce(new.looked_at, new.settled_at, now())
    from public.messages m where m.id = new.message_id and m.kind = 'campaign' and m.campaign_id is not null
    on conflict (attempt_id) do nothing;
  else
    delete from private.unclear_sends u where u.attempt_id = new.id;
  end if;
  return null;
end;
$$;
comment on function private.note_unclear_send() is
  'Trigger: keeps unclear_sends in step with the attempts. Security definer: the role that changes an attempt may not write '
  'private tables.';
create trigger send_attempts_unclear after update of looks, next_look_at, outcome on public.send_attempts
  for each row when (
    new.outcome in ('unknown', 'not_accepted', 'assumed_sent', 'resent') and (new.looks > 0 or new.next_look_at is null))
  execute function private.note_unclear_send('unclear');
create trigger send_attempts_clear after update of outcome on public.send_attempts
  for each row when (old.outcome in ('unknown', 'not_accepted', 'assumed_sent', 'resent')
    and new.outcome in ('accepted', 'rejected', 'not_posted'))
  execute function private.note_unclear_send('clear');

-- schemas/guard/triggers/sending_limits.sql

-- Sending limits: at which figures the circuit breaker acts, the estimated price of a text, how much an organisation may spend a
-- day, and the balance at Twilio below which nothing more is sent. There is one row for each organisation, so that all of them
-- are read at once; every figure is data with a default.

create function private.add_sending_limits()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  insert into public.sending_limits (org_id) values (new.id) on conflict do nothing;
  return null;
end;
$$;
comment on function private.add_sending_limits() is
  'Trigger: creates the limits of a new organisation. Security definer: the role that adds an organisation may not add them.';
create trigger orgs_sending_limits after insert on public.orgs
  for each row execute function private.add_sending_limits();

-- schemas/guard/triggers/spending.sql

create function private.set_message_cost()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  new.cost := (
    select case when new.has_media then l.mms_price else new.segments * l.segment_price end + new.segments * l.carrier_fee
    from public.sending_limits l where l.org_id = new.org_id);
  return new;
end;
$$;
comment on function private.set_message_cost() is
  'Trigger: sets the estimated cost in US dollars of a message that Twilio accepted, at the organisation''s current prices.';
-- Runs once, when acceptance and length are both known, in whichever order they become known.
create trigger messages_cost before update on public.messages
  for each row
  when (
    new.cost is null and new.sent_at is not null and new.segments is not null and new.kind <> 'inbound'
    and (old.sent_at is null or old.segments is null))
  execute function private.set_message_cost();

create function private.append_accepted()
returns trigger
language plpgsql
security definer
set search_path = ''
set enable_nestloop = off
as $$
begin
  insert into private.accepted_deltas (org_id, phone_number_id, accepted_at, messages, segments, cost)
  -- Tests are spending, but no traffic of a number.
  select n.org_id, x.phone_number_id, max(n.sent_at), count(*), sum(n.segments), sum(n.cost)
  from new_rows n join old_rows o on o.id = n.id
  cross join lateral (select case when n.kind not in ('test', 'code') then n.phone_number_id end as phone_number_id) x
  where n.cost is not null and o.cost is null
  group by n.org_id, x.phone_number_id;
  return null;
end;
$$;
comment on function private.append_accepted() is
  'Statement trigger: appends one row for each organisation and number with the messages that a statement marked as accepted. '
  'Security definer: the role that changes a message may not write private tables.';
create trigger messages_accepted after update on public.messages
  referencing old table as old_rows new table as new_rows for each statement execute function private.append_accepted();

-- schemas/guard/tables/sending_limits.sql

create table public.sending_limits (
  org_id uuid primary key references public.orgs (id) on delete cascade,
  opt_out_rate numeric(6, 5) not null default 0.03 check (opt_out_rate between 0 and 1),
  opt_out_volume integer not null default 100 check (opt_out_volume between 1 and 1000000),
  filtered_rate numeric(6, 5) not null default 0.03 check (filtered_rate between 0 and 1),
  filtered_volume integer not null default 50 check (filtered_volume between 1 and 1000000),
  unknown_rate numeric(6, 5) not null default 0.02 check (unknown_rate between 0 and 1),
  unknown_volume integer not null default 100 check (unknown_volume between 1 and 1000000),
  failed_rate numeric(6, 5) not null default 0.15 check (failed_rate between 0 and 1),
  failed_volume integer not null default 100 check (failed_volume between 1 and 1000000),
  segment_price numeric(10, 5) not null default 0.0083 check (segment_price between 0 and 99),
  carrier_fee numeric(10, 5) not null default 0.0045 check (carrier_fee between 0 and 99),
  mms_price numeric(10, 5) not null default 0.022 check (mms_price between 0 and 99),
  daily_spending_limit numeric(12, 2) check (daily_spending_limit between 0 and 9999999),
  min_balance numeric(12, 2) default 10 check (min_balance between 0 and 9999999),
  a2p_required boolean not null default false,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
comment on table public.sending_limits is
  'An organisation''s limits. Rates are shares of the messages of the last 24 hours: if a share of at least volume messages is '
  'more than its rate, the campaign is paused (filtered also quarantines a number). A rate of 1 is never exceeded.';
comment on column public.sending_limits.opt_out_rate is 'Opt-outs that answer a campaign, as a share of its sent messages.';
comment on column public.sending_limits.filtered_rate is
  'Messages filtered by Twilio or a carrier (30007), as a share of the sent messages of a campaign or a number.';
comment on column public.sending_limits.unknown_rate is
  'Sends whose outcome the first look at Twilio''s list did not show, as a share of sent and unknown ones.';
comment on column public.sending_limits.failed_rate is
  'Targets that failed or were undelivered for another reason than filtering, as a share of sent and failed ones.';
comment on column public.sending_limits.segment_price is
  'US dollars a segment: Twilio''s list price for the US in 2026. Set it to what your account pays.';
comment on column public.sending_limits.carrier_fee is
  'US dollars a segment that carriers add on 10DLC: 0.0035 (AT&T) to 0.0045 (T-Mobile, Verizon, US Cellular) in 2026. The '
  'default is the highest, so that estimates are too high rather than too low.';
comment on column public.sending_limits.mms_price is
  'US dollars a message with pictures, whatever the length of its text: Twilio''s list price for the US in 2026. carrier_fee is '
  'added once.';
comment on column public.sending_limits.daily_spending_limit is
  'Estimated US dollars a day, in the organisation''s time zone. Null means no limit: any default would stop some '
  'organisation''s lawful campaign.';
comment on column public.sending_limits.min_balance is
  'Campaigns are paused while the balance at Twilio is below this, in the account''s currency. Null: the balance is not read.';
comment on column public.sending_limits.a2p_required is
  'Whether campaigns need a verified A2P registration even if their numbers are in no messaging service. Numbers in a messaging '
  'service always need it; toll-free numbers never do.';

alter table public.sending_limits enable row level security;
create policy "people read the limits of their organisation" on public.sending_limits
  for select to authenticated using (org_id = (select private.org_id()));
create policy "admins change the limits of their organisation" on public.sending_limits
  for update to authenticated
  using (org_id = (select private.org_id()) and (select private.has_role('admin')))
  with check (org_id = (select private.org_id()) and (select private.has_role('admin')));
grant select on public.sending_limits to authenticated;
grant delete, insert, select, update on public.sending_limits to service_role;
grant update (opt_out_rate, opt_out_volume, filtered_rate, filtered_volume, unknown_rate, unknown_volume, failed_rate,
  failed_volume, segment_price, carrier_fee, mms_price, daily_spending_limit, min_balance, a2p_required) on public.sending_limits
  to authenticated;

create trigger sending_limits_updated_at before update on public.sending_limits
  for each row execute function private.set_updated_at();
create trigger sending_limits_audit after update on public.sending_limits
  for each row when (old.* is distinct from new.*) execute function private.audit_change('settings');

-- schemas/guard/tables/campaign_marks.sql

create table private.campaign_marks (
  campaign_id uuid not null references public.campaigns (id) on delete cascade,
  taken_at timestamptz not null,
  sent integer not null,
  failed integer not null,
  undelivered integer not null,
  opt_outs integer not null,
  primary key (campaign_id, taken_at)
);
comment on table private.campaign_marks is
  'A running campaign''s figures at a moment: sent, failed, undelivered (a part of sent), opt-outs. Recorded every quarter of an '
  'hour and at each resume, kept for a day.';

alter table private.campaign_marks enable row level security;

-- schemas/guard/tables/accepted_deltas.sql

create table private.accepted_deltas (
  id bigint generated always as identity primary key,
  org_id uuid not null,
  phone_number_id uuid,
  accepted_at timestamptz not null,
  messages integer not null,
  segments integer not null,
  cost numeric(14, 5) not null
) with (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_cost_delay = 0);
comment on table private.accepted_deltas is
  'Messages that Twilio accepted, appended for each statement, organisation and number; the guard folds them every few seconds.';

alter table private.accepted_deltas enable row level security;

-- schemas/guard/tables/daily_spending.sql

create table public.daily_spending (
  org_id uuid not null references public.orgs (id) on delete cascade,
  day date not null,
  messages integer not null default 0,
  segments integer not null default 0,
  cost numeric(14, 5) not null default 0,
  primary key (org_id, day)
) with (fillfactor = 50);
comment on table public.daily_spending is
  'Messages and segments that Twilio accepted and their estimated cost in US dollars, by day in the organisation''s time zone; '
  'some seconds behind.';

alter table public.daily_spending enable row level security;
create policy "people read the spending of their organisation" on public.daily_spending
  for select to authenticated using (org_id = (select private.org_id()));
grant select on public.daily_spending to authenticated, service_role;

-- schemas/guard/tables/number_traffic.sql

create table private.number_traffic (
  phone_number_id uuid not null references public.phone_numbers (id) on delete cascade,
  bin timestamptz not null,
  sent integer not null,
  primary key (phone_number_id, bin)
) with (fillfactor = 50);
comment on table private.number_traffic is
  'Messages of a number that Twilio accepted, for each five minutes of the last day. The circuit breaker compares filtered '
  'messages with them.';
create index number_traffic_bin_idx on private.number_traffic (bin);

alter table private.number_traffic enable row level security;

-- schemas/guard/tables/a2p_registrations.sql

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
  'The status of the A2P 10DLC campaign of each messaging service when it was last read from Twilio: VERIFIED, PENDING, '
  'IN_PROGRESS, FAILED, or NONE if the service has no campaign.';

alter table public.a2p_registrations enable row level security;
grant select on public.a2p_registrations to authenticated, service_role;

-- schemas/guard/tables/account_checks.sql

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

-- schemas/guard/tables/unclear_sends.sql

create table private.unclear_sends (
  attempt_id uuid primary key references public.send_attempts (id) on delete cascade,
  campaign_id uuid not null,
  claimed_at timestamptz not null,
  unclear_at timestamptz not null
);
comment on table private.unclear_sends is
  'A campaign''s attempts about which Twilio was asked without result: not found at the first look, or several candidates. Kept '
  'for a day; deleted if the attempt is found after all.';
create index unclear_sends_campaign_idx on private.unclear_sends (campaign_id, unclear_at);

alter table private.unclear_sends enable row level security;

-- schemas/guard/tables/unknown_errors.sql

create table private.unknown_errors (
  campaign_id uuid not null references public.campaigns (id) on delete cascade,
  is_refusal boolean not null,
  failures integer not null,
  successes bigint not null,
  last_at timestamptz not null,
  primary key (campaign_id, is_refusal)
);
comment on table private.unknown_errors is
  'How many messages of a campaign failed in a row with error codes that are not in the table: refused POSTs, or failures that '
  'receipts report.';
comment on column private.unknown_errors.successes is
  'The campaign''s accepted segments (for refusals) or delivered messages (for receipts) when the last of them failed: if they '
  'have grown since, the row ended.';

alter table private.unknown_errors enable row level security;

-- schemas/guard/functions/account_checks.sql

-- Checks of an account at Twilio: its balance, and the A2P registration of its messaging services. The worker asks Twilio,
-- because only it has the tokens; these functions decide when, and store the answers. The balance is read at most every 10
-- minutes while campaigns run. Registrations are read daily, every 10 minutes while one is not verified, and at once if an
-- account or a messaging service is new.

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
comment on function private.messaging_services_of(uuid) is
  'The messaging services that an organisation sends through: that of its account, and those of numbers that have their own.';

create function private.balance_due_at(p_org_id uuid)
returns timestamptz
language sql
stable
set search_path = ''
as $$
  select case
      when a.balance_checked_at is null then '-infinity'
      -- A campaign was started or resumed after a reading that was too low: money may have been added since.
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
comment on function private.balance_due_at(uuid) is
  'When an account''s balance should be read next; null if no campaign is running or no minimum balance is set.';

create function private.registration_due_at(p_org_id uuid, p_messaging_service_sid text)
returns timestamptz
language sql
stable
set search_path = ''
as $$
  select coalesce((
    select r.checked_at + case r.status when 'VERIFIED' then interval '1 day' else interval '10 minutes' end
    from public.a2p_registrations r where r.org_id = p_org_id and r.messaging_service_sid = p_messaging_service_sid),
      '-infinity');
$$;
comment on function private.registration_due_at(uuid, text) is
  'When the A2P registration of a messaging service should be read next.';

create function private.next_account_check(p_org_id uuid)
returns timestamptz
language sql
stable
set search_path = ''
as $$
  select coalesce(least(
    private.balance_due_at(p_org_id),
    (select min(private.registration_due_at(p_org_id, s.sid)) from private.messaging_services_of(p_org_id) as s(sid))),
      'infinity');
$$;
comment on function private.next_account_check(uuid) is
  'When Twilio should be asked about an account next; infinity if there is nothing to ask.';

create function private.hasten_account_check(p_org_id uuid)
returns void
language sql
set search_path = ''
as $$
  update private.account_checks k set due_at = '-infinity' where k.org_id = p_org_id and k.due_at > '-infinity';
$$;
comment on function private.hasten_account_check(uuid) is
  'Makes the check of an account due now. Whether there is anything to ask Twilio is decided when the check is claimed.';

create function private.due_account_checks(p_limit integer default 10, p_now timestamptz default now())
returns table (org_id uuid, account_sid text, check_balance boolean, messaging_service_sids text[])
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_row record;
begin
  for v_row in
    select k.org_id, a.account_sid, a.auth_token_secret_id is not null as has_token
    from private.account_checks k join public.twilio_accounts a on a.org_id = k.org_id
    where k.due_at <= p_now
    order by k.due_at, k.org_id limit p_limit for no key update of k skip locked
  loop
    org_id := v_row.org_id;
    account_sid := v_row.account_sid;
    check_balance := coalesce(private.balance_due_at(v_row.org_id) <= p_now, false);
    messaging_service_sids := array(
      select s.sid from private.messaging_services_of(v_row.org_id) as s(sid)
      where private.registration_due_at(v_row.org_id, s.sid) <= p_now order by s.sid);
    if v_row.has_token and (check_balance or cardinality(messaging_service_sids) > 0) then
      -- One worker at a time checks an account; if it dies, another does so in a minute.
      update private.account_checks k set due_at = p_now + interval '1 minute' where k.org_id = v_row.org_id;
      return next;
    else
      update private.account_checks k
      set due_at = case when v_row.has_token then private.next_account_check(v_row.org_id) else 'infinity' end
      where k.org_id = v_row.org_id;
    end if;
  end loop;
end;
$$;
comment on function private.due_account_checks(integer, timestamptz) is
  'Claims accounts that Twilio should be asked about now: whether for the balance, and for which messaging services'' A2P '
  'registration. Security definer: the worker may not read these tables.';
grant execute on function private.due_account_checks(integer, timestamptz) to worker;

-- schemas/guard/functions/alert_upkeep.sql

-- Alerts: raising them for builds that are stuck, resolving them when their cause ends, and deleting old data of the guard.

create function private.flag_stuck_builds(p_now timestamptz default now(), p_org_id uuid default null)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_resting uuid[] := private.resting_orgs('flag_builds', p_org_id, p_now);
  v_row record;
  v_count integer := 0;
begin
  -- A chunk takes seconds and sets updated_at of the campaign. After ten minutes without a chunk, building fails with every try.
  for v_row in
    select c.id, c.org_id, c.name from public.campaigns c
    where c.status = 'building' and (p_org_id is null or c.org_id = p_org_id) and c.org_id <> all (v_resting)
      and c.needs_attention is null and c.updated_at < p_now - interval '10 minutes'
    order by c.id for no key update skip locked
  loop
    v_count := v_count + 1;
    update public.campaigns set needs_attention =
      'Building its audience has made no progress for 10 minutes. Stop it and build again, or see the worker''s log.'
    where id = v_row.id;
    perform private.raise_alert(v_row.org_id, 'build_stuck', 'critical',
      format('Building the audience of campaign "%s" has made no progress for 10 minutes.', v_row.name), v_row.id);
  end loop;
  update public.campaigns c set needs_attention = null
  where c.status in ('ready', 'draft') and (p_org_id is null or c.org_id = p_org_id) and c.org_id <> all (v_resting)
    and c.needs_attention is not null
    and exists (select 1 from public.alerts a where a.org_id = c.org_id and a.campaign_id = c.id and a.kind = 'build_stuck'
      and a.resolved_at is null);
  return v_count;
end;
$$;
comment on function private.flag_stuck_builds(timestamptz, uuid) is
  'Marks campaigns whose building makes no progress as needing attention, and raises an alert for each; returns how many. '
  'p_org_id: only this organisation; null: all except those for which this work is resting.';

create function private.resolve_alerts(p_now timestamptz default now(), p_org_id uuid default null)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_resting uuid[] := private.resting_orgs('resolve_alerts', p_org_id, p_now);
  v_count integer;
begin
  -- There are few open alerts, and the unique index on open alerts finds them.
  update public.alerts a set resolved_at = p_now
  where a.resolved_at is null and (p_org_id is null or a.org_id = p_org_id) and a.org_id <> all (v_resting) and case a.kind
    when 'campaign_paused' then a.campaign_id is not null and not exists (
      select 1 from public.campaigns c where c.id = a.campaign_id and c.status = 'paused')
    when 'breaker_tripped' then not exists (select 1 from public.campaigns c where c.id = a.campaign_id and c.status = 'paused')
    when 'start_refused' then not exists (select 1 from public.campaigns c where c.id = a.campaign_id and c.status = 'paused')
    when 'campaign_stalled' then not exists (
      select 1 from public.campaigns c where c.id = a.campaign_id and c.status = 'running' and c.needs_attention is not null)
    when 'build_stuck' then not exists (
      select 1 from public.campaigns c where c.id = a.campaign_id and c.status = 'building' and c.needs_attention is not null)
    when 'quiet_hours_override_refused' then not exists (
      select 1 from public.campaigns c where c.id = a.campaign_id and c.quiet_hours_override
        and c.status in ('running', 'paused'))
    when 'number_quarantined' then not exists (
      select 1 from public.phone_numbers n where n.id = a.phone_number_id and n.status = 'quarantined')
    when 'number_queue_full' then not exists (
      select 1 from private.number_pace p where p.phone_number_id = a.phone_number_id and p.resting_until > p_now)
    when 'account_daily_limit' then not exists (
      select 1 from private.org_pace p where p.org_id = a.org_id and p.resting_until > p_now)
    when 'region_not_permitted' then not exists (
      select 1 from private.org_pace p where p.org_id = a.org_id and p.blocked_regions <> '{}')
    when 'spending_limit_reached' then private.spending_room(a.org_id, p_now, false) > 0
    when 'balance_low' then not exists (
      select 1 from public.twilio_accounts t join public.sending_limits l on l.org_id = t.org_id
      where t.org_id = a.org_id and t.balance < l.min_balance)
    when 'a2p_not_verified' then not exists (
        select 1 from public.a2p_registrations r where r.org_id = a.org_id and r.status <> 'VERIFIED')
      and not exists (select 1 from public.sending_limits l where l.org_id = a.org_id and l.a2p_required)
    when 'send_unclear' then not exists (
      select 1 from public.messages m where m.id = (a.details ->> 'message_id')::uuid and m.status = 'unknown')
    when 'account_check_failed' then not exists (
      select 1 from private.account_checks k where k.org_id = a.org_id and k.failures > 0)
    when 'build_failed' then not exists (
      select 1 from public.campaigns c where c.id = a.campaign_id and c.status = 'draft' and c.needs_attention is not null)
    else false
  end;
  get diagnostics v_count = row_count;
  return v_count;
end;
$$;
comment on function private.resolve_alerts(timestamptz, uuid) is
  'Resolves alerts whose cause has ended; returns how many. Alerts that only a person can settle (a message refused as '
  'malformed, a double send, figures that were repaired) stay open. p_org_id: only this organisation; null: all except those for '
  'which this work is resting.';

create function private.prune_guard(p_now timestamptz default now(), p_limit integer default 10000, p_org_id uuid default null)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_resting uuid[] := private.resting_orgs('prune_guard', p_org_id, p_now);
begin
  -- These tables have no organisation, so only the call for all organisations deletes their rows.
  if p_org_id is null then
    delete from private.number_traffic t where t.bin < p_now - interval '25 hours';
    delete from private.unclear_sends u where u.attempt_id in (
      select x.attempt_id from private.unclear_sends x where x.unclear_at < p_now - interval '25 hours' limit p_limit);
  end if;
  -- Keeps the newest mark that is at least a day old, because the last 24 hours are counted from it.
  delete from private.campaign_marks m using public.campaigns c
  where c.id = m.campaign_id and (p_org_id is null or c.org_id = p_org_id) and c.org_id <> all (v_resting)
    and m.taken_at < p_now - interval '24 hours' and exists (
    select 1 from private.campaign_marks k
    where k.campaign_id = m.campaign_id and k.taken_at > m.taken_at and k.taken_at <= p_now - interval '24 hours');
  delete from private.campaign_marks m using public.campaigns c
  where c.id = m.campaign_id and (p_org_id is null or c.org_id = p_org_id) and c.org_id <> all (v_resting)
    and c.finished_at < p_now - interval '25 hours';
  delete from public.alerts a where a.id in (
    select x.id from public.alerts x where x.resolved_at < p_now - interval '180 days'
      and (p_org_id is null or x.org_id = p_org_id) and x.org_id <> all (v_resting) order by x.id limit p_limit);
end;
$$;
comment on function private.prune_guard(timestamptz, integer, uuid) is
  'Deletes data that the guard no longer needs: traffic of numbers, unclear sends and marks of campaigns after a day, resolved '
  'alerts after 180 days. p_org_id: only this organisation; null: all except those for which this work is resting.';

-- schemas/guard/functions/campaign_marks.sql

-- The circuit breaker's memory: a mark of a campaign's figures every quarter of an hour. The figures of the last 24 hours are
-- then one subtraction, however many messages a campaign has.

create function private.mark_campaign(p_campaign_id uuid, p_now timestamptz)
returns void
language sql
set search_path = ''
as $$
  -- Includes changes that are not folded yet, in one snapshot: what happened before the mark must not count after it.
  insert into private.campaign_marks (campaign_id, taken_at, sent, failed, undelivered, opt_outs)
  select s.campaign_id, p_now, s.sent + d.sent, s.failed + d.failed, s.undelivered + d.undelivered, s.opt_outs + d.opt_outs
  from public.campaign_stats s
  cross join lateral (
    select coalesce(sum(x.sent), 0) as sent, coalesce(sum(x.failed), 0) as failed,
      coalesce(sum(x.undelivered), 0) as undelivered, coalesce(sum(x.opt_outs), 0) as opt_outs
    from private.campaign_deltas x where x.campaign_id = s.campaign_id
  ) d
  where s.campaign_id = p_campaign_id
  on conflict (campaign_id, taken_at) do nothing;
$$;
comment on function private.mark_campaign(uuid, timestamptz) is 'Records a campaign''s figures at p_now.';

create function private.mark_campaigns(p_now timestamptz default now(), p_org_id uuid default null)
returns integer
language sql
set search_path = ''
as $$
  select count(private.mark_campaign(c.id, p_now))::integer
  from public.campaigns c
  where c.status = 'running' and (p_org_id is null or c.org_id = p_org_id)
    and c.org_id <> all ((select private.resting_orgs('mark_campaigns', p_org_id, p_now))::uuid[])
    and not exists (
      select 1 from private.campaign_marks m where m.campaign_id = c.id and m.taken_at > p_now - interval '15 minutes'
        and m.taken_at <= p_now);
$$;
comment on function private.mark_campaigns(timestamptz, uuid) is
  'Records the figures of running campaigns that have no mark of the last quarter of an hour; returns how many. p_org_id: only '
  'this organisation; null: all except those for which this work is resting.';

-- schemas/guard/functions/campaign_trouble.sql

create function private.campaign_trouble(p_campaign public.campaigns, p_now timestamptz default now())
returns private.trouble
language plpgsql
stable
set search_path = ''
as $$
declare
  v_limits public.sending_limits;
  v_window private.breaker_window;
  v_trouble private.trouble;
  v_account public.twilio_accounts;
  v_count integer;
begin
  select * into v_limits from public.sending_limits l where l.org_id = p_campaign.org_id;

  select o.code, o.message, o.details into v_trouble
  from private.start_obstacle(p_campaign.id, p_now) o where o.code <> 'a2p_not_checked';
  if v_trouble.kind is not null then
    return v_trouble;
  end if;

  select * into v_account from public.twilio_accounts a where a.org_id = p_campaign.org_id;
  -- A balance that was read before the campaign was resumed may be from before money was added; it will soon be read again.
  if v_account.balance < v_limits.min_balance
    and v_account.balance_checked_at >= coalesce(greatest(p_campaign.started_at, p_campaign.breaker_since), '-infinity') then
    return ('balance_low',
      format('The balance at Twilio is %s %s, under your minimum of %s. Pay in at Twilio, then resume.',
        round(v_account.balance, 2), v_account.balance_currency, v_limits.min_balance),
      jsonb_build_object('balance', v_account.balance, 'min_balance', v_limits.min_balance))::private.trouble;
  end if;

  v_window := private.campaign_window(p_campaign.id, p_now);
  if private.is_over(v_window.opt_outs, v_window.sent, v_limits.opt_out_rate, v_limits.opt_out_volume) then
    -- Counts only people who were sent a message since then: opt-outs that answer messages from before a resume were judged
    -- already.
    select count(*)::integer into v_count from public.opt_outs o
    where o.campaign_id = p_campaign.id and o.created_at > v_window.since and o.created_at <= p_now
      and exists (
        select 1 from public.campaign_targets t
        where t.campaign_id = o.campaign_id and t.e164 = o.e164 and t.state <> 'excluded' and t.sent_at > v_window.since);
    if private.is_over(v_count, v_window.sent, v_limits.opt_out_rate, v_limits.opt_out_volume) then
      return private.rate_trouble('opt_outs', 'were answered by an opt-out', v_count, v_window.sent, v_limits.opt_out_rate,
        v_limits.opt_out_volume,
        'Look at the texts and at where the list came from, then resume; counting begins anew.');
    end if;
  end if;

  if v_window.sent >= v_limits.filtered_volume then
    v_trouble := private.filtered_trouble(p_campaign, v_limits, v_window, p_now);
    if v_trouble.kind is not null then
      return v_trouble;
    end if;
  end if;

  select count(*)::integer into v_count from private.unclear_sends u
  where u.campaign_id = p_campaign.id and u.unclear_at > v_window.since and u.unclear_at <= p_now
    and u.claimed_at > v_window.since;
  if private.is_over(v_count, v_window.sent + v_count, v_limits.unknown_rate, v_limits.unknown_volume) then
    return private.rate_trouble('unknown', 'got no answer that showed whether they were sent', v_count, v_window.sent + v_count,
      v_limits.unknown_rate, v_limits.unknown_volume,
        'Look at Twilio''s status page and your account, then resume; counting begins anew.');
  end if;

  v_count := v_window.failed + v_window.undelivered;
  if private.is_over(v_count, v_window.sent + v_window.failed, v_limits.failed_rate, v_limits.failed_volume) then
    -- Filtered messages have a rule of their own, by which one bad number does not stop a campaign.
    select v_count - count(*)::integer into v_count from public.messages m
    where m.campaign_id = p_campaign.id and m.kind = 'campaign' and m.error_code = 30007
      and m.settled_at > v_window.since and m.settled_at <= p_now;
  end if;
  if private.is_over(v_count, v_window.sent + v_window.failed, v_limits.failed_rate, v_limits.failed_volume) then
    return private.rate_trouble('failed', 'failed or were not delivered', v_count, v_window.sent + v_window.failed,
      v_limits.failed_rate, v_limits.failed_volume,
      'See the reasons in the campaign''s figures (many invalid phones mean an old list), then resume; counting begins anew.');
  end if;
  return null;
end;
$$;
comment on function private.campaign_trouble(public.campaigns, timestamptz) is
  'Why a running campaign must stop: its A2P registration, today''s spending, the balance at Twilio, or one of the circuit '
  'breaker''s rates; null if it may go on.';

-- schemas/guard/functions/circuit_breaker.sql

-- The circuit breaker: it pauses campaigns whose last 24 hours are worse than the organisation's limits, and quarantines numbers
-- whose messages are filtered. Sent, failed and opt-outs are the figures minus the mark of a day ago. Filtered messages and
-- unclear sends are few, and counted by indexes that contain nothing else. So a check costs the same at a million messages.

create function private.campaign_window(p_campaign_id uuid, p_now timestamptz)
returns private.breaker_window
language sql
stable
set search_path = ''
as $$
  select coalesce(m.taken_at, x.since), greatest(s.sent - coalesce(m.sent, 0), 0),
    greatest(s.failed - coalesce(m.failed, 0), 0), greatest(s.undelivered - coalesce(m.undelivered, 0), 0),
      greatest(s.opt_outs - coalesce(m.opt_outs, 0), 0)
  from public.campaigns c
  join public.campaign_stats s on s.campaign_id = c.id
  cross join lateral (select greatest(p_now - interval '24 hours', c.breaker_since) as since) x
  left join lateral (
    select k.* from private.campaign_marks k
    where k.campaign_id = c.id and k.taken_at <= x.since order by k.taken_at desc limit 1
  ) m on true
  where c.id = p_campaign_id;
$$;
comment on function private.campaign_window(uuid, timestamptz) is
  'A campaign''s figures of the last 24 hours (up to a quarter of an hour more, from the last mark before), or since it was '
  'resumed.';

create function private.number_window(p_number public.phone_numbers, p_now timestamptz)
returns table (sent integer, filtered integer)
language sql
stable
set search_path = ''
as $$
  select (
      coalesce((select sum(t.sent) from private.number_traffic t
        where t.phone_number_id = p_number.id and t.bin + interval '5 minutes' > x.since and t.bin <= p_now), 0)
      + coalesce((select sum(d.messages) from private.accepted_deltas d
        where d.phone_number_id = p_number.id and d.accepted_at >= x.since), 0))::integer,
    (select count(*)::integer from public.messages m
      where m.phone_number_id = p_number.id and m.kind not in ('test', 'code') and m.error_code = 30007
        and m.settled_at > x.since and m.settled_at <= p_now
        -- Leaves out messages that were sent before the number was reactivated: they were judged already.
        and m.sent_at > coalesce(p_number.reactivated_at, '-infinity'))
  from (select greatest(p_now - interval '24 hours', p_number.reactivated_at) as since) x;
$$;
comment on function private.number_window(public.phone_numbers, timestamptz) is
  'Messages of a number that Twilio accepted in the last 24 hours, or since a person reactivated the number, and how many of '
  'them were filtered (30007).';

create function private.is_over(p_count integer, p_of integer, p_rate numeric, p_volume integer)
returns boolean
language sql
immutable
set search_path = ''
as $$
  select p_of >= p_volume and p_count > p_rate * p_of;
$$;
comment on function private.is_over(integer, integer, numeric, integer) is
  'Whether p_count is more than the share p_rate of p_of; false if p_of is less than p_volume, which is too few to judge.';

create function private.rate_trouble(p_rule text, p_what text, p_count integer, p_of integer, p_rate numeric, p_volume integer,
  p_remedy text)
returns private.trouble
language sql
stable
set search_path = ''
as $$
  select 'breaker_tripped',
    format('%s of %s messages of the last 24 hours %s (%s %%): more than your limit of %s %%. %s',
      p_count, p_of, p_what, round(100.0 * p_count / p_of, 1), trim_scale(100 * p_rate), p_remedy),
    jsonb_build_object('rule', p_rule, 'count', p_count, 'of', p_of, 'rate', p_rate, 'volume', p_volume);
$$;
comment on function private.rate_trouble(text, text, integer, integer, numeric, integer, text) is
  'A rule that was exceeded, in words and figures.';

-- schemas/guard/functions/count_unknown_errors.sql

create function private.count_unknown_errors(p_org_id uuid, p_campaign_id uuid, p_code integer, p_count integer,
  p_is_refusal boolean, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_in_a_row constant integer := 10;
  v_successes bigint;
  v_failures integer;
  v_reason text;
begin
  if p_code is null or p_campaign_id is null or (private.error_class(p_code)).class <> 'unknown' then
    return;
  end if;
  select case when p_is_refusal then s.segments + d.segments else s.delivered + d.delivered end into v_successes
  from public.campaign_stats s
  cross join lateral (
    select coalesce(sum(x.segments), 0) as segments, coalesce(sum(x.delivered), 0) as delivered
    from private.campaign_deltas x where x.campaign_id = s.campaign_id
  ) d
  where s.campaign_id = p_campaign_id;
  insert into private.unknown_errors as u (campaign_id, is_refusal, failures, successes, last_at)
  values (p_campaign_id, p_is_refusal, p_count, coalesce(v_successes, 0), p_now)
  on conflict (campaign_id, is_refusal) do update
  set successes = excluded.successes, last_at = excluded.last_at,
    failures = excluded.failures + case when u.successes = excluded.successes and u.last_at > p_now - interval '1 hour'
      and u.last_at >= coalesce((select c.breaker_since from public.campaigns c where c.id = p_campaign_id), '-infinity')
      then u.failures else 0 end
  returning u.failures into v_failures;
  if v_failures < v_in_a_row then
    return;
  end if;
  delete from private.unknown_errors u where u.campaign_id = p_campaign_id and u.is_refusal = p_is_refusal;
  v_reason := format('Twilio error %s, which we do not know, and %s messages in a row that failed with such errors', p_code,
    v_failures);
  perform private.pause_running(p_campaign_id, v_reason, p_now);
  perform private.raise_alert(p_org_id, 'campaign_paused', 'critical',
    format('%s messages in a row failed with error codes that we do not know, the last with %s. The campaign was paused. See '
      'https://www.twilio.com/docs/api/errors/%s, fix the cause, then resume it.', v_failures, p_code, p_code),
    p_campaign_id, null, jsonb_build_object('error_code', p_code, 'in_a_row', v_failures));
end;
$$;
comment on function private.count_unknown_errors(uuid, uuid, integer, integer, boolean, timestamptz) is
  'Counts messages that failed with an error code that is not in the table, and pauses the campaign, with an alert, when ten did '
  'in a row (within an hour of each other, none accepted or delivered in between). Does nothing for other codes. The caller '
  'holds the campaign''s lock, and what private.pause_running needs.';

-- schemas/guard/functions/guard.sql

-- The guard stops what must stop, campaign by campaign and number by number, each in a transaction of its own. Pausing locks
-- targets and messages; holding those of one campaign while locking the next one would break the order of locks.

create function private.filtered_trouble(p_campaign public.campaigns, p_limits public.sending_limits,
  p_window private.breaker_window, p_now timestamptz)
returns private.trouble
language plpgsql
stable
set search_path = ''
as $$
declare
  v_total integer;
  v_most integer;
  v_number public.phone_numbers;
  v_own record;
begin
  -- Messages of a quarantined number do not count for the campaign, also after the number was reactivated: they were judged
  -- already.
  select sum(x.n), max(x.n), (array_agg(x.id order by x.n desc))[1] into v_total, v_most, v_number.id
  from (
    select m.phone_number_id as id, count(*)::integer as n
    from public.messages m left join public.phone_numbers n on n.id = m.phone_number_id
    where m.campaign_id = p_campaign.id and m.kind = 'campaign' and m.error_code = 30007
      and m.settled_at > p_window.since and m.settled_at <= p_now and m.sent_at > p_window.since
      and n.status is distinct from 'quarantined' and m.sent_at > coalesce(n.reactivated_at, '-infinity')
    group by m.phone_number_id
  ) x;
  if not coalesce(private.is_over(v_total, p_window.sent, p_limits.filtered_rate, p_limits.filtered_volume), false) then
    return null;
  end if;
  -- If nearly all filtered messages are of one number and other numbers can go on, the number is the cause, and its own rule
  -- stops it.
  if v_most >= 0.9 * v_total then
    select * into v_number from public.phone_numbers n where n.id = v_number.id;
    select * into v_own from private.number_window(v_number, p_now);
    if v_own.filtered > p_limits.filtered_rate * v_own.sent
      and exists (select 1 from private.campaign_numbers(p_campaign.id) n where n.status = 'active' and n.id <> v_number.id) then
      return null;
    end if;
  end if;
  return private.rate_trouble('filtered', 'were filtered as spam', v_total, p_window.sent, p_limits.filtered_rate,
    p_limits.filtered_volume,
    'Change the texts (no links, less of a sales pitch), then resume; counting begins anew.');
end;
$$;
comment on function private.filtered_trouble(public.campaigns, public.sending_limits, private.breaker_window, timestamptz) is
  'The trouble if a campaign, and not only one of its numbers, is filtered beyond its organisation''s limit; else null.';

create function private.guard_campaign(p_campaign_id uuid, p_now timestamptz default now())
returns boolean
language plpgsql
set search_path = ''
as $$
declare
  v_campaign public.campaigns;
  v_trouble private.trouble;
begin
  -- Waits for claims in flight, as a person's pause does: with skip locked, a busy campaign would hardly ever be free.
  select * into v_campaign from public.campaigns c
  where c.id = p_campaign_id and c.status = 'running' for no key update;
  if not found then
    return false;
  end if;
  v_trouble := private.campaign_trouble(v_campaign, p_now);
  if v_trouble.kind is null then
    return false;
  end if;
  perform private.pause_running(p_campaign_id, v_trouble.message, p_now);
  perform private.record_audit_event(v_campaign.org_id, 'campaign_paused', null, p_campaign_id, null,
    v_trouble.details || jsonb_build_object('cause', v_trouble.kind, 'reason', v_trouble.message));
  -- A rate concerns only this campaign. A2P, balance and spending stop all campaigns of the organisation, and give one alert.
  perform private.raise_alert(v_campaign.org_id, v_trouble.kind, 'critical',
    format('Campaign "%s" was paused. %s', v_campaign.name, v_trouble.message),
    case v_trouble.kind when 'breaker_tripped' then p_campaign_id end, null, v_trouble.details);
  return true;
end;
$$;
comment on function private.guard_campaign(uuid, timestamptz) is
  'Pauses a running campaign that must stop, with the reason, an audit event and an alert; returns false if it may go on. The '
  'caller''s transaction must hold no other locks.';

create function private.guard_number(p_phone_number_id uuid, p_now timestamptz default now())
returns boolean
language plpgsql
set search_path = ''
as $$
declare
  v_number public.phone_numbers;
  v_limits public.sending_limits;
  v_window record;
  v_trouble private.trouble;
begin
  select * into v_number from public.phone_numbers n
  where n.id = p_phone_number_id and n.status = 'active' for no key update;
  if not found then
    return false;
  end if;
  select * into v_limits from public.sending_limits l where l.org_id = v_number.org_id;
  select * into v_window from private.number_window(v_number, p_now);
  if not private.is_over(v_window.filtered, v_window.sent, v_limits.filtered_rate, v_limits.filtered_volume) then
    return false;
  end if;
  v_trouble := private.rate_trouble('filtered', 'of this number were filtered as spam', v_window.filtered, v_window.sent,
    v_limits.filtered_rate, v_limits.filtered_volume,
      'Other numbers take over. Reactivate it after the texts are improved or it has rested; counting begins anew.');
  update public.phone_numbers n set status = 'quarantined', status_reason = v_trouble.message where n.id = p_phone_number_id;
  perform private.record_audit_event(v_number.org_id, 'number_quarantined', v_number.e164, null, null,
    v_trouble.details || jsonb_build_object('reason', v_trouble.message));
  perform private.raise_alert(v_number.org_id, 'number_quarantined', 'critical',
    format('%s was quarantined. %s', v_number.e164, v_trouble.message), null, p_phone_number_id, v_trouble.details);
  return true;
end;
$$;
comment on function private.guard_number(uuid, timestamptz) is
  'Quarantines an active number that is filtered beyond its organisation''s limit, with an audit event and an alert; returns '
  'false if it is not. The caller''s transaction must hold no other locks.';

create function private.numbers_to_guard()
returns table (id uuid, org_id uuid)
language sql
stable
set search_path = ''
as $$
  select n.id, n.org_id
  from (
    -- Skips from number to number in the index: a plain distinct would read a day of filtered messages.
    with recursive k as (
      (select m.phone_number_id as id from public.messages m where m.error_code = 30007 and m.phone_number_id is not null
       order by m.phone_number_id limit 1)
      union all
      select (select m.phone_number_id from public.messages m where m.error_code = 30007 and m.phone_number_id > k.id
              order by m.phone_number_id limit 1)
      from k where k.id is not null
    )
    select k.id from k where k.id is not null
  ) f
  join public.phone_numbers n on n.id = f.id and n.status = 'active'
  order by n.id;
$$;
comment on function private.numbers_to_guard() is 'Active numbers with a filtered message, with their organisations.';

create function private.is_number_troubled(p_phone_number_id uuid, p_now timestamptz default now())
returns boolean
language sql
stable
set search_path = ''
as $$
  select exists (
    select from public.phone_numbers n
    join public.sending_limits l on l.org_id = n.org_id
    cross join lateral private.number_window(n, p_now) w
    where n.id = p_phone_number_id and n.status = 'active'
      and private.is_over(w.filtered, w.sent, l.filtered_rate, l.filtered_volume));
$$;
comment on function private.is_number_troubled(uuid, timestamptz) is
  'Whether an active number is filtered beyond its organisation''s limit. Takes no lock; guard_number, which does, is called '
  'only if this is true.';

create function private.is_campaign_troubled(p_campaign_id uuid, p_now timestamptz default now())
returns boolean
language sql
stable
set search_path = ''
as $$
  select exists (
    select from public.campaigns c
    where c.id = p_campaign_id and c.status = 'running' and (private.campaign_trouble(c, p_now)).kind is not null);
$$;
comment on function private.is_campaign_troubled(uuid, timestamptz) is
  'Whether a running campaign must be paused. Takes no lock; guard_campaign, which does, is called only if this is true.';

-- schemas/guard/functions/record_account_check.sql

create function private.record_account_check(p_org_id uuid, p_check jsonb, p_now timestamptz default now())
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_error text := p_check ->> 'error';
  v_failures smallint;
  v_limits public.sending_limits;
  v_row record;
begin
  select * into v_limits from public.sending_limits l where l.org_id = p_org_id;
  if p_check ->> 'balance' is not null then
    update public.twilio_accounts a
    set balance = (p_check ->> 'balance')::numeric, balance_currency = p_check ->> 'currency', balance_checked_at = p_now
    where a.org_id = p_org_id;
    if (p_check ->> 'balance')::numeric < v_limits.min_balance then
      perform private.raise_alert(p_org_id, 'balance_low', 'critical',
        format('The balance at Twilio is %s %s, under your minimum of %s. Campaigns are paused: pay in at Twilio, then resume '
          'them.',
          round((p_check ->> 'balance')::numeric, 2), p_check ->> 'currency', v_limits.min_balance),
        null, null, jsonb_build_object('balance', (p_check ->> 'balance')::numeric, 'min_balance', v_limits.min_balance));
    else
      perform private.close_alerts(p_org_id, 'balance_low', p_now);
    end if;
  end if;

  for v_row in
    select s.* from jsonb_to_recordset(coalesce(p_check -> 'services', '[]')) as s(
      messaging_service_sid text, status text, campaign_sid text, brand_sid text, use_case text, rate_limits jsonb, errors jsonb)
    order by s.messaging_service_sid
  loop
    insert into public.a2p_registrations as r
      (org_id, messaging_service_sid, status, campaign_sid, brand_sid, use_case, rate_limits, errors, checked_at)
    values (p_org_id, v_row.messaging_service_sid, v_row.status, v_row.campaign_sid, v_row.brand_sid, v_row.use_case,
      v_row.rate_limits, coalesce(v_row.errors, '[]'), p_now)
    on conflict (org_id, messaging_service_sid) do update
      set status = excluded.status, campaign_sid = excluded.campaign_sid, brand_sid = excluded.brand_sid,
        use_case = excluded.use_case,
          rate_limits = excluded.rate_limits, errors = excluded.errors, checked_at = excluded.checked_at;
  end loop;
  delete from public.a2p_registrations r
  where r.org_id = p_org_id and r.messaging_service_sid not in (select s from private.messaging_services_of(p_org_id) s);
  if not exists (select 1 from public.a2p_registrations r where r.org_id = p_org_id and r.status <> 'VERIFIED') then
    perform private.close_alerts(p_org_id, 'a2p_not_verified', p_now);
  end if;

  if v_error is null then
    update private.account_checks k set failures = 0, last_error = null, due_at = private.next_account_check(p_org_id)
      where k.org_id = p_org_id;
    perform private.close_alerts(p_org_id, 'account_check_failed', p_now);
  else
    -- Tries again in 10, 20, 40 … seconds, an hour at most: at first somebody may be waiting to start.
    update private.account_checks k
    set failures = least(k.failures + 1, 100), last_error = left(v_error, 500),
        due_at = p_now + least(interval '10 seconds' * power(2, least(k.failures, 10)), interval '1 hour')
    where k.org_id = p_org_id
    returning k.failures into v_failures;
    -- Fewer failures are a short disturbance at Twilio: the fifth comes after two and a half minutes.
    if v_failures >= 5 then
      perform private.raise_alert(p_org_id, 'account_check_failed', 'warning',
        format('Reading your account from Twilio failed %s times in a row: %s. Balance and A2P registration are as they were '
          'last read.',
          v_failures, left(v_error, 500)));
    end if;
  end if;
end;
$$;
comment on function private.record_account_check(uuid, jsonb, timestamptz) is
  'Stores Twilio''s answer about an account: {balance, currency, services: [{messaging_service_sid, status, campaign_sid, '
  'brand_sid, use_case, rate_limits, errors}], error}, each if it was asked about. Raises and resolves the alerts that follow. '
  'The guard pauses campaigns. Security definer: the worker may not write these tables.';
grant execute on function private.record_account_check(uuid, jsonb, timestamptz) to worker;

-- schemas/guard/functions/registration_obstacle.sql

create function private.registration_obstacle(p_org_id uuid, p_numbers uuid[], p_now timestamptz)
returns table (code text, message text, details jsonb)
language plpgsql
stable
set search_path = ''
as $$
declare
  v_required boolean := (select l.a2p_required from public.sending_limits l where l.org_id = p_org_id);
  v_row record;
begin
  for v_row in
    select x.sid, r.status, r.errors, r.checked_at, min(x.e164) as e164
    from (
      select n.e164, coalesce(n.messaging_service_sid, a.messaging_service_sid) as sid
      from public.phone_numbers n
      left join public.twilio_accounts a on a.org_id = n.org_id
      -- Toll-free numbers have a verification of their own, not A2P 10DLC.
      where n.id = any (p_numbers) and coalesce(n.area_code, '') not in ('800', '833', '844', '855', '866', '877', '888')
    ) x
    left join public.a2p_registrations r on r.org_id = p_org_id and r.messaging_service_sid = x.sid
    group by x.sid, r.status, r.errors, r.checked_at
    order by x.sid nulls first
  loop
    if v_row.sid is null then
      if v_required then
        return query select 'a2p_not_verified', format(
          '%s is in no messaging service, and your settings require a verified A2P registration. Add it to one at Twilio, or '
          'turn a2p_required off.', v_row.e164),
          jsonb_build_object('phone_number', v_row.e164);
        return;
      end if;
    -- Registrations are read daily. One that is older than two days could not be read, so its current status is unknown.
    elsif v_row.status is null or v_row.checked_at < p_now - interval '2 days' then
      return query select 'a2p_not_checked', format(
        'The A2P registration of messaging service %s is being read from Twilio. Try again in a moment.', v_row.sid),
        jsonb_build_object('messaging_service_sid', v_row.sid, 'checked_at', v_row.checked_at, 'retry_after', 5);
      return;
    elsif v_row.status <> 'VERIFIED' then
      return query select 'a2p_not_verified', format(
        'The A2P registration of messaging service %s is %s%s. Nothing may be sent until Twilio says VERIFIED: correct it in '
        'Twilio''s console. It is read again every 10 minutes.',
        v_row.sid, v_row.status,
        coalesce(' (' || (select string_agg(coalesce(e ->> 'error_code', e ->> 'message'), ', ')
          from jsonb_array_elements(v_row.errors) e) || ')', '')),
        jsonb_build_object('messaging_service_sid', v_row.sid, 'status', v_row.status, 'errors', v_row.errors, 'checked_at',
          v_row.checked_at);
      return;
    end if;
  end loop;
end;
$$;
comment on function private.registration_obstacle(uuid, uuid[], timestamptz) is
  'Why these numbers of an organisation may not send, as far as their A2P registrations go: a2p_not_verified or a2p_not_checked '
  '(not read yet). No row if they may.';

-- schemas/guard/functions/spending.sql

-- Spending: the estimated cost of accepted messages, for each message and for each organisation and day. Twilio reports its price
-- up to a day later, and the balance is read only from time to time, so a limit for today needs an estimate. A statement trigger
-- appends what Twilio accepted in a statement, and the guard folds it. Counting in place would lock one row of the organisation
-- for every message.

create function private.spent_today(p_org_id uuid, p_now timestamptz default now())
returns numeric
language sql
stable
set search_path = ''
as $$
  select coalesce((select s.cost from public.daily_spending s where s.org_id = p_org_id and s.day = x.day), 0)
    + coalesce((
      select sum(d.cost) from private.accepted_deltas d
      where d.org_id = p_org_id and (d.accepted_at at time zone x.time_zone)::date = x.day), 0)
  from (select o.time_zone, (p_now at time zone o.time_zone)::date as day from public.orgs o where o.id = p_org_id) x;
$$;
comment on function private.spent_today(uuid, timestamptz) is
  'Estimated US dollars that an organisation has spent today (in its time zone), up to the last accepted message.';

create function private.open_singles(p_org_id uuid)
returns integer
language sql
stable
set search_path = ''
as $$
  select coalesce(sum(m.charged_segments), 0)::integer
  from public.messages m where m.org_id = p_org_id and m.is_open and m.kind in ('test', 'code', 'direct');
$$;
comment on function private.open_singles(uuid) is
  'Segments of an organisation''s direct texts and tests that are queued or being sent: they count as spent.';

create function private.open_media_cost(p_org_id uuid, p_with_open boolean, p_now timestamptz)
returns numeric
language plpgsql
stable
set search_path = ''
as $$
begin
  return (
    select coalesce(sum(l.mms_price + l.carrier_fee - m.charged_segments * (l.segment_price + l.carrier_fee)), 0)
    from public.messages m join public.sending_limits l on l.org_id = m.org_id
    where m.org_id = p_org_id and m.has_media and (m.is_open or m.is_unknown)
      and (m.is_open and p_with_open or m.is_unknown and m.queued_at > p_now - interval '1 day'));
end;
$$;
comment on function private.open_media_cost(uuid, boolean, timestamptz) is
  'How much more than their texts'' segments an organisation''s messages with pictures cost, in US dollars, of those that are '
  'unknown and, if p_with_open, those that are queued or being sent.';

create function private.refuse_spending(p_limit numeric, p_org_id uuid, p_now timestamptz)
returns void
language plpgsql
stable
set search_path = ''
as $$
begin
  perform private.raise_error('PT409', 'spending_limit_reached', format(
    'Today''s spending limit of %s US dollars leaves no room for this text. Raise daily_spending_limit in your settings, or '
    'wait until tomorrow.', p_limit),
    jsonb_build_object('daily_spending_limit', p_limit, 'spent', private.spent_today(p_org_id, p_now)));
end;
$$;
comment on function private.refuse_spending(numeric, uuid, timestamptz) is 'Raises PT409 spending_limit_reached.';

create function private.require_media_spending(p_org_id uuid, p_now timestamptz)
returns void
language plpgsql
stable
set search_path = ''
as $$
declare
  v_limits public.sending_limits;
begin
  select * into v_limits from public.sending_limits l where l.org_id = p_org_id;
  if private.spent_today(p_org_id, p_now) + private.open_singles(p_org_id) * (v_limits.segment_price + v_limits.carrier_fee)
    + private.open_media_cost(p_org_id, true, p_now) > v_limits.daily_spending_limit
  then
    perform private.refuse_spending(v_limits.daily_spending_limit, p_org_id, p_now);
  end if;
end;
$$;
comment on function private.require_media_spending(uuid, timestamptz) is
  'Raises PT409 spending_limit_reached if a queued text that has just got pictures does not fit under the daily spending limit. '
  'The caller holds the organisation''s lock.';

create function private.require_spending(p_org_id uuid, p_segments integer, p_now timestamptz)
returns void
language plpgsql
stable
set search_path = ''
as $$
declare
  v_limits public.sending_limits;
begin
  select * into v_limits from public.sending_limits l where l.org_id = p_org_id;
  if private.spending_room(p_org_id, p_now) < 1
    or private.spent_today(p_org_id, p_now)
      + (private.open_singles(p_org_id) + p_segments) * (v_limits.segment_price + v_limits.carrier_fee)
      + private.open_media_cost(p_org_id, true, p_now) > v_limits.daily_spending_limit
  then
    perform private.refuse_spending(v_limits.daily_spending_limit, p_org_id, p_now);
  end if;
end;
$$;
comment on function private.require_spending(uuid, integer, timestamptz) is
  'Raises PT409 spending_limit_reached if a text of so many segments does not fit under the daily spending limit. The caller '
  'holds the organisation''s lock, so that two texts do not both take the last of it.';

create function private.spending_room(p_org_id uuid, p_now timestamptz default now(), p_with_open boolean default true)
returns integer
language plpgsql
stable
set search_path = ''
as $$
declare
  v_limits public.sending_limits;
  v_price numeric;
  v_worst integer;
  v_open integer := 0;
begin
  select * into v_limits from public.sending_limits l where l.org_id = p_org_id;
  v_price := v_limits.segment_price + v_limits.carrier_fee;
  if v_limits.daily_spending_limit is null or v_price = 0 then
    return 2147483647;
  end if;
  -- Estimates with the longest text that any campaign may send, including paused and coming ones. The limit must hold whichever
  -- campaign is next, and a campaign that the limit paused must not be able to resume because its own long text no longer counts.
  -- Reads the texts, longest first, until one is used by a campaign: there may be many campaigns, but not many texts.
  v_worst := coalesce((
    select t.worst_segments from public.templates t
    where t.org_id = p_org_id and t.is_active and exists (
      select 1 from public.campaign_templates ct join public.campaigns c on c.id = ct.campaign_id
      where ct.org_id = p_org_id and ct.template_id = t.id and c.status in ('ready', 'scheduled', 'running', 'paused'))
    order by t.worst_segments desc limit 1), 1);
  if p_with_open then
    -- Messages that are queued or being sent count as spent, with the segments that planning charged.
    select coalesce(sum(m.charged_segments), 0) into v_open
    from public.campaigns c
    join public.messages m on m.campaign_id = c.id and m.is_open and m.kind = 'campaign'
    where c.org_id = p_org_id and c.status in ('running', 'paused');
    v_open := v_open + private.open_singles(p_org_id);
  end if;
  select v_open + coalesce(sum(m.charged_segments), 0) into v_open
  from public.messages m where m.org_id = p_org_id and m.is_unknown and m.queued_at > p_now - interval '1 day';
  return least(2147483647, greatest(0, floor(
    (v_limits.daily_spending_limit - private.spent_today(p_org_id, p_now) - v_open * v_price
      - private.open_media_cost(p_org_id, p_with_open, p_now)) / (v_worst * v_price))));
end;
$$;
comment on function private.spending_room(uuid, timestamptz, boolean) is
  'How many messages an organisation may still plan today under its daily spending limit, each estimated at the longest text of '
  'its campaigns that send or may send; 2147483647 if there is no limit. Queued messages and messages being sent count as spent, '
  'unless p_with_open is false. For planning, which holds the organisation''s planning lock, and for the guard.';

create function private.fold_accepted(p_org_id uuid default null)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_resting uuid[] := private.resting_orgs('fold_accepted', p_org_id, now());
  v_count integer;
begin
  with taken as (
    delete from private.accepted_deltas d where (p_org_id is null or d.org_id = p_org_id) and d.org_id <> all (v_resting)
      returning d.*
  ),
  traffic as (
    insert into private.number_traffic as t (phone_number_id, bin, sent)
    select n.id, date_bin('5 minutes', d.accepted_at, timestamptz '2000-01-01'), sum(d.messages)
    from taken d join public.phone_numbers n on n.id = d.phone_number_id
    group by 1, 2 order by 1, 2
    on conflict (phone_number_id, bin) do update set sent = t.sent + excluded.sent
    returning 1
  ),
  spending as (
    insert into public.daily_spending as s (org_id, day, messages, segments, cost)
    select o.id, (d.accepted_at at time zone o.time_zone)::date, sum(d.messages), sum(d.segments), sum(d.cost)
    from taken d join public.orgs o on o.id = d.org_id
    group by 1, 2 order by 1, 2
    on conflict (org_id, day) do update
      set messages = s.messages + excluded.messages, segments = s.segments + excluded.segments, cost = s.cost + excluded.cost
    returning 1
  )
  select count(*) into v_count from spending;
  return v_count;
end;
$$;
comment on function private.fold_accepted(uuid) is
  'Adds accepted messages to daily_spending and number_traffic, in one transaction; returns how many days of organisations '
  'changed. p_org_id: only this organisation; null: all except those for which this work is resting.';

-- schemas/guard/functions/start_gates.sql

-- What a campaign needs to start or resume: a verified A2P registration of every messaging service it sends through, and money
-- left today. A scheduled campaign is checked again when its time comes, and paused if it fails.

create function private.refuse_start(p_campaign_id uuid, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_row record;
begin
  select * into v_row from private.start_obstacle(p_campaign_id, p_now);
  if v_row.code is not null then
    perform private.raise_error('PT409', v_row.code, v_row.message, v_row.details);
  end if;
end;
$$;
comment on function private.refuse_start(uuid, timestamptz) is
  'Raises PT409 with the reason if a campaign may not send now. Starting looks at more: private.start_blockers.';

-- schemas/guard/functions/start_obstacle.sql

create function private.start_obstacle(p_campaign_id uuid, p_now timestamptz default now())
returns table (code text, message text, details jsonb)
language plpgsql
stable
set search_path = ''
as $$
declare
  v_org_id uuid;
  v_override boolean;
  v_limits public.sending_limits;
begin
  select c.org_id, c.quiet_hours_override into v_org_id, v_override from public.campaigns c where c.id = p_campaign_id;
  -- The override was saved before the platform refused it, or where Twilio was a simulator.
  if v_override and not private.twilio_is_loopback() then
    return query select 'invalid_state',
      'The campaign asks to send at any hour, which is allowed only while Twilio is a simulator. Turn quiet_hours_override off.',
      '{"fields": ["quiet_hours_override"]}'::jsonb;
    return;
  end if;
  select * into v_limits from public.sending_limits l where l.org_id = v_org_id;
  return query select o.* from private.registration_obstacle(v_org_id,
    array(select n.id from private.campaign_numbers(p_campaign_id) n where n.status = 'active'), p_now) o;
  if found then
    return;
  end if;
  if v_limits.daily_spending_limit is not null and private.spending_room(v_org_id, p_now, false) = 0 then
    return query select 'spending_limit_reached', format(
      'Today''s spending limit is %s US dollars, and %s are spent. Raise daily_spending_limit in your settings, '
      'or continue tomorrow.',
      v_limits.daily_spending_limit, round(private.spent_today(v_org_id, p_now), 2)),
      jsonb_build_object('daily_spending_limit', v_limits.daily_spending_limit, 'spent', private.spent_today(v_org_id, p_now));
  end if;
end;
$$;
comment on function private.start_obstacle(uuid, timestamptz) is
  'Why a campaign may not send now, as a code, a sentence and details: invalid_state (it asks to send at any hour, and Twilio is '
  'not a simulator), a2p_not_verified, a2p_not_checked (not read yet) or spending_limit_reached. No row if it may send.';

-- schemas/guard/policies/public_a.sql

create policy "people read A2P registrations of their organisation" on public.a2p_registrations
  for select to authenticated using (org_id = (select private.org_id()));

-- schemas/guard/tasks.sql

insert into private.tasks (name, seconds, due) values ('guard', 15, $$select
  exists (select from public.campaigns c where c.status in ('running', 'building'))
  or exists (select from private.accepted_deltas)
  or exists (select from public.alerts a where a.resolved_at is null)
  -- Receipts arrive for days after a campaign has ended. A number's window is 24 hours long.
  or exists (
    select from public.phone_numbers n
    where n.status = 'active' and (
      select m.settled_at from public.messages m
      where m.phone_number_id = n.id and m.error_code = 30007 and m.settled_at > now() - interval '1 day'
      order by m.settled_at limit 1) is not null)$$);

insert into private.task_parts (task, place, kind, items, call) values
  ('guard', 1, 'fold_accepted', null, 'select private.fold_accepted($1)'),
  -- Numbers come first: messages of one bad number must not pause a campaign that other numbers could continue.
  ('guard', 2, 'guard_number', 'select n.id, n.org_id from private.numbers_to_guard() n',
    'select private.guard_number($1) where private.is_number_troubled($1)'),
  ('guard', 3, 'guard', $$select c.id, c.org_id from public.campaigns c where c.status = 'running'$$,
    'select private.guard_campaign($1) where private.is_campaign_troubled($1)'),
  ('guard', 4, 'mark_campaigns', null, 'select private.mark_campaigns(p_org_id => $1)'),
  ('guard', 5, 'flag_builds', null, 'select private.flag_stuck_builds(p_org_id => $1)'),
  ('guard', 6, 'resolve_alerts', null, 'select private.resolve_alerts(p_org_id => $1)');

-- schemas/guard/cron.sql

select cron.schedule('prune-guard', '37 * * * *',
  $$select private.run_apart('prune_guard', 'select private.prune_guard(p_org_id => $1)')$$);
