-- The files of rows that are deleted, for whatever reason: erasure, age, or with their organisation.

create function private.remove_media_files()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  -- A file that is being fetched or uploaded may still be stored by a function that does not know that its row is gone, for as
  -- long as a function lives.
  perform private.send_work('file_removals', o.org_id, jsonb_build_object('media', o.path),
    case when bool_or(o.state = 'pending') then 900 else 0 end)
  from old_rows o where o.path is not null
  group by o.org_id, o.path;
  return null;
end;
$$;
comment on function private.remove_media_files() is
  'Statement trigger: queues the removal of the files of deleted rows. The worker removes a file only if no other row has it. '
  'Security definer: the role that deletes a row may not write the queue.';
