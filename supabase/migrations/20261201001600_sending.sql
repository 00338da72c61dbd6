-- Written from supabase/schemas/sending by npm run generate: change it there.

-- A function may call one that comes later.
set check_function_bodies = off;

-- schemas/sending/types.sql

create type public.message_status as enum
  ('queued', 'sending', 'unknown', 'sent', 'delivered', 'undelivered', 'failed', 'canceled', 'received');
comment on type public.message_status is
  'queued (not posted yet), sending (claimed, perhaps posted), unknown (posted, outcome unknown), sent (Twilio accepted it), '
  'delivered, undelivered, failed, canceled; received for inbound messages.';

create type private.pool_number as (
  id uuid, e164 text, area_code text, mps numeric, health smallint, day date,
  room integer, segment_room integer, usable boolean, is_open boolean, planned integer,
  is_active boolean
);
comment on type private.pool_number is
  'A number while planning. room: segments that it can still take within the horizon. segment_room: segments left today. usable: '
  'whether it is active and not resting. is_open: whether its own hours are open for another minute. planned: segments queued on '
  'it. is_active: whether people may wait for it.';

create type private.open_window as (key text, max_per_24h smallint);
comment on type private.open_window is
  'A window key whose hours are open for another minute, with the most texts to one person in 24 hours; null: no limit.';

create type private.plan_text as (
  id uuid, worst_segments smallint, variant smallint, weight smallint, uses bigint, needs text, step smallint
);
comment on type private.plan_text is
  'A template while planning. worst_segments: its greatest length. needs: the variables that it needs of a lead, separated by '
  'commas.';

create type private.carrier_room as (id uuid, carrier text, room integer);
comment on type private.carrier_room is 'A carrier cap while planning: room is the segments left today, in Pacific time.';

create type private.planned_send as (
  target_id uuid, message_id uuid, number integer, template integer, segments integer, cap integer, variables jsonb, delay integer
);
comment on type private.planned_send is
  'A message that a plan decided on. number, template and cap are indexes into the plan''s lists; delay is the number of seconds '
  'until its slot.';

create type private.excluded_target as (id uuid, reason text);
comment on type private.excluded_target is 'A target that a plan excludes from its campaign, and why.';

create type private.deferred_target as (id uuid, not_before timestamptz, sticky_until timestamptz, needs_attention text);
comment on type private.deferred_target is
  'A target that a plan puts off until not_before. sticky_until: how long it waits for the number its person knows.';

create type private.claimed_send as (
  message_id uuid,
  attempt_id uuid,
  org_id uuid,
  kind text,
  slot_in_ms double precision,
  to_number text,
  from_number text,
  account_sid text,
  messaging_service_sid text,
  content text,
  template_content text,
  language text,
  variables jsonb,
  charged_segments smallint,
  validity_seconds integer,
  mps double precision,
  media_ids uuid[]
);
comment on type private.claimed_send is
  'What a worker posts. slot_in_ms counts from when the claim returned: the POST starts within [slot, slot + 40 ms], or the '
  'message is given back. content is set for replies; campaign messages are rendered from template and variables. media_ids: its '
  'pictures in their order; null for a text without.';

create type private.claim_window as (
  org_id uuid, window_key text, is_open boolean, valid_to timestamptz, next_open_at timestamptz, max_per_24h smallint
);
comment on type private.claim_window is 'The window of a window key at the time of a claim: see private.window_state.';

create type private.claimed_slot as (message_id uuid, attempt_id uuid, slot_at timestamptz, validity_seconds integer);
comment on type private.claimed_slot is
  'A message that a claim takes: its new attempt, when it is to be posted, and how long Twilio may keep trying.';

-- schemas/sending/tables/messages.sql

create table public.messages (
  id uuid primary key default private.uuid_v7(),
  org_id uuid not null references public.orgs (id) on delete cascade,
  kind text not null check (kind in ('campaign', 'reply', 'auto_reply', 'inbound', 'test', 'code', 'direct')),
  direction text not null generated always as (case when kind = 'inbound' then 'inbound' else 'outbound' end) stored,
  campaign_id uuid references public.campaigns (id) on delete set null,
  campaign_target_id uuid,
  step smallint,
  conversation_id uuid,
  lead_id uuid references public.leads (id) on delete set null,
  phone_number_id uuid references public.phone_numbers (id) on delete set null,
  template_id uuid references public.templates (id) on delete set null,
  template_version integer,
  variables jsonb,
  from_number text collate "C" not null,
  to_number text collate "C" not null,
  content text,
  language text check (language in ('es', 'en')),
  status public.message_status not null,
  attempt_id uuid,
  provider text not null default 'twilio',
  provider_sid text,
  provider_status text,
  provider_rank smallint not null default -1,
  error_code integer,
  error_message text,
  charged_segments smallint not null default 1,
  charged_day date,
  segments smallint,
  cost numeric(10, 5),
  exempt text check (exempt in ('confirmation', 'conversation')),
  classification text,
  needs_attention text,
  queued_at timestamptz not null default now(),
  sent_at timestamptz,
  settled_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  is_open boolean generated always as (status in ('queued', 'sending')) stored,
  is_live boolean generated always as (status not in ('failed', 'undelivered', 'canceled')) stored,
  carrier_cap_id uuid,
  class_rule text check (length(class_rule) <= 200),
  class_phrase text check (length(class_phrase) <= 2000),
  class_version smallint,
  holds boolean not null default false,
  reviewed_at timestamptz,
  reviewed_by uuid references public.users (id) on delete set null,
  reviewed_as text,
  is_unknown boolean generated always as (status = 'unknown') stored,
  answers_message_id uuid,
  interest text check (interest in ('interested', 'not_interested')),
  author_id uuid references public.users (id) on delete set null,
  conversation_version integer,
  has_media boolean not null default false,
  check ((kind = 'campaign') = (step is not null)),
  check ((kind = 'inbound') = (status = 'received'))
) with (fillfactor = 50);
comment on table public.messages is
  'A text in or out. Campaign messages store the template version and variables they were planned with, so that exactly the same '
  'text can be rendered again.';
comment on column public.messages.kind is
  'direct: a text that a person of the organisation wrote to one person. test: a template sent to one of the organisation''s own '
  'people. code: what proves that they have the phone. Tests and codes are charged, and count in no figure of campaigns or '
  'numbers; direct texts count in the figures and daily caps of numbers.';
comment on column public.messages.provider_rank is 'Rank of provider_status; a status never goes back to a lower rank.';
comment on column public.messages.exempt is
  'confirmation: the one reply to an opt-out, allowed although the phone is suppressed. conversation: a reply within 24 hours to '
  'a person''s own message, not subject to quiet hours.';
comment on column public.messages.is_open is 'Not posted yet, or being posted: queued or sending.';
comment on column public.messages.is_live is
  'The message reached the person or still may. At most one message of a campaign, phone and step is live.';
comment on column public.messages.carrier_cap_id is 'The carrier cap to which it was charged when planned; null if none applied.';
comment on column public.messages.is_unknown is 'Posted, and it is not known whether Twilio accepted it.';
comment on column public.messages.classification is
  'What an inbound text means: stop, start, help, wrong_number, deceased, review, interested, not_interested, reply, liked, '
  'disliked, reaction or automatic.';
comment on column public.messages.class_rule is 'The rule that decided the classification, as kind.language.name.';
comment on column public.messages.class_phrase is 'The words that matched the rule, normalised.';
comment on column public.messages.class_version is 'The version of the rules that judged the text.';
comment on column public.messages.holds is
  'Whether campaigns had to stop writing to this person until somebody read the text.';
comment on column public.messages.reviewed_as is 'What a person says the text means; null if nobody was asked or has looked.';
comment on column public.messages.answers_message_id is
  'Of an inbound text, the campaign message that it belongs to: the newest to that phone, if it was sent in the 14 days before. '
  'Written once, at arrival. No foreign key: the check of one would cost every message that is planned.';
comment on column public.messages.interest is
  'What an inbound text says about selling, as it was judged at arrival; null if it does not say. A person''s review does not '
  'change it.';
comment on column public.messages.author_id is 'Who wrote it, if a person of the organisation did.';
comment on column public.messages.conversation_version is
  'The version of its conversation that began with this text; null if it is not part of what people say to each other.';
create index messages_author_idx on public.messages (author_id) where author_id is not null;
comment on column public.messages.has_media is
  'Whether it has pictures or files (message_media): so that nothing looks for them where there are none.';
create index messages_conversation_idx on public.messages (conversation_id, created_at desc) where conversation_id is not null;
create index messages_list_idx on public.messages (org_id, created_at desc);
create unique index messages_live_key on public.messages (campaign_id, to_number, step) where kind = 'campaign' and is_live;
create index messages_open_idx on public.messages (phone_number_id, queued_at) where is_open;
create index messages_person_idx on public.messages (to_number, org_id, created_at desc);
create index messages_open_campaign_idx on public.messages (campaign_id) where is_open;
create index messages_unknown_idx on public.messages (org_id, queued_at) include (charged_segments) where is_unknown;
-- The indexes include all columns that the queries need, so that only the index is read.
create index messages_filtered_campaign_idx on public.messages (campaign_id, settled_at) include (sent_at, phone_number_id, kind)
  where error_code = 30007;
create index messages_filtered_number_idx on public.messages (phone_number_id, settled_at) include (sent_at, kind)
  where error_code = 30007;
-- Deleting a lead looks for its messages; without an index that would read all of them for every lead.
create index messages_lead_idx on public.messages (lead_id) where lead_id is not null;
create index messages_tests_idx on public.messages (org_id, created_at) where kind in ('test', 'code');
create index messages_open_single_idx on public.messages (org_id) include (charged_segments)
  where is_open and kind in ('test', 'code', 'direct');
create index messages_open_media_idx on public.messages (org_id) include (charged_segments, queued_at)
  where has_media and (is_open or is_unknown);
create index messages_held_idx on public.messages (org_id, created_at) where holds and reviewed_at is null;
create index messages_reviewed_by_idx on public.messages (reviewed_by) where reviewed_by is not null;
-- The answers to these messages, and what they are, from the index alone.
create index messages_answers_idx on public.messages (answers_message_id) include (created_at, classification, interest)
  where answers_message_id is not null;
create unique index messages_inbound_sid_key on public.messages (provider_sid, org_id)
  where kind = 'inbound' and provider_sid is not null;
create index messages_provider_sid_idx on public.messages (provider_sid) where kind <> 'inbound' and provider_sid is not null;

alter table public.messages enable row level security;
-- Whoever could read a code would not have to have the phone that it confirms.
create policy "people read messages of their organisation" on public.messages
  for select to authenticated using (org_id = (select private.org_id()) and kind <> 'code');
grant select on public.messages to authenticated, service_role;

-- A row trigger with a condition: planning inserts hundreds of messages at once, none of which has an outcome, and a statement
-- trigger would collect them all for nothing.
create trigger messages_outcomes_insert after insert on public.messages
  for each row when (new.status not in ('queued', 'sending')
    and new.phone_number_id is not null) execute function private.note_outcome_changes();
create trigger messages_outcomes_update after update on public.messages
  referencing new table as new_rows for each statement execute function private.note_outcome_changes();
create trigger messages_reply_sent after update of status on public.messages
  for each row when (new.kind in ('reply', 'direct') and new.lead_id is not null and new.status = 'sent' and old.status <> 'sent')
  execute function private.append_sent_reply();

-- schemas/sending/tables/send_attempts.sql

create table public.send_attempts (
  id uuid primary key default private.uuid_v7(),
  org_id uuid not null,
  message_id uuid not null references public.messages (id) on delete cascade,
  number smallint not null,
  worker_id uuid not null,
  outcome text not null default 'open'
    check (
    outcome in ('open', 'accepted', 'rejected', 'unknown', 'not_posted', 'not_accepted', 'assumed_sent', 'resent')),
  slot_at timestamptz not null,
  claimed_at timestamptz not null,
  settled_at timestamptz,
  http_status smallint,
  provider_sid text,
  error_code integer,
  error_message text,
  looks smallint not null default 0,
  looked_at timestamptz,
  next_look_at timestamptz,
  unique (message_id, number),
  check ((outcome = 'open') = (settled_at is null)),
  constraint send_attempts_next_look_check check (
    next_look_at is null or outcome in ('open', 'unknown', 'accepted', 'assumed_sent'))
) with (fillfactor = 50);
comment on table public.send_attempts is
  'Written and committed before Twilio is called, because Twilio''s POST is not idempotent. not_posted: certainly never posted. '
  'unknown: posted, without an answer. not_accepted: Twilio was asked twice and has no such message. assumed_sent, resent: the '
  'outcome could not be found out, and a person decided.';
comment on column public.send_attempts.http_status is
  'The status of Twilio''s answer; null while it is unknown, 0 if the worker died and it will never be known.';
comment on column public.send_attempts.next_look_at is
  'When Twilio is asked about an unknown attempt next. For an attempt that was sent: when its text and segments are recorded '
  'because its worker did not do so.';
create index send_attempts_look_idx on public.send_attempts (next_look_at) where next_look_at is not null;
create index send_attempts_org_idx on public.send_attempts (org_id, claimed_at desc);

alter table public.send_attempts enable row level security;
create policy "people read attempts of their organisation" on public.send_attempts
  for select to authenticated using (org_id = (select private.org_id()));
grant select on public.send_attempts to authenticated, service_role;

-- schemas/sending/tables/message_status_events.sql

create table public.message_status_events (
  id bigint generated always as identity primary key,
  org_id uuid not null,
  message_id uuid not null references public.messages (id) on delete cascade,
  attempt_id uuid,
  provider_sid text,
  status text not null,
  error_code integer,
  raw_data jsonb,
  created_at timestamptz not null default now()
);
comment on table public.message_status_events is
  'Delivery receipts, each with the part of its form that private.receipt_details keeps. A receipt that comes twice is stored '
  'once.';
comment on column public.message_status_events.raw_data is 'The form that Twilio sent, without what identifies the account.';
create unique index message_status_events_once_key on public.message_status_events
  (message_id, status, coalesce(error_code, 0), coalesce(attempt_id, '00000000-0000-0000-0000-000000000000'));
create index message_status_events_org_idx on public.message_status_events (org_id, created_at desc);
create index message_status_events_age_idx on public.message_status_events using brin (created_at);

alter table public.message_status_events enable row level security;
create policy "people read delivery receipts of their organisation" on public.message_status_events
  for select to authenticated using (org_id = (select private.org_id()));
grant select on public.message_status_events to authenticated, service_role;

-- schemas/sending/tables/webhook_logs.sql

create table public.webhook_logs (
  id bigint generated always as identity primary key,
  org_id uuid references public.orgs (id) on delete cascade,
  webhook_type text not null check (webhook_type in ('status', 'inbound')),
  provider text not null default 'twilio',
  payload jsonb,
  processed boolean not null default false,
  error_message text,
  created_at timestamptz not null default now()
);
comment on table public.webhook_logs is
  'Webhooks that could not be applied (forged, unsigned, for an unknown organisation), stored for 30 days without ids of '
  'accounts and keys.';
create index webhook_logs_org_idx on public.webhook_logs (org_id, created_at desc);
create index webhook_logs_age_idx on public.webhook_logs using brin (created_at);

alter table public.webhook_logs enable row level security;
create policy "admins read webhook logs of their organisation" on public.webhook_logs
  for select to authenticated using (org_id = (select private.org_id()) and (select private.has_role('admin')));
grant select on public.webhook_logs to authenticated;
grant delete, insert, select on public.webhook_logs to service_role;

-- schemas/sending/tables/error_classes.sql

create table private.error_classes (
  code integer primary key,
  class text not null check (class in ('permanent', 'opt_out', 'transient', 'account', 'campaign', 'sender', 'bug', 'unknown')),
  action text not null,
  retry_after interval,
  max_attempts smallint,
  never_handed_to_carrier boolean not null default false,
  note text not null
);
comment on table private.error_classes is
  'Twilio error codes as data: permanent marks the phone, opt_out suppresses it, transient is retried, account and campaign '
  'pause, sender affects the number, bug is our own error.';

alter table private.error_classes enable row level security;

-- schemas/sending/tables/webhook_log_hours.sql

create table private.webhook_log_hours (
  id bigint generated always as identity primary key,
  org_id uuid references public.orgs (id) on delete cascade,
  is_signed boolean not null,
  hour timestamptz not null,
  rows integer not null,
  unique nulls not distinct (org_id, is_signed)
);
comment on table private.webhook_log_hours is
  'How many webhooks were stored in the current hour, for each organisation that was named (null: an unknown one). Webhooks that '
  'its account signed are counted apart from others, so that forgeries do not crowd them out.';

alter table private.webhook_log_hours enable row level security;

-- schemas/sending/functions/apply_receipt.sql

create function private.apply_receipt(
  p_org_id uuid,
  p_message_id uuid,
  p_attempt_id uuid,
  p_provider_sid text,
  p_status text,
  p_error_code integer default null,
  p_raw jsonb default null,
  p_now timestamptz default now()
)
returns text
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_message public.messages;
  v_attempt public.send_attempts;
  v_rank smallint := private.provider_rank(p_status);
  v_class text := (private.error_class(p_error_code)).class;
  v_campaign public.campaigns;
  v_new public.message_status;
  v_was_unclear boolean;
begin
  -- The signature proves the account, and thus the organisation: an account can't report on another organisation's messages.
  select * into v_message from public.messages m where m.id = p_message_id and m.org_id = p_org_id;
  if not found then
    return 'no_message';
  end if;
  insert into public.message_status_events (org_id, message_id, attempt_id, provider_sid, status, error_code, raw_data,
    created_at)
  values (v_message.org_id, p_message_id, p_attempt_id, p_provider_sid, p_status, p_error_code, private.receipt_details(p_raw),
    p_now)
  on conflict do nothing;
  if not found then
    return 'repeated';
  end if;
  if v_rank < 0 then
    return 'unknown_status';
  end if;

  -- Takes locks in the usual order; locks campaign and contact only if the error requires it.
  if p_status in ('failed', 'undelivered') and v_class in ('account', 'campaign', 'sender', 'transient', 'unknown') then
    perform private.judge_failure(v_message, p_attempt_id, p_error_code, p_now);
  end if;
  if p_status in ('failed', 'undelivered') and v_class in ('opt_out', 'permanent') then
    perform private.lock_contact(v_message.org_id, v_message.to_number);
  end if;
  if v_message.campaign_target_id is not null then
    perform 1 from public.campaign_targets t where t.id = v_message.campaign_target_id for no key update;
  end if;
  select * into v_message from public.messages m where m.id = p_message_id for no key update;
  select * into v_attempt from public.send_attempts a where a.id = p_attempt_id and a.message_id = p_message_id for no key update;
  if p_attempt_id is not null and v_attempt.id is null then
    return 'no_attempt';
  end if;

  -- Evidence that the attempt was accepted, whatever was known before. If its worker has not recorded the text by then and never
  -- does, a look records it (private.record_look).
  if v_attempt.outcome in ('open', 'unknown', 'not_posted', 'not_accepted', 'assumed_sent', 'resent') then
    update public.send_attempts a
    set outcome = 'accepted', provider_sid = coalesce(a.provider_sid, p_provider_sid), settled_at = coalesce(a.settled_at, p_now),
        next_look_at = case when v_message.segments is null then p_now + interval '2 minutes' end
    where a.id = v_attempt.id;
    if v_attempt.outcome in ('unknown', 'not_accepted', 'resent') and v_message.segments is not null
      and v_message.campaign_id is not null then
      -- It was posted without an answer: its segments count from the moment when Twilio shows that it accepted them.
      insert into private.campaign_deltas (org_id, campaign_id, segments) values (v_message.org_id, v_message.campaign_id,
        v_message.segments);
    end if;
  end if;

  -- The receipt is about an earlier attempt, and the same message was sent again since: it says nothing about the newer attempt.
  if v_attempt.id <> v_message.attempt_id and v_message.status in ('sending', 'unknown', 'sent', 'delivered', 'undelivered') then
    if p_status in ('failed', 'undelivered', 'canceled') then
      return 'superseded';
    end if;
    update public.messages m set needs_attention =
      'Twilio sent this message twice: by an attempt that had been given up, and by its replacement.', updated_at = p_now
    where m.id = p_message_id;
    perform private.raise_double_send(v_message, v_message.id);
    return 'double_send';
  end if;

  if v_rank <= v_message.provider_rank then
    return 'superseded';
  end if;

  if (v_attempt.outcome in ('not_accepted', 'not_posted', 'resent') or v_attempt.id is distinct from v_message.attempt_id)
    and v_message.status in ('failed', 'canceled', 'queued') and p_status not in ('failed', 'undelivered', 'canceled') then
    return private.apply_late_success(v_message, v_attempt, p_provider_sid, p_status, v_rank, p_now);
  end if;
  if v_message.status in ('failed', 'undelivered', 'delivered', 'canceled') then
    update public.messages m set provider_status = p_status, provider_rank = v_rank,
      provider_sid = coalesce(m.provider_sid, p_provider_sid)
    where m.id = p_message_id;
    return 'after_the_end';
  end if;

  v_was_unclear := v_message.status = 'unknown' and v_message.needs_attention is not null;
  v_new := case p_status when 'delivered' then 'delivered' when 'read' then 'delivered' when 'undelivered' then 'undelivered'
    when 'failed' then 'failed' when 'canceled' then 'canceled' else 'sent' end;
  update public.messages m
  set provider_status = p_status, provider_rank = v_rank, provider_sid = coalesce(m.provider_sid, p_provider_sid),
      status = v_new, sent_at = coalesce(m.sent_at, p_now), updated_at = p_now,
      needs_attention = case when m.status <> 'unknown' then m.needs_attention end
  where m.id = p_message_id
  returning * into v_message;
  if v_was_unclear then
    perform private.resolve_send_alerts(v_message.org_id, v_message.campaign_id, p_now);
  end if;

  if v_new in ('failed', 'undelivered', 'canceled') then
    select * into v_campaign from public.campaigns c where c.id = v_message.campaign_id;
    if v_message.kind = 'campaign' then
      update public.campaign_targets t
      set state = 'sent', delivery = 'undelivered', error_code = p_error_code, sent_at = coalesce(t.sent_at, p_now),
        updated_at = p_now
      where t.id = v_message.campaign_target_id and t.message_id = v_message.id and v_new = 'undelivered';
    end if;
    -- After acceptance, only a message that was certainly never handed to a carrier is retried, as a new message; also 30003,
    -- 30008 and 30500 if the campaign asks for it.
    if v_new <> 'undelivered' or (private.error_class(p_error_code)).never_handed_to_carrier
      or (p_error_code in (30003, 30008, 30500) and v_campaign.retry_undelivered) then
      if private.close_failed(v_message, v_new, p_error_code, null,
        (private.error_class(p_error_code)).never_handed_to_carrier
          or (p_error_code in (30003, 30008, 30500) and v_campaign.retry_undelivered), p_now) then
        perform private.refund_usage(array[p_message_id]);
      end if;
    else
      perform private.mark_undelivered(v_message, p_error_code, p_now);
      perform private.take_back_earlier(v_message, p_now);
    end if;
  elsif v_message.kind = 'campaign' then
    update public.campaign_targets t
    set state = 'sent', delivery = case when v_new = 'delivered' then 'delivered' else coalesce(t.delivery, 'unconfirmed') end,
        sent_at = coalesce(t.sent_at, p_now), needs_attention = null, error_code = null, updated_at = p_now
    where t.id = v_message.campaign_target_id and t.message_id = v_message.id
      and (t.state in ('sending', 'unknown') or (t.state = 'sent' and v_new = 'delivered'));
  end if;
  return 'applied';
end;
$$;
comment on function private.apply_receipt(uuid, uuid, uuid, text, text, integer, jsonb, timestamptz) is
  'Applies one delivery receipt to a message of an organisation. Returns applied; repeated (the same receipt came before); '
  'superseded (a higher status or a newer attempt counts); after_the_end (the message has ended); late_success or double_send '
  '(see private.apply_late_success); no_message; no_attempt; or unknown_status. Security definer: the worker may not write these '
  'tables.';
grant execute on function private.apply_receipt(uuid, uuid, uuid, text, text, integer, jsonb, timestamptz) to worker;

-- schemas/sending/functions/claim.sql

-- Claiming: the last check before Twilio is called. It takes two statements on purpose: the first locks, the second checks again
-- with a fresh snapshot. (One statement that does both sees the data from before its locks, and was measured to claim after a
-- committed opt-out.) The caller must commit before it posts anything: the attempt is what survives a crash.

create function private.put_back(p_queue text, p_message_ids uuid[], p_delay_seconds integer)
returns void
language plpgsql
set search_path = ''
as $$
begin
  if cardinality(p_message_ids) > 0 then
    perform pgmq.send_batch(p_queue, array(
      select jsonb_build_object('message_id', u.id, 'org_id', m.org_id)
      from unnest(p_message_ids) with ordinality u (id, n) join public.messages m on m.id = u.id order by u.n), p_delay_seconds);
  end if;
end;
$$;
comment on function private.put_back(text, uuid[], integer) is 'Queues messages again, visible after p_delay_seconds.';

create function private.take_queued(p_limit integer)
returns table (message_id uuid, queue text)
language plpgsql
set search_path = ''
as $$
declare
  v_replies bigint[];
  v_sends bigint[];
  v_share integer;
  v_ids bigint[];
  v_messages uuid[];
begin
  -- The first message of each organisation, then the second of each, and so on; its replies before its sends. Chance decides
  -- which organisation is first: a slow worker claims one or two. A plan keeps fewer than 1,000 of an organisation queued, so
  -- 10,000 show many. Reads four times as many as asked for, because other workers hold some.
  select (array_agg(d.msg_id order by d.n, d.chance) filter (where d.rank = 1))[:4 * p_limit],
    (array_agg(d.msg_id order by d.n, d.chance) filter (where d.rank = 2))[:4 * p_limit],
    count(*) filter (where d.rank = 1 and d.place <= p_limit)
  into v_replies, v_sends, v_share
  from (
    select t.*, row_number() over (order by t.n, t.chance) as place
    from (
      select q.msg_id, q.rank, random() as chance, row_number() over (partition by q.org_id order by q.rank, q.msg_id) as n
      from (
        (select 1 as rank, r.msg_id, r.message ->> 'org_id' as org_id from pgmq.q_replies r
         where r.vt <= clock_timestamp() order by r.msg_id limit 10000)
        union all
        (select 2, s.msg_id, s.message ->> 'org_id' from pgmq.q_sends s
         where s.vt <= clock_timestamp() order by s.msg_id limit 10000)
      ) q
    ) t
  ) d;
  -- Queue rows are deleted at once: only the row of the message counts, and rescue queues a message again that has lost its queue
  -- row.
  if v_share > 0 then
    select array_agg(x.msg_id order by x.o), array_agg(x.message_id order by x.o) into v_ids, v_messages
    from (
      select q.msg_id, (q.message ->> 'message_id')::uuid as message_id, u.o
      from unnest(v_replies) with ordinality u (id, o) join pgmq.q_replies q on q.msg_id = u.id
      order by u.o limit v_share for update of q skip locked
    ) x;
    if v_ids is not null then
      perform pgmq.delete('replies', v_ids);
      return query select m, 'replies' from unnest(v_messages) with ordinality as u(m, n) order by u.n;
    end if;
  end if;
  if v_share < p_limit and v_sends is not null then
    select array_agg(x.msg_id order by x.o), array_agg(x.message_id order by x.o) into v_ids, v_messages
    from (
      select q.msg_id, (q.message ->> 'message_id')::uuid as message_id, u.o
      from unnest(v_sends) with ordinality u (id, o) join pgmq.q_sends q on q.msg_id = u.id
      order by u.o limit p_limit - v_share for update of q skip locked
    ) x;
    if v_ids is not null then
      perform pgmq.delete('sends', v_ids);
      return query select m, 'sends' from unnest(v_messages) with ordinality as u(m, n) order by u.n;
    end if;
  end if;
end;
$$;
comment on function private.take_queued(integer) is
  'Takes up to p_limit due messages from the queues: the first of each organisation before the second of any, and an '
  'organisation''s replies first. A message in a queue contains message_id and org_id.';

create function private.why_not_sent(p_verdict text)
returns text
language sql
immutable
set search_path = ''
as $$
  select 'Not sent: ' || case p_verdict
    when 'quiet_hours' then 'its lawful hours ended first. Write again when they begin.'
    when 'new_day' then 'the day ended first, whose daily caps it was charged to. Write again.'
    when 'daily_limit' then 'the person got as many texts in 24 hours as their state allows. Write again later.'
    when 'number_inactive' then 'its number was paused first. Write again, and another number is chosen.'
    when 'held' then 'the person wrote something that must be read first. Review it, then write again.'
    when 'do_not_contact' then 'a lead with this phone was set to do_not_contact first.'
    when 'no_consent' then 'the consent of a lead with this phone was denied first.'
  end;
$$;
comment on function private.why_not_sent(text) is
  'What the author of a direct text is told if the last check before its posting stopped it; null after an opt-out.';

create function private.drop_claims(p_messages uuid[], p_states public.target_state[], p_reasons text[], p_until timestamptz[],
  p_now timestamptz default now())
returns void
language plpgsql
set search_path = ''
as $$
begin
  update public.messages m
  set status = 'canceled', error_message = x.reason, settled_at = p_now, updated_at = p_now,
    needs_attention = case m.kind when 'direct' then private.why_not_sent(x.reason) else m.needs_attention end
  from unnest(p_messages, p_reasons) as x(id, reason) where m.id = x.id;
  update public.campaign_targets t
  set state = case when x.state = 'excluded' and t.step > 1 then 'canceled' else x.state end,
      reason = case when x.state = 'waiting' then null else x.reason end, message_id = null,
      attempts = greatest(t.attempts - 1, 0), not_before = greatest(t.not_before, x.until), updated_at = p_now
  from unnest(p_messages, p_states, p_reasons, p_until) as x(id, state, reason, until)
  join public.messages m on m.id = x.id and m.kind = 'campaign'
  where t.id = m.campaign_target_id and t.message_id = m.id;
  perform private.refund_usage(p_messages);
end;
$$;
comment on function private.drop_claims(uuid[], public.target_state[], text[], timestamptz[], timestamptz) is
  'Cancels messages that did not pass the check of a claim: their targets wait again, are excluded (later steps: canceled) '
  'or are canceled (p_states), and the daily caps are refunded.';

create function private.claim_sends(
  p_worker_id uuid,
  p_limit integer,
  p_twilio_is_loopback boolean,
  p_now timestamptz default null,
  p_worker_free_in_ms double precision default 0,
  p_worker_spacing_ms double precision default 0
)
returns setof private.claimed_send
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_taken uuid[];
begin
  -- A message may have two queue rows (rescue prefers that to none); it is claimed once, at its first place.
  select array_agg(x.message_id order by x.n) into v_taken
  from (
    select distinct on (t.message_id) t.message_id, t.n
    from private.take_queued(p_limit) with ordinality as t(message_id, queue, n) order by t.message_id, t.n
  ) x;
  if v_taken is null then
    return;
  end if;
  return query
  select * from private.claim_messages(v_taken, p_worker_id, p_twilio_is_loopback, p_now, p_worker_free_in_ms,
    p_worker_spacing_ms);
end;
$$;
comment on function private.claim_sends(uuid, integer, boolean, timestamptz, double precision, double precision) is
  'Claims up to p_limit due messages for a worker: locks and checks them, gives each a slot at most 1 s ahead, and writes its '
  'attempt. p_now null: the clock, read after the locks. Slots begin p_worker_free_in_ms after that and are at least '
  'p_worker_spacing_ms apart: this is the worker''s own pace, in addition to those of numbers, campaigns and organisations. The '
  'caller commits before it posts. Raises if one message can''t be claimed: then use claim_sends_apart. Security definer: the '
  'worker may not read or write these tables.';
grant execute on function private.claim_sends(uuid, integer, boolean, timestamptz, double precision, double precision) to worker;

-- schemas/sending/functions/claim_apart.sql

-- A message that can't be claimed must not hold up others. Claims are made together as usual; only if that raises are the
-- messages of each organisation claimed separately.

create function private.give_up_claim(p_message_id uuid, p_error text, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_message public.messages;
begin
  perform 1 from public.campaign_targets t
  where t.id = (select m.campaign_target_id from public.messages m where m.id = p_message_id) for no key update;
  update public.messages m
  set status = 'failed', settled_at = p_now, updated_at = p_now,
      error_message = left('It could not be taken out of the queue in five tries, and was not sent: ' || p_error, 1000),
      needs_attention = case when m.kind <> 'campaign'
        then 'Not sent: it could not be taken out of the queue in five tries. Write it again if it is still wanted.' end
  where m.id = p_message_id and m.status = 'queued'
  returning * into v_message;
  if not found then
    return;
  end if;
  update public.campaign_targets t
  set state = 'failed', reason = 'error', updated_at = p_now,
      needs_attention = 'Its message could not be taken out of the queue in five tries, and was not sent.'
  where t.id = v_message.campaign_target_id and t.message_id = v_message.id;
  perform private.refund_usage(array[p_message_id]);
  perform private.clear_failure('claim', p_message_id, p_now);
  perform private.raise_alert(v_message.org_id, 'message_set_aside', 'warning',
    'A message could not be taken out of the queue in five tries, and was not sent. Other messages continue. Find out what is '
    'wrong with the message or its number, campaign or text, correct it, and write to the person again.',
    v_message.campaign_id, null, jsonb_build_object('message_id', p_message_id, 'error', p_error));
end;
$$;
comment on function private.give_up_claim(uuid, text, timestamptz) is
  'Fails a queued message that could not be claimed in five tries: its target gets the reason, the daily caps are refunded, and '
  'the alert message_set_aside is raised.';

create function private.fail_claim(p_message_id uuid, p_org_id uuid, p_queue text, p_error text, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_tries integer;
begin
  select f.tries + 1 into v_tries from private.work_failures f where f.kind = 'claim' and f.item = p_message_id;
  if coalesce(v_tries, 1) >= 5 then
    begin
      perform private.give_up_claim(p_message_id, p_error, p_now);
      return;
    exception when query_canceled or others then
      raise warning 'message % can neither be claimed nor given up: % (%)', p_message_id, sqlerrm, sqlstate;
    end;
  end if;
  v_tries := private.note_failure('claim', p_message_id, p_org_id, p_error, p_now);
  perform private.put_back(p_queue, array[p_message_id], case when v_tries >= 5 then 3600
    else (10 * power(2, v_tries - 1))::integer end);
end;
$$;
comment on function private.fail_claim(uuid, uuid, text, text, timestamptz) is
  'Counts a failed claim of a message. The message is queued again for after 10, 20, 40 and 80 s, and given up at the fifth try. '
  'If even that fails, it is tried once an hour.';

-- schemas/sending/functions/claim_locks.sql

-- The rows that a claim locks until it commits.

create function private.other_phones(p_taken uuid[])
returns table (target_id uuid, org_id uuid, e164 text)
language sql
stable
set search_path = ''
as $$
  select distinct t.id, o.org_id, o.e164
  from public.messages m
  join public.campaign_targets t on t.id = m.campaign_target_id
  join public.campaign_targets o on o.lead_id = t.lead_id and o.campaign_id = t.campaign_id and o.e164 <> t.e164
  join private.contacts c on c.org_id = o.org_id and c.e164 = o.e164
  where m.id = any (p_taken) and m.step > 1;
$$;
comment on function private.other_phones(uuid[]) is
  'The other phones of the same leads in the audiences of these messages'' campaigns, for messages of later steps: an answer '
  'from any of them ends the step.';

create function private.claim_windows(p_targets uuid[], p_now timestamptz)
returns private.claim_window[]
language plpgsql
set search_path = ''
as $$
begin
  return (
    select array_agg((k.org_id, k.window_key, w.is_open, w.valid_to, w.next_open_at, w.max_per_24h)::private.claim_window)
    from (select distinct t.org_id, t.window_key from public.campaign_targets t where t.id = any (p_targets)) k
    cross join lateral private.window_state(k.org_id, k.window_key, p_now) w);
end;
$$;
comment on function private.claim_windows(uuid[], timestamptz) is 'The windows of these targets; null if there are none.';

-- schemas/sending/functions/claim_messages.sql

create function private.claim_messages(
  p_taken uuid[],
  p_worker_id uuid,
  p_twilio_is_loopback boolean,
  p_now timestamptz default null,
  p_worker_free_in_ms double precision default 0,
  p_worker_spacing_ms double precision default 0
)
returns setof private.claimed_send
language plpgsql
set search_path = ''
set plan_cache_mode = force_generic_plan
as $$
declare
  v_now timestamptz;
  v_row record;
  v_slot timestamptz;
  v_worker_slot timestamptz;
  v_numbers uuid[];
  v_targets uuid[];
  v_people_orgs uuid[];
  v_people_phones text[];
  v_number_ids uuid[];
  v_number_slots timestamptz[];
  v_campaign_ids uuid[];
  v_campaign_slots timestamptz[];
  v_org_ids uuid[];
  v_org_slots timestamptz[];
  v_seen uuid[] := '{}';
  v_limited text[] := '{}';
  v_claims private.claimed_slot[] := '{}';
  v_n integer := 0;
  v_later uuid[] := '{}';
  v_later_delay integer[] := '{}';
  v_dropped uuid[] := '{}';
  v_dropped_to public.target_state[] := '{}';
  v_dropped_reason text[] := '{}';
  v_dropped_until timestamptz[] := '{}';
  v_delay integer;
  v_refused_override uuid;
begin
  select l.* into v_numbers, v_targets, v_people_orgs, v_people_phones, v_number_ids, v_number_slots, v_campaign_ids,
    v_campaign_slots, v_org_ids, v_org_slots
  from private.lock_claim(p_taken) l;
  -- The clock is read after locking: the wait for locks must not move a slot into the past.
  v_now := coalesce(p_now, clock_timestamp());
  v_worker_slot := v_now + make_interval(secs => p_worker_free_in_ms / 1000);

  for v_row in
    select * from private.claim_verdicts(p_taken, v_numbers, v_targets, v_people_orgs, v_people_phones, v_number_ids,
      v_campaign_ids, v_org_ids, private.claim_windows(v_targets, v_now), p_twilio_is_loopback, v_now)
  loop
    v_seen := v_seen || v_row.id;
    if v_row.is_override_refused and not v_row.is_exempt then
      v_refused_override := v_row.campaign_id;
    end if;

    if v_row.verdict is null and v_row.max_per_24h is not null then
      -- The count does not include messages of this claim.
      if v_row.texts + cardinality(array_positions(v_limited, v_row.to_number)) >= v_row.max_per_24h then
        v_later := v_later || v_row.id;
        v_later_delay := v_later_delay || 1;
        continue;
      end if;
      v_limited := v_limited || v_row.to_number;
    end if;
    if v_row.verdict is null then
      v_slot := greatest(v_worker_slot, v_number_slots[v_row.number_at],
        coalesce(v_campaign_slots[v_row.campaign_at], '-infinity'), coalesce(v_org_slots[v_row.org_at], '-infinity'));
      if v_slot > v_now + interval '1 second' then
        v_later := v_later || v_row.id;
        v_later_delay := v_later_delay || least(greatest(floor(extract(epoch from v_slot - v_now))::integer, 1), 60);
        continue;
      end if;
      -- A POST may start up to 40 ms late: with a spacing of exactly 1/mps, ordinary jitter would put too many into one second.
      v_number_slots[v_row.number_at] := v_slot + make_interval(secs => 1.04 * v_row.charged_segments / v_row.mps);
      if v_row.campaign_at is not null then
        v_campaign_slots[v_row.campaign_at] := v_slot + make_interval(secs => 1.04 / v_row.campaign_mps);
      end if;
      if v_row.org_at is not null then
        v_org_slots[v_row.org_at] := v_slot + make_interval(secs => 1.04 / v_row.org_mps);
      end if;
      v_worker_slot := v_worker_slot + make_interval(secs => p_worker_spacing_ms / 1000);
      v_n := v_n + 1;
      -- A reply is exempt for 24 hours from the person's message, and must not wait at Twilio any longer.
      v_claims[v_n] := (v_row.id, private.uuid_v7(), v_slot, least(36000, case
        when not v_row.is_exempt then floor(extract(epoch from least(v_row.valid_to, v_row.open_until) - v_now))::integer
        when v_row.kind <> 'campaign' and v_row.exempt is distinct from 'confirmation'
          then greatest(floor(extract(epoch from v_row.last_inbound_at + interval '24 hours' - v_now))::integer, 1)
        else 36000 end))::private.claimed_slot;
    else
      v_delay := case v_row.verdict
        -- People of a resting number are planned on another number. If the account rests, or for a reply, no other number can
        -- send.
        when 'resting' then case when v_row.kind <> 'campaign' or v_row.org_resting_until > v_now
          then ceil(extract(epoch from greatest(v_row.resting_until, v_row.org_resting_until) - v_now))::integer end
        when 'daily_limit' then 3600
        when 'held' then 3600
        when 'earlier_step_open' then 3600
        -- A campaign's targets are held back by their window itself. So if a rule opens again, no target is put off for days.
        when 'quiet_hours' then case when v_row.kind = 'campaign' then null when v_row.is_open then 900
          else ceil(extract(epoch from coalesce(v_row.next_open_at, v_row.valid_to) - v_now))::integer end
      end;
      if v_row.kind <> 'campaign' and v_row.verdict not in ('suppressed', 'number_inactive')
        and (v_row.kind <> 'direct' or v_row.verdict = 'resting') then
        -- A reply waits for its number or for the hour to open; an opt-out or a released number ends it. A direct text was
        -- written for this moment: it waits for nothing but a rest of its number, and its author is told.
        v_later := v_later || v_row.id;
        v_later_delay := v_later_delay || least(greatest(v_delay, 1), 3600);
      else
        v_dropped := v_dropped || v_row.id;
        v_dropped_to := v_dropped_to || case
          when v_row.kind <> 'campaign' or v_row.verdict = 'stopped' or private.ends_step(v_row.verdict) then 'canceled'
          when v_row.verdict in ('suppressed', 'recently_contacted') then 'excluded'
          else 'waiting' end::public.target_state;
        v_dropped_reason := v_dropped_reason || v_row.verdict;
        v_dropped_until := v_dropped_until || coalesce(v_now + make_interval(secs => v_delay), '-infinity');
      end if;
    end if;
  end loop;

  -- Messages whose person another transaction holds (a STOP being processed, another worker) are tried again in a second.
  if cardinality(v_seen) < cardinality(p_taken) then
    v_later := v_later || array(
      select m.id from public.messages m where m.id = any (p_taken) and m.status = 'queued' and m.id <> all (v_seen));
    v_later_delay := v_later_delay || array(select 1 from generate_series(cardinality(v_later_delay) + 1, cardinality(v_later)));
  end if;
  if v_n > 0 then
    perform private.write_claims(v_claims, p_worker_id, v_now);
    perform private.advance_clocks(v_number_ids, v_number_slots, v_campaign_ids, v_campaign_slots, v_org_ids, v_org_slots);
  end if;
  if cardinality(v_dropped) > 0 then
    perform private.drop_claims(v_dropped, v_dropped_to, v_dropped_reason, v_dropped_until, v_now);
  end if;
  if v_refused_override is not null then
    perform private.raise_alert(m.org_id, 'quiet_hours_override_refused', 'warning',
      'The campaign asks to send at any hour, which is allowed only against a Twilio simulator. Quiet hours were applied.', m.id)
    from public.campaigns m where m.id = v_refused_override;
  end if;
  perform private.put_back_later(v_later, v_later_delay);
  return query select * from private.claimed_sends(v_claims, p_now);
end;
$$;
comment on function private.claim_messages(uuid[], uuid, boolean, timestamptz, double precision, double precision) is
  'Claims the messages p_taken, each once, after they were taken out of their queues: see private.claim_sends.';

-- schemas/sending/functions/claim_sends_apart.sql

create function private.claim_sends_apart(
  p_worker_id uuid,
  p_limit integer,
  p_twilio_is_loopback boolean,
  p_now timestamptz default null,
  p_worker_free_in_ms double precision default 0,
  p_worker_spacing_ms double precision default 0
)
returns setof private.claimed_send
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_now timestamptz := coalesce(p_now, clock_timestamp());
  v_org record;
  v_message record;
  v_rows integer;
  v_claimed integer := 0;
  v_org_error text;
  v_failed uuid[];
  v_errors text[];
  v_tried integer;
  v_is_slow boolean := false;
begin
  perform set_config('lock_timeout', '5s', true);
  for v_org in
    select m.org_id, array_agg(x.message_id order by x.n) as ids, array_agg(x.queue order by x.n) as queues
    from (
      select distinct on (t.message_id) t.message_id, t.queue, t.n
      from private.take_queued(p_limit) with ordinality as t(message_id, queue, n) order by t.message_id, t.n
    ) x
    join public.messages m on m.id = x.message_id and m.status = 'queued'
    group by m.org_id order by m.org_id
  loop
    v_org_error := null;
    v_is_slow := false;
    begin
      return query
      select * from private.claim_messages(v_org.ids, p_worker_id, p_twilio_is_loopback, p_now,
        p_worker_free_in_ms + v_claimed * p_worker_spacing_ms, p_worker_spacing_ms);
      get diagnostics v_rows = row_count;
      v_claimed := v_claimed + v_rows;
    exception when query_canceled or others then
      if sqlstate in ('40001', '40P01') then
        raise;
      end if;
      v_is_slow := sqlstate = '57014';
      v_org_error := format('%s (%s)', sqlerrm, sqlstate);
      raise warning 'messages of organisation % could not be claimed together: %', v_org.org_id, v_org_error;
    end;
    if v_org_error is null then
      perform private.clear_failure('claim', v_org.org_id, v_now);
      continue;
    end if;
    v_failed := '{}';
    v_errors := '{}';
    v_tried := 0;
    for v_message in select u.id, u.queue from unnest(v_org.ids, v_org.queues) as u(id, queue) loop
      -- The timeout of the statement does not start again: what is tried after it ran out could run without limit.
      exit when v_is_slow;
      begin
        return query
        select * from private.claim_messages(array[v_message.id], p_worker_id, p_twilio_is_loopback,
          p_now,
          p_worker_free_in_ms + v_claimed * p_worker_spacing_ms, p_worker_spacing_ms);
        get diagnostics v_rows = row_count;
        v_claimed := v_claimed + v_rows;
        perform private.clear_failure('claim', v_message.id, v_now);
      exception when query_canceled or others then
        if sqlstate in ('40001', '40P01') then
          raise;
        end if;
        v_failed := v_failed || v_message.id;
        v_errors := v_errors || format('%s (%s)', sqlerrm, sqlstate);
        v_is_slow := v_is_slow or sqlstate = '57014';
      end;
      v_tried := v_tried + 1;
      -- The cause is something that all messages share, so not every one needs to be tried.
      exit when v_tried = 10 and cardinality(v_failed) = 10;
    end loop;
    if v_is_slow or (cardinality(v_failed) = v_tried and cardinality(v_org.ids) > 1) then
      -- All of them need what fails, such as the account: the organisation's claims rest, and its messages wait.
      perform private.note_failure('claim', v_org.org_id, v_org.org_id, v_org_error, v_now);
      select ceil(extract(epoch from f.next_try_at - v_now))::integer into v_rows
      from private.work_failures f where f.kind = 'claim' and f.item = v_org.org_id;
      perform private.put_back('replies', array(select u.id from unnest(v_org.ids, v_org.queues) as u(id, queue)
        where u.queue = 'replies'), v_rows);
      perform private.put_back('sends', array(select u.id from unnest(v_org.ids, v_org.queues) as u(id, queue)
        where u.queue = 'sends'), v_rows);
      continue;
    end if;
    for v_message in
      select f.id, f.error, u.queue from unnest(v_failed, v_errors) as f(id, error)
        join unnest(v_org.ids, v_org.queues) as u(id, queue) on u.id = f.id
    loop
      perform private.fail_claim(v_message.id, v_org.org_id, v_message.queue, v_message.error, v_now);
    end loop;
  end loop;
end;
$$;
comment on function private.claim_sends_apart(uuid, integer, boolean, timestamptz, double precision, double precision) is
  'Like claim_sends, for when that raises. Claims the messages of each organisation separately, and if that fails, each message '
  'separately. A message that fails alone is counted and given up at the fifth try (fail_claim). If all messages of an '
  'organisation fail, they wait 10 s, then twice as long each time, and the organisation gets an alert. Security definer: the '
  'worker may not read or write these tables.';
grant execute on function private.claim_sends_apart(uuid, integer, boolean, timestamptz, double precision,
  double precision) to worker;

-- schemas/sending/functions/claim_verdicts.sql

create function private.claim_verdicts(
  p_taken uuid[],
  p_numbers uuid[],
  p_targets uuid[],
  p_people_orgs uuid[],
  p_people_phones text[],
  p_number_ids uuid[],
  p_campaign_ids uuid[],
  p_org_ids uuid[],
  p_windows private.claim_window[],
  p_twilio_is_loopback boolean,
  p_now timestamptz
)
returns table (
  id uuid, kind text, campaign_id uuid, charged_segments smallint, mps double precision, open_until timestamptz,
  campaign_mps numeric, org_mps numeric, number_at integer, campaign_at integer, org_at integer, resting_until timestamptz,
  org_resting_until timestamptz, to_number text, exempt text, last_inbound_at timestamptz, max_per_24h smallint, texts integer,
  is_exempt boolean, is_open boolean, valid_to timestamptz, next_open_at timestamptz, is_override_refused boolean, verdict text
)
language plpgsql
set search_path = ''
as $$
begin
  return query
  with numbers as materialized (
    select n.id, n.status, n.mps::double precision as mps, p.resting_until, (p_now at time zone n.time_zone)::date as day,
      private.number_open_until(n.quiet_starts, n.quiet_ends, n.time_zone, p_now) as open_until
    from public.phone_numbers n join private.number_pace p on p.phone_number_id = n.id
    where n.id = any (p_numbers)
  ),
  windows as (select * from unnest(p_windows) w)
  select m.id, m.kind, m.campaign_id, m.charged_segments, n.mps, n.open_until, c.mps as campaign_mps, o.mps as org_mps,
    array_position(p_number_ids, m.phone_number_id) as number_at,
    array_position(p_campaign_ids, m.campaign_id) as campaign_at,
    array_position(p_org_ids, m.org_id) as org_at,
    n.resting_until, op.resting_until as org_resting_until,
    m.to_number, m.exempt, k.last_inbound_at, w.max_per_24h, d.texts,
    e.is_exempt, w.is_open, w.valid_to, w.next_open_at,
      (c.quiet_hours_override and not p_twilio_is_loopback) as is_override_refused,
    case
      when m.kind = 'campaign' and (t.message_id is distinct from m.id or t.state <> 'queued') then 'stale'
      when m.kind = 'campaign' and c.status = 'stopped' then 'stopped'
      when k.suppressed_at is not null and m.exempt is distinct from 'confirmation' then 'suppressed'
      when m.kind in ('campaign', 'direct') and k.held_at is not null then 'held'
      when m.kind in ('campaign', 'direct') and refused.reason is not null then refused.reason
      when m.kind = 'campaign' and c.status <> 'running' then 'paused'
      when n.id is null or (n.status <> 'active' and (m.kind in ('campaign', 'direct') or n.status = 'released'))
        then 'number_inactive'
      when greatest(n.resting_until, op.resting_until) > p_now then 'resting'
      when m.kind = 'campaign' and op.blocked_regions <> '{}'
        and private.phone_region(m.to_number) = any (op.blocked_regions) then 'region_blocked'
      when m.kind in ('campaign', 'direct') and (m.charged_day, (m.queued_at at time zone o.time_zone)::date)
        is distinct from (n.day, (p_now at time zone o.time_zone)::date)
        then 'new_day'
      when m.carrier_cap_id is not null and private.carrier_day(m.queued_at) <> private.carrier_day(p_now) then 'new_day'
      when m.kind = 'campaign' and k.last_campaign_id is distinct from m.campaign_id
        and k.last_sent_at > p_now - make_interval(days => coalesce(c.cooldown_days, o.cooldown_days)) then 'recently_contacted'
      -- Asked twice only if it is an obstacle. Campaigns without steps pay for one comparison.
      when m.step > 1 and private.step_obstacle(t.id) is not null then private.step_obstacle(t.id)
      when e.is_exempt then null
      when not w.is_open or w.valid_to < p_now + interval '60 seconds'
        or coalesce(n.open_until < p_now + interval '60 seconds', true) then 'quiet_hours'
      when d.texts >= w.max_per_24h then 'daily_limit'
    end as verdict
  from unnest(p_taken) with ordinality as q(message_id, n)
  join public.messages m on m.id = q.message_id and m.status = 'queued'
  join unnest(p_people_orgs, p_people_phones) as held(org_id, e164) on held.org_id = m.org_id and held.e164 = m.to_number
  join public.orgs o on o.id = m.org_id
  join private.org_pace op on op.org_id = m.org_id
  join private.contacts k on k.org_id = m.org_id and k.e164 = m.to_number
  left join lateral (
    select r.reason from private.refused_phones r
    where r.org_id = m.org_id and r.e164 = m.to_number order by r.reason limit 1
  ) refused on true
  left join numbers n on n.id = m.phone_number_id
  left join public.campaigns c on c.id = m.campaign_id and m.kind = 'campaign'
  left join public.campaign_targets t on t.id = m.campaign_target_id
  cross join lateral (
    select m.exempt is not distinct from 'confirmation'
      or (m.kind <> 'campaign' and coalesce(k.last_inbound_at > p_now - interval '24 hours', false))
      or (m.kind = 'campaign' and c.quiet_hours_override and p_twilio_is_loopback) as is_exempt
  ) e
  left join lateral (
    select x.is_open, x.valid_to, x.next_open_at, x.max_per_24h from windows x
    where not e.is_exempt and x.org_id = m.org_id and x.window_key = t.window_key
    union all
    select x.is_open, x.valid_to, x.next_open_at, x.max_per_24h from private.person_window(m.org_id, m.to_number, p_now) x
    where not e.is_exempt and t.window_key is null
  ) w on true
  cross join lateral (
    select case when w.max_per_24h is not null then cardinality(private.texts_in_day(m.org_id, m.to_number, p_now)) end as texts
  ) d
  -- A target that another transaction holds may be about to lose this message: a late receipt cancels the replacement.
  where m.campaign_target_id is null or m.campaign_target_id = any (p_targets)
  order by q.n
  for no key update of m skip locked;
end;
$$;
comment on function private.claim_verdicts(uuid[], uuid[], uuid[], uuid[], text[], uuid[], uuid[], uuid[], private.claim_window[],
  boolean, timestamptz) is
  'The last check of messages before they are posted. Locks them and returns them in the order of p_taken. verdict is why a '
  'message may not be sent now, null if it may. The arguments after p_taken are what private.lock_claim holds; number_at, '
  'campaign_at and org_at are indexes of its clocks. Leaves out messages whose row, person or target another transaction holds.';

-- schemas/sending/functions/close_failed.sql

create function private.close_failed(
  p_message public.messages,
  p_status public.message_status,
  p_code integer,
  p_error_message text,
  p_may_retry boolean,
  p_now timestamptz
)
returns boolean
language plpgsql
set search_path = ''
as $$
declare
  v_class private.error_classes := private.error_class(p_code);
  v_target public.campaign_targets;
  v_campaign_status public.campaign_status;
  v_retry boolean;
begin
  -- The caller holds the locks of campaign (if a retry may follow), contact (if the class requires it), target and message.
  update public.messages m
  set status = p_status, error_code = p_code, error_message = left(p_error_message, 1000), settled_at = p_now, updated_at = p_now
  where m.id = p_message.id;

  perform private.learn_from_error(p_message, p_code, p_now);
  if v_class.class = 'bug' then
    perform private.raise_alert(p_message.org_id, 'message_refused', 'warning',
      format('Twilio refused a message as malformed (%s: %s).', p_code, v_class.note), p_message.campaign_id, null,
      jsonb_build_object('message_id', p_message.id, 'error_code', p_code));
  end if;

  -- An earlier attempt that had been given up was sent after all: nothing is sent again in its place.
  if private.take_back_earlier(p_message, p_now) then
    return p_message.kind = 'campaign' and p_status = 'failed' and p_message.provider_sid is null;
  end if;
  if p_message.kind <> 'campaign' then
    -- A reply that Twilio did not process (too many requests at once) is sent again within seconds; a person must see every other
    -- refusal.
    if p_may_retry and p_message.provider_sid is null and v_class.class = 'transient'
      and v_class.retry_after <= interval '1 minute'
      and (select count(*) from public.send_attempts a where a.message_id = p_message.id) < 3 then
      update public.messages m set status = 'queued', attempt_id = null, error_code = null, error_message = null,
        settled_at = null where m.id = p_message.id;
      perform private.put_back('replies', array[p_message.id], ceil(extract(epoch from v_class.retry_after))::integer);
    elsif v_class.class <> 'opt_out' then
      update public.messages m set needs_attention = format('Not sent. Twilio error %s: %s', p_code, v_class.note)
        where m.id = p_message.id;
    end if;
    return p_message.kind = 'direct' and p_message.provider_sid is null
      and exists (select from public.messages m where m.id = p_message.id and m.status = 'failed');
  end if;
  select * into v_target from public.campaign_targets t where t.id = p_message.campaign_target_id;
  select c.status into v_campaign_status from public.campaigns c where c.id = p_message.campaign_id;
  v_retry := p_may_retry and v_target.attempts < coalesce(v_class.max_attempts, 3)
    and v_class.class in ('transient', 'account', 'campaign', 'sender')
    and not exists (select 1 from private.contacts c where c.org_id = p_message.org_id and c.e164 = p_message.to_number
      and c.suppressed_at is not null);
  -- An account or campaign problem is not the person's fault, and must not cost them an attempt.
  if p_may_retry and v_class.class in ('account', 'campaign') then
    v_retry := true;
  end if;
  update public.campaign_targets t
  set state = case when not v_retry then 'failed' when v_campaign_status = 'stopped' then 'canceled'
    else 'waiting' end::public.target_state,
      delivery = null,
      message_id = case when v_retry then null else t.message_id end,
      reason = case when v_retry then case v_campaign_status when 'stopped' then 'stopped' end else case v_class.class
        when 'opt_out' then 'opted_out' when 'permanent' then 'invalid_phone' else 'error' end end,
      error_code = p_code,
      -- The full queue is that of the number, not of the person: another number may send at once.
      not_before = case when not v_retry then t.not_before when v_class.action = 'rest_number' then p_now
        else p_now + private.retry_delay(t.attempts, v_class.retry_after) end,
      attempts = case when v_retry and v_class.class in ('account', 'campaign') then greatest(t.attempts - 1, 0)
        else t.attempts end,
      -- A message that Twilio gave up, perhaps for a moment only, and that is not sent again by itself: a person may.
      needs_attention = case when not v_retry and (v_class.class in ('bug', 'unknown')
          or (v_class.class = 'transient' and p_status = 'failed' and not v_class.never_handed_to_carrier))
        then format('Twilio error %s: %s', p_code, v_class.note) end,
      updated_at = p_now
  where t.id = p_message.campaign_target_id and t.message_id = p_message.id;
  if not v_retry and v_class.class = 'permanent' then
    perform private.add_next_phones(array[p_message.campaign_target_id], p_now);
  end if;
  if v_retry and v_campaign_status = 'completed' then
    -- Everything had been sent, and then Twilio could not hand this message over: the campaign continues for the target that
    -- waits again.
    perform private.reopen_campaign(p_message.campaign_id);
  end if;
  return p_status = 'failed' and p_message.provider_sid is null;
end;
$$;
comment on function private.close_failed(public.messages, public.message_status, integer, text, boolean, timestamptz) is
  'Ends a message that failed or was undelivered, and does what its error class requires: mark the phone, suppress, retry as a '
  'new message (p_may_retry), raise an alert. Returns true if the daily caps must be refunded, which the caller does last.';

-- schemas/sending/functions/due_looks.sql

create function private.due_looks(p_limit integer default 20, p_now timestamptz default now())
returns table (
  attempt_id uuid, message_id uuid, account_sid text, to_number text, from_number text, content text, template_content text,
  language text, variables jsonb, claimed_at timestamptz, looks smallint, known_sids text[], lacks_only_text boolean
)
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_ids uuid[];
  v_id uuid;
  v_due uuid;
  v_taken uuid[] := '{}';
begin
  -- Of the thousand attempts that have been due longest, it takes those of each organisation in turn: an organisation with many
  -- unknown attempts keeps no other waiting.
  v_ids := array(
    select x.id
    from (
      select d.id, d.next_look_at, row_number() over (partition by d.org_id order by d.next_look_at, d.id) as turn
      from (select a.id, a.org_id, a.next_look_at from public.send_attempts a where a.next_look_at <= p_now
        order by a.next_look_at limit 1000) d
      where not private.is_resting('look', d.id, p_now)
    ) x
    order by x.turn, x.next_look_at, x.id limit p_limit);
  foreach v_id in array v_ids loop
    begin
      -- One worker at a time looks; if it dies, another looks in two minutes.
      update public.send_attempts a
      set next_look_at = case
        -- Its worker was alive, and has recorded the text meanwhile.
        when a.outcome in ('accepted', 'assumed_sent') and m.segments is not null then null
        else p_now + interval '2 minutes' end
      from public.messages m
      where a.id = (select x.id from public.send_attempts x
        where x.id = v_id and x.next_look_at <= p_now for no key update skip locked)
        and m.id = a.message_id
      returning case when a.next_look_at is not null then a.id end into v_due;
      v_taken := v_taken || v_due;
      perform private.clear_failure('look', v_id, p_now);
    exception when query_canceled or others then
      perform private.note_failure('look', v_id, (select a.org_id from public.send_attempts a where a.id = v_id),
        format('%s (%s)', sqlerrm, sqlstate), p_now);
    end;
    v_due := null;
  end loop;
  return query
  select t.id, m.id, ta.account_sid, m.to_number, m.from_number, m.content, v.content, m.language, m.variables, t.claimed_at,
    t.looks,
    array(select x.provider_sid from public.messages x
          where x.to_number = m.to_number and (x.org_id = m.org_id) is true and x.id <> m.id and x.provider_sid is not null
            and x.created_at > t.claimed_at - interval '2 days'),
    t.outcome <> 'unknown'
  from public.send_attempts t
  join public.messages m on m.id = t.message_id
  join public.twilio_accounts ta on ta.org_id = m.org_id
  left join public.template_versions v on v.template_id = m.template_id and v.version = m.template_version
  where t.id = any (v_taken)
  order by array_position(v_taken, t.id);
end;
$$;
comment on function private.due_looks(integer, timestamptz) is
  'Claims attempts to look at now. For unknown attempts Twilio is to be asked; the row has what is needed to recognise the '
  'message in Twilio''s list (To, From, text, time, and the SIDs of our other messages). lacks_only_text: the attempt was sent, '
  'and only its text must be recorded. Security definer: the worker may not read these tables.';
grant execute on function private.due_looks(integer, timestamptz) to worker;

-- schemas/sending/functions/due_work.sql

-- The worker: a login role that may execute a few functions and nothing else. The functions worker and twilio connect as this
-- role. Its password is set at deployment (alter role worker password '…'); without one it can't log in.

-- The worker sends; the background worker does what takes CPU time. Each is called only for its own work.
create function private.due_work(p_within interval default '5 seconds', p_now timestamptz default now())
returns jsonb
language sql
stable
security definer
set search_path = ''
as $$
  select jsonb_build_object(
    'sends', private.queue_is_due('sends', p_within),
    'replies', private.queue_is_due('replies', p_within),
    'builds', private.queue_is_due('builds', '0'),
    -- Reads the first row from the index: with exists, the planner would read the table.
    'looks', coalesce((
      select a.next_look_at from public.send_attempts a
      where a.next_look_at is not null and not private.is_resting('look', a.id, p_now) order by a.next_look_at limit 1) <= p_now,
        false),
    'accounts', exists (select 1 from private.account_checks k where k.due_at <= p_now),
    'next_due_ms', (
      select greatest(extract(epoch from min(q.vt) - clock_timestamp()) * 1000, 0)::integer
      from (
        select min(s.vt) as vt from pgmq.q_sends s
        union all
        select min(r.vt) from pgmq.q_replies r
      ) q
      where q.vt <= clock_timestamp() + p_within
      -- Gives no row if nothing is due: greatest() ignores null, and would return 0.
      having count(*) > 0));
$$;
comment on function private.due_work(interval, timestamptz) is
  'What the worker has to do: sends and replies that are due within p_within; builds, looks for unknown sends and checks of '
  'accounts that are due now. next_due_ms: milliseconds until the next message, null if none is due within p_within. Security '
  'definer: the worker may not read these tables.';
grant execute on function private.due_work(interval, timestamptz) to worker;

-- schemas/sending/functions/late_evidence.sql

-- Late evidence: what a delivery receipt or Twilio's list says about an attempt that had been given up, given back, sent again or
-- assumed sent. Whatever was decided meanwhile, Twilio's statement about an attempt applies to that attempt and to no other.

create function private.resolve_send_alerts(p_org_id uuid, p_campaign_id uuid, p_now timestamptz)
returns void
language sql
set search_path = ''
as $$
  update public.alerts a set resolved_at = p_now
  where a.org_id = p_org_id and a.kind = 'send_unclear' and a.campaign_id is not distinct from p_campaign_id
    and a.resolved_at is null
    and not exists (
      select 1 from public.messages m
      where m.org_id = p_org_id and m.campaign_id is not distinct from p_campaign_id and m.is_unknown
        and m.needs_attention is not null);
$$;
comment on function private.resolve_send_alerts(uuid, uuid, timestamptz) is
  'Resolves the alert send_unclear of a campaign (null: of replies) when none of its sends waits for a person any more.';

create function private.charge_again(p_messages uuid[])
returns void
language sql
set search_path = ''
as $$
  insert into private.daily_usage as u (scope, scope_id, day, messages, segments)
  select c.scope, c.scope_id, c.day, c.messages, c.segments from private.charges_of(p_messages) c
  order by array_position(array['org', 'campaign', 'carrier', 'number'], c.scope), c.scope_id, c.day
  on conflict (scope, scope_id, day) do update
    set messages = u.messages + excluded.messages, segments = u.segments + excluded.segments;
$$;
comment on function private.charge_again(uuid[]) is
  'Charges the daily caps with messages that were sent after all, on the days for which they were planned. These are the last '
  'locks of a transaction.';

create function private.take_back_earlier(p_message public.messages, p_now timestamptz)
returns boolean
language plpgsql
set search_path = ''
as $$
declare
  v_earlier record;
begin
  -- The caller has ended p_message, and holds its lock and that of its target.
  select a.id as attempt_id, a.message_id, a.provider_sid, e.status into v_earlier
  from public.send_attempts a
  join public.messages m on m.id = a.message_id
  cross join lateral (
    select x.status from public.message_status_events x
    where x.message_id = a.message_id and x.attempt_id = a.id and private.provider_rank(x.status) >= 0
    order by private.provider_rank(x.status) desc, x.id limit 1) e
  where (m.id = p_message.id or m.campaign_target_id = p_message.campaign_target_id)
    and a.id is distinct from p_message.attempt_id and a.outcome = 'accepted'
      and e.status not in ('failed', 'undelivered', 'canceled')
  order by a.id limit 1;
  if not found then
    return false;
  end if;
  update public.messages m
  set status = case when v_earlier.status in ('delivered', 'read') then 'delivered' else 'sent' end::public.message_status,
      attempt_id = v_earlier.attempt_id, provider_sid = v_earlier.provider_sid, provider_status = v_earlier.status,
      provider_rank = private.provider_rank(v_earlier.status), error_code = null, error_message = null, needs_attention = null,
      sent_at = coalesce(m.sent_at, p_now), updated_at = p_now
  where m.id = v_earlier.message_id;
  update public.campaign_targets t
  set state = 'sent', delivery = case when v_earlier.status in ('delivered', 'read') then 'delivered' else 'unconfirmed' end,
      message_id = v_earlier.message_id, reason = null, error_code = null, needs_attention = null,
        sent_at = coalesce(t.sent_at, p_now), updated_at = p_now
  where t.id = p_message.campaign_target_id;
  update public.alerts a set resolved_at = p_now
  where a.org_id = p_message.org_id and a.kind = 'double_send' and a.resolved_at is null
    and a.details ->> 'message_id' = v_earlier.message_id::text;
  return true;
end;
$$;
comment on function private.take_back_earlier(public.messages, timestamptz) is
  'If an earlier attempt for the same step was sent after it had been given up, and its replacement p_message was not, the '
  'earlier one counts and nothing is sent again. Returns whether this was so.';

create function private.raise_double_send(p_message public.messages, p_replacement_id uuid)
returns void
language sql
set search_path = ''
as $$
  select private.raise_alert(p_message.org_id, 'double_send', 'critical',
    'A message that got no answer from Twilio was sent after all, and so was its replacement. The person may have got it twice.',
      p_message.campaign_id, null,
    jsonb_build_object('message_id', p_message.id, 'replacement_id', p_replacement_id));
$$;
comment on function private.raise_double_send(public.messages, uuid) is
  'Raises the alert about a message that a person may have received twice.';

-- schemas/sending/functions/lock_claim.sql

create function private.lock_claim(
  p_taken uuid[],
  out p_numbers uuid[],
  out p_targets uuid[],
  out p_people_orgs uuid[],
  out p_people_phones text[],
  out p_number_ids uuid[],
  out p_number_slots timestamptz[],
  out p_campaign_ids uuid[],
  out p_campaign_slots timestamptz[],
  out p_org_ids uuid[],
  out p_org_slots timestamptz[]
)
language plpgsql
set search_path = ''
as $$
declare
  v_campaigns uuid[];
  v_orgs uuid[];
  v_message_orgs uuid[];
  v_message_phones text[];
  v_has_steps boolean;
begin
  select array_agg(distinct m.campaign_id) filter (where m.campaign_id is not null), array_agg(distinct m.phone_number_id),
    array_agg(distinct m.org_id),
    array_agg(m.campaign_target_id) filter (where m.campaign_target_id is not null), array_agg(m.org_id), array_agg(m.to_number),
    bool_or(m.step > 1)
  into v_campaigns, p_numbers, v_orgs, p_targets, v_message_orgs, v_message_phones, v_has_steps
  from public.messages m where m.id = any (p_taken) and m.status = 'queued';

  -- In the usual order: campaign → clocks → contact → target → message, each by id.
  perform 1 from public.campaigns c where c.id = any (v_campaigns) order by c.id for share;
  perform 1 from public.phone_numbers n where n.id = any (p_numbers) order by n.id for share;
  select array_agg(p.org_id), array_agg(p.next_slot_at) into p_org_ids, p_org_slots from (
    select x.org_id, x.next_slot_at from private.org_pace x join public.orgs o on o.id = x.org_id
    where o.mps is not null and x.org_id = any (v_orgs)
    order by x.org_id for no key update of x) p;
  select array_agg(p.campaign_id), array_agg(p.next_slot_at) into p_campaign_ids, p_campaign_slots from (
    select x.campaign_id, x.next_slot_at from private.campaign_pace x join public.campaigns c on c.id = x.campaign_id
    where c.mps is not null and x.campaign_id = any (v_campaigns)
    order by x.campaign_id for no key update of x) p;
  select array_agg(p.phone_number_id), array_agg(p.next_slot_at) into p_number_ids, p_number_slots from (
    select x.phone_number_id, x.next_slot_at from private.number_pace x
    where x.phone_number_id = any (p_numbers)
    order by x.phone_number_id for no key update) p;
  if v_has_steps then
    select v_message_orgs || array_agg(o.org_id), v_message_phones || array_agg(o.e164) into v_message_orgs, v_message_phones
    from private.other_phones(p_taken) o;
  end if;
  select array_agg(p.org_id), array_agg(p.e164) into p_people_orgs, p_people_phones from (
    select c.org_id, c.e164 from private.contacts c
    where (c.org_id, c.e164) in (select x.org_id, x.e164 from unnest(v_message_orgs, v_message_phones) as x(org_id, e164))
    order by c.org_id, c.e164 for no key update skip locked) p;
  p_targets := array(
    select t.id from public.campaign_targets t where t.id = any (p_targets) order by t.id for no key update skip locked);
  if v_has_steps then
    -- Somebody else holds another phone of the person, perhaps to record an answer: tried again in a second.
    p_targets := array(
      select x.id from unnest(p_targets) as x(id)
      where not exists (
        select from private.other_phones(p_taken) o
        where o.target_id = x.id
          and (o.org_id, o.e164) not in (
            select h.org_id, h.e164 from unnest(p_people_orgs, p_people_phones) as h(org_id, e164))));
  end if;
end;
$$;
comment on function private.lock_claim(uuid[]) is
  'Locks what a claim of these messages needs; contacts and targets that other transactions hold are skipped. Returns the '
  'numbers (p_numbers), the targets and contacts that it holds, and the clocks of numbers, campaigns and organisations with the '
  'time of their next slot. Campaigns and organisations without a pace of their own have no clock here.';

-- schemas/sending/functions/looks.sql

-- Looks into Twilio's list, protected against mistakes: a slow look while a receipt or a person decides, and two sends of one
-- text to one person within minutes. Also recording texts that were not recorded.

create function private.ask_a_person(p_message_id uuid, p_reason text, p_now timestamptz)
returns boolean
language plpgsql
set search_path = ''
as $$
declare
  v_message public.messages;
begin
  select * into v_message from public.messages m where m.id = p_message_id;
  perform 1 from public.campaign_targets t where t.id = v_message.campaign_target_id for no key update;
  select * into v_message from public.messages m where m.id = p_message_id for no key update;
  -- It was settled meanwhile, so there is nothing left to decide.
  if v_message.status <> 'unknown' then
    return false;
  end if;
  update public.campaign_targets t set needs_attention = p_reason, updated_at = p_now
  where t.id = v_message.campaign_target_id and t.message_id = v_message.id;
  update public.messages m set needs_attention = p_reason, updated_at = p_now where m.id = v_message.id;
  perform private.raise_alert(v_message.org_id, 'send_unclear', 'warning',
    'Twilio''s list does not show whether a message was sent. A person must decide.', v_message.campaign_id, null,
    jsonb_build_object('message_id', v_message.id, 'reason', p_reason));
  return true;
end;
$$;
comment on function private.ask_a_person(uuid, text, timestamptz) is
  'Marks an unknown send for a person to decide, with the reason and an alert; returns false if it is settled already.';

create function private.has_rival(p_message public.messages, p_attempt public.send_attempts)
returns boolean
language sql
stable
set search_path = ''
as $$
  -- From a minute before (the POST of an open attempt is at most that late) to the end of the time in which a look searches.
  select exists (
    select 1 from public.messages x
    join public.send_attempts a on a.message_id = x.id
    left join public.template_versions xv on xv.template_id = x.template_id and xv.version = x.template_version
    where x.org_id = p_message.org_id and x.to_number = p_message.to_number and x.from_number = p_message.from_number
      and x.created_at > p_attempt.claimed_at - interval '2 days'
      and a.id <> p_attempt.id and a.provider_sid is null
      and a.outcome in ('open', 'unknown', 'not_accepted', 'assumed_sent', 'resent')
      and a.claimed_at between p_attempt.claimed_at - interval '1 minute' and p_attempt.claimed_at + interval '10 minutes'
      and coalesce(xv.content, x.content) = coalesce(
        (select v.content from public.template_versions v where v.template_id = p_message.template_id
          and v.version = p_message.template_version),
        p_message.content));
$$;
comment on function private.has_rival(public.messages, public.send_attempts) is
  'Whether another send of ours had the same text for the same person at about the same time, and its SID is unknown too: a '
  'message that Twilio lists may be that one.';

create function private.record_text(p_attempt_id uuid, p_content text, p_segments smallint, p_now timestamptz default now())
returns boolean
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_message public.messages;
begin
  update public.messages m set content = coalesce(m.content, p_content), segments = p_segments, updated_at = p_now
  from public.send_attempts a
  where a.id = p_attempt_id and a.outcome in ('accepted', 'assumed_sent') and m.id = a.message_id and m.segments is null
  returning m.* into v_message;
  -- Its worker is dead by now; if it reports its result after all, nothing is counted twice.
  update public.send_attempts a set next_look_at = null, http_status = coalesce(a.http_status, 0)
  where a.id = p_attempt_id and a.outcome in ('accepted', 'assumed_sent');
  if v_message.campaign_id is not null then
    insert into private.campaign_deltas (org_id, campaign_id, segments) values (v_message.org_id, v_message.campaign_id,
      p_segments);
  end if;
  return v_message.id is not null;
end;
$$;
comment on function private.record_text(uuid, text, smallint, timestamptz) is
  'Records text and segments of a message that was sent while its worker died; they were rendered again. Returns false if they '
  'are known already. Security definer: the worker may not write these tables.';
grant execute on function private.record_text(uuid, text, smallint, timestamptz) to worker;

-- schemas/sending/functions/plan.sql

-- Planning: who is next, from which number, with which text. It fills the queue only with what the numbers can send in the next
-- seconds, so that a pause takes effect quickly, no campaign starves another, and the queue stays small.

create function private.plan_all(p_now timestamptz default now())
returns integer
language sql
security definer
set search_path = ''
as $$
  select private.plan_running(null, p_now);
$$;
comment on function private.plan_all(timestamptz) is
  'Plans for every organisation with a running campaign, except those whose planning is resting; returns how many messages. The '
  'worker calls it when its supply runs low. Raises if one organisation fails: then use plan_all_apart. Security definer: the '
  'worker may not read these tables.';
grant execute on function private.plan_all(timestamptz) to worker;

create function private.template_sequence(p_campaign_id uuid, p_step smallint, p_variant smallint, p_length integer)
returns uuid[]
language sql
stable
set search_path = ''
as $$
  -- The k-th next use of a template comes at (uses + k) / weight: the template used least for its weight is always next.
  select array(
    select t.id
    from public.campaign_templates ct
    join public.templates t on t.id = ct.template_id and t.is_active
    join private.template_usage u on u.template_id = t.id
    cross join generate_series(1, p_length) k
    where ct.campaign_id = p_campaign_id and ct.step = p_step
      and (p_variant is null or ct.variant is null or ct.variant = p_variant)
    order by (u.uses + k)::double precision / ct.weight, t.id
    limit p_length);
$$;
comment on function private.template_sequence(uuid, smallint, smallint, integer) is
  'The next templates of a step of a campaign (for one of its variants), in the order in which rotation uses them. Templates '
  'without a variant are for everybody.';

create function private.let_campaign_sleep(p_campaign_id uuid, p_now timestamptz)
returns void
language sql
set search_path = ''
as $$
  -- No longer than a minute: whatever makes a target due sooner need not know of it.
  update private.campaign_turns p set wakes_at = least(d.due_at, p_now + interval '1 minute')
  from (
    select min(n.not_before) as due_at
    from private.waiting_keys(p_campaign_id) as k(key)
    cross join lateral (
      select t.not_before from public.campaign_targets t
      where t.campaign_id = p_campaign_id and t.is_waiting and t.window_key = k.key order by t.not_before limit 1
    ) n
  ) d
  where p.campaign_id = p_campaign_id and d.due_at > p_now;
$$;
comment on function private.let_campaign_sleep(uuid, timestamptz) is
  'Leaves a campaign out of planning until its first target is due, for a minute at most: the wait for a step may take weeks.';

create function private.plan_running(p_org_id uuid, p_now timestamptz)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_until timestamptz := clock_timestamp() + interval '3 seconds';
  v_resting uuid[] := private.resting_orgs('plan', p_org_id, p_now);
  v_planned integer := 0;
  v_id uuid;
begin
  -- Always in the same order, because the daily caps of all organisations stay locked until the end.
  for v_id in
    select distinct c.org_id from public.campaigns c join private.campaign_turns p on p.campaign_id = c.id
    where c.status = 'running' and p.wakes_at <= p_now and (p_org_id is null or c.org_id = p_org_id)
      and c.org_id <> all (v_resting)
    order by c.org_id
  loop
    v_planned := v_planned + private.plan_sends(v_id, p_now);
    exit when clock_timestamp() > v_until;
  end loop;
  return v_planned;
end;
$$;
comment on function private.plan_running(uuid, timestamptz) is
  'Plans for every organisation with a running campaign, for three seconds at most; returns how many messages. Organisations for '
  'which the time was not enough are planned by the tick, which starts at a random one. p_org_id: only this organisation; null: '
  'all except those for which this work is resting.';

create function private.plan_all_apart(p_now timestamptz default now())
returns integer
language sql
security definer
set search_path = ''
as $$
  select private.run_apart('plan', format('select private.plan_running($1, %L)', p_now), p_now)::integer;
$$;
comment on function private.plan_all_apart(timestamptz) is
  'Like plan_all, for when that raises: plans for one organisation after the other, so that a failure concerns only its '
  'organisation, is counted, and makes its planning rest. Security definer: the worker may not read these tables.';
grant execute on function private.plan_all_apart(timestamptz) to worker;

-- schemas/sending/functions/plan_campaign.sql

create function private.plan_campaign(p_campaign public.campaigns, p_org public.orgs, inout p_numbers private.pool_number[],
  p_quota integer, p_now timestamptz, out p_planned integer)
language plpgsql
-- Making a query plan anew each time costs as much as running it; every access here is by a key.
set plan_cache_mode = force_generic_plan
set search_path = ''
as $$
declare
  v_windows private.open_window[];
  v_candidates uuid[];
  -- Values that change from message to message are in arrays of their own, with the same indexes as the rows they belong to.
  v_pool private.pool_number[];
  v_rooms integer[];
  v_segment_rooms integer[];
  v_planned_on integer[];
  v_sequence integer[];
  v_levels integer[];
  v_next integer := 1;
  v_texts private.plan_text[];
  v_text_steps smallint[];
  v_step smallint;
  v_order integer[] := '{}';
  v_order_from integer[];
  v_order_to integer[];
  v_caps private.carrier_room[];
  v_cap_rooms integer[];
  v_row record;
  v_number integer;
  v_template integer;
  v_at integer;
  v_group integer;
  v_segments integer;
  v_left integer;
  v_plan private.planned_send[] := '{}';
  v_excluded private.excluded_target[] := '{}';
  v_deferred private.deferred_target[] := '{}';
begin
  p_planned := 0;
  v_windows := private.open_windows(p_campaign, p_now);
  v_candidates := private.free_candidates(p_campaign, v_windows, p_quota, p_now);
  if cardinality(v_candidates) = 0 then
    return;
  end if;
  select c.p_pool, c.p_rooms, c.p_segment_rooms, c.p_planned_on, c.p_left
  into v_pool, v_rooms, v_segment_rooms, v_planned_on, v_left from private.campaign_pool(p_campaign, p_numbers) c;
  v_texts := private.plan_texts(p_campaign, p_org.support_contact);
  if coalesce(v_left, 0) <= 0 or v_texts is null then
    return;
  end if;
  select s.p_sequence, s.p_levels into v_sequence, v_levels from private.number_sequence(v_pool, p_quota) s;
  v_text_steps := case when p_campaign.type = 'drip' then private.text_steps(p_campaign.id) end;
  v_caps := private.carrier_rooms(p_org.id, p_now);
  v_cap_rooms := array(select c.room from unnest(v_caps) with ordinality as c(id, carrier, room, n) order by c.n);

  for v_row in
    select * from private.plan_people(p_campaign, p_org, v_candidates, v_windows, v_pool, v_caps, p_now)
  loop
    exit when v_left <= 0 or p_planned >= p_quota;
    if v_row.obstacle not in ('held', 'earlier_step_open') then
      v_excluded := v_excluded || (v_row.id, v_row.obstacle)::private.excluded_target;
      continue;
    elsif v_row.obstacle is not null or v_row.last_day >= v_row.text_limit then
      v_deferred := v_deferred || (v_row.id, p_now + interval '1 hour', v_row.sticky_until,
        case v_row.obstacle when 'held' then 'The person''s answer must be read first.' end)::private.deferred_target;
      continue;
    end if;

    -- The text: no text that this person got within 30 days while there is another; otherwise the next in the sequence.
    v_step := coalesce(v_text_steps[v_row.step], 1);
    v_group := 11 * v_step + coalesce(v_row.variant, 0);
    if v_order_from[v_group] is null then
      v_order_from[v_group] := cardinality(v_order) + 1;
      v_order := v_order || private.text_order(p_campaign, v_texts, v_step, v_row.variant, cardinality(v_candidates));
      v_order_to[v_group] := cardinality(v_order);
    end if;
    v_at := null;
    for v_i in v_order_from[v_group] .. v_order_to[v_group] loop
      if (v_texts[v_order[v_i]].needs = '' or v_row.variables ?& string_to_array(v_texts[v_order[v_i]].needs, ','))
        and (v_row.recent_templates is null or v_texts[v_order[v_i]].id <> all (v_row.recent_templates)) then
        v_at := v_i;
        exit;
      end if;
      exit when v_i - v_order_from[v_group] >= cardinality(v_texts);
    end loop;
    v_template := case when v_at is not null then v_order[v_at]
      else private.text_out_of_turn(v_texts, v_plan, v_step, v_row.variant, v_row.variables, v_row.recent_templates) end;
    if v_template is null and v_order_from[v_group] <= v_order_to[v_group] then
      v_excluded := v_excluded || (v_row.id, 'missing_variable')::private.excluded_target;
      continue;
    elsif v_template is null then
      v_deferred := v_deferred || (v_row.id, p_now + interval '15 minutes', v_row.sticky_until,
        'No template of this person''s step and variant is active. Activate one.')::private.deferred_target;
      continue;
    end if;
    v_segments := greatest(v_texts[v_template].worst_segments, coalesce(v_row.min_segments, 1));
    if v_row.cap is not null and v_cap_rooms[v_row.cap] < v_segments then
      v_deferred := v_deferred || (v_row.id, (private.carrier_day(p_now) + 1)::timestamp at time zone 'America/Los_Angeles',
        v_row.sticky_until, null)::private.deferred_target;
      continue;
    end if;

    -- The number: the one this person knows, for which they wait up to 15 minutes (not after a failed attempt); otherwise one
    -- with their area code; otherwise the next in the sequence.
    v_number := null;
    if v_row.sticky is not null and v_pool[v_row.sticky].is_active then
      if v_rooms[v_row.sticky] > 0 and v_segment_rooms[v_row.sticky] >= v_segments then
        v_number := v_row.sticky;
      elsif v_row.attempts = 0 and coalesce(v_row.sticky_until > p_now, true) then
        v_deferred := v_deferred || private.wait_for_number(v_row.id, v_row.sticky_until, v_pool[v_row.sticky],
          v_segment_rooms[v_row.sticky] >= v_segments, p_campaign.quiet_hours_override, p_now);
        continue;
      end if;
    end if;
    if v_number is null then
      -- Messages that came to a number by area code or because the person knows it have used up the number's highest levels.
      while v_next <= cardinality(v_sequence) and v_levels[v_next] > v_rooms[v_sequence[v_next]] loop
        v_next := v_next + 1;
      end loop;
      v_number := private.next_number(v_pool, v_row.local_numbers, v_rooms, v_segment_rooms, v_segments, v_sequence, v_levels,
        v_next);
    end if;
    continue when v_number is null;

    p_planned := p_planned + 1;
    -- Becomes visible at about the time of its slot, so that a claim need not put back messages that are not due.
    v_plan[p_planned] := (v_row.id, private.uuid_v7(), v_number, v_template, v_segments, v_row.cap, v_row.variables,
      floor(v_planned_on[v_number] / v_pool[v_number].mps::double precision))::private.planned_send;
    v_rooms[v_number] := greatest(v_rooms[v_number] - v_segments, 0);
    v_segment_rooms[v_number] := v_segment_rooms[v_number] - v_segments;
    v_planned_on[v_number] := v_planned_on[v_number] + v_segments;
    v_left := v_left - v_segments;
    if v_row.cap is not null then
      v_cap_rooms[v_row.cap] := v_cap_rooms[v_row.cap] - v_segments;
    end if;
    if v_at is not null then
      -- Texts that were passed over stay next for the other people.
      if v_at > v_order_from[v_group] then
        v_order[v_order_from[v_group] + 1 : v_at] := v_order[v_order_from[v_group] : v_at - 1];
      end if;
      v_order_from[v_group] := v_order_from[v_group] + 1;
    end if;
  end loop;

  perform private.put_off_targets(p_campaign, v_excluded, v_deferred, p_now);
  if p_planned > 0 then
    perform private.write_plan(p_campaign, p_org, v_pool, v_texts, v_caps, v_plan, p_now);
    p_numbers := private.numbers_after_plan(p_numbers, v_planned_on, v_segment_rooms);
  end if;
end;
$$;
comment on function private.plan_campaign(public.campaigns, public.orgs, private.pool_number[], integer, timestamptz) is
  'Plans up to p_quota of a campaign''s waiting targets; returns the numbers with the room that is left, and how many messages '
  'it planned. The caller holds the organisation''s planning lock and a share lock on the campaign, and has opened the daily '
  'caps.';

-- schemas/sending/functions/plan_choices.sql

-- The choices of a plan for one person, and what they leave to the next person. private.plan_campaign has their order.

create function private.draw_texts(p_texts private.plan_text[], p_step smallint, p_people integer)
returns integer[]
language plpgsql
set search_path = ''
as $$
begin
  -- Each text comes at the times of a Poisson process that is as fast as its weight: so every draw is independent, whatever was
  -- drawn before, and a plan for one person is as fair as one for a thousand.
  return array(
    select d.n from (
      select t.n, sum(-ln(1 - random())) over (partition by t.n order by k) / t.weight as at
      from unnest(p_texts) with ordinality as t(id, worst_segments, variant, weight, uses, needs, step, n)
      cross join generate_series(1, p_people + cardinality(p_texts)) k
      where t.step = p_step
    ) d
    order by d.at limit p_people + cardinality(p_texts));
end;
$$;
comment on function private.draw_texts(private.plan_text[], smallint, integer) is
  'The order in which the texts of a step are used if its shares were learned, as indexes of p_texts: drawn by their weights.';

create function private.text_order(p_campaign public.campaigns, p_texts private.plan_text[], p_step smallint, p_variant smallint,
  p_people integer)
returns integer[]
language plpgsql
set search_path = ''
as $$
declare
  v_ids uuid[] := array(
    select t.id from unnest(p_texts) with ordinality as t(id, worst_segments, variant, weight, uses, needs, step, n)
    order by t.n);
begin
  if p_campaign.rotation = 'thompson' then
    return private.draw_texts(p_texts, p_step, p_people);
  end if;
  return array(
    select array_position(v_ids, s.id)
    from unnest(private.template_sequence(p_campaign.id, p_step, p_variant, p_people + cardinality(p_texts)))
      with ordinality as s(id, n) order by s.n);
end;
$$;
comment on function private.text_order(public.campaigns, private.plan_text[], smallint, smallint, integer) is
  'The order in which the texts of a step are used for the people of a variant (null: no variants), as indexes of p_texts.';

create function private.text_out_of_turn(p_texts private.plan_text[], p_plan private.planned_send[], p_step smallint,
  p_variant smallint, p_variables jsonb, p_recent uuid[])
returns integer
language plpgsql
stable
set search_path = ''
as $$
begin
  -- Checks all texts, because a text with many uses or a small weight does not occur within a round of the sequence.
  return (
    select t.n
    from unnest(p_texts) with ordinality as t(id, worst_segments, variant, weight, uses, needs, step, n)
    where t.step = p_step and (t.variant is null or t.variant = p_variant)
      and (t.needs = '' or p_variables ?& string_to_array(t.needs, ','))
    order by coalesce(t.id = any (p_recent), false),
      (t.uses + (select count(*) from unnest(p_plan) p where p.template = t.n)) / t.weight::double precision, t.id limit 1);
end;
$$;
comment on function private.text_out_of_turn(private.plan_text[], private.planned_send[], smallint, smallint, jsonb, uuid[]) is
  'The text of a step and variant for a person with these variables if no text in turn suits: a text that they did not get '
  'within 30 days (p_recent) before one that they got, then the least used for its weight, counting this plan''s messages. '
  'Returns its index in p_texts; null if none suits.';

create function private.next_number(
  p_pool private.pool_number[],
  p_local integer[],
  p_rooms integer[],
  p_segment_rooms integer[],
  p_segments integer,
  p_sequence integer[],
  p_levels integer[],
  p_from integer
)
returns integer
language plpgsql
immutable
set search_path = ''
as $$
declare
  v_number integer;
  v_i integer;
begin
  foreach v_i in array p_local loop
    if p_rooms[v_i] > 0 and p_segment_rooms[v_i] >= p_segments and (
      v_number is null or (p_pool[v_i].health, p_rooms[v_i]) > (p_pool[v_number].health, p_rooms[v_number])) then
      v_number := v_i;
    end if;
  end loop;
  if v_number is not null then
    return v_number;
  end if;
  for v_i in p_from .. coalesce(cardinality(p_sequence), 0) loop
    if p_levels[v_i] <= p_rooms[p_sequence[v_i]] and p_segment_rooms[p_sequence[v_i]] >= p_segments then
      return p_sequence[v_i];
    end if;
  end loop;
  return null;
end;
$$;
comment on function private.next_number(private.pool_number[], integer[], integer[], integer[], integer, integer[], integer[],
  integer) is
  'The number that takes the next message of p_segments segments, as an index of p_pool: among p_local (numbers with the '
  'person''s area code) the healthiest with most room, otherwise the next in p_sequence from p_from on. Null if none has room.';

create function private.wait_for_number(p_target_id uuid, p_sticky_until timestamptz, p_number private.pool_number,
  p_has_room_today boolean, p_any_hour boolean, p_now timestamptz)
returns private.deferred_target
language plpgsql
immutable
set search_path = ''
as $$
declare
  v_until timestamptz := coalesce(p_sticky_until, p_now + interval '15 minutes');
begin
  -- If only the number's next seconds are taken, the target is put off just for a moment; otherwise people of a busy number would
  -- keep idle numbers idle.
  return (p_target_id,
    case when p_number.usable and (p_number.is_open or p_any_hour) and p_has_room_today then p_now + interval '1 second'
      else v_until end,
    v_until, null)::private.deferred_target;
end;
$$;
comment on function private.wait_for_number(uuid, timestamptz, private.pool_number, boolean, boolean, timestamptz) is
  'Until when a target waits for the number that its person knows: 15 minutes from the first time. While only the number''s next '
  'seconds are taken, it is tried again every second.';

create function private.numbers_after_plan(p_numbers private.pool_number[], p_planned_on integer[], p_segment_rooms integer[])
returns private.pool_number[]
language plpgsql
immutable
set search_path = ''
as $$
begin
  return array(
    select (n.id, n.e164, n.area_code, n.mps, n.health, n.day, greatest(n.room - (p_planned_on[n.o] - n.planned), 0),
      p_segment_rooms[n.o], n.usable, n.is_open, p_planned_on[n.o], n.is_active)::private.pool_number
    from unnest(p_numbers) with ordinality as n(id, e164, area_code, mps, health, day, room, segment_room, usable, is_open,
      planned, is_active, o)
    order by n.o);
end;
$$;
comment on function private.numbers_after_plan(private.pool_number[], integer[], integer[]) is
  'The organisation''s numbers with the room that a campaign''s plan left, for the next campaign.';

-- schemas/sending/functions/plan_inputs.sql

-- The inputs of a plan of one campaign, read once for each plan. private.plan_campaign has their order.

create function private.open_windows(p_campaign public.campaigns, p_now timestamptz)
returns private.open_window[]
language plpgsql
set search_path = ''
as $$
declare
  v_version bigint := private.rules_version(p_campaign.org_id);
begin
  -- Answers that are not in the cache are computed and stored.
  return (
    select array_agg((k.key, w.max_per_24h)::private.open_window)
    from private.waiting_keys(p_campaign.id) as k(key)
    cross join lateral (
      select x.is_open, x.valid_to, x.max_per_24h from private.windows x
      where x.org_id = p_campaign.org_id and x.window_key = k.key and x.version = v_version and x.valid_from <= p_now
        and x.valid_to > p_now
      union all
      select x.is_open, x.valid_to, x.max_per_24h from private.window_state(p_campaign.org_id, k.key, p_now, true) x
      limit 1
    ) w
    where p_campaign.quiet_hours_override or (w.is_open and w.valid_to > p_now + interval '60 seconds'));
end;
$$;
comment on function private.open_windows(public.campaigns, timestamptz) is
  'The windows of a campaign''s waiting targets that are open for another minute; all of them if it sends at any hour. Null: '
  'none.';

create function private.plan_candidates(p_campaign_id uuid, p_windows private.open_window[], p_quota integer,
  p_now timestamptz)
returns uuid[]
language plpgsql
stable
set search_path = ''
as $$
declare
  v_keys text[] := array(select w.key from unnest(p_windows) w);
begin
  if v_keys = '{}' then
    return '{}';
  end if;
  -- Takes as many targets that were put off and are due again (those that wait for a number can take no other) as targets that
  -- are tried for the first time, so that neither keeps the others out; the oldest first across keys. Each key is a range of the
  -- index for either.
  return array(
    select c.id
    from unnest(v_keys) as k(key)
    cross join lateral (
      select t.id, t.not_before, t.ordinal from public.campaign_targets t
      where t.campaign_id = p_campaign_id and t.is_waiting and t.window_key = k.key and t.not_before > '-infinity'
        and t.not_before <= p_now
      order by t.not_before, t.ordinal limit p_quota
    ) c
    order by c.not_before, c.ordinal limit p_quota)
  || array(
    select c.id
    from unnest(v_keys) as k(key)
    cross join lateral (
      select t.id, t.ordinal from public.campaign_targets t
      where t.campaign_id = p_campaign_id and t.is_waiting and t.window_key = k.key and t.not_before = '-infinity'
      order by t.ordinal limit p_quota
    ) c
    order by c.ordinal limit p_quota);
end;
$$;
comment on function private.plan_candidates(uuid, private.open_window[], integer, timestamptz) is
  'Waiting targets of a campaign in these windows: up to p_quota of those that were put off and are due, and up to p_quota of '
  'those that were never tried.';

create function private.campaign_pool(p_campaign public.campaigns, p_numbers private.pool_number[],
  out p_pool private.pool_number[], out p_rooms integer[], out p_segment_rooms integer[], out p_planned_on integer[],
  out p_left integer)
language plpgsql
stable
set search_path = ''
as $$
declare
  v_chosen uuid[] := array(select cn.phone_number_id from public.campaign_phone_numbers cn where cn.campaign_id = p_campaign.id);
begin
  p_pool := array(
    select (n.id, n.e164, n.area_code, n.mps, n.health, n.day,
      case when x.is_in_pool and n.usable and (n.is_open or p_campaign.quiet_hours_override) then n.room else 0 end,
      n.segment_room, n.usable, n.is_open, n.planned, x.is_in_pool and n.is_active)::private.pool_number
    from unnest(p_numbers) with ordinality as n(id, e164, area_code, mps, health, day, room, segment_room, usable, is_open,
      planned, is_active, o)
    cross join lateral (select cardinality(v_chosen) = 0 or n.id = any (v_chosen) as is_in_pool) x
    order by n.o);
  select array_agg(n.room order by n.o), array_agg(n.segment_room order by n.o), array_agg(n.planned order by n.o),
    sum(least(n.room, n.segment_room))
  into p_rooms, p_segment_rooms, p_planned_on, p_left
  from unnest(p_pool) with ordinality as n(id, e164, area_code, mps, health, day, room, segment_room, usable, is_open, planned,
    is_active, o);
end;
$$;
comment on function private.campaign_pool(public.campaigns, private.pool_number[]) is
  'The organisation''s numbers, at the same indexes, as a campaign may use them: numbers that it may not use have no room and '
  'are not waited for. A campaign that lists no numbers uses all. Also returns their rooms as separate arrays, and the sum of '
  'all room.';

create function private.number_sequence(p_pool private.pool_number[], p_quota integer, out p_sequence integer[],
  out p_levels integer[])
language plpgsql
immutable
set search_path = ''
as $$
begin
  -- The healthiest number with most room comes first for each message: every level of every number's room is one place in the
  -- sequence.
  select array_agg(s.o::integer order by s.health desc, s.level desc, s.id),
    array_agg(s.level order by s.health desc, s.level desc, s.id)
  into p_sequence, p_levels
  from (
    select n.o, n.id, n.health, n.room - k as level
    from unnest(p_pool) with ordinality as n(id, e164, area_code, mps, health, day, room, segment_room, usable, is_open,
      planned, is_active, o)
    cross join generate_series(0, least(n.room, p_quota) - 1) k
  ) s;
end;
$$;
comment on function private.number_sequence(private.pool_number[], integer) is
  'The order in which numbers take messages, as indexes of p_pool, and the room that each has when its turn comes.';

create function private.plan_texts(p_campaign public.campaigns, p_support_contact text)
returns private.plan_text[]
language plpgsql
stable
set search_path = ''
as $$
begin
  return (
    select array_agg((t.id, t.worst_segments, ct.variant, coalesce(ct.learned_share, ct.weight),
      -- What was learned is of this campaign alone, so uses in others do not count.
      case p_campaign.rotation when 'even' then u.uses else 0 end, array_to_string(
      private.lead_needs(t.required_variables, p_support_contact), ','), ct.step)::private.plan_text
      order by t.id, ct.step)
    from public.campaign_templates ct
    join public.templates t on t.id = ct.template_id and t.is_active
    join private.template_usage u on u.template_id = t.id
    where ct.campaign_id = p_campaign.id);
end;
$$;
comment on function private.plan_texts(public.campaigns, text) is
  'The active templates of all steps of a campaign, by id. Null: none. p_support_contact: the organisation''s.';

create function private.text_steps(p_campaign_id uuid)
returns smallint[]
language plpgsql
stable
set search_path = ''
as $$
begin
  return (
    select array_agg(case when s.kind = 'next_phone' and not exists (
        select from public.campaign_templates ct where ct.campaign_id = s.campaign_id and ct.step = s.step) then 1 else s.step end
      order by s.step)
    from (
      select 1::smallint as step, 'text' as kind, p_campaign_id as campaign_id
      union all
      select x.step, x.kind, x.campaign_id from public.campaign_steps x where x.campaign_id = p_campaign_id
    ) s);
end;
$$;
comment on function private.text_steps(uuid) is
  'For each step of a campaign, whose texts it uses: its own, or those of the first step.';

create function private.carrier_rooms(p_org_id uuid, p_now timestamptz)
returns private.carrier_room[]
language plpgsql
stable
set search_path = ''
as $$
begin
  return (
    select array_agg((c.id, c.carrier, greatest(c.daily_segments - coalesce(u.segments, 0), 0))::private.carrier_room
      order by c.daily_segments, c.id)
    from public.carrier_caps c
    left join private.daily_usage u on u.scope = 'carrier' and u.scope_id = c.id and u.day = private.carrier_day(p_now)
    where c.org_id = p_org_id);
end;
$$;
comment on function private.carrier_rooms(uuid, timestamptz) is
  'The carrier caps of an organisation with what is left of them today, the smallest cap first. Null: none.';

-- schemas/sending/functions/plan_people.sql

create function private.plan_people(
  p_campaign public.campaigns,
  p_org public.orgs,
  p_candidates uuid[],
  p_windows private.open_window[],
  p_pool private.pool_number[],
  p_caps private.carrier_room[],
  p_now timestamptz
)
returns table (
  id uuid, step smallint, min_segments smallint, attempts smallint, sticky_until timestamptz, variant smallint,
  text_limit smallint, last_day integer, obstacle text, sticky integer, local_numbers integer[],
  variables jsonb, recent_templates uuid[], cap integer
)
language plpgsql
set search_path = ''
as $$
declare
  v_cooldown timestamptz := p_now - make_interval(days => coalesce(p_campaign.cooldown_days, p_org.cooldown_days));
  v_limited_keys text[];
  v_limits smallint[];
  v_number_ids uuid[];
  v_area_codes text[];
  v_people text[];
begin
  select array_agg(w.key), array_agg(w.max_per_24h) into v_limited_keys, v_limits
  from unnest(p_windows) w where w.max_per_24h is not null;
  select array_agg(n.id order by n.o), array_agg(n.area_code order by n.o) into v_number_ids, v_area_codes
  from unnest(p_pool) with ordinality as n(id, e164, area_code, mps, health, day, room, segment_room, usable, is_open, planned,
    is_active, o);

  -- People whose contact another transaction holds (STOP, a claim) are left out of this plan: nothing here ever waits for a
  -- contact. Contacts are locked one by one, by their key and in its order, whatever the statistics say about a new organisation.
  -- Two steps of one person may be candidates of one plan.
  v_people := array(select distinct t.e164 from public.campaign_targets t where t.id = any (p_candidates) order by t.e164);
  v_people := array(
    select held.e164 from unnest(v_people) as p(e164)
    cross join lateral (
      select c.e164 from private.contacts c where c.org_id = p_org.id and c.e164 = p.e164 for no key update skip locked
    ) held);

  return query
  select t.id, t.step, t.min_segments, t.attempts, t.sticky_until,
    t.variant, v_limits[array_position(v_limited_keys, t.window_key)] as text_limit, day.texts as last_day,
    case when c.suppressed_at is not null then 'suppressed' when c.invalid_at is not null then 'invalid_phone'
      when c.held_at is not null then 'held'
      when refused.reason is not null then refused.reason
      when c.last_sent_at > v_cooldown and c.last_campaign_id is distinct from p_campaign.id then 'recently_contacted'
      when t.step > 1 then private.step_obstacle(t.id) end as obstacle,
    array_position(v_number_ids, c.phone_number_id) as sticky,
    array_positions(v_area_codes, substr(t.e164, 3, 3)) as local_numbers,
    l.variables, recent.templates as recent_templates, carrier.cap
  from (
    -- A second statement sees everything that was committed before the locks.
    select x.* from public.campaign_targets x
    where x.id = any (p_candidates) and x.state = 'waiting' for no key update skip locked
  ) t
  cross join lateral (
    select k.suppressed_at, k.invalid_at, k.last_sent_at, k.last_campaign_id, k.phone_number_id, k.held_at
    from private.contacts k where k.org_id = p_org.id and k.e164 = t.e164 limit 1
  ) c
  -- By any lead that has the phone.
  left join lateral (
    select r.reason from private.refused_phones r
    where r.org_id = p_org.id and r.e164 = t.e164 order by r.reason limit 1
  ) refused on true
  join private.lead_values l on l.lead_id = t.lead_id
  left join lateral (
    select array_agg(m.template_id) as templates
    from public.messages m
    -- "is true" leaves the planner only the index on to_number: with statistics from before a burst it used the index of the
    -- organisation, and read the whole burst for each person.
    where m.to_number = t.e164 and (m.org_id = p_org.id) is true and (m.created_at > p_now - interval '30 days') is true
      and m.kind = 'campaign' and m.status not in ('failed', 'canceled')
  ) recent on true
  cross join lateral (
    -- Counted only if a rule limits it: messages that were sent and messages that are queued.
    select case when t.window_key = any (v_limited_keys) then cardinality(private.texts_in_day(p_org.id, t.e164, p_now)) + (
      select count(*)::integer from public.messages m
      where m.to_number = t.e164 and (m.org_id = p_org.id) is true and m.status = 'queued'
        and (m.kind = 'campaign' or m.kind = 'direct' and m.exempt is null)) end as texts
  ) day
  left join public.lead_phones p on p_caps is not null and p.id = t.lead_phone_id
  cross join lateral (
    -- A phone with an unknown carrier counts against the smallest cap, which is the first.
    select case when p_caps is null then null when p.carrier is null then 1 else (
      select min(w.n)::integer from unnest(p_caps) with ordinality as w(id, word, room, n)
        where position(w.word in lower(p.carrier)) > 0) end as cap
  ) carrier
  join unnest(v_people) as held(e164) on held.e164 = t.e164
  order by t.not_before = '-infinity', t.ordinal;
end;
$$;
comment on function private.plan_people(public.campaigns, public.orgs, uuid[], private.open_window[], private.pool_number[],
  private.carrier_room[], timestamptz) is
  'The candidates of a plan that no other transaction holds, locked together with their contacts, and what is known of each. '
  'obstacle: why the person may not be written to (held, earlier_step_open: not yet). sticky and local_numbers: indexes of '
  'p_pool. cap: an index of p_caps. last_day: the number of texts to them in 24 hours, if text_limit limits it.';

-- schemas/sending/functions/plan_sends.sql

create function private.plan_sends(p_org_id uuid, p_now timestamptz default now(), p_horizon interval default '5 seconds',
  p_max integer default 500)
returns integer
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_org public.orgs;
  v_numbers private.pool_number[];
  v_campaign public.campaigns;
  v_campaigns uuid[];
  v_id uuid;
  v_day date;
  v_org_room integer;
  v_room integer;
  v_share integer;
  v_planned integer := 0;
  v_pass integer;
  v_queued integer;
  v_most constant integer := 200;
  v_most_queued integer := greatest(1000, p_max);
  v_until timestamptz := clock_timestamp() + interval '1 second';
  v_looked_at uuid[] := '{}';
begin
  -- One planner for each organisation: a second one would have nothing to add.
  if not pg_try_advisory_xact_lock(hashtextextended('plan_sends:' || p_org_id::text, 0)) then
    return 0;
  end if;
  select * into v_org from public.orgs o where o.id = p_org_id;
  if not found or exists (select 1 from private.org_pace p where p.org_id = p_org_id and p.resting_until > p_now) then
    return 0;
  end if;
  v_day := (p_now at time zone v_org.time_zone)::date;

  v_campaigns := array(
    select c.id from public.campaigns c join private.campaign_turns p on p.campaign_id = c.id
    where c.org_id = p_org_id and c.status = 'running' and p.wakes_at <= p_now
      and exists (select 1 from public.campaign_targets t where t.campaign_id = c.id and t.is_waiting)
    order by p.planned_at, c.started_at, c.id limit v_most);
  if cardinality(v_campaigns) = 0 then
    return 0;
  end if;

  -- Locks daily caps before contacts, as everywhere.
  perform private.open_usage('org', array[p_org_id], array[v_day]);
  perform private.open_usage('campaign', v_campaigns, array_fill(v_day, array[cardinality(v_campaigns)]));
  perform private.open_usage('carrier', array_agg(c.id), array_agg(private.carrier_day(p_now)))
  from public.carrier_caps c where c.org_id = p_org_id having count(*) > 0;
  perform private.open_usage('number', array_agg(n.id), array_agg((p_now at time zone n.time_zone)::date))
  from public.phone_numbers n where n.org_id = p_org_id and n.status <> 'released' having count(*) > 0;

  v_numbers := array(select n from private.number_room(p_org_id, p_horizon, p_now) n);
  select coalesce(sum(n.planned), 0) into v_queued from unnest(v_numbers) n;
  select least(
    p_max,
    -- An organisation with more numbers than the workers can serve must not fill the queue, because its messages come before
    -- those that others add.
    greatest(v_most_queued - v_queued, 0),
    coalesce(sum(least(n.room, n.segment_room)) filter (where n.usable), 0),
    greatest(coalesce(v_org.daily_cap, 2147483647) - (select u.messages from private.daily_usage u
      where u.scope = 'org' and u.scope_id = p_org_id and u.day = v_day), 0),
    private.spending_room(p_org_id, p_now),
    case when v_org.mps is null then 2147483647
      else greatest(ceil(v_org.mps * extract(epoch from p_horizon))::integer - v_queued, 0) end)::integer
  into v_org_room from unnest(v_numbers) n;

  -- Campaigns take turns with equal shares; what is left of a share goes to the other campaigns, the oldest first.
  for v_pass in 1 .. 2 loop
    foreach v_id in array v_campaigns loop
      exit when v_org_room <= 0 or clock_timestamp() > v_until;
      v_looked_at := v_looked_at || v_id;
      select * into v_campaign from public.campaigns c where c.id = v_id and c.status = 'running' for share skip locked;
      continue when not found;
      -- Plans by the hours that the claim will check: messages planned in hours that the claim refuses would be canceled and
      -- planned again.
      if v_campaign.quiet_hours_override then
        v_campaign.quiet_hours_override := private.honours_override(v_campaign);
      end if;
      v_share := case v_pass
        when 1 then ceil(v_org_room::numeric
          / greatest(cardinality(v_campaigns) - array_position(v_campaigns, v_id) + 1, 1))::integer
        else v_org_room end;
      select least(v_share,
        greatest(coalesce(v_campaign.daily_cap, 2147483647) - u.messages, 0),
        case when v_campaign.mps is null then 2147483647
          else greatest(ceil(v_campaign.mps * extract(epoch from p_horizon))::integer - (
          select count(*)::integer from public.messages m where m.campaign_id = v_id and m.is_open and m.status = 'queued'),
            0) end)
      into v_room
      from private.daily_usage u where u.scope = 'campaign' and u.scope_id = v_id and u.day = v_day;
      continue when v_room <= 0;
      select x.p_numbers, x.p_planned into v_numbers, v_room
        from private.plan_campaign(v_campaign, v_org, v_numbers, v_room, p_now) x;
      v_planned := v_planned + v_room;
      v_org_room := v_org_room - v_room;
      if v_room > 0 then
        update private.campaign_turns set planned_at = clock_timestamp() where campaign_id = v_id;
      elsif v_campaign.type = 'drip' or exists (
        select from public.campaign_tests t where t.campaign_id = v_id and t.test_percent < 100) then
        perform private.let_campaign_sleep(v_id, p_now);
      end if;
    end loop;
    exit when v_org_room <= 0 or cardinality(v_campaigns) = 1;
  end loop;
  -- There were more campaigns than one plan may process, or they took too long: those that were processed are last next time,
  -- whether they could send or not.
  if cardinality(v_campaigns) = v_most or clock_timestamp() > v_until then
    update private.campaign_turns p set planned_at = clock_timestamp()
    where p.campaign_id in (
      select x.campaign_id from private.campaign_turns x where x.campaign_id = any (v_looked_at)
        order by x.campaign_id for no key update);
  end if;
  return v_planned;
end;
$$;
comment on function private.plan_sends(uuid, timestamptz, interval, integer) is
  'Plans an organisation''s next sends: what its numbers can send within p_horizon beyond what is queued, at most p_max, and so '
  'that at most 1,000 (or p_max, if that is more) are queued. Returns how many; 0 if another planner is active. Processes the '
  '200 campaigns that waited longest, and begins no further one after a second: the next plan continues with the others. '
  'Security definer: the worker may not read or write these tables.';

-- schemas/sending/functions/receipts.sql

-- Delivery receipts: Twilio's status callbacks, applied by rank, so that their order, repetition and delay do not matter. A
-- receipt contains our message and attempt (?mid=…&a=…), so it may arrive before the answer to the POST.

create function private.provider_rank(p_status text)
returns smallint
language sql
immutable
set search_path = ''
as $$
  select case p_status
    when 'accepted' then 0 when 'scheduled' then 0 when 'queued' then 1 when 'sending' then 2 when 'sent' then 3
    when 'failed' then 4 when 'undelivered' then 4 when 'delivered' then 4 when 'canceled' then 4 when 'read' then 5
    else -1 end::smallint;
$$;
comment on function private.provider_rank(text) is
  'The rank of a Twilio message status. A lower rank never replaces a higher one, nor one final status another. -1: an unknown '
  'status.';

create function private.mark_undelivered(p_message public.messages, p_code integer, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_class private.error_classes := private.error_class(p_code);
begin
  update public.messages m set error_code = p_code, error_message = v_class.note, settled_at = p_now, updated_at = p_now
    where m.id = p_message.id;
  perform private.learn_from_error(p_message, p_code, p_now);
end;
$$;
comment on function private.mark_undelivered(public.messages, integer, timestamptz) is
  'Ends an undelivered message that is not retried, and applies its error code to the phone: marks or suppresses it.';

create function private.twilio_accounts_for(p_account_sid text)
returns table (org_id uuid, auth_token text)
language sql
stable
security definer
set search_path = ''
as $$
  select a.org_id, s.decrypted_secret
  from public.twilio_accounts a join vault.decrypted_secrets s on s.id = a.auth_token_secret_id
  where a.account_sid = p_account_sid;
$$;
comment on function private.twilio_accounts_for(text) is
  'The organisation of a Twilio account, and the token that signs its webhooks and authorises its calls. Security definer: the '
  'worker may read secrets in Vault only through this function.';
grant execute on function private.twilio_accounts_for(text) to worker;

create function private.apply_late_success(
  p_message public.messages,
  p_attempt public.send_attempts,
  p_provider_sid text,
  p_status text,
  p_rank smallint,
  p_now timestamptz
)
returns text
language plpgsql
set search_path = ''
as $$
declare
  v_target public.campaign_targets;
  v_newer public.messages;
begin
  -- We had given this message up (or back), and Twilio says that it was sent. Its replacement must not be sent.
  select * into v_target from public.campaign_targets t where t.id = p_message.campaign_target_id;
  select * into v_newer from public.messages m where m.id = v_target.message_id and m.id <> p_message.id for no key update;
  if v_newer.status = 'queued' then
    update public.messages m set status = 'canceled', error_message = 'an earlier attempt went out', settled_at = p_now,
      updated_at = p_now where m.id = v_newer.id;
  elsif v_newer.status not in ('failed', 'undelivered', 'canceled') then
    update public.messages m set provider_status = p_status, provider_rank = p_rank,
      provider_sid = coalesce(m.provider_sid, p_provider_sid),
      needs_attention = 'Twilio sent this message after it had been given up, and its replacement was sent too.',
        updated_at = p_now
    where m.id = p_message.id;
    perform private.raise_double_send(p_message, v_newer.id);
    if p_attempt.outcome in ('not_accepted', 'resent') then
      perform private.charge_again(array[p_message.id]);
    end if;
    return 'double_send';
  end if;
  update public.messages m
  set status = case when p_status in ('delivered', 'read') then 'delivered'
    else 'sent' end::public.message_status, attempt_id = p_attempt.id,
      error_code = null, error_message = null, needs_attention = null, provider_status = p_status, provider_rank = p_rank,
      provider_sid = coalesce(m.provider_sid, p_provider_sid), sent_at = coalesce(m.sent_at, p_now), updated_at = p_now
  where m.id = p_message.id;
  update public.campaign_targets t
  set state = 'sent', delivery = case when p_status in ('delivered', 'read') then 'delivered'
    else 'unconfirmed' end, message_id = p_message.id,
      reason = null, error_code = null, needs_attention = null, sent_at = coalesce(t.sent_at, p_now), updated_at = p_now
  where t.id = p_message.campaign_target_id;
  -- The replacement's charge is refunded, and the daily caps are charged with this message, which had been refunded.
  if v_newer.status = 'queued' then
    perform private.lock_usage(array[p_message.id, v_newer.id]);
    perform private.refund_usage(array[v_newer.id]);
  end if;
  -- A direct text that is queued again is charged already.
  if p_attempt.outcome in ('not_accepted', 'resent') and p_message.status <> 'queued' then
    perform private.charge_again(array[p_message.id]);
  end if;
  return 'late_success';
end;
$$;
comment on function private.apply_late_success(public.messages, public.send_attempts, text, text, smallint, timestamptz) is
  'Restores a message that had been given up: cancels its replacement if that is not posted yet, or raises an alert if it was '
  'posted too. p_attempt: the attempt as it was before this was known.';

create function private.apply_receipts(p_receipts jsonb, p_now timestamptz default now())
returns jsonb
language plpgsql
security definer
set search_path = ''
set plan_cache_mode = force_generic_plan
as $$
declare
  v_results text[] := array_fill(null::text, array[jsonb_array_length(p_receipts)]);
  v_targets uuid[];
  v_messages uuid[];
  v_row record;
begin
  select array_agg(m.id), array_agg(m.campaign_target_id) into v_messages, v_targets
  from jsonb_to_recordset(p_receipts) as r(org_id uuid, message_id uuid)
  join public.messages m on m.id = r.message_id and m.org_id = r.org_id;
  -- Locks all of them in the usual order before any is applied. Applied one by one, they would be locked in the order in which
  -- they arrived.
  perform 1 from public.campaign_targets t where t.id = any (v_targets) order by t.id for no key update;
  perform 1 from public.messages m where m.id = any (v_messages) order by m.id for no key update;

  for v_row in
    select r.*
    from rows from (jsonb_to_recordset(p_receipts) as (
      org_id uuid, message_id uuid, attempt_id uuid, provider_sid text, status text, error_code integer,
        raw jsonb)) with ordinality
      as r(org_id, message_id, attempt_id, provider_sid, status, error_code, raw, n)
    join public.messages m on m.id = r.message_id and m.org_id = r.org_id
    -- Other receipts lock campaigns and contacts, which come before targets in the order of locks: the caller applies them one by
    -- one.
    where m.attempt_id = r.attempt_id and m.status in ('sending', 'unknown', 'sent')
      and r.status not in ('failed', 'undelivered', 'canceled')
    order by r.n
  loop
    v_results[v_row.n] := private.apply_receipt(v_row.org_id, v_row.message_id, v_row.attempt_id, v_row.provider_sid,
      v_row.status,
      v_row.error_code, v_row.raw, p_now);
  end loop;
  return to_jsonb(v_results);
end;
$$;
comment on function private.apply_receipts(jsonb, timestamptz) is
  'Applies, in one transaction, those of several delivery receipts that report progress of a current attempt: [{org_id, '
  'message_id, attempt_id, provider_sid, status, error_code, raw}]. Returns a list in the same order: the result of '
  'private.apply_receipt, or null for a receipt for which that function must be called separately (failures, and receipts of '
  'messages that ended or of attempts given up). Security definer: the worker may not write these tables.';
grant execute on function private.apply_receipts(jsonb, timestamptz) to worker;

create function private.receipt_details(p_raw jsonb)
returns jsonb
language plpgsql
immutable
set search_path = ''
as $$
declare
  v_kept jsonb;
  v_text text;
begin
  if jsonb_typeof(p_raw) is distinct from 'object' then
    return null;
  end if;
  v_kept := p_raw - '{AccountSid,AuthToken,ApiKey,ApiKeySid,ApiSecret,ApiKeySecret,Authorization,Password,Secret,Token}'::text[];
  v_text := v_kept::text;
  if length(v_text) > 20000 then
    return null;
  -- Hundreds of receipts arrive in a second. Matching a pattern costs a tenth of applying one, so it is done only if needed.
  elsif strpos(v_text, 'AC') = 0 and strpos(v_text, 'SK') = 0 then
    return v_kept;
  end if;
  return regexp_replace(v_text, '(AC|SK)[0-9A-Fa-f]{32}', '\1…', 'g')::jsonb;
end;
$$;
comment on function private.receipt_details(jsonb) is
  'The part of a delivery receipt''s form that is stored: everything except AccountSid, fields with names of credentials, and '
  'ids of accounts and API keys within other fields. Null if it is not an object or has more than 20,000 characters.';

-- schemas/sending/functions/record_look.sql

create function private.record_look(
  p_attempt_id uuid,
  p_provider_sid text,
  p_provider_status text default null,
  p_error_code integer default null,
  p_content text default null,
  p_now timestamptz default now()
)
returns text
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_attempt public.send_attempts;
  v_message public.messages;
begin
  select m.* into v_message from public.messages m join public.send_attempts a on a.message_id = m.id where a.id = p_attempt_id;
  if p_provider_sid is not null then
    -- Looks again: the listed message belongs to another message of ours by now.
    if exists (select 1 from public.messages m where m.provider_sid = p_provider_sid and m.kind <> 'inbound'
      and m.org_id = v_message.org_id and m.id <> v_message.id) then
      return 'look_again';
    end if;
    select * into v_attempt from public.send_attempts a where a.id = p_attempt_id;
    if v_attempt.outcome <> 'accepted' and private.has_rival(v_message, v_attempt) then
      -- Does nothing if the attempt is settled: this look was slow, and what it found may be what was sent in its place.
      perform private.give_up_look(p_attempt_id,
        'Twilio lists one message with this text, and several of ours to this person got no answer in the same minutes.', p_now);
      return 'unclear';
    end if;
    -- Applied as a receipt, which takes its own locks: locks held before it could deadlock with Twilio's own receipt. A status
    -- that we do not know still means that Twilio has the message.
    perform private.apply_receipt(v_message.org_id, v_message.id, p_attempt_id, p_provider_sid,
      case when private.provider_rank(p_provider_status) < 0 then 'queued' else p_provider_status end, p_error_code,
      jsonb_build_object('source', 'list'), p_now);
    update public.messages m set provider_sid = coalesce(m.provider_sid, p_provider_sid), content = coalesce(m.content, p_content)
      where m.id = v_message.id;
    return 'found';
  end if;

  -- Locks the campaign too, because it may have to continue.
  perform 1 from public.campaigns c where c.id = v_message.campaign_id for no key update;
  perform 1 from public.campaign_targets t where t.id = v_message.campaign_target_id for no key update;
  select * into v_message from public.messages m where m.id = v_message.id for no key update;
  select * into v_attempt from public.send_attempts a where a.id = p_attempt_id for no key update;
  if v_attempt.outcome <> 'unknown' then
    return 'settled';
  end if;

  -- Two looks are needed, however many workers look: a look whose result came late is not a second look.
  if v_attempt.looks = 0 or v_attempt.looked_at > p_now - interval '10 minutes' then
    update public.send_attempts a
    set looks = 1, looked_at = coalesce(a.looked_at, p_now), next_look_at = coalesce(a.looked_at, p_now) + interval '10 minutes'
    where a.id = p_attempt_id;
    return 'look_again';
  end if;
  update public.send_attempts a set looks = a.looks + 1, next_look_at = null, outcome = 'not_accepted' where a.id = p_attempt_id;
  if v_message.status <> 'unknown' then
    return 'settled';
  end if;
  -- Twilio does not have it: it is safe to retry, as a new message. Replies and confirmations are never retried.
  update public.messages m
  set status = 'failed', error_message = 'Twilio has no such message', needs_attention = null, settled_at = p_now,
    updated_at = p_now
  where m.id = v_message.id;
  if v_message.needs_attention is not null then
    perform private.resolve_send_alerts(v_message.org_id, v_message.campaign_id, p_now);
  end if;
  if private.take_back_earlier(v_message, p_now) then
    -- An earlier attempt of the same direct text keeps its charge.
    if v_message.kind = 'campaign' then
      perform private.refund_usage(array[v_message.id]);
    end if;
    return 'earlier_one_stands';
  elsif v_message.kind = 'campaign' then
    update public.campaign_targets t
    set state = case when c.status = 'stopped' then 'canceled' when t.attempts >= 3 then 'failed'
      else 'waiting' end::public.target_state,
        reason = case when c.status = 'stopped' then 'stopped' when t.attempts >= 3 then 'error' end,
        message_id = null, not_before = p_now,
        needs_attention = case when t.attempts >= 3
          and c.status <> 'stopped' then 'Three attempts got no answer from Twilio.' end, updated_at = p_now
    from public.campaigns c
    where c.id = t.campaign_id and t.id = v_message.campaign_target_id and t.message_id = v_message.id;
    -- A campaign that had completed meanwhile continues for the target that waits again.
    if exists (select from public.campaign_targets t where t.id = v_message.campaign_target_id and t.state = 'waiting') then
      perform private.reopen_campaign(v_message.campaign_id);
    end if;
    perform private.raise_alert(v_message.org_id, 'send_unanswered', 'warning',
      'Three attempts to send a message got no answer from Twilio.',
      v_message.campaign_id, null, jsonb_build_object('message_id', v_message.id))
    from public.campaign_targets t where t.id = v_message.campaign_target_id and t.needs_attention is not null;
    perform private.refund_usage(array[v_message.id]);
  else
    update public.messages m set needs_attention = 'Twilio has no such message. Write again if it is still wanted.'
      where m.id = v_message.id;
    perform private.raise_alert(v_message.org_id, 'reply_not_sent', 'warning',
      'A reply was not sent, and will not be sent again automatically.',
      null, v_message.phone_number_id, jsonb_build_object('message_id', v_message.id));
    perform private.refund_usage(array[v_message.id]);
  end if;
  return 'safe_to_retry';
end;
$$;
comment on function private.record_look(uuid, text, text, integer, text, timestamptz) is
  'Records a look into Twilio''s list. Found (p_provider_sid and its status): settles the attempt. Not found twice, 10 minutes '
  'apart: safe to retry. Returns found, unclear (the listed message may be another one''s), look_again, safe_to_retry, '
  'earlier_one_stands (an attempt given up earlier was sent after all) or settled. Security definer: the worker may not write '
  'these tables.';
grant execute on function private.record_look(uuid, text, text, integer, text, timestamptz) to worker;

-- schemas/sending/functions/regions.sql

-- Regions that an account may not text (Twilio error 21408). That is a setting of the account and nobody's fault. People there
-- wait, Twilio is not asked again for each of them, and all others are written to.

create function private.phone_region(p_e164 text)
returns text
language plpgsql
stable
set search_path = ''
as $$
begin
  return coalesce((
    select a.state from private.area_codes a
    where p_e164 like '+1%' and a.area_code = substr(p_e164, 3, 3) and a.state in ('AS', 'GU', 'MP', 'PR', 'VI')), 'US');
end;
$$;
comment on function private.phone_region(text) is
  'The region by which Twilio permits messages: a territory that has area codes of its own (PR, VI, GU, MP, AS), else US.';

create function private.region_names(p_regions text[])
returns text
language sql
immutable
set search_path = ''
as $$
  select string_agg(coalesce(n.name, r.region) || coalesce(' (+1 ' || n.codes || ')', ''), ', ' order by r.region)
  from unnest(p_regions) as r(region)
  left join (values ('AS', 'American Samoa', '684'), ('GU', 'Guam', '671'), ('MP', 'the Northern Mariana Islands', '670'),
    ('PR', 'Puerto Rico', '787, 939'), ('US', 'the United States', null), ('VI', 'the U.S. Virgin Islands', '340'))
    as n(region, name, codes) on n.region = r.region;
$$;
comment on function private.region_names(text[]) is 'Regions for people to read, with their area codes.';

create function private.block_region(p_org_id uuid, p_e164 text, p_code integer, p_claimed_at timestamptz, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_regions text[];
begin
  -- A refusal of an attempt from before a person released the regions says nothing about now.
  update private.org_pace p set blocked_regions = p.blocked_regions || private.phone_region(p_e164)
  where p.org_id = p_org_id and private.phone_region(p_e164) <> all (p.blocked_regions)
    and p.regions_released_at < p_claimed_at
  returning p.blocked_regions into v_regions;
  if not found then
    return;
  end if;
  -- One alert names all of them.
  perform private.close_alerts(p_org_id, 'region_not_permitted', p_now);
  perform private.raise_alert(p_org_id, 'region_not_permitted', 'critical',
    format('Your Twilio account may not send to %s (error %s). People there wait; all others are written to. Enable it at Twilio '
      '(Messaging, Settings, Geo permissions), then resolve this alert or resume a campaign.',
      private.region_names(v_regions), p_code), null, null, jsonb_build_object('regions', v_regions, 'error_code', p_code));
end;
$$;
comment on function private.block_region(uuid, text, integer, timestamptz, timestamptz) is
  'Lets everybody in the region of a phone wait, with an alert, because Twilio refused an attempt claimed at p_claimed_at.';

create function private.release_regions(p_org_id uuid, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
begin
  update private.org_pace p set blocked_regions = '{}', regions_released_at = p_now
  where p.org_id = p_org_id and p.blocked_regions <> '{}';
  if not found then
    return;
  end if;
  update public.campaign_targets t set not_before = p_now, needs_attention = null, updated_at = p_now
  where t.id = any (array(
    select x.id from public.campaigns c
    join public.campaign_targets x on x.campaign_id = c.id and x.is_waiting and x.error_code = 21408 and x.not_before > p_now
    where c.org_id = p_org_id and c.status in ('running', 'paused')
    order by x.id for no key update of x));
end;
$$;
comment on function private.release_regions(uuid, timestamptz) is
  'Tries an organisation''s blocked regions again: whoever waits for one is due. The caller closes the alert.';

create function private.free_candidates(p_campaign public.campaigns, p_windows private.open_window[], p_quota integer,
  p_now timestamptz)
returns uuid[]
language plpgsql
set search_path = ''
as $$
declare
  v_candidates uuid[] := private.plan_candidates(p_campaign.id, p_windows, p_quota, p_now);
  v_regions text[] := (select p.blocked_regions from private.org_pace p where p.org_id = p_campaign.org_id);
  v_free uuid[];
begin
  if v_candidates = '{}' or v_regions = '{}' then
    return v_candidates;
  end if;
  -- Locked, so that a person who releases the regions meanwhile wakes those who are put off here, too.
  v_regions := (select p.blocked_regions from private.org_pace p where p.org_id = p_campaign.org_id for share);
  for v_round in 1 .. 20 loop
    v_free := array(
      select t.id from public.campaign_targets t
      where t.id = any (v_candidates) and private.phone_region(t.e164) <> all (v_regions));
    update public.campaign_targets t
    set not_before = p_now + interval '1 day', error_code = 21408, updated_at = p_now,
      needs_attention = format('Twilio error 21408: your account may not send to %s.',
        private.region_names(array[private.phone_region(t.e164)]))
    where t.id = any (array(
      select x.id from public.campaign_targets x
      where x.id = any (v_candidates) and x.id <> all (v_free) and x.state = 'waiting'
      order by x.id for no key update skip locked));
    exit when not found or cardinality(v_free) > 0;
    -- Only people of blocked regions came first: others must not wait for them.
    v_candidates := private.plan_candidates(p_campaign.id, p_windows, p_quota, p_now);
  end loop;
  return v_free;
end;
$$;
comment on function private.free_candidates(public.campaigns, private.open_window[], integer, timestamptz) is
  'The candidates of a plan (private.plan_candidates) without those in blocked regions, which it puts off for a day.';

-- schemas/sending/functions/rescue.sql

-- Rescue: finds what a dead worker, a lost queue row or an unanswered POST left behind. An unknown send is never retried blindly:
-- Twilio is asked twice, at least 10 minutes apart, before it is safe to retry.

create function private.queued_message_ids()
returns setof uuid
language sql
stable
set search_path = ''
as $$
  select (q.message ->> 'message_id')::uuid from pgmq.q_sends q
  union all
  select (q.message ->> 'message_id')::uuid from pgmq.q_replies q;
$$;
comment on function private.queued_message_ids() is 'The ids of messages that have a queue row.';

create function private.give_up_look(p_attempt_id uuid, p_reason text, p_now timestamptz default now())
returns void
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.ask_a_person(m.id, p_reason, p_now)
  from public.send_attempts a join public.messages m on m.id = a.message_id and m.attempt_id = a.id
  where a.id = p_attempt_id and a.outcome = 'unknown';
  update public.send_attempts a set next_look_at = null where a.id = p_attempt_id and a.outcome = 'unknown';
end;
$$;
comment on function private.give_up_look(uuid, text, timestamptz) is
  'Leaves an unknown attempt to a person, because Twilio''s list does not settle it (several candidates). Security definer: the '
  'worker may not write these tables.';
grant execute on function private.give_up_look(uuid, text, timestamptz) to worker;

-- schemas/sending/functions/rescue_sends.sql

create function private.rescue_sends(p_now timestamptz default now(), p_limit integer default 1000, p_org_id uuid default null)
returns integer
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_resting uuid[] := private.resting_orgs('rescue', p_org_id, p_now);
  v_targets uuid[];
  v_messages uuid[];
  v_attempts uuid[];
  v_lost uuid[];
  v_row record;
  v_dead integer := 0;
begin
  -- Half an hour is twice the time of two looks: Twilio can't be asked (no account, a refused token, an outage), and a person
  -- must know. This comes first, while nothing else is locked; the rest takes only rows that no other transaction holds.
  for v_row in
    select m.id
    from public.send_attempts a join public.messages m on m.id = a.message_id and m.attempt_id = a.id
    where a.next_look_at is not null and a.outcome = 'unknown' and a.claimed_at < p_now - interval '30 minutes'
      and m.status = 'unknown' and m.needs_attention is null and (p_org_id is null or a.org_id = p_org_id)
        and a.org_id <> all (v_resting)
    order by m.campaign_target_id, m.id limit p_limit
  loop
    perform private.ask_a_person(v_row.id,
      'For half an hour Twilio could not be asked whether it sent this message. It is asked again every two minutes.', p_now);
  end loop;

  -- A slot is at most 1 s ahead, and a POST times out after 15 s. A worker that has not settled its attempt 60 s after the claim
  -- is dead.
  select array_agg(a.id), array_agg(a.message_id) into v_attempts, v_messages from (
    select x.id, x.message_id from public.messages m join public.send_attempts x on x.id = m.attempt_id
    where m.is_open and m.status = 'sending' and (p_org_id is null or m.org_id = p_org_id) and m.org_id <> all (v_resting)
      and x.outcome = 'open' and x.claimed_at < p_now - interval '60 seconds'
    order by x.claimed_at limit p_limit) a;
  if v_attempts is not null then
    -- A row that another transaction holds is being settled after all, or will be found again in 30 s.
    v_targets := array(
      select t.id from public.campaign_targets t
      where t.id in (select m.campaign_target_id from public.messages m where m.id = any (v_messages))
      order by t.id for no key update skip locked);
    v_messages := array(
      select m.id from public.messages m
      where m.id = any (v_messages) and (m.campaign_target_id is null or m.campaign_target_id = any (v_targets))
      order by m.id for no key update skip locked);
    update public.send_attempts a
    set outcome = 'unknown', settled_at = p_now, next_look_at = p_now, error_message = 'the worker died before it settled'
    where a.id = any (v_attempts) and a.message_id = any (v_messages) and a.outcome = 'open';
    get diagnostics v_dead = row_count;
    update public.messages m set status = 'unknown', updated_at = p_now
    where m.id = any (v_messages) and m.status = 'sending' and m.attempt_id = any (v_attempts);
    update public.campaign_targets t set state = 'unknown', updated_at = p_now
    from public.messages m where t.id = m.campaign_target_id and t.message_id = m.id and m.id = any (v_messages)
      and m.status = 'unknown' and t.state = 'sending';
  end if;

  -- A queued message without a queue row: the row was deleted by a claim that was rolled back when the server crashed, or was
  -- never put back.
  v_lost := array(
    select m.id from public.messages m
    where m.is_open and m.status = 'queued' and (p_org_id is null or m.org_id = p_org_id) and m.org_id <> all (v_resting)
      and m.queued_at < p_now - interval '30 seconds' and m.updated_at < p_now - interval '30 seconds'
      and not exists (select 1 from private.queued_message_ids() q where q = m.id)
    order by m.queued_at limit p_limit);
  perform private.put_back('sends', array(select m.id from public.messages m where m.id = any (v_lost) and m.kind = 'campaign'),
    0);
  perform private.put_back('replies', array(select m.id from public.messages m
    where m.id = any (v_lost) and m.kind <> 'campaign'), 0);
  return v_dead + cardinality(v_lost);
end;
$$;
comment on function private.rescue_sends(timestamptz, integer, uuid) is
  'Sets attempts of dead workers to unknown, queues messages again that have lost their queue row (returns how many of both), '
  'and raises alerts for sends about which Twilio can''t be asked. p_org_id: only this organisation; null: all except those for '
  'which this work is resting. Security definer: the role of cron jobs may not write these tables.';

-- schemas/sending/functions/resolve_send.sql

-- Decisions of people about sends that stay unknown: send again, or assume sent. Users call the wrappers of the same names in
-- public. A campaign message is sent again as a new message, as with every retry. A reply is sent again as a new attempt of the
-- same message, so that it appears once in its conversation. In both cases the old attempt is remembered: if it turns out to have
-- been sent after all, its replacement is canceled if it is not posted yet, or an alert is raised.

create function private.why_not_resolved(p_message public.messages, p_action text)
returns text
language sql
stable
set search_path = ''
as $$
  select case
    when p_message.status in ('queued', 'sending') then 'The message is being sent: there is nothing to decide yet.'
    when p_message.status <> 'unknown' then format('Nothing is unclear about this message any more: it is %s.', p_message.status)
    when a.looks = 0 and a.next_look_at is not null and p_message.needs_attention is null then format(
      'Twilio is asked first whether it sent this message, at about %s. Decide after that.',
      to_char(a.next_look_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'))
    when p_action = 'assume_sent' then null
    when p_message.exempt = 'confirmation' then 'An opt-out is confirmed once. You can only assume that this was sent.'
    when k.suppressed_at is not null then 'This person has opted out. You can only assume that this was sent.'
    when c.status = 'stopped' then 'The campaign was stopped. You can only assume that this was sent.'
  end
  from (select 1) one
  left join public.send_attempts a on a.id = p_message.attempt_id
  left join private.contacts k on k.org_id = p_message.org_id and k.e164 = p_message.to_number
  left join public.campaigns c on c.id = p_message.campaign_id and p_message.kind = 'campaign';
$$;
comment on function private.why_not_resolved(public.messages, text) is
  'Why a person may not decide about a send now (retry or assume_sent), as a sentence; null if they may. Called under the '
  'message''s lock.';

create function private.resolve_messages(p_messages uuid[], p_action text, p_now timestamptz)
returns uuid[]
language plpgsql
set search_path = ''
as $$
declare
  v_message public.messages;
  v_done uuid[] := '{}';
  v_refunds uuid[] := '{}';
begin
  -- In the usual order; the campaign is locked because it may have to continue.
  if p_action = 'retry' then
    perform 1 from public.campaigns c
    where c.id in (select m.campaign_id from public.messages m where m.id = any (p_messages) and m.kind = 'campaign')
    order by c.id for no key update;
  end if;
  perform 1 from public.campaign_targets t
  where t.id in (select m.campaign_target_id from public.messages m where m.id = any (p_messages))
  order by t.id for no key update;
  perform 1 from public.messages m where m.id = any (p_messages) order by m.id for no key update;
  perform 1 from public.send_attempts a
  where a.id in (select m.attempt_id from public.messages m where m.id = any (p_messages)) order by a.id for no key update;

  for v_message in select m.* from public.messages m where m.id = any (p_messages) order by m.id loop
    continue when private.why_not_resolved(v_message, p_action) is not null;
    v_done := v_done || v_message.id;
    if p_action = 'assume_sent' then
      perform private.assume_sent(v_message, p_now);
    elsif private.send_again(v_message, p_now) then
      v_refunds := v_refunds || v_message.id;
    end if;
    perform private.resolve_send_alerts(v_message.org_id, v_message.campaign_id, p_now);
    perform private.record_audit_event(v_message.org_id, 'send_resolved', v_message.to_number, v_message.campaign_id,
      v_message.lead_id,
      jsonb_build_object('message_id', v_message.id, 'attempt_id', v_message.attempt_id, 'action', p_action, 'reason',
        v_message.needs_attention));
  end loop;
  perform private.refund_usage(v_refunds);
  perform private.charge_direct_anew(m.id, p_now) from public.messages m
  where m.id = any (v_done) and m.kind = 'direct' and m.status = 'queued';
  return v_done;
end;
$$;
comment on function private.resolve_messages(uuid[], text, timestamptz) is
  'Applies a person''s decision to those of these sends about which a person may decide now; returns their ids. The caller has '
  'checked role and organisation.';

create function private.assume_sent(p_message public.messages, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_slot timestamptz;
begin
  update public.send_attempts a
  set outcome = 'assumed_sent', next_look_at = case when p_message.segments is null then p_now + interval '2 minutes' end
  where a.id = p_message.attempt_id returning a.slot_at into v_slot;
  -- provider_rank is not changed, so that later receipts from Twilio still apply to this message.
  update public.messages m set status = 'sent', sent_at = v_slot, needs_attention = null, updated_at = p_now
    where m.id = p_message.id;
  update public.campaign_targets t
  set state = 'sent', delivery = 'unconfirmed', sent_at = v_slot, needs_attention = null, updated_at = p_now
  where t.id = p_message.campaign_target_id and t.message_id = p_message.id;
  if p_message.campaign_id is not null and p_message.segments is not null then
    insert into private.campaign_deltas (org_id, campaign_id, segments) values (p_message.org_id, p_message.campaign_id,
      p_message.segments);
  end if;
end;
$$;
comment on function private.assume_sent(public.messages, timestamptz) is
  'Marks an unknown send as sent, with delivery unconfirmed. The caller holds the locks of target, message and attempt.';

create function private.send_again(p_message public.messages, p_now timestamptz)
returns boolean
language plpgsql
set search_path = ''
as $$
begin
  update public.send_attempts a set outcome = 'resent', next_look_at = null where a.id = p_message.attempt_id;
  update public.messages m
  set status = 'failed', error_message = 'given up by a person, who had it sent again', needs_attention = null,
    settled_at = p_now, updated_at = p_now
  where m.id = p_message.id;
  if private.take_back_earlier(p_message, p_now) then
    return p_message.kind = 'campaign';
  elsif p_message.kind <> 'campaign' then
    update public.messages m set status = 'queued', attempt_id = null, error_message = null, settled_at = null
      where m.id = p_message.id;
    perform private.put_back('replies', array[p_message.id], 0);
    return false;
  end if;
  -- The attempt does not count against the person: a decision ended it, not their phone.
  update public.campaign_targets t
  set state = 'waiting', message_id = null, not_before = p_now, attempts = greatest(t.attempts - 1, 0), needs_attention = null,
    updated_at = p_now
  where t.id = p_message.campaign_target_id and t.message_id = p_message.id;
  perform private.reopen_campaign(p_message.campaign_id);
  return true;
end;
$$;
comment on function private.send_again(public.messages, timestamptz) is
  'Gives up an unknown send and has it sent again. The caller holds the locks of campaign, target, message and attempt, and '
  'refunds the daily caps last if this returns true, and charges a direct text anew.';

create function private.check_resolution(p_action text)
returns void
language plpgsql
set search_path = ''
as $$
begin
  if p_action is null or p_action not in ('retry', 'assume_sent') then
    perform private.raise_error('PT422', 'invalid_input', 'A send is resolved by retry or assume_sent.',
      jsonb_build_object('errors',
      jsonb_build_array(jsonb_build_object('field', 'action', 'message', 'Give retry or assume_sent.'))));
  end if;
end;
$$;
comment on function private.check_resolution(text) is 'Raises PT422 if p_action is not a decision about a send.';

create function private.resolve_send(p_message_id uuid, p_action text, p_now timestamptz default now())
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('operator');
  v_message public.messages;
begin
  perform private.check_resolution(p_action);
  select * into v_message from public.messages m where m.id = p_message_id and m.org_id = v_org_id;
  if v_message.id is null then
    perform private.raise_error('PT404', 'not_found', 'No such message.', jsonb_build_object('message_id', p_message_id));
  end if;
  if v_message.kind = 'campaign' then
    perform private.require_role('campaign_manager');
  end if;
  if cardinality(private.resolve_messages(array[p_message_id], p_action, p_now)) = 0 then
    select * into v_message from public.messages m where m.id = p_message_id;
    perform private.raise_error('PT409', 'invalid_state', private.why_not_resolved(v_message, p_action),
      jsonb_build_object('status', v_message.status, 'next_look_at', a.next_look_at))
    from (select 1) one left join public.send_attempts a on a.id = v_message.attempt_id and a.outcome = 'unknown';
  end if;
end;
$$;
comment on function private.resolve_send(uuid, text, timestamptz) is
  'A person''s decision about one unknown send: retry or assume_sent. Needs operator, or campaign_manager for a campaign '
  'message, because the person may receive it twice and it costs money. Raises PT403, PT404, PT422, or PT409 with the reason why '
  'a person may not decide now. Security definer: users may not write messages.';
grant execute on function private.resolve_send(uuid, text, timestamptz) to authenticated;

create function public.resolve_send(p_message_id uuid, p_action text) returns void
  language sql set search_path = '' as $$ select private.resolve_send(p_message_id, p_action); $$;
comment on function public.resolve_send(uuid, text) is
  'Calls the private function of the same name, which checks role and organisation, with the current time.';
grant execute on function public.resolve_send(uuid, text) to authenticated;

create function private.resolve_campaign_sends(p_campaign_id uuid, p_action text, p_limit integer default 1000,
  p_now timestamptz default now())
returns integer
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('campaign_manager');
begin
  perform private.check_resolution(p_action);
  perform private.find_campaign(v_org_id, p_campaign_id);
  return cardinality(private.resolve_messages(array(
    select m.id from public.messages m
    where m.org_id = v_org_id and m.campaign_id = p_campaign_id and m.is_unknown and private.why_not_resolved(m, p_action) is null
    order by m.id limit p_limit), p_action, p_now));
end;
$$;
comment on function private.resolve_campaign_sends(uuid, text, integer, timestamptz) is
  'The same decision about all unknown sends of a campaign about which a person may decide now, p_limit at most; returns how '
  'many. Needs campaign_manager. Raises PT403, PT404, PT422. Security definer: users may not write messages.';
grant execute on function private.resolve_campaign_sends(uuid, text, integer, timestamptz) to authenticated;

create function public.resolve_campaign_sends(p_campaign_id uuid, p_action text) returns integer
  language sql set search_path = '' as $$ select private.resolve_campaign_sends(p_campaign_id, p_action); $$;
comment on function public.resolve_campaign_sends(uuid, text) is
  'Calls the private function of the same name, which checks role and organisation, with the current time.';
grant execute on function public.resolve_campaign_sends(uuid, text) to authenticated;

-- schemas/sending/functions/schedule.sql

-- Parts of the tasks that the ticks do: starting scheduled campaigns, flagging stalled ones, completing finished ones; and the
-- pruning of old rows by a cron job. A call of the workers may be lost; the next tick then does its work.

create function private.start_scheduled(p_now timestamptz default now(), p_org_id uuid default null)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_resting uuid[] := private.resting_orgs('start_scheduled', p_org_id, p_now);
  v_until timestamptz := clock_timestamp() + interval '1 second';
  v_campaign record;
  v_obstacle record;
  v_count integer := 0;
begin
  -- The first campaign of each organisation before the second of any. Locked campaigns are left for the next tick, so that this
  -- order can't deadlock.
  for v_campaign in
    select c.id, c.org_id
    from (
      select x.id, row_number() over (partition by x.org_id order by x.scheduled_at, x.id) as n
      from public.campaigns x
      where x.status = 'scheduled' and x.scheduled_at <= p_now and (p_org_id is null or x.org_id = p_org_id)
        and x.org_id <> all (v_resting)
    ) d
    join public.campaigns c on c.id = d.id
    where c.status = 'scheduled' and c.scheduled_at <= p_now
    order by d.n, c.id for no key update of c skip locked
  loop
    select * into v_obstacle from private.start_obstacle(v_campaign.id, p_now);
    if v_obstacle.code is null then
      update public.campaigns c set status = 'running', started_at = p_now where c.id = v_campaign.id;
      perform private.hasten_account_check(v_campaign.org_id);
      v_count := v_count + 1;
    else
      update public.campaigns c
      set status = 'paused', started_at = p_now, paused_at = p_now, status_reason = v_obstacle.message,
        needs_attention = v_obstacle.message
      where c.id = v_campaign.id;
      perform private.raise_alert(v_campaign.org_id, 'start_refused', 'critical',
        'A scheduled campaign could not start. ' || v_obstacle.message, v_campaign.id, null,
        v_obstacle.details || jsonb_build_object('code', v_obstacle.code));
    end if;
    exit when clock_timestamp() > v_until;
  end loop;
  return v_count;
end;
$$;
comment on function private.start_scheduled(timestamptz, uuid) is
  'Starts scheduled campaigns whose time has come, and pauses those that may not send, with an alert. Takes a second at most; '
  'the next call continues. The first campaign of each organisation comes before the second of any. Returns how many it started. '
  'p_org_id: only this organisation; null: all except those for which this work is resting.';

create function private.flag_stalled(p_now timestamptz default now(), p_org_id uuid default null)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_resting uuid[] := private.resting_orgs('flag_stalled', p_org_id, p_now);
  v_row record;
  v_count integer := 0;
begin
  for v_row in
    select c.id, c.org_id, x.reason
    from public.campaigns c
    cross join lateral (
      select case
        when not exists (
          select 1 from public.campaign_templates ct join public.templates t on t.id = ct.template_id
          where ct.campaign_id = c.id and t.is_active
        ) then 'None of its templates is active. Activate one, or give the campaign another.'
        when not exists (select 1 from private.campaign_numbers(c.id) n where n.status = 'active')
          then 'None of its phone numbers is active. Activate one, or give the campaign another.'
      end as reason
    ) x
    where c.status = 'running' and (p_org_id is null or c.org_id = p_org_id) and c.org_id <> all (v_resting)
      and x.reason is distinct from c.needs_attention
    order by c.id for no key update of c skip locked
  loop
    v_count := v_count + 1;
    update public.campaigns set needs_attention = v_row.reason where id = v_row.id;
    if v_row.reason is null then
      update public.alerts set resolved_at = p_now where org_id = v_row.org_id and campaign_id = v_row.id
        and kind = 'campaign_stalled' and resolved_at is null;
    else
      perform private.raise_alert(v_row.org_id, 'campaign_stalled', 'critical',
        'A running campaign cannot go on. ' || v_row.reason, v_row.id);
    end if;
  end loop;
  return v_count;
end;
$$;
comment on function private.flag_stalled(timestamptz, uuid) is
  'Marks running campaigns without an active template or number as needing attention, with an alert, and removes the mark when '
  'they have one again; returns how many changed. p_org_id: only this organisation; null: all except those for which this work '
  'is resting.';

create function private.finish_campaigns(p_now timestamptz default now(), p_org_id uuid default null)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_resting uuid[] := private.resting_orgs('finish_campaigns', p_org_id, p_now);
  v_done uuid[];
  v_count integer;
begin
  -- skip locked: a campaign that is being claimed, paused or planned is checked in the next tick.
  v_done := array(
    select c.id from public.campaigns c
    where c.status = 'running' and (p_org_id is null or c.org_id = p_org_id) and c.org_id <> all (v_resting)
      and not exists (select 1 from public.campaign_targets t where t.campaign_id = c.id and t.is_waiting)
      and not exists (select 1 from public.messages m where m.campaign_id = c.id and m.is_open and m.kind = 'campaign')
      -- A message that turns out to have been sent has a next step. One that waits for a person may wait for ever: if they say
      -- that it was sent, the campaign runs again.
      and (c.type = 'broadcast' or not exists (
        select from public.messages m join public.campaign_steps s on s.campaign_id = m.campaign_id and s.step > m.step
        where m.org_id = c.org_id and m.is_unknown and m.needs_attention is null and m.campaign_id = c.id
          and m.kind = 'campaign'))
    order by c.id for no key update skip locked);
  -- Checked again under the lock: since the first statement began, a receipt may have set a target to waiting again.
  update public.campaigns c set status = 'completed', finished_at = p_now, needs_attention = null
  where c.id = any (v_done)
    and not exists (
      select 1 from public.campaign_targets t
      where t.org_id = c.org_id and t.campaign_id = c.id and t.state in ('waiting', 'queued', 'sending'));
  get diagnostics v_count = row_count;
  return v_count;
end;
$$;
comment on function private.finish_campaigns(timestamptz, uuid) is
  'Completes running campaigns that have nothing waiting, queued or sending, and no step that can still come; returns how many. '
  'p_org_id: only this organisation; null: all except those for which this work is resting.';

create function private.prune(p_now timestamptz default now(), p_limit integer default 10000, p_org_id uuid default null)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_resting uuid[] := private.resting_orgs('prune', p_org_id, p_now);
begin
  -- Deletes in limited batches: a long delete would hold back vacuum for every queue.
  delete from public.message_status_events e where e.id in (
    select x.id from public.message_status_events x where x.created_at < p_now - interval '90 days'
      and (p_org_id is null or x.org_id = p_org_id) and x.org_id <> all (v_resting) order by x.id limit p_limit);
  delete from public.webhook_logs e where e.id in (
    select x.id from public.webhook_logs x where x.created_at < p_now - interval '30 days'
      and (p_org_id is null or x.org_id = p_org_id) and coalesce(x.org_id <> all (v_resting), true) order by x.id limit p_limit);
  delete from private.windows w where w.valid_to < p_now - interval '1 day' and (p_org_id is null or w.org_id = p_org_id)
    and w.org_id <> all (v_resting);
  -- No row of these tables can make its deletion fail, so all organisations' are deleted together.
  if p_org_id is not null then
    return;
  end if;
  delete from private.text_days d where d.ctid in (
    select x.ctid from private.text_days x where x.day < (p_now - interval '25 months')::date limit p_limit);
  delete from private.repeated_requests r where r.ctid in (
    select x.ctid from private.repeated_requests x where x.created_at < p_now - interval '1 hour' limit p_limit);
  delete from private.daily_usage u where u.day < (p_now - interval '90 days')::date;
  delete from private.message_requests r where (r.org_id, r.key) in (
    select x.org_id, x.key from private.message_requests x where x.created_at < p_now - interval '24 hours' limit p_limit);
  delete from cron.job_run_details d
  where d.end_time < p_now - interval '1 day'
    or d.end_time < p_now - interval '1 hour' and d.jobid in (select j.jobid from cron.job j where j.jobname like 'tick-%');
end;
$$;
comment on function private.prune(timestamptz, integer, uuid) is
  'Deletes old rows: raw receipts after 90 days, refused webhooks after 30 days, expired windows and the history of cron jobs '
  'after one day, daily usage after 90 days, figures of texts after 25 months, idempotency keys after 24 hours, repeated '
  'requests after an hour. Finished queue rows are deleted when they are read; pg_net deletes its own history after 6 hours. '
  'p_org_id: only this organisation; null: all except those for which this work is resting.';

-- schemas/sending/functions/settle.sql

-- Settling: records the outcomes of a batch of POSTs, in one call. It never sets a message to unknown that a receipt has already
-- advanced.

create function private.error_class(p_code integer)
returns private.error_classes
language sql
stable
set search_path = ''
as $$
  select coalesce(
    (select e from private.error_classes e where e.code = p_code),
    (p_code, 'unknown', 'fail', null, 1, false, 'not in the table')::private.error_classes);
$$;
comment on function private.error_class(integer) is
  'The class of a Twilio error code. Only the JSON code counts: HTTP 429 means three different things.';

create function private.retry_delay(p_attempts integer, p_retry_after interval)
returns interval
language sql
volatile
set search_path = ''
as $$
  -- Exponential, with jitter over the upper half, so that retries after an outage do not come all at once.
  select coalesce(p_retry_after, interval '30 seconds') * power(2, least(greatest(p_attempts - 1, 0), 6)) * (0.5 + random() / 2);
$$;
comment on function private.retry_delay(integer, interval) is 'How long a target waits before attempt p_attempts + 1.';

create function private.learn_from_error(p_message public.messages, p_code integer, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_class private.error_classes := private.error_class(p_code);
begin
  if v_class.class = 'opt_out' then
    perform private.suppress(p_message.org_id, p_message.to_number, 'carrier', 'Twilio ' || p_code || ': ' || v_class.note,
      p_message.campaign_id, false, null, p_now);
  elsif v_class.class = 'permanent' then
    update private.contacts c set invalid_at = p_now, invalid_reason = 'twilio_' || p_code
    where c.org_id = p_message.org_id and c.e164 = p_message.to_number and c.invalid_at is null;
    update public.lead_phones lp
    set is_valid = false, invalid_reason = 'twilio_' || p_code,
        line_type = case when v_class.action = 'mark_landline' and lp.line_type_source is distinct from 'manual' then 'landline'
          else lp.line_type end,
        line_type_source = case when v_class.action = 'mark_landline' and lp.line_type_source is distinct from 'manual'
          then 'lookup' else lp.line_type_source end
    where lp.org_id = p_message.org_id and lp.e164 = p_message.to_number and lp.is_valid;
  end if;
end;
$$;
comment on function private.learn_from_error(public.messages, integer, timestamptz) is
  'Applies an error code to the phone: suppresses it (opt_out) or marks it (permanent). The caller holds the contact''s lock.';

create function private.rest_sender(p_org_id uuid, p_phone_number_id uuid, p_code integer, p_e164 text,
  p_claimed_at timestamptz, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_class private.error_classes := private.error_class(p_code);
begin
  if v_class.action = 'rest_account' then
    -- The account's daily limit: it rests until the next midnight Pacific, when Twilio's day begins anew.
    update private.org_pace p
    set resting_until = ((p_now at time zone 'America/Los_Angeles')::date + 1)::timestamp at time zone 'America/Los_Angeles',
      resting_reason = 'account_daily_limit'
    where p.org_id = p_org_id;
    perform private.raise_alert(p_org_id, 'account_daily_limit', 'warning',
      'Twilio''s daily message limit of the account is reached. Sending continues after midnight Pacific.');
  elsif v_class.action = 'hold_region' then
    perform private.block_region(p_org_id, p_e164, p_code, p_claimed_at, p_now);
  elsif v_class.action = 'rest_number' then
    update private.number_pace p set resting_until = greatest(p.resting_until,
      p_now + coalesce(v_class.retry_after, interval '1 hour')), resting_reason = 'queue_full'
    where p.phone_number_id = p_phone_number_id;
    perform private.raise_alert(p_org_id, 'number_queue_full', 'warning',
      'A number''s queue at Twilio is full; the number rests.', null, p_phone_number_id);
  elsif v_class.class = 'sender' and v_class.action = 'quarantine_number' then
    update public.phone_numbers n set status = 'quarantined', status_reason = format('Twilio error %s: %s', p_code, v_class.note)
    where n.id = p_phone_number_id and n.status = 'active';
    perform private.raise_alert(p_org_id, 'number_quarantined', 'critical',
      format('A number was quarantined: Twilio error %s, %s.', p_code, v_class.note), null, p_phone_number_id);
  end if;
end;
$$;
comment on function private.rest_sender(uuid, uuid, integer, text, timestamptz, timestamptz) is
  'Applies an error code to the sender: quarantines the number, or lets the account, the number, or everybody in the region of '
  'p_e164 rest. p_e164 and p_claimed_at: the phone and the claim of the attempt, for errors about a region.';

create function private.pause_for_error(p_org_id uuid, p_campaign_id uuid, p_code integer, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_class private.error_classes := private.error_class(p_code);
begin
  -- The caller holds the campaign's lock if there is a campaign, and the locks of all contacts it will need: withdrawing locks
  -- targets.
  if v_class.class not in ('account', 'campaign') or v_class.action in ('rest_account', 'hold_region') then
    return;
  end if;
  if p_campaign_id is not null then
    perform private.pause_running(p_campaign_id, format('Twilio error %s: %s', p_code, v_class.note), p_now);
  end if;
  perform private.raise_alert(p_org_id, 'campaign_paused', 'critical',
    format('Twilio error %s: %s. The campaign was paused; fix the cause, then resume it.', p_code, v_class.note), p_campaign_id,
      null, jsonb_build_object('error_code', p_code));
end;
$$;
comment on function private.pause_for_error(uuid, uuid, integer, timestamptz) is
  'Pauses the campaign, with an alert, if an error code is a problem of the account or the campaign.';

create function private.was_resumed_since(p_campaign_id uuid, p_claimed_at timestamptz)
returns boolean
language sql
stable
set search_path = ''
as $$
  select exists (select from public.campaigns c where c.id = p_campaign_id and c.breaker_since > p_claimed_at);
$$;
comment on function private.was_resumed_since(uuid, timestamptz) is
  'Whether a person resumed the campaign after this attempt was claimed. The attempt''s error then says nothing about now: the '
  'person may have mended its cause, so it must not pause the campaign again.';

create function private.judge_failure(p_message public.messages, p_attempt_id uuid, p_code integer, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_claimed_at timestamptz := coalesce((select a.claimed_at from public.send_attempts a where a.id = p_attempt_id), p_now);
begin
  perform 1 from public.campaigns c where c.id = p_message.campaign_id for no key update;
  perform private.rest_sender(
    p_message.org_id, p_message.phone_number_id, p_code, p_message.to_number, v_claimed_at, p_now);
  if not private.was_resumed_since(p_message.campaign_id, v_claimed_at) then
    perform private.pause_for_error(p_message.org_id, p_message.campaign_id, p_code, p_now);
    perform private.count_unknown_errors(p_message.org_id, p_message.campaign_id, p_code, 1, false, p_now);
  end if;
end;
$$;
comment on function private.judge_failure(public.messages, uuid, integer, timestamptz) is
  'Applies the error of a receipt (failed, undelivered) to sender and campaign. Locks the campaign first.';

create function private.lock_refused(p_results jsonb, p_targets uuid[], p_now timestamptz)
returns uuid[]
language plpgsql
set search_path = ''
as $$
declare
  v_row record;
begin
  -- In the usual order: campaigns, numbers, contacts, and only then what pausing withdraws (targets, messages).
  perform 1 from public.campaigns c
  where c.id in (
    select m.campaign_id from jsonb_to_recordset(p_results) as r(attempt_id uuid, outcome text, error_code integer)
    join public.send_attempts a on a.id = r.attempt_id
    join public.messages m on m.id = a.message_id
    where r.outcome = 'rejected' and (private.error_class(r.error_code)).class in ('account', 'campaign', 'unknown'))
  order by c.id for no key update;
  -- Numbers in the order in which claiming locks them: the numbers themselves, then the clocks of organisations, then those of
  -- numbers.
  for v_row in
    select distinct array_position(array['quarantine_number', 'rest_account', 'hold_region', 'rest_number'], e.action) as n,
      m.org_id, m.phone_number_id, r.error_code, x.e164, x.claimed_at
    from jsonb_to_recordset(p_results) as r(attempt_id uuid, outcome text, error_code integer)
    join public.send_attempts a on a.id = r.attempt_id and a.outcome = 'open'
    join public.messages m on m.id = a.message_id
    cross join lateral private.error_class(r.error_code) e
    left join lateral (select m.to_number as e164, a.claimed_at) x on e.action = 'hold_region'
    where r.outcome = 'rejected' and e.action in ('quarantine_number', 'rest_account', 'hold_region', 'rest_number')
    order by n, m.org_id, m.phone_number_id, r.error_code, x.e164, x.claimed_at
  loop
    perform private.rest_sender(v_row.org_id, v_row.phone_number_id, v_row.error_code, v_row.e164, v_row.claimed_at, p_now);
  end loop;

  perform 1 from private.contacts c
  where (c.org_id, c.e164) in (
    select m.org_id, m.to_number from jsonb_to_recordset(p_results) as r(attempt_id uuid, outcome text, error_code integer)
    join public.send_attempts a on a.id = r.attempt_id
    join public.messages m on m.id = a.message_id
    where r.outcome = 'rejected')
  order by c.org_id, c.e164 for no key update;
  for v_row in
    select m.org_id, m.campaign_id, r.error_code, count(*)::integer as n
    from jsonb_to_recordset(p_results) as r(attempt_id uuid, outcome text, error_code integer)
    join public.send_attempts a on a.id = r.attempt_id and a.outcome = 'open'
    join public.messages m on m.id = a.message_id
    where r.outcome = 'rejected' and not private.was_resumed_since(m.campaign_id, a.claimed_at)
    group by 1, 2, 3 order by m.campaign_id, r.error_code
  loop
    perform private.pause_for_error(v_row.org_id, v_row.campaign_id, v_row.error_code, p_now);
    perform private.count_unknown_errors(v_row.org_id, v_row.campaign_id, v_row.error_code, v_row.n, true, p_now);
  end loop;
  -- Includes the targets that an opt-out cancels in other campaigns: locked later, one by one, they could deadlock with a pause
  -- that locks them in another order.
  return p_targets || array(
    select x.id from jsonb_to_recordset(p_results) as r(attempt_id uuid, outcome text, error_code integer)
    join public.send_attempts a on a.id = r.attempt_id join public.messages m on m.id = a.message_id
    join public.campaign_targets x on x.org_id = m.org_id and x.e164 = m.to_number and x.state in ('waiting', 'queued')
    where r.outcome = 'rejected' and (private.error_class(r.error_code)).class = 'opt_out');
end;
$$;
comment on function private.lock_refused(jsonb, uuid[], timestamptz) is
  'The part of settling that refusals need before targets are locked: locks campaigns, numbers and contacts, and lets senders '
  'rest and pauses campaigns as the error codes require. Returns the targets to lock, including those that an opt-out will '
  'cancel.';

-- schemas/sending/functions/settle_sends.sql

create function private.settle_sends(p_results jsonb, p_now timestamptz default now())
returns integer
language plpgsql
security definer
set search_path = ''
set plan_cache_mode = force_generic_plan
as $$
declare
  v_row record;
  v_message public.messages;
  v_settled integer;
  v_given_back uuid[];
  v_given_back_replies uuid[];
  v_oversize uuid[] := '{}';
  v_refunds uuid[] := '{}';
  v_attempts uuid[];
  v_messages uuid[];
  v_targets uuid[];
  v_has_refusals boolean;
begin
  -- Read once: the messages and targets, and whether anything was refused. Most batches contain only acceptances.
  select array_agg(r.attempt_id), bool_or(r.outcome in ('rejected', 'oversize')) into v_attempts, v_has_refusals
  from jsonb_to_recordset(p_results) as r(attempt_id uuid, outcome text);
  select array_agg(m.id), array_agg(m.campaign_target_id) filter (where m.campaign_target_id is not null)
    into v_messages, v_targets
  from public.send_attempts a join public.messages m on m.id = a.message_id where a.id = any (v_attempts);
  if v_has_refusals then
    v_targets := private.lock_refused(p_results, v_targets, p_now);
  end if;
  perform 1 from public.campaign_targets t where t.id = any (v_targets) order by t.id for no key update;
  perform 1 from public.messages m where m.id = any (v_messages) order by m.id for no key update;

  -- Updates the attempts only once: a result that comes twice changes nothing the second time.
  with r as (
    select * from jsonb_to_recordset(p_results) as x(
      attempt_id uuid, outcome text, provider_sid text, provider_status text, http_status smallint, error_code integer,
      error_message text, content text, segments smallint)
  ),
  settled as (
    update public.send_attempts a
    set outcome = case r.outcome when 'oversize' then 'not_posted' else r.outcome end,
        settled_at = coalesce(a.settled_at, p_now), provider_sid = coalesce(a.provider_sid, r.provider_sid),
          http_status = r.http_status,
        error_code = r.error_code, error_message = left(r.error_message, 1000),
        next_look_at = case when r.outcome = 'unknown' then p_now + interval '2 minutes' end
    from r
    where a.id = r.attempt_id and (
      a.outcome = 'open'
      -- A receipt came before the POST's answer, or rescue considered the worker dead: the answer still has the text and the SID.
      or (r.outcome = 'accepted' and a.outcome in ('accepted', 'unknown') and a.http_status is null))
    returning a.id, a.message_id, r.outcome, r.provider_sid, r.provider_status, r.content, r.segments
  ),
  sent as (
    update public.messages m
    set status = case when m.status in ('sending', 'unknown') then 'sent' else m.status end,
        provider_sid = coalesce(m.provider_sid, s.provider_sid),
        provider_status = case when m.provider_rank < 0 then s.provider_status else m.provider_status end,
        provider_rank = greatest(m.provider_rank, 0),
        content = s.content, segments = s.segments, sent_at = coalesce(m.sent_at, p_now), updated_at = p_now,
        -- The same value that the trigger would set, row by row.
        cost = coalesce(m.cost, (select case when m.has_media then l.mms_price else s.segments * l.segment_price end
          + s.segments * l.carrier_fee from public.sending_limits l where l.org_id = m.org_id))
    from settled s
    where m.id = s.message_id and m.attempt_id = s.id and s.outcome = 'accepted' and m.status not in ('canceled')
    returning m.id, m.campaign_target_id, m.campaign_id, m.org_id, m.segments
  ),
  texts as (
    -- A receipt showed that it was accepted, while the POST itself got no answer.
    update public.messages m set content = r.content, segments = r.segments
    from r join public.send_attempts a on a.id = r.attempt_id
    where m.id = a.message_id and m.attempt_id = a.id and r.outcome = 'unknown' and a.outcome = 'accepted' and m.content is null
    returning m.campaign_id, m.org_id, m.segments
  ),
  unknown as (
    update public.messages m set status = 'unknown', content = coalesce(s.content, m.content), segments = s.segments,
      updated_at = p_now
    from settled s
    where m.id = s.message_id and m.attempt_id = s.id and s.outcome = 'unknown' and m.status = 'sending'
    returning m.id, m.campaign_target_id
  ),
  given_back as (
    update public.messages m set status = 'queued', attempt_id = null, updated_at = p_now
    from settled s
    where m.id = s.message_id and m.attempt_id = s.id and s.outcome = 'not_posted' and m.status = 'sending'
    returning m.id, m.campaign_target_id, m.kind
  ),
  targets as (
    update public.campaign_targets t
    set state = x.state, delivery = case when x.state = 'sent' then 'unconfirmed' end,
        sent_at = case when x.state = 'sent' then p_now else t.sent_at end, error_code = null, updated_at = p_now
    from (
      -- Found by the target's own id: message_id has no index and needs none.
      select id, campaign_target_id, 'sent'::public.target_state as state from sent
      union all select id, campaign_target_id, 'unknown' from unknown
      union all select id, campaign_target_id, 'queued' from given_back
    ) x
    where t.id = x.campaign_target_id and t.message_id = x.id and t.state in ('sending', 'unknown')
    returning t.id
  ),
  figures as (
    insert into private.campaign_deltas (org_id, campaign_id, segments)
    select s.org_id, s.campaign_id, sum(s.segments)
    from (select org_id, campaign_id, segments from sent union all select org_id, campaign_id, segments from texts) s
    where s.campaign_id is not null group by 1, 2
  )
  select (select count(*) from settled),
    array(select g.id from given_back g where g.kind = 'campaign'),
      array(select g.id from given_back g where g.kind <> 'campaign')
  into v_settled, v_given_back, v_given_back_replies;

  -- Visible at once: a worker that misses slots claims fewer messages, and another worker may have room.
  perform private.put_back('sends', v_given_back, 0);
  perform private.put_back('replies', v_given_back_replies, 0);
  if not v_has_refusals then
    return v_settled;
  end if;

  for v_row in
    select m.id as message_id, r.outcome, r.error_code, r.error_message, r.segments
    from jsonb_to_recordset(p_results) as r(attempt_id uuid, outcome text, error_code integer, error_message text,
      segments smallint)
    join public.send_attempts a on a.id = r.attempt_id
    join public.messages m on m.id = a.message_id and m.attempt_id = a.id
    where r.outcome in ('rejected', 'oversize') and m.status = 'sending'
    order by m.campaign_id, m.id
  loop
    select * into v_message from public.messages m where m.id = v_row.message_id;
    if v_row.outcome = 'oversize' then
      update public.campaign_targets t set min_segments = v_row.segments
      where t.message_id = v_message.id and v_row.segments > v_message.charged_segments;
      v_oversize := v_oversize || v_message.id;
    elsif private.close_failed(v_message, 'failed', v_row.error_code, v_row.error_message, true, p_now) then
      v_refunds := v_refunds || v_message.id;
    end if;
  end loop;
  -- Once for all messages, and last: a transaction that holds a cap waits for no other lock.
  perform private.lock_usage(v_oversize || v_refunds);
  perform private.refund_usage(v_refunds);
  perform private.drop_claims(v_oversize, array(select 'waiting'::public.target_state from unnest(v_oversize)),
    array(select 'longer_than_charged' from unnest(v_oversize)), array(select '-infinity'::timestamptz from unnest(v_oversize)),
      p_now);
  return v_settled;
end;
$$;
comment on function private.settle_sends(jsonb, timestamptz) is
  'Records the outcomes of attempts: [{attempt_id, outcome: accepted|rejected|unknown|not_posted|oversize, provider_sid, '
  'provider_status, http_status, error_code, error_message, content, segments}]. Returns how many it settled. Security definer: '
  'the worker may not write these tables.';
grant execute on function private.settle_sends(jsonb, timestamptz) to worker;

-- schemas/sending/functions/supply.sql

-- Supply: what each number can still take, and the window keys of a campaign's backlog.

create function private.number_room(p_org_id uuid, p_horizon interval, p_now timestamptz)
returns setof private.pool_number
language sql
stable
set search_path = ''
as $$
  select n.id, n.e164, n.area_code, n.mps, coalesce(n.health_score, 100)::smallint, d.day,
    greatest(0, ceil(n.mps * extract(epoch from p_horizon))::integer - q.queued),
    greatest(coalesce(private.number_cap(n.daily_cap, n.warmup_started_on, o.warmup_caps, d.day),
      2147483647) - coalesce(u.segments, 0), 0),
    n.status = 'active' and p.resting_until <= p_now,
    coalesce(private.number_open_until(n.quiet_starts, n.quiet_ends, n.time_zone, p_now) > p_now + interval '60 seconds', false),
    q.queued,
    n.status = 'active'
  from public.phone_numbers n
  join public.orgs o on o.id = n.org_id
  join private.number_pace p on p.phone_number_id = n.id
  cross join lateral (select (p_now at time zone n.time_zone)::date as day) d
  left join private.daily_usage u on u.scope = 'number' and u.scope_id = n.id and u.day = d.day
  cross join lateral (
    select coalesce(sum(m.charged_segments), 0)::integer as queued
    from public.messages m where m.phone_number_id = n.id and m.is_open and m.status = 'queued'
  ) q
  where n.org_id = p_org_id and n.status <> 'released'
  order by n.id;
$$;
comment on function private.number_room(uuid, interval, timestamptz) is
  'What each number of an organisation can still take: segments within p_horizon at its mps, and segments left today under its '
  'cap, including the warm-up caps.';

create function private.waiting_keys(p_campaign_id uuid)
returns setof text
language sql
stable
set search_path = ''
as $$
  -- Skips from key to key in the index: a plain distinct would read the whole backlog.
  with recursive k as (
    (select t.window_key from public.campaign_targets t
     where t.campaign_id = p_campaign_id and t.is_waiting order by t.window_key limit 1)
    union all
    select (select t.window_key from public.campaign_targets t
            where t.campaign_id = p_campaign_id and t.is_waiting and t.window_key > k.window_key
            order by t.window_key limit 1)
    from k where k.window_key is not null
  )
  select k.window_key from k where k.window_key is not null;
$$;
comment on function private.waiting_keys(uuid) is 'The window keys of a campaign''s waiting targets.';

-- schemas/sending/functions/twilio_reachable.sql

create function private.set_twilio_reachable(p_is_reachable boolean, p_now timestamptz default now())
returns integer
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_count integer;
begin
  if p_is_reachable then
    update public.alerts a set resolved_at = p_now where a.kind = 'twilio_unreachable' and a.resolved_at is null;
  else
    perform private.raise_alert(o.org_id, 'twilio_unreachable', 'critical',
      'Twilio cannot be reached. Messages wait and are sent as soon as it can be reached.')
    from (select distinct c.org_id from public.campaigns c where c.status = 'running') o;
  end if;
  get diagnostics v_count = row_count;
  return v_count;
end;
$$;
comment on function private.set_twilio_reachable(boolean, timestamptz) is
  'Raises the alert twilio_unreachable for organisations with a running campaign, or resolves it for all; returns how many. '
  'Security definer: the worker may not write alerts.';
grant execute on function private.set_twilio_reachable(boolean, timestamptz) to worker;

-- schemas/sending/functions/webhook_logs.sql

-- Refused webhooks are stored within limits that apply to all isolates together, because anybody on the Internet can post them.
-- Also the list of known accounts, so that an isolate need not ask the database about each webhook.

create function private.webhook_payload(p_payload jsonb)
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select case when length(p_payload::text) <= 20000
    then regexp_replace((p_payload #- '{fields,AccountSid}')::text, '(AC|SK)[0-9A-Fa-f]{32}', '\1…', 'g')::jsonb
    else '{"too_long": true}' end;
$$;
comment on function private.webhook_payload(jsonb) is
  'The part of a refused webhook ({fields, query}) that is stored: nothing if it has more than 20,000 characters, and without '
  'AccountSid and ids of accounts or API keys anywhere in it.';

create function private.log_webhook(
  p_org_id uuid,
  p_type text,
  p_payload jsonb,
  p_error text,
  p_is_signed boolean default false,
  p_now timestamptz default now()
)
returns boolean
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_most constant integer := case when p_org_id is null then 600 else 120 end;
begin
  insert into private.webhook_log_hours as h (org_id, is_signed, hour, rows)
  values (p_org_id, p_is_signed, date_trunc('hour', p_now), 1)
  on conflict (org_id, is_signed) do update
    set hour = excluded.hour, rows = case when h.hour = excluded.hour then h.rows + 1 else 1 end
    where h.hour <> excluded.hour or h.rows < v_most;
  if not found then
    return false;
  end if;
  insert into public.webhook_logs (org_id, webhook_type, payload, error_message, created_at)
  values (p_org_id, p_type, private.webhook_payload(p_payload), left(p_error, 1000), p_now);
  return true;
end;
$$;
comment on function private.log_webhook(uuid, text, jsonb, text, boolean, timestamptz) is
  'Stores a webhook that was refused or could not be applied, with the reason. In an hour it stores at most 120 of an '
  'organisation that its account signed, 120 that only name the organisation, and 600 of unknown organisations. Returns whether '
  'it was stored. Security definer: the worker may not write the table.';
grant execute on function private.log_webhook(uuid, text, jsonb, text, boolean, timestamptz) to worker;

create function private.twilio_account_sids(p_since timestamptz default '-infinity')
returns table (account_sid text, read_at timestamptz)
language sql
stable
security definer
set search_path = ''
as $$
  select a.account_sid, now() from public.twilio_accounts a where a.updated_at >= p_since
  union all
  select null, now();
$$;
comment on function private.twilio_account_sids(timestamptz) is
  'The Twilio accounts that were added or changed since p_since, and (in a last row without an account) when this was read. With '
  'it, webhooks of unknown accounts are recognised without a query for each. Security definer: the worker may not read the '
  'table.';
grant execute on function private.twilio_account_sids(timestamptz) to worker;

-- schemas/sending/functions/write_claims.sql

-- Writes the decisions of a claim.

create function private.write_claims(p_claims private.claimed_slot[], p_worker_id uuid, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_ids uuid[] := array(select x.message_id from unnest(p_claims) x);
begin
  insert into public.send_attempts (id, org_id, message_id, number, worker_id, slot_at, claimed_at)
  select x.attempt_id, m.org_id, m.id,
    coalesce((select max(a.number) from public.send_attempts a where a.message_id = m.id), 0) + 1, p_worker_id, x.slot_at, p_now
  from unnest(p_claims) x
  join public.messages m on m.id = x.message_id;
  update public.messages m set status = 'sending', attempt_id = x.attempt_id, updated_at = p_now
  from unnest(p_claims) x where m.id = x.message_id;
  update public.campaign_targets t set state = 'sending', updated_at = p_now
  from public.messages m where m.id = any (v_ids) and t.id = m.campaign_target_id and m.kind = 'campaign';
  update private.contacts k
  set last_sent_at = p_now, last_campaign_id = m.campaign_id, phone_number_id = m.phone_number_id
  from public.messages m where m.id = any (v_ids) and m.kind = 'campaign' and k.org_id = m.org_id and k.e164 = m.to_number;
end;
$$;
comment on function private.write_claims(private.claimed_slot[], uuid, timestamptz) is
  'Writes the attempt of each claimed message, and updates message, target and contact. The caller holds the locks of all of '
  'them.';

create function private.advance_clocks(
  p_number_ids uuid[],
  p_number_slots timestamptz[],
  p_campaign_ids uuid[],
  p_campaign_slots timestamptz[],
  p_org_ids uuid[],
  p_org_slots timestamptz[]
)
returns void
language plpgsql
set search_path = ''
as $$
begin
  update private.number_pace p set next_slot_at = x.slot
  from unnest(p_number_ids, p_number_slots) as x(id, slot) where p.phone_number_id = x.id and p.next_slot_at < x.slot;
  if p_campaign_ids is not null then
    update private.campaign_pace p set next_slot_at = x.slot
    from unnest(p_campaign_ids, p_campaign_slots) as x(id, slot) where p.campaign_id = x.id and p.next_slot_at < x.slot;
  end if;
  if p_org_ids is not null then
    update private.org_pace p set next_slot_at = x.slot
    from unnest(p_org_ids, p_org_slots) as x(id, slot) where p.org_id = x.id and p.next_slot_at < x.slot;
  end if;
end;
$$;
comment on function private.advance_clocks(uuid[], timestamptz[], uuid[], timestamptz[], uuid[], timestamptz[]) is
  'Sets when numbers, campaigns and organisations may send next; never moves a time back. The caller holds the locks of their '
  'clocks.';

create function private.put_back_later(p_message_ids uuid[], p_delays integer[])
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_delay integer;
begin
  for v_delay in select distinct d from unnest(p_delays) d loop
    perform private.put_back('replies', array(
      select m.id from unnest(p_message_ids, p_delays) as x(id, delay)
      join public.messages m on m.id = x.id and m.kind <> 'campaign' where x.delay = v_delay), v_delay);
    perform private.put_back('sends', array(
      select m.id from unnest(p_message_ids, p_delays) as x(id, delay)
      join public.messages m on m.id = x.id and m.kind = 'campaign' where x.delay = v_delay), v_delay);
  end loop;
end;
$$;
comment on function private.put_back_later(uuid[], integer[]) is
  'Puts messages back into their queues, each visible after its delay in seconds.';

create function private.claimed_sends(p_claims private.claimed_slot[], p_now timestamptz)
returns setof private.claimed_send
language plpgsql
set search_path = ''
as $$
begin
  return query
  select m.id, x.attempt_id, m.org_id, m.kind,
    extract(epoch from x.slot_at - coalesce(p_now, clock_timestamp()))::double precision * 1000,
    m.to_number, m.from_number, a.account_sid, coalesce(n.messaging_service_sid, a.messaging_service_sid),
    m.content, v.content, m.language, m.variables, m.charged_segments, x.validity_seconds, n.mps::double precision,
    case when m.has_media then array(select p.id from public.message_media p where p.message_id = m.id order by p.ordinal) end
  from unnest(p_claims) x
  join public.messages m on m.id = x.message_id
  join public.phone_numbers n on n.id = m.phone_number_id
  left join public.twilio_accounts a on a.org_id = m.org_id
  left join public.template_versions v on v.template_id = m.template_id and v.version = m.template_version
  order by x.slot_at;
end;
$$;
comment on function private.claimed_sends(private.claimed_slot[], timestamptz) is
  'What the worker posts for a claim, in the order of the slots. p_now is a test''s clock; null means the real one.';

-- schemas/sending/functions/write_plan.sql

-- Writes the decisions of a plan.

create function private.put_off_targets(p_campaign public.campaigns, p_excluded private.excluded_target[],
  p_deferred private.deferred_target[], p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
begin
  if cardinality(p_excluded) > 0 then
    update public.campaign_targets t
    set state = case when t.step = 1 then 'excluded' else 'canceled' end::public.target_state, reason = x.reason,
      updated_at = p_now
    from unnest(p_excluded) x where t.id = x.id;
    if p_campaign.type = 'drip' then
      perform private.add_next_phones(array(select x.id from unnest(p_excluded) x where x.reason = 'invalid_phone'), p_now);
    end if;
  end if;
  if cardinality(p_deferred) > 0 then
    update public.campaign_targets t
    set not_before = x.not_before, sticky_until = x.sticky_until, needs_attention = x.needs_attention, updated_at = p_now
    from unnest(p_deferred) x where t.id = x.id;
  end if;
end;
$$;
comment on function private.put_off_targets(public.campaigns, private.excluded_target[], private.deferred_target[],
  timestamptz) is
  'Excludes targets from their campaign and puts others off, as a plan decided. A later step is canceled: its person was in the '
  'audience. The caller holds their locks.';

create function private.write_plan(
  p_campaign public.campaigns,
  p_org public.orgs,
  p_pool private.pool_number[],
  p_texts private.plan_text[],
  p_caps private.carrier_room[],
  p_plan private.planned_send[],
  p_now timestamptz
)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_delay integer;
begin
  insert into public.messages (
    id, org_id, kind, campaign_id, campaign_target_id, step, lead_id, phone_number_id, template_id, template_version, variables,
    from_number, to_number, language, status, charged_segments, charged_day, carrier_cap_id, queued_at, created_at, updated_at)
  select x.message_id, p_org.id, 'campaign', p_campaign.id, t.id, t.step, t.lead_id, p_pool[x.number].id, tp.id, tp.version,
    -- The contact is stored only with texts that say it: every message would carry it.
    x.variables || jsonb_strip_nulls(jsonb_build_object('support_contact',
      case when 'support_contact' = any (tp.variables) then p_org.support_contact end))
    || jsonb_build_object('brand', p_org.brand, 'phone', t.e164,
      'today', to_char(p_now at time zone coalesce(nullif(split_part(split_part(t.window_key, '|', 1), ',', 1), '?'),
        p_org.time_zone), case tp.language when 'es' then 'DD/MM/YYYY' else 'MM/DD/YYYY' end)),
    p_pool[x.number].e164, t.e164, tp.language, 'queued', x.segments, p_pool[x.number].day, p_caps[x.cap].id, p_now, p_now,
      p_now
  from unnest(p_plan) x
  join public.campaign_targets t on t.id = x.target_id
  join public.templates tp on tp.id = p_texts[x.template].id;

  update public.campaign_targets t
  set state = 'queued', message_id = x.message_id, phone_number_id = p_pool[x.number].id,
    last_template_id = p_texts[x.template].id,
    attempts = t.attempts + 1, sticky_until = null, needs_attention = null, updated_at = p_now
  from unnest(p_plan) x
  where t.id = x.target_id;

  update private.template_usage u set uses = u.uses + x.used, last_used_at = p_now
  from (select p_texts[p.template].id as id, count(*) as used from unnest(p_plan) p group by 1) x
  where u.template_id = x.id;

  perform private.charge_usage(s.scope, array_agg(s.id), array_agg(s.day), array_agg(s.messages), array_agg(s.segments))
  from (
    select 'org' as scope, p_org.id as id, (p_now at time zone p_org.time_zone)::date as day, count(*)::integer as messages,
      sum(x.segments)::integer as segments, 1 as n
    from unnest(p_plan) x
    union all
    select 'campaign', p_campaign.id, (p_now at time zone p_org.time_zone)::date, count(*)::integer,
      sum(x.segments)::integer, 2
    from unnest(p_plan) x
    union all
    select 'carrier', p_caps[x.cap].id, private.carrier_day(p_now), count(*)::integer, sum(x.segments)::integer, 3
    from unnest(p_plan) x where x.cap is not null group by x.cap
    union all
    select 'number', p_pool[x.number].id, p_pool[x.number].day, count(*)::integer, sum(x.segments)::integer, 4
    from unnest(p_plan) x group by x.number
  ) s
  group by s.scope, s.n order by s.n;

  for v_delay in select distinct x.delay from unnest(p_plan) x order by x.delay loop
    perform pgmq.send_batch('sends',
      array(
        select jsonb_build_object('message_id', x.message_id, 'org_id', p_org.id)
        from unnest(p_plan) with ordinality
          as x(target_id, message_id, number, template, segments, cap, variables, delay, n)
        where x.delay = v_delay order by x.n),
      v_delay);
  end loop;
end;
$$;
comment on function private.write_plan(public.campaigns, public.orgs, private.pool_number[], private.plan_text[],
  private.carrier_room[], private.planned_send[], timestamptz) is
  'Writes the messages of a plan: queued, charged to the daily caps, and hidden in the queue until about the time of their slot. '
  'The caller holds the locks of the targets.';

-- schemas/sending/queues.sql

select pgmq.create('sends');

select pgmq.create('replies');

-- A queue is a small table that changes all the time: vacuum it early, and leave room for updates in place.
do $$
declare
  v_queue text;
begin
  foreach v_queue in array array['sends', 'replies'] loop
    begin
      execute format('alter table pgmq.q_%s set (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.01, '
        'autovacuum_vacuum_cost_delay = 0)', v_queue);
    exception when insufficient_privilege then
      raise notice 'the owner of pgmq keeps its own vacuum settings for q_%', v_queue;
    end;
  end loop;
end;
$$;

-- schemas/sending/tasks.sql

insert into private.tasks (name, seconds, is_prompt, due) values ('sending', 2, true, $$select
  exists (select from public.campaigns c join private.campaign_turns p on p.campaign_id = c.id
    where c.status = 'running' and p.wakes_at <= now())
  or exists (select from public.campaigns c where c.status = 'scheduled' and c.scheduled_at <= now())
  or exists (
    select from public.campaigns c where c.status = 'stopped' and c.finished_at > now() - interval '1 day'
      and exists (select from public.campaign_targets t where t.campaign_id = c.id and t.is_waiting))
  or exists (select from pgmq.q_sends q where q.vt <= now() + interval '5 seconds')
  or exists (select from pgmq.q_replies q where q.vt <= now() + interval '5 seconds')
  or exists (select from pgmq.q_builds q where q.vt <= now())
  or exists (select from pgmq.q_imports q where q.vt <= now())
  or exists (select from pgmq.q_jobs q where q.vt <= now())
  or exists (select from pgmq.q_file_removals q where q.vt <= now())
  or exists (select from pgmq.q_lookups q where q.vt <= now())
  or exists (select from pgmq.q_enrichments q where q.vt <= now())
  or exists (select from pgmq.q_media q where q.vt <= now())
  or (select a.next_look_at from public.send_attempts a where a.next_look_at is not null order by a.next_look_at limit 1) <= now()
  or exists (select from private.account_checks k where k.due_at <= now())$$);

insert into private.task_parts (task, place, kind, call) values
  ('sending', 1, 'start_scheduled', 'select private.start_scheduled(p_org_id => $1)');

insert into private.task_parts (task, place, kind, items, call, seconds) values
  ('sending', 2, 'cancel_waiting', $$select c.id, c.org_id from public.campaigns c
    where c.status = 'stopped' and c.finished_at > now() - interval '1 day'
      and exists (select from public.campaign_targets t where t.campaign_id = c.id and t.is_waiting)$$,
    'select private.cancel_waiting($1, 10000)', 2),
  ('sending', 3, 'plan', $$select distinct c.org_id, c.org_id
    from public.campaigns c join private.campaign_turns p on p.campaign_id = c.id
    where c.status = 'running' and p.wakes_at <= now()$$,
    'select private.plan_sends($1)', 5);

insert into private.task_parts (task, place, kind, call) values
  ('sending', 4, 'flag_stalled', 'select private.flag_stalled(p_org_id => $1)'),
  ('sending', 5, 'finish_campaigns', 'select private.finish_campaigns(p_org_id => $1)'),
  ('sending', 6, null, 'select private.kick_workers()');

insert into private.tasks (name, seconds, due) values ('rescue', 30, $$select
  exists (select from public.messages m where m.is_open)
  or exists (select from public.send_attempts a where a.next_look_at is not null)$$);

insert into private.task_parts (task, place, kind, call) values
  ('rescue', 1, 'rescue', 'select private.rescue_sends(p_org_id => $1)');

-- schemas/sending/cron.sql

select cron.schedule('score', '*/2 * * * *', $score$
do $block$
declare
  v_id uuid;
  v_until timestamptz := clock_timestamp() + interval '60 seconds';
  v_pivot uuid := gen_random_uuid();
begin
  -- Rows of deleted organisations, which no scoring takes.
  delete from private.number_outcome_changes c where not exists (select from public.orgs g where g.id = c.org_id);
  commit;
  for v_id in
    select g.id from public.orgs g
    where exists (select 1 from private.number_outcome_changes c where c.org_id = g.id)
      or exists (select 1 from private.number_outcomes o where o.org_id = g.id)
    order by g.id < v_pivot, g.id
  loop
    perform private.run_item('score', v_id, v_id, 'select private.score_numbers($1)');
    commit;
    exit when clock_timestamp() > v_until;
  end loop;
end;
$block$
$score$);

select cron.schedule('prune', '7 * * * *', $$select private.run_apart('prune', 'select private.prune(p_org_id => $1)')$$);
