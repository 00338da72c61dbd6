-- Written from supabase/schemas/identity by npm run generate: change it there.

-- A function may call one that comes later.
set check_function_bodies = off;

-- schemas/identity/types.sql

create type public.user_role as enum ('viewer', 'operator', 'campaign_manager', 'admin');
comment on type public.user_role is 'Roles in rising order: each role may do everything that the roles before it may do.';

-- schemas/identity/checks/membership.sql

-- PL/pgSQL, not SQL: it keeps its query plans as long as the connection lives, while a SQL function plans anew in every
-- statement.
create function private.org_id()
returns uuid
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return (select u.org_id from private.signed_in s join public.users u on u.id = s.id);
end;
$$;
comment on function private.org_id() is
  'The organisation of the signed-in person. Null if nobody is signed in, or if the account is banned, deleted or signed out. '
  'Security definer: policies on users call it, so it must read users without them.';
grant execute on function private.org_id() to authenticated, service_role;

create function private.has_role(p_role public.user_role)
returns boolean
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return exists (select from private.signed_in s join public.users u on u.id = s.id where u.role >= p_role);
end;
$$;
comment on function private.has_role(public.user_role) is
  'Whether the signed-in person has this role or a higher one. Security definer for the same reason as org_id().';
grant execute on function private.has_role(public.user_role) to authenticated, service_role;

-- schemas/identity/checks/reply_hours.sql

-- The hours in which an organisation answers people.

create function private.reply_hours_fault(p_hours jsonb)
returns text[]
language plpgsql
immutable
set search_path = ''
as $$
declare
  c_time constant text := '^([01][0-9]|2[0-3]):[0-5][0-9]$';
  v_day record;
  v_part record;
  v_count integer := 0;
  v_until text;
begin
  if coalesce(jsonb_typeof(p_hours), 'null') = 'null' then
    return null;
  elsif jsonb_typeof(p_hours) <> 'object' or pg_column_size(p_hours) > 8000 then
    return array['reply_hours', 'Give an object of days, or null for every hour.'];
  end if;
  for v_day in select e.key, e.value from jsonb_each(p_hours) e loop
    if v_day.key <> all (array['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday', 'holidays']) then
      return array['reply_hours.' || left(v_day.key, 40), 'The keys are monday to sunday, and holidays.'];
    elsif jsonb_typeof(v_day.value) <> 'array'
      or jsonb_array_length(v_day.value) > (case v_day.key when 'holidays' then 100 else 6 end)
    then
      return array['reply_hours.' || v_day.key, case v_day.key when 'holidays' then 'Give a list of at most 100 dates.'
        else 'Give a list of at most six intervals.' end];
    end if;
    v_until := '00:00';
    for v_part in select e.value, format('reply_hours.%s[%s]', v_day.key, e.n - 1) as name
      from jsonb_array_elements(v_day.value) with ordinality e (value, n) order by e.n
    loop
      if v_day.key = 'holidays' then
        continue when jsonb_typeof(v_part.value) = 'string'
          and v_part.value #>> '{}' ~ '^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$';
        return array[v_part.name, 'Write each holiday as a date, like 2026-12-25.'];
      elsif jsonb_typeof(v_part.value) <> 'object' or v_part.value - array['from', 'to'] <> '{}'
        or (v_part.value ->> 'from') ~ c_time is not true
        or ((v_part.value ->> 'to') ~ c_time or v_part.value ->> 'to' = '24:00') is not true
      then
        return array[v_part.name, 'Give from and to as HH:MM; to may be 24:00.'];
      elsif v_part.value ->> 'from' >= v_part.value ->> 'to' then
        return array[v_part.name,
          'from must be before to. For hours over midnight, end one day with 24:00 and begin the next with 00:00.'];
      elsif v_part.value ->> 'from' < v_until then
        return array[v_part.name, 'The intervals of a day must be in order and must not overlap.'];
      end if;
      v_until := v_part.value ->> 'to';
      v_count := v_count + 1;
    end loop;
  end loop;
  return case when v_count = 0 then array['reply_hours', 'Give at least one interval on one day, or null for every hour.'] end;
end;
$$;
comment on function private.reply_hours_fault(jsonb) is
  'What is wrong with reply hours, as the name of the field and a sentence; null if they can be used. For each day of the week '
  'up to six intervals {from, to} in order, and up to 100 holidays. A day that is left out has no hours. Null: every hour of '
  'every day.';
grant execute on function private.reply_hours_fault(jsonb) to authenticated, service_role;

-- schemas/identity/triggers/people.sql

create function private.keep_an_admin()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  if tg_op = 'UPDATE' and new.role = 'admin' and new.org_id = old.org_id then
    return null;
  end if;
  -- If two admins leave at the same time, one waits here: the second checks after the first has committed.
  perform from public.orgs o where o.id = old.org_id for no key update;
  -- If the organisation is not found, it is being deleted with all its people.
  if found and exists (select from public.users u where u.org_id = old.org_id)
    and not exists (select from public.users u where u.org_id = old.org_id and u.role = 'admin') then
    perform private.raise_error('PT409', 'invalid_state',
      'An organisation with people in it needs an admin: make somebody else admin first.',
      jsonb_build_object('org_id', old.org_id));
  end if;
  return null;
end;
$$;
comment on function private.keep_an_admin() is
  'Trigger: refuses a change that would leave an organisation''s people without an admin (PT409 invalid_state): a lower role, a '
  'removal or a deleted account. Security definer: the role that deletes accounts may not read organisations.';

create function private.record_membership()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_left boolean := tg_op = 'DELETE' or new.org_id is distinct from old.org_id;
  v_person jsonb := jsonb_build_object('user_id', old.id, 'email', old.email, 'role', old.role);
begin
  if v_left or new.role is distinct from old.role then
    delete from public.invitations i where i.invited_by = old.id and i.org_id = old.org_id;
  end if;
  if not v_left then
    perform private.record_audit_event(new.org_id, 'person_role_changed', null, null, null,
      v_person || jsonb_build_object('role', new.role, 'former_role', old.role));
    return null;
  end if;
  if exists (select from public.orgs o where o.id = old.org_id) then
    perform private.record_audit_event(old.org_id, case when old.id = auth.uid() then 'person_left'
      else 'person_removed' end, null, null, null, v_person);
    perform private.withhold_rows(old.org_id);
  end if;
  if tg_op = 'UPDATE' then
    perform private.record_audit_event(new.org_id, 'person_joined', null, null, null,
      v_person || jsonb_build_object('role', new.role));
  end if;
  return null;
end;
$$;
comment on function private.record_membership() is
  'Trigger: records an audit event for every changed role, removal and arrival, no matter who made it. Deletes the invitations '
  'sent by a person who leaves or changes role. After a person leaves, realtime messages are sent without contents for a while '
  '(withhold_rows). Security definer: no role may write audit events.';

-- schemas/identity/triggers/sign_up.sql

create function private.found_organisation()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_name text := trim(coalesce(new.raw_user_meta_data ->> 'org_name', ''));
begin
  if exists (select from public.users u where u.id = new.id) then
    return null;
  end if;
  if v_name = '' then
    v_name := split_part(coalesce(new.email, 'My organisation'), '@', 1);
  end if;
  insert into public.users (id, org_id, email, role)
  values (new.id, private.create_org(left(v_name, 200)), new.email, 'admin');
  return null;
end;
$$;
comment on function private.found_organisation() is
  'Trigger: creates an organisation for a person whose e-mail address is confirmed, and makes them its admin. org_name in the '
  'account''s metadata gives its name and decides nothing else. Security definer: the auth service may not write organisations '
  'or users.';
-- Only after the address is confirmed. Until then nobody can sign in with it, and a sign-up with another person's address takes
-- nothing from that person.
create trigger on_auth_user_created after insert on auth.users
  for each row when (new.email_confirmed_at is not null) execute function private.found_organisation();
create trigger on_auth_user_confirmed after update on auth.users
  for each row when (old.email_confirmed_at is null and new.email_confirmed_at is not null)
  execute function private.found_organisation();

create function private.copy_email()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  update public.users u set email = new.email where u.id = new.id;
  return null;
end;
$$;
comment on function private.copy_email() is
  'Trigger: copies a changed e-mail address from the account to users. If the old address stayed, its next owner could not sign '
  'up. Security definer: the auth service may not write users.';
create trigger on_auth_user_email_changed after update on auth.users
  for each row when (new.email is not null and old.email is distinct from new.email) execute function private.copy_email();

-- schemas/identity/tables/orgs.sql

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
  mps numeric(8, 3) check (mps between 0.001 and 10000),
  daily_cap integer check (daily_cap between 0 and 100000000),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  -- A second dimension, a first index other than 1, or a null would be read as "no cap".
  warmup_caps integer[] not null default '{100,200,400,800,1600,2000}'
    check (
    cardinality(warmup_caps) between 1 and 60 and array_ndims(warmup_caps) = 1 and array_lower(warmup_caps, 1) = 1
    and array_position(warmup_caps, null) is null and 1 <= all (warmup_caps) and 1000000 >= all (warmup_caps)),
  health_quarantine_below smallint not null default 50 check (health_quarantine_below between 0 and 100),
  health_min_messages integer not null default 50 check (health_min_messages between 10 and 100000),
  lookup_enabled boolean not null default false,
  lookup_daily_budget integer not null default 1000 check (lookup_daily_budget between 0 and 1000000),
  lookup_price numeric(10, 5) not null default 0.008 check (lookup_price between 0 and 99),
  reply_hours jsonb,
  hot_minutes integer not null default 5 check (hot_minutes between 1 and 1440),
  assignment text not null default 'off' check (assignment in ('off', 'round_robin', 'least_open')),
  max_open integer not null default 30 check (max_open between 1 and 1000),
  return_minutes integer not null default 15 check (return_minutes between 0 and 1440),
  check (quiet_starts <> quiet_ends),
  constraint orgs_reply_hours_check check (private.reply_hours_fault(reply_hours) is null),
  constraint orgs_name_line check (length(name) <= 200 and name !~ '[\u0001-\u001f\u007f-\u009f\u2028\u2029]'
    and name ~ '[^[:space:]\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000\ufeff]'),
  constraint orgs_brand_line check (length(brand) <= 25 and brand !~ '[\u0001-\u001f\u007f-\u009f\u2028\u2029]'
    and brand ~ '[^[:space:]\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000\ufeff]'),
  constraint orgs_support_contact_line check (support_contact !~ '[\u0001-\u001f\u007f-\u009f\u2028\u2029]'),
  constraint orgs_time_zone_length check (length(time_zone) <= 64),
  constraint orgs_quiet_starts_check check (quiet_starts < '24:00'),
  constraint orgs_quiet_ends_check check (quiet_ends < '24:00')
);
comment on table public.orgs is
  'An organisation (tenant) and its settings. Quiet hours default to 20:00-08:00 Central. mps and daily_cap (messages a day, in '
  'the organisation''s time zone) are unlimited if they are null.';
comment on column public.orgs.cooldown_days is
  'After one campaign has contacted a phone, other campaigns leave it alone for so many days.';
comment on column public.orgs.warmup_caps is
  'How many segments a day a number may send while it warms up, from its first day on. After the last of these days it is warm, '
  'and only its own cap counts.';
comment on column public.orgs.health_quarantine_below is
  'A number whose health score falls below this is quarantined until a person reactivates it; 0 means never.';
comment on column public.orgs.health_min_messages is
  'How many outcomes in the last 7 days a number must have to get a score; with fewer its score is unknown.';
comment on column public.orgs.lookup_enabled is
  'Whether phones are looked up at Twilio: phones of new leads automatically, others on request.';
comment on column public.orgs.lookup_daily_budget is 'The most lookups a day, in the organisation''s time zone.';
comment on column public.orgs.lookup_price is
  'Estimated price of a lookup in US dollars: the list price of line type intelligence (about 0.008 in 2026, not confirmed). Set '
  'it to what your account pays.';

comment on column public.orgs.reply_hours is
  'When the organisation answers people: intervals for each day of the week, and holidays. They are the clock of reply times, '
  'hot leads and assignments; null: every hour.';
comment on column public.orgs.hot_minutes is 'Within how many minutes of reply hours an interested person must have an answer.';
comment on column public.orgs.assignment is 'The rule by which conversations that wait for an answer are given to people.';
comment on column public.orgs.max_open is 'How many active conversations a person may have before the rule passes them over.';
comment on column public.orgs.return_minutes is
  'After how many minutes of reply hours an unanswered conversation is given to somebody else; 0: never.';

alter table public.orgs enable row level security;
create policy "people read their own organisation" on public.orgs
  for select to authenticated using (id = (select private.org_id()));
create policy "admins change their own organisation" on public.orgs
  for update to authenticated
  using (id = (select private.org_id()) and (select private.has_role('admin')))
  with check (id = (select private.org_id()) and (select private.has_role('admin')));
grant select on public.orgs to authenticated;
grant delete, insert, select, update on public.orgs to service_role;
grant update (name, brand, support_contact, language, time_zone, quiet_starts, quiet_ends, cooldown_days, consent_policy, mps,
  daily_cap, warmup_caps, health_quarantine_below, health_min_messages, lookup_enabled, lookup_daily_budget, lookup_price,
  reply_hours, hot_minutes, assignment, max_open, return_minutes) on
  public.orgs to authenticated;

create trigger orgs_updated_at before update on public.orgs
  for each row execute function private.set_updated_at();
create trigger orgs_check_new_time_zone before insert on public.orgs
  for each row when (new.time_zone <> 'America/Chicago') execute function private.check_time_zone();
create trigger orgs_check_time_zone before update of time_zone on public.orgs
  for each row when (new.time_zone <> old.time_zone) execute function private.check_time_zone();

-- schemas/identity/tables/users.sql

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

-- schemas/identity/tables/invitations.sql

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

-- schemas/identity/tables/storage_quotas.sql

create table private.storage_quotas (
  org_id uuid primary key references public.orgs (id) on delete cascade,
  bytes bigint not null check (bytes >= 0)
);
comment on table private.storage_quotas is
  'Organisations whose storage quota differs from the default of 5 GiB. Set by the people who run the platform.';

alter table private.storage_quotas enable row level security;

-- schemas/identity/functions/accept_invitation.sql

create function private.accept_invitation(p_token text, p_now timestamptz default now())
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_own_org_id uuid := private.require_role('viewer');
  v_hash bytea;
  v_account private.signed_in;
  v_invitation public.invitations;
  v_org_id uuid;
  v_user public.users;
  v_gone text := 'There is no such invitation for you. It was accepted or withdrawn, its 7 days are over, or it is for another '
    'e-mail address than the one you signed in with.';
begin
  if p_token is null or p_token !~ '^[0-9a-f]{64}$' then
    perform private.raise_error('PT404', 'not_found', v_gone);
  end if;
  -- The invitation is found by the hash of its secret, so the time this takes reveals nothing about the secret.
  v_hash := sha256(decode(p_token, 'hex'));
  select * into v_invitation from public.invitations i where i.token_hash = v_hash and i.expires_at > p_now;
  select * into v_account from private.signed_in s;
  if v_invitation.id is null then
    perform private.raise_error('PT404', 'not_found', v_gone);
  elsif v_invitation.org_id = v_own_org_id then
    perform private.raise_error('PT409', 'invalid_state', 'You are in this organisation already.');
  elsif lower(v_account.email) is distinct from v_invitation.email then
    perform private.raise_error('PT404', 'not_found', v_gone);
  elsif v_account.email_confirmed_at is null then
    perform private.raise_error('PT403', 'forbidden', 'Confirm your e-mail address first.');
  end if;

  for v_org_id in select x.id from unnest(array[v_invitation.org_id, v_own_org_id]) x (id) order by x.id loop
    if v_org_id = v_own_org_id then
      -- Waits for transactions that are writing into this organisation, so that the check below sees their rows.
      perform from public.orgs o where o.id = v_org_id for update;
    else
      perform from public.orgs o where o.id = v_org_id for no key update;
    end if;
  end loop;
  -- Checked again: while this waited for locks, the invitation may have been used or withdrawn, or the inviter may have lost the
  -- right to invite.
  select * into v_user from public.users u where u.id = v_account.id and u.org_id = v_own_org_id for update;
  select * into v_invitation from public.invitations i where i.token_hash = v_hash for update;
  if v_user.id is null or v_invitation.id is null then
    perform private.raise_error('PT404', 'not_found', v_gone);
  elsif not exists (
    select from public.users u join auth.users a on a.id = u.id
    where u.id = v_invitation.invited_by and u.org_id = v_invitation.org_id and u.role = 'admin' and u.role >= v_invitation.role
      and a.deleted_at is null and (a.banned_until is null or a.banned_until <= p_now)) then
    perform private.raise_error('PT409', 'invalid_state',
      'The person who invited you may no longer invite people: ask an admin of the organisation for another invitation.');
  end if;

  perform private.refuse_used_org(v_user);
  delete from public.invitations i where i.id = v_invitation.id;
  update public.users u set org_id = v_invitation.org_id, role = v_invitation.role, is_available = true where u.id = v_user.id;
  delete from public.orgs o where o.id = v_own_org_id;
  perform private.record_audit_event(v_invitation.org_id, 'invitation_accepted', null, null, null,
    jsonb_build_object('invitation_id', v_invitation.id, 'email', v_invitation.email, 'role', v_invitation.role, 'invited_by',
      v_invitation.invited_by));
  return jsonb_build_object('org_id', v_invitation.org_id, 'role', v_invitation.role);
end;
$$;
comment on function private.accept_invitation(text, timestamptz) is
  'Joins the organisation of an invitation with the role that the invitation names. p_token: the invitation''s secret. Returns '
  '{org_id, role}. The caller''s confirmed address must be the invited one, and the inviter must still be an admin. The '
  'caller''s own organisation is deleted; it must be empty and have no other people. Raises PT403, PT404 (also for an invitation '
  'of another address), PT409 invalid_state. Security definer: users may not write the table users.';
grant execute on function private.accept_invitation(text, timestamptz) to authenticated;

create function public.accept_invitation(p_token text) returns jsonb
  language sql set search_path = '' as $$ select private.accept_invitation(p_token); $$;
comment on function public.accept_invitation(text) is 'See private.accept_invitation.';
grant execute on function public.accept_invitation(text) to authenticated;

-- schemas/identity/functions/invitations.sql

-- Invitations: the inviter hands on a secret, and the person with the invited address accepts it when signed in. Signing up alone
-- joins nobody to another organisation. Only the hash of the secret is stored. An invitation that was accepted or withdrawn or
-- has expired is deleted; audit events keep a record of it.

create function private.invite_person(p_email text, p_role public.user_role, p_now timestamptz default now())
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.lock_own_org('admin');
  v_email text := lower(trim(p_email));
  -- Two random uuids: 244 bits.
  v_secret bytea := uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid());
  v_invitation public.invitations;
begin
  if v_email is null or length(v_email) > 254 or v_email !~ '^[^@[:space:][:cntrl:]]{1,64}@[^@[:space:][:cntrl:]]{1,189}$' then
    perform private.refuse_field('email', 'email must be an e-mail address such as ana@example.com, of at most 254 characters.');
  elsif p_role is null or not private.has_role(p_role) then
    perform private.refuse_field('role', 'role must be viewer, operator, campaign_manager or admin, and not above your own.');
  elsif exists (select from public.users u where u.org_id = v_org_id and lower(u.email) = v_email) then
    perform private.raise_error('PT409', 'duplicate', 'Somebody with this e-mail address is in your organisation already.');
  end if;
  delete from public.invitations i where i.org_id = v_org_id and i.expires_at <= p_now;
  select * into v_invitation from public.invitations i where i.org_id = v_org_id and i.email = v_email;
  if v_invitation.id is not null then
    perform private.raise_error('PT409', 'duplicate',
      'This address is invited already. For a new token, withdraw that invitation first.',
      jsonb_build_object('invitation_id', v_invitation.id, 'expires_at', v_invitation.expires_at));
  elsif (select count(*) from public.invitations i where i.org_id = v_org_id) >= 50 then
    perform private.raise_error('PT409', 'invalid_state',
      'Your organisation has 50 open invitations, the most there may be: withdraw some of them.');
  end if;
  insert into public.invitations (org_id, email, role, invited_by, created_at, expires_at, token_hash)
  values (v_org_id, v_email, p_role, auth.uid(), p_now, p_now + interval '7 days', sha256(v_secret))
  returning * into v_invitation;
  perform private.record_audit_event(v_org_id, 'person_invited', null, null, null,
    jsonb_build_object('invitation_id', v_invitation.id, 'email', v_email, 'role', p_role));
  return to_jsonb(v_invitation) - 'token_hash' || jsonb_build_object('token', encode(v_secret, 'hex'));
end;
$$;
comment on function private.invite_person(text, public.user_role, timestamptz) is
  'Admins: invites an e-mail address for 7 days. Returns the invitation with token, its secret (64 hex digits), which is '
  'returned only this once. No mail is sent. Raises PT403; PT409 duplicate if the person is in the organisation or the address '
  'is already invited; PT409 invalid_state if 50 invitations are open; PT422. Security definer: users may not write invitations.';
grant execute on function private.invite_person(text, public.user_role, timestamptz) to authenticated;

create function public.invite_person(p_email text, p_role public.user_role) returns jsonb
  language sql set search_path = '' as $$ select private.invite_person(p_email, p_role); $$;
comment on function public.invite_person(text, public.user_role) is 'See private.invite_person.';
grant execute on function public.invite_person(text, public.user_role) to authenticated;

create function private.withdraw_invitation(p_invitation_id uuid)
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.lock_own_org('admin');
  v_invitation public.invitations;
begin
  delete from public.invitations i where i.org_id = v_org_id and i.id = p_invitation_id returning * into v_invitation;
  if v_invitation.id is null then
    perform private.raise_error('PT404', 'not_found', 'There is no open invitation with this id.');
  end if;
  perform private.record_audit_event(v_org_id, 'invitation_withdrawn', null, null, null,
    jsonb_build_object('invitation_id', v_invitation.id, 'email', v_invitation.email, 'role', v_invitation.role));
end;
$$;
comment on function private.withdraw_invitation(uuid) is
  'Admins: withdraws an open invitation of their organisation; its token is void at once. Raises PT403, PT404. Security definer: '
  'users may not write invitations.';
grant execute on function private.withdraw_invitation(uuid) to authenticated;

create function public.withdraw_invitation(p_invitation_id uuid) returns void
  language sql set search_path = '' as $$ select private.withdraw_invitation(p_invitation_id); $$;
comment on function public.withdraw_invitation(uuid) is 'See private.withdraw_invitation.';
grant execute on function public.withdraw_invitation(uuid) to authenticated;

create function private.org_is_unused(p_org_id uuid)
returns boolean
language plpgsql
stable
set search_path = ''
as $$
declare
  v_table regclass;
  v_found boolean;
begin
  -- Every table that refers to organisations counts, tables added later too. The exceptions are tables with rows that each
  -- organisation has from the beginning.
  for v_table in
    select c.conrelid::regclass
    from pg_catalog.pg_constraint c join pg_catalog.pg_class t on t.oid = c.conrelid
    where c.contype = 'f' and c.confrelid = 'public.orgs'::regclass and t.relnamespace = 'public'::regnamespace
      and t.relname not in ('users', 'templates', 'template_versions', 'sending_limits', 'audit_events', 'invitations')
  loop
    execute format('select exists (select from %s x where x.org_id = $1)', v_table) into v_found using p_org_id;
    if v_found then
      return false;
    end if;
  end loop;
  return not exists (
    select from public.templates t join public.orgs o on o.id = t.org_id
    where t.org_id = p_org_id and (t.created_at <> o.created_at or t.updated_at <> o.created_at));
end;
$$;
comment on function private.org_is_unused(uuid) is
  'Whether an organisation contains only what it was created with: no lead, campaign, number, import, or text of its own.';

create function private.refuse_used_org(p_user public.users)
returns void
language plpgsql
set search_path = ''
as $$
begin
  if exists (select from public.users u where u.org_id = p_user.org_id and u.id <> p_user.id) then
    perform private.raise_error('PT409', 'invalid_state',
      'You belong to an organisation with other people. Ask an admin of it to remove you, or sign up with another e-mail '
      'address and ask for an invitation to that address.');
  elsif not private.org_is_unused(p_user.org_id) then
    perform private.raise_error('PT409', 'invalid_state',
      'Your own organisation is in use, and a person belongs to one only. Sign up with another e-mail address and ask for an '
      'invitation to that address.');
  end if;
end;
$$;
comment on function private.refuse_used_org(public.users) is
  'Raises PT409 invalid_state unless the person is alone in their organisation and it is empty, because joining another '
  'organisation deletes it.';

-- schemas/identity/functions/membership.sql

-- Identity: organisations, the people in them, invitations, and the two membership functions that every policy uses. A person
-- belongs to one organisation. A sign-up creates a new one; who accepts an invitation moves to the one that invited them.

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
  select u.org_id, u.role into v_org_id, v_role from private.signed_in s join public.users u on u.id = s.id;
  if v_org_id is null then
    perform private.raise_error('PT403', 'no_organization',
      'You belong to no organisation, or your session has ended. Sign in again; if that does not help, ask the people who run '
      'this platform.');
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
  'Returns the organisation of the signed-in person. Raises PT403 if there is none (also if the account is banned or its session '
  'has ended) or if the person''s role is too low. It is the first line of every security definer function that users can call.';

-- schemas/identity/functions/organisation_settings.sql

-- An organisation's settings are stored in two tables, but people change them as one: both tables change, or neither does.

create function private.update_organisation(p_changes jsonb)
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('admin');
  v_org public.orgs;
  v_fault text[];
  v_table record;
begin
  perform private.check_shape(p_changes, private.organisation_shape());
  if p_changes = '{}' then
    perform private.refuse_field('input', 'Give at least one setting to change.');
  end if;
  v_fault := private.reply_hours_fault(p_changes -> 'reply_hours');
  if v_fault is not null then
    perform private.refuse_field(v_fault[1], v_fault[2]);
  end if;
  select * into v_org from public.orgs o where o.id = v_org_id for no key update;
  if coalesce((p_changes ->> 'quiet_starts')::time, v_org.quiet_starts) = coalesce((p_changes ->> 'quiet_ends')::time,
    v_org.quiet_ends) then
    perform private.refuse_field('quiet_ends', 'quiet_ends must differ from quiet_starts: the day would have no hours.');
  end if;
  for v_table in
    select x.name, x.key, string_agg(format('%1$I = x.%1$I', a.attname), ', ') as assignments
    from (values ('orgs', 'id', 'public.orgs'::regclass),
      ('sending_limits', 'org_id', 'public.sending_limits'::regclass)) as x(name, key, id)
    join pg_catalog.pg_attribute a on a.attrelid = x.id and a.attnum > 0 and p_changes ? a.attname::text
    group by x.name, x.key order by x.name
  loop
    execute format('update public.%1$I t set %2$s from jsonb_populate_record(null::public.%1$I, $1) x where t.%3$I = $2',
      v_table.name, v_table.assignments, v_table.key) using p_changes, v_org_id;
  end loop;
end;
$$;
comment on function private.update_organisation(jsonb) is
  'Changes the given settings (private.organisation_shape) of the signed-in user''s organisation: columns of orgs and '
  'sending_limits. Needs admin. Raises PT403, PT422 naming the field. Security definer: users may not write every column of both '
  'tables.';
grant execute on function private.update_organisation(jsonb) to authenticated;

create function public.update_organisation(p_changes jsonb) returns void
  language sql set search_path = '' as $$ select private.update_organisation(p_changes); $$;
comment on function public.update_organisation(jsonb) is
  'Calls the private function of the same name, which checks role and organisation.';
grant execute on function public.update_organisation(jsonb) to authenticated;

create function private.org_day(p_org_id uuid, p_now timestamptz)
returns date
language sql
stable
set search_path = ''
as $$
  select (p_now at time zone o.time_zone)::date from public.orgs o where o.id = p_org_id;
$$;
comment on function private.org_day(uuid, timestamptz) is 'The date at p_now in the organisation''s time zone.';

create function private.organisation_shape()
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select jsonb_build_object('type', 'object', 'properties', jsonb_build_object(
      'name', private.line_shape(200), 'brand', private.line_shape(25)) || '{
    "support_contact": {"type": ["string", "null"], "maxLength": 100, "format": "line"},
    "language": {"type": "string", "enum": ["es", "en"]},
    "time_zone": {"type": "string", "format": "time-zone"},
    "quiet_starts": {"type": "string", "format": "time"},
    "quiet_ends": {"type": "string", "format": "time"},
    "cooldown_days": {"type": "integer", "minimum": 0, "maximum": 3650},
    "consent_policy": {"type": "string", "enum": ["not_required", "required"]},
    "mps": {"type": ["number", "null"], "minimum": 0.001, "maximum": 10000},
    "daily_cap": {"type": ["integer", "null"], "minimum": 0, "maximum": 100000000},
    "warmup_caps": {"type": "array", "minItems": 1, "maxItems": 60, "items": {"type": "integer", "minimum": 1,
      "maximum": 1000000}},
    "health_quarantine_below": {"type": "integer", "minimum": 0, "maximum": 100},
    "health_min_messages": {"type": "integer", "minimum": 10, "maximum": 100000},
    "lookup_enabled": {"type": "boolean"},
    "lookup_daily_budget": {"type": "integer", "minimum": 0, "maximum": 1000000},
    "lookup_price": {"type": "number", "minimum": 0, "maximum": 99},
    "reply_hours": {"type": ["object", "null"], "maxProperties": 8, "propertyNames": {"type": "string", "maxLength": 40},
      "additionalProperties": {"type": "array", "maxItems": 100, "items": {"type": ["object", "string"], "maxProperties": 3,
        "propertyNames": {"type": "string", "maxLength": 40}, "additionalProperties": {"type": "string", "maxLength": 20},
        "maxLength": 20}}},
    "hot_minutes": {"type": "integer", "minimum": 1, "maximum": 1440},
    "assignment": {"type": "string", "enum": ["off", "round_robin", "least_open"]},
    "max_open": {"type": "integer", "minimum": 1, "maximum": 1000},
    "return_minutes": {"type": "integer", "minimum": 0, "maximum": 1440},
    "opt_out_rate": {"type": "number", "minimum": 0, "maximum": 1},
    "opt_out_volume": {"type": "integer", "minimum": 1, "maximum": 1000000},
    "filtered_rate": {"type": "number", "minimum": 0, "maximum": 1},
    "filtered_volume": {"type": "integer", "minimum": 1, "maximum": 1000000},
    "unknown_rate": {"type": "number", "minimum": 0, "maximum": 1},
    "unknown_volume": {"type": "integer", "minimum": 1, "maximum": 1000000},
    "failed_rate": {"type": "number", "minimum": 0, "maximum": 1},
    "failed_volume": {"type": "integer", "minimum": 1, "maximum": 1000000},
    "segment_price": {"type": "number", "minimum": 0, "maximum": 99},
    "carrier_fee": {"type": "number", "minimum": 0, "maximum": 99},
    "mms_price": {"type": "number", "minimum": 0, "maximum": 99},
    "daily_spending_limit": {"type": ["number", "null"], "minimum": 0, "maximum": 9999999},
    "min_balance": {"type": ["number", "null"], "minimum": 0, "maximum": 9999999},
    "a2p_required": {"type": "boolean"}}'::jsonb);
$$;
comment on function private.organisation_shape() is
  'The shape of a change to an organisation''s settings: the columns of orgs and sending_limits that admins may write.';

-- schemas/identity/functions/people.sql

-- People of an organisation: changing roles and removing people, so that at least one admin is always left. Roles change only
-- through these functions.

create function private.lock_own_org(p_role public.user_role)
returns uuid
language plpgsql
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role(p_role);
begin
  perform from public.orgs o where o.id = v_org_id for no key update;
  -- Checked again: while this waited for the lock, the caller may have lost the role or left.
  if private.require_role(p_role) <> v_org_id then
    perform private.raise_error('PT409', 'invalid_state', 'You have just moved to another organisation: load it and try again.');
  end if;
  return v_org_id;
end;
$$;
comment on function private.lock_own_org(public.user_role) is
  'Locks the caller''s organisation and returns its id. Its people and their roles stay as they are until commit. Raises PT403 '
  'like require_role.';

create function private.lock_person(p_org_id uuid, p_user_id uuid)
returns public.users
language plpgsql
set search_path = ''
as $$
declare
  v_user public.users;
begin
  select * into v_user from public.users u where u.id = p_user_id and u.org_id = p_org_id for update;
  if v_user.id is null then
    perform private.raise_error('PT404', 'not_found', 'There is no person with this id in your organisation.');
  end if;
  return v_user;
end;
$$;
comment on function private.lock_person(uuid, uuid) is 'Locks a person of an organisation and returns their row. Raises PT404.';

create function private.change_role(p_user_id uuid, p_role public.user_role)
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_user public.users := private.lock_person(private.lock_own_org('admin'), p_user_id);
begin
  if p_role is null then
    perform private.refuse_field('role', 'role must be viewer, operator, campaign_manager or admin.');
  elsif v_user.id = auth.uid() then
    perform private.raise_error('PT409', 'invalid_state', 'You can''t change your own role: ask another admin.');
  end if;
  update public.users u set role = p_role where u.id = v_user.id and u.role <> p_role;
end;
$$;
comment on function private.change_role(uuid, public.user_role) is
  'Admins: gives another person of their organisation this role, from that person''s next request on. Raises PT403, PT404, PT409 '
  'invalid_state for one''s own role, PT422. Security definer: users may not write the table users.';
grant execute on function private.change_role(uuid, public.user_role) to authenticated;

create function public.change_role(p_user_id uuid, p_role public.user_role) returns void
  language sql set search_path = '' as $$ select private.change_role(p_user_id, p_role); $$;
comment on function public.change_role(uuid, public.user_role) is 'See private.change_role.';
grant execute on function public.change_role(uuid, public.user_role) to authenticated;

create function private.set_availability(p_user_id uuid, p_is_available boolean)
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('operator');
begin
  if not exists (select from public.users u where u.id = p_user_id and u.org_id = v_org_id) then
    perform private.raise_error('PT404', 'not_found', 'There is no person with this id in your organisation.');
  elsif p_user_id <> auth.uid() then
    perform private.require_role('admin');
  end if;
  if p_is_available is null then
    perform private.refuse_field('is_available', 'is_available must be true or false.');
  end if;
  update public.users u set is_available = p_is_available where u.id = p_user_id and u.org_id = v_org_id;
end;
$$;
comment on function private.set_availability(uuid, boolean) is
  'Says whether conversations are given to a person by themselves: operators for themselves, admins for anybody. Raises PT403, '
  'PT404, PT422. Security definer: users may not write the table users.';
grant execute on function private.set_availability(uuid, boolean) to authenticated;

create function public.set_availability(p_user_id uuid, p_is_available boolean) returns void
  language sql set search_path = '' as $$ select private.set_availability(p_user_id, p_is_available); $$;
comment on function public.set_availability(uuid, boolean) is 'See private.set_availability.';
grant execute on function public.set_availability(uuid, boolean) to authenticated;

create function private.remove_person(p_user_id uuid)
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_user public.users := private.lock_person(private.lock_own_org('admin'), p_user_id);
begin
  if v_user.id = auth.uid() then
    perform private.raise_error('PT409', 'invalid_state', 'You can''t remove yourself: ask another admin.');
  end if;
  -- The person is not deleted, so that what they did keeps their name. They get an organisation of their own, as after a sign-up.
  update public.users u
  set org_id = private.create_org(left(split_part(v_user.email, '@', 1), 200)), role = 'admin', is_available = true
  where u.id = v_user.id;
  -- Ends their sessions: their tokens are no longer valid and can't be refreshed.
  delete from auth.sessions s where s.user_id = v_user.id;
end;
$$;
comment on function private.remove_person(uuid) is
  'Admins: removes another person from their organisation, at once. The person keeps their account, gets an empty organisation '
  'of their own, and must sign in again. Work that they started continues. Raises PT403, PT404, PT409 invalid_state for oneself. '
  'Security definer: users may write neither users nor sessions.';
grant execute on function private.remove_person(uuid) to authenticated;

create function public.remove_person(p_user_id uuid) returns void
  language sql set search_path = '' as $$ select private.remove_person(p_user_id); $$;
comment on function public.remove_person(uuid) is 'See private.remove_person.';
grant execute on function public.remove_person(uuid) to authenticated;

-- schemas/identity/functions/sign_up.sql

-- Sign-up: a person who signs up gets a new organisation with default settings and templates.

-- The name comes from a form or an e-mail address. It may contain anything, and must not make the sign-up fail.
create function private.create_org(p_name text)
returns uuid
language plpgsql
set search_path = ''
as $$
declare
  v_org_id uuid;
  v_name text := trim(regexp_replace(p_name,
    '[\u0001-\u0020\u007f-\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff]+', ' ', 'g'));
  v_brand text;
begin
  v_name := coalesce(nullif(left(v_name, 200), ''), 'Organisation');
  v_brand := trim(left(v_name, 25));
  if private.find_link(v_brand) is not null then
    v_brand := coalesce(nullif(trim(translate(v_brand, U&'./:\3002\FF0E\FF61', '      ')), ''), 'Organisation');
  end if;
  insert into public.orgs (name, brand)
  values (v_name, v_brand)
  returning id into v_org_id;
  insert into public.templates (org_id, category, language, name, content, variables, required_variables, encoding,
    worst_segments)
  select v_org_id, d.category, d.language, d.name, d.content, d.variables, d.required_variables, d.encoding, d.worst_segments
  from private.default_templates d
  order by d.key;
  return v_org_id;
end;
$$;
comment on function private.create_org(text) is
  'Creates an organisation with default settings and templates; returns its id. Its name is p_name as one line, cut to 200 '
  'characters. The brand starts as the name, with spaces for dots if it is a link, and should be set before the first '
  'campaign.';
grant execute on function private.create_org(text) to service_role;

-- schemas/identity/functions/storage_quota.sql

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

-- schemas/identity/views/signed_in.sql

create view private.signed_in as
select a.id, a.email::text as email, a.email_confirmed_at
from auth.users a
where a.id = (select auth.uid())
  and a.deleted_at is null
  and (a.banned_until is null or a.banned_until <= now())
  -- A token of a person names its session, which is deleted at sign-out. Other tokens, such as those of tests, name no session.
  and ((select auth.jwt() ->> 'session_id') is null or exists (
    select from auth.sessions s
    where s.id = (select auth.jwt() ->> 'session_id')::uuid and s.user_id = a.id
      and (s.not_after is null or s.not_after > now())));
comment on view private.signed_in is
  'The account whose token the request carries. No row if the account is banned or deleted or its session has ended, even if the '
  'token is still valid.';
