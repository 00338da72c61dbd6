create function private.export_page(p_job_id uuid, p_chunk integer, p_from integer)
returns jsonb
language plpgsql
security definer
set search_path = ''
-- Forces an index lookup for each lead, whatever the statistics say: see private.find_phone_leads.
set enable_seqscan = off
set enable_bitmapscan = off
as $$
declare
  v_time text := 'YYYY-MM-DD"T"HH24:MI:SSTZH:TZM';
  -- The worker has several copies of a part in memory.
  v_most constant bigint := 5000000;
  v_ids uuid[];
  v_n integer := greatest(p_from, 0);
  v_bytes bigint := 0;
  v_row record;
  v_batches jsonb[] := '{}';
begin
  perform private.check_export(j) from public.jobs j where j.id = p_job_id;
  perform set_config('TimeZone', o.time_zone, true)
  from public.jobs j join public.orgs o on o.id = j.org_id where j.id = p_job_id;
  select j.item_ids into v_ids from private.job_items j where j.job_id = p_job_id and j.chunk = p_chunk;
  -- Reads a hundred leads at a time, so that it does not read many more large leads than the part has room for.
  while v_n < coalesce(cardinality(v_ids), 0) loop
    with found as (
      select o.n, l.lead || jsonb_build_object('parcels', parcels.list) as lead,
        -- A row for each parcel repeats the lead. 600 bytes are added for the columns: a file has hundreds of them, also if they
        -- are empty.
        (pg_column_size(l.lead) + 600) * case j.input ->> 'rows_per'
          when 'parcel' then greatest(jsonb_array_length(parcels.list), 1) else 1 end
          + pg_column_size(parcels.list) as bytes
      from unnest(v_ids[v_n + 1:v_n + 100]) with ordinality o (id, n)
      cross join lateral (
        select x.org_id, jsonb_build_object(
          'id', x.id, 'first_name', x.first_name, 'last_name', x.last_name, 'email', x.email, 'address1', x.address1,
          'address2', x.address2, 'city', x.city, 'state', x.state, 'postal_code', x.postal_code, 'county', x.county,
          'language', x.language, 'status', x.status, 'lead_score', x.lead_score, 'consent_status', x.consent_status,
          'source', x.source, 'notes', x.notes, 'tags', x.tags, 'custom_fields', x.custom_fields,
          'created_at', to_char(x.created_at, v_time), 'updated_at', to_char(x.updated_at, v_time), 'phones',
            phones.by_role) as lead
        from public.leads x
        cross join lateral (
          select coalesce(jsonb_object_agg(p.role, jsonb_build_object(
            'e164', p.e164, 'line_type', p.line_type, 'consent_status', p.consent_status, 'is_valid', p.is_valid, 'carrier',
              p.carrier)), '{}') as by_role
          from public.lead_phones p where p.lead_id = x.id
        ) phones
        where x.id = o.id and x.deleted_at is null offset 0
      ) l
      cross join lateral (
        select coalesce(to_jsonb(array_agg(jsonb_build_object(
          'apn', p.apn, 'county', p.county, 'state', p.state, 'situs', p.situs, 'property_type', p.property_type,
          'acreage', p.acreage, 'estimated_value', p.estimated_value) order by p.created_at, p.id)), '[]') as list
        from public.lead_properties p where p.org_id = l.org_id and p.lead_id = o.id
      ) parcels
      join public.jobs j on j.id = p_job_id
    ),
    summed as (
      select f.n, f.lead, v_bytes + sum(f.bytes) over (order by f.n) as bytes, row_number() over (order by f.n) as place
        from found f
    ),
    told as (
      select s.n, s.lead, s.bytes, s.bytes <= v_most or (v_bytes = 0 and s.place = 1) as fits from summed s
    )
    select coalesce(to_jsonb(array_agg(t.lead order by t.n) filter (where t.fits)), '[]') as leads,
      max(t.bytes) filter (where t.fits) as bytes,
      min(t.n) filter (where not t.fits) as cut
    into v_row from told t;
    v_batches := v_batches || v_row.leads;
    v_bytes := coalesce(v_row.bytes, v_bytes);
    v_n := v_n + coalesce(v_row.cut - 1, least(100, cardinality(v_ids) - v_n));
    exit when v_row.cut is not null;
  end loop;
  return jsonb_build_object(
    'leads', (select coalesce(to_jsonb(array_agg(e.lead order by b.n, e.n)), '[]')
      from unnest(v_batches) with ordinality b (leads, n)
        cross join lateral jsonb_array_elements(b.leads) with ordinality e (lead, n)),
    'passed', v_n - greatest(p_from, 0), 'is_last', v_n >= coalesce(cardinality(v_ids), 0));
end;
$$;
comment on function private.export_page(uuid, integer, integer) is
  'A part of a chunk of an export: {leads, passed, is_last}. The leads start at position p_from (from 0) of the chunk, have '
  'their current values, and do not include leads deleted since the export began. A part has at least one lead, and as many as '
  'make some 5 MB of rows. passed: how many leads of the chunk the part covers, with deleted ones. is_last: whether the chunk '
  'ends with it. A lead has columns, phones by role, parcels, and times in the organisation''s time zone (ISO 8601). Raises '
  'PT422 if the job''s options are invalid. Security definer: the worker may not read leads.';
grant execute on function private.export_page(uuid, integer, integer) to worker;
