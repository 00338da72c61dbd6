select cron.schedule('move-leads', '10 seconds', $move$
do $block$
declare
  v_id uuid;
  v_until timestamptz := clock_timestamp() + interval '8 seconds';
  v_pivot uuid := gen_random_uuid();
begin
  for v_id in select o from private.orgs_to_move() o order by o < v_pivot, o loop
    perform private.run_item('move_leads', v_id, v_id, 'select private.move_opted_out_leads($1)');
    commit;
    exit when clock_timestamp() > v_until;
  end loop;
end;
$block$
$move$);

select cron.schedule('fold-lead-counts', '5 seconds',
  $$select private.run_apart('fold_counts', 'select private.fold_lead_counts(p_org_id => $1)')$$);

select cron.schedule('lead-activity', '5 seconds', $$select private.run_apart('fold_activity',
  'select private.fold_lead_activity(case when private.queue_is_due(''sends'') then 300 else 20000 end, $1)')$$);

select cron.schedule('prune-lead-events', '41 * * * *',
  $$select private.run_apart('prune_events', 'select private.prune_lead_events(p_org_id => $1)')$$);

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
