create table public.conversation_labels (
  org_id uuid not null,
  conversation_id uuid not null references public.conversations (id) on delete cascade,
  label_id uuid not null,
  added_at timestamptz not null,
  primary key (conversation_id, label_id),
  foreign key (org_id, label_id) references public.labels (org_id, id) on delete cascade
);
comment on table public.conversation_labels is 'The labels of each conversation: at most 20.';
create index conversation_labels_label_idx on public.conversation_labels (org_id, label_id, conversation_id);

alter table public.conversation_labels enable row level security;
create policy "people read labels of conversations of their organisation" on public.conversation_labels
  for select to authenticated using (org_id = (select private.org_id()));
grant select on public.conversation_labels to authenticated;
grant delete, insert, select on public.conversation_labels to service_role;
