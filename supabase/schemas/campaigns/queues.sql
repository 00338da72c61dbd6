select pgmq.create('builds');
-- By the first index private.read_in_turn finds whose turn it is, by the second private.drop_work what has ended.
create index q_builds_turn_idx on pgmq.q_builds ((coalesce(message ->> 'org_id', '')), vt);
create index q_builds_campaign_idx on pgmq.q_builds ((message ->> 'campaign_id'));
