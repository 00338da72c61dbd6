create table public.lead_phones (
  id uuid primary key default gen_random_uuid(),
  org_id uuid not null,
  lead_id uuid not null,
  e164 text collate "C" not null check (e164 ~ '^\+1[2-9][0-9]{9}$'),
  role text not null check (role in ('primary', 'secondary', 'alternate')),
  is_primary boolean generated always as (role = 'primary') stored,
  label text check (length(label) <= 100 and label !~ '[\u0001-\u001f\u007f-\u009f\u2028\u2029]'),
  consent_status text not null default 'unknown' check (consent_status in ('unknown', 'granted', 'denied')),
  is_valid boolean not null default true,
  invalid_reason text,
  line_type text check (line_type in ('mobile', 'landline', 'voip', 'toll_free', 'other')),
  carrier text,
  carrier_info jsonb not null default '{}',
  created_at timestamptz not null default now(),
  looked_up_at timestamptz,
  line_type_source text check (line_type_source in ('import', 'lookup', 'manual')),
  foreign key (org_id, lead_id) references public.leads (org_id, id) on delete cascade,
  unique (lead_id, e164),
  -- Deferrable, so that one statement can swap primary and secondary.
  unique (lead_id, role) deferrable initially immediate,
  check (is_valid = (invalid_reason is null)),
  constraint lead_phones_invalid_reason_check
    check (length(invalid_reason) <= 300 and invalid_reason !~ '[\u0001-\u001f\u007f-\u009f\u2028\u2029]'),
  -- Texts from Twilio; the background worker cuts them to 100 characters each.
  constraint lead_phones_carrier_check check (length(carrier) <= 200),
  constraint lead_phones_carrier_info_check check (pg_column_size(carrier_info) <= 4000)
);
comment on table public.lead_phones is
  'A phone of a lead: primary (required), secondary or alternate. Consent, validity, line type and carrier are per phone.';
comment on column public.lead_phones.looked_up_at is
  'When Twilio Lookup last answered about this phone; null if it was never asked.';
comment on column public.lead_phones.line_type_source is
  'Where line_type comes from: import (a file), lookup (Twilio, by Lookup or by refusing a text), manual (a person). Each of '
  'these overrides the ones before it.';
create index lead_phones_e164_idx on public.lead_phones (org_id, e164);
create index lead_phones_lead_idx on public.lead_phones (org_id, lead_id);
create index lead_phones_line_type_idx on public.lead_phones (org_id, line_type, lead_id);
create index lead_phones_not_looked_up_idx on public.lead_phones (org_id, e164) where looked_up_at is null;

alter table public.lead_phones enable row level security;
create policy "people read lead phones of their organisation" on public.lead_phones
  for select to authenticated using (org_id = (select private.org_id()));
grant select on public.lead_phones to authenticated;
grant delete, insert, select, update on public.lead_phones to service_role;

create trigger lead_phones_digits_insert after insert on public.lead_phones
  referencing new table as changed for each statement execute function private.keep_phone_digits();
create trigger lead_phones_digits_update after update on public.lead_phones
  referencing new table as changed for each statement execute function private.keep_phone_digits();
create trigger lead_phones_digits_delete after delete on public.lead_phones
  referencing old table as changed for each statement execute function private.keep_phone_digits();
create constraint trigger lead_phones_leave_primary after delete on public.lead_phones
  deferrable initially deferred for each row when (old.role = 'primary') execute function private.require_primary_phone();
create trigger lead_phones_count_insert after insert on public.lead_phones
  referencing new table as new_rows for each statement execute function private.count_belonging_changes();
create trigger lead_phones_count_update after update on public.lead_phones
  referencing old table as old_rows new table as new_rows for each statement execute function private.count_belonging_changes();
create trigger lead_phones_count_delete after delete on public.lead_phones
  referencing old table as old_rows for each statement execute function private.count_belonging_changes();
create trigger lead_phones_refuse_new after insert on public.lead_phones
  referencing new table as new_rows for each statement execute function private.refuse_new_phones();
create trigger lead_phones_refuse_moved after update of lead_id, e164 on public.lead_phones
  for each row when (old.lead_id <> new.lead_id or old.e164 <> new.e164) execute function private.refuse_moved_phone();
