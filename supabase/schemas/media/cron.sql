select cron.schedule('prune-media', '37 * * * *',
  $$select private.run_apart('prune_media', 'select private.prune_media(p_org_id => $1)')$$);
