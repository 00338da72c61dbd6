-- Setting up, reading and ending the A/B test of a campaign. Users call the functions of the same names in public.

create function private.campaign_test_shape()
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select private.object_shape(jsonb_build_object(
    'metric', private.word_shape('replied', 'interested'),
    'alpha', '{"type": "number", "minimum": 0.001, "maximum": 0.2}'::jsonb,
    'maturity_hours', '{"type": "integer", "minimum": 1, "maximum": 336}'::jsonb,
    'min_per_arm', '{"type": "integer", "minimum": 50, "maximum": 1000000}'::jsonb,
    'tuning_n', '{"type": "integer", "minimum": 100, "maximum": 10000000}'::jsonb,
    'test_percent', '{"type": "integer", "minimum": 1, "maximum": 100}'::jsonb,
    'decides', private.word_shape('person', 'auto'),
    'deadline', private.campaign_shape() #> '{properties,scheduled_at}'), '{metric}');
$$;
comment on function private.campaign_test_shape() is 'The shape of an A/B test as it is set up.';

create function private.lock_test(p_campaign public.campaigns)
returns public.campaign_tests
language plpgsql
set search_path = ''
as $$
declare
  v_test public.campaign_tests;
begin
  select * into v_test from public.campaign_tests t where t.campaign_id = p_campaign.id for no key update;
  if v_test.id is null then
    perform private.raise_error('PT404', 'not_found', 'The campaign has no A/B test.',
      jsonb_build_object('campaign_id', p_campaign.id));
  end if;
  return v_test;
end;
$$;
comment on function private.lock_test(public.campaigns) is
  'Locks the A/B test of a campaign whose lock the caller holds. Raises PT404 if it has none.';

create function private.refuse_test_of_phones()
returns void
language plpgsql
set search_path = ''
as $$
begin
  perform private.raise_error('PT409', 'invalid_state', 'An A/B test needs phones "primary": somebody with two phones could get '
    'both texts, and would count twice.', '{"field": "phones"}');
end;
$$;
comment on function private.refuse_test_of_phones() is
  'Raises PT409: a test compares people, and so writes to one phone of each.';

create function private.set_campaign_test(p_campaign_id uuid, p_input jsonb, p_now timestamptz default now())
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_campaign public.campaigns;
  v_test public.campaign_tests;
  v_hours smallint;
  v_percent smallint;
  v_deadline timestamptz;
begin
  perform private.require_role('campaign_manager');
  perform private.check_shape(p_input, private.campaign_test_shape());
  v_hours := coalesce((p_input ->> 'maturity_hours')::numeric::smallint, 48);
  v_percent := coalesce((p_input ->> 'test_percent')::numeric::smallint, 100);
  v_deadline := coalesce((p_input ->> 'deadline')::timestamptz, p_now + interval '30 days');
  if v_deadline <= p_now + make_interval(hours => v_hours) or v_deadline > p_now + interval '90 days' then
    perform private.refuse_field('deadline',
      format('deadline must be more than %s hours away, so that somebody can be counted, and 90 days at most.', v_hours));
  end if;
  v_campaign := private.lock_campaign(p_campaign_id, 'campaign_manager', '{draft,ready,scheduled}', 'given an A/B test');
  if (select count(*) from public.campaign_variants v where v.campaign_id = p_campaign_id) < 2 then
    perform private.raise_error('PT409', 'invalid_state', 'Give the campaign two variants at least: a test compares them.');
  end if;
  if v_campaign.phones = 'all' then
    perform private.refuse_test_of_phones();
  end if;
  select * into v_test from public.campaign_tests t where t.campaign_id = p_campaign_id for no key update;
  if v_campaign.status <> 'draft' and not p_input ? 'test_percent' then
    v_percent := coalesce(v_test.test_percent, 100);
  end if;
  if v_campaign.status <> 'draft' and (v_percent <> coalesce(v_test.test_percent, 100) or v_test.status <> 'running') then
    perform private.raise_error('PT409', 'invalid_state', 'Building divided the audience already, so that only the same '
      'test_percent can be given now. Clone the campaign to divide it in another way.',
      jsonb_build_object('status', v_campaign.status, 'test_percent', coalesce(v_test.test_percent, 100)));
  end if;
  insert into public.campaign_tests as t (org_id, campaign_id, metric, alpha, maturity_hours, min_per_arm, tuning_n,
    test_percent, decides, deadline, created_by)
  values (v_campaign.org_id, p_campaign_id, p_input ->> 'metric', coalesce((p_input ->> 'alpha')::double precision, 0.05),
    v_hours, coalesce((p_input ->> 'min_per_arm')::numeric::integer, 200),
    coalesce((p_input ->> 'tuning_n')::numeric::integer, 5000),
    v_percent, coalesce(p_input ->> 'decides', 'person'), v_deadline, auth.uid())
  on conflict (campaign_id) do update
    set metric = excluded.metric, alpha = excluded.alpha, maturity_hours = excluded.maturity_hours,
      min_per_arm = excluded.min_per_arm, tuning_n = excluded.tuning_n, test_percent = excluded.test_percent,
      decides = excluded.decides, deadline = excluded.deadline, status = 'running', decided_at = null;
  insert into private.test_turns as t (campaign_id, org_id, look_at)
  values (p_campaign_id, v_campaign.org_id, p_now + interval '1 hour')
  on conflict (campaign_id) do update
    -- A release that was under way belonged to the test before.
    set look_at = excluded.look_at, as_of = null, counts = '[]', move_at = null, moved_to = 0, moved = 0, moved_in_pass = 0,
      since = null;
  perform private.record_audit_event(v_campaign.org_id, 'campaign_test_set', null, p_campaign_id, null, p_input);
end;
$$;
comment on function private.set_campaign_test(uuid, jsonb, timestamptz) is
  'Sets up the A/B test of a campaign with variants that has not started, by private.campaign_test_shape, or replaces it. '
  'test_percent is fixed once the audience is built. Needs campaign_manager. Raises PT403, PT404, PT409, PT422, and PT429 for '
  'more than 50 tests that run. Security definer: users may not write tests.';
grant execute on function private.set_campaign_test(uuid, jsonb, timestamptz) to authenticated;

create function public.set_campaign_test(p_campaign_id uuid, p_input jsonb) returns void
  language sql set search_path = '' as $$ select private.set_campaign_test(p_campaign_id, p_input); $$;
comment on function public.set_campaign_test(uuid, jsonb) is
  'Calls the private function of the same name, which checks role and organisation, with the current time.';
grant execute on function public.set_campaign_test(uuid, jsonb) to authenticated;

create function private.end_campaign_test(p_campaign_id uuid, p_now timestamptz default now())
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_campaign public.campaigns := private.own_campaign(p_campaign_id, 'campaign_manager');
  v_test public.campaign_tests := private.lock_test(v_campaign);
begin
  if v_test.status <> 'running' then
    perform private.raise_error('PT409', 'invalid_state', 'The test has ended; what it found stays.',
      jsonb_build_object('status', v_test.status));
  end if;
  if v_campaign.started_at is null and v_test.held = 0 and v_campaign.status <> 'building' then
    delete from public.campaign_tests t where t.id = v_test.id;
    delete from private.test_turns t where t.campaign_id = p_campaign_id;
  else
    update public.campaign_tests t set status = 'ended', decided_at = p_now where t.id = v_test.id;
    update private.test_turns t set look_at = null, as_of = null, counts = '[]' where t.campaign_id = p_campaign_id;
    if v_test.held > 0 then
      perform private.begin_moving(p_campaign_id, p_now);
    end if;
  end if;
  perform private.record_audit_event(v_campaign.org_id, 'campaign_test_ended', null, p_campaign_id);
end;
$$;
comment on function private.end_campaign_test(uuid, timestamptz) is
  'Ends an A/B test that is not decided: before the start it is deleted. After that its looks stay, variants go on by their '
  'shares, and those who were kept back get one each in turn. Needs campaign_manager. Raises PT403, PT404, PT409. Security '
  'definer: users may not write tests.';
grant execute on function private.end_campaign_test(uuid, timestamptz) to authenticated;

create function public.end_campaign_test(p_campaign_id uuid) returns void
  language sql set search_path = '' as $$ select private.end_campaign_test(p_campaign_id); $$;
comment on function public.end_campaign_test(uuid) is
  'Calls the private function of the same name, which checks role and organisation, with the current time.';
grant execute on function public.end_campaign_test(uuid) to authenticated;
