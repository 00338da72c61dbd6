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
