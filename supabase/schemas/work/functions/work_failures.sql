-- Work that is done for all organisations in turn: a failure of one organisation is counted, its work rests, and no other
-- organisation is held up.

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
  select string_agg(distinct k.title, '; '), to_jsonb(array_agg(jsonb_build_object(
    'work', f.kind, 'item', f.item, 'tries', f.tries, 'error', f.error, 'next_try_at', f.next_try_at) order by f.failed_at desc))
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
    'Work for your organisation failed five times in a row and is now tried only once an hour: %s. The details give each '
    'reason. Correct what it names, such as a wrong setting: the work continues by itself within the hour. If none of your '
    'settings explains it, tell the people who run this platform.',
    v_titles);
  perform private.raise_alert(p_org_id, 'work_set_aside', 'critical', v_message, null, null,
    jsonb_build_object('failures', v_details));
  update public.alerts a set message = v_message, details = jsonb_build_object('failures', v_details)
  where a.org_id = p_org_id and a.kind = 'work_set_aside' and a.resolved_at is null and a.message <> v_message;
end;
$$;
comment on function private.tell_failures(uuid, timestamptz) is
  'Raises, changes or resolves the alert work_set_aside of an organisation, according to which of its work has failed five times '
  'in a row.';

create function private.note_failure(p_kind text, p_item uuid, p_org_id uuid, p_error text, p_now timestamptz default now())
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_tries integer;
begin
  -- Rests 10, 20, 40 and 80 s; from the fifth failure on, an hour. Nothing is recorded for a deleted organisation.
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
  'Counts a failure of a kind of work for an item. The work rests for 10 s, then twice as long each time; from the fifth failure '
  'on it rests for an hour, and the alert work_set_aside is raised. p_org_id is null for a call for all organisations. Returns '
  'how often it failed in a row; 0 for a deleted organisation.';

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
  'Deletes the failures of an item whose work succeeded, and resolves the alert if no other failures are left. Writes nothing if '
  'there were none.';

create function private.is_resting(p_kind text, p_item uuid, p_now timestamptz default now())
returns boolean
language sql
stable
set search_path = ''
as $$
  select exists (select from private.work_failures f where f.kind = p_kind and f.item = p_item and f.next_try_at > p_now);
$$;
comment on function private.is_resting(text, uuid, timestamptz) is
  'Whether a kind of work is resting for an item after a failure.';

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
  'The organisations that a call for all (p_org_id null) leaves out because this kind of work is resting for them. Empty for a '
  'call for one organisation.';

create function private.is_passing(p_sqlstate text)
returns boolean
language sql
immutable
set search_path = ''
as $$
  select p_sqlstate in ('40001', '40P01', '55P03');
$$;
comment on function private.is_passing(text) is
  'Whether an error is temporary and not the item''s fault: a serialization failure, a deadlock, or a lock that was not free. '
  'Such an error is not counted as a failure.';

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
  -- "others" does not include query_canceled. A statement that took too long must count too, or its item would come first for
  -- ever.
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
  'Does a kind of work for one item, unless it is resting. p_call is a query that takes the item as $1; it must be a constant of '
  'the caller, never a tenant''s text. A failure is rolled back, counted and raised as a warning. Returns the query''s first '
  'value, an empty text if it has none; null if it failed or is resting.';

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
      -- The statement's time is used up and does not start anew, so this run ends here. The next run does one organisation at a
      -- time from its start.
      if sqlstate = '57014' then
        return 0;
      end if;
    end;
  end if;
  -- Starts at a random organisation: if the time is not enough for all, it is not always the same ones that are left out.
  for v_id in select o.id from public.orgs o order by o.id < v_pivot, o.id loop
    v_sum := v_sum + coalesce(nullif(private.run_item(p_kind, v_id, v_id, p_call, p_now), '')::bigint, 0);
    exit when clock_timestamp() > v_begun + v_budget;
  end loop;
  return v_sum;
end;
$$;
comment on function private.run_apart(text, text, timestamptz) is
  'Does a kind of work for all organisations at once, which is cheapest. If that fails, does it for one organisation after the '
  'other, so that it fails only for the organisations that cause the error. p_call is a query that takes an organisation as $1, '
  'null for all, and returns a number or nothing; it must be a constant of the caller, never a tenant''s text. Returns the sum.';
