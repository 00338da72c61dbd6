-- Lookups and enrichments: lanes are read in turns. A call that ends its worker each time is found and given up. A lane whose
-- calls can't be claimed holds up no other lane.

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
  -- Two workers claimed each of these calls and recorded no result. Claimed one at a time, the call that ends its worker is
  -- found, because it does so again.
  update private.outside_calls c
  set given_up_at = p_now, last_error = 'Each of five workers that asked about this was killed by it: the answer takes too '
    'much time or memory. Fix the service, then ask again.'
  where c.lane_id = v_lane.id and c.given_up_at is null and c.due_at <= p_now and c.claims >= 2 and c.claims >= 5;
  v_is_suspect := exists (
    select from private.outside_calls c where c.lane_id = v_lane.id and c.given_up_at is null and c.due_at <= p_now
      and c.claims >= 2);
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
  select coalesce(to_jsonb(array_agg(to_jsonb(x) order by x.subject)), '[]') into v_calls from claimed x;
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
  return jsonb_build_object('message_id', p_message.msg_id, 'lane_id', v_lane.id, 'org_id', v_lane.org_id, 'service_id',
    v_lane.service_id,
    'day', v_day, 'calls', v_calls, 'is_suspect', v_is_suspect);
end;
$$;
comment on function private.take_lane_calls(pgmq.message_record, integer, timestamptz) is
  'Claims up to p_limit due calls of the lane that a message names, as many as the lane may make now; for two minutes no other '
  'worker claims them. Calls that two workers claimed without recording a result are claimed one by one (is_suspect), and given '
  'up after the fifth claim. Returns {message_id, lane_id, org_id, service_id, day, calls, is_suspect}; if there are no calls, '
  'the message is deleted.';

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
  -- No outside service is asked about leads that were deleted meanwhile.
  v_batch := private.drop_outside_calls(v_batch, array(
    select c ->> 'subject' from jsonb_array_elements(v_batch -> 'calls') c
    where not exists (
      select 1 from public.lead_phones p join public.leads l on l.id = p.lead_id and l.deleted_at is null
      where p.org_id = v_org_id and p.e164 = c ->> 'subject')));
  return v_batch || jsonb_build_object(
    'account_sid', (select a.account_sid from public.twilio_accounts a where a.org_id = v_org_id),
    'known', coalesce((
      select to_jsonb(array_agg(k.e164))
      from private.find_lookups(v_org_id, array(select c ->> 'subject' from jsonb_array_elements(v_batch -> 'calls') c),
        p_now) k), '[]'));
end;
$$;
comment on function private.lookup_batch(pgmq.message_record, integer, timestamptz) is
  'The answer of claim_lookups for the lane that a message names.';

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
  -- No outside service is asked about leads and parcels that were deleted meanwhile.
  v_batch := private.drop_outside_calls(v_batch, array(
    select c ->> 'subject' from jsonb_array_elements(v_batch -> 'calls') c where c ->> 'subject' <> all (v_needed)));
  return v_batch || jsonb_build_object('service', v_service, 'parcels', v_parcels);
end;
$$;
comment on function private.enrichment_batch(pgmq.message_record, integer, timestamptz) is
  'The answer of claim_enrichments for the lane that a message names.';

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
    -- Its service was deleted, together with its waiting calls.
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
  'Claims up to p_limit due calls of the lane whose turn it is; null if no lane has any. If claiming from a lane fails, the '
  'failure is counted and the batch has no calls; the lane is tried again after two minutes, from the fifth failure on after an '
  'hour.';
