insert into private.work_kinds (kind, title) values
  ('fold_spans', 'measuring how long people wait for answers'),
  ('watch_conversation', 'watching your conversations'),
  ('send_scheduled', 'sending answers that waited for their time'),
  ('prune_conversations', 'removing old events of your conversations');

insert into private.tasks (name, seconds, due) values
  ('reply-spans', 1, 'select exists (select from private.span_changes)');

insert into private.task_parts (task, place, kind, items, call, seconds) values
  ('reply-spans', 1, 'fold_spans', 'select distinct s.conversation_id, s.org_id from private.span_changes s',
    'select private.fold_span_changes($1)', 5);

insert into private.tasks (name, seconds, due) values ('inbox', 2, $$select
  exists (select from public.conversations c where c.due_at <= now())
  or exists (select from public.scheduled_texts s where s.state = 'waiting' and s.not_before <= now())$$);

insert into private.task_parts (task, place, kind, items, call, seconds) values
  ('inbox', 1, 'send_scheduled',
    $$select s.id, s.org_id from public.scheduled_texts s where s.state = 'waiting' and s.not_before <= now()$$,
    'select private.send_scheduled($1)', 5),
  ('inbox', 2, 'watch_conversation', 'select c.id, c.org_id from public.conversations c where c.due_at <= now()',
    'select private.watch_conversation($1)', 5);
