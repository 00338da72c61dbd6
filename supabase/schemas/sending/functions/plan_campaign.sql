create function private.plan_campaign(
  p_campaign public.campaigns,
  p_org public.orgs,
  inout p_numbers private.pool_number[],
  p_quota integer,
  p_now timestamptz,
  out p_planned integer
)
language plpgsql
-- Planning the planner's work anew each time costs as much as doing it; every access here is by a key.
set plan_cache_mode = force_generic_plan
set search_path = ''
as $$
declare
  v_cooldown timestamptz := p_now - make_interval(days => coalesce(p_campaign.cooldown_days, p_org.cooldown_days));
  v_version bigint := private.rules_version(p_org.id);
  v_keys text[];
  v_capped_keys text[];
  v_key_caps smallint[];
  v_candidates uuid[];
  v_people text[];
  -- Numbers, by their place in p_numbers.
  v_number_ids uuid[];
  v_area_codes text[];
  v_paces double precision[];
  v_rooms integer[];
  v_segment_rooms integer[];
  v_is_in_pool boolean[];
  v_sequence integer[];
  v_levels integer[];
  v_next integer := 1;
  -- Templates, by their place in v_templates; v_order[i] is the i-th to be used, of all variants one after another.
  v_templates uuid[];
  v_worst smallint[];
  v_needs text[];
  v_variant_of smallint[];
  v_weights smallint[];
  v_uses bigint[];
  v_used integer[];
  v_variants smallint[];
  v_order integer[] := '{}';
  v_order_from integer[] := '{}';
  v_order_to integer[] := '{}';
  -- Carrier caps, the tightest first.
  v_cap_ids uuid[];
  v_cap_words text[];
  v_cap_rooms integer[];
  v_row record;
  v_number integer;
  v_template integer;
  v_at integer;
  v_variant integer;
  v_segments integer;
  v_i integer;
  v_left integer;
  v_target_ids uuid[] := '{}';
  v_message_ids uuid[] := '{}';
  v_number_of integer[] := '{}';
  v_template_of integer[] := '{}';
  v_segments_of integer[] := '{}';
  v_cap_of integer[] := '{}';
  v_variables jsonb[] := '{}';
  v_delay_of integer[] := '{}';
  v_planned_on integer[];
  v_excluded uuid[] := '{}';
  v_reasons text[] := '{}';
  v_deferred uuid[] := '{}';
  v_deferred_to timestamptz[] := '{}';
  v_sticky_to timestamptz[] := '{}';
  v_attention text[] := '{}';
  v_delay integer;
begin
  p_planned := 0;
  -- Which windows are open for a minute more; what the cache can't tell is worked out and stored.
  select array_agg(k.key), array_agg(k.key) filter (where w.max_per_24h is not null),
    array_agg(w.max_per_24h) filter (where w.max_per_24h is not null)
  into v_keys, v_capped_keys, v_key_caps
  from private.waiting_keys(p_campaign.id) as k(key)
  cross join lateral (
    select x.is_open, x.valid_to, x.max_per_24h from private.windows x
    where x.org_id = p_org.id and x.window_key = k.key and x.version = v_version and x.valid_from <= p_now and x.valid_to > p_now
    union all
    select x.is_open, x.valid_to, x.max_per_24h from private.window_state(p_org.id, k.key, p_now, true) x
    limit 1
  ) w
  where p_campaign.quiet_hours_override or (w.is_open and w.valid_to > p_now + interval '60 seconds');
  if v_keys is null then
    return;
  end if;

  -- As many of those who were put off and are due again (whoever waits for a number can take no other) as of those who come for
  -- the first time, so that neither keep the others out; oldest first across keys. Each key is a range of the index for either.
  v_candidates := array(
    select c.id
    from unnest(v_keys) as k(key)
    cross join lateral (
      select t.id, t.not_before, t.ordinal from public.campaign_targets t
      where t.campaign_id = p_campaign.id and t.is_waiting and t.window_key = k.key and t.not_before > '-infinity'
        and t.not_before <= p_now
      order by t.not_before, t.ordinal limit p_quota
    ) c
    order by c.not_before, c.ordinal limit p_quota);
  v_candidates := v_candidates || array(
    select c.id
    from unnest(v_keys) as k(key)
    cross join lateral (
      select t.id, t.ordinal from public.campaign_targets t
      where t.campaign_id = p_campaign.id and t.is_waiting and t.window_key = k.key and t.not_before = '-infinity'
      order by t.ordinal limit p_quota
    ) c
    order by c.ordinal limit p_quota);
  if cardinality(v_candidates) = 0 then
    return;
  end if;

  select array_agg(n.id order by o), array_agg(n.area_code order by o), array_agg(n.segment_room order by o),
    array_agg(n.planned order by o),
    array_agg(n.mps::double precision order by o),
    array_agg(case when x.is_in_pool and n.usable and (n.is_open or p_campaign.quiet_hours_override) then n.room else 0 end
      order by o),
    array_agg(x.is_in_pool and n.is_active order by o)
  into v_number_ids, v_area_codes, v_segment_rooms, v_planned_on, v_paces, v_rooms, v_is_in_pool
  from unnest(p_numbers) with ordinality as n(id, e164, area_code, mps, health, day, room, segment_room, usable, is_open, planned,
    is_active, o)
  cross join lateral (
    select exists (select 1 from public.campaign_phone_numbers cn
      where cn.campaign_id = p_campaign.id and cn.phone_number_id = n.id)
      or not exists (select 1 from public.campaign_phone_numbers cn where cn.campaign_id = p_campaign.id) as is_in_pool
  ) x;
  -- The healthiest with most room, message after message: each level of each number's room is one place in the sequence.
  select array_agg(s.o::integer order by s.health desc, s.level desc, s.id),
    array_agg(s.level order by s.health desc, s.level desc, s.id)
  into v_sequence, v_levels
  from (
    select n.o, n.id, n.health, r.room - k as level
    from unnest(p_numbers) with ordinality as n(id, e164, area_code, mps, health, day, room, segment_room, usable, is_open,
      planned, is_active, o)
    cross join lateral (select v_rooms[n.o] as room) r
    cross join generate_series(0, least(r.room, p_quota) - 1) k
  ) s;
  v_left := (select sum(least(r.room, r.segments)) from unnest(v_rooms, v_segment_rooms) as r(room, segments));
  if coalesce(v_left, 0) <= 0 then
    return;
  end if;

  select array_agg(t.id order by t.id), array_agg(t.worst_segments order by t.id), array_agg(0 order by t.id),
    array_agg(ct.variant order by t.id), array_agg(ct.weight order by t.id),
    array_agg(u.uses order by t.id),
    array_agg(array_to_string(array(select v from unnest(t.required_variables) v where v not in ('brand', 'phone', 'today')), ',')
      order by t.id)
  into v_templates, v_worst, v_used, v_variant_of, v_weights, v_uses, v_needs
  from public.campaign_templates ct
  join public.templates t on t.id = ct.template_id and t.is_active
  join private.template_usage u on u.template_id = t.id
  where ct.campaign_id = p_campaign.id;
  if v_templates is null then
    return;
  end if;
  v_variants := array(select v.variant from public.campaign_variants v where v.campaign_id = p_campaign.id order by v.variant);
  for v_i in 1 .. greatest(cardinality(v_variants), 1) loop
    v_order_from[v_i] := cardinality(v_order) + 1;
    v_order := v_order || array(
      select array_position(v_templates, s.id)
      from unnest(private.template_sequence(p_campaign.id, v_variants[v_i], cardinality(v_candidates) + cardinality(v_templates)))
        with ordinality as s(id, n) order by s.n);
    v_order_to[v_i] := cardinality(v_order);
  end loop;

  select array_agg(c.id order by c.daily_segments, c.id), array_agg(c.carrier order by c.daily_segments, c.id),
    array_agg(greatest(c.daily_segments - coalesce(u.segments, 0), 0) order by c.daily_segments, c.id)
  into v_cap_ids, v_cap_words, v_cap_rooms
  from public.carrier_caps c
  left join private.daily_usage u on u.scope = 'carrier' and u.scope_id = c.id and u.day = private.carrier_day(p_now)
  where c.org_id = p_org.id;

  -- Whoever holds a person (STOP, a claim) keeps them out of this plan: nothing here ever waits on a contact. One by one and by
  -- their key, in its order, whatever the statistics say of an organisation that has just come.
  v_people := array(select t.e164 from public.campaign_targets t where t.id = any (v_candidates) order by t.e164);
  v_people := array(
    select held.e164 from unnest(v_people) as p(e164)
    cross join lateral (
      select c.e164 from private.contacts c where c.org_id = p_org.id and c.e164 = p.e164 for no key update skip locked
    ) held);

  for v_row in
    select t.id, t.min_segments, t.attempts, t.sticky_until,
      array_position(v_capped_keys, t.window_key) as capped,
      array_position(v_variants, t.variant) as variant,
      c.suppressed_at, c.invalid_at, c.last_sent_at, c.last_campaign_id,
      array_position(v_number_ids, c.phone_number_id) as sticky,
      array_positions(v_area_codes, substr(t.e164, 3, 3)) as local_numbers,
      l.variables, recent.templates as recent_templates, day.texts as last_day, carrier.cap
    from (
      -- A second statement sees what was committed before the locks.
      select x.* from public.campaign_targets x
      where x.id = any (v_candidates) and x.state = 'waiting' for no key update skip locked
    ) t
    cross join lateral (
      select k.suppressed_at, k.invalid_at, k.last_sent_at, k.last_campaign_id, k.phone_number_id
      from private.contacts k where k.org_id = p_org.id and k.e164 = t.e164 limit 1
    ) c
    join private.lead_values l on l.lead_id = t.lead_id
    left join lateral (
      select array_agg(m.template_id) as templates
      from public.messages m
      -- "is true" leaves the index by person alone to choose from: with statistics from before a burst the one by organisation
      -- was taken, and read all of the burst for each person.
      where m.to_number = t.e164 and (m.org_id = p_org.id) is true and (m.created_at > p_now - interval '30 days') is true
        and m.kind = 'campaign' and m.status not in ('failed', 'canceled')
    ) recent on true
    cross join lateral (
      -- Only where a rule limits it: what went out, and what is on its way there.
      select case when t.window_key = any (v_capped_keys) then cardinality(private.texts_in_day(p_org.id, t.e164, p_now)) + (
        select count(*)::integer from public.messages m
        where m.to_number = t.e164 and (m.org_id = p_org.id) is true and m.status = 'queued' and m.kind = 'campaign') end as texts
    ) day
    left join public.lead_phones p on v_cap_ids is not null and p.id = t.lead_phone_id
    cross join lateral (
      -- A carrier that nobody knows counts as the tightest, which is the first.
      select case when v_cap_ids is null then null when p.carrier is null then 1 else (
        select min(w.n)::integer from unnest(v_cap_words) with ordinality as w(word, n)
          where position(w.word in lower(p.carrier)) > 0) end as cap
    ) carrier
    join unnest(v_people) as held(e164) on held.e164 = t.e164
    order by t.not_before = '-infinity', t.ordinal
  loop
    exit when v_left <= 0 or p_planned >= p_quota;
    if v_row.suppressed_at is not null or v_row.invalid_at is not null
      or (v_row.last_sent_at > v_cooldown and v_row.last_campaign_id is distinct from p_campaign.id) then
      v_excluded := v_excluded || v_row.id;
      v_reasons := v_reasons || case when v_row.suppressed_at is not null then 'suppressed'
        when v_row.invalid_at is not null then 'invalid_phone' else 'recently_contacted' end;
      continue;
    end if;
    if v_row.capped is not null and v_row.last_day >= v_key_caps[v_row.capped] then
      v_deferred := v_deferred || v_row.id;
      v_deferred_to := v_deferred_to || (p_now + interval '1 hour');
      v_sticky_to := v_sticky_to || v_row.sticky_until;
      v_attention := v_attention || null::text;
      continue;
    end if;

    -- The text: never one this person had in 30 days while another is left; then the next in the sequence.
    v_variant := coalesce(v_row.variant, 1);
    v_template := null;
    v_at := null;
    for v_i in v_order_from[v_variant] .. v_order_to[v_variant] loop
      if (v_needs[v_order[v_i]] = '' or v_row.variables ?& string_to_array(v_needs[v_order[v_i]], ','))
        and (v_row.recent_templates is null or v_templates[v_order[v_i]] <> all (v_row.recent_templates)) then
        v_at := v_i;
        exit;
      end if;
      exit when v_i - v_order_from[v_variant] >= cardinality(v_templates);
    end loop;
    if v_at is not null then
      v_template := v_order[v_at];
    else
      -- Not within a round of the sequence, in which one of much use or little weight does not come: all of them are looked at.
      select t.n into v_template
      from unnest(v_templates, v_needs, v_uses, v_used, v_weights, v_variant_of) with ordinality as t(id, needs, uses, used,
        weight, variant, n)
      where t.variant is not distinct from v_variants[v_variant]
        and (t.needs = '' or v_row.variables ?& string_to_array(t.needs, ','))
      order by coalesce(t.id = any (v_row.recent_templates), false), (t.uses + t.used) / t.weight::double precision, t.id limit 1;
    end if;
    if v_template is null then
      if v_order_from[v_variant] <= v_order_to[v_variant] then
        v_excluded := v_excluded || v_row.id;
        v_reasons := v_reasons || 'missing_variable'::text;
      else
        v_deferred := v_deferred || v_row.id;
        v_deferred_to := v_deferred_to || (p_now + interval '15 minutes');
        v_sticky_to := v_sticky_to || v_row.sticky_until;
        v_attention := v_attention || 'No template of this person''s variant is active. Activate one.'::text;
      end if;
      continue;
    end if;
    v_segments := greatest(v_worst[v_template], coalesce(v_row.min_segments, 1));
    if v_row.cap is not null and v_cap_rooms[v_row.cap] < v_segments then
      v_deferred := v_deferred || v_row.id;
      v_deferred_to := v_deferred_to || ((private.carrier_day(p_now) + 1)::timestamp at time zone 'America/Los_Angeles');
      v_sticky_to := v_sticky_to || v_row.sticky_until;
      v_attention := v_attention || null::text;
      continue;
    end if;

    -- The number: the one this person knows, for which they wait up to 15 minutes (not after a try that failed); else their area
    -- code's; else the next in the sequence.
    v_number := null;
    if v_row.sticky is not null and v_is_in_pool[v_row.sticky] then
      if v_rooms[v_row.sticky] > 0 and v_segment_rooms[v_row.sticky] >= v_segments then
        v_number := v_row.sticky;
      elsif v_row.attempts = 0 and coalesce(v_row.sticky_until > p_now, true) then
        v_deferred := v_deferred || v_row.id;
        v_sticky_to := v_sticky_to || coalesce(v_row.sticky_until, p_now + interval '15 minutes');
        -- Out of the way for a moment where only its next seconds are taken, or the people of a busy number would keep the idle
        -- ones idle.
        v_deferred_to := v_deferred_to || case
          when p_numbers[v_row.sticky].usable and (p_numbers[v_row.sticky].is_open or p_campaign.quiet_hours_override)
            and v_segment_rooms[v_row.sticky] >= v_segments
            then p_now + interval '1 second'
          else coalesce(v_row.sticky_until, p_now + interval '15 minutes') end;
        v_attention := v_attention || null::text;
        continue;
      end if;
    end if;
    if v_number is null then
      foreach v_i in array v_row.local_numbers loop
        if v_rooms[v_i] > 0 and v_segment_rooms[v_i] >= v_segments and (
          v_number is null or (p_numbers[v_i].health, v_rooms[v_i]) > (p_numbers[v_number].health, v_rooms[v_number])) then
          v_number := v_i;
        end if;
      end loop;
    end if;
    if v_number is null then
      -- What an area code or an acquaintance took from a number has used up its highest levels.
      while v_next <= cardinality(v_sequence) and v_levels[v_next] > v_rooms[v_sequence[v_next]] loop
        v_next := v_next + 1;
      end loop;
      for v_i in v_next .. coalesce(cardinality(v_sequence), 0) loop
        if v_levels[v_i] <= v_rooms[v_sequence[v_i]] and v_segment_rooms[v_sequence[v_i]] >= v_segments then
          v_number := v_sequence[v_i];
          exit;
        end if;
      end loop;
    end if;
    continue when v_number is null;

    p_planned := p_planned + 1;
    v_target_ids[p_planned] := v_row.id;
    v_message_ids[p_planned] := private.uuid_v7();
    v_number_of[p_planned] := v_number;
    v_template_of[p_planned] := v_template;
    v_segments_of[p_planned] := v_segments;
    v_cap_of[p_planned] := v_row.cap;
    v_variables[p_planned] := v_row.variables;
    -- Visible about when its slot comes, so that a claim need not put back what is not due.
    v_delay_of[p_planned] := floor(v_planned_on[v_number] / v_paces[v_number]);
    v_rooms[v_number] := greatest(v_rooms[v_number] - v_segments, 0);
    v_segment_rooms[v_number] := v_segment_rooms[v_number] - v_segments;
    v_planned_on[v_number] := v_planned_on[v_number] + v_segments;
    v_left := v_left - v_segments;
    if v_row.cap is not null then
      v_cap_rooms[v_row.cap] := v_cap_rooms[v_row.cap] - v_segments;
    end if;
    v_used[v_template] := v_used[v_template] + 1;
    if v_at is not null then
      -- Whatever was passed over stays next for the others.
      if v_at > v_order_from[v_variant] then
        v_order[v_order_from[v_variant] + 1 : v_at] := v_order[v_order_from[v_variant] : v_at - 1];
      end if;
      v_order_from[v_variant] := v_order_from[v_variant] + 1;
    end if;
  end loop;

  if cardinality(v_excluded) > 0 then
    update public.campaign_targets t set state = 'excluded', reason = x.reason, updated_at = p_now
    from unnest(v_excluded, v_reasons) as x(id, reason) where t.id = x.id;
  end if;
  if cardinality(v_deferred) > 0 then
    update public.campaign_targets t
    set not_before = x.not_before, sticky_until = x.sticky_until, needs_attention = x.needs_attention, updated_at = p_now
    from unnest(v_deferred, v_deferred_to, v_sticky_to, v_attention) as x(id, not_before, sticky_until, needs_attention)
      where t.id = x.id;
  end if;
  if p_planned = 0 then
    return;
  end if;

  insert into public.messages (
    id, org_id, kind, campaign_id, campaign_target_id, step, lead_id, phone_number_id, template_id, template_version, variables,
    from_number, to_number, language, status, charged_segments, charged_day, carrier_cap_id, queued_at, created_at, updated_at)
  select x.message_id, p_org.id, 'campaign', p_campaign.id, t.id, t.step, t.lead_id, v_number_ids[x.number], tp.id, tp.version,
    x.variables || jsonb_build_object('brand', p_org.brand, 'phone', t.e164,
      'today', to_char(p_now at time zone coalesce(nullif(split_part(split_part(t.window_key, '|', 1), ',', 1), '?'),
        p_org.time_zone), case tp.language when 'es' then 'DD/MM/YYYY' else 'MM/DD/YYYY' end)),
    p_numbers[x.number].e164, t.e164, tp.language, 'queued', x.segments, p_numbers[x.number].day, v_cap_ids[x.cap], p_now, p_now,
      p_now
  from unnest(v_target_ids, v_message_ids, v_number_of, v_template_of, v_segments_of, v_cap_of, v_variables)
    as x(target_id, message_id, number, template, segments, cap, variables)
  join public.campaign_targets t on t.id = x.target_id
  join public.templates tp on tp.id = v_templates[x.template];

  update public.campaign_targets t
  set state = 'queued', message_id = x.message_id, phone_number_id = v_number_ids[x.number],
    last_template_id = v_templates[x.template],
      attempts = t.attempts + 1, sticky_until = null, needs_attention = null, updated_at = p_now
  from unnest(v_target_ids, v_message_ids, v_number_of, v_template_of) as x(target_id, message_id, number, template)
  where t.id = x.target_id;

  update private.template_usage u set uses = u.uses + x.used, last_used_at = p_now
  from unnest(v_templates, v_used) as x(id, used) where u.template_id = x.id and x.used > 0;

  perform private.charge_usage(s.scope, array_agg(s.id), array_agg(s.day), array_agg(s.messages), array_agg(s.segments))
  from (
    select 'org' as scope, p_org.id as id, (p_now at time zone p_org.time_zone)::date as day, p_planned as messages,
      sum(x)::integer as segments, 1 as n
    from unnest(v_segments_of) x
    union all
    select 'campaign', p_campaign.id, (p_now at time zone p_org.time_zone)::date, p_planned, sum(x)::integer, 2
      from unnest(v_segments_of) x
    union all
    select 'carrier', v_cap_ids[x.cap], private.carrier_day(p_now), count(*)::integer, sum(x.segments)::integer, 3
    from unnest(v_cap_of, v_segments_of) as x(cap, segments) where x.cap is not null group by x.cap
    union all
    select 'number', v_number_ids[x.number], p_numbers[x.number].day, count(*)::integer, sum(x.segments)::integer, 4
    from unnest(v_number_of, v_segments_of) as x(number, segments) group by x.number
  ) s
  group by s.scope, s.n order by s.n;

  for v_delay in select distinct d from unnest(v_delay_of) d order by d loop
    perform pgmq.send_batch('sends',
      array(select jsonb_build_object('message_id', x.id)
        from unnest(v_message_ids, v_delay_of) with ordinality as x(id, delay, n)
            where x.delay = v_delay order by x.n),
      v_delay);
  end loop;

  p_numbers := array(
    select (n.id, n.e164, n.area_code, n.mps, n.health, n.day, greatest(n.room - (v_planned_on[n.o] - n.planned), 0),
      v_segment_rooms[n.o],
      n.usable, n.is_open, v_planned_on[n.o], n.is_active)::private.pool_number
    from unnest(p_numbers) with ordinality as n(id, e164, area_code, mps, health, day, room, segment_room, usable, is_open,
      planned, is_active, o)
    order by n.o);
end;
$$;
comment on function private.plan_campaign(public.campaigns, public.orgs, private.pool_number[], integer, timestamptz) is
  'Plans up to p_quota of a campaign''s waiting targets; returns the numbers with what room is left, and how many it planned. '
  'The caller holds the organisation''s planning lock and the campaign for share, and has opened the daily caps.';
