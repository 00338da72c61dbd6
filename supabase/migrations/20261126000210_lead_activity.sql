-- When campaigns last wrote to a lead. Never on the lead's own row: that has a dozen indexes, and this changes with every message.
-- Sending appends a line a message and no more; a fold writes one narrow row a lead, and once in its life the lead itself.

create table private.sent_leads (
  org_id uuid not null,
  lead_id uuid not null,
  sent_at timestamptz not null
);
comment on table private.sent_leads is 'Leads whose text was sent, until private.fold_lead_activity takes them up. No index: it is read whole and emptied.';
alter table private.sent_leads enable row level security;

create table private.lead_activity (
  lead_id uuid primary key references public.leads (id) on delete cascade,
  org_id uuid not null references public.orgs (id) on delete cascade,
  last_contacted_at timestamptz not null
) with (fillfactor = 70);
comment on table private.lead_activity is 'When a campaign''s text to a lead was last sent; no row: never.';
create index lead_activity_contacted_idx on private.lead_activity (org_id, last_contacted_at desc);
alter table private.lead_activity enable row level security;

create function private.append_sent_leads()
returns trigger
language plpgsql
security definer
set search_path = ''
-- Old and new rows are joined by hash: a plan is kept from the first statement, and one made for a single row compares every row with
-- every other.
set enable_nestloop = off
as $$
begin
  insert into private.sent_leads (org_id, lead_id, sent_at)
  select a.org_id, a.lead_id, coalesce(a.sent_at, a.updated_at)
  from after_rows a join before_rows b on b.id = a.id
  where a.state = 'sent' and b.state <> 'sent';
  return null;
end;
$$;
comment on function private.append_sent_leads() is 'Statement trigger: notes the leads whose target was sent. Definer: whoever settles may not write the table.';
alter function private.append_accepted() set enable_nestloop = off;
create function private.append_sent_reply()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  insert into private.sent_leads (org_id, lead_id, sent_at) values (new.org_id, new.lead_id, coalesce(new.sent_at, new.updated_at));
  return null;
end;
$$;
comment on function private.append_sent_reply() is 'Trigger, of replies alone: notes that a person of the organisation wrote to a lead. Definer: whoever settles may not write the table.';
create trigger campaign_targets_sent after update on public.campaign_targets
  referencing old table as before_rows new table as after_rows for each statement execute function private.append_sent_leads();

create trigger messages_reply_sent after update of status on public.messages
  for each row when (new.kind = 'reply' and new.lead_id is not null and new.status = 'sent' and old.status <> 'sent')
  execute function private.append_sent_reply();

create function private.fold_lead_activity(p_limit integer default 20000)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_count integer;
begin
  -- One at a time: two folds would wait for each other's leads.
  if not pg_try_advisory_xact_lock(hashtextextended('fold lead activity', 0)) then
    return 0;
  end if;
  perform private.set_lead_cause('sent');
  with locked as materialized (
    -- In the order in which everybody locks leads. Whoever is being changed by somebody else waits for the next fold.
    select l.id, l.status, l.first_contacted_at from public.leads l
    where l.id in (select x.lead_id from (select s.lead_id from private.sent_leads s limit p_limit) x)
    order by l.id for no key update skip locked
  ),
  taken as materialized (
    delete from private.sent_leads s
    where s.ctid = any (array(select x.ctid from private.sent_leads x limit p_limit))
      and (s.lead_id in (select k.id from locked k) or not exists (select from public.leads l where l.id = s.lead_id))
    returning s.org_id, s.lead_id, s.sent_at
  ),
  sent as materialized (
    select t.org_id, t.lead_id, min(t.sent_at) as first_at, max(t.sent_at) as last_at
    from taken t join locked k on k.id = t.lead_id
    group by t.org_id, t.lead_id
  ),
  firsts as (
    update public.leads l
    set first_contacted_at = coalesce(l.first_contacted_at, s.first_at),
        status = case when l.status = 'new' and not private.is_chosen(l.id, 'status') then 'contacted' else l.status end
    from sent s
    where l.id = s.lead_id and (l.first_contacted_at is null or l.status = 'new' and not private.is_chosen(l.id, 'status'))
  ),
  folded as (
    insert into private.lead_activity as a (lead_id, org_id, last_contacted_at)
    select s.lead_id, s.org_id, s.last_at from sent s order by s.lead_id
    on conflict (lead_id) do update set last_contacted_at = greatest(a.last_contacted_at, excluded.last_contacted_at)
  )
  select count(*) into v_count from sent;
  perform private.set_lead_cause(null);
  return v_count;
end;
$$;
comment on function private.fold_lead_activity(integer) is
  'Takes up to p_limit lines of sent_leads: writes when each lead was last contacted, and of those written to for the first time first_contacted_at and status contacted, if it was new and no person had it so. Returns of how many leads.';

insert into private.lead_activity (lead_id, org_id, last_contacted_at)
select t.lead_id, t.org_id, max(coalesce(t.sent_at, t.updated_at)) from public.campaign_targets t where t.state = 'sent' group by 1, 2;

-- The first text to a lead writes its whole row anew, with every index. While messages are due that takes second place: 60 leads a
-- second keep up with the usual pace, and a burst is caught up with when it is over.
select cron.schedule('lead-activity', '5 seconds', $$select private.fold_lead_activity(case when private.queue_is_due('sends') then 300 else 20000 end)$$);
