-- The schedule: tick (start what is due, plan, kick workers), fold figures, rescue, prune.
-- The kick is at most once and never the guarantee: a lost one is made good by the next tick.

create function private.vault_secret(p_name text)
returns text
language sql
stable
security definer
set search_path = ''
as $$
  select s.decrypted_secret from vault.decrypted_secrets s where s.name = p_name;
$$;
comment on function private.vault_secret(text) is 'A secret from Vault by name, null where there is none. Definer: cron''s role alone may call it.';

create function private.kick_workers(p_now timestamptz default now())
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_url text := private.vault_secret('functions_url');
  v_secret text := private.vault_secret('worker_secret');
  v_work jsonb := private.due_work('5 seconds', p_now);
  v_due integer;
  v_calls integer;
begin
  if not exists (select 1 from jsonb_each_text(v_work) w where w.value = 'true') then
    return 0;
  end if;
  if v_url is null or v_secret is null then
    raise warning 'workers are not called: set the Vault secrets functions_url and worker_secret';
    return 0;
  end if;
  select count(*) into v_due from (select 1 from pgmq.q_sends q where q.vt <= clock_timestamp() + interval '5 seconds' limit 4000) due;
  v_calls := least(greatest(ceil(v_due / 1000.0)::integer, 1), 4);
  for i in 1 .. v_calls loop
    perform net.http_post(
      url := v_url || '/worker/drain', body := '{}'::jsonb, params := '{}'::jsonb,
      headers := jsonb_build_object('content-type', 'application/json', 'x-worker-secret', v_secret), timeout_milliseconds := 5000);
  end loop;
  return v_calls;
end;
$$;
comment on function private.kick_workers(timestamptz) is
  'Posts to the worker, one call per 1,000 due sends and 4 at most, if anything is due within 5 s; returns how many calls.';

create function private.finish_campaigns(p_now timestamptz default now())
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_done uuid[];
  v_count integer;
begin
  -- skip locked: a campaign that is being claimed, paused or planned right now is looked at in the next tick.
  v_done := array(
    select c.id from public.campaigns c
    where c.status = 'running'
      and not exists (select 1 from public.campaign_targets t where t.campaign_id = c.id and t.state = 'waiting')
      and not exists (select 1 from public.campaign_targets t where t.campaign_id = c.id and t.state in ('queued', 'sending'))
    order by c.id for no key update skip locked);
  -- Looked at again under the lock: a receipt may have made somebody wait again since the first statement began.
  update public.campaigns c set status = 'completed', finished_at = p_now, needs_attention = null
  where c.id = any (v_done)
    and not exists (select 1 from public.campaign_targets t where t.campaign_id = c.id and t.state = 'waiting')
    and not exists (select 1 from public.campaign_targets t where t.campaign_id = c.id and t.state in ('queued', 'sending'));
  get diagnostics v_count = row_count;
  return v_count;
end;
$$;
comment on function private.finish_campaigns(timestamptz) is 'Completes running campaigns with nothing waiting, queued or sending; returns how many.';

create function private.flag_stalled(p_now timestamptz default now())
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_row record;
  v_count integer := 0;
begin
  for v_row in
    select c.id, c.org_id, x.reason
    from public.campaigns c
    cross join lateral (
      select case
        when not exists (
          select 1 from public.campaign_templates ct join public.templates t on t.id = ct.template_id
          where ct.campaign_id = c.id and t.is_active
        ) then 'None of its templates is active. Activate one, or give the campaign another.'
        when not exists (select 1 from private.campaign_numbers(c.id) n where n.status = 'active')
          then 'None of its phone numbers is active. Activate one, or give the campaign another.'
      end as reason
    ) x
    where c.status = 'running' and x.reason is distinct from c.needs_attention
    order by c.id for no key update of c skip locked
  loop
    v_count := v_count + 1;
    update public.campaigns set needs_attention = v_row.reason where id = v_row.id;
    if v_row.reason is null then
      update public.alerts set resolved_at = p_now where org_id = v_row.org_id and campaign_id = v_row.id and kind = 'campaign_stalled' and resolved_at is null;
    else
      perform private.raise_alert(v_row.org_id, 'campaign_stalled', 'critical', 'A running campaign cannot go on. ' || v_row.reason, v_row.id);
    end if;
  end loop;
  return v_count;
end;
$$;
comment on function private.flag_stalled(timestamptz) is
  'Says of running campaigns that have no active template or number left that they need attention, with an alert, and takes it back when they have; returns of how many.';

create function private.start_scheduled(p_now timestamptz default now())
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_count integer;
begin
  with due as (
    select c.id from public.campaigns c where c.status = 'scheduled' and c.scheduled_at <= p_now order by c.id for no key update skip locked
  )
  update public.campaigns c set status = 'running', started_at = p_now from due d where c.id = d.id;
  get diagnostics v_count = row_count;
  return v_count;
end;
$$;
comment on function private.start_scheduled(timestamptz) is 'Starts scheduled campaigns whose time has come; returns how many.';

create function private.prune(p_now timestamptz default now(), p_limit integer default 10000)
returns void
language plpgsql
set search_path = ''
as $$
begin
  -- Bounded batches: a long delete would hold back vacuum for every queue.
  delete from public.message_status_events e where e.id in (
    select x.id from public.message_status_events x where x.created_at < p_now - interval '90 days' order by x.id limit p_limit);
  delete from public.webhook_logs e where e.id in (
    select x.id from public.webhook_logs x where x.created_at < p_now - interval '30 days' order by x.id limit p_limit);
  delete from private.daily_usage u where u.day < (p_now - interval '90 days')::date;
  delete from private.windows w where w.valid_to < p_now - interval '1 day';
  delete from cron.job_run_details d where d.end_time < p_now - interval '1 day';
end;
$$;
comment on function private.prune(timestamptz, integer) is
  'Removes what outlived its use: raw receipts after 90 days, refused webhooks after 30, cron history after one. Finished queue rows are deleted when read; net history has its own 6 hours.';

-- A block, because each organisation's plan commits by itself: locks are short and one failure stops nobody else. No function may
-- commit, and a procedure that commits may not fix its search_path; so the job carries it, every name in it qualified.
select cron.schedule('tick', '2 seconds', $tick$
do $block$
declare
  v_id uuid;
begin
  perform private.start_scheduled();
  commit;
  for v_id in
    select c.id from public.campaigns c
    where c.status = 'stopped' and c.finished_at > now() - interval '1 day'
      and exists (select 1 from public.campaign_targets t where t.campaign_id = c.id and t.state = 'waiting')
  loop
    perform private.cancel_waiting(v_id, 10000);
    commit;
  end loop;
  for v_id in select distinct c.org_id from public.campaigns c where c.status = 'running' order by c.org_id loop
    begin
      perform private.plan_sends(v_id);
    exception when others then
      raise warning 'planning failed for organisation %: % (%)', v_id, sqlerrm, sqlstate;
    end;
    commit;
  end loop;
  perform private.flag_stalled();
  perform private.finish_campaigns();
  commit;
  perform private.kick_workers();
end;
$block$
$tick$);
select cron.schedule('fold', '1 second', 'select private.fold_stats()');
select cron.schedule('rescue', '30 seconds', 'select private.rescue_sends()');
select cron.schedule('prune', '7 * * * *', 'select private.prune()');
