-- Planning: who is next, from which number, with which text. Tops the queue up to what the numbers can send in the next
-- seconds and no more, so that a pause is quick, no campaign starves another and nothing bloats.

create function private.plan_all(p_now timestamptz default now())
returns integer
language sql
security definer
set search_path = ''
as $$
  select private.plan_running(null, p_now);
$$;
comment on function private.plan_all(timestamptz) is
  'Plans for every organisation with a running campaign but those whose plan rests; returns how many messages. For the worker, '
  'when its supply runs low. Raises if one of them fails: then plan_all_apart. Definer: the worker may not read these tables.';
grant execute on function private.plan_all(timestamptz) to worker;

create function private.template_sequence(p_campaign_id uuid, p_variant smallint, p_length integer)
returns uuid[]
language sql
stable
set search_path = ''
as $$
  -- The k-th next use of a template comes at (uses + k) / weight: the one used least for its weight is next, again and again.
  select array(
    select t.id
    from public.campaign_templates ct
    join public.templates t on t.id = ct.template_id and t.is_active
    join private.template_usage u on u.template_id = t.id
    cross join generate_series(1, p_length) k
    where ct.campaign_id = p_campaign_id and (p_variant is null or ct.variant = p_variant)
    order by (u.uses + k)::double precision / ct.weight, t.id
    limit p_length);
$$;
comment on function private.template_sequence(uuid, smallint, integer) is
  'The next templates of a campaign (or of one of its variants) in the order in which rotation would use them.';

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
  -- In one order, since the daily caps of all of them stay locked until the end.
  for v_id in
    select distinct c.org_id from public.campaigns c
    where c.status = 'running' and (p_org_id is null or c.org_id = p_org_id) and c.org_id <> all (v_resting) order by c.org_id
  loop
    v_planned := v_planned + private.plan_sends(v_id, p_now);
    exit when clock_timestamp() > v_until;
  end loop;
  return v_planned;
end;
$$;
comment on function private.plan_running(uuid, timestamptz) is
  'Plans for every organisation with a running campaign, for three seconds at most; returns how many messages. Whom the time '
  'does not suffice for, the tick plans for, which begins anywhere. p_org_id: of that organisation alone; null: of all but '
  'those for which this work rests.';

create function private.plan_all_apart(p_now timestamptz default now())
returns integer
language sql
security definer
set search_path = ''
as $$
  select private.run_apart('plan', format('select private.plan_running($1, %L)', p_now), p_now)::integer;
$$;
comment on function private.plan_all_apart(timestamptz) is
  'As plan_all, for when that raises: for one organisation after the other, so that a plan fails for its owner alone, is '
  'counted and rests. Definer: the worker may not read these tables.';
grant execute on function private.plan_all_apart(timestamptz) to worker;
