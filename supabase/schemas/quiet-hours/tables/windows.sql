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
  'Cached answers: whether each window key is open, and from when until when that answer is valid. Planning fills it. An answer '
  'is ignored if its version is not the current version of the rules.';
comment on column private.windows.version is
  'private.rules_version() before the rules were read. An answer made from older rules is no longer used.';

alter table private.windows enable row level security;
