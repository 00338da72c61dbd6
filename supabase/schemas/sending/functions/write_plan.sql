-- Writes the decisions of a plan.

create function private.put_off_targets(p_campaign public.campaigns, p_excluded private.excluded_target[],
  p_deferred private.deferred_target[], p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
begin
  if cardinality(p_excluded) > 0 then
    update public.campaign_targets t
    set state = case when t.step = 1 then 'excluded' else 'canceled' end::public.target_state, reason = x.reason,
      updated_at = p_now
    from unnest(p_excluded) x where t.id = x.id;
    if p_campaign.type = 'drip' then
      perform private.add_next_phones(array(select x.id from unnest(p_excluded) x where x.reason = 'invalid_phone'), p_now);
    end if;
  end if;
  if cardinality(p_deferred) > 0 then
    update public.campaign_targets t
    set not_before = x.not_before, sticky_until = x.sticky_until, needs_attention = x.needs_attention, updated_at = p_now
    from unnest(p_deferred) x where t.id = x.id;
  end if;
end;
$$;
comment on function private.put_off_targets(public.campaigns, private.excluded_target[], private.deferred_target[],
  timestamptz) is
  'Excludes targets from their campaign and puts others off, as a plan decided. A later step is canceled: its person was in the '
  'audience. The caller holds their locks.';

create function private.write_plan(
  p_campaign public.campaigns,
  p_org public.orgs,
  p_pool private.pool_number[],
  p_texts private.plan_text[],
  p_caps private.carrier_room[],
  p_plan private.planned_send[],
  p_now timestamptz
)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_delay integer;
begin
  insert into public.messages (
    id, org_id, kind, campaign_id, campaign_target_id, step, lead_id, phone_number_id, template_id, template_version, variables,
    from_number, to_number, language, status, charged_segments, charged_day, carrier_cap_id, queued_at, created_at, updated_at)
  select x.message_id, p_org.id, 'campaign', p_campaign.id, t.id, t.step, t.lead_id, p_pool[x.number].id, tp.id, tp.version,
    -- The contact is stored only with texts that say it: every message would carry it.
    x.variables || jsonb_strip_nulls(jsonb_build_object('support_contact',
      case when 'support_contact' = any (tp.variables) then p_org.support_contact end))
    || jsonb_build_object('brand', p_org.brand, 'phone', t.e164,
      'today', to_char(p_now at time zone coalesce(nullif(split_part(split_part(t.window_key, '|', 1), ',', 1), '?'),
        p_org.time_zone), case tp.language when 'es' then 'DD/MM/YYYY' else 'MM/DD/YYYY' end)),
    p_pool[x.number].e164, t.e164, tp.language, 'queued', x.segments, p_pool[x.number].day, p_caps[x.cap].id, p_now, p_now,
      p_now
  from unnest(p_plan) x
  join public.campaign_targets t on t.id = x.target_id
  join public.templates tp on tp.id = p_texts[x.template].id;

  update public.campaign_targets t
  set state = 'queued', message_id = x.message_id, phone_number_id = p_pool[x.number].id,
    last_template_id = p_texts[x.template].id,
    attempts = t.attempts + 1, sticky_until = null, needs_attention = null, updated_at = p_now
  from unnest(p_plan) x
  where t.id = x.target_id;

  update private.template_usage u set uses = u.uses + x.used, last_used_at = p_now
  from (select p_texts[p.template].id as id, count(*) as used from unnest(p_plan) p group by 1) x
  where u.template_id = x.id;

  perform private.charge_usage(s.scope, array_agg(s.id), array_agg(s.day), array_agg(s.messages), array_agg(s.segments))
  from (
    select 'org' as scope, p_org.id as id, (p_now at time zone p_org.time_zone)::date as day, count(*)::integer as messages,
      sum(x.segments)::integer as segments, 1 as n
    from unnest(p_plan) x
    union all
    select 'campaign', p_campaign.id, (p_now at time zone p_org.time_zone)::date, count(*)::integer,
      sum(x.segments)::integer, 2
    from unnest(p_plan) x
    union all
    select 'carrier', p_caps[x.cap].id, private.carrier_day(p_now), count(*)::integer, sum(x.segments)::integer, 3
    from unnest(p_plan) x where x.cap is not null group by x.cap
    union all
    select 'number', p_pool[x.number].id, p_pool[x.number].day, count(*)::integer, sum(x.segments)::integer, 4
    from unnest(p_plan) x group by x.number
  ) s
  group by s.scope, s.n order by s.n;

  for v_delay in select distinct x.delay from unnest(p_plan) x order by x.delay loop
    perform pgmq.send_batch('sends',
      array(
        select jsonb_build_object('message_id', x.message_id, 'org_id', p_org.id)
        from unnest(p_plan) with ordinality
          as x(target_id, message_id, number, template, segments, cap, variables, delay, n)
        where x.delay = v_delay order by x.n),
      v_delay);
  end loop;
end;
$$;
comment on function private.write_plan(public.campaigns, public.orgs, private.pool_number[], private.plan_text[],
  private.carrier_room[], private.planned_send[], timestamptz) is
  'Writes the messages of a plan: queued, charged to the daily caps, and hidden in the queue until about the time of their slot. '
  'The caller holds the locks of the targets.';
