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
