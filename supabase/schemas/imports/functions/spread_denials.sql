create function private.spread_denials(p_import public.imports, p_rows jsonb, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
-- Forces one index lookup for each phone, whatever the statistics say: see find_phone_leads.
set enable_seqscan = off
set enable_bitmapscan = off
as $$
declare
  v_lines jsonb;
  v_e164s text[];
  v_lead_ids uuid[];
  v_states jsonb;
begin
  if p_import.options ->> 'merge_strategy' is distinct from 'create' and not private.has_refusal(p_rows) then
    return;
  end if;
  select coalesce(jsonb_object_agg(d.e164, d.line), '{}') into v_lines
  from (
    select p.e164, min(r.line) as line,
      bool_or('denied' in (coalesce(r.lead ->> 'consent_status', ''), coalesce(p.consent_status, ''))) as is_denied
    from jsonb_to_recordset(p_rows) as r (line bigint, reason text, lead jsonb, phones jsonb)
    cross join lateral jsonb_to_recordset(r.phones) as p (e164 text, consent_status text)
    where r.reason is null
    group by p.e164
  ) d
  where d.is_denied
    -- A new lead with a phone that another lead has denied.
    or (p_import.options ->> 'merge_strategy' = 'create' and exists (
      -- The offset keeps the planner from reading all denied phones of the organisation into a hash.
      select from public.lead_phones p
      where p.org_id = p_import.org_id and p.e164 = d.e164 and p.consent_status = 'denied' offset 0));
  if v_lines = '{}' then
    return;
  end if;
  v_e164s := array(select jsonb_object_keys(v_lines));
  v_lead_ids := array(
    select distinct p.lead_id from unnest(v_e164s) as x (e164)
    cross join lateral (
      select o.lead_id from public.lead_phones o
      where o.org_id = p_import.org_id and o.e164 = x.e164 and o.consent_status <> 'denied' offset 0) p);
  if v_lead_ids = '{}' then
    return;
  end if;
  perform private.lock_import_leads(v_lead_ids);
  v_states := (
    select to_jsonb(array_agg(i.image || jsonb_build_object('before', i.image, 'line', (
      select min((v_lines ->> p.e164)::bigint) from jsonb_to_recordset(i.image -> 'phones') as p (e164 text)))))
    from private.import_images(v_lead_ids) i);
  insert into public.consent_records (org_id, e164, lead_id, import_id, status, method, evidence, recorded_at, recorded_by)
  select p_import.org_id, p.e164, p.lead_id, p_import.id, 'revoked', 'import',
    format('Import %s, file %s, line %s', p_import.id, p_import.file_name, v_lines ->> p.e164), p_now, p_import.created_by
  from unnest(v_lead_ids) as x (id)
  cross join lateral (select * from public.lead_phones o where o.lead_id = x.id offset 0) p
  where v_lines ? p.e164 and p.consent_status <> 'denied';
  update public.lead_phones p set consent_status = 'denied'
  where p.lead_id = any (v_lead_ids) and v_lines ? p.e164 and p.consent_status <> 'denied';
  perform private.cancel_phones_targets(p_import.org_id, v_e164s, 'no_consent', p_now);
  perform private.journal_import_changes(p_import, v_states, p_now);
end;
$$;
comment on function private.spread_denials(public.imports, jsonb, timestamptz) is
  'Denies the phones that rows of the chunk deny in all other leads that have them, too; with strategy create also those of new '
  'leads that an older lead has as denied. Each is recorded, and what waits for the phone is canceled. The caller holds the '
  'locks of the contacts.';
