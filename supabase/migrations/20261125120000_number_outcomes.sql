-- Number outcomes: what became of what each number sent, counted by the hour and the receiver's carrier. The score of a number
-- is computed from these few rows and never from a week of messages.
-- A statement trigger notes in which hours messages changed, whoever changes them and however late; scoring counts those
-- hours again from the messages themselves, so a count is right however often, in which order or how late receipts come.

alter table public.orgs
  add column health_quarantine_below smallint not null default 50 check (health_quarantine_below between 0 and 100),
  add column health_min_messages integer not null default 50 check (health_min_messages between 10 and 100000);
comment on column public.orgs.health_quarantine_below is 'A number whose health score falls under this is quarantined until a person reactivates it; 0: never.';
comment on column public.orgs.health_min_messages is 'Outcomes of the last 7 days a number must have before it gets a score; under it the score is unknown.';
grant update (health_quarantine_below, health_min_messages) on public.orgs to authenticated;

alter table public.phone_numbers add column reactivated_at timestamptz;
comment on column public.phone_numbers.reactivated_at is 'When a person last took the number out of quarantine: its health counts messages from then on alone.';

create table private.number_outcomes (
  org_id uuid not null references public.orgs (id) on delete cascade,
  hour timestamptz not null check (hour = date_trunc('hour', hour, 'UTC')),
  phone_number_id uuid not null references public.phone_numbers (id) on delete cascade,
  carrier text not null,
  delivered integer not null,
  filtered integer not null,
  unreachable integer not null,
  failed integer not null,
  unconfirmed integer not null,
  unknown integer not null,
  opt_outs integer not null,
  primary key (org_id, hour, phone_number_id, carrier)
);
comment on table private.number_outcomes is
  'What became of a number''s messages of an hour (UTC, by when they were planned), by the receiver''s carrier ('''' where it is not known). Counted from the messages, kept for 7 days.';
create index number_outcomes_number_idx on private.number_outcomes (phone_number_id);

create table private.number_outcome_changes (
  org_id uuid not null,
  id bigint generated always as identity,
  hour timestamptz not null,
  primary key (org_id, id)
);
comment on table private.number_outcome_changes is
  'Hours of an organisation in which messages changed since they were counted. Appended only: nobody waits on it, and twice does no harm. No foreign key: it would lock the organisation with every receipt.';

create function private.note_outcome_changes()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  if tg_op = 'INSERT' then
    insert into private.number_outcome_changes (org_id, hour) values (new.org_id, date_trunc('hour', new.created_at, 'UTC'));
    return null;
  end if;
  -- What is queued or being posted has no outcome yet: claiming writes nothing here.
  insert into private.number_outcome_changes (org_id, hour)
  select distinct n.org_id, date_trunc('hour', n.created_at, 'UTC')
  from new_rows n
  where n.status not in ('queued', 'sending') and n.phone_number_id is not null;
  return null;
end;
$$;
comment on function private.note_outcome_changes() is
  'Trigger: notes the hours whose messages have an outcome now; updates by statement, one row per organisation and hour. Definer: whoever changes a message may not write private tables.';
-- By row, with a condition: planning inserts hundreds at once, none of which has an outcome, and would gather them all for nothing.
create trigger messages_outcomes_insert after insert on public.messages
  for each row when (new.status not in ('queued', 'sending') and new.phone_number_id is not null) execute function private.note_outcome_changes();
create trigger messages_outcomes_update after update on public.messages
  referencing new table as new_rows for each statement execute function private.note_outcome_changes();

create function private.count_outcomes(p_org_id uuid, p_hour timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
begin
  delete from private.number_outcomes o where o.org_id = p_org_id and o.hour = p_hour;
  insert into private.number_outcomes
    (org_id, hour, phone_number_id, carrier, delivered, filtered, unreachable, failed, unconfirmed, unknown, opt_outs)
  select p_org_id, p_hour, x.phone_number_id, x.carrier,
    count(*) filter (where x.outcome = 'delivered'), count(*) filter (where x.outcome = 'filtered'),
    count(*) filter (where x.outcome = 'unreachable'), count(*) filter (where x.outcome = 'failed'),
    count(*) filter (where x.outcome = 'unconfirmed'), count(*) filter (where x.outcome = 'unknown'),
    count(*) filter (where x.outcome = 'opt_out')
  from (
    select m.phone_number_id, coalesce(nullif(lp.carrier, ''), lp.carrier_info ->> 'carrier_name', '') as carrier,
      case
        when m.kind = 'inbound' then case when m.classification = 'stop' then 'opt_out' end
        when m.status = 'delivered' then 'delivered'
        when m.status = 'sent' then 'unconfirmed'
        when m.status = 'unknown' then 'unknown'
        -- What Twilio refused or never handed to a carrier says nothing of the number.
        when m.status not in ('undelivered', 'failed') or m.provider_sid is null or e.never_handed_to_carrier then null
        -- 30004 marks the phone like an invalid one, but the block is the receiver's or carrier's answer to the sender.
        when e.action = 'score_number' or m.error_code = 30004 then 'filtered'
        when e.class = 'permanent' or m.error_code = 30003 then 'unreachable'
        else 'failed'
      end as outcome
    from public.messages m
    join public.phone_numbers n on n.id = m.phone_number_id
    left join private.error_classes e on e.code = m.error_code
    left join public.lead_phones lp on lp.lead_id = m.lead_id
      and lp.e164 = case m.kind when 'inbound' then m.from_number else m.to_number end
    where m.org_id = p_org_id and m.created_at >= p_hour and m.created_at < p_hour + interval '1 hour'
      and m.created_at >= coalesce(n.reactivated_at, '-infinity')
  ) x
  where x.outcome is not null
  group by x.phone_number_id, x.carrier;
end;
$$;
comment on function private.count_outcomes(uuid, timestamptz) is
  'Counts an organisation''s outcomes of one hour anew from its messages; leaves out what a number sent before it was last reactivated.';

alter table private.number_outcomes enable row level security;
alter table private.number_outcome_changes enable row level security;
