create table public.conversations (
  id uuid primary key default gen_random_uuid(),
  org_id uuid not null references public.orgs (id) on delete cascade,
  e164 text collate "C" not null,
  lead_id uuid references public.leads (id) on delete set null,
  phone_number_id uuid references public.phone_numbers (id) on delete set null,
  campaign_id uuid references public.campaigns (id) on delete set null,
  status text not null default 'active' check (status in ('active', 'archived')),
  unread_count integer not null default 0 check (unread_count >= 0),
  last_message text,
  last_message_at timestamptz,
  first_inbound_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (org_id, id),
  unique (org_id, e164)
);
comment on table public.conversations is
  'The messages between an organisation and a person: one conversation for each phone, begun by the person''s '
  'first message or by a direct text to them.';
comment on column public.conversations.first_inbound_at is 'When the person first wrote; null while only we did.';
alter table public.messages add foreign key (conversation_id) references public.conversations (id) on delete set null;
create index conversations_list_idx on public.conversations (org_id, last_message_at desc);
create index conversations_lead_idx on public.conversations (lead_id) where lead_id is not null;
create index conversations_number_idx on public.conversations (phone_number_id) where phone_number_id is not null;
create index conversations_campaign_idx on public.conversations (campaign_id) where campaign_id is not null;
create index conversations_org_lead_idx on public.conversations (org_id, lead_id)
  where lead_id is not null and first_inbound_at is not null;

alter table public.conversations enable row level security;
create policy "people read conversations of their organisation" on public.conversations
  for select to authenticated using (org_id = (select private.org_id()));
grant select on public.conversations to authenticated;
grant delete, insert, select, update on public.conversations to service_role;

create trigger conversations_updated_at before update on public.conversations
  for each row execute function private.set_updated_at();
