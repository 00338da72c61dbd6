create function private.undo_import_chunk(
  p_import_id uuid,
  p_after uuid,
  p_message_id bigint default null,
  p_limit integer default 500,
  p_now timestamptz default now()
)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_import public.imports;
  v_ids uuid[];
  v_put_back uuid[];
  v_known uuid[];
  v_unknown uuid[];
  v_gone integer;
  v_kept integer;
  v_is_last boolean;
  v_done bigint;
  v_seconds numeric;
begin
  select * into v_import from public.imports i where i.id = p_import_id for no key update;
  if p_message_id is not null then
    perform pgmq.delete('imports', p_message_id);
  end if;
  if v_import.id is null or v_import.status <> 'undoing' or v_import.undo_after is distinct from p_after then
    return jsonb_build_object('applied', false, 'status', v_import.status);
  end if;

  v_ids := private.next_undo(p_import_id, p_after, p_limit);
  v_is_last := cardinality(v_ids) < p_limit;
  perform private.lock_undo(v_import.org_id, v_ids);
  with judged as materialized (select * from private.judge_undo(p_import_id, v_ids)),
  kept as (
    insert into public.import_rejections (org_id, import_id, line, reason, outcome, lead_id, raw)
    select v_import.org_id, p_import_id, j.line, 'The lead was changed after the import: it was left as it is.', 'kept',
      j.lead_id, '[]'
    from judged j where j.verdict = 'changed'
    returning 1
  )
  select array_agg(j.lead_id) filter (where j.verdict = 'put_back'), array_agg(j.lead_id) filter (where j.verdict = 'known'),
    array_agg(j.lead_id) filter (where j.verdict = 'unknown'), count(*) filter (where j.verdict = 'gone'),
      (select count(*) from kept)
  into v_put_back, v_known, v_unknown, v_gone, v_kept
  from judged j;
  if v_put_back is not null then
    perform private.put_back_leads(p_import_id, v_put_back);
  end if;
  if v_known is not null then
    perform private.hide_leads(v_import.org_id, v_known, p_now);
  end if;
  if v_unknown is not null then
    perform private.remove_leads(p_import_id, v_unknown);
  end if;

  v_seconds := private.run_seconds(v_import, p_now);
  v_done := v_import.undone_rows + v_import.kept_rows + v_import.hidden_rows + cardinality(v_ids);
  update public.imports i
  set undone_rows = i.undone_rows + coalesce(cardinality(v_put_back), 0) + coalesce(cardinality(v_unknown), 0),
      kept_rows = i.kept_rows + v_kept,
      hidden_rows = i.hidden_rows + v_gone + coalesce(cardinality(v_known), 0),
      undo_after = coalesce(v_ids[cardinality(v_ids)], i.undo_after),
      rows_per_second = (v_done - i.run_from_rows) / v_seconds,
      seconds_left = case
        when v_is_last then 0
        else ceil((i.undo_total - v_done) * v_seconds / nullif(v_done - i.run_from_rows, 0)) end,
      status = case when v_is_last then 'undone' else i.status end,
      undone_at = case when v_is_last then p_now end
  where i.id = p_import_id
  returning * into v_import;
  if v_is_last then
    perform private.record_audit_event(v_import.org_id, 'leads_import_undone', null, null, null, jsonb_build_object(
      'import_id', p_import_id, 'undone_rows', v_import.undone_rows, 'kept_rows', v_import.kept_rows, 'hidden_rows',
        v_import.hidden_rows));
  else
    perform private.send_undo(v_import);
  end if;
  return jsonb_build_object('applied', true, 'status', v_import.status);
end;
$$;
comment on function private.undo_import_chunk(uuid, uuid, bigint, integer, timestamptz) is
  'Undoes the next p_limit leads of an import in one transaction, with progress and the next queue message; deletes '
  'p_message_id. Does nothing unless p_after is the last lead that was undone. Returns {applied, status}. Security definer: the '
  'worker may not write these tables.';
grant execute on function private.undo_import_chunk(uuid, uuid, bigint, integer, timestamptz) to service_role, worker;
