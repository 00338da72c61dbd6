create function private.attach_media(p_org_id uuid, p_message_id uuid, p_media_ids uuid[], p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  -- A plain list, whatever the bounds and dimensions of the array.
  v_ids uuid[] := array(select x.id from unnest(p_media_ids) with ordinality as x (id, n) order by x.n);
  v_count integer := cardinality(v_ids);
  v_message public.messages;
  v_found integer;
  v_stored integer;
  v_bytes bigint;
begin
  if v_count = 0 then
    return;
  elsif v_count > 10 then
    perform private.refuse_field('media_ids', 'A message has ten files at most.');
  end if;
  select * into v_message from public.messages m where m.id = p_message_id and m.org_id = p_org_id for no key update;
  if v_message.id is null then
    perform private.raise_error('PT404', 'not_found', 'No such message.', jsonb_build_object('message_id', p_message_id));
  elsif v_message.status <> 'queued' or v_message.kind <> all (array['direct', 'reply']) or v_message.has_media then
    perform private.raise_error('PT409', 'invalid_state', 'Files can be attached once, to a text that waits to be sent.',
      jsonb_build_object('message_id', p_message_id));
  end if;
  -- Locked, so that none is deleted as too old or with its person meanwhile.
  perform 1 from public.message_media m
  where m.id = any (v_ids) and m.org_id = p_org_id and m.direction = 'outbound' order by m.id for no key update;
  select count(m.id), count(m.id) filter (where m.state = 'stored'), sum(m.bytes)
  into v_found, v_stored, v_bytes
  from unnest(v_ids) as x (id)
  left join public.message_media m on m.id = x.id and m.org_id = p_org_id and m.direction = 'outbound';
  if v_found < v_count then
    perform private.refuse_field('media_ids', 'media_ids names a file that does not exist: upload it first.');
  elsif v_stored < v_count then
    perform private.refuse_field('media_ids', 'media_ids names a file whose upload has not ended: upload it again.');
  elsif v_bytes > 5242880 then
    perform private.refuse_field('media_ids', 'The files of a message may have 5 MiB together: send smaller ones.');
  end if;
  -- The first message takes the row of the upload. Each later one, and the same file a second time, gets a row of its own, and
  -- so does every message with the picture of a quick response.
  insert into public.message_media (org_id, message_id, ordinal, direction, state, content_type, bytes, sha256, path, uploaded_by,
    created_at)
  select p_org_id, p_message_id, x.n, 'outbound', 'stored', m.content_type, m.bytes, m.sha256, m.path, m.uploaded_by, p_now
  from unnest(v_ids) with ordinality as x (id, n) join public.message_media m on m.id = x.id
  where m.message_id is not null or x.n <> array_position(v_ids, x.id) or private.is_quick_response_media(m.id);
  update public.message_media m set message_id = p_message_id, ordinal = array_position(v_ids, m.id), created_at = p_now
  where m.id = any (v_ids) and m.message_id is null and not private.is_quick_response_media(m.id);
  update public.messages m set has_media = true, updated_at = p_now where m.id = p_message_id;
  perform private.require_media_spending(p_org_id, p_now);
end;
$$;
comment on function private.attach_media(uuid, uuid, uuid[], timestamptz) is
  'Attaches uploaded files to a direct text or reply that waits to be sent, in the order given. A file may be in many messages. '
  'The message goes out as one MMS and costs mms_price; the daily caps keep what its text was charged. Raises PT422 naming '
  'media_ids for more than ten, unknown, foreign or unfinished files and more than 5 MiB together, PT409 spending_limit_reached, '
  'and PT404 or PT409 invalid_state for another message. The caller holds organisation and contact.';
