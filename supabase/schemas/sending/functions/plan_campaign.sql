create function private.plan_campaign(p_campaign public.campaigns, p_org public.orgs, inout p_numbers private.pool_number[],
  p_quota integer, p_now timestamptz, out p_planned integer)
language plpgsql
-- Making a query plan anew each time costs as much as running it; every access here is by a key.
set plan_cache_mode = force_generic_plan
set search_path = ''
as $$
declare
  v_windows private.open_window[];
  v_candidates uuid[];
  -- Values that change from message to message are in arrays of their own, with the same indexes as the rows they belong to.
  v_pool private.pool_number[];
  v_rooms integer[];
  v_segment_rooms integer[];
  v_planned_on integer[];
  v_sequence integer[];
  v_levels integer[];
  v_next integer := 1;
  v_texts private.plan_text[];
  v_text_steps smallint[];
  v_step smallint;
  v_order integer[] := '{}';
  v_order_from integer[];
  v_order_to integer[];
  v_caps private.carrier_room[];
  v_cap_rooms integer[];
  v_row record;
  v_number integer;
  v_template integer;
  v_at integer;
  v_group integer;
  v_segments integer;
  v_left integer;
  v_plan private.planned_send[] := '{}';
  v_excluded private.excluded_target[] := '{}';
  v_deferred private.deferred_target[] := '{}';
begin
  p_planned := 0;
  v_windows := private.open_windows(p_campaign, p_now);
  v_candidates := private.free_candidates(p_campaign, v_windows, p_quota, p_now);
  if cardinality(v_candidates) = 0 then
    return;
  end if;
  select c.p_pool, c.p_rooms, c.p_segment_rooms, c.p_planned_on, c.p_left
  into v_pool, v_rooms, v_segment_rooms, v_planned_on, v_left from private.campaign_pool(p_campaign, p_numbers) c;
  v_texts := private.plan_texts(p_campaign, p_org.support_contact);
  if coalesce(v_left, 0) <= 0 or v_texts is null then
    return;
  end if;
  select s.p_sequence, s.p_levels into v_sequence, v_levels from private.number_sequence(v_pool, p_quota) s;
  v_text_steps := case when p_campaign.type = 'drip' then private.text_steps(p_campaign.id) end;
  v_caps := private.carrier_rooms(p_org.id, p_now);
  v_cap_rooms := array(select c.room from unnest(v_caps) with ordinality as c(id, carrier, room, n) order by c.n);

  for v_row in
    select * from private.plan_people(p_campaign, p_org, v_candidates, v_windows, v_pool, v_caps, p_now)
  loop
    exit when v_left <= 0 or p_planned >= p_quota;
    if v_row.obstacle not in ('held', 'earlier_step_open') then
      v_excluded := v_excluded || (v_row.id, v_row.obstacle)::private.excluded_target;
      continue;
    elsif v_row.obstacle is not null or v_row.last_day >= v_row.text_limit then
      v_deferred := v_deferred || (v_row.id, p_now + interval '1 hour', v_row.sticky_until,
        case v_row.obstacle when 'held' then 'The person''s answer must be read first.' end)::private.deferred_target;
      continue;
    end if;

    -- The text: no text that this person got within 30 days while there is another; otherwise the next in the sequence.
    v_step := coalesce(v_text_steps[v_row.step], 1);
    v_group := 11 * v_step + coalesce(v_row.variant, 0);
    if v_order_from[v_group] is null then
      v_order_from[v_group] := cardinality(v_order) + 1;
      v_order := v_order || private.text_order(p_campaign, v_texts, v_step, v_row.variant, cardinality(v_candidates));
      v_order_to[v_group] := cardinality(v_order);
    end if;
    v_at := null;
    for v_i in v_order_from[v_group] .. v_order_to[v_group] loop
      if (v_texts[v_order[v_i]].needs = '' or v_row.variables ?& string_to_array(v_texts[v_order[v_i]].needs, ','))
        and (v_row.recent_templates is null or v_texts[v_order[v_i]].id <> all (v_row.recent_templates)) then
        v_at := v_i;
        exit;
      end if;
      exit when v_i - v_order_from[v_group] >= cardinality(v_texts);
    end loop;
    v_template := case when v_at is not null then v_order[v_at]
      else private.text_out_of_turn(v_texts, v_plan, v_step, v_row.variant, v_row.variables, v_row.recent_templates) end;
    if v_template is null and v_order_from[v_group] <= v_order_to[v_group] then
      v_excluded := v_excluded || (v_row.id, 'missing_variable')::private.excluded_target;
      continue;
    elsif v_template is null then
      v_deferred := v_deferred || (v_row.id, p_now + interval '15 minutes', v_row.sticky_until,
        'No template of this person''s step and variant is active. Activate one.')::private.deferred_target;
      continue;
    end if;
    v_segments := greatest(v_texts[v_template].worst_segments, coalesce(v_row.min_segments, 1));
    if v_row.cap is not null and v_cap_rooms[v_row.cap] < v_segments then
      v_deferred := v_deferred || (v_row.id, (private.carrier_day(p_now) + 1)::timestamp at time zone 'America/Los_Angeles',
        v_row.sticky_until, null)::private.deferred_target;
      continue;
    end if;

    -- The number: the one this person knows, for which they wait up to 15 minutes (not after a failed attempt); otherwise one
    -- with their area code; otherwise the next in the sequence.
    v_number := null;
    if v_row.sticky is not null and v_pool[v_row.sticky].is_active then
      if v_rooms[v_row.sticky] > 0 and v_segment_rooms[v_row.sticky] >= v_segments then
        v_number := v_row.sticky;
      elsif v_row.attempts = 0 and coalesce(v_row.sticky_until > p_now, true) then
        v_deferred := v_deferred || private.wait_for_number(v_row.id, v_row.sticky_until, v_pool[v_row.sticky],
          v_segment_rooms[v_row.sticky] >= v_segments, p_campaign.quiet_hours_override, p_now);
        continue;
      end if;
    end if;
    if v_number is null then
      -- Messages that came to a number by area code or because the person knows it have used up the number's highest levels.
      while v_next <= cardinality(v_sequence) and v_levels[v_next] > v_rooms[v_sequence[v_next]] loop
        v_next := v_next + 1;
      end loop;
      v_number := private.next_number(v_pool, v_row.local_numbers, v_rooms, v_segment_rooms, v_segments, v_sequence, v_levels,
        v_next);
    end if;
    continue when v_number is null;

    p_planned := p_planned + 1;
    -- Becomes visible at about the time of its slot, so that a claim need not put back messages that are not due.
    v_plan[p_planned] := (v_row.id, private.uuid_v7(), v_number, v_template, v_segments, v_row.cap, v_row.variables,
      floor(v_planned_on[v_number] / v_pool[v_number].mps::double precision))::private.planned_send;
    v_rooms[v_number] := greatest(v_rooms[v_number] - v_segments, 0);
    v_segment_rooms[v_number] := v_segment_rooms[v_number] - v_segments;
    v_planned_on[v_number] := v_planned_on[v_number] + v_segments;
    v_left := v_left - v_segments;
    if v_row.cap is not null then
      v_cap_rooms[v_row.cap] := v_cap_rooms[v_row.cap] - v_segments;
    end if;
    if v_at is not null then
      -- Texts that were passed over stay next for the other people.
      if v_at > v_order_from[v_group] then
        v_order[v_order_from[v_group] + 1 : v_at] := v_order[v_order_from[v_group] : v_at - 1];
      end if;
      v_order_from[v_group] := v_order_from[v_group] + 1;
    end if;
  end loop;

  perform private.put_off_targets(p_campaign, v_excluded, v_deferred, p_now);
  if p_planned > 0 then
    perform private.write_plan(p_campaign, p_org, v_pool, v_texts, v_caps, v_plan, p_now);
    p_numbers := private.numbers_after_plan(p_numbers, v_planned_on, v_segment_rooms);
  end if;
end;
$$;
comment on function private.plan_campaign(public.campaigns, public.orgs, private.pool_number[], integer, timestamptz) is
  'Plans up to p_quota of a campaign''s waiting targets; returns the numbers with the room that is left, and how many messages '
  'it planned. The caller holds the organisation''s planning lock and a share lock on the campaign, and has opened the daily '
  'caps.';
