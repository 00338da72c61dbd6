insert into private.tasks (name, seconds, due) values ('guard', 15, $$select
  exists (select from public.campaigns c where c.status in ('running', 'building'))
  or exists (select from private.accepted_deltas)
  or exists (select from public.alerts a where a.resolved_at is null)
  -- Receipts arrive for days after a campaign has ended. A number's window is 24 hours long.
  or exists (
    select from public.phone_numbers n
    where n.status = 'active' and (
      select m.settled_at from public.messages m
      where m.phone_number_id = n.id and m.error_code = 30007 and m.settled_at > now() - interval '1 day'
      order by m.settled_at limit 1) is not null)$$);

insert into private.task_parts (task, place, kind, items, call) values
  ('guard', 1, 'fold_accepted', null, 'select private.fold_accepted($1)'),
  -- Numbers come first: messages of one bad number must not pause a campaign that other numbers could continue.
  ('guard', 2, 'guard_number', 'select n.id, n.org_id from private.numbers_to_guard() n',
    'select private.guard_number($1) where private.is_number_troubled($1)'),
  ('guard', 3, 'guard', $$select c.id, c.org_id from public.campaigns c where c.status = 'running'$$,
    'select private.guard_campaign($1) where private.is_campaign_troubled($1)'),
  ('guard', 4, 'mark_campaigns', null, 'select private.mark_campaigns(p_org_id => $1)'),
  ('guard', 5, 'flag_builds', null, 'select private.flag_stuck_builds(p_org_id => $1)'),
  ('guard', 6, 'resolve_alerts', null, 'select private.resolve_alerts(p_org_id => $1)');
