-- Exports of leads into a file in bucket exports. The worker writes a part for each chunk of leads and puts the parts together at
-- the end: nothing holds a whole file, and a worker that dies repeats one part. Paths are made up anew for every try, so that a
-- try that was overtaken can't write over what counts.

insert into storage.buckets (id, name, public)
values ('exports', 'exports', false)
on conflict (id) do nothing;

create table private.export_parts (
  job_id uuid not null references public.jobs (id) on delete cascade,
  part integer not null check (part > 0),
  path text not null,
  bytes bigint not null check (bytes >= 0),
  primary key (job_id, part)
);
comment on table private.export_parts is 'The parts of an unfinished export, in the order in which they make up the file.';
alter table private.export_parts enable row level security;

create function private.shown_filter(p_filter jsonb)
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select case when p_filter ? 'ids' then p_filter - 'ids' || jsonb_build_object('ids', jsonb_array_length(p_filter -> 'ids')) else p_filter end;
$$;
comment on function private.shown_filter(jsonb) is 'A filter of leads as jobs show it: a list of ids is told by its length.';

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
  -- Refuses a filter that is none before anybody waits for the job.
  perform private.lead_condition(v_org_id, p_filter, p_now);
  if p_filter -> 'deleted' = 'true' then
    perform private.refuse_field('filter.deleted', 'Deleted leads are not exported: restore them first.');
  end if;
  v_id := private.create_job(v_org_id, 'lead_export', 'operator',
    jsonb_build_object('filter', private.shown_filter(p_filter)) || p_options, jsonb_build_object('filter', p_filter), p_now);
  perform private.record_audit_event(v_org_id, 'leads_export_started', null, null, null, jsonb_build_object('job_id', v_id));
  select to_jsonb(j) into v_job from public.jobs j where j.id = v_id;
  return v_job;
end;
$$;
comment on function private.create_export(jsonb, jsonb, timestamptz) is
  'Operators: starts an export of the leads that fit the filter. p_options: format (csv, xlsx), columns (null: all), rows_per (lead, parcel). Returns the job. Raises PT403, PT422. Definer: users may not write jobs.';

create function public.create_export(p_filter jsonb, p_options jsonb)
returns jsonb language sql set search_path = ''
as $$ select private.create_export(p_filter, p_options) $$;
comment on function public.create_export(jsonb, jsonb) is 'See private.create_export.';

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
  select s.cursor -> 'filter' into v_filter from private.job_states s where s.job_id = p_job.id;
  v_total := private.fix_job_leads(p_job, v_filter, 2500, 'l.created_at desc, l.id desc');
  -- The columns must be known before the first row is written: one look at the names of all leads' fields, not at the values.
  execute format($sql$
    select coalesce(jsonb_agg(k.key order by k.n desc, k.key), '[]')
    from (
      select f.key, count(*) as n from public.leads l cross join lateral jsonb_object_keys(l.custom_fields) f (key)
      where l.custom_fields <> '{}' and %s group by f.key
    ) k
    $sql$, private.lead_condition(p_job.org_id, v_filter, p_job.created_at))
  into v_fields;
  perform private.advance_job(p_job.id, 0, false, '{}', jsonb_build_object(
    'custom_fields', v_fields, 'chunks', greatest(ceil(v_total / 2500.0), 1)::integer,
    'file_name', 'leads-' || to_char(p_now at time zone (select o.time_zone from public.orgs o where o.id = p_job.org_id), 'YYYY-MM-DD-HH24MI')), p_now);
end;
$$;
comment on function private.begin_export(public.jobs, timestamptz) is
  'Step 0 of an export: fixes its leads, newest first, in chunks of 2,500, and the names of their custom fields, commonest first. The caller holds the job''s lock.';

create function private.export_page(p_job_id uuid, p_chunk integer)
returns jsonb
language plpgsql
security definer
set search_path = ''
-- By the index for each lead, whatever the statistics say: see private.find_phone_leads.
set enable_seqscan = off
set enable_bitmapscan = off
as $$
declare
  v_time text := 'YYYY-MM-DD"T"HH24:MI:SSTZH:TZM';
  v_rows jsonb;
begin
  perform set_config('TimeZone', o.time_zone, true)
  from public.jobs j join public.orgs o on o.id = j.org_id where j.id = p_job_id;
  select coalesce(jsonb_agg(jsonb_build_object(
      'id', l.id, 'first_name', l.first_name, 'last_name', l.last_name, 'email', l.email, 'address1', l.address1,
      'address2', l.address2, 'city', l.city, 'state', l.state, 'postal_code', l.postal_code, 'county', l.county,
      'language', l.language, 'status', l.status, 'lead_score', l.lead_score, 'consent_status', l.consent_status,
      'source', l.source, 'notes', l.notes, 'tags', l.tags, 'custom_fields', l.custom_fields,
      'created_at', to_char(l.created_at, v_time), 'updated_at', to_char(l.updated_at, v_time),
      'phones', phones.by_role, 'parcels', parcels.list) order by o.n), '[]')
  into v_rows
  from private.job_leads j
  cross join lateral unnest(j.lead_ids) with ordinality o (id, n)
  cross join lateral (select x.* from public.leads x where x.id = o.id and x.deleted_at is null offset 0) l
  cross join lateral (
    select coalesce(jsonb_object_agg(p.role, jsonb_build_object(
      'e164', p.e164, 'line_type', p.line_type, 'consent_status', p.consent_status, 'is_valid', p.is_valid, 'carrier', p.carrier)), '{}') as by_role
    from public.lead_phones p where p.lead_id = l.id
  ) phones
  cross join lateral (
    select coalesce(jsonb_agg(jsonb_build_object(
      'apn', p.apn, 'county', p.county, 'state', p.state, 'situs', p.situs, 'property_type', p.property_type,
      'acreage', p.acreage, 'estimated_value', p.estimated_value) order by p.created_at, p.id), '[]') as list
    from public.lead_properties p where p.org_id = l.org_id and p.lead_id = l.id
  ) parcels
  where j.job_id = p_job_id and j.chunk = p_chunk;
  return v_rows;
end;
$$;
comment on function private.export_page(uuid, integer) is
  'The leads of a chunk of an export as they are now, without those deleted since it began: columns, phones by role, parcels, times in the organisation''s time zone (ISO 8601). Definer: the worker may not read leads.';

create function private.record_export_part(
  p_job_id uuid,
  p_step integer,
  p_message_id bigint,
  p_path text,
  p_bytes bigint,
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
  perform private.advance_job(p_job_id,
    coalesce((select cardinality(l.lead_ids) from private.job_leads l where l.job_id = p_job_id and l.chunk = p_step), 0), false, '{}', p_cursor, p_now);
  return true;
end;
$$;
comment on function private.record_export_part(uuid, integer, bigint, text, bigint, jsonb, timestamptz) is
  'A chunk of an export lies in Storage at p_path. Returns whether that counts: not where the job has ended, or another worker was first. Definer: the worker may not write these tables.';

create function private.export_parts(p_job_id uuid)
returns jsonb
language sql
stable
security definer
set search_path = ''
as $$
  select coalesce(jsonb_agg(jsonb_build_object('path', p.path, 'bytes', p.bytes) order by p.part), '[]')
  from private.export_parts p where p.job_id = p_job_id;
$$;
comment on function private.export_parts(uuid) is 'The parts of an export in their order: [{path, bytes}]. Definer: the worker may not read the table.';

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
  'The file of an export lies whole in Storage. p_file: path, name, bytes, rows. It is kept for 7 days. Returns whether it counts. Definer: the worker may not write jobs.';

create function private.remove_export_files()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  delete from private.export_parts p where p.job_id = new.id;
  -- One that failed or was canceled may still be written by a worker that does not know it yet, for as long as a worker lives.
  perform pgmq.send('jobs', jsonb_build_object('remove_files', new.org_id || '/' || new.id),
    case when new.status = 'completed' then 7 * 86400 else 600 end);
  return null;
end;
$$;
comment on function private.remove_export_files() is
  'Trigger: has the worker remove an export''s files, 7 days after it was completed, 10 minutes after it failed or was canceled. Definer: nobody else may use the queue.';
create trigger jobs_remove_export_files after update of status on public.jobs
  for each row when (new.kind = 'lead_export' and new.finished_at is not null and old.finished_at is null)
  execute function private.remove_export_files();

create function private.export_files(p_folder text)
returns jsonb
language sql
stable
security definer
set search_path = ''
as $$
  select coalesce(jsonb_agg(f.name), '[]')
  from (
    select o.name from storage.objects o where o.bucket_id = 'exports' and o.name ^@ (p_folder || '/') order by o.name limit 1000
  ) f;
$$;
comment on function private.export_files(text) is
  'The paths of up to 1,000 files in a folder of bucket exports: what is there, not what should be, since a worker that died told nobody what it had stored. Definer: the worker may not read Storage''s tables.';

create function private.drop_job_message(p_message_id bigint)
returns void
language sql
security definer
set search_path = ''
as $$
  select pgmq.delete('jobs', p_message_id);
$$;
comment on function private.drop_job_message(bigint) is 'Takes a message off the queue whose work is done. Definer: the worker may not touch the queue itself.';

grant execute on function
  private.export_page(uuid, integer), private.export_parts(uuid), private.export_files(text), private.drop_job_message(bigint),
  private.record_export_part(uuid, integer, bigint, text, bigint, jsonb, timestamptz),
  private.finish_export(uuid, integer, bigint, jsonb, timestamptz)
to worker;
grant execute on function private.create_export(jsonb, jsonb, timestamptz), public.create_export(jsonb, jsonb) to authenticated;
