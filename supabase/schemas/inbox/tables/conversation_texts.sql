create table private.conversation_texts (
  message_id uuid primary key references public.messages (id) on delete cascade,
  org_id uuid not null,
  conversation_id uuid not null references public.conversations (id) on delete cascade,
  search_text text not null
);
comment on table private.conversation_texts is
  'The words of texts in conversations, folded for the search. Kept by a trigger on messages. They are here, not in an index on '
  'messages: such an index would cost every campaign message.';
create index conversation_texts_conversation_idx on private.conversation_texts (conversation_id);
create index conversation_texts_newest_idx on private.conversation_texts (org_id, message_id desc);
create index conversation_texts_search_idx on private.conversation_texts using gin (org_id, search_text extensions.gin_trgm_ops);

alter table private.conversation_texts enable row level security;
