-- Planning: who is next, from which number, with which text. Tops the queue up to what the numbers can send in the next
-- seconds and no more, so that a pause is quick, no campaign starves another and nothing bloats.

create function private.plan_campaign(
  p_campaign public.campaigns,
  p_org public.orgs,
  p_numbers private.pool_number[],
  p_quota integer,
  p_now timestamptz
)
returns private.pool_number[]
language plpgsql
set search_path = ''
as $$
declare
  v_numbers private.pool_number[] := p_numbers;
  v_pool boolean[];
  v_usable boolean[];
  v_cooldown timestamptz := p_now - make_interval(days => coalesce(p_campaign.cooldown_days, p_org.cooldown_days));
  v_open_keys text[];
  v_capped_keys text[];
  v_key_caps smallint[];
  v_templates uuid[];
  v_worst smallint[];
  v_needs text[];
  v_uses bigint[];
  v_used integer[];
  v_candidates uuid[];
  v_row record;
  v_number integer;
  v_template integer;
  v_segments integer;
  v_i integer;
  v_n integer := 0;
  v_target_ids uuid[] := '{}';
  v_message_ids uuid[] := '{}';
  v_number_of integer[] := '{}';
  v_template_of integer[] := '{}';
  v_segments_of integer[] := '{}';
  v_delay_of integer[] := '{}';
  v_excluded uuid[] := '{}';
  v_reasons text[] := '{}';
  v_deferred uuid[] := '{}';
  v_deferred_to timestamptz[] := '{}';
  v_delay integer;
begin
  select array_agg(n.usable and (n.is_open or p_campaign.quiet_hours_override) order by n.o),
    array_agg(exists (
      select 1 from public.campaign_phone_numbers cn where cn.campaign_id = p_campaign.id and cn.phone_number_id = n.id
    ) or not exists (select 1 from public.campaign_phone_numbers cn where cn.campaign_id = p_campaign.id) order by n.o)
  into v_usable, v_pool
  from unnest(v_numbers) with ordinality as n(id, e164, area_code, mps, health, day, room, segment_room, usable, is_open, planned, o);

  select array_agg(t.id order by t.id), array_agg(t.worst_segments order by t.id),
    array_agg(array_to_string(array(select v from unnest(t.required_variables) v where v not in ('brand', 'phone', 'today')), ',') order by t.id),
    array_agg(u.uses order by t.id), array_agg(0 order by t.id)
  into v_templates, v_worst, v_needs, v_uses, v_used
  from public.campaign_templates ct
  join public.templates t on t.id = ct.template_id and t.is_active
  join private.template_usage u on u.template_id = t.id
  where ct.campaign_id = p_campaign.id;
  if v_templates is null then
    return v_numbers;
  end if;

  select array_agg(k.key), array_agg(k.key) filter (where w.max_per_24h is not null), array_agg(w.max_per_24h) filter (where w.max_per_24h is not null)
  into v_open_keys, v_capped_keys, v_key_caps
  from private.waiting_keys(p_campaign.id) as k(key)
  cross join lateral private.window_state(p_org.id, k.key, p_now, true) w
  where p_campaign.quiet_hours_override or (w.is_open and w.valid_to > p_now + interval '60 seconds');
  if v_open_keys is null then
    return v_numbers;
  end if;

  -- Oldest first across keys, after them whoever was put off; each key is one range of the index.
  v_candidates := array(
    select c.id
    from unnest(v_open_keys) as k(key)
    cross join lateral (
      select t.id, t.not_before, t.ordinal from public.campaign_targets t
      where t.campaign_id = p_campaign.id and t.state = 'waiting' and t.window_key = k.key and t.not_before <= p_now
      order by t.not_before, t.ordinal limit p_quota
    ) c
    order by c.not_before, c.ordinal limit p_quota);
  if cardinality(v_candidates) = 0 then
    return v_numbers;
  end if;

  -- Whoever holds a person (STOP, a claim) keeps them out of this plan: nothing here ever waits on a contact.
  perform 1 from private.contacts c
  where c.org_id = p_org.id
    and c.e164 in (select t.e164 from public.campaign_targets t where t.id = any (v_candidates))
  order by c.e164 for no key update skip locked;

  for v_row in
    select t.id, t.not_before, t.window_key, t.min_segments, t.e164,
      array_position(v_capped_keys, t.window_key) as capped,
      c.suppressed_at, c.invalid_at, c.last_sent_at, c.last_campaign_id, c.phone_number_id as sticky_id,
      substr(t.e164, 3, 3) as area_code,
      private.lead_variables(l) as variables,
      recent.templates as recent_templates, recent.last_day
    from (
      -- A second statement sees what was committed before the locks; a contact not locked here is locked by somebody else.
      select x.* from public.campaign_targets x
      where x.id = any (v_candidates) and x.state = 'waiting' for no key update skip locked
    ) t
    join private.contacts c on c.org_id = p_org.id and c.e164 = t.e164
    join public.leads l on l.id = t.lead_id
    left join lateral (
      select array_agg(m.template_id) as templates,
        count(*) filter (where m.created_at > p_now - interval '24 hours') as last_day
      from public.messages m
      where m.org_id = p_org.id and m.to_number = t.e164 and m.created_at > p_now - interval '30 days'
        and m.kind <> 'inbound' and m.status not in ('failed', 'canceled')
    ) recent on true
    order by t.ordinal
    for no key update of c skip locked
  loop
    if v_row.suppressed_at is not null or v_row.invalid_at is not null
      or (v_row.last_sent_at > v_cooldown and v_row.last_campaign_id is distinct from p_campaign.id) then
      v_excluded := v_excluded || v_row.id;
      v_reasons := v_reasons || case when v_row.suppressed_at is not null then 'suppressed'
        when v_row.invalid_at is not null then 'invalid_phone' else 'recently_contacted' end;
      continue;
    end if;
    if v_row.capped is not null and coalesce(v_row.last_day, 0) >= v_key_caps[v_row.capped] then
      v_deferred := v_deferred || v_row.id;
      v_deferred_to := v_deferred_to || (p_now + interval '1 hour');
      continue;
    end if;

    -- The text: never one this person had in 30 days while another is left; then the one used least.
    v_template := null;
    for v_i in 1 .. cardinality(v_templates) loop
      -- No subquery in here: it runs for every template and person, 20 times slower.
      if v_needs[v_i] <> '' and not v_row.variables ?& string_to_array(v_needs[v_i], ',') then
        continue;
      end if;
      if v_template is null
        or (coalesce(v_templates[v_template] = any (v_row.recent_templates), false), v_uses[v_template])
         > (coalesce(v_templates[v_i] = any (v_row.recent_templates), false), v_uses[v_i]) then
        v_template := v_i;
      end if;
    end loop;
    if v_template is null then
      v_excluded := v_excluded || v_row.id;
      v_reasons := v_reasons || 'missing_variable'::text;
      continue;
    end if;
    v_segments := greatest(v_worst[v_template], coalesce(v_row.min_segments, 1));

    -- The number: the one this person knows; else their area code's; else the healthiest with most room.
    v_number := null;
    for v_i in 1 .. cardinality(v_numbers) loop
      if not v_pool[v_i] then
        continue;
      end if;
      if v_numbers[v_i].id = v_row.sticky_id then
        if v_usable[v_i] and v_numbers[v_i].segment_room >= v_segments then
          v_number := v_i;
          if v_numbers[v_i].room = 0 then
            -- Its next seconds are taken: out of the way, or the oldest of a busy number would keep the other numbers idle.
            v_deferred := v_deferred || v_row.id;
            v_deferred_to := v_deferred_to || (p_now + interval '2 seconds');
            v_number := 0;
          end if;
          exit;
        elsif v_row.not_before < p_now - interval '10 minutes' then
          -- Full or shut for today: it waits a quarter of an hour once, then another number takes over.
          v_deferred := v_deferred || v_row.id;
          v_deferred_to := v_deferred_to || (p_now + interval '15 minutes');
          v_number := 0;
          exit;
        end if;
      end if;
      if v_usable[v_i] and v_numbers[v_i].room > 0 and v_numbers[v_i].segment_room >= v_segments and (
        v_number is null
        or (coalesce(v_numbers[v_i].area_code = v_row.area_code, false), v_numbers[v_i].health, v_numbers[v_i].room)
         > (coalesce(v_numbers[v_number].area_code = v_row.area_code, false), v_numbers[v_number].health, v_numbers[v_number].room)
      ) then
        v_number := v_i;
      end if;
    end loop;
    if v_number is null then
      exit when not exists (select 1 from unnest(v_numbers) x where x.usable and x.room > 0 and x.segment_room > 0);
      continue;
    end if;
    continue when v_number = 0;

    v_n := v_n + 1;
    v_target_ids[v_n] := v_row.id;
    v_message_ids[v_n] := private.uuid_v7();
    v_number_of[v_n] := v_number;
    v_template_of[v_n] := v_template;
    v_segments_of[v_n] := v_segments;
    -- Visible about when its slot comes, so that a claim need not put back what is not due.
    v_delay_of[v_n] := floor(v_numbers[v_number].planned / v_numbers[v_number].mps);
    v_numbers[v_number].room := v_numbers[v_number].room - 1;
    v_numbers[v_number].planned := v_numbers[v_number].planned + 1;
    v_numbers[v_number].segment_room := v_numbers[v_number].segment_room - v_segments;
    v_uses[v_template] := v_uses[v_template] + 1;
    v_used[v_template] := v_used[v_template] + 1;
  end loop;

  if cardinality(v_excluded) > 0 then
    update public.campaign_targets t set state = 'excluded', reason = x.reason, updated_at = p_now
    from unnest(v_excluded, v_reasons) as x(id, reason) where t.id = x.id;
  end if;
  if cardinality(v_deferred) > 0 then
    update public.campaign_targets t set not_before = x.not_before, updated_at = p_now
    from unnest(v_deferred, v_deferred_to) as x(id, not_before) where t.id = x.id;
  end if;
  if v_n = 0 then
    return v_numbers;
  end if;

  insert into public.messages (
    id, org_id, kind, campaign_id, campaign_target_id, step, lead_id, phone_number_id, template_id, template_version, variables,
    from_number, to_number, language, status, charged_segments, charged_day, queued_at, created_at, updated_at)
  select x.message_id, p_org.id, 'campaign', p_campaign.id, t.id, t.step, t.lead_id, v_numbers[x.number].id,
    tp.id, tp.version,
    private.lead_variables(l) || jsonb_build_object('brand', p_org.brand, 'phone', t.e164,
      'today', to_char(p_now at time zone coalesce(nullif(split_part(split_part(t.window_key, '|', 1), ',', 1), '?'), p_org.time_zone), case tp.language when 'es' then 'DD/MM/YYYY' else 'MM/DD/YYYY' end)),
    v_numbers[x.number].e164, t.e164, tp.language, 'queued', x.segments, v_numbers[x.number].day, p_now, p_now, p_now
  from unnest(v_target_ids, v_message_ids, v_number_of, v_template_of, v_segments_of) as x(target_id, message_id, number, template, segments)
  join public.campaign_targets t on t.id = x.target_id
  join public.leads l on l.id = t.lead_id
  join public.templates tp on tp.id = v_templates[x.template];

  update public.campaign_targets t
  set state = 'queued', message_id = x.message_id, phone_number_id = v_numbers[x.number].id, last_template_id = v_templates[x.template],
      attempts = t.attempts + 1, updated_at = p_now
  from unnest(v_target_ids, v_message_ids, v_number_of, v_template_of) as x(target_id, message_id, number, template)
  where t.id = x.target_id;

  update private.template_usage u set uses = u.uses + x.used, last_used_at = p_now
  from unnest(v_templates, v_used) as x(id, used) where u.template_id = x.id and x.used > 0;

  perform private.charge_usage('org', array[p_org.id], array[(p_now at time zone p_org.time_zone)::date],
    array[v_n], array[(select sum(s)::integer from unnest(v_segments_of) s)]);
  perform private.charge_usage('campaign', array[p_campaign.id], array[(p_now at time zone p_org.time_zone)::date],
    array[v_n], array[(select sum(s)::integer from unnest(v_segments_of) s)]);
  perform private.charge_usage('number',
    array_agg(v_numbers[x.number].id), array_agg(v_numbers[x.number].day), array_agg(1), array_agg(x.segments))
  from unnest(v_number_of, v_segments_of) as x(number, segments);

  for v_delay in select distinct d from unnest(v_delay_of) d order by d loop
    perform pgmq.send_batch('sends',
      array(select jsonb_build_object('message_id', x.id) from unnest(v_message_ids, v_delay_of) with ordinality as x(id, delay, n)
            where x.delay = v_delay order by x.n),
      v_delay);
  end loop;
  return v_numbers;
end;
$$;
comment on function private.plan_campaign(public.campaigns, public.orgs, private.pool_number[], integer, timestamptz) is
  'Plans up to p_quota of a campaign''s waiting targets; returns the numbers with what room is left. The caller holds the organisation''s planning lock and the campaign for share.';

create function private.plan_sends(p_org_id uuid, p_now timestamptz default now(), p_horizon interval default '5 seconds', p_max integer default 500)
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
  v_before integer;
  v_planned integer := 0;
  v_pass integer;
  v_queued integer;
begin
  -- One planner per organisation; a second one has nothing to add.
  if not pg_try_advisory_xact_lock(hashtextextended('plan_sends:' || p_org_id::text, 0)) then
    return 0;
  end if;
  select * into v_org from public.orgs o where o.id = p_org_id;
  if not found or exists (select 1 from private.org_pace p where p.org_id = p_org_id and p.resting_until > p_now) then
    return 0;
  end if;
  v_day := (p_now at time zone v_org.time_zone)::date;

  v_campaigns := array(
    select c.id from public.campaigns c join private.campaign_pace p on p.campaign_id = c.id
    where c.org_id = p_org_id and c.status = 'running'
      and exists (select 1 from public.campaign_targets t where t.campaign_id = c.id and t.state = 'waiting' and t.not_before <= p_now)
    order by p.planned_at, c.started_at, c.id);
  if cardinality(v_campaigns) = 0 then
    return 0;
  end if;

  -- Usage rows before contacts, as everywhere; made here so that they can be locked.
  perform private.charge_usage('org', array[p_org_id], array[v_day], array[0], array[0]);
  perform private.charge_usage('campaign', array(select c from unnest(v_campaigns) c order by c),
    array(select v_day from unnest(v_campaigns)), array(select 0 from unnest(v_campaigns)), array(select 0 from unnest(v_campaigns)));
  perform private.charge_usage('number', array_agg(n.id order by n.id), array_agg(n.day order by n.id), array_agg(0), array_agg(0))
  from private.number_room(p_org_id, p_horizon, p_now) n having count(*) > 0;

  v_numbers := array(select n from private.number_room(p_org_id, p_horizon, p_now) n);
  select coalesce(sum(n.planned), 0) into v_queued from unnest(v_numbers) n;
  select least(
    p_max,
    coalesce(sum(least(n.room, n.segment_room)) filter (where n.usable), 0),
    greatest(coalesce(v_org.daily_cap, 2147483647) - (select u.messages from private.daily_usage u where u.scope = 'org' and u.scope_id = p_org_id and u.day = v_day), 0),
    case when v_org.mps is null then 2147483647 else greatest(ceil(v_org.mps * extract(epoch from p_horizon))::integer - v_queued, 0) end)::integer
  into v_org_room from unnest(v_numbers) n;

  -- Campaigns take turns with equal shares; what a share leaves over goes to the others, oldest first.
  for v_pass in 1 .. 2 loop
    foreach v_id in array v_campaigns loop
      exit when v_org_room <= 0;
      select * into v_campaign from public.campaigns c where c.id = v_id and c.status = 'running' for share skip locked;
      continue when not found;
      v_share := case v_pass when 1 then ceil(v_org_room::numeric / greatest(cardinality(v_campaigns) - array_position(v_campaigns, v_id) + 1, 1))::integer else v_org_room end;
      select least(v_share,
        greatest(coalesce(v_campaign.daily_cap, 2147483647) - u.messages, 0),
        case when v_campaign.mps is null then 2147483647 else greatest(ceil(v_campaign.mps * extract(epoch from p_horizon))::integer - (
          select count(*)::integer from public.campaign_targets t where t.campaign_id = v_id and t.state = 'queued'), 0) end)
      into v_room
      from private.daily_usage u where u.scope = 'campaign' and u.scope_id = v_id and u.day = v_day;
      continue when v_room <= 0;
      select sum(n.planned) into v_before from unnest(v_numbers) n;
      v_numbers := private.plan_campaign(v_campaign, v_org, v_numbers, v_room, p_now);
      select sum(n.planned) - v_before into v_room from unnest(v_numbers) n;
      v_planned := v_planned + v_room;
      v_org_room := v_org_room - v_room;
      if v_room > 0 then
        update private.campaign_pace set planned_at = clock_timestamp() where campaign_id = v_id;
      end if;
    end loop;
    exit when v_org_room <= 0 or cardinality(v_campaigns) = 1;
  end loop;
  return v_planned;
end;
$$;
comment on function private.plan_sends(uuid, timestamptz, interval, integer) is
  'Plans an organisation''s next sends: up to what its numbers can send within p_horizon beyond what is queued, at most p_max; returns how many. 0 where another planner is at it. Definer: the worker may not read or write these tables.';
