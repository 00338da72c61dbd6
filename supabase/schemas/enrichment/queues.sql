select pgmq.create('lookups');
-- By the first index private.read_in_turn finds whose turn it is, by the second private.drop_work what has ended.
create index q_lookups_turn_idx on pgmq.q_lookups ((coalesce(message ->> 'org_id', '')), vt);
create index q_lookups_lane_idx on pgmq.q_lookups ((message ->> 'lane_id'));

select pgmq.create('enrichments');
create index q_enrichments_turn_idx on pgmq.q_enrichments ((coalesce(message ->> 'org_id', '')), vt);
create index q_enrichments_lane_idx on pgmq.q_enrichments ((message ->> 'lane_id'));
