create function private.move_variants(p_campaign_id uuid, p_now timestamptz default now(), p_people integer default 5000,
  p_for interval default '1 second')
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_until timestamptz := clock_timestamp() + p_for;
  v_turn private.test_turns;
  v_promoted smallint;
  v_variants smallint[];
  v_last bigint;
  v_candidates uuid[];
  v_held uuid[];
  v_moved integer := 0;
begin
  select * into v_turn from private.test_turns t where t.campaign_id = p_campaign_id and t.move_at <= p_now for no key update;
  if v_turn.campaign_id is null then
    return 0;
  end if;
  select t.promoted into v_promoted from public.campaign_tests t where t.campaign_id = p_campaign_id;
  v_variants := array(select v.variant from public.campaign_variants v where v.campaign_id = p_campaign_id order by v.variant);
  loop
    select max(x.ordinal), array_agg(x.id) filter (where x.state = 'waiting' and x.sent_at is null
      and (case when v_promoted is null then x.variant is null else x.variant is distinct from v_promoted end))
    into v_last, v_candidates
    from (
      select t.id, t.ordinal, t.state, t.sent_at, t.variant from public.campaign_targets t
      where t.org_id = v_turn.org_id and t.campaign_id = p_campaign_id and t.ordinal > v_turn.moved_to
        and t.ordinal <= 1000000000000
      order by t.ordinal limit p_people
    ) x;
    exit when v_last is null;
    -- What planning or an opt-out holds is left to the next pass. Nobody who is queued or being sent to is touched: they keep
    -- their text, and count for it.
    v_held := array(
      select t.id from public.campaign_targets t
      where t.id = any (v_candidates) and t.state = 'waiting' and t.sent_at is null order by t.id for no key update skip locked);
    update public.campaign_targets t
    set variant = coalesce(v_promoted, v_variants[1 + x.n % cardinality(v_variants)]),
      assigned_variant = coalesce(t.assigned_variant, t.variant, 0),
      not_before = case when isfinite(t.not_before) then t.not_before else '-infinity' end, updated_at = p_now
    from (
      select h.id, row_number() over (order by hashtextextended(h.id::text, 0)) as n from unnest(v_held) as h(id)
    ) x where t.id = x.id;
    v_turn.moved_to := v_last;
    v_turn.moved := v_turn.moved + cardinality(v_held);
    v_turn.moved_in_pass := v_turn.moved_in_pass + coalesce(cardinality(v_candidates), 0);
    v_moved := v_moved + cardinality(v_held);
    if clock_timestamp() > v_until then
      update private.test_turns t set moved_to = v_turn.moved_to, moved = v_turn.moved, moved_in_pass = v_turn.moved_in_pass
      where t.campaign_id = p_campaign_id;
      return v_moved;
    end if;
  end loop;
  if v_turn.moved_in_pass > 0 or exists (
    select from public.messages m
    where m.campaign_id = p_campaign_id and m.is_open and m.kind = 'campaign' and m.queued_at <= v_turn.since) then
    -- Once more in a minute: a message that was planned before may have been given back meanwhile.
    update private.test_turns t
    set moved_to = 0, moved = v_turn.moved, moved_in_pass = 0, move_at = p_now + interval '1 minute'
    where t.campaign_id = p_campaign_id;
    return v_moved;
  end if;
  update private.test_turns t set move_at = null where t.campaign_id = p_campaign_id;
  perform private.record_audit_event(v_turn.org_id, 'campaign_variants_moved', null, p_campaign_id, null,
    jsonb_build_object('people', v_turn.moved));
  return v_moved;
end;
$$;
comment on function private.move_variants(uuid, timestamptz, integer, interval) is
  'Gives people of a campaign who wait for their first text the promoted variant, or without one those who were kept back one '
  'each in turn; returns how many. Goes through the targets in parts of p_people for p_for; the next call goes on where it '
  'stopped, also after a crash. It ends after a pass in which nobody was left to move.';
