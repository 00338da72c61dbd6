create table public.audit_events (
  id uuid primary key default private.uuid_v7(),
  org_id uuid not null references public.orgs (id) on delete cascade,
  event_type text not null check (event_type ~ '^[a-z_]+$'),
  phone_number text collate "C",
  campaign_id uuid,
  lead_id uuid,
  user_id uuid references public.users (id) on delete set null,
  details jsonb not null default '{}',
  compliance_status text not null default 'compliant' check (compliance_status in ('compliant', 'violation', 'review')),
  created_at timestamptz not null default now()
);
comment on table public.audit_events is 'Append-only: what was done, and by whom.';
create index audit_events_list_idx on public.audit_events (org_id, created_at desc);
create index audit_events_type_idx on public.audit_events (org_id, event_type, created_at desc);
create index audit_events_phone_idx on public.audit_events (org_id, phone_number) where phone_number is not null;
create index audit_events_user_idx on public.audit_events (user_id) where user_id is not null;
create index audit_events_lead_idx on public.audit_events (lead_id, created_at desc) where lead_id is not null;

alter table public.audit_events enable row level security;
create policy "people read audit events of their organisation" on public.audit_events
  for select to authenticated using (org_id = (select private.org_id()));
grant select on public.audit_events to authenticated;
grant insert, select on public.audit_events to service_role;
