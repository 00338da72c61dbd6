create function private.test_size(p_input jsonb, p_now timestamptz default now())
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('viewer');
  v_campaign public.campaigns;
  v_test public.campaign_tests;
  v_arms integer;
  v_alpha double precision;
  v_baseline double precision;
  v_difference double precision;
  v_for_difference bigint;
  v_for_answers bigint;
  v_for_opt_outs bigint;
  v_people bigint;
  v_waiting bigint;
  v_days integer;
begin
  perform private.check_shape(p_input, private.test_size_shape());
  v_baseline := (p_input ->> 'baseline')::double precision / 100;
  v_difference := (p_input ->> 'difference')::double precision / 100;
  if v_baseline + v_difference >= 1 then
    perform private.refuse_field('difference', 'difference and baseline must be less than 100 together.');
  end if;
  if p_input ? 'campaign_id' then
    v_campaign := private.find_campaign(v_org_id, (p_input ->> 'campaign_id')::uuid);
    select * into v_test from public.campaign_tests t where t.campaign_id = v_campaign.id;
  end if;
  v_arms := coalesce((p_input ->> 'arms')::numeric::integer, greatest(2, (
    select count(*) from public.campaign_variants v where v.campaign_id = v_campaign.id)::integer));
  v_alpha := private.pair_alpha(coalesce((p_input ->> 'alpha')::double precision, v_test.alpha, 0.05), v_arms);
  v_for_difference := private.test_people('difference', v_baseline, v_difference, v_alpha,
    coalesce((p_input ->> 'tuning_n')::double precision, v_test.tuning_n, 5000));
  v_for_answers := ceil(private.least_answers() / v_baseline);
  v_for_opt_outs := private.test_people('opt_outs', coalesce((p_input ->> 'opt_out_rate')::double precision, 1) / 100,
    private.most_extra_opt_outs());
  -- greatest() would leave out what has no bound.
  if v_for_difference is not null and v_for_opt_outs is not null then
    v_people := greatest(v_for_difference, v_for_answers, v_for_opt_outs,
      coalesce((p_input ->> 'min_per_arm')::numeric::integer, v_test.min_per_arm, 200));
  end if;
  -- Before it is built nobody knows how many there will be.
  if v_campaign.built_at is not null then
    v_campaign.quiet_hours_override := private.honours_override(v_campaign);
    select count(*) into v_waiting from public.campaign_targets t
    where t.campaign_id = v_campaign.id and t.is_waiting and t.step = 1;
    select min(d.n) into v_days from (
      select row_number() over (order by f.day) as n, sum(f.messages) over (order by f.day) as sent
      from private.campaign_forecast(v_campaign, 30, p_now) f
    ) d where d.sent >= v_people * v_arms;
  end if;
  return jsonb_build_object('arms', v_arms, 'people_per_arm', v_people, 'people', v_people * v_arms,
    'for_difference', v_for_difference, 'for_answers', v_for_answers, 'for_opt_outs', v_for_opt_outs,
    'waiting', v_waiting, 'days_to_send', v_days, 'maturity_hours', coalesce(v_test.maturity_hours, 48));
end;
$$;
comment on function private.test_size(jsonb, timestamptz) is
  'How many people an A/B test needs to find a difference in four of five tests, by private.test_size_shape. people_per_arm is '
  'the most of what the difference, the least answers of each arm and the comparison of opt-outs need. With campaign_id also '
  'how many wait (null before it is built), and on which day of its forecast so many are sent (null: not within 30 days). Needs '
  'viewer. Raises PT403, PT404, PT422. Security definer: users may not read the forecast''s tables.';
grant execute on function private.test_size(jsonb, timestamptz) to authenticated;

create function public.test_size(p_input jsonb) returns jsonb
  language sql stable set search_path = '' as $$ select private.test_size(p_input); $$;
comment on function public.test_size(jsonb) is
  'Calls the private function of the same name, which checks role and organisation, with the current time.';
grant execute on function public.test_size(jsonb) to authenticated;
