-- Settling a batch of outside calls: answered calls are done, others are tried again. A service that fails again and again gets
-- one call at a time.

create function private.retry_outside_at(p_attempts integer, p_retry_after numeric, p_now timestamptz)
returns timestamptz
language sql
volatile
set search_path = ''
as $$
  -- 30 s, 1, 2, 4 … minutes, an hour at most, each 25 % more or less, so that calls that failed together are not repeated
  -- together. Never before the time the service asks for, which counts up to a day.
  select p_now + greatest(
    least(interval '30 seconds' * power(2, least(p_attempts, 12) - 1), interval '1 hour') * (0.75 + random() * 0.5),
    make_interval(secs => least(coalesce(p_retry_after, 0), 86400)));
$$;
comment on function private.retry_outside_at(integer, numeric, timestamptz) is
  'When a call that failed for the p_attempts-th time is made again. p_retry_after is the wait that the service asked for, in '
  'seconds.';

create function private.settle_outside_calls(p_batch jsonb, p_results jsonb, p_max_attempts integer, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_failing_after constant integer := 20;
  v_probe_after constant interval := '10 minutes';
  v_lane private.call_lanes;
  v_row record;
  v_day date;
  v_done integer := 0;
  v_uncharged integer := 0;
  v_failures integer;
  v_blocked boolean := false;
  v_rest numeric := 0;
  v_error text;
  v_is_failing boolean;
begin
  select * into v_lane from private.call_lanes l where l.id = (p_batch ->> 'lane_id')::uuid for no key update;
  if v_lane.id is null then
    -- Its service was deleted meanwhile, together with its waiting calls.
    perform pgmq.delete('enrichments', (p_batch ->> 'message_id')::bigint);
    return;
  end if;
  v_failures := v_lane.failures;
  -- In the order in which the calls ended, because the number of failures in a row counts.
  for v_row in
    select r.value ->> 'subject' as subject, r.value ->> 'outcome' as outcome, left(r.value ->> 'error', 500) as error,
      coalesce((r.value ->> 'is_charged')::boolean, true) as is_charged, (r.value ->> 'retry_after')::numeric as retry_after,
        c.attempts
    from jsonb_array_elements(p_results) with ordinality r
    join private.outside_calls c on c.lane_id = v_lane.id and c.subject = r.value ->> 'subject'
    order by r.ordinality
  loop
    if not v_row.is_charged then
      v_uncharged := v_uncharged + 1;
    end if;
    if v_row.outcome = 'done' then
      v_done := v_done + 1;
      v_failures := 0;
      delete from private.outside_calls c where c.lane_id = v_lane.id and c.subject = v_row.subject;
    elsif v_row.outcome = 'skipped' then
      update private.outside_calls c set given_up_at = p_now, last_error = v_row.error, claims = 0
        where c.lane_id = v_lane.id and c.subject = v_row.subject;
    elsif v_row.outcome = 'not_asked' then
      update private.outside_calls c set due_at = p_now, claims = 0 where c.lane_id = v_lane.id and c.subject = v_row.subject;
    else
      v_failures := v_failures + 1;
      v_error := v_row.error;
      v_rest := greatest(v_rest, least(coalesce(v_row.retry_after, 0), 86400));
      if v_row.outcome = 'blocked' then
        -- The service refuses us, whatever the subject is, so the call itself need not wait: the lane rests.
        v_blocked := true;
        update private.outside_calls c set due_at = p_now, last_error = v_row.error, claims = 0
          where c.lane_id = v_lane.id and c.subject = v_row.subject;
      else
        update private.outside_calls c
        set claims = 0, attempts = least(c.attempts + 1, 1000), last_error = v_row.error,
            due_at = private.retry_outside_at(c.attempts + 1, v_row.retry_after, p_now),
            given_up_at = case when v_row.outcome = 'refused' or c.attempts + 1 >= p_max_attempts then p_now end
        where c.lane_id = v_lane.id and c.subject = v_row.subject;
      end if;
    end if;
  end loop;

  v_is_failing := v_failures > 0 and (v_lane.failing_since is not null or v_blocked or v_failures >= v_failing_after);
  v_day := private.org_day(v_lane.org_id, p_now);
  update private.call_lanes l
  set charged = case
        when l.day < v_day then 0
        when l.day = (p_batch ->> 'day')::date then greatest(l.charged - v_uncharged, 0)
        else l.charged
      end,
      answered = case when l.day = v_day then l.answered else 0 end + v_done,
      day = greatest(l.day, v_day),
      failures = v_failures,
      failing_since = case when v_is_failing then coalesce(l.failing_since, p_now) end,
      rests_until = case
        when v_is_failing then p_now + greatest(v_probe_after, make_interval(secs => v_rest))
        when v_rest > 0 then p_now + make_interval(secs => v_rest)
      end,
      last_error = coalesce(v_error, l.last_error),
      last_error_at = case when v_error is null then l.last_error_at else p_now end
  where l.id = v_lane.id
  returning * into v_lane;
  perform private.tell_lane(v_lane, p_now);

  if private.has_due_calls(v_lane.id, p_now) and private.lane_room(v_lane, p_now) > 0 then
    -- Queued behind the messages of other lanes. If the message is gone, another worker settled it and queued the next one.
    if pgmq.delete(v_lane.queue, (p_batch ->> 'message_id')::bigint) then
      perform private.send_work(v_lane.queue, v_lane.org_id, jsonb_build_object('lane_id', v_lane.id));
    end if;
  else
    perform pgmq.delete(v_lane.queue, (p_batch ->> 'message_id')::bigint);
  end if;
end;
$$;
comment on function private.settle_outside_calls(jsonb, jsonb, integer, timestamptz) is
  'Settles a claimed batch. p_results: [{subject, outcome, error, retry_after (seconds), is_charged}] in the order in which the '
  'calls ended. Outcomes: done: deleted. retry: made again later, given up after p_max_attempts (null: never). refused: given up '
  'at once. skipped: given up, but not a failure of the service. blocked: the service refuses us, and the lane rests. not_asked: '
  'due again. Calls that were not charged are given back to the budget.';

create function private.tell_lane(p_lane private.call_lanes, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_kind text := case p_lane.queue when 'lookups' then 'lookup_failing' else 'enrichment_failing' end;
begin
  if p_lane.failing_since is not null then
    perform private.raise_alert(p_lane.org_id, v_kind, 'warning',
      format('%s failed %s times in a row: %s. It is tried again every ten minutes; nothing is lost meanwhile.',
        private.lane_name(p_lane), p_lane.failures, rtrim(coalesce(p_lane.last_error, 'no reason known'), '.')),
      null, null, jsonb_build_object('service_id', p_lane.service_id, 'failures', p_lane.failures));
  elsif not exists (
    select 1 from private.call_lanes l where l.org_id = p_lane.org_id and l.queue = p_lane.queue and l.failing_since is not null
  ) then
    perform private.close_alerts(p_lane.org_id, v_kind, p_now);
  end if;
end;
$$;
comment on function private.tell_lane(private.call_lanes, timestamptz) is
  'Raises the alert lookup_failing or enrichment_failing for a lane that is failing, and resolves it when none of the '
  'organisation''s lanes of that queue is failing any more.';

create function private.lane_name(p_lane private.call_lanes)
returns text
language sql
stable
set search_path = ''
as $$
  select coalesce((select format('The service "%s"', s.name) from public.enrichment_services s where s.id = p_lane.service_id),
    'Twilio Lookup');
$$;
comment on function private.lane_name(private.call_lanes) is 'The name of a lane''s service for people.';

create function private.prune_outside_calls(p_now timestamptz default now(), p_limit integer default 10000,
  p_org_id uuid default null)
returns void
language sql
set search_path = ''
as $$
  delete from private.outside_calls c
  where (c.lane_id, c.subject) in (
    select x.lane_id, x.subject from private.outside_calls x join private.call_lanes l on l.id = x.lane_id
    where x.given_up_at < p_now - interval '90 days' and (p_org_id is null or l.org_id = p_org_id)
      and l.org_id <> all ((select private.resting_orgs('prune_calls', p_org_id, p_now))::uuid[]) limit p_limit);
$$;
comment on function private.prune_outside_calls(timestamptz, integer, uuid) is
  'Deletes calls that were given up more than 90 days ago. p_org_id: only this organisation; null: all except those for which '
  'this work is resting.';
