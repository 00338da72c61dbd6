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
