select pgmq.create('imports');
-- private.read_in_turn finds the organisation whose turn is next by the first index, private.drop_work the import that has ended
-- by the second.
create index q_imports_turn_idx on pgmq.q_imports ((coalesce(message ->> 'org_id', '')), vt);
create index q_imports_import_idx on pgmq.q_imports ((message ->> 'import_id'));
