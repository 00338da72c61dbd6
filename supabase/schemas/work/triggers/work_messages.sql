create function private.drop_own_work()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.drop_work(tg_argv[0], tg_argv[1], old.id);
  return null;
end;
$$;
comment on function private.drop_own_work() is
  'Trigger, after a row ends, is paused or is deleted: removes its message from queue tg_argv[0], in the same transaction. '
  'tg_argv[1] is the key of the row''s id in messages. Without this, work that is started and ended again and again would fill '
  'the queue. Security definer: users may not write the queue.';
