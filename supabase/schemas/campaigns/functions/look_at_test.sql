-- Looks at A/B tests: count, judge, decide.

create function private.begin_moving(p_campaign_id uuid, p_now timestamptz)
returns void
language sql
set search_path = ''
as $$
  update private.test_turns t
  set move_at = p_now, moved_to = 0, moved = 0, moved_in_pass = 0, since = p_now where t.campaign_id = p_campaign_id;
$$;
comment on function private.begin_moving(uuid, timestamptz) is
  'Has private.move_variants give people of a campaign the promoted variant, or without one those who were kept back any. The '
  'caller holds the lock of the test.';

create function private.sample_ratio_cause(p_arms jsonb)
returns text
language sql
immutable
set search_path = ''
as $$
  select format('Of variant «%s» %s people were sent a text long enough ago, where its share is %s. ', x.name, x.mature,
    round(x.expected)) || case
    when x.reason is not null then format('The likely cause: %s of its people were left out, most of them with the reason %s; of '
      'all others %s were left out. Texts that need different values of a lead leave out different people.', x.excluded, x.reason,
      x.all_excluded - x.excluded)
    when x.waiting > 0 then format('The likely cause: %s of its people still wait. Its texts may be inactive.', x.waiting)
    else 'Nobody was left out: its people were written to at other times.' end
  from (
    select a.name, a.mature, a.waiting, a.share * sum(a.mature) over () / sum(a.share) over () as expected,
      coalesce(e.n, 0) as excluded, sum(e.n) over () as all_excluded, e.reason
    from jsonb_to_recordset(p_arms) as a(name text, share bigint, mature bigint, waiting bigint, excluded jsonb)
    left join lateral (
      select sum(r.value::bigint) as n, (array_agg(r.key order by r.value::bigint desc, r.key))[1] as reason
      from jsonb_each_text(a.excluded) r
    ) e on true
  ) x
  order by x.mature - x.expected limit 1;
$$;
comment on function private.sample_ratio_cause(jsonb) is
  'A sentence about why the arms of a test differ from their shares: about the arm that lacks the most people.';

create function private.decide_test(p_test public.campaign_tests, p_status text, p_winner smallint, p_evidence jsonb,
  p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  -- Without an active text nobody could be written to: then a person decides.
  v_is_auto boolean := p_status = 'won' and p_test.decides = 'auto' and private.has_active_text(p_test.campaign_id, p_winner);
  v_winner text := (select v.name from public.campaign_variants v
    where v.campaign_id = p_test.campaign_id and v.variant = p_winner);
begin
  update public.campaign_tests t
  set status = p_status, winner = p_winner, evidence = p_evidence, decided_at = p_now,
    promoted = case when v_is_auto then p_winner end, promoted_at = case when v_is_auto then p_now end
  where t.id = p_test.id;
  perform private.record_audit_event(p_test.org_id, 'campaign_test_decided', null, p_test.campaign_id, null,
    jsonb_build_object('status', p_status, 'winner', v_winner, 'obstacles', p_evidence -> 'obstacles'));
  if v_is_auto then
    perform private.record_audit_event(p_test.org_id, 'campaign_variant_promoted', null, p_test.campaign_id, null,
      jsonb_build_object('variant', v_winner, 'by', 'test'));
  end if;
  if v_is_auto or (p_test.held > 0 and p_status <> 'won') then
    perform private.begin_moving(p_test.campaign_id, p_now);
  end if;
  update private.test_turns t
  -- Those who are kept back wait for a person to promote the winner, but not for ever.
  set look_at = case when p_status = 'won' and not v_is_auto and p_test.held > 0 then p_test.deadline end
  where t.campaign_id = p_test.campaign_id;
  if p_status = 'won' and not v_is_auto then
    perform private.raise_alert(p_test.org_id, 'test_won', 'info', format('The A/B test has a winner: «%s». %s', v_winner,
      case when exists (select from public.campaign_targets t where t.campaign_id = p_test.campaign_id and t.is_waiting)
        then 'Promote it, so that everybody gets it who still waits for their first text.'
        else 'Nobody waits for a text any more: use it in your next campaign.' end), p_test.campaign_id, null,
      jsonb_build_object('winner', v_winner));
  elsif p_status = 'invalid' then
    perform private.raise_alert(p_test.org_id, 'test_invalid', 'warning', 'The A/B test can''t be judged: its arms are no longer '
      'alike. ' || (p_evidence ->> 'cause'), p_test.campaign_id, null, jsonb_build_object('sample_ratio',
      p_evidence -> 'sample_ratio'));
  end if;
end;
$$;
comment on function private.decide_test(public.campaign_tests, text, smallint, jsonb, timestamptz) is
  'Ends an A/B test: won, no_winner or invalid. A test that decides by itself promotes its winner. Without one, those who were '
  'kept back are released. The caller holds the lock of the test.';

create function private.finish_look(p_test public.campaign_tests, p_campaign public.campaigns, p_counts jsonb,
  p_as_of timestamptz, p_now timestamptz)
returns text
language plpgsql
set search_path = ''
as $$
declare
  v_arms jsonb := private.test_arms(p_test.campaign_id, p_counts);
  v_judged record;
  v_mature bigint;
  v_sent bigint;
  v_before bigint;
  v_status text;
begin
  select j.* into v_judged from private.judge_test(array(
    select (a.variant, a.share, a.mature, case p_test.metric when 'replied' then a.replied else a.interested end,
      a.opted_out)::private.test_arm
    from jsonb_to_recordset(v_arms) as a(variant smallint, share integer, mature integer, replied integer, interested integer,
      opted_out integer) order by a.variant), p_test.alpha, p_test.min_per_arm, p_test.tuning_n) j;
  select sum(a.mature), sum(a.sent + a.under_way) into v_mature, v_sent
  from jsonb_to_recordset(v_arms) as a(mature bigint, sent bigint, under_way bigint);
  select (select sum(a.mature) from jsonb_to_recordset(l.arms) as a(mature bigint)) into v_before
  from public.campaign_test_looks l where l.campaign_id = p_test.campaign_id order by l.looked_at desc, l.id desc limit 1;
  if v_mature > coalesce(v_before, 0) then
    insert into public.campaign_test_looks (org_id, campaign_id, looked_at, arms, comparisons, obstacles, sample_ratio, winner)
    values (p_test.org_id, p_test.campaign_id, p_as_of, v_arms, v_judged.comparisons, v_judged.obstacles,
      v_judged.sample_ratio, v_judged.winner);
    update public.campaign_tests t set looked_at = p_as_of where t.id = p_test.id;
  end if;
  v_status := case
    when 'sample_ratio' = any (v_judged.obstacles) then 'invalid'
    when v_judged.winner is not null then 'won'
    when p_as_of >= p_test.deadline or (p_campaign.status in ('completed', 'stopped') and v_mature = v_sent) then 'no_winner'
  end;
  if v_status is null then
    return 'running';
  end if;
  perform private.decide_test(p_test, v_status, v_judged.winner, jsonb_strip_nulls(jsonb_build_object('looked_at', p_as_of,
    'arms', v_arms, 'comparisons', v_judged.comparisons, 'obstacles', to_jsonb(v_judged.obstacles),
    'sample_ratio', v_judged.sample_ratio,
    'cause', case when v_status = 'invalid' then private.sample_ratio_cause(v_arms) end)), p_now);
  return v_status;
end;
$$;
comment on function private.finish_look(public.campaign_tests, public.campaigns, jsonb, timestamptz, timestamptz) is
  'Judges what was counted, keeps the look, and decides the test if it can be; returns its status. There is nothing more to wait '
  'for if the deadline has passed, or if the campaign has ended and all whom it wrote to are counted.';

create function private.look_at_test(p_campaign_id uuid, p_now timestamptz default now(), p_people integer default 20000)
returns text
language plpgsql
set search_path = ''
as $$
declare
  v_until timestamptz := clock_timestamp() + interval '1 second';
  v_test public.campaign_tests;
  v_turn private.test_turns;
  v_campaign public.campaigns;
  v_part record;
  v_status text;
begin
  select * into v_test from public.campaign_tests t where t.campaign_id = p_campaign_id for no key update;
  select * into v_turn from private.test_turns t where t.campaign_id = p_campaign_id and t.look_at <= p_now for no key update;
  select * into v_campaign from public.campaigns c where c.id = p_campaign_id;
  if v_test.id is null or v_turn.campaign_id is null then
    return 'not_due';
  elsif v_test.status <> 'running' then
    if v_test.promoted is null and v_test.held > 0 then
      perform private.begin_moving(p_campaign_id, p_now);
    end if;
    update private.test_turns t set look_at = null, as_of = null, counts = '[]' where t.campaign_id = p_campaign_id;
    return v_test.status;
  elsif v_campaign.started_at is null then
    update private.test_turns t set look_at = p_now + interval '1 hour' where t.campaign_id = p_campaign_id;
    return 'not_started';
  end if;
  if v_turn.as_of is null then
    v_turn.as_of := p_now;
    v_turn.counted_to := 0;
    v_turn.counts := '[]';
  end if;
  loop
    select c.p_last, c.p_counts into v_part from private.count_test(v_campaign, v_turn.counted_to, p_people, v_turn.as_of,
      make_interval(hours => v_test.maturity_hours)) c;
    exit when v_part.p_last is null;
    v_turn.counted_to := v_part.p_last;
    v_turn.counts := private.add_counts(v_turn.counts || v_part.p_counts);
    if clock_timestamp() > v_until then
      update private.test_turns t set as_of = v_turn.as_of, counted_to = v_turn.counted_to, counts = v_turn.counts
      where t.campaign_id = p_campaign_id;
      return 'counting';
    end if;
  end loop;
  update private.test_turns t
  set as_of = null, counts = '[]',
    look_at = least(p_now + interval '1 hour', greatest(v_test.deadline, p_now + interval '1 minute'))
  where t.campaign_id = p_campaign_id;
  v_status := private.finish_look(v_test, v_campaign, v_turn.counts, v_turn.as_of, p_now);
  return v_status;
end;
$$;
comment on function private.look_at_test(uuid, timestamptz, integer) is
  'Looks at the A/B test of a campaign if that is due: counts in parts of p_people for about a second (the next call goes on), '
  'then judges, and is due again in an hour. It reads without the campaign''s lock: sending waits for nothing. After the '
  'deadline it releases those who wait for a winner that nobody promoted. Returns the status of the test, counting, not_started '
  'or not_due.';
