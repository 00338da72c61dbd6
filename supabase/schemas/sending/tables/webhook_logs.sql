create table public.webhook_logs (
  id bigint generated always as identity primary key,
  org_id uuid references public.orgs (id) on delete cascade,
  webhook_type text not null check (webhook_type in ('status', 'inbound')),
  provider text not null default 'twilio',
  payload jsonb,
  processed boolean not null default false,
  error_message text,
  created_at timestamptz not null default now()
);
comment on table public.webhook_logs is
  'Webhooks that could not be applied (forged, unsigned, for an unknown organisation), stored for 30 days without ids of '
  'accounts and keys.';
create index webhook_logs_org_idx on public.webhook_logs (org_id, created_at desc);
create index webhook_logs_age_idx on public.webhook_logs using brin (created_at);

alter table public.webhook_logs enable row level security;
create policy "admins read webhook logs of their organisation" on public.webhook_logs
  for select to authenticated using (org_id = (select private.org_id()) and (select private.has_role('admin')));
grant select on public.webhook_logs to authenticated;
grant delete, insert, select on public.webhook_logs to service_role;
