-- Rows that change with every message change in place. An index whose predicate names status or state keeps Postgres from that
-- (a heap-only update needs every column of every index, predicates too, unchanged): claiming wrote nine index entries a message and
-- table. These predicates are over generated columns that change less often: a target is written anew where it stands when it is
-- claimed, settled and delivered, a message when it is claimed and delivered.

alter table public.messages
  add column is_open boolean generated always as (status in ('queued', 'sending')) stored,
  add column is_live boolean generated always as (status not in ('failed', 'undelivered', 'canceled')) stored;
comment on column public.messages.is_open is 'Ours to send: queued or being sent.';
comment on column public.messages.is_live is 'Reached the person, or may still: at most one of a campaign, phone and step is.';

drop index public.messages_live_key;
create unique index messages_live_key on public.messages (campaign_id, to_number, step) where kind = 'campaign' and is_live;
drop index public.messages_queued_idx;
drop index public.messages_open_idx;
create index messages_open_idx on public.messages (phone_number_id, queued_at) where is_open;
-- By person first: what an organisation wrote to somebody is looked up for every message, and must not be taken for a question of dates.
drop index public.messages_person_idx;
create index messages_person_idx on public.messages (to_number, org_id, created_at desc);

alter table public.campaign_targets
  add column is_included boolean generated always as (state <> 'excluded') stored,
  add column is_waiting boolean generated always as (state = 'waiting') stored;
comment on column public.campaign_targets.is_included is 'Of the audience and not excluded: at most one of a campaign, phone and step is.';

drop index public.campaign_targets_once_key;
create unique index campaign_targets_once_key on public.campaign_targets (campaign_id, e164, step) where is_included;
drop index public.campaign_targets_waiting_idx;
create index campaign_targets_waiting_idx on public.campaign_targets (campaign_id, window_key, not_before, ordinal) where is_waiting;
-- What a campaign has queued or is sending is found by its open messages; what may still go to a phone, among all it ever was a target of.
drop index public.campaign_targets_active_idx;
create index messages_open_campaign_idx on public.messages (campaign_id) where is_open;
drop index public.campaign_targets_open_phone_idx;
create index campaign_targets_phone_idx on public.campaign_targets (org_id, e164);
-- One index serves row security, the foreign key and lists.
drop index public.campaign_targets_list_idx;
drop index public.campaign_targets_org_idx;
create index campaign_targets_list_idx on public.campaign_targets (org_id, campaign_id, ordinal);

-- An attempt is settled where it stands: what is open is found by its message, which says that it is being sent.
drop index public.send_attempts_open_idx;

-- A message's target is checked by whoever makes the message, who holds the target. The key's own check cost a look for every
-- message, and its index an entry for each and another when it is settled; a target that goes tells its messages.
alter table public.messages drop constraint messages_campaign_target_id_fkey;
drop index public.messages_target_idx;
create function private.forget_targets()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  update public.messages m set campaign_target_id = null
  from before_rows b where m.to_number = b.e164 and m.campaign_target_id = b.id;
  return null;
end;
$$;
comment on function private.forget_targets() is 'Statement trigger: messages of targets that are gone name none. Definer: whoever removes a target may not write messages.';
create trigger campaign_targets_forget after delete on public.campaign_targets
  referencing old table as before_rows for each statement execute function private.forget_targets();

-- Whole batches of neighbours are updated in one transaction: each needs room for its next version on its own page.
alter table public.messages set (fillfactor = 50);
alter table public.campaign_targets set (fillfactor = 50);
alter table public.send_attempts set (fillfactor = 50);
alter table private.contacts set (fillfactor = 50);

create or replace function private.uuid_v7()
returns uuid
language plpgsql
volatile
set search_path = ''
as $$
begin
  -- In plpgsql: as a SQL function, which may not be inlined with a fixed search_path, it cost four times as much.
  return encode(
    set_bit(
      set_bit(
        overlay(
          uuid_send(gen_random_uuid())
          placing substring(int8send((extract(epoch from clock_timestamp()) * 1000)::bigint) from 3)
          from 1 for 6
        ),
        52, 1
      ),
      53, 1
    ),
    'hex'
  )::uuid;
end;
$$;

create or replace function private.append_target_deltas()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  -- after_rows and before_rows exist by operation; a dynamic branch would cost a plan each time, so there are three bodies.
  if tg_op = 'INSERT' then
    insert into private.campaign_deltas
      (org_id, campaign_id, audience, excluded, canceled, waiting, queued, sending, unknown, sent, failed, delivered, undelivered)
    select a.org_id, a.campaign_id, count(*),
      count(*) filter (where state = 'excluded'), count(*) filter (where state = 'canceled'),
      count(*) filter (where state = 'waiting'), count(*) filter (where state = 'queued'),
      count(*) filter (where state = 'sending'), count(*) filter (where state = 'unknown'),
      count(*) filter (where state = 'sent'), count(*) filter (where state = 'failed'),
      count(*) filter (where delivery = 'delivered'), count(*) filter (where delivery = 'undelivered')
    from after_rows a group by a.org_id, a.campaign_id;
  elsif tg_op = 'UPDATE' then
    -- First by state, then spread over the columns: a statement changes many rows, but between few states.
    insert into private.campaign_deltas
      (org_id, campaign_id, excluded, canceled, waiting, queued, sending, unknown, sent, failed, delivered, undelivered)
    select c.org_id, c.campaign_id, c.excluded, c.canceled, c.waiting, c.queued, c.sending, c.unknown, c.sent, c.failed, c.delivered, c.undelivered
    from (
      select x.org_id, x.campaign_id,
        coalesce(sum(n) filter (where state = 'excluded'), 0) as excluded,
        coalesce(sum(n) filter (where state = 'canceled'), 0) as canceled,
        coalesce(sum(n) filter (where state = 'waiting'), 0) as waiting,
        coalesce(sum(n) filter (where state = 'queued'), 0) as queued,
        coalesce(sum(n) filter (where state = 'sending'), 0) as sending,
        coalesce(sum(n) filter (where state = 'unknown'), 0) as unknown,
        coalesce(sum(n) filter (where state = 'sent'), 0) as sent,
        coalesce(sum(n) filter (where state = 'failed'), 0) as failed,
        coalesce(sum(n) filter (where delivery = 'delivered'), 0) as delivered,
        coalesce(sum(n) filter (where delivery = 'undelivered'), 0) as undelivered
      from (
        select a.org_id, a.campaign_id, a.state, a.delivery, count(*) as n from after_rows a group by 1, 2, 3, 4
        union all
        select b.org_id, b.campaign_id, b.state, b.delivery, -count(*) from before_rows b group by 1, 2, 3, 4
      ) x
      group by x.org_id, x.campaign_id
    ) c
    where (c.excluded, c.canceled, c.waiting, c.queued, c.sending, c.unknown, c.sent, c.failed, c.delivered, c.undelivered)
      is distinct from (0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
  else
    insert into private.campaign_deltas
      (org_id, campaign_id, audience, excluded, canceled, waiting, queued, sending, unknown, sent, failed, delivered, undelivered)
    select b.org_id, b.campaign_id, -count(*),
      -count(*) filter (where state = 'excluded'), -count(*) filter (where state = 'canceled'),
      -count(*) filter (where state = 'waiting'), -count(*) filter (where state = 'queued'),
      -count(*) filter (where state = 'sending'), -count(*) filter (where state = 'unknown'),
      -count(*) filter (where state = 'sent'), -count(*) filter (where state = 'failed'),
      -count(*) filter (where delivery = 'delivered'), -count(*) filter (where delivery = 'undelivered')
    from before_rows b
    where exists (select 1 from public.campaigns c where c.id = b.campaign_id)
    group by b.org_id, b.campaign_id;
  end if;
  return null;
end;
$$;

-- By row, with a condition: gathering every statement's rows to find that none of them is of a conversation cost campaigns 6 us a message.
drop trigger messages_broadcast_insert on public.messages;
drop trigger messages_broadcast_update on public.messages;
drop function private.broadcast_conversation_messages();
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
comment on function private.broadcast_conversation_message() is 'Trigger: an inbound message or a reply, or its new status, to whoever has the conversation open. Definer: realtime.send swallows errors of those who may not insert.';
create trigger messages_broadcast_insert after insert on public.messages
  for each row when (new.conversation_id is not null and new.kind <> 'campaign') execute function private.broadcast_conversation_message();
create trigger messages_broadcast_update after update on public.messages
  for each row when (new.conversation_id is not null and new.kind <> 'campaign') execute function private.broadcast_conversation_message();
