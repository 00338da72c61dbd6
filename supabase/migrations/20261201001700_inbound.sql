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
  status text not null default 'active' check (status in ('active', 'archived')),
  unread_count integer not null default 0 check (unread_count >= 0),
  last_message text,
  last_message_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (org_id, id),
  unique (org_id, e164)
);
comment on table public.conversations is
  'What an organisation and a person wrote to each other: one per phone, begun by the person''s first message.';
alter table public.messages add foreign key (conversation_id) references public.conversations (id) on delete set null;
create index conversations_list_idx on public.conversations (org_id, last_message_at desc);
create index conversations_lead_idx on public.conversations (lead_id) where lead_id is not null;
create index conversations_number_idx on public.conversations (phone_number_id) where phone_number_id is not null;
create index conversations_campaign_idx on public.conversations (campaign_id) where campaign_id is not null;
create index conversations_org_lead_idx on public.conversations (org_id, lead_id) where lead_id is not null;

alter table public.conversations enable row level security;
create policy "people read conversations of their organisation" on public.conversations
  for select to authenticated using (org_id = (select private.org_id()));
grant select on public.conversations to authenticated;
grant delete, insert, select, update on public.conversations to service_role;

create trigger conversations_updated_at before update on public.conversations
  for each row execute function private.set_updated_at();

-- schemas/inbound/functions/inbound.sql

-- Inbound: a person wrote. One transaction: thread it, store it, act on what it means. The text is classified by the caller
-- (keywords need no data); what follows from the class is decided here.

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
  'The help or stop text of an organisation, in the person''s language where it has one.';

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
  'Queues the help or stop text for a person, ahead of campaigns. A stop confirmation is the one message allowed after an '
  'opt-out (47 CFR 64.1200(a)(12)).';

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
  p_interest text default null
)
returns text
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_number public.phone_numbers;
  v_contact private.contacts;
  v_conversation public.conversations;
  v_lead_id uuid;
  v_campaign_id uuid;
  v_message_id uuid;
  v_replied_before boolean;
  v_new_opt_out boolean;
begin
  select n.* into v_number from public.phone_numbers n join public.twilio_accounts a on a.org_id = n.org_id
  where n.e164 = p_to and a.account_sid = p_account_sid;
  if not found then
    return 'not_our_number';
  end if;

  v_contact := private.lock_contact(v_number.org_id, p_from);
  -- Of this organisation: another one with an account of its own may claim any MessageSid.
  if exists (select 1 from public.messages m where m.provider_sid = p_message_sid and m.org_id = v_number.org_id
    and m.kind = 'inbound') then
    return 'repeated';
  end if;
  select coalesce(l.merged_into, l.id) into v_lead_id from public.lead_phones p join public.leads l on l.id = p.lead_id
  where p.org_id = v_number.org_id and p.e164 = p_from
  order by (l.deleted_at is null) desc, l.created_at desc limit 1;
  select m.campaign_id into v_campaign_id from public.messages m
  where m.to_number = p_from and (m.org_id = v_number.org_id) is true and m.kind = 'campaign'
    and m.status not in ('queued', 'failed', 'canceled')
  order by m.created_at desc limit 1;
  v_replied_before := exists (
    select 1 from public.messages m join public.conversations c on c.id = m.conversation_id
    where c.org_id = v_number.org_id and c.e164 = p_from and m.kind = 'inbound'
      and m.campaign_id is not distinct from v_campaign_id);

  insert into public.conversations as c (org_id, e164, lead_id, phone_number_id, campaign_id, unread_count, last_message,
    last_message_at)
  values (v_number.org_id, p_from, v_lead_id, v_number.id, v_campaign_id, 1, left(p_body, 200), p_now)
  on conflict (org_id, e164) do update
    set unread_count = c.unread_count + 1, last_message = excluded.last_message, last_message_at = excluded.last_message_at,
      status = 'active',
        lead_id = coalesce(c.lead_id, excluded.lead_id), phone_number_id = excluded.phone_number_id,
        campaign_id = coalesce(excluded.campaign_id, c.campaign_id)
  returning * into v_conversation;
  insert into public.messages (org_id, kind, campaign_id, conversation_id, lead_id, phone_number_id, from_number, to_number,
    content, media_urls,
    language, status, provider_sid, provider_status, classification, queued_at, created_at, updated_at)
  values (v_number.org_id, 'inbound', v_campaign_id, v_conversation.id, v_conversation.lead_id, v_number.id, p_from, p_to, p_body,
    nullif(p_media_urls, '{}'), p_language, 'received', p_message_sid, 'received', p_kind, p_now, p_now, p_now)
  returning id into v_message_id;
  update private.contacts c set last_inbound_at = p_now, phone_number_id = v_number.id
  where c.org_id = v_number.org_id and c.e164 = p_from;
  if v_campaign_id is not null and not v_replied_before then
    insert into private.campaign_deltas (org_id, campaign_id, replies) values (v_number.org_id, v_campaign_id, 1);
  end if;
  perform private.record_audit_event(v_number.org_id, 'message_received', p_from, v_campaign_id, v_conversation.lead_id,
    jsonb_build_object('message_id', v_message_id, 'kind', p_kind, 'certainty', p_certainty, 'matched', p_matched,
      'handled_by_twilio', p_handled_by_twilio));

  if p_kind = 'stop' then
    v_new_opt_out := private.suppress(v_number.org_id, p_from, 'keyword', p_body, v_campaign_id, p_review, p_language, p_now);
    -- Twilio's own answer counts as the confirmation: a second one would be refused with 21610, and is not ours to send.
    if v_new_opt_out and not p_handled_by_twilio then
      perform private.queue_auto_reply(v_number.org_id, v_conversation, v_number, p_from, 'stop', p_language, p_now);
    end if;
  elsif p_kind = 'start' then
    perform private.unsuppress(v_number.org_id, p_from, 'keyword', p_body, p_language, p_now);
  elsif p_kind = 'help' then
    -- One answer an hour: two machines must not talk to each other.
    if not p_handled_by_twilio and v_contact.suppressed_at is null and not exists (
      select 1 from public.messages m where m.to_number = p_from and (m.org_id = v_number.org_id) is true
        and m.kind = 'auto_reply' and m.created_at > p_now - interval '1 hour'
    ) then
      perform private.queue_auto_reply(v_number.org_id, v_conversation, v_number, p_from, 'help', p_language, p_now);
    end if;
  elsif p_kind = 'wrong_number' then
    perform private.cancel_open_targets(v_number.org_id, p_from, 'wrong_number', p_now);
    update private.contacts c set invalid_at = coalesce(c.invalid_at, p_now),
      invalid_reason = coalesce(c.invalid_reason, 'wrong_number')
    where c.org_id = v_number.org_id and c.e164 = p_from;
    update public.lead_phones p set is_valid = false, invalid_reason = 'wrong_number'
    where p.org_id = v_number.org_id and p.e164 = p_from and p.is_valid;
    perform private.record_audit_event(v_number.org_id, 'wrong_number', p_from, v_campaign_id, v_conversation.lead_id);
  end if;
  perform private.move_lead_by_reply(v_number.org_id, p_from, v_conversation.lead_id, p_kind, p_interest, v_message_id);
  return p_kind;
end;
$$;
comment on function private.receive_inbound(text, text, text, text, text, text[], text, text, boolean, text, boolean, text,
  timestamptz, text) is
  'Stores an inbound message once (by its MessageSid), threads it, and acts: STOP suppresses and confirms once, START '
  're-subscribes, HELP answers, a wrong number cancels that phone''s other steps; and status and score of the lead follow. '
  'p_kind: stop, start, help, wrong_number, reply; p_interest, of a reply: interested, not_interested or null. Returns p_kind, '
  'repeated or not_our_number. Definer: the worker may not write these tables.';
grant execute on function private.receive_inbound(text, text, text, text, text, text[], text, text, boolean, text, boolean, text,
  timestamptz, text) to worker;
