insert into private.tasks (name, seconds, due) values
  ('move-leads', 10, 'select exists (select from private.orgs_to_move())'),
  ('fold-lead-counts', 5, 'select exists (select from private.lead_count_deltas)'),
  ('lead-activity', 5, 'select exists (select from private.sent_leads)');

insert into private.task_parts (task, place, kind, items, call, seconds) values
  ('move-leads', 1, 'move_leads', 'select o, o from private.orgs_to_move() o', 'select private.move_opted_out_leads($1)', 8),
  ('fold-lead-counts', 1, 'fold_counts', null, 'select private.fold_lead_counts(p_org_id => $1)', 10),
  ('lead-activity', 1, 'fold_activity', null,
    $$select private.fold_lead_activity(case when private.queue_is_due('sends') then 300 else 20000 end, $1)$$, 10);
