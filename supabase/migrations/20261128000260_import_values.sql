-- What starts an import: file, columns, mapping, options and tags, each of its shape, before anything else is asked.

create function private.check_mapping(p_mapping jsonb, p_columns text[], p_field text default 'mapping')
returns void
language plpgsql
stable
set search_path = ''
as $$
declare
  v_wrong record;
begin
  perform private.check_shape(p_mapping, private.import_mapping_shape(), p_field);
  select m.key, m.value into v_wrong from jsonb_each_text(p_mapping) m where m.key <> all (p_columns) order by m.key limit 1;
  if found then
    perform private.refuse_field(p_field || '.' || left(v_wrong.key, 64), format('The file has no column "%s".', v_wrong.key));
  end if;
  select m.value as key, count(*) as n into v_wrong
  from jsonb_each_text(p_mapping) m
  where m.value not in ('notes', 'tags', 'custom_field', 'ignore')
  group by m.value
  -- Each phone of a row is held against each of its flags.
  having count(*) > case when m.value = 'other_phone' then 30 when m.value like '%phone_dnc' then 10 else 1 end
  order by m.value limit 1;
  if found then
    perform private.refuse_field(p_field, format('%s columns go to %s: %s at most can. Map the others to custom_field.', v_wrong.n, v_wrong.key,
      case when v_wrong.key = 'other_phone' then 30 when v_wrong.key like '%phone_dnc' then 10 else 1 end));
  end if;
  if not exists (
    select from jsonb_each_text(p_mapping) m where m.value in ('primary_phone', 'secondary_phone', 'alternate_phone', 'other_phone'))
  then
    perform private.refuse_field(p_field, 'No column holds a phone number: map one of them to primary_phone.');
  end if;
end;
$$;
comment on function private.check_mapping(jsonb, text[], text) is
  'Refuses a mapping {column: field} that no file of these columns can be imported with: other columns, fields that are none or taken twice, more than 30 other phones or 10 flags of a kind, none of a phone. Raises PT422 naming p_field. _shared/csv/check-mapping.ts says the same to people first.';

create or replace function private.create_import(
  p_import_id uuid,
  p_file jsonb,
  p_mapping jsonb,
  p_options jsonb default '{}',
  p_tags text[] default '{}',
  p_now timestamptz default now()
)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('campaign_manager');
  v_path text;
  v_columns text[];
  v_before jsonb;
  v_import public.imports;
begin
  perform private.check_shape(p_file, private.import_file_shape(), 'file');
  v_columns := array(select c.name from jsonb_array_elements_text(p_file -> 'columns') with ordinality c (name, n) order by c.n);
  perform private.check_mapping(p_mapping, v_columns);
  perform private.check_shape(p_options, private.import_options_shape(), 'options');
  perform private.check_shape(to_jsonb(p_tags), private.tags_shape(), 'tags');
  if p_import_id is null then
    perform private.refuse_field('import_id', 'import_id is required.');
  elsif (select count(distinct c) from unnest(v_columns) c) < cardinality(v_columns) then
    perform private.refuse_field('file.columns', 'Two columns have the same name: each must have one of its own.');
  elsif (p_file ->> 'next_byte')::numeric > (p_file ->> 'file_bytes')::numeric then
    perform private.refuse_field('file.next_byte', 'next_byte must be within the file.');
  end if;
  v_path := v_org_id || '/' || p_import_id || '.csv';
  if not exists (select from storage.objects o where o.bucket_id = 'imports' and o.name = v_path) then
    perform private.raise_error('PT422', 'invalid_input', 'The file was not stored: send it again.',
      '{"errors": [{"field": "file", "message": "The file was not stored: send it again."}]}');
  end if;
  -- The same file sent twice at the same moment: the second waits, and is then noticed.
  perform pg_advisory_xact_lock(hashtextextended('import ' || v_org_id || (p_file ->> 'content_hash'), 0));
  select jsonb_build_object('id', i.id, 'created_at', i.created_at) into v_before
  from public.imports i
  where i.org_id = v_org_id and i.content_hash = p_file ->> 'content_hash' and i.status not in ('failed', 'canceled', 'undone')
  order by i.created_at desc limit 1;
  if v_before is not null and not coalesce((p_options ->> 'allow_repeat')::boolean, false) then
    perform private.raise_error('PT409', 'duplicate',
      'This very file was imported before. Send allow_repeat: true to import it again.',
      jsonb_build_object('already_imported', v_before));
  end if;

  insert into public.imports (
    id, org_id, file_name, file_bytes, content_hash, storage_path, encoding, delimiter, columns, mapping, options, tags,
    next_byte, next_line, run_from_byte, created_by, created_at)
  values (
    p_import_id, v_org_id, p_file ->> 'file_name', (p_file ->> 'file_bytes')::numeric::bigint, p_file ->> 'content_hash', v_path,
    p_file ->> 'encoding', p_file ->> 'delimiter', v_columns, p_mapping,
    p_options, p_tags, (p_file ->> 'next_byte')::numeric::bigint, (p_file ->> 'next_line')::numeric::bigint, (p_file ->> 'next_byte')::numeric::bigint,
    (select u.id from public.users u where u.id = auth.uid()), p_now)
  returning * into v_import;
  perform pgmq.send('imports', jsonb_build_object('import_id', p_import_id, 'chunk', 0));
  perform private.record_audit_event(v_org_id, 'leads_import_started', null, null, null,
    jsonb_build_object('import_id', p_import_id, 'file_name', v_import.file_name, 'file_bytes', v_import.file_bytes));
  return to_jsonb(v_import) || jsonb_build_object('already_imported', v_before);
end;
$$;

create or replace function private.find_known_leads(p_e164s text[])
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
-- One index lookup per phone and per lead, whatever the statistics say: see find_phone_leads.
set enable_seqscan = off
set enable_bitmapscan = off
as $$
declare
  v_org_id uuid := private.require_role('campaign_manager');
  v_answer jsonb;
begin
  if cardinality(p_e164s) > 100000 then
    perform private.refuse_field('e164s', 'Ask about 100,000 phones at most.');
  elsif exists (select from unnest(p_e164s) e where e is null or length(e) not between 8 and 16) then
    perform private.refuse_field('e164s', 'Each phone must be in E.164, like +15125550123.');
  end if;
  with known as materialized (
    select k.e164, k.lead_id, k.import_id from private.find_phone_leads(v_org_id, p_e164s) k
  ),
  leads as materialized (
    select distinct k.lead_id, k.import_id from known k
  )
  select jsonb_build_object(
    'phones', coalesce((select jsonb_object_agg(k.e164, k.lead_id) from known k), '{}'),
    'leads', coalesce((
      select jsonb_object_agg(l.lead_id, jsonb_build_object('import_id', l.import_id, 'phones', p.phones, 'parcels', r.parcels))
      from leads l
      cross join lateral (
        select jsonb_agg(o.e164) as phones
        from (select lp.e164 from public.lead_phones lp where lp.org_id = v_org_id and lp.lead_id = l.lead_id offset 0) o
      ) p
      cross join lateral (
        select coalesce(jsonb_agg(to_jsonb(o)), '[]') as parcels
        from (
          select q.state, q.county, q.apn, q.situs, q.property_type, q.acreage, q.estimated_value
          from public.lead_properties q where q.org_id = v_org_id and q.lead_id = l.lead_id offset 0
        ) o
      ) r), '{}'),
    'imports', coalesce((
      select jsonb_object_agg(i.id, jsonb_build_object('id', i.id, 'file_name', i.file_name, 'created_at', i.created_at))
      from (select distinct l.import_id from leads l where l.import_id is not null) x
      cross join lateral (select * from public.imports o where o.id = x.import_id offset 0) i), '{}'))
  into v_answer;
  return v_answer;
end;
$$;

create or replace function private.read_known_mappings(p_columns text[])
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('viewer');
begin
  perform private.check_shape(to_jsonb(p_columns), private.import_columns_shape(), 'columns');
  return jsonb_build_object(
    'saved', coalesce((
      select jsonb_agg(jsonb_build_object('id', m.id, 'name', m.name, 'mapping', m.mapping, 'options', m.options,
        'fingerprint', m.fingerprint) order by m.updated_at desc, m.id)
      from public.import_mappings m where m.org_id = v_org_id), '[]'),
    'last_import', (
      select jsonb_build_object('id', i.id, 'created_at', i.created_at, 'mapping', i.mapping)
      from public.imports i
      where i.org_id = v_org_id and i.columns = p_columns and i.status not in ('failed', 'canceled', 'undoing', 'undone')
      order by i.created_at desc limit 1));
end;
$$;
