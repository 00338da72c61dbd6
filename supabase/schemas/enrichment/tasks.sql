insert into private.tasks (name, seconds, due) values ('wake-lanes', 5, $$select
  exists (select from private.call_lanes l where (
    select c.due_at from private.outside_calls c where c.lane_id = l.id and c.given_up_at is null
    order by c.due_at limit 1) <= now())$$);

insert into private.task_parts (task, place, kind, call) values
  ('wake-lanes', 1, 'wake_lanes', 'select private.wake_call_lanes(p_org_id => $1)');
