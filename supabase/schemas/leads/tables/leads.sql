create table public.leads (
  id uuid primary key default gen_random_uuid(),
  org_id uuid not null references public.orgs (id) on delete cascade,
  first_name text check (length(first_name) <= 200),
  last_name text check (length(last_name) <= 200),
  full_name text generated always as (trim(coalesce(first_name, '') || ' ' || coalesce(last_name, ''))) stored,
  language text check (language in ('es', 'en')),
  email text check (length(email) <= 320),
  address1 text check (length(address1) <= 300),
  address2 text check (length(address2) <= 300),
  city text check (length(city) <= 200),
  state text check (state ~ '^[A-Z]{2}$'),
  postal_code text check (length(postal_code) <= 20),
  county text check (length(county) <= 200),
  status text not null default 'new'
    check (status in ('new', 'contacted', 'interested', 'not_interested', 'qualified', 'appointment', 'contract', 'closed',
      'lost', 'do_not_contact')),
  lead_score text not null default 'cold' check (lead_score in ('cold', 'warm', 'hot')),
  consent_status text not null default 'unknown' check (consent_status in ('unknown', 'granted', 'denied')),
  source text check (length(source) <= 200),
  notes text check (length(notes) <= 10000),
  tags text[] not null default '{}'
    check (
    cardinality(tags) <= 50 and '' <> all (tags)
    -- Tags are joined by a blank, which no tag may contain: with a comma, one tag that contains a comma would pass for two.
    and array_to_string(tags, ' ', '?') ~ '^([A-Z0-9+-]+( [A-Z0-9+-]+)*)?$' and array_to_string(tags, ' ') !~ '[^ ]{51}'),
  custom_fields jsonb not null default '{}'
    check (jsonb_typeof(custom_fields) = 'object' and pg_column_size(custom_fields) <= 32768),
  phone_digits text not null default '',
  search_text text not null generated always as (
    private.fold_text(
      ' ' || coalesce(first_name, '') || ' ' || coalesce(last_name, '') || ' ' || coalesce(email, '') || ' '
      || coalesce(address1, '') || ' ' || coalesce(city, '') || ' ' || coalesce(state, '') || ' '
      || coalesce(postal_code, '') || ' ' || coalesce(county, '') || ' ' || phone_digits || ' ' || apn_text
    )
  ) stored,
  import_id uuid,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  deleted_at timestamptz,
  apn_text text not null default '',
  parcel_counties text[] not null default '{}',
  county_keys text[] not null generated always as (private.county_keys(county, parcel_counties)) stored,
  first_contacted_at timestamptz,
  score_rank smallint not null
    generated always as (case lead_score when 'hot' then 3 when 'warm' then 2 else 1 end) stored,
  merged_into uuid references public.leads (id) on delete set null,
  erased_at timestamptz,
  refusal text generated always as (case
    when status = 'do_not_contact' then 'do_not_contact'
    when consent_status = 'denied' then 'no_consent' end) stored,
  unique (org_id, id),
  foreign key (import_id) references public.imports (id) on delete set null,
  constraint leads_merged_are_deleted check (merged_into is null or deleted_at is not null),
  constraint leads_erased_are_deleted check (erased_at is null or deleted_at is not null),
  -- One pattern over all columns, because an import writes 100,000 rows.
  constraint leads_lines_check check (
    coalesce(first_name, '') || coalesce(last_name, '') || coalesce(email, '') || coalesce(address1, '') || coalesce(address2, '')
      || coalesce(city, '') || coalesce(postal_code, '') || coalesce(county, '') || coalesce(source, '')
      !~ '[\u0001-\u001f\u007f-\u009f\u2028\u2029]')
);
comment on table public.leads is
  'A landowner. The address is the owner''s mailing address, which decides the hours in which they may be written to. Their '
  'parcels are in lead_properties.';
comment on column public.leads.county is 'The county of the land. Each parcel in lead_properties has its own county.';
comment on column public.leads.phone_digits is
  'The digits of all phones of the lead, so that one search box finds any of them; kept up to date by a trigger.';
comment on column public.leads.search_text is
  'The text that the search box searches: lower case, without accents, with a space before every word.';
comment on column public.leads.apn_text is
  'The parcel numbers of the lead, as written and as letters and digits only, so that the search box finds them; kept up to date '
  'by a trigger.';
comment on column public.leads.parcel_counties is
  'The counties of the lead''s parcels, as private.county_key writes them; kept up to date by a trigger.';
comment on column public.leads.county_keys is
  'The counties by which the lead is filtered: its own and those of its parcels, as private.county_key writes them.';
comment on column public.leads.first_contacted_at is
  'When a campaign''s text to this lead was first sent; null if none ever was. Set by private.fold_lead_activity.';
comment on column public.leads.score_rank is 'The score as a number to sort by: hot 3, warm 2, cold 1.';
comment on column public.leads.merged_into is
  'The lead that this one was merged into, and that has its history now. It is never a merged lead itself: a later merge also '
  'updates leads that were merged before.';
comment on column public.leads.erased_at is
  'When the person was erased: this row has no data of them any more and is never restored.';
comment on column public.leads.refusal is
  'Why nothing may be sent to this lead, nor to another lead at a phone of this one (private.refused_phones): do_not_contact or '
  'no_consent; null if nothing forbids it. Of a merged lead that of the kept one counts.';
alter table private.import_changes add foreign key (lead_id) references public.leads (id) on delete cascade;
create index leads_list_idx on public.leads (org_id, created_at desc, id desc) where deleted_at is null;
create index leads_search_idx on public.leads using gin (org_id, search_text extensions.gin_trgm_ops) where deleted_at is null;
create index leads_tags_idx on public.leads using gin (org_id, tags) where deleted_at is null;
create index leads_untagged_idx on public.leads (org_id, created_at desc, id desc) where deleted_at is null and tags = '{}';
create index leads_county_idx on public.leads using gin (org_id, county_keys) where deleted_at is null;
create index leads_state_idx on public.leads (org_id, state, created_at desc) where deleted_at is null;
create index leads_status_idx on public.leads (org_id, status, created_at desc) where deleted_at is null;
-- Each index begins with the organisation and ends with the order of the list, so that a page for a frequent value is read
-- straight from the index.
create index leads_state_status_idx on public.leads (org_id, state, status, created_at desc) where deleted_at is null;
create index leads_city_idx on public.leads (org_id, lower(city), created_at desc) where deleted_at is null;
create index leads_zip_idx on public.leads (org_id, "left"(postal_code, 5), created_at desc) where deleted_at is null;
create index leads_source_idx on public.leads (org_id, lower(source), created_at desc)
  where deleted_at is null and source is not null;
create index leads_language_idx on public.leads (org_id, language, created_at desc)
  where deleted_at is null and language is not null;
create index leads_consent_idx on public.leads (org_id, consent_status, created_at desc)
  where deleted_at is null and consent_status <> 'unknown';
create index leads_score_idx on public.leads (org_id, score_rank desc, created_at desc, id desc) where deleted_at is null;
create index leads_never_contacted_idx on public.leads (org_id, created_at desc, id desc)
  where deleted_at is null and first_contacted_at is null;
create index leads_name_idx on public.leads
  (org_id, private.fold_text(coalesce(last_name, '') || ' ' || coalesce(first_name, '')), id) where deleted_at is null;
create index leads_custom_fields_idx on public.leads using gin (org_id, custom_fields jsonb_path_ops)
  where deleted_at is null and custom_fields <> '{}';
create index leads_deleted_idx on public.leads (org_id, created_at desc, id desc) where deleted_at is not null;
create index leads_live_idx on public.leads (org_id, id) where deleted_at is null;
-- Undo works through the leads of an import in the order of their ids.
create index leads_import_order_idx on public.leads (import_id, id) where import_id is not null;
create index leads_merged_into_idx on public.leads (merged_into) where merged_into is not null;
-- The planner does not use the statistics of partial indexes. Without these statistics it assumes 200 cities, ZIPs and
-- sources that are all equally frequent.
create statistics public.leads_city_stats on (lower(city)) from public.leads;
create statistics public.leads_zip_stats on ("left"(postal_code, 5)) from public.leads;
create statistics public.leads_source_stats on (lower(source)) from public.leads;

alter table public.leads enable row level security;
create policy "people read leads of their organisation" on public.leads
  for select to authenticated using (org_id = (select private.org_id()));
grant select on public.leads to authenticated;
grant delete, insert, select, update on public.leads to service_role;

create trigger leads_updated_at before update on public.leads
  for each row execute function private.set_updated_at();
create constraint trigger leads_have_primary_phone after insert on public.leads
  deferrable initially deferred for each row execute function private.require_primary_phone();
create trigger leads_events after update on public.leads
  referencing old table as old_rows new table as new_rows for each statement execute function private.record_lead_events();
create trigger leads_refuse_phones after update on public.leads
  for each row when (old.refusal is distinct from new.refusal or old.merged_into is distinct from new.merged_into
    or old.deleted_at is not null and new.deleted_at is null)
  execute function private.refuse_phones();
create trigger leads_count_insert after insert on public.leads
  referencing new table as new_rows for each statement execute function private.count_lead_changes();
create trigger leads_count_update after update on public.leads
  referencing old table as old_rows new table as new_rows for each statement execute function private.count_lead_changes();
create trigger leads_count_delete after delete on public.leads
  referencing old table as old_rows for each statement execute function private.count_lead_changes();
-- The dashboard shows this word in place of no tags, and sends it back as if it were one.
create trigger leads_never_untagged before insert or update of tags on public.leads
  for each row when ('UNTAGGED' = any (new.tags)) execute function private.drop_untagged();
create trigger leads_count_belongings before delete on public.leads
  for each row when (old.deleted_at is null) execute function private.count_lost_belongings();
