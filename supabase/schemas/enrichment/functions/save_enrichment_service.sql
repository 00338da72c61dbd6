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
