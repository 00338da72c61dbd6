create table public.test_phones (
  id uuid primary key default gen_random_uuid(),
  org_id uuid not null references public.orgs (id) on delete cascade,
  e164 text collate "C" not null check (e164 ~ '^\+1[2-9][0-9]{9}$'),
  label text check (length(label) <= 100 and label !~ '[\u0001-\u001f\u007f-\u009f\u2028\u2029]'),
  confirmed_at timestamptz,
  created_by uuid references public.users (id) on delete set null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (org_id, e164)
);
comment on table public.test_phones is
  'Phones of an organisation''s own people, to which templates can be sent as a test once a code proved that they have '
  'the phone.';
create index test_phones_created_by_idx on public.test_phones (created_by) where created_by is not null;

alter table public.test_phones enable row level security;
create policy "people read test phones of their organisation" on public.test_phones
  for select to authenticated using (org_id = (select private.org_id()));
grant select on public.test_phones to authenticated, service_role;

create trigger test_phones_updated_at before update on public.test_phones
  for each row execute function private.set_updated_at();
create trigger test_phones_limit before insert on public.test_phones
  for each row execute function private.limit_rows('20');
