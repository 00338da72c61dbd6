create function private.list_conversations(p_filter jsonb default '{}', p_limit integer default 50, p_before timestamptz default
  null,
  p_before_id uuid default null, p_offset integer default 0)
returns jsonb
language plpgsql
security definer
set search_path = ''
set max_parallel_workers_per_gather = 0
as $$
declare
  v_org_id uuid := private.require_role('viewer');
  v_limit integer := least(greatest(coalesce(p_limit, 50), 1), 500);
  v_offset integer := case when p_before is null then least(greatest(coalesce(p_offset, 0), 0), 100000) else 0 end;
  v_condition text;
  v_is_common boolean;
  v_ids uuid[];
  v_page uuid[];
  v_total integer;
begin
  perform private.check_shape(coalesce(p_filter, '{}'), private.conversation_filter_shape());
  select c.condition, c.is_common into v_condition, v_is_common
  from private.conversation_condition(v_org_id, coalesce(p_filter, '{}')) c;
  execute format(
    'select array_agg(p.id order by p.last_message_at desc, p.id desc) from (
       select c.id, c.last_message_at from public.conversations c where %s%s
       order by c.last_message_at desc, c.id desc offset %s limit %s) p',
    v_condition, case when p_before is not null then format(' and (c.last_message_at, c.id) < (%L::timestamptz, %L::uuid)',
      p_before,
      coalesce(p_before_id, '00000000-0000-0000-0000-000000000000')) else '' end, v_offset, v_limit + 1)
  into v_ids;
  v_page := coalesce(v_ids[1:v_limit], '{}');
  if p_before is null and cardinality(v_page) = coalesce(cardinality(v_ids), 0) and (v_ids is not null or v_offset = 0) then
    v_total := v_offset + cardinality(v_page);
  elsif v_is_common then
    -- To count what many have would take longer than to show the page.
    v_total := greatest(v_offset + cardinality(v_ids), 2001);
  else
    execute format('select count(*) from (select from public.conversations c where %s limit 10001) x', v_condition) into v_total;
  end if;
  return jsonb_build_object(
    'conversations', (select coalesce(to_jsonb(array_agg(j.conversation order by o.n)), '[]')
      from unnest(v_page) with ordinality o (id, n) join private.conversations_json(v_page) j on j.id = o.id),
    'total', v_total, 'total_is_estimate', v_total > 10000 or v_is_common,
    'next', case when cardinality(v_ids) > v_limit then (
      select jsonb_build_object('at', c.last_message_at, 'id', c.id) from public.conversations c where c.id = v_page[v_limit])
        end);
end;
$$;
comment on function private.list_conversations(jsonb, integer, timestamptz, uuid, integer) is
  'Conversations of the caller''s organisation that match a filter (private.conversation_filter_shape), the newest message '
  'first: {conversations, total (10,001 if more than ten thousand match), total_is_estimate, next}. next is passed as p_before '
  'and p_before_id. At most 500. Needs viewer. Raises PT403, PT422. Security definer: under RLS the planner may not use every '
  'index.';
grant execute on function private.list_conversations(jsonb, integer, timestamptz, uuid, integer) to authenticated;

create function public.list_conversations(p_filter jsonb default '{}', p_limit integer default 50, p_before timestamptz default
  null,
  p_before_id uuid default null, p_offset integer default 0) returns jsonb
  language sql set search_path = ''
  as $$ select private.list_conversations(p_filter, p_limit, p_before, p_before_id, p_offset); $$;
comment on function public.list_conversations(jsonb, integer, timestamptz, uuid, integer) is 'See private.list_conversations.';
grant execute on function public.list_conversations(jsonb, integer, timestamptz, uuid, integer) to authenticated;

create function private.count_conversations()
returns jsonb
language plpgsql
security definer
set search_path = ''
set max_parallel_workers_per_gather = 0
as $$
declare
  v_org_id uuid := private.require_role('viewer');
  v_counts jsonb := '{}';
  v_count record;
  v_total integer;
begin
  for v_count in
    select x.name, x.filter from (values
      ('active', '{}'::jsonb), ('unread', '{"unread": true}'), ('waiting', '{"waiting": true}'), ('hot', '{"hot": true}'),
      ('mine', '{"assignee": "me"}'), ('unassigned', '{"assignee": "none"}'), ('starred', '{"starred": true}'),
      ('snoozed', '{"statuses": ["snoozed"]}'), ('archived', '{"statuses": ["archived"]}')) x (name, filter)
  loop
    execute format('select count(*) from (select from public.conversations c where %s limit 1000) x',
      (private.conversation_condition(v_org_id, v_count.filter)).condition) into v_total;
    v_counts := v_counts || jsonb_build_object(v_count.name, v_total);
  end loop;
  return v_counts;
end;
$$;
comment on function private.count_conversations() is
  'How many conversations the caller''s organisation has in each list: active, unread, waiting, hot, mine, unassigned, starred, '
  'snoozed, archived; 1,000 means as many or more. All but the last two are active ones. Needs viewer. Security definer: as '
  'private.list_conversations.';
grant execute on function private.count_conversations() to authenticated;

create function public.count_conversations() returns jsonb
  language sql set search_path = '' as $$ select private.count_conversations(); $$;
comment on function public.count_conversations() is 'See private.count_conversations.';
grant execute on function public.count_conversations() to authenticated;

create function private.read_conversation(p_id uuid)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('viewer');
  v_conversation jsonb;
begin
  select j.conversation into v_conversation
  from public.conversations c cross join lateral private.conversations_json(array[c.id]) j
  where c.org_id = v_org_id and c.id = p_id;
  if v_conversation is null then
    perform private.raise_error('PT404', 'not_found', 'There is no conversation with this id.',
      jsonb_build_object('conversation_id', p_id));
  end if;
  return v_conversation;
end;
$$;
comment on function private.read_conversation(uuid) is
  'One conversation, as in lists. Needs viewer. Raises PT404. Security definer: as private.list_conversations.';
grant execute on function private.read_conversation(uuid) to authenticated;

create function public.read_conversation(p_id uuid) returns jsonb
  language sql set search_path = '' as $$ select private.read_conversation(p_id); $$;
comment on function public.read_conversation(uuid) is 'See private.read_conversation.';
grant execute on function public.read_conversation(uuid) to authenticated;
