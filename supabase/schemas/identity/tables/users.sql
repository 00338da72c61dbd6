create table public.users (
  id uuid primary key references auth.users (id) on delete cascade,
  org_id uuid not null references public.orgs (id) on delete cascade,
  email text not null,
  role public.user_role not null default 'viewer',
  settings jsonb not null default '{}',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  is_available boolean not null default true,
  unique (org_id, id),
  constraint users_email_check check (length(email) <= 255),
  constraint users_settings_check check (jsonb_typeof(settings) = 'object' and pg_column_size(settings) <= 65536)
);
comment on table public.users is 'A person, the one organisation they belong to and their role in it.';
comment on column public.users.is_available is 'Whether conversations are given to this person by themselves.';
create unique index users_email_key on public.users (lower(email));

alter table public.users enable row level security;
create policy "people read who is in their organisation" on public.users
  for select to authenticated using (org_id = (select private.org_id()));
grant select on public.users to authenticated;
grant delete, insert, select, update on public.users to service_role;

create trigger users_updated_at before update on public.users
  for each row execute function private.set_updated_at();
create trigger users_keep_an_admin after update of role, org_id or delete on public.users
  for each row when (old.role = 'admin') execute function private.keep_an_admin();
create trigger users_record_role after update of role, org_id on public.users
  for each row when (old.role is distinct from new.role or old.org_id is distinct from new.org_id)
  execute function private.record_membership();
create trigger users_record_removal after delete on public.users
  for each row execute function private.record_membership();
