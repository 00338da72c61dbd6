create table public.consent_records (
  id uuid primary key default gen_random_uuid(),
  org_id uuid not null references public.orgs (id) on delete cascade,
  e164 text collate "C" not null,
  lead_id uuid,
  status text not null check (status in ('granted', 'revoked')),
  method text not null check (method in ('keyword', 'import', 'form', 'manual', 'carrier')),
  evidence text check (length(evidence) <= 4000),
  language text check (language in ('es', 'en')),
  recorded_at timestamptz not null default now(),
  recorded_by uuid references public.users (id) on delete set null,
  import_id uuid
);
comment on table public.consent_records is
  'Append-only: who granted or revoked consent, how, when and in which words (47 CFR 64.1200(a)(10)).';
comment on column public.consent_records.import_id is
  'The import that brought it. Undoing the import deletes it together with the import''s other changes of the lead.';
create index consent_records_phone_idx on public.consent_records (org_id, e164, recorded_at desc);
create index consent_records_recorded_by_idx on public.consent_records (recorded_by) where recorded_by is not null;
create index consent_records_import_idx on public.consent_records (import_id, lead_id) where import_id is not null;
-- For finding the records of a lead: a merge moves them, the history of the lead shows them.
create index consent_records_lead_idx on public.consent_records (lead_id) where lead_id is not null;

alter table public.consent_records enable row level security;
create policy "people read consent records of their organisation" on public.consent_records
  for select to authenticated using (org_id = (select private.org_id()));
grant select on public.consent_records to authenticated;
grant insert, select on public.consent_records to service_role;
