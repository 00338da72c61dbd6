create table private.span_changes (
  id bigint primary key generated always as identity,
  org_id uuid not null,
  conversation_id uuid not null references public.conversations (id) on delete cascade,
  since timestamptz not null
);
comment on table private.span_changes is
  'Conversations in which a text of ours was sent, or turned out not to be. Who settles a text holds the message, and must not '
  'wait for the conversation: a task folds these rows within seconds.';
create index span_changes_conversation_idx on private.span_changes (conversation_id);

alter table private.span_changes enable row level security;
