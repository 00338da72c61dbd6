-- Campaigns: what is sent to whom, the backlog (targets), and figures that reconcile by construction.
-- Figures: a statement trigger on targets appends one delta row per campaign and statement; a fold adds them up once a second.

create type public.campaign_status as enum
  ('draft', 'building', 'ready', 'scheduled', 'running', 'paused', 'completed', 'stopped');
comment on type public.campaign_status is
  'draft → building → ready → scheduled → running ⇄ paused → completed | stopped.';

create type public.target_state as enum
  ('excluded', 'canceled', 'waiting', 'queued', 'sending', 'unknown', 'sent', 'failed');
comment on type public.target_state is
  'A target is in exactly one: the sum over all is the audience. delivered, undelivered and unconfirmed are parts of sent.';

create table public.campaigns (
  id uuid primary key default gen_random_uuid(),
  org_id uuid not null references public.orgs (id) on delete cascade,
  name text not null check (length(trim(name)) between 1 and 200),
  description text check (length(description) <= 2000),
  type text not null default 'broadcast' check (type in ('broadcast')),
  status public.campaign_status not null default 'draft',
  status_reason text,
  template_category text not null default 'initial' check (template_category in ('initial', 'followup')),
  target_criteria jsonb not null default '{}' check (jsonb_typeof(target_criteria) = 'object'),
  phones text not null default 'primary' check (phones in ('primary', 'all')),
  mps numeric(8, 3) check (mps > 0),
  daily_cap integer check (daily_cap >= 0),
  cooldown_days smallint check (cooldown_days between 0 and 3650),
  quiet_hours_override boolean not null default false,
  retry_undelivered boolean not null default false,
  scheduled_at timestamptz,
  built_at timestamptz,
  build_cursor uuid,
  started_at timestamptz,
  paused_at timestamptz,
  finished_at timestamptz,
  needs_attention text,
  created_by uuid references public.users (id) on delete set null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (org_id, id),
  check ((status in ('completed', 'stopped')) = (finished_at is not null)),
  check (status <> 'scheduled' or scheduled_at is not null)
);
comment on table public.campaigns is 'A campaign: its audience (target_criteria), pace and state. mps and daily_cap (messages) null: no limit of its own. cooldown_days null: the organisation''s.';
comment on column public.campaigns.quiet_hours_override is 'May send at any hour. Honoured only while the Twilio API is a loopback host (a simulator): refused when saved and again when claimed anywhere else.';
comment on column public.campaigns.retry_undelivered is 'Also retry 30003 (unreachable handset) and 30008 (unknown), which were handed to a carrier.';
comment on column public.campaigns.needs_attention is 'Why the campaign cannot proceed by itself; null when it can.';
create index campaigns_list_idx on public.campaigns (org_id, created_at desc);
create index campaigns_status_idx on public.campaigns (org_id, status);
create index campaigns_active_idx on public.campaigns (status, org_id) where status in ('building', 'scheduled', 'running');
create index campaigns_created_by_idx on public.campaigns (created_by) where created_by is not null;
create trigger campaigns_updated_at before update on public.campaigns
  for each row execute function private.set_updated_at();

create table public.campaign_templates (
  org_id uuid not null,
  campaign_id uuid not null,
  template_id uuid not null,
  primary key (campaign_id, template_id),
  foreign key (org_id, campaign_id) references public.campaigns (org_id, id) on delete cascade,
  foreign key (org_id, template_id) references public.templates (org_id, id) on delete restrict
);
comment on table public.campaign_templates is 'The templates a campaign rotates.';
create index campaign_templates_template_idx on public.campaign_templates (org_id, template_id);
create index campaign_templates_campaign_idx on public.campaign_templates (org_id, campaign_id);

create table public.campaign_phone_numbers (
  org_id uuid not null,
  campaign_id uuid not null,
  phone_number_id uuid not null,
  primary key (campaign_id, phone_number_id),
  foreign key (org_id, campaign_id) references public.campaigns (org_id, id) on delete cascade,
  foreign key (org_id, phone_number_id) references public.phone_numbers (org_id, id) on delete cascade
);
comment on table public.campaign_phone_numbers is 'The pool a campaign sends from; none listed: every number of the organisation.';
create index campaign_phone_numbers_number_idx on public.campaign_phone_numbers (org_id, phone_number_id);
create index campaign_phone_numbers_campaign_idx on public.campaign_phone_numbers (org_id, campaign_id);

create table public.campaign_targets (
  id uuid primary key default gen_random_uuid(),
  org_id uuid not null,
  campaign_id uuid not null,
  lead_id uuid not null references public.leads (id) on delete cascade,
  lead_phone_id uuid references public.lead_phones (id) on delete set null,
  e164 text not null,
  step smallint not null default 1 check (step >= 1),
  ordinal bigint not null,
  window_key text not null,
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
  foreign key (org_id, campaign_id) references public.campaigns (org_id, id) on delete cascade,
  check ((state = 'sent') = (delivery is not null)),
  check (state not in ('excluded', 'canceled') or reason is not null)
) with (fillfactor = 80);
comment on table public.campaign_targets is 'The backlog: one row per campaign, phone and step, with a reason where it was excluded, canceled or failed.';
comment on column public.campaign_targets.window_key is 'The time zones and states the person may be in: private.windows says whether they may be written to now.';
comment on column public.campaign_targets.min_segments is 'Set when a rendered text was longer than charged: the next plan charges at least this.';
create unique index campaign_targets_once_key on public.campaign_targets (campaign_id, e164, step) where state <> 'excluded';
create index campaign_targets_waiting_idx on public.campaign_targets (campaign_id, window_key, not_before, ordinal) where state = 'waiting';
create index campaign_targets_active_idx on public.campaign_targets (campaign_id) where state in ('queued', 'sending');
create index campaign_targets_open_phone_idx on public.campaign_targets (org_id, e164) where state in ('waiting', 'queued', 'sending');
create index campaign_targets_list_idx on public.campaign_targets (campaign_id, ordinal);
create index campaign_targets_org_idx on public.campaign_targets (org_id, campaign_id);
create index campaign_targets_lead_idx on public.campaign_targets (lead_id);
create index campaign_targets_lead_phone_idx on public.campaign_targets (lead_phone_id) where lead_phone_id is not null;

create table private.campaign_pace (
  campaign_id uuid primary key references public.campaigns (id) on delete cascade,
  next_slot_at timestamptz not null default '-infinity',
  planned_at timestamptz not null default '-infinity'
) with (fillfactor = 50);
comment on table private.campaign_pace is 'The clock of a campaign: its own mps, and when it was last given a turn.';

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
comment on table public.campaign_stats is 'A campaign''s figures, folded at most once a second. audience = excluded + canceled + waiting + queued + sending + unknown + sent + failed.';
create index campaign_stats_org_idx on public.campaign_stats (org_id, campaign_id);

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
  segments integer not null default 0
) with (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_cost_delay = 0);
comment on table private.campaign_deltas is 'Changes of figures, appended by whoever makes them and folded into campaign_stats. Counting in place would lock one row for every message.';

create function private.add_campaign_rows()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  insert into private.campaign_pace (campaign_id) values (new.id) on conflict do nothing;
  insert into public.campaign_stats (campaign_id, org_id) values (new.id, new.org_id) on conflict do nothing;
  return null;
end;
$$;
comment on function private.add_campaign_rows() is 'Trigger: every campaign has its clock and its row of figures. Definer: whoever may add a campaign may write neither.';
create trigger campaigns_rows after insert on public.campaigns
  for each row execute function private.add_campaign_rows();

create function private.append_target_deltas()
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
        select org_id, campaign_id, state, delivery, 1 as n from after_rows
        union all
        select org_id, campaign_id, state, delivery, -1 from before_rows
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
comment on function private.append_target_deltas() is 'Statement trigger: one delta row per campaign for what a statement changed, so figures reconcile whoever writes. Definer: whoever changes a target may not write figures.';
create trigger campaign_targets_deltas_insert after insert on public.campaign_targets
  referencing new table as after_rows for each statement execute function private.append_target_deltas();
create trigger campaign_targets_deltas_update after update on public.campaign_targets
  referencing old table as before_rows new table as after_rows for each statement execute function private.append_target_deltas();
create trigger campaign_targets_deltas_delete after delete on public.campaign_targets
  referencing old table as before_rows for each statement execute function private.append_target_deltas();

alter table public.campaigns enable row level security;
create policy "people read campaigns of their organisation" on public.campaigns
  for select to authenticated using (org_id = (select private.org_id()));
grant select on public.campaigns to authenticated;
grant select, insert, update, delete on public.campaigns to service_role;

alter table public.campaign_templates enable row level security;
create policy "people read campaign templates of their organisation" on public.campaign_templates
  for select to authenticated using (org_id = (select private.org_id()));
grant select on public.campaign_templates to authenticated;
grant select, insert, update, delete on public.campaign_templates to service_role;

alter table public.campaign_phone_numbers enable row level security;
create policy "people read campaign numbers of their organisation" on public.campaign_phone_numbers
  for select to authenticated using (org_id = (select private.org_id()));
grant select on public.campaign_phone_numbers to authenticated;
grant select, insert, update, delete on public.campaign_phone_numbers to service_role;

alter table public.campaign_targets enable row level security;
create policy "people read targets of their organisation" on public.campaign_targets
  for select to authenticated using (org_id = (select private.org_id()));
grant select on public.campaign_targets to authenticated;
grant select on public.campaign_targets to service_role;

alter table public.campaign_stats enable row level security;
create policy "people read campaign figures of their organisation" on public.campaign_stats
  for select to authenticated using (org_id = (select private.org_id()));
grant select on public.campaign_stats to authenticated;
grant select on public.campaign_stats to service_role;

alter table private.campaign_pace enable row level security;
alter table private.campaign_deltas enable row level security;
