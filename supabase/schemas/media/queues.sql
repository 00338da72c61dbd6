-- Files that people sent and that are to be fetched from Twilio, and messages whose files Twilio is to delete.
select pgmq.create('media');
create index q_media_turn_idx on pgmq.q_media ((coalesce(message ->> 'org_id', '')), vt);
