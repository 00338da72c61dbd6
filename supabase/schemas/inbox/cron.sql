select cron.schedule('prune-conversations', '53 * * * *',
  $$select private.run_apart('prune_conversations', 'select private.prune_conversations(p_org_id => $1)')$$);
