-- What services are to be asked about: parcels and phones that people ask for, new ones by themselves where a service is automatic,
-- and phones that a service told of 30 days ago.

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
        attempts = 0, last_error = null, given_up_at = null
    -- What waits already waits on; what was given up is asked again.
    where c.given_up_at is not null or (excluded.overwrites and not c.overwrites);
  get diagnostics v_count = row_count;
  return v_count;
end;
$$;
comment on function private.queue_calls(uuid, text[], boolean, timestamptz) is 'Has a service asked about these subjects, those that were given up included; returns how many that adds.';

create function private.request_enrichment(
  p_service_id uuid,
  p_lead_ids uuid[] default null,
  p_overwrite boolean default false,
  p_dry_run boolean default false,
  p_now timestamptz default now()
)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_at_most constant integer := 100000;
  v_org_id uuid := private.require_role('campaign_manager');
  v_service public.enrichment_services;
  v_subjects text[];
  v_queued integer := 0;
begin
  select * into v_service from public.enrichment_services s where s.org_id = v_org_id and s.id = p_service_id;
  if v_service.id is null then
    perform private.raise_error('PT404', 'not_found', 'There is no service with this id.', jsonb_build_object('service_id', p_service_id));
  end if;
  if not v_service.is_enabled and not p_dry_run then
    perform private.raise_error('PT409', 'invalid_state', format('The service "%s" is turned off. An admin turns it on.', v_service.name),
      jsonb_build_object('service_id', p_service_id));
  end if;
  if v_service.kind = 'property' then
    v_subjects := array(
      select p.id::text from public.lead_properties p
      join public.leads l on l.id = p.lead_id and l.deleted_at is null
      where p.org_id = v_org_id and (p_lead_ids is null or p.lead_id = any (p_lead_ids))
        and (p_overwrite or p.acreage is null or p.estimated_value is null)
      order by p.id limit v_at_most + 1);
  else
    v_subjects := array(
      select distinct p.e164 from public.lead_phones p
      join public.leads l on l.id = p.lead_id and l.deleted_at is null
      left join public.phone_scrubs s on s.service_id = p_service_id and s.e164 = p.e164
      where p.org_id = v_org_id and p.is_valid and (p_lead_ids is null or p.lead_id = any (p_lead_ids))
        and s.hit is null and (s.scrubbed_at is null or p_overwrite or s.scrubbed_at <= p_now - interval '30 days')
      limit v_at_most + 1);
  end if;
  if not p_dry_run then
    v_queued := private.queue_calls(p_service_id, v_subjects[1 : v_at_most], p_overwrite and v_service.kind = 'property', p_now);
    perform private.wake_call_lanes(l.id, p_now) from private.call_lanes l where l.service_id = p_service_id;
    perform private.record_audit_event(v_org_id, 'enrichment_requested', null, null, null, jsonb_build_object(
      'service_id', p_service_id, 'found', cardinality(v_subjects), 'queued', v_queued, 'leads', cardinality(p_lead_ids), 'overwrite', p_overwrite));
  end if;
  return jsonb_build_object(
    'found', least(cardinality(v_subjects), v_at_most), 'queued', v_queued, 'has_more', cardinality(v_subjects) > v_at_most,
    'daily_budget', v_service.daily_budget,
    'days', case when v_service.daily_budget > 0 then ceil(least(cardinality(v_subjects), v_at_most)::numeric / v_service.daily_budget) end);
end;
$$;
comment on function private.request_enrichment(uuid, uuid[], boolean, boolean, timestamptz) is
  'Has a service asked about the parcels of these leads (null: all) that lack acreage or value, or about their phones that it did not tell of within 30 days and never found on a list; 100,000 at a time at most. p_overwrite asks about all of them, and lets answers replace what is known of parcels. {found, queued, has_more, daily_budget, days}. A dry run only counts. Raises PT403, PT404, PT409 where the service is off. Definer: users may not write calls. Needs campaign_manager.';
create function public.request_enrichment(p_service_id uuid, p_lead_ids uuid[] default null, p_overwrite boolean default false, p_dry_run boolean default false)
returns jsonb
language sql set search_path = '' as $$ select private.request_enrichment(p_service_id, p_lead_ids, p_overwrite, p_dry_run); $$;
comment on function public.request_enrichment(uuid, uuid[], boolean, boolean) is
  'Calls the private function of the same name, which checks role and organisation, at the time of the call.';
grant execute on function
  private.request_enrichment(uuid, uuid[], boolean, boolean, timestamptz), public.request_enrichment(uuid, uuid[], boolean, boolean)
to authenticated;

create function private.queue_new_subjects()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_service record;
begin
  for v_service in
    select s.id, s.org_id from public.enrichment_services s
    where s.org_id in (select c.org_id from changed c) and s.is_enabled and s.is_automatic
      and s.kind = case tg_table_name when 'lead_phones' then 'scrub' else 'property' end
    order by s.id
  loop
    if tg_table_name = 'lead_phones' then
      perform private.queue_calls(v_service.id, array(
        select distinct c.e164 from changed c
        where c.org_id = v_service.org_id and c.is_valid and not exists (
          select 1 from public.phone_scrubs x
          where x.service_id = v_service.id and x.e164 = c.e164 and (x.hit is not null or x.scrubbed_at > now() - interval '30 days'))),
        false, now());
    else
      perform private.queue_calls(v_service.id, array(
        select c.id::text from changed c
        where c.org_id = v_service.org_id and (c.acreage is null or c.estimated_value is null)), false, now());
    end if;
  end loop;
  return null;
end;
$$;
comment on function private.queue_new_subjects() is
  'Statement trigger: automatic services are asked about new phones, and about new parcels that lack acreage or value. Definer: whoever adds them may not write calls.';
create trigger lead_phones_scrub_insert after insert on public.lead_phones
  referencing new table as changed for each statement execute function private.queue_new_subjects();
create trigger lead_properties_enrich_insert after insert on public.lead_properties
  referencing new table as changed for each statement execute function private.queue_new_subjects();

create function private.queue_stale_scrubs(p_now timestamptz default now(), p_limit integer default 5000)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_service record;
  v_count integer := 0;
begin
  for v_service in select s.id from public.enrichment_services s where s.kind = 'scrub' and s.is_enabled order by s.id loop
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
comment on function private.queue_stale_scrubs(timestamptz, integer) is
  'Has services asked again about phones that they told of 30 days ago, for as long as a lead has them: what is older than 31 days counts no more. Returns how many.';
select cron.schedule('rescrub', '*/10 * * * *', 'select private.queue_stale_scrubs()');
