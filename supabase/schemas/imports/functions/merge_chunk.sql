-- Merges the rows of a chunk that share a phone with a lead or with each other, in the order of the file. Leads are read once,
-- changed in memory row by row, and written once.

create function private.import_images(p_lead_ids uuid[])
returns table (lead_id uuid, image jsonb)
language plpgsql
stable
set search_path = ''
-- Forces one index lookup for each lead, whatever the statistics say: see find_phone_leads.
set enable_seqscan = off
set enable_bitmapscan = off
as $$
begin
  return query
  select x.id, jsonb_build_object(
    'lead', to_jsonb(l) - array['full_name', 'search_text', 'county_keys'],
    'phones', coalesce((
      select to_jsonb(array_agg(to_jsonb(p) - array['org_id', 'lead_id', 'is_primary'] order by p.role desc))
      from (select * from public.lead_phones o where o.lead_id = x.id offset 0) p), '[]'),
    'parcels', coalesce((
      select to_jsonb(array_agg(to_jsonb(p) - array['org_id', 'lead_id'] order by p.created_at, p.id))
      from (select * from public.lead_properties o where o.org_id = l.org_id and o.lead_id = x.id offset 0) p), '[]'))
  from unnest(p_lead_ids) as x (id)
  cross join lateral (select * from public.leads o where o.id = x.id offset 0) l
  order by x.id;
end;
$$;
comment on function private.import_images(uuid[]) is
  'Leads with their current values, by id: {lead, phones, parcels}, with all columns except generated ones.';

create function private.lock_import_leads(p_lead_ids uuid[])
returns void
language plpgsql
set search_path = ''
set enable_seqscan = off
set enable_bitmapscan = off
as $$
begin
  perform 1 from public.leads l where l.id = any (p_lead_ids) order by l.id for no key update;
end;
$$;
comment on function private.lock_import_leads(uuid[]) is
  'Locks leads in the order of their ids. The caller holds the locks of their contacts.';

create function private.lock_import_contacts(p_org_id uuid, p_e164s text[], p_lead_ids uuid[])
returns boolean
language plpgsql
set search_path = ''
set enable_seqscan = off
as $$
declare
  v_locked text[];
begin
  -- Besides their phones, also the phones at which campaigns still write to these leads, because opt-outs and new addresses
  -- change those targets.
  v_locked := p_e164s || array(
    select p.e164 from unnest(p_lead_ids) as x (id)
    cross join lateral (select o.e164 from public.lead_phones o where o.lead_id = x.id offset 0) p
    union
    select t.e164 from unnest(p_lead_ids) as x (id)
    cross join lateral (
      select o.e164 from public.campaign_targets o
      where o.lead_id = x.id and o.state in ('waiting', 'queued', 'sending', 'unknown') offset 0) t);
  perform private.lock_contacts(p_org_id, v_locked);
  return not exists (
    select from unnest(p_lead_ids) as x (id)
    cross join lateral (select o.e164 from public.lead_phones o where o.lead_id = x.id offset 0) p
    where p.e164 not in (select unnest(v_locked)));
end;
$$;
comment on function private.lock_import_contacts(uuid, text[], uuid[]) is
  'Locks the contacts of p_e164s, and of all phones at which these leads are written to, in one statement in E.164 order. '
  'Returns false if a lead got another phone before the locks were obtained: the caller must release the locks and try again.';

create function private.lock_chunk(p_org_id uuid, p_e164s text[])
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_lead_ids uuid[];
begin
  for v_try in 1 .. 10 loop
    v_lead_ids := array(select distinct k.lead_id from private.find_phone_leads(p_org_id, p_e164s) k);
    begin
      -- Both must be true while the locks are held: the same leads have these phones, and all their phones are locked.
      if private.lock_import_contacts(p_org_id, p_e164s, v_lead_ids)
        and array(select distinct k.lead_id from private.find_phone_leads(p_org_id, p_e164s) k) <@ v_lead_ids
      then
        perform private.lock_import_leads(v_lead_ids);
        return;
      end if;
      -- A lock taken out of order could deadlock, so all locks are released first.
      raise exception using errcode = 'PTLCK', message = 'leads changed while their contacts were being locked';
    exception when sqlstate 'PTLCK' then
      null;
    end;
  end loop;
  raise exception using errcode = '40001', message = 'leads changed while their contacts were being locked, ten times';
end;
$$;
comment on function private.lock_chunk(uuid, text[]) is
  'Locks what merging rows with these phones may change: contacts in E.164 order, then leads by id. Raises 40001 if other '
  'transactions keep changing the leads: the chunk is tried again later.';

create function private.merge_chunk(p_import public.imports, p_rows jsonb, p_now timestamptz)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_strategy text := p_import.options ->> 'merge_strategy';
  v_known jsonb;
  v_lead_ids uuid[];
  v_states jsonb[];
  v_count integer;
  v_owners integer[];
  v_row record;
  v_at integer;
  v_input jsonb;
  v_updated integer := 0;
  v_lines text[];
begin
  select coalesce(jsonb_object_agg(k.e164, k.lead_id), '{}'), coalesce(array_agg(distinct k.lead_id), '{}')
    into v_known, v_lead_ids
  from private.find_phone_leads(p_import.org_id, array(
    select distinct p.e164
    from jsonb_to_recordset(p_rows) as r (phones jsonb) cross join lateral jsonb_to_recordset(r.phones) as p (e164 text))) k;
  select array_agg(i.image || jsonb_build_object('before', i.image, 'consents', '[]'::jsonb, 'warnings', '[]'::jsonb,
    'identities', private.parcel_identities(i.image -> 'parcels')) order by i.lead_id)
  into v_states from private.import_images(v_lead_ids) i;
  v_count := cardinality(v_lead_ids);

  -- Phones are numbered. v_owners has, by number, the index in v_states of the lead that has the phone: arrays, because they are
  -- read for every row.
  for v_row in
    with phones as materialized (
      select r.at as row_at, p.at, p.phone ->> 'e164' as e164, v_known ->> (p.phone ->> 'e164') as lead_id
      from jsonb_array_elements(p_rows) with ordinality r (input, at)
      cross join lateral jsonb_array_elements(r.input -> 'phones') with ordinality p (phone, at)
    ),
    numbered as materialized (
      select p.*, dense_rank() over (order by p.e164) as number, count(*) over (partition by p.e164) > 1
        or p.lead_id is not null as is_shared
      from phones p
    )
    select n.row_at, array_agg(n.number::integer order by n.at) as numbers, array_agg(n.e164 order by n.at) as e164s,
      array_agg(array_position(v_lead_ids, n.lead_id::uuid) order by n.at) as found
    from numbered n group by n.row_at having bool_or(n.is_shared) order by n.row_at
  loop
    v_input := p_rows -> (v_row.row_at - 1)::integer;
    v_lines[coalesce(cardinality(v_lines), 0) + 1] := v_input ->> 'line';
    v_at := null;
    for i in 1 .. cardinality(v_row.numbers) loop
      v_owners[v_row.numbers[i]] := coalesce(v_owners[v_row.numbers[i]], v_row.found[i]);
      v_at := coalesce(v_at, v_owners[v_row.numbers[i]]);
    end loop;
    if v_at is null then
      v_count := v_count + 1;
      v_at := v_count;
      v_states[v_at] := private.import_first_row(v_input);
    else
      v_updated := v_updated + 1;
      v_states[v_at] := private.import_merge_row(v_states[v_at], v_input, v_strategy, p_import.tags, array(
        select v_row.e164s[i] from generate_subscripts(v_row.numbers, 1) i where v_owners[v_row.numbers[i]] <> v_at));
    end if;
    for i in 1 .. cardinality(v_row.numbers) loop
      if v_owners[v_row.numbers[i]] is null
        and jsonb_path_exists(v_states[v_at], '$.phones[*].e164 ? (@ == $e)', jsonb_build_object('e', v_row.e164s[i]))
      then
        v_owners[v_row.numbers[i]] := v_at;
      end if;
    end loop;
  end loop;

  return jsonb_build_object(
    'updated', v_updated,
    'shared', coalesce((select jsonb_object_agg(s.line, true) from unnest(v_lines) as s (line)), '{}'),
    'made', coalesce((select to_jsonb(array_agg(s)) from unnest(v_states[cardinality(v_lead_ids) + 1:]) s), '[]'),
    'changed', coalesce((
      select to_jsonb(array_agg(s)) from unnest(v_states[:cardinality(v_lead_ids)]) s where (s -> 'changed')::boolean), '[]'),
    'warnings', coalesce((
      select to_jsonb(array_agg(w || jsonb_build_object('lead_id', s -> 'lead' -> 'id')))
      from unnest(v_states) s cross join lateral jsonb_array_elements(s -> 'warnings') w), '[]'));
end;
$$;
comment on function private.merge_chunk(public.imports, jsonb, timestamptz) is
  'Merges the rows of a chunk that share a phone with a lead or an earlier row, by the import''s strategy (update, fill, '
  'add_phones). Writes nothing. Returns {shared: {line: true}, updated: number of rows, made: [leads to be inserted], changed: '
  '[existing leads to be written], warnings: [{line, field, reason, lead_id}]}. A row is merged into the oldest lead that has '
  'the row''s first known phone. The caller holds the locks.';
