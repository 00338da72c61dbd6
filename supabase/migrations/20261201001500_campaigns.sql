-- Written from supabase/schemas/campaigns by npm run generate: change it there.

-- A function may call one that comes later.
set check_function_bodies = off;

-- schemas/campaigns/types.sql

create type public.campaign_status as enum
  ('draft', 'building', 'ready', 'scheduled', 'running', 'paused', 'completed', 'stopped');
comment on type public.campaign_status is
  'draft → building → ready → scheduled → running ⇄ paused → completed | stopped.';

create type public.target_state as enum
  ('excluded', 'canceled', 'waiting', 'queued', 'sending', 'unknown', 'sent', 'failed');
comment on type public.target_state is
  'A target is in exactly one of these states; the sum over all states is the audience. delivered, undelivered and unconfirmed '
  'are parts of sent.';

create type private.rotation_text as (
  template_id uuid, version integer, people bigint, replied bigint, weighed_people double precision,
  weighed_replied double precision
);
comment on type private.rotation_text is
  'What rotation thompson knows of a text in a step: people whose text is mature, those of them who replied, and both again with '
  'the older days counted for less.';

create type private.test_arm as (variant smallint, share integer, sent integer, successes integer, opt_outs integer);
comment on type private.test_arm is
  'What a look at an A/B test counted for a variant: people whose first text is mature, and how many of them did what the test '
  'measures, or opted out.';

-- schemas/campaigns/checks/audience.sql

create function private.check_criteria(p_org_id uuid, p_criteria jsonb, p_now timestamptz default now())
returns void
language plpgsql
stable
set search_path = ''
as $$
declare
  v_filter jsonb := p_criteria -> 'filter';
  v_strange text;
begin
  perform private.check_shape(case when jsonb_typeof(p_criteria) = 'object' then p_criteria - 'filter' else p_criteria end,
    private.criteria_shape(), 'target_criteria');
  if p_criteria ? 'filter' then
    if jsonb_typeof(v_filter) <> 'object' then
      perform private.refuse_field('target_criteria.filter', 'target_criteria.filter must be a filter of leads: an object.');
    end if;
    -- target_criteria has fields of its own for ids and segment_ids, which would silently override these; and deleted leads are
    -- never written to.
    select k into v_strange from unnest(array['ids', 'segment_ids', 'deleted']) k where v_filter ? k limit 1;
    if found then
      perform private.refuse_field('target_criteria.filter.' || v_strange, case v_strange
        when 'deleted' then 'Leave deleted out: a campaign writes only to leads that are not deleted.'
        when 'ids' then 'Leave ids out of the filter: name leads in target_criteria.lead_ids.'
        else 'Leave segment_ids out of the filter: name segments in target_criteria.segment_ids.' end);
    end if;
  end if;
  perform private.lead_condition(p_org_id, private.criteria_filter(p_criteria), p_now);
  select k.field into v_strange
  from (
    select 'exclude_campaign_ids' as field, x as id from jsonb_array_elements_text(p_criteria -> 'exclude_campaign_ids') x
    union all
    select f, p_criteria ->> f from unnest(array['failed_in_campaign_id', 'unanswered_campaign_id']) f where p_criteria ? f
  ) k
  where not exists (select from public.campaigns c where c.id = k.id::uuid and c.org_id = p_org_id) limit 1;
  if found then
    perform private.refuse_field('target_criteria.' || v_strange,
      format('Leave target_criteria.%s out, or name campaigns of your organisation: one of these does not exist.', v_strange));
  end if;
end;
$$;
comment on function private.check_criteria(uuid, jsonb, timestamptz) is
  'Checks a campaign''s target_criteria against their shape, and that they can be turned into the condition by which leads are '
  'found. Called when they are saved and again before each use. Raises PT422 naming the field, also for a segment or a campaign '
  'that does not exist.';

-- schemas/campaigns/triggers/append_target_deltas.sql

create function private.append_target_deltas()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  -- Which of after_rows and before_rows exists depends on the operation. A dynamic query would have to be planned each time, so
  -- there are three statements.
  if tg_op = 'INSERT' then
    insert into private.campaign_deltas
      (org_id, campaign_id, step, audience, excluded, canceled, waiting, queued, sending, unknown, sent, failed, delivered,
      undelivered)
    select a.org_id, a.campaign_id, a.step, count(*),
      count(*) filter (where state = 'excluded'), count(*) filter (where state = 'canceled'),
      count(*) filter (where state = 'waiting'), count(*) filter (where state = 'queued'),
      count(*) filter (where state = 'sending'), count(*) filter (where state = 'unknown'),
      count(*) filter (where state = 'sent'), count(*) filter (where state = 'failed'),
      count(*) filter (where delivery = 'delivered'), count(*) filter (where delivery = 'undelivered')
    from after_rows a group by a.org_id, a.campaign_id, a.step;
  elsif tg_op = 'UPDATE' then
    -- Groups by state first and then turns states into columns: a statement changes many rows, but between few states.
    insert into private.campaign_deltas
      (org_id, campaign_id, step, excluded, canceled, waiting, queued, sending, unknown, sent, failed, delivered, undelivered)
    select c.org_id, c.campaign_id, c.step, c.excluded, c.canceled, c.waiting, c.queued, c.sending, c.unknown, c.sent, c.failed,
      c.delivered, c.undelivered
    from (
      select x.org_id, x.campaign_id, x.step,
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
        select a.org_id, a.campaign_id, a.step, a.state, a.delivery, count(*) as n from after_rows a group by 1, 2, 3, 4, 5
        union all
        select b.org_id, b.campaign_id, b.step, b.state, b.delivery, -count(*) from before_rows b group by 1, 2, 3, 4, 5
      ) x
      group by x.org_id, x.campaign_id, x.step
    ) c
    where (c.excluded, c.canceled, c.waiting, c.queued, c.sending, c.unknown, c.sent, c.failed, c.delivered, c.undelivered)
      is distinct from (0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
  else
    insert into private.campaign_deltas
      (org_id, campaign_id, step, audience, excluded, canceled, waiting, queued, sending, unknown, sent, failed, delivered,
      undelivered)
    select b.org_id, b.campaign_id, b.step, -count(*),
      -count(*) filter (where state = 'excluded'), -count(*) filter (where state = 'canceled'),
      -count(*) filter (where state = 'waiting'), -count(*) filter (where state = 'queued'),
      -count(*) filter (where state = 'sending'), -count(*) filter (where state = 'unknown'),
      -count(*) filter (where state = 'sent'), -count(*) filter (where state = 'failed'),
      -count(*) filter (where delivery = 'delivered'), -count(*) filter (where delivery = 'undelivered')
    from before_rows b
    where exists (select 1 from public.campaigns c where c.id = b.campaign_id)
    group by b.org_id, b.campaign_id, b.step;
  end if;
  return null;
end;
$$;
comment on function private.append_target_deltas() is
  'Statement trigger: appends one row of deltas for each step of each campaign that a statement changed, so that figures add up '
  'whatever writes targets. Security definer: the role that changes a target may not write figures.';

-- schemas/campaigns/triggers/audience.sql

create function private.check_criteria()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.check_criteria(new.org_id, new.target_criteria);
  return null;
end;
$$;
comment on function private.check_criteria() is
  'Trigger: checks that a campaign''s criteria can be turned into a condition. Raises PT422 naming the field. Security definer: '
  'the role that saves a campaign may not call the functions of conditions.';

-- schemas/campaigns/triggers/campaigns.sql

-- Campaigns: what is sent to whom, the backlog (targets), and figures that add up by construction. A statement trigger on targets
-- appends one row of deltas for each campaign and statement; a fold adds them up once a second.

create function private.add_campaign_rows()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  insert into private.campaign_pace (campaign_id) values (new.id) on conflict do nothing;
  insert into private.campaign_turns (campaign_id) values (new.id) on conflict do nothing;
  insert into public.campaign_stats (campaign_id, org_id) values (new.id, new.org_id) on conflict do nothing;
  return null;
end;
$$;
comment on function private.add_campaign_rows() is
  'Trigger: creates the clock, the turns and the row of figures of a new campaign. Security definer: the role that adds a '
  'campaign may write none of them.';

create function private.add_step_figures()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  insert into public.campaign_step_stats (campaign_id, step, org_id) values (new.campaign_id, new.step, new.org_id)
  on conflict do nothing;
  return null;
end;
$$;
comment on function private.add_step_figures() is
  'Trigger: creates the row of figures of a new step. Security definer: the role that adds a step may not write it.';

-- schemas/campaigns/triggers/follow_sent_targets.sql

create function private.follow_sent_targets()
returns trigger
language plpgsql
security definer
set search_path = ''
-- Forces a hash join of old and new rows. The plan is made for the first statement and kept; a nested loop planned for a single
-- row would compare every old row with every new one.
set enable_nestloop = off
as $$
declare
  v_campaigns uuid[];
begin
  insert into private.sent_leads (org_id, lead_id, sent_at)
  select a.org_id, a.lead_id, coalesce(a.sent_at, a.updated_at)
  from after_rows a join before_rows b on b.id = a.id
  where a.state = 'sent' and b.state <> 'sent';
  if not found then
    return null;
  end if;
  v_campaigns := array(select distinct a.campaign_id from after_rows a);
  if exists (select from public.campaign_steps s where s.campaign_id = any (v_campaigns)) then
    perform private.add_next_steps(array(
      select a.id from after_rows a join before_rows b on b.id = a.id where a.state = 'sent' and b.state <> 'sent'));
  end if;
  return null;
end;
$$;
comment on function private.follow_sent_targets() is
  'Statement trigger: records the leads of targets that were sent, and adds the targets of their next steps. It sees every way '
  'in which a target becomes sent, in the transaction that records it: no crash can lose a step. Security definer: the role '
  'that settles may not write these tables.';

-- schemas/campaigns/triggers/share_activated.sql

create function private.share_activated()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  update public.campaign_templates ct set learned_share = s.share
  from (
    select x.campaign_id, x.step, round(10000.0 / count(*)) as share
    from public.campaign_templates x join public.templates t on t.id = x.template_id and t.is_active
    where (x.campaign_id, x.step) in (
      select y.campaign_id, y.step from public.campaign_templates y where y.org_id = new.org_id and y.template_id = new.id)
    group by x.campaign_id, x.step
    having count(x.learned_share) filter (where x.template_id <> new.id) > 0
  ) s
  where ct.campaign_id = s.campaign_id and ct.step = s.step and ct.template_id = new.id;
  return null;
end;
$$;
comment on function private.share_activated() is
  'Trigger: a template that is activated gets an equal part beside texts whose shares were learned, until they are chosen anew. '
  'Security definer: the role that changes templates may not write those of campaigns.';

-- schemas/campaigns/triggers/target_keys.sql

-- Triggers instead of foreign keys. Checking five foreign keys for every target, one row at a time, took half the time of
-- building an audience. Of the keys of targets and contacts only that to the lead is left: clients follow it, and it locks the
-- lead while its target is inserted. Building holds the lock of the campaign, whose row keeps the organisation from being
-- deleted; a next step is added by whoever holds the lock of the step before, and goes with its lead. These triggers delete or
-- clear references to deleted rows.

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
comment on function private.forget_targets() is
  'Statement trigger: clears campaign_target_id of messages whose target was deleted. Security definer: the role that deletes a '
  'target may not write messages.';

create function private.remove_targets()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  delete from public.campaign_targets t using before_rows b where t.org_id = b.org_id and t.campaign_id = b.id;
  return null;
end;
$$;
comment on function private.remove_targets() is
  'Statement trigger: deletes the targets of deleted campaigns. Security definer: the role that deletes a campaign may not write '
  'targets.';

create function private.forget_lead_phones()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  update public.campaign_targets t set lead_phone_id = null
  from before_rows b where t.org_id = b.org_id and t.e164 = b.e164 and t.lead_phone_id = b.id;
  return null;
end;
$$;
comment on function private.forget_lead_phones() is
  'Statement trigger: clears lead_phone_id of targets whose phone was deleted. Security definer: the role that deletes a phone '
  'may not write targets.';
create trigger lead_phones_forget after delete on public.lead_phones
  referencing old table as before_rows for each statement execute function private.forget_lead_phones();

create function private.remove_contacts()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  delete from private.contacts c using before_rows b where c.org_id = b.id;
  return null;
end;
$$;
comment on function private.remove_contacts() is
  'Statement trigger: deletes the contacts of deleted organisations. Security definer: the role that deletes an organisation may '
  'not write contacts.';
create trigger orgs_remove_contacts after delete on public.orgs
  referencing old table as before_rows for each statement execute function private.remove_contacts();

-- schemas/campaigns/tables/campaigns.sql

create table public.campaigns (
  id uuid primary key default gen_random_uuid(),
  org_id uuid not null references public.orgs (id) on delete cascade,
  name text not null check (length(trim(name)) between 1 and 200),
  description text check (length(description) <= 2000),
  type text not null default 'broadcast' check (type in ('broadcast', 'drip')),
  status public.campaign_status not null default 'draft',
  status_reason text,
  template_category text not null default 'initial' check (template_category in ('initial', 'followup')),
  target_criteria jsonb not null default '{}' check (jsonb_typeof(target_criteria) = 'object'),
  phones text not null default 'primary' check (phones in ('primary', 'all')),
  mps numeric(8, 3) check (mps between 0.001 and 1000),
  daily_cap integer check (daily_cap between 0 and 10000000),
  cooldown_days smallint check (cooldown_days between 0 and 3650),
  quiet_hours_override boolean not null default false,
  retry_undelivered boolean not null default false,
  rotation text not null default 'even' check (rotation in ('even', 'thompson')),
  scheduled_at timestamptz,
  built_at timestamptz,
  build_cursor uuid,
  starts_when_built boolean not null default false,
  started_at timestamptz,
  paused_at timestamptz,
  finished_at timestamptz,
  needs_attention text,
  created_by uuid references public.users (id) on delete set null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  breaker_since timestamptz,
  archived_at timestamptz,
  unique (org_id, id),
  check ((status in ('completed', 'stopped')) = (finished_at is not null)),
  check (status <> 'scheduled' or scheduled_at is not null),
  constraint campaigns_archived_check check (archived_at is null or status in ('draft', 'completed', 'stopped')),
  constraint campaigns_name_line
    check (length(name) <= 200 and name !~ '[\u0001-\u001f\u007f-\u009f\u2028\u2029]'
    and name ~ '[^[:space:]\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000\ufeff]'),
  constraint campaigns_scheduled_at_check check (scheduled_at between '2000-01-01' and '2100-01-01'),
  -- 10,000 ids and a filter take less.
  constraint campaigns_target_criteria_size check (pg_column_size(target_criteria) <= 1000000)
);
comment on table public.campaigns is
  'A campaign: its audience (target_criteria), pace and state. If mps or daily_cap (messages) is null, the campaign has no such '
  'limit of its own; if cooldown_days is null, the organisation''s applies.';
comment on column public.campaigns.type is 'drip: it has steps after the first text (campaign_steps). broadcast: it has none.';
comment on column public.campaigns.quiet_hours_override is
  'The campaign may send at any hour. This takes effect only while the Twilio API is a loopback host (a simulator); anywhere '
  'else it is refused when saved and again when claimed.';
comment on column public.campaigns.retry_undelivered is
  'Also retry 30003 (unreachable handset), 30008 (unknown) and 30500 (internal error), which a carrier may have had.';
comment on column public.campaigns.rotation is
  'How the texts of a step take turns. even: by their weights. thompson: those that people reply to more are used more.';
comment on column public.campaigns.starts_when_built is
  'The campaign is being built, and a person wants it to start as soon as that is done.';
comment on column public.campaigns.needs_attention is 'Why the campaign can''t proceed by itself; null if it can.';
comment on column public.campaigns.breaker_since is
  'When the campaign was last resumed. The circuit breaker counts only what happened since, so that what tripped it once does '
  'not trip it again.';
comment on column public.campaigns.archived_at is
  'Since when it is out of the list, because a person archived it; null if it is not.';
create index campaigns_list_idx on public.campaigns (org_id, created_at desc);
create index campaigns_status_idx on public.campaigns (org_id, status);
create index campaigns_active_idx on public.campaigns (status, org_id) where status in ('building', 'scheduled', 'running');
-- Stopped campaigns, whose last targets are still being canceled.
create index campaigns_stopped_idx on public.campaigns (finished_at) where status = 'stopped';
create index campaigns_created_by_idx on public.campaigns (created_by) where created_by is not null;

alter table public.campaigns enable row level security;
create policy "people read campaigns of their organisation" on public.campaigns
  for select to authenticated using (org_id = (select private.org_id()));
grant select on public.campaigns to authenticated;
grant delete, insert, select, update on public.campaigns to service_role;

create trigger campaigns_updated_at before update on public.campaigns
  for each row execute function private.set_updated_at();
create trigger campaigns_rows after insert on public.campaigns
  for each row execute function private.add_campaign_rows();
create trigger campaigns_check_criteria after insert or update of target_criteria on public.campaigns
  for each row when (new.target_criteria <> '{}') execute function private.check_criteria();
create trigger campaigns_remove_targets after delete on public.campaigns
  referencing old table as before_rows for each statement execute function private.remove_targets();
create trigger campaigns_drop_build after update of status on public.campaigns
  for each row when (old.status = 'building' and new.status <> 'building')
  execute function private.drop_own_work('builds', 'campaign_id');
create trigger campaigns_drop_build_deleted after delete on public.campaigns
  for each row when (old.status = 'building') execute function private.drop_own_work('builds', 'campaign_id');
create trigger campaigns_limit_unended after insert on public.campaigns
  for each row when (new.status not in ('completed', 'stopped'))
  execute function private.limit_active_work('2000', 'campaigns that have not ended',
    '{draft,building,ready,scheduled,running,paused}');
create trigger campaigns_limit_building after update of status on public.campaigns
  for each row when (new.status = 'building' and old.status <> 'building')
  execute function private.limit_active_work('50', 'audiences being built', '{building}');
create trigger campaigns_limit_running after update of status on public.campaigns
  for each row when (new.status = 'running' and old.status <> 'running')
  execute function private.limit_active_work('500', 'running campaigns', '{running}');
create trigger campaigns_limit_scheduled after update of status on public.campaigns
  for each row when (new.status = 'scheduled' and old.status <> 'scheduled')
  execute function private.limit_active_work('500', 'scheduled campaigns', '{scheduled}');
create trigger campaigns_limit_large_values after insert on public.campaigns
  for each row when (octet_length(new.target_criteria::text) > 8192)
  execute function private.limit_large_values('target_criteria');
create trigger campaigns_limit_larger_values after update of target_criteria on public.campaigns
  for each row when (new.target_criteria is distinct from old.target_criteria)
  execute function private.limit_large_values('target_criteria');
create trigger campaigns_forget_large_values after delete on public.campaigns
  for each row execute function private.forget_large_values();

-- schemas/campaigns/tables/campaign_phone_numbers.sql

create table public.campaign_phone_numbers (
  org_id uuid not null,
  campaign_id uuid not null,
  phone_number_id uuid not null,
  primary key (campaign_id, phone_number_id),
  foreign key (org_id, campaign_id) references public.campaigns (org_id, id) on delete cascade,
  foreign key (org_id, phone_number_id) references public.phone_numbers (org_id, id) on delete cascade
);
comment on table public.campaign_phone_numbers is
  'The pool of numbers that a campaign sends from; if it lists none, all numbers of the organisation.';
create index campaign_phone_numbers_number_idx on public.campaign_phone_numbers (org_id, phone_number_id);
create index campaign_phone_numbers_campaign_idx on public.campaign_phone_numbers (org_id, campaign_id);

alter table public.campaign_phone_numbers enable row level security;
create policy "people read campaign numbers of their organisation" on public.campaign_phone_numbers
  for select to authenticated using (org_id = (select private.org_id()));
grant select on public.campaign_phone_numbers to authenticated;
grant delete, insert, select, update on public.campaign_phone_numbers to service_role;

-- schemas/campaigns/tables/campaign_targets.sql

create table public.campaign_targets (
  id uuid primary key default gen_random_uuid(),
  org_id uuid not null,
  campaign_id uuid not null,
  lead_id uuid not null references public.leads (id) on delete cascade,
  lead_phone_id uuid,
  e164 text collate "C" not null,
  step smallint not null default 1 check (step between 1 and 9),
  ordinal bigint not null,
  window_key text collate "C" not null,
  state public.target_state not null default 'waiting',
  delivery text check (delivery in ('unconfirmed', 'delivered', 'undelivered')),
  reason text,
  not_before timestamptz not null default '-infinity',
  attempts smallint not null default 0,
  min_segments smallint,
  phone_number_id uuid,
  message_id uuid,
  last_template_id uuid,
  sent_at timestamptz,
  error_code integer,
  needs_attention text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  is_included boolean generated always as (state <> 'excluded') stored,
  is_waiting boolean generated always as (state = 'waiting') stored,
  sticky_until timestamptz,
  variant smallint,
  replies_since timestamptz,
  assigned_variant smallint,
  check ((state = 'sent') = (delivery is not null)),
  check (state not in ('excluded', 'canceled') or reason is not null)
) with (fillfactor = 50);
comment on table public.campaign_targets is
  'The backlog: one row for each campaign, phone and step, with a reason if it was excluded, canceled or failed.';
comment on column public.campaign_targets.window_key is
  'The time zones and states the person may be in: private.windows says whether they may be written to now.';
comment on column public.campaign_targets.min_segments is
  'Set if a rendered text was longer than charged: the next plan charges at least this many segments.';
comment on column public.campaign_targets.is_included is
  'In the audience and not excluded. At most one row for a campaign, phone and step is included.';
comment on column public.campaign_targets.sticky_until is
  'Until when it waits for the number that the person knows, which is full or outside its hours; then another number is used.';
comment on column public.campaign_targets.variant is
  'The variant whose texts this person gets, or was sent; null if the campaign has none, or keeps them back until its A/B test '
  'is decided. Building assigns it; a promotion changes it only for people who still wait for their first text.';
comment on column public.campaign_targets.assigned_variant is
  'The variant that building assigned, if a promotion gave the person another since; 0 if they were kept back. Null: variant is '
  'what building assigned. In an A/B test people count for the variant that they were sent, and those with a value here for '
  'none: they were not given their text by chance alone.';
comment on column public.campaign_targets.replies_since is
  'Of a step after the first: what its person writes after this time stops it. It is when their first message was planned, since '
  'an answer may come before the worker has recorded the sending. Null for the first step.';
create index campaign_targets_lead_idx on public.campaign_targets (lead_id);
create unique index campaign_targets_once_key on public.campaign_targets (campaign_id, e164, step) where is_included;
create index campaign_targets_waiting_idx on public.campaign_targets (campaign_id, window_key, not_before, ordinal)
  where is_waiting;
create index campaign_targets_phone_idx on public.campaign_targets (org_id, e164);
create index campaign_targets_list_idx on public.campaign_targets (org_id, campaign_id, ordinal);

alter table public.campaign_targets enable row level security;
create policy "people read targets of their organisation" on public.campaign_targets
  for select to authenticated using (org_id = (select private.org_id()));
grant select on public.campaign_targets to authenticated, service_role;

create trigger campaign_targets_deltas_insert after insert on public.campaign_targets
  referencing new table as after_rows for each statement execute function private.append_target_deltas();
create trigger campaign_targets_deltas_update after update on public.campaign_targets
  referencing old table as before_rows new table as after_rows for each statement execute function private.append_target_deltas();
create trigger campaign_targets_deltas_delete after delete on public.campaign_targets
  referencing old table as before_rows for each statement execute function private.append_target_deltas();
create trigger campaign_targets_forget after delete on public.campaign_targets
  referencing old table as before_rows for each statement execute function private.forget_targets();
create trigger campaign_targets_sent after update on public.campaign_targets
  referencing old table as before_rows new table as after_rows for each statement execute function private.follow_sent_targets();

-- schemas/campaigns/tables/campaign_pace.sql

create table private.campaign_pace (
  campaign_id uuid primary key references public.campaigns (id) on delete cascade,
  next_slot_at timestamptz not null default '-infinity'
) with (fillfactor = 50);
comment on table private.campaign_pace is
  'The clock of a campaign: the time of its next slot under its own mps.';

alter table private.campaign_pace enable row level security;

-- schemas/campaigns/tables/campaign_turns.sql

create table private.campaign_turns (
  campaign_id uuid primary key references public.campaigns (id) on delete cascade,
  planned_at timestamptz not null default '-infinity',
  wakes_at timestamptz not null default '-infinity'
) with (fillfactor = 50);
comment on table private.campaign_turns is
  'When a campaign was last planned, and when it is due again. Only planning writes it. It is not part of the clock: a claim '
  'holds clocks and may wait for a daily cap, and planning holds daily caps.';
comment on column private.campaign_turns.wakes_at is
  'Until then nothing is due of a campaign with steps, or with people whom an A/B test keeps back, so it is not planned: at most '
  'a minute ahead.';

alter table private.campaign_turns enable row level security;

-- schemas/campaigns/tables/campaign_stats.sql

create table public.campaign_stats (
  campaign_id uuid primary key,
  org_id uuid not null,
  audience integer not null default 0,
  excluded integer not null default 0,
  canceled integer not null default 0,
  waiting integer not null default 0,
  queued integer not null default 0,
  sending integer not null default 0,
  unknown integer not null default 0,
  sent integer not null default 0,
  failed integer not null default 0,
  delivered integer not null default 0,
  undelivered integer not null default 0,
  unconfirmed integer generated always as (sent - delivered - undelivered) stored,
  replies integer not null default 0,
  opt_outs integer not null default 0,
  segments integer not null default 0,
  updated_at timestamptz not null default now(),
  foreign key (org_id, campaign_id) references public.campaigns (org_id, id) on delete cascade
) with (fillfactor = 50);
comment on table public.campaign_stats is
  'A campaign''s figures, folded at most once a second. audience = excluded + canceled + waiting + queued + sending + unknown + '
  'sent + failed.';
comment on column public.campaign_stats.replies is
  'People who answered: texts that are an answer count, once for each person. STOP, START, HELP, dislikes, other reactions and '
  'automatic answers do not.';
create index campaign_stats_org_idx on public.campaign_stats (org_id, campaign_id);

alter table public.campaign_stats enable row level security;
create policy "people read campaign figures of their organisation" on public.campaign_stats
  for select to authenticated using (org_id = (select private.org_id()));
grant select on public.campaign_stats to authenticated, service_role;

-- schemas/campaigns/tables/campaign_deltas.sql

create table private.campaign_deltas (
  id bigint generated always as identity primary key,
  org_id uuid not null,
  campaign_id uuid not null,
  audience integer not null default 0,
  excluded integer not null default 0,
  canceled integer not null default 0,
  waiting integer not null default 0,
  queued integer not null default 0,
  sending integer not null default 0,
  unknown integer not null default 0,
  sent integer not null default 0,
  failed integer not null default 0,
  delivered integer not null default 0,
  undelivered integer not null default 0,
  replies integer not null default 0,
  opt_outs integer not null default 0,
  segments integer not null default 0,
  step smallint not null default 1
) with (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_cost_delay = 0);
comment on table private.campaign_deltas is
  'Changes of figures that are not folded into campaign_stats yet; rows are only appended. Counting in place would lock one row '
  'for every message.';

alter table private.campaign_deltas enable row level security;

-- schemas/campaigns/tables/campaign_variants.sql

create table public.campaign_variants (
  org_id uuid not null,
  campaign_id uuid not null,
  variant smallint not null check (variant between 1 and 10),
  name text not null check (length(trim(name)) between 1 and 40),
  share smallint not null check (share between 1 and 1000),
  assigned integer not null default 0 check (assigned >= 0),
  primary key (campaign_id, variant),
  unique (campaign_id, name),
  foreign key (org_id, campaign_id) references public.campaigns (org_id, id) on delete cascade,
  constraint campaign_variants_name_line check (length(name) <= 40 and name !~ '[\u0001-\u001f\u007f-\u009f\u2028\u2029]')
);
comment on table public.campaign_variants is
  'The variants of a campaign''s A/B test. share is a part of the sum of all shares. A campaign without rows has no test.';
comment on column public.campaign_variants.assigned is
  'Targets that building assigned to this variant: never more than one off its exact share.';
create index campaign_variants_org_idx on public.campaign_variants (org_id, campaign_id);

alter table public.campaign_variants enable row level security;
create policy "people read variants of their organisation" on public.campaign_variants
  for select to authenticated using (org_id = (select private.org_id()));
grant select on public.campaign_variants to authenticated;
grant delete, insert, select, update on public.campaign_variants to service_role;

-- schemas/campaigns/tables/campaign_blueprints.sql

create table public.campaign_blueprints (
  id uuid primary key default gen_random_uuid(),
  org_id uuid not null references public.orgs (id) on delete cascade,
  name text not null check (length(trim(name)) between 1 and 200 and length(name) <= 200
    and name !~ '[\u0001-\u001f\u007f-\u009f\u2028\u2029]'),
  description text check (length(description) <= 2000),
  definition jsonb not null check (jsonb_typeof(definition) = 'object' and pg_column_size(definition) <= 1000000),
  created_by uuid references public.users (id) on delete set null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (org_id, id)
);
comment on table public.campaign_blueprints is
  'Definitions of campaigns under a name, to make campaigns of: texts, numbers, pace and, if wanted, the audience''s criteria.';
create unique index campaign_blueprints_name_key on public.campaign_blueprints (org_id, lower(trim(name)));
create index campaign_blueprints_created_by_idx on public.campaign_blueprints (created_by) where created_by is not null;

alter table public.campaign_blueprints enable row level security;
create policy "people read campaign blueprints of their organisation" on public.campaign_blueprints
  for select to authenticated using (org_id = (select private.org_id()));
grant select on public.campaign_blueprints to authenticated;
grant delete, insert, select, update on public.campaign_blueprints to service_role;

create trigger campaign_blueprints_updated_at before update on public.campaign_blueprints
  for each row execute function private.set_updated_at();
create trigger campaign_blueprints_limit before insert on public.campaign_blueprints
  for each row execute function private.limit_rows('200');
create trigger campaign_blueprints_limit_large_values after insert on public.campaign_blueprints
  for each row when (octet_length(new.definition::text) > 8192) execute function private.limit_large_values('definition');
create trigger campaign_blueprints_limit_larger_values after update of definition on public.campaign_blueprints
  for each row when (new.definition is distinct from old.definition)
  execute function private.limit_large_values('definition');
create trigger campaign_blueprints_forget_large_values after delete on public.campaign_blueprints
  for each row execute function private.forget_large_values();

-- schemas/campaigns/tables/campaign_templates.sql

create table public.campaign_templates (
  org_id uuid not null,
  campaign_id uuid not null,
  template_id uuid not null,
  weight smallint not null default 1 check (weight between 1 and 1000),
  variant smallint,
  step smallint not null default 1 check (step between 1 and 9),
  learned_share smallint check (learned_share between 1 and 10000),
  primary key (campaign_id, step, template_id),
  foreign key (org_id, campaign_id) references public.campaigns (org_id, id) on delete cascade,
  foreign key (org_id, template_id) references public.templates (org_id, id) on delete restrict,
  foreign key (campaign_id, variant) references public.campaign_variants (campaign_id, variant) on delete cascade
);
comment on table public.campaign_templates is 'The templates that each step of a campaign rotates.';
comment on column public.campaign_templates.weight is 'A template of weight 3 is used three times as often as one of weight 1.';
comment on column public.campaign_templates.variant is
  'The variant whose people get this template; null if everybody gets it.';
comment on column public.campaign_templates.learned_share is
  'How often rotation thompson uses the template, in hundredths of a percent. Either all active '
  'templates of a step have one, or none: then they are used by their weights.';
create index campaign_templates_template_idx on public.campaign_templates (org_id, template_id);
create index campaign_templates_campaign_idx on public.campaign_templates (org_id, campaign_id);
create index campaign_templates_variant_idx on public.campaign_templates (campaign_id, variant);

alter table public.campaign_templates enable row level security;
create policy "people read campaign templates of their organisation" on public.campaign_templates
  for select to authenticated using (org_id = (select private.org_id()));
grant select on public.campaign_templates to authenticated;
grant delete, insert, select, update on public.campaign_templates to service_role;

create trigger templates_share_activated after update on public.templates
  for each row when (new.is_active and not old.is_active) execute function private.share_activated();

-- schemas/campaigns/tables/campaign_steps.sql

create table public.campaign_steps (
  org_id uuid not null,
  campaign_id uuid not null,
  step smallint not null check (step between 2 and 9),
  kind text not null default 'text' check (kind in ('text', 'next_phone')),
  wait_hours smallint not null check (wait_hours between 1 and 1440),
  stop_on text[] not null
    check (stop_on <@ '{replied,interested,converted,not_interested,opted_out,wrong_number,do_not_contact}'
      and stop_on @> '{not_interested,opted_out,wrong_number,do_not_contact}' and cardinality(stop_on) <= 7),
  primary key (campaign_id, step),
  foreign key (org_id, campaign_id) references public.campaigns (org_id, id) on delete cascade
);
comment on table public.campaign_steps is
  'The steps of a campaign after its first text. A target of a step is added in the transaction that records its target of the '
  'step before as sent.';
comment on column public.campaign_steps.kind is
  'text: another text to the same phone. next_phone: the first text to the next phone of the lead; without texts of its own it '
  'uses those of the first step.';
comment on column public.campaign_steps.wait_hours is 'Hours after the step before was sent.';
comment on column public.campaign_steps.stop_on is
  'What ends the steps of a person. Only replied, interested and converted may be left out: writing on after the others would be '
  'unlawful.';
create index campaign_steps_org_idx on public.campaign_steps (org_id, campaign_id);

alter table public.campaign_steps enable row level security;
create policy "people read steps of campaigns of their organisation" on public.campaign_steps
  for select to authenticated using (org_id = (select private.org_id()));
grant select on public.campaign_steps to authenticated;
grant delete, insert, select, update on public.campaign_steps to service_role;

create trigger campaign_steps_figures after insert on public.campaign_steps
  for each row execute function private.add_step_figures();

-- schemas/campaigns/tables/campaign_step_stats.sql

create table public.campaign_step_stats (
  campaign_id uuid not null,
  step smallint not null,
  org_id uuid not null,
  audience integer not null default 0,
  excluded integer not null default 0,
  canceled integer not null default 0,
  waiting integer not null default 0,
  queued integer not null default 0,
  sending integer not null default 0,
  unknown integer not null default 0,
  sent integer not null default 0,
  failed integer not null default 0,
  delivered integer not null default 0,
  undelivered integer not null default 0,
  replies integer not null default 0,
  opt_outs integer not null default 0,
  primary key (campaign_id, step),
  foreign key (campaign_id, step) references public.campaign_steps (campaign_id, step) on delete cascade,
  foreign key (org_id, campaign_id) references public.campaigns (org_id, id) on delete cascade
) with (fillfactor = 50);
comment on table public.campaign_step_stats is
  'The part of campaign_stats that belongs to a step after the first, folded together with it. The rest belongs to the first '
  'step.';
create index campaign_step_stats_org_idx on public.campaign_step_stats (org_id, campaign_id);

alter table public.campaign_step_stats enable row level security;
create policy "people read figures of steps of their organisation" on public.campaign_step_stats
  for select to authenticated using (org_id = (select private.org_id()));
grant select on public.campaign_step_stats to authenticated, service_role;

-- schemas/campaigns/tables/figure_checks.sql

create table private.figure_checks (
  campaign_id uuid primary key references public.campaigns (id) on delete cascade,
  checked_at timestamptz not null
) with (fillfactor = 50);
comment on table private.figure_checks is 'When a campaign''s figures were last compared with its targets.';

alter table private.figure_checks enable row level security;

-- schemas/campaigns/tables/campaign_tests.sql

create table public.campaign_tests (
  id uuid primary key default gen_random_uuid(),
  org_id uuid not null,
  campaign_id uuid not null unique,
  metric text not null check (metric in ('replied', 'interested')),
  alpha double precision not null default 0.05 check (alpha between 0.001 and 0.2),
  maturity_hours smallint not null default 48 check (maturity_hours between 1 and 336),
  min_per_arm integer not null default 200 check (min_per_arm between 50 and 1000000),
  tuning_n integer not null default 5000 check (tuning_n between 100 and 10000000),
  test_percent smallint not null default 100 check (test_percent between 1 and 100),
  decides text not null default 'person' check (decides in ('person', 'auto')),
  deadline timestamptz not null check (deadline between '2000-01-01' and '2100-01-01'),
  status text not null default 'running' check (status in ('running', 'won', 'no_winner', 'invalid', 'ended')),
  winner smallint check (winner between 1 and 10),
  evidence jsonb check (jsonb_typeof(evidence) = 'object'),
  looked_at timestamptz,
  held integer not null default 0 check (held >= 0),
  promoted smallint check (promoted between 1 and 10),
  promoted_at timestamptz check ((promoted_at is not null) = (promoted is not null)),
  promoted_by uuid references public.users (id) on delete set null,
  decided_at timestamptz check ((decided_at is not null) = (status <> 'running')),
  created_by uuid references public.users (id) on delete set null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  check ((winner is not null) = (status = 'won')),
  foreign key (org_id, campaign_id) references public.campaigns (org_id, id) on delete cascade
);
comment on table public.campaign_tests is
  'The A/B test of a campaign: how it is judged, and what came of it. It counts people whose first text was sent maturity_hours '
  'ago, and what they did within that time. Whoever was given another variant than building assigned counts for none '
  '(campaign_targets.assigned_variant).';
comment on column public.campaign_tests.metric is
  'What the arms are compared by: people who replied, or whose reply was judged interested when it came.';
comment on column public.campaign_tests.alpha is
  'The chance that equal texts get a winner, however often one looks. It is shared by all pairs of variants.';
comment on column public.campaign_tests.tuning_n is 'For how many people of a pair of variants the interval is tightest.';
comment on column public.campaign_tests.test_percent is
  'The share of the audience that takes part. The others wait until a variant is promoted or the test ends.';
comment on column public.campaign_tests.decides is
  'person: a winner is promoted by a person. auto: by the look that finds it.';
comment on column public.campaign_tests.status is
  'running; won: there is a winner; no_winner: the deadline passed, or all people are counted; invalid: the arms differ from '
  'their shares; ended: a person promoted a variant or ended the test before it was decided.';
comment on column public.campaign_tests.evidence is 'The numbers of the look that decided.';
comment on column public.campaign_tests.looked_at is
  'When the newest look was taken that is kept: a change of it is broadcast, and the look can be read.';
comment on column public.campaign_tests.held is 'How many people building kept back.';
comment on column public.campaign_tests.promoted is 'The variant that everybody gets who still waits for their first text.';
comment on column public.campaign_tests.promoted_by is 'Who promoted it; null if the test did.';
create index campaign_tests_org_idx on public.campaign_tests (org_id, campaign_id);
create index campaign_tests_promoted_by_idx on public.campaign_tests (promoted_by) where promoted_by is not null;
create index campaign_tests_created_by_idx on public.campaign_tests (created_by) where created_by is not null;

alter table public.campaign_tests enable row level security;
create policy "people read tests of campaigns of their organisation" on public.campaign_tests
  for select to authenticated using (org_id = (select private.org_id()));
grant select on public.campaign_tests to authenticated, service_role;

create trigger campaign_tests_updated_at before update on public.campaign_tests
  for each row execute function private.set_updated_at();
create trigger campaign_tests_limit after insert on public.campaign_tests
  for each row execute function private.limit_active_work('50', 'A/B tests that are not decided', '{running}');
create trigger campaign_tests_limit_again after update of status on public.campaign_tests
  for each row when (new.status = 'running' and old.status <> 'running')
  execute function private.limit_active_work('50', 'A/B tests that are not decided', '{running}');

-- schemas/campaigns/tables/campaign_test_looks.sql

create table public.campaign_test_looks (
  id uuid primary key default private.uuid_v7(),
  org_id uuid not null,
  campaign_id uuid not null,
  looked_at timestamptz not null,
  arms jsonb not null check (jsonb_typeof(arms) = 'array'),
  comparisons jsonb not null check (jsonb_typeof(comparisons) = 'array'),
  obstacles text[] not null,
  sample_ratio double precision,
  winner smallint,
  foreign key (org_id, campaign_id) references public.campaigns (org_id, id) on delete cascade
);
comment on table public.campaign_test_looks is
  'Every look at an A/B test, with all its numbers; rows are only added. A look that counts nobody more than the one before is '
  'not kept.';
comment on column public.campaign_test_looks.arms is
  'For each variant: assigned, sent, mature (counted), replied, interested and opted_out of these, waiting, and excluded by '
  'reason.';
comment on column public.campaign_test_looks.comparisons is
  'The best variant against each other, in points: difference, and the interval from low to high.';
comment on column public.campaign_test_looks.obstacles is 'What stood against a winner; empty if there was one.';
comment on column public.campaign_test_looks.sample_ratio is
  'The probability that the arms differ from their shares as much by chance; null if too few people were sent a text to say.';
create index campaign_test_looks_campaign_idx on public.campaign_test_looks (campaign_id, looked_at desc);
create index campaign_test_looks_org_idx on public.campaign_test_looks (org_id, campaign_id);

alter table public.campaign_test_looks enable row level security;
create policy "people read looks at tests of their organisation" on public.campaign_test_looks
  for select to authenticated using (org_id = (select private.org_id()));
grant select on public.campaign_test_looks to authenticated, service_role;

-- schemas/campaigns/tables/test_turns.sql

create table private.test_turns (
  campaign_id uuid primary key references public.campaigns (id) on delete cascade,
  org_id uuid not null,
  look_at timestamptz,
  as_of timestamptz,
  counted_to bigint not null default 0,
  counts jsonb not null default '[]',
  move_at timestamptz,
  moved_to bigint not null default 0,
  moved integer not null default 0,
  moved_in_pass integer not null default 0,
  since timestamptz
) with (fillfactor = 50);
comment on table private.test_turns is
  'What an A/B test has to do next, and how far it is: counting for a look, and giving people their variant. Both go through the '
  'targets in the order of their ordinals, in parts, and go on where they stopped.';
comment on column private.test_turns.look_at is 'When the next look is due; null if there is none.';
comment on column private.test_turns.as_of is 'The time of the look that is being counted; null between looks.';
comment on column private.test_turns.move_at is
  'When the next part of moving people to their variant is due; null if all are moved.';
comment on column private.test_turns.since is 'When moving began: a message that was planned before may still be given back.';
create index test_turns_look_idx on private.test_turns (look_at) where look_at is not null;
create index test_turns_move_idx on private.test_turns (move_at) where move_at is not null;

alter table private.test_turns enable row level security;

-- schemas/campaigns/tables/rotation_turns.sql

create table private.rotation_turns (
  campaign_id uuid primary key references public.campaigns (id) on delete cascade,
  org_id uuid not null,
  look_at timestamptz,
  counted_to timestamptz not null,
  step smallint not null default 0
) with (fillfactor = 50);
comment on table private.rotation_turns is
  'When a campaign with rotation thompson is looked at next (null: not any more), and up to when its messages are counted.';
comment on column private.rotation_turns.step is 'The last step whose shares were chosen in this look; 0: none yet.';
create index rotation_turns_look_idx on private.rotation_turns (look_at) where look_at is not null;

alter table private.rotation_turns enable row level security;

-- schemas/campaigns/tables/rotation_trials.sql

create table private.rotation_trials (
  campaign_id uuid not null references public.campaigns (id) on delete cascade,
  step smallint not null,
  template_id uuid not null,
  version integer not null,
  day date not null,
  people integer not null,
  replied integer not null check (replied between 0 and people),
  primary key (campaign_id, step, template_id, version, day)
);
comment on table private.rotation_trials is
  'What rotation thompson learns from: people whose text is old enough to be judged, by the day it was planned on in the '
  'organisation''s time zone, and those of them who replied within the time of maturity. Each message is counted once.';

alter table private.rotation_trials enable row level security;

-- schemas/campaigns/tables/campaign_rotation_looks.sql

create table public.campaign_rotation_looks (
  org_id uuid not null,
  campaign_id uuid not null,
  step smallint not null,
  looked_at timestamptz not null,
  template_id uuid not null,
  version integer not null,
  people bigint not null,
  replied bigint not null,
  weighed_people double precision not null,
  weighed_replied double precision not null,
  best double precision,
  share double precision not null,
  primary key (campaign_id, step, looked_at, template_id),
  foreign key (org_id, campaign_id) references public.campaigns (org_id, id) on delete cascade
);
comment on table public.campaign_rotation_looks is
  'What a campaign with rotation thompson knew of each text of a step whenever it chose new shares; rows are only added.';
comment on column public.campaign_rotation_looks.people is 'Counted so far; weighed_people: the older, the less.';
comment on column public.campaign_rotation_looks.best is
  'The probability that the text is the best of the step; null while too few people are counted for it.';
comment on column public.campaign_rotation_looks.share is 'The share that it got, from 0 to 1.';
create index campaign_rotation_looks_org_idx on public.campaign_rotation_looks (org_id, campaign_id);

alter table public.campaign_rotation_looks enable row level security;
create policy "people read rotation looks of their organisation" on public.campaign_rotation_looks
  for select to authenticated using (org_id = (select private.org_id()));
grant select on public.campaign_rotation_looks to authenticated, service_role;

-- schemas/campaigns/functions/acknowledge_warnings.sql

-- Warnings: what a person should know before a campaign starts. Some must be acknowledged, because they cost money or time that
-- nobody gets back.

create function private.refuse_unacknowledged(p_campaign public.campaigns, p_acknowledge text[], p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_open jsonb;
begin
  if p_acknowledge is null or cardinality(p_acknowledge) > 20 or array_position(p_acknowledge, null) is not null then
    perform private.refuse_field('acknowledge', 'Give acknowledge as a list of up to 20 codes of warnings.');
  end if;
  select coalesce(array_to_json(array_agg(jsonb_build_object('code', w.code, 'message', w.message, 'details', w.details))), '[]')
  into v_open
  from private.start_warnings(p_campaign, private.preflight_people(p_campaign, p_now),
    private.forecast_of(p_campaign, p_now), p_now) w
  where w.must_acknowledge and w.code <> all (p_acknowledge);
  if v_open <> '[]' then
    perform private.raise_error('PT409', 'warnings_not_acknowledged', format(
      'Read these warnings, then start again with their codes in acknowledge: %s',
      (select string_agg(format('%s: %s', w ->> 'code', w ->> 'message'), ' ') from jsonb_array_elements(v_open) w)),
      jsonb_build_object('warnings', v_open));
  end if;
end;
$$;
comment on function private.refuse_unacknowledged(public.campaigns, text[], timestamptz) is
  'Raises PT409 with the warnings that must be acknowledged and are not in p_acknowledge; PT422 if that is no list of codes.';

create function private.forecast_of(p_campaign public.campaigns, p_now timestamptz)
returns jsonb
language sql
stable
set search_path = ''
as $$
  with days as (
    select f.day, f.messages, f.limited_by from private.campaign_forecast(p_campaign, 30, p_now) f
  ),
  waiting as (
    select count(*) as n from public.campaign_targets t where t.campaign_id = p_campaign.id and t.is_waiting
  )
  select jsonb_build_object(
    'days', coalesce((select array_to_json(array_agg(d order by d.day)) from days d), '[]'),
    'finishes_on', (select max(d.day) from days d having sum(d.messages) >= (select w.n from waiting w)),
    'waiting', (select w.n from waiting w));
$$;
comment on function private.forecast_of(public.campaigns, timestamptz) is
  'The forecast of a campaign for 30 days, and the day on which it ends; finishes_on is null if that is not within them.';

create function private.preflight_cost(p_campaign public.campaigns, p_people bigint)
returns jsonb
language sql
stable
set search_path = ''
as $$
  select jsonb_build_object('segment_price', l.segment_price, 'carrier_fee', l.carrier_fee,
    'segments_high', ceil(x.segments), 'high', round(x.segments::numeric * (l.segment_price + l.carrier_fee), 2))
  from public.sending_limits l
  cross join lateral (
    -- As if nobody answered. A step without texts of its own sends the first ones again.
    select p_people * (private.forecast_segments(p_campaign.id) + coalesce((
      select sum(private.forecast_segments(p_campaign.id, case when exists (
        select from public.campaign_templates ct where ct.campaign_id = s.campaign_id and ct.step = s.step
      ) then s.step else 1 end))
      from public.campaign_steps s where s.campaign_id = p_campaign.id), 0)) as segments
  ) x
  where l.org_id = p_campaign.org_id;
$$;
comment on function private.preflight_cost(public.campaigns, bigint) is
  'The most that a campaign to so many people is expected to cost in US dollars: each message with the segments that planning '
  'charges, at the price and the carrier fee of the organisation''s settings.';

-- schemas/campaigns/functions/add_next_steps.sql

-- The next step of people. Nothing here waits for a lock that comes before targets, such as a campaign's.

create function private.reopen_for_steps(p_targets uuid[])
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_id uuid;
begin
  for v_id in
    select c.id from public.campaigns c
    where c.status = 'completed' and c.id in (select t.campaign_id from public.campaign_targets t where t.id = any (p_targets))
    order by c.id for no key update skip locked
  loop
    begin
      perform private.reopen_campaign(v_id);
    exception when others then
      -- The organisation has as many running campaigns as it may have. A step less is better than a message not recorded as sent.
      raise warning 'campaign % could not be reopened for its next step: % (%)', v_id, sqlerrm, sqlstate;
    end;
  end loop;
end;
$$;
comment on function private.reopen_for_steps(uuid[]) is
  'Sets completed campaigns running again whose targets were sent after all: their next steps can still come. Leaves out those '
  'that another transaction holds; then no step is added.';

create function private.add_next_phones(p_targets uuid[], p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_campaign public.campaigns;
begin
  for v_campaign in
    select c.* from public.campaigns c
    where c.status in ('running', 'paused')
      and c.id in (select t.campaign_id from public.campaign_targets t where t.id = any (p_targets))
      and exists (select from public.campaign_steps s where s.campaign_id = c.id and s.kind = 'next_phone')
  loop
    v_campaign.phones := 'all';
    v_campaign.target_criteria := jsonb_build_object('lead_ids', array(
      select distinct t.lead_id from public.campaign_targets t
      where t.id = any (p_targets) and t.campaign_id = v_campaign.id order by t.lead_id limit 10000));
    with phones as materialized (
      -- Judged as building judges.
      select a.* from private.audience_chunk(v_campaign, null, null, p_now) with ordinality
        as a(lead_id, lead_phone_id, e164, window_key, reason, n)
      where a.reason is null
    ),
    people as (
      insert into private.contacts (org_id, e164)
      select distinct v_campaign.org_id, p.e164 from phones p order by 2
      on conflict do nothing
    )
    insert into public.campaign_targets (org_id, campaign_id, lead_id, lead_phone_id, e164, step, ordinal, window_key, not_before,
      variant, replies_since, created_at, updated_at)
    select distinct on (t.lead_id) t.org_id, t.campaign_id, t.lead_id, p.lead_phone_id, p.e164, s.step,
      t.ordinal + (s.step - t.step) * 1000000000000, p.window_key,
      case when t.state = 'sent' then t.sent_at else p_now end + make_interval(hours => s.wait_hours),
      t.variant, coalesce(t.replies_since, m.queued_at, t.created_at), t.updated_at, t.updated_at
    from public.campaign_targets t
    cross join lateral (
      -- After a phone that is dead, its other texts make no sense: the next phone comes at once.
      select x.step, x.kind, x.wait_hours from public.campaign_steps x
      where x.campaign_id = t.campaign_id and x.step > t.step and (x.kind = 'next_phone' or t.state = 'sent')
      order by x.step limit 1
    ) s
    join phones p on p.lead_id = t.lead_id
    left join public.messages m on m.id = t.message_id
    where t.id = any (p_targets) and t.campaign_id = v_campaign.id and s.kind = 'next_phone'
      and not exists (
        select from public.campaign_targets o
        where o.lead_id = t.lead_id and o.campaign_id = t.campaign_id and o.is_included
          and (o.step >= s.step or o.e164 = p.e164) offset 0)
      -- The phone of another lead of the campaign: the same person.
      and not exists (
        select from public.campaign_targets o
        where o.campaign_id = t.campaign_id and o.e164 = p.e164 and o.is_included offset 0)
    order by t.lead_id, p.n
    on conflict (campaign_id, e164, step) where is_included do nothing;
  end loop;
end;
$$;
comment on function private.add_next_phones(uuid[], timestamptz) is
  'Adds the first text to the next allowed phone of the leads of p_targets, if that is the next step of their campaign; for '
  'targets that were not sent (a phone that is dead), if any later step is that. A phone to which the campaign wrote is not '
  'tried again, and a lead without another phone has no further step.';

create function private.add_next_steps(p_targets uuid[])
returns void
language plpgsql
set search_path = ''
-- The trigger that calls this forbids nested loops, and here every row is found by its key.
set enable_nestloop = on
as $$
begin
  perform private.reopen_for_steps(p_targets);
  insert into public.campaign_targets as x (org_id, campaign_id, lead_id, lead_phone_id, e164, step, ordinal, window_key,
    not_before, variant, replies_since, created_at, updated_at)
  -- The ordinals of a step come after those of the step before, in the same order, and are distinct in the campaign.
  select t.org_id, t.campaign_id, t.lead_id, t.lead_phone_id, t.e164, s.step, t.ordinal + 1000000000000, t.window_key,
    t.sent_at + make_interval(hours => s.wait_hours), t.variant, coalesce(t.replies_since, m.queued_at, t.sent_at),
    t.updated_at, t.updated_at
  from public.campaign_targets t
  join public.campaigns c on c.id = t.campaign_id and c.status in ('running', 'paused')
  join public.campaign_steps s on s.campaign_id = t.campaign_id and s.step = t.step + 1 and s.kind = 'text'
  left join public.messages m on m.id = t.message_id
  where t.id = any (p_targets)
    -- Two leads that were merged since: the person gets the steps once.
    and (c.phones = 'all' or not exists (
      select from public.campaign_targets o
      where o.lead_id = t.lead_id and o.campaign_id = t.campaign_id and o.is_included and o.step >= s.step and o.e164 <> t.e164
        offset 0))
  order by t.id
  -- It was sent before, had to be sent again, and was: the wait begins again.
  on conflict (campaign_id, e164, step) where is_included do update
    set not_before = greatest(x.not_before, excluded.not_before), updated_at = excluded.updated_at
    where x.state = 'waiting';
  perform private.add_next_phones(p_targets,
    (select max(t.updated_at) from public.campaign_targets t where t.id = any (p_targets)));
end;
$$;
comment on function private.add_next_steps(uuid[]) is
  'Adds the targets of the step that follows p_targets, which were just sent. The caller holds their locks.';

-- schemas/campaigns/functions/archive_campaign.sql

create function private.archive_campaign(p_campaign_id uuid, p_is_archived boolean, p_now timestamptz default now())
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_campaign public.campaigns := private.own_campaign(p_campaign_id, 'campaign_manager');
begin
  if p_is_archived is null then
    perform private.refuse_field('is_archived', 'Give is_archived: true or false.');
  elsif p_is_archived and v_campaign.status not in ('draft', 'completed', 'stopped') then
    perform private.raise_error('PT409', 'invalid_state', format(
      'A campaign that is %s cannot be archived: stop it first, or wait until it is completed.', v_campaign.status),
      jsonb_build_object('status', v_campaign.status, 'allowed', '{draft,completed,stopped}'::text[]));
  elsif p_is_archived = (v_campaign.archived_at is not null) then
    return;
  end if;
  update public.campaigns set archived_at = case when p_is_archived then p_now end where id = p_campaign_id;
  perform private.record_audit_event(v_campaign.org_id,
    case when p_is_archived then 'campaign_archived' else 'campaign_unarchived' end, null, p_campaign_id);
end;
$$;
comment on function private.archive_campaign(uuid, boolean, timestamptz) is
  'Takes a campaign that is a draft, completed or stopped out of the list, or puts it back. Its messages and figures stay. An '
  'archived draft cannot be changed, built or started. Does nothing if it is as asked already. Needs campaign_manager. Raises '
  'PT403, PT404, PT409. Security definer: users may not write campaigns.';
grant execute on function private.archive_campaign(uuid, boolean, timestamptz) to authenticated;

create function public.archive_campaign(p_campaign_id uuid, p_is_archived boolean default true) returns void
  language sql set search_path = '' as $$ select private.archive_campaign(p_campaign_id, p_is_archived); $$;
comment on function public.archive_campaign(uuid, boolean) is
  'Calls the private function of the same name, which checks role and organisation, with the current time.';
grant execute on function public.archive_campaign(uuid, boolean) to authenticated;

-- schemas/campaigns/functions/audience.sql

-- The audience: which phones a campaign would write to, and why others are excluded. Building fixes it in chunks.

create function private.criteria_filter(p_criteria jsonb)
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select coalesce(p_criteria -> 'filter', '{}') || jsonb_strip_nulls(jsonb_build_object(
    -- In the older criteria an empty list means no condition; in a filter it matches no lead.
    'ids', nullif(p_criteria -> 'lead_ids', '[]'),
    'tags', case when p_criteria ? 'tags' then jsonb_build_object('any', p_criteria -> 'tags') end,
    'counties', p_criteria -> 'counties',
    'states', p_criteria -> 'states',
    'statuses', p_criteria -> 'statuses',
    'segment_ids', nullif(p_criteria -> 'segment_ids', '[]'),
    'import_ids', case when p_criteria ? 'import_id' then jsonb_build_array(p_criteria -> 'import_id') end));
$$;
comment on function private.criteria_filter(jsonb) is
  'A campaign''s target_criteria as a filter of private.lead_condition: filter, overridden by the older criteria.';

create function private.lead_needs(p_required text[], p_support_contact text)
returns text[]
language sql
immutable
set search_path = ''
as $$
  -- A contact without any letter or digit comes to nothing when it is cleaned for sending.
  select array(
    select v from unnest(p_required) v
    where v not in ('brand', 'phone', 'today')
      and (v <> 'support_contact' or coalesce(p_support_contact, '') !~ '[A-Za-z0-9]'));
$$;
comment on function private.lead_needs(text[], text) is
  'Which variables that a template requires need a value of the lead; planning provides the others. '
  'p_support_contact: the organisation''s; while it has none, nobody can get a text that needs it.';

create function private.audience_leads(p_campaign public.campaigns, p_after uuid, p_upto uuid, p_now timestamptz)
returns table (id uuid, status text, consent_status text, state text)
language plpgsql
stable
set search_path = ''
as $$
begin
  return query execute format(
    'select l.id, l.status, l.consent_status, l.state from public.leads l where %s and ($1 is null or l.id > $1) and ($2 is '
    'null or l.id <= $2)',
    private.lead_condition(p_campaign.org_id, private.criteria_filter(p_campaign.target_criteria), p_now))
  using p_after, p_upto;
end;
$$;
comment on function private.audience_leads(public.campaigns, uuid, uuid, timestamptz) is
  'The leads that match a campaign''s criteria, with ids after p_after and up to p_upto (null: no bound). Raises PT422 if a '
  'segment does not exist.';

create function private.campaign_audience(p_campaign public.campaigns, p_after uuid, p_upto uuid, p_now timestamptz default now())
returns table (lead_id uuid, lead_phone_id uuid, e164 text, window_key text, reason text)
language plpgsql
stable
set search_path = ''
as $$
begin
  if not exists (select from public.campaign_steps s where s.campaign_id = p_campaign.id and s.kind = 'next_phone') then
    return query select * from private.audience_chunk(p_campaign, p_after, p_upto, p_now);
    return;
  end if;
  p_campaign.phones := 'all';
  return query
  select a.lead_id, a.lead_phone_id, a.e164, a.window_key, a.reason
  from (
    select c.*, min(c.n) filter (where c.reason is null or c.reason not in ('landline', 'invalid_phone'))
      over (partition by c.lead_id order by c.n) as first_n
    from private.audience_chunk(p_campaign, p_after, p_upto, p_now) with ordinality
      as c(lead_id, lead_phone_id, e164, window_key, reason, n)
  ) a
  where a.first_n is null or a.first_n = a.n
  order by a.n;
end;
$$;
comment on function private.campaign_audience(public.campaigns, uuid, uuid, timestamptz) is
  'The audience of a campaign: see private.audience_chunk. A campaign that goes from phone to phone begins with the first phone '
  'of each lead that is neither a landline nor invalid.';

-- schemas/campaigns/functions/audience_chunk.sql

create function private.audience_chunk(p_campaign public.campaigns, p_after uuid, p_upto uuid, p_now timestamptz default now())
returns table (lead_id uuid, lead_phone_id uuid, e164 text, window_key text, reason text)
language plpgsql
stable
set search_path = ''
as $$
declare
  v_never_contacted boolean := coalesce((p_campaign.target_criteria ->> 'never_contacted')::boolean, false);
  v_org public.orgs;
  v_cooldown interval;
  v_required text[];
  v_by_parcel boolean;
  v_excluded uuid[] := private.filter_ids(p_campaign.target_criteria, 'exclude_campaign_ids');
  v_failed uuid := (p_campaign.target_criteria ->> 'failed_in_campaign_id')::uuid;
  v_unanswered uuid := (p_campaign.target_criteria ->> 'unanswered_campaign_id')::uuid;
begin
  select * into v_org from public.orgs o where o.id = p_campaign.org_id;
  v_cooldown := make_interval(days => coalesce(p_campaign.cooldown_days, v_org.cooldown_days));
  -- The sets of variables that the templates need of a lead. Only the smallest sets: a lead that has all variables of a larger
  -- set also has those of the smaller one. Null if some template needs none, and so suits every lead.
  with needs as (
    select distinct private.lead_needs(t.required_variables, v_org.support_contact) as variables
    from public.campaign_templates ct
    join public.templates t on t.id = ct.template_id and t.is_active
    where ct.campaign_id = p_campaign.id and ct.step = 1
  )
  select case when bool_or(n.variables = '{}') then null else array_agg(array_to_string(n.variables, ',')) end
  into v_required
  from needs n
  where not exists (select from needs x where x.variables <@ n.variables and not n.variables <@ x.variables);
  v_by_parcel := exists (
    select from unnest(v_required) needs, unnest(string_to_array(needs, ',')) variable
    where variable <> all (array['first_name', 'last_name', 'full_name', 'email', 'city', 'state', 'zip_code',
      'support_contact']));

  return query
  with people as materialized (
    select x.id, x.status, x.consent_status, x.state from private.audience_leads(p_campaign, p_after, p_upto, p_now) x
  ),
  -- From lead to phone to contact, each by its own index: "is true" and "limit" leave the planner no other way. To the statistics
  -- an organisation that has just imported is one row, and joins that relied on them compared all rows with all (50 s for 10,000
  -- leads).
  phones as materialized (
    select l.id as lead_id, l.status, l.consent_status as lead_consent, p.id as lead_phone_id, p.e164,
      array_position(array['primary', 'secondary', 'alternate'], p.role) as role_order,
      p.is_valid, p.line_type, p.consent_status, substr(p.e164, 3, 3) || coalesce(l.state, '') as place,
        coalesce(l.state, '') as state,
      coalesce(o.variables, v.variables) as variables,
      c.suppressed_at, c.invalid_at, c.last_sent_at, c.last_campaign_id,
      (select r.reason from private.refused_phones r
        where r.org_id = p_campaign.org_id and r.e164 = p.e164 order by r.reason limit 1) as refusal
    from people l
    join public.lead_phones p on p.lead_id = l.id and (p.org_id = p_campaign.org_id) is true
      and (p_campaign.phones = 'all' or p.role = 'primary')
    left join lateral (
      select x.suppressed_at, x.invalid_at, x.last_sent_at, x.last_campaign_id, x.last_inbound_at
      from private.contacts x where x.org_id = p_campaign.org_id and x.e164 = p.e164 limit 1
    ) c on true
    left join private.lead_own_values o on v_required is not null and not v_by_parcel and o.lead_id = l.id
    left join private.lead_values v on v_by_parcel and v.lead_id = l.id
    where (not v_never_contacted or c.last_sent_at is null)
      -- Each "offset" makes a lookup of it: without one the planner may hash all targets of the other campaigns for each chunk.
      and (v_failed is null or exists (
        select from public.campaign_targets t
        where t.campaign_id = v_failed and t.e164 = p.e164 and t.is_included and t.state = 'failed' offset 0))
      and (v_unanswered is null or coalesce(c.last_inbound_at, '-infinity') < (
        select min(t.sent_at) from public.campaign_targets t
        where t.campaign_id = v_unanswered and t.e164 = p.e164 and t.is_included and t.state = 'sent'))
      and (v_excluded is null or not (
        exists (select from public.campaign_targets t
          where t.campaign_id = any (v_excluded) and t.e164 = p.e164 and t.is_included offset 0)
        or exists (select from public.campaign_targets t
          where t.lead_id = l.id and t.campaign_id = any (v_excluded) and t.is_included offset 0)))
  ),
  -- Once for each area code and state, not for each phone.
  places as materialized (
    select jsonb_object_agg(k.place, jsonb_build_array(k.window_key, exists (
        select 1 from public.consent_rules r
        where r.state = any (string_to_array(split_part(k.window_key, '|', 2), ','))
          and r.effective_from <= p_now::date and (r.effective_to is null or r.effective_to > p_now::date)))) as keys
    from (
      select d.place, private.window_key('+1' || substr(d.place, 1, 3) || '5550100', nullif(d.state, '')) as window_key
      from (select distinct x.place, x.state from phones x) d
    ) k
  ),
  -- Judges each phone once, and keeps only the columns that are needed after that.
  judged as materialized (
    select p.lead_id, p.lead_phone_id, p.e164, p.role_order, k.keys -> p.place ->> 0 as window_key,
      case
        when p.is_valid is false or p.invalid_at is not null then 'invalid_phone'
        when p.line_type = 'landline' then 'landline'
        when p.status = 'do_not_contact' then 'do_not_contact'
        when p.suppressed_at is not null then 'suppressed'
        when p.consent_status = 'denied' or p.lead_consent = 'denied' then 'no_consent'
        when 'granted' not in (p.consent_status, p.lead_consent)
          and (v_org.consent_policy = 'required' or (k.keys -> p.place -> 1)::boolean) then 'no_consent'
        -- Another lead with this phone refuses it.
        when p.refusal is not null then p.refusal
        when p.last_sent_at > p_now - v_cooldown and p.last_campaign_id is distinct from p_campaign.id then 'recently_contacted'
        when v_required is not null and not exists (
          select 1 from unnest(v_required) needs where p.variables ?& string_to_array(needs, ',')
        ) then 'missing_variable'
      end as verdict
    from phones p cross join places k
  )
  select j.lead_id, j.lead_phone_id, j.e164, j.window_key,
    coalesce(j.verdict, case
      -- The lead whose primary phone it is comes first.
      when row_number() over (partition by j.e164, j.verdict is null order by j.role_order, j.lead_id) > 1
        -- "limit" makes this a lookup for each person. Without it, all targets of the campaign were read for every chunk.
        or (
          select true from public.campaign_targets t
          where t.campaign_id = p_campaign.id and t.e164 = j.e164 and t.step = 1 and t.is_included limit 1
        ) then 'duplicate'
    end)
  from judged j
  order by j.lead_id, j.role_order;
end;
$$;
comment on function private.audience_chunk(public.campaigns, uuid, uuid, timestamptz) is
  'The phones of the leads that match a campaign''s criteria, with lead ids after p_after and up to p_upto (null: no bound), '
  'each with the reason why it is excluded (null: it is a target).';

-- schemas/campaigns/functions/blueprints.sql

-- Blueprints: definitions of campaigns under a name. Users call the functions of the same names in public.

create function private.blueprint_definition_shape()
returns jsonb
language sql
immutable
set search_path = ''
as $$
  -- A blueprint is used again and again, so it has no name of a campaign, no time, and nothing that only a simulator allows.
  select jsonb_set(private.campaign_shape(), '{properties,language}', '{"type": "string", "enum": ["es", "en"]}')
    #- '{properties,name}' #- '{properties,scheduled_at}' #- '{properties,quiet_hours_override}';
$$;
comment on function private.blueprint_definition_shape() is
  'The shape of a blueprint''s definition: that of a new campaign without name, scheduled_at and quiet_hours_override.';

create function private.blueprint_shape()
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select jsonb_build_object('type', 'object', 'maxBytes', 1500000, 'properties', jsonb_build_object(
    'name', private.line_shape(200),
    'description', '{"type": ["string", "null"], "maxLength": 2000}'::jsonb,
    -- private.check_campaign reads what is in it.
    'definition', '{"type": "object", "properties": {}}'::jsonb));
$$;
comment on function private.blueprint_shape() is 'The shape of a blueprint as it is saved.';

create function private.save_blueprint(p_blueprint_id uuid, p_input jsonb)
returns uuid
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('campaign_manager');
  v_row public.campaign_blueprints;
begin
  perform private.check_shape(
    case when jsonb_typeof(p_input -> 'definition') = 'object' then p_input || '{"definition": {}}' else p_input end,
    private.blueprint_shape());
  if p_blueprint_id is null then
    v_row.id := gen_random_uuid();
  else
    select * into v_row from public.campaign_blueprints b where b.org_id = v_org_id and b.id = p_blueprint_id for no key update;
    if not found then
      perform private.raise_error('PT404', 'not_found', 'There is no blueprint with this id.');
    elsif p_input = '{}' then
      perform private.refuse_field('input', 'Give at least one field to change.');
    end if;
  end if;
  v_row.name := case when p_input ? 'name' then trim(p_input ->> 'name') else v_row.name end;
  v_row.description := case when p_input ? 'description' then p_input ->> 'description' else v_row.description end;
  v_row.definition := coalesce(p_input -> 'definition', v_row.definition);
  if v_row.name is null then
    perform private.refuse_field('name', 'Give the blueprint a name.');
  elsif v_row.definition is null then
    perform private.refuse_field('definition', 'Give a definition: the fields of a campaign that it is to have.');
  end if;
  if p_input ? 'definition' and v_row.definition <> '{}' then
    perform private.check_campaign(v_org_id, v_row.definition, private.blueprint_definition_shape());
  end if;
  if exists (select from public.campaign_blueprints b
    where b.org_id = v_org_id and lower(trim(b.name)) = lower(v_row.name) and b.id <> v_row.id) then
    perform private.raise_error('PT409', 'duplicate', format('There is a blueprint %s already.', v_row.name),
      '{"field": "name"}');
  end if;
  if p_blueprint_id is null then
    insert into public.campaign_blueprints (id, org_id, name, description, definition, created_by)
    values (v_row.id, v_org_id, v_row.name, v_row.description, v_row.definition, auth.uid());
  else
    update public.campaign_blueprints b
    set name = v_row.name, description = v_row.description, definition = v_row.definition where b.id = v_row.id;
  end if;
  perform private.record_audit_event(v_org_id, case when p_blueprint_id is null then 'campaign_blueprint_created'
    else 'campaign_blueprint_changed' end, null, null, null,
    jsonb_build_object('blueprint_id', v_row.id, 'name', v_row.name));
  return v_row.id;
end;
$$;
comment on function private.save_blueprint(uuid, jsonb) is
  'Creates a blueprint (p_blueprint_id null) from name, description and definition (private.blueprint_definition_shape), or '
  'changes the given ones. Returns its id. Needs campaign_manager. Raises PT403, PT404, PT409 duplicate or for more than 200, '
  'PT422. Security definer: users may not write blueprints.';
grant execute on function private.save_blueprint(uuid, jsonb) to authenticated;

create function public.save_blueprint(p_input jsonb, p_blueprint_id uuid default null) returns uuid
  language sql set search_path = '' as $$ select private.save_blueprint(p_blueprint_id, p_input); $$;
comment on function public.save_blueprint(jsonb, uuid) is
  'Calls the private function of the same name, which checks role and organisation.';
grant execute on function public.save_blueprint(jsonb, uuid) to authenticated;

create function private.delete_blueprint(p_blueprint_id uuid)
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('campaign_manager');
  v_name text;
begin
  delete from public.campaign_blueprints b where b.org_id = v_org_id and b.id = p_blueprint_id returning b.name into v_name;
  if v_name is null then
    perform private.raise_error('PT404', 'not_found', 'There is no blueprint with this id.');
  end if;
  perform private.record_audit_event(v_org_id, 'campaign_blueprint_deleted', null, null, null,
    jsonb_build_object('blueprint_id', p_blueprint_id, 'name', v_name));
end;
$$;
comment on function private.delete_blueprint(uuid) is
  'Deletes a blueprint; campaigns that were made of it stay. Needs campaign_manager. Raises PT403, PT404. Security definer: '
  'users may not write blueprints.';
grant execute on function private.delete_blueprint(uuid) to authenticated;

create function public.delete_blueprint(p_blueprint_id uuid) returns void
  language sql set search_path = '' as $$ select private.delete_blueprint(p_blueprint_id); $$;
comment on function public.delete_blueprint(uuid) is
  'Calls the private function of the same name, which checks role and organisation.';
grant execute on function public.delete_blueprint(uuid) to authenticated;

create function private.create_campaign_of_blueprint(p_blueprint_id uuid, p_input jsonb)
returns uuid
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('campaign_manager');
  v_definition jsonb;
  v_id uuid;
begin
  select b.definition into v_definition from public.campaign_blueprints b where b.org_id = v_org_id and b.id = p_blueprint_id;
  if not found then
    perform private.raise_error('PT404', 'not_found', 'There is no blueprint with this id.');
  end if;
  -- Texts are one list or variants, never both: whichever the input has replaces the other.
  v_definition := case
    when p_input ? 'variants' then v_definition - 'template_ids'
    when p_input ? 'template_ids' then v_definition - 'variants'
    else v_definition end;
  v_id := private.create_campaign(v_definition || p_input);
  perform private.record_audit_event(v_org_id, 'campaign_blueprint_used', null, v_id, null,
    jsonb_build_object('blueprint_id', p_blueprint_id));
  return v_id;
end;
$$;
comment on function private.create_campaign_of_blueprint(uuid, jsonb) is
  'Creates a draft campaign with the definition of a blueprint; fields of p_input (private.new_campaign_shape) win over it. '
  'Returns its id. Needs campaign_manager. Raises PT403, PT404, and PT422 also for what the definition names and is gone since. '
  'Security definer: users may not write campaigns.';
grant execute on function private.create_campaign_of_blueprint(uuid, jsonb) to authenticated;

create function public.create_campaign_of_blueprint(p_blueprint_id uuid, p_input jsonb) returns uuid
  language sql set search_path = '' as $$ select private.create_campaign_of_blueprint(p_blueprint_id, p_input); $$;
comment on function public.create_campaign_of_blueprint(uuid, jsonb) is
  'Calls the private function of the same name, which checks role and organisation.';
grant execute on function public.create_campaign_of_blueprint(uuid, jsonb) to authenticated;

-- schemas/campaigns/functions/build_chunk.sql

create function private.start_when_built(p_campaign public.campaigns, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_blocker record;
begin
  select * into v_blocker from private.start_blockers(p_campaign.id, p_now) b where not b.can_wait limit 1;
  if found then
    update public.campaigns set starts_when_built = false, needs_attention = left(v_blocker.message, 1000)
    where id = p_campaign.id;
    perform private.raise_alert(p_campaign.org_id, 'start_refused', 'critical',
      format('Campaign "%s" is built, and could not start. %s', p_campaign.name, v_blocker.message), p_campaign.id, null,
      v_blocker.details || jsonb_build_object('code', v_blocker.code));
    return;
  end if;
  update public.campaigns
  set status = 'scheduled', scheduled_at = greatest(p_campaign.scheduled_at, p_now), starts_when_built = false
  where id = p_campaign.id;
exception when sqlstate 'PT429' then
  -- The organisation has as many scheduled campaigns as it may: this one waits for a person.
  update public.campaigns set starts_when_built = false, needs_attention = left(sqlerrm, 1000) where id = p_campaign.id;
end;
$$;
comment on function private.start_when_built(public.campaigns, timestamptz) is
  'Has a campaign that was just built start in the next tick, or at its scheduled_at if that is later. If something forbids it '
  'that does not pass by itself, it stays ready, with the reason and the alert start_refused. The caller holds its lock.';

create function private.build_chunk(p_campaign_id uuid, p_limit integer default 10000, p_now timestamptz default now())
returns boolean
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_campaign public.campaigns;
  v_upto uuid;
  v_ordinal bigint;
begin
  select * into v_campaign from public.campaigns c where c.id = p_campaign_id for no key update;
  if v_campaign.status is distinct from 'building' then
    return false;
  end if;
  begin
    perform private.check_criteria(v_campaign.org_id, v_campaign.target_criteria, p_now);
  exception when sqlstate 'PT422' then
    perform private.give_up_build(v_campaign,
      format('Its audience could not be built: %s Change its target_criteria, then build it again.', sqlerrm), p_now);
    return false;
  end;
  if v_campaign.built_at is not null then
    -- It was built before: the targets from then are deleted first, also in chunks.
    delete from public.campaign_targets t
    where t.id in (
      select x.id from public.campaign_targets x
      where x.org_id = v_campaign.org_id and x.campaign_id = p_campaign_id order by x.ordinal limit p_limit);
    if not found then
      update public.campaign_variants set assigned = 0 where campaign_id = p_campaign_id;
      update public.campaign_tests set held = 0 where campaign_id = p_campaign_id and held > 0;
      update public.campaigns set built_at = null where id = p_campaign_id;
    end if;
    return true;
  end if;
  select coalesce(max(t.ordinal), 0) into v_ordinal from public.campaign_targets t
  where t.org_id = v_campaign.org_id and t.campaign_id = p_campaign_id;
  -- A chunk is a number of the organisation's leads, whether they match or not. So the work of one chunk is limited, whatever the
  -- criteria.
  select l.id into v_upto from public.leads l
  where l.org_id = v_campaign.org_id and (v_campaign.build_cursor is null or l.id > v_campaign.build_cursor)
  order by l.id offset p_limit - 1 limit 1;

  with audience as materialized (
    select a.*, row_number() over (order by a.lead_id) as n
    from private.campaign_audience(v_campaign, v_campaign.build_cursor, v_upto, p_now) a
  ),
  people as (
    insert into private.contacts (org_id, e164)
    select distinct v_campaign.org_id, a.e164 from audience a where a.reason is null order by 2
    on conflict do nothing
  )
  insert into public.campaign_targets (org_id, campaign_id, lead_id, lead_phone_id, e164, ordinal, window_key, state, reason,
    created_at, updated_at)
  select v_campaign.org_id, p_campaign_id, a.lead_id, a.lead_phone_id, a.e164, v_ordinal + a.n, a.window_key,
    case when a.reason is null then 'waiting' else 'excluded' end::public.target_state, a.reason, p_now, p_now
  from audience a
  order by a.n;
  if exists (select 1 from public.campaign_variants v where v.campaign_id = p_campaign_id) then
    perform private.assign_variants(p_campaign_id, v_ordinal);
  end if;

  update public.campaigns
  set build_cursor = v_upto, needs_attention = null,
      status = case when v_upto is null then 'ready' else 'building' end::public.campaign_status,
      built_at = case when v_upto is null then p_now end
  where id = p_campaign_id;
  if v_upto is null and v_campaign.starts_when_built then
    perform private.start_when_built(v_campaign, p_now);
  end if;
  return v_upto is not null;
end;
$$;
comment on function private.build_chunk(uuid, integer, timestamptz) is
  'Adds the targets of the next p_limit leads to a campaign that is being built; returns true while more leads are left. It is '
  'one transaction, so a crash loses nothing and repeats nothing. Security definer: the worker may not write these tables.';

-- schemas/campaigns/functions/build_queue.sql

create function private.give_up_build(p_campaign public.campaigns, p_reason text, p_now timestamptz default now())
returns void
language plpgsql
set search_path = ''
as $$
begin
  -- built_at is set if there are targets from an earlier build: the next build deletes them first.
  update public.campaigns c
  set status = 'draft', build_cursor = null, starts_when_built = false, needs_attention = left(p_reason, 1000),
      built_at = case when exists (select from public.campaign_targets t where t.org_id = c.org_id and t.campaign_id = c.id)
        then coalesce(c.built_at, p_now) end
  where c.id = p_campaign.id;
  perform private.raise_alert(p_campaign.org_id, 'build_failed', 'critical',
    format('The audience of campaign "%s" was not built; the campaign is a draft again. %s', p_campaign.name,
      left(p_reason, 1000)), p_campaign.id);
end;
$$;
comment on function private.give_up_build(public.campaigns, text, timestamptz) is
  'Makes a campaign that is being built a draft again, with p_reason as needs_attention and the alert build_failed. Its criteria '
  'can be changed then. The caller holds the campaign''s lock.';

create function private.set_aside_build(p_campaign_id uuid, p_message_id bigint, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_campaign public.campaigns;
  v_error text;
  v_reason text;
begin
  perform pgmq.delete('builds', p_message_id);
  select * into v_campaign from public.campaigns c where c.id = p_campaign_id and c.status = 'building' for no key update;
  if not found then
    return;
  end if;
  select f.error into v_error from private.work_failures f where f.kind = 'build' and f.item = p_campaign_id;
  v_reason := format(
    'Its audience could not be built in five tries: %s Change its target_criteria, such as a segment that no longer exists or '
    'an invalid filter, then build it again.',
    coalesce(v_error, 'each ended without an error, mostly because it took too much time or memory.'));
  perform private.give_up_build(v_campaign, v_reason, p_now);
  perform private.clear_failure('build', p_campaign_id, p_now);
  perform private.close_alerts(v_campaign.org_id, 'build_stuck', p_now, p_campaign_id);
end;
$$;
comment on function private.set_aside_build(uuid, bigint, timestamptz) is
  'Gives up a build after five tries: the campaign is a draft again with the reason and the alert build_failed; the message is '
  'deleted.';

create function private.claim_build(p_visibility_seconds integer default 60, p_max_reads integer default 5,
  p_now timestamptz default now())
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_message pgmq.message_record;
  v_id uuid;
begin
  -- Stops after 20 messages, so that what was dropped is committed: a statement that went on until it found work might never end.
  for v_try in 1 .. 20 loop
    v_message := private.read_in_turn('builds', p_visibility_seconds);
    if v_message.msg_id is null then
      return null;
    end if;
    v_id := private.uuid_or_null(v_message.message ->> 'campaign_id');
    begin
      if not exists (select from public.campaigns c where c.id = v_id and c.status = 'building') then
        perform pgmq.delete('builds', v_message.msg_id);
      elsif v_message.read_ct > p_max_reads then
        perform private.set_aside_build(v_id, v_message.msg_id, p_now);
      else
        return jsonb_build_object('message_id', v_message.msg_id, 'read_count', v_message.read_ct, 'campaign_id', v_id,
          'org_id', (select c.org_id from public.campaigns c where c.id = v_id), 'leads',
            (v_message.message ->> 'leads')::integer);
      end if;
    exception when query_canceled or others then
      raise warning 'the build of campaign % can neither be tried nor given up: % (%)', v_id, sqlerrm, sqlstate;
      perform pgmq.set_vt('builds', v_message.msg_id, 3600);
    end;
  end loop;
  return jsonb_build_object('dropped', 20);
end;
$$;
comment on function private.claim_build(integer, integer, timestamptz) is
  'Claims the next chunk to build, in turns between organisations: {message_id, read_count, campaign_id, org_id, leads}. leads: '
  'how many the chunk may have at most, null unless chunks took too long. Returns {dropped} after 20 messages with nothing to '
  'do: more may be due. Null if none is due. The caller commits before run_build, so that every try counts; a message read more '
  'than p_max_reads times is given up. Security definer: the worker may not read the queue.';
grant execute on function private.claim_build(integer, integer, timestamptz) to worker;

create function private.run_build(p_message_id bigint, p_campaign_id uuid, p_limit integer default 10000,
  p_now timestamptz default now())
returns boolean
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_leads jsonb;
begin
  select jsonb_strip_nulls(jsonb_build_object('leads', q.message -> 'leads')) into v_leads from pgmq.q_builds q
    where q.msg_id = p_message_id;
  -- One transaction: the queue row is deleted together with building its chunk. If the row is missing, another worker has built
  -- the chunk.
  if not pgmq.delete('builds', p_message_id) then
    return false;
  end if;
  if private.build_chunk(p_campaign_id, p_limit, p_now) then
    perform private.send_work('builds', (select c.org_id from public.campaigns c where c.id = p_campaign_id),
      jsonb_build_object('campaign_id', p_campaign_id) || v_leads);
  end if;
  perform private.clear_failure('build', p_campaign_id, p_now);
  return true;
end;
$$;
comment on function private.run_build(bigint, uuid, integer, timestamptz) is
  'Builds the chunk that claim_build returned, with at most p_limit leads, and queues the next one with the same limit. Returns '
  'false if the chunk was built already. Raises the errors of building: see fail_build. Security definer: the worker may not '
  'read these tables.';
grant execute on function private.run_build(bigint, uuid, integer, timestamptz) to worker;

create function private.fail_build(
  p_message_id bigint,
  p_campaign_id uuid,
  p_error text,
  p_leads integer default null,
  p_max_reads integer default 5,
  p_now timestamptz default now()
)
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_reads integer;
  v_org_id uuid;
begin
  select q.read_ct into v_reads from pgmq.q_builds q where q.msg_id = p_message_id for update;
  select c.org_id into v_org_id from public.campaigns c where c.id = p_campaign_id;
  if v_reads is null or v_org_id is null then
    return;
  end if;
  if v_reads < p_max_reads then
    perform private.note_failure('build', p_campaign_id, v_org_id, p_error, p_now);
    if p_leads is not null then
      update pgmq.q_builds q set message = q.message || jsonb_build_object('leads', p_leads) where q.msg_id = p_message_id;
    end if;
    perform pgmq.set_vt('builds', p_message_id, (10 * power(2, v_reads - 1))::integer);
  else
    insert into private.work_failures as f (kind, item, org_id, tries, error, failed_at, next_try_at)
    values ('build', p_campaign_id, v_org_id, 1, left(p_error, 500), p_now, p_now)
    on conflict (kind, item) do update set error = excluded.error;
    perform private.set_aside_build(p_campaign_id, p_message_id, p_now);
  end if;
end;
$$;
comment on function private.fail_build(bigint, uuid, text, integer, integer, timestamptz) is
  'Records why a chunk could not be built: it is tried again after 10, 20, 40 and 80 s, and given up at the fifth try. p_leads: '
  'how many leads this chunk and the following ones may have from now on; null leaves the limit as it is. Security definer: the '
  'worker may not write these tables.';
grant execute on function private.fail_build(bigint, uuid, text, integer, integer, timestamptz) to worker;

-- schemas/campaigns/functions/build_targets.sql

-- Building the audience of a campaign. Users call the function of the same name in public.

create function private.build_targets(p_campaign_id uuid, p_dry_run boolean default false, p_start boolean default false,
  p_now timestamptz default now())
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_campaign public.campaigns;
  v_counts jsonb;
begin
  if p_dry_run and p_start then
    perform private.refuse_field('start', 'A dry run starts nothing: send either dry_run or start.');
  end if;
  v_campaign := private.lock_campaign(p_campaign_id, 'campaign_manager',
    case when p_start then '{draft,ready,building}' else '{draft,ready}' end::public.campaign_status[], 'built');
  if v_campaign.status = 'building' then
    update public.campaigns set starts_when_built = true where id = p_campaign_id and not starts_when_built;
    return null;
  end if;
  -- Criteria may have been stored before they were checked, or name a segment that was deleted since. The person learns it now;
  -- the worker could not correct it.
  perform private.check_criteria(v_campaign.org_id, v_campaign.target_criteria, p_now);
  if p_dry_run then
    if v_campaign.status = 'ready' then
      perform private.raise_error('PT409', 'invalid_state', 'The audience is built already; read the campaign''s figures.');
    end if;
    select jsonb_build_object(
      'audience', coalesce(sum(r.n), 0),
      'targets', coalesce(sum(r.n) filter (where r.reason is null), 0),
      'not_looked_up', coalesce(sum(r.not_looked_up) filter (where r.reason is null), 0),
      'excluded', coalesce(sum(r.n) filter (where r.reason is not null), 0),
      'reasons', coalesce(jsonb_object_agg(r.reason, r.n) filter (where r.reason is not null), '{}'))
    into v_counts
    from (
      select a.reason, count(*) as n, count(*) filter (where p.line_type is null) as not_looked_up
      from private.campaign_audience(v_campaign, null, null, p_now) a
      left join lateral (select x.line_type from public.lead_phones x where x.id = a.lead_phone_id limit 1) p on true
      group by a.reason
    ) r;
    return v_counts;
  end if;
  if (select count(*) from public.audit_events e where e.org_id = v_campaign.org_id and e.event_type = 'campaign_building'
      and e.created_at > p_now - interval '1 hour') >= 500 then
    perform private.raise_error('PT429', 'rate_limited',
      'Your organisation began to build 500 audiences within an hour, which is the most. Wait, then build this one again.',
      jsonb_build_object('limit', 500));
  end if;
  -- built_at stays if it is set: the first chunks then delete the targets of the earlier build.
  update public.campaigns
  set status = 'building', build_cursor = null, needs_attention = null, starts_when_built = coalesce(p_start, false)
  where id = p_campaign_id;
  perform private.send_work('builds', v_campaign.org_id, jsonb_build_object('campaign_id', p_campaign_id));
  perform private.call_worker();
  perform private.close_alerts(v_campaign.org_id, 'build_failed', p_now, p_campaign_id);
  perform private.record_audit_event(v_campaign.org_id, 'campaign_building', null, p_campaign_id);
  return null;
end;
$$;
comment on function private.build_targets(uuid, boolean, boolean, timestamptz) is
  'Starts building a campaign''s audience (in chunks, by the worker), or with p_dry_run counts it by reason without writing. '
  'p_start: it starts as soon as it is built, or at its scheduled_at, whatever warnings its preflight has; if something forbids '
  'it then, it waits for a person, with an alert. While it is being built, p_start only says so. '
  'Needs campaign_manager. Raises PT403, PT404, PT409, PT429 above 500 an hour, and PT422 if its criteria are invalid or name a '
  'segment that does not exist. Security definer: users may not write targets.';
grant execute on function private.build_targets(uuid, boolean, boolean, timestamptz) to authenticated;

create function public.build_targets(p_campaign_id uuid, p_dry_run boolean default false, p_start boolean default false)
  returns jsonb
  language sql set search_path = '' as $$ select private.build_targets(p_campaign_id, p_dry_run, p_start); $$;
comment on function public.build_targets(uuid, boolean, boolean) is
  'Calls the private function of the same name, which checks role and organisation, with the current time.';
grant execute on function public.build_targets(uuid, boolean, boolean) to authenticated;

-- schemas/campaigns/functions/campaign_changes.sql

-- Creating, changing and building campaigns. Users call the functions of the same names in public.

create function private.find_campaign(p_org_id uuid, p_campaign_id uuid)
returns public.campaigns
language plpgsql
stable
set search_path = ''
as $$
declare
  v_campaign public.campaigns;
begin
  select * into v_campaign from public.campaigns c where c.id = p_campaign_id and c.org_id = p_org_id;
  if v_campaign.id is null then
    perform private.raise_error('PT404', 'not_found', 'No such campaign.', jsonb_build_object('campaign_id', p_campaign_id));
  end if;
  return v_campaign;
end;
$$;
comment on function private.find_campaign(uuid, uuid) is
  'A campaign of an organisation, in any state, without a lock. Raises PT404.';

create function private.own_campaign(p_campaign_id uuid, p_role public.user_role)
returns public.campaigns
language plpgsql
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role(p_role);
begin
  perform 1 from public.campaigns c where c.id = p_campaign_id and c.org_id = v_org_id for no key update;
  -- Reads it again, under the lock.
  return private.find_campaign(v_org_id, p_campaign_id);
end;
$$;
comment on function private.own_campaign(uuid, public.user_role) is
  'Locks a campaign of the signed-in user''s organisation, in any state, and returns it. Raises PT403, PT404.';

create function private.lock_campaign(p_campaign_id uuid, p_role public.user_role, p_allowed public.campaign_status[],
  p_verb text)
returns public.campaigns
language plpgsql
set search_path = ''
as $$
declare
  v_campaign public.campaigns := private.own_campaign(p_campaign_id, p_role);
begin
  if v_campaign.archived_at is not null then
    perform private.raise_error('PT409', 'invalid_state',
      format('An archived campaign cannot be %s: unarchive it first.', p_verb),
      jsonb_build_object('status', v_campaign.status, 'archived_at', v_campaign.archived_at));
  end if;
  if v_campaign.status <> all (p_allowed) then
    perform private.raise_error('PT409', 'invalid_state',
      format('A campaign that is %s cannot be %s; it must be %s.%s', v_campaign.status, p_verb,
        array_to_string(p_allowed, ' or '),
        case
          when v_campaign.status in ('completed', 'stopped') and p_verb in ('started', 'resumed')
            then ' It has ended: create another one.'
          when v_campaign.status = 'draft' and 'ready' = any (p_allowed) then ' Build its audience first (build-targets).'
          when v_campaign.status = 'building' and 'ready' = any (p_allowed) then ' Try again when its audience is built.'
        end),
      jsonb_build_object('status', v_campaign.status, 'allowed', p_allowed));
  end if;
  return v_campaign;
end;
$$;
comment on function private.lock_campaign(uuid, public.user_role, public.campaign_status[], text) is
  'Locks a campaign of the signed-in user''s organisation for a change of state, and returns it. Raises PT403, PT404, or PT409 '
  'if it is archived or its state is not one of p_allowed.';

create function private.update_campaign(p_campaign_id uuid, p_input jsonb)
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_campaign public.campaigns;
  v_fixed text[];
begin
  perform private.check_campaign(private.require_role('campaign_manager'), p_input, private.campaign_shape());
  v_campaign := private.lock_campaign(p_campaign_id, 'campaign_manager', '{draft,ready,scheduled,running,paused}', 'changed');
  -- The audience and the settings that decide it are fixed once it is built. Pace and texts may still change, with immediate
  -- effect.
  v_fixed := array(
    select k from jsonb_object_keys(p_input) k
    where k in ('target_criteria', 'phones', 'template_category', 'cooldown_days')
      and v_campaign.status <> 'draft');
  if cardinality(v_fixed) > 0 then
    perform private.raise_error('PT409', 'invalid_state',
      format('%s can only be changed while the campaign is a draft.', array_to_string(v_fixed, ', ')),
      jsonb_build_object('status', v_campaign.status, 'fields', v_fixed));
  end if;
  if p_input ->> 'phones' = 'all' and exists (
    select from public.campaign_tests t where t.campaign_id = p_campaign_id and t.status = 'running')
  then
    perform private.refuse_test_of_phones();
  end if;
  if v_campaign.status = 'scheduled' and p_input ? 'scheduled_at' and p_input ->> 'scheduled_at' is null then
    perform private.raise_error('PT422', 'invalid_input', 'A scheduled campaign needs a time.',
      jsonb_build_object('errors',
      jsonb_build_array(jsonb_build_object('field', 'scheduled_at', 'message',
        'Give another time, or start or stop the campaign.'))));
  end if;
  update public.campaigns c set
    name = coalesce(trim(p_input ->> 'name'), c.name),
    description = case when p_input ? 'description' then p_input ->> 'description' else c.description end,
    template_category = coalesce(p_input ->> 'template_category', c.template_category),
    target_criteria = coalesce(p_input -> 'target_criteria', c.target_criteria),
    phones = coalesce(p_input ->> 'phones', c.phones),
    mps = case when p_input ? 'mps' then (p_input ->> 'mps')::numeric else c.mps end,
    daily_cap = case when p_input ? 'daily_cap' then (p_input ->> 'daily_cap')::numeric::integer else c.daily_cap end,
    cooldown_days = case when p_input ? 'cooldown_days' then (p_input ->> 'cooldown_days')::numeric::smallint
      else c.cooldown_days end,
    quiet_hours_override = coalesce((p_input ->> 'quiet_hours_override')::boolean, c.quiet_hours_override),
    retry_undelivered = coalesce((p_input ->> 'retry_undelivered')::boolean, c.retry_undelivered),
    rotation = coalesce(p_input ->> 'rotation', c.rotation),
    scheduled_at = case when p_input ? 'scheduled_at' then (p_input ->> 'scheduled_at')::timestamptz else c.scheduled_at end
  where c.id = p_campaign_id
  returning * into v_campaign;
  perform private.set_campaign_lists(v_campaign, p_input);
  perform private.record_audit_event(v_campaign.org_id, 'campaign_changed', null, p_campaign_id, null,
    jsonb_build_object('fields', array(select jsonb_object_keys(p_input))));
end;
$$;
comment on function private.update_campaign(uuid, jsonb) is
  'Changes the given fields (of private.campaign_shape) of a campaign. Needs campaign_manager. Raises PT403, PT404, PT422, and '
  'PT409 if a field is fixed because the campaign is built. Security definer: users may not write campaigns.';
grant execute on function private.update_campaign(uuid, jsonb) to authenticated;

create function public.update_campaign(p_campaign_id uuid, p_input jsonb) returns void
  language sql set search_path = '' as $$ select private.update_campaign(p_campaign_id, p_input); $$;
comment on function public.update_campaign(uuid, jsonb) is
  'Calls the private function of the same name, which checks role and organisation, with the current time.';
grant execute on function public.update_campaign(uuid, jsonb) to authenticated;

-- schemas/campaigns/functions/campaign_control.sql

-- Campaign control: start, pause, resume, stop. Users call the functions of the same names in public. Pause and stop wait for
-- claims in flight, which hold a share lock on the campaign, and withdraw queued messages before they answer.

create function private.withdraw_queued(p_campaign_id uuid, p_state public.target_state, p_reason text,
  p_now timestamptz default now())
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_count integer;
  v_targets uuid[];
  v_messages uuid[];
begin
  -- Targets before the daily caps, as everywhere but in planning, which waits for no target: a late receipt holds a target
  -- when it comes to the caps.
  select array_agg(m.id), array_agg(m.campaign_target_id) into v_messages, v_targets
  from public.messages m where m.campaign_id = p_campaign_id and m.is_open and m.status = 'queued' and m.kind = 'campaign';
  v_targets := array(
    select t.id from public.campaign_targets t
    where t.id = any (v_targets) and t.state = 'queued'
    order by t.id for no key update);
  with canceled as (
    update public.messages m
    set status = 'canceled', error_message = p_reason, settled_at = p_now
    where m.id = any (v_messages) and m.campaign_target_id = any (v_targets) and m.status = 'queued'
    returning m.id
  )
  select array_agg(c.id) into v_messages from canceled c;
  update public.campaign_targets t
  set state = p_state, reason = case when p_state = 'waiting' then null else p_reason end,
      message_id = null, attempts = greatest(t.attempts - 1, 0), updated_at = p_now
  where t.id = any (v_targets);
  perform private.refund_usage(v_messages);
  v_count := cardinality(v_targets);
  return v_count;
end;
$$;
comment on function private.withdraw_queued(uuid, public.target_state, text, timestamptz) is
  'Cancels a campaign''s queued messages, sets their targets to p_state (waiting or canceled) and refunds the daily caps; '
  'returns how many. The caller holds the campaign''s lock.';

create function private.pause_running(p_campaign_id uuid, p_reason text, p_now timestamptz default now())
returns void
language plpgsql
set search_path = ''
as $$
begin
  perform private.withdraw_queued(p_campaign_id, 'waiting', 'paused', p_now);
  update public.campaigns
  set status = 'paused', paused_at = p_now, status_reason = p_reason, needs_attention = p_reason
  where id = p_campaign_id and status = 'running';
end;
$$;
comment on function private.pause_running(uuid, text, timestamptz) is
  'Pauses a running campaign whose lock the caller holds. p_reason says what a person must look at; null if a person paused it.';

create function private.reopen_campaign(p_campaign_id uuid)
returns void
language sql
set search_path = ''
as $$
  update public.campaigns c set status = 'running', finished_at = null, archived_at = null
  where c.id = p_campaign_id and c.status = 'completed';
$$;
comment on function private.reopen_campaign(uuid) is
  'Sets a completed campaign running again, because one of its targets waits again. Does nothing in other states. The caller '
  'holds the campaign''s lock.';

create function private.cancel_waiting(p_campaign_id uuid, p_limit integer, p_now timestamptz default now())
returns integer
language sql
set search_path = ''
as $$
  with batch as (
    select t.id from public.campaign_targets t
    where t.campaign_id = p_campaign_id and t.is_waiting
    order by t.id limit p_limit for no key update skip locked
  ),
  canceled as (
    update public.campaign_targets t set state = 'canceled', reason = 'stopped', updated_at = p_now
    from batch b where t.id = b.id returning 1
  )
  select count(*)::integer from canceled;
$$;
comment on function private.cancel_waiting(uuid, integer, timestamptz) is
  'Cancels up to p_limit waiting targets of a stopped campaign; returns how many.';

create function private.campaign_numbers(p_campaign_id uuid)
returns setof public.phone_numbers
language sql
stable
set search_path = ''
as $$
  select n.* from public.campaigns c
  join public.phone_numbers n on n.org_id = c.org_id
  where c.id = p_campaign_id
    and (
      exists (select 1 from public.campaign_phone_numbers cn where cn.campaign_id = c.id and cn.phone_number_id = n.id)
      or not exists (select 1 from public.campaign_phone_numbers cn where cn.campaign_id = c.id)
    );
$$;
comment on function private.campaign_numbers(uuid) is
  'The pool of a campaign: the numbers it lists, or all numbers of its organisation if it lists none.';

create function private.start_campaign(p_campaign_id uuid, p_acknowledge text[] default '{}',
  p_expected public.campaign_status default null, p_now timestamptz default now())
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_campaign public.campaigns;
  v_later boolean;
  v_blocker record;
begin
  v_campaign := private.lock_campaign(p_campaign_id, 'campaign_manager', '{ready,scheduled}', 'started');
  if p_expected <> v_campaign.status then
    perform private.raise_error('PT409', 'invalid_state', format(
      'The campaign is %s by now, and was %s. Look at it again, then start it.', v_campaign.status, p_expected),
      jsonb_build_object('status', v_campaign.status));
  end if;
  -- Starting a scheduled campaign by hand starts it now.
  v_later := coalesce(v_campaign.status = 'ready' and v_campaign.scheduled_at > p_now, false);
  for v_blocker in select * from private.start_blockers(p_campaign_id, p_now) loop
    continue when v_later and v_blocker.can_wait;
    perform private.raise_error('PT409', v_blocker.code, v_blocker.message, v_blocker.details);
  end loop;
  perform private.refuse_unacknowledged(v_campaign, p_acknowledge, p_now);
  update public.campaigns
  set status = case when v_later then 'scheduled' else 'running' end::public.campaign_status,
      started_at = case when v_later then null else p_now end,
      status_reason = null, needs_attention = null
  where id = p_campaign_id;
  perform private.close_alerts(v_campaign.org_id, 'start_refused', p_now, p_campaign_id);
  perform private.record_audit_event(v_campaign.org_id, case when v_later then 'campaign_scheduled'
    else 'campaign_started' end, null, p_campaign_id);
  perform private.hasten_account_check(v_campaign.org_id);
  perform private.call_worker();
end;
$$;
comment on function private.start_campaign(uuid, text[], public.campaign_status, timestamptz) is
  'Starts a campaign that is ready, or schedules it if scheduled_at is in the future; one that is scheduled starts now. '
  'p_acknowledge: the codes of the warnings of its preflight that the caller has read. p_expected: the status that the caller '
  'saw; with another one it does nothing, so that of two equal requests one schedules it and the other does not start it. Needs '
  'campaign_manager. Raises PT403, PT404, PT409 with what is missing or prevents it, PT422. Security definer: users may not '
  'write campaigns.';
grant execute on function private.start_campaign(uuid, text[], public.campaign_status, timestamptz) to authenticated;

create function public.start_campaign(p_campaign_id uuid, p_acknowledge text[] default '{}',
  p_expected public.campaign_status default null) returns void
  language sql set search_path = '' as $$ select private.start_campaign(p_campaign_id, p_acknowledge, p_expected); $$;
comment on function public.start_campaign(uuid, text[], public.campaign_status) is
  'Calls the private function of the same name, which checks role and organisation, with the current time.';
grant execute on function public.start_campaign(uuid, text[], public.campaign_status) to authenticated;

create function private.pause_campaign(p_campaign_id uuid, p_now timestamptz default now())
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_campaign public.campaigns;
begin
  v_campaign := private.own_campaign(p_campaign_id, 'campaign_manager');
  if v_campaign.status = 'building' and v_campaign.starts_when_built then
    update public.campaigns set starts_when_built = false where id = p_campaign_id;
    perform private.record_audit_event(v_campaign.org_id, 'campaign_start_withdrawn', null, p_campaign_id);
    return;
  end if;
  v_campaign := private.lock_campaign(p_campaign_id, 'campaign_manager', '{running}', 'paused');
  perform private.pause_running(p_campaign_id, null, p_now);
  perform private.record_audit_event(v_campaign.org_id, 'campaign_paused', null, p_campaign_id);
end;
$$;
comment on function private.pause_campaign(uuid, timestamptz) is
  'Pauses a running campaign. Returns when claims in flight are done; after that none of its messages are claimed. One that is '
  'being built, and was to start then, is ready afterwards instead. Needs campaign_manager. Raises PT403, PT404, PT409. Security '
  'definer: users may not write campaigns.';
grant execute on function private.pause_campaign(uuid, timestamptz) to authenticated;

create function public.pause_campaign(p_campaign_id uuid) returns void
  language sql set search_path = '' as $$ select private.pause_campaign(p_campaign_id); $$;
comment on function public.pause_campaign(uuid) is
  'Calls the private function of the same name, which checks role and organisation, with the current time.';
grant execute on function public.pause_campaign(uuid) to authenticated;

create function private.resume_campaign(p_campaign_id uuid, p_now timestamptz default now())
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_campaign public.campaigns;
  v_kind text;
begin
  v_campaign := private.lock_campaign(p_campaign_id, 'campaign_manager', '{paused}', 'resumed');
  perform private.refuse_start(p_campaign_id, p_now);
  update public.campaigns
  set status = 'running', paused_at = null, status_reason = null, needs_attention = null, breaker_since = p_now
  where id = p_campaign_id;
  perform private.mark_campaign(p_campaign_id, p_now);
  perform private.release_regions(v_campaign.org_id, p_now);
  perform private.close_alerts(v_campaign.org_id, 'region_not_permitted', p_now);
  foreach v_kind in array array['campaign_paused', 'breaker_tripped', 'start_refused'] loop
    perform private.close_alerts(v_campaign.org_id, v_kind, p_now, p_campaign_id);
  end loop;
  perform private.record_audit_event(v_campaign.org_id, 'campaign_resumed', null, p_campaign_id);
  perform private.hasten_account_check(v_campaign.org_id);
  perform private.call_worker();
end;
$$;
comment on function private.resume_campaign(uuid, timestamptz) is
  'Resumes a paused campaign, whatever paused it, makes the circuit breaker count anew, and has regions that Twilio refused '
  'tried again. Needs campaign_manager. Raises PT403, PT404, PT409, also if A2P registration or today''s spending limit still '
  'prevents sending. Security definer: users may not write campaigns.';
grant execute on function private.resume_campaign(uuid, timestamptz) to authenticated;

create function public.resume_campaign(p_campaign_id uuid) returns void
  language sql set search_path = '' as $$ select private.resume_campaign(p_campaign_id); $$;
comment on function public.resume_campaign(uuid) is
  'Calls the private function of the same name, which checks role and organisation, with the current time.';
grant execute on function public.resume_campaign(uuid) to authenticated;

create function private.stop_campaign(p_campaign_id uuid, p_now timestamptz default now())
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_campaign public.campaigns;
begin
  v_campaign := private.lock_campaign(p_campaign_id, 'campaign_manager', '{building,ready,scheduled,running,paused}', 'stopped');
  perform private.withdraw_queued(p_campaign_id, 'canceled', 'stopped', p_now);
  update public.campaigns set status = 'stopped', finished_at = p_now, needs_attention = null, status_reason = null
    where id = p_campaign_id;
  -- The task sending cancels a large backlog in chunks; meanwhile none of it can be planned or claimed.
  perform private.cancel_waiting(p_campaign_id, 10000, p_now);
  perform private.record_audit_event(v_campaign.org_id, 'campaign_stopped', null, p_campaign_id);
end;
$$;
comment on function private.stop_campaign(uuid, timestamptz) is
  'Stops a campaign for good. Returns when claims in flight are done; after that none of its messages are claimed. Needs '
  'campaign_manager. Raises PT403, PT404, PT409. Security definer: users may not write campaigns.';
grant execute on function private.stop_campaign(uuid, timestamptz) to authenticated;

create function public.stop_campaign(p_campaign_id uuid) returns void
  language sql set search_path = '' as $$ select private.stop_campaign(p_campaign_id); $$;
comment on function public.stop_campaign(uuid) is
  'Calls the private function of the same name, which checks role and organisation, with the current time.';
grant execute on function public.stop_campaign(uuid) to authenticated;

-- schemas/campaigns/functions/campaign_figures.sql

-- A campaign's figures, counted from its targets.

create function private.campaign_figures(p_campaign_id uuid)
returns jsonb
language sql
stable
security definer
set search_path = ''
as $$
  select jsonb_build_object(
    'audience', count(*),
    'excluded', count(*) filter (where t.state = 'excluded'),
    'canceled', count(*) filter (where t.state = 'canceled'),
    'waiting', count(*) filter (where t.state = 'waiting'),
    'queued', count(*) filter (where t.state = 'queued'),
    'sending', count(*) filter (where t.state = 'sending'),
    'unknown', count(*) filter (where t.state = 'unknown'),
    'sent', count(*) filter (where t.state = 'sent'),
    'failed', count(*) filter (where t.state = 'failed'),
    'delivered', count(*) filter (where t.delivery = 'delivered'),
    'undelivered', count(*) filter (where t.delivery = 'undelivered'),
    'unconfirmed', count(*) filter (where t.delivery = 'unconfirmed'),
    'needs_attention', count(*) filter (where t.needs_attention is not null))
  from public.campaign_targets t
  where t.campaign_id = p_campaign_id and t.org_id = (select private.org_id());
$$;
comment on function private.campaign_figures(uuid) is
  'A campaign''s figures, counted from its targets instead of read from the folded figures, for the signed-in user''s '
  'organisation. Security definer for the same reason as campaign_reasons.';
grant execute on function private.campaign_figures(uuid) to authenticated;

create function public.campaign_figures(p_campaign_id uuid) returns jsonb
  language sql stable set search_path = '' as $$ select private.campaign_figures(p_campaign_id); $$;
comment on function public.campaign_figures(uuid) is 'Calls the private function of the same name.';
grant execute on function public.campaign_figures(uuid) to authenticated;

create function private.campaign_reasons(p_campaign_id uuid)
returns jsonb
language sql
stable
security definer
set search_path = ''
as $$
  select jsonb_build_object(
    'excluded', coalesce(jsonb_object_agg(r.reason, r.n) filter (where r.state = 'excluded'), '{}'),
    'canceled', coalesce(jsonb_object_agg(r.reason, r.n) filter (where r.state = 'canceled'), '{}'),
    'failed', coalesce(jsonb_object_agg(r.reason, r.n) filter (where r.state = 'failed'), '{}'))
  from (
    select t.state, coalesce(t.reason, 'error') as reason, count(*) as n
    from public.campaign_targets t
    where t.campaign_id = p_campaign_id and t.org_id = (select private.org_id()) and t.state in ('excluded', 'canceled', 'failed')
    group by 1, 2
  ) r;
$$;
comment on function private.campaign_reasons(uuid) is
  'Why targets of a campaign of the signed-in user''s organisation were excluded, canceled or failed, with the number for each '
  'reason. Security definer: counting a large backlog under row-level security costs several times as much.';
grant execute on function private.campaign_reasons(uuid) to authenticated;

create function public.campaign_reasons(p_campaign_id uuid) returns jsonb
  language sql stable set search_path = '' as $$ select private.campaign_reasons(p_campaign_id); $$;
comment on function public.campaign_reasons(uuid) is 'Calls the private function of the same name.';
grant execute on function public.campaign_reasons(uuid) to authenticated;

-- schemas/campaigns/functions/campaign_forecast.sql

create function private.campaign_forecast(p_campaign public.campaigns, p_days integer, p_now timestamptz default now())
returns table (day date, messages bigint, limited_by text[])
language plpgsql
stable
set search_path = ''
as $$
declare
  c_limits constant text[] := '{number_caps,campaign_daily_cap,org_daily_cap,spending_limit,number_pace,campaign_pace,org_pace}';
  -- A number's next slot is a little later than its pace says, see claim_messages.
  c_spacing constant double precision := 1.04;
  v_org public.orgs := (select o from public.orgs o where o.id = p_campaign.org_id);
  v_segments double precision := private.forecast_segments(p_campaign.id);
  v_people double precision[];
  v_times tstzmultirange[];
  v_at timestamptz := p_now;
  v_end timestamptz;
  v_hour tstzrange;
  v_seconds double precision;
  v_left double precision;
  v_told bigint := 0;
  v_total double precision;
  v_reach double precision;
  v_send double precision;
  v_rooms double precision[];
  v_bounds double precision[];
begin
  select p.people, p.open_times into v_people, v_times
  from private.forecast_people(p_campaign, (p_now at time zone 'UTC')::date, (p_now at time zone 'UTC')::date + p_days + 1) p;
  select coalesce(sum(x), 0) into v_total from unnest(v_people) x;
  v_left := v_total;
  while v_at < p_now + make_interval(days => p_days) and v_left > 0.5 loop
    if (v_at at time zone v_org.time_zone)::date is distinct from day then
      if day is not null then
        return next;
      end if;
      day := (v_at at time zone v_org.time_zone)::date;
      messages := 0;
      limited_by := '{}';
      v_rooms := private.forecast_rooms(p_campaign, day, v_segments, p_now);
    end if;
    v_end := date_trunc('hour', v_at) + interval '1 hour';
    v_hour := tstzrange(v_at, v_end);
    select sum(x.n), max(extract(epoch from (
        select sum(upper(r) - lower(r)) from unnest(x.times * tstzmultirange(v_hour)) r)))
    into v_reach, v_seconds
    from unnest(v_people, v_times) as x(n, times) where x.n > 0 and x.times && v_hour;
    if v_reach > 0 then
      v_bounds := v_rooms || array[
        private.forecast_numbers(p_campaign, v_at) * v_seconds / v_segments / c_spacing,
        p_campaign.mps * v_seconds / c_spacing, v_org.mps * v_seconds / c_spacing]::double precision[];
      select least(v_reach, min(b)) into v_send from unnest(v_bounds) b;
      if v_send < v_reach then
        limited_by := array(
          select distinct n from (
            select unnest(limited_by) union all
            select c_limits[b.at] from unnest(v_bounds) with ordinality as b(room, at) where b.room = v_send
          ) as l(n) order by 1);
      end if;
      v_people := array(
        select case when x.times && v_hour then x.n * (1 - v_send / v_reach) else x.n end
        from unnest(v_people, v_times) with ordinality as x(n, times, at) order by x.at);
      v_rooms := array(select r.room - v_send from unnest(v_rooms) with ordinality as r(room, at) order by r.at);
      v_left := v_left - v_send;
      -- Rounds what was sent until now, so that the days add up to the whole.
      messages := messages + round(v_total - v_left)::bigint - v_told;
      v_told := round(v_total - v_left)::bigint;
    end if;
    if v_left > 0.5 and (v_end at time zone v_org.time_zone)::date <> day and limited_by = '{}' then
      limited_by := '{outside_hours}';
    end if;
    v_at := v_end;
  end loop;
  if day is not null then
    limited_by := case when v_left > 0.5 then limited_by else '{}' end;
    return next;
  end if;
end;
$$;
comment on function private.campaign_forecast(public.campaigns, integer, timestamptz) is
  'How many messages a campaign can send on each of the next p_days days of the organisation''s time zone, as long as anybody is '
  'waiting, and what keeps a day from sending more: caps and paces of numbers, campaign and organisation, the spending limit, '
  'or the hours of the people (outside_hours). As if no other campaign were sending.';

-- schemas/campaigns/functions/campaign_outlook.sql

-- The outlook of a running campaign: whether it can send now, and if not, why and until when. Most of these reasons end by
-- themselves; what only a person can correct is in needs_attention.

create function private.outlook_reason(p_reason text, p_count bigint default null, p_until timestamptz default null,
  p_time_zone text default null)
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select jsonb_build_array(jsonb_build_object('reason', p_reason, 'count', p_count,
    'until', case when isfinite(p_until) then p_until end, 'time_zone', p_time_zone));
$$;
comment on function private.outlook_reason(text, bigint, timestamptz, text) is
  'One reason of an outlook, as a list with one item.';

create function private.outlook_numbers(p_campaign public.campaigns, p_segments integer, p_now timestamptz)
returns table (active bigint, stopped bigint, free_at timestamptz, reasons jsonb)
language sql
stable
set search_path = ''
as $$
  with numbers as (
    select n.status, n.time_zone,
      case when p.resting_until > p_now then p.resting_until end as resting_until,
      -- If a cap is too low for a single text, it never has room, on any day.
      case when r.segment_room < p_segments then
        case when n.daily_cap < p_segments then 'infinity' else (r.day + 1)::timestamp at time zone n.time_zone end
      end as full_until,
      case when not r.is_open and not p_campaign.quiet_hours_override
        then private.number_opens_at(n.quiet_starts, n.quiet_ends, n.time_zone, p_now) end as quiet_until,
      s.next_slot_at
    from private.campaign_numbers(p_campaign.id) n
    left join private.number_room(p_campaign.org_id, interval '5 seconds', p_now) r on r.id = n.id
    join private.number_pace p on p.phone_number_id = n.id
    cross join lateral (select greatest(p.next_slot_at, p_now) as next_slot_at) s
  ),
  active as (
    select x.*, greatest(x.resting_until, x.full_until, x.quiet_until) as shut_until from numbers x where x.status = 'active'
  )
  select (select count(*) from active), (select count(*) from numbers x where x.status <> 'active'),
    min(coalesce(a.shut_until, '-infinity')),
    case when count(a.resting_until) > 0
      then private.outlook_reason('numbers_resting', count(a.resting_until), min(a.resting_until)) else '[]' end
    || case when count(a.full_until) > 0 then private.outlook_reason('numbers_full', count(a.full_until), min(a.full_until),
        (array_agg(a.time_zone order by a.full_until) filter (where a.full_until is not null))[1]) else '[]' end
    || case when count(a.quiet_until) > 0
      then private.outlook_reason('numbers_outside_hours', count(a.quiet_until), min(a.quiet_until),
        (array_agg(a.time_zone order by a.quiet_until) filter (where a.quiet_until is not null))[1]) else '[]' end
    || case when min(a.next_slot_at) filter (where a.shut_until is null) > p_now + interval '1 second'
        then private.outlook_reason('number_pace', count(*) filter (where a.shut_until is null),
          min(a.next_slot_at) filter (where a.shut_until is null)) else '[]' end
  from active a;
$$;
comment on function private.outlook_numbers(public.campaigns, integer, timestamptz) is
  'The numbers of a campaign for its outlook: how many are active and how many stopped, when the first can take a text of '
  'p_segments (-infinity: now), and the reasons why numbers can''t send, with how many.';

create function private.outlook_targets(p_campaign public.campaigns, p_now timestamptz)
returns table (is_due boolean, shut bigint, opens_at timestamptz, put_off bigint, put_off_until timestamptz)
language sql
volatile
set search_path = ''
as $$
  -- Reads one range of the backlog's index for each window key; targets that could be written to now are never counted.
  select coalesce(bool_or(k.is_open and exists (
      select 1 from public.campaign_targets t
      where t.campaign_id = p_campaign.id and t.is_waiting and t.window_key = k.key and t.not_before <= p_now)), false),
    coalesce(sum((select count(*) from public.campaign_targets t
      where t.campaign_id = p_campaign.id and t.is_waiting and t.window_key = k.key and not k.is_open)), 0)::bigint,
    min(k.opens_at) filter (where not k.is_open),
    coalesce(sum(p.n), 0)::bigint, min(p.until)
  from (
    select w.key, o.is_open, case when w.state_is_open then w.valid_to else coalesce(w.next_open_at, w.valid_to) end as opens_at
    from (
      select x.key, s.is_open as state_is_open, s.valid_to, s.next_open_at
      from private.waiting_keys(p_campaign.id) as x(key)
      cross join lateral private.window_state(p_campaign.org_id, x.key, p_now) s
    ) w
    cross join lateral (
      select p_campaign.quiet_hours_override or (w.state_is_open and w.valid_to > p_now + interval '60 seconds') as is_open
    ) o
  ) k
  left join lateral (
    select count(*) as n, min(t.not_before) as until from public.campaign_targets t
    where t.campaign_id = p_campaign.id and t.is_waiting and t.window_key = k.key and t.not_before > p_now and k.is_open
  ) p on true;
$$;
comment on function private.outlook_targets(public.campaigns, timestamptz) is
  'The backlog of a campaign for its outlook: whether somebody may be written to now, how many targets are outside their hours '
  'and when the first of these opens, and how many are put off (a retry, or waiting for a number) and until when.';

create function private.campaign_outlook(p_campaign_id uuid, p_now timestamptz default now())
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_campaign public.campaigns;
  v_org public.orgs;
  v_midnight timestamptz;
  v_segments integer;
  v_numbers record;
  v_targets record;
  v_pace record;
  v_in_flight bigint;
  v_reasons jsonb := '[]';
  v_next timestamptz := '-infinity';
  v_can_send boolean;
begin
  select * into v_campaign from public.campaigns c where c.id = p_campaign_id and c.org_id = (select private.org_id())
    and c.status = 'running';
  if not found then
    return null;
  end if;
  v_campaign.quiet_hours_override := private.honours_override(v_campaign);
  select * into v_org from public.orgs o where o.id = v_campaign.org_id;
  v_midnight := ((p_now at time zone v_org.time_zone)::date + 1)::timestamp at time zone v_org.time_zone;
  select min(t.worst_segments) into v_segments
  from public.campaign_templates ct join public.templates t on t.id = ct.template_id and t.is_active
    where ct.campaign_id = p_campaign_id;
  select * into v_numbers from private.outlook_numbers(v_campaign, coalesce(v_segments, 1), p_now);
  select * into v_targets from private.outlook_targets(v_campaign, p_now);
  select count(*) into v_in_flight from public.messages m where m.campaign_id = p_campaign_id and m.is_open
    and m.kind = 'campaign';
  select op.resting_until, case when v_org.mps is not null then op.next_slot_at end as org_slot,
    case when v_campaign.mps is not null then cp.next_slot_at end as campaign_slot,
    coalesce(ou.messages, 0) >= v_org.daily_cap as org_full, coalesce(cu.messages, 0) >= v_campaign.daily_cap as campaign_full
  into v_pace
  from private.org_pace op
  join private.campaign_pace cp on cp.campaign_id = p_campaign_id
  cross join lateral (select (p_now at time zone v_org.time_zone)::date as day) d
  left join private.daily_usage ou on ou.scope = 'org' and ou.scope_id = v_org.id and ou.day = d.day
  left join private.daily_usage cu on cu.scope = 'campaign' and cu.scope_id = p_campaign_id and cu.day = d.day
  where op.org_id = v_org.id;

  -- Each reason that must end before anything is sent moves the next time forward. A reason that only a person can end makes it
  -- infinite.
  if v_segments is null then
    v_reasons := v_reasons || private.outlook_reason('no_active_template');
    v_next := 'infinity';
  end if;
  if v_numbers.active = 0 then
    v_reasons := v_reasons || private.outlook_reason('no_active_number', v_numbers.stopped);
    v_next := 'infinity';
  end if;
  if v_pace.resting_until > p_now then
    v_reasons := v_reasons || private.outlook_reason('account_resting', null, v_pace.resting_until);
    v_next := greatest(v_next, v_pace.resting_until);
  end if;
  if v_pace.org_full then
    v_reasons := v_reasons || private.outlook_reason('org_daily_cap', null, case
      when v_org.daily_cap > 0 then v_midnight end, v_org.time_zone);
    v_next := greatest(v_next, case when v_org.daily_cap > 0 then v_midnight else 'infinity' end);
  end if;
  if v_pace.campaign_full then
    v_reasons := v_reasons || private.outlook_reason('campaign_daily_cap', null, case
      when v_campaign.daily_cap > 0 then v_midnight end, v_org.time_zone);
    v_next := greatest(v_next, case when v_campaign.daily_cap > 0 then v_midnight else 'infinity' end);
  end if;
  v_reasons := v_reasons || coalesce(v_numbers.reasons, '[]');
  v_next := greatest(v_next, v_numbers.free_at);
  if v_targets.shut > 0 then
    v_reasons := v_reasons || private.outlook_reason('outside_hours', v_targets.shut, v_targets.opens_at);
  end if;
  if v_targets.put_off > 0 then
    v_reasons := v_reasons || private.outlook_reason('put_off', v_targets.put_off, v_targets.put_off_until);
  end if;
  if v_targets.shut = 0 and v_targets.put_off = 0 and not v_targets.is_due and v_in_flight = 0 then
    v_reasons := v_reasons || private.outlook_reason('nothing_waiting');
  end if;
  if not v_targets.is_due and v_in_flight = 0 then
    v_next := greatest(v_next, coalesce(least(v_targets.opens_at, v_targets.put_off_until), 'infinity'));
  end if;
  v_can_send := v_next <= p_now;
  if v_pace.campaign_slot > p_now + interval '1 second' then
    v_reasons := v_reasons || private.outlook_reason('campaign_pace', null, v_pace.campaign_slot);
  end if;
  if v_pace.org_slot > p_now + interval '1 second' then
    v_reasons := v_reasons || private.outlook_reason('org_pace', null, v_pace.org_slot);
  end if;
  return jsonb_build_object('can_send', v_can_send, 'next_at', case when not v_can_send and isfinite(v_next) then v_next end,
    'in_flight', v_in_flight, 'reasons', v_reasons);
end;
$$;
comment on function private.campaign_outlook(uuid, timestamptz) is
  'Whether a running campaign of the signed-in user''s organisation can send now, otherwise the earliest time (next_at; null if '
  'a person must act or no target waits), and every reason that holds numbers or people back, with how many and until when. Null '
  'if the campaign is not running. A pace alone does not block. Security definer: users may not read private tables.';
grant execute on function private.campaign_outlook(uuid, timestamptz) to authenticated;

create function public.campaign_outlook(p_campaign_id uuid) returns jsonb
  language sql set search_path = '' as $$ select private.campaign_outlook(p_campaign_id); $$;
comment on function public.campaign_outlook(uuid) is 'Calls the private function of the same name.';
grant execute on function public.campaign_outlook(uuid) to authenticated;

-- schemas/campaigns/functions/campaign_people.sql

create function private.campaign_people(p_campaign_ids uuid[], p_now timestamptz default now())
returns table (campaign_id uuid, matching_leads bigint, converted_leads bigint)
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('viewer');
  v_campaign record;
  v_left integer := 50;
  v_until timestamptz := clock_timestamp() + interval '1 second';
begin
  if p_campaign_ids is null or cardinality(p_campaign_ids) > 1000 then
    perform private.refuse_field('campaign_ids', 'Give the ids of up to 1,000 campaigns.');
  end if;
  for v_campaign in
    select c.id, c.target_criteria, coalesce(d.n, 0) as converted,
      -- Figures of a campaign that was just built follow within a second.
      c.status not in ('completed', 'stopped') and coalesce(s.audience, 0) = 0 as is_unbuilt
    from public.campaigns c
    left join public.campaign_stats s on s.campaign_id = c.id
    left join (
      -- Few leads are converted, so their targets are looked up rather than all targets of the campaigns.
      select t.campaign_id, count(distinct t.lead_id) as n
      from public.leads l
      join public.campaign_targets t on t.org_id = l.org_id and t.lead_id = l.id and t.state = 'sent'
      where l.org_id = v_org_id and l.deleted_at is null and l.status = any (private.converted_stages())
        and t.campaign_id = any (p_campaign_ids)
      group by t.campaign_id
    ) d on d.campaign_id = c.id
    where c.org_id = v_org_id and c.id = any (p_campaign_ids)
    order by c.created_at desc, c.id desc
  loop
    campaign_id := v_campaign.id;
    converted_leads := v_campaign.converted;
    matching_leads := null;
    if v_campaign.is_unbuilt and v_left > 0 and clock_timestamp() < v_until then
      v_left := v_left - 1;
      begin
        matching_leads := (private.count_matching(private.lead_condition(v_org_id,
          private.criteria_filter(v_campaign.target_criteria), p_now)) ->> 'total')::bigint;
      exception when sqlstate 'PT422' then
        -- A segment that its criteria name is gone. Building it says so.
        matching_leads := null;
      end;
    end if;
    return next;
  end loop;
end;
$$;
comment on function private.campaign_people(uuid[], timestamptz) is
  'For a list of campaigns: matching_leads, how many leads the criteria of one match that has no figures yet (as '
  'private.count_matching counts; null for others, after 50 such ones or a second, and if a segment of the criteria is gone); '
  'converted_leads, to how many leads it sent that are qualified or further by now. Raises PT403, PT422. Security definer: it '
  'reads what its caller may read anyway, by functions that users may not call.';
grant execute on function private.campaign_people(uuid[], timestamptz) to authenticated;

create function public.campaign_people(p_campaign_ids uuid[])
  returns table (campaign_id uuid, matching_leads bigint, converted_leads bigint)
  language sql set search_path = '' as $$ select * from private.campaign_people(p_campaign_ids); $$;
comment on function public.campaign_people(uuid[]) is
  'Calls the private function of the same name, which checks role and organisation, with the current time.';
grant execute on function public.campaign_people(uuid[]) to authenticated;

-- schemas/campaigns/functions/campaign_shapes.sql

-- The shapes of a campaign. Each is defined once: creating, changing and using a campaign check the same shape.

create function private.criteria_shape()
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select jsonb_build_object('type', 'object', 'maxBytes', 1000000, 'properties', jsonb_build_object(
    'lead_ids', '{"type": "array", "maxItems": 10000, "items": {"type": "string", "format": "uuid"}}'::jsonb,
    'tags', w.words, 'counties', w.words,
    'states', '{"type": "array", "maxItems": 60, "items": {"type": "string", "pattern": "^[A-Za-z]{2}$", "description": "the '
      'postal abbreviation of a state, such as TX."}}'::jsonb,
    'statuses', private.lead_filter_shape() #> '{properties,statuses}',
    'import_id', '{"type": "string", "format": "uuid"}'::jsonb,
    'segment_ids', '{"type": "array", "maxItems": 20, "items": {"type": "string", "format": "uuid"}}'::jsonb,
    'never_contacted', '{"type": "boolean"}'::jsonb,
    'exclude_campaign_ids', '{"type": "array", "maxItems": 20, "items": {"type": "string", "format": "uuid"}}'::jsonb,
    'failed_in_campaign_id', '{"type": "string", "format": "uuid"}'::jsonb,
    'unanswered_campaign_id', '{"type": "string", "format": "uuid"}'::jsonb))
  from (select jsonb_build_object('type', 'array', 'maxItems', 1000, 'items', private.line_shape(200)) as words) w;
$$;
comment on function private.criteria_shape() is
  'The shape of a campaign''s target_criteria without their filter, which private.lead_condition checks.';

create function private.campaign_shape()
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select jsonb_build_object('type', 'object', 'maxBytes', 1500000, 'properties', jsonb_build_object(
    'name', private.line_shape(200),
    'description', '{"type": ["string", "null"], "maxLength": 2000}'::jsonb,
    'template_category', '{"type": "string", "enum": ["initial", "followup"]}'::jsonb,
    'template_ids', i.ids,
    'template_weights', '{"type": "object", "maxProperties": 200, "propertyNames": {"format": "uuid"}, "additionalProperties": '
      '{"type": "integer", "minimum": 1, "maximum": 1000}}'::jsonb,
    'variants', jsonb_build_object('type', 'array', 'minItems', 2, 'maxItems', 10, 'items', jsonb_build_object(
      'type', 'object', 'required', '["name", "share", "template_ids"]'::jsonb, 'properties', jsonb_build_object(
        'name', private.line_shape(40), 'share', '{"type": "integer", "minimum": 1, "maximum": 1000}'::jsonb, 'template_ids',
          i.ids))),
    'steps', private.steps_shape(),
    'phone_number_ids', '{"type": "array", "maxItems": 400, "items": {"type": "string", "format": "uuid"}}'::jsonb,
    -- Only private.check_criteria reads what is in them.
    'target_criteria', '{"type": "object", "properties": {}}'::jsonb,
    'phones', '{"type": "string", "enum": ["primary", "all"]}'::jsonb,
    'mps', '{"type": ["number", "null"], "minimum": 0.001, "maximum": 1000}'::jsonb,
    'daily_cap', '{"type": ["integer", "null"], "minimum": 0, "maximum": 10000000}'::jsonb,
    'cooldown_days', '{"type": ["integer", "null"], "minimum": 0, "maximum": 3650}'::jsonb,
    'quiet_hours_override', '{"type": "boolean"}'::jsonb,
    'retry_undelivered', '{"type": "boolean"}'::jsonb,
    'rotation', private.word_shape('even', 'thompson'),
    'scheduled_at', '{"type": ["string", "null"], "format": "date-time", "description": "a time such as 2026-01-31T13:00:00Z.",
      "pattern": "T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})$"}'::jsonb))
  from (
    select '{"type": "array", "minItems": 1, "maxItems": 200, "items": {"type": "string", "format": "uuid"}}'::jsonb as ids
  ) i;
$$;
comment on function private.campaign_shape() is
  'The shape of a change to a campaign; private.new_campaign_shape is that of a new one.';

create function private.new_campaign_shape()
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select jsonb_set(jsonb_set(
    jsonb_set(private.campaign_shape(), '{properties,language}', '{"type": "string", "enum": ["es", "en"]}'),
    '{properties,test}', private.campaign_test_shape()),
    '{properties,texts}', private.list_shape(private.object_shape(
      private.template_fields() || '{"id": {"type": "string", "format": "uuid"}}', '{id,content,category,language}'), 20))
    || '{"required": ["name"]}';
$$;
comment on function private.new_campaign_shape() is
  'The shape of a new campaign: that of a change, but with name required, with the language of the templates that it uses by '
  'default, with texts, which become templates, and with the A/B test of its variants.';

create function private.check_campaign(p_org_id uuid, p_input jsonb, p_shape jsonb)
returns void
language plpgsql
stable
set search_path = ''
as $$
declare
  v_at timestamptz;
begin
  perform private.check_shape(
    case when jsonb_typeof(p_input -> 'target_criteria') = 'object' then p_input || '{"target_criteria": {}}'
      else p_input end, p_shape);
  if p_input = '{}' then
    perform private.refuse_field('input', 'Give at least one field to change.');
  end if;
  if p_input ? 'template_ids' and p_input ? 'variants' then
    perform private.refuse_field('variants', 'Give template_ids or variants, not both: each variant lists its own.');
  end if;
  if (select count(distinct trim(v ->> 'name')) < count(*) from jsonb_array_elements(p_input -> 'variants') v) then
    perform private.refuse_field('variants', 'Give each variant a name of its own.');
  end if;
  perform private.check_steps(p_input -> 'steps');
  v_at := p_input ->> 'scheduled_at';
  if not v_at between '2000-01-01Z' and '2100-01-01Z' then
    perform private.refuse_field('scheduled_at', 'scheduled_at must lie between the years 2000 and 2100.');
  end if;
  if p_input -> 'quiet_hours_override' = 'true' and not private.twilio_is_loopback() then
    perform private.refuse_field('quiet_hours_override',
      'Leave quiet_hours_override out: it is allowed only while Twilio is a simulator on this machine.');
  end if;
  if p_input ? 'target_criteria' then
    perform private.check_criteria(p_org_id, p_input -> 'target_criteria');
  end if;
end;
$$;
comment on function private.check_campaign(uuid, jsonb, jsonb) is
  'Checks the fields of a campaign against p_shape (new_campaign_shape or campaign_shape), and fields that depend on each other. '
  'Raises PT422 naming the field. It only reads and takes no locks, so it is called first.';

-- schemas/campaigns/functions/campaign_steps.sql

-- The steps of a campaign after its first text, as people give them.

create function private.steps_shape()
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select private.list_shape(private.object_shape(jsonb_build_object(
    'kind', private.word_shape('text', 'next_phone'),
    'wait_hours', '{"type": "integer", "minimum": 1, "maximum": 1440}'::jsonb,
    'template_ids', private.ids_shape(200, 1),
    'category', private.word_shape('initial', 'followup'),
    'variants', private.list_shape(private.object_shape(jsonb_build_object(
      'name', private.line_shape(40), 'template_ids', private.ids_shape(200, 1)), '{name,template_ids}'), 10, 2),
    'stop_on', private.list_shape(private.word_shape(variadic private.stop_words()), 7)), '{wait_hours}'), 8);
$$;
comment on function private.steps_shape() is
  'The shape of a campaign''s steps after the first: at most 8, each at least an hour and at most 60 days after the one before.';

create function private.stop_words()
returns text[]
language sql
immutable
set search_path = ''
as $$
  select '{replied,interested,converted,not_interested,opted_out,wrong_number,do_not_contact}'::text[];
$$;
comment on function private.stop_words() is 'What can end the steps of a person. The first three can be switched off.';

create function private.check_steps(p_steps jsonb)
returns void
language plpgsql
immutable
set search_path = ''
as $$
declare
  v_row record;
  v_next_phones integer := 0;
begin
  for v_row in
    select s.value as step, format('steps[%s]', s.n - 1) as field from jsonb_array_elements(p_steps) with ordinality s(value, n)
  loop
    if v_row.step ?& '{template_ids,variants}' then
      perform private.refuse_field(v_row.field || '.variants',
        format('Give %s.template_ids or %s.variants, not both: each variant lists its own.', v_row.field, v_row.field));
    elsif v_row.step ? 'category' and (v_row.step ?| '{template_ids,variants}' or v_row.step ->> 'kind' = 'next_phone') then
      perform private.refuse_field(v_row.field || '.category',
        format('Leave %s.category out: it chooses the texts of a step of kind text that names none.', v_row.field));
    elsif not v_row.step -> 'stop_on' @> to_jsonb((private.stop_words())[4:]) then
      perform private.refuse_field(v_row.field || '.stop_on',
        format('%s.stop_on must contain %s: they can''t be switched off.', v_row.field,
          array_to_string((private.stop_words())[4:], ', ')));
    end if;
    if v_row.step ->> 'kind' = 'next_phone' then
      v_next_phones := v_next_phones + 1;
      if v_next_phones > 2 then
        perform private.refuse_field(v_row.field || '.kind',
          'Two steps at most may be next_phone: a lead has three phones.');
      end if;
    end if;
  end loop;
end;
$$;
comment on function private.check_steps(jsonb) is
  'Checks what fields of a campaign''s steps demand of each other; private.steps_shape is checked before. Raises PT422 naming '
  'the field.';

create function private.set_step_texts(p_campaign public.campaigns, p_step smallint, p_input jsonb, p_language text,
  p_weights jsonb)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_field text := format('steps[%s]', p_step - 2);
  v_kind text := coalesce(p_input ->> 'kind', 'text');
  -- The first text to a phone has to say who writes and how to stop it.
  v_categories text[] := case v_kind when 'next_phone' then array[p_campaign.template_category] else '{initial,followup}' end;
  v_category text := coalesce(p_input ->> 'category', 'followup');
  v_ids jsonb := p_input -> 'template_ids';
  v_names text[];
  v_variant record;
begin
  if p_input ? 'variants' then
    v_names := array(select v.name from public.campaign_variants v where v.campaign_id = p_campaign.id order by v.name);
    if v_names is distinct from array(
      select trim(v ->> 'name') from jsonb_array_elements(p_input -> 'variants') v order by 1) then
      perform private.refuse_field(v_field || '.variants', case when v_names = '{}'
        then format('Give %s.template_ids: the campaign has no variants.', v_field)
        else format('%s.variants must name each variant of the campaign once: %s.', v_field, array_to_string(v_names, ', ')) end);
    end if;
    for v_variant in
      select v.variant, i.value -> 'template_ids' as ids, i.n
      from jsonb_array_elements(p_input -> 'variants') with ordinality i(value, n)
      join public.campaign_variants v on v.campaign_id = p_campaign.id and v.name = trim(i.value ->> 'name')
      order by i.n
    loop
      perform private.set_campaign_templates(p_campaign, p_step, v_variant.variant, v_variant.ids, p_weights, v_categories,
        format('%s.variants[%s].template_ids', v_field, v_variant.n - 1));
    end loop;
    return;
  elsif v_ids is null and v_kind = 'next_phone' then
    return;
  elsif v_ids is null then
    v_ids := (
      select to_jsonb(array_agg(t.id)) from public.templates t
      where t.org_id = p_campaign.org_id and t.is_active and t.category = v_category and t.language = p_language);
    if v_ids is null then
      perform private.refuse_field(v_field || '.template_ids',
        format('Give %s.template_ids: there is no active %s template in the language %s.', v_field, v_category, p_language));
    end if;
  end if;
  perform private.set_campaign_templates(p_campaign, p_step, null, v_ids, p_weights, v_categories, v_field || '.template_ids');
end;
$$;
comment on function private.set_step_texts(public.campaigns, smallint, jsonb, text, jsonb) is
  'Adds the texts of a step: template_ids, or those of each variant, or without either all active ones of its category in '
  'p_language. A step next_phone without any has those of the first step. Raises PT422 naming the field.';

create function private.set_campaign_steps(p_campaign public.campaigns, p_input jsonb)
returns void
language plpgsql
set search_path = ''
as $$
declare
  -- What follows is in the language of the first texts, if they have but one.
  v_language text := coalesce(p_input ->> 'language', (
    select min(t.language) from public.campaign_templates ct join public.templates t on t.id = ct.template_id
    where ct.campaign_id = p_campaign.id and ct.step = 1 having min(t.language) = max(t.language)),
    (select o.language from public.orgs o where o.id = p_campaign.org_id));
  v_steps public.campaign_steps[] := array(
    select (p_campaign.org_id, p_campaign.id, s.n + 1, coalesce(s.value ->> 'kind', 'text'),
      (s.value ->> 'wait_hours')::numeric, array(
        select w from unnest(private.stop_words()) w where not s.value ? 'stop_on' or s.value -> 'stop_on' ? w order by w)
      )::public.campaign_steps
    from jsonb_array_elements(p_input -> 'steps') with ordinality s(value, n) order by s.n);
  v_row record;
begin
  if p_campaign.status = 'draft' then
    delete from public.campaign_steps s where s.campaign_id = p_campaign.id;
    insert into public.campaign_steps select (s).* from unnest(v_steps) s;
    update public.campaigns c set type = case when v_steps = '{}' then 'broadcast' else 'drip' end where c.id = p_campaign.id;
  elsif v_steps is distinct from array(
    select s from public.campaign_steps s where s.campaign_id = p_campaign.id order by s.step) then
    perform private.raise_error('PT409', 'invalid_state',
      'Only the texts of steps can be changed once the campaign is built. Give the same steps with other texts.',
      jsonb_build_object('status', p_campaign.status, 'fields', '{steps}'::text[]));
  end if;
  delete from public.campaign_templates ct where ct.campaign_id = p_campaign.id and ct.step > 1;
  for v_row in
    select s.value as input, (s.n + 1)::smallint as step
    from jsonb_array_elements(p_input -> 'steps') with ordinality s(value, n)
  loop
    perform private.set_step_texts(p_campaign, v_row.step, v_row.input, v_language,
      coalesce(p_input -> 'template_weights', '{}'));
  end loop;
end;
$$;
comment on function private.set_campaign_steps(public.campaigns, jsonb) is
  'Replaces the steps of a campaign by steps of p_input; of a campaign that is built, only their texts. Raises PT422 naming the '
  'field, PT409. The caller holds the campaign''s lock, and has checked p_input (private.check_campaign).';

create function private.check_steps_fit(p_campaign public.campaigns)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_step smallint;
begin
  if p_campaign.phones = 'all'
    and exists (select from public.campaign_steps s where s.campaign_id = p_campaign.id and s.kind = 'next_phone') then
    perform private.refuse_field('phones',
      'phones must be primary: the campaign has a step next_phone, which goes from one phone of a lead to the next.');
  end if;
  select min(s.step) into v_step from public.campaign_steps s
  where s.campaign_id = p_campaign.id and s.kind = 'text'
    and not exists (select from public.campaign_templates ct where ct.campaign_id = s.campaign_id and ct.step = s.step);
  if v_step is not null then
    perform private.refuse_field('steps',
      format('Give steps too: step %s has texts for the variants that are replaced.', v_step));
  end if;
end;
$$;
comment on function private.check_steps_fit(public.campaigns) is
  'Checks that a campaign''s steps and its other fields fit each other after a change. Raises PT422 naming the field to change.';

-- schemas/campaigns/functions/campaign_tests.sql

-- Setting up, reading and ending the A/B test of a campaign. Users call the functions of the same names in public.

create function private.campaign_test_shape()
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select private.object_shape(jsonb_build_object(
    'metric', private.word_shape('replied', 'interested'),
    'alpha', '{"type": "number", "minimum": 0.001, "maximum": 0.2}'::jsonb,
    'maturity_hours', '{"type": "integer", "minimum": 1, "maximum": 336}'::jsonb,
    'min_per_arm', '{"type": "integer", "minimum": 50, "maximum": 1000000}'::jsonb,
    'tuning_n', '{"type": "integer", "minimum": 100, "maximum": 10000000}'::jsonb,
    'test_percent', '{"type": "integer", "minimum": 1, "maximum": 100}'::jsonb,
    'decides', private.word_shape('person', 'auto'),
    'deadline', private.campaign_shape() #> '{properties,scheduled_at}'), '{metric}');
$$;
comment on function private.campaign_test_shape() is 'The shape of an A/B test as it is set up.';

create function private.lock_test(p_campaign public.campaigns)
returns public.campaign_tests
language plpgsql
set search_path = ''
as $$
declare
  v_test public.campaign_tests;
begin
  select * into v_test from public.campaign_tests t where t.campaign_id = p_campaign.id for no key update;
  if v_test.id is null then
    perform private.raise_error('PT404', 'not_found', 'The campaign has no A/B test.',
      jsonb_build_object('campaign_id', p_campaign.id));
  end if;
  return v_test;
end;
$$;
comment on function private.lock_test(public.campaigns) is
  'Locks the A/B test of a campaign whose lock the caller holds. Raises PT404 if it has none.';

create function private.refuse_test_of_phones()
returns void
language plpgsql
set search_path = ''
as $$
begin
  perform private.raise_error('PT409', 'invalid_state', 'An A/B test needs phones "primary": somebody with two phones could get '
    'both texts, and would count twice.', '{"field": "phones"}');
end;
$$;
comment on function private.refuse_test_of_phones() is
  'Raises PT409: a test compares people, and so writes to one phone of each.';

create function private.set_campaign_test(p_campaign_id uuid, p_input jsonb, p_now timestamptz default now())
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_campaign public.campaigns;
  v_test public.campaign_tests;
  v_hours smallint;
  v_percent smallint;
  v_deadline timestamptz;
begin
  perform private.require_role('campaign_manager');
  perform private.check_shape(p_input, private.campaign_test_shape());
  v_hours := coalesce((p_input ->> 'maturity_hours')::numeric::smallint, 48);
  v_percent := coalesce((p_input ->> 'test_percent')::numeric::smallint, 100);
  v_deadline := coalesce((p_input ->> 'deadline')::timestamptz, p_now + interval '30 days');
  if v_deadline <= p_now + make_interval(hours => v_hours) or v_deadline > p_now + interval '90 days' then
    perform private.refuse_field('deadline',
      format('deadline must be more than %s hours away, so that somebody can be counted, and 90 days at most.', v_hours));
  end if;
  v_campaign := private.lock_campaign(p_campaign_id, 'campaign_manager', '{draft,ready,scheduled}', 'given an A/B test');
  if (select count(*) from public.campaign_variants v where v.campaign_id = p_campaign_id) < 2 then
    perform private.raise_error('PT409', 'invalid_state', 'Give the campaign two variants at least: a test compares them.');
  end if;
  if v_campaign.phones = 'all' then
    perform private.refuse_test_of_phones();
  end if;
  select * into v_test from public.campaign_tests t where t.campaign_id = p_campaign_id for no key update;
  if v_campaign.status <> 'draft' and not p_input ? 'test_percent' then
    v_percent := coalesce(v_test.test_percent, 100);
  end if;
  if v_campaign.status <> 'draft' and (v_percent <> coalesce(v_test.test_percent, 100) or v_test.status <> 'running') then
    perform private.raise_error('PT409', 'invalid_state', 'Building divided the audience already, so that only the same '
      'test_percent can be given now. Clone the campaign to divide it in another way.',
      jsonb_build_object('status', v_campaign.status, 'test_percent', coalesce(v_test.test_percent, 100)));
  end if;
  insert into public.campaign_tests as t (org_id, campaign_id, metric, alpha, maturity_hours, min_per_arm, tuning_n,
    test_percent, decides, deadline, created_by)
  values (v_campaign.org_id, p_campaign_id, p_input ->> 'metric', coalesce((p_input ->> 'alpha')::double precision, 0.05),
    v_hours, coalesce((p_input ->> 'min_per_arm')::numeric::integer, 200),
    coalesce((p_input ->> 'tuning_n')::numeric::integer, 5000),
    v_percent, coalesce(p_input ->> 'decides', 'person'), v_deadline, auth.uid())
  on conflict (campaign_id) do update
    set metric = excluded.metric, alpha = excluded.alpha, maturity_hours = excluded.maturity_hours,
      min_per_arm = excluded.min_per_arm, tuning_n = excluded.tuning_n, test_percent = excluded.test_percent,
      decides = excluded.decides, deadline = excluded.deadline, status = 'running', decided_at = null;
  insert into private.test_turns as t (campaign_id, org_id, look_at)
  values (p_campaign_id, v_campaign.org_id, p_now + interval '1 hour')
  on conflict (campaign_id) do update
    -- A release that was under way belonged to the test before.
    set look_at = excluded.look_at, as_of = null, counts = '[]', move_at = null, moved_to = 0, moved = 0, moved_in_pass = 0,
      since = null;
  perform private.record_audit_event(v_campaign.org_id, 'campaign_test_set', null, p_campaign_id, null, p_input);
end;
$$;
comment on function private.set_campaign_test(uuid, jsonb, timestamptz) is
  'Sets up the A/B test of a campaign with variants that has not started, by private.campaign_test_shape, or replaces it. '
  'test_percent is fixed once the audience is built. Needs campaign_manager. Raises PT403, PT404, PT409, PT422, and PT429 for '
  'more than 50 tests that run. Security definer: users may not write tests.';
grant execute on function private.set_campaign_test(uuid, jsonb, timestamptz) to authenticated;

create function public.set_campaign_test(p_campaign_id uuid, p_input jsonb) returns void
  language sql set search_path = '' as $$ select private.set_campaign_test(p_campaign_id, p_input); $$;
comment on function public.set_campaign_test(uuid, jsonb) is
  'Calls the private function of the same name, which checks role and organisation, with the current time.';
grant execute on function public.set_campaign_test(uuid, jsonb) to authenticated;

create function private.end_campaign_test(p_campaign_id uuid, p_now timestamptz default now())
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_campaign public.campaigns := private.own_campaign(p_campaign_id, 'campaign_manager');
  v_test public.campaign_tests := private.lock_test(v_campaign);
begin
  if v_test.status <> 'running' then
    perform private.raise_error('PT409', 'invalid_state', 'The test has ended; what it found stays.',
      jsonb_build_object('status', v_test.status));
  end if;
  if v_campaign.started_at is null and v_test.held = 0 and v_campaign.status <> 'building' then
    delete from public.campaign_tests t where t.id = v_test.id;
    delete from private.test_turns t where t.campaign_id = p_campaign_id;
  else
    update public.campaign_tests t set status = 'ended', decided_at = p_now where t.id = v_test.id;
    update private.test_turns t set look_at = null, as_of = null, counts = '[]' where t.campaign_id = p_campaign_id;
    if v_test.held > 0 then
      perform private.begin_moving(p_campaign_id, p_now);
    end if;
  end if;
  perform private.record_audit_event(v_campaign.org_id, 'campaign_test_ended', null, p_campaign_id);
end;
$$;
comment on function private.end_campaign_test(uuid, timestamptz) is
  'Ends an A/B test that is not decided: before the start it is deleted. After that its looks stay, variants go on by their '
  'shares, and those who were kept back get one each in turn. Needs campaign_manager. Raises PT403, PT404, PT409. Security '
  'definer: users may not write tests.';
grant execute on function private.end_campaign_test(uuid, timestamptz) to authenticated;

create function public.end_campaign_test(p_campaign_id uuid) returns void
  language sql set search_path = '' as $$ select private.end_campaign_test(p_campaign_id); $$;
comment on function public.end_campaign_test(uuid) is
  'Calls the private function of the same name, which checks role and organisation, with the current time.';
grant execute on function public.end_campaign_test(uuid) to authenticated;

-- schemas/campaigns/functions/cancel_targets.sql

create function private.cancel_open_targets(p_org_id uuid, p_e164 text, p_reason text, p_now timestamptz default now())
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_targets uuid[];
begin
  -- A claimed message (sending) is not touched: it is posted within 2 s of its claim, or given back and then excluded. The daily
  -- caps are not refunded: every STOP would wait for the caps that planning holds.
  select array_agg(t.id) into v_targets from (
    select id from public.campaign_targets
    where org_id = p_org_id and e164 = p_e164 and state in ('waiting', 'queued')
    order by id for no key update
  ) t;
  if v_targets is null then
    return 0;
  end if;
  update public.messages m
  set status = 'canceled', error_message = p_reason, settled_at = p_now
  from public.campaign_targets t
  where t.id = any (v_targets) and m.id = t.message_id and m.status = 'queued';
  update public.campaign_targets t
  set state = 'canceled', reason = p_reason, message_id = null, updated_at = p_now
  where t.id = any (v_targets) and t.state in ('waiting', 'queued');
  return cardinality(v_targets);
end;
$$;
comment on function private.cancel_open_targets(uuid, text, text, timestamptz) is
  'Cancels waiting and queued messages to a phone in every campaign of an organisation; returns how many targets. The caller '
  'holds the contact''s lock.';

create function private.cancel_targets(p_targets uuid[], p_reason text, p_now timestamptz)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_count integer;
begin
  perform 1 from public.campaign_targets t where t.id = any (p_targets) order by t.id for no key update;
  update public.messages m set status = 'canceled', error_message = p_reason, settled_at = p_now
  from public.campaign_targets t where t.id = any (p_targets) and m.id = t.message_id and m.status = 'queued';
  update public.campaign_targets t set state = 'canceled', reason = p_reason, message_id = null, updated_at = p_now
  where t.id = any (p_targets) and t.state in ('waiting', 'queued');
  get diagnostics v_count = row_count;
  return v_count;
end;
$$;
comment on function private.cancel_targets(uuid[], text, timestamptz) is
  'Cancels those of the targets that are waiting or queued, as cancel_open_targets does for a phone; returns how many. The '
  'caller holds the locks of their contacts.';

create function private.cancel_phones_targets(p_org_id uuid, p_e164s text[], p_reason text, p_now timestamptz)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_targets uuid[];
begin
  -- The same as private.cancel_open_targets, for several phones.
  v_targets := array(
    select t.id from public.campaign_targets t
    where t.org_id = p_org_id and t.e164 = any (p_e164s) and t.state in ('waiting', 'queued')
    order by t.id for no key update);
  if v_targets = '{}' then
    return 0;
  end if;
  update public.messages m set status = 'canceled', error_message = p_reason, settled_at = p_now
  from public.campaign_targets t
  where t.id = any (v_targets) and m.id = t.message_id and m.status = 'queued';
  update public.campaign_targets t set state = 'canceled', reason = p_reason, message_id = null, updated_at = p_now
  where t.id = any (v_targets) and t.state in ('waiting', 'queued');
  return cardinality(v_targets);
end;
$$;
comment on function private.cancel_phones_targets(uuid, text[], text, timestamptz) is
  'Cancels waiting and queued messages to several phones in every campaign of an organisation; returns how many targets. The '
  'caller holds the locks of the contacts.';

-- schemas/campaigns/functions/check_figures.sql

-- A job checks figures against the targets that they count, and reports when they do not add up. Invariant 5: over a campaign's
-- targets, audience = excluded + canceled + waiting + queued + sending + unknown + sent + failed, and the folded figures are the
-- same.

create function private.compare_figures(p_campaign_id uuid)
returns jsonb
language sql
stable
set search_path = ''
as $$
  -- One statement, and so one snapshot: targets, folded figures and deltas that are not folded yet, at the same moment.
  with counted as (
    select count(*) as audience,
      count(*) filter (where t.state = 'excluded') as excluded, count(*) filter (where t.state = 'canceled') as canceled,
      count(*) filter (where t.state = 'waiting') as waiting, count(*) filter (where t.state = 'queued') as queued,
      count(*) filter (where t.state = 'sending') as sending, count(*) filter (where t.state = 'unknown') as unknown,
      count(*) filter (where t.state = 'sent') as sent, count(*) filter (where t.state = 'failed') as failed,
      count(*) filter (where t.delivery = 'delivered') as delivered,
        count(*) filter (where t.delivery = 'undelivered') as undelivered
    from public.campaign_targets t where t.campaign_id = p_campaign_id
  ),
  unfolded as (
    select coalesce(sum(d.audience), 0) as audience, coalesce(sum(d.excluded), 0) as excluded,
      coalesce(sum(d.canceled), 0) as canceled,
      coalesce(sum(d.waiting), 0) as waiting, coalesce(sum(d.queued), 0) as queued, coalesce(sum(d.sending), 0) as sending,
      coalesce(sum(d.unknown), 0) as unknown, coalesce(sum(d.sent), 0) as sent, coalesce(sum(d.failed), 0) as failed,
      coalesce(sum(d.delivered), 0) as delivered, coalesce(sum(d.undelivered), 0) as undelivered
    from private.campaign_deltas d where d.campaign_id = p_campaign_id
  ),
  figures as (
    select c.key as name, c.value::bigint as counted, (s.value::bigint + u.value::bigint) as told, u.value::bigint as unfolded
    from counted, unfolded, public.campaign_stats st
    cross join lateral jsonb_each_text(to_jsonb(counted)) c
    join lateral jsonb_each_text(to_jsonb(unfolded)) u on u.key = c.key
    join lateral jsonb_each_text(to_jsonb(st)) s on s.key = c.key
    where st.campaign_id = p_campaign_id
  )
  select jsonb_build_object(
    'right', coalesce(bool_and(f.counted = f.told), true)
      -- Never false while a target has exactly one state; a state that no figure counts would show here.
      and coalesce(sum(f.counted) filter (where f.name = 'audience'), 0)
        = coalesce(sum(f.counted) filter (where f.name not in ('audience', 'delivered', 'undelivered')), 0),
    'wrong', coalesce(jsonb_object_agg(f.name, jsonb_build_object('counted', f.counted, 'told',
      f.told)) filter (where f.counted <> f.told), '{}'),
    'folded', coalesce(jsonb_object_agg(f.name, f.counted - f.unfolded), '{}'))
  from figures f;
$$;
comment on function private.compare_figures(uuid) is
  'Compares a campaign''s figures (folded and not yet folded) with its targets: {right, wrong: {figure: {counted, told}}, '
  'folded: what campaign_stats should contain}.';

create function private.check_campaign_figures(p_campaign_id uuid, p_now timestamptz default now())
returns boolean
language plpgsql
set search_path = ''
as $$
declare
  v_check jsonb := private.compare_figures(p_campaign_id);
  v_org_id uuid;
  v_steps_are_right boolean := private.check_step_figures(p_campaign_id, p_now);
begin
  insert into private.figure_checks as f (campaign_id, checked_at) values (p_campaign_id, p_now)
  on conflict (campaign_id) do update set checked_at = excluded.checked_at;
  if (v_check ->> 'right')::boolean then
    return v_steps_are_right;
  end if;
  -- Compares once more, with a lock on the row that folding writes: a fold waits meanwhile, and then adds to the corrected
  -- figures.
  select s.org_id into v_org_id from public.campaign_stats s where s.campaign_id = p_campaign_id for no key update;
  v_check := private.compare_figures(p_campaign_id);
  if (v_check ->> 'right')::boolean then
    return v_steps_are_right;
  end if;
  update public.campaign_stats s
  set audience = x.audience, excluded = x.excluded, canceled = x.canceled, waiting = x.waiting, queued = x.queued,
    sending = x.sending,
      unknown = x.unknown, sent = x.sent, failed = x.failed, delivered = x.delivered, undelivered = x.undelivered,
        updated_at = p_now
  from jsonb_populate_record(null::public.campaign_stats, v_check -> 'folded') x
  where s.campaign_id = p_campaign_id;
  perform private.raise_alert(v_org_id, 'figures_do_not_add_up', 'critical',
    'The figures of campaign "' || (select c.name from public.campaigns c where c.id = p_campaign_id)
      || '" differed from its targets and were counted anew: '
      || coalesce((select string_agg(format('%s was %s, is %s', w.key, w.value ->> 'told', w.value ->> 'counted'), '; '
        order by w.key)
                   from jsonb_each(v_check -> 'wrong') w), 'the states of its targets do not add up')
      || '. No message was sent or lost by this; tell the people who run the platform.',
    p_campaign_id, null, v_check -> 'wrong');
  return false;
end;
$$;
comment on function private.check_campaign_figures(uuid, timestamptz) is
  'Checks a campaign''s figures. If they differ from its targets, corrects them in the same transaction and raises a critical '
  'alert with both. Returns true if they were right.';

create function private.check_figures(p_now timestamptz default now(), p_rows integer default 200000, p_org_id uuid default null)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_resting uuid[] := private.resting_orgs('check_figures', p_org_id, p_now);
  v_row record;
  v_left bigint := p_rows;
  v_wrong integer := 0;
begin
  -- Campaigns unchecked for the longest time come first, with no more targets than are counted in about a second (7 us each if
  -- none is in memory). A campaign with more targets gets a run of its own.
  for v_row in
    select c.id, s.audience
    from public.campaigns c
    join public.campaign_stats s on s.campaign_id = c.id
    left join private.figure_checks f on f.campaign_id = c.id
    where c.status not in ('draft', 'building') and (p_org_id is null or c.org_id = p_org_id) and c.org_id <> all (v_resting)
      and (f.checked_at is null or f.checked_at <= p_now - case c.status when 'running' then interval '1 minute'
        else interval '1 hour' end)
    order by f.checked_at nulls first, c.id
    limit 1000
  loop
    exit when v_left < p_rows and v_row.audience > v_left;
    v_left := v_left - greatest(v_row.audience, 0);
    if not private.check_campaign_figures(v_row.id, p_now) then
      v_wrong := v_wrong + 1;
    end if;
    exit when v_left <= 0;
  end loop;
  return v_wrong;
end;
$$;
comment on function private.check_figures(timestamptz, integer, uuid) is
  'Checks the figures of running campaigns every minute and of all others every hour, up to p_rows targets a call; returns how '
  'many campaigns were wrong and were corrected. p_org_id: only this organisation; null: all except those for which this work is '
  'resting.';

-- schemas/campaigns/functions/clone_campaign.sql

create function private.clone_campaign(p_campaign_id uuid, p_name text default null)
returns uuid
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_source public.campaigns := private.own_campaign(p_campaign_id, 'campaign_manager');
  v_org_id uuid := v_source.org_id;
  v_name text := coalesce(trim(p_name), left(v_source.name, 190) || ' (copy)');
  v_clone public.campaigns;
begin
  perform private.check_campaign(v_org_id,
    jsonb_build_object('name', v_name, 'target_criteria', v_source.target_criteria), private.new_campaign_shape());
  insert into public.campaigns (
    org_id, name, description, type, template_category, target_criteria, phones, mps, daily_cap, cooldown_days,
    quiet_hours_override, retry_undelivered, rotation, created_by)
  values (
    v_org_id, v_name, v_source.description, v_source.type, v_source.template_category, v_source.target_criteria, v_source.phones,
    v_source.mps, v_source.daily_cap, v_source.cooldown_days, v_source.quiet_hours_override and private.twilio_is_loopback(),
    v_source.retry_undelivered, v_source.rotation, auth.uid())
  returning * into v_clone;
  insert into public.campaign_variants (org_id, campaign_id, variant, name, share)
  select v.org_id, v_clone.id, v.variant, v.name, v.share from public.campaign_variants v where v.campaign_id = p_campaign_id;
  insert into public.campaign_steps (org_id, campaign_id, step, kind, wait_hours, stop_on)
  select s.org_id, v_clone.id, s.step, s.kind, s.wait_hours, s.stop_on from public.campaign_steps s
  where s.campaign_id = p_campaign_id;
  insert into public.campaign_templates (org_id, campaign_id, template_id, variant, weight, step)
  select t.org_id, v_clone.id, t.template_id, t.variant, t.weight, t.step from public.campaign_templates t
  where t.campaign_id = p_campaign_id;
  insert into public.campaign_phone_numbers (org_id, campaign_id, phone_number_id)
  -- Released numbers, too: without any number, the clone would send from all numbers of the organisation.
  select p.org_id, v_clone.id, p.phone_number_id from public.campaign_phone_numbers p where p.campaign_id = p_campaign_id;
  if v_clone.rotation = 'thompson' then
    perform private.begin_rotation(v_clone);
  end if;
  perform private.record_audit_event(v_org_id, 'campaign_created', null, v_clone.id, null,
    jsonb_build_object('name', v_name, 'cloned_from', p_campaign_id));
  return v_clone.id;
end;
$$;
comment on function private.clone_campaign(uuid, text) is
  'Makes a draft with the definition of a campaign in any state: audience criteria, texts, variants, steps, numbers and pace. '
  'Targets, figures and its time of start are not copied. p_name: null for that of the campaign with (copy). Returns the id. '
  'Needs campaign_manager. Raises PT403, PT404, and PT422 if the criteria name a segment that is gone. Security definer: users '
  'may not write campaigns.';
grant execute on function private.clone_campaign(uuid, text) to authenticated;

create function public.clone_campaign(p_campaign_id uuid, p_name text default null) returns uuid
  language sql set search_path = '' as $$ select private.clone_campaign(p_campaign_id, p_name); $$;
comment on function public.clone_campaign(uuid, text) is
  'Calls the private function of the same name, which checks role and organisation.';
grant execute on function public.clone_campaign(uuid, text) to authenticated;

-- schemas/campaigns/functions/count_test.sql

create function private.count_test(p_campaign public.campaigns, p_after bigint, p_limit integer, p_as_of timestamptz,
  p_maturity interval, out p_last bigint, out p_counts jsonb)
language sql
stable
set search_path = ''
as $$
  with page as materialized (
    -- The unit is a person: their first text. The targets of later steps have ordinals above these.
    select t.ordinal, t.variant, t.assigned_variant, t.state, t.reason, t.sent_at, t.message_id, t.e164
    from public.campaign_targets t
    where t.org_id = p_campaign.org_id and t.campaign_id = p_campaign.id and t.ordinal > p_after and t.ordinal <= 1000000000000
    order by t.ordinal limit p_limit
  ),
  people as (
    select p.*, p.state = 'sent' and p.sent_at <= p_as_of - p_maturity as is_mature
    from page p where p.variant is not null and p.assigned_variant is null
  ),
  marks as (
    select p.variant, case
      when p.state = 'sent' then 'sent' when p.state = 'waiting' then 'waiting'
      when p.state in ('queued', 'sending', 'unknown') then 'under_way'
      else 'excluded:' || coalesce(p.reason, 'error') end as mark
    from people p
    union all
    select p.variant, m.mark
    from people p
    cross join lateral (
      -- Only what came within the time of maturity: so a person who is counted never changes, and those who were written to early
      -- have no longer to answer than the others.
      select coalesce(bool_or(private.is_reply(a.classification)), false) as replied,
        coalesce(bool_or(a.interest = 'interested'), false) as interested,
        coalesce(bool_or(a.classification = 'stop' or a.reviewed_as = 'stop'), false) as opted_out
      from (
        select p.message_id as id
        union all
        select x.id from public.messages x
        where p_campaign.type = 'drip' and x.campaign_id = p_campaign.id and x.to_number = p.e164 and x.kind = 'campaign'
          and x.is_live and x.id <> p.message_id
      ) s
      join public.messages a on a.answers_message_id = s.id and a.created_at <= p.sent_at + p_maturity
    ) a
    cross join lateral unnest(array['mature', case when a.replied then 'replied' end,
      case when a.interested then 'interested' end, case when a.opted_out then 'opted_out' end]) as m(mark)
    where p.is_mature and m.mark is not null
  )
  select (select max(p.ordinal) from page p), (
    select coalesce(to_jsonb(array_agg(jsonb_build_object('variant', c.variant, 'mark', c.mark, 'n', c.n))), '[]')
    from (select m.variant, m.mark, count(*) as n from marks m group by 1, 2) c);
$$;
comment on function private.count_test(public.campaigns, bigint, integer, timestamptz, interval) is
  'Counts the next p_limit people of a campaign after an ordinal for a look at its A/B test: [{variant, mark, n}] with the marks '
  'sent, under_way, waiting, excluded:<reason>, and of those who were sent their text p_maturity ago mature, replied, '
  'interested, opted_out. Who was given another variant than building assigned counts for none. p_last: the last ordinal, null '
  'if nobody is left.';

create function private.add_counts(p_counts jsonb)
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select coalesce(to_jsonb(array_agg(jsonb_build_object('variant', c.variant, 'mark', c.mark, 'n', c.n))), '[]')
  from (
    select x.variant, x.mark, sum(x.n) as n
    from jsonb_to_recordset(p_counts) as x(variant smallint, mark text, n bigint) group by 1, 2
  ) c;
$$;
comment on function private.add_counts(jsonb) is 'Adds up counts of private.count_test.';

create function private.test_arms(p_campaign_id uuid, p_counts jsonb)
returns jsonb
language sql
stable
set search_path = ''
as $$
  select coalesce(to_jsonb(array_agg(jsonb_build_object('variant', v.variant, 'name', v.name, 'share', v.share,
    'assigned', v.assigned, 'sent', coalesce(c.sent, 0), 'mature', coalesce(c.mature, 0), 'replied', coalesce(c.replied, 0),
    'interested', coalesce(c.interested, 0), 'opted_out', coalesce(c.opted_out, 0), 'under_way', coalesce(c.under_way, 0),
    'waiting', coalesce(c.waiting, 0), 'excluded', coalesce(c.excluded, '{}')) order by v.variant)), '[]')
  from public.campaign_variants v
  left join lateral (
    select sum(x.n) filter (where x.mark = 'sent') as sent, sum(x.n) filter (where x.mark = 'mature') as mature,
      sum(x.n) filter (where x.mark = 'replied') as replied, sum(x.n) filter (where x.mark = 'interested') as interested,
      sum(x.n) filter (where x.mark = 'opted_out') as opted_out, sum(x.n) filter (where x.mark = 'under_way') as under_way,
      sum(x.n) filter (where x.mark = 'waiting') as waiting,
      jsonb_object_agg(substr(x.mark, 10), x.n) filter (where x.mark like 'excluded:%') as excluded
    from jsonb_to_recordset(p_counts) as x(variant smallint, mark text, n bigint) where x.variant = v.variant
  ) c on true
  where v.campaign_id = p_campaign_id;
$$;
comment on function private.test_arms(uuid, jsonb) is
  'The arms of a campaign''s test with their counts, as looks keep them. p_counts: what private.add_counts returns.';

-- schemas/campaigns/functions/create_campaign.sql

-- Creating campaigns. Users call the function of the same name in public.

create function private.free_template_name(p_org_id uuid, p_wanted text)
returns text
language sql
stable
set search_path = ''
as $$
  -- An organisation has 2,000 templates at most.
  select x.name
  from generate_series(1, 2001) n
  cross join lateral (select case when n = 1 then p_wanted else format('%s (%s)', left(p_wanted, 190), n) end as name) x
  where not exists (select from public.templates t where t.org_id = p_org_id and t.name = x.name)
  order by n limit 1;
$$;
comment on function private.free_template_name(uuid, text) is
  'The wanted name, with a number behind it if a template of the organisation has it already.';

create function private.add_campaign_texts(p_org_id uuid, p_input jsonb)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_text record;
  v_details jsonb;
begin
  perform 1 from public.orgs o where o.id = p_org_id for no key update;
  for v_text in select e.value, e.n from jsonb_array_elements(p_input -> 'texts') with ordinality e (value, n) loop
    if exists (select from public.templates t where t.id = (v_text.value ->> 'id')::uuid) then
      perform private.refuse_field('texts', 'Give each text an id that nothing else has, such as a random one.');
    end if;
    begin
      perform private.insert_template(p_org_id, v_text.value - 'id' || jsonb_build_object('name',
        private.free_template_name(p_org_id, format('%s: text %s', left(trim(p_input ->> 'name'), 180), v_text.n))),
        'template_created', (v_text.value ->> 'id')::uuid);
    exception when sqlstate 'PT422' then
      get stacked diagnostics v_details = pg_exception_detail;
      perform private.raise_error('PT422', 'invalid_input', sqlerrm, v_details || jsonb_build_object('errors', array(
        select e || jsonb_build_object('field', format('texts.%s.%s', v_text.n - 1, e ->> 'field'))
        from jsonb_array_elements(v_details -> 'errors') e)));
    end;
  end loop;
end;
$$;
comment on function private.add_campaign_texts(uuid, jsonb) is
  'Creates the templates of a new campaign''s texts, under its name and with the ids that were given. Raises PT409, PT422.';

create function private.create_campaign(p_input jsonb, p_repeat_key text default null)
returns uuid
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('campaign_manager');
  v_first uuid := private.first_result(v_org_id, 'create_campaign', p_repeat_key);
  v_campaign public.campaigns;
begin
  -- Who archives what they made and makes it again means it.
  if exists (select from public.campaigns c where c.id = v_first and c.archived_at is null) then
    return v_first;
  end if;
  perform private.check_campaign(v_org_id, p_input, private.new_campaign_shape());
  if p_input ? 'texts' then
    perform private.add_campaign_texts(v_org_id, p_input);
  end if;
  insert into public.campaigns (
    org_id, name, description, template_category, target_criteria, phones, mps, daily_cap, cooldown_days,
    quiet_hours_override, retry_undelivered, rotation, scheduled_at, created_by)
  values (
    v_org_id, trim(p_input ->> 'name'), p_input ->> 'description', coalesce(p_input ->> 'template_category', 'initial'),
    coalesce(p_input -> 'target_criteria', '{}'), coalesce(p_input ->> 'phones', 'primary'),
    (p_input ->> 'mps')::numeric, (p_input ->> 'daily_cap')::numeric::integer, (p_input ->> 'cooldown_days')::numeric::smallint,
    coalesce((p_input ->> 'quiet_hours_override')::boolean, false), coalesce((p_input ->> 'retry_undelivered')::boolean, false),
    coalesce(p_input ->> 'rotation', 'even'), (p_input ->> 'scheduled_at')::timestamptz, auth.uid())
  returning * into v_campaign;
  if not p_input ? 'template_ids' then
    insert into public.campaign_templates (org_id, campaign_id, template_id)
    select v_org_id, v_campaign.id, t.id from public.templates t
    where t.org_id = v_org_id and t.is_active and t.category = v_campaign.template_category
      and t.language = coalesce(p_input ->> 'language', (select o.language from public.orgs o where o.id = v_org_id));
  end if;
  perform private.set_campaign_lists(v_campaign, p_input);
  if p_input ? 'test' then
    perform private.set_campaign_test(v_campaign.id, p_input -> 'test');
  end if;
  perform private.record_audit_event(v_org_id, 'campaign_created', null, v_campaign.id, null,
    jsonb_build_object('name', v_campaign.name));
  perform private.keep_result(v_org_id, 'create_campaign', p_repeat_key, v_campaign.id);
  return v_campaign.id;
end;
$$;
comment on function private.create_campaign(jsonb, text) is
  'Creates a draft campaign from fields of private.new_campaign_shape, and templates of its texts, all or nothing; returns its '
  'id. Without template_ids it rotates all active templates of its category in p_input.language (by default the '
  'organisation''s language). Without phone_number_ids it sends from all numbers. p_repeat_key: see private.first_result; the '
  'same key within a minute returns the same campaign. Needs campaign_manager. Raises PT403, PT422. Security definer: users may '
  'not write campaigns.';
grant execute on function private.create_campaign(jsonb, text) to authenticated;

create function public.create_campaign(p_input jsonb, p_repeat_key text default null) returns uuid
  language sql set search_path = '' as $$ select private.create_campaign(p_input, p_repeat_key); $$;
comment on function public.create_campaign(jsonb, text) is
  'Calls the private function of the same name, which checks role and organisation, with the current time.';
grant execute on function public.create_campaign(jsonb, text) to authenticated;

-- schemas/campaigns/functions/fold_stats.sql

-- Deltas are folded into the figures at most once a second, in one transaction, so that nothing is lost or counted twice.

create function private.fold_stats(p_now timestamptz default null, p_apart interval default '0', p_org_id uuid default null)
returns integer
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_resting uuid[] := private.resting_orgs('fold_stats', p_org_id, coalesce(p_now, now()));
  v_due uuid[];
  v_now timestamptz;
  v_count integer;
begin
  if not exists (select 1 from private.campaign_deltas) then
    return 0;
  end if;
  -- Locks the figures before it takes deltas. A fold that waits here for another one reads updated_at again once it has the lock.
  -- Without the lock it would read the time from before the other fold, and broadcast the same figures a moment after it.
  select coalesce(array_agg(x.campaign_id), '{}') into v_due
  from (
    select s.campaign_id from public.campaign_stats s
    where s.campaign_id in (select d.campaign_id from private.campaign_deltas d
        where (p_org_id is null or d.org_id = p_org_id) and d.org_id <> all (v_resting))
      and (p_apart = '0' or s.updated_at <= coalesce(p_now, clock_timestamp()) - p_apart)
    order by s.campaign_id for no key update
  ) x;
  -- Not now(): the transaction may have begun long before it got the locks.
  v_now := coalesce(p_now, clock_timestamp());
  with taken as (
    delete from private.campaign_deltas d
    where (p_org_id is null or d.org_id = p_org_id) and d.org_id <> all (v_resting)
      -- Deltas of a campaign that is gone belong to no figures.
      and (d.campaign_id = any (v_due) or not exists (select 1 from public.campaign_stats s where s.campaign_id = d.campaign_id))
    returning d.*
  ),
  sums as (
    select t.campaign_id, sum(t.audience) as audience, sum(t.excluded) as excluded, sum(t.canceled) as canceled,
      sum(t.waiting) as waiting,
      sum(t.queued) as queued, sum(t.sending) as sending, sum(t.unknown) as unknown, sum(t.sent) as sent, sum(t.failed) as failed,
      sum(t.delivered) as delivered, sum(t.undelivered) as undelivered, sum(t.replies) as replies, sum(t.opt_outs) as opt_outs,
        sum(t.segments) as segments
    from taken t group by t.campaign_id
  ),
  step_sums as (
    select t.campaign_id, t.step, sum(t.audience) as audience, sum(t.excluded) as excluded, sum(t.canceled) as canceled,
      sum(t.waiting) as waiting, sum(t.queued) as queued, sum(t.sending) as sending, sum(t.unknown) as unknown,
      sum(t.sent) as sent, sum(t.failed) as failed, sum(t.delivered) as delivered, sum(t.undelivered) as undelivered,
      sum(t.replies) as replies, sum(t.opt_outs) as opt_outs
    from taken t where t.step > 1 group by t.campaign_id, t.step
  ),
  steps as (
    update public.campaign_step_stats s
    set audience = s.audience + x.audience, excluded = s.excluded + x.excluded, canceled = s.canceled + x.canceled,
      waiting = s.waiting + x.waiting, queued = s.queued + x.queued, sending = s.sending + x.sending,
      unknown = s.unknown + x.unknown, sent = s.sent + x.sent, failed = s.failed + x.failed,
      delivered = s.delivered + x.delivered, undelivered = s.undelivered + x.undelivered,
      replies = s.replies + x.replies, opt_outs = s.opt_outs + x.opt_outs
    from step_sums x where s.campaign_id = x.campaign_id and s.step = x.step
  )
  update public.campaign_stats s
  set audience = s.audience + x.audience, excluded = s.excluded + x.excluded, canceled = s.canceled + x.canceled,
    waiting = s.waiting + x.waiting,
      queued = s.queued + x.queued, sending = s.sending + x.sending, unknown = s.unknown + x.unknown, sent = s.sent + x.sent,
        failed = s.failed + x.failed,
      delivered = s.delivered + x.delivered, undelivered = s.undelivered + x.undelivered, replies = s.replies + x.replies,
      opt_outs = s.opt_outs + x.opt_outs, segments = s.segments + x.segments, updated_at = v_now
  from sums x where s.campaign_id = x.campaign_id;
  get diagnostics v_count = row_count;
  return v_count;
end;
$$;
comment on function private.fold_stats(timestamptz, interval, uuid) is
  'Adds the appended deltas to campaign_stats and campaign_step_stats; deltas of campaigns that were folded less than p_apart '
  'ago are left for later. Returns how many campaigns changed. p_now: null for the time when the figures are locked. p_org_id: '
  'only this organisation; null: all except those for which this work is resting. Security definer: the role of cron jobs may '
  'not write the table.';

-- schemas/campaigns/functions/forecast_inputs.sql

-- What the forecast of a campaign begins with. The forecast goes through the coming hours with the limits that planning obeys,
-- but not person by person: days and limits are right, single hours are not meant to be.

create function private.forecast_people(p_campaign public.campaigns, p_from date, p_to date,
  out people double precision[], out open_times tstzmultirange[])
language sql
stable
set search_path = ''
as $$
  -- A day more on both sides: window_times is complete only between them.
  select array_agg(k.n order by k.key), array_agg(
    case when p_campaign.quiet_hours_override then '{(,)}'
      else private.window_times(p_campaign.org_id, k.key, p_from - 1, p_to + 1) end order by k.key)
  from (
    select w.key, (
      select count(*) from public.campaign_targets t
      where t.campaign_id = p_campaign.id and t.is_waiting and t.window_key = w.key)::double precision as n
    from private.waiting_keys(p_campaign.id) as w(key)
  ) k;
$$;
comment on function private.forecast_people(public.campaigns, date, date) is
  'The waiting people of a campaign by window key, and when each key may be written to between two days.';

create function private.forecast_segments(p_campaign_id uuid, p_step integer default 1)
returns double precision
language sql
stable
set search_path = ''
as $$
  select coalesce(sum(t.worst_segments * ct.weight)::double precision / sum(ct.weight), 1)
  from public.campaign_templates ct join public.templates t on t.id = ct.template_id and t.is_active
  where ct.campaign_id = p_campaign_id and ct.step = p_step;
$$;
comment on function private.forecast_segments(uuid, integer) is
  'The segments that planning charges for a message of a step, on average over its active texts by their weights.';

create function private.forecast_numbers(p_campaign public.campaigns, p_at timestamptz)
returns double precision
language sql
stable
set search_path = ''
as $$
  select coalesce(sum(g.mps), 0)::double precision
  from (
    -- Most numbers of a pool have the same hours, which are compared once.
    select n.quiet_starts, n.quiet_ends, n.time_zone, sum(n.mps) as mps
    from private.campaign_numbers(p_campaign.id) n where n.status = 'active'
    group by 1, 2, 3
  ) g
  where p_campaign.quiet_hours_override
    or private.number_open_until(g.quiet_starts, g.quiet_ends, g.time_zone, p_at) is not null;
$$;
comment on function private.forecast_numbers(public.campaigns, timestamptz) is
  'Segments a second that the active numbers of a campaign can send at a time, by their pace and own hours.';

create function private.forecast_rooms(p_campaign public.campaigns, p_day date, p_segments double precision, p_now timestamptz)
returns double precision[]
language sql
stable
set search_path = ''
as $$
  select array[
    (select coalesce(sum(greatest(coalesce(private.number_cap(n.daily_cap, n.warmup_started_on, o.warmup_caps, p_day), 1000000000)
        - coalesce(u.segments, 0), 0)), 0) / p_segments
      from private.campaign_numbers(p_campaign.id) n
      left join private.daily_usage u on u.scope = 'number' and u.scope_id = n.id and u.day = p_day
      where n.status = 'active'),
    -- greatest() leaves nulls out, and null means no limit here.
    case when p_campaign.daily_cap is not null then greatest(p_campaign.daily_cap - coalesce((
      select u.messages from private.daily_usage u
      where u.scope = 'campaign' and u.scope_id = p_campaign.id and u.day = p_day), 0), 0) end,
    case when o.daily_cap is not null then greatest(o.daily_cap - coalesce((
      select u.messages from private.daily_usage u where u.scope = 'org' and u.scope_id = o.id and u.day = p_day), 0), 0) end,
    (select greatest(l.daily_spending_limit - case when p_day = (p_now at time zone o.time_zone)::date
        then private.spent_today(o.id, p_now) else 0 end, 0) / nullif((l.segment_price + l.carrier_fee) * p_segments, 0)
      from public.sending_limits l where l.org_id = o.id and l.daily_spending_limit is not null)
  ]::double precision[]
  from public.orgs o where o.id = p_campaign.org_id;
$$;
comment on function private.forecast_rooms(public.campaigns, date, double precision, timestamptz) is
  'How many messages a day has room for, by its limits: number_caps, campaign_daily_cap, org_daily_cap, spending_limit, in this '
  'order. Null: no such limit. Other campaigns of the organisation, which share the last two, are not looked at.';

-- schemas/campaigns/functions/judge_test.sql

-- What the numbers of an A/B test say. No clock and no tables: simulations judge with the same functions.

create function private.pair_alpha(p_alpha double precision, p_arms integer)
returns double precision
language sql
immutable
set search_path = ''
as $$ select p_alpha / greatest(p_arms * (p_arms - 1) / 2, 1) $$;
comment on function private.pair_alpha(double precision, integer) is
  'A test''s alpha as each of its pairs of arms gets it (Bonferroni): together they keep to it.';

create function private.least_answers()
returns integer
language sql
immutable
set search_path = ''
as $$ select 30 $$;
comment on function private.least_answers() is
  'How many people of each arm must have done what a test compares: the interval relies on that. An arm without any would have '
  'no variance at all.';

create function private.most_extra_opt_outs()
returns double precision
language sql
immutable
set search_path = ''
as $$ select 0.005::double precision $$;
comment on function private.most_extra_opt_outs() is
  'By how much the opt-out rate of a winner may be above another''s, at worst: half a point.';

create function private.sample_ratio_p(p_arms private.test_arm[])
returns double precision
language sql
immutable
set search_path = ''
as $$
  -- With fewer than five expected in an arm the statistic means nothing.
  select case when min(x.expected) >= 5 then
    private.chi_square_p(sum((x.sent - x.expected) ^ 2 / nullif(x.expected, 0)), count(*)::integer - 1) end
  from (
    select a.sent::double precision as sent, a.share * (sum(a.sent) over ())::double precision / sum(a.share) over () as expected
    from unnest(p_arms) a
  ) x;
$$;
comment on function private.sample_ratio_p(private.test_arm[]) is
  'The probability that arms differ from their shares as much by chance. Null if there are too few people to say.';

create function private.judge_test(p_arms private.test_arm[], p_alpha double precision, p_min_per_arm integer,
  p_tuning_n integer, out winner smallint, out sample_ratio double precision, out obstacles text[], out comparisons jsonb)
language plpgsql
immutable
set search_path = ''
as $$
declare
  v_alpha double precision := private.pair_alpha(p_alpha, cardinality(p_arms));
  v_best private.test_arm;
  v_other private.test_arm;
  v_difference double precision;
  v_half double precision;
  v_pairs jsonb[] := '{}';
begin
  obstacles := '{}';
  sample_ratio := private.sample_ratio_p(p_arms);
  foreach v_other in array p_arms loop
    if v_best.variant is null
      or v_other.successes::double precision / nullif(v_other.sent, 0)
        > coalesce(v_best.successes::double precision / nullif(v_best.sent, 0), -1) then
      v_best := v_other;
    end if;
    if v_other.sent < p_min_per_arm then
      obstacles := obstacles || 'too_few_people'::text;
    end if;
    if v_other.successes < private.least_answers() then
      obstacles := obstacles || 'too_few_answers'::text;
    end if;
  end loop;
  foreach v_other in array p_arms loop
    continue when v_other.variant = v_best.variant;
    v_difference := v_best.successes::double precision / nullif(v_best.sent, 0)
      - v_other.successes::double precision / nullif(v_other.sent, 0);
    v_half := private.test_interval(v_best.successes, v_best.sent, v_other.successes, v_other.sent, v_alpha, p_tuning_n);
    if (v_difference > v_half) is not true then
      obstacles := obstacles || 'too_close'::text;
    end if;
    if (private.wilson_high(v_best.opt_outs, v_best.sent)
      <= v_other.opt_outs::double precision / nullif(v_other.sent, 0) + private.most_extra_opt_outs()) is not true then
      obstacles := obstacles || 'opt_outs'::text;
    end if;
    v_pairs := v_pairs || jsonb_build_object('variant', v_best.variant, 'other', v_other.variant,
      'difference', round((100 * v_difference)::numeric, 3), 'low', round((100 * (v_difference - v_half))::numeric, 3),
      'high', round((100 * (v_difference + v_half))::numeric, 3));
  end loop;
  if sample_ratio < 0.001 then
    obstacles := obstacles || 'sample_ratio'::text;
  end if;
  obstacles := array(select distinct o from unnest(obstacles) o order by o);
  winner := case when obstacles = '{}' then v_best.variant end;
  comparisons := to_jsonb(v_pairs);
end;
$$;
comment on function private.judge_test(private.test_arm[], double precision, integer, integer) is
  'The winner of an A/B test, or what stands against one: too_few_people or too_few_answers in some arm, too_close '
  '(an interval of the best arm against another includes 0), opt_outs (at worst, the best arm has over half a point more '
  'opt-outs than another), sample_ratio (arms differ from their shares: p under 0.001). comparisons: the best arm against each '
  'other, in points.';

-- schemas/campaigns/functions/learn_rotation.sql

-- Rotation thompson: each text of a step is used as often as it is probably the best, by what people answered in this campaign.

create function private.rotation_maturity()
returns interval
language sql
immutable
set search_path = ''
as $$
  select interval '48 hours';
$$;
comment on function private.rotation_maturity() is
  'How long people have to reply before their text is judged, in rotation thompson: nearly all who reply do so within it.';

create function private.begin_rotation(p_campaign public.campaigns, p_now timestamptz default now())
returns void
language plpgsql
set search_path = ''
as $$
begin
  if p_campaign.rotation = 'even' then
    update private.rotation_turns r set look_at = null where r.campaign_id = p_campaign.id;
    update public.campaign_templates ct set learned_share = null
    where ct.campaign_id = p_campaign.id and ct.learned_share is not null;
    return;
  end if;
  if exists (select from public.campaign_variants v where v.campaign_id = p_campaign.id) then
    perform private.refuse_field('rotation', 'rotation must be even in a campaign with variants: people of a variant get its '
      'texts evenly, so that variants can be compared.');
  end if;
  insert into private.rotation_turns as r (campaign_id, org_id, look_at, counted_to)
  values (p_campaign.id, p_campaign.org_id, p_now, greatest(p_campaign.created_at, p_now - interval '90 days'))
  on conflict (campaign_id) do update
    -- Soon, but whoever saves a campaign again and again does not have it looked at all the time.
    set look_at = least(r.look_at, p_now + interval '1 minute'), step = 0;
end;
$$;
comment on function private.begin_rotation(public.campaigns, timestamptz) is
  'Called if the rotation of a campaign, or what it rotates, was set: has the shares of its texts chosen anew within a minute, '
  'or forgets them. Raises PT422 for thompson together with variants. The caller holds the lock of the campaign.';

create function private.count_rotation(p_campaign public.campaigns, p_from timestamptz, p_to timestamptz)
returns void
language sql
set search_path = ''
as $$
  insert into private.rotation_trials as r (campaign_id, step, template_id, version, day, people, replied)
  select p_campaign.id, m.step, m.template_id, m.template_version,
    (m.created_at at time zone o.time_zone)::date, count(*), count(*) filter (where a.has_replied)
  from public.messages m
  join public.orgs o on o.id = m.org_id
  cross join lateral (
    -- Only what came within the time of maturity: who was written to early has no longer to answer than the others.
    select count(*) > 0 as has_answered, coalesce(bool_or(private.is_reply(i.classification)), false) as has_replied
    from public.messages i
    where i.answers_message_id = m.id and i.created_at <= m.created_at + private.rotation_maturity()
  ) a
  where m.org_id = p_campaign.org_id and m.created_at > p_from and m.created_at <= p_to and m.kind = 'campaign'
    and m.campaign_id = p_campaign.id and m.template_id is not null and m.template_version is not null
    -- Who answered was sent it, whatever Twilio said. What did not arrive and was sent again counts as what was sent then.
    and (m.is_live or m.status = 'undelivered' and not exists (
      select from public.messages again
      where again.campaign_id = m.campaign_id and again.to_number = m.to_number and again.step = m.step and again.is_live
        and again.kind = 'campaign'))
    and (m.status in ('sent', 'delivered', 'undelivered') or m.status = 'unknown' and a.has_answered)
  group by 2, 3, 4, 5
  on conflict (campaign_id, step, template_id, version, day) do update
    set people = r.people + excluded.people, replied = r.replied + excluded.replied;
$$;
comment on function private.count_rotation(public.campaigns, timestamptz, timestamptz) is
  'Counts the messages of a campaign that were planned after p_from and until p_to, all of them mature, and what people replied.';

create function private.rotation_counts(p_campaign_id uuid, p_step smallint, p_now timestamptz)
returns private.rotation_text[]
language plpgsql
stable
set search_path = ''
as $$
begin
  return array(
    select (t.id, t.version, coalesce(sum(r.people), 0), coalesce(sum(r.replied), 0),
      -- What people answered long ago says less: it counts 2 % less with every day.
      coalesce(sum(r.people * 0.98 ^ x.age), 0), coalesce(sum(r.replied * 0.98 ^ x.age), 0))::private.rotation_text
    from public.campaign_templates ct
    join public.templates t on t.id = ct.template_id and t.is_active
    join public.orgs o on o.id = ct.org_id
    left join private.rotation_trials r
      on r.campaign_id = ct.campaign_id and r.step = ct.step and r.template_id = t.id and r.version = t.version
    cross join lateral (select greatest((p_now at time zone o.time_zone)::date - r.day, 0) as age) x
    where ct.campaign_id = p_campaign_id and ct.step = p_step
    group by t.id, t.version
    order by t.id);
end;
$$;
comment on function private.rotation_counts(uuid, smallint, timestamptz) is
  'What is counted for the active texts of a step of a campaign, as they are now, by their ids.';

create function private.learned_chances(p_texts private.rotation_text[])
returns double precision[]
language plpgsql
immutable
set search_path = ''
as $$
declare
  v_ripe integer[] := array(
    select n::integer from unnest(p_texts) with ordinality as t(id, version, people, replied, weighed_people, weighed_replied, n)
    where t.people >= 100 order by n);
  v_best double precision[];
begin
  -- More than 20,000 people would only narrow what is known well enough, and take longer.
  select private.chances_to_be_best(
    array_agg(t.weighed_replied * s.part order by r.i), array_agg((t.weighed_people - t.weighed_replied) * s.part order by r.i))
  into v_best
  from unnest(v_ripe) with ordinality as r(n, i)
  cross join lateral (select (p_texts[r.n]).*) t
  cross join lateral (select least(20000 / nullif(t.weighed_people, 0), 1) as part) s;
  return array(
    select v_best[array_position(v_ripe, n::integer)] from generate_series(1, cardinality(p_texts)) n order by n);
end;
$$;
comment on function private.learned_chances(private.rotation_text[]) is
  'The chance of each text to be the best of those for which 100 people are counted; null for the others.';

create function private.choose_shares(p_campaign_id uuid, p_step smallint, p_now timestamptz)
returns boolean
language plpgsql
set search_path = ''
as $$
declare
  v_texts private.rotation_text[] := private.rotation_counts(p_campaign_id, p_step, p_now);
  v_ids uuid[] := array(select t.template_id from unnest(v_texts) t order by 1);
  v_k integer := cardinality(v_texts);
  v_best double precision[];
  v_shares double precision[];
  v_org_id uuid;
begin
  if v_k >= 2 and (select sum(t.people) from unnest(v_texts) t) >= 100 * v_k then
    v_best := private.learned_chances(v_texts);
    -- A text that is new, or was changed, keeps an equal part until it is known as well as the others.
    v_shares := private.bounded_shares(array(
      select coalesce(v_best[n] * cardinality(array_remove(v_best, null)) / v_k, 1.0 / v_k)
      from generate_series(1, v_k) n order by n));
  end if;
  -- Locked only now, and only if nobody changes the campaign: choosing takes a while, and must hold up nobody.
  select c.org_id into v_org_id from public.campaigns c
  where c.id = p_campaign_id and c.rotation = 'thompson' for share skip locked;
  if v_org_id is null or v_ids is distinct from array(
    select ct.template_id from public.campaign_templates ct join public.templates t on t.id = ct.template_id and t.is_active
    where ct.campaign_id = p_campaign_id and ct.step = p_step order by 1)
  then
    return false;
  end if;
  -- A text that is paused has no share.
  update public.campaign_templates ct set learned_share = s.share
  from (
    select x.template_id, greatest(round(10000 * v_shares[a.n]), case when v_shares[a.n] is not null then 1 end) as share
    from public.campaign_templates x
    cross join lateral (select array_position(v_ids, x.template_id) as n) a
    where x.campaign_id = p_campaign_id and x.step = p_step
  ) s
  where ct.campaign_id = p_campaign_id and ct.step = p_step and ct.template_id = s.template_id
    and ct.learned_share is distinct from s.share;
  -- A look that counts nobody more is not kept.
  insert into public.campaign_rotation_looks (org_id, campaign_id, step, looked_at, template_id, version, people, replied,
    weighed_people, weighed_replied, best, share)
  select v_org_id, p_campaign_id, p_step, p_now, t.template_id, t.version, t.people, t.replied, t.weighed_people,
    t.weighed_replied, v_best[t.n], v_shares[t.n]
  from unnest(v_texts) with ordinality as t(template_id, version, people, replied, weighed_people, weighed_replied, n)
  where v_shares is not null and (select sum(x.people) from unnest(v_texts) x) is distinct from (
    select sum(l.people) from public.campaign_rotation_looks l
    where l.campaign_id = p_campaign_id and l.step = p_step and l.looked_at = (
      select max(m.looked_at) from public.campaign_rotation_looks m where m.campaign_id = p_campaign_id and m.step = p_step));
  return true;
end;
$$;
comment on function private.choose_shares(uuid, smallint, timestamptz) is
  'Sets the learned shares of the active texts of a step, and keeps the look. Texts are used by their weights while fewer people '
  'are counted than 100 times the number of texts. Returns false, and does nothing, if somebody is changing the campaign.';

create function private.learn_rotation(p_campaign_id uuid, p_now timestamptz default now())
returns text
language plpgsql
set search_path = ''
as $$
declare
  v_until timestamptz := clock_timestamp() + interval '1 second';
  -- A transaction that is under way may still write a message, or an answer, of ten minutes ago.
  v_mature timestamptz := p_now - private.rotation_maturity() - interval '10 minutes';
  v_turn private.rotation_turns;
  v_campaign public.campaigns;
  v_to timestamptz;
  v_step smallint;
begin
  -- Whoever looks holds the turn, and no lock of the campaign: whoever wants to pause it need not wait.
  select * into v_turn from private.rotation_turns r
  where r.campaign_id = p_campaign_id and r.look_at <= p_now for no key update skip locked;
  select * into v_campaign from public.campaigns c where c.id = p_campaign_id;
  if v_turn.campaign_id is null then
    return 'not_due';
  elsif v_campaign.rotation <> 'thompson' or v_campaign.status in ('completed', 'stopped') then
    update private.rotation_turns r set look_at = null where r.campaign_id = p_campaign_id;
    return 'ended';
  elsif v_campaign.started_at is null then
    update private.rotation_turns r set look_at = p_now + interval '6 hours' where r.campaign_id = p_campaign_id;
    return 'not_started';
  elsif v_turn.step = 0 and v_turn.counted_to < v_mature - interval '1 hour' then
    while v_turn.counted_to < v_mature and clock_timestamp() < v_until loop
      v_to := least(v_turn.counted_to + interval '1 hour', v_mature);
      perform private.count_rotation(v_campaign, v_turn.counted_to, v_to);
      v_turn.counted_to := v_to;
    end loop;
    update private.rotation_turns r set counted_to = v_turn.counted_to where r.campaign_id = p_campaign_id;
    return 'counting';
  end if;
  v_step := (select min(ct.step) from public.campaign_templates ct
    where ct.campaign_id = p_campaign_id and ct.step > v_turn.step);
  if v_step is null then
    update private.rotation_turns r set look_at = p_now + interval '6 hours', step = 0 where r.campaign_id = p_campaign_id;
    return 'chosen';
  elsif private.choose_shares(p_campaign_id, v_step, p_now) then
    update private.rotation_turns r set step = v_step where r.campaign_id = p_campaign_id;
    return 'choosing';
  end if;
  return 'busy';
end;
$$;
comment on function private.learn_rotation(uuid, timestamptz) is
  'If a campaign with rotation thompson is due (every six hours), counts its mature messages for about a second; if all are '
  'counted, chooses the shares of the texts of one step. Returns counting or choosing (call it again), busy (somebody changes '
  'the campaign: later), chosen, not_due, not_started or ended.';

-- schemas/campaigns/functions/listed_criteria.sql

create function private.listed_criteria(p_campaign_ids uuid[])
returns table (campaign_id uuid, criteria jsonb)
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('viewer');
begin
  if p_campaign_ids is null or cardinality(p_campaign_ids) > 1000 then
    perform private.refuse_field('campaign_ids', 'Give the ids of up to 1,000 campaigns.');
  end if;
  return query
  select c.id, coalesce(jsonb_object_agg(e.key, e.value) filter (where not e.is_large), '{}')
    || case when bool_or(e.is_large)
      then jsonb_build_object('left_out', to_jsonb(array_agg(e.key order by e.key) filter (where e.is_large))) else '{}' end
  from public.campaigns c
  left join lateral (
    select p.key, p.value, octet_length(p.value::text) > 4000 as is_large from jsonb_each(c.target_criteria) p
  ) e on true
  where c.org_id = v_org_id and c.id = any (p_campaign_ids)
  group by c.id;
end;
$$;
comment on function private.listed_criteria(uuid[]) is
  'The target_criteria of campaigns as lists show them: without parts of more than 4,000 bytes, such as thousands of lead_ids, '
  'which left_out names. A page of 1,000 campaigns stays small. Raises PT403, PT422. Security definer: it reads what its caller '
  'may read anyway.';
grant execute on function private.listed_criteria(uuid[]) to authenticated;

create function public.listed_criteria(p_campaign_ids uuid[])
  returns table (campaign_id uuid, criteria jsonb)
  language sql stable set search_path = '' as $$ select * from private.listed_criteria(p_campaign_ids); $$;
comment on function public.listed_criteria(uuid[]) is
  'Calls the private function of the same name, which checks role and organisation.';
grant execute on function public.listed_criteria(uuid[]) to authenticated;

-- schemas/campaigns/functions/look_at_test.sql

-- Looks at A/B tests: count, judge, decide.

create function private.begin_moving(p_campaign_id uuid, p_now timestamptz)
returns void
language sql
set search_path = ''
as $$
  update private.test_turns t
  set move_at = p_now, moved_to = 0, moved = 0, moved_in_pass = 0, since = p_now where t.campaign_id = p_campaign_id;
$$;
comment on function private.begin_moving(uuid, timestamptz) is
  'Has private.move_variants give people of a campaign the promoted variant, or without one those who were kept back any. The '
  'caller holds the lock of the test.';

create function private.sample_ratio_cause(p_arms jsonb)
returns text
language sql
immutable
set search_path = ''
as $$
  select format('Of variant «%s» %s people were sent a text long enough ago, where its share is %s. ', x.name, x.mature,
    round(x.expected)) || case
    when x.reason is not null then format('The likely cause: %s of its people were left out, most of them with the reason %s; of '
      'all others %s were left out. Texts that need different values of a lead leave out different people.', x.excluded, x.reason,
      x.all_excluded - x.excluded)
    when x.waiting > 0 then format('The likely cause: %s of its people still wait. Its texts may be inactive.', x.waiting)
    else 'Nobody was left out: its people were written to at other times.' end
  from (
    select a.name, a.mature, a.waiting, a.share * sum(a.mature) over () / sum(a.share) over () as expected,
      coalesce(e.n, 0) as excluded, sum(e.n) over () as all_excluded, e.reason
    from jsonb_to_recordset(p_arms) as a(name text, share bigint, mature bigint, waiting bigint, excluded jsonb)
    left join lateral (
      select sum(r.value::bigint) as n, (array_agg(r.key order by r.value::bigint desc, r.key))[1] as reason
      from jsonb_each_text(a.excluded) r
    ) e on true
  ) x
  order by x.mature - x.expected limit 1;
$$;
comment on function private.sample_ratio_cause(jsonb) is
  'A sentence about why the arms of a test differ from their shares: about the arm that lacks the most people.';

create function private.decide_test(p_test public.campaign_tests, p_status text, p_winner smallint, p_evidence jsonb,
  p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  -- Without an active text nobody could be written to: then a person decides.
  v_is_auto boolean := p_status = 'won' and p_test.decides = 'auto' and private.has_active_text(p_test.campaign_id, p_winner);
  v_winner text := (select v.name from public.campaign_variants v
    where v.campaign_id = p_test.campaign_id and v.variant = p_winner);
begin
  update public.campaign_tests t
  set status = p_status, winner = p_winner, evidence = p_evidence, decided_at = p_now,
    promoted = case when v_is_auto then p_winner end, promoted_at = case when v_is_auto then p_now end
  where t.id = p_test.id;
  perform private.record_audit_event(p_test.org_id, 'campaign_test_decided', null, p_test.campaign_id, null,
    jsonb_build_object('status', p_status, 'winner', v_winner, 'obstacles', p_evidence -> 'obstacles'));
  if v_is_auto then
    perform private.record_audit_event(p_test.org_id, 'campaign_variant_promoted', null, p_test.campaign_id, null,
      jsonb_build_object('variant', v_winner, 'by', 'test'));
  end if;
  if v_is_auto or (p_test.held > 0 and p_status <> 'won') then
    perform private.begin_moving(p_test.campaign_id, p_now);
  end if;
  update private.test_turns t
  -- Those who are kept back wait for a person to promote the winner, but not for ever.
  set look_at = case when p_status = 'won' and not v_is_auto and p_test.held > 0 then p_test.deadline end
  where t.campaign_id = p_test.campaign_id;
  if p_status = 'won' and not v_is_auto then
    perform private.raise_alert(p_test.org_id, 'test_won', 'info', format('The A/B test has a winner: «%s». %s', v_winner,
      case when exists (select from public.campaign_targets t where t.campaign_id = p_test.campaign_id and t.is_waiting)
        then 'Promote it, so that everybody gets it who still waits for their first text.'
        else 'Nobody waits for a text any more: use it in your next campaign.' end), p_test.campaign_id, null,
      jsonb_build_object('winner', v_winner));
  elsif p_status = 'invalid' then
    perform private.raise_alert(p_test.org_id, 'test_invalid', 'warning', 'The A/B test can''t be judged: its arms are no longer '
      'alike. ' || (p_evidence ->> 'cause'), p_test.campaign_id, null, jsonb_build_object('sample_ratio',
      p_evidence -> 'sample_ratio'));
  end if;
end;
$$;
comment on function private.decide_test(public.campaign_tests, text, smallint, jsonb, timestamptz) is
  'Ends an A/B test: won, no_winner or invalid. A test that decides by itself promotes its winner. Without one, those who were '
  'kept back are released. The caller holds the lock of the test.';

create function private.finish_look(p_test public.campaign_tests, p_campaign public.campaigns, p_counts jsonb,
  p_as_of timestamptz, p_now timestamptz)
returns text
language plpgsql
set search_path = ''
as $$
declare
  v_arms jsonb := private.test_arms(p_test.campaign_id, p_counts);
  v_judged record;
  v_mature bigint;
  v_sent bigint;
  v_before bigint;
  v_status text;
begin
  select j.* into v_judged from private.judge_test(array(
    select (a.variant, a.share, a.mature, case p_test.metric when 'replied' then a.replied else a.interested end,
      a.opted_out)::private.test_arm
    from jsonb_to_recordset(v_arms) as a(variant smallint, share integer, mature integer, replied integer, interested integer,
      opted_out integer) order by a.variant), p_test.alpha, p_test.min_per_arm, p_test.tuning_n) j;
  select sum(a.mature), sum(a.sent + a.under_way) into v_mature, v_sent
  from jsonb_to_recordset(v_arms) as a(mature bigint, sent bigint, under_way bigint);
  select (select sum(a.mature) from jsonb_to_recordset(l.arms) as a(mature bigint)) into v_before
  from public.campaign_test_looks l where l.campaign_id = p_test.campaign_id order by l.looked_at desc, l.id desc limit 1;
  if v_mature > coalesce(v_before, 0) then
    insert into public.campaign_test_looks (org_id, campaign_id, looked_at, arms, comparisons, obstacles, sample_ratio, winner)
    values (p_test.org_id, p_test.campaign_id, p_as_of, v_arms, v_judged.comparisons, v_judged.obstacles,
      v_judged.sample_ratio, v_judged.winner);
    update public.campaign_tests t set looked_at = p_as_of where t.id = p_test.id;
  end if;
  v_status := case
    when 'sample_ratio' = any (v_judged.obstacles) then 'invalid'
    when v_judged.winner is not null then 'won'
    when p_as_of >= p_test.deadline or (p_campaign.status in ('completed', 'stopped') and v_mature = v_sent) then 'no_winner'
  end;
  if v_status is null then
    return 'running';
  end if;
  perform private.decide_test(p_test, v_status, v_judged.winner, jsonb_strip_nulls(jsonb_build_object('looked_at', p_as_of,
    'arms', v_arms, 'comparisons', v_judged.comparisons, 'obstacles', to_jsonb(v_judged.obstacles),
    'sample_ratio', v_judged.sample_ratio,
    'cause', case when v_status = 'invalid' then private.sample_ratio_cause(v_arms) end)), p_now);
  return v_status;
end;
$$;
comment on function private.finish_look(public.campaign_tests, public.campaigns, jsonb, timestamptz, timestamptz) is
  'Judges what was counted, keeps the look, and decides the test if it can be; returns its status. There is nothing more to wait '
  'for if the deadline has passed, or if the campaign has ended and all whom it wrote to are counted.';

create function private.look_at_test(p_campaign_id uuid, p_now timestamptz default now(), p_people integer default 20000)
returns text
language plpgsql
set search_path = ''
as $$
declare
  v_until timestamptz := clock_timestamp() + interval '1 second';
  v_test public.campaign_tests;
  v_turn private.test_turns;
  v_campaign public.campaigns;
  v_part record;
  v_status text;
begin
  select * into v_test from public.campaign_tests t where t.campaign_id = p_campaign_id for no key update;
  select * into v_turn from private.test_turns t where t.campaign_id = p_campaign_id and t.look_at <= p_now for no key update;
  select * into v_campaign from public.campaigns c where c.id = p_campaign_id;
  if v_test.id is null or v_turn.campaign_id is null then
    return 'not_due';
  elsif v_test.status <> 'running' then
    if v_test.promoted is null and v_test.held > 0 then
      perform private.begin_moving(p_campaign_id, p_now);
    end if;
    update private.test_turns t set look_at = null, as_of = null, counts = '[]' where t.campaign_id = p_campaign_id;
    return v_test.status;
  elsif v_campaign.started_at is null then
    update private.test_turns t set look_at = p_now + interval '1 hour' where t.campaign_id = p_campaign_id;
    return 'not_started';
  end if;
  if v_turn.as_of is null then
    v_turn.as_of := p_now;
    v_turn.counted_to := 0;
    v_turn.counts := '[]';
  end if;
  loop
    select c.p_last, c.p_counts into v_part from private.count_test(v_campaign, v_turn.counted_to, p_people, v_turn.as_of,
      make_interval(hours => v_test.maturity_hours)) c;
    exit when v_part.p_last is null;
    v_turn.counted_to := v_part.p_last;
    v_turn.counts := private.add_counts(v_turn.counts || v_part.p_counts);
    if clock_timestamp() > v_until then
      update private.test_turns t set as_of = v_turn.as_of, counted_to = v_turn.counted_to, counts = v_turn.counts
      where t.campaign_id = p_campaign_id;
      return 'counting';
    end if;
  end loop;
  update private.test_turns t
  set as_of = null, counts = '[]',
    look_at = least(p_now + interval '1 hour', greatest(v_test.deadline, p_now + interval '1 minute'))
  where t.campaign_id = p_campaign_id;
  v_status := private.finish_look(v_test, v_campaign, v_turn.counts, v_turn.as_of, p_now);
  return v_status;
end;
$$;
comment on function private.look_at_test(uuid, timestamptz, integer) is
  'Looks at the A/B test of a campaign if that is due: counts in parts of p_people for about a second (the next call goes on), '
  'then judges, and is due again in an hour. It reads without the campaign''s lock: sending waits for nothing. After the '
  'deadline it releases those who wait for a winner that nobody promoted. Returns the status of the test, counting, not_started '
  'or not_due.';

-- schemas/campaigns/functions/move_variants.sql

create function private.move_variants(p_campaign_id uuid, p_now timestamptz default now(), p_people integer default 5000,
  p_for interval default '1 second')
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_until timestamptz := clock_timestamp() + p_for;
  v_turn private.test_turns;
  v_promoted smallint;
  v_variants smallint[];
  v_last bigint;
  v_candidates uuid[];
  v_held uuid[];
  v_moved integer := 0;
begin
  select * into v_turn from private.test_turns t where t.campaign_id = p_campaign_id and t.move_at <= p_now for no key update;
  if v_turn.campaign_id is null then
    return 0;
  end if;
  select t.promoted into v_promoted from public.campaign_tests t where t.campaign_id = p_campaign_id;
  v_variants := array(select v.variant from public.campaign_variants v where v.campaign_id = p_campaign_id order by v.variant);
  loop
    select max(x.ordinal), array_agg(x.id) filter (where x.state = 'waiting' and x.sent_at is null
      and (case when v_promoted is null then x.variant is null else x.variant is distinct from v_promoted end))
    into v_last, v_candidates
    from (
      select t.id, t.ordinal, t.state, t.sent_at, t.variant from public.campaign_targets t
      where t.org_id = v_turn.org_id and t.campaign_id = p_campaign_id and t.ordinal > v_turn.moved_to
        and t.ordinal <= 1000000000000
      order by t.ordinal limit p_people
    ) x;
    exit when v_last is null;
    -- What planning or an opt-out holds is left to the next pass. Nobody who is queued or being sent to is touched: they keep
    -- their text, and count for it.
    v_held := array(
      select t.id from public.campaign_targets t
      where t.id = any (v_candidates) and t.state = 'waiting' and t.sent_at is null order by t.id for no key update skip locked);
    update public.campaign_targets t
    set variant = coalesce(v_promoted, v_variants[1 + x.n % cardinality(v_variants)]),
      assigned_variant = coalesce(t.assigned_variant, t.variant, 0),
      not_before = case when isfinite(t.not_before) then t.not_before else '-infinity' end, updated_at = p_now
    from (
      select h.id, row_number() over (order by hashtextextended(h.id::text, 0)) as n from unnest(v_held) as h(id)
    ) x where t.id = x.id;
    v_turn.moved_to := v_last;
    v_turn.moved := v_turn.moved + cardinality(v_held);
    v_turn.moved_in_pass := v_turn.moved_in_pass + coalesce(cardinality(v_candidates), 0);
    v_moved := v_moved + cardinality(v_held);
    if clock_timestamp() > v_until then
      update private.test_turns t set moved_to = v_turn.moved_to, moved = v_turn.moved, moved_in_pass = v_turn.moved_in_pass
      where t.campaign_id = p_campaign_id;
      return v_moved;
    end if;
  end loop;
  if v_turn.moved_in_pass > 0 or exists (
    select from public.messages m
    where m.campaign_id = p_campaign_id and m.is_open and m.kind = 'campaign' and m.queued_at <= v_turn.since) then
    -- Once more in a minute: a message that was planned before may have been given back meanwhile.
    update private.test_turns t
    set moved_to = 0, moved = v_turn.moved, moved_in_pass = 0, move_at = p_now + interval '1 minute'
    where t.campaign_id = p_campaign_id;
    return v_moved;
  end if;
  update private.test_turns t set move_at = null where t.campaign_id = p_campaign_id;
  perform private.record_audit_event(v_turn.org_id, 'campaign_variants_moved', null, p_campaign_id, null,
    jsonb_build_object('people', v_turn.moved));
  return v_moved;
end;
$$;
comment on function private.move_variants(uuid, timestamptz, integer, interval) is
  'Gives people of a campaign who wait for their first text the promoted variant, or without one those who were kept back one '
  'each in turn; returns how many. Goes through the targets in parts of p_people for p_for; the next call goes on where it '
  'stopped, also after a crash. It ends after a pass in which nobody was left to move.';

-- schemas/campaigns/functions/preflight.sql

create function private.campaign_preflight(p_campaign_id uuid, p_now timestamptz default now())
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('viewer');
  v_campaign public.campaigns := private.find_campaign(v_org_id, p_campaign_id);
  v_people jsonb;
  v_forecast jsonb;
begin
  v_campaign.quiet_hours_override := private.honours_override(v_campaign);
  v_people := private.preflight_people(v_campaign, p_now);
  v_forecast := private.forecast_of(v_campaign, p_now);
  return jsonb_build_object(
    'campaign_id', p_campaign_id,
    'status', v_campaign.status,
    'blockers', (select coalesce(array_to_json(array_agg(jsonb_build_object('code', b.code, 'message', b.message,
        'details', b.details))), '[]') from private.start_blockers(p_campaign_id, p_now) b),
    'warnings', (select coalesce(array_to_json(array_agg(jsonb_build_object('code', w.code, 'message', w.message,
        'details', w.details, 'must_acknowledge', w.must_acknowledge))), '[]')
      from private.start_warnings(v_campaign, v_people, v_forecast, p_now) w),
    'audience', jsonb_build_object('waiting', v_forecast -> 'waiting',
      'excluded', private.campaign_reasons(p_campaign_id) -> 'excluded'),
    'people', v_people,
    'forecast', v_forecast - 'waiting',
    'cost', private.preflight_cost(v_campaign, (v_forecast ->> 'waiting')::bigint),
    'numbers', (
      select coalesce(array_to_json(array_agg(jsonb_build_object('id', n.id, 'e164', n.e164, 'status', n.status,
        'health_score', n.health_score, 'mps', n.mps, 'daily_cap', n.daily_cap) order by n.e164)), '[]')
      from (select * from private.campaign_numbers(p_campaign_id) order by e164 limit 1000) n),
    'registrations', (
      select coalesce(array_to_json(array_agg(jsonb_build_object('messaging_service_sid', r.messaging_service_sid,
        'status', r.status, 'checked_at', r.checked_at) order by r.messaging_service_sid)), '[]')
      from public.a2p_registrations r where r.org_id = v_org_id),
    'carrier_caps', (
      select coalesce(array_to_json(array_agg(jsonb_build_object('carrier', c.carrier, 'daily_segments', c.daily_segments)
        order by c.carrier)), '[]')
      from public.carrier_caps c where c.org_id = v_org_id));
end;
$$;
comment on function private.campaign_preflight(uuid, timestamptz) is
  'What a person looks at before a campaign starts: what keeps it from starting (blockers, by the code that starting obeys), '
  'warnings, people, cost, days, numbers, registrations and carrier caps. Needs viewer. Raises PT403, PT404. Security definer: '
  'users may not read private tables.';
grant execute on function private.campaign_preflight(uuid, timestamptz) to authenticated;

create function public.campaign_preflight(p_campaign_id uuid) returns jsonb
  language sql stable set search_path = '' as $$ select private.campaign_preflight(p_campaign_id); $$;
comment on function public.campaign_preflight(uuid) is
  'Calls the private function of the same name, which checks role and organisation, with the current time.';
grant execute on function public.campaign_preflight(uuid) to authenticated;

create function private.preflight_samples(p_campaign_id uuid)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('viewer');
  v_org public.orgs := (select o from public.orgs o where o.id = v_org_id);
begin
  return (
    select coalesce(array_to_json(array_agg(v.variables || jsonb_build_object('brand', v_org.brand,
      'support_contact', v_org.support_contact, 'phone', t.e164, 'today', '12/31/2026'))), '[]')
    from (
      select x.e164, x.lead_id from public.campaign_targets x
      where x.campaign_id = p_campaign_id and x.org_id = v_org_id and x.is_waiting limit 200
    ) t
    join private.lead_values v on v.lead_id = t.lead_id);
end;
$$;
comment on function private.preflight_samples(uuid) is
  'Values for the texts of up to 200 waiting people of a campaign, as planning supplies them; today is a day of usual length. '
  'Needs viewer. Security definer: users may not read lead_values.';
grant execute on function private.preflight_samples(uuid) to authenticated;

create function public.preflight_samples(p_campaign_id uuid) returns jsonb
  language sql stable set search_path = '' as $$ select private.preflight_samples(p_campaign_id); $$;
comment on function public.preflight_samples(uuid) is
  'Calls the private function of the same name, which checks role and organisation.';
grant execute on function public.preflight_samples(uuid) to authenticated;

-- schemas/campaigns/functions/preflight_people.sql

create function private.preflight_people(p_campaign public.campaigns, p_now timestamptz)
returns jsonb
language sql
stable
set search_path = ''
as $$
  with people as (
    -- A larger campaign is judged by those who come first.
    select t.e164, t.lead_phone_id, t.lead_id from public.campaign_targets t
    where t.campaign_id = p_campaign.id and t.is_waiting
    limit 100000
  ),
  scrubs as (
    select s.e164, max(s.scrubbed_at) filter (where s.result = 'clean') as clean_at
    from public.phone_scrubs s join people p on p.e164 = s.e164
    where s.org_id = p_campaign.org_id
    group by s.e164
  )
  select jsonb_build_object(
    'judged', count(*),
    'with_consent', count(*) filter (where l.consent_status = 'granted' or lp.consent_status = 'granted'),
    'line_type_unknown', count(*) filter (where lp.line_type is null),
    'state_unknown', count(*) filter (where l.state is null),
    'scrubbed', count(*) filter (where s.clean_at > p_now - interval '31 days'),
    'oldest_scrub_at', min(s.clean_at))
  from people p
  left join public.leads l on l.id = p.lead_id
  left join public.lead_phones lp on lp.id = p.lead_phone_id
  left join scrubs s on s.e164 = p.e164;
$$;
comment on function private.preflight_people(public.campaigns, timestamptz) is
  'What is known about the waiting people of a campaign, or about 100,000 of them: judged says about how many. scrubbed counts '
  'phones that a scrub service found on no list within 31 days (16 CFR 310.4(b)(3)(iv)).';

-- schemas/campaigns/functions/promote_variant.sql

create function private.promote_variant(p_campaign_id uuid, p_variant text, p_now timestamptz default now())
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_campaign public.campaigns := private.lock_campaign(p_campaign_id, 'campaign_manager', '{running,paused}',
    'given a promoted variant');
  v_test public.campaign_tests;
  v_variant smallint;
begin
  v_test := private.lock_test(v_campaign);
  select v.variant into v_variant from public.campaign_variants v
  where v.campaign_id = p_campaign_id and v.name = trim(p_variant);
  if v_variant is null then
    perform private.refuse_field('variant', format('Name one of the variants of the campaign: %s.', (
      select string_agg(v.name, ', ' order by v.variant) from public.campaign_variants v where v.campaign_id = p_campaign_id)));
  elsif v_test.promoted = v_variant then
    return;
  elsif v_test.promoted is not null then
    perform private.raise_error('PT409', 'invalid_state', 'Another variant was promoted already.',
      jsonb_build_object('promoted_at', v_test.promoted_at));
  elsif not private.has_active_text(p_campaign_id, v_variant) then
    perform private.raise_error('PT409', 'no_templates', 'This variant has no active text. Activate one, then promote it.');
  end if;
  update public.campaign_tests t
  set promoted = v_variant, promoted_at = p_now, promoted_by = auth.uid(),
    status = case t.status when 'running' then 'ended' else t.status end, decided_at = coalesce(t.decided_at, p_now)
  where t.id = v_test.id;
  update private.test_turns t set look_at = null, as_of = null, counts = '[]' where t.campaign_id = p_campaign_id;
  perform private.begin_moving(p_campaign_id, p_now);
  perform private.move_variants(p_campaign_id, p_now, p_for => '0');
  perform private.record_audit_event(v_campaign.org_id, 'campaign_variant_promoted', null, p_campaign_id, null,
    jsonb_build_object('variant', trim(p_variant), 'by', 'person', 'status', v_test.status));
  perform private.close_alerts(v_campaign.org_id, 'test_won', p_now, p_campaign_id);
end;
$$;
comment on function private.promote_variant(uuid, text, timestamptz) is
  'Gives the variant of this name to everybody of a running or paused campaign who still waits for their first text: 5,000 at '
  'once, the others within seconds. Who was sent a text, or is being sent one, keeps theirs, in later steps too. An undecided '
  'test ends with that. Needs campaign_manager. Raises PT403, PT404, PT409, PT422. Security definer: users may not '
  'write targets.';
grant execute on function private.promote_variant(uuid, text, timestamptz) to authenticated;

create function public.promote_variant(p_campaign_id uuid, p_variant text) returns void
  language sql set search_path = '' as $$ select private.promote_variant(p_campaign_id, p_variant); $$;
comment on function public.promote_variant(uuid, text) is
  'Calls the private function of the same name, which checks role and organisation, with the current time.';
grant execute on function public.promote_variant(uuid, text) to authenticated;

-- schemas/campaigns/functions/quiet_hours_override.sql

create function private.honours_override(p_campaign public.campaigns)
returns boolean
language plpgsql
stable
set search_path = ''
as $$
begin
  return p_campaign.quiet_hours_override and private.twilio_is_loopback()
    -- A worker whose Twilio is not a simulator refused it at the claim. If messages were planned at night again, each would be
    -- canceled again.
    and not exists (
      select from public.alerts a
      where a.org_id = p_campaign.org_id and a.campaign_id = p_campaign.id and a.kind = 'quiet_hours_override_refused'
        and a.resolved_at is null);
end;
$$;
comment on function private.honours_override(public.campaigns) is
  'Whether a campaign''s quiet_hours_override takes effect: only if Twilio is a simulator, and no claim has refused it since. '
  'Planning, the outlook and explanations use this function; claims use their worker''s own environment.';

-- schemas/campaigns/functions/read_campaign_test.sql

-- Reading the A/B test of a campaign.

create function private.told_arms(p_arms jsonb)
returns json
language sql
immutable
set search_path = ''
as $$
  -- Those who were sent a text and are not mature may still answer.
  select coalesce(array_to_json(array_agg(jsonb_build_object('variant', a.name, 'share', a.share, 'assigned', a.assigned,
    'sent', a.sent, 'counted', a.mature, 'under_way', a.under_way, 'waiting', a.waiting, 'excluded', a.excluded,
    'replied', private.rate(a.replied, a.mature, a.sent > a.mature),
    'interested', private.rate(a.interested, a.mature, a.sent > a.mature),
    'opted_out', private.rate(a.opted_out, a.mature, a.sent > a.mature)) order by a.variant)), '[]')
  from jsonb_to_recordset(p_arms) as a(variant smallint, name text, share integer, assigned bigint, sent bigint, mature bigint,
    under_way bigint, waiting bigint, replied bigint, interested bigint, opted_out bigint, excluded jsonb);
$$;
comment on function private.told_arms(jsonb) is 'The arms of a look as people read them: with rates.';

create function private.told_pairs(p_comparisons jsonb, p_arms jsonb)
returns json
language sql
immutable
set search_path = ''
as $$
  select coalesce(array_to_json(array_agg(jsonb_build_object('variant', b.name, 'other', o.name, 'difference', c.difference,
    'low', c.low, 'high', c.high) order by o.variant)), '[]')
  from jsonb_to_recordset(p_comparisons) as c(variant smallint, other smallint, difference numeric, low numeric, high numeric)
  join jsonb_to_recordset(p_arms) as b(variant smallint, name text) on b.variant = c.variant
  join jsonb_to_recordset(p_arms) as o(variant smallint, name text) on o.variant = c.other;
$$;
comment on function private.told_pairs(jsonb, jsonb) is 'The comparisons of a look with the names of the variants.';

create function private.campaign_test(p_campaign_id uuid, p_looks integer default 100)
returns json
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('viewer');
  v_test public.campaign_tests;
begin
  select t.* into v_test from public.campaign_tests t where t.org_id = v_org_id and t.campaign_id = p_campaign_id;
  if v_test.id is null then
    perform private.raise_error('PT404', 'not_found', 'There is no such campaign, or it has no A/B test.',
      jsonb_build_object('campaign_id', p_campaign_id));
  end if;
  return (
    select json_build_object('campaign_id', p_campaign_id, 'metric', v_test.metric, 'alpha', v_test.alpha,
      'maturity_hours', v_test.maturity_hours, 'min_per_arm', v_test.min_per_arm, 'tuning_n', v_test.tuning_n,
      'test_percent', v_test.test_percent, 'decides', v_test.decides, 'deadline', v_test.deadline, 'status', v_test.status,
      'winner', (select v.name from public.campaign_variants v
        where v.campaign_id = p_campaign_id and v.variant = v_test.winner),
      'decided_at', v_test.decided_at, 'cause', v_test.evidence -> 'cause', 'held', v_test.held,
      'promoted', (select v.name from public.campaign_variants v
        where v.campaign_id = p_campaign_id and v.variant = v_test.promoted),
      'promoted_at', v_test.promoted_at, 'promoted_by', v_test.promoted_by,
      'moving', exists (select from private.test_turns t where t.campaign_id = p_campaign_id and t.move_at is not null),
      'next_look_at', (select t.look_at from private.test_turns t
        where t.campaign_id = p_campaign_id and v_test.status = 'running'),
      'looks', (
        select coalesce(array_to_json(array_agg(json_build_object('looked_at', l.looked_at, 'arms', private.told_arms(l.arms),
          'comparisons', private.told_pairs(l.comparisons, l.arms), 'obstacles', l.obstacles, 'sample_ratio', l.sample_ratio,
          'winner', (select a.name from jsonb_to_recordset(l.arms) as a(variant smallint, name text)
            where a.variant = l.winner)) order by l.looked_at desc, l.id desc)), '[]')
        from (
          select * from public.campaign_test_looks x where x.campaign_id = p_campaign_id
          order by x.looked_at desc, x.id desc limit least(greatest(coalesce(p_looks, 100), 0), 1000)
        ) l)));
end;
$$;
comment on function private.campaign_test(uuid, integer) is
  'The A/B test of a campaign with its newest p_looks looks (1,000 at most), the newest first; variants by their names. Needs '
  'viewer. Raises PT403, PT404. Security definer: users may not read when a test is due.';
grant execute on function private.campaign_test(uuid, integer) to authenticated;

create function public.campaign_test(p_campaign_id uuid, p_looks integer default 100) returns json
  language sql stable set search_path = '' as $$ select private.campaign_test(p_campaign_id, p_looks); $$;
comment on function public.campaign_test(uuid, integer) is
  'Calls the private function of the same name, which checks role and organisation.';
grant execute on function public.campaign_test(uuid, integer) to authenticated;

-- schemas/campaigns/functions/read_rotation.sql

create function private.rotation_status(p_campaign public.campaigns)
returns text
language sql
stable
set search_path = ''
as $$
  select case
    when p_campaign.rotation = 'even' then 'even'
    when p_campaign.status in ('completed', 'stopped') then 'ended'
    when p_campaign.started_at is null then 'not_started'
    when exists (select from public.campaign_templates ct
      where ct.campaign_id = p_campaign.id and ct.learned_share is not null) then 'learned'
    else 'collecting' end;
$$;
comment on function private.rotation_status(public.campaigns) is
  'even; not_started; collecting: texts are used by their weights until enough people are counted; learned; ended.';

create function private.rotation_texts(p_campaign public.campaigns)
returns table (step smallint, learned_share smallint, is_active boolean, looked_at timestamptz, people bigint, told jsonb)
language sql
stable
set search_path = ''
as $$
  with texts as (
    select ct.step, ct.template_id, ct.variant, ct.learned_share, t.is_active, t.version, t.number, t.name,
      coalesce(ct.learned_share, ct.weight) as weight,
      sum(coalesce(ct.learned_share, ct.weight)) filter (where t.is_active) over (partition by ct.step, ct.variant) as weights
    from public.campaign_templates ct join public.templates t on t.id = ct.template_id
    where ct.campaign_id = p_campaign.id
  ),
  -- What part of the people of a step gets the texts of a variant.
  variants as (
    select v.variant, v.name, case
      when k.promoted is null then v.share::numeric / sum(v.share) over ()
      when k.promoted = v.variant then 1 else 0 end as part
    from public.campaign_variants v left join public.campaign_tests k on k.campaign_id = v.campaign_id
    where v.campaign_id = p_campaign.id
  )
  select t.step, t.learned_share, t.is_active, l.looked_at, r.people, jsonb_build_object(
    'template_id', t.template_id, 'number', t.number, 'name', t.name, 'version', t.version, 'variant', v.name,
    'is_active', t.is_active,
    'share', case when t.is_active then round(100 * coalesce(v.part, 1) * t.weight / t.weights, 1) else 0 end,
    'best', round((100 * b.best)::numeric, 1), 'reply_rate', private.rate(r.replied, r.people))
  from texts t
  left join variants v on v.variant = t.variant
  cross join lateral (
    select coalesce(sum(x.people), 0)::bigint as people, coalesce(sum(x.replied), 0)::bigint as replied
    from private.rotation_trials x
    where x.campaign_id = p_campaign.id and x.step = t.step and x.template_id = t.template_id and x.version = t.version
  ) r
  left join lateral (
    select x.looked_at from public.campaign_rotation_looks x
    where x.campaign_id = p_campaign.id and x.step = t.step order by x.looked_at desc limit 1
  ) l on true
  left join public.campaign_rotation_looks b on t.learned_share is not null and b.campaign_id = p_campaign.id
    and b.step = t.step and b.looked_at = l.looked_at and b.template_id = t.template_id and b.version = t.version;
$$;
comment on function private.rotation_texts(public.campaigns) is
  'The texts of a campaign''s steps with their share of the people, and what rotation thompson counted for them; told is what '
  'people read.';

create function private.campaign_rotation(p_campaign_id uuid)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_campaign public.campaigns := private.find_campaign(private.require_role('viewer'), p_campaign_id);
  v_status text := private.rotation_status(v_campaign);
begin
  return jsonb_build_object('campaign_id', p_campaign_id, 'rotation', v_campaign.rotation, 'status', v_status,
    'counts_from', case when v_status in ('collecting', 'learned') then v_campaign.started_at + private.rotation_maturity() end,
    'next_look_at', case when v_status in ('collecting', 'learned') then (
      select r.look_at from private.rotation_turns r where r.campaign_id = p_campaign_id) end,
    'steps', (
      select coalesce(to_jsonb(array_agg(jsonb_build_object('step', s.step, 'is_learned', s.is_learned,
        'people_counted', s.people, 'people_needed', case when v_campaign.rotation = 'thompson' then 100 * s.active end,
        'looked_at', s.looked_at, 'texts', s.texts) order by s.step)), '[]')
      from (
        select x.step, bool_or(x.learned_share is not null) as is_learned, count(*) filter (where x.is_active) as active,
          max(x.looked_at) as looked_at, sum(x.people) filter (where x.is_active) as people,
          to_jsonb(array_agg(x.told order by (x.told ->> 'number')::integer)) as texts
        from private.rotation_texts(v_campaign) x group by x.step
      ) s));
end;
$$;
comment on function private.campaign_rotation(uuid) is
  'How the texts of a campaign take turns: for each step and text the share (percent), and for rotation thompson what it was '
  'learned from: the reply rate of people who had 48 hours to reply, and best, the probability (percent) that no other text of '
  'the step is better. counts_from: when the first people have had their 48 hours. Needs viewer. Raises PT403, PT404. Security '
  'definer: users may not read private tables.';
grant execute on function private.campaign_rotation(uuid) to authenticated;

create function public.campaign_rotation(p_campaign_id uuid) returns jsonb
  language sql stable set search_path = '' as $$ select private.campaign_rotation(p_campaign_id); $$;
comment on function public.campaign_rotation(uuid) is
  'Calls the private function of the same name, which checks role and organisation.';
grant execute on function public.campaign_rotation(uuid) to authenticated;

-- schemas/campaigns/functions/rotation_shares.sql

-- The arithmetic of rotation thompson: how probable it is that a text is the best, and the share that it gets for that.

create function private.log_beta(p_a double precision, p_b double precision)
returns double precision
language sql
immutable
set search_path = ''
as $$
  select private.log_gamma(p_a) + private.log_gamma(p_b) - private.log_gamma(p_a + p_b);
$$;
comment on function private.log_beta(double precision, double precision) is 'The logarithm of the beta function.';

create function private.chances_to_be_best(p_replied double precision[], p_not_replied double precision[])
returns double precision[]
language plpgsql
immutable
set search_path = ''
-- With less memory the sums are sorted on disk, which takes ten times as long.
set work_mem = '32MB'
as $$
declare
  v_k integer := cardinality(p_replied);
  v_low double precision;
  v_high double precision;
  v_points integer;
  v_least double precision;
begin
  if v_k = 1 then
    return '{1}';
  end if;
  -- Each rate has a beta distribution (uniform before anything is known). Nothing below the highest lower end can be the best.
  select max(x.mean - 9 * x.deviation), max(x.mean + 9 * x.deviation), min(x.deviation) into v_low, v_high, v_least
  from (
    select t.a / (t.a + t.b) as mean, sqrt(t.a * t.b / ((t.a + t.b + 1) * (t.a + t.b) ^ 2)) as deviation
    from (select r + 1 as a, n + 1 as b from unnest(p_replied, p_not_replied) as x(r, n)) t
  ) x;
  v_low := greatest(v_low, 0);
  v_high := least(v_high, 1);
  -- Four points for the narrowest deviation: with evenly spaced points the error is far below a thousandth.
  v_points := least(greatest(ceil(4 * (v_high - v_low) / v_least)::integer, 400), 100000 / v_k);
  return (
    with texts as materialized (
      select i.n, i.r as a, i.f as b, private.log_beta(i.r + 1, i.f + 1) as log_beta
      from unnest(p_replied, p_not_replied) with ordinality as i(r, f, n)
    ),
    densities as materialized (
      -- What lies below v_low is missing from a density, so the whole of it is the beta function.
      select t.n, x.j, exp(greatest(t.a * ln(x.at) + t.b * ln(1 - x.at) - t.log_beta, -600)) * (v_high - v_low) / v_points as d
      from texts t
      cross join (
        select g as j, v_low + (v_high - v_low) * (g - 0.5) / v_points as at from generate_series(1, v_points) g
      ) x
    ),
    sums as materialized (
      select d.n, d.j, d.d,
        greatest(1 - sum(d.d) over (partition by d.n order by d.j desc) + d.d / 2, 1e-300) as below
      from densities d
    ),
    products as (
      select s.n, exp(greatest(ln(s.d) - ln(s.below) + sum(ln(s.below)) over (partition by s.j), -700)) as part from sums s
    ),
    chances as (select p.n, sum(p.part) as chance from products p group by p.n)
    select array_agg(c.chance / c.total order by c.n) from (select c.*, sum(c.chance) over () as total from chances c) c);
end;
$$;
comment on function private.chances_to_be_best(double precision[], double precision[]) is
  'For each text the probability that its reply rate is the highest, after so many replied and so many did not: what Thompson '
  'sampling chooses by, integrated instead of drawn, so that the same counts give the same shares. The probabilities add up to '
  '1.';

create function private.bounded_shares(p_shares double precision[])
returns double precision[]
language plpgsql
immutable
set search_path = ''
as $$
declare
  v_k integer := cardinality(p_shares);
  v_least double precision := least(0.05, 0.5 / v_k);
  v_most double precision := 0.6;
  v_low double precision := -1;
  v_high double precision := 1;
  v_shift double precision;
begin
  if v_k = 1 then
    return '{1}';
  end if;
  -- The nearest shares within the bounds that add up to 1: all are moved by the same amount, which halving finds.
  for i in 1 .. 60 loop
    v_shift := (v_low + v_high) / 2;
    if (select sum(least(greatest(s + v_shift, v_least), v_most)) from unnest(p_shares) s) < 1 then
      v_low := v_shift;
    else
      v_high := v_shift;
    end if;
  end loop;
  return array(select least(greatest(s + v_shift, v_least), v_most) from unnest(p_shares) with ordinality as x(s, n) order by n);
end;
$$;
comment on function private.bounded_shares(double precision[]) is
  'Shares of at least 5 % (with more than ten texts half of an equal part) and at most 60 %, as near as possible to those given: '
  'no text is ever given up, and none is trusted alone. They add up to 1.';

-- schemas/campaigns/functions/schedule_campaign.sql

create function private.schedule_campaign(p_campaign_id uuid, p_at timestamptz, p_acknowledge text[] default '{}',
  p_now timestamptz default now())
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_campaign public.campaigns := private.lock_campaign(p_campaign_id, 'campaign_manager', '{ready,scheduled}', 'scheduled');
begin
  if p_at is null and v_campaign.status = 'ready' then
    perform private.refuse_field('scheduled_at', 'Give a time: the campaign has none that could be taken away.');
  elsif p_at is null then
    update public.campaigns set status = 'ready', scheduled_at = null where id = p_campaign_id;
    perform private.record_audit_event(v_campaign.org_id, 'campaign_unscheduled', null, p_campaign_id);
    return;
  elsif p_at <= p_now or p_at > p_now + interval '1 year' then
    perform private.refuse_field('scheduled_at', 'scheduled_at must be in the future, a year away at most.');
  end if;
  update public.campaigns set scheduled_at = p_at where id = p_campaign_id;
  if v_campaign.status = 'ready' then
    perform private.start_campaign(p_campaign_id, p_acknowledge, p_now => p_now);
  else
    perform private.record_audit_event(v_campaign.org_id, 'campaign_scheduled', null, p_campaign_id, null,
      jsonb_build_object('scheduled_at', p_at, 'before', v_campaign.scheduled_at));
  end if;
end;
$$;
comment on function private.schedule_campaign(uuid, timestamptz, text[], timestamptz) is
  'Has a campaign whose audience is built start by itself at p_at, or at another time than it was to; null takes the time away. '
  'A campaign that is ready must have a text, a number and somebody to write to, and its warnings acknowledged, as '
  'start_campaign says. Registration and money are checked at p_at. '
  'Needs campaign_manager. Raises PT403, PT404, PT409, PT422. Security definer: users may not write campaigns.';
grant execute on function private.schedule_campaign(uuid, timestamptz, text[], timestamptz) to authenticated;

create function public.schedule_campaign(p_campaign_id uuid, p_at timestamptz, p_acknowledge text[] default '{}') returns void
  language sql set search_path = '' as $$ select private.schedule_campaign(p_campaign_id, p_at, p_acknowledge); $$;
comment on function public.schedule_campaign(uuid, timestamptz, text[]) is
  'Calls the private function of the same name, which checks role and organisation, with the current time.';
grant execute on function public.schedule_campaign(uuid, timestamptz, text[]) to authenticated;

-- schemas/campaigns/functions/set_campaign_lists.sql

create function private.set_campaign_lists(p_campaign public.campaigns, p_input jsonb)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_missing jsonb;
  v_variant record;
  v_is_same boolean := false;
begin
  if p_input ? 'variants' then
    -- A draft with built_at is one whose building failed: its targets are deleted before it is built again.
    if p_campaign.status <> 'draft' then
      perform private.raise_error('PT409', 'invalid_state',
        'Variants can only be changed while the campaign is a draft: its targets have their variants already.',
        jsonb_build_object('status', p_campaign.status, 'fields', '{variants}'::text[]));
    end if;
    delete from public.campaign_templates ct where ct.campaign_id = p_campaign.id and ct.step = 1;
    delete from public.campaign_variants cv where cv.campaign_id = p_campaign.id;
    for v_variant in
      select v.value as input, v.ordinality::smallint as n from jsonb_array_elements(p_input -> 'variants') with ordinality v
    loop
      insert into public.campaign_variants (org_id, campaign_id, variant, name, share)
      values (p_campaign.org_id, p_campaign.id, v_variant.n, trim(v_variant.input ->> 'name'),
        (v_variant.input ->> 'share')::numeric::smallint);
      perform private.set_campaign_templates(p_campaign, 1::smallint, v_variant.n, v_variant.input -> 'template_ids',
        coalesce(p_input -> 'template_weights', '{}'), array[p_campaign.template_category],
        format('variants.%s.template_ids', v_variant.n - 1));
    end loop;
  elsif p_input ? 'template_ids' then
    if exists (select 1 from public.campaign_variants cv where cv.campaign_id = p_campaign.id) then
      perform private.raise_error('PT409', 'invalid_state', 'The campaign has variants: each has its own templates.',
        jsonb_build_object('status', p_campaign.status, 'fields', '{template_ids}'::text[]));
    end if;
    -- A page that saves a campaign sends the same texts again: their weights, and what was learned of them, stay.
    v_is_same := not p_input ? 'template_weights' and array(
      select ct.template_id from public.campaign_templates ct where ct.campaign_id = p_campaign.id and ct.step = 1 order by 1)
      = array(select distinct x::uuid from jsonb_array_elements_text(p_input -> 'template_ids') x order by 1);
    if not v_is_same then
      delete from public.campaign_templates ct where ct.campaign_id = p_campaign.id and ct.step = 1;
      perform private.set_campaign_templates(p_campaign, 1::smallint, null, p_input -> 'template_ids',
        coalesce(p_input -> 'template_weights', '{}'), array[p_campaign.template_category], 'template_ids');
    end if;
  elsif p_input ? 'template_weights' then
    update public.campaign_templates ct set weight = w.value::numeric::smallint
    from jsonb_each_text(p_input -> 'template_weights') w where ct.campaign_id = p_campaign.id and ct.template_id = w.key::uuid;
  end if;
  if p_input ? 'steps' then
    perform private.set_campaign_steps(p_campaign, p_input);
  end if;
  if p_input ? 'rotation' or p_campaign.rotation = 'thompson' and p_input ?| '{template_ids,variants,steps}' then
    perform private.begin_rotation(p_campaign);
  end if;
  if p_input ?| '{steps,variants,phones}' then
    perform private.check_steps_fit(p_campaign);
  end if;
  if p_input ? 'phone_number_ids' then
    select to_jsonb(array_agg(x)) into v_missing from jsonb_array_elements_text(p_input -> 'phone_number_ids') x
    where not exists (select 1 from public.phone_numbers n where n.id = x::uuid and n.org_id = p_campaign.org_id
      and n.status <> 'released');
    if v_missing is not null then
      perform private.raise_error('PT422', 'invalid_input', 'Some phone numbers do not exist.', jsonb_build_object('errors',
        jsonb_build_array(jsonb_build_object('field', 'phone_number_ids', 'message',
          format('Remove %s; they are not numbers of your organisation.', v_missing)))));
    end if;
    delete from public.campaign_phone_numbers cn where cn.campaign_id = p_campaign.id;
    insert into public.campaign_phone_numbers (org_id, campaign_id, phone_number_id)
    select distinct p_campaign.org_id, p_campaign.id, x::uuid from jsonb_array_elements_text(p_input -> 'phone_number_ids') x;
  end if;
end;
$$;
comment on function private.set_campaign_lists(public.campaigns, jsonb) is
  'Replaces a campaign''s variants, templates (with weights), steps and numbers by variants, template_ids, template_weights, '
  'steps and phone_number_ids of p_input, if they are given. Raises PT422 for ids that are not the organisation''s, PT409 for '
  'variants of a campaign that is not a draft.';

-- schemas/campaigns/functions/start_blockers.sql

create function private.has_active_text(p_campaign_id uuid, p_variant smallint)
returns boolean
language sql
stable
set search_path = ''
as $$
  select exists (
    select from public.campaign_templates ct join public.templates t on t.id = ct.template_id
    where ct.campaign_id = p_campaign_id and ct.step = 1 and coalesce(ct.variant, p_variant) = p_variant
      and t.is_active);
$$;
comment on function private.has_active_text(uuid, smallint) is 'Whether a variant of a campaign has a first text that is active.';

create function private.start_blockers(p_campaign_id uuid, p_now timestamptz default now())
returns table (code text, message text, details jsonb, can_wait boolean)
language plpgsql
stable
set search_path = ''
as $$
declare
  v_org_id uuid := (select c.org_id from public.campaigns c where c.id = p_campaign_id);
begin
  if not exists (
    select 1 from public.campaign_templates ct join public.templates t on t.id = ct.template_id
    where ct.campaign_id = p_campaign_id and ct.step = 1 and t.is_active
  ) then
    return query select 'no_templates', 'The campaign has no active template. Add one, then start it.', '{}'::jsonb, false;
  end if;
  return query
  select 'no_templates', format('Step %s has no active template. Add one, then start the campaign.', s.step),
    jsonb_build_object('step', s.step), false
  from public.campaign_steps s
  where s.campaign_id = p_campaign_id and s.kind = 'text' and not exists (
    select from public.campaign_templates ct join public.templates t on t.id = ct.template_id
    where ct.campaign_id = s.campaign_id and ct.step = s.step and t.is_active)
  order by s.step;
  return query
  select 'no_templates', format('Variant %s has no active text. Add one, then start the campaign.', v.name),
    jsonb_build_object('variant', v.name), false
  from public.campaign_variants v
  where v.campaign_id = p_campaign_id and not private.has_active_text(p_campaign_id, v.variant)
  order by v.variant;
  if not exists (select 1 from private.campaign_numbers(p_campaign_id) n where n.status = 'active') then
    return query select 'no_phone_numbers',
      'The campaign has no active phone number. Add or activate one, then start it.', '{}'::jsonb, false;
  end if;
  if not exists (select 1 from public.twilio_accounts a where a.org_id = v_org_id) then
    return query select 'twilio_not_configured',
      'Your organisation has no Twilio account. Connect one, then start the campaign.', '{}'::jsonb, false;
  end if;
  if exists (select from public.campaigns c where c.id = p_campaign_id and c.status in ('draft', 'building')) then
    return query select 'no_targets', 'The audience is not built yet: build it first (build-targets).', '{}'::jsonb, false;
  elsif not exists (select 1 from public.campaign_targets t where t.campaign_id = p_campaign_id and t.is_waiting) then
    return query select 'no_targets',
      'Nobody is left to write to: everybody is excluded. See the reasons in its stats; to change its audience, clone it.',
      '{}'::jsonb, false;
  end if;
  return query select o.code, o.message, o.details, true from private.start_obstacle(p_campaign_id, p_now) o;
end;
$$;
comment on function private.start_blockers(uuid, timestamptz) is
  'Everything that keeps a built campaign from starting, as codes and sentences, in the order in which starting refuses them. '
  'can_wait: a campaign may be scheduled in spite of it, because it is looked at again when its time comes.';

-- schemas/campaigns/functions/start_warnings.sql

create function private.start_warnings(p_campaign public.campaigns, p_people jsonb, p_forecast jsonb, p_now timestamptz)
returns table (code text, message text, details jsonb, must_acknowledge boolean)
language plpgsql
stable
set search_path = ''
as $$
declare
  v_cost jsonb := private.preflight_cost(p_campaign, (p_forecast ->> 'waiting')::bigint);
  v_account public.twilio_accounts;
  v_judged bigint := (p_people ->> 'judged')::bigint;
  v_number record;
  v_text record;
begin
  select * into v_account from public.twilio_accounts a where a.org_id = p_campaign.org_id;
  if v_account.balance_currency = 'USD' and v_account.balance < 1.5 * (v_cost ->> 'high')::numeric then
    return query select 'balance_low', format(
      'This campaign may cost up to %s USD, and the balance at Twilio is less than one and a half times that. Other messages and '
      'answers cost money too: pay in first.', v_cost ->> 'high'),
      jsonb_build_object('checked_at', v_account.balance_checked_at, 'cost_high', v_cost -> 'high'), true;
  end if;
  if p_forecast ->> 'finishes_on' is null and (p_forecast ->> 'waiting')::bigint > 0 then
    return query select 'finishes_late',
      'The campaign will not have written to everybody within 30 days. Add numbers, raise caps, or write to fewer people.',
      jsonb_build_object('limited_by', p_forecast #> '{days,-1,limited_by}'), true;
  end if;
  if exists (
    select from public.campaign_tests t where t.campaign_id = p_campaign.id and t.status = 'running'
      and t.deadline <= greatest(p_now, p_campaign.scheduled_at) + make_interval(hours => t.maturity_hours)
  ) then
    return query select 'test_over',
      'The A/B test ends before anybody can count for it. Set it up again with a later deadline, or without one.',
      (select jsonb_build_object('deadline', t.deadline) from public.campaign_tests t where t.campaign_id = p_campaign.id), true;
  end if;
  for v_number in
    select n.e164, n.health_score from private.campaign_numbers(p_campaign.id) n
    where n.status = 'active' and n.health_score < 70 order by n.health_score, n.e164 limit 20
  loop
    return query select 'number_unhealthy', format(
      '%s has a health score of %s: carriers filter it, or people opt out. Take it out of the campaign until it recovers.',
      v_number.e164, v_number.health_score),
      jsonb_build_object('phone_number', v_number.e164, 'health_score', v_number.health_score), true;
  end loop;
  if exists (
    select 1 from public.enrichment_services s where s.org_id = p_campaign.org_id and s.kind = 'scrub' and s.is_enabled
  ) and (p_people ->> 'scrubbed')::bigint < v_judged then
    return query select 'not_scrubbed', format(
      '%s of %s phones were not looked up in your do-not-call lists within 31 days. Have them scrubbed, then start.',
      v_judged - (p_people ->> 'scrubbed')::bigint, v_judged),
      jsonb_build_object('count', v_judged - (p_people ->> 'scrubbed')::bigint, 'of', v_judged), true;
  end if;
  if (p_people ->> 'with_consent')::bigint < v_judged then
    return query select 'consent_unknown', format(
      'For %s of %s people no consent is recorded. Know on which ground you write to them.',
      v_judged - (p_people ->> 'with_consent')::bigint, v_judged),
      jsonb_build_object('count', v_judged - (p_people ->> 'with_consent')::bigint, 'of', v_judged), false;
  end if;
  if (p_people ->> 'line_type_unknown')::bigint > 0 then
    return query select 'line_type_unknown', format(
      'Of %s of %s phones nobody knows whether they are mobile; texts to landlines fail and cost. Turn on lookups in your '
      'settings.', p_people ->> 'line_type_unknown', v_judged),
      jsonb_build_object('count', (p_people ->> 'line_type_unknown')::bigint, 'of', v_judged), false;
  end if;
  if (p_people ->> 'state_unknown')::bigint > 0 then
    return query select 'state_unknown', format(
      'Of %s of %s people the state is unknown: their hours follow the area code of their phone, and the strictest of its '
      'states.', p_people ->> 'state_unknown', v_judged),
      jsonb_build_object('count', (p_people ->> 'state_unknown')::bigint, 'of', v_judged), false;
  end if;
  return query select 'test_too_small', w.message, w.details, false
  from private.test_warning(p_campaign, (p_forecast ->> 'waiting')::bigint) w;
  if p_campaign.rotation = 'thompson' and (p_forecast ->> 'waiting')::bigint > 0 then
    return query
    select 'rotation_too_small', format(
      'Rotation by what people reply to needs %s people for the %s texts of step %s, and only %s can be written to: their texts '
      'will take turns by their weights. Use fewer texts, or rotation even.', 100 * s.texts, s.texts, s.step,
      p_forecast ->> 'waiting'),
      jsonb_build_object('step', s.step, 'people', (p_forecast ->> 'waiting')::bigint, 'needed', 100 * s.texts), false
    from (
      select ct.step, count(*) as texts from public.campaign_templates ct
      join public.templates t on t.id = ct.template_id and t.is_active
      where ct.campaign_id = p_campaign.id group by ct.step
    ) s
    where s.texts > 1 and (p_forecast ->> 'waiting')::bigint < 100 * s.texts
    order by s.step limit 1;
  end if;
  for v_text in
    select t.name, i ->> 'code' as code, i ->> 'message' as message, i ->> 'remedy' as remedy
    from (select distinct ct.template_id from public.campaign_templates ct where ct.campaign_id = p_campaign.id) x
    join public.templates t on t.id = x.template_id and t.is_active
    join public.orgs o on o.id = t.org_id
    cross join lateral private.check_template(t.content, t.category, t.language, o.brand) c
    cross join lateral jsonb_array_elements(c.issues) i
    order by 1, 2 limit 50
  loop
    return query select 'text_advice', format('The text «%s»: %s %s', v_text.name, v_text.message, v_text.remedy),
      jsonb_build_object('template', v_text.name, 'issue', v_text.code), false;
  end loop;
end;
$$;
comment on function private.start_warnings(public.campaigns, jsonb, jsonb, timestamptz) is
  'What a person should know before a campaign starts, as codes and sentences. p_people: what preflight_people says; p_forecast: '
  'what forecast_of says. must_acknowledge: starting is refused until the caller says that it was read.';

-- schemas/campaigns/functions/step_figures.sql

-- The figures of a campaign's steps are checked as those of the campaign are.

create function private.wrong_step_figures(p_campaign_id uuid)
returns setof public.campaign_step_stats
language sql
stable
set search_path = ''
as $$
  -- One statement, and so one snapshot, as in private.compare_figures.
  with counted as (
    select t.step, count(*) as audience,
      count(*) filter (where t.state = 'excluded') as excluded, count(*) filter (where t.state = 'canceled') as canceled,
      count(*) filter (where t.state = 'waiting') as waiting, count(*) filter (where t.state = 'queued') as queued,
      count(*) filter (where t.state = 'sending') as sending, count(*) filter (where t.state = 'unknown') as unknown,
      count(*) filter (where t.state = 'sent') as sent, count(*) filter (where t.state = 'failed') as failed,
      count(*) filter (where t.delivery = 'delivered') as delivered,
      count(*) filter (where t.delivery = 'undelivered') as undelivered
    from public.campaign_targets t where t.campaign_id = p_campaign_id and t.step > 1 group by t.step
  ),
  unfolded as (
    select d.step, sum(d.audience) as audience, sum(d.excluded) as excluded, sum(d.canceled) as canceled,
      sum(d.waiting) as waiting, sum(d.queued) as queued, sum(d.sending) as sending, sum(d.unknown) as unknown,
      sum(d.sent) as sent, sum(d.failed) as failed, sum(d.delivered) as delivered, sum(d.undelivered) as undelivered
    from private.campaign_deltas d where d.campaign_id = p_campaign_id and d.step > 1 group by d.step
  ),
  folded as (
    select s as told, jsonb_populate_record(s, jsonb_build_object(
      'audience', coalesce(c.audience, 0) - coalesce(u.audience, 0),
      'excluded', coalesce(c.excluded, 0) - coalesce(u.excluded, 0),
      'canceled', coalesce(c.canceled, 0) - coalesce(u.canceled, 0), 'waiting', coalesce(c.waiting, 0) - coalesce(u.waiting, 0),
      'queued', coalesce(c.queued, 0) - coalesce(u.queued, 0), 'sending', coalesce(c.sending, 0) - coalesce(u.sending, 0),
      'unknown', coalesce(c.unknown, 0) - coalesce(u.unknown, 0), 'sent', coalesce(c.sent, 0) - coalesce(u.sent, 0),
      'failed', coalesce(c.failed, 0) - coalesce(u.failed, 0),
      'delivered', coalesce(c.delivered, 0) - coalesce(u.delivered, 0),
      'undelivered', coalesce(c.undelivered, 0) - coalesce(u.undelivered, 0))) as counted
    from public.campaign_step_stats s
    left join counted c on c.step = s.step
    left join unfolded u on u.step = s.step
    where s.campaign_id = p_campaign_id
  )
  select (f.counted).* from folded f where f.counted is distinct from f.told;
$$;
comment on function private.wrong_step_figures(uuid) is
  'The figures of a campaign''s steps as they should be, for those steps whose figures differ from their targets.';

create function private.check_step_figures(p_campaign_id uuid, p_now timestamptz)
returns boolean
language plpgsql
set search_path = ''
as $$
declare
  v_org_id uuid;
  v_steps smallint[];
begin
  if not exists (select from public.campaign_step_stats s where s.campaign_id = p_campaign_id)
    or not exists (select from private.wrong_step_figures(p_campaign_id)) then
    return true;
  end if;
  -- Compares once more while no fold can run: see private.check_campaign_figures.
  select s.org_id into v_org_id from public.campaign_stats s where s.campaign_id = p_campaign_id for no key update;
  with corrected as (
    update public.campaign_step_stats s
    set audience = w.audience, excluded = w.excluded, canceled = w.canceled, waiting = w.waiting, queued = w.queued,
      sending = w.sending, unknown = w.unknown, sent = w.sent, failed = w.failed, delivered = w.delivered,
      undelivered = w.undelivered
    from private.wrong_step_figures(p_campaign_id) w
    where s.campaign_id = w.campaign_id and s.step = w.step
    returning s.step
  )
  select array_agg(c.step order by c.step) into v_steps from corrected c;
  if v_steps is null then
    return true;
  end if;
  perform private.raise_alert(v_org_id, 'figures_do_not_add_up', 'critical',
    format('The figures of steps %s of campaign "%s" differed from their targets and were counted anew. No message was sent or '
      'lost by this; tell the people who run the platform.', array_to_string(v_steps, ', '),
      (select c.name from public.campaigns c where c.id = p_campaign_id)),
    p_campaign_id, null, jsonb_build_object('steps', v_steps));
  return false;
end;
$$;
comment on function private.check_step_figures(uuid, timestamptz) is
  'Checks the figures of a campaign''s steps, corrects those that are wrong, and raises a critical alert about them. Returns '
  'true if all were right.';

-- schemas/campaigns/functions/step_obstacle.sql

create function private.step_obstacle(p_target_id uuid)
returns text
language plpgsql
stable
set search_path = ''
as $$
declare
  v_target public.campaign_targets;
  v_step public.campaign_steps;
  v_before public.target_state;
  v_lead record;
  v_phones text[];
  v_contacts record;
begin
  select * into v_target from public.campaign_targets t where t.id = p_target_id;
  select * into v_step from public.campaign_steps s where s.campaign_id = v_target.campaign_id and s.step = v_target.step;
  if v_step.kind = 'text' then
    select t.state into v_before from public.campaign_targets t
    where t.campaign_id = v_target.campaign_id and t.e164 = v_target.e164 and t.step = v_target.step - 1 and t.is_included;
    if v_before in ('failed', 'canceled') then
      return 'earlier_step_failed';
    elsif v_before <> 'sent' then
      return 'earlier_step_open';
    end if;
  end if;

  select l.status, l.deleted_at, l.consent_status as lead_consent, p.consent_status, p.is_valid, p.line_type into v_lead
  from public.leads l left join public.lead_phones p on p.id = v_target.lead_phone_id where l.id = v_target.lead_id;
  if v_lead.deleted_at is not null then
    return 'lead_deleted';
  elsif v_lead.status = 'do_not_contact' then
    return 'do_not_contact';
  elsif 'denied' in (v_lead.lead_consent, v_lead.consent_status) then
    return 'no_consent';
  elsif v_lead.is_valid is false then
    return 'invalid_phone';
  elsif v_lead.line_type = 'landline' then
    return 'landline';
  -- Whenever the deal began: a buyer who negotiates with somebody writes to them in person.
  elsif v_lead.status = any (private.converted_stages()) and 'converted' = any (v_step.stop_on) then
    return 'converted';
  end if;

  -- An answer from any phone in the campaign's audience is an answer of this person, also from one that was left out: it may have
  -- been written to before, and what seemed to be dead is not.
  v_phones := array(
    select distinct t.e164 from public.campaign_targets t
    where t.lead_id = v_target.lead_id and t.campaign_id = v_target.campaign_id);
  select bool_or(c.held_at is not null) as are_held, max(c.last_inbound_at) as last_inbound_at into v_contacts
  from unnest(v_phones) as x(e164)
  cross join lateral (
    select k.held_at, k.last_inbound_at from private.contacts k
    where k.org_id = v_target.org_id and k.e164 = x.e164 limit 1) c;
  if v_contacts.are_held then
    return 'held';
  end if;
  if v_contacts.last_inbound_at >= v_target.replies_since then
    return (
      select a.stop
      from public.conversations c
      join public.messages m on m.conversation_id = c.id and m.kind = 'inbound' and m.created_at >= v_target.replies_since
      cross join lateral private.stop_of_answer(coalesce(m.reviewed_as, m.classification),
        case when m.reviewed_as is null then m.class_rule end, c.e164 = v_target.e164, v_step.stop_on) as a(stop)
      where c.org_id = v_target.org_id and c.e164 = any (v_phones) and a.stop is not null
      order by array_position(array['opted_out', 'deceased', 'wrong_number', 'not_interested', 'interested', 'replied'], a.stop)
      limit 1);
  end if;
  -- What a person of the organisation noted after a call.
  return (
    select e.new_value from public.lead_events e
    where e.lead_id = v_target.lead_id and e.kind = 'status' and e.new_value = v_lead.status
      and e.created_at >= v_target.replies_since
      and (e.new_value = 'not_interested' or e.new_value = 'interested' and 'interested' = any (v_step.stop_on))
    limit 1);
end;
$$;
comment on function private.step_obstacle(uuid) is
  'Why a target of a step after the first may not be sent: held and earlier_step_open pass; every other one ends the step '
  '(private.ends_step). Null if it may. The caller knows that the phone is neither suppressed nor invalid.';

-- schemas/campaigns/functions/step_stops.sql

-- What ends the steps of a person. Planning and the claim ask the same function; an answer cancels at once what waits.

create function private.says_not_owner(p_rule text)
returns boolean
language sql
immutable
set search_path = ''
as $$
  select coalesce(p_rule = any (array['wrong_number.en.owns no land', 'wrong_number.en.has none', 'wrong_number.en.has no land',
    'wrong_number.en.not mine', 'wrong_number.en.isn''t mine', 'wrong_number.en.not the owner', 'wrong_number.en.renter',
    'wrong_number.es.no soy el dueño', 'wrong_number.es.no es mío', 'wrong_number.es.no tengo terreno',
    'wrong_number.es.nunca tuve']), false);
$$;
comment on function private.says_not_owner(text) is
  'Whether an answer that counts as a wrong number says, by the rule that decided it, that the land is not theirs. That is true '
  'of every phone of the lead; a wrong number is true of one phone.';

create function private.stop_of_answer(p_class text, p_rule text, p_is_same_phone boolean, p_stop_on text[])
returns text
language sql
immutable
set search_path = ''
as $$
  select case
    when p_class in ('automatic', 'start') then null
    when p_class = 'stop' then 'opted_out'
    when p_class in ('deceased', 'not_interested') then p_class
    when p_class = 'wrong_number' then case when p_is_same_phone or private.says_not_owner(p_rule) then 'wrong_number' end
    when p_class in ('interested', 'liked') and 'interested' = any (p_stop_on) then 'interested'
    -- Also a question for help, a dislike or an unclear text: somebody wrote.
    when 'replied' = any (p_stop_on) then 'replied'
  end;
$$;
comment on function private.stop_of_answer(text, text, boolean, text[]) is
  'Why a text of this class, from the phone of a step or from another phone of its lead, ends the step; null if it does not. '
  'p_rule: the rule that decided the class. p_stop_on: campaign_steps.stop_on. Automatic answers and START end nothing.';

create function private.ends_step(p_obstacle text)
returns boolean
language sql
immutable
set search_path = ''
as $$
  select p_obstacle = any (array['opted_out', 'deceased', 'wrong_number', 'not_interested', 'interested', 'replied',
    'converted', 'do_not_contact', 'no_consent', 'landline', 'invalid_phone', 'lead_deleted', 'earlier_step_failed']);
$$;
comment on function private.ends_step(text) is
  'Whether this answer of private.step_obstacle, or verdict of a claim, ends a step for good.';

create function private.stop_steps(p_org_id uuid, p_e164 text, p_now timestamptz)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_targets uuid[];
  v_obstacle text;
  v_count integer := 0;
  v_id uuid;
begin
  -- Those of other phones of the lead too. They are locked only if nobody holds them; else planning or the claim finds the
  -- answer.
  v_targets := array(
    select t.id from public.campaign_targets t
    where t.id in (
        select w.id from public.campaign_targets s
        cross join lateral (
          select o.id from public.campaign_targets o
          where o.lead_id = s.lead_id and o.campaign_id = s.campaign_id and o.step > 1 and o.state in ('waiting', 'queued')
            offset 0
        ) w
        where s.org_id = p_org_id and s.e164 = p_e164)
    order by t.id for no key update skip locked);
  foreach v_id in array v_targets loop
    v_obstacle := private.step_obstacle(v_id);
    if private.ends_step(v_obstacle) then
      v_count := v_count + private.cancel_targets(array[v_id], v_obstacle, p_now);
    end if;
  end loop;
  return v_count;
end;
$$;
comment on function private.stop_steps(uuid, text, timestamptz) is
  'Cancels later steps that an answer from this phone ends, of all campaigns; returns how many. The caller holds the contact.';

-- schemas/campaigns/functions/test_interval.sql

-- The interval that A/B tests look at. However often one looks, the chance that it ever leaves out the true difference of two
-- rates stays about alpha: an asymptotic confidence sequence (Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas, "Time-uniform
-- central limit theory and asymptotic confidence sequences", 2021, equation 10), as GrowthBook's sequential tests have it. An
-- ordinary interval, looked at sixty times, crowned 30 % of equal texts in a simulation.

create function private.test_rho2(p_alpha double precision, p_tuning_n double precision)
returns double precision
language sql
immutable
set search_path = ''
as $$ select (-2 * ln(p_alpha) + ln(1 - 2 * ln(p_alpha))) / p_tuning_n $$;
comment on function private.test_rho2(double precision, double precision) is
  'The square of the interval''s rho, which makes it tightest when p_tuning_n people of both arms are counted.';

create function private.test_half_width(p_variance double precision, p_n double precision, p_alpha double precision,
  p_tuning_n double precision)
returns double precision
language sql
immutable
set search_path = ''
as $$
  select sqrt(2 * p_variance * (p_n * r.rho2 + 1) / (p_n * p_n * r.rho2) * ln(sqrt(p_n * r.rho2 + 1) / p_alpha))
  from (select private.test_rho2(p_alpha, p_tuning_n) as rho2) r;
$$;
comment on function private.test_half_width(double precision, double precision, double precision, double precision) is
  'Half the width of the interval of a difference of two rates. p_n: people of both arms; p_variance: p_n times the variance of '
  'the difference.';

create function private.test_interval(p_yes_1 double precision, p_n_1 double precision, p_yes_2 double precision,
  p_n_2 double precision, p_alpha double precision, p_tuning_n double precision)
returns double precision
language sql
immutable
set search_path = ''
as $$
  select case when p_n_1 > 0 and p_n_2 > 0 then private.test_half_width(
    (p_n_1 + p_n_2) * (p_yes_1 * (p_n_1 - p_yes_1) / p_n_1 ^ 3 + p_yes_2 * (p_n_2 - p_yes_2) / p_n_2 ^ 3),
    p_n_1 + p_n_2, p_alpha, p_tuning_n) end;
$$;
comment on function private.test_interval(double precision, double precision, double precision, double precision,
  double precision, double precision) is
  'Half the width of the interval of the difference of two arms'' rates; null without people in both. p_alpha: already divided '
  'by the number of pairs.';

-- schemas/campaigns/functions/test_people.sql

-- How many people an A/B test needs: said before it begins, with the interval that will judge it.

create function private.test_suffices(p_goal text, p_people double precision, p_rate double precision,
  p_difference double precision, p_alpha double precision, p_tuning_n double precision)
returns boolean
language sql
immutable
set search_path = ''
as $$
  -- 80 % of a normal distribution are below 0.8416212335729143: in four of five tests, what is seen is no further than that from
  -- what is true.
  select case p_goal
    when 'difference' then p_difference >= private.test_half_width(2 * v.difference, 2 * p_people, p_alpha, p_tuning_n)
      + 0.8416212335729143 * sqrt(v.difference / p_people)
    when 'opt_outs' then p_difference >= private.wilson_high(p_rate * p_people, p_people) - p_rate
      + 0.8416212335729143 * sqrt(v.opt_outs / p_people)
  end
  from (select p_rate * (1 - p_rate) + (p_rate + p_difference) * (1 - p_rate - p_difference) as difference,
    2 * p_rate * (1 - p_rate) as opt_outs) v;
$$;
comment on function private.test_suffices(text, double precision, double precision, double precision, double precision,
  double precision) is
  'Whether so many people an arm will do in four of five tests. difference: the interval of two rates that are p_difference '
  'apart leaves out 0. opt_outs: arms with the same rate are seen to be no further apart than p_difference.';

create function private.test_people(p_goal text, p_rate double precision, p_difference double precision,
  p_alpha double precision default 0.05, p_tuning_n double precision default 5000)
returns bigint
language plpgsql
immutable
set search_path = ''
as $$
declare
  v_low bigint := 0;
  v_high bigint := 1000000000;
  v_middle bigint;
begin
  if private.test_suffices(p_goal, v_high, p_rate, p_difference, p_alpha, p_tuning_n) is not true then
    return null;
  end if;
  while v_high - v_low > 1 loop
    v_middle := (v_low + v_high) / 2;
    if private.test_suffices(p_goal, v_middle, p_rate, p_difference, p_alpha, p_tuning_n) then
      v_high := v_middle;
    else
      v_low := v_middle;
    end if;
  end loop;
  return v_high;
end;
$$;
comment on function private.test_people(text, double precision, double precision, double precision, double precision) is
  'The fewest people an arm that private.test_suffices; null if a billion do not.';

create function private.test_difference(p_rate double precision, p_people double precision, p_alpha double precision,
  p_tuning_n double precision)
returns double precision
language plpgsql
immutable
set search_path = ''
as $$
declare
  v_low double precision := 0;
  v_high double precision := 1 - p_rate;
begin
  if p_people < 1 or private.test_suffices('difference', p_people, p_rate, v_high, p_alpha, p_tuning_n) is not true then
    return null;
  end if;
  for i in 1 .. 30 loop
    if private.test_suffices('difference', p_people, p_rate, (v_low + v_high) / 2, p_alpha, p_tuning_n) then
      v_high := (v_low + v_high) / 2;
    else
      v_low := (v_low + v_high) / 2;
    end if;
  end loop;
  return v_high;
end;
$$;
comment on function private.test_difference(double precision, double precision, double precision, double precision) is
  'The smallest difference from a rate that so many people an arm find in four of five tests; null if they find none.';

create function private.test_size_shape()
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select private.object_shape(jsonb_build_object(
    'baseline', '{"type": "number", "minimum": 0.1, "maximum": 90}'::jsonb,
    'difference', '{"type": "number", "minimum": 0.05, "maximum": 50}'::jsonb,
    'opt_out_rate', '{"type": "number", "minimum": 0, "maximum": 20}'::jsonb,
    'arms', '{"type": "integer", "minimum": 2, "maximum": 10}'::jsonb,
    'alpha', t.fields -> 'alpha', 'tuning_n', t.fields -> 'tuning_n', 'min_per_arm', t.fields -> 'min_per_arm',
    'campaign_id', '{"type": "string", "format": "uuid"}'::jsonb), '{baseline,difference}')
  from (select private.campaign_test_shape() -> 'properties' as fields) t;
$$;
comment on function private.test_size_shape() is
  'The shape of a question for the size of a test. baseline and opt_out_rate are percent, difference is points.';

create function private.test_warning(p_campaign public.campaigns, p_waiting bigint)
returns table (message text, details jsonb)
language plpgsql
stable
set search_path = ''
as $$
declare
  v_test public.campaign_tests;
  v_arms integer;
  v_people bigint;
  v_rate double precision;
  v_difference double precision;
  v_is_too_few boolean;
begin
  select * into v_test from public.campaign_tests t where t.campaign_id = p_campaign.id and t.status = 'running';
  if v_test.id is null then
    return;
  end if;
  select count(*), floor(p_waiting * v_test.test_percent / 100.0 * min(v.share) / sum(v.share)) into v_arms, v_people
  from public.campaign_variants v where v.campaign_id = p_campaign.id;
  -- What the organisation's last campaigns brought, or what campaigns usually bring.
  select case when sum(s.sent) >= 1000 and sum(s.replies) > 0 then sum(s.replies)::double precision / sum(s.sent) else 0.05 end
    * case v_test.metric when 'interested' then 0.3 else 1 end into v_rate
  from (
    select x.sent, x.replies from public.campaigns c join public.campaign_stats x on x.campaign_id = c.id
    where c.org_id = p_campaign.org_id order by c.created_at desc limit 50
  ) s;
  v_rate := least(v_rate, 0.9);
  v_difference := private.test_difference(v_rate, v_people, private.pair_alpha(v_test.alpha, v_arms), v_test.tuning_n);
  v_is_too_few := v_people < v_test.min_per_arm or v_people * v_rate < private.least_answers() or v_difference is null;
  if v_is_too_few or v_difference > v_rate / 2 then
    return query select format('The A/B test has %s people for a variant. %s Write to more people, or compare fewer texts.',
      v_people, case
        when v_is_too_few then format('That is too few for a winner: it needs %s, and %s answers in each.', v_test.min_per_arm,
            private.least_answers())
        else format('So it will find only a text that is better by some %s points, where %s %% can be expected.',
          round((100 * v_difference)::numeric, 1), round((100 * v_rate)::numeric, 1)) end),
      jsonb_build_object('people_per_arm', v_people, 'expected_rate', round((100 * v_rate)::numeric, 2),
        'smallest_difference', round((100 * v_difference)::numeric, 2));
  end if;
end;
$$;
comment on function private.test_warning(public.campaigns, bigint) is
  'What to know of a campaign''s A/B test before it starts: nothing unless its audience is so small that only a text that is '
  'half as good again would be found.';

-- schemas/campaigns/functions/test_size.sql

create function private.test_size(p_input jsonb, p_now timestamptz default now())
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('viewer');
  v_campaign public.campaigns;
  v_test public.campaign_tests;
  v_arms integer;
  v_alpha double precision;
  v_baseline double precision;
  v_difference double precision;
  v_for_difference bigint;
  v_for_answers bigint;
  v_for_opt_outs bigint;
  v_people bigint;
  v_waiting bigint;
  v_days integer;
begin
  perform private.check_shape(p_input, private.test_size_shape());
  v_baseline := (p_input ->> 'baseline')::double precision / 100;
  v_difference := (p_input ->> 'difference')::double precision / 100;
  if v_baseline + v_difference >= 1 then
    perform private.refuse_field('difference', 'difference and baseline must be less than 100 together.');
  end if;
  if p_input ? 'campaign_id' then
    v_campaign := private.find_campaign(v_org_id, (p_input ->> 'campaign_id')::uuid);
    select * into v_test from public.campaign_tests t where t.campaign_id = v_campaign.id;
  end if;
  v_arms := coalesce((p_input ->> 'arms')::numeric::integer, greatest(2, (
    select count(*) from public.campaign_variants v where v.campaign_id = v_campaign.id)::integer));
  v_alpha := private.pair_alpha(coalesce((p_input ->> 'alpha')::double precision, v_test.alpha, 0.05), v_arms);
  v_for_difference := private.test_people('difference', v_baseline, v_difference, v_alpha,
    coalesce((p_input ->> 'tuning_n')::double precision, v_test.tuning_n, 5000));
  v_for_answers := ceil(private.least_answers() / v_baseline);
  v_for_opt_outs := private.test_people('opt_outs', coalesce((p_input ->> 'opt_out_rate')::double precision, 1) / 100,
    private.most_extra_opt_outs());
  -- greatest() would leave out what has no bound.
  if v_for_difference is not null and v_for_opt_outs is not null then
    v_people := greatest(v_for_difference, v_for_answers, v_for_opt_outs,
      coalesce((p_input ->> 'min_per_arm')::numeric::integer, v_test.min_per_arm, 200));
  end if;
  -- Before it is built nobody knows how many there will be.
  if v_campaign.built_at is not null then
    v_campaign.quiet_hours_override := private.honours_override(v_campaign);
    select count(*) into v_waiting from public.campaign_targets t
    where t.campaign_id = v_campaign.id and t.is_waiting and t.step = 1;
    select min(d.n) into v_days from (
      select row_number() over (order by f.day) as n, sum(f.messages) over (order by f.day) as sent
      from private.campaign_forecast(v_campaign, 30, p_now) f
    ) d where d.sent >= v_people * v_arms;
  end if;
  return jsonb_build_object('arms', v_arms, 'people_per_arm', v_people, 'people', v_people * v_arms,
    'for_difference', v_for_difference, 'for_answers', v_for_answers, 'for_opt_outs', v_for_opt_outs,
    'waiting', v_waiting, 'days_to_send', v_days, 'maturity_hours', coalesce(v_test.maturity_hours, 48));
end;
$$;
comment on function private.test_size(jsonb, timestamptz) is
  'How many people an A/B test needs to find a difference in four of five tests, by private.test_size_shape. people_per_arm is '
  'the most of what the difference, the least answers of each arm and the comparison of opt-outs need. With campaign_id also '
  'how many wait (null before it is built), and on which day of its forecast so many are sent (null: not within 30 days). Needs '
  'viewer. Raises PT403, PT404, PT422. Security definer: users may not read the forecast''s tables.';
grant execute on function private.test_size(jsonb, timestamptz) to authenticated;

create function public.test_size(p_input jsonb) returns jsonb
  language sql stable set search_path = '' as $$ select private.test_size(p_input); $$;
comment on function public.test_size(jsonb) is
  'Calls the private function of the same name, which checks role and organisation, with the current time.';
grant execute on function public.test_size(jsonb) to authenticated;

-- schemas/campaigns/functions/variants.sql

-- Variants: an A/B test divides a campaign's audience exactly, by a stable order; within a variant templates rotate by weight.

create function private.set_campaign_templates(p_campaign public.campaigns, p_step smallint, p_variant smallint,
  p_template_ids jsonb, p_weights jsonb, p_categories text[], p_field text)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_missing jsonb;
begin
  select to_jsonb(array_agg(x)) into v_missing from jsonb_array_elements_text(p_template_ids) x
  where not exists (select 1 from public.templates t where t.id = x::uuid and t.org_id = p_campaign.org_id and t.is_active
    and t.category = any (p_categories));
  if v_missing is not null then
    perform private.raise_error('PT422', 'invalid_input', 'Some templates do not exist, are inactive or are of another category.',
      jsonb_build_object('errors',
      jsonb_build_array(jsonb_build_object('field', p_field, 'message',
        format('Remove or replace %s; only active %s templates of your organisation can be used.', v_missing,
        array_to_string(p_categories, ' or '))))));
  end if;
  insert into public.campaign_templates (org_id, campaign_id, template_id, variant, step, weight)
  select distinct p_campaign.org_id, p_campaign.id, x::uuid, p_variant, p_step, coalesce((p_weights ->> x)::smallint, 1)
  from jsonb_array_elements_text(p_template_ids) x;
exception when unique_violation then
  perform private.raise_error('PT422', 'invalid_input', 'A template is in two variants.', jsonb_build_object('errors',
    jsonb_build_array(jsonb_build_object('field', p_field, 'message',
      'List each template in one variant only; otherwise the variant of a message would be unclear.'))));
end;
$$;
comment on function private.set_campaign_templates(public.campaigns, smallint, smallint, jsonb, jsonb, text[], text) is
  'Adds templates of p_categories to a step of a campaign (or one variant of it) with their weights (1 if not given). Raises '
  'PT422 naming p_field for templates that are not the organisation''s or are listed twice.';

create function private.assign_variants(p_campaign_id uuid, p_from bigint)
returns void
language sql
set search_path = ''
as $$
  -- People are ordered by a hash of campaign and phone, so that a person gets the same variant whenever the audience is the same.
  -- The number for each variant is its exact share of all targets so far, minus those assigned before, so that chunks never drift
  -- from the shares.
  with fresh as (
    select t.id, row_number() over (order by hashtextextended(p_campaign_id::text || t.e164, 0), t.id) as n,
      count(*) over () as total
    from public.campaign_targets t
    where t.campaign_id = p_campaign_id and t.org_id = (select c.org_id from public.campaigns c where c.id = p_campaign_id)
      and t.ordinal > p_from and t.is_included
  ),
  test as (
    select x.id, x.test_percent, x.held from public.campaign_tests x
    where x.campaign_id = p_campaign_id and x.status = 'running' and x.test_percent < 100
  ),
  shares as (
    select v.variant,
      sum(v.share) over (order by v.variant)::numeric / sum(v.share) over () as upto,
      sum(v.assigned) over (order by v.variant) as before,
      sum(v.assigned) over () as all_before
    from (
      select x.variant, x.share * coalesce((select t.test_percent from test t), 100) as share, x.assigned
      from public.campaign_variants x where x.campaign_id = p_campaign_id
      union all
      -- Those whom a test keeps back are one more share.
      select 11, (100 - t.test_percent) * (
        select sum(x.share) from public.campaign_variants x where x.campaign_id = p_campaign_id), t.held
      from test t
    ) v
  ),
  cuts as (
    select s.variant, max(round(s.upto * (s.all_before + f.total)) - s.before) over (order by s.variant) as upto
    from shares s cross join (select coalesce(max(fresh.total), 0) as total from fresh) f
  ),
  given as (
    update public.campaign_targets t
    set variant = nullif(f.variant, 11), assigned_variant = case f.variant when 11 then 0 end,
      not_before = case f.variant when 11 then 'infinity' else t.not_before end
    from (select x.id, (select min(c.variant) from cuts c where x.n <= c.upto) as variant from fresh x) f
    where t.id = f.id
    returning t.variant
  ),
  held as (
    update public.campaign_tests x set held = x.held + g.n
    from (select count(*)::integer as n from given where given.variant is null) g, test t
    where x.id = t.id and g.n > 0
  )
  update public.campaign_variants v set assigned = v.assigned + g.n
  from (select g.variant, count(*)::integer as n from given g group by g.variant) g
  where v.campaign_id = p_campaign_id and v.variant = g.variant;
$$;
comment on function private.assign_variants(uuid, bigint) is
  'Assigns a variant to each target with an ordinal after p_from. Over the whole audience the numbers are exact to one target, '
  'and a stable hash decides who gets which variant. A test of a part of the audience keeps the others back: they have none, and '
  'are not due until private.move_variants gives them one.';

-- schemas/campaigns/queues.sql

select pgmq.create('builds');
-- private.read_in_turn finds the organisation whose turn is next by the first index, private.drop_work the campaign that is no
-- longer built by the second.
create index q_builds_turn_idx on pgmq.q_builds ((coalesce(message ->> 'org_id', '')), vt);
create index q_builds_campaign_idx on pgmq.q_builds ((message ->> 'campaign_id'));

-- schemas/campaigns/tasks.sql

insert into private.tasks (name, seconds, is_prompt, due) values
  ('fold', 1, true, 'select exists (select from private.campaign_deltas)');

insert into private.task_parts (task, place, kind, call) values
  ('fold', 1, 'fold_stats', $$select private.fold_stats(p_apart => '950 milliseconds', p_org_id => $1)$$);

insert into private.tasks (name, seconds, due) values ('ab-tests', 5, $$select
  exists (select from private.test_turns t where t.look_at <= now())
  or exists (select from private.test_turns t where t.move_at <= now())$$);

insert into private.task_parts (task, place, kind, items, call, seconds) values
  ('ab-tests', 1, 'move_variants', 'select t.campaign_id, t.org_id from private.test_turns t where t.move_at <= now()',
    'select private.move_variants($1)', 5),
  ('ab-tests', 2, 'look_at_test', 'select t.campaign_id, t.org_id from private.test_turns t where t.look_at <= now()',
    'select private.look_at_test($1)', 10);

insert into private.tasks (name, seconds, due) values ('rotation', 10,
  'select exists (select from private.rotation_turns t where t.look_at <= now())');

insert into private.task_parts (task, place, kind, items, call, seconds) values
  ('rotation', 1, 'learn_rotation', 'select t.campaign_id, t.org_id from private.rotation_turns t where t.look_at <= now()',
    'select private.learn_rotation($1)', 10);

-- schemas/campaigns/cron.sql

select cron.schedule('check-figures', '* * * * *',
  $$select private.run_apart('check_figures', 'select private.check_figures(p_org_id => $1)')$$);
