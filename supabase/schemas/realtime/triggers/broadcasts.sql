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
      select to_jsonb(n) ->> tg_argv[i + 1] as id, to_jsonb(array_agg(to_jsonb(n))) as records from new_rows n group by 1
    ) topic
    where topic.id is not null;
  end loop;
  return null;
end;
$$;
comment on function private.broadcast_changes() is
  'Statement trigger: sends one broadcast for each topic, with the rows that changed. Security definer: realtime.send swallows '
  'the errors of roles that may not insert.';
create trigger campaigns_broadcast_insert after insert on public.campaigns
  referencing new table as new_rows for each statement execute function private.broadcast_changes('campaign', 'id', 'org',
    'org_id');
create trigger campaigns_broadcast_update after update on public.campaigns
  referencing new table as new_rows for each statement execute function private.broadcast_changes('campaign', 'id', 'org',
    'org_id');
create trigger alerts_broadcast_insert after insert on public.alerts
  referencing new table as new_rows for each statement execute function private.broadcast_changes('org', 'org_id');
create trigger alerts_broadcast_update after update on public.alerts
  referencing new table as new_rows for each statement execute function private.broadcast_changes('org', 'org_id');
-- Whoever begins a conversation also writes into it, in the same transaction: it is told of once, by that update.
-- Many that are changed together are told of once: private.change_conversation_set.
create trigger conversations_broadcast_update after update on public.conversations
  referencing new table as new_rows for each statement when (current_setting('inbox.is_quiet', true) is distinct from 'on')
  execute function private.broadcast_changes('inbox', 'org_id');
create trigger conversation_events_broadcast after insert on public.conversation_events
  referencing new table as new_rows for each statement when (current_setting('inbox.is_quiet', true) is distinct from 'on')
  execute function private.broadcast_changes('conversation',
    'conversation_id', 'inbox', 'org_id');
create trigger conversation_notes_broadcast_insert after insert on public.conversation_notes
  referencing new table as new_rows for each statement execute function private.broadcast_changes('conversation',
    'conversation_id');
create trigger conversation_notes_broadcast_update after update on public.conversation_notes
  referencing new table as new_rows for each statement execute function private.broadcast_changes('conversation',
    'conversation_id');
create trigger scheduled_texts_broadcast_insert after insert on public.scheduled_texts
  referencing new table as new_rows for each statement execute function private.broadcast_changes('conversation',
    'conversation_id');
create trigger scheduled_texts_broadcast_update after update on public.scheduled_texts
  referencing new table as new_rows for each statement execute function private.broadcast_changes('conversation',
    'conversation_id');
create trigger labels_broadcast_insert after insert on public.labels
  referencing new table as new_rows for each statement execute function private.broadcast_changes('inbox', 'org_id');
create trigger labels_broadcast_update after update on public.labels
  referencing new table as new_rows for each statement execute function private.broadcast_changes('inbox', 'org_id');
create trigger imports_broadcast_insert after insert on public.imports
  referencing new table as new_rows for each statement execute function private.broadcast_changes('import', 'id', 'org',
    'org_id');
create trigger imports_broadcast_update after update on public.imports
  referencing new table as new_rows for each statement execute function private.broadcast_changes('import', 'id', 'org',
    'org_id');
create trigger campaign_stats_broadcast after update on public.campaign_stats
  referencing new table as new_rows for each statement execute function private.broadcast_changes('campaign', 'campaign_id',
    'org', 'org_id');
create trigger campaign_tests_broadcast_insert after insert on public.campaign_tests
  referencing new table as new_rows for each statement execute function private.broadcast_changes('campaign', 'campaign_id');
create trigger campaign_tests_broadcast_update after update on public.campaign_tests
  referencing new table as new_rows for each statement execute function private.broadcast_changes('campaign', 'campaign_id');
create trigger jobs_broadcast_insert after insert on public.jobs
  referencing new table as new_rows for each statement execute function private.broadcast_changes('job', 'id', 'org', 'org_id');
create trigger jobs_broadcast_update after update on public.jobs
  referencing new table as new_rows for each statement execute function private.broadcast_changes('job', 'id', 'org', 'org_id');
create trigger templates_broadcast_insert after insert on public.templates
  referencing new table as new_rows for each statement execute function private.broadcast_changes('org', 'org_id');
create trigger templates_broadcast_update after update on public.templates
  referencing new table as new_rows for each statement execute function private.broadcast_changes('org', 'org_id');

create function private.broadcast_conversation_message()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.broadcast_rows('conversation:' || new.conversation_id, tg_op, 'messages', jsonb_build_array(to_jsonb(new)));
  return null;
end;
$$;
comment on function private.broadcast_conversation_message() is
  'Trigger: broadcasts an inbound message or a reply, or its new status, to the people who have the conversation open. Security '
  'definer: realtime.send swallows the errors of roles that may not insert.';
create trigger messages_broadcast_insert after insert on public.messages
  for each row when (new.conversation_id is not null
    and new.kind <> 'campaign') execute function private.broadcast_conversation_message();
create trigger messages_broadcast_update after update on public.messages
  for each row when (new.conversation_id is not null
    and new.kind <> 'campaign') execute function private.broadcast_conversation_message();

create function private.broadcast_lead_events()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  -- One statement may change 100,000 leads. Subscribers are then told only how many leads changed, and load them again.
  perform case
    when x.n <= 50 then private.broadcast_rows('org:' || x.org_id, 'INSERT', 'lead_events', x.records)
    else realtime.send(jsonb_build_object('id', gen_random_uuid(), 'leads', x.n), 'leads_changed', 'org:' || x.org_id, true)
  end
  from (
    select n.org_id, count(*) as n, case when count(*) <= 50 then to_jsonb(array_agg(to_jsonb(n))) end as records from new_rows n
      group by n.org_id
  ) x;
  return null;
end;
$$;
comment on function private.broadcast_lead_events() is
  'Statement trigger: broadcasts up to 50 events of a statement to the organisation''s channel. If there are more, it sends '
  'leads_changed with their number instead. Security definer: realtime.send swallows the errors of roles that may not insert.';
create trigger lead_events_broadcast after insert on public.lead_events
  referencing new table as new_rows for each statement execute function private.broadcast_lead_events();
