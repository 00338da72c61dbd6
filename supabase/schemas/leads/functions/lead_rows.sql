-- Shared by the functions that read or write leads: their JSON, their locks, and the rows of phones, parcels and consent. Users
-- may only read the tables. Each operation is a security definer function in private that checks role and organisation, with a
-- security invoker wrapper of the same name in public. Phones are E.164 here: the API parses what people type.

create function private.leads_json(p_lead_ids uuid[])
returns table (id uuid, lead jsonb)
language sql
stable
set search_path = ''
as $$
  select l.id,
    to_jsonb(l)
      || jsonb_build_object(
        'primary_phone', phones.by_role ->> 'primary',
        'secondary_phone', phones.by_role ->> 'secondary',
        'alternate_phone', phones.by_role ->> 'alternate',
        'phones', coalesce(phones.list, '[]'),
        'properties', coalesce(parcels.list, '[]')
      )
  from (
    -- Only the columns that the API returns, so that a column added later is not exposed by accident.
    select x.id, x.first_name, x.last_name, x.full_name, x.language, x.email, x.address1, x.address2, x.city, x.state,
      x.postal_code, x.county,
      x.status, x.lead_score, x.consent_status, x.source, x.notes, x.tags, x.custom_fields, x.import_id, x.first_contacted_at,
        x.created_at,
      x.updated_at
    from public.leads x
    where x.id = any (p_lead_ids)
  ) l
  left join (
    select p.lead_id, jsonb_object_agg(p.role, p.e164) as by_role,
      to_jsonb(array_agg(
        to_jsonb(p) - array['org_id', 'lead_id', 'carrier_info']
        order by array_position(array['primary', 'secondary', 'alternate'], p.role)
      )) as list
    from public.leads x join public.lead_phones p on p.org_id = x.org_id and p.lead_id = x.id
    where x.id = any (p_lead_ids)
    group by p.lead_id
  ) phones on phones.lead_id = l.id
  left join (
    select p.lead_id, to_jsonb(array_agg(to_jsonb(p) - array['org_id', 'lead_id'] order by p.created_at, p.id)) as list
    from public.leads x join public.lead_properties p on p.org_id = x.org_id and p.lead_id = x.id
    where x.id = any (p_lead_ids)
    group by p.lead_id
  ) parcels on parcels.lead_id = l.id;
$$;
comment on function private.leads_json(uuid[]) is
  'Leads as the API returns them: columns, primary_phone, secondary_phone and alternate_phone in E.164, with all phones and '
  'properties (parcels). It takes many leads at once: a page of 1,000 took 160 ms with one call for each lead.';

create function private.lock_contacts(p_org_id uuid, p_e164s text[])
returns void
language plpgsql
set search_path = ''
as $$
begin
  -- Always locks in E.164 order, so that two transactions with the same phones wait for each other and never deadlock.
  insert into private.contacts (org_id, e164)
  select p_org_id, e.e164 from (select distinct unnest(p_e164s) as e164) e order by e.e164
  on conflict do nothing;
  perform 1 from private.contacts c
  where c.org_id = p_org_id and c.e164 = any (p_e164s)
  order by c.e164 for no key update;
end;
$$;
comment on function private.lock_contacts(uuid, text[]) is
  'Locks the contact rows of several phones in E.164 order, and creates those that are missing. A caller that then looks for '
  'leads with these phones in a new statement sees everything that was committed before.';

create function private.find_phone_leads(p_org_id uuid, p_e164s text[])
returns table (e164 text, lead_id uuid, import_id uuid)
language plpgsql
stable
set search_path = ''
-- Forces one index lookup for each phone and each lead, because the statistics lag far behind in the middle of an import. With
-- statistics of 20 phones for a table of 122,000 the planner hashed the whole table for every row of a chunk, and 0.3 s became 51
-- s. The planner does not reorder lateral subqueries with an offset, and inside them only the right index is left to use.
set enable_seqscan = off
set enable_bitmapscan = off
as $$
begin
  return query
  select distinct on (x.e164) x.e164, l.id, l.import_id
  from unnest(p_e164s) as x (e164)
  cross join lateral (
    select lp.lead_id from public.lead_phones lp where lp.org_id = p_org_id and lp.e164 = x.e164 offset 0
  ) p
  cross join lateral (
    select o.id, o.import_id, o.created_at from public.leads o where o.id = p.lead_id and o.deleted_at is null offset 0
  ) l
  order by x.e164, l.created_at, l.id;
end;
$$;
comment on function private.find_phone_leads(uuid, text[]) is
  'Which of these phones (E.164) leads of the organisation have in any role, with the oldest such lead and the import that it '
  'came from.';

create function private.write_lead_parcels(p_org_id uuid, p_lead_id uuid, p_parcels jsonb)
returns void
language plpgsql
set search_path = ''
as $$
begin
  if exists (
    with parcels as materialized (
      select row_number() over () as n, private.identify_parcel(r) as identity
      from jsonb_array_elements(p_parcels) x, jsonb_populate_record(null::public.lead_properties, private.trim_texts(x)) r
    )
    select from parcels a join parcels b on b.n > a.n and private.same_parcel(a.identity, b.identity)
  ) then
    perform private.raise_error('PT409', 'duplicate', 'Two of these parcels are the same: give each once.',
      '{"field": "properties"}');
  end if;
  delete from public.lead_properties p where p.lead_id = p_lead_id;
  insert into public.lead_properties (org_id, lead_id, apn, county, state, situs, property_type, acreage, estimated_value)
  select p_org_id, p_lead_id, nullif(trim(r.apn), ''), nullif(trim(r.county), ''), nullif(trim(r.state), ''),
    nullif(trim(r.situs), ''),
    nullif(trim(r.property_type), ''), r.acreage, r.estimated_value
  from jsonb_to_recordset(p_parcels) as r (
    apn text, county text, state text, situs text, property_type text, acreage numeric, estimated_value numeric);
end;
$$;
comment on function private.write_lead_parcels(uuid, uuid, jsonb) is
  'Replaces a lead''s parcels by those of a JSON array: apn, county, state, situs, property_type, acreage (acres), '
  'estimated_value (US dollars). Raises PT409 if two of them are the same.';

create function private.record_lead_consent(p_org_id uuid, p_lead_id uuid, p_status text, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
begin
  update public.lead_phones p set consent_status = p_status where p.lead_id = p_lead_id and p.consent_status <> p_status;
  if p_status = 'granted' then
    perform private.end_deleted_refusals(p_org_id, array(
      select p.e164 from public.lead_phones p where p.lead_id = p_lead_id));
  end if;
  if p_status <> 'unknown' then
    insert into public.consent_records (org_id, e164, lead_id, status, method, evidence, recorded_at, recorded_by)
    select p_org_id, p.e164, p_lead_id, case p_status when 'granted' then 'granted' else 'revoked' end, 'manual',
      'Set on the lead by hand.', p_now, (select u.id from public.users u where u.id = auth.uid())
    from public.lead_phones p where p.lead_id = p_lead_id;
  end if;
end;
$$;
comment on function private.record_lead_consent(uuid, uuid, text, timestamptz) is
  'Sets the consent of all phones of a lead, and records who set it (47 CFR 64.1200(a)(10)).';
