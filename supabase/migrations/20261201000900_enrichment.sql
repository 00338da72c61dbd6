-- Written from supabase/schemas/enrichment by npm run generate: change it there.

-- A function may call one that comes later.
set check_function_bodies = off;

-- schemas/enrichment/triggers/enrichment_requests.sql

create function private.queue_new_subjects()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_service record;
begin
  for v_service in
    select s.id, s.org_id from public.enrichment_services s
    where s.org_id in (select c.org_id from changed c) and s.is_enabled and s.is_automatic
      and s.kind = case tg_table_name when 'lead_phones' then 'scrub' else 'property' end
    order by s.id
  loop
    if tg_table_name = 'lead_phones' then
      perform private.queue_calls(v_service.id, array(
        select distinct c.e164 from changed c
        where c.org_id = v_service.org_id and c.is_valid
          and not private.is_scrubbed(v_service.id, c.e164, now() - interval '30 days')),
        false, now());
    else
      perform private.queue_calls(v_service.id, array(
        select c.id::text from changed c
        where c.org_id = v_service.org_id and (c.acreage is null or c.estimated_value is null)), false, now());
    end if;
  end loop;
  return null;
end;
$$;
comment on function private.queue_new_subjects() is
  'Statement trigger: queues calls to automatic services about new phones, and about new parcels that lack acreage or value. '
  'Security definer: the role that adds them may not write calls.';
create trigger lead_phones_scrub_insert after insert on public.lead_phones
  referencing new table as changed for each statement execute function private.queue_new_subjects();
create trigger lead_properties_enrich_insert after insert on public.lead_properties
  referencing new table as changed for each statement execute function private.queue_new_subjects();

-- schemas/enrichment/triggers/phone_lookups.sql

create function private.name_line_type_source()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  new.line_type_source := 'import';
  return new;
end;
$$;
comment on function private.name_line_type_source() is
  'Trigger: if a new phone has a line type but no source of it, the source is import.';
create trigger lead_phones_line_type_insert before insert on public.lead_phones
  for each row when (new.line_type is not null and new.line_type_source is null) execute function private.name_line_type_source();

create function private.queue_new_phones()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_org_id uuid;
  v_lane_id uuid;
  v_e164s text[];
  v_known text[];
begin
  for v_org_id in
    select distinct c.org_id from changed c join public.orgs o on o.id = c.org_id and o.lookup_enabled
  loop
    v_e164s := array(select distinct c.e164 from changed c where c.org_id = v_org_id and c.looked_up_at is null and c.is_valid);
    v_known := private.copy_lookups(v_org_id, v_e164s, now());
    v_lane_id := private.lookup_lane(v_org_id);
    insert into private.outside_calls (lane_id, subject)
    select v_lane_id, e from unnest(v_e164s) e where e <> all (v_known) order by e
    on conflict do nothing;
  end loop;
  return null;
end;
$$;
comment on function private.queue_new_phones() is
  'Statement trigger: queues lookups of new phones if the organisation has turned lookups on. Answers that are known already are '
  'copied instead. Security definer: the role that adds phones may not write calls.';
create trigger lead_phones_lookup_insert after insert on public.lead_phones
  referencing new table as changed for each statement execute function private.queue_new_phones();

-- schemas/enrichment/tables/enrichment_services.sql

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

-- schemas/enrichment/tables/call_lanes.sql

create table private.call_lanes (
  id uuid primary key default gen_random_uuid(),
  org_id uuid not null references public.orgs (id) on delete cascade,
  queue text not null check (queue in ('lookups', 'enrichments')),
  service_id uuid unique,
  day date not null default '-infinity',
  charged integer not null default 0 check (charged >= 0),
  answered integer not null default 0 check (answered >= 0),
  failures integer not null default 0 check (failures >= 0),
  failing_since timestamptz,
  rests_until timestamptz,
  last_error text,
  last_error_at timestamptz,
  check ((queue = 'lookups') = (service_id is null)),
  foreign key (org_id, service_id) references public.enrichment_services (org_id, id) on delete cascade
) with (fillfactor = 50);
comment on table private.call_lanes is
  'An outside service that an organisation asks: Twilio Lookup (service_id null), or one of its own. charged and answered count '
  'the calls of day, in the organisation''s time zone. failures counts failures in a row; from 20 on the lane is failing, and '
  'makes one call at a time to find out whether the service works again.';
create unique index call_lanes_lookups_key on private.call_lanes (org_id) where service_id is null;
create index call_lanes_org_idx on private.call_lanes (org_id);
create index call_lanes_service_idx on private.call_lanes (org_id, service_id);

alter table private.call_lanes enable row level security;

create trigger call_lanes_drop_lookups after delete on private.call_lanes
  for each row when (old.queue = 'lookups') execute function private.drop_own_work('lookups', 'lane_id');
create trigger call_lanes_drop_enrichments after delete on private.call_lanes
  for each row when (old.queue = 'enrichments') execute function private.drop_own_work('enrichments', 'lane_id');

-- schemas/enrichment/tables/outside_calls.sql

create table private.outside_calls (
  lane_id uuid not null references private.call_lanes (id) on delete cascade,
  subject text collate "C" not null check (length(subject) between 1 and 100),
  due_at timestamptz not null default now(),
  attempts smallint not null default 0,
  overwrites boolean not null default false,
  last_error text,
  given_up_at timestamptz,
  requested_at timestamptz not null default now(),
  claims smallint not null default 0 check (claims >= 0),
  primary key (lane_id, subject)
);
comment on table private.outside_calls is
  'Calls that a service is still to get: about a phone (E.164) or a parcel (its id). Deleted when answered. If given_up_at is '
  'set, the call is not made any more; last_error says why.';
comment on column private.outside_calls.claims is
  'How many workers in a row claimed the call and recorded no result, for example because they were killed.';
create index outside_calls_due_idx on private.outside_calls (lane_id, due_at) where given_up_at is null;
create index outside_calls_given_up_idx on private.outside_calls (given_up_at) where given_up_at is not null;
create index outside_calls_claims_idx on private.outside_calls (lane_id, due_at) where claims >= 2 and given_up_at is null;

alter table private.outside_calls enable row level security;

-- schemas/enrichment/tables/phone_scrubs.sql

create table public.phone_scrubs (
  id uuid primary key default gen_random_uuid(),
  org_id uuid not null,
  service_id uuid not null,
  e164 text collate "C" not null check (e164 ~ '^\+1[2-9][0-9]{9}$'),
  result text not null check (result in ('clean', 'dnc', 'litigator')),
  scrubbed_at timestamptz not null,
  hit text check (hit in ('dnc', 'litigator')),
  hit_at timestamptz,
  unique (service_id, e164),
  foreign key (org_id, service_id) references public.enrichment_services (org_id, id) on delete cascade,
  check ((hit is null) = (hit_at is null))
);
comment on table public.phone_scrubs is
  'The last answer of each service about a phone (result, scrubbed_at), and whether and since when it ever found the phone on a '
  'list (hit, hit_at). An answer older than 31 days no longer counts.';
create index phone_scrubs_phone_idx on public.phone_scrubs (org_id, e164);
create index phone_scrubs_service_idx on public.phone_scrubs (org_id, service_id);
create index phone_scrubs_stale_idx on public.phone_scrubs (service_id, scrubbed_at) where hit is null;

alter table public.phone_scrubs enable row level security;
create policy "people read scrubs of their organisation" on public.phone_scrubs
  for select to authenticated using (org_id = (select private.org_id()));
grant select on public.phone_scrubs to authenticated, service_role;

-- schemas/enrichment/tables/enrichment_answers.sql

create table public.enrichment_answers (
  id bigint generated always as identity primary key,
  org_id uuid not null,
  service_id uuid not null,
  subjects text[] not null check (cardinality(subjects) between 1 and 100),
  http_status smallint,
  reason text check (length(reason) <= 500),
  answer text check (length(answer) <= 16000),
  received_at timestamptz not null default now(),
  foreign key (org_id, service_id) references public.enrichment_services (org_id, id) on delete cascade,
  constraint enrichment_answers_http_status_check check (http_status between 100 and 999)
);
comment on table public.enrichment_answers is
  'The answers of services, up to 16,000 characters of each, for investigation: about which parcels (ids) or phones, and the '
  'reason if an answer was not usable. Kept for 90 days.';
create index enrichment_answers_list_idx on public.enrichment_answers (org_id, service_id, id desc);
create index enrichment_answers_age_idx on public.enrichment_answers (received_at);

alter table public.enrichment_answers enable row level security;
create policy "admins read answers of services of their organisation" on public.enrichment_answers
  for select to authenticated using (org_id = (select private.org_id()) and (select private.has_role('admin')));
grant select on public.enrichment_answers to authenticated, service_role;

-- schemas/enrichment/functions/check_service_input.sql

create function private.check_service_input(p_kind text, p_input jsonb)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_row record;
  v_text text;
  v_problem text;
begin
  for v_row in select i.key, i.value, jsonb_typeof(i.value) as type from jsonb_each(p_input) i
    order by i.key <> 'kind', i.key loop
    v_text := v_row.value #>> '{}';
    case v_row.key
      when 'kind' then
        if v_row.type <> 'string' or v_text <> all ('{property,scrub}'::text[]) then
          perform private.refuse_field('kind', 'Give property or scrub.');
        end if;
      when 'name' then
        if v_row.type <> 'string' or length(v_text) > 100 or v_text !~ '\S' or v_text ~ '[[:cntrl:]]' then
          perform private.refuse_field('name', 'Give a name of 1 to 100 characters.');
        end if;
      when 'url' then
        v_problem := case when v_row.type <> 'string' then 'This is no URL.' else private.read_service_url(v_text) end;
        if v_problem is not null then
          perform private.refuse_field('url', v_problem);
        end if;
      when 'method' then
        if v_row.type <> 'string' or v_text <> all ('{GET,POST}'::text[]) then
          perform private.refuse_field('method', 'Give GET or POST.');
        end if;
      when 'request' then
        perform private.check_service_request(p_kind, v_row.value);
      when 'field_map' then
        perform private.check_service_map(p_kind, v_row.value);
      when 'secret_header' then
        if v_row.type <> 'string' or v_text !~ '^[A-Za-z0-9-]{1,60}$' then
          perform private.refuse_field('secret_header', 'Write the name of a header such as x-api-key.');
        -- These headers belong to the connection. With two of one of them, the service would read a different request than we
        -- sent.
        elsif lower(v_text) in ('accept', 'accept-encoding', 'connection', 'content-encoding', 'content-length', 'content-type',
            'cookie', 'expect', 'host', 'keep-alive', 'te', 'trailer', 'transfer-encoding', 'upgrade', 'user-agent', 'via')
          or lower(v_text) like 'proxy-%' or lower(v_text) like 'sec-%' then
          perform private.refuse_field('secret_header', 'This header is not the secret''s.');
        end if;
      when 'secret' then
        if v_row.type not in ('string', 'null') or length(v_text) > 4000 or v_text !~ '^[ -~]*$' then
          perform private.refuse_field('secret', 'A secret is made of at most 4000 printable ASCII characters.');
        end if;
      when 'batch_size' then
        perform private.check_service_number('batch_size', v_row.value, 1, 50);
      when 'daily_budget' then
        perform private.check_service_number('daily_budget', v_row.value, 0, 1000000);
      when 'timeout_ms' then
        perform private.check_service_number('timeout_ms', v_row.value, 1000, 20000);
      when 'is_enabled', 'is_automatic' then
        if v_row.type <> 'boolean' then
          perform private.refuse_field(v_row.key, 'Give true or false.');
        end if;
      else
        perform private.refuse_field(left(v_row.key, 50), 'There is no such field.');
    end case;
  end loop;
end;
$$;
comment on function private.check_service_input(text, jsonb) is
  'Checks the settings of a service of kind p_kind (property, scrub); only this function does so. Raises PT422 naming the first '
  'setting that is unknown or invalid. Does not look for missing settings.';

-- schemas/enrichment/functions/enrichment_requests.sql

-- What services are to be asked about: parcels and phones that people request, new ones if a service is automatic, and phones
-- that a service answered about 30 days ago.

create function private.queue_calls(p_service_id uuid, p_subjects text[], p_overwrites boolean, p_now timestamptz)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_count integer;
begin
  insert into private.outside_calls as c (lane_id, subject, overwrites, due_at, requested_at)
  select l.id, s, p_overwrites, p_now, p_now
  from private.call_lanes l cross join unnest(p_subjects) s
  where l.service_id = p_service_id
  order by s
  on conflict (lane_id, subject) do update
    set overwrites = c.overwrites or excluded.overwrites, due_at = excluded.due_at, requested_at = excluded.requested_at,
        attempts = 0, claims = 0, last_error = null, given_up_at = null
    -- A call that already waits stays as it is; one that was given up is made again.
    where c.given_up_at is not null or (excluded.overwrites and not c.overwrites);
  get diagnostics v_count = row_count;
  return v_count;
end;
$$;
comment on function private.queue_calls(uuid, text[], boolean, timestamptz) is
  'Queues calls to a service about these subjects, including calls that were given up. p_overwrites: answers may replace known '
  'values. Returns how many calls are new.';

create function private.is_scrubbed(p_service_id uuid, p_e164 text, p_since timestamptz)
returns boolean
language plpgsql
stable
set search_path = ''
set enable_seqscan = off
set enable_bitmapscan = off
as $$
begin
  return exists (
    select 1 from public.phone_scrubs s
    where s.service_id = p_service_id and s.e164 = p_e164 and (s.hit is not null or s.scrubbed_at > p_since));
end;
$$;
comment on function private.is_scrubbed(uuid, text, timestamptz) is
  'Whether a service need not be asked about a phone again: it answered after p_since, or once found the phone on a list. Forces '
  'the use of its index, like private.is_waiting.';

create function private.queue_stale_scrubs(p_now timestamptz default now(), p_limit integer default 5000,
  p_org_id uuid default null)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_resting uuid[] := private.resting_orgs('rescrub', p_org_id, p_now);
  v_service record;
  v_count integer := 0;
begin
  for v_service in select s.id from public.enrichment_services s
    where s.kind = 'scrub' and s.is_enabled and (p_org_id is null or s.org_id = p_org_id) and s.org_id <> all (v_resting)
    order by s.id loop
    v_count := v_count + private.queue_calls(v_service.id, array(
      select x.e164 from public.phone_scrubs x
      where x.service_id = v_service.id and x.hit is null and x.scrubbed_at <= p_now - interval '30 days'
        and not exists (
          select 1 from private.outside_calls c join private.call_lanes l on l.id = c.lane_id
          where l.service_id = v_service.id and c.subject = x.e164)
        and exists (
          select 1 from public.lead_phones p join public.leads l on l.id = p.lead_id and l.deleted_at is null
          where p.org_id = x.org_id and p.e164 = x.e164 and p.is_valid)
      order by x.scrubbed_at limit p_limit), false, p_now);
  end loop;
  return v_count;
end;
$$;
comment on function private.queue_stale_scrubs(timestamptz, integer, uuid) is
  'Queues calls about phones that scrub services answered about 30 days ago, if a lead still has them: answers older than 31 '
  'days no longer count. Returns how many. p_org_id: only this organisation; null: all except those for which this work is '
  'resting.';

-- schemas/enrichment/functions/enrichment_services.sql

-- An organisation's own services that are asked about its leads: about parcels (acreage, value) or about phones (on a do-not-call
-- or litigators' list). There are none until an admin sets one up and turns it on. The secret is stored in Vault and never
-- returned.

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
    perform private.raise_error('PT404', 'not_found', 'There is no service with this id.',
      jsonb_build_object('service_id', p_service_id));
  end if;
  -- A phone that the service found on a list stays suppressed for that reason.
  update public.opt_outs o set source = x.hit
  from public.phone_scrubs x
  where x.service_id = p_service_id and x.hit is not null and o.org_id = v_org_id and o.e164 = x.e164 and o.is_active;
  delete from public.enrichment_services s where s.id = p_service_id;
  delete from vault.secrets s where s.id = v_service.secret_id;
  perform private.record_service_event('enrichment_service_removed', v_service, '{}');
end;
$$;
comment on function private.remove_enrichment_service(uuid) is
  'Admins: deletes a service with its secret and its waiting calls. Phones that its answers suppressed stay suppressed. Raises '
  'PT403, PT404. Security definer: users may not write services and Vault.';
grant execute on function private.remove_enrichment_service(uuid) to authenticated;

create function public.remove_enrichment_service(p_service_id uuid) returns void
  language sql set search_path = '' as $$ select private.remove_enrichment_service(p_service_id); $$;
comment on function public.remove_enrichment_service(uuid) is
  'Calls the private function of the same name, which checks role and organisation.';
grant execute on function public.remove_enrichment_service(uuid) to authenticated;

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
    select to_jsonb(array_agg(
      to_jsonb(s) - array['org_id', 'secret_id']
        || case when v_is_admin then '{}' else '{"url": null, "request": null}'::jsonb end
        || private.lane_status(l, private.lane_budget(l), p_now)
      order by s.name))
    from public.enrichment_services s
    join private.call_lanes l on l.service_id = s.id
    where s.org_id = v_org_id), '[]');
end;
$$;
comment on function private.list_enrichment_services(timestamptz) is
  'The organisation''s services, with private.lane_status of each. Needs viewer; only admins see URLs and requests. Security '
  'definer: users may not read lanes.';
grant execute on function private.list_enrichment_services(timestamptz) to authenticated;

create function public.list_enrichment_services() returns jsonb
  language sql stable set search_path = '' as $$ select private.list_enrichment_services(); $$;
comment on function public.list_enrichment_services() is
  'Calls the private function of the same name, which checks role and organisation, with the current time.';
grant execute on function public.list_enrichment_services() to authenticated;

create function private.record_service_event(p_event_type text, p_service public.enrichment_services, p_changed text[])
returns void
language sql
set search_path = ''
as $$
  select private.record_audit_event((p_service).org_id, p_event_type, null, null, null, jsonb_build_object(
    'service_id', (p_service).id, 'name', (p_service).name, 'kind', (p_service).kind, 'host',
      private.service_host((p_service).url),
    'changed', to_jsonb(p_changed)));
$$;
comment on function private.record_service_event(text, public.enrichment_services, text[]) is
  'Writes an audit event about a service: its id, name, kind, host and the names of the changed settings, but not their values: '
  'viewers read audit events, and URL, request and secret may contain keys.';

-- schemas/enrichment/functions/enrichment_work.sql

-- The worker's part of enrichment: what a service is asked about, and what is stored of its answers.

create function private.service_for_worker(p_service_id uuid)
returns jsonb
language sql
stable
set search_path = ''
as $$
  select jsonb_build_object('id', s.id, 'kind', s.kind, 'url', s.url, 'method', s.method, 'request', s.request, 'field_map',
    s.field_map,
    'secret_header', s.secret_header, 'batch_size', s.batch_size, 'timeout_ms', s.timeout_ms,
    'secret', (select v.decrypted_secret from vault.decrypted_secrets v where v.id = s.secret_id))
  from public.enrichment_services s where s.id = p_service_id;
$$;
comment on function private.service_for_worker(uuid) is
  'A service with what is needed to call it, including its secret in plain text. Never for users.';

create function private.service_to_test(p_org_id uuid, p_service_id uuid)
returns jsonb
language sql
stable
security definer
set search_path = ''
as $$
  select private.service_for_worker(s.id) from public.enrichment_services s where s.org_id = p_org_id and s.id = p_service_id;
$$;
comment on function private.service_to_test(uuid, uuid) is
  'A service of an organisation with its secret, for the test call that the function leads makes for an admin. Null if there is '
  'none. Security definer: the role worker may not read services and Vault.';
grant execute on function private.service_to_test(uuid, uuid) to worker;

create function private.claim_enrichments(p_limit integer default 50, p_now timestamptz default now())
returns jsonb
language sql
security definer
set search_path = ''
as $$
  select private.claim_lane('enrichments', p_limit, p_now);
$$;
comment on function private.claim_enrichments(integer, timestamptz) is
  'Claims calls of one service, as private.claim_lane returns them, with service (its secret in plain text) and, for a property '
  'service, parcels ({id: fields}). Security definer: the worker may not read these tables and Vault.';
grant execute on function private.claim_enrichments(integer, timestamptz) to worker;

create function private.write_enrichment(p_org_id uuid, p_property_id uuid, p_fields jsonb, p_overwrites boolean)
returns text
language plpgsql
set search_path = ''
as $$
declare
  v_old public.lead_properties;
  v_new public.lead_properties;
begin
  select * into v_old from public.lead_properties p where p.org_id = p_org_id and p.id = p_property_id for no key update;
  if v_old.id is null then
    return null;
  end if;
  v_new := jsonb_populate_record(v_old, (
    select coalesce(jsonb_object_agg(f.key, f.value), '{}') from jsonb_each(p_fields) f
    where f.key in ('apn', 'county', 'state', 'situs', 'property_type', 'acreage', 'estimated_value') and f.value <> 'null'
      and (p_overwrites or coalesce(to_jsonb(v_old) -> f.key, 'null') = 'null')));
  if v_new is not distinct from v_old then
    return null;
  end if;
  begin
    update public.lead_properties p
    set apn = v_new.apn, county = v_new.county, state = v_new.state, situs = v_new.situs, property_type = v_new.property_type,
        acreage = v_new.acreage, estimated_value = v_new.estimated_value
    where p.id = p_property_id;
  exception when unique_violation then
    return 'With this answer, the parcel would be the same as another one of this lead.';
  end;
  return null;
end;
$$;
comment on function private.write_enrichment(uuid, uuid, jsonb, boolean) is
  'Writes a service''s answer about a parcel: only into empty fields, unless p_overwrites. Returns the reason if it could not be '
  'written; null if it was written or there was nothing to write.';

create function private.record_enrichments(p_batch jsonb, p_results jsonb, p_exchanges jsonb, p_now timestamptz default now())
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_max_attempts constant integer := 5;
  v_org_id uuid := (p_batch ->> 'org_id')::uuid;
  v_service public.enrichment_services;
  v_row record;
  v_problem text;
begin
  select * into v_service from public.enrichment_services s where s.id = (p_batch ->> 'service_id')::uuid for key share;
  if v_service.id is not null then
    if v_service.kind = 'property' then
      for v_row in
        select r.value ->> 'subject' as subject, r.value -> 'answer' as answer, r.ordinality,
          coalesce(c.overwrites, false) as overwrites
        from jsonb_array_elements(p_results) with ordinality r
        left join private.outside_calls c on c.lane_id = (p_batch ->> 'lane_id')::uuid and c.subject = r.value ->> 'subject'
        where r.value ? 'answer' order by r.value ->> 'subject'
      loop
        v_problem := private.write_enrichment(v_org_id, v_row.subject::uuid, v_row.answer, v_row.overwrites);
        if v_problem is not null then
          p_results := jsonb_set(p_results, array[(v_row.ordinality - 1)::text],
            p_results -> (v_row.ordinality - 1)::integer || jsonb_build_object('outcome', 'skipped', 'error', v_problem));
        end if;
      end loop;
    else
      perform private.lock_contacts(v_org_id, array(
        select r ->> 'subject' from jsonb_array_elements(p_results) r where r ->> 'answer' in ('dnc', 'litigator')));
      insert into public.phone_scrubs as s (org_id, service_id, e164, result, scrubbed_at, hit, hit_at)
      select v_org_id, v_service.id, r ->> 'subject', r ->> 'answer', p_now,
        nullif(r ->> 'answer', 'clean'), case when r ->> 'answer' <> 'clean' then p_now end
      from jsonb_array_elements(p_results) r where r ? 'answer'
      order by 3
      on conflict (service_id, e164) do update
        set result = excluded.result, scrubbed_at = excluded.scrubbed_at,
            -- A hit stays, whatever later answers say; litigator outranks dnc.
            hit = case when s.hit = 'litigator' then s.hit else coalesce(excluded.hit, s.hit) end,
            hit_at = coalesce(s.hit_at, excluded.hit_at);
      for v_row in
        select r ->> 'subject' as e164, r ->> 'answer' as hit from jsonb_array_elements(p_results) r
        where r ->> 'answer' in ('dnc', 'litigator') order by 1
      loop
        perform private.suppress_scrubbed(v_org_id, v_row.e164, v_row.hit, case v_row.hit
          when 'dnc' then format('On a do-not-call list, according to %s.', v_service.name)
          else format('On a litigators'' list, according to %s.', v_service.name) end, p_now);
      end loop;
    end if;
    insert into public.enrichment_answers (org_id, service_id, subjects, http_status, reason, answer, received_at)
    select v_org_id, v_service.id, array(select jsonb_array_elements_text(e -> 'subjects')), (e ->> 'status')::smallint,
      left(e ->> 'reason', 500), left(e ->> 'answer', 16000), p_now
    from jsonb_array_elements(p_exchanges) e;
  end if;
  perform private.settle_outside_calls(p_batch, p_results, v_max_attempts, p_now);
end;
$$;
comment on function private.record_enrichments(jsonb, jsonb, jsonb, timestamptz) is
  'Stores a service''s answers about a batch and settles the batch. p_results: as for private.settle_outside_calls; those that '
  'were answered have answer: the fields of a parcel, or clean, dnc or litigator for a phone. p_exchanges: [{subjects, status, '
  'reason, answer}], stored for investigation. A call is given up after five attempts. Security definer: the worker may not '
  'write these tables.';
grant execute on function private.record_enrichments(jsonb, jsonb, jsonb, timestamptz) to worker;

create function private.prune_enrichment(p_now timestamptz default now(), p_limit integer default 10000,
  p_org_id uuid default null)
returns void
language sql
set search_path = ''
as $$
  delete from public.enrichment_answers a where a.id in (
    select x.id from public.enrichment_answers x where x.received_at < p_now - interval '90 days'
      and (p_org_id is null or x.org_id = p_org_id)
      and x.org_id <> all ((select private.resting_orgs('prune_enrichment', p_org_id, p_now))::uuid[]) order by x.received_at
      limit p_limit);
$$;
comment on function private.prune_enrichment(timestamptz, integer, uuid) is
  'Deletes answers of services that are older than 90 days. p_org_id: only this organisation; null: all except those for which '
  'this work is resting.';

-- schemas/enrichment/functions/lanes_in_turn.sql

-- Lookups and enrichments: lanes are read in turns. A call that ends its worker each time is found and given up. A lane whose
-- calls can't be claimed holds up no other lane.

create function private.take_lane_calls(p_message pgmq.message_record, p_limit integer, p_now timestamptz)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_lease constant interval := '2 minutes';
  v_lane private.call_lanes;
  v_calls jsonb;
  v_day date;
  v_is_suspect boolean;
  v_subjects text[];
begin
  select * into v_lane from private.call_lanes l where l.id = (p_message.message ->> 'lane_id')::uuid for no key update;
  -- Two workers claimed each of these calls and recorded no result. Claimed one at a time, the call that ends its worker is
  -- found, because it does so again.
  update private.outside_calls c
  set given_up_at = p_now, last_error = 'Each of five workers that asked about this was killed by it: the answer takes too '
    'much time or memory. Fix the service, then ask again.'
  where c.lane_id = v_lane.id and c.given_up_at is null and c.due_at <= p_now and c.claims >= 2 and c.claims >= 5;
  v_is_suspect := exists (
    select from private.outside_calls c where c.lane_id = v_lane.id and c.given_up_at is null and c.due_at <= p_now
      and c.claims >= 2);
  if v_is_suspect then
    v_subjects := array(
      select c.subject from private.outside_calls c
      where c.lane_id = v_lane.id and c.given_up_at is null and c.due_at <= p_now and c.claims >= 2
      order by c.claims desc, c.due_at, c.subject limit least(1, private.lane_room(v_lane, p_now)) for no key update skip locked);
  else
    v_subjects := array(
      select c.subject from private.outside_calls c
      where c.lane_id = v_lane.id and c.given_up_at is null and c.due_at <= p_now
      order by c.due_at, c.subject limit least(p_limit, private.lane_room(v_lane, p_now)) for no key update skip locked);
  end if;
  with claimed as (
    update private.outside_calls c set due_at = p_now + v_lease, claims = c.claims + 1
    where c.lane_id = v_lane.id and c.subject = any (v_subjects)
    returning c.subject, c.attempts, c.overwrites
  )
  select coalesce(to_jsonb(array_agg(to_jsonb(x) order by x.subject)), '[]') into v_calls from claimed x;
  if v_calls = '[]' then
    perform pgmq.delete(v_lane.queue, p_message.msg_id);
  else
    v_day := private.org_day(v_lane.org_id, p_now);
    update private.call_lanes l
    set day = v_day,
        charged = case when l.day = v_day then l.charged else 0 end + jsonb_array_length(v_calls),
        answered = case when l.day = v_day then l.answered else 0 end
    where l.id = v_lane.id;
  end if;
  return jsonb_build_object('message_id', p_message.msg_id, 'lane_id', v_lane.id, 'org_id', v_lane.org_id, 'service_id',
    v_lane.service_id,
    'day', v_day, 'calls', v_calls, 'is_suspect', v_is_suspect);
end;
$$;
comment on function private.take_lane_calls(pgmq.message_record, integer, timestamptz) is
  'Claims up to p_limit due calls of the lane that a message names, as many as the lane may make now; for two minutes no other '
  'worker claims them. Calls that two workers claimed without recording a result are claimed one by one (is_suspect), and given '
  'up after the fifth claim. Returns {message_id, lane_id, org_id, service_id, day, calls, is_suspect}; if there are no calls, '
  'the message is deleted.';

create function private.lookup_batch(p_message pgmq.message_record, p_limit integer, p_now timestamptz)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_batch jsonb := private.take_lane_calls(p_message, p_limit, p_now);
  v_org_id uuid := (v_batch ->> 'org_id')::uuid;
begin
  if v_org_id is null then
    return v_batch;
  end if;
  -- No outside service is asked about leads that were deleted meanwhile.
  v_batch := private.drop_outside_calls(v_batch, array(
    select c ->> 'subject' from jsonb_array_elements(v_batch -> 'calls') c
    where not exists (
      select 1 from public.lead_phones p join public.leads l on l.id = p.lead_id and l.deleted_at is null
      where p.org_id = v_org_id and p.e164 = c ->> 'subject')));
  return v_batch || jsonb_build_object(
    'account_sid', (select a.account_sid from public.twilio_accounts a where a.org_id = v_org_id),
    'known', coalesce((
      select to_jsonb(array_agg(k.e164))
      from private.find_lookups(v_org_id, array(select c ->> 'subject' from jsonb_array_elements(v_batch -> 'calls') c),
        p_now) k), '[]'));
end;
$$;
comment on function private.lookup_batch(pgmq.message_record, integer, timestamptz) is
  'The answer of claim_lookups for the lane that a message names.';

create function private.enrichment_batch(p_message pgmq.message_record, p_limit integer, p_now timestamptz)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_batch jsonb := private.take_lane_calls(p_message, p_limit, p_now);
  v_org_id uuid := (v_batch ->> 'org_id')::uuid;
  v_service jsonb;
  v_parcels jsonb := '{}';
  v_needed text[];
begin
  if v_org_id is null then
    return v_batch;
  end if;
  v_service := private.service_for_worker((v_batch ->> 'service_id')::uuid);
  if v_service ->> 'kind' = 'property' then
    select coalesce(jsonb_object_agg(p.id, jsonb_build_object(
      'apn', p.apn, 'county', p.county, 'state', p.state, 'situs', p.situs, 'property_type', p.property_type,
      'acreage', p.acreage, 'estimated_value', p.estimated_value)), '{}') into v_parcels
    from jsonb_array_elements(v_batch -> 'calls') c
    join public.lead_properties p on p.id = (c ->> 'subject')::uuid
    join public.leads l on l.id = p.lead_id and l.deleted_at is null
    where p.org_id = v_org_id;
    v_needed := array(select jsonb_object_keys(v_parcels));
  else
    v_needed := array(
      select c ->> 'subject' from jsonb_array_elements(v_batch -> 'calls') c
      where exists (
        select 1 from public.lead_phones p join public.leads l on l.id = p.lead_id and l.deleted_at is null
        where p.org_id = v_org_id and p.e164 = c ->> 'subject'));
  end if;
  -- No outside service is asked about leads and parcels that were deleted meanwhile.
  v_batch := private.drop_outside_calls(v_batch, array(
    select c ->> 'subject' from jsonb_array_elements(v_batch -> 'calls') c where c ->> 'subject' <> all (v_needed)));
  return v_batch || jsonb_build_object('service', v_service, 'parcels', v_parcels);
end;
$$;
comment on function private.enrichment_batch(pgmq.message_record, integer, timestamptz) is
  'The answer of claim_enrichments for the lane that a message names.';

create function private.claim_lane(p_queue text, p_limit integer, p_now timestamptz)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_message pgmq.message_record := private.read_in_turn(p_queue, 120);
  v_batch jsonb;
  v_lane private.call_lanes;
  v_tries integer;
begin
  if v_message.msg_id is null then
    return null;
  end if;
  select * into v_lane from private.call_lanes l where l.id = (v_message.message ->> 'lane_id')::uuid;
  if v_lane.id is null then
    -- Its service was deleted, together with its waiting calls.
    perform pgmq.delete(p_queue, v_message.msg_id);
    return jsonb_build_object('message_id', v_message.msg_id, 'calls', '[]'::jsonb);
  end if;
  begin
    v_batch := case p_queue
      when 'lookups' then private.lookup_batch(v_message, p_limit, p_now)
      else private.enrichment_batch(v_message, p_limit, p_now) end;
    perform private.clear_failure(p_queue, v_lane.id, p_now);
    return v_batch;
  exception when query_canceled or others then
    if private.is_passing(sqlstate) then
      raise;
    end if;
    raise warning 'lane % of organisation % could not be claimed from: % (%)', v_lane.id, v_lane.org_id, sqlerrm, sqlstate;
    v_tries := private.note_failure(p_queue, v_lane.id, v_lane.org_id, format('%s (%s)', sqlerrm, sqlstate), p_now);
    perform pgmq.set_vt(p_queue, v_message.msg_id, case when v_tries >= 5 then 3600 else 120 end);
    return jsonb_build_object('message_id', v_message.msg_id, 'lane_id', v_lane.id, 'org_id', v_lane.org_id,
      'service_id', v_lane.service_id, 'calls', '[]'::jsonb);
  end;
end;
$$;
comment on function private.claim_lane(text, integer, timestamptz) is
  'Claims up to p_limit due calls of the lane whose turn it is; null if no lane has any. If claiming from a lane fails, the '
  'failure is counted and the batch has no calls; the lane is tried again after two minutes, from the fifth failure on after an '
  'hour.';

-- schemas/enrichment/functions/lookup_work.sql

-- The worker's part of lookups: claiming a batch of phones, and recording Twilio's answers. Also the status of lookups for
-- people.

create function private.claim_lookups(p_limit integer default 50, p_now timestamptz default now())
returns jsonb
language sql
security definer
set search_path = ''
as $$
  select private.claim_lane('lookups', p_limit, p_now);
$$;
comment on function private.claim_lookups(integer, timestamptz) is
  'Claims phones of one organisation that Twilio should be asked about now, as private.claim_lane returns them, with account_sid '
  'and known: phones that Twilio answered about within 90 days, which are not asked about again. Security definer: the worker '
  'may not read these tables.';
grant execute on function private.claim_lookups(integer, timestamptz) to worker;

create function private.record_lookups(p_batch jsonb, p_results jsonb, p_now timestamptz default now())
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := (p_batch ->> 'org_id')::uuid;
begin
  -- Locks contacts before phones, as everywhere, and phones before calls, in the order of transactions that add phones.
  perform private.lock_contacts(v_org_id, array(
    select r ->> 'subject' from jsonb_array_elements(p_results) r
    where not (r -> 'answer' ->> 'is_valid')::boolean or r -> 'answer' ->> 'line_type' = 'landline'));
  perform private.copy_lookups(v_org_id, array(
    select r ->> 'subject' from jsonb_array_elements(p_results) r where r ->> 'outcome' = 'done' and not r ? 'answer'), p_now);
  perform 1 from public.lead_phones p
  where p.org_id = v_org_id
    and p.e164 = any (array(select r ->> 'subject' from jsonb_array_elements(p_results) r where r ? 'answer'))
  order by p.id for no key update;
  update public.lead_phones p
  set looked_up_at = p_now,
      line_type = case when p.line_type_source = 'manual' then p.line_type else coalesce(a.line_type, p.line_type) end,
      line_type_source = case
        when p.line_type_source = 'manual' or a.line_type is null then p.line_type_source
        else 'lookup'
      end,
      carrier = coalesce(a.carrier, p.carrier),
      carrier_info = coalesce(a.carrier_info, '{}'),
      is_valid = p.is_valid and a.is_valid,
      invalid_reason = case when a.is_valid then p.invalid_reason
        else coalesce(p.invalid_reason, 'lookup_' || a.invalid_reason) end
  from jsonb_array_elements(p_results) r
  cross join lateral jsonb_to_record(r -> 'answer') as a (
    is_valid boolean, invalid_reason text, line_type text, carrier text, carrier_info jsonb)
  where r ? 'answer' and p.org_id = v_org_id and p.e164 = r ->> 'subject';
  -- The number does not exist or takes no texts: waiting messages of campaigns to it are canceled.
  update private.contacts c
  set invalid_at = p_now, invalid_reason = 'lookup_' || (r -> 'answer' ->> 'invalid_reason')
  from jsonb_array_elements(p_results) r
  where not (r -> 'answer' ->> 'is_valid')::boolean and c.org_id = v_org_id and c.e164 = r ->> 'subject' and c.invalid_at is null;
  perform private.cancel_open_targets(v_org_id, p.e164, case when p.is_valid then 'landline' else 'invalid_phone' end, p_now)
  from (
    select distinct on (x.e164) x.e164, x.is_valid
    from jsonb_array_elements(p_results) r
    join public.lead_phones x on x.org_id = v_org_id and x.e164 = r ->> 'subject' and (not x.is_valid or x.line_type = 'landline')
    where not (r -> 'answer' ->> 'is_valid')::boolean or r -> 'answer' ->> 'line_type' = 'landline'
    order by x.e164, x.id
  ) p;
  perform private.settle_outside_calls(p_batch, p_results, null, p_now);
end;
$$;
comment on function private.record_lookups(jsonb, jsonb, timestamptz) is
  'Stores Twilio''s answers about a batch''s phones, on every lead that has them, and settles the batch. p_results: as for '
  'private.settle_outside_calls; those that were answered have answer {is_valid, invalid_reason, line_type, carrier, '
  'carrier_info}; done without answer means that the phone is known already. A phone is never given up after failures. Security '
  'definer: the worker may not write these tables.';
grant execute on function private.record_lookups(jsonb, jsonb, timestamptz) to worker;

create function private.lookup_status(p_now timestamptz default now())
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('viewer');
  v_org public.orgs;
  v_lane private.call_lanes;
begin
  select * into v_org from public.orgs o where o.id = v_org_id;
  select * into v_lane from private.call_lanes l where l.org_id = v_org_id and l.service_id is null;
  return jsonb_build_object(
    'is_enabled', v_org.lookup_enabled, 'daily_budget', v_org.lookup_daily_budget, 'unit_price', v_org.lookup_price)
    || private.lane_status(v_lane, v_org.lookup_daily_budget, p_now);
end;
$$;
comment on function private.lookup_status(timestamptz) is
  'The status of an organisation''s lookups: its settings and private.lane_status. Needs viewer. Security definer: users may not '
  'read lanes.';
grant execute on function private.lookup_status(timestamptz) to authenticated;

create function public.lookup_status() returns jsonb
  language sql stable set search_path = '' as $$ select private.lookup_status(); $$;
comment on function public.lookup_status() is
  'Calls the private function of the same name, which checks role and organisation, with the current time.';
grant execute on function public.lookup_status() to authenticated;

create function private.lane_status(p_lane private.call_lanes, p_budget integer, p_now timestamptz)
returns jsonb
language sql
stable
set search_path = ''
as $$
  select jsonb_build_object(
    'queued', x.queued, 'oldest_queued_at', x.oldest, 'given_up', x.given_up,
    'done_today', case when t.is_today then p_lane.answered else 0 end,
    'charged_today', case when t.is_today then p_lane.charged else 0 end,
    'budget_left', greatest(p_budget - case when t.is_today then p_lane.charged else 0 end, 0),
    'state', case
      when p_lane.failing_since is not null then 'failing'
      when p_lane.rests_until > p_now then 'resting'
      when x.queued > 0 and p_budget <= case when t.is_today then p_lane.charged else 0 end then 'budget_spent'
      when x.queued > 0 then 'working'
      else 'idle'
    end,
    'failing_since', p_lane.failing_since, 'failures', coalesce(p_lane.failures, 0),
    'rests_until', case when p_lane.rests_until > p_now then p_lane.rests_until end,
    'last_error', p_lane.last_error, 'last_error_at', p_lane.last_error_at)
  from (select coalesce(p_lane.day = private.org_day(p_lane.org_id, p_now), false) as is_today) t
  cross join (
    select count(*) filter (where c.given_up_at is null) as queued, count(*) filter (where c.given_up_at is not null) as given_up,
      min(c.requested_at) filter (where c.given_up_at is null) as oldest
    from private.outside_calls c where c.lane_id = p_lane.id
  ) x;
$$;
comment on function private.lane_status(private.call_lanes, integer, timestamptz) is
  'The status of a lane: {queued, oldest_queued_at, given_up, done_today, charged_today, budget_left, state (idle, working, '
  'resting, budget_spent, failing), failing_since, failures, rests_until, last_error, last_error_at}.';

-- schemas/enrichment/functions/outside_calls.sql

-- Calls to outside services: Twilio Lookup is asked about phones, and an organisation's own services about parcels and phones.
-- All use the same mechanism. A lane is one service of one organisation, with its daily budget, its rests and its failures. A
-- call is one subject that the lane has still to ask about. The rows are what counts; a message in a queue only says that a lane
-- has something to do, and each lane has at most one. A batch is claimed for two minutes. If a worker dies meanwhile, its batch
-- is asked and charged again; nothing else happens.

create function private.lane_budget(p_lane private.call_lanes)
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
comment on function private.lane_budget(private.call_lanes) is
  'How many calls a day a lane may make; 0 if its service is turned off.';

create function private.lane_room(p_lane private.call_lanes, p_now timestamptz)
returns integer
language sql
stable
set search_path = ''
as $$
  select case
      when p_lane.rests_until > p_now then 0
      when p_lane.failing_since is not null then least(r.left_today, 1)
      else r.left_today
    end
  from (
    select greatest(private.lane_budget(p_lane)
      - case when p_lane.day = private.org_day(p_lane.org_id, p_now) then p_lane.charged else 0 end, 0) as left_today
  ) r;
$$;
comment on function private.lane_room(private.call_lanes, timestamptz) is
  'How many calls a lane may begin now: the rest of the day''s budget, none while it is resting, one if it is failing.';

create function private.has_due_calls(p_lane_id uuid, p_now timestamptz)
returns boolean
language sql
stable
set search_path = ''
as $$
  select exists (select 1 from private.outside_calls c where c.lane_id = p_lane_id and c.given_up_at is null
    and c.due_at <= p_now);
$$;
comment on function private.has_due_calls(uuid, timestamptz) is 'Whether a lane has a call that is due.';

create function private.is_waiting(p_lane_id uuid, p_subject text)
returns boolean
language plpgsql
stable
set search_path = ''
-- Forces the primary key, whatever the statistics say: a plan made when the table was empty read all of it for each of 200,000
-- parcels. "is true" prevents the use of the other index that begins with the lane.
set enable_seqscan = off
set enable_bitmapscan = off
as $$
begin
  return exists (select 1 from private.outside_calls c where c.lane_id = p_lane_id and c.subject = p_subject
    and (c.given_up_at is null) is true);
end;
$$;
comment on function private.is_waiting(uuid, text) is 'Whether a call of a lane about a subject is waiting.';

create function private.drop_outside_calls(p_batch jsonb, p_subjects text[])
returns jsonb
language plpgsql
set search_path = ''
as $$
begin
  if cardinality(p_subjects) = 0 then
    return p_batch;
  end if;
  delete from private.outside_calls c where c.lane_id = (p_batch ->> 'lane_id')::uuid and c.subject = any (p_subjects);
  update private.call_lanes l set charged = greatest(l.charged - cardinality(p_subjects), 0)
  where l.id = (p_batch ->> 'lane_id')::uuid and l.day = (p_batch ->> 'day')::date;
  return jsonb_set(p_batch, '{calls}', (
    select coalesce(to_jsonb(array_agg(c)), '[]') from jsonb_array_elements(p_batch -> 'calls') c
      where c ->> 'subject' <> all (p_subjects)));
end;
$$;
comment on function private.drop_outside_calls(jsonb, text[]) is
  'Removes calls that are no longer needed from a batch that was just claimed, and gives them back to the budget; returns the '
  'batch without them.';

create function private.wake_call_lanes(p_lane_id uuid default null, p_now timestamptz default now(), p_org_id uuid default null)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_resting uuid[] := private.resting_orgs('wake_lanes', p_org_id, p_now);
  v_lane private.call_lanes;
  v_count integer := 0;
  v_has_message boolean;
begin
  for v_lane in
    select l.* from private.call_lanes l
    where (p_lane_id is null or l.id = p_lane_id) and (p_org_id is null or l.org_id = p_org_id) and l.org_id <> all (v_resting)
      and private.has_due_calls(l.id, p_now) and private.lane_room(l, p_now) > 0
    order by l.id for no key update skip locked
  loop
    execute format('select exists (select 1 from pgmq.q_%s m where m.message ->> ''lane_id'' = $1)', v_lane.queue)
    into v_has_message using v_lane.id::text;
    if not v_has_message then
      perform private.send_work(v_lane.queue, v_lane.org_id, jsonb_build_object('lane_id', v_lane.id));
      v_count := v_count + 1;
    end if;
  end loop;
  if v_count > 0 then
    perform private.call_background_worker();
  end if;
  return v_count;
end;
$$;
comment on function private.wake_call_lanes(uuid, timestamptz, uuid) is
  'Queues a message for each lane (or for p_lane_id) that has a due call, may make it, and has no message yet; calls the '
  'background worker if there are any; returns how many. A lane that another transaction has locked is skipped: that transaction '
  'queues the message itself. p_org_id: only this organisation; null: all except those for which this work is resting.';

-- schemas/enrichment/functions/phone_lookups.sql

-- Looking phones up at Twilio: line type, carrier, and whether the number exists. A lookup overrides the line type of an import;
-- a person overrides both.

create function private.lookup_lane(p_org_id uuid)
returns uuid
language plpgsql
set search_path = ''
as $$
declare
  v_id uuid;
begin
  select l.id into v_id from private.call_lanes l where l.org_id = p_org_id and l.service_id is null;
  if v_id is null then
    insert into private.call_lanes (org_id, queue) values (p_org_id, 'lookups') on conflict do nothing;
    select l.id into v_id from private.call_lanes l where l.org_id = p_org_id and l.service_id is null;
  end if;
  return v_id;
end;
$$;
comment on function private.lookup_lane(uuid) is
  'The id of the lane of an organisation''s lookups; creates the lane if it is missing.';

create function private.find_lookups(p_org_id uuid, p_e164s text[], p_now timestamptz)
returns table (e164 text, looked_up_at timestamptz, line_type text, carrier text, carrier_info jsonb, invalid_reason text)
language sql
stable
set search_path = ''
as $$
  -- One index lookup for each phone, whatever the statistics say in the middle of an import.
  select x.e164, k.looked_up_at, k.line_type, k.carrier, k.carrier_info, k.invalid_reason
  from unnest(p_e164s) as x (e164)
  cross join lateral (
    select p.looked_up_at, case when p.line_type_source = 'lookup' then p.line_type end as line_type, p.carrier, p.carrier_info,
      case when p.invalid_reason like 'lookup\_%' then p.invalid_reason end as invalid_reason
    from public.lead_phones p
    where p.org_id = p_org_id and p.e164 = x.e164 and p.looked_up_at > p_now - interval '90 days'
    order by p.looked_up_at desc, (p.line_type_source = 'lookup') desc limit 1
  ) k;
$$;
comment on function private.find_lookups(uuid, text[], timestamptz) is
  'What Twilio answered about these phones within 90 days, for any lead of the organisation. Such phones are not asked about '
  'again.';

create function private.copy_lookups(p_org_id uuid, p_e164s text[], p_now timestamptz)
returns text[]
language plpgsql
set search_path = ''
as $$
declare
  v_known text[];
begin
  select coalesce(array_agg(k.e164), '{}') into v_known from private.find_lookups(p_org_id, p_e164s, p_now) k;
  if cardinality(v_known) > 0 then
    update public.lead_phones p
    set looked_up_at = k.looked_up_at,
        line_type = case when p.line_type_source = 'manual' then p.line_type else coalesce(k.line_type, p.line_type) end,
        line_type_source = case when p.line_type_source = 'manual' or k.line_type is null then p.line_type_source
          else 'lookup' end,
        carrier = coalesce(k.carrier, p.carrier),
        carrier_info = k.carrier_info,
        is_valid = p.is_valid and k.invalid_reason is null,
        invalid_reason = coalesce(p.invalid_reason, k.invalid_reason)
    from private.find_lookups(p_org_id, v_known, p_now) k
    where p.org_id = p_org_id and p.e164 = k.e164 and (p.looked_up_at is null or p.looked_up_at <= p_now - interval '90 days');
  end if;
  return v_known;
end;
$$;
comment on function private.copy_lookups(uuid, text[], timestamptz) is
  'Copies Twilio''s answers of the last 90 days about these phones to leads that have the phones but not the answer; returns the '
  'phones that are known.';

-- schemas/enrichment/functions/request_enrichment.sql

create function private.request_enrichment(
  p_service_id uuid,
  p_lead_ids uuid[] default null,
  p_overwrite boolean default false,
  p_dry_run boolean default false,
  p_now timestamptz default now()
)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_at_most constant integer := 20000;
  v_org_id uuid := private.require_role('campaign_manager');
  v_service public.enrichment_services;
  v_lane_id uuid;
  v_subjects text[];
  v_queued integer := 0;
begin
  perform private.check_ids(p_lead_ids, 'lead_ids', 10000, 1);
  p_overwrite := coalesce(p_overwrite, false);
  p_dry_run := coalesce(p_dry_run, false);
  select * into v_service from public.enrichment_services s where s.org_id = v_org_id and s.id = p_service_id;
  if v_service.id is null then
    perform private.raise_error('PT404', 'not_found', 'There is no service with this id.',
      jsonb_build_object('service_id', p_service_id));
  end if;
  if not v_service.is_enabled and not p_dry_run then
    perform private.raise_error('PT409', 'invalid_state',
      format('The service "%s" is turned off. An admin turns it on.', v_service.name),
      jsonb_build_object('service_id', p_service_id));
  end if;
  select l.id into v_lane_id from private.call_lanes l where l.service_id = p_service_id;
  -- For all leads: reads along an index, and only as many as one request may queue.
  if v_service.kind = 'property' and p_lead_ids is null then
    v_subjects := array(
      select p.id::text from public.lead_properties p
      where p.org_id = v_org_id and (p_overwrite or p.acreage is null or p.estimated_value is null)
        and not exists (select 1 from public.leads l where l.id = p.lead_id and l.deleted_at is not null)
        and not private.is_waiting(v_lane_id, p.id::text)
      order by p.lead_id limit v_at_most + 1);
  elsif v_service.kind = 'property' then
    v_subjects := array(
      select p.id::text from unnest(p_lead_ids) i (id)
      join public.leads l on l.id = i.id and l.org_id = v_org_id and l.deleted_at is null
      join public.lead_properties p on p.lead_id = l.id and (p_overwrite or p.acreage is null or p.estimated_value is null)
      limit v_at_most + 1);
  else
    v_subjects := array(
      select x.e164 from (
        select distinct p.e164 from public.lead_phones p where p.org_id = v_org_id and p.is_valid and p_lead_ids is null
        union all
        select distinct p.e164 from unnest(p_lead_ids) i (id)
        join public.leads l on l.id = i.id and l.org_id = v_org_id and l.deleted_at is null
        join public.lead_phones p on p.lead_id = l.id and p.is_valid
      ) x
      where not private.is_scrubbed(p_service_id, x.e164, case when p_overwrite then 'infinity'
        else p_now - interval '30 days' end)
        and (p_lead_ids is not null or not private.is_waiting(v_lane_id, x.e164))
      limit v_at_most + 1);
  end if;
  if not p_dry_run then
    v_queued := private.queue_calls(p_service_id, v_subjects[1 : v_at_most], p_overwrite and v_service.kind = 'property', p_now);
    perform private.wake_call_lanes(v_lane_id, p_now);
    perform private.record_audit_event(v_org_id, 'enrichment_requested', null, null, null, jsonb_build_object(
      'service_id', p_service_id, 'found', cardinality(v_subjects), 'queued', v_queued, 'leads', cardinality(p_lead_ids),
        'overwrite', p_overwrite));
  end if;
  return jsonb_build_object(
    'found', least(cardinality(v_subjects), v_at_most), 'queued', v_queued, 'has_more', cardinality(v_subjects) > v_at_most,
    'daily_budget', v_service.daily_budget,
    'days', case when v_service.daily_budget > 0
      then ceil(least(cardinality(v_subjects), v_at_most)::numeric / v_service.daily_budget) end);
end;
$$;
comment on function private.request_enrichment(uuid, uuid[], boolean, boolean, timestamptz) is
  'Queues calls to a service about the parcels of these leads (null: of all leads) that lack acreage or value, or about their '
  'phones that it did not answer about within 30 days and never found on a list; at most 20,000 at a time. p_overwrite asks '
  'about all of them, and lets answers replace known values of parcels. Returns {found, queued, has_more, daily_budget, days}. '
  'p_dry_run only counts. Needs campaign_manager. Raises PT403, PT404, PT409 if the service is off, PT422. Security definer: '
  'users may not write calls.';
grant execute on function private.request_enrichment(uuid, uuid[], boolean, boolean, timestamptz) to authenticated;

create function public.request_enrichment(p_service_id uuid, p_lead_ids uuid[] default null, p_overwrite boolean default false,
  p_dry_run boolean default false)
returns jsonb
language sql set search_path = '' as $$ select private.request_enrichment(p_service_id, p_lead_ids, p_overwrite, p_dry_run); $$;
comment on function public.request_enrichment(uuid, uuid[], boolean, boolean) is
  'Calls the private function of the same name, which checks role and organisation, with the current time.';
grant execute on function public.request_enrichment(uuid, uuid[], boolean, boolean) to authenticated;

-- schemas/enrichment/functions/request_lookups.sql

create function private.request_lookups(p_lead_ids uuid[] default null, p_dry_run boolean default false,
  p_now timestamptz default now())
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  -- Takes a second or two of the eight seconds that a person's request may take.
  v_at_most constant integer := 20000;
  v_org_id uuid := private.require_role('campaign_manager');
  v_org public.orgs;
  v_lane_id uuid;
  v_found integer;
  v_waiting integer;
  v_wanted text[];
  v_added integer := 0;
begin
  perform private.check_ids(p_lead_ids, 'lead_ids', 10000, 1);
  p_dry_run := coalesce(p_dry_run, false);
  select * into v_org from public.orgs o where o.id = v_org_id;
  if not v_org.lookup_enabled and not p_dry_run then
    perform private.raise_error('PT409', 'invalid_state',
      'Lookups are turned off, because each costs money. An admin can turn them on with the setting lookup_enabled.',
        '{"setting": "lookup_enabled"}');
  end if;
  select l.id into v_lane_id from private.call_lanes l where l.org_id = v_org_id and l.service_id is null;
  if p_lead_ids is null then
    select count(*) into v_found
    from public.lead_phones p join public.leads l on l.id = p.lead_id and l.deleted_at is null
    where p.org_id = v_org_id and p.is_valid and p.looked_up_at is null;
    select count(*) into v_waiting from private.outside_calls c where c.lane_id = v_lane_id and c.given_up_at is null;
  else
    v_wanted := array(
      select distinct p.e164
      from unnest(p_lead_ids) i (id)
      join public.leads l on l.id = i.id and l.org_id = v_org_id and l.deleted_at is null
      join public.lead_phones p on p.lead_id = l.id and p.is_valid
        and (p.looked_up_at is null or p.looked_up_at <= p_now - interval '90 days'));
    v_found := cardinality(v_wanted);
    select count(*) into v_waiting
    from unnest(v_wanted) w where private.is_waiting(v_lane_id, w);
  end if;
  if not p_dry_run then
    v_lane_id := private.lookup_lane(v_org_id);
    if p_lead_ids is null then
      -- In the order of the index, beginning with the first phone that is not waiting yet.
      v_wanted := array(
        select x.e164 from (
          select distinct p.e164 from public.lead_phones p where p.org_id = v_org_id and p.looked_up_at is null and p.is_valid
            order by p.e164
        ) x
        where not private.is_waiting(v_lane_id, x.e164)
        limit v_at_most);
    end if;
    insert into private.outside_calls (lane_id, subject, due_at, requested_at)
    select v_lane_id, w, p_now, p_now from unnest(v_wanted) w order by w limit v_at_most
    on conflict do nothing;
    get diagnostics v_added = row_count;
    perform private.wake_call_lanes(v_lane_id, p_now);
    perform private.record_audit_event(v_org_id, 'lookups_requested', null, null, null,
      jsonb_build_object('phones', v_found, 'queued', v_added, 'leads', cardinality(p_lead_ids)));
  end if;
  return jsonb_build_object(
    'phones', v_found, 'queued', v_added, 'already_queued', v_waiting,
    'not_queued', case when p_dry_run then 0 else greatest(v_found - v_waiting - v_added, 0) end,
    'unit_price', v_org.lookup_price, 'estimated_cost', greatest(v_found - v_waiting, 0) * v_org.lookup_price,
    'daily_budget', v_org.lookup_daily_budget,
    'days', case when v_org.lookup_daily_budget > 0 then ceil(v_found::numeric / v_org.lookup_daily_budget) end);
end;
$$;
comment on function private.request_lookups(uuid[], boolean, timestamptz) is
  'Queues lookups of the phones of these leads that Twilio did not answer about within 90 days, or (null) of all phones that '
  'were never looked up; at most 20,000 at a time. Returns {phones: how many were found (for all leads, a number that two leads '
  'have counts twice), queued, already_queued, not_queued, unit_price, estimated_cost (US dollars), daily_budget, days}. '
  'p_dry_run only counts. Needs campaign_manager. Raises PT403, PT409 if lookups are off, PT422. Security definer: users may not '
  'write calls.';
grant execute on function private.request_lookups(uuid[], boolean, timestamptz) to authenticated;

create function public.request_lookups(p_lead_ids uuid[] default null, p_dry_run boolean default false) returns jsonb
  language sql set search_path = '' as $$ select private.request_lookups(p_lead_ids, p_dry_run); $$;
comment on function public.request_lookups(uuid[], boolean) is
  'Calls the private function of the same name, which checks role and organisation, with the current time.';
grant execute on function public.request_lookups(uuid[], boolean) to authenticated;

-- schemas/enrichment/functions/save_enrichment_service.sql

create function private.save_enrichment_service(p_service_id uuid, p_input jsonb, p_now timestamptz default now())
returns uuid
language plpgsql
security definer
set search_path = ''
as $$
declare
  -- Each service is a lane that the worker has to check.
  v_most constant integer := 20;
  v_org_id uuid := private.require_role('admin');
  v_service public.enrichment_services;
  v_secret text;
  v_missing text;
  v_is_elsewhere boolean := false;
begin
  if jsonb_typeof(p_input) is distinct from 'object' then
    perform private.refuse_field('p_input', 'Give a JSON object: the service''s settings.');
  end if;
  if p_service_id is null then
    select f into v_missing from unnest('{kind,name,url,request,field_map}'::text[]) f where not p_input ? f limit 1;
    if v_missing is not null then
      perform private.refuse_field(v_missing, 'A new service needs this field.');
    end if;
    perform private.check_service_input(p_input ->> 'kind', p_input);
    -- Two at the same time must not both find room for the last one.
    perform 1 from public.orgs o where o.id = v_org_id for no key update;
    if (select count(*) from public.enrichment_services s where s.org_id = v_org_id) >= v_most then
      perform private.raise_error('PT409', 'conflict',
        format('An organisation has at most %s services: remove one first.', v_most), jsonb_build_object('limit', v_most));
    end if;
    insert into public.enrichment_services (org_id, kind, name, url, request, field_map)
    values (v_org_id, p_input ->> 'kind', trim(p_input ->> 'name'), p_input ->> 'url', p_input -> 'request',
      p_input -> 'field_map')
    returning * into v_service;
    insert into private.call_lanes (org_id, queue, service_id) values (v_org_id, 'enrichments', v_service.id);
  else
    select * into v_service from public.enrichment_services s where s.org_id = v_org_id and s.id = p_service_id for no key update;
    if v_service.id is null then
      perform private.raise_error('PT404', 'not_found', 'There is no service with this id.',
        jsonb_build_object('service_id', p_service_id));
    end if;
    perform private.check_service_input(v_service.kind, p_input);
    if p_input ? 'kind' and p_input ->> 'kind' <> v_service.kind then
      perform private.refuse_field('kind', 'The kind of a service can''t be changed: add another service.');
    end if;
    v_is_elsewhere := p_input ? 'url' and private.service_origin(p_input ->> 'url')
      is distinct from private.service_origin(v_service.url);
    if v_is_elsewhere and v_service.secret_id is not null and not p_input ? 'secret' then
      perform private.refuse_field('secret',
        'The URL leads to another host, which must not get the old host''s secret. Give the secret again, or null for none.');
    end if;
  end if;
  v_secret := nullif(p_input ->> 'secret', '');
  if v_service.secret_id is not null and p_input ? 'secret' and (v_secret is null or v_is_elsewhere) then
    update public.enrichment_services s set secret_id = null where s.id = v_service.id;
    delete from vault.secrets s where s.id = v_service.secret_id;
    v_service.secret_id := null;
  end if;
  if v_secret is not null and v_service.secret_id is null then
    v_service.secret_id := vault.create_secret(v_secret, 'enrichment_service:' || v_service.id,
      'Secret of an enrichment service');
  elsif v_secret is not null then
    perform vault.update_secret(v_service.secret_id, v_secret);
  end if;
  v_service := jsonb_populate_record(v_service, p_input - array['id', 'org_id', 'secret_id', 'has_secret', 'secret', 'kind']);
  update public.enrichment_services s
  set name = trim(v_service.name), url = v_service.url, method = v_service.method, request = v_service.request,
      field_map = v_service.field_map, secret_header = v_service.secret_header, secret_id = v_service.secret_id,
      batch_size = v_service.batch_size, daily_budget = v_service.daily_budget, timeout_ms = v_service.timeout_ms,
      is_enabled = v_service.is_enabled, is_automatic = v_service.is_automatic
  where s.id = v_service.id
  returning * into v_service;
  -- A person who fixes a service wants to see at once whether it works.
  update private.call_lanes l set failures = 0, failing_since = null, rests_until = null where l.service_id = v_service.id;
  perform private.tell_lane(l, p_now) from private.call_lanes l where l.service_id = v_service.id;
  perform private.record_service_event(
    case when p_service_id is null then 'enrichment_service_added' else 'enrichment_service_changed' end, v_service,
    array(select k from jsonb_object_keys(p_input) k order by k));
  return v_service.id;
end;
$$;
comment on function private.save_enrichment_service(uuid, jsonb, timestamptz) is
  'Admins: adds a service (p_service_id null; 20 at most) or changes the given fields; returns its id. '
  'private.check_service_input checks the settings. The secret is stored in Vault (null removes it) and never returned; if the '
  'URL gets another origin, the secret must be given again. A service that was failing is tried again at once. Raises PT403, '
  'PT404, PT409, PT422. Security definer: users may not write services, lanes and Vault.';
grant execute on function private.save_enrichment_service(uuid, jsonb, timestamptz) to authenticated;

create function public.save_enrichment_service(p_input jsonb, p_service_id uuid default null) returns uuid
  language sql set search_path = '' as $$ select private.save_enrichment_service(p_service_id, p_input); $$;
comment on function public.save_enrichment_service(jsonb, uuid) is
  'Calls the private function of the same name, which checks role and organisation, with the current time.';
grant execute on function public.save_enrichment_service(jsonb, uuid) to authenticated;

-- schemas/enrichment/functions/scrubs.sql

-- Phones that an outside service found on a do-not-call or litigators' list. A hit suppresses the phone in the whole
-- organisation, as an opt-out does (source dnc or litigator). Only a person can lift it: no later answer can, nor can START. The
-- registry data must not be older than 31 days when a person is written to (16 CFR 310.4(b)(3)(iv)), so the service is asked
-- again after 30 days.

create function private.suppress_scrubbed(p_org_id uuid, p_e164 text, p_hit text, p_reason text, p_now timestamptz)
returns boolean
language plpgsql
set search_path = ''
as $$
declare
  v_contact private.contacts := private.lock_contact(p_org_id, p_e164);
begin
  insert into public.opt_outs (org_id, e164, source, reason, created_at)
  values (p_org_id, p_e164, p_hit, left(p_reason, 1000), p_now)
  on conflict (org_id, e164) do update
    set is_active = true, removed_at = null, source = excluded.source, reason = excluded.reason, created_at = excluded.created_at
    where not opt_outs.is_active;
  if v_contact.suppressed_at is not null then
    return false;
  end if;
  update private.contacts c set suppressed_at = p_now where c.org_id = p_org_id and c.e164 = p_e164;
  perform private.cancel_open_targets(p_org_id, p_e164, 'scrubbed', p_now);
  perform private.record_audit_event(p_org_id, 'phone_scrubbed', p_e164, null, null,
    jsonb_build_object('hit', p_hit, 'reason', left(p_reason, 1000)));
  return true;
end;
$$;
comment on function private.suppress_scrubbed(uuid, text, text, text, timestamptz) is
  'Suppresses a phone that is on a list (dnc, litigator): writes an opt-out and an audit event, and cancels open targets. '
  'Records no consent, because the person revoked none. Returns false if the phone was suppressed already.';

-- schemas/enrichment/functions/service_input.sql

-- What an admin may store about an enrichment service. It is checked here, where it is stored, because every signed-in person can
-- call rpc/save_enrichment_service with any values, and the values drive calls that the worker makes.

create function private.is_public_address(p_host text)
returns boolean
language plpgsql
immutable
set search_path = ''
as $$
declare
  v_address inet;
begin
  begin
    v_address := p_host::inet;
  exception when others then
    return false;
  end;
  return case family(v_address)
    when 4 then not v_address <<= any (array[
      '0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '168.63.129.16/32', '169.254.0.0/16', '172.16.0.0/12',
      '192.0.0.0/24', '192.0.2.0/24', '192.31.196.0/24', '192.52.193.0/24', '192.88.99.0/24', '192.168.0.0/16', '192.175.48.0/24',
      '198.18.0.0/15', '198.51.100.0/24', '203.0.113.0/24', '224.0.0.0/3']::inet[])
    -- Only 2000::/3 is allocated. In it, ranges that stand for IPv4 (6to4, Teredo) or are not assigned to anybody are left out.
    else v_address <<= '2000::/3' and not v_address <<= any (
      '{2001::/23,2001:db8::/32,2002::/16,2620:4f:8000::/48,3fff::/20}'::inet[])
  end;
end;
$$;
comment on function private.is_public_address(text) is
  'Whether a text is an address (IPv4 or IPv6, without brackets) of the public Internet; false if it is not an address. Has the '
  'same networks as _shared/external/public-address.ts, with which the worker checks each call.';

create function private.read_service_url(p_url text)
returns text
language plpgsql
immutable
set search_path = ''
as $$
declare
  v_host text;
begin
  if length(p_url) > 2000 then
    return 'A URL has at most 2000 characters.';
  end if;
  if p_url !~ '^[!-~]+$' or position('\' in p_url) > 0 or position('#' in p_url) > 0 then
    return 'Write the URL in ASCII, without spaces, backslashes or a part after #. Write other characters as %xx, and an '
      'international name as xn--.';
  end if;
  -- The worker calls such a URL only while Twilio is a simulator on this machine.
  if p_url ~* '^http://(localhost|127[.]0[.]0[.]1|\[::1\])(:[0-9]{1,5})?([/?].*)?$' then
    return null;
  end if;
  v_host := regexp_replace(lower(substring(p_url from '^[Hh][Tt][Tt][Pp][Ss]://([^/?@]+)(?:[/?].*)?$')), ':443$', '');
  if v_host is null then
    return 'Write an https URL such as https://api.example.com/v1, without user name and password, and without a port.';
  end if;
  if v_host ~ '^\[.*\]$' then
    v_host := btrim(v_host, '[]');
    return case when v_host !~ '^[0-9a-f:.]+$' or not private.is_public_address(v_host)
      then 'Only addresses of the public Internet are called, no private or local one.' end;
  end if;
  if v_host !~ '^[a-z0-9.-]{1,253}$' or v_host ~ '(^|[.])[.-]|-[.]|[.-]$' then
    return 'Write the name of a host such as api.example.com, without a port other than 443.';
  end if;
  -- A name that ends in a number is read as an address, also an octal or hexadecimal number.
  if v_host ~ '(^|[.])(0x[0-9a-f]*|[0-9]+)$' then
    return case when v_host !~ '^(0|[1-9][0-9]{0,2})([.](0|[1-9][0-9]{0,2})){3}$' or not private.is_public_address(v_host)
      then 'Only addresses of the public Internet are called, no private or local one.' end;
  end if;
  if v_host !~ '[.]' or v_host ~ '[.](localhost|local|internal|intranet|lan|home|corp|localdomain|private|arpa|onion)$' then
    return 'Only addresses of the public Internet are called, no private or local one.';
  end if;
  return null;
end;
$$;
comment on function private.read_service_url(text) is
  'The reason why a service may not be at this URL; null if it may: https, port 443, a public name or address. http to this '
  'machine is accepted here, but called only while Twilio is a simulator on it. Host names are resolved and checked at each '
  'call, by _shared/external.';

create function private.check_service_request(p_kind text, p_request jsonb)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_known constant text[] := case p_kind
    when 'property' then '{apn,county,state,situs,property_type,acreage,estimated_value}'::text[]
      else '{phones,phones10}'::text[] end;
  v_choice constant text := (select string_agg('{' || k || '}', ', ') from unnest(v_known) k);
  v_asked text[];
  v_stray text;
begin
  if jsonb_typeof(p_request) is distinct from 'object' then
    perform private.refuse_field('request', 'Give a JSON object: what the service is sent.');
  end if;
  if length(p_request::text) > 10000 then
    perform private.refuse_field('request', 'The request of a service may have at most 10,000 characters.');
  end if;
  if jsonb_path_exists(p_request, 'lax $.**{9 to last}') then
    perform private.refuse_field('request', 'The request of a service may be nested at most 8 levels deep.');
  end if;
  if (select count(*) from jsonb_path_query(p_request, 'lax $.**')) > 300 then
    perform private.refuse_field('request', 'The request of a service may have at most 300 values.');
  end if;
  v_asked := array(select distinct m[1] from regexp_matches(p_request::text, '\{(\w+)\}', 'g') m order by 1);
  select a into v_stray from unnest(v_asked) a where a <> all (v_known) limit 1;
  if v_stray is not null then
    perform private.refuse_field('request', format('There is no {%s}: use %s.', left(v_stray, 50), v_choice));
  end if;
  if cardinality(v_asked) = 0 then
    perform private.refuse_field('request', format('It asks about nothing: use %s.', v_choice));
  end if;
end;
$$;
comment on function private.check_service_request(text, jsonb) is
  'Raises PT422 if the request of a service of kind p_kind (property, scrub) is not an object, is too long, deep or wide, or '
  'contains an unknown placeholder or none.';

create function private.check_service_map(p_kind text, p_map jsonb)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_known constant text[] := case p_kind
    when 'property' then '{apn,county,state,situs,property_type,acreage,estimated_value}'::text[]
      else '{results,phone,dnc,litigator,hits_only}'::text[] end;
  v_row record;
begin
  if jsonb_typeof(p_map) is distinct from 'object' then
    perform private.refuse_field('field_map', 'Give a JSON object: field to path.');
  end if;
  for v_row in select m.key, m.value from jsonb_each(p_map) m loop
    if v_row.key <> all (v_known) then
      perform private.refuse_field('field_map', format('There is no field %s: use %s.', left(v_row.key, 50),
        array_to_string(v_known, ', ')));
    elsif v_row.key = 'hits_only' then
      if jsonb_typeof(v_row.value) <> 'boolean' then
        perform private.refuse_field('field_map.hits_only', 'Give true or false.');
      end if;
    elsif jsonb_typeof(v_row.value) <> 'string' or length(v_row.value #>> '{}') > 200
      or v_row.value #>> '{}' !~ '^[A-Za-z0-9_-]+(\[[0-9]{1,4}\])*([.][A-Za-z0-9_-]+(\[[0-9]{1,4}\])*)*$' then
      perform private.refuse_field('field_map.' || v_row.key,
        'Write a path into the answer such as parcel.acres or results[0].value.');
    end if;
  end loop;
  if p_kind = 'property' and p_map = '{}' then
    perform private.refuse_field('field_map', 'Map at least one field.');
  elsif p_kind = 'scrub' and not p_map ? 'phone' then
    perform private.refuse_field('field_map.phone', 'Map the phone.');
  elsif p_kind = 'scrub' and not p_map ?| '{dnc,litigator}' then
    perform private.refuse_field('field_map.dnc', 'Map dnc, litigator or both.');
  end if;
end;
$$;
comment on function private.check_service_map(text, jsonb) is
  'Raises PT422 if the map of a service''s answer (field to path, such as {"acreage": "parcel.acres"}) does not suit its kind '
  '(property, scrub).';

create function private.check_service_number(p_field text, p_value jsonb, p_least integer, p_most integer)
returns void
language plpgsql
set search_path = ''
as $$
begin
  if jsonb_typeof(p_value) <> 'number' or p_value::numeric <> trunc(p_value::numeric)
    or p_value::numeric not between p_least and p_most then
    perform private.refuse_field(p_field, format('Give a whole number from %s to %s.', p_least, p_most));
  end if;
end;
$$;
comment on function private.check_service_number(text, jsonb, integer, integer) is
  'Raises PT422 naming the field if a value is not a whole number from p_least to p_most.';

create function private.service_origin(p_url text)
returns text
language sql
immutable
set search_path = ''
as $$
  select regexp_replace(lower(substring(p_url from '^[A-Za-z]+://[^/?#]*')), '^(https://.*):443$', '\1');
$$;
comment on function private.service_origin(text) is
  'Scheme, host and port of a service''s URL, without path and query, which may contain credentials. The secret is sent only to '
  'this origin.';

create function private.service_host(p_url text)
returns text
language sql
immutable
set search_path = ''
as $$
  select regexp_replace(private.service_origin(p_url), '^[a-z]+://(.*@)?', '');
$$;
comment on function private.service_host(text) is
  'Host and port of a service''s URL: the part that people who must not know its keys may see.';

-- schemas/enrichment/functions/settle_outside_calls.sql

-- Settling a batch of outside calls: answered calls are done, others are tried again. A service that fails again and again gets
-- one call at a time.

create function private.retry_outside_at(p_attempts integer, p_retry_after numeric, p_now timestamptz)
returns timestamptz
language sql
volatile
set search_path = ''
as $$
  -- 30 s, 1, 2, 4 … minutes, an hour at most, each 25 % more or less, so that calls that failed together are not repeated
  -- together. Never before the time the service asks for, which counts up to a day.
  select p_now + greatest(
    least(interval '30 seconds' * power(2, least(p_attempts, 12) - 1), interval '1 hour') * (0.75 + random() * 0.5),
    make_interval(secs => least(coalesce(p_retry_after, 0), 86400)));
$$;
comment on function private.retry_outside_at(integer, numeric, timestamptz) is
  'When a call that failed for the p_attempts-th time is made again. p_retry_after is the wait that the service asked for, in '
  'seconds.';

create function private.settle_outside_calls(p_batch jsonb, p_results jsonb, p_max_attempts integer, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_failing_after constant integer := 20;
  v_probe_after constant interval := '10 minutes';
  v_lane private.call_lanes;
  v_row record;
  v_day date;
  v_done integer := 0;
  v_uncharged integer := 0;
  v_failures integer;
  v_blocked boolean := false;
  v_rest numeric := 0;
  v_error text;
  v_is_failing boolean;
begin
  select * into v_lane from private.call_lanes l where l.id = (p_batch ->> 'lane_id')::uuid for no key update;
  if v_lane.id is null then
    -- Its service was deleted meanwhile, together with its waiting calls.
    perform pgmq.delete('enrichments', (p_batch ->> 'message_id')::bigint);
    return;
  end if;
  v_failures := v_lane.failures;
  -- In the order in which the calls ended, because the number of failures in a row counts.
  for v_row in
    select r.value ->> 'subject' as subject, r.value ->> 'outcome' as outcome, left(r.value ->> 'error', 500) as error,
      coalesce((r.value ->> 'is_charged')::boolean, true) as is_charged, (r.value ->> 'retry_after')::numeric as retry_after,
        c.attempts
    from jsonb_array_elements(p_results) with ordinality r
    join private.outside_calls c on c.lane_id = v_lane.id and c.subject = r.value ->> 'subject'
    order by r.ordinality
  loop
    if not v_row.is_charged then
      v_uncharged := v_uncharged + 1;
    end if;
    if v_row.outcome = 'done' then
      v_done := v_done + 1;
      v_failures := 0;
      delete from private.outside_calls c where c.lane_id = v_lane.id and c.subject = v_row.subject;
    elsif v_row.outcome = 'skipped' then
      update private.outside_calls c set given_up_at = p_now, last_error = v_row.error, claims = 0
        where c.lane_id = v_lane.id and c.subject = v_row.subject;
    elsif v_row.outcome = 'not_asked' then
      update private.outside_calls c set due_at = p_now, claims = 0 where c.lane_id = v_lane.id and c.subject = v_row.subject;
    else
      v_failures := v_failures + 1;
      v_error := v_row.error;
      v_rest := greatest(v_rest, least(coalesce(v_row.retry_after, 0), 86400));
      if v_row.outcome = 'blocked' then
        -- The service refuses us, whatever the subject is, so the call itself need not wait: the lane rests.
        v_blocked := true;
        update private.outside_calls c set due_at = p_now, last_error = v_row.error, claims = 0
          where c.lane_id = v_lane.id and c.subject = v_row.subject;
      else
        update private.outside_calls c
        set claims = 0, attempts = least(c.attempts + 1, 1000), last_error = v_row.error,
            due_at = private.retry_outside_at(c.attempts + 1, v_row.retry_after, p_now),
            given_up_at = case when v_row.outcome = 'refused' or c.attempts + 1 >= p_max_attempts then p_now end
        where c.lane_id = v_lane.id and c.subject = v_row.subject;
      end if;
    end if;
  end loop;

  v_is_failing := v_failures > 0 and (v_lane.failing_since is not null or v_blocked or v_failures >= v_failing_after);
  v_day := private.org_day(v_lane.org_id, p_now);
  update private.call_lanes l
  set charged = case
        when l.day < v_day then 0
        when l.day = (p_batch ->> 'day')::date then greatest(l.charged - v_uncharged, 0)
        else l.charged
      end,
      answered = case when l.day = v_day then l.answered else 0 end + v_done,
      day = greatest(l.day, v_day),
      failures = v_failures,
      failing_since = case when v_is_failing then coalesce(l.failing_since, p_now) end,
      rests_until = case
        when v_is_failing then p_now + greatest(v_probe_after, make_interval(secs => v_rest))
        when v_rest > 0 then p_now + make_interval(secs => v_rest)
      end,
      last_error = coalesce(v_error, l.last_error),
      last_error_at = case when v_error is null then l.last_error_at else p_now end
  where l.id = v_lane.id
  returning * into v_lane;
  perform private.tell_lane(v_lane, p_now);

  if private.has_due_calls(v_lane.id, p_now) and private.lane_room(v_lane, p_now) > 0 then
    -- Queued behind the messages of other lanes. If the message is gone, another worker settled it and queued the next one.
    if pgmq.delete(v_lane.queue, (p_batch ->> 'message_id')::bigint) then
      perform private.send_work(v_lane.queue, v_lane.org_id, jsonb_build_object('lane_id', v_lane.id));
    end if;
  else
    perform pgmq.delete(v_lane.queue, (p_batch ->> 'message_id')::bigint);
  end if;
end;
$$;
comment on function private.settle_outside_calls(jsonb, jsonb, integer, timestamptz) is
  'Settles a claimed batch. p_results: [{subject, outcome, error, retry_after (seconds), is_charged}] in the order in which the '
  'calls ended. Outcomes: done: deleted. retry: made again later, given up after p_max_attempts (null: never). refused: given up '
  'at once. skipped: given up, but not a failure of the service. blocked: the service refuses us, and the lane rests. not_asked: '
  'due again. Calls that were not charged are given back to the budget.';

create function private.tell_lane(p_lane private.call_lanes, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_kind text := case p_lane.queue when 'lookups' then 'lookup_failing' else 'enrichment_failing' end;
begin
  if p_lane.failing_since is not null then
    perform private.raise_alert(p_lane.org_id, v_kind, 'warning',
      format('%s failed %s times in a row: %s. It is tried again every ten minutes; nothing is lost meanwhile.',
        private.lane_name(p_lane), p_lane.failures, rtrim(coalesce(p_lane.last_error, 'no reason known'), '.')),
      null, null, jsonb_build_object('service_id', p_lane.service_id, 'failures', p_lane.failures));
  elsif not exists (
    select 1 from private.call_lanes l where l.org_id = p_lane.org_id and l.queue = p_lane.queue and l.failing_since is not null
  ) then
    perform private.close_alerts(p_lane.org_id, v_kind, p_now);
  end if;
end;
$$;
comment on function private.tell_lane(private.call_lanes, timestamptz) is
  'Raises the alert lookup_failing or enrichment_failing for a lane that is failing, and resolves it when none of the '
  'organisation''s lanes of that queue is failing any more.';

create function private.lane_name(p_lane private.call_lanes)
returns text
language sql
stable
set search_path = ''
as $$
  select coalesce((select format('The service "%s"', s.name) from public.enrichment_services s where s.id = p_lane.service_id),
    'Twilio Lookup');
$$;
comment on function private.lane_name(private.call_lanes) is 'The name of a lane''s service for people.';

create function private.prune_outside_calls(p_now timestamptz default now(), p_limit integer default 10000,
  p_org_id uuid default null)
returns void
language sql
set search_path = ''
as $$
  delete from private.outside_calls c
  where (c.lane_id, c.subject) in (
    select x.lane_id, x.subject from private.outside_calls x join private.call_lanes l on l.id = x.lane_id
    where x.given_up_at < p_now - interval '90 days' and (p_org_id is null or l.org_id = p_org_id)
      and l.org_id <> all ((select private.resting_orgs('prune_calls', p_org_id, p_now))::uuid[]) limit p_limit);
$$;
comment on function private.prune_outside_calls(timestamptz, integer, uuid) is
  'Deletes calls that were given up more than 90 days ago. p_org_id: only this organisation; null: all except those for which '
  'this work is resting.';

-- schemas/enrichment/queues.sql

select pgmq.create('lookups');
-- private.read_in_turn finds the organisation whose turn is next by the first index, private.drop_work the lane that was deleted
-- by the second.
create index q_lookups_turn_idx on pgmq.q_lookups ((coalesce(message ->> 'org_id', '')), vt);
create index q_lookups_lane_idx on pgmq.q_lookups ((message ->> 'lane_id'));

select pgmq.create('enrichments');
create index q_enrichments_turn_idx on pgmq.q_enrichments ((coalesce(message ->> 'org_id', '')), vt);
create index q_enrichments_lane_idx on pgmq.q_enrichments ((message ->> 'lane_id'));

-- schemas/enrichment/tasks.sql

insert into private.tasks (name, seconds, due) values ('wake-lanes', 5, $$select
  exists (select from private.call_lanes l where (
    select c.due_at from private.outside_calls c where c.lane_id = l.id and c.given_up_at is null
    order by c.due_at limit 1) <= now())$$);

insert into private.task_parts (task, place, kind, call) values
  ('wake-lanes', 1, 'wake_lanes', 'select private.wake_call_lanes(p_org_id => $1)');

-- schemas/enrichment/cron.sql

select cron.schedule('rescrub', '*/10 * * * *',
  $$select private.run_apart('rescrub', 'select private.queue_stale_scrubs(p_org_id => $1)')$$);

select cron.schedule('prune-calls', '17 * * * *', $$select
  private.run_apart('prune_calls', 'select private.prune_outside_calls(p_org_id => $1)'),
  private.run_apart('prune_enrichment', 'select private.prune_enrichment(p_org_id => $1)')$$);
