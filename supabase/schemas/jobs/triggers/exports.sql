create function private.remove_export_files()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  delete from private.export_parts p where p.job_id = new.id;
  -- One that failed or was canceled may still be written by a worker that does not know it yet, for as long as a worker lives.
  perform pgmq.send('jobs', jsonb_build_object('remove_files', new.org_id || '/' || new.id),
    case when new.status = 'completed' then 7 * 86400 else 600 end);
  return null;
end;
$$;
comment on function private.remove_export_files() is
  'Trigger: has the worker remove an export''s files, 7 days after it was completed, 10 minutes after it failed or was '
  'canceled. Definer: nobody else may use the queue.';
