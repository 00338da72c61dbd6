-- Files that people store in Storage by a signed link before they are previewed and imported, and which files of the bucket are
-- to be removed. Storage's own API removes them (background-worker/remove-import-files.ts): deleting a row with SQL leaves the
-- bytes of the file behind.

create function private.create_import_upload(p_file_name text, p_file_bytes bigint, p_now timestamptz default now())
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.lock_own_org('campaign_manager');
  v_upload public.import_uploads;
begin
  perform private.check_shape(jsonb_build_object('file_name', p_file_name, 'file_bytes', p_file_bytes),
    private.object_shape(jsonb_build_object(
    'file_name', private.text_shape(300, 1), 'file_bytes', private.import_file_shape() #> '{properties,file_bytes}')));
  if (select count(*) from public.import_uploads u
    where u.org_id = v_org_id and u.created_at > p_now - interval '1 hour') >= 200 then
    perform private.raise_error('PT429', 'rate_limited',
      'Your organisation asked for 200 uploads within an hour. Use those, or wait.');
  elsif (select count(*) from private.open_uploads(v_org_id, p_now)) >= 20 then
    perform private.raise_error('PT429', 'rate_limited',
      'Your organisation has 20 uploads without a file, which is the limit: send those files, or wait until the uploads '
      'expire, two hours after they were requested.');
  end if;
  perform private.require_storage(v_org_id, p_file_bytes, p_now);
  insert into public.import_uploads (org_id, file_name, file_bytes, created_by, created_at, expires_at)
  values (v_org_id, p_file_name, p_file_bytes, (select u.id from public.users u where u.id = auth.uid()), p_now,
    p_now + interval '2 hours')
  returning * into v_upload;
  return jsonb_build_object('upload_id', v_upload.id, 'path', v_org_id || '/' || v_upload.id || '.csv', 'expires_at',
    v_upload.expires_at);
end;
$$;
comment on function private.create_import_upload(text, bigint, timestamptz) is
  'Campaign managers: announces the upload of a file of p_file_bytes bytes: {upload_id, path, expires_at}. The API signs the '
  'link. Raises PT403, PT409 storage_full, PT422, and PT429 above 200 uploads an hour or 20 without a file, because uploaded '
  'files are kept for a day. Security definer: users may not write uploads.';
grant execute on function private.create_import_upload(text, bigint, timestamptz) to authenticated;

create function public.create_import_upload(p_file_name text, p_file_bytes bigint)
returns jsonb language sql set search_path = ''
as $$ select private.create_import_upload(p_file_name, p_file_bytes) $$;
comment on function public.create_import_upload(text, bigint) is 'See private.create_import_upload.';
grant execute on function public.create_import_upload(text, bigint) to authenticated;

create function private.stale_import_files(p_limit integer default 100, p_now timestamptz default now())
returns text[]
language sql
stable
security definer
set search_path = ''
as $$
  select coalesce(array_agg(f.name), '{}')
  from (
    select o.name
    from storage.objects o
    cross join lateral (select substring(o.name from
      '^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.csv$')::uuid as id) file
    left join public.imports i on i.id = file.id
    left join public.import_uploads u on u.id = file.id
    -- Files whose names have another form are not ours and are never removed here.
    where o.bucket_id = 'imports' and file.id is not null and (
      (i.id is null and o.created_at < p_now - interval '1 day')
      or (i.id is null and u.file_bytes <> (o.metadata ->> 'size')::bigint and o.created_at < p_now - interval '10 minutes')
      or (i.finished_at < p_now - interval '30 days'))
    order by o.created_at limit p_limit
  ) f;
$$;
comment on function private.stale_import_files(integer, timestamptz) is
  'Files of bucket imports that are to be removed: those a day old without an import (abandoned uploads, and files left by a '
  'function that died), those of another size than announced, and those of imports that ended 30 days ago. Security definer: the '
  'worker may not read Storage''s tables.';
grant execute on function private.stale_import_files(integer, timestamptz) to worker;

create function private.kick_file_removal(p_now timestamptz default now())
returns boolean
language sql
set search_path = ''
as $$
  select cardinality(private.stale_import_files(1, p_now)) > 0
    and private.call_function('/background-worker/remove-import-files');
$$;
comment on function private.kick_file_removal(timestamptz) is
  'Posts to the background worker if files of imports are to be removed; returns whether it did. If a call is lost, the next one '
  'does its work.';

create function private.prune_import_uploads(p_now timestamptz default now(), p_org_id uuid default null)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_resting uuid[] := private.resting_orgs('prune_uploads', p_org_id, p_now);
  v_count integer;
begin
  delete from public.import_uploads u where u.created_at < p_now - interval '1 day' and (p_org_id is null or u.org_id = p_org_id)
    and u.org_id <> all (v_resting);
  get diagnostics v_count = row_count;
  return v_count;
end;
$$;
comment on function private.prune_import_uploads(timestamptz, uuid) is
  'Deletes uploads that are a day old, imported or not; returns how many. stale_import_files finds their files. p_org_id: only '
  'this organisation; null: all except those for which this work is resting.';

create function private.open_uploads(p_org_id uuid, p_now timestamptz default now())
returns setof public.import_uploads
language sql
stable
set search_path = ''
as $$
  select u.* from public.import_uploads u
  where u.org_id = p_org_id and u.expires_at > p_now
    and not exists (select from storage.objects o where o.bucket_id = 'imports' and o.name = p_org_id || '/' || u.id || '.csv');
$$;
comment on function private.open_uploads(uuid, timestamptz) is 'Uploads of an organisation whose file may still arrive.';
