-- Identity: organisations, the people in them, invitations, and the two membership functions every policy uses.
-- A person belongs to one organisation: the one that invited their e-mail address, else a new one made at sign-up.

create type public.user_role as enum ('viewer', 'operator', 'campaign_manager', 'admin');
comment on type public.user_role is 'Roles in rising order: each may do all that the ones before it may.';

create table public.orgs (
  id uuid primary key default gen_random_uuid(),
  name text not null check (length(trim(name)) between 1 and 200),
  brand text not null check (length(trim(brand)) between 1 and 25),
  support_contact text check (length(support_contact) <= 100),
  language text not null default 'es' check (language in ('es', 'en')),
  time_zone text not null default 'America/Chicago' check (timezone(time_zone, timestamptz '2000-01-01') is not null),
  quiet_starts time not null default '20:00',
  quiet_ends time not null default '08:00',
  cooldown_days smallint not null default 30 check (cooldown_days between 0 and 3650),
  consent_policy text not null default 'not_required' check (consent_policy in ('not_required', 'required')),
  mps numeric(8, 3) check (mps > 0),
  daily_cap integer check (daily_cap >= 0),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  check (quiet_starts <> quiet_ends)
);
comment on table public.orgs is 'An organisation (tenant) and its settings. Quiet hours default to 20:00-08:00 Central; mps and daily_cap (messages a day, in its time zone) are unlimited where null.';
comment on column public.orgs.cooldown_days is 'Days in which a phone contacted by one campaign is left alone by the others.';

create trigger orgs_updated_at before update on public.orgs
  for each row execute function private.set_updated_at();

create table public.users (
  id uuid primary key references auth.users (id) on delete cascade,
  org_id uuid not null references public.orgs (id) on delete cascade,
  email text not null,
  role public.user_role not null default 'viewer',
  settings jsonb not null default '{}',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
comment on table public.users is 'A person, the one organisation they belong to and their role in it.';
create unique index users_email_key on public.users (lower(email));
create index users_org_id_idx on public.users (org_id);

create trigger users_updated_at before update on public.users
  for each row execute function private.set_updated_at();

create table public.invitations (
  id uuid primary key default gen_random_uuid(),
  org_id uuid not null references public.orgs (id) on delete cascade,
  email text not null check (position('@' in email) > 1),
  role public.user_role not null default 'viewer',
  invited_by uuid references public.users (id) on delete set null,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null default now() + interval '14 days',
  accepted_at timestamptz
);
comment on table public.invitations is 'An e-mail address asked to join an organisation with a role. Whoever signs up with that address joins it.';
create unique index invitations_open_email_key on public.invitations (org_id, lower(email)) where accepted_at is null;
create index invitations_org_id_idx on public.invitations (org_id);
create index invitations_email_idx on public.invitations (lower(email)) where accepted_at is null;
create index invitations_invited_by_idx on public.invitations (invited_by);

create function private.org_id()
returns uuid
language sql
stable
security definer
set search_path = ''
as $$
  select u.org_id from public.users u where u.id = auth.uid();
$$;
comment on function private.org_id() is
  'The organisation of the signed-in user, null for anybody else. Definer: it must read users before any policy on users can be decided.';
grant execute on function private.org_id() to authenticated, service_role;

create function private.has_role(p_role public.user_role)
returns boolean
language sql
stable
security definer
set search_path = ''
as $$
  select exists (select 1 from public.users u where u.id = auth.uid() and u.role >= p_role);
$$;
comment on function private.has_role(public.user_role) is
  'Whether the signed-in user has this role or a higher one. Definer for the same reason as org_id().';
grant execute on function private.has_role(public.user_role) to authenticated, service_role;

create function private.require_role(p_role public.user_role)
returns uuid
language plpgsql
stable
set search_path = ''
as $$
declare
  v_org_id uuid;
  v_role public.user_role;
begin
  select u.org_id, u.role into v_org_id, v_role from public.users u where u.id = auth.uid();
  if v_org_id is null then
    perform private.raise_error('PT403', 'no_organization', 'You belong to no organisation. Sign up, or ask an admin to invite you.');
  end if;
  if v_role < p_role then
    perform private.raise_error(
      'PT403', 'forbidden', format('This needs the role %s; yours is %s.', p_role, v_role),
      jsonb_build_object('required_role', p_role, 'role', v_role));
  end if;
  return v_org_id;
end;
$$;
comment on function private.require_role(public.user_role) is
  'Returns the signed-in user''s organisation, or raises PT403 where the user has none or too low a role. First line of every definer function that users can reach.';

alter table public.orgs enable row level security;
create policy "people read their own organisation" on public.orgs
  for select to authenticated using (id = (select private.org_id()));
create policy "admins change their own organisation" on public.orgs
  for update to authenticated
  using (id = (select private.org_id()) and (select private.has_role('admin')))
  with check (id = (select private.org_id()) and (select private.has_role('admin')));
grant select on public.orgs to authenticated;
grant update (name, brand, support_contact, language, time_zone, quiet_starts, quiet_ends, cooldown_days, consent_policy, mps, daily_cap)
  on public.orgs to authenticated;
grant select, insert, update, delete on public.orgs to service_role;

alter table public.users enable row level security;
create policy "people read who is in their organisation" on public.users
  for select to authenticated using (org_id = (select private.org_id()));
create policy "admins change roles of others in their organisation" on public.users
  for update to authenticated
  using (org_id = (select private.org_id()) and id <> (select auth.uid()) and (select private.has_role('admin')))
  with check (org_id = (select private.org_id()) and (select private.has_role('admin')));
grant select on public.users to authenticated;
grant update (role) on public.users to authenticated;
grant select, insert, update, delete on public.users to service_role;

alter table public.invitations enable row level security;
create policy "admins read invitations of their organisation" on public.invitations
  for select to authenticated using (org_id = (select private.org_id()) and (select private.has_role('admin')));
create policy "admins invite into their organisation" on public.invitations
  for insert to authenticated
  with check (org_id = (select private.org_id()) and accepted_at is null and (select private.has_role('admin')));
create policy "admins withdraw invitations of their organisation" on public.invitations
  for delete to authenticated using (org_id = (select private.org_id()) and (select private.has_role('admin')));
grant select, delete on public.invitations to authenticated;
grant insert (org_id, email, role) on public.invitations to authenticated;
grant select, insert, update, delete on public.invitations to service_role;
