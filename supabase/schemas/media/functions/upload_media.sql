-- Files that people of the organisation upload, to send them later. The API stores the bytes, between these two calls.

create function private.begin_media_upload(p_content_type text, p_bytes integer, p_sha256 text, p_now timestamptz default now())
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.lock_own_org('operator');
  v_id uuid := private.uuid_v7();
begin
  if p_content_type is null or p_content_type <> all (array['image/jpeg', 'image/png', 'image/gif']) then
    perform private.refuse_field('file', 'Only pictures can be sent: JPEG, PNG or GIF.');
  elsif p_bytes is null or p_bytes not between 1 and 5242880 then
    perform private.refuse_field('file', 'The file may have 1 to 5,242,880 bytes.');
  elsif p_sha256 is null or p_sha256 !~ '^[0-9a-f]{64}$' then
    perform private.refuse_field('file', 'The SHA-256 of the file must be 64 hexadecimal digits.');
  elsif (select count(*) from (select from public.message_media m where m.org_id = v_org_id and m.message_id is null
      and not exists (select from public.quick_responses q where q.media_id = m.id) limit 500) x)
    >= 500 then
    perform private.raise_error('PT429', 'rate_limited',
      'Your organisation has 500 uploaded files that are in no message. Send some, or wait: they are deleted after a day.');
  end if;
  perform private.require_storage(v_org_id, p_bytes, p_now);
  insert into public.message_media (id, org_id, direction, content_type, bytes, sha256, path, uploaded_by, created_at)
  values (v_id, v_org_id, 'outbound', p_content_type, p_bytes, p_sha256, v_org_id || '/' || v_id,
    (select u.id from public.users u where u.id = auth.uid()), p_now);
  return jsonb_build_object('id', v_id);
end;
$$;
comment on function private.begin_media_upload(text, integer, text, timestamptz) is
  'Operators: announces a file that is to be stored and sent later: {id}. It is pending until private.finish_media_upload finds '
  'it in Storage, and deleted after a day unless it is attached to a message. Raises PT403, PT409 storage_full, PT422 naming '
  'file, PT429 above 500 such files. Security definer: users may not write the table.';
grant execute on function private.begin_media_upload(text, integer, text, timestamptz) to authenticated;

create function public.begin_media_upload(p_content_type text, p_bytes integer, p_sha256 text)
returns jsonb language sql set search_path = ''
as $$ select private.begin_media_upload(p_content_type, p_bytes, p_sha256) $$;
comment on function public.begin_media_upload(text, integer, text) is 'See private.begin_media_upload.';
grant execute on function public.begin_media_upload(text, integer, text) to authenticated;

create function private.finish_media_upload(p_media_id uuid)
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('operator');
  v_media public.message_media;
begin
  select * into v_media from public.message_media m
  where m.id = p_media_id and m.org_id = v_org_id and m.direction = 'outbound' for no key update;
  if v_media.id is null then
    perform private.raise_error('PT404', 'not_found', 'No such upload.', jsonb_build_object('media_id', p_media_id));
  elsif v_media.state = 'stored' then
    return;
  elsif not exists (
    select from storage.objects o
    where o.bucket_id = 'media' and o.name = v_media.path and (o.metadata ->> 'size')::bigint = v_media.bytes)
  then
    perform private.raise_error('PT409', 'invalid_state', 'The file is not in Storage yet: upload it again.',
      jsonb_build_object('media_id', p_media_id));
  end if;
  update public.message_media m set state = 'stored' where m.id = p_media_id;
end;
$$;
comment on function private.finish_media_upload(uuid) is
  'Operators: records that an announced file is in Storage. Only our own functions can put it there, so no caller can claim it. '
  'Raises PT403, PT404, PT409 if it is not there. Security definer: users may not write the table or read Storage''s.';
grant execute on function private.finish_media_upload(uuid) to authenticated;

create function public.finish_media_upload(p_media_id uuid) returns void
  language sql set search_path = '' as $$ select private.finish_media_upload(p_media_id) $$;
comment on function public.finish_media_upload(uuid) is 'See private.finish_media_upload.';
grant execute on function public.finish_media_upload(uuid) to authenticated;
