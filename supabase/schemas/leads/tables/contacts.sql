create table private.contacts (
  org_id uuid not null,
  e164 text collate "C" not null check (e164 ~ '^\+[1-9][0-9]{6,14}$'),
  suppressed_at timestamptz,
  invalid_at timestamptz,
  invalid_reason text,
  phone_number_id uuid,
  last_campaign_id uuid,
  last_sent_at timestamptz,
  last_inbound_at timestamptz,
  held_at timestamptz,
  primary key (org_id, e164)
) with (fillfactor = 50);
comment on table private.contacts is
  'One row for an organisation and a phone. Opt-outs, replies, planning and claiming all lock this row, because the absence of '
  'an opt-out can''t be locked.';
comment on column private.contacts.phone_number_id is 'The number from which this person gets messages (sticky sender).';
create index contacts_phone_number_idx on private.contacts (org_id, phone_number_id) where phone_number_id is not null;

comment on column private.contacts.held_at is
  'Since when nothing of a campaign is sent to this person, because a person must read their answer first; null: not held.';
create index contacts_held_idx on private.contacts (org_id) where held_at is not null;

alter table private.contacts enable row level security;
grant delete, insert, select, update on private.contacts to service_role;
