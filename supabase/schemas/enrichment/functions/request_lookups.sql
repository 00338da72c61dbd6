create function private.request_lookups(p_lead_ids uuid[] default null, p_dry_run boolean default false,
  p_now timestamptz default now())
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  -- Takes a second or two of the eight seconds that a person's request may take.
  v_at_most constant integer := 20000;
  v_org_id uuid := private.require_role('campaign_manager');
  v_org public.orgs;
  v_lane_id uuid;
  v_found integer;
  v_waiting integer;
  v_wanted text[];
  v_added integer := 0;
begin
  perform private.check_ids(p_lead_ids, 'lead_ids', 10000, 1);
  p_dry_run := coalesce(p_dry_run, false);
  select * into v_org from public.orgs o where o.id = v_org_id;
  if not v_org.lookup_enabled and not p_dry_run then
    perform private.raise_error('PT409', 'invalid_state',
      'Lookups are turned off, because each costs money. An admin can turn them on with the setting lookup_enabled.',
        '{"setting": "lookup_enabled"}');
  end if;
  select l.id into v_lane_id from private.call_lanes l where l.org_id = v_org_id and l.service_id is null;
  if p_lead_ids is null then
    select count(*) into v_found
    from public.lead_phones p join public.leads l on l.id = p.lead_id and l.deleted_at is null
    where p.org_id = v_org_id and p.is_valid and p.looked_up_at is null;
    select count(*) into v_waiting from private.outside_calls c where c.lane_id = v_lane_id and c.given_up_at is null;
  else
    v_wanted := array(
      select distinct p.e164
      from unnest(p_lead_ids) i (id)
      join public.leads l on l.id = i.id and l.org_id = v_org_id and l.deleted_at is null
      join public.lead_phones p on p.lead_id = l.id and p.is_valid
        and (p.looked_up_at is null or p.looked_up_at <= p_now - interval '90 days'));
    v_found := cardinality(v_wanted);
    select count(*) into v_waiting
    from unnest(v_wanted) w where private.is_waiting(v_lane_id, w);
  end if;
  if not p_dry_run then
    v_lane_id := private.lookup_lane(v_org_id);
    if p_lead_ids is null then
      -- In the order of the index, beginning with the first phone that is not waiting yet.
      v_wanted := array(
        select x.e164 from (
          select distinct p.e164 from public.lead_phones p where p.org_id = v_org_id and p.looked_up_at is null and p.is_valid
            order by p.e164
        ) x
        where not private.is_waiting(v_lane_id, x.e164)
        limit v_at_most);
    end if;
    insert into private.outside_calls (lane_id, subject, due_at, requested_at)
    select v_lane_id, w, p_now, p_now from unnest(v_wanted) w order by w limit v_at_most
    on conflict do nothing;
    get diagnostics v_added = row_count;
    perform private.wake_call_lanes(v_lane_id, p_now);
    perform private.record_audit_event(v_org_id, 'lookups_requested', null, null, null,
      jsonb_build_object('phones', v_found, 'queued', v_added, 'leads', cardinality(p_lead_ids)));
  end if;
  return jsonb_build_object(
    'phones', v_found, 'queued', v_added, 'already_queued', v_waiting,
    'not_queued', case when p_dry_run then 0 else greatest(v_found - v_waiting - v_added, 0) end,
    'unit_price', v_org.lookup_price, 'estimated_cost', greatest(v_found - v_waiting, 0) * v_org.lookup_price,
    'daily_budget', v_org.lookup_daily_budget,
    'days', case when v_org.lookup_daily_budget > 0 then ceil(v_found::numeric / v_org.lookup_daily_budget) end);
end;
$$;
comment on function private.request_lookups(uuid[], boolean, timestamptz) is
  'Queues lookups of the phones of these leads that Twilio did not answer about within 90 days, or (null) of all phones that '
  'were never looked up; at most 20,000 at a time. Returns {phones: how many were found (for all leads, a number that two leads '
  'have counts twice), queued, already_queued, not_queued, unit_price, estimated_cost (US dollars), daily_budget, days}. '
  'p_dry_run only counts. Needs campaign_manager. Raises PT403, PT409 if lookups are off, PT422. Security definer: users may not '
  'write calls.';
grant execute on function private.request_lookups(uuid[], boolean, timestamptz) to authenticated;

create function public.request_lookups(p_lead_ids uuid[] default null, p_dry_run boolean default false) returns jsonb
  language sql set search_path = '' as $$ select private.request_lookups(p_lead_ids, p_dry_run); $$;
comment on function public.request_lookups(uuid[], boolean) is
  'Calls the private function of the same name, which checks role and organisation, with the current time.';
grant execute on function public.request_lookups(uuid[], boolean) to authenticated;
