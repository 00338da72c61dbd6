-- How much an organisation may keep in Storage: the files of its imports, exports and messages together.

create function private.storage_quota(p_org_id uuid)
returns bigint
language sql
stable
set search_path = ''
as $$
  select coalesce((select q.bytes from private.storage_quotas q where q.org_id = p_org_id), 5368709120);
$$;
comment on function private.storage_quota(uuid) is
  'How many bytes an organisation may keep in Storage: 5 GiB unless private.storage_quotas says otherwise.';

create function private.storage_used(p_org_id uuid)
returns bigint
language sql
stable
set search_path = ''
as $$
  -- Written for the index on name, which supports only these two operators. '0' is the character after '/'.
  select coalesce(sum((o.metadata ->> 'size')::bigint), 0)::bigint
  from storage.objects o
  where o.bucket_id in ('imports', 'exports', 'media')
    and o.name operator(pg_catalog.~>=~) (p_org_id || '/') and o.name operator(pg_catalog.~<~) (p_org_id || '0');
$$;
comment on function private.storage_used(uuid) is
  'How many bytes of files an organisation has in Storage, according to the table storage.objects.';

create function private.require_storage(p_org_id uuid, p_bytes bigint, p_now timestamptz default now())
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_quota bigint := private.storage_quota(p_org_id);
  v_used bigint := private.storage_used(p_org_id);
  v_announced bigint := (select coalesce(sum(u.file_bytes), 0) from private.open_uploads(p_org_id, p_now) u)
    + (select coalesce(sum(m.bytes), 0) from public.message_media m
      where m.org_id = p_org_id and m.message_id is null and m.state = 'pending'
        and m.created_at > p_now - interval '10 minutes');
begin
  if v_used + v_announced + greatest(coalesce(p_bytes, 0), 1) > v_quota then
    perform private.raise_error('PT409', 'storage_full', format(
      'Your organisation stores %s of its %s MiB of files, and uploads of %s MiB more are announced, so this does not fit. '
      'Export files are deleted 7 days after they were made, and import files 30 days after the import ended; pictures of '
      'messages are kept for two years. Ask the people who '
      'run this platform for more room.',
      ceil(v_used / 1048576.0), floor(v_quota / 1048576.0), ceil(v_announced / 1048576.0)),
      jsonb_build_object('used_bytes', v_used, 'announced_bytes', v_announced, 'quota_bytes', v_quota, 'wanted_bytes', p_bytes));
  end if;
end;
$$;
comment on function private.require_storage(uuid, bigint, timestamptz) is
  'Raises PT409 storage_full unless p_bytes more bytes fit into the organisation''s quota in Storage. Announced uploads count as '
  'stored. Security definer: the worker may not read Storage''s tables.';
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
  'Campaign managers: checks whether a file of p_bytes (counted as at most 100 MiB, the limit for an import) may be stored. '
  'Raises PT409 storage_full if it does not fit, and PT403. Security definer: users may not read Storage''s tables.';
grant execute on function private.check_storage(bigint) to authenticated;

create function public.check_storage(p_bytes bigint) returns void
  language sql set search_path = '' as $$ select private.check_storage(p_bytes); $$;
comment on function public.check_storage(bigint) is 'See private.check_storage.';
grant execute on function public.check_storage(bigint) to authenticated;
