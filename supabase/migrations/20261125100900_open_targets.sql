-- The functions that ask for waiting, queued or open targets and messages, over the columns their indexes are now of.

create or replace function private.cancel_open_targets(p_org_id uuid, p_e164 text, p_reason text, p_now timestamptz default now())
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_targets uuid[];
begin
  -- A claimed message (sending) is not touched: it is posted within 2 s of its claim, or given back and then excluded.
  -- The daily caps are not refunded: that would lock a number after a contact, against the order of locks.
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

create or replace function private.withdraw_queued(p_campaign_id uuid, p_state public.target_state, p_reason text, p_now timestamptz default now())
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_count integer;
  v_targets uuid[];
  v_messages uuid[];
begin
  -- Usage rows first: locks are taken in one order, org → campaign → number → contact → target → message.
  select array_agg(m.id), array_agg(m.campaign_target_id) into v_messages, v_targets
  from public.messages m where m.campaign_id = p_campaign_id and m.is_open and m.status = 'queued' and m.kind = 'campaign';
  perform private.lock_usage(v_messages);
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

create or replace function private.cancel_waiting(p_campaign_id uuid, p_limit integer, p_now timestamptz default now())
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

create or replace function private.finish_campaigns(p_now timestamptz default now())
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
      and not exists (select 1 from public.campaign_targets t where t.campaign_id = c.id and t.is_waiting)
      and not exists (select 1 from public.messages m where m.campaign_id = c.id and m.is_open and m.kind = 'campaign')
    order by c.id for no key update skip locked);
  -- Looked at again under the lock: a receipt may have made somebody wait again since the first statement began.
  update public.campaigns c set status = 'completed', finished_at = p_now, needs_attention = null
  where c.id = any (v_done)
    and not exists (
      select 1 from public.campaign_targets t
      where t.org_id = c.org_id and t.campaign_id = c.id and t.state in ('waiting', 'queued', 'sending'));
  get diagnostics v_count = row_count;
  return v_count;
end;
$$;

-- The job of the same name is replaced. A block, because each organisation's plan commits by itself: see 20261123001880_schedule.sql.
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
      and exists (select 1 from public.campaign_targets t where t.campaign_id = c.id and t.is_waiting)
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
$tick$)
