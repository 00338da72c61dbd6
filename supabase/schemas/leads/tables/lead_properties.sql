create table public.lead_properties (
  id uuid primary key default gen_random_uuid(),
  org_id uuid not null,
  lead_id uuid not null,
  apn text check (length(apn) <= 100),
  county text check (length(county) <= 200),
  state text check (state ~ '^[A-Z]{2}$'),
  situs text check (length(situs) <= 300),
  property_type text check (length(property_type) <= 100),
  acreage numeric(12, 4) check (acreage between 0 and 99999999),
  estimated_value numeric(14, 2) check (estimated_value between 0 and 999999999999),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  foreign key (org_id, lead_id) references public.leads (org_id, id) on delete cascade,
  constraint lead_properties_lines_check check (
    coalesce(apn, '') || coalesce(county, '') || coalesce(situs, '')
      || coalesce(property_type, '') !~ '[\u0001-\u001f\u007f-\u009f\u2028\u2029]')
);
comment on table public.lead_properties is
  'A parcel of a lead: APN, county, state, situs (address of the land), acres and value. One owner may have several.';
create index lead_properties_lead_idx on public.lead_properties (org_id, lead_id);
create unique index lead_properties_parcel_key on public.lead_properties (lead_id, private.parcel_key(state, county, apn))
  where apn is not null;
-- These indexes contain lead_id, so that the lead of a matching parcel can be read from the index alone.
create index lead_properties_type_idx on public.lead_properties (org_id, lower(property_type), lead_id) include (property_type);
create index lead_properties_acreage_idx on public.lead_properties (org_id, acreage, lead_id);
create index lead_properties_value_idx on public.lead_properties (org_id, estimated_value, lead_id);
create statistics public.lead_properties_type_stats on (lower(property_type)) from public.lead_properties;

alter table public.lead_properties enable row level security;
create policy "people read parcels of their organisation" on public.lead_properties
  for select to authenticated using (org_id = (select private.org_id()));
grant select on public.lead_properties to authenticated;
grant delete, insert, select, update on public.lead_properties to service_role;

create trigger lead_properties_updated_at before update on public.lead_properties
  for each row execute function private.set_updated_at();
create trigger lead_properties_apn_insert after insert on public.lead_properties
  referencing new table as changed for each statement execute function private.keep_parcel_words();
create trigger lead_properties_apn_update after update on public.lead_properties
  referencing new table as changed for each statement execute function private.keep_parcel_words();
create trigger lead_properties_apn_delete after delete on public.lead_properties
  referencing old table as changed for each statement execute function private.keep_parcel_words();
create trigger lead_properties_count_insert after insert on public.lead_properties
  referencing new table as new_rows for each statement execute function private.count_belonging_changes();
create trigger lead_properties_count_update after update on public.lead_properties
  referencing old table as old_rows new table as new_rows for each statement execute function private.count_belonging_changes();
create trigger lead_properties_count_delete after delete on public.lead_properties
  referencing old table as old_rows for each statement execute function private.count_belonging_changes();
