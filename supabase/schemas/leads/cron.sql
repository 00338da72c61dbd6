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
