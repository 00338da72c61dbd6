-- Leads: owners, their phones (up to three), their parcels, and the contact row that sending and opt-outs lock.
-- Users read these tables; they write through functions (20261123002000_lead_functions.sql), so that a lead always has a primary phone.

create function private.fold_text(p_text text)
returns text
language sql
immutable
strict
parallel safe
set search_path = ''
as $$
  -- Capitals are in the list too: under the C collation lower() leaves them alone.
  select translate(
    lower(p_text),
    'áàäâãåéèëêíìïîóòöôõúùüûñçÁÀÄÂÃÅÉÈËÊÍÌÏÎÓÒÖÔÕÚÙÜÛÑÇ',
    'aaaaaaeeeeiiiiooooouuuuncaaaaaaeeeeiiiiooooouuuunc'
  );
$$;
comment on function private.fold_text(text) is 'Text as the search compares it: lower case, without accents. Null stays null.';
grant execute on function private.fold_text(text) to service_role;

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
    check (status in ('new', 'contacted', 'interested', 'not_interested', 'do_not_contact')),
  lead_score text not null default 'cold' check (lead_score in ('cold', 'warm', 'hot')),
  consent_status text not null default 'unknown' check (consent_status in ('unknown', 'granted', 'denied')),
  source text check (length(source) <= 200),
  notes text check (length(notes) <= 10000),
  tags text[] not null default '{}'
    check (cardinality(tags) <= 50 and array_to_string(tags, ',', '?') ~ '^([A-Z0-9+-]+(,[A-Z0-9+-]+)*)?$' and '' <> all (tags)),
  custom_fields jsonb not null default '{}' check (jsonb_typeof(custom_fields) = 'object'),
  phone_digits text not null default '',
  search_text text not null generated always as (
    private.fold_text(
      ' ' || coalesce(first_name, '') || ' ' || coalesce(last_name, '') || ' ' || coalesce(email, '') || ' '
      || coalesce(address1, '') || ' ' || coalesce(city, '') || ' ' || coalesce(state, '') || ' '
      || coalesce(postal_code, '') || ' ' || coalesce(county, '') || ' ' || phone_digits
    )
  ) stored,
  import_id uuid,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  deleted_at timestamptz,
  unique (org_id, id)
);
comment on table public.leads is 'A landowner. The address is the owner''s mailing address: it decides the hours in which they may be written to. Parcels are lead_properties.';
comment on column public.leads.county is 'The county of the land; parcels of their own carry their own.';
comment on column public.leads.phone_digits is 'All phones of the lead as digits, so that one search box finds any of them; kept by trigger.';
comment on column public.leads.search_text is 'What the search box searches: lower case, without accents, a space before every word.';

create index leads_list_idx on public.leads (org_id, created_at desc, id desc) where deleted_at is null;
create index leads_search_idx on public.leads using gin (org_id, search_text extensions.gin_trgm_ops) where deleted_at is null;
create index leads_tags_idx on public.leads using gin (org_id, tags) where deleted_at is null;
create index leads_county_idx on public.leads (org_id, lower(county), created_at desc) where deleted_at is null;
create index leads_state_idx on public.leads (org_id, state, created_at desc) where deleted_at is null;
create index leads_status_idx on public.leads (org_id, status, created_at desc) where deleted_at is null;
create index leads_import_idx on public.leads (import_id) where import_id is not null;

create trigger leads_updated_at before update on public.leads
  for each row execute function private.set_updated_at();

create table public.lead_phones (
  id uuid primary key default gen_random_uuid(),
  org_id uuid not null,
  lead_id uuid not null,
  e164 text not null check (e164 ~ '^\+1[2-9][0-9]{9}$'),
  role text not null check (role in ('primary', 'secondary', 'alternate')),
  is_primary boolean generated always as (role = 'primary') stored,
  label text check (length(label) <= 100),
  consent_status text not null default 'unknown' check (consent_status in ('unknown', 'granted', 'denied')),
  is_valid boolean not null default true,
  invalid_reason text,
  line_type text check (line_type in ('mobile', 'landline', 'voip', 'toll_free', 'other')),
  carrier text,
  carrier_info jsonb not null default '{}',
  created_at timestamptz not null default now(),
  foreign key (org_id, lead_id) references public.leads (org_id, id) on delete cascade,
  unique (lead_id, e164),
  -- Deferrable: primary and secondary can change places in one statement.
  unique (lead_id, role) deferrable initially immediate,
  check (is_valid = (invalid_reason is null))
);
comment on table public.lead_phones is 'A phone of a lead: primary (required), secondary or alternate. Consent, validity, line type and carrier are per phone.';
create index lead_phones_e164_idx on public.lead_phones (org_id, e164);
create index lead_phones_lead_idx on public.lead_phones (org_id, lead_id);

create table public.lead_properties (
  id uuid primary key default gen_random_uuid(),
  org_id uuid not null,
  lead_id uuid not null,
  apn text check (length(apn) <= 100),
  county text check (length(county) <= 200),
  state text check (state ~ '^[A-Z]{2}$'),
  situs text check (length(situs) <= 300),
  property_type text check (length(property_type) <= 100),
  acreage numeric(12, 4) check (acreage >= 0),
  estimated_value numeric(14, 2) check (estimated_value >= 0),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  foreign key (org_id, lead_id) references public.leads (org_id, id) on delete cascade
);
comment on table public.lead_properties is 'A parcel of a lead: APN, county, state, situs (where the land is), acres and value. One owner may have several.';
create index lead_properties_lead_idx on public.lead_properties (org_id, lead_id);
create unique index lead_properties_apn_key on public.lead_properties (lead_id, coalesce(state, ''), lower(coalesce(county, '')), apn)
  where apn is not null;

create trigger lead_properties_updated_at before update on public.lead_properties
  for each row execute function private.set_updated_at();

create function private.keep_phone_digits()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  update public.leads l
  set phone_digits = coalesce(p.digits, '')
  from (
    select c.lead_id, string_agg(substr(lp.e164, 3), ' ' order by lp.role desc) as digits
    from (select distinct lead_id from changed) c
    left join public.lead_phones lp on lp.lead_id = c.lead_id
    group by c.lead_id
  ) p
  where l.id = p.lead_id and l.phone_digits is distinct from coalesce(p.digits, '');
  return null;
end;
$$;
comment on function private.keep_phone_digits() is 'Statement trigger: keeps leads.phone_digits for the leads whose phones changed.';

create trigger lead_phones_digits_insert after insert on public.lead_phones
  referencing new table as changed for each statement execute function private.keep_phone_digits();
create trigger lead_phones_digits_update after update on public.lead_phones
  referencing new table as changed for each statement execute function private.keep_phone_digits();
create trigger lead_phones_digits_delete after delete on public.lead_phones
  referencing old table as changed for each statement execute function private.keep_phone_digits();

create function private.require_primary_phone()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_lead_id uuid;
begin
  if tg_table_name = 'leads' then
    v_lead_id := new.id;
  else
    v_lead_id := old.lead_id;
  end if;
  if not exists (select 1 from public.lead_phones p where p.lead_id = v_lead_id and p.role = 'primary')
    and exists (select 1 from public.leads l where l.id = v_lead_id and l.deleted_at is null)
  then
    perform private.raise_error('PT422', 'invalid_input', 'A lead needs a primary phone.',
      '{"errors": [{"field": "primary_phone", "message": "Give the lead a primary phone."}]}');
  end if;
  return null;
end;
$$;
comment on function private.require_primary_phone() is 'Constraint trigger, checked at commit: a lead that is not deleted has a primary phone. Raises PT422. Definer: at commit a deferred trigger runs as whoever is connected, and the worker may not read leads.';

create constraint trigger leads_have_primary_phone after insert on public.leads
  deferrable initially deferred for each row execute function private.require_primary_phone();
create constraint trigger lead_phones_leave_primary after delete on public.lead_phones
  deferrable initially deferred for each row when (old.role = 'primary') execute function private.require_primary_phone();

create table private.contacts (
  org_id uuid not null references public.orgs (id) on delete cascade,
  e164 text not null check (e164 ~ '^\+[1-9][0-9]{6,14}$'),
  suppressed_at timestamptz,
  invalid_at timestamptz,
  invalid_reason text,
  phone_number_id uuid,
  last_campaign_id uuid,
  last_sent_at timestamptz,
  last_inbound_at timestamptz,
  primary key (org_id, e164)
) with (fillfactor = 70);
comment on table private.contacts is
  'A person''s phone as one organisation knows it. STOP, replies, planning and claiming all lock this row, since the absence of an opt-out cannot be locked.';
comment on column private.contacts.phone_number_id is 'The number this person knows us by (sticky sender).';
grant select, insert, update, delete on private.contacts to service_role;

alter table public.leads enable row level security;
create policy "people read leads of their organisation" on public.leads
  for select to authenticated using (org_id = (select private.org_id()));
grant select on public.leads to authenticated;
grant select, insert, update, delete on public.leads to service_role;

alter table public.lead_phones enable row level security;
create policy "people read lead phones of their organisation" on public.lead_phones
  for select to authenticated using (org_id = (select private.org_id()));
grant select on public.lead_phones to authenticated;
grant select, insert, update, delete on public.lead_phones to service_role;

alter table public.lead_properties enable row level security;
create policy "people read parcels of their organisation" on public.lead_properties
  for select to authenticated using (org_id = (select private.org_id()));
grant select on public.lead_properties to authenticated;
grant select, insert, update, delete on public.lead_properties to service_role;
alter table private.contacts enable row level security;
