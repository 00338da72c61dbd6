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

select cron.schedule('prune-guard', '37 * * * *',
  $$select private.run_apart('prune_guard', 'select private.prune_guard(p_org_id => $1)')$$);
