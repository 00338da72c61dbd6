create table private.windows (
  org_id uuid not null references public.orgs (id) on delete cascade,
  window_key text collate "C" not null,
  is_open boolean not null,
  valid_from timestamptz not null,
  valid_to timestamptz not null,
  next_open_at timestamptz,
  max_per_24h smallint,
  version bigint not null default 0,
  primary key (org_id, window_key)
) with (fillfactor = 70);
comment on table private.windows is
  'For each window key whether it is open, and from when until when that answer holds. Filled by planning; an answer whose '
  'version is not the rules'' own is as good as none.';
comment on column private.windows.version is
  'private.rules_version() before the rules were read: an answer made from older rules counts no more.';

alter table private.windows enable row level security;
