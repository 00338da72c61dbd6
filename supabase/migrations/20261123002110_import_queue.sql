-- The queue of imports: one message per import at any time, naming the chunk that comes next. A worker that dies leaves its
-- message to reappear; a message that is behind its import is dropped.

create function private.fail_import(p_import_id uuid, p_message_id bigint, p_error text, p_now timestamptz default now())
returns void
language plpgsql
security definer
set search_path = ''
as $$
begin
  update public.imports i
  set status = 'failed', error_message = left(p_error, 2000), total_rows = i.processed_rows, finished_at = p_now
  where i.id = p_import_id and i.status in ('queued', 'running');
  perform pgmq.delete('imports', p_message_id);
end;
$$;
comment on function private.fail_import(uuid, bigint, text, timestamptz) is
  'Ends an import with the reason people are told, and removes its queue message. What it imported stays. Definer: the worker may not write imports.';

create function private.claim_import_chunk(
  p_visibility_seconds integer default 30,
  p_max_reads integer default 5,
  p_now timestamptz default now()
)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_message pgmq.message_record;
  v_import public.imports;
begin
  loop
    select * into v_message from pgmq.read('imports', p_visibility_seconds, 1);
    if v_message.msg_id is null then
      return null;
    end if;
    select * into v_import from public.imports i where i.id = (v_message.message ->> 'import_id')::uuid;
    if v_import.id is null or v_import.status in ('completed', 'failed')
      or v_import.next_chunk <> (v_message.message ->> 'chunk')::integer
    then
      perform pgmq.delete('imports', v_message.msg_id);
    elsif v_message.read_ct > p_max_reads then
      perform private.fail_import(v_import.id, v_message.msg_id, format(
        'The import stopped %s times at line %s and was given up. What came before that line is imported. Send the file again: rows that are leads already count as duplicates.',
        p_max_reads, v_import.next_line), p_now);
    else
      return jsonb_build_object(
        'message_id', v_message.msg_id, 'read_count', v_message.read_ct, 'id', v_import.id,
        'storage_path', v_import.storage_path, 'file_bytes', v_import.file_bytes, 'encoding', v_import.encoding,
        'delimiter', v_import.delimiter, 'columns', v_import.columns, 'mapping', v_import.mapping, 'options', v_import.options,
        'tags', v_import.tags, 'next_byte', v_import.next_byte, 'next_line', v_import.next_line, 'next_chunk', v_import.next_chunk);
    end if;
  end loop;
end;
$$;
comment on function private.claim_import_chunk(integer, integer, timestamptz) is
  'The next chunk that is due, hidden from others for p_visibility_seconds: the import and where in its file to go on. Null when nothing is due. An import whose chunk was begun p_max_reads times and never finished fails. Definer: the worker may not read these tables.';

create function private.release_import_chunk(p_message_id bigint, p_delay_seconds integer default 0)
returns void
language sql
security definer
set search_path = ''
as $$
  select pgmq.set_vt('imports', p_message_id, p_delay_seconds);
$$;
comment on function private.release_import_chunk(bigint, integer) is
  'Gives a chunk back that could not be worked on now, to be read again after p_delay_seconds. Definer: the worker may not touch the queue itself.';

grant execute on function
  private.fail_import(uuid, bigint, text, timestamptz), private.claim_import_chunk(integer, integer, timestamptz),
  private.release_import_chunk(bigint, integer), private.queue_is_due(text, interval)
to worker, service_role;
