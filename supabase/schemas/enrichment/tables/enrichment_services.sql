create table public.enrichment_services (
  id uuid primary key default gen_random_uuid(),
  org_id uuid not null references public.orgs (id) on delete cascade,
  kind text not null check (kind in ('property', 'scrub')),
  name text not null check (length(trim(name)) between 1 and 100),
  -- The host is checked when the URL is saved and again at each call; this check only refuses what can't be right.
  url text not null check (length(url) <= 2000 and (
    url ~* '^https://[^[:space:]/@?#]+([/?][^[:space:]#]*)?$'
    or url ~* '^http://(localhost|127[.]0[.]0[.]1|\[::1\])(:[0-9]+)?([/?][^[:space:]#]*)?$')),
  method text not null default 'POST' check (method in ('GET', 'POST')),
  request jsonb not null check (jsonb_typeof(request) = 'object' and length(request::text) <= 10000),
  field_map jsonb not null check (jsonb_typeof(field_map) = 'object' and length(field_map::text) <= 10000),
  secret_header text not null default 'authorization' check (secret_header ~ '^[A-Za-z0-9-]{1,60}$'),
  secret_id uuid,
  has_secret boolean not null generated always as (secret_id is not null) stored,
  batch_size smallint not null default 50 check (batch_size between 1 and 50),
  daily_budget integer not null default 100 check (daily_budget between 0 and 1000000),
  timeout_ms integer not null default 10000 check (timeout_ms between 1000 and 20000),
  is_enabled boolean not null default false,
  is_automatic boolean not null default false,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (org_id, name),
  unique (org_id, id)
);
comment on table public.enrichment_services is
  'A service that an organisation asks about its parcels (property) or its phones (scrub): its URL, the request it is sent, and '
  'the meaning of its answer.';
comment on column public.enrichment_services.request is
  'The request: a JSON object (POST) or a query (GET), with placeholders such as {apn} for values of the parcel, or {phones} for '
  'phones.';
comment on column public.enrichment_services.field_map is
  'Where the values are in its answer: field to path, such as {"acreage": "parcel.acres"}.';
comment on column public.enrichment_services.secret_id is 'Its secret in Vault. No user may read this column.';
comment on column public.enrichment_services.daily_budget is
  'The most parcels or phones a day, in the organisation''s time zone.';
comment on column public.enrichment_services.is_automatic is
  'Whether the service is asked automatically about new parcels without acreage or value, and about new phones.';

alter table public.enrichment_services enable row level security;
create policy "admins read enrichment services of their organisation" on public.enrichment_services
  for select to authenticated using (org_id = (select private.org_id()) and (select private.has_role('admin')));
grant select (id, org_id, kind, name, url, method, request, field_map, secret_header, has_secret, batch_size, daily_budget,
  timeout_ms, is_enabled, is_automatic, created_at, updated_at) on public.enrichment_services to authenticated;

create trigger enrichment_services_updated_at before update on public.enrichment_services
  for each row execute function private.set_updated_at();
