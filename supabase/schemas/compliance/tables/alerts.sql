create table public.alerts (
  id uuid primary key default gen_random_uuid(),
  org_id uuid not null references public.orgs (id) on delete cascade,
  kind text not null check (kind ~ '^[a-z][a-z0-9_]*$'),
  severity text not null check (severity in ('info', 'warning', 'critical')),
  message text not null,
  campaign_id uuid,
  phone_number_id uuid,
  details jsonb not null default '{}',
  created_at timestamptz not null default now(),
  resolved_at timestamptz,
  resolved_by uuid references public.users (id) on delete set null
);
comment on table public.alerts is
  'Something that a person should see: a campaign that was paused by an error, a number that was quarantined, a message that '
  'nobody can settle.';
comment on column public.alerts.resolved_by is 'Who resolved it; null if it resolved because its cause ended.';
create index alerts_list_idx on public.alerts (org_id, created_at desc);
create unique index alerts_open_key on public.alerts
  (org_id, kind, coalesce(campaign_id, '00000000-0000-0000-0000-000000000000'),
    coalesce(phone_number_id, '00000000-0000-0000-0000-000000000000'))
  where resolved_at is null;
create index alerts_resolved_by_idx on public.alerts (resolved_by) where resolved_by is not null;
-- The order of the list: open alerts first, then the newest.
create index alerts_open_first_idx on public.alerts (org_id, resolved_at desc nulls first, created_at desc, id);

alter table public.alerts enable row level security;
create policy "people read alerts of their organisation" on public.alerts
  for select to authenticated using (org_id = (select private.org_id()));
grant select on public.alerts to authenticated;
grant delete, insert, select, update on public.alerts to service_role;
