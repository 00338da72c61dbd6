create function private.note_span_change()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  insert into private.span_changes (org_id, conversation_id, since) values (new.org_id, new.conversation_id, new.created_at);
  return null;
end;
$$;
comment on function private.note_span_change() is
  'Trigger, for texts that people wrote: records that one was sent, or that one that counted as sent was not delivered. Security '
  'definer: the role that settles may not write the table.';

create function private.keep_conversation_text()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  if coalesce(new.content, '') = '' then
    delete from private.conversation_texts t where t.message_id = new.id;
  else
    insert into private.conversation_texts as t (message_id, org_id, conversation_id, search_text)
    values (new.id, new.org_id, new.conversation_id, private.fold_text(left(new.content, 2000)))
    on conflict (message_id) do update set search_text = excluded.search_text;
  end if;
  return null;
end;
$$;
comment on function private.keep_conversation_text() is
  'Trigger, for inbound and direct texts only: keeps their words for the search. Security definer: no role may write the table.';
create trigger messages_span_change after update of status on public.messages
  for each row when (new.kind = 'direct' and new.conversation_id is not null
    and (new.status in ('sent', 'delivered')) <> (old.status in ('sent', 'delivered')))
  execute function private.note_span_change();
create trigger messages_search_insert after insert on public.messages
  for each row when (new.kind in ('inbound', 'direct') and new.conversation_id is not null)
  execute function private.keep_conversation_text();
create trigger messages_search_update after update of content on public.messages
  for each row when (new.kind in ('inbound', 'direct') and new.conversation_id is not null
    and new.content is distinct from old.content)
  execute function private.keep_conversation_text();
