-- How much of one organisation's may be under way at once: what is more waits with its people, not in everybody's queue.

create function private.limit_active_work()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_most constant integer := tg_argv[0]::integer;
  v_what constant text := tg_argv[1];
  v_states constant text[] := tg_argv[2]::text[];
  v_active integer;
begin
  -- Two at the same moment must not both be the last that fits. Whoever holds it takes no further lock.
  perform pg_advisory_xact_lock(hashtextextended('active ' || tg_argv[1] || new.org_id, 0));
  execute format(
    'select count(*) from (select from %I.%I x where x.org_id = $1 and x.status::text = any ($2) and x.id <> $3 limit $4) a',
    tg_table_schema, tg_table_name)
  into v_active using new.org_id, v_states, new.id, v_most;
  if v_active >= v_most then
    perform private.raise_error('PT429', 'rate_limited', format(
      'Your organisation has %s %s at once, which is the most. Wait until one of them ends, or end one.', v_most, v_what),
      jsonb_build_object('limit', v_most));
  end if;
  return null;
end;
$$;
comment on function private.limit_active_work() is
  'Trigger, after a row comes into one of the states tg_argv[2]: raises PT429 rate_limited where its organisation has tg_argv[0] other rows in them already; tg_argv[1] says what they are. Definer: counts all of the organisation''s rows, whoever writes.';

create index jobs_active_idx on public.jobs (org_id, status) where finished_at is null;
create index imports_active_idx on public.imports (org_id, status) where status in ('queued', 'running', 'undoing');

create trigger jobs_limit_active_insert after insert on public.jobs
  for each row when (new.status = 'queued')
  execute function private.limit_active_work('50', 'jobs under way', '{queued,running}');
create trigger imports_limit_active_insert after insert on public.imports
  for each row when (new.status in ('queued', 'running', 'undoing'))
  execute function private.limit_active_work('50', 'imports under way', '{queued,running,undoing}');
create trigger imports_limit_active_update after update of status on public.imports
  for each row when (new.status in ('queued', 'undoing') and old.status not in ('queued', 'running', 'undoing'))
  execute function private.limit_active_work('50', 'imports under way', '{queued,running,undoing}');
create trigger campaigns_limit_building after update of status on public.campaigns
  for each row when (new.status = 'building' and old.status <> 'building')
  execute function private.limit_active_work('50', 'audiences being built', '{building}');
create trigger campaigns_limit_running after update of status on public.campaigns
  for each row when (new.status = 'running' and old.status <> 'running')
  execute function private.limit_active_work('500', 'running campaigns', '{running}');
create trigger campaigns_limit_scheduled after update of status on public.campaigns
  for each row when (new.status = 'scheduled' and old.status <> 'scheduled')
  execute function private.limit_active_work('500', 'scheduled campaigns', '{scheduled}');
