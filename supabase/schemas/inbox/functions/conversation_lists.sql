-- Lists and counts of conversations. They are security definer functions, as those of leads are: under RLS the planner may not
-- use every index.

create function private.conversation_filter_shape()
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select jsonb_build_object('type', 'object', 'properties', jsonb_build_object(
    'statuses', private.list_shape(private.word_shape('active', 'snoozed', 'archived', 'deleted'), 4, 1),
    'assignee', '{"type": "string", "pattern": "^(me|none|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$",
      "description": "give me, none or the id of a person."}'::jsonb,
    'label_ids', private.ids_shape(20, 1),
    'classes', private.list_shape(private.word_shape('interested', 'question', 'not_interested', 'wrong_number', 'deceased',
      'stop',
      'help', 'start', 'other', 'none'), 10, 1),
    'unread', '{"type": "boolean"}'::jsonb,
    'waiting', '{"type": "boolean"}'::jsonb,
    'hot', '{"type": "boolean"}'::jsonb,
    'starred', '{"type": "boolean"}'::jsonb,
    'campaign_id', '{"type": "string", "format": "uuid"}'::jsonb,
    'phone_number_id', '{"type": "string", "format": "uuid"}'::jsonb,
    'lead_id', '{"type": "string", "format": "uuid"}'::jsonb,
    'search', private.text_shape(200)));
$$;
comment on function private.conversation_filter_shape() is
  'The shape of a filter of conversations. statuses: active unless it says otherwise. label_ids: all of them. classes: any of '
  'them.';

create function private.conversation_condition(p_org_id uuid, p_filter jsonb, out condition text, out is_common boolean)
language plpgsql
stable
set search_path = ''
as $$
declare
  v_sql text := format('c.org_id = %L', p_org_id);
  v_statuses text[] := coalesce(private.filter_words(p_filter, 'statuses'), '{active}');
  v_classes text[] := private.filter_words(p_filter, 'classes');
  v_labels uuid[] := private.filter_ids(p_filter, 'label_ids');
  v_field record;
begin
  v_sql := v_sql || case when cardinality(v_statuses) = 1 then format(' and c.status = %L', v_statuses[1])
    when cardinality(v_statuses) < 4 then format(' and c.status = any (%L)', v_statuses) else '' end;
  if p_filter ? 'assignee' then
    v_sql := v_sql || case p_filter ->> 'assignee' when 'none' then ' and c.assignee_id is null'
      when 'me' then format(' and c.assignee_id = %L', auth.uid()) else format(' and c.assignee_id = %L', p_filter ->>
        'assignee') end;
  end if;
  if v_classes is not null then
    v_sql := v_sql || case when v_classes = '{none}' then ' and c.reply_class is null'
      when 'none' = any (v_classes) then format(' and (c.reply_class is null or c.reply_class = any (%L))', v_classes)
      when cardinality(v_classes) = 1 then format(' and c.reply_class = %L', v_classes[1])
      else format(' and c.reply_class = any (%L)', v_classes) end;
  end if;
  for v_field in
    select f.condition, (p_filter ->> f.name)::boolean as is_so
    from (values ('unread', 'c.unread_count > 0'), ('waiting', 'c.waiting_since is not null'), ('hot', 'c.hot_since is not null'),
      ('starred', 'c.is_starred')) f (name, condition)
    where p_filter ? f.name
  loop
    v_sql := v_sql || case when v_field.is_so then ' and ' || v_field.condition else format(' and not (%s)', v_field.condition)
      end;
  end loop;
  for v_field in select n.name from unnest(array['campaign_id', 'phone_number_id', 'lead_id']) n (name) where p_filter ? n.name
    loop
    v_sql := v_sql || format(' and c.%I = %L', v_field.name, p_filter ->> v_field.name);
  end loop;
  if v_labels is not null then
    v_sql := v_sql || (select string_agg(format(' and c.id in (select x.conversation_id from public.conversation_labels x '
      'where x.org_id = %L and x.label_id = %L)', p_org_id, i), '') from unnest(v_labels) i);
  end if;
  select v_sql || s.condition, s.is_common into condition, is_common
  from private.search_condition(p_org_id, p_filter ->> 'search') s;
end;
$$;
comment on function private.conversation_condition(uuid, jsonb) is
  'A filter of conversations as a condition over the alias c, with the organisation; every value in it is a quoted literal. The '
  'caller has checked the filter against its shape.';

create function private.conversations_json(p_ids uuid[])
returns table (id uuid, conversation jsonb)
language sql
stable
set search_path = ''
as $$
  select c.id, jsonb_build_object('id', c.id, 'e164', c.e164, 'lead_id', c.lead_id, 'lead_name', nullif(concat_ws(' ',
    l.first_name,
      l.last_name), ''), 'lead_status', l.status, 'lead_tags', coalesce(l.tags, '{}'), 'phone_number_id', c.phone_number_id,
    'from_number', n.e164, 'campaign_id', c.campaign_id, 'campaign_name', k.name, 'status', c.status,
    'snoozed_until', c.snoozed_until, 'unread_count', c.unread_count, 'is_starred', c.is_starred, 'version', c.version,
    'last_message', c.last_message, 'last_message_at', c.last_message_at, 'last_direction', c.last_direction,
    'first_inbound_at', c.first_inbound_at, 'assignee_id', c.assignee_id, 'assigned_at', c.assigned_at,
    'reply_class', c.reply_class, 'class_source', c.class_source, 'waiting_since', c.waiting_since, 'hot_since', c.hot_since,
    'hot_due_at', c.hot_due_at, 'is_overdue', c.escalates_at is not null or c.escalated_at is not null,
    'escalated_at', c.escalated_at, 'claimed_by', c.claimed_by, 'claimed_until', c.claimed_until,
    'label_ids', array(select x.label_id from public.conversation_labels x where x.conversation_id = c.id order by x.added_at,
      x.label_id),
    'created_at', c.created_at, 'updated_at', c.updated_at)
  from public.conversations c
  left join public.leads l on l.id = c.lead_id and l.deleted_at is null
  left join public.phone_numbers n on n.id = c.phone_number_id
  left join public.campaigns k on k.id = c.campaign_id
  where c.id = any (p_ids);
$$;
comment on function private.conversations_json(uuid[]) is 'Conversations as the API shows them.';
