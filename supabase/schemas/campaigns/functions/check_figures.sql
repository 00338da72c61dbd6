-- A job checks figures against the targets that they count, and reports when they do not add up. Invariant 5: over a campaign's
-- targets, audience = excluded + canceled + waiting + queued + sending + unknown + sent + failed, and the folded figures are the
-- same.

create function private.compare_figures(p_campaign_id uuid)
returns jsonb
language sql
stable
set search_path = ''
as $$
  -- One statement, and so one snapshot: targets, folded figures and deltas that are not folded yet, at the same moment.
  with counted as (
    select count(*) as audience,
      count(*) filter (where t.state = 'excluded') as excluded, count(*) filter (where t.state = 'canceled') as canceled,
      count(*) filter (where t.state = 'waiting') as waiting, count(*) filter (where t.state = 'queued') as queued,
      count(*) filter (where t.state = 'sending') as sending, count(*) filter (where t.state = 'unknown') as unknown,
      count(*) filter (where t.state = 'sent') as sent, count(*) filter (where t.state = 'failed') as failed,
      count(*) filter (where t.delivery = 'delivered') as delivered,
        count(*) filter (where t.delivery = 'undelivered') as undelivered
    from public.campaign_targets t where t.campaign_id = p_campaign_id
  ),
  unfolded as (
    select coalesce(sum(d.audience), 0) as audience, coalesce(sum(d.excluded), 0) as excluded,
      coalesce(sum(d.canceled), 0) as canceled,
      coalesce(sum(d.waiting), 0) as waiting, coalesce(sum(d.queued), 0) as queued, coalesce(sum(d.sending), 0) as sending,
      coalesce(sum(d.unknown), 0) as unknown, coalesce(sum(d.sent), 0) as sent, coalesce(sum(d.failed), 0) as failed,
      coalesce(sum(d.delivered), 0) as delivered, coalesce(sum(d.undelivered), 0) as undelivered
    from private.campaign_deltas d where d.campaign_id = p_campaign_id
  ),
  figures as (
    select c.key as name, c.value::bigint as counted, (s.value::bigint + u.value::bigint) as told, u.value::bigint as unfolded
    from counted, unfolded, public.campaign_stats st
    cross join lateral jsonb_each_text(to_jsonb(counted)) c
    join lateral jsonb_each_text(to_jsonb(unfolded)) u on u.key = c.key
    join lateral jsonb_each_text(to_jsonb(st)) s on s.key = c.key
    where st.campaign_id = p_campaign_id
  )
  select jsonb_build_object(
    'right', coalesce(bool_and(f.counted = f.told), true)
      -- Never false while a target has exactly one state; a state that no figure counts would show here.
      and coalesce(sum(f.counted) filter (where f.name = 'audience'), 0)
        = coalesce(sum(f.counted) filter (where f.name not in ('audience', 'delivered', 'undelivered')), 0),
    'wrong', coalesce(jsonb_object_agg(f.name, jsonb_build_object('counted', f.counted, 'told',
      f.told)) filter (where f.counted <> f.told), '{}'),
    'folded', coalesce(jsonb_object_agg(f.name, f.counted - f.unfolded), '{}'))
  from figures f;
$$;
comment on function private.compare_figures(uuid) is
  'Compares a campaign''s figures (folded and not yet folded) with its targets: {right, wrong: {figure: {counted, told}}, '
  'folded: what campaign_stats should contain}.';

create function private.check_campaign_figures(p_campaign_id uuid, p_now timestamptz default now())
returns boolean
language plpgsql
set search_path = ''
as $$
declare
  v_check jsonb := private.compare_figures(p_campaign_id);
  v_org_id uuid;
  v_steps_are_right boolean := private.check_step_figures(p_campaign_id, p_now);
begin
  insert into private.figure_checks as f (campaign_id, checked_at) values (p_campaign_id, p_now)
  on conflict (campaign_id) do update set checked_at = excluded.checked_at;
  if (v_check ->> 'right')::boolean then
    return v_steps_are_right;
  end if;
  -- Compares once more, with a lock on the row that folding writes: a fold waits meanwhile, and then adds to the corrected
  -- figures.
  select s.org_id into v_org_id from public.campaign_stats s where s.campaign_id = p_campaign_id for no key update;
  v_check := private.compare_figures(p_campaign_id);
  if (v_check ->> 'right')::boolean then
    return v_steps_are_right;
  end if;
  update public.campaign_stats s
  set audience = x.audience, excluded = x.excluded, canceled = x.canceled, waiting = x.waiting, queued = x.queued,
    sending = x.sending,
      unknown = x.unknown, sent = x.sent, failed = x.failed, delivered = x.delivered, undelivered = x.undelivered,
        updated_at = p_now
  from jsonb_populate_record(null::public.campaign_stats, v_check -> 'folded') x
  where s.campaign_id = p_campaign_id;
  perform private.raise_alert(v_org_id, 'figures_do_not_add_up', 'critical',
    'The figures of campaign "' || (select c.name from public.campaigns c where c.id = p_campaign_id)
      || '" differed from its targets and were counted anew: '
      || coalesce((select string_agg(format('%s was %s, is %s', w.key, w.value ->> 'told', w.value ->> 'counted'), '; '
        order by w.key)
                   from jsonb_each(v_check -> 'wrong') w), 'the states of its targets do not add up')
      || '. No message was sent or lost by this; tell the people who run the platform.',
    p_campaign_id, null, v_check -> 'wrong');
  return false;
end;
$$;
comment on function private.check_campaign_figures(uuid, timestamptz) is
  'Checks a campaign''s figures. If they differ from its targets, corrects them in the same transaction and raises a critical '
  'alert with both. Returns true if they were right.';

create function private.check_figures(p_now timestamptz default now(), p_rows integer default 200000, p_org_id uuid default null)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_resting uuid[] := private.resting_orgs('check_figures', p_org_id, p_now);
  v_row record;
  v_left bigint := p_rows;
  v_wrong integer := 0;
begin
  -- Campaigns unchecked for the longest time come first, with no more targets than are counted in about a second (7 us each if
  -- none is in memory). A campaign with more targets gets a run of its own.
  for v_row in
    select c.id, s.audience
    from public.campaigns c
    join public.campaign_stats s on s.campaign_id = c.id
    left join private.figure_checks f on f.campaign_id = c.id
    where c.status not in ('draft', 'building') and (p_org_id is null or c.org_id = p_org_id) and c.org_id <> all (v_resting)
      and (f.checked_at is null or f.checked_at <= p_now - case c.status when 'running' then interval '1 minute'
        else interval '1 hour' end)
    order by f.checked_at nulls first, c.id
    limit 1000
  loop
    exit when v_left < p_rows and v_row.audience > v_left;
    v_left := v_left - greatest(v_row.audience, 0);
    if not private.check_campaign_figures(v_row.id, p_now) then
      v_wrong := v_wrong + 1;
    end if;
    exit when v_left <= 0;
  end loop;
  return v_wrong;
end;
$$;
comment on function private.check_figures(timestamptz, integer, uuid) is
  'Checks the figures of running campaigns every minute and of all others every hour, up to p_rows targets a call; returns how '
  'many campaigns were wrong and were corrected. p_org_id: only this organisation; null: all except those for which this work is '
  'resting.';
