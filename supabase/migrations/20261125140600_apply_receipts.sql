-- Receipts that come together are applied together: a round trip, a plan and a commit cost more than what a receipt changes, and a
-- campaign at full speed brings hundreds a second.

create function private.apply_receipts(p_receipts jsonb, p_now timestamptz default now())
returns jsonb
language plpgsql
security definer
set search_path = ''
set plan_cache_mode = force_generic_plan
as $$
declare
  v_results text[] := array_fill(null::text, array[jsonb_array_length(p_receipts)]);
  v_targets uuid[];
  v_messages uuid[];
  v_row record;
begin
  select array_agg(m.id), array_agg(m.campaign_target_id) into v_messages, v_targets
  from jsonb_to_recordset(p_receipts) as r(org_id uuid, message_id uuid)
  join public.messages m on m.id = r.message_id and m.org_id = r.org_id;
  -- All of them before any is applied, in the one order: applied one by one they would be locked as they came.
  perform 1 from public.campaign_targets t where t.id = any (v_targets) order by t.id for no key update;
  perform 1 from public.messages m where m.id = any (v_messages) order by m.id for no key update;

  for v_row in
    select r.*
    from rows from (jsonb_to_recordset(p_receipts) as (
      org_id uuid, message_id uuid, attempt_id uuid, provider_sid text, status text, error_code integer, raw jsonb)) with ordinality
      as r(org_id, message_id, attempt_id, provider_sid, status, error_code, raw, n)
    join public.messages m on m.id = r.message_id and m.org_id = r.org_id
    -- What else may come of a receipt locks campaigns and people, which come before targets: those are the caller's, one by one.
    where m.attempt_id = r.attempt_id and m.status in ('sending', 'unknown', 'sent') and r.status not in ('failed', 'undelivered', 'canceled')
    order by r.n
  loop
    v_results[v_row.n] := private.apply_receipt(v_row.org_id, v_row.message_id, v_row.attempt_id, v_row.provider_sid, v_row.status,
      v_row.error_code, v_row.raw, p_now);
  end loop;
  return to_jsonb(v_results);
end;
$$;
comment on function private.apply_receipts(jsonb, timestamptz) is
  'Applies those of several delivery receipts that tell of progress of an attempt under way, in one transaction: [{org_id, message_id, attempt_id, provider_sid, status, error_code, raw}]. Returns a list: in their order, what private.apply_receipt says of each, and null of each that it must be called for alone: failures, and receipts of messages that ended or of attempts given up. Definer: the worker may not write these tables.';
grant execute on function private.apply_receipts(jsonb, timestamptz) to worker;
