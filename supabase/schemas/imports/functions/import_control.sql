-- Pause, resume and cancel. Each waits for the chunk in flight, whose transaction has locked the import's row; after the answer
-- no further chunk is applied.

create function private.refuse_import_state(p_import public.imports, p_done text)
returns void
language plpgsql
set search_path = ''
as $$
begin
  perform private.raise_error('PT409', 'invalid_state', format('The import is %s: it can''t be %s.', p_import.status, p_done),
    jsonb_build_object('status', p_import.status));
end;
$$;
comment on function private.refuse_import_state(public.imports, text) is
  'Raises PT409 invalid_state with the message that an import in its current state can''t be paused, resumed or canceled '
  '(p_done).';

create function private.pause_import(p_import_id uuid, p_now timestamptz default now())
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_import public.imports := private.lock_import(private.require_role('campaign_manager'), p_import_id);
begin
  if v_import.status not in ('queued', 'running') then
    perform private.refuse_import_state(v_import, 'paused');
  end if;
  -- The change of status deletes its queue message. A worker that is working on a chunk now will find that the chunk may not be
  -- applied.
  update public.imports i set status = 'paused', run_started_at = null, rows_per_second = null, seconds_left = null
  where i.id = p_import_id;
  perform private.record_audit_event(v_import.org_id, 'leads_import_paused', null, null, null,
    jsonb_build_object('import_id', p_import_id, 'line', v_import.next_line, 'at', p_now));
end;
$$;
comment on function private.pause_import(uuid, timestamptz) is
  'Campaign managers: pauses an import that is queued or running, after the chunk in flight. Raises PT403, PT404, PT409 '
  'invalid_state. Security definer: users may not write imports.';
grant execute on function private.pause_import(uuid, timestamptz) to authenticated;

create function public.pause_import(p_import_id uuid) returns void
  language sql set search_path = '' as $$ select private.pause_import(p_import_id); $$;
comment on function public.pause_import(uuid) is 'See private.pause_import.';
grant execute on function public.pause_import(uuid) to authenticated;

create function private.resume_import(p_import_id uuid, p_now timestamptz default now())
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_import public.imports := private.lock_import(private.require_role('campaign_manager'), p_import_id);
  v_file jsonb;
begin
  if v_import.status not in ('paused', 'failed') then
    perform private.refuse_import_state(v_import, 'resumed');
  elsif v_import.undo_total is not null then
    perform private.raise_error('PT409', 'invalid_state',
      'Part of the import was undone: undo the rest, then send the file again.',
      jsonb_build_object('status', v_import.status));
  end if;
  select coalesce(o.metadata, '{}') into v_file from storage.objects o
    where o.bucket_id = 'imports' and o.name = v_import.storage_path;
  -- The position of the next chunk is stored as a byte: in another file this would be another place.
  if v_file is null or (v_file ->> 'size')::bigint <> v_import.file_bytes then
    perform private.raise_error('PT409', 'invalid_state',
      'The file is no longer in storage, or it has changed, so the import can''t go on. Send the file again: rows that are '
      'leads already are recognised by their phones.',
      jsonb_build_object('status', v_import.status));
  end if;
  update public.imports i
  set status = case when i.started_at is null then 'queued' else 'running' end, error_message = null, finished_at = null,
    total_rows = null,
      run_started_at = null, run_from_rows = i.processed_rows, run_from_byte = i.next_byte
  where i.id = p_import_id;
  -- Pausing does not delete a message that a worker was claiming at that moment.
  perform private.drop_work('imports', 'import_id', p_import_id);
  perform private.send_work('imports', v_import.org_id,
    jsonb_build_object('import_id', p_import_id, 'chunk', v_import.next_chunk));
  perform private.call_background_worker();
  perform private.record_audit_event(v_import.org_id, 'leads_import_resumed', null, null, null,
    jsonb_build_object('import_id', p_import_id, 'line', v_import.next_line, 'at', p_now));
end;
$$;
comment on function private.resume_import(uuid, timestamptz) is
  'Campaign managers: continues an import that was paused, or that failed and whose cause is fixed, at the row where it stopped. '
  'Raises PT403, PT404, PT409 invalid_state if it is in another state, was partly undone, or its file is gone. Security definer: '
  'users may not write imports.';
grant execute on function private.resume_import(uuid, timestamptz) to authenticated;

create function public.resume_import(p_import_id uuid) returns void
  language sql set search_path = '' as $$ select private.resume_import(p_import_id); $$;
comment on function public.resume_import(uuid) is 'See private.resume_import.';
grant execute on function public.resume_import(uuid) to authenticated;

create function private.cancel_import(p_import_id uuid, p_now timestamptz default now())
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_import public.imports := private.lock_import(private.require_role('campaign_manager'), p_import_id);
begin
  if v_import.status not in ('queued', 'running', 'paused') then
    perform private.refuse_import_state(v_import, 'canceled');
  end if;
  update public.imports i
  set status = 'canceled', finished_at = p_now, total_rows = i.processed_rows, run_started_at = null, seconds_left = null,
      error_message = format(
        'It was canceled before line %s. What came before stays: %s new leads, %s rows merged into leads. Undo removes that too.',
        i.next_line, i.imported_rows, i.updated_rows)
  where i.id = p_import_id;
  perform private.record_audit_event(v_import.org_id, 'leads_import_canceled', null, null, null,
    jsonb_build_object('import_id', p_import_id, 'line', v_import.next_line, 'at', p_now));
end;
$$;
comment on function private.cancel_import(uuid, timestamptz) is
  'Campaign managers: ends an import after the chunk in flight. What it imported stays; error_message says how much. Raises '
  'PT403, PT404, PT409 invalid_state. Security definer: users may not write imports.';
grant execute on function private.cancel_import(uuid, timestamptz) to authenticated;

create function public.cancel_import(p_import_id uuid) returns void
  language sql set search_path = '' as $$ select private.cancel_import(p_import_id); $$;
comment on function public.cancel_import(uuid) is 'See private.cancel_import.';
grant execute on function public.cancel_import(uuid) to authenticated;
