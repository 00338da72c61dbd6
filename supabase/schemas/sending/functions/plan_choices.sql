-- The choices of a plan for one person, and what they leave to the next person. private.plan_campaign has their order.

create function private.draw_texts(p_texts private.plan_text[], p_step smallint, p_people integer)
returns integer[]
language plpgsql
set search_path = ''
as $$
begin
  -- Each text comes at the times of a Poisson process that is as fast as its weight: so every draw is independent, whatever was
  -- drawn before, and a plan for one person is as fair as one for a thousand.
  return array(
    select d.n from (
      select t.n, sum(-ln(1 - random())) over (partition by t.n order by k) / t.weight as at
      from unnest(p_texts) with ordinality as t(id, worst_segments, variant, weight, uses, needs, step, n)
      cross join generate_series(1, p_people + cardinality(p_texts)) k
      where t.step = p_step
    ) d
    order by d.at limit p_people + cardinality(p_texts));
end;
$$;
comment on function private.draw_texts(private.plan_text[], smallint, integer) is
  'The order in which the texts of a step are used if its shares were learned, as indexes of p_texts: drawn by their weights.';

create function private.text_order(p_campaign public.campaigns, p_texts private.plan_text[], p_step smallint, p_variant smallint,
  p_people integer)
returns integer[]
language plpgsql
set search_path = ''
as $$
declare
  v_ids uuid[] := array(
    select t.id from unnest(p_texts) with ordinality as t(id, worst_segments, variant, weight, uses, needs, step, n)
    order by t.n);
begin
  if p_campaign.rotation = 'thompson' then
    return private.draw_texts(p_texts, p_step, p_people);
  end if;
  return array(
    select array_position(v_ids, s.id)
    from unnest(private.template_sequence(p_campaign.id, p_step, p_variant, p_people + cardinality(p_texts)))
      with ordinality as s(id, n) order by s.n);
end;
$$;
comment on function private.text_order(public.campaigns, private.plan_text[], smallint, smallint, integer) is
  'The order in which the texts of a step are used for the people of a variant (null: no variants), as indexes of p_texts.';

create function private.text_out_of_turn(p_texts private.plan_text[], p_plan private.planned_send[], p_step smallint,
  p_variant smallint, p_variables jsonb, p_recent uuid[])
returns integer
language plpgsql
stable
set search_path = ''
as $$
begin
  -- Checks all texts, because a text with many uses or a small weight does not occur within a round of the sequence.
  return (
    select t.n
    from unnest(p_texts) with ordinality as t(id, worst_segments, variant, weight, uses, needs, step, n)
    where t.step = p_step and (t.variant is null or t.variant = p_variant)
      and (t.needs = '' or p_variables ?& string_to_array(t.needs, ','))
    order by coalesce(t.id = any (p_recent), false),
      (t.uses + (select count(*) from unnest(p_plan) p where p.template = t.n)) / t.weight::double precision, t.id limit 1);
end;
$$;
comment on function private.text_out_of_turn(private.plan_text[], private.planned_send[], smallint, smallint, jsonb, uuid[]) is
  'The text of a step and variant for a person with these variables if no text in turn suits: a text that they did not get '
  'within 30 days (p_recent) before one that they got, then the least used for its weight, counting this plan''s messages. '
  'Returns its index in p_texts; null if none suits.';

create function private.next_number(
  p_pool private.pool_number[],
  p_local integer[],
  p_rooms integer[],
  p_segment_rooms integer[],
  p_segments integer,
  p_sequence integer[],
  p_levels integer[],
  p_from integer
)
returns integer
language plpgsql
immutable
set search_path = ''
as $$
declare
  v_number integer;
  v_i integer;
begin
  foreach v_i in array p_local loop
    if p_rooms[v_i] > 0 and p_segment_rooms[v_i] >= p_segments and (
      v_number is null or (p_pool[v_i].health, p_rooms[v_i]) > (p_pool[v_number].health, p_rooms[v_number])) then
      v_number := v_i;
    end if;
  end loop;
  if v_number is not null then
    return v_number;
  end if;
  for v_i in p_from .. coalesce(cardinality(p_sequence), 0) loop
    if p_levels[v_i] <= p_rooms[p_sequence[v_i]] and p_segment_rooms[p_sequence[v_i]] >= p_segments then
      return p_sequence[v_i];
    end if;
  end loop;
  return null;
end;
$$;
comment on function private.next_number(private.pool_number[], integer[], integer[], integer[], integer, integer[], integer[],
  integer) is
  'The number that takes the next message of p_segments segments, as an index of p_pool: among p_local (numbers with the '
  'person''s area code) the healthiest with most room, otherwise the next in p_sequence from p_from on. Null if none has room.';

create function private.wait_for_number(p_target_id uuid, p_sticky_until timestamptz, p_number private.pool_number,
  p_has_room_today boolean, p_any_hour boolean, p_now timestamptz)
returns private.deferred_target
language plpgsql
immutable
set search_path = ''
as $$
declare
  v_until timestamptz := coalesce(p_sticky_until, p_now + interval '15 minutes');
begin
  -- If only the number's next seconds are taken, the target is put off just for a moment; otherwise people of a busy number would
  -- keep idle numbers idle.
  return (p_target_id,
    case when p_number.usable and (p_number.is_open or p_any_hour) and p_has_room_today then p_now + interval '1 second'
      else v_until end,
    v_until, null)::private.deferred_target;
end;
$$;
comment on function private.wait_for_number(uuid, timestamptz, private.pool_number, boolean, boolean, timestamptz) is
  'Until when a target waits for the number that its person knows: 15 minutes from the first time. While only the number''s next '
  'seconds are taken, it is tried again every second.';

create function private.numbers_after_plan(p_numbers private.pool_number[], p_planned_on integer[], p_segment_rooms integer[])
returns private.pool_number[]
language plpgsql
immutable
set search_path = ''
as $$
begin
  return array(
    select (n.id, n.e164, n.area_code, n.mps, n.health, n.day, greatest(n.room - (p_planned_on[n.o] - n.planned), 0),
      p_segment_rooms[n.o], n.usable, n.is_open, p_planned_on[n.o], n.is_active)::private.pool_number
    from unnest(p_numbers) with ordinality as n(id, e164, area_code, mps, health, day, room, segment_room, usable, is_open,
      planned, is_active, o)
    order by n.o);
end;
$$;
comment on function private.numbers_after_plan(private.pool_number[], integer[], integer[]) is
  'The organisation''s numbers with the room that a campaign''s plan left, for the next campaign.';
