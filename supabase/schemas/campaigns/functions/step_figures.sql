-- The figures of a campaign's steps are checked as those of the campaign are.

create function private.wrong_step_figures(p_campaign_id uuid)
returns setof public.campaign_step_stats
language sql
stable
set search_path = ''
as $$
  -- One statement, and so one snapshot, as in private.compare_figures.
  with counted as (
    select t.step, count(*) as audience,
      count(*) filter (where t.state = 'excluded') as excluded, count(*) filter (where t.state = 'canceled') as canceled,
      count(*) filter (where t.state = 'waiting') as waiting, count(*) filter (where t.state = 'queued') as queued,
      count(*) filter (where t.state = 'sending') as sending, count(*) filter (where t.state = 'unknown') as unknown,
      count(*) filter (where t.state = 'sent') as sent, count(*) filter (where t.state = 'failed') as failed,
      count(*) filter (where t.delivery = 'delivered') as delivered,
      count(*) filter (where t.delivery = 'undelivered') as undelivered
    from public.campaign_targets t where t.campaign_id = p_campaign_id and t.step > 1 group by t.step
  ),
  unfolded as (
    select d.step, sum(d.audience) as audience, sum(d.excluded) as excluded, sum(d.canceled) as canceled,
      sum(d.waiting) as waiting, sum(d.queued) as queued, sum(d.sending) as sending, sum(d.unknown) as unknown,
      sum(d.sent) as sent, sum(d.failed) as failed, sum(d.delivered) as delivered, sum(d.undelivered) as undelivered
    from private.campaign_deltas d where d.campaign_id = p_campaign_id and d.step > 1 group by d.step
  ),
  folded as (
    select s as told, jsonb_populate_record(s, jsonb_build_object(
      'audience', coalesce(c.audience, 0) - coalesce(u.audience, 0),
      'excluded', coalesce(c.excluded, 0) - coalesce(u.excluded, 0),
      'canceled', coalesce(c.canceled, 0) - coalesce(u.canceled, 0), 'waiting', coalesce(c.waiting, 0) - coalesce(u.waiting, 0),
      'queued', coalesce(c.queued, 0) - coalesce(u.queued, 0), 'sending', coalesce(c.sending, 0) - coalesce(u.sending, 0),
      'unknown', coalesce(c.unknown, 0) - coalesce(u.unknown, 0), 'sent', coalesce(c.sent, 0) - coalesce(u.sent, 0),
      'failed', coalesce(c.failed, 0) - coalesce(u.failed, 0),
      'delivered', coalesce(c.delivered, 0) - coalesce(u.delivered, 0),
      'undelivered', coalesce(c.undelivered, 0) - coalesce(u.undelivered, 0))) as counted
    from public.campaign_step_stats s
    left join counted c on c.step = s.step
    left join unfolded u on u.step = s.step
    where s.campaign_id = p_campaign_id
  )
  select (f.counted).* from folded f where f.counted is distinct from f.told;
$$;
comment on function private.wrong_step_figures(uuid) is
  'The figures of a campaign''s steps as they should be, for those steps whose figures differ from their targets.';

create function private.check_step_figures(p_campaign_id uuid, p_now timestamptz)
returns boolean
language plpgsql
set search_path = ''
as $$
declare
  v_org_id uuid;
  v_steps smallint[];
begin
  if not exists (select from public.campaign_step_stats s where s.campaign_id = p_campaign_id)
    or not exists (select from private.wrong_step_figures(p_campaign_id)) then
    return true;
  end if;
  -- Compares once more while no fold can run: see private.check_campaign_figures.
  select s.org_id into v_org_id from public.campaign_stats s where s.campaign_id = p_campaign_id for no key update;
  with corrected as (
    update public.campaign_step_stats s
    set audience = w.audience, excluded = w.excluded, canceled = w.canceled, waiting = w.waiting, queued = w.queued,
      sending = w.sending, unknown = w.unknown, sent = w.sent, failed = w.failed, delivered = w.delivered,
      undelivered = w.undelivered
    from private.wrong_step_figures(p_campaign_id) w
    where s.campaign_id = w.campaign_id and s.step = w.step
    returning s.step
  )
  select array_agg(c.step order by c.step) into v_steps from corrected c;
  if v_steps is null then
    return true;
  end if;
  perform private.raise_alert(v_org_id, 'figures_do_not_add_up', 'critical',
    format('The figures of steps %s of campaign "%s" differed from their targets and were counted anew. No message was sent or '
      'lost by this; tell the people who run the platform.', array_to_string(v_steps, ', '),
      (select c.name from public.campaigns c where c.id = p_campaign_id)),
    p_campaign_id, null, jsonb_build_object('steps', v_steps));
  return false;
end;
$$;
comment on function private.check_step_figures(uuid, timestamptz) is
  'Checks the figures of a campaign''s steps, corrects those that are wrong, and raises a critical alert about them. Returns '
  'true if all were right.';
