-- What the tables of leads hold, whoever writes them: numbers within bounds (NaN sorts above all of them, infinity too), texts of one
-- line where they are one, lists and JSON of bounded size. Rows of before are mended first: a check that only new rows keep
-- would stop every later change of an old one.

create function private.one_line(p_text text)
returns text
language sql
immutable
set search_path = ''
as $$
  select btrim(regexp_replace(p_text, '[[:space:]\u0001-\u001f\u007f-\u009f\u2028\u2029]+', ' ', 'g'));
$$;
comment on function private.one_line(text) is 'A text as one line: runs of blanks, line breaks and other control characters become one blank.';

create function private.fit_custom_fields(p_fields jsonb)
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select coalesce(jsonb_object_agg(f.key, f.value), '{}')
  from (
    select c.key, c.value, row_number() over (order by c.n) as n, sum(pg_column_size(c.value) + octet_length(c.key) + 16) over (order by c.n) as bytes
    from (
      select distinct on (left(private.one_line(e.key), 210)) left(private.one_line(e.key), 210) as key, e.n,
        case jsonb_typeof(e.value)
          when 'number' then case when length(e.value::text) <= 40 and abs((e.value::text)::numeric) <= 1e15 then e.value else to_jsonb(left(e.value::text, 40)) end
          when 'string' then to_jsonb(left(e.value #>> '{}', 10000))
          when 'object' then to_jsonb(left(e.value::text, 10000)) when 'array' then to_jsonb(left(e.value::text, 10000))
          else e.value end as value
      from jsonb_each(p_fields) with ordinality e (key, value, n)
      where private.one_line(e.key) <> ''
      order by 1, e.n
    ) c
  ) f
  where f.n <= 500 and f.bytes <= 32000;
$$;
comment on function private.fit_custom_fields(jsonb) is
  'Custom fields as private.custom_fields_shape has them: values cut to 10,000 characters, objects and lists written out as text, and no more of them than fit.';

create function private.fit_lead(p_lead jsonb)
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select p_lead || coalesce((
    select jsonb_object_agg(e.key, case e.key
      when 'custom_fields' then private.fit_custom_fields(e.value)
      when 'tags' then (
        select coalesce(jsonb_agg(distinct left(regexp_replace(t.tag, '[^A-Z0-9+-]', '-', 'g'), 50)), '[]') from jsonb_array_elements_text(e.value) t (tag))
      else to_jsonb(left(private.one_line(e.value #>> '{}'), (private.lead_shape() #>> array['properties', e.key, 'maxLength'])::integer)) end)
    from jsonb_each(p_lead) e
    where case
      when e.key = 'custom_fields' then pg_column_size(e.value) > 32000
      when e.key = 'tags' then e.value::text !~ '^\[("[A-Z0-9+-]+"(, "[A-Z0-9+-]+")*)?\]$' or e.value::text ~ '[^"]{51}'
      else private.lead_shape() #>> array['properties', e.key, 'format'] = 'line' and e.value #>> '{}' ~ '[\u0001-\u001f\u007f-\u009f\u2028\u2029]' end
  ), '{}');
$$;
comment on function private.fit_lead(jsonb) is
  'A lead (columns as JSON) with what its table no longer takes mended: control characters in lines, tags above 50 characters, too many custom fields.';

create function private.fit_parcel(p_parcel jsonb)
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select p_parcel || coalesce((
    select jsonb_object_agg(e.key, case
      when jsonb_typeof(e.value) = 'string' and e.key in ('acreage', 'estimated_value') then 'null'
      when jsonb_typeof(e.value) = 'number' then to_jsonb(least((e.value #>> '{}')::numeric, (private.parcel_shape() #>> array['properties', e.key, 'maximum'])::numeric))
      else to_jsonb(private.one_line(e.value #>> '{}')) end)
    from jsonb_each(p_parcel) e
    where private.parcel_shape() -> 'properties' ? e.key and jsonb_typeof(e.value) in ('string', 'number')
  ), '{}');
$$;
comment on function private.fit_parcel(jsonb) is 'A parcel (columns as JSON) with what its table no longer takes mended: control characters, numbers out of bounds, NaN, which becomes nothing.';

-- Mending is no change that people made: undoing an import asks updated_at.
select set_config('private.keep_updated_at', 'on', false);
update public.leads l set
  first_name = n.first_name, last_name = n.last_name, email = n.email, address1 = n.address1, address2 = n.address2, city = n.city,
  postal_code = n.postal_code, county = n.county, source = n.source, tags = n.tags, custom_fields = n.custom_fields
from public.leads o
cross join lateral jsonb_populate_record(o, private.fit_lead(to_jsonb(o) - array['full_name', 'search_text', 'score_rank'])) n
where o.id = l.id and (
  coalesce(o.first_name, '') || coalesce(o.last_name, '') || coalesce(o.email, '') || coalesce(o.address1, '') || coalesce(o.address2, '')
    || coalesce(o.city, '') || coalesce(o.postal_code, '') || coalesce(o.county, '') || coalesce(o.source, '')
    ~ '[\u0001-\u001f\u007f-\u009f\u2028\u2029]'
  or array_to_string(o.tags, ' ', '?') !~ '^([A-Z0-9+-]+( [A-Z0-9+-]+)*)?$' or array_to_string(o.tags, ' ') ~ '[^ ]{51}' or octet_length(o.custom_fields::text) > 8000);
update public.lead_properties p set
  apn = n.apn, county = n.county, situs = n.situs, property_type = n.property_type, acreage = n.acreage, estimated_value = n.estimated_value
from public.lead_properties o cross join lateral jsonb_populate_record(o, private.fit_parcel(to_jsonb(o))) n
where o.id = p.id and (
  coalesce(o.apn, '') || coalesce(o.county, '') || coalesce(o.situs, '') || coalesce(o.property_type, '') ~ '[\u0001-\u001f\u007f-\u009f\u2028\u2029]'
  or o.acreage > 99999999 or o.estimated_value > 999999999999);
select set_config('private.keep_updated_at', '', false);
update public.lead_phones p set label = private.one_line(p.label), invalid_reason = left(private.one_line(p.invalid_reason), 300)
where p.label ~ '[\u0001-\u001f\u007f-\u009f\u2028\u2029]' or p.invalid_reason ~ '[\u0001-\u001f\u007f-\u009f\u2028\u2029]' or length(p.invalid_reason) > 300;
update public.lead_phones p set carrier = left(p.carrier, 200), carrier_info = case when pg_column_size(p.carrier_info) <= 4000 then p.carrier_info else '{}' end
where length(p.carrier) > 200 or pg_column_size(p.carrier_info) > 4000;
-- What undo would put back.
update private.import_changes c
set before = jsonb_build_object(
  'lead', private.fit_lead(c.before -> 'lead'), 'phones', c.before -> 'phones',
  'parcels', (select coalesce(jsonb_agg(private.fit_parcel(p)), '[]') from jsonb_array_elements(c.before -> 'parcels') p))
where c.before is not null;
update private.bulk_changes c set before = to_jsonb(private.one_line(c.before #>> '{}'))
where jsonb_typeof(c.before) = 'string' and c.before #>> '{}' ~ '[\u0001-\u001f\u007f-\u009f\u2028\u2029]';
update private.bulk_changes c set before = private.fit_lead(jsonb_build_object('tags', c.before)) -> 'tags'
where jsonb_typeof(c.before) = 'array';

alter table public.leads
  -- One pattern over all of them: an import writes 100,000 rows.
  add constraint leads_lines_check check (
    coalesce(first_name, '') || coalesce(last_name, '') || coalesce(email, '') || coalesce(address1, '') || coalesce(address2, '')
      || coalesce(city, '') || coalesce(postal_code, '') || coalesce(county, '') || coalesce(source, '')
      !~ '[\u0001-\u001f\u007f-\u009f\u2028\u2029]'),
  drop constraint leads_tags_check,
  add constraint leads_tags_check check (
    cardinality(tags) <= 50 and '' <> all (tags)
    -- A blank between them, which none may hold: a comma in one would pass for two.
    and array_to_string(tags, ' ', '?') ~ '^([A-Z0-9+-]+( [A-Z0-9+-]+)*)?$' and array_to_string(tags, ' ') !~ '[^ ]{51}'),
  drop constraint leads_custom_fields_check,
  add constraint leads_custom_fields_check check (jsonb_typeof(custom_fields) = 'object' and pg_column_size(custom_fields) <= 32768);

alter table public.lead_properties
  add constraint lead_properties_lines_check check (
    coalesce(apn, '') || coalesce(county, '') || coalesce(situs, '') || coalesce(property_type, '') !~ '[\u0001-\u001f\u007f-\u009f\u2028\u2029]'),
  drop constraint lead_properties_acreage_check,
  add constraint lead_properties_acreage_check check (acreage between 0 and 99999999),
  drop constraint lead_properties_estimated_value_check,
  add constraint lead_properties_estimated_value_check check (estimated_value between 0 and 999999999999);

alter table public.lead_phones
  drop constraint lead_phones_label_check,
  add constraint lead_phones_label_check check (length(label) <= 100 and label !~ '[\u0001-\u001f\u007f-\u009f\u2028\u2029]'),
  add constraint lead_phones_invalid_reason_check check (length(invalid_reason) <= 300 and invalid_reason !~ '[\u0001-\u001f\u007f-\u009f\u2028\u2029]'),
  -- Twilio's words, which the side worker cuts to 100 characters each.
  add constraint lead_phones_carrier_check check (length(carrier) <= 200),
  add constraint lead_phones_carrier_info_check check (pg_column_size(carrier_info) <= 4000);

-- The words of leads.status and leads.lead_score, which were always checked: no row of before is longer.
alter table public.lead_events
  add constraint lead_events_old_value_check check (length(old_value) <= 100),
  add constraint lead_events_new_value_check check (length(new_value) <= 100);

update public.segments s set name = left(coalesce(nullif(private.one_line(s.name), ''), 'Segment'), 160) || ' ' || left(s.id::text, 8)
where s.name ~ '[\u0001-\u001f\u007f-\u009f\u2028\u2029]';
-- Left out and null say the same in a filter; null is no longer taken.
update public.segments s set filter = jsonb_strip_nulls(s.filter) where s.filter <> jsonb_strip_nulls(s.filter);
alter table public.segments
  drop constraint segments_name_check,
  add constraint segments_name_check check (length(trim(name)) between 1 and 200 and length(name) <= 250 and name !~ '[\u0001-\u001f\u007f-\u009f\u2028\u2029]'),
  drop constraint segments_filter_check,
  -- Of one that was there before: it stays, and is refused where it is used if it is none.
  add constraint segments_filter_check check (jsonb_typeof(filter) = 'object' and pg_column_size(filter) <= 1000000) not valid;

update public.import_uploads u set file_name = coalesce(nullif(private.one_line(u.file_name), ''), 'leads.csv') where u.file_name ~ '[\u0001-\u001f\u007f-\u009f\u2028\u2029]';
alter table public.import_uploads
  drop constraint import_uploads_file_name_check,
  add constraint import_uploads_file_name_check check (length(file_name) between 1 and 300 and file_name !~ '[\u0001-\u001f\u007f-\u009f\u2028\u2029]');

-- An import or a job that a check refuses could not even be ended: those of before are ended now, and keep what fits.
update public.imports i set
  status = case when i.finished_at is null then 'failed' else i.status end,
  error_message = case when i.finished_at is null
    then 'The file has more than 500 columns, or what is known of it is out of bounds. Import it again.' else i.error_message end,
  finished_at = coalesce(i.finished_at, now()),
  file_name = left(coalesce(nullif(private.one_line(i.file_name), ''), 'leads.csv'), 300),
  file_bytes = least(i.file_bytes, 104857600), storage_path = left(i.storage_path, 200),
  next_byte = least(greatest(i.next_byte, 0), 104857600), next_line = least(greatest(i.next_line, 1), 200000000),
  run_from_byte = least(greatest(i.run_from_byte, 0), 104857600), next_chunk = least(greatest(i.next_chunk, 0), 200000000),
  columns = case when cardinality(i.columns) = 0 then '{Phone}' else array(select left(c, 210) from unnest(i.columns[:500]) c) end,
  mapping = case when pg_column_size(i.mapping) <= 262144 then i.mapping else '{}' end,
  options = case when pg_column_size(i.options) <= 10000 then i.options else '{}' end,
  tags = i.tags[:50], delimiter = left(i.delimiter || ',', 1),
  encoding = case when i.encoding in ('utf-8', 'utf-16le', 'utf-16be', 'windows-1252') then i.encoding else 'utf-8' end
where not (
  i.file_bytes <= 104857600 and i.next_byte between 0 and 104857600 and i.next_line between 1 and 200000000
  and i.run_from_byte between 0 and 104857600 and i.next_chunk between 0 and 200000000 and length(i.storage_path) <= 200
  and cardinality(i.columns) between 1 and 500 and octet_length(array_to_string(i.columns, ',')) <= 524288
  and pg_column_size(i.mapping) <= 262144 and pg_column_size(i.options) <= 10000 and cardinality(i.tags) <= 50
  and length(i.delimiter) = 1 and i.encoding in ('utf-8', 'utf-16le', 'utf-16be', 'windows-1252')
  and i.file_name !~ '[\u0001-\u001f\u007f-\u009f\u2028\u2029]');
update public.imports i set error_message = left(i.error_message, 2000) where length(i.error_message) > 2000;
alter table public.imports
  add constraint imports_file_bytes_limit_check check (file_bytes <= 104857600),
  add constraint imports_storage_path_check check (length(storage_path) <= 200),
  -- Where an import begins its caller says; from there on it is counted. No file has more lines or chunks than bytes.
  add constraint imports_next_byte_check check (next_byte between 0 and 104857600),
  add constraint imports_next_line_check check (next_line between 1 and 210000000),
  add constraint imports_next_chunk_check check (next_chunk between 0 and 210000000),
  add constraint imports_run_from_byte_check check (run_from_byte between 0 and 104857600),
  add constraint imports_columns_check check (cardinality(columns) between 1 and 500 and octet_length(array_to_string(columns, ',')) <= 524288),
  add constraint imports_mapping_size_check check (pg_column_size(mapping) <= 262144),
  add constraint imports_options_size_check check (pg_column_size(options) <= 10000),
  add constraint imports_tags_check check (cardinality(tags) <= 50),
  add constraint imports_delimiter_check check (length(delimiter) = 1),
  add constraint imports_encoding_check check (encoding in ('utf-8', 'utf-16le', 'utf-16be', 'windows-1252')),
  add constraint imports_file_name_line_check check (file_name !~ '[\u0001-\u001f\u007f-\u009f\u2028\u2029]'),
  -- May quote the file; fail_import cuts it.
  add constraint imports_error_message_check check (length(error_message) <= 2000),
  add constraint imports_rate_check check (rows_per_second between 0 and 99999999999);

update public.jobs j set
  input = '{}', status = case when j.finished_at is null then 'failed' else j.status end,
  error_message = case when j.finished_at is null then 'What was asked for is too large. Ask again for less.' else j.error_message end,
  finished_at = coalesce(j.finished_at, now())
where pg_column_size(j.input) > 1000000;
update public.jobs j set error_message = left(j.error_message, 2000) where length(j.error_message) > 2000;
-- Figures by the name of a reason, and the file of an export: some hundreds of bytes. What is larger, no function of ours wrote.
update public.jobs j set result = '{}' where pg_column_size(j.result) > 65536;
alter table public.jobs
  add constraint jobs_result_size_check check (pg_column_size(result) <= 65536),
  -- May quote what was asked for; fail_job cuts it.
  add constraint jobs_error_message_check check (length(error_message) <= 2000),
  drop constraint jobs_input_check,
  add constraint jobs_input_check check (jsonb_typeof(input) = 'object' and pg_column_size(input) <= 1000000),
  add constraint jobs_rate_check check (items_per_second between 0 and 99999999999);

-- Both quote the file; the functions that write them cut them.
update public.import_rejections r set field = left(r.field, 250), reason = left(r.reason, 1000) where length(r.field) > 250 or length(r.reason) > 1000;
alter table public.import_rejections
  add constraint import_rejections_field_check check (length(field) <= 250),
  add constraint import_rejections_reason_check check (length(reason) <= 1000),
  -- A line of 131,072 characters at most, as the side worker reads it. Of before it stays as it is: nothing but erasing changes it.
  add constraint import_rejections_raw_size_check check (pg_column_size(raw) <= 1000000) not valid;
