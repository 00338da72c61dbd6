select cron.schedule('import-files', '23 * * * *', $$select
  private.run_apart('prune_uploads', 'select private.prune_import_uploads(p_org_id => $1)'), private.kick_file_removal()$$);

select cron.schedule('prune-imports', '47 * * * *',
  $$select private.run_apart('prune_imports', 'select private.prune_imports(p_org_id => $1)')$$);
