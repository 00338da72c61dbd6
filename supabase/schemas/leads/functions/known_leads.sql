-- What the preview of an import needs to know of existing leads: which leads have the phones of the file, and what these leads
-- have already.

create function private.find_known_leads(p_e164s text[])
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
-- Forces one index lookup for each phone and each lead, whatever the statistics say: see find_phone_leads.
set enable_seqscan = off
set enable_bitmapscan = off
as $$
declare
  v_org_id uuid := private.require_role('campaign_manager');
  v_answer jsonb;
begin
  -- A preview checks 10,000 rows, each with three phones at most.
  if cardinality(p_e164s) > 30000 then
    perform private.refuse_field('e164s', 'Ask about 30,000 phones at most.');
  elsif exists (select from unnest(p_e164s) e where e is null or length(e) not between 8 and 16) then
    perform private.refuse_field('e164s', 'Each phone must be in E.164, like +15125550123.');
  end if;
  with known as materialized (
    select k.e164, k.lead_id, k.import_id
    from private.find_phone_leads(v_org_id, array(select distinct e from unnest(p_e164s) e)) k
  ),
  leads as materialized (
    select distinct k.lead_id, k.import_id from known k
  )
  select jsonb_build_object(
    'phones', coalesce((select jsonb_object_agg(k.e164, k.lead_id) from known k), '{}'),
    'leads', coalesce((
      select json_object_agg(l.lead_id, jsonb_build_object('import_id', l.import_id, 'phones', p.phones, 'parcels', r.parcels))
      from leads l
      cross join lateral (
        select to_jsonb(array_agg(o.e164)) as phones
        from (select lp.e164 from public.lead_phones lp where lp.org_id = v_org_id and lp.lead_id = l.lead_id offset 0) o
      ) p
      cross join lateral (
        select coalesce(to_jsonb(array_agg(to_jsonb(o))), '[]') as parcels
        from (
          select q.state, q.county, q.apn, q.situs, q.property_type, q.acreage, q.estimated_value
          from public.lead_properties q where q.org_id = v_org_id and q.lead_id = l.lead_id offset 0
        ) o
      ) r)::jsonb, '{}'),
    'imports', coalesce((
      select jsonb_object_agg(i.id, jsonb_build_object('id', i.id, 'file_name', i.file_name, 'created_at', i.created_at))
      from (select distinct l.import_id from leads l where l.import_id is not null) x
      cross join lateral (select * from public.imports o where o.id = x.import_id offset 0) i), '{}'))
  into v_answer;
  return v_answer;
end;
$$;
comment on function private.find_known_leads(text[]) is
  'Campaign managers: which of these phones (E.164, 30,000 at most) leads of the organisation have. Returns {phones: {e164: '
  'lead id}, leads: {id: {import_id, phones: [e164], parcels}}, imports: {id: {id, file_name, created_at}}}. It is one value, '
  'not rows, because the API returns at most 1,000 rows. Security definer: under RLS the planner may not use the indexes that it '
  'needs.';
grant execute on function private.find_known_leads(text[]) to authenticated;

create function public.find_known_leads(p_e164s text[])
returns jsonb language sql stable set search_path = ''
as $$ select private.find_known_leads(p_e164s) $$;
comment on function public.find_known_leads(text[]) is 'See private.find_known_leads.';
grant execute on function public.find_known_leads(text[]) to authenticated;
