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
  v_at_most constant integer := 20000;
  v_org_id uuid := private.require_role('campaign_manager');
  v_service public.enrichment_services;
  v_lane_id uuid;
  v_subjects text[];
  v_queued integer := 0;
begin
  perform private.check_ids(p_lead_ids, 'lead_ids', 10000, 1);
  p_overwrite := coalesce(p_overwrite, false);
  p_dry_run := coalesce(p_dry_run, false);
  select * into v_service from public.enrichment_services s where s.org_id = v_org_id and s.id = p_service_id;
  if v_service.id is null then
    perform private.raise_error('PT404', 'not_found', 'There is no service with this id.',
      jsonb_build_object('service_id', p_service_id));
  end if;
  if not v_service.is_enabled and not p_dry_run then
    perform private.raise_error('PT409', 'invalid_state',
      format('The service "%s" is turned off. An admin turns it on.', v_service.name),
      jsonb_build_object('service_id', p_service_id));
  end if;
  select l.id into v_lane_id from private.call_lanes l where l.service_id = p_service_id;
  -- For all leads: reads along an index, and only as many as one request may queue.
  if v_service.kind = 'property' and p_lead_ids is null then
    v_subjects := array(
      select p.id::text from public.lead_properties p
      where p.org_id = v_org_id and (p_overwrite or p.acreage is null or p.estimated_value is null)
        and not exists (select 1 from public.leads l where l.id = p.lead_id and l.deleted_at is not null)
        and not private.is_waiting(v_lane_id, p.id::text)
      order by p.lead_id limit v_at_most + 1);
  elsif v_service.kind = 'property' then
    v_subjects := array(
      select p.id::text from unnest(p_lead_ids) i (id)
      join public.leads l on l.id = i.id and l.org_id = v_org_id and l.deleted_at is null
      join public.lead_properties p on p.lead_id = l.id and (p_overwrite or p.acreage is null or p.estimated_value is null)
      limit v_at_most + 1);
  else
    v_subjects := array(
      select x.e164 from (
        select distinct p.e164 from public.lead_phones p where p.org_id = v_org_id and p.is_valid and p_lead_ids is null
        union all
        select distinct p.e164 from unnest(p_lead_ids) i (id)
        join public.leads l on l.id = i.id and l.org_id = v_org_id and l.deleted_at is null
        join public.lead_phones p on p.lead_id = l.id and p.is_valid
      ) x
      where not private.is_scrubbed(p_service_id, x.e164, case when p_overwrite then 'infinity'
        else p_now - interval '30 days' end)
        and (p_lead_ids is not null or not private.is_waiting(v_lane_id, x.e164))
      limit v_at_most + 1);
  end if;
  if not p_dry_run then
    v_queued := private.queue_calls(p_service_id, v_subjects[1 : v_at_most], p_overwrite and v_service.kind = 'property', p_now);
    perform private.wake_call_lanes(v_lane_id, p_now);
    perform private.record_audit_event(v_org_id, 'enrichment_requested', null, null, null, jsonb_build_object(
      'service_id', p_service_id, 'found', cardinality(v_subjects), 'queued', v_queued, 'leads', cardinality(p_lead_ids),
        'overwrite', p_overwrite));
  end if;
  return jsonb_build_object(
    'found', least(cardinality(v_subjects), v_at_most), 'queued', v_queued, 'has_more', cardinality(v_subjects) > v_at_most,
    'daily_budget', v_service.daily_budget,
    'days', case when v_service.daily_budget > 0
      then ceil(least(cardinality(v_subjects), v_at_most)::numeric / v_service.daily_budget) end);
end;
$$;
comment on function private.request_enrichment(uuid, uuid[], boolean, boolean, timestamptz) is
  'Queues calls to a service about the parcels of these leads (null: of all leads) that lack acreage or value, or about their '
  'phones that it did not answer about within 30 days and never found on a list; at most 20,000 at a time. p_overwrite asks '
  'about all of them, and lets answers replace known values of parcels. Returns {found, queued, has_more, daily_budget, days}. '
  'p_dry_run only counts. Needs campaign_manager. Raises PT403, PT404, PT409 if the service is off, PT422. Security definer: '
  'users may not write calls.';
grant execute on function private.request_enrichment(uuid, uuid[], boolean, boolean, timestamptz) to authenticated;

create function public.request_enrichment(p_service_id uuid, p_lead_ids uuid[] default null, p_overwrite boolean default false,
  p_dry_run boolean default false)
returns jsonb
language sql set search_path = '' as $$ select private.request_enrichment(p_service_id, p_lead_ids, p_overwrite, p_dry_run); $$;
comment on function public.request_enrichment(uuid, uuid[], boolean, boolean) is
  'Calls the private function of the same name, which checks role and organisation, with the current time.';
grant execute on function public.request_enrichment(uuid, uuid[], boolean, boolean) to authenticated;
