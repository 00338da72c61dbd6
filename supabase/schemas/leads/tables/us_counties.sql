create table private.us_counties (
  fips text primary key check (fips ~ '^[0-9]{5}$'),
  state text not null check (state ~ '^[A-Z]{2}$'),
  name text not null,
  kind text not null,
  is_current boolean not null,
  label text generated always as (case when kind = 'city' then name || ' city' else name end) stored,
  key text not null generated always as (private.county_key(name)) stored,
  full_key text not null generated always as (private.county_key(trim(name || ' ' || kind))) stored
);
comment on table private.us_counties is
  'Counties, parishes, boroughs, independent cities and what else stands in their place, by FIPS code. Those that are no more '
  'stay, since deeds go on naming them. label is how a county is kept: Harris, St. Louis, St. Louis city. key and full_key are '
  'what private.find_county compares: the name without and with the word for its kind.';
create index us_counties_state_idx on private.us_counties (state);

alter table private.us_counties enable row level security;
