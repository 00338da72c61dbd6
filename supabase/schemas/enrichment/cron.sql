select cron.schedule('rescrub', '*/10 * * * *',
  $$select private.run_apart('rescrub', 'select private.queue_stale_scrubs(p_org_id => $1)')$$);

select cron.schedule('prune-calls', '17 * * * *', $$select
  private.run_apart('prune_calls', 'select private.prune_outside_calls(p_org_id => $1)'),
  private.run_apart('prune_enrichment', 'select private.prune_enrichment(p_org_id => $1)')$$);
