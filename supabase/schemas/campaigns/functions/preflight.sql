create function private.campaign_preflight(p_campaign_id uuid, p_now timestamptz default now())
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('viewer');
  v_campaign public.campaigns := private.find_campaign(v_org_id, p_campaign_id);
  v_people jsonb;
  v_forecast jsonb;
begin
  v_campaign.quiet_hours_override := private.honours_override(v_campaign);
  v_people := private.preflight_people(v_campaign, p_now);
  v_forecast := private.forecast_of(v_campaign, p_now);
  return jsonb_build_object(
    'campaign_id', p_campaign_id,
    'status', v_campaign.status,
    'blockers', (select coalesce(array_to_json(array_agg(jsonb_build_object('code', b.code, 'message', b.message,
        'details', b.details))), '[]') from private.start_blockers(p_campaign_id, p_now) b),
    'warnings', (select coalesce(array_to_json(array_agg(jsonb_build_object('code', w.code, 'message', w.message,
        'details', w.details, 'must_acknowledge', w.must_acknowledge))), '[]')
      from private.start_warnings(v_campaign, v_people, v_forecast, p_now) w),
    'audience', jsonb_build_object('waiting', v_forecast -> 'waiting',
      'excluded', private.campaign_reasons(p_campaign_id) -> 'excluded'),
    'people', v_people,
    'forecast', v_forecast - 'waiting',
    'cost', private.preflight_cost(v_campaign, (v_forecast ->> 'waiting')::bigint),
    'numbers', (
      select coalesce(array_to_json(array_agg(jsonb_build_object('id', n.id, 'e164', n.e164, 'status', n.status,
        'health_score', n.health_score, 'mps', n.mps, 'daily_cap', n.daily_cap) order by n.e164)), '[]')
      from (select * from private.campaign_numbers(p_campaign_id) order by e164 limit 1000) n),
    'registrations', (
      select coalesce(array_to_json(array_agg(jsonb_build_object('messaging_service_sid', r.messaging_service_sid,
        'status', r.status, 'checked_at', r.checked_at) order by r.messaging_service_sid)), '[]')
      from public.a2p_registrations r where r.org_id = v_org_id),
    'carrier_caps', (
      select coalesce(array_to_json(array_agg(jsonb_build_object('carrier', c.carrier, 'daily_segments', c.daily_segments)
        order by c.carrier)), '[]')
      from public.carrier_caps c where c.org_id = v_org_id));
end;
$$;
comment on function private.campaign_preflight(uuid, timestamptz) is
  'What a person looks at before a campaign starts: what keeps it from starting (blockers, by the code that starting obeys), '
  'warnings, people, cost, days, numbers, registrations and carrier caps. Needs viewer. Raises PT403, PT404. Security definer: '
  'users may not read private tables.';
grant execute on function private.campaign_preflight(uuid, timestamptz) to authenticated;

create function public.campaign_preflight(p_campaign_id uuid) returns jsonb
  language sql stable set search_path = '' as $$ select private.campaign_preflight(p_campaign_id); $$;
comment on function public.campaign_preflight(uuid) is
  'Calls the private function of the same name, which checks role and organisation, with the current time.';
grant execute on function public.campaign_preflight(uuid) to authenticated;

create function private.preflight_samples(p_campaign_id uuid)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('viewer');
  v_org public.orgs := (select o from public.orgs o where o.id = v_org_id);
begin
  return (
    select coalesce(array_to_json(array_agg(v.variables || jsonb_build_object('brand', v_org.brand,
      'support_contact', v_org.support_contact, 'phone', t.e164, 'today', '12/31/2026'))), '[]')
    from (
      select x.e164, x.lead_id from public.campaign_targets x
      where x.campaign_id = p_campaign_id and x.org_id = v_org_id and x.is_waiting limit 200
    ) t
    join private.lead_values v on v.lead_id = t.lead_id);
end;
$$;
comment on function private.preflight_samples(uuid) is
  'Values for the texts of up to 200 waiting people of a campaign, as planning supplies them; today is a day of usual length. '
  'Needs viewer. Security definer: users may not read lead_values.';
grant execute on function private.preflight_samples(uuid) to authenticated;

create function public.preflight_samples(p_campaign_id uuid) returns jsonb
  language sql stable set search_path = '' as $$ select private.preflight_samples(p_campaign_id); $$;
comment on function public.preflight_samples(uuid) is
  'Calls the private function of the same name, which checks role and organisation.';
grant execute on function public.preflight_samples(uuid) to authenticated;
