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
