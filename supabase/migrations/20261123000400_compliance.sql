-- Compliance: opt-outs, consent, audit events, alerts. Users read them; they change through functions only.

create table public.opt_outs (
  id uuid primary key default gen_random_uuid(),
  org_id uuid not null references public.orgs (id) on delete cascade,
  e164 text not null check (e164 ~ '^\+[1-9][0-9]{6,14}$'),
  source text not null check (source in ('keyword', 'manual', 'complaint', 'carrier', 'import')),
  reason text check (length(reason) <= 1000),
  needs_review boolean not null default false,
  campaign_id uuid,
  is_active boolean not null default true,
  created_by uuid references public.users (id) on delete set null,
  created_at timestamptz not null default now(),
  removed_at timestamptz,
  unique (org_id, e164),
  check (is_active = (removed_at is null))
);
comment on table public.opt_outs is 'Phones an organisation may not write to. needs_review: a phrase, not a keyword, was read as a revocation, and a person should look.';
create index opt_outs_list_idx on public.opt_outs (org_id, created_at desc);
create index opt_outs_campaign_idx on public.opt_outs (campaign_id) where campaign_id is not null;
create index opt_outs_created_by_idx on public.opt_outs (created_by) where created_by is not null;

create table public.consent_records (
  id uuid primary key default gen_random_uuid(),
  org_id uuid not null references public.orgs (id) on delete cascade,
  e164 text not null,
  lead_id uuid,
  status text not null check (status in ('granted', 'revoked')),
  method text not null check (method in ('keyword', 'import', 'form', 'manual', 'carrier')),
  evidence text check (length(evidence) <= 4000),
  language text check (language in ('es', 'en')),
  recorded_at timestamptz not null default now(),
  recorded_by uuid references public.users (id) on delete set null
);
comment on table public.consent_records is 'Append-only: who granted or revoked consent, how, when and in which words (47 CFR 64.1200(a)(10)).';
create index consent_records_phone_idx on public.consent_records (org_id, e164, recorded_at desc);
create index consent_records_recorded_by_idx on public.consent_records (recorded_by) where recorded_by is not null;

create table public.audit_events (
  id uuid primary key default private.uuid_v7(),
  org_id uuid not null references public.orgs (id) on delete cascade,
  event_type text not null check (event_type ~ '^[a-z_]+$'),
  phone_number text,
  campaign_id uuid,
  lead_id uuid,
  user_id uuid references public.users (id) on delete set null,
  details jsonb not null default '{}',
  compliance_status text not null default 'compliant' check (compliance_status in ('compliant', 'violation', 'review')),
  created_at timestamptz not null default now()
);
comment on table public.audit_events is 'Append-only trail of what was done and by whom.';
create index audit_events_list_idx on public.audit_events (org_id, created_at desc);
create index audit_events_type_idx on public.audit_events (org_id, event_type, created_at desc);
create index audit_events_phone_idx on public.audit_events (org_id, phone_number) where phone_number is not null;
create index audit_events_user_idx on public.audit_events (user_id) where user_id is not null;

create table public.alerts (
  id uuid primary key default gen_random_uuid(),
  org_id uuid not null references public.orgs (id) on delete cascade,
  kind text not null check (kind ~ '^[a-z_]+$'),
  severity text not null check (severity in ('info', 'warning', 'critical')),
  message text not null,
  campaign_id uuid,
  phone_number_id uuid,
  details jsonb not null default '{}',
  created_at timestamptz not null default now(),
  resolved_at timestamptz
);
comment on table public.alerts is 'What a person should look at: a campaign that was paused by an error, a number that was quarantined, a message nobody can settle.';
create index alerts_list_idx on public.alerts (org_id, created_at desc);
create unique index alerts_open_key on public.alerts
  (org_id, kind, coalesce(campaign_id, '00000000-0000-0000-0000-000000000000'), coalesce(phone_number_id, '00000000-0000-0000-0000-000000000000'))
  where resolved_at is null;

create function private.raise_alert(
  p_org_id uuid,
  p_kind text,
  p_severity text,
  p_message text,
  p_campaign_id uuid default null,
  p_phone_number_id uuid default null,
  p_details jsonb default '{}'
)
returns void
language sql
set search_path = ''
as $$
  insert into public.alerts (org_id, kind, severity, message, campaign_id, phone_number_id, details)
  values (p_org_id, p_kind, p_severity, p_message, p_campaign_id, p_phone_number_id, p_details)
  on conflict do nothing;
$$;
comment on function private.raise_alert(uuid, text, text, text, uuid, uuid, jsonb) is
  'Raises an alert unless the same kind is open already for the same campaign and number.';

create function private.record_audit_event(
  p_org_id uuid,
  p_event_type text,
  p_phone_number text default null,
  p_campaign_id uuid default null,
  p_lead_id uuid default null,
  p_details jsonb default '{}',
  p_compliance_status text default 'compliant'
)
returns void
language sql
set search_path = ''
as $$
  insert into public.audit_events (org_id, event_type, phone_number, campaign_id, lead_id, user_id, details, compliance_status)
  values (p_org_id, p_event_type, p_phone_number, p_campaign_id, p_lead_id,
    (select u.id from public.users u where u.id = auth.uid()), p_details, p_compliance_status);
$$;
comment on function private.record_audit_event(uuid, text, text, uuid, uuid, jsonb, text) is
  'Writes an audit event, naming the signed-in user where there is one.';

alter table public.opt_outs enable row level security;
create policy "people read opt-outs of their organisation" on public.opt_outs
  for select to authenticated using (org_id = (select private.org_id()));
grant select on public.opt_outs to authenticated;
grant select, insert, update, delete on public.opt_outs to service_role;

alter table public.consent_records enable row level security;
create policy "people read consent records of their organisation" on public.consent_records
  for select to authenticated using (org_id = (select private.org_id()));
grant select on public.consent_records to authenticated;
grant select, insert on public.consent_records to service_role;

alter table public.audit_events enable row level security;
create policy "people read audit events of their organisation" on public.audit_events
  for select to authenticated using (org_id = (select private.org_id()));
grant select on public.audit_events to authenticated;
grant select, insert on public.audit_events to service_role;

alter table public.alerts enable row level security;
create policy "people read alerts of their organisation" on public.alerts
  for select to authenticated using (org_id = (select private.org_id()));
grant select on public.alerts to authenticated;
grant select, insert, update, delete on public.alerts to service_role;
