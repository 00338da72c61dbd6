-- How much an organisation may keep in Storage: its imports' and exports' files together.

create table private.storage_quotas (
  org_id uuid primary key references public.orgs (id) on delete cascade,
  bytes bigint not null check (bytes >= 0)
);
comment on table private.storage_quotas is
  'Organisations that may keep more or less in Storage than the 5 GiB of all others. Set by whoever runs the platform.';
alter table private.storage_quotas enable row level security;

-- What an assembled file may have at most; the platform's own limit may be lower.
update storage.buckets set file_size_limit = 4294967296 where id = 'exports';

create function private.storage_quota(p_org_id uuid)
returns bigint
language sql
stable
set search_path = ''
as $$
  select coalesce((select q.bytes from private.storage_quotas q where q.org_id = p_org_id), 5368709120);
$$;
comment on function private.storage_quota(uuid) is 'How many bytes an organisation may keep in Storage: 5 GiB unless private.storage_quotas says otherwise.';

create function private.storage_used(p_org_id uuid)
returns bigint
language sql
stable
set search_path = ''
as $$
  -- By the index over name, which knows these two operators alone; '0' is the character after '/'.
  select coalesce(sum((o.metadata ->> 'size')::bigint), 0)::bigint
  from storage.objects o
  where o.bucket_id in ('imports', 'exports')
    and o.name operator(pg_catalog.~>=~) (p_org_id || '/') and o.name operator(pg_catalog.~<~) (p_org_id || '0');
$$;
comment on function private.storage_used(uuid) is 'How many bytes of files of an organisation lie in Storage, as its table of objects tells.';

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
comment on function private.open_uploads(uuid, timestamptz) is 'Uploads of an organisation whose file may still come.';

create function private.require_storage(p_org_id uuid, p_bytes bigint, p_now timestamptz default now())
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_quota bigint := private.storage_quota(p_org_id);
  v_used bigint := private.storage_used(p_org_id);
  v_announced bigint := (select coalesce(sum(u.file_bytes), 0) from private.open_uploads(p_org_id, p_now) u);
begin
  if v_used + v_announced + greatest(coalesce(p_bytes, 0), 1) > v_quota then
    perform private.raise_error('PT409', 'storage_full', format(
      'Your organisation keeps %s of its %s MiB of files, and %s MiB more are announced: this does not fit. Files of exports go 7 days after they were made, files of imports 30 days after their end; ask whoever runs this platform for more room.',
      ceil(v_used / 1048576.0), floor(v_quota / 1048576.0), ceil(v_announced / 1048576.0)),
      jsonb_build_object('used_bytes', v_used, 'announced_bytes', v_announced, 'quota_bytes', v_quota, 'wanted_bytes', p_bytes));
  end if;
end;
$$;
comment on function private.require_storage(uuid, bigint, timestamptz) is
  'Raises PT409 storage_full unless so many bytes more fit into what the organisation may keep in Storage, files that are announced counted. Definer: the worker may not read Storage''s tables.';
grant execute on function private.require_storage(uuid, bigint, timestamptz) to worker;

create function private.check_storage(p_bytes bigint)
returns void
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.require_storage(private.require_role('campaign_manager'), least(greatest(p_bytes, 0), 104857600));
end;
$$;
comment on function private.check_storage(bigint) is
  'Campaign managers: whether a file of so many bytes (at most 100 MiB, as much as an import may have) may be stored: raises PT409 storage_full if not. Raises PT403. Definer: users may not read Storage''s tables.';
create function public.check_storage(p_bytes bigint) returns void
  language sql set search_path = '' as $$ select private.check_storage(p_bytes); $$;
comment on function public.check_storage(bigint) is 'See private.check_storage.';
grant execute on function private.check_storage(bigint), public.check_storage(bigint) to authenticated;

create or replace function private.create_import_upload(p_file_name text, p_file_bytes bigint, p_now timestamptz default now())
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.lock_own_org('campaign_manager');
  v_upload public.import_uploads;
begin
  perform private.check_shape(jsonb_build_object('file_name', p_file_name, 'file_bytes', p_file_bytes), private.object_shape(jsonb_build_object(
    'file_name', private.text_shape(300, 1), 'file_bytes', private.import_file_shape() #> '{properties,file_bytes}')));
  if (select count(*) from public.import_uploads u where u.org_id = v_org_id and u.created_at > p_now - interval '1 hour') >= 200 then
    perform private.raise_error('PT429', 'rate_limited', 'Your organisation asked for 200 uploads within an hour. Use those, or wait.');
  elsif (select count(*) from private.open_uploads(v_org_id, p_now)) >= 20 then
    perform private.raise_error('PT429', 'rate_limited',
      'Your organisation has 20 uploads whose file has not come, the most there may be: send those files, or wait until they expire, two hours after they were asked for.');
  end if;
  perform private.require_storage(v_org_id, p_file_bytes, p_now);
  insert into public.import_uploads (org_id, file_name, file_bytes, created_by, created_at, expires_at)
  values (v_org_id, p_file_name, p_file_bytes, (select u.id from public.users u where u.id = auth.uid()), p_now, p_now + interval '2 hours')
  returning * into v_upload;
  return jsonb_build_object('upload_id', v_upload.id, 'path', v_org_id || '/' || v_upload.id || '.csv', 'expires_at', v_upload.expires_at);
end;
$$;
comment on function private.create_import_upload(text, bigint, timestamptz) is
  'Campaign managers: notes that a file of so many bytes may come: {upload_id, path, expires_at}. The API signs the link. Raises PT403, PT409 storage_full, PT429 above 200 an hour or 20 whose file has not come: what they bring is kept for a day. Definer: users may not write uploads.';

create or replace function private.stale_import_files(p_limit integer default 100, p_now timestamptz default now())
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
    cross join lateral (select substring(o.name from '^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.csv$')::uuid as id) file
    left join public.imports i on i.id = file.id
    left join public.import_uploads u on u.id = file.id
    -- Names of another form are not ours: nothing removes them by itself.
    where o.bucket_id = 'imports' and file.id is not null and (
      (i.id is null and o.created_at < p_now - interval '1 day')
      or (i.id is null and u.file_bytes <> (o.metadata ->> 'size')::bigint and o.created_at < p_now - interval '10 minutes')
      or (i.finished_at < p_now - interval '30 days'))
    order by o.created_at limit p_limit
  ) f;
$$;
comment on function private.stale_import_files(integer, timestamptz) is
  'Files of bucket imports to be removed: a day old and of no import (abandoned uploads, and what a function left that died), of another size than was announced, or of an import that ended 30 days ago. Definer: the worker may not read Storage''s tables.';
