-- Live updates: row changes broadcast from the database to private channels, decided by policies on realtime.messages.
-- org:<id> campaigns, figures, alerts · campaign:<id> its state and figures · inbox:<org id> conversations
-- conversation:<id> messages · import:<id> progress. Campaign sends are never broadcast row by row: their figures are.

create function private.broadcast_rows(p_topic text, p_operation text, p_table text, p_records jsonb,
  p_old_records jsonb default null)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_records jsonb := p_records;
  v_old_records jsonb := p_old_records;
  v_withheld jsonb := '{}';
begin
  if exists (select from private.withheld_rows w where w.org_id = (p_records -> 0 ->> 'org_id')::uuid and w.until > now()) then
    select jsonb_agg(jsonb_strip_nulls(jsonb_build_object('id', r -> 'id', 'org_id', r -> 'org_id', 'campaign_id',
      r -> 'campaign_id')))
    into v_records from jsonb_array_elements(p_records) r;
    v_old_records := null;
    v_withheld := '{"withheld": true}';
  end if;
  -- The shape of realtime.broadcast_changes, so a subscriber reads one shape; records holds them all where a statement changed
  -- several rows.
  perform realtime.send(
    jsonb_build_object('id', gen_random_uuid(), 'operation', p_operation, 'schema', 'public', 'table', p_table,
      'record', v_records -> 0, 'old_record', v_old_records -> 0, 'records', v_records) || v_withheld,
    p_operation, p_topic, true);
end;
$$;
comment on function private.broadcast_rows(text, text, text, jsonb, jsonb) is
  'Sends one broadcast to one private topic, event INSERT, UPDATE or DELETE. For an hour after somebody left the organisation: '
  'ids only, and withheld: true.';
