-- Undoing an import: its leads in the order of their ids, chunk by chunk. Leads that it made are deleted, and leads that it
-- changed get their former values from the journal. Leads that somebody has changed since stay as they are.

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
        -- "for update", because campaigns that are being built refer to leads, and targets in uncommitted transactions must be
        -- seen before a lead is deleted.
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
  'Locks what undoing these leads may change: contacts in E.164 order, then leads by id. Raises 40001 if other transactions keep '
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
      private.import_phone_marks((
        select to_jsonb(array_agg(to_jsonb(p))) from public.lead_phones p where p.lead_id = x.id)) as phones,
      array(select p.id from public.lead_properties p where p.org_id = l.org_id and p.lead_id = x.id order by 1) as parcels
    where j.lead_id is not null
  ) n on true;
end;
$$;
comment on function private.judge_undo(uuid, uuid[]) is
  'What happens to leads when their import is undone. changed: somebody changed the lead since, so it is kept. gone: people '
  'deleted it already. put_back: its former values are restored. known: the import made it, and campaigns, messages or '
  'conversations refer to it, so it is hidden as if people deleted it. unknown: the import made it, and it is removed. line: the '
  'line in the journal, else 0. Looked-up values of a phone or a parcel (line type, carrier, validity, values) do not count as '
  'changes.';

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
  'The parts of a lead''s phones that people and opt-outs change: the phones, their roles and consent. As text, for comparing.';

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
  -- What the import alone said does not outlive it.
  delete from private.refused_phones r using public.lead_phones p where p.lead_id = any (p_lead_ids) and r.lead_phone_id = p.id;
  -- As when people delete a lead: waiting messages of campaigns are canceled, unless another lead has the same phone.
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
  'Deletes leads as people do: they are hidden for good, their history stays, and open targets are canceled. The caller holds '
  'the locks of contacts and leads.';

create function private.remove_leads(p_import_id uuid, p_lead_ids uuid[])
returns void
language sql
set search_path = ''
set enable_seqscan = off
as $$
  -- One statement: when the triggers of phones run, the leads are gone, and there is nothing for them to correct.
  with consents as (
    delete from public.consent_records c where c.import_id = p_import_id and c.lead_id = any (p_lead_ids)
  ),
  phones as (
    delete from public.lead_phones p where p.lead_id = any (p_lead_ids)
  )
  delete from public.leads l where l.id = any (p_lead_ids);
$$;
comment on function private.remove_leads(uuid, uuid[]) is
  'Removes leads that an import made and that nothing refers to, with their phones, parcels, journal and the import''s consent '
  'records. Contact rows stay, because opt-outs and other writers lock them.';

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
  'The next leads, after p_after in the order of their ids, that an import made or changed.';

create function private.send_undo(p_import public.imports)
returns void
language sql
set search_path = ''
as $$
  select private.send_work('imports', p_import.org_id,
    jsonb_build_object('import_id', p_import.id, 'undo', true, 'after', p_import.undo_after));
$$;
comment on function private.send_undo(public.imports) is 'Queues the next chunk of an undo.';
