-- The worker: a login role that may execute a few functions and nothing else. The functions worker and twilio connect as this
-- role. Its password is set at deployment (alter role worker password '…'); without one it can't log in.

-- The worker sends; the background worker does what takes CPU time. Each is called only for its own work.
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
    -- Reads the first row from the index: with exists, the planner would read the table.
    'looks', coalesce((
      select a.next_look_at from public.send_attempts a
      where a.next_look_at is not null and not private.is_resting('look', a.id, p_now) order by a.next_look_at limit 1) <= p_now,
        false),
    'accounts', exists (select 1 from private.account_checks k where k.due_at <= p_now),
    'next_due_ms', (
      select greatest(extract(epoch from min(q.vt) - clock_timestamp()) * 1000, 0)::integer
      from (
        select min(s.vt) as vt from pgmq.q_sends s
        union all
        select min(r.vt) from pgmq.q_replies r
      ) q
      where q.vt <= clock_timestamp() + p_within
      -- Gives no row if nothing is due: greatest() ignores null, and would return 0.
      having count(*) > 0));
$$;
comment on function private.due_work(interval, timestamptz) is
  'What the worker has to do: sends and replies that are due within p_within; builds, looks for unknown sends and checks of '
  'accounts that are due now. next_due_ms: milliseconds until the next message, null if none is due within p_within. Security '
  'definer: the worker may not read these tables.';
grant execute on function private.due_work(interval, timestamptz) to worker;
