-- Undo: an import's leads in the order of their ids, chunk by chunk. What it made goes, what it changed is put back from the
-- journal, what somebody changed since stays.

create function private.lock_undo(p_org_id uuid, p_lead_ids uuid[])
returns void
language plpgsql
set search_path = ''
set enable_seqscan = off
as $$
begin
  for v_try in 1 .. 10 loop
    begin
      if private.lock_import_contacts(p_org_id, '{}', p_lead_ids) then
        -- For update: campaigns that are being built refer to leads, and those in flight must be seen before a lead goes.
        perform 1 from public.leads l where l.id = any (p_lead_ids) order by l.id for update;
        return;
      end if;
      raise exception using errcode = 'PTLCK', message = 'leads got phones while their contacts were being locked';
    exception when sqlstate 'PTLCK' then
      null;
    end;
  end loop;
  raise exception using errcode = '40001', message = 'leads got phones while their contacts were being locked, ten times';
end;
$$;
comment on function private.lock_undo(uuid, uuid[]) is
  'Locks what undoing these leads may change: contacts in E.164 order, then leads by id. Raises 40001 where others keep '
  'changing them.';

create function private.judge_undo(p_import_id uuid, p_lead_ids uuid[])
returns table (lead_id uuid, line bigint, verdict text)
language plpgsql
stable
set search_path = ''
set enable_seqscan = off
set enable_bitmapscan = off
as $$
begin
  return query
  select l.id, coalesce(j.line, 0),
    case
      when l.import_id = p_import_id and l.deleted_at is not null then 'gone'
      when j.lead_id is null and l.updated_at <> l.created_at then 'changed'
      when j.lead_id is not null and (
        l.updated_at <> (j.after ->> 'updated_at')::timestamptz
        or n.phones <> private.import_phone_marks(j.after -> 'phones')
        or n.parcels <> array(select (p ->> 'id')::uuid from jsonb_array_elements(j.after -> 'parcels') p order by 1)
      ) then 'changed'
      when l.import_id is distinct from p_import_id then 'put_back'
      when exists (select from public.campaign_targets t where t.lead_id = l.id)
        or exists (select from public.messages m where m.lead_id = l.id)
        or exists (select from public.conversations c where c.lead_id = l.id) then 'known'
      else 'unknown'
    end
  from unnest(p_lead_ids) as x (id)
  cross join lateral (select * from public.leads o where o.id = x.id offset 0) l
  left join lateral (select * from private.import_changes o
    where o.import_id = p_import_id and o.lead_id = x.id offset 0) j on true
  left join lateral (
    select
      private.import_phone_marks((select jsonb_agg(to_jsonb(p)) from public.lead_phones p where p.lead_id = x.id)) as phones,
      array(select p.id from public.lead_properties p where p.org_id = l.org_id and p.lead_id = x.id order by 1) as parcels
    where j.lead_id is not null
  ) n on true;
end;
$$;
comment on function private.judge_undo(uuid, uuid[]) is
  'What becomes of leads when their import is undone: changed (by somebody since: kept), gone (deleted by people already), '
  'put_back, known (made by the import, and known to campaigns, messages or conversations: deleted as people do), unknown (made '
  'by the import: removed). line: that of the journal, else 0. What is looked up about a phone or a parcel (line type, carrier, '
  'validity, values) is no change.';

create function private.import_phone_marks(p_phones jsonb)
returns text
language sql
immutable
set search_path = ''
as $$
  select string_agg(concat_ws(' ', p ->> 'id', p ->> 'e164', p ->> 'role', p ->> 'consent_status'), ',' order by p ->> 'id')
  from jsonb_array_elements(p_phones) p;
$$;
comment on function private.import_phone_marks(jsonb) is
  'What of a lead''s phones people and opt-outs change: which they are, their roles and consent. Text, to be compared.';

create function private.put_back_leads(p_import_id uuid, p_lead_ids uuid[])
returns void
language plpgsql
set search_path = ''
-- One index lookup per lead, phone and parcel, whatever the statistics say: see find_phone_leads.
set enable_seqscan = off
set enable_bitmapscan = off
set enable_hashjoin = off
set enable_mergejoin = off
as $$
declare
  v_journal jsonb;
begin
  select coalesce(jsonb_agg(jsonb_build_object('id', j.lead_id, 'before', j.before, 'after', j.after)), '[]') into v_journal
  from private.import_changes j where j.import_id = p_import_id and j.lead_id = any (p_lead_ids);
  perform set_config('private.keep_updated_at', 'on', true);

  delete from public.lead_phones p
  using jsonb_to_recordset(v_journal) as j (id uuid, before jsonb)
  where p.lead_id = j.id and not exists (select from jsonb_array_elements(j.before -> 'phones') b
    where (b ->> 'id')::uuid = p.id);
  update public.lead_phones p
  set consent_status = b.consent_status,
      -- What was looked up since stays.
      line_type = case when p.line_type is not distinct from a.line_type then b.line_type else p.line_type end
  from jsonb_to_recordset(v_journal) as j (before jsonb, after jsonb)
  cross join lateral jsonb_to_recordset(j.before -> 'phones') as b (id uuid, consent_status text, line_type text)
  join lateral jsonb_to_recordset(j.after -> 'phones') as a (id uuid, consent_status text, line_type text) on a.id = b.id
  where p.id = b.id and (a.consent_status, a.line_type) is distinct from (b.consent_status, b.line_type);

  delete from public.lead_properties p
  using jsonb_to_recordset(v_journal) as j (id uuid, before jsonb)
  where p.org_id = (j.before -> 'lead' ->> 'org_id')::uuid and p.lead_id = j.id
    and not exists (select from jsonb_array_elements(j.before -> 'parcels') b where (b ->> 'id')::uuid = p.id);
  update public.lead_properties p
  set county = b.county, state = b.state, situs = b.situs, property_type = b.property_type, acreage = b.acreage,
      estimated_value = b.estimated_value, updated_at = b.updated_at
  from jsonb_to_recordset(v_journal) as j (before jsonb, after jsonb)
  cross join lateral jsonb_populate_recordset(null::public.lead_properties, j.before -> 'parcels') b
  join lateral jsonb_to_recordset(j.after -> 'parcels') as a (id uuid, updated_at timestamptz) on a.id = b.id
  where p.id = b.id and p.updated_at = a.updated_at and a.updated_at <> b.updated_at;

  perform private.set_lead_cause('import');
  update public.leads l set
    first_name = b.first_name, last_name = b.last_name, language = b.language, email = b.email, address1 = b.address1,
    address2 = b.address2, city = b.city, state = b.state, postal_code = b.postal_code, county = b.county, status = b.status,
    lead_score = b.lead_score, consent_status = b.consent_status, source = b.source, notes = b.notes, tags = b.tags,
    custom_fields = b.custom_fields, phone_digits = b.phone_digits, updated_at = b.updated_at
  from jsonb_to_recordset(v_journal) as j (before jsonb)
  cross join lateral jsonb_populate_record(null::public.leads, j.before -> 'lead') b
  where l.id = b.id;
  perform private.set_lead_cause(null);
  perform set_config('private.keep_updated_at', '', true);

  delete from public.consent_records c where c.import_id = p_import_id and c.lead_id = any (p_lead_ids);
  delete from private.import_changes j where j.import_id = p_import_id and j.lead_id = any (p_lead_ids);
end;
$$;
comment on function private.put_back_leads(uuid, uuid[]) is
  'Makes leads that an import changed what they were before it, updated_at included, from its journal, which forgets them. The '
  'caller holds the locks and knows that nobody changed them since.';

create function private.hide_leads(p_org_id uuid, p_lead_ids uuid[], p_now timestamptz)
returns void
language plpgsql
set search_path = ''
set enable_seqscan = off
as $$
declare
  v_e164 text;
begin
  update public.leads l set deleted_at = p_now where l.id = any (p_lead_ids);
  -- As when people delete a lead: what campaigns have not sent is canceled, unless another lead has the same phone.
  for v_e164 in
    select distinct p.e164 from unnest(p_lead_ids) as x (id)
    cross join lateral (select o.e164 from public.lead_phones o where o.lead_id = x.id offset 0) p order by 1
  loop
    if not exists (select from private.find_phone_leads(p_org_id, array[v_e164])) then
      perform private.cancel_open_targets(p_org_id, v_e164, 'lead_deleted', p_now);
    end if;
  end loop;
end;
$$;
comment on function private.hide_leads(uuid, uuid[], timestamptz) is
  'Deletes leads as people do: hidden for good, their history stays, open targets are canceled. The caller holds the locks of '
  'contacts and leads.';

create function private.remove_leads(p_import_id uuid, p_lead_ids uuid[])
returns void
language sql
set search_path = ''
set enable_seqscan = off
as $$
  -- One statement: the triggers of phones run when the leads are gone, and find nothing to mend.
  with consents as (
    delete from public.consent_records c where c.import_id = p_import_id and c.lead_id = any (p_lead_ids)
  ),
  phones as (
    delete from public.lead_phones p where p.lead_id = any (p_lead_ids)
  )
  delete from public.leads l where l.id = any (p_lead_ids);
$$;
comment on function private.remove_leads(uuid, uuid[]) is
  'Removes leads that an import made and nothing refers to, with their phones, parcels, journal and the consent it brought. '
  'Contact rows stay: they are what opt-outs and other writers lock.';

create function private.next_undo(p_import_id uuid, p_after uuid, p_limit integer)
returns uuid[]
language plpgsql
stable
set search_path = ''
set enable_seqscan = off
set enable_bitmapscan = off
as $$
begin
  return array(
    select u.id from (
      (select l.id from public.leads l
       where l.import_id = p_import_id and (p_after is null or l.id > p_after) order by l.id limit p_limit)
      union
      (select j.lead_id from private.import_changes j
       where j.import_id = p_import_id and (p_after is null or j.lead_id > p_after) order by j.lead_id limit p_limit)
    ) u order by u.id limit p_limit);
end;
$$;
comment on function private.next_undo(uuid, uuid, integer) is
  'The next leads that an import made or changed, in the order of their ids, after p_after.';

create function private.send_undo(p_import public.imports)
returns void
language sql
set search_path = ''
as $$
  select private.send_work('imports', p_import.org_id,
    jsonb_build_object('import_id', p_import.id, 'undo', true, 'after', p_import.undo_after));
$$;
comment on function private.send_undo(public.imports) is 'Queues the next chunk of an undo.';
