-- What a merge does with the phones and parcels of leads. The caller holds the contacts of all their phones and the leads.

create function private.merge_consent(p_org_id uuid, p_lead_ids uuid[], p_now timestamptz)
returns text
language plpgsql
set search_path = ''
as $$
declare
  v_denied_by uuid;
  v_phone record;
begin
  select l.id into v_denied_by from public.leads l
  where l.id = any (p_lead_ids) and l.consent_status = 'denied' order by l.created_at, l.id limit 1;
  -- Said of a lead, no is said of the person, and so of all phones. Yes is good for the phones it was given for and no other.
  for v_phone in
    select p.e164, bool_or(p.consent_status = 'denied') as was_denied,
      case
        when v_denied_by is not null or bool_or(p.consent_status = 'denied') then 'denied'
        when bool_or('granted' in (p.consent_status, l.consent_status)) then 'granted'
        else 'unknown'
      end as consent_status
    from public.leads l join public.lead_phones p on p.lead_id = l.id and p.org_id = l.org_id
    where l.id = any (p_lead_ids) group by p.e164 order by p.e164
  loop
    update public.lead_phones p set consent_status = v_phone.consent_status
    where p.org_id = p_org_id and p.lead_id = any (p_lead_ids) and p.e164 = v_phone.e164
      and p.consent_status <> v_phone.consent_status;
    if v_phone.consent_status = 'denied' and not v_phone.was_denied then
      insert into public.consent_records (org_id, e164, lead_id, status, method, evidence, recorded_at, recorded_by)
      values (p_org_id, v_phone.e164, v_denied_by, 'revoked', 'manual',
        format('Merged with the lead %s, who had denied consent.', v_denied_by),
        p_now, (select u.id from public.users u where u.id = auth.uid()));
    end if;
    if v_phone.consent_status = 'denied' then
      perform private.cancel_open_targets(p_org_id, v_phone.e164, 'no_consent', p_now);
    end if;
  end loop;
  return case
    when v_denied_by is not null then 'denied'
    -- Of the lead: only where nothing else was ever said of any of its phones, as it is read as a yes for all of them.
    when not exists (
      select 1 from public.lead_phones p where p.org_id = p_org_id and p.lead_id = any (p_lead_ids)
        and p.consent_status <> 'granted') then 'granted'
    else 'unknown'
  end;
end;
$$;
comment on function private.merge_consent(uuid, uuid[], timestamptz) is
  'Gives every phone of merged leads the strictest consent that holds for it: denied where it or any of the leads is denied '
  '(recorded, and open targets canceled), granted only where it was given for this phone. Returns the consent of the lead.';

create function private.merge_phones(p_org_id uuid, p_keep_id uuid, p_other_ids uuid[])
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_free text[];
  v_row record;
  v_phones jsonb;
  v_left text[] := '{}';
begin
  -- What is known of one phone in several leads is known of all of them: a bad number is bad everywhere.
  update public.lead_phones p
  set is_valid = coalesce(x.invalid_reason, p.invalid_reason) is null,
    invalid_reason = coalesce(p.invalid_reason, x.invalid_reason),
      line_type = coalesce(p.line_type, x.line_type), carrier = coalesce(p.carrier, x.carrier), label = coalesce(p.label, x.label)
  from (
    select o.e164, min(o.invalid_reason) as invalid_reason, min(o.line_type) as line_type, min(o.carrier) as carrier,
      min(o.label) as label
    from public.lead_phones o where o.org_id = p_org_id and o.lead_id = any (p_other_ids) group by o.e164
  ) x
  where p.org_id = p_org_id and p.lead_id = p_keep_id and p.e164 = x.e164;

  v_free := array(
    select r.role from unnest(array['primary', 'secondary', 'alternate']) with ordinality r (role, n)
    where not exists (select 1 from public.lead_phones p where p.lead_id = p_keep_id and p.role = r.role) order by r.n);
  for v_row in
    select x.* from (
      select distinct on (p.e164) p.id, p.e164, p.is_valid, o.n,
        array_position(array['primary', 'secondary', 'alternate'], p.role) as role_order
      from unnest(p_other_ids) with ordinality o (lead_id, n)
      join public.lead_phones p on p.org_id = p_org_id and p.lead_id = o.lead_id
      where not exists (select 1 from public.lead_phones k where k.lead_id = p_keep_id and k.e164 = p.e164)
      order by p.e164, o.n
    ) x
    order by x.is_valid desc, x.n, x.role_order
  loop
    if cardinality(v_free) = 0 then
      v_left := v_left || v_row.e164;
      continue;
    end if;
    update public.lead_phones p set lead_id = p_keep_id, role = v_free[1] where p.id = v_row.id;
    v_free := v_free[2:];
  end loop;
  return jsonb_build_object('left', to_jsonb(v_left));
end;
$$;
comment on function private.merge_phones(uuid, uuid, uuid[]) is
  'Moves phones of other leads (in their order, valid ones first) to the free roles of the kept one; {left: phones that found '
  'none}, which stay rows of the merged leads.';

create function private.same_parcel(p_one public.lead_properties, p_other public.lead_properties)
returns boolean
language sql
immutable
set search_path = ''
as $$
  -- Of one owner: a county or state that is not given contradicts nothing. Without an APN only what is alike in everything is
  -- one.
  select case
    when p_one.apn is null and p_other.apn is null then
      (lower(p_one.county), p_one.state, lower(p_one.situs), p_one.property_type, p_one.acreage, p_one.estimated_value)
        is not distinct from
      (lower(p_other.county), p_other.state, lower(p_other.situs), p_other.property_type, p_other.acreage,
        p_other.estimated_value)
    else
      regexp_replace(upper(p_one.apn), '[^A-Z0-9]', '', 'g') = regexp_replace(upper(p_other.apn), '[^A-Z0-9]', '', 'g')
      and coalesce(lower(p_one.county) = lower(p_other.county), true) and coalesce(p_one.state = p_other.state, true)
  end;
$$;
comment on function private.same_parcel(public.lead_properties, public.lead_properties) is
  'Whether two parcels of one owner are the same: APN (dashes and blanks aside), county and state, where given.';

create function private.merge_parcels(p_org_id uuid, p_keep_id uuid, p_other_ids uuid[])
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_parcel public.lead_properties;
  v_same_id uuid;
  v_moved integer := 0;
  v_united integer := 0;
begin
  for v_parcel in
    select p.* from unnest(p_other_ids) with ordinality o (lead_id, n)
    join public.lead_properties p on p.org_id = p_org_id and p.lead_id = o.lead_id order by o.n, p.created_at, p.id
  loop
    select k.id into v_same_id from public.lead_properties k
    where k.org_id = p_org_id and k.lead_id = p_keep_id and coalesce(private.same_parcel(k, v_parcel), false)
    order by (k.county is null)::integer + (k.state is null)::integer, k.created_at, k.id limit 1;
    if found then
      update public.lead_properties k
      set situs = coalesce(k.situs, v_parcel.situs), property_type = coalesce(k.property_type, v_parcel.property_type),
          acreage = coalesce(k.acreage, v_parcel.acreage), estimated_value = coalesce(k.estimated_value, v_parcel.estimated_value)
      where k.id = v_same_id;
      v_united := v_united + 1;
    else
      update public.lead_properties p set lead_id = p_keep_id where p.id = v_parcel.id;
      v_moved := v_moved + 1;
    end if;
  end loop;
  return jsonb_build_object('moved', v_moved, 'united', v_united);
end;
$$;
comment on function private.merge_parcels(uuid, uuid, uuid[]) is
  'Moves parcels of other leads to the kept one; of one it has already, only the blanks are filled: {moved, united}. A united '
  'one stays a row of its merged lead.';
