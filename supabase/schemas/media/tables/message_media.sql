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
