select pgmq.create('imports');
-- By the first index private.read_in_turn finds whose turn it is, by the second private.drop_work what has ended.
create index q_imports_turn_idx on pgmq.q_imports ((coalesce(message ->> 'org_id', '')), vt);
create index q_imports_import_idx on pgmq.q_imports ((message ->> 'import_id'));
