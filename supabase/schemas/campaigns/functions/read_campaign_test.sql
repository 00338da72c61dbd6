-- Reading the A/B test of a campaign.

create function private.told_arms(p_arms jsonb)
returns json
language sql
immutable
set search_path = ''
as $$
  -- Those who were sent a text and are not mature may still answer.
  select coalesce(array_to_json(array_agg(jsonb_build_object('variant', a.name, 'share', a.share, 'assigned', a.assigned,
    'sent', a.sent, 'counted', a.mature, 'under_way', a.under_way, 'waiting', a.waiting, 'excluded', a.excluded,
    'replied', private.rate(a.replied, a.mature, a.sent > a.mature),
    'interested', private.rate(a.interested, a.mature, a.sent > a.mature),
    'opted_out', private.rate(a.opted_out, a.mature, a.sent > a.mature)) order by a.variant)), '[]')
  from jsonb_to_recordset(p_arms) as a(variant smallint, name text, share integer, assigned bigint, sent bigint, mature bigint,
    under_way bigint, waiting bigint, replied bigint, interested bigint, opted_out bigint, excluded jsonb);
$$;
comment on function private.told_arms(jsonb) is 'The arms of a look as people read them: with rates.';

create function private.told_pairs(p_comparisons jsonb, p_arms jsonb)
returns json
language sql
immutable
set search_path = ''
as $$
  select coalesce(array_to_json(array_agg(jsonb_build_object('variant', b.name, 'other', o.name, 'difference', c.difference,
    'low', c.low, 'high', c.high) order by o.variant)), '[]')
  from jsonb_to_recordset(p_comparisons) as c(variant smallint, other smallint, difference numeric, low numeric, high numeric)
  join jsonb_to_recordset(p_arms) as b(variant smallint, name text) on b.variant = c.variant
  join jsonb_to_recordset(p_arms) as o(variant smallint, name text) on o.variant = c.other;
$$;
comment on function private.told_pairs(jsonb, jsonb) is 'The comparisons of a look with the names of the variants.';

create function private.campaign_test(p_campaign_id uuid, p_looks integer default 100)
returns json
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('viewer');
  v_test public.campaign_tests;
begin
  select t.* into v_test from public.campaign_tests t where t.org_id = v_org_id and t.campaign_id = p_campaign_id;
  if v_test.id is null then
    perform private.raise_error('PT404', 'not_found', 'There is no such campaign, or it has no A/B test.',
      jsonb_build_object('campaign_id', p_campaign_id));
  end if;
  return (
    select json_build_object('campaign_id', p_campaign_id, 'metric', v_test.metric, 'alpha', v_test.alpha,
      'maturity_hours', v_test.maturity_hours, 'min_per_arm', v_test.min_per_arm, 'tuning_n', v_test.tuning_n,
      'test_percent', v_test.test_percent, 'decides', v_test.decides, 'deadline', v_test.deadline, 'status', v_test.status,
      'winner', (select v.name from public.campaign_variants v
        where v.campaign_id = p_campaign_id and v.variant = v_test.winner),
      'decided_at', v_test.decided_at, 'cause', v_test.evidence -> 'cause', 'held', v_test.held,
      'promoted', (select v.name from public.campaign_variants v
        where v.campaign_id = p_campaign_id and v.variant = v_test.promoted),
      'promoted_at', v_test.promoted_at, 'promoted_by', v_test.promoted_by,
      'moving', exists (select from private.test_turns t where t.campaign_id = p_campaign_id and t.move_at is not null),
      'next_look_at', (select t.look_at from private.test_turns t
        where t.campaign_id = p_campaign_id and v_test.status = 'running'),
      'looks', (
        select coalesce(array_to_json(array_agg(json_build_object('looked_at', l.looked_at, 'arms', private.told_arms(l.arms),
          'comparisons', private.told_pairs(l.comparisons, l.arms), 'obstacles', l.obstacles, 'sample_ratio', l.sample_ratio,
          'winner', (select a.name from jsonb_to_recordset(l.arms) as a(variant smallint, name text)
            where a.variant = l.winner)) order by l.looked_at desc, l.id desc)), '[]')
        from (
          select * from public.campaign_test_looks x where x.campaign_id = p_campaign_id
          order by x.looked_at desc, x.id desc limit least(greatest(coalesce(p_looks, 100), 0), 1000)
        ) l)));
end;
$$;
comment on function private.campaign_test(uuid, integer) is
  'The A/B test of a campaign with its newest p_looks looks (1,000 at most), the newest first; variants by their names. Needs '
  'viewer. Raises PT403, PT404. Security definer: users may not read when a test is due.';
grant execute on function private.campaign_test(uuid, integer) to authenticated;

create function public.campaign_test(p_campaign_id uuid, p_looks integer default 100) returns json
  language sql stable set search_path = '' as $$ select private.campaign_test(p_campaign_id, p_looks); $$;
comment on function public.campaign_test(uuid, integer) is
  'Calls the private function of the same name, which checks role and organisation.';
grant execute on function public.campaign_test(uuid, integer) to authenticated;
