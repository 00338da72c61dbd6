-- Building the audience of a campaign. Users call the function of the same name in public.

create function private.build_targets(p_campaign_id uuid, p_dry_run boolean default false, p_start boolean default false,
  p_now timestamptz default now())
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_campaign public.campaigns;
  v_counts jsonb;
begin
  if p_dry_run and p_start then
    perform private.refuse_field('start', 'A dry run starts nothing: send either dry_run or start.');
  end if;
  v_campaign := private.lock_campaign(p_campaign_id, 'campaign_manager',
    case when p_start then '{draft,ready,building}' else '{draft,ready}' end::public.campaign_status[], 'built');
  if v_campaign.status = 'building' then
    update public.campaigns set starts_when_built = true where id = p_campaign_id and not starts_when_built;
    return null;
  end if;
  -- Criteria may have been stored before they were checked, or name a segment that was deleted since. The person learns it now;
  -- the worker could not correct it.
  perform private.check_criteria(v_campaign.org_id, v_campaign.target_criteria, p_now);
  if p_dry_run then
    if v_campaign.status = 'ready' then
      perform private.raise_error('PT409', 'invalid_state', 'The audience is built already; read the campaign''s figures.');
    end if;
    select jsonb_build_object(
      'audience', coalesce(sum(r.n), 0),
      'targets', coalesce(sum(r.n) filter (where r.reason is null), 0),
      'not_looked_up', coalesce(sum(r.not_looked_up) filter (where r.reason is null), 0),
      'excluded', coalesce(sum(r.n) filter (where r.reason is not null), 0),
      'reasons', coalesce(jsonb_object_agg(r.reason, r.n) filter (where r.reason is not null), '{}'))
    into v_counts
    from (
      select a.reason, count(*) as n, count(*) filter (where p.line_type is null) as not_looked_up
      from private.campaign_audience(v_campaign, null, null, p_now) a
      left join lateral (select x.line_type from public.lead_phones x where x.id = a.lead_phone_id limit 1) p on true
      group by a.reason
    ) r;
    return v_counts;
  end if;
  if (select count(*) from public.audit_events e where e.org_id = v_campaign.org_id and e.event_type = 'campaign_building'
      and e.created_at > p_now - interval '1 hour') >= 500 then
    perform private.raise_error('PT429', 'rate_limited',
      'Your organisation began to build 500 audiences within an hour, which is the most. Wait, then build this one again.',
      jsonb_build_object('limit', 500));
  end if;
  -- built_at stays if it is set: the first chunks then delete the targets of the earlier build.
  update public.campaigns
  set status = 'building', build_cursor = null, needs_attention = null, starts_when_built = coalesce(p_start, false)
  where id = p_campaign_id;
  perform private.send_work('builds', v_campaign.org_id, jsonb_build_object('campaign_id', p_campaign_id));
  perform private.call_worker();
  perform private.close_alerts(v_campaign.org_id, 'build_failed', p_now, p_campaign_id);
  perform private.record_audit_event(v_campaign.org_id, 'campaign_building', null, p_campaign_id);
  return null;
end;
$$;
comment on function private.build_targets(uuid, boolean, boolean, timestamptz) is
  'Starts building a campaign''s audience (in chunks, by the worker), or with p_dry_run counts it by reason without writing. '
  'p_start: it starts as soon as it is built, or at its scheduled_at, whatever warnings its preflight has; if something forbids '
  'it then, it waits for a person, with an alert. While it is being built, p_start only says so. '
  'Needs campaign_manager. Raises PT403, PT404, PT409, PT429 above 500 an hour, and PT422 if its criteria are invalid or name a '
  'segment that does not exist. Security definer: users may not write targets.';
grant execute on function private.build_targets(uuid, boolean, boolean, timestamptz) to authenticated;

create function public.build_targets(p_campaign_id uuid, p_dry_run boolean default false, p_start boolean default false)
  returns jsonb
  language sql set search_path = '' as $$ select private.build_targets(p_campaign_id, p_dry_run, p_start); $$;
comment on function public.build_targets(uuid, boolean, boolean) is
  'Calls the private function of the same name, which checks role and organisation, with the current time.';
grant execute on function public.build_targets(uuid, boolean, boolean) to authenticated;
