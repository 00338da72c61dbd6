create function private.remove_export_files()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  delete from private.export_parts p where p.job_id = new.id;
  -- An export whose leads were not fixed has written nothing. The files of one that failed or was canceled may still be written
  -- by a worker that does not know it yet, for as long as a worker lives.
  if new.total_items is not null then
    perform private.send_work('file_removals', new.org_id, jsonb_build_object('folder', new.org_id || '/' || new.id),
      case when new.status = 'completed' then 7 * 86400 else 600 end);
  end if;
  return null;
end;
$$;
comment on function private.remove_export_files() is
  'Trigger: queues the removal of an export''s files, 7 days after it was completed, or 10 minutes after it failed or was '
  'canceled. Queues nothing if the export never began to write. Security definer: no other role may use the queue.';
