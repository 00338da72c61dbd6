-- The worker's part of lookups: claiming a batch of phones, and recording Twilio's answers. Also the status of lookups for
-- people.

create function private.claim_lookups(p_limit integer default 50, p_now timestamptz default now())
returns jsonb
language sql
security definer
set search_path = ''
as $$
  select private.claim_lane('lookups', p_limit, p_now);
$$;
comment on function private.claim_lookups(integer, timestamptz) is
  'Claims phones of one organisation that Twilio should be asked about now, as private.claim_lane returns them, with account_sid '
  'and known: phones that Twilio answered about within 90 days, which are not asked about again. Security definer: the worker '
  'may not read these tables.';
grant execute on function private.claim_lookups(integer, timestamptz) to worker;

create function private.record_lookups(p_batch jsonb, p_results jsonb, p_now timestamptz default now())
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := (p_batch ->> 'org_id')::uuid;
begin
  -- Locks contacts before phones, as everywhere, and phones before calls, in the order of transactions that add phones.
  perform private.lock_contacts(v_org_id, array(
    select r ->> 'subject' from jsonb_array_elements(p_results) r
    where not (r -> 'answer' ->> 'is_valid')::boolean or r -> 'answer' ->> 'line_type' = 'landline'));
  perform private.copy_lookups(v_org_id, array(
    select r ->> 'subject' from jsonb_array_elements(p_results) r where r ->> 'outcome' = 'done' and not r ? 'answer'), p_now);
  perform 1 from public.lead_phones p
  where p.org_id = v_org_id
    and p.e164 = any (array(select r ->> 'subject' from jsonb_array_elements(p_results) r where r ? 'answer'))
  order by p.id for no key update;
  update public.lead_phones p
  set looked_up_at = p_now,
      line_type = case when p.line_type_source = 'manual' then p.line_type else coalesce(a.line_type, p.line_type) end,
      line_type_source = case
        when p.line_type_source = 'manual' or a.line_type is null then p.line_type_source
        else 'lookup'
      end,
      carrier = coalesce(a.carrier, p.carrier),
      carrier_info = coalesce(a.carrier_info, '{}'),
      is_valid = p.is_valid and a.is_valid,
      invalid_reason = case when a.is_valid then p.invalid_reason
        else coalesce(p.invalid_reason, 'lookup_' || a.invalid_reason) end
  from jsonb_array_elements(p_results) r
  cross join lateral jsonb_to_record(r -> 'answer') as a (
    is_valid boolean, invalid_reason text, line_type text, carrier text, carrier_info jsonb)
  where r ? 'answer' and p.org_id = v_org_id and p.e164 = r ->> 'subject';
  -- The number does not exist or takes no texts: waiting messages of campaigns to it are canceled.
  update private.contacts c
  set invalid_at = p_now, invalid_reason = 'lookup_' || (r -> 'answer' ->> 'invalid_reason')
  from jsonb_array_elements(p_results) r
  where not (r -> 'answer' ->> 'is_valid')::boolean and c.org_id = v_org_id and c.e164 = r ->> 'subject' and c.invalid_at is null;
  perform private.cancel_open_targets(v_org_id, p.e164, case when p.is_valid then 'landline' else 'invalid_phone' end, p_now)
  from (
    select distinct on (x.e164) x.e164, x.is_valid
    from jsonb_array_elements(p_results) r
    join public.lead_phones x on x.org_id = v_org_id and x.e164 = r ->> 'subject' and (not x.is_valid or x.line_type = 'landline')
    where not (r -> 'answer' ->> 'is_valid')::boolean or r -> 'answer' ->> 'line_type' = 'landline'
    order by x.e164, x.id
  ) p;
  perform private.settle_outside_calls(p_batch, p_results, null, p_now);
end;
$$;
comment on function private.record_lookups(jsonb, jsonb, timestamptz) is
  'Stores Twilio''s answers about a batch''s phones, on every lead that has them, and settles the batch. p_results: as for '
  'private.settle_outside_calls; those that were answered have answer {is_valid, invalid_reason, line_type, carrier, '
  'carrier_info}; done without answer means that the phone is known already. A phone is never given up after failures. Security '
  'definer: the worker may not write these tables.';
grant execute on function private.record_lookups(jsonb, jsonb, timestamptz) to worker;

create function private.lookup_status(p_now timestamptz default now())
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('viewer');
  v_org public.orgs;
  v_lane private.call_lanes;
begin
  select * into v_org from public.orgs o where o.id = v_org_id;
  select * into v_lane from private.call_lanes l where l.org_id = v_org_id and l.service_id is null;
  return jsonb_build_object(
    'is_enabled', v_org.lookup_enabled, 'daily_budget', v_org.lookup_daily_budget, 'unit_price', v_org.lookup_price)
    || private.lane_status(v_lane, v_org.lookup_daily_budget, p_now);
end;
$$;
comment on function private.lookup_status(timestamptz) is
  'The status of an organisation''s lookups: its settings and private.lane_status. Needs viewer. Security definer: users may not '
  'read lanes.';
grant execute on function private.lookup_status(timestamptz) to authenticated;

create function public.lookup_status() returns jsonb
  language sql stable set search_path = '' as $$ select private.lookup_status(); $$;
comment on function public.lookup_status() is
  'Calls the private function of the same name, which checks role and organisation, with the current time.';
grant execute on function public.lookup_status() to authenticated;

create function private.lane_status(p_lane private.call_lanes, p_budget integer, p_now timestamptz)
returns jsonb
language sql
stable
set search_path = ''
as $$
  select jsonb_build_object(
    'queued', x.queued, 'oldest_queued_at', x.oldest, 'given_up', x.given_up,
    'done_today', case when t.is_today then p_lane.answered else 0 end,
    'charged_today', case when t.is_today then p_lane.charged else 0 end,
    'budget_left', greatest(p_budget - case when t.is_today then p_lane.charged else 0 end, 0),
    'state', case
      when p_lane.failing_since is not null then 'failing'
      when p_lane.rests_until > p_now then 'resting'
      when x.queued > 0 and p_budget <= case when t.is_today then p_lane.charged else 0 end then 'budget_spent'
      when x.queued > 0 then 'working'
      else 'idle'
    end,
    'failing_since', p_lane.failing_since, 'failures', coalesce(p_lane.failures, 0),
    'rests_until', case when p_lane.rests_until > p_now then p_lane.rests_until end,
    'last_error', p_lane.last_error, 'last_error_at', p_lane.last_error_at)
  from (select coalesce(p_lane.day = private.org_day(p_lane.org_id, p_now), false) as is_today) t
  cross join (
    select count(*) filter (where c.given_up_at is null) as queued, count(*) filter (where c.given_up_at is not null) as given_up,
      min(c.requested_at) filter (where c.given_up_at is null) as oldest
    from private.outside_calls c where c.lane_id = p_lane.id
  ) x;
$$;
comment on function private.lane_status(private.call_lanes, integer, timestamptz) is
  'The status of a lane: {queued, oldest_queued_at, given_up, done_today, charged_today, budget_left, state (idle, working, '
  'resting, budget_spent, failing), failing_since, failures, rests_until, last_error, last_error_at}.';
