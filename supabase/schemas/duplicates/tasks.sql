insert into private.tasks (name, seconds, due) values ('match-leads', 5, 'select exists (select from private.lead_changes)');

-- After four batches, the next second is left to other tasks. The function itself counts failures of an organisation.
insert into private.task_parts (task, place, kind, items, call) values
  ('match-leads', 1, null, 'select null::uuid, null::uuid from generate_series(1, 4)', 'select private.match_leads()');
