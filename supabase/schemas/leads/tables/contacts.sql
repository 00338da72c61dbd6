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
  primary key (org_id, e164)
) with (fillfactor = 50);
comment on table private.contacts is
  'A person''s phone as one organisation knows it. STOP, replies, planning and claiming all lock this row, since the absence of '
  'an opt-out cannot be locked.';
comment on column private.contacts.phone_number_id is 'The number this person knows us by (sticky sender).';
create index contacts_phone_number_idx on private.contacts (org_id, phone_number_id) where phone_number_id is not null;

alter table private.contacts enable row level security;
grant delete, insert, select, update on private.contacts to service_role;
