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
  'Counties, parishes, boroughs, independent cities and equivalent areas, by FIPS code. Former counties stay, because deeds '
  'still name them. label is the name that is stored with leads and parcels: Harris, St. Louis, St. Louis city. '
  'private.find_county compares key and full_key: the name without and with the word for its kind.';
create index us_counties_state_idx on private.us_counties (state);

alter table private.us_counties enable row level security;
