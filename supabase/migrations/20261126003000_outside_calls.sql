-- Calls to services outside: phones that Twilio Lookup is asked about, parcels and phones that an organisation's own services are. One
-- mechanism for all. A lane is one service of one organisation, with its budget of a day, its rests and its failures; a call is one
-- subject that the lane has still to ask about. The rows are the truth; a queue's message only says that a lane has something to do,
-- one message for each lane at most. A batch is claimed for two minutes: of a worker that dies in the middle, its batch is asked
-- again, charged again, and nothing else.

alter table public.orgs
  add column lookup_enabled boolean not null default false,
  add column lookup_daily_budget integer not null default 1000 check (lookup_daily_budget between 0 and 1000000),
  add column lookup_price numeric(10, 5) not null default 0.008 check (lookup_price >= 0);
comment on column public.orgs.lookup_enabled is 'Whether phones are looked up at Twilio: those of new leads by themselves, others when asked for.';
comment on column public.orgs.lookup_daily_budget is 'Lookups a day at most, in the organisation''s time zone.';
comment on column public.orgs.lookup_price is
  'US dollars a lookup, to estimate by: line type intelligence at list price (about 0.008 in 2026, not confirmed). Edit it to what your account pays.';
grant update (lookup_enabled, lookup_daily_budget, lookup_price) on public.orgs to authenticated;

create table private.call_lanes (
  id uuid primary key default gen_random_uuid(),
  org_id uuid not null references public.orgs (id) on delete cascade,
  queue text not null check (queue in ('lookups', 'enrichments')),
  service_id uuid unique,
  day date not null default '-infinity',
  charged integer not null default 0 check (charged >= 0),
  answered integer not null default 0 check (answered >= 0),
  failures integer not null default 0 check (failures >= 0),
  failing_since timestamptz,
  rests_until timestamptz,
  last_error text,
  last_error_at timestamptz,
  check ((queue = 'lookups') = (service_id is null))
) with (fillfactor = 50);
comment on table private.call_lanes is
  'A service outside that an organisation asks: Twilio Lookup (no service_id), or one of its own. charged and answered count calls of day, in the organisation''s time zone; failures are those in a row, and from 20 on it is failing: one call at a time finds out whether it is back.';
create unique index call_lanes_lookups_key on private.call_lanes (org_id) where service_id is null;
create index call_lanes_org_idx on private.call_lanes (org_id);

create table private.outside_calls (
  lane_id uuid not null references private.call_lanes (id) on delete cascade,
  subject text collate "C" not null check (length(subject) between 1 and 100),
  due_at timestamptz not null default now(),
  attempts smallint not null default 0,
  overwrites boolean not null default false,
  last_error text,
  given_up_at timestamptz,
  requested_at timestamptz not null default now(),
  primary key (lane_id, subject)
);
comment on table private.outside_calls is
  'What a service is still to be asked about: a phone (E.164) or a parcel (its id). Removed when it was answered; given_up_at says that it is asked no more, and last_error why.';
create index outside_calls_due_idx on private.outside_calls (lane_id, due_at) where given_up_at is null;
create index outside_calls_given_up_idx on private.outside_calls (given_up_at) where given_up_at is not null;

create function private.org_day(p_org_id uuid, p_now timestamptz)
returns date
language sql
stable
set search_path = ''
as $$
  select (p_now at time zone o.time_zone)::date from public.orgs o where o.id = p_org_id;
$$;
comment on function private.org_day(uuid, timestamptz) is 'The date at an organisation at a moment.';

create function private.lane_budget(p_lane private.call_lanes)
returns integer
language sql
stable
set search_path = ''
as $$
  select case when o.lookup_enabled then o.lookup_daily_budget else 0 end from public.orgs o where o.id = p_lane.org_id;
$$;
comment on function private.lane_budget(private.call_lanes) is 'How many calls a day a lane may make; 0 while what it asks is turned off.';

create function private.lane_room(p_lane private.call_lanes, p_now timestamptz)
returns integer
language sql
stable
set search_path = ''
as $$
  select case
      when p_lane.rests_until > p_now then 0
      when p_lane.failing_since is not null then least(r.left_today, 1)
      else r.left_today
    end
  from (
    select greatest(private.lane_budget(p_lane)
      - case when p_lane.day = private.org_day(p_lane.org_id, p_now) then p_lane.charged else 0 end, 0) as left_today
  ) r;
$$;
comment on function private.lane_room(private.call_lanes, timestamptz) is
  'How many calls a lane may begin now: what is left of the day''s budget, none while it rests, one where it is failing.';

create function private.has_due_calls(p_lane_id uuid, p_now timestamptz)
returns boolean
language sql
stable
set search_path = ''
as $$
  select exists (select 1 from private.outside_calls c where c.lane_id = p_lane_id and c.given_up_at is null and c.due_at <= p_now);
$$;
comment on function private.has_due_calls(uuid, timestamptz) is 'Whether a lane has a call to make now.';

create function private.is_waiting(p_lane_id uuid, p_subject text)
returns boolean
language plpgsql
stable
set search_path = ''
-- By the primary key, whatever the statistics say: a plan made when the table was empty read all of it for each of 200,000 parcels.
-- "is true" keeps off the other index that begins with the lane.
set enable_seqscan = off
set enable_bitmapscan = off
as $$
begin
  return exists (select 1 from private.outside_calls c where c.lane_id = p_lane_id and c.subject = p_subject and (c.given_up_at is null) is true);
end;
$$;
comment on function private.is_waiting(uuid, text) is 'Whether a lane is still to ask about a subject.';

create function private.wake_call_lanes(p_lane_id uuid default null, p_now timestamptz default now())
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_lane private.call_lanes;
  v_count integer := 0;
  v_has_message boolean;
begin
  for v_lane in
    select l.* from private.call_lanes l
    where (p_lane_id is null or l.id = p_lane_id) and private.has_due_calls(l.id, p_now) and private.lane_room(l, p_now) > 0
    order by l.id for no key update skip locked
  loop
    -- As many messages as lanes at most: to look through them all is cheap.
    execute format('select exists (select 1 from pgmq.q_%s m where m.message ->> ''lane_id'' = $1)', v_lane.queue)
    into v_has_message using v_lane.id::text;
    if not v_has_message then
      perform pgmq.send(v_lane.queue, jsonb_build_object('lane_id', v_lane.id));
      v_count := v_count + 1;
    end if;
  end loop;
  return v_count;
end;
$$;
comment on function private.wake_call_lanes(uuid, timestamptz) is
  'Queues a message for each lane (or the one given) that has a call to make, may make it, and has no message yet; returns how many. Whoever holds a lane queues its message themselves.';

create function private.claim_outside_calls(p_queue text, p_limit integer, p_now timestamptz)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_lease constant interval := '2 minutes';
  v_message_id bigint;
  v_lane_id uuid;
  v_lane private.call_lanes;
  v_calls jsonb;
  v_day date;
begin
  select r.msg_id, (r.message ->> 'lane_id')::uuid into v_message_id, v_lane_id
  from pgmq.read(p_queue, extract(epoch from v_lease)::integer, 1) r;
  if v_message_id is null then
    return null;
  end if;
  select * into v_lane from private.call_lanes l where l.id = v_lane_id for no key update;
  with due as (
    select c.subject from private.outside_calls c
    where c.lane_id = v_lane.id and c.given_up_at is null and c.due_at <= p_now
    order by c.due_at, c.subject limit least(p_limit, private.lane_room(v_lane, p_now)) for no key update skip locked
  ),
  claimed as (
    update private.outside_calls c set due_at = p_now + v_lease
    from due d where c.lane_id = v_lane.id and c.subject = d.subject
    returning c.subject, c.attempts, c.overwrites
  )
  select coalesce(jsonb_agg(to_jsonb(x) order by x.subject), '[]') into v_calls from claimed x;
  if v_calls = '[]' then
    perform pgmq.delete(p_queue, v_message_id);
  else
    v_day := private.org_day(v_lane.org_id, p_now);
    update private.call_lanes l
    set day = v_day,
        charged = case when l.day = v_day then l.charged else 0 end + jsonb_array_length(v_calls),
        answered = case when l.day = v_day then l.answered else 0 end
    where l.id = v_lane.id;
  end if;
  return jsonb_build_object('message_id', v_message_id, 'lane_id', v_lane.id, 'org_id', v_lane.org_id, 'service_id', v_lane.service_id,
    'day', v_day, 'calls', v_calls);
end;
$$;
comment on function private.claim_outside_calls(text, integer, timestamptz) is
  'Takes the next lane of a queue and at most p_limit of its calls for two minutes, and charges them to the day''s budget. Null where the queue is empty, no calls where the lane may make none: {message_id, lane_id, org_id, service_id, day, calls: [{subject, attempts, overwrites}]}.';

create function private.drop_outside_calls(p_batch jsonb, p_subjects text[])
returns jsonb
language plpgsql
set search_path = ''
as $$
begin
  if cardinality(p_subjects) = 0 then
    return p_batch;
  end if;
  delete from private.outside_calls c where c.lane_id = (p_batch ->> 'lane_id')::uuid and c.subject = any (p_subjects);
  update private.call_lanes l set charged = greatest(l.charged - cardinality(p_subjects), 0)
  where l.id = (p_batch ->> 'lane_id')::uuid and l.day = (p_batch ->> 'day')::date;
  return jsonb_set(p_batch, '{calls}', (
    select coalesce(jsonb_agg(c), '[]') from jsonb_array_elements(p_batch -> 'calls') c where c ->> 'subject' <> all (p_subjects)));
end;
$$;
comment on function private.drop_outside_calls(jsonb, text[]) is
  'Takes calls that nobody needs any more out of a batch that was just claimed, and off the budget; returns the batch without them.';
