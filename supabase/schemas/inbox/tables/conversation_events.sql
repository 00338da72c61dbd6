create table public.conversation_events (
  id uuid primary key default private.uuid_v7(),
  org_id uuid not null,
  conversation_id uuid not null references public.conversations (id) on delete cascade,
  event text not null check (event in ('assigned', 'unassigned', 'returned', 'labeled', 'unlabeled', 'snoozed', 'woke',
    'archived', 'reopened', 'deleted', 'classified', 'dismissed', 'hot', 'hot_overdue', 'escalated', 'insisted',
    'scheduled', 'schedule_canceled', 'schedule_failed', 'noted', 'note_deleted')),
  actor_id uuid references public.users (id) on delete set null,
  details jsonb not null default '{}' check (jsonb_typeof(details) = 'object' and pg_column_size(details) <= 4000),
  created_at timestamptz not null
);
comment on table public.conversation_events is
  'What was done with a conversation, and by whom; actor_id null: by a rule. Append-only, kept for two years.';
create index conversation_events_list_idx on public.conversation_events (conversation_id, created_at desc, id desc);
create index conversation_events_org_idx on public.conversation_events (org_id);
create index conversation_events_age_idx on public.conversation_events (created_at);
create index conversation_events_actor_idx on public.conversation_events (actor_id) where actor_id is not null;

alter table public.conversation_events enable row level security;
create policy "people read events of conversations of their organisation" on public.conversation_events
  for select to authenticated using (org_id = (select private.org_id()));
grant select on public.conversation_events to authenticated;
grant delete, insert, select on public.conversation_events to service_role;
