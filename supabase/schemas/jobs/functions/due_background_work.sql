create function private.due_background_work()
returns jsonb
language sql
stable
security definer
set search_path = ''
as $$
  select jsonb_build_object(
    'imports', private.queue_is_due('imports', '0'),
    'jobs', private.queue_is_due('jobs', '0'),
    'file_removals', private.queue_is_due('file_removals', '0'),
    'lookups', private.queue_is_due('lookups', '0'),
    'enrichments', private.queue_is_due('enrichments', '0'),
    'media', private.queue_is_due('media', '0'));
$$;
comment on function private.due_background_work() is
  'Which kinds of work the background worker has to do now: imports, jobs, removals of files, lookups, enrichments, pictures and '
  'files of messages. Security definer: the worker may not read the queues.';
grant execute on function private.due_background_work() to worker;
