-- Written from supabase/schemas/inbox by npm run generate: change it there.

-- A function may call one that comes later.
set check_function_bodies = off;

-- schemas/inbox/tables/reply_spans.sql

create table public.reply_spans (
  id uuid primary key default private.uuid_v7(),
  org_id uuid not null,
  conversation_id uuid not null references public.conversations (id) on delete cascade,
  campaign_id uuid,
  reply_class text check (length(reply_class) <= 40),
  opened_by_message uuid not null,
  opened_at timestamptz not null,
  outcome text check (outcome in ('answered', 'dismissed', 'moot')),
  closed_at timestamptz,
  answered_by_message uuid,
  answered_by uuid,
  assigned_at timestamptz,
  working_seconds integer check (working_seconds between 0 and 100000000),
  assigned_seconds integer check (assigned_seconds between 0 and 100000000),
  unique (conversation_id, opened_by_message),
  check ((outcome is null) = (closed_at is null)),
  check ((outcome is not distinct from 'answered') = (answered_by_message is not null)),
  check ((outcome is not distinct from 'answered') = (working_seconds is not null)),
  check (closed_at >= opened_at)
);
comment on table public.reply_spans is
  'How long people waited for an answer: from the first text that nobody had answered to the first text of a person that was '
  'sent. Texts of machines close nothing, nor does a text that failed or whose outcome is unknown. dismissed: somebody said that '
  'no answer is needed. moot: the person opted out.';
comment on column public.reply_spans.closed_at is 'If answered: when the answer was posted to Twilio.';
comment on column public.reply_spans.answered_by is
  'Who wrote the answer. No foreign key: the figures of a person who left stay, without a name.';
comment on column public.reply_spans.assigned_at is 'When the conversation was given to its assignee, if it had one.';
comment on column public.reply_spans.working_seconds is 'Seconds of the organisation''s reply hours between both.';
comment on column public.reply_spans.assigned_seconds is
  'Seconds of reply hours since the assignment, if that came after the person''s text.';
create unique index reply_spans_open_key on public.reply_spans (conversation_id) where outcome is null;
create index reply_spans_list_idx on public.reply_spans (org_id, opened_at desc);
create index reply_spans_conversation_idx on public.reply_spans (conversation_id, opened_at);

alter table public.reply_spans enable row level security;
create policy "people read reply spans of their organisation" on public.reply_spans
  for select to authenticated using (org_id = (select private.org_id()));
grant select on public.reply_spans to authenticated;
grant delete, insert, select, update on public.reply_spans to service_role;

-- schemas/inbox/tables/conversation_events.sql

create table public.conversation_events (
  id uuid primary key default private.uuid_v7(),
  org_id uuid not null,
  conversation_id uuid not null references public.conversations (id) on delete cascade,
  event text not null check (event in ('assigned', 'unassigned', 'returned', 'labeled', 'unlabeled', 'snoozed', 'woke',
    'archived', 'reopened', 'deleted', 'classified', 'dismissed', 'hot', 'hot_overdue', 'escalated', 'insisted',
    'scheduled', 'schedule_canceled', 'schedule_failed', 'noted', 'note_deleted')),
  actor_id uuid references public.users (id) on delete set null,
  details jsonb not null default '{}' check (jsonb_typeof(details) = 'object' and pg_column_size(details) <= 4000),
  created_at timestamptz not null
);
comment on table public.conversation_events is
  'What was done with a conversation, and by whom; actor_id null: by a rule. Append-only, kept for two years.';
create index conversation_events_list_idx on public.conversation_events (conversation_id, created_at desc, id desc);
create index conversation_events_org_idx on public.conversation_events (org_id);
create index conversation_events_age_idx on public.conversation_events (created_at);
create index conversation_events_actor_idx on public.conversation_events (actor_id) where actor_id is not null;

alter table public.conversation_events enable row level security;
create policy "people read events of conversations of their organisation" on public.conversation_events
  for select to authenticated using (org_id = (select private.org_id()));
grant select on public.conversation_events to authenticated;
grant delete, insert, select on public.conversation_events to service_role;

-- schemas/inbox/tables/conversation_notes.sql

create table public.conversation_notes (
  id uuid primary key default private.uuid_v7(),
  org_id uuid not null,
  conversation_id uuid not null references public.conversations (id) on delete cascade,
  author_id uuid references public.users (id) on delete set null,
  content text not null check (length(content) between 1 and 4000),
  mentions uuid[] not null default '{}' check (cardinality(mentions) <= 10 and array_position(mentions, null) is null),
  created_at timestamptz not null,
  updated_at timestamptz not null,
  deleted_at timestamptz,
  deleted_by uuid
);
comment on table public.conversation_notes is
  'What people of the organisation tell each other about a conversation. It is never sent. A deleted note keeps its place and '
  'its author, without its words.';
create index conversation_notes_list_idx on public.conversation_notes (conversation_id, created_at desc, id desc);
create index conversation_notes_org_idx on public.conversation_notes (org_id);
create index conversation_notes_author_idx on public.conversation_notes (author_id) where author_id is not null;

alter table public.conversation_notes enable row level security;
create policy "people read notes of their organisation" on public.conversation_notes
  for select to authenticated using (org_id = (select private.org_id()));
grant select on public.conversation_notes to authenticated;
grant delete, insert, select, update on public.conversation_notes to service_role;

-- schemas/inbox/tables/labels.sql

create table public.labels (
  id uuid primary key default gen_random_uuid(),
  org_id uuid not null references public.orgs (id) on delete cascade,
  name text not null check (length(name) between 1 and 50 and name !~ '[\u0001-\u001f\u007f-\u009f\u2028\u2029]'),
  color text check (color ~ '^#[0-9a-f]{6}$'),
  lead_tag text check (lead_tag ~ '^[A-Z0-9+-]{1,40}$' and lead_tag <> 'UNTAGGED'),
  created_at timestamptz not null,
  updated_at timestamptz not null,
  unique (org_id, id)
);
comment on table public.labels is 'Labels of conversations: at most 100 in an organisation, each name once whatever its case.';
comment on column public.labels.lead_tag is
  'A tag that the lead gets with the label, so that campaigns can use it. Taking the label away leaves the tag.';
create unique index labels_name_key on public.labels (org_id, lower(name));

alter table public.labels enable row level security;
create policy "people read labels of their organisation" on public.labels
  for select to authenticated using (org_id = (select private.org_id()));
grant select on public.labels to authenticated;
grant delete, insert, select, update on public.labels to service_role;

-- schemas/inbox/tables/conversation_labels.sql

create table public.conversation_labels (
  org_id uuid not null,
  conversation_id uuid not null references public.conversations (id) on delete cascade,
  label_id uuid not null,
  added_at timestamptz not null,
  primary key (conversation_id, label_id),
  foreign key (org_id, label_id) references public.labels (org_id, id) on delete cascade
);
comment on table public.conversation_labels is 'The labels of each conversation: at most 20.';
create index conversation_labels_label_idx on public.conversation_labels (org_id, label_id, conversation_id);

alter table public.conversation_labels enable row level security;
create policy "people read labels of conversations of their organisation" on public.conversation_labels
  for select to authenticated using (org_id = (select private.org_id()));
grant select on public.conversation_labels to authenticated;
grant delete, insert, select on public.conversation_labels to service_role;

-- schemas/inbox/tables/quick_responses.sql

create table public.quick_responses (
  id uuid primary key default gen_random_uuid(),
  number bigint generated always as identity unique,
  org_id uuid not null references public.orgs (id) on delete cascade,
  owner_id uuid,
  category text not null default 'general' check (length(category) between 1 and 50
    and category !~ '[\u0001-\u001f\u007f-\u009f\u2028\u2029]'),
  title text not null check (length(title) between 1 and 100 and title !~ '[\u0001-\u001f\u007f-\u009f\u2028\u2029]'),
  shortcut text check (shortcut ~ '^[a-z0-9][a-z0-9_-]{0,29}$'),
  language text check (language in ('es', 'en')),
  content text not null check (length(content) between 1 and 1600),
  label_ids uuid[] not null default '{}' check (cardinality(label_ids) <= 10 and array_position(label_ids, null) is null),
  set_status text check (length(set_status) <= 40),
  media_id uuid,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  unique (org_id, id),
  foreign key (org_id, owner_id) references public.users (org_id, id) on delete cascade
);
comment on table public.quick_responses is
  'Answers that are written once and used often: at most 500 in an organisation. They may have variables, as templates do. '
  'label_ids and set_status are done together with the answer, and its picture goes with it.';
comment on column public.quick_responses.owner_id is 'Whose own it is; null: shared by everybody.';
comment on column public.quick_responses.shortcut is 'What people type to find it.';
comment on column public.quick_responses.media_id is 'A row of public.message_media that belongs to it alone.';
create unique index quick_responses_media_key on public.quick_responses (media_id) where media_id is not null;
create unique index quick_responses_shortcut_key on public.quick_responses
  (org_id, coalesce(owner_id, '00000000-0000-0000-0000-000000000000'), shortcut) where shortcut is not null;
create index quick_responses_list_idx on public.quick_responses (org_id, category, title, id);
create index quick_responses_owner_idx on public.quick_responses (org_id, owner_id) where owner_id is not null;

alter table public.quick_responses enable row level security;
create policy "people read shared quick responses and their own" on public.quick_responses
  for select to authenticated
  using (org_id = (select private.org_id()) and (owner_id is null or owner_id = (select auth.uid())));
grant select on public.quick_responses to authenticated;
grant delete, insert, select, update on public.quick_responses to service_role;

-- schemas/inbox/tables/scheduled_texts.sql

create table public.scheduled_texts (
  id uuid primary key default private.uuid_v7(),
  org_id uuid not null,
  conversation_id uuid not null references public.conversations (id) on delete cascade,
  author_id uuid references public.users (id) on delete set null,
  content text check (length(content) <= 1600),
  media_ids uuid[] not null default '{}' check (cardinality(media_ids) <= 10 and array_position(media_ids, null) is null),
  not_before timestamptz not null check (isfinite(not_before)),
  keep_if_answered boolean not null default false,
  state text not null default 'waiting' check (state in ('waiting', 'sent', 'canceled', 'failed')),
  reason text check (length(reason) <= 500),
  created_at timestamptz not null,
  updated_at timestamptz not null,
  check (state <> 'waiting' or content is not null and reason is null)
);
comment on table public.scheduled_texts is
  'Answers that wait: until a time that their author chose, or until the person may be written to. Its message has the same id '
  'once it is queued. A text of the person cancels it, unless keep_if_answered.';
comment on column public.scheduled_texts.content is 'Null once the person was erased.';
comment on column public.scheduled_texts.reason is 'Why it was canceled or could not be sent.';
create index scheduled_texts_due_idx on public.scheduled_texts (not_before) where state = 'waiting';
create index scheduled_texts_age_idx on public.scheduled_texts (updated_at) where state <> 'waiting';
create index scheduled_texts_conversation_idx on public.scheduled_texts (conversation_id, created_at desc);
create index scheduled_texts_org_idx on public.scheduled_texts (org_id);
create index scheduled_texts_author_idx on public.scheduled_texts (author_id) where author_id is not null;

alter table public.scheduled_texts enable row level security;
create policy "people read scheduled texts of their organisation" on public.scheduled_texts
  for select to authenticated using (org_id = (select private.org_id()));
grant select on public.scheduled_texts to authenticated;
grant delete, insert, select, update on public.scheduled_texts to service_role;

-- schemas/inbox/tables/span_changes.sql

create table private.span_changes (
  id bigint primary key generated always as identity,
  org_id uuid not null,
  conversation_id uuid not null references public.conversations (id) on delete cascade,
  since timestamptz not null
);
comment on table private.span_changes is
  'Conversations in which a text of ours was sent, or turned out not to be. Who settles a text holds the message, and must not '
  'wait for the conversation: a task folds these rows within seconds.';
create index span_changes_conversation_idx on private.span_changes (conversation_id);

alter table private.span_changes enable row level security;

-- schemas/inbox/tables/conversation_texts.sql

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

-- schemas/inbox/tables/assignment_turns.sql

create table private.assignment_turns (
  org_id uuid primary key references public.orgs (id) on delete cascade,
  last_user_id uuid
);
comment on table private.assignment_turns is
  'Who got a conversation last, by the rule round_robin. Every automatic assignment of an organisation locks this row, so that '
  'two at once do not choose the same person.';

alter table private.assignment_turns enable row level security;

-- schemas/inbox/triggers/messages.sql

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

-- schemas/inbox/triggers/users.sql

create function private.clear_assignments()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  if tg_op = 'UPDATE' and new.org_id = old.org_id then
    return new;
  end if;
  update public.conversations c
  set assignee_id = null, assigned_at = null, is_auto_assigned = false,
    returns_at = case when c.waiting_since is not null then now() end
  where c.org_id = old.org_id and c.assignee_id = old.id;
  update public.conversations c set claimed_by = null, claimed_until = null
  where c.org_id = old.org_id and c.claimed_by = old.id;
  delete from public.quick_responses q where q.org_id = old.org_id and q.owner_id = old.id;
  return case tg_op when 'DELETE' then old else new end;
end;
$$;
comment on function private.clear_assignments() is
  'Trigger: who leaves an organisation leaves its conversations to the others. Security definer: no role may write '
  'conversations.';

create trigger users_clear_assignments before update of org_id or delete on public.users
  for each row execute function private.clear_assignments();

-- schemas/inbox/functions/answer_conversation.sql

-- Answers in a conversation. Two people who answer at once must not both be heard.

create function private.answer_shape()
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select jsonb_build_object('type', 'object', 'required', '["content"]'::jsonb, 'properties', jsonb_build_object(
    'content', '{"type": "string", "maxLength": 10000}'::jsonb,
    'seen_version', '{"type": "integer", "minimum": 0, "maximum": 2147483647}'::jsonb,
    'send_at', '{"type": "string", "format": "date-time"}'::jsonb,
    'media_ids', private.ids_shape(10),
    'keep_if_answered', '{"type": "boolean"}'::jsonb,
    'force', '{"type": "boolean"}'::jsonb,
    'add_label_ids', private.ids_shape(20),
    'lead_status', private.lead_shape() #> '{properties,status}',
    'archive', '{"type": "boolean"}'::jsonb));
$$;
comment on function private.answer_shape() is
  'The shape of an answer: content; media_ids (uploaded files); seen_version (the version that its author saw), force (answer '
  'although others wrote meanwhile); send_at, keep_if_answered; add_label_ids, lead_status, archive: done together with it.';

create function private.refuse_claimed(p_conversation public.conversations)
returns void
language plpgsql
stable
set search_path = ''
as $$
begin
  perform private.raise_error('PT409', 'conversation_claimed', format('%s is writing an answer. Wait, or answer with force.',
    coalesce((select u.email from public.users u where u.id = p_conversation.claimed_by), 'Somebody')),
    jsonb_build_object('claimed_by', p_conversation.claimed_by, 'claimed_until', p_conversation.claimed_until));
end;
$$;
comment on function private.refuse_claimed(public.conversations) is 'Raises PT409: somebody else is writing an answer.';

create function private.check_collision(p_conversation public.conversations, p_input jsonb, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_seen integer := (p_input ->> 'seen_version')::numeric;
  v_is_claimed boolean := coalesce(p_conversation.claimed_by <> auth.uid() and p_conversation.claimed_until > p_now, false);
  v_missed jsonb;
  v_waiting jsonb;
begin
  if v_seen > p_conversation.version then
    perform private.refuse_field('seen_version',
      format('The conversation has the version %s: give the version that you saw.', p_conversation.version));
  elsif (p_input ->> 'force')::boolean then
    if v_is_claimed or v_seen < p_conversation.version then
      perform private.record_conversation_event(p_conversation, 'insisted', jsonb_strip_nulls(jsonb_build_object(
        'seen_version', v_seen, 'version', p_conversation.version, 'claimed_by', case when v_is_claimed
        then p_conversation.claimed_by end)), p_now);
      perform private.record_audit_event(p_conversation.org_id, 'answer_insisted', p_conversation.e164, null,
        p_conversation.lead_id, jsonb_build_object('conversation_id', p_conversation.id));
    end if;
    return;
  elsif v_seen < p_conversation.version then
    select to_jsonb(array_agg(private.message_json(x) order by x.conversation_version)) into v_missed from (
      select m.* from public.messages m
      where m.conversation_id = p_conversation.id and m.conversation_version > v_seen
      order by m.created_at desc, m.id desc limit 50) x;
    select to_jsonb(array_agg(s order by s.not_before, s.id)) into v_waiting from public.scheduled_texts s
    where s.conversation_id = p_conversation.id and s.state = 'waiting';
    -- An answer that waited and was canceled makes a version too, and nothing to read.
    if v_missed is not null or v_waiting is not null then
      perform private.raise_error('PT409', 'conversation_moved',
        'There is more in this conversation than you saw. Read what was written, then send again, or insist with force.',
        jsonb_build_object('version', p_conversation.version, 'missed', coalesce(v_missed, '[]'),
          'scheduled', coalesce(v_waiting, '[]')));
    end if;
  end if;
  if v_is_claimed then
    perform private.refuse_claimed(p_conversation);
  end if;
end;
$$;
comment on function private.check_collision(public.conversations, jsonb, timestamptz) is
  'Raises PT409 conversation_moved with what its author missed if others wrote since seen_version, and conversation_claimed '
  'while somebody else is writing; force overrides both, and is recorded. The caller holds the conversation.';

create function private.phone_to_answer(p_conversation public.conversations)
returns public.lead_phones
language plpgsql
stable
set search_path = ''
as $$
declare
  v_phone public.lead_phones;
begin
  select p.* into v_phone from public.lead_phones p join public.leads l on l.id = p.lead_id and l.deleted_at is null
  where p.org_id = p_conversation.org_id and p.e164 = p_conversation.e164
  order by (p.lead_id = p_conversation.lead_id) is true desc, l.created_at desc, p.id limit 1;
  if found then
    return v_phone;
  elsif p_conversation.first_inbound_at is null then
    perform private.raise_error('PT409', 'invalid_state',
      'No lead has this phone any more, and its holder never wrote to you. Add a lead with it first.',
      jsonb_build_object('conversation_id', p_conversation.id));
  end if;
  -- Who writes may be answered without being a lead: a relative, a new phone.
  v_phone.org_id := p_conversation.org_id;
  v_phone.e164 := p_conversation.e164;
  v_phone.is_valid := true;
  v_phone.consent_status := 'unknown';
  return v_phone;
end;
$$;
comment on function private.phone_to_answer(public.conversations) is
  'The phone of a lead that a conversation is with; for somebody who wrote and is no lead, a phone without one. Raises PT409.';

create function private.answer_conversation(p_id uuid, p_input jsonb, p_key text, p_now timestamptz default now())
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('operator');
  v_text text;
  v_hash bytea;
  v_org public.orgs;
  v_conversation public.conversations;
  v_contact private.contacts;
  v_phone public.lead_phones;
  v_id uuid;
  v_not_before timestamptz;
  v_media_ids uuid[];
begin
  perform private.check_shape(p_input, private.answer_shape());
  v_hash := sha256(convert_to(jsonb_build_array(p_id, p_input)::text, 'UTF8'));
  v_text := private.read_direct_text(p_input ->> 'content', 'content');
  v_media_ids := array(select i::uuid from jsonb_array_elements_text(p_input -> 'media_ids') with ordinality x (i, n) order by n);
  if (p_input ->> 'send_at')::timestamptz not between p_now and p_now + interval '7 days' then
    perform private.refuse_field('send_at', 'Give a time from now on, within seven days.');
  end if;
  select * into v_org from public.orgs o where o.id = v_org_id for no key update;
  perform private.hold_people(array[auth.uid()]);
  v_id := private.keyed_direct(v_org_id, p_key, v_hash, p_now);
  if v_id is not null then
    return jsonb_build_object('message_id', v_id, 'deduplicated', true);
  end if;
  select * into v_conversation from public.conversations c where c.org_id = v_org_id and c.id = p_id;
  v_contact := case when v_conversation.id is not null then private.lock_contact(v_org_id, v_conversation.e164) end;
  v_conversation := private.own_conversation(v_org_id, p_id);
  if p_key is null then
    v_id := private.recent_answer(v_conversation, v_text, v_media_ids, p_input, p_now);
    if v_id is not null then
      perform private.follow_answer(p_id, p_input, p_now);
      return jsonb_build_object('message_id', v_id, 'deduplicated', true);
    end if;
  end if;
  perform private.check_collision(v_conversation, p_input, p_now);
  v_phone := private.phone_to_answer(v_conversation);
  v_id := private.uuid_v7();
  v_not_before := (p_input ->> 'send_at')::timestamptz;
  if v_not_before is null then
    v_not_before := private.try_direct(v_org, v_phone, v_contact, v_text, auth.uid(), v_id, v_media_ids, p_now);
  else
    perform private.require_writable(v_phone, v_contact);
  end if;
  if v_not_before is not null then
    perform private.schedule_text(v_conversation, v_id, v_text, v_not_before,
      coalesce((p_input ->> 'keep_if_answered')::boolean, false), v_media_ids, p_now);
  end if;
  if p_key is not null then
    insert into private.message_requests (org_id, key, request_hash, message_id, scheduled_id, created_at)
    values (v_org_id, p_key, v_hash, case when v_not_before is null then v_id end, 
      case when v_not_before is not null then v_id end, p_now);
  end if;
  perform private.follow_answer(p_id, p_input, p_now);
  return jsonb_build_object('message_id', v_id, 'deduplicated', false);
end;
$$;
comment on function private.answer_conversation(uuid, jsonb, text, timestamptz) is
  'Answers in a conversation (private.answer_shape): {message_id, deduplicated}. Outside the hours of somebody who has not '
  'written for 24 hours, the answer waits for them: the id is then that of a scheduled text. p_key: an Idempotency-Key, for 24 '
  'hours; without one, the same words within 60 seconds are the same answer. Needs operator. Raises PT403, PT404; PT409 '
  'conversation_moved, conversation_claimed and what private.send_direct raises; PT422 naming the field; PT429 for a cap. '
  'Security definer: users may not write messages.';
grant execute on function private.answer_conversation(uuid, jsonb, text, timestamptz) to authenticated;

create function public.answer_conversation(p_id uuid, p_input jsonb, p_idempotency_key text default null) returns jsonb
  language sql set search_path = '' as $$ select private.answer_conversation(p_id, p_input, p_idempotency_key); $$;
comment on function public.answer_conversation(uuid, jsonb, text) is
  'Calls the private function of the same name, which checks role and organisation, with the current time.';
grant execute on function public.answer_conversation(uuid, jsonb, text) to authenticated;

create function private.follow_answer(p_id uuid, p_input jsonb, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_conversation public.conversations;
  v_change jsonb := jsonb_strip_nulls(jsonb_build_object('add_label_ids', p_input -> 'add_label_ids',
    'status', case when (p_input ->> 'archive')::boolean then 'archived' end));
begin
  select * into v_conversation from public.conversations c where c.id = p_id;
  if v_change <> '{}' then
    if private.change_conversation(v_conversation, v_change, p_now) then
      perform private.tell_hot_waiting(v_conversation.org_id, p_now);
    end if;
  end if;
  if p_input ? 'lead_status' then
    if v_conversation.lead_id is null then
      perform private.refuse_field('lead_status', 'The conversation has no lead: leave lead_status out.');
    end if;
    perform private.update_lead(v_conversation.lead_id, jsonb_build_object('status', p_input -> 'lead_status'), p_now => p_now);
  end if;
end;
$$;
comment on function private.follow_answer(uuid, jsonb, timestamptz) is
  'Does what was asked for together with an answer: labels, status of the lead, archiving. The caller holds the conversation.';

-- schemas/inbox/functions/assignment.sql

-- Who gets a conversation by itself.

create function private.choose_assignee(p_conversation public.conversations, p_except uuid, p_now timestamptz)
returns uuid
language plpgsql
set search_path = ''
as $$
declare
  v_org public.orgs;
  v_last uuid;
  v_chosen uuid;
begin
  select * into v_org from public.orgs o where o.id = p_conversation.org_id;
  if v_org.assignment = 'off' then
    return null;
  end if;
  insert into private.assignment_turns (org_id) values (v_org.id) on conflict do nothing;
  select t.last_user_id into v_last from private.assignment_turns t where t.org_id = v_org.id for no key update;
  -- A statement of its own: it sees what the assignment before this lock chose. Who is being removed is locked, and passed over.
  select u.id into v_chosen
  from public.users u
  cross join lateral (
    select count(*) as count from (
      select from public.conversations c where c.org_id = v_org.id and c.assignee_id = u.id and c.status = 'active'
        limit v_org.max_open) x) o
  where u.org_id = v_org.id and u.is_available and u.role >= 'operator' and u.id is distinct from p_except
    and o.count < v_org.max_open and not exists (select from auth.users b where b.id = u.id and b.banned_until > p_now)
  order by (u.id = (
      -- Who answered this person last knows them.
      select s.answered_by from public.reply_spans s
      where s.conversation_id = p_conversation.id and s.outcome = 'answered' order by s.closed_at desc limit 1)) is true desc,
    case when v_org.assignment = 'least_open' then o.count end, (v_last is null or u.id > v_last) desc, u.id
  limit 1 for key share of u skip locked;
  if v_chosen is not null then
    update private.assignment_turns t set last_user_id = v_chosen where t.org_id = v_org.id;
  end if;
  return v_chosen;
end;
$$;
comment on function private.choose_assignee(public.conversations, uuid, timestamptz) is
  'Who gets a conversation by the organisation''s rule (round_robin, least_open), among those who are available, not banned, '
  'may answer, and have fewer than max_open active conversations; who answered the person last comes first. p_except: not this '
  'person. Null if the rule is off or nobody is free.';

create function private.give_conversation(p_conversation public.conversations, p_except uuid, p_event text, p_now timestamptz)
returns public.conversations
language plpgsql
set search_path = ''
as $$
declare
  v_org public.orgs;
  v_former uuid := p_conversation.assignee_id;
  v_conversation public.conversations := p_conversation;
begin
  select * into v_org from public.orgs o where o.id = p_conversation.org_id;
  if v_org.assignment = 'off' then
    v_conversation.returns_at := null;
    return v_conversation;
  end if;
  v_conversation.assignee_id := private.choose_assignee(p_conversation, p_except, p_now);
  if v_conversation.assignee_id is null and p_event = 'hot_overdue' then
    -- Nobody else is free: better somebody who is late than nobody.
    return p_conversation;
  end if;
  v_conversation.is_auto_assigned := v_conversation.assignee_id is not null;
  v_conversation.assigned_at := case when v_conversation.assignee_id is not null then p_now end;
  -- If nobody is free, the rule looks again later.
  v_conversation.returns_at := case when v_conversation.assignee_id is null then p_now + interval '15 minutes'
    when v_org.return_minutes > 0 then private.after_reply_seconds(v_org, p_now, v_org.return_minutes * 60) end;
  if p_event = 'returned' and v_former is not null then
    perform private.record_conversation_event(p_conversation, 'returned', jsonb_build_object('from', v_former), p_now);
  end if;
  if v_conversation.assignee_id is not null then
    perform private.record_conversation_event(p_conversation, 'assigned', jsonb_strip_nulls(jsonb_build_object(
      'to', v_conversation.assignee_id, 'from', v_former)), p_now);
  end if;
  return v_conversation;
end;
$$;
comment on function private.give_conversation(public.conversations, uuid, text, timestamptz) is
  'Gives a conversation to whom the rule chooses, as events of the conversation, and returns it as it is to be stored; unchanged '
  'if the rule is off. p_event: why (inbound, returned, hot_overdue). The caller holds the conversation, and stores it.';

-- schemas/inbox/functions/change_conversation.sql

create function private.change_conversation(p_conversation public.conversations, p_change jsonb, p_now timestamptz)
returns boolean
language plpgsql
set search_path = ''
as $$
declare
  v_former constant public.conversations := p_conversation;
  v_new public.conversations := p_conversation;
  v_is_labeled boolean := false;
begin
  if p_change ? 'is_read' then
    v_new.unread_count := case when (p_change ->> 'is_read')::boolean then 0 else greatest(v_former.unread_count, 1) end;
  end if;
  v_new.is_starred := coalesce((p_change ->> 'is_starred')::boolean, v_former.is_starred);
  if p_change ? 'snoozed_until' then
    v_new.status := 'snoozed';
    v_new.snoozed_until := (p_change ->> 'snoozed_until')::timestamptz;
  elsif p_change ? 'status' then
    v_new.status := p_change ->> 'status';
    v_new.snoozed_until := null;
  end if;
  if (v_new.status, v_new.snoozed_until) is distinct from (v_former.status, v_former.snoozed_until) then
    perform private.record_conversation_event(v_former, case v_new.status when 'active' then 'reopened' else v_new.status end,
      jsonb_strip_nulls(jsonb_build_object('until', v_new.snoozed_until)), p_now);
  end if;
  if p_change ? 'assignee_id' then
    v_new.assignee_id := p_change ->> 'assignee_id';
    if v_new.assignee_id is distinct from v_former.assignee_id then
      v_new.assigned_at := case when v_new.assignee_id is not null then p_now end;
      v_new.is_auto_assigned := false;
      v_new.returns_at := null;
      perform private.record_conversation_event(v_former, case when v_new.assignee_id is null then 'unassigned' else 'assigned'
        end,
        jsonb_strip_nulls(jsonb_build_object('to', v_new.assignee_id, 'from', v_former.assignee_id)), p_now);
    end if;
  end if;
  if p_change ? 'label_ids' then
    v_is_labeled := private.label_conversation(v_former, private.filter_ids(p_change, 'label_ids'), array(
      select x.label_id from public.conversation_labels x
      where x.conversation_id = v_former.id and x.label_id <> all (coalesce(private.filter_ids(p_change, 'label_ids'), '{}'))),
      'label_ids', p_now);
  end if;
  v_is_labeled := private.label_conversation(v_former, coalesce(private.filter_ids(p_change, 'add_label_ids'), '{}'),
    coalesce(private.filter_ids(p_change, 'remove_label_ids'), '{}'), 'add_label_ids', p_now) or v_is_labeled;
  if p_change ? 'dismiss' and v_former.waiting_since is not null then
    perform private.record_conversation_event(v_former, 'dismissed', '{}', p_now);
    v_new.waiting_since := private.fold_spans(v_new, p_now);
    v_new := private.set_clocks(v_new, v_former, p_now);
  end if;
  if v_new.status in ('archived', 'deleted') then
    -- Somebody has decided about it: nothing happens by itself until the person writes.
    v_new.hot_due_at := null;
    v_new.escalates_at := null;
    v_new.escalated_at := null;
    v_new.returns_at := null;
  end if;
  -- Labels are not in the row; who watches the inbox hears of them by it.
  if v_new is distinct from v_former or v_is_labeled then
    update public.conversations c
    set unread_count = v_new.unread_count, is_starred = v_new.is_starred, status = v_new.status,
      snoozed_until = v_new.snoozed_until, assignee_id = v_new.assignee_id, assigned_at = v_new.assigned_at,
      is_auto_assigned = v_new.is_auto_assigned, waiting_since = v_new.waiting_since, hot_due_at = v_new.hot_due_at,
      escalates_at = v_new.escalates_at, escalated_at = v_new.escalated_at, returns_at = v_new.returns_at
    where c.id = v_former.id;
  end if;
  return v_former.escalated_at is not null and v_new.escalated_at is null;
end;
$$;
comment on function private.change_conversation(public.conversations, jsonb, timestamptz) is
  'Changes one conversation as private.conversation_change_shape says, with its events. Returns whether an interested person is '
  'no longer overdue: then the caller calls private.tell_hot_waiting, at its end. The caller holds the conversation and has '
  'checked the change.';

create function private.claim_conversation(p_id uuid, p_is_claimed boolean, p_now timestamptz default now())
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_conversation public.conversations := private.own_conversation(private.require_role('operator'), p_id);
begin
  if v_conversation.claimed_by <> auth.uid() and v_conversation.claimed_until > p_now then
    perform private.refuse_claimed(v_conversation);
  elsif p_is_claimed then
    update public.conversations c set claimed_by = auth.uid(), claimed_until = p_now + interval '120 seconds' where c.id = p_id;
  else
    update public.conversations c set claimed_by = null, claimed_until = null
    where c.id = p_id and c.claimed_by is not null;
  end if;
end;
$$;
comment on function private.claim_conversation(uuid, boolean, timestamptz) is
  'Says that the signed-in person is writing an answer, for 120 seconds (again: anew), or no longer. Raises PT409 '
  'conversation_claimed if somebody else is. Needs operator. Raises PT403, PT404. Security definer: users may not write '
  'conversations.';
grant execute on function private.claim_conversation(uuid, boolean, timestamptz) to authenticated;

create function public.claim_conversation(p_id uuid, p_is_claimed boolean default true) returns void
  language sql set search_path = '' as $$ select private.claim_conversation(p_id, coalesce(p_is_claimed, true)); $$;
comment on function public.claim_conversation(uuid, boolean) is
  'Calls the private function of the same name, which checks role and organisation, with the current time.';
grant execute on function public.claim_conversation(uuid, boolean) to authenticated;

-- schemas/inbox/functions/change_conversations.sql

-- The same change of many conversations: of a few at once, of more by a job.

create function private.check_conversation_change(p_org_id uuid, p_change jsonb, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_assignee_id uuid;
begin
  perform private.check_shape(p_change, private.conversation_change_shape());
  if p_change = '{}' then
    perform private.refuse_field('change', 'Say what to change.');
  elsif p_change ? 'snoozed_until' then
    if p_change ? 'status' then
      perform private.refuse_field('status', 'A snoozed conversation has the status snoozed: leave status out.');
    elsif (p_change ->> 'snoozed_until')::timestamptz not between p_now and p_now + interval '366 days' then
      perform private.refuse_field('snoozed_until', 'Give a time from now on, within a year.');
    end if;
  end if;
  v_assignee_id := p_change ->> 'assignee_id';
  perform private.hold_people(array[auth.uid(), v_assignee_id]);
  perform private.check_assignee(p_org_id, v_assignee_id, 'assignee_id');
end;
$$;
comment on function private.check_conversation_change(uuid, jsonb, timestamptz) is
  'Raises PT422 unless a change of conversations suits private.conversation_change_shape, and its times and people are possible. '
  'Keeps its author and assignee from being removed until the end of the transaction.';

create function private.change_conversation_set(p_org_id uuid, p_ids uuid[], p_change jsonb, p_now timestamptz)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_conversation public.conversations;
  v_changed integer := 0;
  v_is_calm boolean := false;
  v_is_quiet boolean := cardinality(p_ids) > 50;
begin
  -- A label may bring a tag to the lead. Who holds the contact, as where a text comes in, may lock the lead after the
  -- conversation; a merge of leads waits for the contact.
  if exists (
    select from public.labels l
    where l.org_id = p_org_id and l.lead_tag is not null
      and (p_change -> 'label_ids' ? l.id::text or p_change -> 'add_label_ids' ? l.id::text))
  then
    perform private.lock_contact(p_org_id, x.e164)
    from (select c.e164 from public.conversations c where c.org_id = p_org_id and c.id = any (p_ids) order by c.e164) x;
  end if;
  -- Hundreds of broadcasts at once are more than Realtime delivers.
  perform set_config('inbox.is_quiet', case when v_is_quiet then 'on' else '' end, true);
  for v_conversation in
    select c.* from public.conversations c where c.org_id = p_org_id and c.id = any (p_ids) order by c.id for no key update
  loop
    v_is_calm := private.change_conversation(v_conversation, p_change, p_now) or v_is_calm;
    v_changed := v_changed + 1;
  end loop;
  perform set_config('inbox.is_quiet', '', true);
  if v_is_quiet and v_changed > 0 then
    perform realtime.send(jsonb_build_object('id', gen_random_uuid(), 'conversations', v_changed), 'conversations_changed',
      'inbox:' || p_org_id, true);
  end if;
  -- Once, and after all conversations are locked: two that change many would wait for each other's alert.
  if v_is_calm then
    perform private.tell_hot_waiting(p_org_id, p_now);
  end if;
  return v_changed;
end;
$$;
comment on function private.change_conversation_set(uuid, uuid[], jsonb, timestamptz) is
  'Changes conversations of an organisation, locked in the order of their ids, and returns how many there are. More than 50 '
  'broadcast no rows, but one event conversations_changed with their number. The caller has checked the change.';

create function private.change_conversations(p_ids uuid[], p_change jsonb, p_now timestamptz default now())
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('operator');
  v_changed integer;
begin
  perform private.check_ids(p_ids, 'ids', 500, 1);
  perform private.check_conversation_change(v_org_id, p_change, p_now);
  v_changed := private.change_conversation_set(v_org_id, p_ids, p_change, p_now);
  return jsonb_build_object('changed', v_changed, 'not_found', (select count(distinct i) from unnest(p_ids) i) - v_changed);
end;
$$;
comment on function private.change_conversations(uuid[], jsonb, timestamptz) is
  'Changes up to 500 conversations at once (private.conversation_change_shape): {changed, not_found}. Needs operator. Raises '
  'PT403, PT422. Security definer: users may not write conversations.';
grant execute on function private.change_conversations(uuid[], jsonb, timestamptz) to authenticated;

create function public.change_conversations(p_ids uuid[], p_change jsonb) returns jsonb
  language sql set search_path = '' as $$ select private.change_conversations(p_ids, p_change); $$;
comment on function public.change_conversations(uuid[], jsonb) is
  'Calls the private function of the same name, which checks role and organisation, with the current time.';
grant execute on function public.change_conversations(uuid[], jsonb) to authenticated;

create function private.change_filtered_conversations(p_filter jsonb, p_change jsonb, p_is_dry_run boolean,
  p_now timestamptz default now())
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('operator');
  v_filter jsonb := coalesce(p_filter, '{}');
  v_condition record;
  v_most integer;
  v_ids uuid[];
  v_matched integer;
  v_changed integer := 0;
  v_job_id uuid;
begin
  perform private.check_shape(v_filter, private.conversation_filter_shape());
  perform private.check_conversation_change(v_org_id, p_change, p_now);
  perform private.hold_labels(v_org_id, private.filter_ids(p_change, x.field), x.field)
  from unnest(array['label_ids', 'add_label_ids']) x (field) where p_change ? x.field;
  if v_filter ->> 'assignee' = 'me' then
    -- The job has nobody signed in.
    v_filter := v_filter || jsonb_build_object('assignee', auth.uid());
  end if;
  v_condition := private.conversation_condition(v_org_id, v_filter);
  -- To count what many have would take too long.
  v_most := case when v_condition.is_common then 2001 else 10001 end;
  execute format('select array(select c.id from public.conversations c where %s limit %s)', v_condition.condition, v_most)
  into v_ids;
  v_matched := cardinality(v_ids);
  if not coalesce(p_is_dry_run, false) then
    if v_matched <= 500 then
      v_changed := private.change_conversation_set(v_org_id, v_ids, p_change, p_now);
    else
      v_job_id := private.create_job(v_org_id, 'conversation_bulk_change', 'operator',
        jsonb_build_object('filter', v_filter, 'change', p_change), jsonb_build_object('filter', v_filter), p_now);
    end if;
  end if;
  return jsonb_build_object('matched', v_matched, 'matched_is_estimate', v_matched = v_most, 'changed', v_changed, 'not_found', 0,
    'job', (select to_jsonb(j) from public.jobs j where j.id = v_job_id));
end;
$$;
comment on function private.change_filtered_conversations(jsonb, jsonb, boolean, timestamptz) is
  'Changes (private.conversation_change_shape) all conversations that match a filter (private.conversation_filter_shape): up to '
  '500 at once, more by a job. Returns {matched, matched_is_estimate (matched is a lower bound), changed, not_found: 0, job}. '
  'p_is_dry_run only counts. Needs operator. Raises PT403, PT422, PT429. Security definer: users may not write conversations.';
grant execute on function private.change_filtered_conversations(jsonb, jsonb, boolean, timestamptz) to authenticated;

create function public.change_filtered_conversations(p_filter jsonb, p_change jsonb, p_is_dry_run boolean default false)
  returns jsonb
  language sql set search_path = ''
  as $$ select private.change_filtered_conversations(p_filter, p_change, p_is_dry_run); $$;
comment on function public.change_filtered_conversations(jsonb, jsonb, boolean) is
  'Calls the private function of the same name, which checks role and organisation, with the current time.';
grant execute on function public.change_filtered_conversations(jsonb, jsonb, boolean) to authenticated;

create function private.conversation_change_step(p_job public.jobs, p_step integer, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  -- A text that comes in waits for the step that holds its conversation.
  c_chunk constant integer := 200;
  v_state private.job_states;
  v_change jsonb := p_job.input -> 'change';
  v_ids uuid[];
  v_total bigint;
begin
  select * into v_state from private.job_states s where s.job_id = p_job.id;
  if p_step = 0 then
    v_total := private.fix_job_items(p_job.id, format(
      'select c.id, row_number() over (order by c.id) as n from public.conversations c where %s',
      (private.conversation_condition(p_job.org_id, v_state.cursor -> 'filter')).condition), c_chunk);
    perform private.advance_job(p_job.id, 0, v_total = 0, '{"changed": 0}',
      jsonb_build_object('chunks', ceil(v_total::numeric / c_chunk)::integer), p_now);
    return;
  end if;
  -- Who was to get the conversations may have left since.
  perform private.check_assignee(p_job.org_id, (v_change ->> 'assignee_id')::uuid, 'assignee_id');
  select i.item_ids into v_ids from private.job_items i where i.job_id = p_job.id and i.chunk = p_step;
  perform set_config('inbox.acting_person', coalesce(p_job.created_by::text, ''), true);
  perform private.advance_job(p_job.id, cardinality(v_ids), p_step = (v_state.cursor ->> 'chunks')::integer,
    private.add_figures(p_job.result, jsonb_build_object('changed',
      private.change_conversation_set(p_job.org_id, v_ids, v_change, p_now))), '{}', p_now);
end;
$$;
comment on function private.conversation_change_step(public.jobs, integer, timestamptz) is
  'A step of the change of many conversations: the first fixes which ones, each other step changes up to 200 of them. The caller '
  'holds its people and the job''s lock.';

-- schemas/inbox/functions/clocks.sql

create function private.set_clocks(p_conversation public.conversations, p_former public.conversations, p_now timestamptz)
returns public.conversations
language plpgsql
stable
set search_path = ''
as $$
declare
  v_org public.orgs;
  v_conversation public.conversations := p_conversation;
  v_is_new boolean := p_conversation.waiting_since is distinct from p_former.waiting_since;
begin
  if v_conversation.waiting_since is null then
    v_conversation.hot_due_at := null;
    v_conversation.escalates_at := null;
    v_conversation.escalated_at := null;
    v_conversation.returns_at := null;
    return v_conversation;
  elsif not v_is_new and (p_conversation.hot_since is null) = (p_former.hot_since is null) then
    return v_conversation;
  end if;
  select * into v_org from public.orgs o where o.id = v_conversation.org_id;
  v_conversation.hot_due_at := case when v_conversation.hot_since is not null
    then private.after_reply_seconds(v_org, p_now, v_org.hot_minutes * 60) end;
  v_conversation.escalates_at := null;
  v_conversation.escalated_at := null;
  if v_is_new then
    v_conversation.returns_at := case
      when v_conversation.is_auto_assigned and v_org.assignment <> 'off' and v_org.return_minutes > 0
      then private.after_reply_seconds(v_org, p_now, v_org.return_minutes * 60) end;
  end if;
  return v_conversation;
end;
$$;
comment on function private.set_clocks(public.conversations, public.conversations, timestamptz) is
  'A conversation with the clocks of hot leads and assignments as they must be after its waiting_since or heat changed from '
  'those of p_former: stopped if nobody waits, started anew for a new wait. Unchanged if neither changed.';

-- schemas/inbox/functions/conversation_events.sql

create function private.acting_person()
returns uuid
language plpgsql
stable
set search_path = ''
as $$
begin
  return coalesce(auth.uid(), nullif(current_setting('inbox.acting_person', true), '')::uuid);
end;
$$;
comment on function private.acting_person() is
  'Who changes conversations now: the signed-in person, or the one for whom a job does it; null: a rule.';

create function private.record_conversation_event(p_conversation public.conversations, p_event text, p_details jsonb,
  p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
begin
  insert into public.conversation_events (org_id, conversation_id, event, actor_id, details, created_at)
  values (p_conversation.org_id, p_conversation.id, p_event, (
    select u.id from public.users u where u.id = private.acting_person() and u.org_id = p_conversation.org_id), p_details, p_now);
end;
$$;
comment on function private.record_conversation_event(public.conversations, text, jsonb, timestamptz) is
  'Adds to the events of a conversation what private.acting_person did; if that is nobody, a rule did it.';

create function private.prune_conversations(p_now timestamptz default now(), p_limit integer default 1000,
  p_org_id uuid default null)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_events integer;
  v_texts integer;
begin
  delete from public.conversation_events e where e.id in (
    select x.id from public.conversation_events x
    where x.created_at < p_now - interval '2 years' and (p_org_id is null or x.org_id = p_org_id)
    order by x.created_at limit p_limit for update skip locked);
  get diagnostics v_events = row_count;
  delete from public.scheduled_texts s where s.id in (
    select x.id from public.scheduled_texts x
    where x.state <> 'waiting' and x.updated_at < p_now - interval '90 days' and (p_org_id is null or x.org_id = p_org_id)
    order by x.updated_at limit p_limit for update skip locked);
  get diagnostics v_texts = row_count;
  return v_events + v_texts;
end;
$$;
comment on function private.prune_conversations(timestamptz, integer, uuid) is
  'Deletes events of conversations that are older than two years, and scheduled texts that were sent, canceled or failed 90 days '
  'ago (their messages stay), p_limit of each at most; returns how many.';

-- schemas/inbox/functions/conversation_lists.sql

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

-- schemas/inbox/functions/conversation_thread.sql

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

-- schemas/inbox/functions/conversation_writes.sql

-- Texts that enter a conversation, in and out.

create function private.conversation_with(p_org_id uuid, p_e164 text, p_lead_id uuid, p_phone_number_id uuid, p_now timestamptz)
returns public.conversations
language plpgsql
set search_path = ''
as $$
declare
  v_conversation public.conversations;
begin
  select * into v_conversation from public.conversations c where c.e164 = p_e164 and (c.org_id = p_org_id) is true
  for no key update;
  if not found then
    insert into public.conversations (org_id, e164, lead_id, phone_number_id, last_message_at, created_at)
    values (p_org_id, p_e164, p_lead_id, p_phone_number_id, p_now, p_now)
    returning * into v_conversation;
  end if;
  return v_conversation;
end;
$$;
comment on function private.conversation_with(uuid, text, uuid, uuid, timestamptz) is
  'Locks the conversation with a phone and returns it; begins it if there is none. The caller holds the contact, so that two do '
  'not begin it at once.';

create function private.note_outbound(p_former public.conversations, p_lead_id uuid, p_phone_number_id uuid, p_text text,
  p_author_id uuid, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_is_assigned boolean := p_former.assignee_id is null and p_author_id is not null;
begin
  if v_is_assigned then
    perform private.record_conversation_event(p_former, 'assigned', jsonb_build_object('to', p_author_id), p_now);
  end if;
  if p_former.status not in ('active', 'deleted') then
    perform private.record_conversation_event(p_former, 'reopened', jsonb_build_object('from', p_former.status), p_now);
  end if;
  update public.conversations c
  set lead_id = coalesce(c.lead_id, p_lead_id), phone_number_id = p_phone_number_id, status = 'active', snoozed_until = null,
    last_message = left(p_text, 200), last_message_at = p_now, last_direction = 'outbound', version = c.version + 1,
    assignee_id = case when v_is_assigned then p_author_id else c.assignee_id end,
    assigned_at = case when v_is_assigned then p_now else c.assigned_at end,
    returns_at = case when not v_is_assigned then c.returns_at end,
    claimed_by = case when c.claimed_by is distinct from p_author_id then c.claimed_by end,
    claimed_until = case when c.claimed_by is distinct from p_author_id then c.claimed_until end
  where c.id = p_former.id;
end;
$$;
comment on function private.note_outbound(public.conversations, uuid, uuid, text, uuid, timestamptz) is
  'What a text of ours means for its conversation: it is active and one version newer; who answers first is its assignee; their '
  'claim ends. The caller holds the conversation.';

create function private.note_review(p_message public.messages, p_class text, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_former public.conversations;
  v_conversation public.conversations;
begin
  select * into v_former from public.conversations c where c.id = p_message.conversation_id for no key update;
  if not found then
    return;
  end if;
  v_conversation := v_former;
  -- An older text says nothing about what the person wants now.
  if not exists (
    select from public.messages m
    where m.conversation_id = v_former.id and m.kind = 'inbound' and m.created_at > p_message.created_at
      and private.conversation_class(m.classification) is not null)
  then
    v_conversation := private.class_conversation(v_conversation, p_class, 'person', p_now);
    perform private.record_conversation_event(v_former, 'classified', jsonb_build_object('message_id', p_message.id, 'class',
      p_class, 'from', v_former.reply_class), p_now);
  end if;
  v_conversation.waiting_since := private.fold_spans(v_conversation, p_message.created_at);
  v_conversation := private.set_clocks(v_conversation, v_former, p_now);
  update public.conversations c
  set reply_class = v_conversation.reply_class, class_source = v_conversation.class_source,
    waiting_since = v_conversation.waiting_since, hot_since = v_conversation.hot_since, hot_due_at = v_conversation.hot_due_at,
    escalates_at = v_conversation.escalates_at, escalated_at = v_conversation.escalated_at,
    returns_at = v_conversation.returns_at
  where c.id = v_former.id;
  if v_former.escalated_at is not null and v_conversation.escalated_at is null then
    perform private.tell_hot_waiting(v_former.org_id, p_now);
  end if;
end;
$$;
comment on function private.note_review(public.messages, text, timestamptz) is
  'What a person''s reading of a text means for its conversation: class, heat, and whether somebody waits. The caller holds the '
  'contact.';

create function private.classify_conversation(p_id uuid, p_class text, p_now timestamptz default now())
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('operator');
  v_message_id uuid;
begin
  if p_class is null or p_class <> all (array['interested', 'question', 'not_interested', 'wrong_number', 'deceased', 'stop',
    'other'])
  then
    perform private.refuse_field('class',
      'Give interested, question, not_interested, wrong_number, deceased, stop or other.');
  elsif not exists (select from public.conversations c where c.org_id = v_org_id and c.id = p_id) then
    perform private.raise_error('PT404', 'not_found', 'There is no conversation with this id.',
      jsonb_build_object('conversation_id', p_id));
  end if;
  select m.id into v_message_id from public.messages m
  where m.conversation_id = p_id and m.kind = 'inbound' and private.conversation_class(m.classification) is not null
  order by m.created_at desc, m.id desc limit 1;
  if v_message_id is null then
    perform private.raise_error('PT409', 'invalid_state',
      'The rules found no text of theirs that could mean something; an automatic answer does not. Review the message itself.',
      jsonb_build_object('conversation_id', p_id));
  end if;
  perform private.review_answer(v_message_id, case p_class when 'other' then 'reply' else p_class end, p_now);
end;
$$;
comment on function private.classify_conversation(uuid, text, timestamptz) is
  'Says what the person''s last text means, as private.review_answer does: it moves the lead too. other: none of these. Needs '
  'operator. Raises PT403, PT404, PT409, PT422. Security definer: users may not write these tables.';
grant execute on function private.classify_conversation(uuid, text, timestamptz) to authenticated;

create function public.classify_conversation(p_id uuid, p_class text) returns void
  language sql set search_path = '' as $$ select private.classify_conversation(p_id, p_class); $$;
comment on function public.classify_conversation(uuid, text) is
  'Calls the private function of the same name, which checks role and organisation, with the current time.';
grant execute on function public.classify_conversation(uuid, text) to authenticated;

-- schemas/inbox/functions/conversations.sql

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

-- schemas/inbox/functions/fold_spans.sql

create function private.fold_spans(p_conversation public.conversations, p_since timestamptz)
returns timestamptz
language plpgsql
set search_path = ''
as $$
declare
  v_org public.orgs;
  -- The span before may be closed by what came since, or no longer.
  v_from timestamptz := coalesce((select max(s.opened_at) from public.reply_spans s
    where s.conversation_id = p_conversation.id and s.opened_at <= p_since), p_since);
  v_fact record;
  v_span public.reply_spans;
  v_spans public.reply_spans[] := '{}';
begin
  for v_fact in select * from private.reply_facts(p_conversation, v_from) loop
    if v_fact.kind = 'asked' and v_span.opened_at is null then
      v_span.opened_by_message := v_fact.message_id;
      v_span.opened_at := v_fact.at;
      v_span.campaign_id := v_fact.campaign_id;
      v_span.reply_class := coalesce(private.conversation_class(v_fact.class), 'other');
    elsif v_fact.kind <> 'asked' and v_span.opened_at is not null then
      v_span.outcome := v_fact.kind;
      v_span.closed_at := v_fact.at;
      v_span.answered_by_message := case v_fact.kind when 'answered' then v_fact.message_id end;
      v_span.answered_by := v_fact.author_id;
      v_spans := v_spans || v_span;
      v_span := null;
    end if;
  end loop;
  if v_span.opened_at is not null then
    v_spans := v_spans || v_span;
  end if;

  delete from public.reply_spans s
  where s.conversation_id = p_conversation.id and s.opened_at >= v_from
    and s.opened_by_message not in (select n.opened_by_message from unnest(v_spans) n);
  select * into v_org from public.orgs o where o.id = p_conversation.org_id;
  -- In order: only the last may be open, and there is never a second open one in between.
  for v_span in select * from unnest(v_spans) loop
    if v_span.outcome = 'answered' then
      v_span.assigned_at := case when p_conversation.assigned_at between v_span.opened_at and v_span.closed_at
        then p_conversation.assigned_at end;
      v_span.working_seconds := private.reply_seconds(v_org, v_span.opened_at, v_span.closed_at);
      v_span.assigned_seconds := case when v_span.assigned_at is not null
        then private.reply_seconds(v_org, v_span.assigned_at, v_span.closed_at) end;
    end if;
    insert into public.reply_spans as s (org_id, conversation_id, campaign_id, reply_class, opened_by_message, opened_at, outcome,
      closed_at, answered_by_message, answered_by, assigned_at, working_seconds, assigned_seconds)
    values (p_conversation.org_id, p_conversation.id, v_span.campaign_id, v_span.reply_class, v_span.opened_by_message,
      v_span.opened_at, v_span.outcome, v_span.closed_at, v_span.answered_by_message, v_span.answered_by, v_span.assigned_at,
      v_span.working_seconds, v_span.assigned_seconds)
    on conflict (conversation_id, opened_by_message) do update set reply_class = excluded.reply_class,
      outcome = excluded.outcome, closed_at = excluded.closed_at, answered_by_message = excluded.answered_by_message,
      answered_by = excluded.answered_by, assigned_at = excluded.assigned_at, working_seconds = excluded.working_seconds,
      assigned_seconds = excluded.assigned_seconds
    -- What was measured once stays: hours and assignee may have changed since.
    where (s.outcome, s.closed_at, s.answered_by_message, s.reply_class) is distinct from (excluded.outcome, excluded.closed_at,
      excluded.answered_by_message, excluded.reply_class);
  end loop;
  return (select s.opened_at from public.reply_spans s where s.conversation_id = p_conversation.id and s.outcome is null);
end;
$$;
comment on function private.fold_spans(public.conversations, timestamptz) is
  'Tells the reply spans of a conversation anew from the last one that began before p_since. Returns since when somebody waits '
  'for an answer; null: nobody does. The caller holds the conversation, and sets its waiting_since.';

-- schemas/inbox/functions/labels.sql

create function private.save_label(p_id uuid, p_input jsonb, p_now timestamptz default now())
returns uuid
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('campaign_manager');
  v_label public.labels;
begin
  perform private.check_shape(p_input, private.object_shape(jsonb_build_object('name', private.line_shape(50),
    'color', private.null_or('{"type": "string", "pattern": "^#[0-9a-fA-F]{6}$", "description": "write it as #1a2b3c."}'),
    'lead_tag', private.null_or('{"type": "string", "maxLength": 40, "pattern": "^[A-Z0-9+-]+$",
      "description": "use capital letters, digits, + and -."}'))));
  perform private.lock_count(v_org_id, 'labels');
  if p_id is not null then
    select * into v_label from public.labels l where l.org_id = v_org_id and l.id = p_id for no key update;
    if not found then
      perform private.raise_error('PT404', 'not_found', 'There is no label with this id.', jsonb_build_object('label_id', p_id));
    elsif p_input = '{}' then
      perform private.refuse_field('input', 'Give at least one field to change.');
    end if;
  elsif (select count(*) from public.labels l where l.org_id = v_org_id) >= 100 then
    perform private.raise_error('PT409', 'invalid_state',
      'Your organisation has 100 labels, as many as it may have: delete one first.', '{"limit": 100}');
  else
    v_label.id := gen_random_uuid();
  end if;
  v_label.name := case when p_input ? 'name' then private.strip(p_input ->> 'name') else v_label.name end;
  v_label.color := case when p_input ? 'color' then lower(p_input ->> 'color') else v_label.color end;
  v_label.lead_tag := case when p_input ? 'lead_tag' then p_input ->> 'lead_tag' else v_label.lead_tag end;
  if v_label.name is null then
    perform private.refuse_field('name', 'Give the label a name.');
  elsif v_label.lead_tag = 'UNTAGGED' then
    perform private.refuse_field('lead_tag', 'UNTAGGED means leads without tags: choose another word.');
  elsif exists (select from public.labels l where l.org_id = v_org_id and lower(l.name) = lower(v_label.name) and l.id <>
    v_label.id)
  then
    perform private.raise_error('PT409', 'duplicate', format('There is a label %s already.', v_label.name),
      '{"field": "name"}');
  end if;
  insert into public.labels as l (id, org_id, name, color, lead_tag, created_at, updated_at)
  values (v_label.id, v_org_id, v_label.name, v_label.color, v_label.lead_tag, p_now, p_now)
  on conflict (id) do update set name = excluded.name, color = excluded.color, lead_tag = excluded.lead_tag, updated_at = p_now;
  return v_label.id;
end;
$$;
comment on function private.save_label(uuid, jsonb, timestamptz) is
  'Creates a label (p_id null) or changes one: name, color (#rrggbb or null), lead_tag (or null). Returns its id. Needs '
  'campaign_manager. Raises PT403, PT404, PT409 duplicate or invalid_state, PT422. Security definer: users may not write labels.';
grant execute on function private.save_label(uuid, jsonb, timestamptz) to authenticated;

create function private.delete_label(p_id uuid)
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('campaign_manager');
begin
  -- A quick response that names it is saved before, or finds it gone.
  perform private.lock_count(v_org_id, 'quick_responses');
  delete from public.labels l where l.org_id = v_org_id and l.id = p_id;
  if not found then
    perform private.raise_error('PT404', 'not_found', 'There is no label with this id.', jsonb_build_object('label_id', p_id));
  end if;
  update public.quick_responses q set label_ids = array_remove(q.label_ids, p_id)
  where q.org_id = v_org_id and p_id = any (q.label_ids);
end;
$$;
comment on function private.delete_label(uuid) is
  'Deletes a label and takes it from all conversations and quick responses. Tags that it gave to leads stay. Needs '
  'campaign_manager. Raises PT403, PT404. Security definer: users may not write labels.';
grant execute on function private.delete_label(uuid) to authenticated;

create function public.save_label(p_input jsonb, p_id uuid default null) returns uuid
  language sql set search_path = '' as $$ select private.save_label(p_id, p_input); $$;
comment on function public.save_label(jsonb, uuid) is
  'Calls the private function of the same name, which checks role and organisation, with the current time.';
grant execute on function public.save_label(jsonb, uuid) to authenticated;
create function public.delete_label(p_id uuid) returns void
  language sql set search_path = '' as $$ select private.delete_label(p_id); $$;
comment on function public.delete_label(uuid) is
  'Calls the private function of the same name, which checks role and organisation.';
grant execute on function public.delete_label(uuid) to authenticated;

-- schemas/inbox/functions/list_conversations.sql

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

-- schemas/inbox/functions/note_inbound.sql

create function private.conversation_class(p_class text)
returns text
language sql
immutable
set search_path = ''
as $$
  select case when p_class = any (array['interested', 'question', 'not_interested', 'wrong_number', 'deceased', 'stop', 'help',
    'start']) then p_class when p_class = any (array['automatic', 'reaction', 'disliked']) then null else 'other' end;
$$;
comment on function private.conversation_class(text) is
  'The class of a conversation after a text of this class; null: the text says nothing (a machine, a reaction).';

create function private.class_conversation(p_conversation public.conversations, p_class text, p_source text, p_now timestamptz)
returns public.conversations
language plpgsql
set search_path = ''
as $$
declare
  v_class text := private.conversation_class(p_class);
  v_conversation public.conversations := p_conversation;
begin
  -- What a person decided is changed by words that are plain, not by a text that says little.
  if v_class is null or p_source = 'rules' and v_conversation.class_source = 'person' and v_class in ('question', 'help', 'other')
  then
    return v_conversation;
  end if;
  -- A question of somebody who is interested does not make them less so.
  if p_source = 'rules' and v_conversation.hot_since is not null and v_class in ('question', 'help', 'other') then
    return v_conversation;
  end if;
  v_conversation.reply_class := v_class;
  v_conversation.class_source := p_source;
  if v_class = 'interested' then
    if v_conversation.hot_since is null then
      perform private.record_conversation_event(v_conversation, 'hot', '{}', p_now);
    end if;
    v_conversation.hot_since := coalesce(v_conversation.hot_since, p_now);
  else
    v_conversation.hot_since := null;
    v_conversation.hot_due_at := null;
    v_conversation.escalates_at := null;
    v_conversation.escalated_at := null;
  end if;
  return v_conversation;
end;
$$;
comment on function private.class_conversation(public.conversations, text, text, timestamptz) is
  'A conversation with the class of a text of the person, by the rules or by a person (p_source), as it is to be stored. '
  'Interested people are hot.';

create function private.note_inbound(
  p_former public.conversations,
  p_message public.messages,
  p_now timestamptz
)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_conversation public.conversations := p_former;
  v_waited timestamptz := p_former.waiting_since;
begin
  if p_former.status <> 'active' then
    perform private.record_conversation_event(p_former, 'reopened', jsonb_build_object('from', p_former.status), p_now);
  end if;
  v_conversation := private.class_conversation(v_conversation, p_message.classification, 'rules', p_now);
  -- One more text of somebody who waits already changes nothing, however many there are.
  if v_waited is null or p_message.classification = 'stop' or exists (
    select from private.span_changes x where x.conversation_id = p_former.id)
  then
    v_conversation.waiting_since := private.fold_spans(v_conversation, p_now);
  end if;
  v_conversation := private.set_clocks(v_conversation, p_former, p_now);
  if v_conversation.waiting_since is not null and v_conversation.assignee_id is null and (
    v_waited is null or p_former.returns_at is null)
  then
    v_conversation := private.give_conversation(v_conversation, null, 'inbound', p_now);
  end if;
  -- One statement, so that those who watch the inbox hear of it once.
  update public.conversations c
  set unread_count = c.unread_count + 1, last_message = left(p_message.content, 200), last_message_at = p_now,
    last_direction = 'inbound', version = p_message.conversation_version, status = 'active', snoozed_until = null,
    first_inbound_at = coalesce(c.first_inbound_at, p_now), lead_id = coalesce(c.lead_id, p_message.lead_id),
    phone_number_id = p_message.phone_number_id, campaign_id = coalesce(p_message.campaign_id, c.campaign_id),
    reply_class = v_conversation.reply_class, class_source = v_conversation.class_source,
    waiting_since = v_conversation.waiting_since, hot_since = v_conversation.hot_since,
    hot_due_at = v_conversation.hot_due_at, escalates_at = v_conversation.escalates_at,
    escalated_at = v_conversation.escalated_at, returns_at = v_conversation.returns_at,
    assignee_id = v_conversation.assignee_id, assigned_at = v_conversation.assigned_at,
    is_auto_assigned = v_conversation.is_auto_assigned
  where c.id = p_former.id;
  -- A machine's text is no answer of theirs.
  if private.is_answer(p_message.classification) or p_message.classification = 'stop' then
    perform private.cancel_scheduled(v_conversation, p_message.classification = 'stop', p_now);
  end if;
  if p_former.escalated_at is not null and v_conversation.escalated_at is null then
    perform private.tell_hot_waiting(p_former.org_id, p_now);
  end if;
end;
$$;
comment on function private.note_inbound(public.conversations, public.messages, timestamptz) is
  'What a text of a person means for their conversation: it is active and unread, has a class, waits for an answer, is hot, is '
  'given to somebody; answers that waited are canceled. The caller holds the contact and the conversation.';

-- schemas/inbox/functions/notes.sql

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

-- schemas/inbox/functions/quick_responses.sql

create function private.quick_response_shape()
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select jsonb_build_object('type', 'object', 'properties', jsonb_build_object(
    'is_shared', '{"type": "boolean"}'::jsonb,
    'category', private.line_shape(50),
    'title', private.line_shape(100),
    'shortcut', private.null_or('{"type": "string", "pattern": "^[a-z0-9][a-z0-9_-]{0,29}$",
      "description": "use up to 30 small letters, digits, - and _."}'),
    'language', private.null_or(private.word_shape('es', 'en')),
    'content', '{"type": "string", "minLength": 1, "maxLength": 10000}'::jsonb,
    'label_ids', private.ids_shape(10),
    'set_status', private.null_or(private.lead_shape() #> '{properties,status}'),
    'media_id', private.null_or('{"type": "string", "format": "uuid"}')));
$$;
comment on function private.quick_response_shape() is 'The shape of a quick response. set_status: what the lead becomes. '
  'media_id: an uploaded picture.';

create function private.own_quick_response(p_org_id uuid, p_id uuid)
returns public.quick_responses
language plpgsql
set search_path = ''
as $$
declare
  v_response public.quick_responses;
begin
  select * into v_response from public.quick_responses q
  where q.org_id = p_org_id and q.id = p_id and (q.owner_id is null or q.owner_id = auth.uid()) for no key update;
  if not found then
    perform private.raise_error('PT404', 'not_found', 'There is no quick response with this id.',
      jsonb_build_object('quick_response_id', p_id));
  elsif v_response.owner_id is null then
    perform private.require_role('campaign_manager');
  end if;
  return v_response;
end;
$$;
comment on function private.own_quick_response(uuid, uuid) is
  'Locks a quick response that the signed-in person may change. Raises PT403, PT404.';

create function private.delete_quick_response(p_id uuid)
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_response public.quick_responses := private.own_quick_response(private.require_role('operator'), p_id);
begin
  delete from public.quick_responses q where q.id = v_response.id;
end;
$$;
comment on function private.delete_quick_response(uuid) is
  'Deletes a quick response: one''s own, or a shared one as campaign_manager. Raises PT403, PT404. Security definer: users may '
  'not write the table.';
grant execute on function private.delete_quick_response(uuid) to authenticated;

create function public.save_quick_response(p_input jsonb, p_id uuid default null) returns uuid
  language sql set search_path = '' as $$ select private.save_quick_response(p_id, p_input); $$;
comment on function public.save_quick_response(jsonb, uuid) is
  'Calls the private function of the same name, which checks role and organisation, with the current time.';
grant execute on function public.save_quick_response(jsonb, uuid) to authenticated;
create function public.delete_quick_response(p_id uuid) returns void
  language sql set search_path = '' as $$ select private.delete_quick_response(p_id); $$;
comment on function public.delete_quick_response(uuid) is
  'Calls the private function of the same name, which checks role and organisation.';
grant execute on function public.delete_quick_response(uuid) to authenticated;

-- schemas/inbox/functions/reply_hours.sql

-- The hours in which an organisation answers people. They decide nothing about what may be sent: they are the clock of reply
-- times, of hot leads and of assignments that return.

create function private.reply_intervals(p_org public.orgs, p_from date, p_to date)
returns table (starts timestamptz, ends timestamptz)
language plpgsql
stable
set search_path = ''
as $$
begin
  return query
    select (d.day + (i.value ->> 'from')::interval) at time zone p_org.time_zone,
      (d.day + (i.value ->> 'to')::interval) at time zone p_org.time_zone
    from (select p_from::timestamp + make_interval(days => n) as day from generate_series(0, p_to - p_from) n) d
    cross join lateral jsonb_array_elements(
      p_org.reply_hours -> (array['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'])
        [extract(isodow from d.day)::integer]) i
    where not coalesce(p_org.reply_hours -> 'holidays' ? to_char(d.day, 'YYYY-MM-DD'), false)
    order by 1;
end;
$$;
comment on function private.reply_intervals(public.orgs, date, date) is
  'The reply hours from one day to another, both included, in the organisation''s time zone. An hour that a change of clocks '
  'takes away or adds counts as long as it is. The organisation has reply hours.';

create function private.reply_seconds(p_org public.orgs, p_from timestamptz, p_to timestamptz)
returns integer
language plpgsql
stable
set search_path = ''
as $$
declare
  v_seconds double precision;
begin
  if p_to <= p_from then
    return 0;
  elsif p_org.reply_hours is null then
    v_seconds := extract(epoch from p_to - p_from);
  else
    select coalesce(sum(extract(epoch from least(i.ends, p_to) - greatest(i.starts, p_from))), 0) into v_seconds
    from private.reply_intervals(p_org, (p_from at time zone p_org.time_zone)::date, (p_to at time zone p_org.time_zone)::date) i
    where i.ends > p_from and i.starts < p_to;
  end if;
  return least(v_seconds, 100000000);
end;
$$;
comment on function private.reply_seconds(public.orgs, timestamptz, timestamptz) is
  'How many seconds of the organisation''s reply hours are between two times, three years at most.';

create function private.after_reply_seconds(p_org public.orgs, p_from timestamptz, p_seconds integer)
returns timestamptz
language plpgsql
stable
set search_path = ''
as $$
declare
  v_left interval := make_interval(secs => p_seconds);
  v_day date := (p_from at time zone p_org.time_zone)::date;
  v_interval record;
begin
  if p_org.reply_hours is null then
    return p_from + v_left;
  end if;
  -- A hundred holidays may follow each other.
  for v_interval in select * from private.reply_intervals(p_org, v_day, v_day + 120) i where i.ends > p_from order by i.starts
    loop
    if v_interval.ends - greatest(v_interval.starts, p_from) >= v_left then
      return greatest(v_interval.starts, p_from) + v_left;
    end if;
    v_left := v_left - (v_interval.ends - greatest(v_interval.starts, p_from));
  end loop;
  return null;
end;
$$;
comment on function private.after_reply_seconds(public.orgs, timestamptz, integer) is
  'The time at which so many seconds of reply hours have passed since p_from; null if that takes more than 120 days.';

-- schemas/inbox/functions/reply_spans.sql

-- Reply spans are a function of what happened, by the times at which it happened. So it does not matter in which order the
-- database learns of texts, receipts and reviews.

create function private.reply_facts(p_conversation public.conversations, p_from timestamptz)
returns table (at timestamptz, kind text, message_id uuid, author_id uuid, campaign_id uuid, class text)
language plpgsql
stable
set search_path = ''
as $$
begin
  return query
    select m.created_at,
      case when coalesce(m.reviewed_as, m.classification) = 'stop' then 'moot' else 'asked' end,
      m.id, null::uuid, m.campaign_id, coalesce(m.reviewed_as, m.classification)
    from public.messages m
    where m.conversation_id = p_conversation.id and m.created_at >= p_from and m.kind = 'inbound'
      and (coalesce(m.reviewed_as, m.classification) = 'stop' or private.is_reply(coalesce(m.reviewed_as, m.classification)))
    union all
    select coalesce(a.slot_at, m.sent_at, m.created_at), 'answered', m.id, m.author_id, null, null
    from public.messages m left join public.send_attempts a on a.id = m.attempt_id
    -- A text may wait for its number before it is posted.
    where m.conversation_id = p_conversation.id and m.created_at >= p_from - interval '2 days' and m.kind = 'direct'
      and m.status in ('sent', 'delivered') and coalesce(a.slot_at, m.sent_at, m.created_at) >= p_from
    union all
    select e.created_at, 'dismissed', null, null, null, null
    from public.conversation_events e
    where e.conversation_id = p_conversation.id and e.created_at >= p_from and e.event = 'dismissed'
    union all
    -- Every opt-out that there was, also one that a START has ended since.
    select r.recorded_at, 'moot', null, null, null, null
    from public.consent_records r
    where r.org_id = p_conversation.org_id and r.e164 = p_conversation.e164 and r.status = 'revoked' and r.recorded_at >= p_from
    order by 1, 2 desc, 3;
end;
$$;
comment on function private.reply_facts(public.conversations, timestamptz) is
  'What opens and closes the reply spans of a conversation since p_from, in order: asked (a text of the person that expects an '
  'answer), answered (a text of one of our people that was sent), dismissed, moot (an opt-out).';

create function private.settle_waiting(p_conversation_id uuid, p_since timestamptz, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_conversation public.conversations;
  v_new public.conversations;
begin
  select * into v_conversation from public.conversations c where c.id = p_conversation_id for no key update;
  if not found then
    return;
  end if;
  v_new := v_conversation;
  v_new.waiting_since := private.fold_spans(v_conversation, p_since);
  v_new := private.set_clocks(v_new, v_conversation, p_now);
  if v_new.waiting_since is distinct from v_conversation.waiting_since then
    update public.conversations c
    set waiting_since = v_new.waiting_since, hot_due_at = v_new.hot_due_at, escalates_at = v_new.escalates_at,
      escalated_at = v_new.escalated_at, returns_at = v_new.returns_at
    where c.id = p_conversation_id;
    if v_conversation.escalated_at is not null then
      perform private.tell_hot_waiting(v_conversation.org_id, p_now);
    end if;
  end if;
end;
$$;
comment on function private.settle_waiting(uuid, timestamptz, timestamptz) is
  'Folds the reply spans of a conversation since p_since and records whether somebody still waits, with the clocks that follow.';

create function private.fold_span_changes(p_conversation_id uuid, p_now timestamptz default now())
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_since timestamptz;
begin
  with done as (
    delete from private.span_changes s where s.conversation_id = p_conversation_id returning s.since
  )
  select min(d.since) into v_since from done d;
  if v_since is not null then
    perform private.settle_waiting(p_conversation_id, v_since, p_now);
  end if;
end;
$$;
comment on function private.fold_span_changes(uuid, timestamptz) is
  'Folds what texts that were settled meanwhile mean for the reply spans of a conversation.';

-- schemas/inbox/functions/reply_times.sql

create function private.reply_times(p_from timestamptz, p_to timestamptz, p_group_by text default null)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
set max_parallel_workers_per_gather = 0
as $$
declare
  v_org public.orgs;
  v_key text;
  v_answer jsonb;
begin
  select * into v_org from public.orgs o where o.id = private.require_role('viewer');
  if p_from is null or p_to is null or not p_from < p_to or p_to - p_from > interval '400 days' then
    perform private.refuse_field('from', 'Give from and to: from before to, at most 400 days apart.');
  elsif p_group_by is not null and p_group_by <> all (array['assignee', 'campaign', 'class', 'hour', 'day']) then
    perform private.refuse_field('group_by', 'group_by must be assignee, campaign, class, hour or day.');
  end if;
  v_key := case p_group_by when 'assignee' then 's.answered_by::text' when 'campaign' then 's.campaign_id::text'
    when 'class' then 's.reply_class'
    when 'hour' then format('extract(hour from s.opened_at at time zone %L)::integer::text', v_org.time_zone)
    when 'day' then format('(s.opened_at at time zone %L)::date::text', v_org.time_zone) else 'null::text' end;
  execute format($q$
    select coalesce(to_jsonb(array_agg(g.figures order by g.key nulls last)), '[]') from (
      select k.key, jsonb_build_object('group', k.key, 'spans', count(*), 'answered', count(*) filter (where k.outcome =
        'answered'),
        'dismissed', count(*) filter (where k.outcome = 'dismissed'), 'moot', count(*) filter (where k.outcome = 'moot'),
        'waiting', count(*) filter (where k.outcome is null),
        'median_seconds', round(percentile_cont(0.5) within group (order by k.wall)),
        'p90_seconds', round(percentile_cont(0.9) within group (order by k.wall)),
        'median_working_seconds', round(percentile_cont(0.5) within group (order by k.working)),
        'p90_working_seconds', round(percentile_cont(0.9) within group (order by k.working)),
        'median_assigned_seconds', round(percentile_cont(0.5) within group (order by k.assigned)),
        'within_five_minutes', round(avg((k.working <= 300)::integer) filter (where k.working is not null), 4)) as figures
      from (
        select %s as key, s.outcome,
          case when s.outcome = 'answered' then extract(epoch from s.closed_at - s.opened_at) end as wall,
          s.working_seconds as working, s.assigned_seconds as assigned
        from public.reply_spans s where s.org_id = $1 and s.opened_at >= $2 and s.opened_at < $3
      ) k
      group by k.key order by k.key nulls last limit 1000
    ) g $q$, v_key) into v_answer using v_org.id, p_from, p_to;
  return v_answer;
end;
$$;
comment on function private.reply_times(timestamptz, timestamptz, text) is
  'How long people who wrote between two times waited for an answer, by p_group_by (assignee: who answered; campaign, class, '
  'hour and day of their text; null: all together): spans by outcome, median and 90th percentile in seconds (by the wall clock, '
  'in reply hours, and in reply hours since the assignment), and the share of answers within five minutes of reply hours. Needs '
  'viewer. Raises PT403, PT422. Security definer: one pass over the organisation''s spans.';
grant execute on function private.reply_times(timestamptz, timestamptz, text) to authenticated;

create function public.reply_times(p_from timestamptz, p_to timestamptz, p_group_by text default null) returns jsonb
  language sql set search_path = '' as $$ select private.reply_times(p_from, p_to, p_group_by); $$;
comment on function public.reply_times(timestamptz, timestamptz, text) is 'See private.reply_times.';
grant execute on function public.reply_times(timestamptz, timestamptz, text) to authenticated;

-- schemas/inbox/functions/save_quick_response.sql

create function private.save_quick_response(p_id uuid, p_input jsonb, p_now timestamptz default now())
returns uuid
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('operator');
  v_response public.quick_responses;
begin
  perform private.check_shape(p_input, private.quick_response_shape());
  perform private.lock_count(v_org_id, 'quick_responses');
  if p_id is not null then
    v_response := private.own_quick_response(v_org_id, p_id);
    if p_input = '{}' then
      perform private.refuse_field('input', 'Give at least one field to change.');
    end if;
  elsif (select count(*) from public.quick_responses q where q.org_id = v_org_id) >= 500 then
    perform private.raise_error('PT409', 'invalid_state',
      'Your organisation has 500 quick responses, as many as it may have: delete one first.', '{"limit": 500}');
  else
    v_response.id := gen_random_uuid();
    v_response.owner_id := auth.uid();
    v_response.category := 'general';
    v_response.label_ids := '{}';
  end if;
  if p_input ? 'is_shared' then
    v_response.owner_id := case when not (p_input ->> 'is_shared')::boolean then coalesce(v_response.owner_id, auth.uid()) end;
  end if;
  if v_response.owner_id is null then
    perform private.require_role('campaign_manager');
  end if;
  v_response.category := case when p_input ? 'category' then private.strip(p_input ->> 'category') else v_response.category end;
  v_response.title := case when p_input ? 'title' then private.strip(p_input ->> 'title') else v_response.title end;
  v_response.shortcut := case when p_input ? 'shortcut' then p_input ->> 'shortcut' else v_response.shortcut end;
  v_response.language := case when p_input ? 'language' then p_input ->> 'language' else v_response.language end;
  v_response.content := case when p_input ? 'content' then private.read_direct_text(p_input ->> 'content', 'content')
    else v_response.content end;
  v_response.label_ids := coalesce(private.filter_ids(p_input, 'label_ids'), v_response.label_ids);
  v_response.set_status := case when p_input ? 'set_status' then p_input ->> 'set_status' else v_response.set_status end;
  if p_input ? 'media_id' and (p_input ->> 'media_id')::uuid is distinct from v_response.media_id then
    v_response.media_id := case when p_input -> 'media_id' <> 'null' then
      private.own_quick_response_media(v_org_id, (p_input ->> 'media_id')::uuid, p_now) end;
  end if;
  if v_response.title is null then
    perform private.refuse_field('title', 'Give the quick response a title.');
  elsif v_response.content is null then
    perform private.refuse_field('content', 'Give the quick response its text.');
  elsif cardinality(v_response.label_ids) > (
    select count(*) from public.labels l where l.org_id = v_org_id and l.id = any (v_response.label_ids))
  then
    perform private.refuse_field('label_ids', 'Your organisation has no such label: list labels to see their ids.');
  elsif exists (select from public.quick_responses q where q.org_id = v_org_id and q.shortcut = v_response.shortcut
    and q.owner_id is not distinct from v_response.owner_id and q.id <> v_response.id)
  then
    perform private.raise_error('PT409', 'duplicate', format('There is a quick response with the shortcut %s already.',
      v_response.shortcut), '{"field": "shortcut"}');
  end if;
  insert into public.quick_responses as q (id, org_id, owner_id, category, title, shortcut, language, content, label_ids,
    set_status, media_id, created_at, updated_at)
  values (v_response.id, v_org_id, v_response.owner_id, v_response.category, v_response.title, v_response.shortcut,
    v_response.language, v_response.content, v_response.label_ids, v_response.set_status, v_response.media_id, p_now, p_now)
  on conflict (id) do update set owner_id = excluded.owner_id, category = excluded.category, title = excluded.title,
    shortcut = excluded.shortcut, language = excluded.language, content = excluded.content, label_ids = excluded.label_ids,
    set_status = excluded.set_status, media_id = excluded.media_id, updated_at = p_now;
  return v_response.id;
end;
$$;
comment on function private.save_quick_response(uuid, jsonb, timestamptz) is
  'Creates a quick response (p_id null) or changes one, and returns its id. Operators have their own; shared ones need '
  'campaign_manager. Raises PT403, PT404, PT409 duplicate or invalid_state, PT422. Security definer: users may not write the '
  'table.';
grant execute on function private.save_quick_response(uuid, jsonb, timestamptz) to authenticated;

-- schemas/inbox/functions/scheduled_texts.sql

-- Answers that wait for their time.

create function private.recent_answer(p_conversation public.conversations, p_text text, p_media_ids uuid[], p_input jsonb,
  p_now timestamptz)
returns uuid
language plpgsql
stable
set search_path = ''
as $$
declare
  v_seen integer := (p_input ->> 'seen_version')::numeric;
  v_author_id uuid := case when v_seen is not null then auth.uid() end;
  v_id uuid;
begin
  if not p_input ? 'send_at' then
    v_id := private.recent_direct(p_conversation.org_id, p_conversation.e164, p_text, v_author_id, p_media_ids, p_now);
    -- Who has seen the first one means to say it again.
    if v_id is not null and (v_seen is null or v_seen < (select m.conversation_version from public.messages m where m.id = v_id))
    then
      return v_id;
    end if;
  end if;
  return (
    select s.id from public.scheduled_texts s
    where s.conversation_id = p_conversation.id and s.created_at > p_now - interval '60 seconds' and s.state = 'waiting'
      and s.content = p_text and s.media_ids = p_media_ids and (v_author_id is null or s.author_id = v_author_id)
      and (not p_input ? 'send_at' or s.not_before = (p_input ->> 'send_at')::timestamptz)
      and (v_seen is null or v_seen < p_conversation.version)
    order by s.created_at limit 1);
end;
$$;
comment on function private.recent_answer(public.conversations, text, uuid[], jsonb, timestamptz) is
  'The answer with these words and files that was asked for in the last 60 seconds, sent or waiting, if this request may be the '
  'same one again: its author had not seen it yet, and the person has not written since. Null if there is none.';

create function private.try_direct(p_org public.orgs, p_phone public.lead_phones, p_contact private.contacts, p_text text,
  p_author_id uuid, p_id uuid, p_media_ids uuid[], p_now timestamptz)
returns timestamptz
language plpgsql
set search_path = ''
as $$
declare
  v_detail text;
  v_hint text;
  v_until timestamptz;
begin
  perform private.queue_direct(p_org, p_phone, p_contact, p_text, p_author_id, p_id, p_media_ids, p_now);
  return null;
exception when sqlstate 'PT409' then
  get stacked diagnostics v_detail = pg_exception_detail, v_hint = pg_exception_hint;
  v_until := case when v_hint = 'outside_hours' then (v_detail::jsonb ->> 'next_open_at')::timestamptz end;
  if v_until is null or v_until > p_now + interval '7 days' then
    raise;
  end if;
  return v_until;
end;
$$;
comment on function private.try_direct(public.orgs, public.lead_phones, private.contacts, text, uuid, uuid, uuid[], timestamptz)
  is
  'As private.queue_direct, but outside the person''s hours returns when they begin, within seven days, and queues nothing. Null '
  'if it is queued.';

create function private.schedule_text(p_conversation public.conversations, p_id uuid, p_text text, p_not_before timestamptz,
  p_keep_if_answered boolean, p_media_ids uuid[], p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
begin
  if (select count(*) from public.scheduled_texts s where s.conversation_id = p_conversation.id and s.state = 'waiting') >= 20
    then
    perform private.raise_error('PT409', 'invalid_state',
      'Twenty answers wait in this conversation, as many as may: cancel one first.', '{"limit": 20}');
  end if;
  if exists (
    select from unnest(p_media_ids) i where not exists (
      select from public.message_media m
      where m.id = i and m.org_id = p_conversation.org_id and m.direction = 'outbound' and m.state = 'stored'))
  then
    perform private.refuse_field('media_ids', 'media_ids names a file that was not uploaded: upload it first.');
  end if;
  insert into public.scheduled_texts (id, org_id, conversation_id, author_id, content, media_ids, not_before, keep_if_answered,
    created_at, updated_at)
  values (p_id, p_conversation.org_id, p_conversation.id, auth.uid(), p_text, p_media_ids, p_not_before,
    p_keep_if_answered, p_now, p_now);
  if p_conversation.assignee_id is null then
    perform private.record_conversation_event(p_conversation, 'assigned', jsonb_build_object('to', auth.uid()), p_now);
  end if;
  -- Who saw the version before does not know of this answer.
  update public.conversations c
  set version = c.version + 1,
    returns_at = case when c.assignee_id is not null then c.returns_at end,
    assignee_id = coalesce(c.assignee_id, auth.uid()), assigned_at = coalesce(c.assigned_at, p_now),
    claimed_by = case when c.claimed_by is distinct from auth.uid() then c.claimed_by end,
    claimed_until = case when c.claimed_by is distinct from auth.uid() then c.claimed_until end
  where c.id = p_conversation.id;
  perform private.record_conversation_event(p_conversation, 'scheduled', jsonb_build_object('id', p_id, 'not_before',
    p_not_before),
    p_now);
end;
$$;
comment on function private.schedule_text(public.conversations, uuid, text, timestamptz, boolean, uuid[], timestamptz) is
  'Keeps an answer of the signed-in person until p_not_before. Raises PT409 if twenty wait. The caller holds the conversation.';

create function private.cancel_scheduled(p_conversation public.conversations, p_is_all boolean, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_ids uuid[];
begin
  with gone as (
    update public.scheduled_texts s
    set state = 'canceled', reason = case when p_is_all then 'The person opted out.' else 'The person wrote first.' end,
      updated_at = p_now
    where s.conversation_id = p_conversation.id and s.state = 'waiting' and (p_is_all or not s.keep_if_answered)
    returning s.id
  )
  select array_agg(g.id order by g.id) into v_ids from gone g;
  if v_ids is not null then
    perform private.record_conversation_event(p_conversation, 'schedule_canceled', jsonb_build_object('ids', v_ids, 'reason',
      case when p_is_all then 'opted_out' else 'they_wrote' end), p_now);
  end if;
end;
$$;
comment on function private.cancel_scheduled(public.conversations, boolean, timestamptz) is
  'Cancels the answers that wait in a conversation because the person wrote; p_is_all: those with keep_if_answered too. The '
  'caller holds the conversation.';

create function private.withdraw_scheduled(p_id uuid, p_now timestamptz default now())
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('operator');
  v_text public.scheduled_texts;
  v_conversation public.conversations;
begin
  select * into v_text from public.scheduled_texts s where s.org_id = v_org_id and s.id = p_id;
  if not found then
    perform private.raise_error('PT404', 'not_found', 'There is no scheduled text with this id.',
      jsonb_build_object('message_id', p_id));
  end if;
  v_conversation := private.own_conversation(v_org_id, v_text.conversation_id);
  update public.scheduled_texts s set state = 'canceled', reason = 'Somebody canceled it.', updated_at = p_now
  where s.id = p_id and s.state = 'waiting';
  if found then
    perform private.record_conversation_event(v_conversation, 'schedule_canceled', jsonb_build_object('ids', array[p_id]), p_now);
    update public.conversations c set version = c.version + 1 where c.id = v_conversation.id;
  elsif not exists (select from public.scheduled_texts s where s.id = p_id and s.state = 'canceled') then
    perform private.raise_error('PT409', 'invalid_state', 'The text is on its way already, or could not be sent.',
      jsonb_build_object('message_id', p_id));
  end if;
end;
$$;
comment on function private.withdraw_scheduled(uuid, timestamptz) is
  'Cancels an answer that waits; again: nothing. Needs operator. Raises PT403, PT404, PT409 invalid_state. Security definer: '
  'users may not write the table.';
grant execute on function private.withdraw_scheduled(uuid, timestamptz) to authenticated;

create function public.withdraw_scheduled(p_id uuid) returns void
  language sql set search_path = '' as $$ select private.withdraw_scheduled(p_id); $$;
comment on function public.withdraw_scheduled(uuid) is
  'Calls the private function of the same name, which checks role and organisation, with the current time.';
grant execute on function public.withdraw_scheduled(uuid) to authenticated;

-- schemas/inbox/functions/search_condition.sql

-- How conversations are searched. A word that few leads have gives the ids of their conversations. One that many have is looked
-- for in the lead of each conversation, newest first, until the page is full: a list of all of them would take too long.

create function private.lead_patterns(p_search text)
returns text
language sql
immutable
set search_path = ''
as $$
  select string_agg(case when s.other is null then format(' and l.search_text like %L', s.pattern)
    else format(' and (l.search_text like %L or l.search_text like %L)', s.pattern, s.other) end, '')
  from private.search_patterns(p_search) s;
$$;
comment on function private.lead_patterns(text) is
  'What a search requires of a lead (alias l): every word is in its name, address, phones, e-mail or parcels. Null if nothing is '
  'searched.';

create function private.search_condition(p_org_id uuid, p_search text, out condition text, out is_common boolean)
language plpgsql
stable
set search_path = ''
as $$
declare
  v_leads text := private.lead_patterns(p_search);
  v_texts text;
  v_digits text := regexp_replace(coalesce(p_search, ''), '\D', '', 'g');
  v_ids uuid[];
  v_more uuid[];
  v_of_leads text;
  c_few constant integer := 2000;
begin
  if v_leads is null then
    condition := '';
    is_common := false;
    return;
  end if;
  select string_agg(format(' and t.search_text like %L', coalesce(s.other, s.pattern)), '') into v_texts
  from private.search_patterns(p_search) s;
  -- Who looks for a word that everybody writes wants the newest, not all.
  execute format('select array(select t.conversation_id from private.conversation_texts t where t.org_id = %L%s '
    'order by t.message_id desc limit 1000)', p_org_id, v_texts) into v_ids;
  if length(v_digits) between 4 and 15 then
    select array_agg(c.id) into v_more from (
      select c.id from public.conversations c
      where c.org_id = p_org_id and c.lead_id is null and c.e164 like '%' || v_digits || '%' limit 1000) c;
    v_ids := v_ids || coalesce(v_more, '{}');
  end if;
  v_of_leads := format('l.org_id = %L and l.deleted_at is null%s', p_org_id, v_leads);
  execute format('select array(select c.id from public.leads l join public.conversations c on c.lead_id = l.id and c.org_id = %L '
    'where %s limit %s)', p_org_id, v_of_leads, c_few + 1) into v_more;
  is_common := cardinality(v_more) > c_few;
  condition := case when is_common
    then format(' and (c.id = any (%L::uuid[]) or exists (select from public.leads l where l.id = c.lead_id and %s))',
      array(select distinct i from unnest(v_ids) i), v_of_leads)
    else format(' and c.id = any (%L::uuid[])', array(select distinct i from unnest(v_ids || v_more) i)) end;
end;
$$;
comment on function private.search_condition(uuid, text) is
  'The condition of a search in conversations (alias c): every word is in the lead''s name, address, phones or parcels, or '
  'every word is in one of the newest thousand such texts; or the phone of somebody who is no lead. Empty if nothing is '
  'searched. is_common: so many leads match that conversations are not counted.';

-- schemas/inbox/functions/send_scheduled.sql

create function private.send_scheduled(p_id uuid, p_now timestamptz default now())
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_text public.scheduled_texts;
  v_org public.orgs;
  v_conversation public.conversations;
  v_contact private.contacts;
  v_until timestamptz;
  v_state text := 'sent';
  v_reason text;
  v_hint text;
  v_detail text;
begin
  select * into v_text from public.scheduled_texts s where s.id = p_id;
  select * into v_org from public.orgs o where o.id = v_text.org_id for no key update;
  select * into v_conversation from public.conversations c where c.id = v_text.conversation_id;
  v_contact := case when v_conversation.id is not null then private.lock_contact(v_org.id, v_conversation.e164) end;
  select * into v_conversation from public.conversations c where c.id = v_text.conversation_id for no key update;
  select * into v_text from public.scheduled_texts s
  where s.id = p_id and s.state = 'waiting' and s.not_before <= p_now for no key update;
  if not found then
    return;
  end if;
  if not exists (
    select from public.users u where u.id = v_text.author_id and u.org_id = v_org.id and u.role >= 'operator')
  then
    v_state := 'canceled';
    v_reason := 'Its author may not write for your organisation any more.';
  else
    begin
      v_until := private.try_direct(v_org, private.phone_to_answer(v_conversation), v_contact, v_text.content, v_text.author_id,
        p_id, v_text.media_ids, p_now);
    exception when sqlstate 'PT409' or sqlstate 'PT422' or sqlstate 'PT429' then
      get stacked diagnostics v_reason = message_text, v_hint = pg_exception_hint, v_detail = pg_exception_detail;
      v_until := case when v_hint = 'rate_limited' then (v_detail::jsonb ->> 'next_at')::timestamptz end;
      v_state := case v_hint when 'opted_out' then 'canceled' else 'failed' end;
    end;
  end if;
  if v_until <= v_text.created_at + interval '14 days' then
    -- Their hours are not open, or a cap has no room: it waits on.
    update public.scheduled_texts s set not_before = greatest(v_until, p_now + interval '1 minute'), updated_at = p_now
    where s.id = p_id;
    return;
  end if;
  if v_until is not null then
    v_state := 'failed';
    v_reason := 'It could not be sent within 14 days.';
    v_hint := coalesce(v_hint, 'outside_hours');
  end if;
  update public.scheduled_texts s set state = v_state, reason = left(v_reason, 500), updated_at = p_now where s.id = p_id;
  if v_state <> 'sent' then
    perform private.record_conversation_event(v_conversation, case v_state when 'canceled' then 'schedule_canceled'
      else 'schedule_failed' end, jsonb_build_object('ids', array[p_id], 'reason', coalesce(v_hint, 'author_left')), p_now);
  end if;
  if v_state = 'failed' then
    perform private.raise_alert(v_org.id, 'scheduled_text_failed', 'warning',
      'An answer that waited for its time could not be sent. Its conversation says why.', p_details =>
      jsonb_build_object('conversation_id', v_conversation.id, 'message_id', p_id));
  end if;
end;
$$;
comment on function private.send_scheduled(uuid, timestamptz) is
  'Queues an answer whose time has come, held to everything that an answer is held to now. It waits on if the person''s hours '
  'are not open or a cap has no room; if something else forbids it, it is canceled or fails with the reason, and an alert.';

-- schemas/inbox/functions/watch_conversation.sql

-- What happens to conversations by itself when a time has come.

create function private.tell_hot_waiting(p_org_id uuid, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_count integer;
begin
  select count(*) into v_count from public.conversations c
  where c.org_id = p_org_id and c.hot_since is not null and c.escalated_at is not null and c.waiting_since is not null;
  if v_count = 0 then
    perform private.close_alerts(p_org_id, 'hot_leads_waiting', p_now);
    return;
  end if;
  perform private.raise_alert(p_org_id, 'hot_leads_waiting', 'critical', 'Interested people wait for an answer.');
  update public.alerts a
  set message = format('%s interested %s for an answer: their time is over. Open the inbox and answer.', v_count,
      case v_count when 1 then 'person waits' else 'people wait' end), details = jsonb_build_object('count', v_count)
  where a.org_id = p_org_id and a.kind = 'hot_leads_waiting' and a.resolved_at is null
    and a.details is distinct from jsonb_build_object('count', v_count);
end;
$$;
comment on function private.tell_hot_waiting(uuid, timestamptz) is
  'Keeps the one alert about interested people who were escalated and still wait: it says how many, and ends with the last.';

create function private.watch_conversation(p_conversation_id uuid, p_now timestamptz default now())
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_conversation public.conversations;
  v_escalated boolean := false;
begin
  select * into v_conversation from public.conversations c where c.id = p_conversation_id and c.due_at <= p_now for no key update;
  if not found then
    return;
  end if;
  if v_conversation.snoozed_until <= p_now then
    v_conversation.status := 'active';
    v_conversation.snoozed_until := null;
    perform private.record_conversation_event(v_conversation, 'woke', '{}', p_now);
  end if;
  if v_conversation.hot_due_at <= p_now then
    perform private.record_conversation_event(v_conversation, 'hot_overdue', '{}', p_now);
    v_conversation.escalates_at := v_conversation.hot_due_at + interval '10 minutes';
    v_conversation.hot_due_at := null;
    v_conversation := private.give_conversation(v_conversation, v_conversation.assignee_id, 'hot_overdue', p_now);
  elsif v_conversation.returns_at <= p_now then
    v_conversation := private.give_conversation(v_conversation, v_conversation.assignee_id, 'returned', p_now);
  end if;
  if v_conversation.escalates_at <= p_now then
    perform private.record_conversation_event(v_conversation, 'escalated', '{}', p_now);
    v_conversation.escalates_at := null;
    v_conversation.escalated_at := p_now;
    v_escalated := true;
  end if;
  update public.conversations c
  set status = v_conversation.status, snoozed_until = v_conversation.snoozed_until, assignee_id = v_conversation.assignee_id,
    assigned_at = v_conversation.assigned_at, is_auto_assigned = v_conversation.is_auto_assigned,
    returns_at = case when v_conversation.returns_at > p_now then v_conversation.returns_at end,
    hot_due_at = v_conversation.hot_due_at, escalates_at = v_conversation.escalates_at,
    escalated_at = v_conversation.escalated_at
  where c.id = p_conversation_id;
  if v_escalated then
    perform private.tell_hot_waiting(v_conversation.org_id, p_now);
  end if;
end;
$$;
comment on function private.watch_conversation(uuid, timestamptz) is
  'Does what is due in a conversation: ends a snooze, gives an unanswered one to somebody else, says that an interested person '
  'waits too long, and ten minutes later tells the managers.';

-- schemas/inbox/tasks.sql

insert into private.work_kinds (kind, title) values
  ('fold_spans', 'measuring how long people wait for answers'),
  ('watch_conversation', 'watching your conversations'),
  ('send_scheduled', 'sending answers that waited for their time'),
  ('prune_conversations', 'removing old events of your conversations');

insert into private.tasks (name, seconds, due) values
  ('reply-spans', 1, 'select exists (select from private.span_changes)');

insert into private.task_parts (task, place, kind, items, call, seconds) values
  ('reply-spans', 1, 'fold_spans', 'select distinct s.conversation_id, s.org_id from private.span_changes s',
    'select private.fold_span_changes($1)', 5);

insert into private.tasks (name, seconds, due) values ('inbox', 2, $$select
  exists (select from public.conversations c where c.due_at <= now())
  or exists (select from public.scheduled_texts s where s.state = 'waiting' and s.not_before <= now())$$);

insert into private.task_parts (task, place, kind, items, call, seconds) values
  ('inbox', 1, 'send_scheduled',
    $$select s.id, s.org_id from public.scheduled_texts s where s.state = 'waiting' and s.not_before <= now()$$,
    'select private.send_scheduled($1)', 5),
  ('inbox', 2, 'watch_conversation', 'select c.id, c.org_id from public.conversations c where c.due_at <= now()',
    'select private.watch_conversation($1)', 5);

-- schemas/inbox/cron.sql

select cron.schedule('prune-conversations', '53 * * * *',
  $$select private.run_apart('prune_conversations', 'select private.prune_conversations(p_org_id => $1)')$$);
