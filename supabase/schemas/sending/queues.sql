select pgmq.create('sends');

select pgmq.create('replies');

-- A queue is a small table that changes all the time: vacuum it early, and leave room for updates in place.
do $$
declare
  v_queue text;
begin
  foreach v_queue in array array['sends', 'replies'] loop
    begin
      execute format('alter table pgmq.q_%s set (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.01, '
        'autovacuum_vacuum_cost_delay = 0)', v_queue);
    exception when insufficient_privilege then
      raise notice 'the owner of pgmq keeps its own vacuum settings for q_%', v_queue;
    end;
  end loop;
end;
$$;
