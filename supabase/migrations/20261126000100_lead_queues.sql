-- The queues of what happens to leads beside their import: jobs that people start and follow (exports, bulk actions), phones to
-- be looked up at Twilio, and parcels and phones to be asked about at services outside.

select pgmq.create('jobs');
select pgmq.create('lookups');
select pgmq.create('enrichments');

create or replace function private.queue_is_due(p_queue text, p_within interval default '0')
returns boolean
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_due boolean;
begin
  if p_queue not in ('sends', 'replies', 'builds', 'imports', 'jobs', 'lookups', 'enrichments') then
    raise exception 'no such queue: %', p_queue;
  end if;
  execute format('select exists (select 1 from pgmq.q_%s where vt <= clock_timestamp() + $1)', p_queue) into v_due using p_within;
  return v_due;
end;
$$;

create or replace function private.due_work(p_within interval default '5 seconds', p_now timestamptz default now())
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
    'jobs', private.queue_is_due('jobs', '0'),
    'lookups', private.queue_is_due('lookups', '0'),
    'enrichments', private.queue_is_due('enrichments', '0'),
    -- The first by the index: asked whether any is due, the planner reads the table.
    'looks', coalesce((select a.next_look_at from public.send_attempts a where a.next_look_at is not null order by a.next_look_at limit 1) <= p_now, false),
    'accounts', exists (select 1 from private.account_checks k where k.due_at <= p_now),
    'next_due_ms', (
      select greatest(extract(epoch from min(q.vt) - clock_timestamp()) * 1000, 0)::integer
      from (
        select min(s.vt) as vt from pgmq.q_sends s
        union all
        select min(r.vt) from pgmq.q_replies r
      ) q
      where q.vt <= clock_timestamp() + p_within));
$$;
