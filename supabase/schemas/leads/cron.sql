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
      raise warning '% figures of the leads of organisation % were wrong and were corrected', v_wrong, v_id;
    end if;
    commit;
  end loop;
end;
$block$
$check$);
