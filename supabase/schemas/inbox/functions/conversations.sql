-- Conversations that people change: what they share.

create function private.own_conversation(p_org_id uuid, p_id uuid)
returns public.conversations
language plpgsql
set search_path = ''
as $$
declare
  v_conversation public.conversations;
begin
  select * into v_conversation from public.conversations c where c.org_id = p_org_id and c.id = p_id for no key update;
  if not found then
    perform private.raise_error('PT404', 'not_found', 'There is no conversation with this id.',
      jsonb_build_object('conversation_id', p_id));
  end if;
  return v_conversation;
end;
$$;
comment on function private.own_conversation(uuid, uuid) is
  'Locks a conversation of the organisation and returns it. Raises PT404.';

create function private.hold_people(p_ids uuid[])
returns void
language plpgsql
set search_path = ''
as $$
begin
  perform from public.users u where u.id = any (p_ids) order by u.id for key share;
end;
$$;
comment on function private.hold_people(uuid[]) is
  'Keeps people from being removed until the end of the transaction. Called after the organisation and before a conversation is '
  'locked: a removal locks the organisation, then the person, then their conversations.';

create function private.check_assignee(p_org_id uuid, p_user_id uuid, p_field text)
returns void
language plpgsql
stable
set search_path = ''
as $$
begin
  if p_user_id is not null and not exists (
    select from public.users u where u.org_id = p_org_id and u.id = p_user_id and u.role >= 'operator')
  then
    perform private.refuse_field(p_field,
      'Name somebody of your organisation who may answer: an operator, campaign manager or admin.');
  end if;
end;
$$;
comment on function private.check_assignee(uuid, uuid, text) is
  'Raises PT422 naming p_field unless the person belongs to the organisation and may answer. Null: nobody.';

create function private.hold_labels(p_org_id uuid, p_ids uuid[], p_field text)
returns void
language plpgsql
set search_path = ''
as $$
begin
  perform from public.labels l where l.org_id = p_org_id and l.id = any (p_ids) order by l.id for key share;
  if (select count(distinct i) from unnest(p_ids) i)
    > (select count(*) from public.labels l where l.org_id = p_org_id and l.id = any (p_ids))
  then
    perform private.refuse_field(p_field, 'Your organisation has no such label: list labels to see their ids.');
  end if;
end;
$$;
comment on function private.hold_labels(uuid, uuid[], text) is
  'Keeps labels from being deleted until the end of the transaction. Raises PT422 naming p_field unless the organisation has all '
  'of them. Null: none.';

create function private.label_conversation(p_conversation public.conversations, p_add uuid[], p_remove uuid[], p_field text,
  p_now timestamptz)
returns boolean
language plpgsql
set search_path = ''
as $$
declare
  v_added uuid[];
  v_removed uuid[];
  v_tags text[];
begin
  perform private.hold_labels(p_conversation.org_id, p_add, p_field);
  with gone as (
    delete from public.conversation_labels x where x.conversation_id = p_conversation.id and x.label_id = any (p_remove)
    returning x.label_id
  )
  select array_agg(g.label_id order by g.label_id) into v_removed from gone g;
  with new as (
    insert into public.conversation_labels (org_id, conversation_id, label_id, added_at)
    select p_conversation.org_id, p_conversation.id, i, p_now from unnest(p_add) i order by i
    on conflict do nothing returning label_id
  )
  select array_agg(n.label_id order by n.label_id) into v_added from new n;
  if (select count(*) from public.conversation_labels x where x.conversation_id = p_conversation.id) > 20 then
    perform private.refuse_field(p_field, 'A conversation may have 20 labels: remove some first.');
  end if;
  if v_removed is not null then
    perform private.record_conversation_event(p_conversation, 'unlabeled', jsonb_build_object('label_ids', v_removed), p_now);
  end if;
  if v_added is not null then
    perform private.record_conversation_event(p_conversation, 'labeled', jsonb_build_object('label_ids', v_added), p_now);
    v_tags := array(select distinct l.lead_tag from public.labels l where l.id = any (v_added) and l.lead_tag is not null);
    -- A lead has room for so many tags; those that do not fit are left out.
    update public.leads l set tags = (private.merge_tags(l.tags, v_tags))[1:50]
    where l.id = p_conversation.lead_id and l.deleted_at is null and not l.tags @> v_tags;
  end if;
  return v_added is not null or v_removed is not null;
end;
$$;
comment on function private.label_conversation(public.conversations, uuid[], uuid[], text, timestamptz) is
  'Takes labels from a conversation and gives it others, with the tags that they bring to its lead. Returns whether anything '
  'changed. Raises PT422 naming p_field for unknown labels, or more than 20. The caller holds the conversation.';

create function private.conversation_change_shape()
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select jsonb_build_object('type', 'object', 'properties', jsonb_build_object(
    'is_read', '{"type": "boolean"}'::jsonb,
    'is_starred', '{"type": "boolean"}'::jsonb,
    'status', private.word_shape('active', 'archived', 'deleted'),
    'snoozed_until', '{"type": "string", "format": "date-time"}'::jsonb,
    'assignee_id', private.null_or('{"type": "string", "format": "uuid"}'),
    'label_ids', private.ids_shape(20),
    'add_label_ids', private.ids_shape(20),
    'remove_label_ids', private.ids_shape(20),
    'dismiss', '{"type": "boolean", "enum": [true]}'::jsonb));
$$;
comment on function private.conversation_change_shape() is
  'The shape of a change of conversations: is_read, is_starred, status, snoozed_until, assignee_id, label_ids (exactly these), '
  'add_label_ids, remove_label_ids, dismiss (the person needs no answer).';
