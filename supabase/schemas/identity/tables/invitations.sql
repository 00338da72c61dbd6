create table public.invitations (
  id uuid primary key default gen_random_uuid(),
  org_id uuid not null references public.orgs (id) on delete cascade,
  email text not null check (position('@' in email) > 1),
  role public.user_role not null default 'viewer',
  invited_by uuid not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null default now() + interval '7 days',
  token_hash bytea not null unique check (length(token_hash) = 32),
  foreign key (invited_by) references public.users (id) on delete cascade,
  check (length(email) <= 254 and email = lower(email))
);
comment on table public.invitations is
  'An invitation of an e-mail address to join an organisation with a role, until it is accepted or withdrawn, or expires after 7 '
  'days. An organisation has at most one for an address.';
comment on column public.invitations.email is 'In lower case.';
comment on column public.invitations.token_hash is 'SHA-256 of the secret. Only the inviter saw the secret, once.';
create index invitations_invited_by_idx on public.invitations (invited_by);
create unique index invitations_email_key on public.invitations (org_id, email);

alter table public.invitations enable row level security;
create policy "admins read invitations of their organisation" on public.invitations
  for select to authenticated using (org_id = (select private.org_id()) and (select private.has_role('admin')));
grant delete, insert, select, update on public.invitations to service_role;
grant select (id, org_id, email, role, invited_by, created_at, expires_at) on public.invitations to authenticated;
