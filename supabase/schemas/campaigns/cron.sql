select cron.schedule('check-figures', '* * * * *',
  $$select private.run_apart('check_figures', 'select private.check_figures(p_org_id => $1)')$$);
