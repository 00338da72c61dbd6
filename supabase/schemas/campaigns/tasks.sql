insert into private.tasks (name, seconds, is_prompt, due) values
  ('fold', 1, true, 'select exists (select from private.campaign_deltas)');

insert into private.task_parts (task, place, kind, call) values
  ('fold', 1, 'fold_stats', $$select private.fold_stats(p_apart => '950 milliseconds', p_org_id => $1)$$);
