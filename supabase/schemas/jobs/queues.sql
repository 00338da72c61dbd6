select pgmq.create('jobs');
-- private.read_in_turn finds the organisation whose turn is next by the first index, private.drop_work the job that has ended by
-- the second.
create index q_jobs_turn_idx on pgmq.q_jobs ((coalesce(message ->> 'org_id', '')), vt);
create index q_jobs_job_idx on pgmq.q_jobs ((message ->> 'job_id'));

-- Files of exports that expire. They have a queue of their own, because there are thousands, due in days; no step waits for them.
select pgmq.create('file_removals');
create index q_file_removals_turn_idx on pgmq.q_file_removals ((coalesce(message ->> 'org_id', '')), vt);
