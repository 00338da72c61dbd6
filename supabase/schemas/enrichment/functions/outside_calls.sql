-- Calls to outside services: Twilio Lookup is asked about phones, and an organisation's own services about parcels and phones.
-- All use the same mechanism. A lane is one service of one organisation, with its daily budget, its rests and its failures. A
-- call is one subject that the lane has still to ask about. The rows are what counts; a message in a queue only says that a lane
-- has something to do, and each lane has at most one. A batch is claimed for two minutes. If a worker dies meanwhile, its batch
-- is asked and charged again; nothing else happens.

create function private.lane_budget(p_lane private.call_lanes)
returns integer
language sql
stable
set search_path = ''
as $$
  select coalesce(case
    when p_lane.service_id is null then (
      select case when o.lookup_enabled then o.lookup_daily_budget end from public.orgs o where o.id = p_lane.org_id)
    else (select case when s.is_enabled then s.daily_budget end from public.enrichment_services s where s.id = p_lane.service_id)
  end, 0);
$$;
comment on function private.lane_budget(private.call_lanes) is
  'How many calls a day a lane may make; 0 if its service is turned off.';

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
  'How many calls a lane may begin now: the rest of the day''s budget, none while it is resting, one if it is failing.';

create function private.has_due_calls(p_lane_id uuid, p_now timestamptz)
returns boolean
language sql
stable
set search_path = ''
as $$
  select exists (select 1 from private.outside_calls c where c.lane_id = p_lane_id and c.given_up_at is null
    and c.due_at <= p_now);
$$;
comment on function private.has_due_calls(uuid, timestamptz) is 'Whether a lane has a call that is due.';

create function private.is_waiting(p_lane_id uuid, p_subject text)
returns boolean
language plpgsql
stable
set search_path = ''
-- Forces the primary key, whatever the statistics say: a plan made when the table was empty read all of it for each of 200,000
-- parcels. "is true" prevents the use of the other index that begins with the lane.
set enable_seqscan = off
set enable_bitmapscan = off
as $$
begin
  return exists (select 1 from private.outside_calls c where c.lane_id = p_lane_id and c.subject = p_subject
    and (c.given_up_at is null) is true);
end;
$$;
comment on function private.is_waiting(uuid, text) is 'Whether a call of a lane about a subject is waiting.';

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
    select coalesce(to_jsonb(array_agg(c)), '[]') from jsonb_array_elements(p_batch -> 'calls') c
      where c ->> 'subject' <> all (p_subjects)));
end;
$$;
comment on function private.drop_outside_calls(jsonb, text[]) is
  'Removes calls that are no longer needed from a batch that was just claimed, and gives them back to the budget; returns the '
  'batch without them.';

create function private.wake_call_lanes(p_lane_id uuid default null, p_now timestamptz default now(), p_org_id uuid default null)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_resting uuid[] := private.resting_orgs('wake_lanes', p_org_id, p_now);
  v_lane private.call_lanes;
  v_count integer := 0;
  v_has_message boolean;
begin
  for v_lane in
    select l.* from private.call_lanes l
    where (p_lane_id is null or l.id = p_lane_id) and (p_org_id is null or l.org_id = p_org_id) and l.org_id <> all (v_resting)
      and private.has_due_calls(l.id, p_now) and private.lane_room(l, p_now) > 0
    order by l.id for no key update skip locked
  loop
    execute format('select exists (select 1 from pgmq.q_%s m where m.message ->> ''lane_id'' = $1)', v_lane.queue)
    into v_has_message using v_lane.id::text;
    if not v_has_message then
      perform private.send_work(v_lane.queue, v_lane.org_id, jsonb_build_object('lane_id', v_lane.id));
      v_count := v_count + 1;
    end if;
  end loop;
  if v_count > 0 then
    perform private.call_background_worker();
  end if;
  return v_count;
end;
$$;
comment on function private.wake_call_lanes(uuid, timestamptz, uuid) is
  'Queues a message for each lane (or for p_lane_id) that has a due call, may make it, and has no message yet; calls the '
  'background worker if there are any; returns how many. A lane that another transaction has locked is skipped: that transaction '
  'queues the message itself. p_org_id: only this organisation; null: all except those for which this work is resting.';
