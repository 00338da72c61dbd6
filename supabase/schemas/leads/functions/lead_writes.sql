-- The operations on single leads that users call. Operators create, change and delete leads; every person of the organisation may
-- read them.

create function private.lead_input_phones(p_input jsonb)
returns text[]
language sql
immutable
set search_path = ''
as $$
  select coalesce(array_agg(i.value), '{}')
  from jsonb_each_text(p_input) i
  where i.key in ('primary_phone', 'secondary_phone', 'alternate_phone') and i.value ~ '^\+1[2-9][0-9]{9}$';
$$;
comment on function private.lead_input_phones(jsonb) is 'The phones in the input for a lead, but only those in E.164.';

create function private.create_lead(p_lead jsonb, p_allow_duplicate_phone boolean default false,
  p_repeat_key text default null, p_now timestamptz default now())
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('operator');
  v_first uuid := private.first_result(v_org_id, 'create_lead', p_repeat_key, p_now);
  v_lead jsonb;
begin
  -- Who deletes what they made and makes it again means it.
  if exists (select from public.leads l where l.id = v_first and l.deleted_at is null) then
    return private.get_lead(v_first);
  end if;
  v_lead := private.save_lead(v_org_id, null, p_lead, p_allow_duplicate_phone, p_now);
  perform private.keep_result(v_org_id, 'create_lead', p_repeat_key, (v_lead ->> 'id')::uuid);
  return v_lead;
end;
$$;
comment on function private.create_lead(jsonb, boolean, text, timestamptz) is
  'Operators: creates a lead from its columns, primary_phone, secondary_phone, alternate_phone (E.164) and properties. Returns '
  'the lead. p_repeat_key: see private.first_result; the same key within a minute returns the same lead. Raises PT403, PT409 '
  'duplicate (details.lead_id), PT422. Security definer: users may not write the tables.';
grant execute on function private.create_lead(jsonb, boolean, text, timestamptz) to authenticated, service_role;

create function public.create_lead(p_lead jsonb, p_allow_duplicate_phone boolean default false, p_repeat_key text default null)
returns jsonb language sql set search_path = ''
as $$ select private.create_lead(p_lead, p_allow_duplicate_phone, p_repeat_key) $$;
comment on function public.create_lead(jsonb, boolean, text) is 'See private.create_lead.';
grant execute on function public.create_lead(jsonb, boolean, text) to authenticated, service_role;

create function private.update_lead(
  p_lead_id uuid,
  p_changes jsonb,
  p_allow_duplicate_phone boolean default false,
  p_now timestamptz default now()
)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('operator');
begin
  if p_lead_id is null then
    perform private.raise_error('PT404', 'not_found', 'There is no lead with this id.');
  end if;
  return private.save_lead(v_org_id, p_lead_id, p_changes, p_allow_duplicate_phone, p_now);
end;
$$;
comment on function private.update_lead(uuid, jsonb, boolean, timestamptz) is
  'Operators: changes the given fields of a lead; null empties a field. properties, if given, replaces all parcels. Returns the '
  'lead. Raises PT403, PT404, PT409 duplicate, PT422. Security definer: users may not write the tables.';
grant execute on function private.update_lead(uuid, jsonb, boolean, timestamptz) to authenticated, service_role;

create function public.update_lead(p_lead_id uuid, p_changes jsonb, p_allow_duplicate_phone boolean default false)
returns jsonb language sql set search_path = ''
as $$ select private.update_lead(p_lead_id, p_changes, p_allow_duplicate_phone) $$;
comment on function public.update_lead(uuid, jsonb, boolean) is 'See private.update_lead.';
grant execute on function public.update_lead(uuid, jsonb, boolean) to authenticated, service_role;

create function private.get_lead(p_lead_id uuid)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('viewer');
  v_lead jsonb;
begin
  select j.lead into v_lead
  from public.leads l, private.leads_json(array[l.id]) j
  where l.org_id = v_org_id and l.id = p_lead_id and l.deleted_at is null;
  if not found then
    perform private.refuse_lead(v_org_id, p_lead_id);
  end if;
  return v_lead;
end;
$$;
comment on function private.get_lead(uuid) is
  'A lead with its phones and parcels, in the same form as in every other answer. Raises PT404, with details.merged_into for a '
  'merged lead. Security definer: users may not call the function that builds this form.';
grant execute on function private.get_lead(uuid) to authenticated, service_role;

create function public.get_lead(p_lead_id uuid)
returns jsonb language sql stable set search_path = ''
as $$ select private.get_lead(p_lead_id) $$;
comment on function public.get_lead(uuid) is 'See private.get_lead.';
grant execute on function public.get_lead(uuid) to authenticated, service_role;

create function private.delete_lead(p_lead_id uuid, p_now timestamptz default now())
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('operator');
  v_phones text[];
  v_e164 text;
begin
  select coalesce(array_agg(p.e164 order by p.e164), '{}') into v_phones
  from public.lead_phones p where p.org_id = v_org_id and p.lead_id = p_lead_id;
  perform private.lock_contacts(v_org_id, v_phones);
  update public.leads l set deleted_at = p_now
  where l.org_id = v_org_id and l.id = p_lead_id and l.deleted_at is null;
  if not found then
    perform private.raise_error('PT404', 'not_found', 'There is no lead with this id.');
  end if;
  -- Sent messages stay. Messages that campaigns have not sent yet are canceled, unless another lead has the same phone.
  foreach v_e164 in array v_phones loop
    if not exists (
      select 1 from public.lead_phones p join public.leads l on l.id = p.lead_id
      where p.org_id = v_org_id and p.e164 = v_e164 and l.deleted_at is null
    ) then
      perform private.cancel_open_targets(v_org_id, v_e164, 'lead_deleted', p_now);
    end if;
  end loop;
  perform private.record_audit_event(v_org_id, 'lead_deleted', null, null, p_lead_id);
end;
$$;
comment on function private.delete_lead(uuid, timestamptz) is
  'Operators: hides a lead for good, and cancels messages that campaigns have not sent to it yet. The history stays. Raises '
  'PT403, PT404. Security definer: users may not write the tables.';
grant execute on function private.delete_lead(uuid, timestamptz) to authenticated, service_role;

create function public.delete_lead(p_lead_id uuid)
returns void language sql set search_path = ''
as $$ select private.delete_lead(p_lead_id) $$;
comment on function public.delete_lead(uuid) is 'See private.delete_lead.';
grant execute on function public.delete_lead(uuid) to authenticated, service_role;
