-- Pictures of quick responses. Their rows belong to no message, however often they are sent.

create function private.is_quick_response_media(p_media_id uuid)
returns boolean
language plpgsql
stable
set search_path = ''
as $$
begin
  return exists (select from public.quick_responses q where q.media_id = p_media_id);
end;
$$;
comment on function private.is_quick_response_media(uuid) is
  'Whether a file is the picture of a quick response: then no message takes its row, and it does not grow too old.';

create function private.own_quick_response_media(p_org_id uuid, p_media_id uuid, p_now timestamptz)
returns uuid
language plpgsql
set search_path = ''
as $$
declare
  v_media public.message_media;
begin
  select * into v_media from public.message_media m
  where m.id = p_media_id and m.org_id = p_org_id and m.direction = 'outbound' and m.state = 'stored' for no key update;
  if not found then
    perform private.refuse_field('media_id', 'There is no such upload: upload the picture first.');
  elsif v_media.message_id is not null or private.is_quick_response_media(p_media_id) then
    insert into public.message_media (org_id, direction, state, content_type, bytes, sha256, path, uploaded_by, created_at)
    values (p_org_id, 'outbound', 'stored', v_media.content_type, v_media.bytes, v_media.sha256, v_media.path,
      v_media.uploaded_by, p_now)
    returning id into v_media.id;
  end if;
  return v_media.id;
end;
$$;
comment on function private.own_quick_response_media(uuid, uuid, timestamptz) is
  'The row with which an uploaded file becomes the picture of a quick response: the upload''s, or a new one if that is in use. '
  'Raises PT422 naming media_id. The caller makes it the picture in the same transaction.';
