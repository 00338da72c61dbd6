create table public.opt_outs (
  id uuid primary key default gen_random_uuid(),
  org_id uuid not null references public.orgs (id) on delete cascade,
  e164 text collate "C" not null check (e164 ~ '^\+[1-9][0-9]{6,14}$'),
  source text not null check (source in ('keyword', 'manual', 'complaint', 'carrier', 'import', 'dnc', 'litigator')),
  reason text check (length(reason) <= 1000),
  needs_review boolean not null default false,
  campaign_id uuid,
  is_active boolean not null default true,
  created_by uuid references public.users (id) on delete set null,
  created_at timestamptz not null default now(),
  removed_at timestamptz,
  unique (org_id, e164),
  check (is_active = (removed_at is null))
);
comment on table public.opt_outs is
  'Phones that an organisation may not write to. needs_review: a phrase that is not a keyword was read as a revocation, and a '
  'person should check it.';
create index opt_outs_list_idx on public.opt_outs (org_id, created_at desc);
create index opt_outs_campaign_idx on public.opt_outs (campaign_id) where campaign_id is not null;
create index opt_outs_created_by_idx on public.opt_outs (created_by) where created_by is not null;

alter table public.opt_outs enable row level security;
create policy "people read opt-outs of their organisation" on public.opt_outs
  for select to authenticated using (org_id = (select private.org_id()));
grant select on public.opt_outs to authenticated;
grant delete, insert, select, update on public.opt_outs to service_role;
