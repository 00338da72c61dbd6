-- The guard's and the checker's jobs. A block for the guard, because each campaign and number is stopped in a transaction of its own.

-- Every 15 s: what goes out meanwhile is a quarter of a minute's pace, little against 24 hours, and a look costs milliseconds.
select cron.schedule('guard', '15 seconds', $guard$
do $block$
declare
  v_id uuid;
begin
  perform private.fold_accepted();
  commit;
  -- Numbers first: what one bad number sent must not pause the campaign that others could carry on.
  for v_id in select private.troubled_numbers() loop
    perform private.guard_number(v_id);
    commit;
  end loop;
  for v_id in select private.troubled_campaigns() loop
    begin
      perform private.guard_campaign(v_id);
    exception when others then
      raise warning 'the guard failed for campaign %: % (%)', v_id, sqlerrm, sqlstate;
    end;
    commit;
  end loop;
  perform private.mark_campaigns();
  commit;
  perform private.flag_stuck_builds();
  commit;
  perform private.resolve_alerts();
end;
$block$
$guard$);
select cron.schedule('check-figures', '* * * * *', 'select private.check_figures()');
select cron.schedule('prune-guard', '37 * * * *', 'select private.prune_guard()');
