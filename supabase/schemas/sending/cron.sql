select cron.schedule('score', '*/2 * * * *', $score$
do $block$
declare
  v_id uuid;
  v_until timestamptz := clock_timestamp() + interval '60 seconds';
  v_pivot uuid := gen_random_uuid();
begin
  -- Of organisations that are gone.
  delete from private.number_outcome_changes c where c.hour < now() - interval '8 days';
  commit;
  for v_id in
    select g.id from public.orgs g
    where exists (select 1 from private.number_outcome_changes c where c.org_id = g.id)
      or exists (select 1 from private.number_outcomes o where o.org_id = g.id)
    order by g.id < v_pivot, g.id
  loop
    perform private.run_item('score', v_id, v_id, 'select private.score_numbers($1)');
    commit;
    exit when clock_timestamp() > v_until;
  end loop;
end;
$block$
$score$);

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

select cron.schedule('rescue', '30 seconds',
  $$select private.run_apart('rescue', 'select private.rescue_sends(p_org_id => $1)')$$);

select cron.schedule('prune', '7 * * * *', $$select private.run_apart('prune', 'select private.prune(p_org_id => $1)')$$);
