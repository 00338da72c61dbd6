insert into private.tasks (name, seconds, is_prompt, due) values
  ('fold', 1, true, 'select exists (select from private.campaign_deltas)');

insert into private.task_parts (task, place, kind, call) values
  ('fold', 1, 'fold_stats', $$select private.fold_stats(p_apart => '950 milliseconds', p_org_id => $1)$$);

insert into private.tasks (name, seconds, due) values ('ab-tests', 5, $$select
  exists (select from private.test_turns t where t.look_at <= now())
  or exists (select from private.test_turns t where t.move_at <= now())$$);

insert into private.task_parts (task, place, kind, items, call, seconds) values
  ('ab-tests', 1, 'move_variants', 'select t.campaign_id, t.org_id from private.test_turns t where t.move_at <= now()',
    'select private.move_variants($1)', 5),
  ('ab-tests', 2, 'look_at_test', 'select t.campaign_id, t.org_id from private.test_turns t where t.look_at <= now()',
    'select private.look_at_test($1)', 10);

insert into private.tasks (name, seconds, due) values ('rotation', 10,
  'select exists (select from private.rotation_turns t where t.look_at <= now())');

insert into private.task_parts (task, place, kind, items, call, seconds) values
  ('rotation', 1, 'learn_rotation', 'select t.campaign_id, t.org_id from private.rotation_turns t where t.look_at <= now()',
    'select private.learn_rotation($1)', 10);
