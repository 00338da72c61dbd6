-- Lookups and enrichments: lanes are read in turns, a call that ends its worker each time is found and given up, and a lane that
-- cannot be claimed from holds up no other.

insert into private.work_kinds (kind, title) values
  ('enrichments', 'asking a service of yours'),
  ('lookups', 'looking up phones');

alter table private.outside_calls add column claims smallint not null default 0 check (claims >= 0);
create index outside_calls_claims_idx on private.outside_calls (lane_id, due_at) where claims >= 2 and given_up_at is null;
comment on column private.outside_calls.claims is 'How often in a row it was taken up by a worker that then told nothing of it, as one that was killed.';

drop function private.claim_outside_calls(text, integer, timestamptz);
create function private.take_lane_calls(p_message pgmq.message_record, p_limit integer, p_now timestamptz)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_lease constant interval := '2 minutes';
  v_lane private.call_lanes;
  v_calls jsonb;
  v_day date;
  v_is_suspect boolean;
  v_subjects text[];
begin
  select * into v_lane from private.call_lanes l where l.id = (p_message.message ->> 'lane_id')::uuid for no key update;
  -- Two workers that took these told nothing of them. One at a time they are told apart: the one that ended its worker does it again.
  update private.outside_calls c
  set given_up_at = p_now, last_error = 'Each of five workers that asked about this ended over it: the answer takes too much time or memory. Mend the service, then ask again.'
  where c.lane_id = v_lane.id and c.given_up_at is null and c.due_at <= p_now and c.claims >= 2 and c.claims >= 5;
  v_is_suspect := exists (
    select from private.outside_calls c where c.lane_id = v_lane.id and c.given_up_at is null and c.due_at <= p_now and c.claims >= 2);
  if v_is_suspect then
    v_subjects := array(
      select c.subject from private.outside_calls c
      where c.lane_id = v_lane.id and c.given_up_at is null and c.due_at <= p_now and c.claims >= 2
      order by c.claims desc, c.due_at, c.subject limit least(1, private.lane_room(v_lane, p_now)) for no key update skip locked);
  else
    v_subjects := array(
      select c.subject from private.outside_calls c
      where c.lane_id = v_lane.id and c.given_up_at is null and c.due_at <= p_now
      order by c.due_at, c.subject limit least(p_limit, private.lane_room(v_lane, p_now)) for no key update skip locked);
  end if;
  with claimed as (
    update private.outside_calls c set due_at = p_now + v_lease, claims = c.claims + 1
    where c.lane_id = v_lane.id and c.subject = any (v_subjects)
    returning c.subject, c.attempts, c.overwrites
  )
  select coalesce(jsonb_agg(to_jsonb(x) order by x.subject), '[]') into v_calls from claimed x;
  if v_calls = '[]' then
    perform pgmq.delete(v_lane.queue, p_message.msg_id);
  else
    v_day := private.org_day(v_lane.org_id, p_now);
    update private.call_lanes l
    set day = v_day,
        charged = case when l.day = v_day then l.charged else 0 end + jsonb_array_length(v_calls),
        answered = case when l.day = v_day then l.answered else 0 end
    where l.id = v_lane.id;
  end if;
  return jsonb_build_object('message_id', p_message.msg_id, 'lane_id', v_lane.id, 'org_id', v_lane.org_id, 'service_id', v_lane.service_id,
    'day', v_day, 'calls', v_calls, 'is_suspect', v_is_suspect);
end;
$$;
comment on function private.take_lane_calls(pgmq.message_record, integer, timestamptz) is
  'Takes up to p_limit due calls of the lane that a message names, as much as its day and service allow; nobody else makes them for two minutes. Calls that two workers took and told nothing of are taken one by one (is_suspect), and given up after the fifth. Returns {message_id, lane_id, org_id, service_id, day, calls, is_suspect}; without calls the message is gone.';

create function private.lookup_batch(p_message pgmq.message_record, p_limit integer, p_now timestamptz)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_batch jsonb := private.take_lane_calls(p_message, p_limit, p_now);
  v_org_id uuid := (v_batch ->> 'org_id')::uuid;
begin
  if v_org_id is null then
    return v_batch;
  end if;
  -- Of leads that were deleted meanwhile nobody outside is told.
  v_batch := private.drop_outside_calls(v_batch, array(
    select c ->> 'subject' from jsonb_array_elements(v_batch -> 'calls') c
    where not exists (
      select 1 from public.lead_phones p join public.leads l on l.id = p.lead_id and l.deleted_at is null
      where p.org_id = v_org_id and p.e164 = c ->> 'subject')));
  return v_batch || jsonb_build_object(
    'account_sid', (select a.account_sid from public.twilio_accounts a where a.org_id = v_org_id),
    'known', coalesce((
      select jsonb_agg(k.e164)
      from private.find_lookups(v_org_id, array(select c ->> 'subject' from jsonb_array_elements(v_batch -> 'calls') c), p_now) k), '[]'));
end;
$$;
comment on function private.lookup_batch(pgmq.message_record, integer, timestamptz) is
  'What claim_lookups gives of the lane that a message names.';

create function private.enrichment_batch(p_message pgmq.message_record, p_limit integer, p_now timestamptz)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_batch jsonb := private.take_lane_calls(p_message, p_limit, p_now);
  v_org_id uuid := (v_batch ->> 'org_id')::uuid;
  v_service jsonb;
  v_parcels jsonb := '{}';
  v_needed text[];
begin
  if v_org_id is null then
    return v_batch;
  end if;
  v_service := private.service_for_worker((v_batch ->> 'service_id')::uuid);
  if v_service ->> 'kind' = 'property' then
    select coalesce(jsonb_object_agg(p.id, jsonb_build_object(
      'apn', p.apn, 'county', p.county, 'state', p.state, 'situs', p.situs, 'property_type', p.property_type,
      'acreage', p.acreage, 'estimated_value', p.estimated_value)), '{}') into v_parcels
    from jsonb_array_elements(v_batch -> 'calls') c
    join public.lead_properties p on p.id = (c ->> 'subject')::uuid
    join public.leads l on l.id = p.lead_id and l.deleted_at is null
    where p.org_id = v_org_id;
    v_needed := array(select jsonb_object_keys(v_parcels));
  else
    v_needed := array(
      select c ->> 'subject' from jsonb_array_elements(v_batch -> 'calls') c
      where exists (
        select 1 from public.lead_phones p join public.leads l on l.id = p.lead_id and l.deleted_at is null
        where p.org_id = v_org_id and p.e164 = c ->> 'subject'));
  end if;
  -- Of leads and parcels that were deleted meanwhile nobody outside is told.
  v_batch := private.drop_outside_calls(v_batch, array(
    select c ->> 'subject' from jsonb_array_elements(v_batch -> 'calls') c where c ->> 'subject' <> all (v_needed)));
  return v_batch || jsonb_build_object('service', v_service, 'parcels', v_parcels);
end;
$$;
comment on function private.enrichment_batch(pgmq.message_record, integer, timestamptz) is
  'What claim_enrichments gives of the lane that a message names.';

create function private.claim_lane(p_queue text, p_limit integer, p_now timestamptz)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_message pgmq.message_record := private.read_in_turn(p_queue, 120);
  v_batch jsonb;
  v_lane private.call_lanes;
  v_tries integer;
begin
  if v_message.msg_id is null then
    return null;
  end if;
  select * into v_lane from private.call_lanes l where l.id = (v_message.message ->> 'lane_id')::uuid;
  if v_lane.id is null then
    -- Its service was removed, and with it what was to be asked.
    perform pgmq.delete(p_queue, v_message.msg_id);
    return jsonb_build_object('message_id', v_message.msg_id, 'calls', '[]'::jsonb);
  end if;
  begin
    v_batch := case p_queue
      when 'lookups' then private.lookup_batch(v_message, p_limit, p_now)
      else private.enrichment_batch(v_message, p_limit, p_now) end;
    perform private.clear_failure(p_queue, v_lane.id, p_now);
    return v_batch;
  exception when query_canceled or others then
    if private.is_passing(sqlstate) then
      raise;
    end if;
    raise warning 'lane % of organisation % could not be claimed from: % (%)', v_lane.id, v_lane.org_id, sqlerrm, sqlstate;
    v_tries := private.note_failure(p_queue, v_lane.id, v_lane.org_id, format('%s (%s)', sqlerrm, sqlstate), p_now);
    perform pgmq.set_vt(p_queue, v_message.msg_id, case when v_tries >= 5 then 3600 else 120 end);
    return jsonb_build_object('message_id', v_message.msg_id, 'lane_id', v_lane.id, 'org_id', v_lane.org_id,
      'service_id', v_lane.service_id, 'calls', '[]'::jsonb);
  end;
end;
$$;
comment on function private.claim_lane(text, integer, timestamptz) is
  'Takes up to p_limit due calls of the lane whose turn it is; null if none is. A lane that fails is counted and comes again after two minutes, from the fifth failure on after an hour; then the batch has no calls.';

create or replace function private.claim_lookups(p_limit integer default 50, p_now timestamptz default now())
returns jsonb
language sql
security definer
set search_path = ''
as $$
  select private.claim_lane('lookups', p_limit, p_now);
$$;

create or replace function private.claim_enrichments(p_limit integer default 50, p_now timestamptz default now())
returns jsonb
language sql
security definer
set search_path = ''
as $$
  select private.claim_lane('enrichments', p_limit, p_now);
$$;

create or replace function private.settle_outside_calls(p_batch jsonb, p_results jsonb, p_max_attempts integer, p_now timestamptz)
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
    -- Its service was removed meanwhile, and with it what was to be asked.
    perform pgmq.delete('enrichments', (p_batch ->> 'message_id')::bigint);
    return;
  end if;
  v_failures := v_lane.failures;
  -- In the order in which they ended: what counts is how many failed in a row.
  for v_row in
    select r.value ->> 'subject' as subject, r.value ->> 'outcome' as outcome, left(r.value ->> 'error', 500) as error,
      coalesce((r.value ->> 'is_charged')::boolean, true) as is_charged, (r.value ->> 'retry_after')::numeric as retry_after, c.attempts
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
      update private.outside_calls c set given_up_at = p_now, last_error = v_row.error, claims = 0 where c.lane_id = v_lane.id and c.subject = v_row.subject;
    elsif v_row.outcome = 'not_asked' then
      update private.outside_calls c set due_at = p_now, claims = 0 where c.lane_id = v_lane.id and c.subject = v_row.subject;
    else
      v_failures := v_failures + 1;
      v_error := v_row.error;
      v_rest := greatest(v_rest, least(coalesce(v_row.retry_after, 0), 86400));
      if v_row.outcome = 'blocked' then
        -- The service refuses us, whatever the subject: it waits for nothing but the service.
        v_blocked := true;
        update private.outside_calls c set due_at = p_now, last_error = v_row.error, claims = 0 where c.lane_id = v_lane.id and c.subject = v_row.subject;
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
    -- Behind everybody's. Whose message is gone was settled by another already, who saw to the next.
    if pgmq.delete(v_lane.queue, (p_batch ->> 'message_id')::bigint) then
      perform pgmq.send(v_lane.queue, jsonb_build_object('lane_id', v_lane.id));
    end if;
  else
    perform pgmq.delete(v_lane.queue, (p_batch ->> 'message_id')::bigint);
  end if;
end;
$$;

create or replace function private.queue_calls(p_service_id uuid, p_subjects text[], p_overwrites boolean, p_now timestamptz)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_count integer;
begin
  insert into private.outside_calls as c (lane_id, subject, overwrites, due_at, requested_at)
  select l.id, s, p_overwrites, p_now, p_now
  from private.call_lanes l cross join unnest(p_subjects) s
  where l.service_id = p_service_id
  order by s
  on conflict (lane_id, subject) do update
    set overwrites = c.overwrites or excluded.overwrites, due_at = excluded.due_at, requested_at = excluded.requested_at,
        attempts = 0, claims = 0, last_error = null, given_up_at = null
    -- What waits already waits on; what was given up is asked again.
    where c.given_up_at is not null or (excluded.overwrites and not c.overwrites);
  get diagnostics v_count = row_count;
  return v_count;
end;
$$;
