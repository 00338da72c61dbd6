create function private.plan_sends(p_org_id uuid, p_now timestamptz default now(), p_horizon interval default '5 seconds',
  p_max integer default 500)
returns integer
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_org public.orgs;
  v_numbers private.pool_number[];
  v_campaign public.campaigns;
  v_campaigns uuid[];
  v_id uuid;
  v_day date;
  v_org_room integer;
  v_room integer;
  v_share integer;
  v_planned integer := 0;
  v_pass integer;
  v_queued integer;
  v_most constant integer := 200;
  v_most_queued integer := greatest(1000, p_max);
  v_until timestamptz := clock_timestamp() + interval '1 second';
  v_looked_at uuid[] := '{}';
begin
  -- One planner for each organisation: a second one would have nothing to add.
  if not pg_try_advisory_xact_lock(hashtextextended('plan_sends:' || p_org_id::text, 0)) then
    return 0;
  end if;
  select * into v_org from public.orgs o where o.id = p_org_id;
  if not found or exists (select 1 from private.org_pace p where p.org_id = p_org_id and p.resting_until > p_now) then
    return 0;
  end if;
  v_day := (p_now at time zone v_org.time_zone)::date;

  v_campaigns := array(
    select c.id from public.campaigns c join private.campaign_turns p on p.campaign_id = c.id
    where c.org_id = p_org_id and c.status = 'running' and p.wakes_at <= p_now
      and exists (select 1 from public.campaign_targets t where t.campaign_id = c.id and t.is_waiting)
    order by p.planned_at, c.started_at, c.id limit v_most);
  if cardinality(v_campaigns) = 0 then
    return 0;
  end if;

  -- Locks daily caps before contacts, as everywhere.
  perform private.open_usage('org', array[p_org_id], array[v_day]);
  perform private.open_usage('campaign', v_campaigns, array_fill(v_day, array[cardinality(v_campaigns)]));
  perform private.open_usage('carrier', array_agg(c.id), array_agg(private.carrier_day(p_now)))
  from public.carrier_caps c where c.org_id = p_org_id having count(*) > 0;
  perform private.open_usage('number', array_agg(n.id), array_agg((p_now at time zone n.time_zone)::date))
  from public.phone_numbers n where n.org_id = p_org_id and n.status <> 'released' having count(*) > 0;

  v_numbers := array(select n from private.number_room(p_org_id, p_horizon, p_now) n);
  select coalesce(sum(n.planned), 0) into v_queued from unnest(v_numbers) n;
  select least(
    p_max,
    -- An organisation with more numbers than the workers can serve must not fill the queue, because its messages come before
    -- those that others add.
    greatest(v_most_queued - v_queued, 0),
    coalesce(sum(least(n.room, n.segment_room)) filter (where n.usable), 0),
    greatest(coalesce(v_org.daily_cap, 2147483647) - (select u.messages from private.daily_usage u
      where u.scope = 'org' and u.scope_id = p_org_id and u.day = v_day), 0),
    private.spending_room(p_org_id, p_now),
    case when v_org.mps is null then 2147483647
      else greatest(ceil(v_org.mps * extract(epoch from p_horizon))::integer - v_queued, 0) end)::integer
  into v_org_room from unnest(v_numbers) n;

  -- Campaigns take turns with equal shares; what is left of a share goes to the other campaigns, the oldest first.
  for v_pass in 1 .. 2 loop
    foreach v_id in array v_campaigns loop
      exit when v_org_room <= 0 or clock_timestamp() > v_until;
      v_looked_at := v_looked_at || v_id;
      select * into v_campaign from public.campaigns c where c.id = v_id and c.status = 'running' for share skip locked;
      continue when not found;
      -- Plans by the hours that the claim will check: messages planned in hours that the claim refuses would be canceled and
      -- planned again.
      if v_campaign.quiet_hours_override then
        v_campaign.quiet_hours_override := private.honours_override(v_campaign);
      end if;
      v_share := case v_pass
        when 1 then ceil(v_org_room::numeric
          / greatest(cardinality(v_campaigns) - array_position(v_campaigns, v_id) + 1, 1))::integer
        else v_org_room end;
      select least(v_share,
        greatest(coalesce(v_campaign.daily_cap, 2147483647) - u.messages, 0),
        case when v_campaign.mps is null then 2147483647
          else greatest(ceil(v_campaign.mps * extract(epoch from p_horizon))::integer - (
          select count(*)::integer from public.messages m where m.campaign_id = v_id and m.is_open and m.status = 'queued'),
            0) end)
      into v_room
      from private.daily_usage u where u.scope = 'campaign' and u.scope_id = v_id and u.day = v_day;
      continue when v_room <= 0;
      select x.p_numbers, x.p_planned into v_numbers, v_room
        from private.plan_campaign(v_campaign, v_org, v_numbers, v_room, p_now) x;
      v_planned := v_planned + v_room;
      v_org_room := v_org_room - v_room;
      if v_room > 0 then
        update private.campaign_turns set planned_at = clock_timestamp() where campaign_id = v_id;
      elsif v_campaign.type = 'drip' or exists (
        select from public.campaign_tests t where t.campaign_id = v_id and t.test_percent < 100) then
        perform private.let_campaign_sleep(v_id, p_now);
      end if;
    end loop;
    exit when v_org_room <= 0 or cardinality(v_campaigns) = 1;
  end loop;
  -- There were more campaigns than one plan may process, or they took too long: those that were processed are last next time,
  -- whether they could send or not.
  if cardinality(v_campaigns) = v_most or clock_timestamp() > v_until then
    update private.campaign_turns p set planned_at = clock_timestamp()
    where p.campaign_id in (
      select x.campaign_id from private.campaign_turns x where x.campaign_id = any (v_looked_at)
        order by x.campaign_id for no key update);
  end if;
  return v_planned;
end;
$$;
comment on function private.plan_sends(uuid, timestamptz, interval, integer) is
  'Plans an organisation''s next sends: what its numbers can send within p_horizon beyond what is queued, at most p_max, and so '
  'that at most 1,000 (or p_max, if that is more) are queued. Returns how many; 0 if another planner is active. Processes the '
  '200 campaigns that waited longest, and begins no further one after a second: the next plan continues with the others. '
  'Security definer: the worker may not read or write these tables.';
