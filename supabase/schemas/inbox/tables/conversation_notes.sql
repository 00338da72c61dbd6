create table public.conversation_notes (
  id uuid primary key default private.uuid_v7(),
  org_id uuid not null,
  conversation_id uuid not null references public.conversations (id) on delete cascade,
  author_id uuid references public.users (id) on delete set null,
  content text not null check (length(content) between 1 and 4000),
  mentions uuid[] not null default '{}' check (cardinality(mentions) <= 10 and array_position(mentions, null) is null),
  created_at timestamptz not null,
  updated_at timestamptz not null,
  deleted_at timestamptz,
  deleted_by uuid
);
comment on table public.conversation_notes is
  'What people of the organisation tell each other about a conversation. It is never sent. A deleted note keeps its place and '
  'its author, without its words.';
create index conversation_notes_list_idx on public.conversation_notes (conversation_id, created_at desc, id desc);
create index conversation_notes_org_idx on public.conversation_notes (org_id);
create index conversation_notes_author_idx on public.conversation_notes (author_id) where author_id is not null;

alter table public.conversation_notes enable row level security;
create policy "people read notes of their organisation" on public.conversation_notes
  for select to authenticated using (org_id = (select private.org_id()));
grant select on public.conversation_notes to authenticated;
grant delete, insert, select, update on public.conversation_notes to service_role;
