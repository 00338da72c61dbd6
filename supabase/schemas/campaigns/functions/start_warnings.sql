create function private.start_warnings(p_campaign public.campaigns, p_people jsonb, p_forecast jsonb, p_now timestamptz)
returns table (code text, message text, details jsonb, must_acknowledge boolean)
language plpgsql
stable
set search_path = ''
as $$
declare
  v_cost jsonb := private.preflight_cost(p_campaign, (p_forecast ->> 'waiting')::bigint);
  v_account public.twilio_accounts;
  v_judged bigint := (p_people ->> 'judged')::bigint;
  v_number record;
  v_text record;
begin
  select * into v_account from public.twilio_accounts a where a.org_id = p_campaign.org_id;
  if v_account.balance_currency = 'USD' and v_account.balance < 1.5 * (v_cost ->> 'high')::numeric then
    return query select 'balance_low', format(
      'This campaign may cost up to %s USD, and the balance at Twilio is less than one and a half times that. Other messages and '
      'answers cost money too: pay in first.', v_cost ->> 'high'),
      jsonb_build_object('checked_at', v_account.balance_checked_at, 'cost_high', v_cost -> 'high'), true;
  end if;
  if p_forecast ->> 'finishes_on' is null and (p_forecast ->> 'waiting')::bigint > 0 then
    return query select 'finishes_late',
      'The campaign will not have written to everybody within 30 days. Add numbers, raise caps, or write to fewer people.',
      jsonb_build_object('limited_by', p_forecast #> '{days,-1,limited_by}'), true;
  end if;
  if exists (
    select from public.campaign_tests t where t.campaign_id = p_campaign.id and t.status = 'running'
      and t.deadline <= greatest(p_now, p_campaign.scheduled_at) + make_interval(hours => t.maturity_hours)
  ) then
    return query select 'test_over',
      'The A/B test ends before anybody can count for it. Set it up again with a later deadline, or without one.',
      (select jsonb_build_object('deadline', t.deadline) from public.campaign_tests t where t.campaign_id = p_campaign.id), true;
  end if;
  for v_number in
    select n.e164, n.health_score from private.campaign_numbers(p_campaign.id) n
    where n.status = 'active' and n.health_score < 70 order by n.health_score, n.e164 limit 20
  loop
    return query select 'number_unhealthy', format(
      '%s has a health score of %s: carriers filter it, or people opt out. Take it out of the campaign until it recovers.',
      v_number.e164, v_number.health_score),
      jsonb_build_object('phone_number', v_number.e164, 'health_score', v_number.health_score), true;
  end loop;
  if exists (
    select 1 from public.enrichment_services s where s.org_id = p_campaign.org_id and s.kind = 'scrub' and s.is_enabled
  ) and (p_people ->> 'scrubbed')::bigint < v_judged then
    return query select 'not_scrubbed', format(
      '%s of %s phones were not looked up in your do-not-call lists within 31 days. Have them scrubbed, then start.',
      v_judged - (p_people ->> 'scrubbed')::bigint, v_judged),
      jsonb_build_object('count', v_judged - (p_people ->> 'scrubbed')::bigint, 'of', v_judged), true;
  end if;
  if (p_people ->> 'with_consent')::bigint < v_judged then
    return query select 'consent_unknown', format(
      'For %s of %s people no consent is recorded. Know on which ground you write to them.',
      v_judged - (p_people ->> 'with_consent')::bigint, v_judged),
      jsonb_build_object('count', v_judged - (p_people ->> 'with_consent')::bigint, 'of', v_judged), false;
  end if;
  if (p_people ->> 'line_type_unknown')::bigint > 0 then
    return query select 'line_type_unknown', format(
      'Of %s of %s phones nobody knows whether they are mobile; texts to landlines fail and cost. Turn on lookups in your '
      'settings.', p_people ->> 'line_type_unknown', v_judged),
      jsonb_build_object('count', (p_people ->> 'line_type_unknown')::bigint, 'of', v_judged), false;
  end if;
  if (p_people ->> 'state_unknown')::bigint > 0 then
    return query select 'state_unknown', format(
      'Of %s of %s people the state is unknown: their hours follow the area code of their phone, and the strictest of its '
      'states.', p_people ->> 'state_unknown', v_judged),
      jsonb_build_object('count', (p_people ->> 'state_unknown')::bigint, 'of', v_judged), false;
  end if;
  return query select 'test_too_small', w.message, w.details, false
  from private.test_warning(p_campaign, (p_forecast ->> 'waiting')::bigint) w;
  if p_campaign.rotation = 'thompson' and (p_forecast ->> 'waiting')::bigint > 0 then
    return query
    select 'rotation_too_small', format(
      'Rotation by what people reply to needs %s people for the %s texts of step %s, and only %s can be written to: their texts '
      'will take turns by their weights. Use fewer texts, or rotation even.', 100 * s.texts, s.texts, s.step,
      p_forecast ->> 'waiting'),
      jsonb_build_object('step', s.step, 'people', (p_forecast ->> 'waiting')::bigint, 'needed', 100 * s.texts), false
    from (
      select ct.step, count(*) as texts from public.campaign_templates ct
      join public.templates t on t.id = ct.template_id and t.is_active
      where ct.campaign_id = p_campaign.id group by ct.step
    ) s
    where s.texts > 1 and (p_forecast ->> 'waiting')::bigint < 100 * s.texts
    order by s.step limit 1;
  end if;
  for v_text in
    select t.name, i ->> 'code' as code, i ->> 'message' as message, i ->> 'remedy' as remedy
    from (select distinct ct.template_id from public.campaign_templates ct where ct.campaign_id = p_campaign.id) x
    join public.templates t on t.id = x.template_id and t.is_active
    join public.orgs o on o.id = t.org_id
    cross join lateral private.check_template(t.content, t.category, t.language, o.brand) c
    cross join lateral jsonb_array_elements(c.issues) i
    order by 1, 2 limit 50
  loop
    return query select 'text_advice', format('The text «%s»: %s %s', v_text.name, v_text.message, v_text.remedy),
      jsonb_build_object('template', v_text.name, 'issue', v_text.code), false;
  end loop;
end;
$$;
comment on function private.start_warnings(public.campaigns, jsonb, jsonb, timestamptz) is
  'What a person should know before a campaign starts, as codes and sentences. p_people: what preflight_people says; p_forecast: '
  'what forecast_of says. must_acknowledge: starting is refused until the caller says that it was read.';
