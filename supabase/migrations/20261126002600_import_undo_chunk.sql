-- One chunk of an undo: everything it does is one transaction, so a crash before it repeats the chunk and one after it does not.

create function private.hide_leads(p_org_id uuid, p_lead_ids uuid[], p_now timestamptz)
returns void
language plpgsql
set search_path = ''
set enable_seqscan = off
as $$
declare
  v_e164 text;
begin
  update public.leads l set deleted_at = p_now where l.id = any (p_lead_ids);
  -- As when people delete a lead: what campaigns have not sent is canceled, unless another lead has the same phone.
  for v_e164 in
    select distinct p.e164 from unnest(p_lead_ids) as x (id)
    cross join lateral (select o.e164 from public.lead_phones o where o.lead_id = x.id offset 0) p order by 1
  loop
    if not exists (select from private.find_phone_leads(p_org_id, array[v_e164])) then
      perform private.cancel_open_targets(p_org_id, v_e164, 'lead_deleted', p_now);
    end if;
  end loop;
end;
$$;
comment on function private.hide_leads(uuid, uuid[], timestamptz) is
  'Deletes leads as people do: hidden for good, their history stays, open targets are canceled. The caller holds the locks of contacts and leads.';

create function private.remove_leads(p_import_id uuid, p_lead_ids uuid[])
returns void
language sql
set search_path = ''
set enable_seqscan = off
as $$
  -- One statement: the triggers of phones run when the leads are gone, and find nothing to mend.
  with consents as (
    delete from public.consent_records c where c.import_id = p_import_id and c.lead_id = any (p_lead_ids)
  ),
  phones as (
    delete from public.lead_phones p where p.lead_id = any (p_lead_ids)
  )
  delete from public.leads l where l.id = any (p_lead_ids);
$$;
comment on function private.remove_leads(uuid, uuid[]) is
  'Removes leads that an import made and nothing refers to, with their phones, parcels, journal and the consent it brought. Contact rows stay: they are what opt-outs and other writers lock.';

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
    select v_import.org_id, p_import_id, j.line, 'The lead was changed after the import: it was left as it is.', 'kept', j.lead_id, '[]'
    from judged j where j.verdict = 'changed'
    returning 1
  )
  select array_agg(j.lead_id) filter (where j.verdict = 'put_back'), array_agg(j.lead_id) filter (where j.verdict = 'known'),
    array_agg(j.lead_id) filter (where j.verdict = 'unknown'), count(*) filter (where j.verdict = 'gone'), (select count(*) from kept)
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
      'import_id', p_import_id, 'undone_rows', v_import.undone_rows, 'kept_rows', v_import.kept_rows, 'hidden_rows', v_import.hidden_rows));
  else
    perform private.send_undo(v_import);
  end if;
  return jsonb_build_object('applied', true, 'status', v_import.status);
end;
$$;
comment on function private.undo_import_chunk(uuid, uuid, bigint, integer, timestamptz) is
  'Undoes the next p_limit leads of an import in one transaction, with progress, the next queue message, and removes p_message_id. Does nothing unless p_after is the lead up to which it is undone. Returns {applied, status}. Definer: the worker may not write these tables.';

create function private.next_undo(p_import_id uuid, p_after uuid, p_limit integer)
returns uuid[]
language plpgsql
stable
set search_path = ''
set enable_seqscan = off
set enable_bitmapscan = off
as $$
begin
  return array(
    select u.id from (
      (select l.id from public.leads l
       where l.import_id = p_import_id and (p_after is null or l.id > p_after) order by l.id limit p_limit)
      union
      (select j.lead_id from private.import_changes j
       where j.import_id = p_import_id and (p_after is null or j.lead_id > p_after) order by j.lead_id limit p_limit)
    ) u order by u.id limit p_limit);
end;
$$;
comment on function private.next_undo(uuid, uuid, integer) is 'The next leads that an import made or changed, in the order of their ids, after p_after.';

create function private.send_undo(p_import public.imports)
returns void
language sql
set search_path = ''
as $$
  select pgmq.send('imports', jsonb_build_object('import_id', p_import.id, 'undo', true, 'after', p_import.undo_after));
$$;
comment on function private.send_undo(public.imports) is 'Queues the next chunk of an undo.';

grant execute on function private.undo_import_chunk(uuid, uuid, bigint, integer, timestamptz) to worker, service_role;
