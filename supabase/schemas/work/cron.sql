-- Ticks: each does whatever task is due, for about a minute, in one warm session, and is begun again as soon as it has ended,
-- or within 2 s if it was killed. They share the tasks, so that two slow ones do not keep the others waiting; the first does
-- nothing but what must be prompt. A block, because a function may not commit, and a procedure that does may not have a
-- search_path of its own. Short, because pg_cron writes it down with every run.
select cron.schedule('tick-1', '2 seconds', $$do 'declare t private.tick;
begin loop t := private.step_tick(t, true); commit; exit when t.ends_at is null; end loop; end'$$);

select cron.schedule('tick-2', '2 seconds', $$do 'declare t private.tick;
begin loop t := private.step_tick(t, false); commit; exit when t.ends_at is null; end loop; end'$$);

select cron.schedule('tick-3', '2 seconds', $$do 'declare t private.tick;
begin loop t := private.step_tick(t, false); commit; exit when t.ends_at is null; end loop; end'$$);
