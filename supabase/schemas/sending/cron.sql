select cron.schedule('score', '*/2 * * * *', $score$
do $block$
declare
  v_id uuid;
  v_until timestamptz := clock_timestamp() + interval '60 seconds';
  v_pivot uuid := gen_random_uuid();
begin
  -- Rows of deleted organisations, which no scoring takes.
  delete from private.number_outcome_changes c where not exists (select from public.orgs g where g.id = c.org_id);
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

select cron.schedule('prune', '7 * * * *', $$select private.run_apart('prune', 'select private.prune(p_org_id => $1)')$$);
