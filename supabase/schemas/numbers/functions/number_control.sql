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
