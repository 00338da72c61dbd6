create function private.check_time_zone()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  -- "at time zone" reads offsets and invented zones too, such as X+167; everything else that reads a zone knows names only.
  if not private.is_time_zone(new.time_zone) then
    perform private.refuse_field('time_zone', 'time_zone must be an IANA name such as America/Chicago.');
  end if;
  return new;
end;
$$;
comment on function private.check_time_zone() is
  'Trigger: a time zone is one that Postgres knows by its full name. Raises PT422. Definer: whoever saves a row may not call '
  'private functions.';
