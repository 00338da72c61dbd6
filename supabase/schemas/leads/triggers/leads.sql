-- Leads: owners, their phones (up to three), their parcels, and the contact row that sending and opt-outs lock. Users may read
-- these tables. They write through functions (functions/lead_writes.sql), so that a lead always has a primary phone.

create function private.keep_phone_digits()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  update public.leads l
  set phone_digits = coalesce(p.digits, '')
  from (
    select c.lead_id, string_agg(substr(lp.e164, 3), ' ' order by lp.role desc) as digits
    from (select distinct lead_id from changed) c
    left join public.lead_phones lp on lp.lead_id = c.lead_id
    group by c.lead_id
  ) p
  where l.id = p.lead_id and l.phone_digits is distinct from coalesce(p.digits, '');
  return null;
end;
$$;
comment on function private.keep_phone_digits() is
  'Statement trigger: updates leads.phone_digits of the leads whose phones changed.';

create function private.require_primary_phone()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_lead_id uuid;
begin
  if tg_table_name = 'leads' then
    v_lead_id := new.id;
  else
    v_lead_id := old.lead_id;
  end if;
  if not exists (select 1 from public.lead_phones p where p.lead_id = v_lead_id and p.role = 'primary')
    and exists (select 1 from public.leads l where l.id = v_lead_id and l.deleted_at is null)
  then
    perform private.raise_error('PT422', 'invalid_input', 'A lead needs a primary phone.',
      '{"errors": [{"field": "primary_phone", "message": "Give the lead a primary phone."}]}');
  end if;
  return null;
end;
$$;
comment on function private.require_primary_phone() is
  'Constraint trigger, checked at commit: a lead that is not deleted must have a primary phone. Raises PT422. Security definer: '
  'at commit a deferred trigger runs with the rights of the connected role, and the worker may not read leads.';
