-- Tasks: whether a task is due, which one comes next, and how its parts are done.

create function private.fail_task(p_task text, p_error text)
returns void
language plpgsql
set search_path = ''
as $$
begin
  raise warning 'task % failed: %', p_task, p_error;
  update private.tasks t
  set failures = t.failures + 1, error = left(coalesce(nullif(p_error, ''), 'unknown'), 500), failed_at = clock_timestamp()
  where t.name = p_task;
end;
$$;
comment on function private.fail_task(text, text) is
  'Counts a failure that belongs to a task as a whole, not to one organisation, and stores its error.';

create function private.is_task_due(p_task text, p_due text)
returns boolean
language plpgsql
set search_path = ''
-- While a session alters a table, waiting for its lock must not hold up the checks of all other tasks.
set lock_timeout = '1s'
as $$
declare
  v_due boolean;
begin
  execute p_due into v_due;
  return coalesce(v_due, false) or exists (
    select from private.work_failures f join private.task_parts p on p.kind = f.kind
    where p.task = p_task and f.next_try_at <= clock_timestamp()
      -- A failure that was due an hour ago and was not tried again is of an item that no longer exists.
      and f.next_try_at > clock_timestamp() - interval '1 hour');
exception when query_canceled or others then
  if private.is_passing(sqlstate) then
    return false;
  end if;
  perform private.fail_task(p_task, format('whether it is due: %s (%s)', sqlerrm, sqlstate));
  return true;
end;
$$;
comment on function private.is_task_due(text, text) is
  'Whether a task has anything to do, or any failed item to try again. True also if the query for this fails.';

create function private.task_lock(p_task text)
returns bigint
language sql
immutable
set search_path = ''
as $$
  select hashtextextended('task:' || p_task, 0);
$$;
comment on function private.task_lock(text) is 'The key of the advisory lock that a tick holds while it does a task.';

create function private.take_task(p_since timestamptz, p_prompt_only boolean, p_now timestamptz default clock_timestamp())
returns text
language plpgsql
set search_path = ''
as $$
declare
  v_task private.tasks;
  v_locked private.tasks;
  v_turn timestamptz;
  v_soon timestamptz := p_now + interval '1 minute';
begin
  -- Prompt tasks come first. There are fewer of them than ticks, and only one tick at a time does a task, so a tick is left for
  -- the other tasks. Of the other tasks the rare ones come first, because tasks that are due every second could keep them out for
  -- ever.
  for v_task in select t.* from private.tasks t where t.is_active order by t.is_prompt desc, t.seconds desc, t.name loop
    v_turn := to_timestamp(floor(extract(epoch from p_now) / v_task.seconds) * v_task.seconds);
    continue when p_prompt_only and not v_task.is_prompt;
    -- A began_at of more than a minute ahead is ignored: if the clock was put back, the task must not wait until that time comes
    -- again.
    continue when p_since between v_turn and v_soon or v_task.began_at between v_turn and v_soon;
    continue when not pg_try_advisory_lock(private.task_lock(v_task.name));
    -- Read again under the lock: another tick may have done the task since the list was read.
    select t.* into v_locked from private.tasks t where t.name = v_task.name;
    if (v_locked.began_at between v_turn and v_soon) is not true and private.is_task_due(v_task.name, v_task.due) then
      -- This session holds the lock, so no other does the task now. A run that began and did not end was lost with its session.
      if v_locked.began_at > coalesce(v_locked.ended_at, '-infinity') then
        perform private.fail_task(v_task.name, 'its session ended before it did');
      end if;
      update private.tasks t set began_at = p_now where t.name = v_task.name and t.is_active;
      if found then
        return v_task.name;
      end if;
    end if;
    perform pg_advisory_unlock(private.task_lock(v_task.name));
  end loop;
  return null;
end;
$$;
comment on function private.take_task(timestamptz, boolean, timestamptz) is
  'Takes a task that is due, whose turn came after p_since, and that no other tick does. Returns its name, and locks it: the '
  'session keeps the lock until private.end_task. A turn begins whenever the clock is a multiple of the task''s seconds, and a '
  'task runs once in each turn. Null if there is no such task. Writes nothing about tasks that are not due.';

create function private.end_task(p_task text, p_now timestamptz default clock_timestamp())
returns void
language plpgsql
set search_path = ''
as $$
begin
  update private.tasks t
  set ended_at = p_now, runs = t.runs + 1, longest = greatest(t.longest, p_now - t.began_at)
  where t.name = p_task;
  perform pg_advisory_unlock(private.task_lock(p_task));
end;
$$;
comment on function private.end_task(text, timestamptz) is 'Records that a task is done, and releases its lock.';

create function private.part_items(p_part private.task_parts)
returns setof private.work_item
language plpgsql
set search_path = ''
as $$
begin
  if p_part.items is null then
    return next null;
    return;
  end if;
  -- Starts at a random item: if the time is not enough for all, it is not always the same items that are left out.
  return query execute format('select i.item, i.org_id from (%s) as i (item, org_id) order by i.item < $1, i.item', p_part.items)
    using gen_random_uuid();
exception when query_canceled or others then
  if not private.is_passing(sqlstate) then
    perform private.fail_task(p_part.task, format('the items of part %s: %s (%s)', p_part.place, sqlerrm, sqlstate));
  end if;
end;
$$;
comment on function private.part_items(private.task_parts) is
  'The items that a part of a task is done for; one empty item if it is done for all organisations at once.';

create function private.run_part(p_part private.task_parts, p_item private.work_item)
returns void
language plpgsql
set search_path = ''
as $$
begin
  if p_part.kind is null then
    execute p_part.call;
  elsif p_part.items is null then
    perform private.run_apart(p_part.kind, p_part.call);
  else
    perform private.run_item(p_part.kind, p_item.item, p_item.org_id, p_part.call);
  end if;
exception when query_canceled or others then
  if not private.is_passing(sqlstate) then
    perform private.fail_task(p_part.task, format('part %s: %s (%s)', p_part.place, sqlerrm, sqlstate));
  end if;
end;
$$;
comment on function private.run_part(private.task_parts, private.work_item) is
  'Does a part of a task for one item. Never raises: a failure of one organisation is counted for that organisation, any other '
  'failure for the task, and the next part follows.';
