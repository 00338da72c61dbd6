-- What became of leads: every change of status and score, whoever makes it, with the cause. New leads have no event.

create table public.lead_events (
  id uuid primary key default private.uuid_v7(),
  org_id uuid not null references public.orgs (id) on delete cascade,
  lead_id uuid not null references public.leads (id) on delete cascade,
  kind text not null check (kind in ('status', 'score')),
  old_value text not null,
  new_value text not null,
  cause text not null check (cause in ('manual', 'bulk', 'import', 'merge', 'sent', 'reply', 'keyword', 'opt_out', 'wrong_number', 'system')),
  message_id uuid,
  user_id uuid references public.users (id) on delete set null,
  -- Not the transaction's time: of two changes the later is the one that was made later.
  created_at timestamptz not null default clock_timestamp()
);
comment on table public.lead_events is
  'Changes of a lead''s status and score, and why: manual and bulk are people''s, sent, reply, keyword, opt_out and wrong_number follow from messages (message_id where one did). Kept for two years.';
create index lead_events_lead_idx on public.lead_events (lead_id, created_at desc, id desc);
create index lead_events_list_idx on public.lead_events (org_id, created_at desc);
create index lead_events_user_idx on public.lead_events (user_id) where user_id is not null;
create index lead_events_age_idx on public.lead_events using brin (created_at);

create function private.set_lead_cause(p_cause text, p_message_id uuid default null)
returns void
language sql
set search_path = ''
as $$
  select set_config('lead_events.cause', coalesce(p_cause, ''), true), set_config('lead_events.message_id', coalesce(p_message_id::text, ''), true);
$$;
comment on function private.set_lead_cause(text, uuid) is
  'Says why leads change from here to the end of the transaction, or to the next call (null: no more): see lead_events.cause. Who says nothing is manual where somebody is signed in, else system.';

create function private.record_lead_events()
returns trigger
language plpgsql
security definer
set search_path = ''
-- Old and new rows are joined by hash: a plan is kept from the first statement, and one made for a single row compares every row with
-- every other. What can't be joined otherwise looks endlessly dear then, and would be compiled.
set enable_nestloop = off
set jit = off
as $$
declare
  v_user_id uuid;
begin
  insert into public.lead_events (org_id, lead_id, kind, old_value, new_value, cause, message_id, user_id)
  select n.org_id, n.id, c.kind, c.old_value, c.new_value,
    coalesce(nullif(current_setting('lead_events.cause', true), ''), case when u.id is null then 'system' else 'manual' end),
    nullif(current_setting('lead_events.message_id', true), '')::uuid, u.id
  from new_rows n join old_rows o on o.id = n.id
  cross join lateral (values ('status', o.status, n.status), ('score', o.lead_score, n.lead_score)) c (kind, old_value, new_value)
  left join public.users u on u.id = (select auth.uid())
  where (n.status, n.lead_score) is distinct from (o.status, o.lead_score) and c.old_value <> c.new_value;
  return null;
end;
$$;
comment on function private.record_lead_events() is
  'Statement trigger: an event for every status and score that a statement changed. Definer: nobody may write events but by changing leads.';
create trigger leads_events after update on public.leads
  referencing old table as old_rows new table as new_rows for each statement execute function private.record_lead_events();

create function private.broadcast_lead_events()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  -- One statement may change 100,000 leads: then whoever looks is told to look again, not what happened to each.
  perform case
    when x.n <= 50 then private.broadcast_rows('org:' || x.org_id, 'INSERT', 'lead_events', x.records)
    else realtime.send(jsonb_build_object('id', gen_random_uuid(), 'leads', x.n), 'leads_changed', 'org:' || x.org_id, true)
  end
  from (
    select n.org_id, count(*) as n, case when count(*) <= 50 then jsonb_agg(to_jsonb(n)) end as records from new_rows n group by n.org_id
  ) x;
  return null;
end;
$$;
comment on function private.broadcast_lead_events() is
  'Statement trigger: up to 50 events of a statement to the organisation''s channel, or leads_changed with how many. Definer: realtime.send swallows errors of those who may not insert.';
create trigger lead_events_broadcast after insert on public.lead_events
  referencing new table as new_rows for each statement execute function private.broadcast_lead_events();

alter table public.lead_events enable row level security;
create policy "people read lead events of their organisation" on public.lead_events
  for select to authenticated using (org_id = (select private.org_id()));
grant select on public.lead_events to authenticated;
grant select on public.lead_events to service_role;

create function private.prune_lead_events(p_now timestamptz default now(), p_limit integer default 50000)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_count integer;
begin
  delete from public.lead_events e where e.id in (
    select x.id from public.lead_events x where x.created_at < p_now - interval '2 years' order by x.created_at limit p_limit);
  get diagnostics v_count = row_count;
  return v_count;
end;
$$;
comment on function private.prune_lead_events(timestamptz, integer) is 'Removes events older than two years, a bounded batch; returns how many.';
select cron.schedule('prune-lead-events', '41 * * * *', 'select private.prune_lead_events()');
