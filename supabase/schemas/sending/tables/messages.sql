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
