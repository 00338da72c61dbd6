create function private.message_json(p_message public.messages)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
begin
  return jsonb_build_object('id', p_message.id, 'kind', p_message.kind, 'direction', p_message.direction,
    'campaign_id', p_message.campaign_id, 'conversation_id', p_message.conversation_id, 'lead_id', p_message.lead_id,
    'author_id', p_message.author_id, 'from_number', p_message.from_number, 'to_number', p_message.to_number,
    'content', p_message.content, 'status', p_message.status, 'error_code', p_message.error_code,
    'error_message', p_message.error_message, 'segments', p_message.segments, 'cost', p_message.cost,
    'classification', p_message.classification, 'class_rule', p_message.class_rule, 'class_phrase', p_message.class_phrase,
    'class_version', p_message.class_version, 'holds', p_message.holds, 'reviewed_as', p_message.reviewed_as,
    'reviewed_at', p_message.reviewed_at, 'needs_attention', p_message.needs_attention,
    'conversation_version', p_message.conversation_version, 'sent_at', p_message.sent_at,
    'created_at', p_message.created_at, 'updated_at', p_message.updated_at, 'media', case when p_message.has_media then (
      select coalesce(to_jsonb(array_agg(jsonb_build_object('id', x.id, 'ordinal', x.ordinal, 'state', x.state, 'reason',
        x.reason,
        'content_type', x.content_type, 'bytes', x.bytes) order by x.ordinal)), '[]')
      from public.message_media x where x.message_id = p_message.id) else '[]' end);
end;
$$;
comment on function private.message_json(public.messages) is 'A message as the API shows it.';

create function private.read_thread(p_id uuid, p_limit integer default 50, p_before timestamptz default null,
  p_before_id uuid default null)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('viewer');
  v_limit integer := least(greatest(coalesce(p_limit, 50), 1), 200);
  v_before timestamptz := coalesce(p_before, 'infinity');
  v_before_id uuid := coalesce(p_before_id, 'ffffffff-ffff-ffff-ffff-ffffffffffff');
  v_conversation public.conversations;
  v_answer jsonb;
begin
  select * into v_conversation from public.conversations c where c.org_id = v_org_id and c.id = p_id;
  if not found then
    perform private.raise_error('PT404', 'not_found', 'There is no conversation with this id.',
      jsonb_build_object('conversation_id', p_id));
  end if;
  -- Campaign texts belong to no conversation: they are found by the phone. Each part reads one row more than is asked for.
  with own as (
    select m.id, m.created_at from public.messages m
    where m.conversation_id = v_conversation.id and m.kind <> 'campaign' and (m.created_at, m.id) < (v_before, v_before_id)
    order by m.created_at desc, m.id desc limit v_limit + 1
  ), of_campaigns as (
    select m.id, m.created_at from public.messages m
    where m.to_number = v_conversation.e164 and (m.org_id = v_org_id) is true and m.kind = 'campaign'
      and (m.created_at, m.id) < (v_before, v_before_id)
    order by m.created_at desc, m.id desc limit v_limit + 1
  ), page as (
    select x.id, x.created_at, row_number() over (order by x.created_at desc, x.id desc) as n
    from (select * from own union all select * from of_campaigns) x
  )
  select jsonb_build_object(
    'messages', coalesce(to_jsonb(array_agg(private.message_json(m) order by p.n) filter (where p.n <= v_limit)), '[]'),
    'next', (array_agg(jsonb_build_object('at', p.created_at, 'id', p.id)) filter (where p.n = v_limit and exists (
      select from page o where o.n > v_limit)))[1])
  into v_answer from page p join public.messages m on m.id = p.id;
  return v_answer || jsonb_build_object('version', v_conversation.version, 'scheduled', (
    select coalesce(to_jsonb(array_agg(s order by s.not_before, s.id)), '[]') from public.scheduled_texts s
    where s.conversation_id = v_conversation.id and s.state = 'waiting'));
end;
$$;
comment on function private.read_thread(uuid, integer, timestamptz, uuid) is
  'The texts of a conversation, the newest first, with those that campaigns sent to the phone: {messages, next, version, '
  'scheduled (answers that wait)}. next is passed as p_before and p_before_id. At most 200. Needs viewer. Raises PT404. Security '
  'definer: as private.list_conversations.';
grant execute on function private.read_thread(uuid, integer, timestamptz, uuid) to authenticated;

create function public.read_thread(p_id uuid, p_limit integer default 50, p_before timestamptz default null,
  p_before_id uuid default null) returns jsonb
  language sql set search_path = '' as $$ select private.read_thread(p_id, p_limit, p_before, p_before_id); $$;
comment on function public.read_thread(uuid, integer, timestamptz, uuid) is 'See private.read_thread.';
grant execute on function public.read_thread(uuid, integer, timestamptz, uuid) to authenticated;
