-- Live updates: row changes broadcast from the database to private channels, decided by policies on realtime.messages.
-- org:<id> campaigns, figures, alerts · campaign:<id> its state and figures · inbox:<org id> conversations
-- conversation:<id> messages · import:<id> progress. Campaign sends are never broadcast row by row: their figures are.

create function private.topic_org_id(p_topic text)
returns uuid
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_scope text := split_part(p_topic, ':', 1);
  v_id uuid;
  v_org_id uuid;
begin
  if p_topic !~ '^(org|campaign|inbox|conversation|import):[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then
    return null;
  end if;
  v_id := split_part(p_topic, ':', 2)::uuid;
  case v_scope
    when 'org', 'inbox' then v_org_id := v_id;
    when 'campaign' then select c.org_id into v_org_id from public.campaigns c where c.id = v_id;
    when 'conversation' then select c.org_id into v_org_id from public.conversations c where c.id = v_id;
    when 'import' then select i.org_id into v_org_id from public.imports i where i.id = v_id;
  end case;
  return v_org_id;
end;
$$;
comment on function private.topic_org_id(text) is
  'The organisation a channel belongs to, null for a topic that is none of ours. Definer: it must see rows of other organisations to refuse them.';
grant execute on function private.topic_org_id(text) to authenticated;

create policy "people join channels of their organisation" on realtime.messages
  for select to authenticated
  using (extension = 'broadcast' and (select private.topic_org_id((select realtime.topic()))) = (select private.org_id()));

create function private.broadcast_rows(p_topic text, p_operation text, p_table text, p_records jsonb, p_old_records jsonb default null)
returns void
language plpgsql
set search_path = ''
as $$
begin
  -- The shape of realtime.broadcast_changes, so a subscriber reads one shape; records holds them all where a statement changed several rows.
  perform realtime.send(
    jsonb_build_object('id', gen_random_uuid(), 'operation', p_operation, 'schema', 'public', 'table', p_table,
      'record', p_records -> 0, 'old_record', p_old_records -> 0, 'records', p_records),
    p_operation, p_topic, true);
end;
$$;
comment on function private.broadcast_rows(text, text, text, jsonb, jsonb) is
  'Sends one broadcast to one private topic, event INSERT, UPDATE or DELETE.';

create function private.broadcast_changes()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  -- The arguments are pairs: a scope and the column that completes its topic ('campaign', 'id', 'org', 'org_id').
  for i in 0 .. tg_nargs - 1 by 2 loop
    perform private.broadcast_rows(tg_argv[i] || ':' || topic.id, tg_op, tg_table_name, topic.records)
    from (
      select to_jsonb(n) ->> tg_argv[i + 1] as id, jsonb_agg(to_jsonb(n)) as records from new_rows n group by 1
    ) topic
    where topic.id is not null;
  end loop;
  return null;
end;
$$;
comment on function private.broadcast_changes() is
  'Statement trigger: one broadcast per topic with the rows that changed. Definer: realtime.send swallows errors of those who may not insert.';

create trigger campaigns_broadcast_insert after insert on public.campaigns
  referencing new table as new_rows for each statement execute function private.broadcast_changes('campaign', 'id', 'org', 'org_id');
create trigger campaigns_broadcast_update after update on public.campaigns
  referencing new table as new_rows for each statement execute function private.broadcast_changes('campaign', 'id', 'org', 'org_id');
create trigger alerts_broadcast_insert after insert on public.alerts
  referencing new table as new_rows for each statement execute function private.broadcast_changes('org', 'org_id');
create trigger alerts_broadcast_update after update on public.alerts
  referencing new table as new_rows for each statement execute function private.broadcast_changes('org', 'org_id');
create trigger conversations_broadcast_insert after insert on public.conversations
  referencing new table as new_rows for each statement execute function private.broadcast_changes('inbox', 'org_id');
create trigger conversations_broadcast_update after update on public.conversations
  referencing new table as new_rows for each statement execute function private.broadcast_changes('inbox', 'org_id');
create trigger imports_broadcast_insert after insert on public.imports
  referencing new table as new_rows for each statement execute function private.broadcast_changes('import', 'id', 'org', 'org_id');
create trigger imports_broadcast_update after update on public.imports
  referencing new table as new_rows for each statement execute function private.broadcast_changes('import', 'id', 'org', 'org_id');
create trigger campaign_stats_broadcast after update on public.campaign_stats
  referencing new table as new_rows for each statement execute function private.broadcast_changes('campaign', 'campaign_id', 'org', 'org_id');

create function private.broadcast_conversation_messages()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  -- Its own function: turning every row into JSON to find its topic would cost campaigns 5 us a message for nothing.
  perform private.broadcast_rows('conversation:' || n.conversation_id, tg_op, 'messages', jsonb_agg(to_jsonb(n)))
  from new_rows n where n.conversation_id is not null and n.kind <> 'campaign' group by n.conversation_id;
  return null;
end;
$$;
comment on function private.broadcast_conversation_messages() is 'Statement trigger: inbound messages, replies and their status. Definer: realtime.send swallows errors of those who may not insert.';
create trigger messages_broadcast_insert after insert on public.messages
  referencing new table as new_rows for each statement execute function private.broadcast_conversation_messages();
create trigger messages_broadcast_update after update on public.messages
  referencing new table as new_rows for each statement execute function private.broadcast_conversation_messages();
