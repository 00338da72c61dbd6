-- Written from supabase/schemas/quiet-hours by npm run generate: change it there.

-- A function may call one that comes later.
set check_function_bodies = off;

-- schemas/quiet-hours/triggers/moved_leads.sql

-- If a lead's mailing address changes to another state while campaigns wait to write to the lead, the waiting targets get the
-- hours of the new state. The audience was built with the window key of the old state.

create function private.rekey_targets()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform 1 from public.campaign_targets t
  where t.lead_id = new.id and t.state in ('waiting', 'queued', 'sending', 'unknown') order by t.id for no key update;
  update public.campaign_targets t set window_key = private.window_key(t.e164, new.state), updated_at = now()
  where t.lead_id = new.id and t.state in ('waiting', 'queued', 'sending', 'unknown');
  return null;
end;
$$;
comment on function private.rekey_targets() is
  'Trigger: targets that are not sent yet follow the hours of the state in which the person lives now. Security definer: the '
  'role that changes a lead may not write targets.';
create trigger leads_rekey_targets after update of state on public.leads
  for each row when (old.state is distinct from new.state) execute function private.rekey_targets();

-- schemas/quiet-hours/triggers/rule_versions.sql

create function private.count_rule_change()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_platform constant uuid := '00000000-0000-0000-0000-000000000000';
  v_scopes uuid[] := '{}';
begin
  if tg_table_name = 'holidays' then
    v_scopes := array[v_platform];
  elsif tg_table_name = 'orgs' then
    v_scopes := array[new.id];
  else
    if tg_op <> 'INSERT' then
      v_scopes := v_scopes || coalesce(old.org_id, v_platform);
    end if;
    if tg_op <> 'DELETE' then
      v_scopes := v_scopes || coalesce(new.org_id, v_platform);
    end if;
  end if;
  insert into private.rule_versions as v (scope)
  select distinct s.scope from unnest(v_scopes) as s(scope)
  -- Rules that are deleted together with their organisation need no count.
  where s.scope = v_platform or exists (select 1 from public.orgs o where o.id = s.scope)
  order by s.scope
  on conflict (scope) do update set version = v.version + 1;
  return null;
end;
$$;
comment on function private.count_rule_change() is
  'Trigger: counts a change of rules, holidays or an organisation''s hours, so that cached windows are ignored and the change '
  'takes effect at once. Security definer: the role that edits a rule may not write the count.';
create trigger orgs_count_rule_change after update of quiet_starts, quiet_ends, time_zone on public.orgs
  for each row execute function private.count_rule_change();

create function private.drop_rule_version()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  delete from private.rule_versions v where v.scope = old.id;
  return null;
end;
$$;
comment on function private.drop_rule_version() is
  'Trigger: deletes the count of a deleted organisation. Security definer: the role that deletes an organisation may not write '
  'the count.';
create trigger orgs_drop_rule_version after delete on public.orgs
  for each row execute function private.drop_rule_version();

-- schemas/quiet-hours/tables/quiet_hour_rules.sql

create table public.quiet_hour_rules (
  id uuid primary key default gen_random_uuid(),
  org_id uuid references public.orgs (id) on delete cascade,
  state text not null check (state ~ '^([A-Z]{2}|\*|\?\?)$'),
  dow smallint not null check (dow between 0 and 6),
  opens time,
  closes time,
  closed_on_holidays boolean not null default false,
  max_per_24h smallint check (max_per_24h between 1 and 1000),
  source text not null check (length(source) between 1 and 500 and source !~ '[\u0001-\u001f\u007f-\u009f\u2028\u2029]'),
  effective_from date not null,
  effective_to date,
  reviewed_at date not null,
  closed_on_state_holidays boolean not null default false,
  check ((opens is null) = (closes is null)),
  check (closes > opens),
  check (effective_to > effective_from),
  constraint quiet_hour_rules_effective_from_check check (effective_from between '1900-01-01' and '2200-01-01'),
  constraint quiet_hour_rules_effective_to_check check (effective_to between '1900-01-01' and '2200-01-01'),
  constraint quiet_hour_rules_reviewed_at_check check (reviewed_at between '1900-01-01' and '2200-01-01')
);
comment on table public.quiet_hour_rules is
  'When a person may be written to, by state and weekday (0 is Sunday), in their local time. If opens and closes are null, they '
  'may not be written to on that day. State US is the federal rule, * is any state without rows of its own, ?? is for people '
  'whose place is unknown. org_id is null for the platform''s rules.';
comment on column public.quiet_hour_rules.closed_on_holidays is 'Closed on federal holidays.';
comment on column public.quiet_hour_rules.closed_on_state_holidays is
  'Closed on the holidays that the state has besides federal ones. A rule for * closes on those of each state it is used for.';
create unique index quiet_hour_rules_key on public.quiet_hour_rules
  (coalesce(org_id, '00000000-0000-0000-0000-000000000000'), state, dow, effective_from);
create index quiet_hour_rules_org_idx on public.quiet_hour_rules (org_id);

alter table public.quiet_hour_rules enable row level security;
create policy "people read the platform's rules and their organisation's" on public.quiet_hour_rules
  for select to authenticated
  using (org_id = (select private.org_id()) or (org_id is null and (select private.org_id()) is not null));
create policy "admins add rules of their organisation" on public.quiet_hour_rules
  for insert to authenticated with check (org_id = (select private.org_id()) and (select private.has_role('admin')));
create policy "admins change rules of their organisation" on public.quiet_hour_rules
  for update to authenticated
  using (org_id = (select private.org_id()) and (select private.has_role('admin')))
  with check (org_id = (select private.org_id()) and (select private.has_role('admin')));
create policy "admins remove rules of their organisation" on public.quiet_hour_rules
  for delete to authenticated using (org_id = (select private.org_id()) and (select private.has_role('admin')));
grant delete, insert, select, update on public.quiet_hour_rules to authenticated, service_role;

create trigger quiet_hour_rules_count_change after insert or update or delete on public.quiet_hour_rules
  for each row execute function private.count_rule_change();
create trigger quiet_hour_rules_audit after insert or update or delete on public.quiet_hour_rules
  for each row execute function private.audit_change('quiet_hour_rule');
create trigger quiet_hour_rules_limit before insert on public.quiet_hour_rules
  for each row execute function private.limit_rows('500');

-- schemas/quiet-hours/tables/consent_rules.sql

create table public.consent_rules (
  id uuid primary key default gen_random_uuid(),
  state text not null check (state ~ '^[A-Z]{2}$'),
  source text not null,
  effective_from date not null,
  effective_to date,
  reviewed_at date not null,
  unique (state, effective_from),
  constraint consent_rules_effective_from_check check (effective_from between '1900-01-01' and '2200-01-01'),
  constraint consent_rules_effective_to_check check (effective_to between '1900-01-01' and '2200-01-01'),
  constraint consent_rules_reviewed_at_check check (reviewed_at between '1900-01-01' and '2200-01-01')
);
comment on table public.consent_rules is 'States in which a first text needs consent, whatever the organisation''s policy.';

alter table public.consent_rules enable row level security;
create policy "people read consent rules" on public.consent_rules for select to authenticated
  using ((select private.org_id()) is not null);
grant select on public.consent_rules to authenticated;
grant delete, insert, select, update on public.consent_rules to service_role;

insert into public.consent_rules (state, source, effective_from, reviewed_at)
values ('WA', 'RCW 19.190.060: commercial texts to Washington residents need consent', '2003-07-27', '2026-11-22');

-- schemas/quiet-hours/tables/holidays.sql

create table private.holidays (
  state text not null check (state ~ '^[A-Z]{2}$'),
  day date not null,
  name text not null,
  source text not null,
  primary key (day, state)
);
comment on table private.holidays is
  'Holidays, actual and observed: federal ones (state US), and those that a state has besides.';
comment on column private.holidays.source is
  'The law or the report that names the day. It ends with "(unconfirmed)" if the text of the law could not be found.';

alter table private.holidays enable row level security;

create trigger holidays_count_change after insert or update or delete or truncate on private.holidays
  for each statement execute function private.count_rule_change();

-- schemas/quiet-hours/tables/area_codes.sql

create table private.area_codes (
  area_code text primary key check (area_code ~ '^[2-9][0-9]{2}$'),
  state text not null check (state ~ '^[A-Z]{2}$'),
  time_zones text[] not null check (cardinality(time_zones) > 0),
  overlay_of text
);
comment on table private.area_codes is
  'US area codes, with their state and every time zone in which their phones may be. An overlay inherits the zones of the code '
  'that it overlays.';
create index area_codes_state_idx on private.area_codes (state);

alter table private.area_codes enable row level security;

-- schemas/quiet-hours/tables/windows.sql

create table private.windows (
  org_id uuid not null references public.orgs (id) on delete cascade,
  window_key text collate "C" not null,
  is_open boolean not null,
  valid_from timestamptz not null,
  valid_to timestamptz not null,
  next_open_at timestamptz,
  max_per_24h smallint,
  version bigint not null default 0,
  primary key (org_id, window_key)
) with (fillfactor = 70);
comment on table private.windows is
  'Cached answers: whether each window key is open, and from when until when that answer is valid. Planning fills it. An answer '
  'is ignored if its version is not the current version of the rules.';
comment on column private.windows.version is
  'private.rules_version() before the rules were read. An answer made from older rules is no longer used.';

alter table private.windows enable row level security;

-- schemas/quiet-hours/tables/rule_versions.sql

create table private.rule_versions (
  scope uuid primary key,
  version bigint not null default 1
) with (fillfactor = 50);
comment on table private.rule_versions is
  'Counts changes of the data that windows are made from. scope is an organisation (its rules and hours), or all zeros for the '
  'platform''s rules and holidays.';

alter table private.rule_versions enable row level security;

-- schemas/quiet-hours/functions/any_hour.sql

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

-- schemas/quiet-hours/functions/explain_rules.sql

-- Why a person may or may not be written to at a moment: what planning and claiming would decide, with every rule that leads to
-- it. Nothing is decided here. The answer comes from private.window_state and the rules from private.window_rules, which all
-- senders use.

create function private.times_of_day(p_times tstzmultirange, p_day date, p_time_zone text)
returns jsonb
language sql
stable
set search_path = ''
as $$
  select coalesce(to_jsonb(array_agg(
    jsonb_build_object(
      'opens', to_char(lower(r) at time zone p_time_zone, 'HH24:MI'),
      'closes', case when (upper(r) at time zone p_time_zone)::date > p_day then '24:00'
        else to_char(upper(r) at time zone p_time_zone, 'HH24:MI') end)
    order by r)), '[]')
  from unnest(p_times * tstzmultirange(tstzrange(p_day::timestamp at time zone p_time_zone,
    (p_day + 1)::timestamp at time zone p_time_zone))) r;
$$;
comment on function private.times_of_day(tstzmultirange, date, text) is
  'The part of p_times that falls on one day in a time zone, as local times: [{opens, closes}].';

create function private.number_times(p_number public.phone_numbers, p_now timestamptz)
returns tstzmultirange
language sql
stable
set search_path = ''
as $$
  select coalesce(range_agg(private.local_range(
    d.day + p_number.quiet_ends, d.day + (p_number.quiet_starts < p_number.quiet_ends)::integer + p_number.quiet_starts,
      p_number.time_zone)), '{}')
  from (select (p_now at time zone p_number.time_zone)::date + n as day from generate_series(-1, 11) n) d;
$$;
comment on function private.number_times(public.phone_numbers, timestamptz) is
  'When a number''s own hours are open, for eleven days from p_now.';

create function private.next_open_with(p_number public.phone_numbers, p_window_key text, p_now timestamptz)
returns timestamptz
language plpgsql
stable
set search_path = ''
set timezone = 'UTC'
as $$
begin
  return (
    select min(lower(r))
    from unnest(private.window_times(p_number.org_id, p_window_key, p_now::date - 1, p_now::date + 11)
      * private.number_times(p_number, p_now)) r
    where lower(r) > p_now);
end;
$$;
comment on function private.next_open_with(public.phone_numbers, text, timestamptz) is
  'When a person with this window key may next be written to from a number: both are open then. Null: not within eleven days.';

create function private.texts_in_day(p_org_id uuid, p_e164 text, p_now timestamptz default now())
returns timestamptz[]
language plpgsql
stable
set search_path = ''
as $$
begin
  -- A message counts from when it was posted. No message waits in the queue for more than a day, so 48 hours since it was created
  -- are enough.
  return array(
    select t.at
    from public.messages m
    left join public.send_attempts a on a.id = m.attempt_id
    cross join lateral (select coalesce(a.claimed_at, m.sent_at, m.created_at) as at) t
    -- "is true" makes the planner use the index on to_number alone, whatever the statistics say: see plan_people.sql.
    where m.to_number = p_e164 and (m.org_id = p_org_id) is true and (m.created_at > p_now - interval '48 hours') is true
      and (m.kind = 'campaign' or m.kind = 'direct' and m.exempt is null) and m.status not in ('queued', 'failed', 'canceled')
      and t.at > p_now - interval '24 hours' and t.at <= p_now
    order by t.at);
end;
$$;
comment on function private.texts_in_day(uuid, text, timestamptz) is
  'When an organisation wrote to a phone unasked, by campaigns or direct texts, in the 24 hours before p_now, oldest first: the '
  'messages that count against limits per 24 hours. Replies to a person are not included.';

create function private.explain_rules(p_org_id uuid, p_window_key text, p_number public.phone_numbers, p_now timestamptz)
returns jsonb
language sql
stable
set search_path = ''
as $$
  with times as (
    select w.rule, w.time_zone, w.source, w.open_times
    from private.window_rules(p_org_id, p_window_key, (p_now at time zone 'UTC')::date - 1,
      (p_now at time zone 'UTC')::date + 11) w
    union all
    select 'number', p_number.time_zone, 'the phone number''s own hours', private.number_times(p_number, p_now)
    where p_number.id is not null
  )
  select to_jsonb(array_agg(
    jsonb_build_object(
      'rule', t.rule, 'time_zone', t.time_zone, 'local_time', to_char(d.local, 'YYYY-MM-DD"T"HH24:MI:SS'),
      'is_open', t.open_times @> p_now,
      'open_until', (select upper(r) from unnest(t.open_times) r where r @> p_now),
      'next_open_at', case when not t.open_times @> p_now
        then (select min(lower(r)) from unnest(t.open_times) r where lower(r) > p_now) end,
      'open_today', private.times_of_day(t.open_times, d.local::date, t.time_zone),
      'max_per_24h', f.max_per_24h,
      'closed_by_holiday', f.holiday,
      'is_own', coalesce(f.is_own, t.rule in ('org', 'number')),
      'is_default', coalesce(f.is_default, false),
      'source', coalesce(f.source, t.source),
      'reviewed_at', f.reviewed_at)
    order by array_position(array['org', 'number', 'federal'], t.rule) nulls last, t.rule, t.time_zone))
  from times t
  cross join lateral (select p_now at time zone t.time_zone as local) d
  left join lateral (
    select x.* from private.rules_in_force(p_org_id, array[case t.rule when 'federal' then 'US' else t.rule end], d.local::date,
      d.local::date) x
    where t.rule not in ('org', 'number')
  ) f on true;
$$;
comment on function private.explain_rules(uuid, text, public.phone_numbers, timestamptz) is
  'Every rule that applies to a window key in each of its time zones at p_now, the hours it leaves open on the local day, and '
  'its source. p_number: its own hours are included; null for none.';

-- schemas/quiet-hours/functions/explain_window.sql

-- What users may ask about quiet hours: one phone at one moment.

create function private.explain_place(p_e164 text, p_state text, p_window_key text, p_now timestamptz)
returns jsonb
language sql
stable
set search_path = ''
as $$
  with area as (
    select a.area_code, a.state, a.time_zones, a.overlay_of from private.area_codes a
    where p_e164 like '+1%' and a.area_code = substr(p_e164, 3, 3)
  )
  select jsonb_build_object(
    'area_code', (
      select jsonb_build_object('area_code', a.area_code, 'state', a.state, 'time_zones', a.time_zones, 'overlay_of',
        a.overlay_of) from area a),
    'time_zones', (
      select to_jsonb(array_agg(jsonb_build_object(
          'time_zone', z.zone, 'local_time', to_char(p_now at time zone z.zone, 'YYYY-MM-DD"T"HH24:MI:SS'), 'because', b.because,
          'holiday', (select h.name from private.holidays h where h.state = 'US'
            and h.day = (p_now at time zone z.zone)::date))
        order by z.n))
      from unnest(p.time_zones) with ordinality as z(zone, n)
      cross join lateral (
        select case p_window_key when '?' then array['unknown'] else array_remove(array[
          case when exists (select 1 from area a where z.zone = any (a.time_zones)) then 'area_code' end,
          case when exists (select 1 from private.area_codes a where a.state = p_state and z.zone = any (a.time_zones))
            then 'address' end], null) end as because
      ) b),
    'states', (
      select coalesce(to_jsonb(array_agg(jsonb_build_object('state', s.state, 'because', array_remove(array[
          case when exists (select 1 from area a where a.state = s.state) then 'area_code' end,
          case when s.state = p_state then 'address' end], null))
        order by s.state)), '[]')
      from unnest(p.states) as s(state) where s.state not in ('US', '??')))
  from private.window_places(p_window_key) p;
$$;
comment on function private.explain_place(text, text, text, timestamptz) is
  'Where a person may be and why: their area code, and the time zones and states that follow from it and from their address.';

create function private.explain_window(
  p_e164 text,
  p_state text default null,
  p_lead_id uuid default null,
  p_phone_number_id uuid default null,
  p_campaign_id uuid default null,
  p_now timestamptz default now()
)
returns jsonb
language plpgsql
security definer
set search_path = ''
set timezone = 'UTC'
as $$
declare
  v_org_id uuid := private.require_role('viewer');
  v_state text := upper(p_state);
  v_state_from text := case when p_state is not null then 'request' end;
  v_number public.phone_numbers;
  v_campaign public.campaigns;
  v_key text;
  v_window private.windows;
  v_number_until timestamptz;
  v_is_open boolean;
  v_open_until timestamptz;
  v_next_open_at timestamptz;
  v_texts timestamptz[];
  v_last_inbound_at timestamptz;
  v_blocked_by text[];
  v_is_honoured boolean;
begin
  if not coalesce(p_now between '2000-01-01Z' and '2100-01-01Z', false) then
    perform private.refuse_field('at', 'at must lie between the years 2000 and 2100.');
  elsif p_e164 is null or length(p_e164) > 20 or p_e164 !~ '^\+[1-9][0-9]{6,14}$' then
    perform private.refuse_field('phone', 'Write the phone in E.164, for example +15125550123.');
  elsif p_state is not null and p_lead_id is not null then
    perform private.refuse_field('state', 'Give state or lead_id, not both: a lead has its own address.');
  elsif length(p_state) > 2 or v_state !~ '^[A-Z]{2}$' then
    perform private.refuse_field('state', 'Write the postal abbreviation of a state, for example TX.');
  end if;
  if p_lead_id is not null then
    select l.state, 'lead' into v_state, v_state_from from public.leads l
    where l.org_id = v_org_id and l.id = p_lead_id and l.deleted_at is null;
    if not found then
      perform private.refuse_field('lead_id', 'There is no lead with this id.');
    end if;
  elsif p_state is null then
    v_state := private.person_state(v_org_id, p_e164);
    v_state_from := case when v_state is not null then 'phone' end;
  end if;
  if p_phone_number_id is not null then
    select * into v_number from public.phone_numbers n where n.org_id = v_org_id and n.id = p_phone_number_id
      and n.status <> 'released';
    if not found then
      perform private.refuse_field('phone_number_id', 'There is no phone number with this id.');
    end if;
  end if;
  if p_campaign_id is not null then
    select * into v_campaign from public.campaigns c where c.org_id = v_org_id and c.id = p_campaign_id;
    if not found then
      perform private.refuse_field('campaign_id', 'There is no campaign with this id.');
    end if;
  end if;

  v_key := private.window_key(p_e164, v_state);
  v_window := private.window_state(v_org_id, v_key, p_now);
  if v_number.id is not null then
    v_number_until := private.number_open_until(v_number.quiet_starts, v_number.quiet_ends, v_number.time_zone, p_now);
  end if;
  v_is_open := v_window.is_open and (v_number.id is null or v_number_until is not null);
  if v_is_open then
    v_open_until := least(v_window.valid_to, v_number_until);
  elsif v_number.id is null then
    v_next_open_at := v_window.next_open_at;
  else
    v_next_open_at := private.next_open_with(v_number, v_key, p_now);
  end if;

  v_texts := private.texts_in_day(v_org_id, p_e164, p_now);
  select c.last_inbound_at into v_last_inbound_at from private.contacts c
  where c.org_id = v_org_id and c.e164 = p_e164 and c.last_inbound_at <= p_now;
  v_blocked_by := array_remove(array[
    case when not v_window.is_open then 'quiet_hours' end,
    case when v_number.id is not null and v_number_until is null then 'number_quiet_hours' end,
    case when v_open_until < p_now + interval '60 seconds' then 'last_minute' end,
    case when cardinality(v_texts) >= v_window.max_per_24h then 'daily_limit' end], null);
  v_is_honoured := coalesce(private.honours_override(v_campaign), false);

  return private.explain_place(p_e164, v_state, v_key, p_now) || jsonb_build_object(
    'phone', p_e164, 'at', p_now,
    'may_send', cardinality(v_blocked_by) = 0 or v_is_honoured,
    'blocked_by', v_blocked_by,
    'is_open', v_is_open, 'open_until', v_open_until, 'next_open_at', v_next_open_at,
    'address', jsonb_build_object('state', v_state, 'from', v_state_from),
    'rules', private.explain_rules(v_org_id, v_key, v_number, p_now),
    'limit', jsonb_build_object(
      'max_per_24h', v_window.max_per_24h, 'used', cardinality(v_texts),
      'room_at', case when cardinality(v_texts) >= v_window.max_per_24h
        then v_texts[cardinality(v_texts) - v_window.max_per_24h + 1] + interval '24 hours' end),
    'reply', jsonb_build_object(
      'is_exempt', coalesce(v_last_inbound_at > p_now - interval '24 hours', false),
      'last_inbound_at', v_last_inbound_at, 'exempt_until', v_last_inbound_at + interval '24 hours'),
    'override', case when v_campaign.id is not null then jsonb_build_object(
      'campaign_id', v_campaign.id, 'is_asked', v_campaign.quiet_hours_override, 'is_honoured', v_is_honoured) end);
end;
$$;
comment on function private.explain_window(text, text, uuid, uuid, uuid, timestamptz) is
  'Whether a campaign may write to a phone at p_now (2000 to 2100), when it may next, and by which rules, from the same '
  'functions that planning and claiming use. p_state or p_lead_id give the mailing address (neither: that of the lead with this '
  'phone). p_phone_number_id: the number to send from. p_campaign_id: the campaign whose quiet-hours override is considered. '
  'Raises PT403, PT422. Security definer: users may not call the functions that read rules, places and counts.';
grant execute on function private.explain_window(text, text, uuid, uuid, uuid, timestamptz) to authenticated;

create function public.explain_window(
  p_e164 text,
  p_state text default null,
  p_lead_id uuid default null,
  p_phone_number_id uuid default null,
  p_campaign_id uuid default null,
  p_at timestamptz default null
)
returns jsonb
language sql
set search_path = ''
as $$
  select private.explain_window(p_e164, p_state, p_lead_id, p_phone_number_id, p_campaign_id, coalesce(p_at, now()));
$$;
comment on function public.explain_window(text, text, uuid, uuid, uuid, timestamptz) is
  'Calls the private function of the same name, which checks role and organisation. p_at is the moment to explain, by default '
  'now.';
grant execute on function public.explain_window(text, text, uuid, uuid, uuid, timestamptz) to authenticated;

-- schemas/quiet-hours/functions/rule_versions.sql

-- A cached window stores the version of the rules it was made from. Emptying the cache when a rule changes was not enough: a plan
-- that had read the old rules and committed after the change put the old answer back, and it stayed until the window closed.

create function private.rules_version(p_org_id uuid)
returns bigint
language plpgsql
stable
set search_path = ''
as $$
begin
  -- Both versions only grow, so their sum identifies one state of both.
  return (
    select coalesce(sum(v.version), 0)::bigint from private.rule_versions v
    where v.scope in (p_org_id, '00000000-0000-0000-0000-000000000000'));
end;
$$;
comment on function private.rules_version(uuid) is
  'The current version of the rules of the platform and the organisation; it grows with every change of either.';

-- schemas/quiet-hours/functions/rules_in_force.sql

-- Which rule is in force where and when, in one place for windows, limits and explanations. If hours begin or end in the hour
-- that a clock skips or repeats, the stricter reading counts. Limits per 24 hours come from the rule in force; of two dated rules
-- the newer one. They apply to states with rows, to the default, to the federal rule, and to people whose place is unknown.
-- PL/pgSQL, because it keeps query plans: planning these queries took longer than running them.

create function private.local_range(p_opens timestamp, p_closes timestamp, p_time_zone text)
returns tstzrange
language plpgsql
immutable
strict
set search_path = ''
as $$
declare
  -- "at time zone" gives the later reading of a local time that a clock skips or repeats: right for opening, wrong for closing.
  v_opens timestamptz := p_opens at time zone p_time_zone;
  v_closes timestamptz := p_closes at time zone p_time_zone;
  v_wall timestamp := v_closes at time zone p_time_zone;
begin
  if v_wall <> p_closes then
    v_closes := v_closes - (v_wall - p_closes);
  elsif (v_closes - interval '1 hour') at time zone p_time_zone = p_closes then
    v_closes := v_closes - interval '1 hour';
  end if;
  return case when v_opens < v_closes then tstzrange(v_opens, v_closes) end;
end;
$$;
comment on function private.local_range(timestamp, timestamp, text) is
  'The time between two local times of a zone. A time that the clock skips or repeats when it changes has two readings: opening '
  'uses the later, closing the earlier. Null if no time is left between them.';

create function private.window_places(p_window_key text, out time_zones text[], out states text[])
language plpgsql
immutable
set search_path = ''
as $$
begin
  if p_window_key = '?' then
    -- The place is unknown: it is open only when it is open everywhere from New York to Honolulu.
    time_zones := array['America/New_York', 'America/Chicago', 'America/Denver', 'America/Phoenix', 'America/Los_Angeles',
      'America/Anchorage', 'Pacific/Honolulu'];
    states := array['??', 'US'];
  else
    time_zones := string_to_array(split_part(p_window_key, '|', 1), ',');
    states := string_to_array(split_part(p_window_key, '|', 2), ',') || 'US'::text;
  end if;
end;
$$;
comment on function private.window_places(text) is
  'The time zones of a window key, and the states whose rules apply there; US, the federal rule, is always one of them.';

create function private.rules_in_force(p_org_id uuid, p_states text[], p_from date, p_to date)
returns table (
  state text, day date, opens time, closes time, max_per_24h smallint, holiday text, source text, is_own boolean,
    is_default boolean, reviewed_at date)
language plpgsql
stable
set search_path = ''
set plan_cache_mode = force_generic_plan
as $$
#variable_conflict use_column
begin
  return query
  with rules as materialized (
    select q.state, q.dow, q.opens, q.closes, q.closed_on_holidays, q.closed_on_state_holidays,
      q.max_per_24h, q.source, q.org_id is not null as is_own,
      q.effective_from, q.effective_to, q.reviewed_at
    from public.quiet_hour_rules q
    where (q.state = any (p_states) or q.state = '*') and (q.org_id is null or q.org_id = p_org_id)
  ),
  -- For each day: on a day on which a state's rule is not in force, or is for another weekday, the default applies.
  candidates as materialized (
    select distinct on (s.state, d.day, r.state, r.is_own) s.state, d.day, r.state = '*' and s.state <> '*' as is_default,
      r.opens, r.closes, r.closed_on_holidays, r.closed_on_state_holidays, r.max_per_24h, r.source, r.is_own, r.reviewed_at
    from unnest(p_states) as s(state)
    cross join (select p_from + n as day from generate_series(0, p_to - p_from) n) d
    join rules r on r.state in (s.state, '*') and r.dow = extract(dow from d.day)
      and r.effective_from <= d.day and (r.effective_to is null or r.effective_to > d.day)
    order by s.state, d.day, r.state, r.is_own, r.effective_from desc
  ),
  chosen as (
    select distinct on (c.state, c.day) c.* from candidates c order by c.state, c.day, c.is_default, c.is_own desc
  )
  select s.state, d.day,
    case when h.name is null then c.opens end,
    case when h.name is null then c.closes end,
    -- If an organisation's rule gives no limit, the platform's limit applies.
    coalesce(c.max_per_24h, (
      select p.max_per_24h from candidates p
      where c.is_own and p.state = c.state and p.day = c.day and p.is_default = c.is_default and not p.is_own)),
    h.name,
    c.source, c.is_own, c.is_default, c.reviewed_at
  from unnest(p_states) as s(state)
  cross join (select p_from + n as day from generate_series(0, p_to - p_from) n) d
  left join chosen c on c.state = s.state and c.day = d.day
  left join lateral (
    -- A day may be a holiday of both.
    select x.name from private.holidays x
    where x.day = d.day and ((c.closed_on_holidays and x.state = 'US') or (c.closed_on_state_holidays and x.state = s.state))
    order by x.state = 'US' desc limit 1
  ) h on true;
end;
$$;
comment on function private.rules_in_force(uuid, text[], date, date) is
  'The rule in force for each of these states on each day. The organisation''s rule comes before the platform''s, the state''s '
  'before the default (*), the newer before the older. Hours are null if it is closed that day; holiday is the holiday that '
  'closes it. source is null if no rule is in force.';

-- schemas/quiet-hours/functions/window_state.sql

create function private.window_state(p_org_id uuid, p_window_key text, p_now timestamptz default now(),
  p_store boolean default false)
returns private.windows
language plpgsql
volatile
set search_path = ''
set plan_cache_mode = force_generic_plan
as $$
declare
  -- Read before the rules: if a rule changes after this, the stored answer has an old version and is ignored.
  v_version bigint := private.rules_version(p_org_id);
  v_window private.windows;
  v_today date := (p_now at time zone 'UTC')::date;
  v_days integer;
  v_horizon timestamptz := p_now + interval '9 days';
  v_open tstzmultirange;
  v_range tstzrange;
  v_change timestamptz;
begin
  select * into v_window from private.windows w
  where w.org_id = p_org_id and w.window_key = p_window_key and w.version = v_version and w.valid_from <= p_now
    and w.valid_to > p_now;
  if found then
    return v_window;
  end if;

  v_window.org_id := p_org_id;
  v_window.window_key := p_window_key;
  v_window.version := v_version;
  v_window.valid_from := p_now;
  foreach v_days in array array[3, 11] loop
    -- Starts the day before, when today's local day begins in Honolulu. The last day ends first in Guam, hours before it ends in
    -- UTC.
    v_open := private.window_times(p_org_id, p_window_key, v_today - 1, v_today + v_days);
    select r into v_range from unnest(v_open) r where r @> p_now;
    v_window.is_open := found;
    if v_window.is_open then
      v_change := upper(v_range);
    else
      select min(lower(r)) into v_change from unnest(v_open) r where lower(r) > p_now;
    end if;
    exit when v_change < (v_today + v_days)::timestamp at time zone 'UTC';
  end loop;
  v_window.next_open_at := case when v_window.is_open then p_now else v_change end;
  v_window.valid_to := least(v_change, v_horizon);

  -- Considers the limits of every state the person may be in, on the local days of this window; the lowest counts.
  select min(f.max_per_24h) into v_window.max_per_24h
  from private.window_places(p_window_key) p
  cross join lateral (
    select min((p_now at time zone z.zone)::date) as first_day,
      max((case when v_window.is_open then v_window.valid_to - interval '1 second'
        else p_now end at time zone z.zone)::date) as last_day
    from unnest(p.time_zones) as z(zone)
  ) d
  cross join lateral private.rules_in_force(p_org_id, p.states, d.first_day, d.last_day) f;

  -- Only planning stores (there is one planner per organisation): claims that store several keys in different orders could
  -- deadlock.
  if not p_store then
    return v_window;
  end if;
  insert into private.windows values (v_window.*)
  on conflict (org_id, window_key) do update
    set is_open = excluded.is_open, valid_from = excluded.valid_from, valid_to = excluded.valid_to,
        next_open_at = excluded.next_open_at, max_per_24h = excluded.max_per_24h, version = excluded.version;
  return v_window;
end;
$$;
comment on function private.window_state(uuid, text, timestamptz, boolean) is
  'Whether a window key is open at p_now, and until when that answer is valid (valid_to). If it is closed, next_open_at is when '
  'it opens next (null: not within 9 days). Uses a cached answer that is still valid; stores a new answer if p_store.';

-- schemas/quiet-hours/functions/windows.sql

-- Quiet hours: dated rules by state with their source, federal holidays, area codes, and the cache of answers. Rules are data,
-- never code. An organisation's own row for a state and weekday replaces the platform's.

create function private.window_key(p_e164 text, p_state text)
returns text
language plpgsql
stable
set search_path = ''
as $$
declare
  v_zones text[];
  v_states text[];
begin
  select array_agg(distinct z.zone order by z.zone), array_agg(distinct p.state order by p.state) into v_zones, v_states
  from (
    select a.state, a.time_zones from private.area_codes a where p_e164 like '+1%' and a.area_code = substr(p_e164, 3, 3)
    union all
    select a.state, a.time_zones from private.area_codes a where a.state = p_state
  ) p
  cross join lateral unnest(p.time_zones) as z(zone);
  return coalesce(array_to_string(v_zones, ',') || '|' || array_to_string(v_states, ','), '?');
end;
$$;
comment on function private.window_key(text, text) is
  'Where a person may be, from the area code of their phone and the state of their mailing address: "zone,zone|state,state", or '
  '"?" if neither is known.';

create function private.window_rules(p_org_id uuid, p_window_key text, p_from date, p_to date)
returns table (rule text, time_zone text, source text, open_times tstzmultirange)
language plpgsql
stable
set search_path = ''
set plan_cache_mode = force_generic_plan
as $$
#variable_conflict use_column
begin
  return query
  select 'org', o.time_zone, 'the organisation''s own hours',
    -- Starts the day before, because hours that are open over midnight begin there.
    coalesce(range_agg(private.local_range(
      d.day + o.quiet_ends, d.day + (o.quiet_starts < o.quiet_ends)::integer + o.quiet_starts, o.time_zone)), '{}')
  from public.orgs o
  cross join (select p_from + n as day from generate_series(-1, p_to - p_from) n) d
  where o.id = p_org_id
  group by o.time_zone
  union all
  select case f.state when 'US' then 'federal' else f.state end, z.zone,
    coalesce(string_agg(distinct f.source, '; '), 'no rule in force'),
    coalesce(range_agg(private.local_range(f.day + f.opens, f.day + f.closes, z.zone)), '{}')
  from private.window_places(p_window_key) p
  cross join lateral private.rules_in_force(p_org_id, p.states, p_from, p_to) f
  cross join lateral unnest(p.time_zones) as z(zone)
  group by f.state, z.zone;
end;
$$;
comment on function private.window_rules(uuid, text, date, date) is
  'Each rule that applies to a window key in each of its time zones, and the times between two days that the rule leaves open. '
  'On a day for which a state has no rule, the default (*) applies.';

create function private.number_open_until(p_quiet_starts time, p_quiet_ends time, p_time_zone text, p_now timestamptz)
returns timestamptz
language plpgsql
immutable
set search_path = ''
as $$
declare
  v_local timestamp := p_now at time zone p_time_zone;
  v_over_midnight boolean := p_quiet_starts < p_quiet_ends;
  v_day date := v_local::date;
  v_open tstzrange;
begin
  -- The day on which the current hours began: yesterday, if they are open over midnight and it is still before they end.
  if v_over_midnight and v_local::time < p_quiet_ends then
    v_day := v_day - 1;
  end if;
  v_open := private.local_range(v_day + p_quiet_ends, v_day + v_over_midnight::integer + p_quiet_starts, p_time_zone);
  return case when v_open @> p_now then upper(v_open) end;
end;
$$;
comment on function private.number_open_until(time, time, text, timestamptz) is
  'Until when a number''s own hours are open at p_now; null if they are closed.';

create function private.person_window(p_org_id uuid, p_e164 text, p_now timestamptz default now())
returns private.windows
language plpgsql
volatile
set search_path = ''
as $$
begin
  return private.window_state(p_org_id, private.window_key(p_e164, private.person_state(p_org_id, p_e164)), p_now);
end;
$$;
comment on function private.person_window(uuid, text, timestamptz) is
  'The window of one person, from their phone and the mailing address of their lead.';

create function private.window_times(p_org_id uuid, p_window_key text, p_from date, p_to date)
returns tstzmultirange
language plpgsql
stable
set search_path = ''
as $$
begin
  return (select range_intersect_agg(r.open_times) from private.window_rules(p_org_id, p_window_key, p_from, p_to) r);
end;
$$;
comment on function private.window_times(uuid, text, date, date) is
  'When a window key is open between two days: the times that every rule leaves open in every time zone. Complete from the day '
  'after p_from to the day before p_to.';

create function private.person_state(p_org_id uuid, p_e164 text)
returns text
language plpgsql
stable
set search_path = ''
as $$
begin
  return (
    select l.state from public.lead_phones p join public.leads l on l.id = p.lead_id
    where p.org_id = p_org_id and p.e164 = p_e164 and l.state is not null
    order by (l.deleted_at is null) desc, p.created_at
    limit 1);
end;
$$;
comment on function private.person_state(uuid, text) is
  'The state in the mailing address of the lead that has a phone; null if it is unknown.';
