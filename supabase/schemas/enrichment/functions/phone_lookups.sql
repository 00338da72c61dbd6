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
