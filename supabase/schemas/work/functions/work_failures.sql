-- Work that is done for all organisations in turn: what fails for one is counted, rests, and holds up nobody else.

create function private.tell_failures(p_org_id uuid, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_titles text;
  v_details jsonb;
  v_message text;
begin
  select string_agg(distinct k.title, '; '), jsonb_agg(jsonb_build_object(
    'work', f.kind, 'item', f.item, 'tries', f.tries, 'error', f.error, 'next_try_at', f.next_try_at) order by f.failed_at desc)
  into v_titles, v_details
  from (
    select * from private.work_failures x
    where x.org_id = p_org_id and x.tries >= 5 order by x.failed_at desc limit 20
  ) f
  join private.work_kinds k on k.kind = f.kind;
  if v_titles is null then
    perform private.close_alerts(p_org_id, 'work_set_aside', p_now);
    return;
  end if;
  v_message := format(
    'Work for your organisation failed five times in a row and is tried only once an hour: %s. The details give the reason of '
    'each. Mend what it names, such as a setting that cannot be right; it goes on by itself within the hour. If nothing of '
    'yours explains it, report it.',
    v_titles);
  perform private.raise_alert(p_org_id, 'work_set_aside', 'critical', v_message, null, null,
    jsonb_build_object('failures', v_details));
  update public.alerts a set message = v_message, details = jsonb_build_object('failures', v_details)
  where a.org_id = p_org_id and a.kind = 'work_set_aside' and a.resolved_at is null and a.message <> v_message;
end;
$$;
comment on function private.tell_failures(uuid, timestamptz) is
  'Raises, changes or resolves the alert work_set_aside of an organisation by what of its work has failed five times in a row.';

create function private.note_failure(p_kind text, p_item uuid, p_org_id uuid, p_error text, p_now timestamptz default now())
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_tries integer;
begin
  -- 10, 20, 40 and 80 s; from the fifth on once an hour. Of an organisation that is gone nothing is noted.
  insert into private.work_failures as f (kind, item, org_id, tries, error, failed_at, next_try_at)
  select p_kind, p_item, p_org_id, 1, left(coalesce(nullif(p_error, ''), 'unknown'), 500), p_now, p_now + interval '10 seconds'
  where p_org_id is null or exists (select from public.orgs o where o.id = p_org_id)
  on conflict (kind, item) do update
    set tries = least(f.tries + 1, 1000000), error = excluded.error, failed_at = excluded.failed_at,
        next_try_at = p_now + case when f.tries >= 4 then interval '1 hour' else interval '10 seconds' * power(2, f.tries) end
  returning f.tries into v_tries;
  if v_tries >= 5 and p_org_id is not null then
    perform private.tell_failures(p_org_id, p_now);
  end if;
  return coalesce(v_tries, 0);
end;
$$;
comment on function private.note_failure(text, uuid, uuid, text, timestamptz) is
  'Counts a failure of work of a kind for an item: it rests 10 s, then twice as long each time, from the fifth on an hour, with '
  'the alert work_set_aside. p_org_id null: of a call for all organisations. Returns how often it failed in a row; 0 for an '
  'organisation that is gone.';

create function private.clear_failure(p_kind text, p_item uuid, p_now timestamptz default now())
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_failure private.work_failures;
begin
  delete from private.work_failures f where f.kind = p_kind and f.item = p_item returning * into v_failure;
  if v_failure.tries >= 5 and v_failure.org_id is not null then
    perform private.tell_failures(v_failure.org_id, p_now);
  end if;
end;
$$;
comment on function private.clear_failure(text, uuid, timestamptz) is
  'Forgets the failures of an item whose work went through, and resolves the alert if it was the last. Writes nothing where '
  'there were none.';

create function private.is_resting(p_kind text, p_item uuid, p_now timestamptz default now())
returns boolean
language sql
stable
set search_path = ''
as $$
  select exists (select from private.work_failures f where f.kind = p_kind and f.item = p_item and f.next_try_at > p_now);
$$;
comment on function private.is_resting(text, uuid, timestamptz) is 'Whether work of a kind rests for an item after it failed.';

create function private.resting_orgs(p_kind text, p_org_id uuid, p_now timestamptz default now())
returns uuid[]
language sql
stable
set search_path = ''
as $$
  select coalesce(array_agg(f.item), '{}') from private.work_failures f
  where p_org_id is null and f.kind = p_kind and f.org_id is not null and f.next_try_at > p_now;
$$;
comment on function private.resting_orgs(text, uuid, timestamptz) is
  'The organisations that a call for all of them (p_org_id null) leaves out: this kind of work rests for them. None for a call '
  'for one organisation.';

create function private.is_passing(p_sqlstate text)
returns boolean
language sql
immutable
set search_path = ''
as $$
  select p_sqlstate in ('40001', '40P01', '55P03');
$$;
comment on function private.is_passing(text) is
  'Whether an error is of the moment, not of the item: serialization failure, deadlock, a lock that was not free. It counts as '
  'no failure.';

create function private.run_item(p_kind text, p_item uuid, p_org_id uuid, p_call text, p_now timestamptz default now())
returns text
language plpgsql
set search_path = ''
as $$
declare
  v_result text;
begin
  if private.is_resting(p_kind, p_item, p_now) then
    return null;
  end if;
  begin
    execute p_call into v_result using p_item;
  -- A statement that took too long is not among others: it must count too, or its item would come first for ever.
  exception when query_canceled or others then
    if not private.is_passing(sqlstate) then
      raise warning '% failed for % of organisation %: % (%)', p_kind, p_item, p_org_id, sqlerrm, sqlstate;
      perform private.note_failure(p_kind, p_item, p_org_id, format('%s (%s)', sqlerrm, sqlstate), p_now);
    end if;
    return null;
  end;
  perform private.clear_failure(p_kind, p_item, p_now);
  return coalesce(v_result, '');
end;
$$;
comment on function private.run_item(text, uuid, uuid, text, timestamptz) is
  'Does work of a kind for one item, unless it rests: p_call is a query that takes the item as $1, and is a constant of the '
  'caller, never of a tenant. What fails is undone, counted and warned of. Returns the query''s first value, empty if it has '
  'none; null if it failed or rests.';

create function private.run_apart(p_kind text, p_call text, p_now timestamptz default now())
returns bigint
language plpgsql
set search_path = ''
as $$
declare
  v_all constant uuid := '00000000-0000-0000-0000-000000000000';
  v_budget constant interval := '5 seconds';
  v_begun timestamptz := clock_timestamp();
  v_pivot uuid := gen_random_uuid();
  v_result text;
  v_sum bigint := 0;
  v_id uuid;
begin
  if not private.is_resting(p_kind, v_all, p_now) then
    begin
      execute p_call into v_result using null::uuid;
      perform private.clear_failure(f.kind, f.item, p_now)
      from private.work_failures f where f.kind = p_kind and (f.item = v_all or f.next_try_at <= p_now);
      return coalesce(nullif(v_result, '')::bigint, 0);
    exception when query_canceled or others then
      if private.is_passing(sqlstate) then
        return 0;
      end if;
      raise warning '% failed for all organisations together: % (%)', p_kind, sqlerrm, sqlstate;
      perform private.note_failure(p_kind, v_all, null, format('%s (%s)', sqlerrm, sqlstate), p_now);
      -- The time a statement may take is used up, and is not counted a second time: the next run goes on, one by one from its
      -- start.
      if sqlstate = '57014' then
        return 0;
      end if;
    end;
  end if;
  -- Beginning anywhere: what the time does not suffice for is not always the same.
  for v_id in select o.id from public.orgs o order by o.id < v_pivot, o.id loop
    v_sum := v_sum + coalesce(nullif(private.run_item(p_kind, v_id, v_id, p_call, p_now), '')::bigint, 0);
    exit when clock_timestamp() > v_begun + v_budget;
  end loop;
  return v_sum;
end;
$$;
comment on function private.run_apart(text, text, timestamptz) is
  'Does work of a kind for all organisations at once, which is cheapest; if that fails, for one after the other, so that it '
  'fails for those alone whose it is. p_call is a query that takes an organisation as $1, null for all, and returns a number or '
  'nothing; it is a constant of the caller, never of a tenant. Returns the sum.';
