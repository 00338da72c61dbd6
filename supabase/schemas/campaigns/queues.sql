select pgmq.create('builds');
-- private.read_in_turn finds the organisation whose turn is next by the first index, private.drop_work the campaign that is no
-- longer built by the second.
create index q_builds_turn_idx on pgmq.q_builds ((coalesce(message ->> 'org_id', '')), vt);
create index q_builds_campaign_idx on pgmq.q_builds ((message ->> 'campaign_id'));
