-- By which lead a phone is refused, and how that ends.

create function private.refused_by(p_org_id uuid, p_e164 text)
returns uuid
language sql
stable
set search_path = ''
as $$
  select h.id
  from private.refused_phones r
  join public.lead_phones p on p.id = r.lead_phone_id
  join public.leads l on l.id = p.lead_id
  join public.leads h on h.id = coalesce(l.merged_into, l.id)
  where r.org_id = p_org_id and r.e164 = p_e164
  order by h.deleted_at is not null, h.created_at, h.id
  limit 1;
$$;
comment on function private.refused_by(uuid, text) is
  'The lead because of which a phone is not written to (private.refused_phones); null if there is none. One that is not deleted '
  'comes first: somebody can change it.';

create function private.end_deleted_refusals(p_org_id uuid, p_e164s text[])
returns void
language sql
set search_path = ''
as $$
  delete from private.refused_phones r using public.lead_phones p, public.leads l, public.leads h
  where r.org_id = p_org_id and r.e164 = any (p_e164s) and p.id = r.lead_phone_id and l.id = p.lead_id
    and h.id = coalesce(l.merged_into, l.id) and h.deleted_at is not null;
$$;
comment on function private.end_deleted_refusals(uuid, text[]) is
  'Called if a person gave consent at these phones: ends what deleted leads refused, because nobody can change those leads.';
