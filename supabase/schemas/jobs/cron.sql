select cron.schedule('prune-jobs', '47 * * * *',
  $$select private.run_apart('prune_jobs', 'select private.prune_jobs(p_org_id => $1)')$$);
