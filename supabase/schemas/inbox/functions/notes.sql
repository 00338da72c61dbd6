create function private.read_note(p_content text)
returns text
language plpgsql
immutable
set search_path = ''
as $$
begin
  if length(p_content) > 4000 or coalesce(private.strip(p_content), '') = ''
    or p_content ~ '[\u0001-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]'
  then
    perform private.refuse_field('content', 'Write the note: 1 to 4,000 characters, without control characters.');
  end if;
  return private.strip(p_content);
end;
$$;
comment on function private.read_note(text) is
  'The words of a note, without white space at the ends. Raises PT422 naming content.';

create function private.add_note(p_conversation_id uuid, p_content text, p_mentions uuid[] default '{}',
  p_now timestamptz default now())
returns uuid
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('operator');
  v_content text := private.read_note(p_content);
  v_conversation public.conversations;
  v_id uuid;
begin
  perform private.check_ids(p_mentions, 'mentions', 10);
  if exists (select from unnest(p_mentions) i where not exists (
    select from public.users u where u.org_id = v_org_id and u.id = i))
  then
    perform private.refuse_field('mentions', 'Mention people of your organisation only.');
  end if;
  v_conversation := private.own_conversation(v_org_id, p_conversation_id);
  if (select count(*) from public.conversation_notes n where n.conversation_id = p_conversation_id) >= 1000 then
    perform private.raise_error('PT409', 'invalid_state', 'The conversation has 1,000 notes, as many as it may have.',
      '{"limit": 1000}');
  end if;
  insert into public.conversation_notes (org_id, conversation_id, author_id, content, mentions, created_at, updated_at)
  values (v_org_id, p_conversation_id, auth.uid(), v_content, array(select distinct i from unnest(p_mentions) i), p_now, p_now)
  returning id into v_id;
  perform private.record_conversation_event(v_conversation, 'noted', jsonb_build_object('note_id', v_id, 'mentions',
    coalesce(p_mentions, '{}')), p_now);
  return v_id;
end;
$$;
comment on function private.add_note(uuid, text, uuid[], timestamptz) is
  'Adds a note to a conversation, with the people that it mentions, and returns its id. It makes nothing unread. Needs operator. '
  'Raises PT403, PT404, PT409, PT422. Security definer: users may not write notes.';
grant execute on function private.add_note(uuid, text, uuid[], timestamptz) to authenticated;

create function private.own_note(p_org_id uuid, p_id uuid)
returns public.conversation_notes
language plpgsql
set search_path = ''
as $$
declare
  v_note public.conversation_notes;
begin
  select * into v_note from public.conversation_notes n
  where n.org_id = p_org_id and n.id = p_id and n.deleted_at is null for no key update;
  if not found then
    perform private.raise_error('PT404', 'not_found', 'There is no note with this id.', jsonb_build_object('note_id', p_id));
  elsif v_note.author_id is distinct from auth.uid() and (
    select u.role from public.users u where u.id = auth.uid()) is distinct from 'admin'
  then
    perform private.raise_error('PT403', 'forbidden', 'Only its author or an admin may change a note.');
  end if;
  return v_note;
end;
$$;
comment on function private.own_note(uuid, uuid) is
  'Locks a note that the signed-in person may change: their own, or any if they are admin. Raises PT403, PT404.';

create function private.change_note(p_id uuid, p_content text, p_now timestamptz default now())
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_note public.conversation_notes := private.own_note(private.require_role('operator'), p_id);
begin
  update public.conversation_notes n set content = private.read_note(p_content), updated_at = p_now where n.id = v_note.id;
end;
$$;
comment on function private.change_note(uuid, text, timestamptz) is
  'Changes the words of a note. Needs operator for one''s own, admin for others''. Raises PT403, PT404, PT422. Security definer: '
  'users may not write notes.';
grant execute on function private.change_note(uuid, text, timestamptz) to authenticated;

create function private.delete_note(p_id uuid, p_now timestamptz default now())
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_note public.conversation_notes := private.own_note(private.require_role('operator'), p_id);
begin
  update public.conversation_notes n
  set content = '[deleted]', mentions = '{}', deleted_at = p_now, deleted_by = auth.uid(), updated_at = p_now
  where n.id = p_id;
  perform private.record_conversation_event(c, 'note_deleted', jsonb_build_object('note_id', p_id), p_now)
  from public.conversations c where c.id = v_note.conversation_id;
end;
$$;
comment on function private.delete_note(uuid, timestamptz) is
  'Empties a note; that there was one, and who deleted it, stays. Needs operator for one''s own, admin for others''. Raises '
  'PT403, PT404. Security definer: users may not write notes.';
grant execute on function private.delete_note(uuid, timestamptz) to authenticated;

create function public.add_note(p_conversation_id uuid, p_content text, p_mentions uuid[] default '{}') returns uuid
  language sql set search_path = '' as $$ select private.add_note(p_conversation_id, p_content, p_mentions); $$;
comment on function public.add_note(uuid, text, uuid[]) is
  'Calls the private function of the same name, which checks role and organisation, with the current time.';
grant execute on function public.add_note(uuid, text, uuid[]) to authenticated;
create function public.change_note(p_id uuid, p_content text) returns void
  language sql set search_path = '' as $$ select private.change_note(p_id, p_content); $$;
comment on function public.change_note(uuid, text) is
  'Calls the private function of the same name, which checks role and organisation, with the current time.';
grant execute on function public.change_note(uuid, text) to authenticated;
create function public.delete_note(p_id uuid) returns void
  language sql set search_path = '' as $$ select private.delete_note(p_id); $$;
comment on function public.delete_note(uuid) is
  'Calls the private function of the same name, which checks role and organisation, with the current time.';
grant execute on function public.delete_note(uuid) to authenticated;
