-- The queue of imports. Each import has one message at any time, which names its next chunk and is deleted when the import pauses
-- or ends. If a worker dies, its message becomes visible again. A message for a chunk that is done already is deleted.

create function private.fail_import(p_import_id uuid, p_message_id bigint, p_error text, p_now timestamptz default now())
returns void
language plpgsql
security definer
set search_path = ''
as $$
begin
  update public.imports i
  set status = 'failed', error_message = left(p_error, 2000),
      total_rows = case when i.status = 'undoing' then i.total_rows else i.processed_rows end,
      finished_at = coalesce(i.finished_at, p_now), run_started_at = null, seconds_left = null
  where i.id = p_import_id and i.status in ('queued', 'running', 'undoing');
  perform pgmq.delete('imports', p_message_id);
end;
$$;
comment on function private.fail_import(uuid, bigint, text, timestamptz) is
  'Ends an import or its undo as failed, with an error that people see, and deletes its queue message. What was done stays, and '
  'the import can be resumed or undone from there. Security definer: the worker may not write imports.';
grant execute on function private.fail_import(uuid, bigint, text, timestamptz) to service_role, worker;

create function private.claim_import_chunk(p_visibility_seconds integer default 30, p_max_reads integer default 5,
  p_now timestamptz default now())
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_message pgmq.message_record;
  v_claim jsonb;
begin
  -- Stops after 20 messages, so that what was dropped is committed: a statement that went on until it found work might never end.
  for v_try in 1 .. 20 loop
    v_message := private.read_in_turn('imports', p_visibility_seconds);
    if v_message.msg_id is null then
      return null;
    end if;
    begin
      v_claim := private.import_to_do(v_message, p_max_reads, p_now);
    exception when query_canceled or others then
      raise warning 'import % can neither go on nor be given up: % (%)', v_message.message ->> 'import_id', sqlerrm, sqlstate;
      perform pgmq.set_vt('imports', v_message.msg_id, 3600);
      v_claim := null;
    end;
    if v_claim is not null then
      return v_claim;
    end if;
  end loop;
  return jsonb_build_object('dropped', 20);
end;
$$;
comment on function private.claim_import_chunk(integer, integer, timestamptz) is
  'Claims the next chunk that is due, and hides it from other workers for p_visibility_seconds: the import and where in its file '
  'the chunk begins, or, if undo is true, after which lead. Returns {dropped} after 20 messages with nothing to do: more may be '
  'due. Null if nothing is due. An import whose chunk was begun p_max_reads times and never finished fails. Security definer: '
  'the worker may not read these tables.';
grant execute on function private.claim_import_chunk(integer, integer, timestamptz) to service_role, worker;

create function private.release_import_chunk(p_message_id bigint, p_delay_seconds integer default 0)
returns void
language sql
security definer
set search_path = ''
as $$
  select pgmq.set_vt('imports', p_message_id, p_delay_seconds);
$$;
comment on function private.release_import_chunk(bigint, integer) is
  'Gives back a chunk that can''t be worked on now; it is visible again after p_delay_seconds. Security definer: the worker may '
  'not write the queue itself.';
grant execute on function private.release_import_chunk(bigint, integer) to service_role, worker;

create function private.import_claim(p_message_id bigint, p_read_count integer, p_import public.imports)
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select jsonb_build_object('message_id', p_message_id, 'read_count', p_read_count, 'id', p_import.id)
    || case
      when p_import.status = 'undoing' then jsonb_build_object('undo', true, 'undo_after', p_import.undo_after)
      else jsonb_build_object(
        'undo', false, 'storage_path', p_import.storage_path, 'file_bytes', p_import.file_bytes, 'encoding', p_import.encoding,
        'delimiter', p_import.delimiter, 'columns', p_import.columns, 'mapping', p_import.mapping, 'options', p_import.options,
        'tags', p_import.tags, 'next_byte', p_import.next_byte, 'next_line', p_import.next_line, 'next_chunk',
          p_import.next_chunk)
    end;
$$;
comment on function private.import_claim(bigint, integer, public.imports) is
  'A chunk in the form that the worker gets: what to do, and where to begin.';

create function private.lock_import(p_org_id uuid, p_import_id uuid)
returns public.imports
language plpgsql
set search_path = ''
as $$
declare
  v_import public.imports;
begin
  -- The transaction of a chunk in flight has locked the row: after this lock no chunk is being applied.
  select * into v_import from public.imports i where i.org_id = p_org_id and i.id = p_import_id for no key update;
  if v_import.id is null then
    perform private.raise_error('PT404', 'not_found', 'There is no import with this id.');
  end if;
  return v_import;
end;
$$;
comment on function private.lock_import(uuid, uuid) is
  'Locks an import of an organisation, after the chunk in flight is done, and returns it. Raises PT404.';

create function private.undo_import(p_import_id uuid, p_now timestamptz default now())
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_import public.imports := private.lock_import(private.require_role('campaign_manager'), p_import_id);
begin
  if v_import.status in ('queued', 'running', 'paused') then
    perform private.raise_error('PT409', 'invalid_state',
      format('The import is %s. Cancel it first, then undo it.', v_import.status),
      jsonb_build_object('status', v_import.status));
  elsif v_import.status in ('undoing', 'undone') then
    perform private.raise_error('PT409', 'invalid_state',
      case v_import.status when 'undone' then 'The import was undone already.' else 'The import is being undone.' end,
      jsonb_build_object('status', v_import.status));
  elsif coalesce(v_import.started_at, v_import.created_at) < p_now - interval '90 days' then
    perform private.raise_error('PT409', 'invalid_state',
      'The import is older than 90 days: the former values of leads are no longer stored, so it can''t be undone.',
      jsonb_build_object('status', v_import.status, 'started_at', v_import.started_at));
  end if;
  update public.imports i
  set status = 'undoing', run_started_at = null, run_from_rows = i.undone_rows + i.kept_rows + i.hidden_rows,
    rows_per_second = null,
      seconds_left = null,
      undo_total = coalesce(i.undo_total, i.imported_rows + (
        select count(*) from private.import_changes j where j.import_id = p_import_id and j.before is not null))
  where i.id = p_import_id
  returning * into v_import;
  perform private.send_undo(v_import);
  perform private.call_background_worker();
  perform private.record_audit_event(v_import.org_id, 'leads_import_undo_started', null, null, null,
    jsonb_build_object('import_id', p_import_id, 'leads', v_import.undo_total));
end;
$$;
comment on function private.undo_import(uuid, timestamptz) is
  'Campaign managers: begins to undo an import that has ended; the worker does it in chunks. An undo that failed continues where '
  'it stopped. Raises PT403, PT404, PT409 invalid_state if the import has not ended, was undone, or is older than 90 days. '
  'Security definer: users may not write imports.';
grant execute on function private.undo_import(uuid, timestamptz) to authenticated;

create function public.undo_import(p_import_id uuid) returns void
  language sql set search_path = '' as $$ select private.undo_import(p_import_id); $$;
comment on function public.undo_import(uuid) is 'See private.undo_import.';
grant execute on function public.undo_import(uuid) to authenticated;

create function private.prune_imports(p_now timestamptz default now(), p_limit integer default 10000, p_org_id uuid default null)
returns void
language sql
set search_path = ''
as $$
  delete from private.import_changes j where (j.import_id, j.lead_id) in (
    select x.import_id, x.lead_id
    from private.import_changes x join public.imports i on i.id = x.import_id
    where x.created_at < p_now - interval '90 days' and i.status <> 'undoing'
      and (p_org_id is null or i.org_id = p_org_id)
        and i.org_id <> all ((select private.resting_orgs('prune_imports', p_org_id, p_now))::uuid[])
    order by x.created_at limit p_limit);
$$;
comment on function private.prune_imports(timestamptz, integer, uuid) is
  'Deletes the journal of imports after 90 days, up to p_limit leads: such imports can no longer be undone. p_org_id: only this '
  'organisation; null: all except those for which this work is resting.';

create function private.import_to_do(p_message pgmq.message_record, p_max_reads integer, p_now timestamptz)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_undo boolean := coalesce((p_message.message ->> 'undo')::boolean, false);
  v_import public.imports;
begin
  select * into v_import from public.imports i where i.id = (p_message.message ->> 'import_id')::uuid;
  if v_import.id is null
    or v_undo and (v_import.status <> 'undoing' or v_import.undo_after is distinct from (p_message.message ->> 'after')::uuid)
    or not v_undo and (v_import.status not in ('queued', 'running')
      or v_import.next_chunk <> (p_message.message ->> 'chunk')::integer)
  then
    perform pgmq.delete('imports', p_message.msg_id);
    return null;
  elsif p_message.read_ct > p_max_reads then
    perform private.fail_import(v_import.id, p_message.msg_id, case
      when v_undo then format(
        'The undo stopped %s times after %s leads and was given up. Undo the import again to go on from there.',
        p_max_reads, v_import.undone_rows + v_import.kept_rows + v_import.hidden_rows)
      else format(
        'The import stopped %s times at line %s and was given up. What came before that line is imported. Resume it to go on '
        'from there.',
        p_max_reads, v_import.next_line)
    end, p_now);
    return null;
  elsif v_import.run_started_at is null then
    update public.imports i set run_started_at = p_now where i.id = v_import.id;
  end if;
  return private.import_claim(p_message.msg_id, p_message.read_ct, v_import) || jsonb_build_object('org_id', v_import.org_id);
end;
$$;
comment on function private.import_to_do(pgmq.message_record, integer, timestamptz) is
  'The chunk that a message of the queue of imports is for, in the form that claim_import_chunk returns. Deletes the message and '
  'returns null if the chunk is done already, or if it was read more than p_max_reads times and the import is given up.';
