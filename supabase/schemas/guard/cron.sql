select cron.schedule('prune-guard', '37 * * * *',
  $$select private.run_apart('prune_guard', 'select private.prune_guard(p_org_id => $1)')$$);
