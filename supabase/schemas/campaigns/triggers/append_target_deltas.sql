create function private.append_target_deltas()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  -- Which of after_rows and before_rows exists depends on the operation. A dynamic query would have to be planned each time, so
  -- there are three statements.
  if tg_op = 'INSERT' then
    insert into private.campaign_deltas
      (org_id, campaign_id, step, audience, excluded, canceled, waiting, queued, sending, unknown, sent, failed, delivered,
      undelivered)
    select a.org_id, a.campaign_id, a.step, count(*),
      count(*) filter (where state = 'excluded'), count(*) filter (where state = 'canceled'),
      count(*) filter (where state = 'waiting'), count(*) filter (where state = 'queued'),
      count(*) filter (where state = 'sending'), count(*) filter (where state = 'unknown'),
      count(*) filter (where state = 'sent'), count(*) filter (where state = 'failed'),
      count(*) filter (where delivery = 'delivered'), count(*) filter (where delivery = 'undelivered')
    from after_rows a group by a.org_id, a.campaign_id, a.step;
  elsif tg_op = 'UPDATE' then
    -- Groups by state first and then turns states into columns: a statement changes many rows, but between few states.
    insert into private.campaign_deltas
      (org_id, campaign_id, step, excluded, canceled, waiting, queued, sending, unknown, sent, failed, delivered, undelivered)
    select c.org_id, c.campaign_id, c.step, c.excluded, c.canceled, c.waiting, c.queued, c.sending, c.unknown, c.sent, c.failed,
      c.delivered, c.undelivered
    from (
      select x.org_id, x.campaign_id, x.step,
        coalesce(sum(n) filter (where state = 'excluded'), 0) as excluded,
        coalesce(sum(n) filter (where state = 'canceled'), 0) as canceled,
        coalesce(sum(n) filter (where state = 'waiting'), 0) as waiting,
        coalesce(sum(n) filter (where state = 'queued'), 0) as queued,
        coalesce(sum(n) filter (where state = 'sending'), 0) as sending,
        coalesce(sum(n) filter (where state = 'unknown'), 0) as unknown,
        coalesce(sum(n) filter (where state = 'sent'), 0) as sent,
        coalesce(sum(n) filter (where state = 'failed'), 0) as failed,
        coalesce(sum(n) filter (where delivery = 'delivered'), 0) as delivered,
        coalesce(sum(n) filter (where delivery = 'undelivered'), 0) as undelivered
      from (
        select a.org_id, a.campaign_id, a.step, a.state, a.delivery, count(*) as n from after_rows a group by 1, 2, 3, 4, 5
        union all
        select b.org_id, b.campaign_id, b.step, b.state, b.delivery, -count(*) from before_rows b group by 1, 2, 3, 4, 5
      ) x
      group by x.org_id, x.campaign_id, x.step
    ) c
    where (c.excluded, c.canceled, c.waiting, c.queued, c.sending, c.unknown, c.sent, c.failed, c.delivered, c.undelivered)
      is distinct from (0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
  else
    insert into private.campaign_deltas
      (org_id, campaign_id, step, audience, excluded, canceled, waiting, queued, sending, unknown, sent, failed, delivered,
      undelivered)
    select b.org_id, b.campaign_id, b.step, -count(*),
      -count(*) filter (where state = 'excluded'), -count(*) filter (where state = 'canceled'),
      -count(*) filter (where state = 'waiting'), -count(*) filter (where state = 'queued'),
      -count(*) filter (where state = 'sending'), -count(*) filter (where state = 'unknown'),
      -count(*) filter (where state = 'sent'), -count(*) filter (where state = 'failed'),
      -count(*) filter (where delivery = 'delivered'), -count(*) filter (where delivery = 'undelivered')
    from before_rows b
    where exists (select 1 from public.campaigns c where c.id = b.campaign_id)
    group by b.org_id, b.campaign_id, b.step;
  end if;
  return null;
end;
$$;
comment on function private.append_target_deltas() is
  'Statement trigger: appends one row of deltas for each step of each campaign that a statement changed, so that figures add up '
  'whatever writes targets. Security definer: the role that changes a target may not write figures.';
