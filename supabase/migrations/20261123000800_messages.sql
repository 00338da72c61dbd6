-- Messages: every text in and out, the attempts to send one, delivery receipts as they came, conversations, raw webhooks.

create type public.message_status as enum
  ('queued', 'sending', 'unknown', 'sent', 'delivered', 'undelivered', 'failed', 'canceled', 'received');
comment on type public.message_status is
  'queued (ours), sending (claimed, maybe posted), unknown (posted, outcome not known), sent (Twilio accepted it), delivered, undelivered, failed, canceled; received for inbound.';

create table public.conversations (
  id uuid primary key default gen_random_uuid(),
  org_id uuid not null references public.orgs (id) on delete cascade,
  e164 text not null,
  lead_id uuid references public.leads (id) on delete set null,
  phone_number_id uuid references public.phone_numbers (id) on delete set null,
  campaign_id uuid references public.campaigns (id) on delete set null,
  status text not null default 'active' check (status in ('active', 'archived')),
  unread_count integer not null default 0 check (unread_count >= 0),
  last_message text,
  last_message_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (org_id, id),
  unique (org_id, e164)
);
comment on table public.conversations is 'What an organisation and a person wrote to each other: one per phone, begun by the person''s first message.';
create index conversations_list_idx on public.conversations (org_id, last_message_at desc);
create index conversations_lead_idx on public.conversations (lead_id) where lead_id is not null;
create index conversations_number_idx on public.conversations (phone_number_id) where phone_number_id is not null;
create index conversations_campaign_idx on public.conversations (campaign_id) where campaign_id is not null;
create trigger conversations_updated_at before update on public.conversations
  for each row execute function private.set_updated_at();

create table public.messages (
  id uuid primary key default private.uuid_v7(),
  org_id uuid not null references public.orgs (id) on delete cascade,
  kind text not null check (kind in ('campaign', 'reply', 'auto_reply', 'inbound')),
  direction text not null generated always as (case when kind = 'inbound' then 'inbound' else 'outbound' end) stored,
  campaign_id uuid references public.campaigns (id) on delete set null,
  campaign_target_id uuid references public.campaign_targets (id) on delete set null,
  step smallint,
  conversation_id uuid references public.conversations (id) on delete set null,
  lead_id uuid references public.leads (id) on delete set null,
  phone_number_id uuid references public.phone_numbers (id) on delete set null,
  template_id uuid references public.templates (id) on delete set null,
  template_version integer,
  variables jsonb,
  from_number text not null,
  to_number text not null,
  content text,
  media_urls text[],
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
  check ((kind = 'campaign') = (step is not null)),
  check ((kind = 'inbound') = (status = 'received'))
) with (fillfactor = 80);
comment on table public.messages is 'A text in or out. Campaign messages keep the template version and variables they were planned with, so that the text can be rendered again exactly.';
comment on column public.messages.exempt is 'confirmation: the one answer to an opt-out, allowed though suppressed. conversation: answers a person''s own message within 24 hours, free of quiet hours.';
comment on column public.messages.provider_rank is 'Rank of provider_status; a status never goes back to a lower rank.';
create unique index messages_live_key on public.messages (campaign_id, to_number, step)
  where kind = 'campaign' and status not in ('failed', 'undelivered', 'canceled');
create unique index messages_provider_sid_key on public.messages (provider_sid) where provider_sid is not null;
create index messages_queued_idx on public.messages (phone_number_id) where status = 'queued';
create index messages_open_idx on public.messages (status, queued_at) where status in ('queued', 'sending');
create index messages_target_idx on public.messages (campaign_target_id) where campaign_target_id is not null;
create index messages_person_idx on public.messages (org_id, to_number, created_at desc);
create index messages_conversation_idx on public.messages (conversation_id, created_at desc) where conversation_id is not null;
create index messages_list_idx on public.messages (org_id, created_at desc);

create table public.send_attempts (
  id uuid primary key default private.uuid_v7(),
  org_id uuid not null,
  message_id uuid not null references public.messages (id) on delete cascade,
  number smallint not null,
  worker_id uuid not null,
  outcome text not null default 'open' check (outcome in ('open', 'accepted', 'rejected', 'unknown', 'not_posted', 'not_accepted')),
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
  check (next_look_at is null or outcome in ('unknown', 'open'))
);
comment on table public.send_attempts is
  'Written and committed before Twilio is called, since its POST is not idempotent. not_posted: surely never called. unknown: called, no answer. not_accepted: Twilio was asked twice and has no such message.';
create index send_attempts_open_idx on public.send_attempts (claimed_at) where outcome = 'open';
create index send_attempts_look_idx on public.send_attempts (next_look_at) where next_look_at is not null;
create index send_attempts_org_idx on public.send_attempts (org_id, claimed_at desc);

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
comment on table public.message_status_events is 'Delivery receipts as Twilio sent them. The same one twice is kept once.';
create unique index message_status_events_once_key on public.message_status_events
  (message_id, status, coalesce(error_code, 0), coalesce(attempt_id, '00000000-0000-0000-0000-000000000000'));
create index message_status_events_org_idx on public.message_status_events (org_id, created_at desc);
create index message_status_events_age_idx on public.message_status_events using brin (created_at);

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
comment on table public.webhook_logs is 'Webhooks that could not be applied (forged, unsigned, for nobody we know), kept raw for 30 days.';
create index webhook_logs_org_idx on public.webhook_logs (org_id, created_at desc);
create index webhook_logs_age_idx on public.webhook_logs using brin (created_at);

alter table public.conversations enable row level security;
create policy "people read conversations of their organisation" on public.conversations
  for select to authenticated using (org_id = (select private.org_id()));
grant select on public.conversations to authenticated;
grant select, insert, update, delete on public.conversations to service_role;

alter table public.messages enable row level security;
create policy "people read messages of their organisation" on public.messages
  for select to authenticated using (org_id = (select private.org_id()));
grant select on public.messages to authenticated;
grant select on public.messages to service_role;

alter table public.send_attempts enable row level security;
create policy "people read attempts of their organisation" on public.send_attempts
  for select to authenticated using (org_id = (select private.org_id()));
grant select on public.send_attempts to authenticated;
grant select on public.send_attempts to service_role;

alter table public.message_status_events enable row level security;
create policy "people read delivery receipts of their organisation" on public.message_status_events
  for select to authenticated using (org_id = (select private.org_id()));
grant select on public.message_status_events to authenticated;
grant select on public.message_status_events to service_role;

alter table public.webhook_logs enable row level security;
create policy "admins read webhook logs of their organisation" on public.webhook_logs
  for select to authenticated using (org_id = (select private.org_id()) and (select private.has_role('admin')));
grant select on public.webhook_logs to authenticated;
grant select, insert, delete on public.webhook_logs to service_role;
