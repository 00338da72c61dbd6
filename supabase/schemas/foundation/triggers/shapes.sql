create function private.check_time_zone()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  -- "at time zone" also accepts offsets and invented zones such as X+167, but everything else that reads a time zone accepts only
  -- names.
  if not private.is_time_zone(new.time_zone) then
    perform private.refuse_field('time_zone', 'time_zone must be an IANA name such as America/Chicago.');
  end if;
  return new;
end;
$$;
comment on function private.check_time_zone() is
  'Trigger: refuses a time zone that Postgres does not know by its full name (PT422). Security definer: the role that saves the '
  'row may not call private functions.';
