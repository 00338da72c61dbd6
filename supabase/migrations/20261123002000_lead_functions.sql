-- Leads as users write them: create, read one, change, delete (softly). Search is 20261123002020_lead_search.sql.
-- Tables are read-only for users; each operation is a definer function in private that checks role and organisation, behind
-- an invoker wrapper of the same name in public. Phones arrive as E.164: the API parses what people type.

create function private.leads_json(p_lead_ids uuid[])
returns table (id uuid, lead jsonb)
language sql
stable
set search_path = ''
as $$
  select l.id,
    to_jsonb(l) - array['org_id', 'phone_digits', 'search_text', 'deleted_at']
      || jsonb_build_object(
        'primary_phone', phones.by_role ->> 'primary',
        'secondary_phone', phones.by_role ->> 'secondary',
        'alternate_phone', phones.by_role ->> 'alternate',
        'phones', coalesce(phones.list, '[]'),
        'properties', coalesce(parcels.list, '[]')
      )
  from public.leads l
  left join (
    select p.lead_id, jsonb_object_agg(p.role, p.e164) as by_role,
      jsonb_agg(
        to_jsonb(p) - array['org_id', 'lead_id', 'carrier_info']
        order by array_position(array['primary', 'secondary', 'alternate'], p.role)
      ) as list
    from public.lead_phones p
    where p.lead_id = any (p_lead_ids)
    group by p.lead_id
  ) phones on phones.lead_id = l.id
  left join (
    select p.lead_id, jsonb_agg(to_jsonb(p) - array['org_id', 'lead_id'] order by p.created_at, p.id) as list
    from public.lead_properties p
    where p.lead_id = any (p_lead_ids)
    group by p.lead_id
  ) parcels on parcels.lead_id = l.id
  where l.id = any (p_lead_ids);
$$;
comment on function private.leads_json(uuid[]) is
  'Leads as the API shows them: columns, primary_phone, secondary_phone and alternate_phone in E.164, phones and properties (parcels) in full. Set-based: a page of 1,000 took 160 ms with a call for each.';

create function private.lock_contacts(p_org_id uuid, p_e164s text[])
returns void
language plpgsql
set search_path = ''
as $$
begin
  -- Always in E.164 order: two transactions with overlapping phones wait for each other and never deadlock.
  insert into private.contacts (org_id, e164)
  select p_org_id, e.e164 from (select distinct unnest(p_e164s) as e164) e order by e.e164
  on conflict do nothing;
  perform 1 from private.contacts c
  where c.org_id = p_org_id and c.e164 = any (p_e164s)
  order by c.e164 for no key update;
end;
$$;
comment on function private.lock_contacts(uuid, text[]) is
  'Locks the contact rows of several phones in E.164 order, making those that are missing. Whoever then looks for leads with these phones, in a statement of its own, sees all that was committed.';

create function private.find_phone_leads(p_org_id uuid, p_e164s text[])
returns table (e164 text, lead_id uuid, import_id uuid)
language plpgsql
stable
set search_path = ''
-- One index lookup per phone and per lead, whatever the statistics say: in the middle of an import they lag far behind. With
-- figures of 20 phones for 122,000 the planner hashed the whole table for every row of a chunk, and 0.3 s became 51 s. Lateral
-- subqueries with an offset are not reordered, and inside them nothing is left but the right index.
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
  'Of these phones (E.164) those that a lead of the organisation has in any role, with the oldest such lead and the import it came with.';

create function private.write_lead_phones(p_org_id uuid, p_lead_id uuid, p_input jsonb, p_allow_duplicate boolean)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_wanted jsonb;
  v_clash record;
begin
  -- {role: e164}: what the lead has, overlaid with what the input says (null removes a phone).
  select coalesce(jsonb_object_agg(r.role, r.e164) filter (where r.e164 is not null), '{}') into v_wanted
  from (
    select roles.role,
      case when p_input ? (roles.role || '_phone') then nullif(trim(p_input ->> (roles.role || '_phone')), '') else p.e164 end as e164
    from unnest(array['primary', 'secondary', 'alternate']) roles (role)
    left join public.lead_phones p on p.lead_id = p_lead_id and p.role = roles.role
  ) r;

  if not v_wanted ? 'primary' then
    perform private.raise_error('PT422', 'invalid_input', 'A lead needs a primary phone.',
      '{"errors": [{"field": "primary_phone", "message": "Give the lead a primary phone."}]}');
  end if;
  select w.key || '_phone' as field into v_clash
  from jsonb_each_text(v_wanted) w where w.value !~ '^\+1[2-9][0-9]{9}$' limit 1;
  if found then
    perform private.raise_error('PT422', 'invalid_input', format('%s is no US phone number in E.164.', v_clash.field),
      jsonb_build_object('errors', jsonb_build_array(jsonb_build_object(
        'field', v_clash.field, 'message', 'Write it like +15125550123.'))));
  end if;
  select w.key || '_phone' as field, o.key || '_phone' as other into v_clash
  from jsonb_each_text(v_wanted) w
  join jsonb_each_text(v_wanted) o on o.value = w.value
    and array_position(array['primary', 'secondary', 'alternate'], o.key) < array_position(array['primary', 'secondary', 'alternate'], w.key)
  limit 1;
  if found then
    perform private.raise_error('PT422', 'invalid_input', format('%s is the same number as %s.', v_clash.field, v_clash.other),
      jsonb_build_object('errors', jsonb_build_array(jsonb_build_object(
        'field', v_clash.field, 'message', format('This is the same number as %s: leave one of them out.', v_clash.other)))));
  end if;

  if not p_allow_duplicate then
    select w.key || '_phone' as field, lp.lead_id into v_clash
    from jsonb_each_text(v_wanted) w
    join private.find_phone_leads(p_org_id, array(
      select n.value from jsonb_each_text(v_wanted) n
      where not exists (select 1 from public.lead_phones own where own.lead_id = p_lead_id and own.e164 = n.value)
    )) lp on lp.e164 = w.value
    order by array_position(array['primary', 'secondary', 'alternate'], w.key) limit 1;
    if found then
      perform private.raise_error('PT409', 'duplicate',
        format('Another lead has the number of %s. Open that lead, or send allow_duplicate_phone: true.', v_clash.field),
        jsonb_build_object('field', v_clash.field, 'lead_id', v_clash.lead_id));
    end if;
  end if;

  delete from public.lead_phones p
  where p.lead_id = p_lead_id and not exists (select 1 from jsonb_each_text(v_wanted) w where w.value = p.e164);
  update public.lead_phones p set role = w.key
  from jsonb_each_text(v_wanted) w
  where p.lead_id = p_lead_id and p.e164 = w.value and p.role <> w.key;
  insert into public.lead_phones (org_id, lead_id, e164, role, consent_status)
  select p_org_id, p_lead_id, w.value, w.key, l.consent_status
  from jsonb_each_text(v_wanted) w
  join public.leads l on l.id = p_lead_id
  where not exists (select 1 from public.lead_phones p where p.lead_id = p_lead_id and p.e164 = w.value);
end;
$$;
comment on function private.write_lead_phones(uuid, uuid, jsonb, boolean) is
  'Makes a lead''s phones what primary_phone, secondary_phone and alternate_phone of the input say (E.164, null removes, missing keeps). Raises PT422 naming the field, PT409 duplicate naming the lead that has the number. The caller holds the contacts'' locks.';

create function private.write_lead_parcels(p_org_id uuid, p_lead_id uuid, p_parcels jsonb)
returns void
language plpgsql
set search_path = ''
as $$
begin
  delete from public.lead_properties p where p.lead_id = p_lead_id;
  insert into public.lead_properties (org_id, lead_id, apn, county, state, situs, property_type, acreage, estimated_value)
  select p_org_id, p_lead_id, nullif(trim(r.apn), ''), nullif(trim(r.county), ''), r.state, nullif(trim(r.situs), ''),
    nullif(trim(r.property_type), ''), r.acreage, r.estimated_value
  from jsonb_to_recordset(p_parcels) as r (
    apn text, county text, state text, situs text, property_type text, acreage numeric, estimated_value numeric);
end;
$$;
comment on function private.write_lead_parcels(uuid, uuid, jsonb) is
  'Replaces a lead''s parcels with those of a JSON array: apn, county, state, situs, property_type, acreage (acres), estimated_value (US dollars).';

create function private.record_lead_consent(p_org_id uuid, p_lead_id uuid, p_status text, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
begin
  update public.lead_phones p set consent_status = p_status where p.lead_id = p_lead_id and p.consent_status <> p_status;
  if p_status <> 'unknown' then
    insert into public.consent_records (org_id, e164, lead_id, status, method, evidence, recorded_at, recorded_by)
    select p_org_id, p.e164, p_lead_id, case p_status when 'granted' then 'granted' else 'revoked' end, 'manual',
      'Set on the lead by hand.', p_now, (select u.id from public.users u where u.id = auth.uid())
    from public.lead_phones p where p.lead_id = p_lead_id;
  end if;
end;
$$;
comment on function private.record_lead_consent(uuid, uuid, text, timestamptz) is
  'Sets the consent of all phones of a lead and records who did it (47 CFR 64.1200(a)(10)).';
