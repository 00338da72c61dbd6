create table public.quick_responses (
  id uuid primary key default gen_random_uuid(),
  number bigint generated always as identity unique,
  org_id uuid not null references public.orgs (id) on delete cascade,
  owner_id uuid,
  category text not null default 'general' check (length(category) between 1 and 50
    and category !~ '[\u0001-\u001f\u007f-\u009f\u2028\u2029]'),
  title text not null check (length(title) between 1 and 100 and title !~ '[\u0001-\u001f\u007f-\u009f\u2028\u2029]'),
  shortcut text check (shortcut ~ '^[a-z0-9][a-z0-9_-]{0,29}$'),
  language text check (language in ('es', 'en')),
  content text not null check (length(content) between 1 and 1600),
  label_ids uuid[] not null default '{}' check (cardinality(label_ids) <= 10 and array_position(label_ids, null) is null),
  set_status text check (length(set_status) <= 40),
  media_id uuid,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  unique (org_id, id),
  foreign key (org_id, owner_id) references public.users (org_id, id) on delete cascade
);
comment on table public.quick_responses is
  'Answers that are written once and used often: at most 500 in an organisation. They may have variables, as templates do. '
  'label_ids and set_status are done together with the answer, and its picture goes with it.';
comment on column public.quick_responses.owner_id is 'Whose own it is; null: shared by everybody.';
comment on column public.quick_responses.shortcut is 'What people type to find it.';
comment on column public.quick_responses.media_id is 'A row of public.message_media that belongs to it alone.';
create unique index quick_responses_media_key on public.quick_responses (media_id) where media_id is not null;
create unique index quick_responses_shortcut_key on public.quick_responses
  (org_id, coalesce(owner_id, '00000000-0000-0000-0000-000000000000'), shortcut) where shortcut is not null;
create index quick_responses_list_idx on public.quick_responses (org_id, category, title, id);
create index quick_responses_owner_idx on public.quick_responses (org_id, owner_id) where owner_id is not null;

alter table public.quick_responses enable row level security;
create policy "people read shared quick responses and their own" on public.quick_responses
  for select to authenticated
  using (org_id = (select private.org_id()) and (owner_id is null or owner_id = (select auth.uid())));
grant select on public.quick_responses to authenticated;
grant delete, insert, select, update on public.quick_responses to service_role;
