select cron.schedule('tick', '2 seconds', $tick$
do $block$
declare
  v_row record;
  v_until timestamptz := clock_timestamp() + interval '2 seconds';
  v_pivot uuid := gen_random_uuid();
begin
  perform private.run_apart('start_scheduled', 'select private.start_scheduled(p_org_id => $1)');
  commit;
  for v_row in
    select c.id, c.org_id from public.campaigns c
    where c.status = 'stopped' and c.finished_at > now() - interval '1 day'
      and exists (select 1 from public.campaign_targets t where t.campaign_id = c.id and t.is_waiting)
    order by c.id < v_pivot, c.id
  loop
    perform private.run_item('cancel_waiting', v_row.id, v_row.org_id, 'select private.cancel_waiting($1, 10000)');
    commit;
    exit when clock_timestamp() > v_until;
  end loop;
  v_until := clock_timestamp() + interval '5 seconds';
  for v_row in
    select o.org_id from (select distinct c.org_id from public.campaigns c where c.status = 'running') o
    order by o.org_id < v_pivot, o.org_id
  loop
    perform private.run_item('plan', v_row.org_id, v_row.org_id, 'select private.plan_sends($1)');
    commit;
    exit when clock_timestamp() > v_until;
  end loop;
  perform private.run_apart('flag_stalled', 'select private.flag_stalled(p_org_id => $1)');
  perform private.run_apart('finish_campaigns', 'select private.finish_campaigns(p_org_id => $1)');
  commit;
  perform private.kick_workers();
end;
$block$
$tick$);

select cron.schedule('guard', '15 seconds', $guard$
do $block$
declare
  v_row record;
  v_until timestamptz := clock_timestamp() + interval '10 seconds';
  v_pivot uuid := gen_random_uuid();
begin
  perform private.run_apart('fold_accepted', 'select private.fold_accepted($1)');
  commit;
  -- Numbers first: what one bad number sent must not pause the campaign that others could carry on.
  for v_row in select n.id, n.org_id from private.numbers_to_guard() n order by n.id < v_pivot, n.id loop
    perform private.run_item('guard_number', v_row.id, v_row.org_id,
      'select private.guard_number($1) where private.is_number_troubled($1)');
    commit;
    exit when clock_timestamp() > v_until;
  end loop;
  v_until := clock_timestamp() + interval '10 seconds';
  for v_row in
    select c.id, c.org_id from public.campaigns c where c.status = 'running' order by c.id < v_pivot, c.id
  loop
    perform private.run_item('guard', v_row.id, v_row.org_id,
      'select private.guard_campaign($1) where private.is_campaign_troubled($1)');
    commit;
    exit when clock_timestamp() > v_until;
  end loop;
  perform private.run_apart('mark_campaigns', 'select private.mark_campaigns(p_org_id => $1)');
  commit;
  perform private.run_apart('flag_builds', 'select private.flag_stuck_builds(p_org_id => $1)');
  commit;
  perform private.run_apart('resolve_alerts', 'select private.resolve_alerts(p_org_id => $1)');
end;
$block$
$guard$);

select cron.schedule('check-lead-counts', '23 9 * * *', $check$
do $block$
declare
  v_id uuid;
  v_wrong integer;
begin
  for v_id in select o.id from public.orgs o order by o.id loop
    v_wrong := private.run_item('check_counts', v_id, v_id, 'select private.repair_lead_counts($1)')::integer;
    if v_wrong > 0 then
      raise warning '% figures of the leads of organisation % were wrong and were counted anew', v_wrong, v_id;
    end if;
    commit;
  end loop;
end;
$block$
$check$);

select cron.schedule('fold', '1 second', $$select private.run_apart('fold_stats',
  'select private.fold_stats(p_apart => ''950 milliseconds'', p_org_id => $1)')$$);

select cron.schedule('fold-lead-counts', '5 seconds',
  $$select private.run_apart('fold_counts', 'select private.fold_lead_counts(p_org_id => $1)')$$);

select cron.schedule('lead-activity', '5 seconds', $$select private.run_apart('fold_activity',
  'select private.fold_lead_activity(case when private.queue_is_due(''sends'') then 300 else 20000 end, $1)')$$);

select cron.schedule('check-figures', '* * * * *',
  $$select private.run_apart('check_figures', 'select private.check_figures(p_org_id => $1)')$$);

select cron.schedule('rescue', '30 seconds',
  $$select private.run_apart('rescue', 'select private.rescue_sends(p_org_id => $1)')$$);

select cron.schedule('wake-lanes', '5 seconds',
  $$select private.run_apart('wake_lanes', 'select private.wake_call_lanes(p_org_id => $1)')$$);

select cron.schedule('rescrub', '*/10 * * * *',
  $$select private.run_apart('rescrub', 'select private.queue_stale_scrubs(p_org_id => $1)')$$);

select cron.schedule('import-files', '23 * * * *', $$select
  private.run_apart('prune_uploads', 'select private.prune_import_uploads(p_org_id => $1)'), private.kick_file_removal()$$);

select cron.schedule('prune', '7 * * * *', $$select private.run_apart('prune', 'select private.prune(p_org_id => $1)')$$);

select cron.schedule('prune-calls', '17 * * * *', $$select
  private.run_apart('prune_calls', 'select private.prune_outside_calls(p_org_id => $1)'),
  private.run_apart('prune_enrichment', 'select private.prune_enrichment(p_org_id => $1)')$$);

select cron.schedule('prune-guard', '37 * * * *',
  $$select private.run_apart('prune_guard', 'select private.prune_guard(p_org_id => $1)')$$);

select cron.schedule('prune-imports', '47 * * * *',
  $$select private.run_apart('prune_imports', 'select private.prune_imports(p_org_id => $1)')$$);

select cron.schedule('prune-jobs', '47 * * * *',
  $$select private.run_apart('prune_jobs', 'select private.prune_jobs(p_org_id => $1)')$$);

select cron.schedule('prune-lead-events', '41 * * * *',
  $$select private.run_apart('prune_events', 'select private.prune_lead_events(p_org_id => $1)')$$);
