create table public.scheduled_texts (
  id uuid primary key default private.uuid_v7(),
  org_id uuid not null,
  conversation_id uuid not null references public.conversations (id) on delete cascade,
  author_id uuid references public.users (id) on delete set null,
  content text check (length(content) <= 1600),
  media_ids uuid[] not null default '{}' check (cardinality(media_ids) <= 10 and array_position(media_ids, null) is null),
  not_before timestamptz not null check (isfinite(not_before)),
  keep_if_answered boolean not null default false,
  state text not null default 'waiting' check (state in ('waiting', 'sent', 'canceled', 'failed')),
  reason text check (length(reason) <= 500),
  created_at timestamptz not null,
  updated_at timestamptz not null,
  check (state <> 'waiting' or content is not null and reason is null)
);
comment on table public.scheduled_texts is
  'Answers that wait: until a time that their author chose, or until the person may be written to. Its message has the same id '
  'once it is queued. A text of the person cancels it, unless keep_if_answered.';
comment on column public.scheduled_texts.content is 'Null once the person was erased.';
comment on column public.scheduled_texts.reason is 'Why it was canceled or could not be sent.';
create index scheduled_texts_due_idx on public.scheduled_texts (not_before) where state = 'waiting';
create index scheduled_texts_age_idx on public.scheduled_texts (updated_at) where state <> 'waiting';
create index scheduled_texts_conversation_idx on public.scheduled_texts (conversation_id, created_at desc);
create index scheduled_texts_org_idx on public.scheduled_texts (org_id);
create index scheduled_texts_author_idx on public.scheduled_texts (author_id) where author_id is not null;

alter table public.scheduled_texts enable row level security;
create policy "people read scheduled texts of their organisation" on public.scheduled_texts
  for select to authenticated using (org_id = (select private.org_id()));
grant select on public.scheduled_texts to authenticated;
grant delete, insert, select, update on public.scheduled_texts to service_role;
