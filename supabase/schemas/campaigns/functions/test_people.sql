-- How many people an A/B test needs: said before it begins, with the interval that will judge it.

create function private.test_suffices(p_goal text, p_people double precision, p_rate double precision,
  p_difference double precision, p_alpha double precision, p_tuning_n double precision)
returns boolean
language sql
immutable
set search_path = ''
as $$
  -- 80 % of a normal distribution are below 0.8416212335729143: in four of five tests, what is seen is no further than that from
  -- what is true.
  select case p_goal
    when 'difference' then p_difference >= private.test_half_width(2 * v.difference, 2 * p_people, p_alpha, p_tuning_n)
      + 0.8416212335729143 * sqrt(v.difference / p_people)
    when 'opt_outs' then p_difference >= private.wilson_high(p_rate * p_people, p_people) - p_rate
      + 0.8416212335729143 * sqrt(v.opt_outs / p_people)
  end
  from (select p_rate * (1 - p_rate) + (p_rate + p_difference) * (1 - p_rate - p_difference) as difference,
    2 * p_rate * (1 - p_rate) as opt_outs) v;
$$;
comment on function private.test_suffices(text, double precision, double precision, double precision, double precision,
  double precision) is
  'Whether so many people an arm will do in four of five tests. difference: the interval of two rates that are p_difference '
  'apart leaves out 0. opt_outs: arms with the same rate are seen to be no further apart than p_difference.';

create function private.test_people(p_goal text, p_rate double precision, p_difference double precision,
  p_alpha double precision default 0.05, p_tuning_n double precision default 5000)
returns bigint
language plpgsql
immutable
set search_path = ''
as $$
declare
  v_low bigint := 0;
  v_high bigint := 1000000000;
  v_middle bigint;
begin
  if private.test_suffices(p_goal, v_high, p_rate, p_difference, p_alpha, p_tuning_n) is not true then
    return null;
  end if;
  while v_high - v_low > 1 loop
    v_middle := (v_low + v_high) / 2;
    if private.test_suffices(p_goal, v_middle, p_rate, p_difference, p_alpha, p_tuning_n) then
      v_high := v_middle;
    else
      v_low := v_middle;
    end if;
  end loop;
  return v_high;
end;
$$;
comment on function private.test_people(text, double precision, double precision, double precision, double precision) is
  'The fewest people an arm that private.test_suffices; null if a billion do not.';

create function private.test_difference(p_rate double precision, p_people double precision, p_alpha double precision,
  p_tuning_n double precision)
returns double precision
language plpgsql
immutable
set search_path = ''
as $$
declare
  v_low double precision := 0;
  v_high double precision := 1 - p_rate;
begin
  if p_people < 1 or private.test_suffices('difference', p_people, p_rate, v_high, p_alpha, p_tuning_n) is not true then
    return null;
  end if;
  for i in 1 .. 30 loop
    if private.test_suffices('difference', p_people, p_rate, (v_low + v_high) / 2, p_alpha, p_tuning_n) then
      v_high := (v_low + v_high) / 2;
    else
      v_low := (v_low + v_high) / 2;
    end if;
  end loop;
  return v_high;
end;
$$;
comment on function private.test_difference(double precision, double precision, double precision, double precision) is
  'The smallest difference from a rate that so many people an arm find in four of five tests; null if they find none.';

create function private.test_size_shape()
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select private.object_shape(jsonb_build_object(
    'baseline', '{"type": "number", "minimum": 0.1, "maximum": 90}'::jsonb,
    'difference', '{"type": "number", "minimum": 0.05, "maximum": 50}'::jsonb,
    'opt_out_rate', '{"type": "number", "minimum": 0, "maximum": 20}'::jsonb,
    'arms', '{"type": "integer", "minimum": 2, "maximum": 10}'::jsonb,
    'alpha', t.fields -> 'alpha', 'tuning_n', t.fields -> 'tuning_n', 'min_per_arm', t.fields -> 'min_per_arm',
    'campaign_id', '{"type": "string", "format": "uuid"}'::jsonb), '{baseline,difference}')
  from (select private.campaign_test_shape() -> 'properties' as fields) t;
$$;
comment on function private.test_size_shape() is
  'The shape of a question for the size of a test. baseline and opt_out_rate are percent, difference is points.';

create function private.test_warning(p_campaign public.campaigns, p_waiting bigint)
returns table (message text, details jsonb)
language plpgsql
stable
set search_path = ''
as $$
declare
  v_test public.campaign_tests;
  v_arms integer;
  v_people bigint;
  v_rate double precision;
  v_difference double precision;
  v_is_too_few boolean;
begin
  select * into v_test from public.campaign_tests t where t.campaign_id = p_campaign.id and t.status = 'running';
  if v_test.id is null then
    return;
  end if;
  select count(*), floor(p_waiting * v_test.test_percent / 100.0 * min(v.share) / sum(v.share)) into v_arms, v_people
  from public.campaign_variants v where v.campaign_id = p_campaign.id;
  -- What the organisation's last campaigns brought, or what campaigns usually bring.
  select case when sum(s.sent) >= 1000 and sum(s.replies) > 0 then sum(s.replies)::double precision / sum(s.sent) else 0.05 end
    * case v_test.metric when 'interested' then 0.3 else 1 end into v_rate
  from (
    select x.sent, x.replies from public.campaigns c join public.campaign_stats x on x.campaign_id = c.id
    where c.org_id = p_campaign.org_id order by c.created_at desc limit 50
  ) s;
  v_rate := least(v_rate, 0.9);
  v_difference := private.test_difference(v_rate, v_people, private.pair_alpha(v_test.alpha, v_arms), v_test.tuning_n);
  v_is_too_few := v_people < v_test.min_per_arm or v_people * v_rate < private.least_answers() or v_difference is null;
  if v_is_too_few or v_difference > v_rate / 2 then
    return query select format('The A/B test has %s people for a variant. %s Write to more people, or compare fewer texts.',
      v_people, case
        when v_is_too_few then format('That is too few for a winner: it needs %s, and %s answers in each.', v_test.min_per_arm,
            private.least_answers())
        else format('So it will find only a text that is better by some %s points, where %s %% can be expected.',
          round((100 * v_difference)::numeric, 1), round((100 * v_rate)::numeric, 1)) end),
      jsonb_build_object('people_per_arm', v_people, 'expected_rate', round((100 * v_rate)::numeric, 2),
        'smallest_difference', round((100 * v_difference)::numeric, 2));
  end if;
end;
$$;
comment on function private.test_warning(public.campaigns, bigint) is
  'What to know of a campaign''s A/B test before it starts: nothing unless its audience is so small that only a text that is '
  'half as good again would be found.';
