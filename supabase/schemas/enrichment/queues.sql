select pgmq.create('lookups');
-- private.read_in_turn finds the organisation whose turn is next by the first index, private.drop_work the lane that was deleted
-- by the second.
create index q_lookups_turn_idx on pgmq.q_lookups ((coalesce(message ->> 'org_id', '')), vt);
create index q_lookups_lane_idx on pgmq.q_lookups ((message ->> 'lane_id'));

select pgmq.create('enrichments');
create index q_enrichments_turn_idx on pgmq.q_enrichments ((coalesce(message ->> 'org_id', '')), vt);
create index q_enrichments_lane_idx on pgmq.q_enrichments ((message ->> 'lane_id'));
