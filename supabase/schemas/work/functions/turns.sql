-- Queues are read in turns: the next message is one of the organisation whose work took the least time. A message that is read
-- again, because the worker that read it died, becomes visible later each time.

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
  if p_queue not in ('sends', 'replies', 'builds', 'imports', 'jobs', 'file_removals', 'lookups', 'enrichments', 'media') then
    raise exception 'no such queue: %', p_queue;
  end if;
  execute format('select exists (select 1 from pgmq.q_%s where vt <= clock_timestamp() + $1)', p_queue) into v_due using p_within;
  return v_due;
end;
$$;
comment on function private.queue_is_due(text, interval) is
  'Whether a queue has a message that is due now or within p_within. Uses exists, because pgmq.metrics counts the whole queue. '
  'Security definer: the worker may not read the queue.';
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
  'A text as a UUID if it is one in lower case, as Postgres writes it; else null.';

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
  'Charges an organisation for a message of read_in_turn: p_seconds (an hour at most) that its work took, in place of the one '
  'second charged when it was read. Called when the work is done or has failed. Security definer: the worker may not write this '
  'table.';
grant execute on function private.charge_turn(text, uuid, double precision) to worker;
