-- The worker: a login role that may execute a few functions and nothing else. Functions worker and twilio connect as it.
-- Its password is set at deployment (alter role worker password '…'); without one it cannot log in.

-- The worker sends, the background worker does what takes CPU: each is called for its own.
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
    -- The first by the index: asked whether any is due, the planner reads the table.
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
      -- No row if nothing is due: greatest() takes null for nothing, and would answer 0.
      having count(*) > 0));
$$;
comment on function private.due_work(interval, timestamptz) is
  'What the worker has to do: sends and replies within p_within; builds, looks for unknown sends and checks of accounts now; '
  'next_due_ms: milliseconds until the next message, null if none comes within p_within. Definer: the worker may not read these '
  'tables.';
grant execute on function private.due_work(interval, timestamptz) to worker;
