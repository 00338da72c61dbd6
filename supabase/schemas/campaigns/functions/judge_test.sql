-- What the numbers of an A/B test say. No clock and no tables: simulations judge with the same functions.

create function private.pair_alpha(p_alpha double precision, p_arms integer)
returns double precision
language sql
immutable
set search_path = ''
as $$ select p_alpha / greatest(p_arms * (p_arms - 1) / 2, 1) $$;
comment on function private.pair_alpha(double precision, integer) is
  'A test''s alpha as each of its pairs of arms gets it (Bonferroni): together they keep to it.';

create function private.least_answers()
returns integer
language sql
immutable
set search_path = ''
as $$ select 30 $$;
comment on function private.least_answers() is
  'How many people of each arm must have done what a test compares: the interval relies on that. An arm without any would have '
  'no variance at all.';

create function private.most_extra_opt_outs()
returns double precision
language sql
immutable
set search_path = ''
as $$ select 0.005::double precision $$;
comment on function private.most_extra_opt_outs() is
  'By how much the opt-out rate of a winner may be above another''s, at worst: half a point.';

create function private.sample_ratio_p(p_arms private.test_arm[])
returns double precision
language sql
immutable
set search_path = ''
as $$
  -- With fewer than five expected in an arm the statistic means nothing.
  select case when min(x.expected) >= 5 then
    private.chi_square_p(sum((x.sent - x.expected) ^ 2 / nullif(x.expected, 0)), count(*)::integer - 1) end
  from (
    select a.sent::double precision as sent, a.share * (sum(a.sent) over ())::double precision / sum(a.share) over () as expected
    from unnest(p_arms) a
  ) x;
$$;
comment on function private.sample_ratio_p(private.test_arm[]) is
  'The probability that arms differ from their shares as much by chance. Null if there are too few people to say.';

create function private.judge_test(p_arms private.test_arm[], p_alpha double precision, p_min_per_arm integer,
  p_tuning_n integer, out winner smallint, out sample_ratio double precision, out obstacles text[], out comparisons jsonb)
language plpgsql
immutable
set search_path = ''
as $$
declare
  v_alpha double precision := private.pair_alpha(p_alpha, cardinality(p_arms));
  v_best private.test_arm;
  v_other private.test_arm;
  v_difference double precision;
  v_half double precision;
  v_pairs jsonb[] := '{}';
begin
  obstacles := '{}';
  sample_ratio := private.sample_ratio_p(p_arms);
  foreach v_other in array p_arms loop
    if v_best.variant is null
      or v_other.successes::double precision / nullif(v_other.sent, 0)
        > coalesce(v_best.successes::double precision / nullif(v_best.sent, 0), -1) then
      v_best := v_other;
    end if;
    if v_other.sent < p_min_per_arm then
      obstacles := obstacles || 'too_few_people'::text;
    end if;
    if v_other.successes < private.least_answers() then
      obstacles := obstacles || 'too_few_answers'::text;
    end if;
  end loop;
  foreach v_other in array p_arms loop
    continue when v_other.variant = v_best.variant;
    v_difference := v_best.successes::double precision / nullif(v_best.sent, 0)
      - v_other.successes::double precision / nullif(v_other.sent, 0);
    v_half := private.test_interval(v_best.successes, v_best.sent, v_other.successes, v_other.sent, v_alpha, p_tuning_n);
    if (v_difference > v_half) is not true then
      obstacles := obstacles || 'too_close'::text;
    end if;
    if (private.wilson_high(v_best.opt_outs, v_best.sent)
      <= v_other.opt_outs::double precision / nullif(v_other.sent, 0) + private.most_extra_opt_outs()) is not true then
      obstacles := obstacles || 'opt_outs'::text;
    end if;
    v_pairs := v_pairs || jsonb_build_object('variant', v_best.variant, 'other', v_other.variant,
      'difference', round((100 * v_difference)::numeric, 3), 'low', round((100 * (v_difference - v_half))::numeric, 3),
      'high', round((100 * (v_difference + v_half))::numeric, 3));
  end loop;
  if sample_ratio < 0.001 then
    obstacles := obstacles || 'sample_ratio'::text;
  end if;
  obstacles := array(select distinct o from unnest(obstacles) o order by o);
  winner := case when obstacles = '{}' then v_best.variant end;
  comparisons := to_jsonb(v_pairs);
end;
$$;
comment on function private.judge_test(private.test_arm[], double precision, integer, integer) is
  'The winner of an A/B test, or what stands against one: too_few_people or too_few_answers in some arm, too_close '
  '(an interval of the best arm against another includes 0), opt_outs (at worst, the best arm has over half a point more '
  'opt-outs than another), sample_ratio (arms differ from their shares: p under 0.001). comparisons: the best arm against each '
  'other, in points.';
