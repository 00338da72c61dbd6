create function private.set_updated_at()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  if current_setting('private.keep_updated_at', true) = 'on' then
    return new;
  end if;
  new.updated_at := now();
  return new;
end;
$$;
comment on function private.set_updated_at() is
  'Trigger: sets updated_at to the time of the transaction. If the setting private.keep_updated_at is on, it leaves updated_at '
  'alone, so that an undo can put back the old time.';
