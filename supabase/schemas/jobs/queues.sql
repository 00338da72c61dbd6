select pgmq.create('jobs');
-- By the first index private.read_in_turn finds whose turn it is, by the second private.drop_work what has ended.
create index q_jobs_turn_idx on pgmq.q_jobs ((coalesce(message ->> 'org_id', '')), vt);
create index q_jobs_job_idx on pgmq.q_jobs ((message ->> 'job_id'));

-- Files of exports whose time is over. A queue of its own: they are thousands, and due days ahead; no step waits for them.
select pgmq.create('file_removals');
create index q_file_removals_turn_idx on pgmq.q_file_removals ((coalesce(message ->> 'org_id', '')), vt);
