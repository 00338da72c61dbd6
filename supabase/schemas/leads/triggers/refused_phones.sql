-- A lead that refuses contact refuses each of its phones to all leads that share it.

create function private.refuse_phones()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_refusal text := new.refusal;
begin
  -- Phones that a merge left on the merged lead are phones of the kept one's person.
  if new.merged_into is not null then
    v_refusal := (select l.refusal from public.leads l where l.id = new.merged_into);
  end if;
  if v_refusal is not null then
    insert into private.refused_phones (lead_phone_id, org_id, e164, reason)
    select p.id, p.org_id, p.e164, v_refusal
    from public.lead_phones p
    where p.lead_id in (select new.id union all select l.id from public.leads l where l.merged_into = new.id)
    on conflict (lead_phone_id) do update set reason = excluded.reason;
  else
    delete from private.refused_phones r using public.lead_phones p
    where r.lead_phone_id = p.id
      and p.lead_id in (select new.id union all select l.id from public.leads l where l.merged_into = new.id);
  end if;
  return null;
end;
$$;
comment on function private.refuse_phones() is
  'Trigger: a lead began or ceased to refuse its phones, was merged, or was restored. Security definer: the role that changes '
  'leads may not write the table.';

create function private.refuse_new_phones()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  insert into private.refused_phones (lead_phone_id, org_id, e164, reason)
  select n.id, n.org_id, n.e164, l.refusal from new_rows n
  join public.leads l on l.id = n.lead_id and l.refusal is not null;
  return null;
end;
$$;
comment on function private.refuse_new_phones() is
  'Statement trigger: refuses new phones of leads that refuse. Security definer: the role that writes phones may not write the '
  'table.';

create function private.refuse_moved_phone()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  delete from private.refused_phones r where r.lead_phone_id = new.id;
  insert into private.refused_phones (lead_phone_id, org_id, e164, reason)
  select new.id, new.org_id, new.e164, l.refusal from public.leads l
  where l.id = new.lead_id and l.refusal is not null;
  return null;
end;
$$;
comment on function private.refuse_moved_phone() is
  'Trigger: a phone went to another lead, as in a merge, or is another phone now. Security definer: the role that changes phones '
  'may not write the table.';
