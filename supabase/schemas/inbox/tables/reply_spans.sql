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
