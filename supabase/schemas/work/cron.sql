-- Ticks: each does the tasks that are due, for about a minute, in one warm session. It is started again as soon as it has ended,
-- or within 2 s if it was killed. The ticks share the tasks, so that two slow tasks do not keep the others waiting; the first
-- tick does only prompt tasks. Each is a DO block: a function may not commit, and a procedure that commits may not have a
-- search_path of its own. It is short because pg_cron stores it with every run.
select cron.schedule('tick-1', '2 seconds', $$do 'declare t private.tick;
begin loop t := private.step_tick(t, true); commit; exit when t.ends_at is null; end loop; end'$$);

select cron.schedule('tick-2', '2 seconds', $$do 'declare t private.tick;
begin loop t := private.step_tick(t, false); commit; exit when t.ends_at is null; end loop; end'$$);

select cron.schedule('tick-3', '2 seconds', $$do 'declare t private.tick;
begin loop t := private.step_tick(t, false); commit; exit when t.ends_at is null; end loop; end'$$);
