insert into private.tasks (name, seconds, is_prompt, due) values ('sending', 2, true, $$select
  exists (select from public.campaigns c join private.campaign_turns p on p.campaign_id = c.id
    where c.status = 'running' and p.wakes_at <= now())
  or exists (select from public.campaigns c where c.status = 'scheduled' and c.scheduled_at <= now())
  or exists (
    select from public.campaigns c where c.status = 'stopped' and c.finished_at > now() - interval '1 day'
      and exists (select from public.campaign_targets t where t.campaign_id = c.id and t.is_waiting))
  or exists (select from pgmq.q_sends q where q.vt <= now() + interval '5 seconds')
  or exists (select from pgmq.q_replies q where q.vt <= now() + interval '5 seconds')
  or exists (select from pgmq.q_builds q where q.vt <= now())
  or exists (select from pgmq.q_imports q where q.vt <= now())
  or exists (select from pgmq.q_jobs q where q.vt <= now())
  or exists (select from pgmq.q_file_removals q where q.vt <= now())
  or exists (select from pgmq.q_lookups q where q.vt <= now())
  or exists (select from pgmq.q_enrichments q where q.vt <= now())
  or exists (select from pgmq.q_media q where q.vt <= now())
  or (select a.next_look_at from public.send_attempts a where a.next_look_at is not null order by a.next_look_at limit 1) <= now()
  or exists (select from private.account_checks k where k.due_at <= now())$$);

insert into private.task_parts (task, place, kind, call) values
  ('sending', 1, 'start_scheduled', 'select private.start_scheduled(p_org_id => $1)');

insert into private.task_parts (task, place, kind, items, call, seconds) values
  ('sending', 2, 'cancel_waiting', $$select c.id, c.org_id from public.campaigns c
    where c.status = 'stopped' and c.finished_at > now() - interval '1 day'
      and exists (select from public.campaign_targets t where t.campaign_id = c.id and t.is_waiting)$$,
    'select private.cancel_waiting($1, 10000)', 2),
  ('sending', 3, 'plan', $$select distinct c.org_id, c.org_id
    from public.campaigns c join private.campaign_turns p on p.campaign_id = c.id
    where c.status = 'running' and p.wakes_at <= now()$$,
    'select private.plan_sends($1)', 5);

insert into private.task_parts (task, place, kind, call) values
  ('sending', 4, 'flag_stalled', 'select private.flag_stalled(p_org_id => $1)'),
  ('sending', 5, 'finish_campaigns', 'select private.finish_campaigns(p_org_id => $1)'),
  ('sending', 6, null, 'select private.kick_workers()');

insert into private.tasks (name, seconds, due) values ('rescue', 30, $$select
  exists (select from public.messages m where m.is_open)
  or exists (select from public.send_attempts a where a.next_look_at is not null)$$);

insert into private.task_parts (task, place, kind, call) values
  ('rescue', 1, 'rescue', 'select private.rescue_sends(p_org_id => $1)');
