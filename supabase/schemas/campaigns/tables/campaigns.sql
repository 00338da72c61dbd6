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
  mps numeric(8, 3) check (mps between 0.001 and 1000),
  daily_cap integer check (daily_cap between 0 and 10000000),
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
  breaker_since timestamptz,
  unique (org_id, id),
  check ((status in ('completed', 'stopped')) = (finished_at is not null)),
  check (status <> 'scheduled' or scheduled_at is not null),
  constraint campaigns_name_line
    check (length(name) <= 200 and name !~ '[\u0001-\u001f\u007f-\u009f\u2028\u2029]'
    and name ~ '[^[:space:]\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000\ufeff]'),
  constraint campaigns_scheduled_at_check check (scheduled_at between '2000-01-01' and '2100-01-01'),
  -- 10,000 ids and a filter beside them are less.
  constraint campaigns_target_criteria_size check (pg_column_size(target_criteria) <= 1000000)
);
comment on table public.campaigns is
  'A campaign: its audience (target_criteria), pace and state. mps and daily_cap (messages) null: no limit of its own. '
  'cooldown_days null: the organisation''s.';
comment on column public.campaigns.quiet_hours_override is
  'May send at any hour. Honoured only while the Twilio API is a loopback host (a simulator): refused when saved and again when '
  'claimed anywhere else.';
comment on column public.campaigns.retry_undelivered is
  'Also retry 30003 (unreachable handset) and 30008 (unknown), which were handed to a carrier.';
comment on column public.campaigns.needs_attention is 'Why the campaign cannot proceed by itself; null when it can.';
comment on column public.campaigns.breaker_since is
  'When the campaign was last resumed: the circuit breaker counts what happened since, so that what tripped it once does not '
  'trip it again.';
create index campaigns_list_idx on public.campaigns (org_id, created_at desc);
create index campaigns_status_idx on public.campaigns (org_id, status);
create index campaigns_active_idx on public.campaigns (status, org_id) where status in ('building', 'scheduled', 'running');
-- Those whose last targets are still being canceled.
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
create trigger campaigns_limit_building after update of status on public.campaigns
  for each row when (new.status = 'building' and old.status <> 'building')
  execute function private.limit_active_work('50', 'audiences being built', '{building}');
create trigger campaigns_limit_running after update of status on public.campaigns
  for each row when (new.status = 'running' and old.status <> 'running')
  execute function private.limit_active_work('500', 'running campaigns', '{running}');
create trigger campaigns_limit_scheduled after update of status on public.campaigns
  for each row when (new.status = 'scheduled' and old.status <> 'scheduled')
  execute function private.limit_active_work('500', 'scheduled campaigns', '{scheduled}');
