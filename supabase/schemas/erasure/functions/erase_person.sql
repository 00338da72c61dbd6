-- Erasing a person, as admins call it: a lead with all leads merged into it, or a phone that no lead has.

create function private.erase_lead(p_lead_id uuid, p_confirm text, p_also_erase uuid[] default '{}',
  p_now timestamptz default now())
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
  perform private.check_ids(p_also_erase, 'also_erase', 20);
  if coalesce(trim(p_confirm), '') = '' or length(p_confirm) > 1000 then
    perform private.refuse_field('confirm',
      'Confirm with the full name of the lead or one of its phones: this can''t be undone.');
  end if;
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
    and not exists (select from public.lead_phones p where p.org_id = v_org_id and p.lead_id = p_lead_id
      and p.e164 = p_confirm) then
    perform private.refuse_field('confirm',
      'Confirm with the full name of the lead or one of its phones: this can''t be undone.');
  end if;
  return private.erase(v_org_id, p_lead_id || coalesce(p_also_erase, '{}'), '{}', p_now);
end;
$$;
comment on function private.erase_lead(uuid, text, uuid[], timestamptz) is
  'Admins: erases the person of a lead, and of the leads also_erase, for good; see private.erase for the answer. p_confirm: the '
  'lead''s full name, or one of its phones in E.164. Does nothing if the lead is erased already. Raises PT403, PT404, PT409, '
  'PT422. Security definer: users may not write the tables.';
grant execute on function private.erase_lead(uuid, text, uuid[], timestamptz) to authenticated;

create function public.erase_lead(p_lead_id uuid, p_confirm text, p_also_erase uuid[] default '{}')
returns jsonb language sql set search_path = ''
as $$ select private.erase_lead(p_lead_id, p_confirm, p_also_erase) $$;
comment on function public.erase_lead(uuid, text, uuid[]) is 'See private.erase_lead.';
grant execute on function public.erase_lead(uuid, text, uuid[]) to authenticated;

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
  'Admins: erases everything about a phone (E.164) that no lead has, and suppresses it; see private.erase for the answer. Raises '
  'PT403, PT409 conflict naming the lead that has it, PT422. Security definer: users may not write the tables.';
grant execute on function private.erase_phone(text, timestamptz) to authenticated;

create function public.erase_phone(p_e164 text)
returns jsonb language sql set search_path = ''
as $$ select private.erase_phone(p_e164) $$;
comment on function public.erase_phone(text) is 'See private.erase_phone.';
grant execute on function public.erase_phone(text) to authenticated;

create function private.erase_outside(p_org_id uuid, p_lead_ids uuid[], p_phones text[])
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_subjects text[] := p_phones || array(
    select x.id::text from public.lead_properties x where x.org_id = p_org_id and x.lead_id = any (p_lead_ids));
  v_answers integer;
  v_scrubs integer;
begin
  delete from private.outside_calls c
  using private.call_lanes k
  where k.org_id = p_org_id and c.lane_id = k.id and c.subject = any (v_subjects);
  delete from public.enrichment_answers a where a.org_id = p_org_id and a.subjects && v_subjects;
  get diagnostics v_answers = row_count;
  delete from public.phone_scrubs s where s.org_id = p_org_id and s.e164 = any (p_phones);
  get diagnostics v_scrubs = row_count;
  delete from public.test_phones t where t.org_id = p_org_id and t.e164 = any (p_phones);
  return jsonb_build_object('enrichment_answers', v_answers, 'phone_scrubs', v_scrubs);
end;
$$;
comment on function private.erase_outside(uuid, uuid[], text[]) is
  'Deletes waiting calls to outside services about these phones and the parcels of these leads, the services'' answers about '
  'them (an answer about several subjects is deleted whole), and the scrubs of the phones; returns how many. Must run before the '
  'parcels are deleted.';
