-- The worker: a login role that may execute a few functions and nothing else. Functions worker and twilio connect as it.
-- Its password is set at deployment (alter role worker password '…'); without one it cannot log in.

do $$
begin
  if not exists (select 1 from pg_catalog.pg_roles where rolname = 'worker') then
    create role worker login noinherit;
  end if;
end;
$$;
alter role worker set statement_timeout = '30s';
alter role worker set idle_in_transaction_session_timeout = '30s';
grant usage on schema private to worker;

create function private.next_build(p_limit integer default 10000, p_now timestamptz default now())
returns boolean
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_message record;
  v_more boolean;
begin
  -- One transaction: the queue row goes with the chunk it stood for.
  select r.msg_id, r.read_ct, (r.message ->> 'campaign_id')::uuid as campaign_id into v_message from pgmq.read('builds', 60, 1) r;
  if not found then
    return false;
  end if;
  perform pgmq.delete('builds', v_message.msg_id);
  v_more := private.build_chunk(v_message.campaign_id, p_limit, p_now);
  if v_more then
    perform pgmq.send('builds', jsonb_build_object('campaign_id', v_message.campaign_id));
  end if;
  return true;
end;
$$;
comment on function private.next_build(integer, timestamptz) is
  'Builds the next chunk of the next campaign in the queue; false where the queue is empty. Definer: the worker may not read the queue.';

create function private.plan_all(p_now timestamptz default now())
returns integer
language sql
security definer
set search_path = ''
as $$
  select coalesce(sum(private.plan_sends(o.org_id, p_now)), 0)::integer
  from (select distinct c.org_id from public.campaigns c where c.status = 'running' order by c.org_id) o;
$$;
comment on function private.plan_all(timestamptz) is 'Plans for every organisation with a running campaign; returns how many messages. For the worker, when its supply runs low. Definer: the worker may not read these tables.';

create function private.queue_is_due(p_queue text, p_within interval default '0')
returns boolean
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_due boolean;
begin
  if p_queue not in ('sends', 'replies', 'builds', 'imports') then
    raise exception 'no such queue: %', p_queue;
  end if;
  execute format('select exists (select 1 from pgmq.q_%s where vt <= clock_timestamp() + $1)', p_queue) into v_due using p_within;
  return v_due;
end;
$$;
comment on function private.queue_is_due(text, interval) is
  'Whether a queue has a message that is due within an interval. By exists: pgmq.metrics counts the whole queue. Definer: the worker may not read the queue.';

create function private.due_work(p_within interval default '5 seconds', p_now timestamptz default now())
returns jsonb
language sql
stable
security definer
set search_path = ''
as $$
  select jsonb_build_object(
    'sends', private.queue_is_due('sends', p_within),
    'replies', private.queue_is_due('replies', p_within),
    'builds', private.queue_is_due('builds', '0'),
    'imports', private.queue_is_due('imports', '0'),
    'looks', exists (select 1 from public.send_attempts a where a.next_look_at <= p_now),
    'next_due_ms', (
      select greatest(extract(epoch from min(q.vt) - clock_timestamp()) * 1000, 0)::integer
      from (
        select min(s.vt) as vt from pgmq.q_sends s
        union all
        select min(r.vt) from pgmq.q_replies r
      ) q
      where q.vt <= clock_timestamp() + p_within));
$$;
comment on function private.due_work(interval, timestamptz) is 'What there is to do within an interval, by queue, and in how many milliseconds the next message is due (null: none is). Definer: the worker may not read queues or attempts.';

create function private.set_twilio_reachable(p_is_reachable boolean, p_now timestamptz default now())
returns integer
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_count integer;
begin
  if p_is_reachable then
    update public.alerts a set resolved_at = p_now where a.kind = 'twilio_unreachable' and a.resolved_at is null;
  else
    perform private.raise_alert(o.org_id, 'twilio_unreachable', 'critical',
      'Twilio cannot be reached. Messages wait and go out as soon as it can.')
    from (select distinct c.org_id from public.campaigns c where c.status = 'running') o;
  end if;
  get diagnostics v_count = row_count;
  return v_count;
end;
$$;
comment on function private.set_twilio_reachable(boolean, timestamptz) is
  'Raises the alert twilio_unreachable for organisations with a running campaign, or resolves it for all; returns how many. Definer: the worker may not write alerts.';

grant execute on function
  private.set_twilio_reachable(boolean, timestamptz),
  private.next_build(integer, timestamptz),
  private.plan_all(timestamptz),
  private.due_work(interval, timestamptz),
  private.claim_sends(uuid, integer, boolean, timestamptz),
  private.settle_sends(jsonb, timestamptz),
  private.apply_receipt(uuid, uuid, uuid, text, text, integer, jsonb, timestamptz),
  private.receive_inbound(text, text, text, text, text, text[], text, text, boolean, text, boolean, text, timestamptz),
  private.twilio_accounts_for(text),
  private.log_webhook(uuid, text, jsonb, text),
  private.due_looks(integer, timestamptz),
  private.record_look(uuid, text, text, integer, text, timestamptz),
  private.give_up_look(uuid, text, timestamptz)
to worker;
