select cron.schedule('fold', '1 second', $$select private.run_apart('fold_stats',
  'select private.fold_stats(p_apart => ''950 milliseconds'', p_org_id => $1)')$$);

select cron.schedule('check-figures', '* * * * *',
  $$select private.run_apart('check_figures', 'select private.check_figures(p_org_id => $1)')$$);
