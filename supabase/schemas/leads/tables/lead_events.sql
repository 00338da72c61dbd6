create table public.lead_events (
  id uuid primary key default private.uuid_v7(),
  org_id uuid not null references public.orgs (id) on delete cascade,
  lead_id uuid not null references public.leads (id) on delete cascade,
  kind text not null check (kind in ('status', 'score')),
  old_value text not null,
  new_value text not null,
  cause text not null check (cause in ('manual', 'bulk', 'import', 'merge', 'sent', 'reply', 'keyword', 'opt_out', 'wrong_number',
    'system')),
  message_id uuid,
  user_id uuid references public.users (id) on delete set null,
  -- Not the transaction's time: of two changes, the one that was made later must have the later time.
  created_at timestamptz not null default clock_timestamp(),
  constraint lead_events_old_value_check check (length(old_value) <= 100),
  constraint lead_events_new_value_check check (length(new_value) <= 100)
);
comment on table public.lead_events is
  'Changes of a lead''s status and score, with the cause. manual and bulk: made by people. sent, reply, keyword, opt_out and '
  'wrong_number: follow from messages; message_id is the message, if there was one. Kept for two years.';
create index lead_events_lead_idx on public.lead_events (lead_id, created_at desc, id desc);
create index lead_events_list_idx on public.lead_events (org_id, created_at desc);
create index lead_events_user_idx on public.lead_events (user_id) where user_id is not null;
create index lead_events_age_idx on public.lead_events using brin (created_at);

alter table public.lead_events enable row level security;
create policy "people read lead events of their organisation" on public.lead_events
  for select to authenticated using (org_id = (select private.org_id()));
grant select on public.lead_events to authenticated, service_role;
