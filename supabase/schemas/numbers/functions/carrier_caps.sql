create function private.carrier_day(p_now timestamptz)
returns date
language sql
stable
set search_path = ''
as $$
  select (p_now at time zone 'America/Los_Angeles')::date;
$$;
comment on function private.carrier_day(timestamptz) is
  'The day by which carriers count, in Pacific time: T-Mobile''s brand cap resets at 00:00 US/Pacific.';
