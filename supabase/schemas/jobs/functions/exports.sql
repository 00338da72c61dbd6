-- Exports of leads into a file in bucket exports. The worker writes a part for each chunk of leads and joins the parts at the
-- end: nothing has the whole file in memory, and a worker that dies repeats only one part. Each try uses new paths, so that a try
-- that was overtaken can't overwrite parts that count.

create function private.shown_filter(p_filter jsonb)
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select case when p_filter ? 'ids' then p_filter - 'ids' || jsonb_build_object('ids', jsonb_array_length(p_filter -> 'ids'))
    else p_filter end;
$$;
comment on function private.shown_filter(jsonb) is 'A filter of leads as jobs show it: a list of ids is replaced by its length.';

create function private.create_export(p_filter jsonb, p_options jsonb, p_now timestamptz default now())
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('operator');
  v_id uuid;
  v_job jsonb;
begin
  perform private.check_shape(p_options, private.export_options_shape());
  if p_filter is null then
    perform private.refuse_field('filter', 'filter is required: {} means every lead.');
  end if;
  -- Refuses an invalid filter now, before anybody waits for the job.
  perform private.lead_condition(v_org_id, p_filter, p_now);
  if p_filter -> 'deleted' = 'true' then
    perform private.refuse_field('filter.deleted', 'Deleted leads are not exported: restore them first.');
  end if;
  v_id := private.create_job(v_org_id, 'lead_export', 'operator',
    jsonb_build_object('filter', private.shown_filter(p_filter), 'columns', null) || p_options,
      jsonb_build_object('filter', p_filter), p_now);
  perform private.record_audit_event(v_org_id, 'leads_export_started', null, null, null, jsonb_build_object('job_id', v_id));
  select to_jsonb(j) into v_job from public.jobs j where j.id = v_id;
  return v_job;
end;
$$;
comment on function private.create_export(jsonb, jsonb, timestamptz) is
  'Operators: starts an export of the leads that match the filter. p_options: format (csv, xlsx), columns (null: all), rows_per '
  '(lead, parcel). Returns the job. Raises PT403, PT422. Security definer: users may not write jobs.';
grant execute on function private.create_export(jsonb, jsonb, timestamptz) to authenticated;

create function public.create_export(p_filter jsonb, p_options jsonb)
returns jsonb language sql set search_path = ''
as $$ select private.create_export(p_filter, p_options) $$;
comment on function public.create_export(jsonb, jsonb) is 'See private.create_export.';
grant execute on function public.create_export(jsonb, jsonb) to authenticated;

create function private.begin_export(p_job public.jobs, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_filter jsonb;
  v_total bigint;
  v_fields jsonb;
begin
  perform private.check_export(p_job);
  select s.cursor -> 'filter' into v_filter from private.job_states s where s.job_id = p_job.id;
  v_total := private.fix_job_leads(p_job, v_filter, 2500, 'l.created_at desc, l.id desc');
  -- The columns must be known before the first row is written. This reads the names of all leads' fields once, not their values.
  execute format($sql$
    select coalesce(to_jsonb(array_agg(k.key order by k.n desc, k.key)), '[]')
    from (
      select f.key, count(*) as n from public.leads l cross join lateral jsonb_object_keys(l.custom_fields) f (key)
      where l.custom_fields <> '{}' and %s group by f.key
      -- A file has columns for 500 of them. The 501st only shows that there are more.
      order by n desc, f.key limit 501
    ) k
    $sql$, private.lead_condition(p_job.org_id, v_filter, p_job.created_at))
  into v_fields;
  perform private.advance_job(p_job.id, 0, false, '{}', jsonb_build_object(
    'custom_fields', v_fields, 'chunks', greatest(ceil(v_total / 2500.0), 1)::integer, 'chunk', 1, 'from', 0,
    'file_name', 'leads-' || to_char(p_now at time zone (select o.time_zone from public.orgs o where o.id = p_job.org_id),
      'YYYY-MM-DD-HH24MI')), p_now);
end;
$$;
comment on function private.begin_export(public.jobs, timestamptz) is
  'Step 0 of an export: fixes its leads, newest first, in chunks of 2,500, and the names of their custom fields, the most '
  'frequent first. The caller holds the job''s lock.';

create function private.export_parts(p_job_id uuid)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  perform private.check_export(j) from public.jobs j where j.id = p_job_id;
  return (
    select coalesce(to_jsonb(array_agg(jsonb_build_object('path', p.path, 'bytes', p.bytes) order by p.part)), '[]')
    from private.export_parts p where p.job_id = p_job_id);
end;
$$;
comment on function private.export_parts(uuid) is
  'The parts of an export in their order: [{path, bytes}]. Security definer: the worker may not read the table.';
grant execute on function private.export_parts(uuid) to worker;

create function private.finish_export(
  p_job_id uuid,
  p_step integer,
  p_message_id bigint,
  p_file jsonb,
  p_now timestamptz default now()
)
returns boolean
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_job public.jobs := private.lock_job_step(p_job_id, p_step, p_message_id);
begin
  if v_job.id is null then
    return false;
  end if;
  perform private.advance_job(p_job_id, 0, true,
    jsonb_build_object('file', p_file || jsonb_build_object('expires_at', p_now + interval '7 days')), '{}', p_now);
  return true;
end;
$$;
comment on function private.finish_export(uuid, integer, bigint, jsonb, timestamptz) is
  'Called when the whole file of an export is stored in Storage; completes the job. p_file: path, name, bytes, rows. The file is '
  'kept for 7 days. Returns whether this counts: not if the job has ended, or another worker was first. Security definer: the '
  'worker may not write jobs.';
grant execute on function private.finish_export(uuid, integer, bigint, jsonb, timestamptz) to worker;

create function private.export_options_shape()
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select private.object_shape(jsonb_build_object(
    'format', private.word_shape('csv', 'xlsx'),
    'rows_per', private.word_shape('lead', 'parcel'),
    'columns', private.null_or(private.list_shape(private.word_shape(
      'first_name', 'last_name',
      'primary_phone', 'primary_phone_type', 'primary_phone_consent', 'primary_phone_valid', 'primary_phone_carrier',
      'secondary_phone', 'secondary_phone_type', 'secondary_phone_consent', 'secondary_phone_valid', 'secondary_phone_carrier',
      'alternate_phone', 'alternate_phone_type', 'alternate_phone_consent', 'alternate_phone_valid', 'alternate_phone_carrier',
      'email', 'address1', 'address2', 'city', 'state', 'zip_code', 'county', 'language', 'status', 'lead_score',
        'consent_status',
      'source', 'tags', 'notes', 'apn', 'situs', 'property_state', 'property_type', 'acreage', 'estimated_value', 'parcel_county',
      'parcel_count', 'lead_id', 'lead_created_at', 'lead_updated_at'), 42, 1))), '{format,rows_per}');
$$;
comment on function private.export_options_shape() is
  'The shape of the options of an export: format, rows_per, columns (null: all). The names of columns are those of '
  '_shared/leads/export-columns.ts.';

create function private.check_export(p_job public.jobs)
returns void
language plpgsql
stable
set search_path = ''
as $$
begin
  perform private.check_shape(p_job.input - 'filter', private.export_options_shape());
end;
$$;
comment on function private.check_export(public.jobs) is
  'Raises PT422 naming the field if the options of an export are invalid: the worker names its files by them.';

create function private.record_export_part(
  p_job_id uuid,
  p_step integer,
  p_message_id bigint,
  p_path text,
  p_bytes bigint,
  p_passed integer,
  p_cursor jsonb,
  p_now timestamptz default now()
)
returns boolean
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_job public.jobs := private.lock_job_step(p_job_id, p_step, p_message_id);
begin
  if v_job.id is null then
    return false;
  end if;
  insert into private.export_parts (job_id, part, path, bytes) values (p_job_id, p_step, p_path, p_bytes);
  perform private.advance_job(p_job_id, p_passed, false, '{}', p_cursor, p_now);
  return true;
end;
$$;
comment on function private.record_export_part(uuid, integer, bigint, text, bigint, integer, jsonb, timestamptz) is
  'Records that a part of an export is stored in Storage at p_path, with p_bytes bytes and p_passed leads (see '
  'private.export_page). p_cursor is where the next part begins. Returns whether this counts: not if the job has ended, or '
  'another worker was first. Security definer: the worker may not write these tables.';
grant execute on function private.record_export_part(uuid, integer, bigint, text, bigint, integer, jsonb, timestamptz) to worker;
