-- Planning: who is next, from which number, with which text. It fills the queue only with what the numbers can send in the next
-- seconds, so that a pause takes effect quickly, no campaign starves another, and the queue stays small.

create function private.plan_all(p_now timestamptz default now())
returns integer
language sql
security definer
set search_path = ''
as $$
  select private.plan_running(null, p_now);
$$;
comment on function private.plan_all(timestamptz) is
  'Plans for every organisation with a running campaign, except those whose planning is resting; returns how many messages. The '
  'worker calls it when its supply runs low. Raises if one organisation fails: then use plan_all_apart. Security definer: the '
  'worker may not read these tables.';
grant execute on function private.plan_all(timestamptz) to worker;

create function private.template_sequence(p_campaign_id uuid, p_step smallint, p_variant smallint, p_length integer)
returns uuid[]
language sql
stable
set search_path = ''
as $$
  -- The k-th next use of a template comes at (uses + k) / weight: the template used least for its weight is always next.
  select array(
    select t.id
    from public.campaign_templates ct
    join public.templates t on t.id = ct.template_id and t.is_active
    join private.template_usage u on u.template_id = t.id
    cross join generate_series(1, p_length) k
    where ct.campaign_id = p_campaign_id and ct.step = p_step
      and (p_variant is null or ct.variant is null or ct.variant = p_variant)
    order by (u.uses + k)::double precision / ct.weight, t.id
    limit p_length);
$$;
comment on function private.template_sequence(uuid, smallint, smallint, integer) is
  'The next templates of a step of a campaign (for one of its variants), in the order in which rotation uses them. Templates '
  'without a variant are for everybody.';

create function private.let_campaign_sleep(p_campaign_id uuid, p_now timestamptz)
returns void
language sql
set search_path = ''
as $$
  -- No longer than a minute: whatever makes a target due sooner need not know of it.
  update private.campaign_turns p set wakes_at = least(d.due_at, p_now + interval '1 minute')
  from (
    select min(n.not_before) as due_at
    from private.waiting_keys(p_campaign_id) as k(key)
    cross join lateral (
      select t.not_before from public.campaign_targets t
      where t.campaign_id = p_campaign_id and t.is_waiting and t.window_key = k.key order by t.not_before limit 1
    ) n
  ) d
  where p.campaign_id = p_campaign_id and d.due_at > p_now;
$$;
comment on function private.let_campaign_sleep(uuid, timestamptz) is
  'Leaves a campaign out of planning until its first target is due, for a minute at most: the wait for a step may take weeks.';

create function private.plan_running(p_org_id uuid, p_now timestamptz)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_until timestamptz := clock_timestamp() + interval '3 seconds';
  v_resting uuid[] := private.resting_orgs('plan', p_org_id, p_now);
  v_planned integer := 0;
  v_id uuid;
begin
  -- Always in the same order, because the daily caps of all organisations stay locked until the end.
  for v_id in
    select distinct c.org_id from public.campaigns c join private.campaign_turns p on p.campaign_id = c.id
    where c.status = 'running' and p.wakes_at <= p_now and (p_org_id is null or c.org_id = p_org_id)
      and c.org_id <> all (v_resting)
    order by c.org_id
  loop
    v_planned := v_planned + private.plan_sends(v_id, p_now);
    exit when clock_timestamp() > v_until;
  end loop;
  return v_planned;
end;
$$;
comment on function private.plan_running(uuid, timestamptz) is
  'Plans for every organisation with a running campaign, for three seconds at most; returns how many messages. Organisations for '
  'which the time was not enough are planned by the tick, which starts at a random one. p_org_id: only this organisation; null: '
  'all except those for which this work is resting.';

create function private.plan_all_apart(p_now timestamptz default now())
returns integer
language sql
security definer
set search_path = ''
as $$
  select private.run_apart('plan', format('select private.plan_running($1, %L)', p_now), p_now)::integer;
$$;
comment on function private.plan_all_apart(timestamptz) is
  'Like plan_all, for when that raises: plans for one organisation after the other, so that a failure concerns only its '
  'organisation, is counted, and makes its planning rest. Security definer: the worker may not read these tables.';
grant execute on function private.plan_all_apart(timestamptz) to worker;
