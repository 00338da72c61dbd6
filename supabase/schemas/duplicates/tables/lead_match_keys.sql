create table private.lead_match_keys (
  lead_id uuid primary key,
  org_id uuid not null,
  address_key bigint,
  owner_key bigint,
  initial_key bigint,
  names text[] not null
);
comment on table private.lead_match_keys is
  'The keys by which a lead is compared, as hashes. address_key: its folded mailing address. owner_key: the address with the '
  'names in any order. initial_key: for names like "M Garcia", the address with name and initial. Written by '
  'private.match_leads. No foreign key: a trigger deletes the keys of deleted leads.';
comment on column private.lead_match_keys.names is 'The names of two letters or more, sorted.';
create index lead_match_keys_owner_idx on private.lead_match_keys (org_id, owner_key) where owner_key is not null;
create index lead_match_keys_address_idx on private.lead_match_keys (org_id, address_key) where address_key is not null;
create index lead_match_keys_address_initial_idx on private.lead_match_keys (org_id, address_key, initial_key)
  where initial_key is not null;

alter table private.lead_match_keys enable row level security;
