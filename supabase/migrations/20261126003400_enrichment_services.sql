-- Services of an organisation's own that are asked about its leads: of parcels (acreage, value) or of phones (on a do-not-call or
-- litigators' list). Off until an admin has set one up and turned it on. Its secret is in Vault and never returned.

create table public.enrichment_services (
  id uuid primary key default gen_random_uuid(),
  org_id uuid not null references public.orgs (id) on delete cascade,
  kind text not null check (kind in ('property', 'scrub')),
  name text not null check (length(trim(name)) between 1 and 100),
  -- Where it leads is looked at when it is saved and again at each call; this keeps out what can't be right.
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
  'A service that an organisation has asked about its parcels (property) or its phones (scrub): where it is, what it is sent, what of its answer is what.';
comment on column public.enrichment_services.request is 'What it is sent: a JSON object (POST) or a query (GET), with {apn} and the like where something of the parcel goes, {phones} where phones go.';
comment on column public.enrichment_services.field_map is 'Where in its answer things are: field to path, such as {"acreage": "parcel.acres"}.';
comment on column public.enrichment_services.secret_id is 'Its secret, in Vault. Nobody may read this column.';
comment on column public.enrichment_services.daily_budget is 'Parcels or phones a day at most, in the organisation''s time zone.';
comment on column public.enrichment_services.is_automatic is 'Whether new parcels without acreage or value, and new phones, are asked about by themselves.';
create trigger enrichment_services_updated_at before update on public.enrichment_services
  for each row execute function private.set_updated_at();

alter table private.call_lanes
  add foreign key (org_id, service_id) references public.enrichment_services (org_id, id) on delete cascade;
create index call_lanes_service_idx on private.call_lanes (org_id, service_id);

create or replace function private.lane_budget(p_lane private.call_lanes)
returns integer
language sql
stable
set search_path = ''
as $$
  select coalesce(case
    when p_lane.service_id is null then (
      select case when o.lookup_enabled then o.lookup_daily_budget end from public.orgs o where o.id = p_lane.org_id)
    else (select case when s.is_enabled then s.daily_budget end from public.enrichment_services s where s.id = p_lane.service_id)
  end, 0);
$$;
create or replace function private.lane_name(p_lane private.call_lanes)
returns text
language sql
stable
set search_path = ''
as $$
  select coalesce((select format('The service "%s"', s.name) from public.enrichment_services s where s.id = p_lane.service_id), 'Twilio Lookup');
$$;

create function private.save_enrichment_service(p_service_id uuid, p_input jsonb, p_now timestamptz default now())
returns uuid
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('admin');
  v_service public.enrichment_services;
  v_secret text := nullif(p_input ->> 'secret', '');
  v_unknown text;
begin
  select k into v_unknown from jsonb_object_keys(p_input) k
  where k not in ('kind', 'name', 'url', 'method', 'request', 'field_map', 'secret_header', 'secret', 'batch_size', 'daily_budget',
    'timeout_ms', 'is_enabled', 'is_automatic') limit 1;
  if found then
    perform private.refuse_field(v_unknown, 'There is no such field.');
  end if;
  if p_service_id is null then
    insert into public.enrichment_services (org_id, kind, name, url, request, field_map)
    values (v_org_id, p_input ->> 'kind', p_input ->> 'name', p_input ->> 'url', p_input -> 'request', p_input -> 'field_map')
    returning * into v_service;
    insert into private.call_lanes (org_id, queue, service_id) values (v_org_id, 'enrichments', v_service.id);
  else
    select * into v_service from public.enrichment_services s where s.org_id = v_org_id and s.id = p_service_id for no key update;
    if v_service.id is null then
      perform private.raise_error('PT404', 'not_found', 'There is no service with this id.', jsonb_build_object('service_id', p_service_id));
    end if;
    if p_input ? 'kind' and p_input ->> 'kind' <> v_service.kind then
      perform private.refuse_field('kind', 'What a service is for can''t be changed: add another one.');
    end if;
  end if;
  if v_secret is not null and v_service.secret_id is null then
    v_service.secret_id := vault.create_secret(v_secret, 'enrichment_service:' || v_service.id, 'Secret of an enrichment service');
  elsif v_secret is not null then
    perform vault.update_secret(v_service.secret_id, v_secret);
  elsif p_input ? 'secret' and v_service.secret_id is not null then
    delete from vault.secrets s where s.id = v_service.secret_id;
    v_service.secret_id := null;
  end if;
  v_service := jsonb_populate_record(v_service, p_input - array['id', 'org_id', 'secret_id', 'has_secret']);
  update public.enrichment_services s
  set name = trim(v_service.name), url = v_service.url, method = v_service.method, request = v_service.request,
      field_map = v_service.field_map, secret_header = v_service.secret_header, secret_id = v_service.secret_id,
      batch_size = v_service.batch_size, daily_budget = v_service.daily_budget, timeout_ms = v_service.timeout_ms,
      is_enabled = v_service.is_enabled, is_automatic = v_service.is_automatic
  where s.id = v_service.id;
  -- Whoever mends a service wants to see at once whether it works.
  update private.call_lanes l set failures = 0, failing_since = null, rests_until = null where l.service_id = v_service.id;
  perform private.tell_lane(l, p_now) from private.call_lanes l where l.service_id = v_service.id;
  perform private.record_audit_event(v_org_id, case when p_service_id is null then 'enrichment_service_added' else 'enrichment_service_changed' end,
    null, null, null, jsonb_build_object('service_id', v_service.id, 'changes', p_input - 'secret', 'secret_changed', p_input ? 'secret'));
  return v_service.id;
end;
$$;
comment on function private.save_enrichment_service(uuid, jsonb, timestamptz) is
  'Admins: adds a service (no id) or changes the fields given, and returns its id. The secret goes to Vault (null removes it) and is never told. A service that was failing is tried again at once. Raises PT403, PT404, PT422. Definer: users may not write services, lanes and Vault.';

create function private.remove_enrichment_service(p_service_id uuid)
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('admin');
  v_service public.enrichment_services;
begin
  select * into v_service from public.enrichment_services s where s.org_id = v_org_id and s.id = p_service_id for update;
  if v_service.id is null then
    perform private.raise_error('PT404', 'not_found', 'There is no service with this id.', jsonb_build_object('service_id', p_service_id));
  end if;
  -- A phone it found on a list stays suppressed for that reason.
  update public.opt_outs o set source = x.hit
  from public.phone_scrubs x
  where x.service_id = p_service_id and x.hit is not null and o.org_id = v_org_id and o.e164 = x.e164 and o.is_active;
  delete from public.enrichment_services s where s.id = p_service_id;
  delete from vault.secrets s where s.id = v_service.secret_id;
  perform private.record_audit_event(v_org_id, 'enrichment_service_removed', null, null, null,
    jsonb_build_object('service_id', p_service_id, 'name', v_service.name, 'kind', v_service.kind));
end;
$$;
comment on function private.remove_enrichment_service(uuid) is
  'Admins: removes a service with its secret and what it was still to be asked. What it told of phones stays where it suppressed them. Raises PT403, PT404. Definer: users may not write services and Vault.';

create function private.list_enrichment_services(p_now timestamptz default now())
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('viewer');
  v_is_admin boolean := private.has_role('admin');
begin
  return coalesce((
    select jsonb_agg(
      to_jsonb(s) - array['org_id', 'secret_id']
        || case when v_is_admin then '{}' else '{"url": null, "request": null}'::jsonb end
        || private.lane_status(l, private.lane_budget(l), p_now)
      order by s.name)
    from public.enrichment_services s
    join private.call_lanes l on l.service_id = s.id
    where s.org_id = v_org_id), '[]');
end;
$$;
comment on function private.list_enrichment_services(timestamptz) is
  'The organisation''s services with private.lane_status of each; addresses and requests are told to admins alone. Definer: users may not read lanes. Needs viewer.';

create function public.save_enrichment_service(p_input jsonb, p_service_id uuid default null) returns uuid
  language sql set search_path = '' as $$ select private.save_enrichment_service(p_service_id, p_input); $$;
comment on function public.save_enrichment_service(jsonb, uuid) is 'Calls the private function of the same name, which checks role and organisation, at the time of the call.';
create function public.remove_enrichment_service(p_service_id uuid) returns void
  language sql set search_path = '' as $$ select private.remove_enrichment_service(p_service_id); $$;
comment on function public.remove_enrichment_service(uuid) is 'Calls the private function of the same name, which checks role and organisation.';
create function public.list_enrichment_services() returns jsonb
  language sql stable set search_path = '' as $$ select private.list_enrichment_services(); $$;
comment on function public.list_enrichment_services() is 'Calls the private function of the same name, which checks role and organisation, at the time of the call.';
grant execute on function
  private.save_enrichment_service(uuid, jsonb, timestamptz), private.remove_enrichment_service(uuid),
  private.list_enrichment_services(timestamptz),
  public.save_enrichment_service(jsonb, uuid), public.remove_enrichment_service(uuid), public.list_enrichment_services()
to authenticated;

alter table public.enrichment_services enable row level security;
create policy "admins read enrichment services of their organisation" on public.enrichment_services
  for select to authenticated using (org_id = (select private.org_id()) and (select private.has_role('admin')));
grant select (id, org_id, kind, name, url, method, request, field_map, secret_header, has_secret, batch_size, daily_budget, timeout_ms,
  is_enabled, is_automatic, created_at, updated_at) on public.enrichment_services to authenticated;
