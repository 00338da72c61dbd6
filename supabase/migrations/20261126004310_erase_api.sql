-- Erasing a person as admins call it: a lead with all that was merged into it, or a phone that no lead has.

create function private.erase(p_org_id uuid, p_lead_ids uuid[], p_phones text[], p_now timestamptz)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_ids uuid[];
  v_phones text[];
  v_emails text[];
  v_others uuid[];
  v_e164 text;
  v_canceled integer := 0;
  v_done jsonb;
begin
  v_ids := array(
    select x from unnest(p_lead_ids) x
    union
    select l.id from public.leads l where l.merged_into = any (p_lead_ids));
  v_phones := p_phones || private.lead_contacts(p_org_id, v_ids);
  -- Deleted leads of the same phones are emptied too: nobody sees them, and they hold the same person.
  v_ids := array(
    select x from unnest(v_ids) x
    union
    select l.id from public.lead_phones p join public.leads l on l.id = p.lead_id
    where p.org_id = p_org_id and p.e164 = any (v_phones) and l.deleted_at is not null);
  if not v_phones <@ private.lock_leads(p_org_id, v_ids) then
    -- Of a phone that no lead ever had: then no lead is locked either.
    perform private.lock_contacts(p_org_id, v_phones);
  end if;
  v_others := array(
    select distinct l.id from public.lead_phones p join public.leads l on l.id = p.lead_id
    where p.org_id = p_org_id and p.e164 = any (v_phones) and l.deleted_at is null and l.id <> all (v_ids) order by l.id);
  if cardinality(v_others) > 0 then
    perform private.raise_error('PT409', 'conflict',
      'Other leads have the same phones. Where they are the same person, merge them first, or erase them too (also_erase); where not, take the phone from one of them.',
      jsonb_build_object('lead_ids', v_others));
  end if;
  if exists (
    select from public.messages m
    where m.to_number = any (v_phones) and (m.org_id = p_org_id) is true and m.status in ('sending', 'unknown')) then
    perform private.raise_error('PT409', 'invalid_state',
      'A message to this person is being sent, or Twilio has not told what became of it. Try again when it is settled.');
  end if;

  select array_agg(lower(l.email)) filter (where l.email is not null) into v_emails from public.leads l where l.id = any (v_ids);
  foreach v_e164 in array array(select distinct p from unnest(v_phones) p order by p) loop
    v_canceled := v_canceled + private.cancel_open_targets(p_org_id, v_e164, 'erased', p_now);
    perform private.suppress(p_org_id, v_e164, 'manual', 'erased', p_now => p_now);
  end loop;
  -- Answers that wait to be sent, the confirmation of an opt-out among them.
  update public.messages m set status = 'canceled', error_message = 'erased', settled_at = p_now
  where m.to_number = any (v_phones) and (m.org_id = p_org_id) is true and m.status = 'queued';
  v_done := private.erase_messages(p_org_id, v_phones)
    || private.erase_records(p_org_id, v_ids, v_phones, coalesce(v_emails, '{}'))
    || private.erase_outside(p_org_id, v_ids, v_phones)
    || private.erase_leads(p_org_id, v_ids, p_now);
  perform private.record_audit_event(p_org_id, 'person_erased', null, null, p_lead_ids[1], v_done);
  return jsonb_build_object('erased', v_done, 'targets_canceled', v_canceled,
    'suppressed', to_jsonb(array(select distinct p from unnest(v_phones) p order by p)));
end;
$$;
comment on function private.erase(uuid, uuid[], text[], timestamptz) is
  'Erases leads (with those merged into them and deleted ones of the same phones) and phones in the caller''s transaction, suppresses the phones and cancels what waits for them. Returns {erased: {table: how many}, targets_canceled, suppressed: [e164]}. Raises PT409 conflict where another lead has one of the phones, invalid_state while a message is under way.';

create function private.erase_lead(p_lead_id uuid, p_confirm text, p_also_erase uuid[] default '{}', p_now timestamptz default now())
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('admin');
  v_lead public.leads;
  v_id uuid;
begin
  select * into v_lead from public.leads l where l.org_id = v_org_id and l.id = p_lead_id;
  if v_lead.erased_at is not null then
    return '{"erased": {}, "targets_canceled": 0, "suppressed": []}';
  end if;
  foreach v_id in array p_lead_id || coalesce(p_also_erase, '{}') loop
    if not exists (select from public.leads l where l.org_id = v_org_id and l.id = v_id and l.deleted_at is null) then
      perform private.refuse_lead(v_org_id, v_id);
    end if;
  end loop;
  if not coalesce(private.fold_text(trim(p_confirm)) = private.fold_text(nullif(v_lead.full_name, '')), false)
    and not exists (select from public.lead_phones p where p.org_id = v_org_id and p.lead_id = p_lead_id and p.e164 = p_confirm) then
    perform private.refuse_field('confirm', 'Confirm with the full name of the lead or one of its phones: this can''t be undone.');
  end if;
  return private.erase(v_org_id, p_lead_id || coalesce(p_also_erase, '{}'), '{}', p_now);
end;
$$;
comment on function private.erase_lead(uuid, text, uuid[], timestamptz) is
  'Admins: erases the person of a lead, and of other leads named, for good; see private.erase for the answer. p_confirm: the lead''s full name, or a phone in E.164. Of one that is erased already it does nothing. Raises PT403, PT404, PT409, PT422. Definer: users may not write the tables.';

create function private.erase_phone(p_e164 text, p_now timestamptz default now())
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('admin');
begin
  if p_e164 is null or p_e164 !~ '^\+[1-9][0-9]{6,14}$' then
    perform private.refuse_field('phone', 'Write it like +15125550123.');
  end if;
  return private.erase(v_org_id, '{}', array[p_e164], p_now);
end;
$$;
comment on function private.erase_phone(text, timestamptz) is
  'Admins: erases what there is of a phone (E.164) that no lead has, and suppresses it; see private.erase for the answer. Raises PT403, PT409 conflict naming the lead that has it, PT422. Definer: users may not write the tables.';

create function public.erase_lead(p_lead_id uuid, p_confirm text, p_also_erase uuid[] default '{}')
returns jsonb language sql set search_path = ''
as $$ select private.erase_lead(p_lead_id, p_confirm, p_also_erase) $$;
comment on function public.erase_lead(uuid, text, uuid[]) is 'See private.erase_lead.';
create function public.erase_phone(p_e164 text)
returns jsonb language sql set search_path = ''
as $$ select private.erase_phone(p_e164) $$;
comment on function public.erase_phone(text) is 'See private.erase_phone.';
grant execute on function
  private.erase_lead(uuid, text, uuid[], timestamptz), private.erase_phone(text, timestamptz),
  public.erase_lead(uuid, text, uuid[]), public.erase_phone(text)
to authenticated;
