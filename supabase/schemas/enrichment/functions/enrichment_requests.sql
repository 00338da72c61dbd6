-- What services are to be asked about: parcels and phones that people request, new ones if a service is automatic, and phones
-- that a service answered about 30 days ago.

create function private.queue_calls(p_service_id uuid, p_subjects text[], p_overwrites boolean, p_now timestamptz)
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
    -- A call that already waits stays as it is; one that was given up is made again.
    where c.given_up_at is not null or (excluded.overwrites and not c.overwrites);
  get diagnostics v_count = row_count;
  return v_count;
end;
$$;
comment on function private.queue_calls(uuid, text[], boolean, timestamptz) is
  'Queues calls to a service about these subjects, including calls that were given up. p_overwrites: answers may replace known '
  'values. Returns how many calls are new.';

create function private.is_scrubbed(p_service_id uuid, p_e164 text, p_since timestamptz)
returns boolean
language plpgsql
stable
set search_path = ''
set enable_seqscan = off
set enable_bitmapscan = off
as $$
begin
  return exists (
    select 1 from public.phone_scrubs s
    where s.service_id = p_service_id and s.e164 = p_e164 and (s.hit is not null or s.scrubbed_at > p_since));
end;
$$;
comment on function private.is_scrubbed(uuid, text, timestamptz) is
  'Whether a service need not be asked about a phone again: it answered after p_since, or once found the phone on a list. Forces '
  'the use of its index, like private.is_waiting.';

create function private.queue_stale_scrubs(p_now timestamptz default now(), p_limit integer default 5000,
  p_org_id uuid default null)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_resting uuid[] := private.resting_orgs('rescrub', p_org_id, p_now);
  v_service record;
  v_count integer := 0;
begin
  for v_service in select s.id from public.enrichment_services s
    where s.kind = 'scrub' and s.is_enabled and (p_org_id is null or s.org_id = p_org_id) and s.org_id <> all (v_resting)
    order by s.id loop
    v_count := v_count + private.queue_calls(v_service.id, array(
      select x.e164 from public.phone_scrubs x
      where x.service_id = v_service.id and x.hit is null and x.scrubbed_at <= p_now - interval '30 days'
        and not exists (
          select 1 from private.outside_calls c join private.call_lanes l on l.id = c.lane_id
          where l.service_id = v_service.id and c.subject = x.e164)
        and exists (
          select 1 from public.lead_phones p join public.leads l on l.id = p.lead_id and l.deleted_at is null
          where p.org_id = x.org_id and p.e164 = x.e164 and p.is_valid)
      order by x.scrubbed_at limit p_limit), false, p_now);
  end loop;
  return v_count;
end;
$$;
comment on function private.queue_stale_scrubs(timestamptz, integer, uuid) is
  'Queues calls about phones that scrub services answered about 30 days ago, if a lead still has them: answers older than 31 '
  'days no longer count. Returns how many. p_org_id: only this organisation; null: all except those for which this work is '
  'resting.';
