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
