-- Exports and bulk actions: what is asked of them is closed, and read again by each step, which may be of a job of long ago.

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
comment on function private.check_export(public.jobs) is 'Refuses an export whose options are none, by PT422 naming the field: the worker names its files by them.';

create or replace function private.create_export(p_filter jsonb, p_options jsonb, p_now timestamptz default now())
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
    perform private.refuse_field('filter', 'filter is required: {} is every lead.');
  end if;
  -- Refuses a filter that is none before anybody waits for the job.
  perform private.lead_condition(v_org_id, p_filter, p_now);
  if p_filter -> 'deleted' = 'true' then
    perform private.refuse_field('filter.deleted', 'Deleted leads are not exported: restore them first.');
  end if;
  v_id := private.create_job(v_org_id, 'lead_export', 'operator',
    jsonb_build_object('filter', private.shown_filter(p_filter), 'columns', null) || p_options, jsonb_build_object('filter', p_filter), p_now);
  perform private.record_audit_event(v_org_id, 'leads_export_started', null, null, null, jsonb_build_object('job_id', v_id));
  select to_jsonb(j) into v_job from public.jobs j where j.id = v_id;
  return v_job;
end;
$$;

create or replace function private.begin_export(p_job public.jobs, p_now timestamptz)
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
  -- The columns must be known before the first row is written: one look at the names of all leads' fields, not at the values.
  execute format($sql$
    select coalesce(jsonb_agg(k.key order by k.n desc, k.key), '[]')
    from (
      select f.key, count(*) as n from public.leads l cross join lateral jsonb_object_keys(l.custom_fields) f (key)
      where l.custom_fields <> '{}' and %s group by f.key
      -- A file has a column for 500 of them; that there are more is all that need be known of the rest.
      order by n desc, f.key limit 501
    ) k
    $sql$, private.lead_condition(p_job.org_id, v_filter, p_job.created_at))
  into v_fields;
  perform private.advance_job(p_job.id, 0, false, '{}', jsonb_build_object(
    'custom_fields', v_fields, 'chunks', greatest(ceil(v_total / 2500.0), 1)::integer, 'chunk', 1, 'from', 0,
    'file_name', 'leads-' || to_char(p_now at time zone (select o.time_zone from public.orgs o where o.id = p_job.org_id), 'YYYY-MM-DD-HH24MI')), p_now);
end;
$$;

drop function private.export_page(uuid, integer);
create function private.export_page(p_job_id uuid, p_chunk integer, p_from integer)
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
  -- What the worker holds of a part several times over.
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
  select j.lead_ids into v_ids from private.job_leads j where j.job_id = p_job_id and j.chunk = p_chunk;
  -- A hundred at a time: of large leads no more are read than the part takes.
  while v_n < coalesce(cardinality(v_ids), 0) loop
    with found as (
      select o.n, l.lead || jsonb_build_object('parcels', parcels.list) as lead,
        -- A row for each parcel repeats the lead; the 600 are for the columns, of which a file has hundreds, also where they are empty.
        (pg_column_size(l.lead) + 600) * case j.input ->> 'rows_per' when 'parcel' then greatest(jsonb_array_length(parcels.list), 1) else 1 end
          + pg_column_size(parcels.list) as bytes
      from unnest(v_ids[v_n + 1:v_n + 100]) with ordinality o (id, n)
      cross join lateral (
        select x.org_id, jsonb_build_object(
          'id', x.id, 'first_name', x.first_name, 'last_name', x.last_name, 'email', x.email, 'address1', x.address1,
          'address2', x.address2, 'city', x.city, 'state', x.state, 'postal_code', x.postal_code, 'county', x.county,
          'language', x.language, 'status', x.status, 'lead_score', x.lead_score, 'consent_status', x.consent_status,
          'source', x.source, 'notes', x.notes, 'tags', x.tags, 'custom_fields', x.custom_fields,
          'created_at', to_char(x.created_at, v_time), 'updated_at', to_char(x.updated_at, v_time), 'phones', phones.by_role) as lead
        from public.leads x
        cross join lateral (
          select coalesce(jsonb_object_agg(p.role, jsonb_build_object(
            'e164', p.e164, 'line_type', p.line_type, 'consent_status', p.consent_status, 'is_valid', p.is_valid, 'carrier', p.carrier)), '{}') as by_role
          from public.lead_phones p where p.lead_id = x.id
        ) phones
        where x.id = o.id and x.deleted_at is null offset 0
      ) l
      cross join lateral (
        select coalesce(jsonb_agg(jsonb_build_object(
          'apn', p.apn, 'county', p.county, 'state', p.state, 'situs', p.situs, 'property_type', p.property_type,
          'acreage', p.acreage, 'estimated_value', p.estimated_value) order by p.created_at, p.id), '[]') as list
        from public.lead_properties p where p.org_id = l.org_id and p.lead_id = o.id
      ) parcels
      join public.jobs j on j.id = p_job_id
    ),
    summed as (
      select f.n, f.lead, v_bytes + sum(f.bytes) over (order by f.n) as bytes, row_number() over (order by f.n) as place from found f
    ),
    told as (
      select s.n, s.lead, s.bytes, s.bytes <= v_most or (v_bytes = 0 and s.place = 1) as fits from summed s
    )
    select coalesce(jsonb_agg(t.lead order by t.n) filter (where t.fits), '[]') as leads, max(t.bytes) filter (where t.fits) as bytes,
      min(t.n) filter (where not t.fits) as cut
    into v_row from told t;
    v_batches := v_batches || v_row.leads;
    v_bytes := coalesce(v_row.bytes, v_bytes);
    v_n := v_n + coalesce(v_row.cut - 1, least(100, cardinality(v_ids) - v_n));
    exit when v_row.cut is not null;
  end loop;
  return jsonb_build_object(
    'leads', (select coalesce(jsonb_agg(e.lead order by b.n, e.n), '[]')
      from unnest(v_batches) with ordinality b (leads, n) cross join lateral jsonb_array_elements(b.leads) with ordinality e (lead, n)),
    'passed', v_n - greatest(p_from, 0), 'is_last', v_n >= coalesce(cardinality(v_ids), 0));
end;
$$;
comment on function private.export_page(uuid, integer, integer) is
  'A part of a chunk of an export: {leads, passed, is_last}, its leads from the one at p_from (from 0) on, as they are now and without those deleted since it began, as many as make some 5 MB of rows, one at least. passed: how many of the chunk these are, deleted ones among them; is_last: whether the chunk ends with them. A lead has columns, phones by role, parcels, times in the organisation''s time zone (ISO 8601). Raises PT422 if the job''s options are none. Definer: the worker may not read leads.';

drop function private.record_export_part(uuid, integer, bigint, text, bigint, jsonb, timestamptz);
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
  'A part of an export lies in Storage at p_path, of p_bytes bytes and p_passed leads (as private.export_page says); p_cursor is where the next begins. Returns whether that counts: not if the job has ended, or another worker was first. Definer: the worker may not write these tables.';
grant execute on function
  private.export_page(uuid, integer, integer),
  private.record_export_part(uuid, integer, bigint, text, bigint, integer, jsonb, timestamptz)
to worker;

create or replace function private.export_parts(p_job_id uuid)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  perform private.check_export(j) from public.jobs j where j.id = p_job_id;
  return (
    select coalesce(jsonb_agg(jsonb_build_object('path', p.path, 'bytes', p.bytes) order by p.part), '[]')
    from private.export_parts p where p.job_id = p_job_id);
end;
$$;

drop function public.start_bulk_action(jsonb);
drop function private.start_bulk_action(text, jsonb, jsonb, boolean, timestamptz);
create function private.start_bulk_action(
  p_input jsonb,
  p_now timestamptz default now()
)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('operator');
  v_role public.user_role := 'operator';
  v_action text;
  v_value jsonb;
  v_filter jsonb;
  v_job public.jobs;
  v_condition text;
  v_changes text;
  v_answer jsonb;
  v_figures jsonb;
  v_ids uuid[];
begin
  perform private.check_shape(p_input, private.bulk_action_shape());
  v_action := p_input ->> 'action';
  v_value := private.check_bulk_value(v_org_id, v_action, p_input -> 'value');
  v_filter := p_input -> 'filter';
  -- Nobody is meant by it: told rather than done in vain.
  if v_filter ? 'ids' and coalesce(cardinality(private.filter_ids(v_filter, 'ids')), 0) = 0 then
    perform private.refuse_field('ids', 'Name at least one lead.');
  end if;
  if v_action in ('delete', 'restore') or not v_filter ? 'ids' or v_filter - 'ids' - 'deleted' <> '{}' then
    v_role := 'campaign_manager';
    perform private.require_role(v_role);
  end if;
  if v_action <> 'restore' and v_filter -> 'deleted' = 'true' then
    perform private.refuse_field('filter.deleted', 'Deleted leads can only be restored.');
  end if;
  v_filter := v_filter - 'deleted' || case v_action when 'restore' then '{"deleted": true}'::jsonb else '{}' end;
  v_condition := private.lead_condition(v_org_id, v_filter, p_now);
  select s.changes into v_changes from private.bulk_action_sql(v_action, v_value) s;
  execute format(
    'select jsonb_build_object(''matched'', count(*), ''would_change'', count(*) filter (where %s)) from public.leads l where %s',
    v_changes, v_condition) into v_answer;
  if (p_input -> 'dry_run')::boolean then
    execute format(
      'select array_agg(s.id) from (select l.id from public.leads l where %s and %s order by l.created_at desc, l.id desc limit 5) s',
      v_condition, v_changes) into v_ids;
    return v_answer || jsonb_build_object('job', null, 'sample', (
      select coalesce(jsonb_agg(j.lead order by x.n), '[]') from unnest(v_ids) with ordinality x (id, n) join private.leads_json(v_ids) j on j.id = x.id));
  end if;

  if (v_answer ->> 'matched')::bigint > 1000 then
    v_job.id := private.create_job(v_org_id, 'lead_bulk_action', v_role,
      jsonb_build_object('action', v_action, 'value', v_value, 'filter', private.shown_filter(v_filter)),
      jsonb_build_object('filter', v_filter), p_now);
  else
    execute format('select coalesce(array_agg(l.id order by l.id), ''{}'') from public.leads l where %s', v_condition) into v_ids;
    insert into public.jobs (org_id, kind, status, required_role, input, created_by, created_at, started_at)
    values (v_org_id, 'lead_bulk_action', 'running', v_role,
      jsonb_build_object('action', v_action, 'value', v_value, 'filter', private.shown_filter(v_filter)),
      (select u.id from public.users u where u.id = auth.uid()), p_now, p_now)
    returning * into v_job;
    v_figures := private.change_leads(v_job, v_ids, p_now);
    update public.jobs j
    set status = 'completed', total_items = cardinality(v_ids), done_items = cardinality(v_ids), result = v_figures, finished_at = p_now
    where j.id = v_job.id;
  end if;
  perform private.record_audit_event(v_org_id, 'leads_bulk_action', null, null, null, v_answer || jsonb_build_object(
    'job_id', v_job.id, 'action', v_action, 'value', v_value));
  return v_answer || jsonb_build_object('sample', '[]'::jsonb, 'job', (select to_jsonb(j) from public.jobs j where j.id = v_job.id));
end;
$$;
comment on function private.start_bulk_action(jsonb, timestamptz) is
  'Changes many leads. p_input (private.bulk_action_shape): action add_tags, remove_tags (value: tags), set_status, set_score, set_source (value), add_to_segment, remove_from_segment (value: a list''s id), delete, restore; filter; dry_run. Operators by ids; campaign managers by any filter, and to delete and restore. Up to 1,000 leads at once, more as a job: {matched, would_change, job, sample}. dry_run: counts only, with five leads that would change. Raises PT403, PT422. Definer: users may not write leads.';
create function public.start_bulk_action(p_input jsonb)
returns jsonb language sql set search_path = ''
as $$ select private.start_bulk_action(p_input) $$;
comment on function public.start_bulk_action(jsonb) is 'See private.start_bulk_action.';
grant execute on function private.start_bulk_action(jsonb, timestamptz), public.start_bulk_action(jsonb) to authenticated;

create or replace function private.check_bulk_value(p_org_id uuid, p_action text, p_value jsonb)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
declare
  v_kind text := jsonb_typeof(coalesce(p_value, 'null'));
  v_word text := p_value #>> '{}';
begin
  case
    when p_action in ('add_tags', 'remove_tags') then
      if v_kind <> 'array' or jsonb_array_length(p_value) not between 1 and 50
        or exists (select 1 from jsonb_array_elements(p_value) e where jsonb_typeof(e) <> 'string' or e #>> '{}' !~* '^[A-Z0-9+-]{1,50}$')
      then
        perform private.refuse_field('value', 'value must list 1 to 50 tags, each of 1 to 50 characters: A-Z, 0-9, + and -.');
      end if;
      return (select jsonb_agg(t.tag order by t.n) from (
        select upper(e #>> '{}') as tag, min(n) as n from jsonb_array_elements(p_value) with ordinality x (e, n) group by 1) t);
    when p_action = 'set_status' then
      if v_kind <> 'string' or v_word not in ('new', 'contacted', 'interested', 'not_interested', 'do_not_contact') then
        perform private.refuse_field('value', 'value must be new, contacted, interested, not_interested or do_not_contact.');
      end if;
    when p_action = 'set_score' then
      if v_kind <> 'string' or v_word not in ('cold', 'warm', 'hot') then
        perform private.refuse_field('value', 'value must be cold, warm or hot.');
      end if;
    when p_action = 'set_source' then
      if v_kind not in ('string', 'null') or length(v_word) > 200 or v_word ~ '[\u0001-\u001f\u007f-\u009f\u2028\u2029]' then
        perform private.refuse_field('value', 'value must be one line of 200 characters at most, or null to empty it.');
      end if;
      return coalesce(to_jsonb(nullif(trim(v_word), '')), 'null');
    when p_action in ('add_to_segment', 'remove_from_segment') then
      if v_kind <> 'string' or not exists (
        select 1 from public.segments s where s.org_id = p_org_id and s.id::text = lower(v_word) and s.kind = 'list')
      then
        perform private.refuse_field('value', 'value must be the id of a segment that is a list.');
      end if;
    when p_action in ('delete', 'restore') then
      if v_kind <> 'null' then
        perform private.refuse_field('value', format('%s takes no value.', p_action));
      end if;
      return 'null';
    else
      perform private.refuse_field('action',
        'action must be add_tags, remove_tags, set_status, set_score, set_source, add_to_segment, remove_from_segment, delete or restore.');
  end case;
  return p_value;
end;
$$;
