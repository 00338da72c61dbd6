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

create or replace function private.merge_leads(
  p_keep_id uuid,
  p_merge_ids uuid[],
  p_prefer jsonb default '{}',
  p_dry_run boolean default false,
  p_now timestamptz default now()
)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('operator');
  v_ids uuid[] := array(select distinct x from unnest(p_merge_ids) x where x is not null);
  v_answer jsonb;
  v_wrong text;
begin
  if p_keep_id is null or cardinality(v_ids) not between 1 and 20 or p_keep_id = any (v_ids) then
    perform private.refuse_field('merge_ids', 'Name 1 to 20 leads to merge, the one that is kept not among them.');
  end if;
  select p.key into v_wrong from jsonb_each_text(p_prefer) p
  where p.key not in ('first_name', 'last_name', 'language', 'email', 'address1', 'address2', 'city', 'state', 'postal_code', 'county',
      'source', 'status', 'lead_score')
    or not p.value = any ((p_keep_id || v_ids)::text[])
  limit 1;
  if found then
    perform private.refuse_field('prefer.' || v_wrong, 'Prefer a field of one of these leads, such as {"email": "<its id>"}.');
  end if;
  begin
    perform private.set_lead_cause('merge');
    v_answer := private.apply_merge(v_org_id, p_keep_id, v_ids, p_prefer, p_now);
    perform private.set_lead_cause(null);
    if p_dry_run then
      -- The same answer, and nothing of it written: what was done is undone, locks included.
      raise exception using errcode = 'DRYRN';
    end if;
  exception when sqlstate 'DRYRN' then
    null;
  end;
  return v_answer || jsonb_build_object('dry_run', p_dry_run);
end;
$$;

create or replace function private.move_lead_history(p_org_id uuid, p_keep_id uuid, p_other_ids uuid[], p_phones text[])
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_conversations integer;
  v_messages integer;
  v_consent integer;
  v_audit integer;
  v_events integer;
  v_lists integer;
begin
  update public.conversations c set lead_id = p_keep_id where c.org_id = p_org_id and c.lead_id = any (p_other_ids);
  get diagnostics v_conversations = row_count;
  -- By person and by conversation, each by its index: messages have none by lead.
  update public.messages m set lead_id = p_keep_id
  where m.lead_id = any (p_other_ids) and m.id in (
    select x.id from public.messages x where x.to_number = any (p_phones) and (x.org_id = p_org_id) is true
    union
    select x.id from public.conversations c join public.messages x on x.conversation_id = c.id
    where c.org_id = p_org_id and c.e164 = any (p_phones));
  get diagnostics v_messages = row_count;
  update public.consent_records r set lead_id = p_keep_id where r.org_id = p_org_id and r.lead_id = any (p_other_ids);
  get diagnostics v_consent = row_count;
  update public.audit_events e set lead_id = p_keep_id where e.org_id = p_org_id and e.lead_id = any (p_other_ids);
  get diagnostics v_audit = row_count;
  update public.lead_events e set lead_id = p_keep_id where e.lead_id = any (p_other_ids);
  get diagnostics v_events = row_count;
  insert into public.segment_leads (org_id, segment_id, lead_id, added_at)
  select p_org_id, s.segment_id, p_keep_id, min(s.added_at) from public.segment_leads s
  where s.org_id = p_org_id and s.lead_id = any (p_other_ids) group by s.segment_id
  on conflict do nothing;
  get diagnostics v_lists = row_count;
  delete from public.segment_leads s where s.org_id = p_org_id and s.lead_id = any (p_other_ids);
  -- Contacted are all whom any of them was.
  insert into private.lead_activity as a (lead_id, org_id, last_contacted_at)
  select p_keep_id, p_org_id, max(o.last_contacted_at) from private.lead_activity o where o.lead_id = any (p_other_ids) having count(*) > 0
  on conflict (lead_id) do update set last_contacted_at = greatest(a.last_contacted_at, excluded.last_contacted_at);
  delete from private.lead_activity a where a.lead_id = any (p_other_ids);
  update private.sent_leads s set lead_id = p_keep_id where s.lead_id = any (p_other_ids);
  update public.leads l set first_contacted_at = x.first_at
  from (select min(o.first_contacted_at) as first_at from public.leads o where o.id = any (p_keep_id || p_other_ids)) x
  where l.id = p_keep_id and l.first_contacted_at is distinct from x.first_at;
  -- Who was told apart from a merged lead is told apart from the kept one.
  insert into private.dismissed_duplicates (org_id, lead_a, lead_b, dismissed_by, dismissed_at)
  select distinct on (1, 2, 3) p_org_id, least(p_keep_id, x.id), greatest(p_keep_id, x.id), d.dismissed_by, d.dismissed_at
  from private.dismissed_duplicates d
  cross join lateral (select case when d.lead_a = any (p_other_ids) then d.lead_b else d.lead_a end as id) x
  where (d.lead_a = any (p_other_ids) or d.lead_b = any (p_other_ids)) and x.id <> p_keep_id and x.id <> all (p_other_ids)
  order by 1, 2, 3
  on conflict do nothing;
  return jsonb_build_object('conversations', v_conversations, 'messages', v_messages, 'consent_records', v_consent, 'audit_events', v_audit,
    'lead_events', v_events, 'segments', v_lists);
end;
$$;
comment on function private.move_lead_history(uuid, uuid, uuid[], text[]) is
  'Gives the kept lead the conversations, messages, consent records, audit and lead events of the merged ones, their places on lists and what tells when they were contacted; how many of each.';
