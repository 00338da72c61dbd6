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
