insert into private.tasks (name, seconds, due) values ('match-leads', 5, 'select exists (select from private.lead_changes)');

-- Four batches leave the next second to others. What fails for an organisation is counted by the function itself.
insert into private.task_parts (task, place, kind, items, call) values
  ('match-leads', 1, null, 'select null::uuid, null::uuid from generate_series(1, 4)', 'select private.match_leads()');
