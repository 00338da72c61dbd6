-- Live updates: row changes broadcast from the database to private channels, decided by policies on realtime.messages.
-- org:<id> campaigns, figures, alerts · campaign:<id> its state and figures · inbox:<org id> conversations
-- conversation:<id> messages · import:<id> progress. Campaign sends are never broadcast row by row: their figures are.

create function private.largest_broadcast()
returns integer
language sql
immutable
set search_path = ''
as $$ select 250000 $$;
comment on function private.largest_broadcast() is
  'Bytes of a payload that Realtime brings on every plan. The Free plan takes 256,000; what is larger is dropped there, and '
  'nobody is told.';

create function private.row_broadcast(p_operation text, p_table text, p_records jsonb, p_old_records jsonb default null)
returns jsonb
language sql
set search_path = ''
as $$
  -- The shape of realtime.broadcast_changes, so a subscriber reads one shape; records holds them all where a statement changed
  -- several rows.
  select jsonb_build_object('id', gen_random_uuid(), 'operation', p_operation, 'schema', 'public', 'table', p_table,
    'record', p_records -> 0, 'old_record', p_old_records -> 0, 'records', p_records);
$$;
comment on function private.row_broadcast(text, text, jsonb, jsonb) is 'What a broadcast of changed rows says.';

create function private.broadcast_rows(p_topic text, p_operation text, p_table text, p_records jsonb,
  p_old_records jsonb default null)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_payload jsonb;
  v_ids jsonb;
begin
  if not exists (
    select from private.withheld_rows w where w.org_id = (p_records -> 0 ->> 'org_id')::uuid and w.until > now())
  then
    v_payload := private.row_broadcast(p_operation, p_table, p_records, p_old_records);
    if octet_length(v_payload::text) <= private.largest_broadcast() then
      perform realtime.send(v_payload, p_operation, p_topic, true);
      return;
    end if;
  end if;
  -- A thousand ids are some 140 kB.
  for v_ids in
    select jsonb_agg(jsonb_strip_nulls(jsonb_build_object('id', x.r -> 'id', 'org_id', x.r -> 'org_id',
      'campaign_id', x.r -> 'campaign_id')) order by x.n)
    from jsonb_array_elements(p_records) with ordinality x (r, n)
    group by (x.n - 1) / 1000 order by (x.n - 1) / 1000
  loop
    perform realtime.send(private.row_broadcast(p_operation, p_table, v_ids) || '{"withheld": true}', p_operation, p_topic, true);
  end loop;
end;
$$;
comment on function private.broadcast_rows(text, text, text, jsonb, jsonb) is
  'Tells one private topic of changed rows, event INSERT, UPDATE or DELETE. Ids only, and withheld: true, if the rows are more '
  'than Realtime brings, and for an hour after somebody left the organisation.';
