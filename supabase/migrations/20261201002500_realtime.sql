-- Written from supabase/schemas/realtime by npm run generate: change it there.

-- A function may call one that comes later.
set check_function_bodies = off;

-- schemas/realtime/checks/broadcasts.sql

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
  if p_topic !~ '^(org|campaign|inbox|conversation|import|job):[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then
    return null;
  end if;
  v_id := split_part(p_topic, ':', 2)::uuid;
  case v_scope
    when 'org', 'inbox' then v_org_id := v_id;
    when 'campaign' then select c.org_id into v_org_id from public.campaigns c where c.id = v_id;
    when 'conversation' then select c.org_id into v_org_id from public.conversations c where c.id = v_id;
    when 'import' then select i.org_id into v_org_id from public.imports i where i.id = v_id;
    when 'job' then select j.org_id into v_org_id from public.jobs j where j.id = v_id;
  end case;
  return v_org_id;
end;
$$;
comment on function private.topic_org_id(text) is
  'The organisation that a channel belongs to; null for a topic that is not one of ours. Security definer: it must see rows of '
  'other organisations to refuse them.';
grant execute on function private.topic_org_id(text) to authenticated;

-- schemas/realtime/triggers/broadcasts.sql

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

-- schemas/realtime/triggers/withheld_rows.sql

create function private.withhold_rows_of_account()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.withhold_rows(u.org_id) from public.users u where u.id = new.id;
  return null;
end;
$$;
comment on function private.withhold_rows_of_account() is
  'Trigger: after an account is banned or deleted, its organisation''s broadcasts carry no contents for as long as its token may '
  'be used, because it may still listen on channels it has joined. Security definer: the auth service may not write our tables.';
create trigger on_auth_user_banned after update on auth.users
  for each row when (
    (new.banned_until is not null and old.banned_until is distinct from new.banned_until)
    or (new.deleted_at is not null and old.deleted_at is null))
  execute function private.withhold_rows_of_account();

-- schemas/realtime/tables/withheld_rows.sql

create table private.withheld_rows (
  org_id uuid primary key references public.orgs (id) on delete cascade,
  until timestamptz not null
);
comment on table private.withheld_rows is
  'Organisations that somebody has just left. Until this time their broadcasts carry ids but no contents.';

alter table private.withheld_rows enable row level security;

-- schemas/realtime/functions/broadcasts.sql

-- Live updates: the database broadcasts row changes to private channels. Policies on realtime.messages decide who may join one.
-- org:<id> campaigns, figures, alerts, imports, jobs, events of leads · campaign:<id> its state and figures
-- inbox:<org id> conversations · conversation:<id> messages · import:<id>, job:<id> progress
-- Campaign messages are not broadcast one by one; the campaign's figures are broadcast instead.

create function private.largest_broadcast()
returns integer
language sql
immutable
set search_path = ''
as $$ select 250000 $$;
comment on function private.largest_broadcast() is
  'The largest payload, in bytes, that Realtime delivers on every plan. The Free plan allows 256,000; Realtime drops a larger '
  'payload there without an error.';

create function private.row_broadcast(p_operation text, p_table text, p_records jsonb, p_old_records jsonb default null)
returns jsonb
language sql
set search_path = ''
as $$
  -- The same shape as realtime.broadcast_changes, so that a subscriber reads only one shape. records holds all rows of a
  -- statement that changed several.
  select jsonb_build_object('id', gen_random_uuid(), 'operation', p_operation, 'schema', 'public', 'table', p_table,
    'record', p_records -> 0, 'old_record', p_old_records -> 0, 'records', p_records);
$$;
comment on function private.row_broadcast(text, text, jsonb, jsonb) is 'The payload of a broadcast of changed rows.';

create function private.broadcast_rows(p_topic text, p_operation text, p_table text, p_records jsonb,
  p_old_records jsonb default null)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_payload jsonb;
  v_ids jsonb;
begin
  if not exists (
    select from private.withheld_rows w where w.org_id = (p_records -> 0 ->> 'org_id')::uuid and w.until > now())
  then
    v_payload := private.row_broadcast(p_operation, p_table, p_records, p_old_records);
    if octet_length(v_payload::text) <= private.largest_broadcast() then
      perform realtime.send(v_payload, p_operation, p_topic, true);
      return;
    end if;
  end if;
  -- A payload of a thousand ids takes some 140 kB.
  for v_ids in
    select to_jsonb(array_agg(jsonb_strip_nulls(jsonb_build_object('id', x.r -> 'id', 'org_id', x.r -> 'org_id',
      'campaign_id', x.r -> 'campaign_id')) order by x.n))
    from jsonb_array_elements(p_records) with ordinality x (r, n)
    group by (x.n - 1) / 1000 order by (x.n - 1) / 1000
  loop
    perform realtime.send(private.row_broadcast(p_operation, p_table, v_ids) || '{"withheld": true}', p_operation, p_topic, true);
  end loop;
end;
$$;
comment on function private.broadcast_rows(text, text, text, jsonb, jsonb) is
  'Broadcasts changed rows to one private topic, as event INSERT, UPDATE or DELETE. Sends only ids, with withheld: true, if the '
  'payload is larger than Realtime delivers, and for an hour after somebody left the organisation.';

-- schemas/realtime/functions/withheld_rows.sql

-- Realtime checks the policies when a client joins a channel and when it sends a new token, but not in between. A person who was
-- removed keeps the channels they had joined until their last token expires. Until then, the organisation's broadcasts say that
-- something changed, but not what. Clients read the rows again over REST, where rights are checked with every request.

create function private.token_lifetime()
returns interval
language sql
immutable
set search_path = ''
as $$ select interval '61 minutes' $$;
comment on function private.token_lifetime() is
  'How long an access token may still be used after its session has ended: jwt_expiry of supabase/config.toml, plus a minute for '
  'clocks that differ. Raise both together.';

create function private.withhold_rows(p_org_id uuid, p_now timestamptz default now())
returns void
language sql
set search_path = ''
as $$
  insert into private.withheld_rows (org_id, until) values (p_org_id, p_now + private.token_lifetime())
  on conflict (org_id) do update set until = greatest(excluded.until, private.withheld_rows.until);
$$;
comment on function private.withhold_rows(uuid, timestamptz) is
  'For as long as an access token may still be used from now on, broadcasts of this organisation carry no contents.';

-- schemas/realtime/policies/realtime_messages.sql

create policy "people join channels of their organisation" on realtime.messages
  for select to authenticated
  using (extension = 'broadcast' and (select private.topic_org_id((select realtime.topic()))) = (select private.org_id()));
