-- Live updates: the database broadcasts row changes to private channels. Policies on realtime.messages decide who may join one.
-- org:<id> campaigns, figures, alerts, imports, jobs, events of leads · campaign:<id> its state and figures
-- inbox:<org id> conversations · conversation:<id> messages · import:<id>, job:<id> progress
-- Campaign messages are not broadcast one by one; the campaign's figures are broadcast instead.

create function private.largest_broadcast()
returns integer
language sql
immutable
set search_path = ''
as $$ select 250000 $$;
comment on function private.largest_broadcast() is
  'The largest payload, in bytes, that Realtime delivers on every plan. The Free plan allows 256,000; Realtime drops a larger '
  'payload there without an error.';

create function private.row_broadcast(p_operation text, p_table text, p_records jsonb, p_old_records jsonb default null)
returns jsonb
language sql
set search_path = ''
as $$
  -- The same shape as realtime.broadcast_changes, so that a subscriber reads only one shape. records holds all rows of a
  -- statement that changed several.
  select jsonb_build_object('id', gen_random_uuid(), 'operation', p_operation, 'schema', 'public', 'table', p_table,
    'record', p_records -> 0, 'old_record', p_old_records -> 0, 'records', p_records);
$$;
comment on function private.row_broadcast(text, text, jsonb, jsonb) is 'The payload of a broadcast of changed rows.';

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
  -- A payload of a thousand ids takes some 140 kB.
  for v_ids in
    select to_jsonb(array_agg(jsonb_strip_nulls(jsonb_build_object('id', x.r -> 'id', 'org_id', x.r -> 'org_id',
      'campaign_id', x.r -> 'campaign_id')) order by x.n))
    from jsonb_array_elements(p_records) with ordinality x (r, n)
    group by (x.n - 1) / 1000 order by (x.n - 1) / 1000
  loop
    perform realtime.send(private.row_broadcast(p_operation, p_table, v_ids) || '{"withheld": true}', p_operation, p_topic, true);
  end loop;
end;
$$;
comment on function private.broadcast_rows(text, text, text, jsonb, jsonb) is
  'Broadcasts changed rows to one private topic, as event INSERT, UPDATE or DELETE. Sends only ids, with withheld: true, if the '
  'payload is larger than Realtime delivers, and for an hour after somebody left the organisation.';
