-- Written from supabase/schemas/inbound by npm run generate: change it there.

-- A function may call one that comes later.
set check_function_bodies = off;

-- schemas/inbound/tables/conversations.sql

create table public.conversations (
  id uuid primary key default gen_random_uuid(),
  org_id uuid not null references public.orgs (id) on delete cascade,
  e164 text collate "C" not null,
  lead_id uuid references public.leads (id) on delete set null,
  phone_number_id uuid references public.phone_numbers (id) on delete set null,
  campaign_id uuid references public.campaigns (id) on delete set null,
  status text not null default 'active' check (status in ('active', 'snoozed', 'archived', 'deleted')),
  unread_count integer not null default 0 check (unread_count >= 0),
  last_message text,
  last_message_at timestamptz not null default now(),
  first_inbound_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  version integer not null default 0 check (version >= 0),
  last_direction text check (last_direction in ('inbound', 'outbound')),
  assignee_id uuid,
  assigned_at timestamptz,
  is_auto_assigned boolean not null default false,
  snoozed_until timestamptz,
  is_starred boolean not null default false,
  reply_class text check (reply_class in ('interested', 'question', 'not_interested', 'wrong_number', 'deceased', 'stop', 'help',
    'start', 'other')),
  class_source text check (class_source in ('rules', 'person')),
  waiting_since timestamptz,
  hot_since timestamptz,
  hot_due_at timestamptz,
  escalates_at timestamptz,
  escalated_at timestamptz,
  returns_at timestamptz,
  claimed_by uuid,
  claimed_until timestamptz,
  due_at timestamptz generated always as (least(snoozed_until, hot_due_at, escalates_at, returns_at)) stored,
  unique (org_id, id),
  -- The phone first: many indexes begin with org_id, and while a table is small the planner may take any of them.
  unique (e164, org_id),
  foreign key (org_id, assignee_id) references public.users (org_id, id) on delete set null (assignee_id),
  foreign key (org_id, claimed_by) references public.users (org_id, id) on delete set null (claimed_by),
  check ((status = 'snoozed') = (snoozed_until is not null)),
  check ((reply_class is null) = (class_source is null)),
  check (assignee_id is null or assigned_at is not null),
  check (claimed_by is null or claimed_until is not null)
);
comment on table public.conversations is
  'The messages between an organisation and a person: one conversation for each phone, begun by the person''s '
  'first message or by a direct text to them.';
comment on column public.conversations.first_inbound_at is 'When the person first wrote; null while only we did.';
comment on column public.conversations.status is
  'deleted: hidden from lists until the person writes again; the messages stay, as evidence.';
comment on column public.conversations.version is
  'How many texts it has, in and out: those of the person and of people who answer. Who answers says which version they saw.';
comment on column public.conversations.unread_count is
  'Texts of the person that nobody has read. Only their texts raise it, and only who may answer lowers it.';
comment on column public.conversations.is_auto_assigned is 'Whether the assignment rule chose the assignee; false: a person did.';
comment on column public.conversations.reply_class is 'What the person last said, as the rules or a person read it.';
comment on column public.conversations.class_source is
  'person: somebody corrected the class. Then only a plain answer of the person changes it again, not a text that says nothing.';
comment on column public.conversations.waiting_since is
  'When the person wrote what nobody has answered yet: the start of the open reply span. Null: nothing waits.';
comment on column public.conversations.hot_since is 'Since when the person is interested; null: not hot.';
comment on column public.conversations.hot_due_at is
  'When an interested person must have their answer, by the organisation''s reply hours; null once it passed or they have it.';
comment on column public.conversations.escalates_at is 'When the managers are told that an interested person still waits.';
comment on column public.conversations.returns_at is
  'When an automatic assignment ends because the assignee has not answered, or the rule looks again for somebody who is free.';
comment on column public.conversations.claimed_by is
  'Who is writing an answer just now, until claimed_until. Others are refused meanwhile unless they insist.';
comment on column public.conversations.due_at is 'When something must be done about the conversation by itself.';
alter table public.messages add foreign key (conversation_id) references public.conversations (id) on delete set null;
-- Lists are ordered by the last message. Each filter that may leave few conversations has an index in that order.
create index conversations_list_idx on public.conversations (org_id, last_message_at desc, id desc);
create index conversations_status_idx on public.conversations (org_id, status, last_message_at desc, id desc);
create index conversations_unread_idx on public.conversations (org_id, last_message_at desc, id desc) where unread_count > 0;
create index conversations_waiting_idx on public.conversations (org_id, last_message_at desc, id desc)
  where waiting_since is not null;
create index conversations_hot_idx on public.conversations (org_id, last_message_at desc, id desc) where hot_since is not null;
create index conversations_starred_idx on public.conversations (org_id, last_message_at desc, id desc) where is_starred;
create index conversations_assignee_idx on public.conversations (org_id, assignee_id, status, last_message_at desc, id desc);
create index conversations_class_idx on public.conversations (org_id, reply_class, last_message_at desc, id desc)
  where reply_class is not null;
create index conversations_lead_idx on public.conversations (lead_id) where lead_id is not null;
create index conversations_number_idx on public.conversations (phone_number_id, last_message_at desc, id desc)
  where phone_number_id is not null;
create index conversations_campaign_idx on public.conversations (campaign_id, last_message_at desc, id desc)
  where campaign_id is not null;
create index conversations_org_lead_idx on public.conversations (org_id, lead_id)
  where lead_id is not null and first_inbound_at is not null;
create index conversations_claimed_idx on public.conversations (org_id, claimed_by) where claimed_by is not null;
create index conversations_due_idx on public.conversations (due_at) where due_at is not null;

alter table public.conversations enable row level security;
create policy "people read conversations of their organisation" on public.conversations
  for select to authenticated using (org_id = (select private.org_id()));
grant select on public.conversations to authenticated;
grant delete, insert, select, update on public.conversations to service_role;

create trigger conversations_updated_at before update on public.conversations
  for each row execute function private.set_updated_at();

-- schemas/inbound/functions/held_people.sql

-- People whose answer somebody must read before anything more of a campaign is sent to them: it may be a wish to stop, a threat,
-- or the news that the person has died.

create function private.hold_person(p_org_id uuid, p_e164 text, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
begin
  update private.contacts c set held_at = p_now where c.org_id = p_org_id and c.e164 = p_e164 and c.held_at is null;
  perform private.raise_alert(p_org_id, 'answers_to_read', 'warning',
    'Somebody''s answer may be a wish to stop, or says that the person has died. Nothing more is sent to them until you have '
    'said what it means.');
end;
$$;
comment on function private.hold_person(uuid, text, timestamptz) is
  'Lets campaigns wait for a person, and raises an alert. What is queued is given back when it is claimed. The caller holds the '
  'contact.';

create function private.release_person(p_org_id uuid, p_e164 text, p_now timestamptz)
returns boolean
language plpgsql
set search_path = ''
as $$
begin
  update private.contacts c set held_at = null where c.org_id = p_org_id and c.e164 = p_e164 and c.held_at is not null;
  if not found then
    return false;
  end if;
  update public.campaign_targets t set not_before = '-infinity', needs_attention = null, updated_at = p_now
  where t.id in (
    select x.id from public.campaign_targets x
    where x.org_id = p_org_id and x.e164 = p_e164 and x.state = 'waiting' and x.not_before > p_now
      -- An A/B test keeps back those who are due at no time.
      and isfinite(x.not_before)
      -- Those who wait for a retry, for their region or for a later step go on waiting for it.
      and x.step = 1 and x.attempts = 0 and x.error_code is distinct from 21408
    order by x.id for no key update);
  if not exists (select from private.contacts c where c.org_id = p_org_id and c.held_at is not null) then
    perform private.close_alerts(p_org_id, 'answers_to_read', p_now);
  end if;
  return true;
end;
$$;
comment on function private.release_person(uuid, text, timestamptz) is
  'Ends the hold of a person; returns whether there was one. First texts that waited for them are due at once, '
  'and the alert is resolved if nobody else is held. The caller holds the contact.';

create function private.end_misreading(p_message public.messages, p_class text)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_former text := coalesce(p_message.reviewed_as, p_message.classification);
begin
  if v_former not in ('wrong_number', 'deceased') or p_class = v_former or exists (
    select from public.messages m
    where m.conversation_id = p_message.conversation_id and m.kind = 'inbound' and m.id <> p_message.id
      and coalesce(m.reviewed_as, m.classification) = v_former)
  then
    return;
  end if;
  update private.contacts c set invalid_at = null, invalid_reason = null
  where c.org_id = p_message.org_id and c.e164 = p_message.from_number and c.invalid_reason = v_former;
  update public.lead_phones p set is_valid = true, invalid_reason = null
  where p.org_id = p_message.org_id and p.e164 = p_message.from_number and p.invalid_reason = v_former;
end;
$$;
comment on function private.end_misreading(public.messages, text) is
  'A text (as it was before the review) that was read as a wrong number or a death means something else: unless another text of '
  'the person says the same, their phone may be written to again. The caller holds the contact.';

create function private.review_answer(p_message_id uuid, p_class text, p_now timestamptz default now())
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('operator');
  v_message public.messages;
begin
  if p_class is null or p_class <> all (array['stop', 'wrong_number', 'deceased', 'interested', 'question', 'not_interested',
    'reply', 'automatic']) then
    perform private.raise_error('PT422', 'invalid_input', 'The text can''t mean that.', jsonb_build_object('errors',
      jsonb_build_array(jsonb_build_object('field', 'class', 'message',
        'Give stop, wrong_number, deceased, interested, question, not_interested, reply or automatic.'))));
  end if;
  select * into v_message from public.messages m where m.id = p_message_id and m.org_id = v_org_id;
  if v_message.id is null then
    perform private.raise_error('PT404', 'not_found', 'No such message.', jsonb_build_object('message_id', p_message_id));
  elsif v_message.kind <> 'inbound' then
    perform private.raise_error('PT409', 'invalid_state',
      'This text is one of ours. Review one that a person wrote: its kind is inbound.',
      jsonb_build_object('message_id', p_message_id));
  end if;
  perform private.hold_people(array[auth.uid()]);
  perform private.lock_contact(v_org_id, v_message.from_number);
  update public.messages m set reviewed_at = p_now, reviewed_by = auth.uid(), reviewed_as = p_class
  where m.id = p_message_id;
  -- What the answer means counts on the day of the text that it answers.
  insert into private.number_outcome_changes (org_id, hour)
  select v_org_id, date_trunc('hour', m.created_at, 'UTC') from public.messages m where m.id = v_message.answers_message_id;
  perform private.record_audit_event(v_org_id, 'answer_reviewed', v_message.from_number, v_message.campaign_id,
    v_message.lead_id, jsonb_build_object('message_id', p_message_id, 'class', v_message.classification, 'rule',
      v_message.class_rule, 'version', v_message.class_version, 'reviewed_as', p_class));
  perform private.end_misreading(v_message, p_class);
  if p_class = 'stop' then
    perform private.suppress(v_org_id, v_message.from_number, 'manual', v_message.content, v_message.campaign_id, false,
      v_message.language, p_now);
  elsif p_class = 'wrong_number' then
    perform private.mark_wrong_number(v_org_id, v_message.from_number, v_message.campaign_id, v_message.lead_id, p_now);
  elsif p_class = 'deceased' then
    perform private.cancel_open_targets(v_org_id, v_message.from_number, 'deceased', p_now);
    update private.contacts c set invalid_at = coalesce(c.invalid_at, p_now),
      invalid_reason = coalesce(c.invalid_reason, 'deceased')
    where c.org_id = v_org_id and c.e164 = v_message.from_number;
  end if;
  perform private.move_lead_by_reply(v_org_id, v_message.from_number, v_message.lead_id, p_class,
    case when p_class in ('interested', 'not_interested') then p_class end, p_message_id);
  -- Another answer of theirs may still be unread.
  if not exists (
    select from public.messages m
    where m.org_id = v_org_id and m.holds and m.reviewed_at is null and m.from_number = v_message.from_number
  ) then
    perform private.release_person(v_org_id, v_message.from_number, p_now);
  end if;
  perform private.stop_steps(v_org_id, v_message.from_number, p_now);
  perform private.note_review(v_message, p_class, p_now);
end;
$$;
comment on function private.review_answer(uuid, text, timestamptz) is
  'What a person says that an inbound text means: stop, wrong_number, deceased, interested, question, not_interested, reply or '
  'automatic. Acts on it, and ends the hold of the person once no text of theirs is unread. Needs operator. Raises PT403, '
  'PT404, PT409, PT422. Security definer: users may not write these tables.';
grant execute on function private.review_answer(uuid, text, timestamptz) to authenticated;

create function public.review_answer(p_message_id uuid, p_class text) returns void
  language sql set search_path = '' as $$ select private.review_answer(p_message_id, p_class); $$;
comment on function public.review_answer(uuid, text) is
  'Calls the private function of the same name, which checks role and organisation, with the current time.';
grant execute on function public.review_answer(uuid, text) to authenticated;

-- schemas/inbound/functions/inbound.sql

-- Inbound messages. One transaction assigns a message to its conversation, stores it and acts on it. The caller classifies the
-- text (keywords need no data); the consequences are decided here.

create function private.system_template(p_org_id uuid, p_category text, p_language text)
returns public.templates
language sql
stable
set search_path = ''
as $$
  select t.* from public.templates t
  where t.org_id = p_org_id and t.category = p_category and t.is_active
  order by (t.language = p_language) desc, t.created_at, t.id
  limit 1;
$$;
comment on function private.system_template(uuid, text, text) is
  'The help or stop text of an organisation, in the person''s language if there is one.';

create function private.queue_auto_reply(
  p_org_id uuid,
  p_conversation public.conversations,
  p_number public.phone_numbers,
  p_to text,
  p_category text,
  p_language text,
  p_now timestamptz
)
returns uuid
language plpgsql
set search_path = ''
as $$
declare
  v_template public.templates := private.system_template(p_org_id, p_category, p_language);
  v_org public.orgs;
  v_id uuid;
begin
  if v_template.id is null then
    perform private.raise_alert(p_org_id, 'no_' || p_category || '_template', 'critical',
      format('There is no active %s template, so a person who asked got no answer. Add one.', p_category));
    return null;
  end if;
  select * into v_org from public.orgs o where o.id = p_org_id;
  insert into public.messages (org_id, kind, conversation_id, lead_id, phone_number_id, template_id, template_version, variables,
    from_number, to_number, language, status, charged_segments, exempt, queued_at, created_at, updated_at)
  values (p_org_id, 'auto_reply', p_conversation.id, p_conversation.lead_id, p_number.id, v_template.id, v_template.version,
    jsonb_strip_nulls(jsonb_build_object('brand', v_org.brand, 'phone', p_to, 'support_contact', v_org.support_contact)),
    p_number.e164, p_to, v_template.language, 'queued', v_template.worst_segments,
    case when p_category = 'stop' then 'confirmation' else 'conversation' end, p_now, p_now, p_now)
  returning id into v_id;
  perform pgmq.send('replies', jsonb_build_object('message_id', v_id, 'org_id', p_org_id));
  return v_id;
end;
$$;
comment on function private.queue_auto_reply(uuid, public.conversations, public.phone_numbers, text, text, text, timestamptz) is
  'Queues the help or stop text for a person, ahead of campaigns. A stop confirmation is the only message allowed after an '
  'opt-out (47 CFR 64.1200(a)(12)).';

create function private.is_answer(p_classification text)
returns boolean
language sql
immutable
set search_path = ''
as $$
  select coalesce(p_classification, 'reply') <> all (
    array['stop', 'start', 'help', 'automatic', 'disliked', 'reaction']);
$$;
comment on function private.is_answer(text) is
  'Whether a text of this class counts as an answer to a campaign: no keyword, no robot, and of the reactions only a like.';

create function private.is_reply(p_classification text)
returns boolean
language sql
immutable
set search_path = ''
as $$
  select private.is_answer(p_classification) and coalesce(p_classification, 'reply') <> all (array['wrong_number', 'deceased']);
$$;
comment on function private.is_reply(text) is
  'Whether a text of this class is a reply of the person who was meant: an answer that is not about a wrong number or a death.';

create function private.mark_wrong_number(p_org_id uuid, p_e164 text, p_campaign_id uuid, p_lead_id uuid, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
begin
  perform private.cancel_open_targets(p_org_id, p_e164, 'wrong_number', p_now);
  perform private.add_next_phones(array(
    select t.id from public.campaign_targets t
    where t.org_id = p_org_id and t.e164 = p_e164 and t.state = 'canceled' and t.reason = 'wrong_number'
      and t.updated_at = p_now), p_now);
  update private.contacts c set invalid_at = coalesce(c.invalid_at, p_now),
    invalid_reason = coalesce(c.invalid_reason, 'wrong_number')
  where c.org_id = p_org_id and c.e164 = p_e164;
  update public.lead_phones p set is_valid = false, invalid_reason = 'wrong_number'
  where p.org_id = p_org_id and p.e164 = p_e164 and p.is_valid;
  perform private.record_audit_event(p_org_id, 'wrong_number', p_e164, p_campaign_id, p_lead_id);
end;
$$;
comment on function private.mark_wrong_number(uuid, text, uuid, uuid, timestamptz) is
  'A phone belongs to somebody else: cancels what waits for it, and no campaign takes it any more. The caller holds the contact.';

create function private.last_sent(p_account_sid text, p_from text, p_to text)
returns text[]
language plpgsql
stable
security definer
set search_path = ''
-- An organisation that was written to more often than it wrote has few numbers in to_number: by these statistics, reading all of
-- its messages looks cheap (75 ms at 300,000).
set enable_seqscan = off
as $$
begin
  return array(
    select m.content
    from public.phone_numbers n
    join public.twilio_accounts a on a.org_id = n.org_id
    cross join lateral (
      select x.content, x.created_at from public.messages x
      where x.to_number = p_from and (x.org_id = n.org_id) is true and x.content is not null
      order by x.created_at desc limit 3
    ) m
    where n.e164 = p_to and a.account_sid = p_account_sid
    order by m.created_at desc);
end;
$$;
comment on function private.last_sent(text, text, text) is
  'The last three texts that the organisation of our number p_to sent to p_from, the newest first, to tell quotations of them '
  'from the person''s words. Security definer: the worker may not read messages.';
grant execute on function private.last_sent(text, text, text) to worker;

-- schemas/inbound/functions/receive_inbound.sql

create function private.receive_inbound(
  p_account_sid text,
  p_message_sid text,
  p_from text,
  p_to text,
  p_body text,
  p_media_urls text[],
  p_kind text,
  p_certainty text,
  p_review boolean,
  p_language text,
  p_handled_by_twilio boolean,
  p_matched text,
  p_now timestamptz default now(),
  p_interest text default null,
  p_class text default null,
  p_rule text default null,
  p_version integer default null,
  p_holds boolean default false
)
returns text
language plpgsql
security definer
set search_path = ''
-- A session keeps the plans that it makes at first: those of a small table would read all of it when it has grown.
set enable_seqscan = off
as $$
declare
  v_class text := coalesce(p_class, p_kind);
  v_number public.phone_numbers;
  v_contact private.contacts;
  v_conversation public.conversations;
  v_lead_id uuid;
  v_campaign_id uuid;
  v_step smallint;
  v_answers uuid;
  v_message public.messages;
  v_replied_before boolean;
  v_new_opt_out boolean;
begin
  select n.* into v_number from public.phone_numbers n join public.twilio_accounts a on a.org_id = n.org_id
  where n.e164 = p_to and a.account_sid = p_account_sid;
  if not found then
    return 'not_our_number';
  end if;

  v_contact := private.lock_contact(v_number.org_id, p_from);
  -- Only within this organisation: another organisation with its own account could send any MessageSid.
  if exists (select 1 from public.messages m where m.provider_sid = p_message_sid and m.org_id = v_number.org_id
    and m.kind = 'inbound') then
    return 'repeated';
  end if;
  select coalesce(l.merged_into, l.id) into v_lead_id from public.lead_phones p join public.leads l on l.id = p.lead_id
  where p.org_id = v_number.org_id and p.e164 = p_from
  order by (l.deleted_at is null) desc, l.created_at desc limit 1;
  select m.campaign_id, m.step, case when coalesce(m.sent_at, m.queued_at) > p_now - interval '14 days' then m.id end
  into v_campaign_id, v_step, v_answers from public.messages m
  where m.to_number = p_from and (m.org_id = v_number.org_id) is true and m.kind = 'campaign'
    and m.status not in ('queued', 'failed', 'canceled')
  order by m.created_at desc limit 1;
  v_replied_before := exists (
    -- Not a join: planned while nobody had answered yet, it read all conversations for every text (45 ms after 500 texts).
    select 1 from public.messages m
    where m.conversation_id = (
        select c.id from public.conversations c where c.e164 = p_from and (c.org_id = v_number.org_id) is true)
      and m.kind = 'inbound' and m.campaign_id is not distinct from v_campaign_id and private.is_answer(m.classification));

  v_conversation := private.conversation_with(v_number.org_id, p_from, v_lead_id, v_number.id, p_now);
  v_conversation.lead_id := coalesce(v_conversation.lead_id, v_lead_id);
  insert into public.messages (org_id, kind, campaign_id, conversation_id, lead_id, phone_number_id, from_number, to_number,
    content, has_media, language, status, provider_sid, provider_status, classification, class_rule, class_phrase,
    class_version, holds, queued_at, created_at, updated_at, answers_message_id, interest, conversation_version)
  values (v_number.org_id, 'inbound', v_campaign_id, v_conversation.id, v_conversation.lead_id, v_number.id, p_from, p_to, p_body,
    cardinality(p_media_urls) > 0, p_language, 'received', p_message_sid, 'received', v_class, nullif(left(p_rule, 200), ''),
    nullif(left(p_matched, 2000), ''), p_version, p_holds, p_now, p_now, p_now, v_answers, p_interest,
    v_conversation.version + 1)
  returning * into v_message;
  if cardinality(p_media_urls) > 0 then
    perform private.receive_media(v_number.org_id, v_message.id, p_media_urls, p_now);
  end if;
  perform private.note_inbound(v_conversation, v_message, p_now);
  -- Two texts may wait for this lock in the wrong order.
  update private.contacts c set last_inbound_at = greatest(c.last_inbound_at, p_now), phone_number_id = v_number.id
  where c.org_id = v_number.org_id and c.e164 = p_from;
  if v_campaign_id is not null and private.is_answer(v_class) and not v_replied_before then
    insert into private.campaign_deltas (org_id, campaign_id, replies, step) values (v_number.org_id, v_campaign_id, 1, v_step);
  end if;
  perform private.record_audit_event(v_number.org_id, 'message_received', p_from, v_campaign_id, v_conversation.lead_id,
    jsonb_build_object('message_id', v_message.id, 'kind', p_kind, 'class', v_class, 'rule', p_rule,
      'certainty', p_certainty, 'matched', p_matched,
      'handled_by_twilio', p_handled_by_twilio));

  if p_kind = 'stop' then
    v_new_opt_out := private.suppress(v_number.org_id, p_from, 'keyword', p_body, v_campaign_id, p_review, p_language, p_now);
    -- Twilio's own reply counts as the confirmation. A second one would be refused with 21610, and is not ours to send.
    if v_new_opt_out and not p_handled_by_twilio then
      perform private.queue_auto_reply(v_number.org_id, v_conversation, v_number, p_from, 'stop', p_language, p_now);
    end if;
  elsif p_kind = 'start' then
    perform private.unsuppress(v_number.org_id, p_from, 'keyword', p_body, p_language, p_now);
  elsif p_kind = 'help' then
    -- At most one reply an hour, so that two machines do not answer each other for ever.
    if not p_handled_by_twilio and v_contact.suppressed_at is null and not exists (
      select 1 from public.messages m where m.to_number = p_from and (m.org_id = v_number.org_id) is true
        and m.kind = 'auto_reply' and m.created_at > p_now - interval '1 hour'
    ) then
      perform private.queue_auto_reply(v_number.org_id, v_conversation, v_number, p_from, 'help', p_language, p_now);
    end if;
  elsif p_kind = 'wrong_number' then
    perform private.mark_wrong_number(v_number.org_id, p_from, v_campaign_id, v_conversation.lead_id, p_now);
  end if;
  if p_holds then
    perform private.hold_person(v_number.org_id, p_from, p_now);
  elsif p_kind in ('stop', 'start', 'wrong_number') then
    -- They say themselves what was in doubt.
    perform private.release_person(v_number.org_id, p_from, p_now);
  end if;
  perform private.stop_steps(v_number.org_id, p_from, p_now);
  perform private.move_lead_by_reply(v_number.org_id, p_from, v_conversation.lead_id, v_class, p_interest, v_message.id);
  return p_kind;
end;
$$;
comment on function private.receive_inbound(text, text, text, text, text, text[], text, text, boolean, text, boolean, text,
  timestamptz, text, text, text, integer, boolean) is
  'Stores an inbound message once (by its MessageSid), assigns it to its conversation, and acts on it: STOP suppresses the '
  'phone and is confirmed once, START re-subscribes, HELP is answered, a wrong number cancels that phone''s other steps, an '
  'answer ends steps (private.step_obstacle). Status and score of the lead change too. p_media_urls: where Twilio keeps its '
  'pictures and files, which are fetched later. p_kind: stop, start, help, wrong_number, deceased, reaction, automatic, reply; '
  'p_class is the classification that is stored (null: p_kind), p_rule, p_matched and p_version what decided it; p_holds: '
  'campaigns wait until somebody has read the text; p_interest, for a reply: interested, not_interested or null. '
  'Returns p_kind, repeated or not_our_number. Security definer: the worker may not write these tables.';
grant execute on function private.receive_inbound(text, text, text, text, text, text[], text, text, boolean, text, boolean, text,
  timestamptz, text, text, text, integer, boolean) to worker;
