-- A "no" of a file holds whatever becomes of its row: a row that is left out as a duplicate still denies the lead that has its
-- phone, and a phone that is denied is denied in every lead that has it.

create function private.has_refusal(p_rows jsonb)
returns boolean
language sql
immutable
set search_path = ''
as $$
  select jsonb_path_exists(p_rows, '$[*] ? (@.lead.consent_status == "denied"
    || exists(@.phones[*] ? (@.consent_status == "denied" || @.invalid_reason != null)))');
$$;
comment on function private.has_refusal(jsonb) is
  'Whether a row of an import, or one of a list of rows, denies its person or one of its phones, or calls one of them wrong.';

create function private.merge_refusals(p_import public.imports, p_rows jsonb, p_duplicates jsonb, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_refusals jsonb := (
    select to_jsonb(array_agg(r.input)) from jsonb_array_elements(p_rows) as r (input)
    where p_duplicates ? (r.input ->> 'line') and private.has_refusal(r.input));
  v_known text[];
  v_changed jsonb;
begin
  if v_refusals is null then
    return;
  end if;
  v_known := array(
    select k.e164 from private.find_phone_leads(p_import.org_id, array(
      select distinct p.e164 from jsonb_to_recordset(v_refusals) as r (phones jsonb)
      cross join lateral jsonb_to_recordset(r.phones) as p (e164 text))) k);
  -- Nothing but the refusal is left of a row: no new phones, no tags, no parcel.
  p_import.tags := '{}';
  p_import.options := p_import.options || '{"merge_strategy": "add_phones"}';
  v_refusals := (
    select to_jsonb(array_agg(jsonb_build_object(
      'line', r.line,
      'lead', case when r.lead ->> 'consent_status' = 'denied' then '{"consent_status": "denied"}'::jsonb else '{}' end,
      'phones', (
        select to_jsonb(array_agg(jsonb_build_object('e164', p.e164, 'invalid_reason', p.invalid_reason,
          'consent_status', case when p.consent_status = 'denied' then 'denied' end)))
        from jsonb_to_recordset(r.phones) as p (e164 text, consent_status text, invalid_reason text)
        where p.e164 = any (v_known))) order by r.line))
    from jsonb_to_recordset(v_refusals) as r (line bigint, lead jsonb, phones jsonb));
  v_changed := private.merge_chunk(p_import, v_refusals, p_now) -> 'changed';
  if v_changed <> '[]' then
    perform private.write_merged_leads(p_import, v_changed, p_now);
    perform private.journal_import_changes(p_import, v_changed, p_now);
  end if;
end;
$$;
comment on function private.merge_refusals(public.imports, jsonb, jsonb, timestamptz) is
  'Applies what the rows left out as duplicates (p_duplicates: {line: ...}) deny to the leads that have their phones: consent '
  'and wrong numbers, nothing else. The leads of the other rows are inserted before. The caller holds the locks of lock_chunk.';
