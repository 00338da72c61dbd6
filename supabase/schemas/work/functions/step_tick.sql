create function private.step_tick(p_tick private.tick, p_prompt_only boolean)
returns private.tick
language plpgsql
set search_path = ''
as $$
declare
  v_part private.task_parts;
  v_now timestamptz := clock_timestamp();
begin
  if p_tick.ends_at is null then
    -- To the server the whole loop is one statement, however often it commits. It must end long before the server would cancel
    -- it.
    p_tick.ends_at := v_now
      + least(interval '55 seconds', nullif(current_setting('statement_timeout')::interval, interval '0') / 2);
    p_tick.since := 'epoch';
  end if;

  -- Resting is a step of its own. The step before it has released its locks, so a session that alters a table does not wait for
  -- the rest.
  if p_tick.is_resting then
    perform pg_sleep(1 - extract(epoch from v_now)::numeric % 1);
    p_tick.is_resting := false;
    return p_tick;
  end if;

  if p_tick.task is null then
    if v_now > p_tick.ends_at then
      return null;
    end if;
    p_tick.task := private.take_task(p_tick.since, p_prompt_only);
    if p_tick.task is null then
      p_tick.since := v_now;
      p_tick.is_resting := true;
    else
      -- Makes plans from current statistics, as a new session would: within a minute an empty table may become a large one.
      perform set_config('plan_cache_mode', 'force_custom_plan', false);
      p_tick.place := 0;
      p_tick.items := '{}';
      p_tick.done := 0;
    end if;
    return p_tick;
  end if;

  if p_tick.done < cardinality(p_tick.items) and (p_tick.done = 0 or v_now < p_tick.part_ends_at) then
    select p.* into v_part from private.task_parts p where p.task = p_tick.task and p.place = p_tick.place;
    p_tick.done := p_tick.done + 1;
    perform private.run_part(v_part, p_tick.items[p_tick.done]);
    return p_tick;
  end if;

  select p.* into v_part from private.task_parts p
  where p.task = p_tick.task and p.place > p_tick.place order by p.place limit 1;
  if found then
    p_tick.place := v_part.place;
    p_tick.items := array(select i from private.part_items(v_part) i);
    p_tick.done := 0;
    p_tick.part_ends_at := v_now + v_part.seconds * interval '1 second';
  else
    perform private.end_task(p_tick.task);
    perform set_config('plan_cache_mode', 'auto', false);
    p_tick.task := null;
  end if;
  return p_tick;
end;
$$;
comment on function private.step_tick(private.tick, boolean) is
  'One step of a tick, in one transaction: it looks for a task, rests until the next second, does a part of its task for one '
  'item, or moves on to the next part. p_tick is the state that the step before returned, null at first. Returns the new state; '
  'null when the tick has ended, after about a minute. p_prompt_only: the tick takes only prompt tasks.';
