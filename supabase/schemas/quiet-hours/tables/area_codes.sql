create table private.area_codes (
  area_code text primary key check (area_code ~ '^[2-9][0-9]{2}$'),
  state text not null check (state ~ '^[A-Z]{2}$'),
  time_zones text[] not null check (cardinality(time_zones) > 0),
  overlay_of text
);
comment on table private.area_codes is
  'US area codes, with their state and every time zone in which their phones may be. An overlay inherits the zones of the code '
  'that it overlays.';
create index area_codes_state_idx on private.area_codes (state);

alter table private.area_codes enable row level security;
