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
  'Trigger, after a row ends, pauses or goes: its message leaves queue tg_argv[0], in the same transaction. tg_argv[1] names '
  'the row''s id in messages. Else what begins and ends again and again would fill the queue. Definer: nobody else may use it.';
