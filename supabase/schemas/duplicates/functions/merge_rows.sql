-- How a merge changes phones and parcels of leads. The caller holds the locks of the contacts of all their phones and of the
-- leads.

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
  -- If a lead's consent is denied, the person denied it, and that applies to all phones. Granted consent applies only to the
  -- phones for which it was given.
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
    -- The lead's consent is granted only if all its phones are, because it is read as consent for all of them.
    when not exists (
      select 1 from public.lead_phones p where p.org_id = p_org_id and p.lead_id = any (p_lead_ids)
        and p.consent_status <> 'granted') then 'granted'
    else 'unknown'
  end;
end;
$$;
comment on function private.merge_consent(uuid, uuid[], timestamptz) is
  'Sets every phone of merged leads to the strictest consent that applies: denied if the phone or any of the leads is denied '
  '(this is recorded, and open targets are canceled); granted only if it was given for this phone. Returns the consent of the '
  'kept lead.';

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
  -- What is known about a phone in one lead applies to it in all leads: a number that is invalid is invalid everywhere.
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
  'Moves phones of the other leads (in their order, valid ones first) to the free roles of the kept one. Returns {left: phones '
  'for which no role was free}; these stay rows of the merged leads.';
