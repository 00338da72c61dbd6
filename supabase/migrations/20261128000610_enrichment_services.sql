-- A service is saved by the strict reader; its secret goes to no host that it was not given for; of its URL, request and secret nothing
-- goes into the audit, which viewers read.

create or replace function private.save_enrichment_service(p_service_id uuid, p_input jsonb, p_now timestamptz default now())
returns uuid
language plpgsql
security definer
set search_path = ''
as $$
declare
  -- Each is a lane that the worker looks at.
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
      perform private.refuse_field(v_missing, 'A new service needs it.');
    end if;
    perform private.check_service_input(p_input ->> 'kind', p_input);
    -- Two at once must not both find room for the last one.
    perform 1 from public.orgs o where o.id = v_org_id for no key update;
    if (select count(*) from public.enrichment_services s where s.org_id = v_org_id) >= v_most then
      perform private.raise_error('PT409', 'conflict', format('An organisation has at most %s services: remove one first.', v_most), jsonb_build_object('limit', v_most));
    end if;
    insert into public.enrichment_services (org_id, kind, name, url, request, field_map)
    values (v_org_id, p_input ->> 'kind', trim(p_input ->> 'name'), p_input ->> 'url', p_input -> 'request', p_input -> 'field_map')
    returning * into v_service;
    insert into private.call_lanes (org_id, queue, service_id) values (v_org_id, 'enrichments', v_service.id);
  else
    select * into v_service from public.enrichment_services s where s.org_id = v_org_id and s.id = p_service_id for no key update;
    if v_service.id is null then
      perform private.raise_error('PT404', 'not_found', 'There is no service with this id.', jsonb_build_object('service_id', p_service_id));
    end if;
    perform private.check_service_input(v_service.kind, p_input);
    if p_input ? 'kind' and p_input ->> 'kind' <> v_service.kind then
      perform private.refuse_field('kind', 'What a service is for can''t be changed: add another one.');
    end if;
    v_is_elsewhere := p_input ? 'url' and private.service_origin(p_input ->> 'url') is distinct from private.service_origin(v_service.url);
    if v_is_elsewhere and v_service.secret_id is not null and not p_input ? 'secret' then
      perform private.refuse_field('secret', 'The URL leads to another host, which must not get the old one''s secret: give the secret anew, or null for none.');
    end if;
  end if;
  v_secret := nullif(p_input ->> 'secret', '');
  if v_service.secret_id is not null and p_input ? 'secret' and (v_secret is null or v_is_elsewhere) then
    update public.enrichment_services s set secret_id = null where s.id = v_service.id;
    delete from vault.secrets s where s.id = v_service.secret_id;
    v_service.secret_id := null;
  end if;
  if v_secret is not null and v_service.secret_id is null then
    v_service.secret_id := vault.create_secret(v_secret, 'enrichment_service:' || v_service.id, 'Secret of an enrichment service');
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
  -- Whoever mends a service wants to see at once whether it works.
  update private.call_lanes l set failures = 0, failing_since = null, rests_until = null where l.service_id = v_service.id;
  perform private.tell_lane(l, p_now) from private.call_lanes l where l.service_id = v_service.id;
  perform private.record_service_event(
    case when p_service_id is null then 'enrichment_service_added' else 'enrichment_service_changed' end, v_service,
    array(select k from jsonb_object_keys(p_input) k order by k));
  return v_service.id;
end;
$$;
comment on function private.save_enrichment_service(uuid, jsonb, timestamptz) is
  'Admins: adds a service (no id; 20 at most) or changes the fields given, and returns its id. Settings are read by private.check_service_input. The secret goes to Vault (null removes it) and is never told; a URL of another origin needs it anew. A service that was failing is tried again at once. Raises PT403, PT404, PT409, PT422. Definer: users may not write services, lanes and Vault.';

create function private.record_service_event(p_event_type text, p_service public.enrichment_services, p_changed text[])
returns void
language sql
set search_path = ''
as $$
  select private.record_audit_event((p_service).org_id, p_event_type, null, null, null, jsonb_build_object(
    'service_id', (p_service).id, 'name', (p_service).name, 'kind', (p_service).kind, 'host', private.service_host((p_service).url),
    'changed', to_jsonb(p_changed)));
$$;
comment on function private.record_service_event(text, public.enrichment_services, text[]) is
  'Writes an audit event about a service: its id, name, kind, host and the names of what changed. No value of them, since viewers read the audit, and URL, request and secret may hold keys.';

create or replace function private.remove_enrichment_service(p_service_id uuid)
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
  perform private.record_service_event('enrichment_service_removed', v_service, '{}');
end;
$$;
comment on function private.remove_enrichment_service(uuid) is
  'Admins: removes a service with its secret and what it was still to be asked. What it told of phones stays where it suppressed them. Raises PT403, PT404. Definer: users may not write services and Vault.';

-- The status that a service sent; the client takes none of other digits.
update public.enrichment_answers a set http_status = null where a.http_status not between 100 and 999;
alter table public.enrichment_answers add constraint enrichment_answers_http_status_check check (http_status between 100 and 999);

-- What was written before: the values of what changed become its names.
update public.audit_events e
set details = jsonb_strip_nulls(jsonb_build_object(
  'service_id', e.details -> 'service_id', 'name', coalesce(e.details -> 'changes' -> 'name', e.details -> 'name'),
  'kind', coalesce(e.details -> 'changes' -> 'kind', e.details -> 'kind'),
  'host', private.service_host(e.details -> 'changes' ->> 'url'),
  'changed', (select jsonb_agg(k order by k) from jsonb_object_keys(
      case when jsonb_typeof(e.details -> 'changes') = 'object' then e.details -> 'changes' else '{}' end
      || case when (e.details ->> 'secret_changed')::boolean then '{"secret": null}'::jsonb else '{}' end) k)))
where e.event_type in ('enrichment_service_added', 'enrichment_service_changed') and e.details ? 'changes';
