-- Queues are read in turns: the next message is that of the organisation whose work took the least time, and one that is read
-- again and again, because whoever read it died, comes back later each time.

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
  if p_queue not in ('sends', 'replies', 'builds', 'imports', 'jobs', 'file_removals', 'lookups', 'enrichments') then
    raise exception 'no such queue: %', p_queue;
  end if;
  execute format('select exists (select 1 from pgmq.q_%s where vt <= clock_timestamp() + $1)', p_queue) into v_due using p_within;
  return v_due;
end;
$$;
comment on function private.queue_is_due(text, interval) is
  'Whether a queue has a message that is due within an interval. By exists: pgmq.metrics counts the whole queue. Definer: the '
  'worker may not read the queue.';
grant execute on function private.queue_is_due(text, interval) to service_role, worker;

create function private.uuid_or_null(p_text text)
returns uuid
language sql
immutable
set search_path = ''
as $$
  select case when p_text ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then p_text::uuid end;
$$;
comment on function private.uuid_or_null(text) is
  'A text as the uuid it is, in lower case as Postgres writes it; null if it is none.';

create function private.charge_turn(p_queue text, p_org_id uuid, p_seconds double precision)
returns void
language sql
security definer
set search_path = ''
as $$
  update private.work_turns t set ends = greatest(t.ends - 1 + least(greatest(p_seconds, 0), 3600), t.began)
  where t.queue = p_queue and t.org_id = p_org_id;
$$;
comment on function private.charge_turn(text, uuid, double precision) is
  'Counts what a message that read_in_turn gave took, p_seconds (an hour at most), in place of the second that it was read for. '
  'Called once it is done or failed. Definer: the worker may not write this table.';
grant execute on function private.charge_turn(text, uuid, double precision) to worker;
