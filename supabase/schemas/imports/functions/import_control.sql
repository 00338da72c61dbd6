-- Pause, resume and cancel. Each waits for the chunk in flight, which holds the import's row; after its answer nothing more is
-- applied.

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
  'Raises PT409 invalid_state, saying what an import in this state can''t be.';

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
  -- Its queue message goes with the change; whoever works on a chunk now will find that it may not be applied.
  update public.imports i set status = 'paused', run_started_at = null, rows_per_second = null, seconds_left = null
  where i.id = p_import_id;
  perform private.record_audit_event(v_import.org_id, 'leads_import_paused', null, null, null,
    jsonb_build_object('import_id', p_import_id, 'line', v_import.next_line, 'at', p_now));
end;
$$;
comment on function private.pause_import(uuid, timestamptz) is
  'Campaign managers: pauses an import that is queued or running, after the chunk in flight. Raises PT403, PT404, PT409 '
  'invalid_state. Definer: users may not write imports.';
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
  -- Where a chunk begins is known by its byte: in another file that would be another place.
  if v_file is null or (v_file ->> 'size')::bigint <> v_import.file_bytes then
    perform private.raise_error('PT409', 'invalid_state',
      'The file is no longer in storage, or is not what it was: the import can''t go on. Send the file again; rows that are '
      'leads already are found by their phones.',
      jsonb_build_object('status', v_import.status));
  end if;
  update public.imports i
  set status = case when i.started_at is null then 'queued' else 'running' end, error_message = null, finished_at = null,
    total_rows = null,
      run_started_at = null, run_from_rows = i.processed_rows, run_from_byte = i.next_byte
  where i.id = p_import_id;
  -- The pause left the one that a worker was claiming then.
  perform private.drop_work('imports', 'import_id', p_import_id);
  perform private.send_work('imports', v_import.org_id,
    jsonb_build_object('import_id', p_import_id, 'chunk', v_import.next_chunk));
  perform private.record_audit_event(v_import.org_id, 'leads_import_resumed', null, null, null,
    jsonb_build_object('import_id', p_import_id, 'line', v_import.next_line, 'at', p_now));
end;
$$;
comment on function private.resume_import(uuid, timestamptz) is
  'Campaign managers: lets an import that was paused, or failed and whose cause is gone, go on at the row where it stands. '
  'Raises PT403, PT404, PT409 invalid_state where it is in another state, was undone in part, or its file is gone. Definer: '
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
  'Campaign managers: ends an import after the chunk in flight; what it imported stays, and error_message says how much. Raises '
  'PT403, PT404, PT409 invalid_state. Definer: users may not write imports.';
grant execute on function private.cancel_import(uuid, timestamptz) to authenticated;

create function public.cancel_import(p_import_id uuid) returns void
  language sql set search_path = '' as $$ select private.cancel_import(p_import_id); $$;
comment on function public.cancel_import(uuid) is 'See private.cancel_import.';
grant execute on function public.cancel_import(uuid) to authenticated;
