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
  'Trigger: stamps updated_at with the time of the transaction, but where the setting private.keep_updated_at is on: undo puts '
  'back what stood there.';
