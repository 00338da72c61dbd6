create table public.labels (
  id uuid primary key default gen_random_uuid(),
  org_id uuid not null references public.orgs (id) on delete cascade,
  name text not null check (length(name) between 1 and 50 and name !~ '[\u0001-\u001f\u007f-\u009f\u2028\u2029]'),
  color text check (color ~ '^#[0-9a-f]{6}$'),
  lead_tag text check (lead_tag ~ '^[A-Z0-9+-]{1,40}$' and lead_tag <> 'UNTAGGED'),
  created_at timestamptz not null,
  updated_at timestamptz not null,
  unique (org_id, id)
);
comment on table public.labels is 'Labels of conversations: at most 100 in an organisation, each name once whatever its case.';
comment on column public.labels.lead_tag is
  'A tag that the lead gets with the label, so that campaigns can use it. Taking the label away leaves the tag.';
create unique index labels_name_key on public.labels (org_id, lower(name));

alter table public.labels enable row level security;
create policy "people read labels of their organisation" on public.labels
  for select to authenticated using (org_id = (select private.org_id()));
grant select on public.labels to authenticated;
grant delete, insert, select, update on public.labels to service_role;
