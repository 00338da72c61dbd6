-- Expired files of exports, parts that were left behind, and files of messages: a queue of folders and files, read in turns.

create function private.claim_file_removal(p_visibility_seconds integer default 60)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_message pgmq.message_record := private.read_in_turn('file_removals', p_visibility_seconds);
begin
  -- Removing files is tried for ever, in the end four times a day: nobody waits for it.
  if v_message.read_ct > 5 then
    perform pgmq.set_vt('file_removals', v_message.msg_id, 21600);
  end if;
  return case when v_message.msg_id is not null then jsonb_build_object('message_id', v_message.msg_id, 'read_count',
    v_message.read_ct, 'org_id', v_message.message ->> 'org_id', 'folder', v_message.message ->> 'folder', 'media',
      v_message.message ->> 'media') end;
end;
$$;
comment on function private.claim_file_removal(integer) is
  'The folder of an export whose files are to be removed, or a file of bucket media, in turns between organisations: '
  '{message_id, read_count, org_id, folder, media}; null if none is due. Security definer: the worker may not read the queue.';
grant execute on function private.claim_file_removal(integer) to worker;

create function private.export_files(p_folder text)
returns jsonb
language sql
stable
security definer
set search_path = ''
as $$
  select coalesce(to_jsonb(array_agg(f.name)), '[]')
  from (
    select o.name from storage.objects o where o.bucket_id = 'exports' and o.name ^@ (p_folder || '/') order by o.name limit 1000
  ) f;
$$;
comment on function private.export_files(text) is
  'The paths of up to 1,000 files in a folder of bucket exports. They are read from Storage, not from our tables, because a '
  'worker that died may have stored files that it did not record. Security definer: the worker may not read Storage''s tables.';
grant execute on function private.export_files(text) to worker;

create function private.release_file_removal(p_message_id bigint, p_delay_seconds integer)
returns void
language sql
security definer
set search_path = ''
as $$
  select pgmq.set_vt('file_removals', p_message_id, p_delay_seconds);
$$;
comment on function private.release_file_removal(bigint, integer) is
  'Makes a removal of files that failed due again after p_delay_seconds. Security definer: the worker may not write the queue '
  'itself.';
grant execute on function private.release_file_removal(bigint, integer) to worker;

create function private.drop_file_removal(p_message_id bigint)
returns void
language sql
security definer
set search_path = ''
as $$
  select pgmq.delete('file_removals', p_message_id);
$$;
comment on function private.drop_file_removal(bigint) is
  'Removes a folder from the queue after its files were removed. Security definer: the worker may not write the queue itself.';
grant execute on function private.drop_file_removal(bigint) to worker;
