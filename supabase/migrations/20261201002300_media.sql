-- Written from supabase/schemas/media by npm run generate: change it there.

-- A function may call one that comes later.
set check_function_bodies = off;

-- schemas/media/triggers/media_files.sql

-- The files of rows that are deleted, for whatever reason: erasure, age, or with their organisation.

create function private.remove_media_files()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  -- A file that is being fetched or uploaded may still be stored by a function that does not know that its row is gone, for as
  -- long as a function lives.
  perform private.send_work('file_removals', o.org_id, jsonb_build_object('media', o.path),
    case when bool_or(o.state = 'pending') then 900 else 0 end)
  from old_rows o where o.path is not null
  group by o.org_id, o.path;
  return null;
end;
$$;
comment on function private.remove_media_files() is
  'Statement trigger: queues the removal of the files of deleted rows. The worker removes a file only if no other row has it. '
  'Security definer: the role that deletes a row may not write the queue.';

-- schemas/media/tables/message_media.sql

create table public.message_media (
  id uuid primary key default private.uuid_v7(),
  org_id uuid not null references public.orgs (id) on delete cascade,
  message_id uuid references public.messages (id) on delete cascade,
  ordinal smallint check (ordinal between 1 and 50),
  direction text not null check (direction in ('inbound', 'outbound')),
  provider_url text check (length(provider_url) <= 2000),
  provider_sid text check (length(provider_sid) <= 64),
  state text not null default 'pending' check (state in ('pending', 'stored', 'refused', 'gone')),
  reason text check (length(reason) <= 300),
  content_type text check (length(content_type) <= 100),
  bytes integer check (bytes between 1 and 5242880),
  sha256 text check (sha256 ~ '^[0-9a-f]{64}$'),
  path text check (length(path) <= 80),
  attempts smallint not null default 0 check (attempts between 0 and 100),
  next_at timestamptz,
  uploaded_by uuid references public.users (id) on delete set null,
  created_at timestamptz not null default now(),
  unique (message_id, ordinal),
  check ((message_id is null) = (ordinal is null)),
  check (message_id is not null or direction = 'outbound'),
  check (state <> 'stored' or (path is not null and content_type is not null and bytes is not null and sha256 is not null)),
  check ((state in ('refused', 'gone')) = (reason is not null))
);
comment on table public.message_media is
  'Pictures and files of messages, one row for each message and file. message_id is null until an uploaded file is attached to a '
  'message, and in the picture of a quick response. Several rows may have the same file; it is removed with the last of them.';
comment on column public.message_media.provider_url is
  'Where Twilio keeps a file that a person sent. Nobody may read it: a browser can''t open it, and it contains the account.';
comment on column public.message_media.state is
  'pending: not fetched or uploaded yet. stored: in Storage. refused: not taken, for reason. gone: it could not be fetched.';
comment on column public.message_media.content_type is 'By the first bytes of the file, never by what its sender says.';
comment on column public.message_media.path is 'The file in bucket media: <organisation>/<id of the first row of this file>.';
comment on column public.message_media.attempts is 'How often its fetching was begun, including by workers that died.';
comment on column public.message_media.next_at is 'When it is fetched next; null while it is being fetched, and afterwards.';
create index message_media_org_idx on public.message_media (org_id, created_at);
create index message_media_age_idx on public.message_media (created_at);
create index message_media_loose_idx on public.message_media (org_id, created_at) where message_id is null;
create index message_media_path_idx on public.message_media (path) where path is not null;
create index message_media_uploader_idx on public.message_media (uploaded_by) where uploaded_by is not null;

-- The table of quick responses is created before this one.
alter table public.quick_responses add constraint quick_responses_media_id_fkey
  foreign key (media_id) references public.message_media (id) on delete set null;

alter table public.message_media enable row level security;
create policy "people read pictures and files of their organisation" on public.message_media
  for select to authenticated using (org_id = (select private.org_id()));
grant select (id, org_id, message_id, ordinal, direction, provider_sid, state, reason, content_type, bytes, sha256, path,
  attempts, next_at, uploaded_by, created_at) on public.message_media to authenticated;
grant select on public.message_media to service_role;

create trigger message_media_files after delete on public.message_media
  referencing old table as old_rows for each statement execute function private.remove_media_files();

-- schemas/media/functions/attach_media.sql

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

-- schemas/media/functions/media_upkeep.sql

-- Files that are needed no longer.

create function private.is_media_used(p_path text)
returns boolean
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return exists (select from public.message_media m where m.path = p_path);
end;
$$;
comment on function private.is_media_used(text) is
  'Whether any message or upload still has this file of bucket media. Once none has it, none can get it: a row gets the file of '
  'another row only while that exists. Security definer: the worker may not read the table.';
grant execute on function private.is_media_used(text) to worker;

create function private.prune_media(p_now timestamptz default now(), p_limit integer default 5000, p_org_id uuid default null)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_resting uuid[] := private.resting_orgs('prune_media', p_org_id, p_now);
  v_count integer;
begin
  delete from public.message_media d where d.id in (
    select m.id from public.message_media m
    where not exists (select from public.quick_responses q where q.media_id = m.id)
      and (m.created_at < p_now - interval '2 years' or m.message_id is null and m.created_at < p_now - interval '24 hours'
        and not exists (
          select from public.scheduled_texts s where s.org_id = m.org_id and s.state = 'waiting' and m.id = any (s.media_ids)))
      and (p_org_id is null or m.org_id = p_org_id) and m.org_id <> all (v_resting)
    -- A file that is just being attached stays.
    order by m.created_at limit p_limit for update skip locked);
  get diagnostics v_count = row_count;
  return v_count;
end;
$$;
comment on function private.prune_media(timestamptz, integer, uuid) is
  'Deletes a limited batch of files: of messages, two years old; uploads in no message, 24 hours old, unless an answer waits '
  'with them. Pictures of quick responses stay. Returns how many. A trigger queues the removal from Storage. p_org_id: only this '
  'organisation; null: all except those for which this work is resting.';

-- schemas/media/functions/outgoing_media.sql

-- Files on their way to Twilio, which fetches them from our own address.

create function private.media_secret()
returns text
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_secret text := private.vault_secret('media_secret');
begin
  if v_secret is null then
    perform pg_advisory_xact_lock(hashtextextended('media_secret', 0));
    v_secret := private.vault_secret('media_secret');
    if v_secret is null then
      v_secret := replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', '');
      perform vault.create_secret(v_secret, 'media_secret', 'Signs the addresses at which Twilio fetches files');
    end if;
  end if;
  return v_secret;
end;
$$;
comment on function private.media_secret() is
  'The secret that signs the addresses at which Twilio fetches files. It is made when it is first needed; delete it in Vault to '
  'make all addresses invalid within a minute. Security definer: the worker may not read Vault.';
grant execute on function private.media_secret() to worker;

create function private.outgoing_media(p_media_id uuid)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return (
    select jsonb_build_object('org_id', m.org_id, 'path', m.path, 'content_type', m.content_type, 'bytes', m.bytes)
    from public.message_media m
    where m.id = p_media_id and m.direction = 'outbound' and m.state = 'stored' and m.message_id is not null);
end;
$$;
comment on function private.outgoing_media(uuid) is
  'A file that was attached to a message: {org_id, path, content_type, bytes}; null for any other id. The caller has checked the '
  'address''s signature. Security definer: the worker may not read the table.';
grant execute on function private.outgoing_media(uuid) to worker;

-- schemas/media/functions/provider_copies.sql

-- Twilio's own copies of the files of an erased person.

create function private.forget_provider_media(p_org_id uuid, p_message_ids uuid[])
returns void
language plpgsql
set search_path = ''
as $$
begin
  perform private.send_work('media', p_org_id, jsonb_build_object('message_sid', m.provider_sid, 'tries', 0))
  from public.messages m
  where m.id = any (p_message_ids) and m.has_media and m.provider_sid ~ '^(MM|SM)[0-9a-f]{32}$';
end;
$$;
comment on function private.forget_provider_media(uuid, uuid[]) is
  'Queues the deletion of Twilio''s copies of the files of these messages, in and out.';

create function private.settle_provider_media(p_work_id bigint, p_org_id uuid, p_message_sid text, p_tries integer,
  p_is_deleted boolean)
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_delays constant integer[] := '{60, 300, 1800, 7200, 21600, 21600, 21600, 21600, 21600, 21600}';
begin
  if pgmq.delete('media', p_work_id) and not p_is_deleted and p_tries < cardinality(v_delays) then
    perform private.send_work('media', p_org_id, jsonb_build_object('message_sid', p_message_sid, 'tries', p_tries + 1),
      v_delays[p_tries + 1]);
  end if;
end;
$$;
comment on function private.settle_provider_media(bigint, uuid, text, integer, boolean) is
  'Ends the deletion of Twilio''s copies, or queues it again: ten times at most, within a day and a half. Security definer: the '
  'worker may not write the queue.';
grant execute on function private.settle_provider_media(bigint, uuid, text, integer, boolean) to worker;

-- schemas/media/functions/quick_response_media.sql

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

-- schemas/media/functions/receive_media.sql

-- Pictures and files that people send: noted with their message, then fetched by the background worker, in turns between
-- organisations.

create function private.receive_media(p_org_id uuid, p_message_id uuid, p_urls text[], p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_media record;
begin
  -- Twilio sends ten at most. More come only from somebody who has the token, and must not make us fetch without end.
  for v_media in
    insert into public.message_media (id, org_id, message_id, ordinal, direction, provider_url, provider_sid, state, reason, path,
      next_at, created_at)
    select u.id, p_org_id, p_message_id, u.n, 'inbound', left(u.url, 2000), substring(u.url from '/Media/(ME[0-9a-f]{32})$'),
      case when u.refusal is null then 'pending' else 'refused' end, u.refusal,
      case when u.refusal is null then p_org_id || '/' || u.id end, case when u.refusal is null then p_now end, p_now
    from (
      select private.uuid_v7() as id, x.url, x.n, case when x.n > 10 then 'A message has ten files at most.'
        when coalesce(length(x.url), 0) not between 1 and 2000 then 'Twilio named no address for it.' end as refusal
      from unnest(p_urls) with ordinality as x (url, n) where x.n <= 50
    ) u
    order by u.n
    returning id, state
  loop
    continue when v_media.state <> 'pending';
    perform private.send_work('media', p_org_id, jsonb_build_object('media_id', v_media.id));
  end loop;
  perform private.call_background_worker();
end;
$$;
comment on function private.receive_media(uuid, uuid, text[], timestamptz) is
  'Notes the files of an inbound message (p_urls: where Twilio keeps them, in order) and queues those that are to be fetched: '
  'ten at most, the others are refused. Calls the worker when the transaction commits, so that nobody waits for it.';

create function private.claim_media(p_now timestamptz default now())
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_work pgmq.message_record;
  v_media public.message_media;
  v_account text;
begin
  for i in 1 .. 50 loop
    v_work := private.read_in_turn('media', 60);
    if v_work.msg_id is null then
      return null;
    end if;
    v_account := (select a.account_sid from public.twilio_accounts a
      where a.org_id = private.uuid_or_null(v_work.message ->> 'org_id'));
    if v_work.message ? 'message_sid' then
      if v_account is not null then
        return jsonb_build_object('work_id', v_work.msg_id, 'read_count', v_work.read_ct, 'org_id', v_work.message ->> 'org_id',
          'account_sid', v_account, 'message_sid', v_work.message ->> 'message_sid', 'tries', v_work.message -> 'tries');
      end if;
    else
      -- A try counts when it begins: a file that ends its worker each time is given up like one that can't be fetched.
      update public.message_media m set attempts = m.attempts + 1, next_at = null
      where m.id = private.uuid_or_null(v_work.message ->> 'media_id') and m.state = 'pending' and m.direction = 'inbound'
        and m.attempts < 6
      returning * into v_media;
      if v_media.id is not null then
        return jsonb_build_object('work_id', v_work.msg_id, 'read_count', v_work.read_ct, 'org_id', v_media.org_id,
          'account_sid', v_account, 'media_id', v_media.id, 'url', v_media.provider_url);
      end if;
      perform private.end_media(private.uuid_or_null(v_work.message ->> 'media_id'), 'gone',
        'Fetching it ended the worker each time.', p_now);
    end if;
    perform pgmq.delete('media', v_work.msg_id);
  end loop;
  return jsonb_build_object('dropped', 50);
end;
$$;
comment on function private.claim_media(timestamptz) is
  'What the worker does next, in turns between organisations. A file to fetch: {work_id, read_count, org_id, account_sid, '
  'media_id, url}; a message whose files Twilio is to delete: {work_id, read_count, org_id, account_sid, message_sid, '
  'tries}; {dropped} if there was much that needs nothing; null if nothing is due. account_sid is null if the organisation '
  'has no account. It comes again after a minute if it is not settled. Security definer: the worker may not read the queue '
  'or the tables.';
grant execute on function private.claim_media(timestamptz) to worker;

create function private.end_media(p_media_id uuid, p_state text, p_reason text, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_media public.message_media;
begin
  if p_state = 'gone' then
    -- Messages are locked before their files, as everywhere.
    update public.messages m
    set needs_attention = coalesce(m.needs_attention, left('A file of this text could not be fetched: ' || p_reason, 500)),
      updated_at = p_now
    where m.id = (select x.message_id from public.message_media x where x.id = p_media_id and x.state = 'pending');
  end if;
  select * into v_media from public.message_media m where m.id = p_media_id and m.state = 'pending' for no key update;
  if v_media.id is null then
    return;
  end if;
  update public.message_media m set state = p_state, reason = left(p_reason, 300), path = null, next_at = null
  where m.id = p_media_id;
  -- A worker that died may have stored the file and not recorded it.
  if v_media.attempts > 1 then
    perform private.send_work('file_removals', v_media.org_id, jsonb_build_object('media', v_media.path), 900);
  end if;
end;
$$;
comment on function private.end_media(uuid, text, text, timestamptz) is
  'Ends the fetching of a file without one: refused or gone, for p_reason. gone is shown at its message (needs_attention).';

create function private.settle_media(
  p_work_id bigint,
  p_org_id uuid,
  p_media_id uuid,
  p_outcome text,
  p_reason text default null,
  p_content_type text default null,
  p_bytes integer default null,
  p_sha256 text default null,
  p_now timestamptz default now()
)
returns text
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_delays constant integer[] := '{10, 60, 300, 1800, 7200}';
  v_tries integer := (select m.attempts from public.message_media m where m.id = p_media_id and m.state = 'pending');
begin
  if not pgmq.delete('media', p_work_id) then
    -- Another worker took it over: this one was too slow.
    return 'settled_before';
  end if;
  if v_tries is null then
    -- Erased while it was fetched.
    if p_outcome = 'stored' then
      perform private.send_work('file_removals', p_org_id, jsonb_build_object('media', p_org_id || '/' || p_media_id));
    end if;
    return 'unknown';
  elsif p_outcome = 'stored' then
    update public.message_media m
    set state = 'stored', content_type = p_content_type, bytes = p_bytes, sha256 = p_sha256, next_at = null
    where m.id = p_media_id;
    return 'stored';
  elsif p_outcome = 'refused' or v_tries > cardinality(v_delays) then
    perform private.end_media(p_media_id, case p_outcome when 'refused' then 'refused' else 'gone' end, p_reason, p_now);
    return case p_outcome when 'refused' then 'refused' else 'gone' end;
  end if;
  update public.message_media m set next_at = p_now + make_interval(secs => v_delays[v_tries]) where m.id = p_media_id;
  -- A new message: its count of reads tells a file that ended a worker from one that Twilio did not give.
  perform private.send_work('media', p_org_id, jsonb_build_object('media_id', p_media_id), v_delays[v_tries]);
  return 'retry';
end;
$$;
comment on function private.settle_media(bigint, uuid, uuid, text, text, text, integer, text, timestamptz) is
  'Records what became of a file that private.claim_media gave: stored (it is in Storage), refused for p_reason, or retry: it is '
  'fetched again after 10 s, 1 min, 5 min, 30 min and 2 h, and then gone. Returns what it is now; settled_before or unknown if '
  'it no longer counts. Security definer: the worker may not write the queue or the tables.';
grant execute on function private.settle_media(bigint, uuid, uuid, text, text, text, integer, text, timestamptz) to worker;

create function private.postpone_media(p_work_id bigint, p_media_id uuid)
returns void
language plpgsql
security definer
set search_path = ''
as $$
begin
  update public.message_media m set attempts = greatest(m.attempts - 1, 0), next_at = clock_timestamp()
  where m.id = p_media_id and m.state = 'pending';
  update pgmq.q_media q set vt = clock_timestamp() + interval '1 second', read_ct = greatest(q.read_ct - 1, 0)
  where q.msg_id = p_work_id;
end;
$$;
comment on function private.postpone_media(bigint, uuid) is
  'Gives back a file or removal that was claimed and not begun: it is due again in a second, and counts as not tried. '
  'Security definer: the worker may not write the queue or the tables.';
grant execute on function private.postpone_media(bigint, uuid) to worker;

-- schemas/media/functions/upload_media.sql

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

-- schemas/media/queues.sql

-- Files that people sent and that are to be fetched from Twilio, and messages whose files Twilio is to delete.
select pgmq.create('media');
create index q_media_turn_idx on pgmq.q_media ((coalesce(message ->> 'org_id', '')), vt);

-- schemas/media/buckets.sql

insert into storage.buckets (id, name, public, file_size_limit)
values ('media', 'media', false, 5242880)
on conflict (id) do nothing;

-- schemas/media/cron.sql

select cron.schedule('prune-media', '37 * * * *',
  $$select private.run_apart('prune_media', 'select private.prune_media(p_org_id => $1)')$$);
