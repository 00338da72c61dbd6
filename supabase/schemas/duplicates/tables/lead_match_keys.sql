create table private.lead_match_keys (
  lead_id uuid primary key,
  org_id uuid not null,
  address_key bigint,
  owner_key bigint,
  initial_key bigint,
  names text[] not null
);
comment on table private.lead_match_keys is
  'What a lead is compared by, as hashes: its folded mailing address, that with the name in any order, and for names like "M '
  'Garcia" that with name and initial. Written by private.match_leads; no foreign key, a trigger removes what is gone.';
comment on column private.lead_match_keys.names is 'The names of two letters and more, sorted.';
create index lead_match_keys_owner_idx on private.lead_match_keys (org_id, owner_key) where owner_key is not null;
create index lead_match_keys_address_idx on private.lead_match_keys (org_id, address_key) where address_key is not null;
create index lead_match_keys_address_initial_idx on private.lead_match_keys (org_id, address_key, initial_key)
  where initial_key is not null;

alter table private.lead_match_keys enable row level security;
