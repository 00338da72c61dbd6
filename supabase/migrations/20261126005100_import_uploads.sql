-- Files that people put into Storage themselves, by a signed link, before they are previewed and imported; and which files of the
-- bucket have outlived their use. Storage's own API removes those (worker/remove-import-files.ts): a row deleted by SQL leaves
-- its bytes behind.

create table public.import_uploads (
  id uuid primary key default gen_random_uuid(),
  org_id uuid not null references public.orgs (id) on delete cascade,
  file_name text not null check (length(file_name) between 1 and 300),
  file_bytes bigint not null check (file_bytes between 1 and 104857600),
  created_by uuid references public.users (id) on delete set null,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null
);
comment on table public.import_uploads is
  'A file that somebody may put at <org>/<id>.csv of bucket imports by a signed link. Its import gets the same id. Forgotten a day later.';
comment on column public.import_uploads.file_bytes is 'As announced: what comes must have as many.';
comment on column public.import_uploads.expires_at is 'Until when the link takes a file; Storage gives every such link two hours.';
create index import_uploads_age_idx on public.import_uploads (created_at);
create index import_uploads_org_idx on public.import_uploads (org_id);
create index import_uploads_created_by_idx on public.import_uploads (created_by) where created_by is not null;

alter table public.import_uploads enable row level security;
create policy "people see uploads of their organisation" on public.import_uploads
  for select to authenticated using (org_id = (select private.org_id()));
grant select on public.import_uploads to authenticated, service_role;

create function private.create_import_upload(p_file_name text, p_file_bytes bigint, p_now timestamptz default now())
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('campaign_manager');
  v_upload public.import_uploads;
begin
  if (select count(*) from public.import_uploads u where u.org_id = v_org_id and u.created_at > p_now - interval '1 hour') >= 200 then
    perform private.raise_error('PT429', 'rate_limited', 'Your organisation asked for 200 uploads within an hour. Use those, or wait.');
  end if;
  insert into public.import_uploads (org_id, file_name, file_bytes, created_by, created_at, expires_at)
  values (v_org_id, p_file_name, p_file_bytes, (select u.id from public.users u where u.id = auth.uid()), p_now, p_now + interval '2 hours')
  returning * into v_upload;
  return jsonb_build_object('upload_id', v_upload.id, 'path', v_org_id || '/' || v_upload.id || '.csv', 'expires_at', v_upload.expires_at);
end;
$$;
comment on function private.create_import_upload(text, bigint, timestamptz) is
  'Campaign managers: notes that a file of so many bytes may come: {upload_id, path, expires_at}. The API signs the link. Raises PT403, PT429 above 200 an hour: what they bring is kept for a day. Definer: users may not write uploads.';

create function public.create_import_upload(p_file_name text, p_file_bytes bigint)
returns jsonb language sql set search_path = ''
as $$ select private.create_import_upload(p_file_name, p_file_bytes) $$;
comment on function public.create_import_upload(text, bigint) is 'See private.create_import_upload.';
grant execute on function private.create_import_upload(text, bigint, timestamptz), public.create_import_upload(text, bigint) to authenticated;

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
    left join public.imports i on i.id = substring(o.name from '/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.csv$')::uuid
    where o.bucket_id = 'imports' and (
      (i.id is null and o.created_at < p_now - interval '1 day')
      or (i.finished_at < p_now - interval '30 days'))
    order by o.created_at limit p_limit
  ) f;
$$;
comment on function private.stale_import_files(integer, timestamptz) is
  'Files of bucket imports to be removed: a day old and of no import (abandoned uploads, and what a function left that died), or of an import that ended 30 days ago. Definer: the worker may not read Storage''s tables.';
grant execute on function private.stale_import_files(integer, timestamptz) to worker;

create function private.prune_import_uploads(p_now timestamptz default now())
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_count integer;
begin
  delete from public.import_uploads u where u.created_at < p_now - interval '1 day';
  get diagnostics v_count = row_count;
  return v_count;
end;
$$;
comment on function private.prune_import_uploads(timestamptz) is 'Forgets uploads a day old, imported or not; returns how many. Their files are stale_import_files.';

create function private.kick_file_removal(p_now timestamptz default now())
returns boolean
language plpgsql
set search_path = ''
as $$
declare
  v_url text := private.vault_secret('functions_url');
  v_secret text := private.vault_secret('worker_secret');
begin
  if cardinality(private.stale_import_files(1, p_now)) = 0 then
    return false;
  end if;
  if v_url is null or v_secret is null then
    raise warning 'files are not removed: set the Vault secrets functions_url and worker_secret';
    return false;
  end if;
  perform net.http_post(
    url := v_url || '/worker/remove-import-files', body := '{}'::jsonb, params := '{}'::jsonb,
    headers := jsonb_build_object('content-type', 'application/json', 'x-worker-secret', v_secret), timeout_milliseconds := 5000);
  return true;
end;
$$;
comment on function private.kick_file_removal(timestamptz) is 'Posts to the worker if files of imports are to be removed; returns whether. A lost call is made good by the next.';

select cron.schedule('import-files', '23 * * * *', 'select private.prune_import_uploads(); select private.kick_file_removal()');
