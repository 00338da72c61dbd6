-- Duplicates as people see them: groups page by page, the group of one lead, and dismissing suggestions.

create function private.duplicates_json(p_org_id uuid, p_groups jsonb, p_reason text default null)
returns jsonb
language sql
stable
set search_path = ''
as $$
  with members as materialized (
    select g.n, m.id::uuid as id, m.n as place
    from jsonb_array_elements(p_groups) with ordinality g (ids, n)
    cross join lateral jsonb_array_elements_text(g.ids) with ordinality m (id, n)
  ),
  leads as (
    select m.n, to_jsonb(array_agg(j.lead order by m.place)) as list
    from members m join private.leads_json(array(select x.id from members x)) j on j.id = m.id group by m.n
  ),
  edges as (
    select m.n, to_jsonb(array_agg(jsonb_strip_nulls(jsonb_build_object(
        'lead_ids', jsonb_build_array(e.lead_id, e.other_id), 'reason', e.reason, 'phone', e.value,
        'confidence', case e.reason when 'phone' then 'certain' else 'likely' end))
      order by e.reason desc, m.place, e.other_id, e.value)) as list
    from members m
    join private.duplicate_edges(p_org_id, array(select x.id from members x), p_reason) e on e.lead_id = m.id
      and e.lead_id < e.other_id
    join members o on o.n = m.n and o.id = e.other_id
    group by m.n
  )
  select coalesce(to_jsonb(array_agg(jsonb_build_object('leads', l.list, 'links', coalesce(e.list, '[]'),
      'confidence', case when e.list @> '[{"reason": "phone"}]' then 'certain' else 'likely' end) order by l.n)), '[]')
  from leads l left join edges e on e.n = l.n;
$$;
comment on function private.duplicates_json(uuid, jsonb, text) is
  'Groups of leads ([[lead id]]) in the form that the API returns: [{leads, links: [{lead_ids, reason, phone, confidence}], '
  'confidence}].';

create function private.lead_duplicates(p_lead_id uuid)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('viewer');
begin
  if not exists (select from public.leads l where l.org_id = v_org_id and l.id = p_lead_id and l.deleted_at is null) then
    perform private.refuse_lead(v_org_id, p_lead_id);
  end if;
  return private.duplicates_json(v_org_id, jsonb_build_array(array(
    select m from private.duplicate_groups(v_org_id, array[p_lead_id]) g cross join unnest(g.members) m order by m <> p_lead_id, m
      limit 50))) -> 0;
end;
$$;
comment on function private.lead_duplicates(uuid) is
  'The group of one lead, with this lead first and at most 50 leads: {leads, links, confidence}. It has no links if no other '
  'lead looks like it. Raises PT403, PT404. Security definer: users may not read the keys.';
grant execute on function private.lead_duplicates(uuid) to authenticated;

create function public.lead_duplicates(p_lead_id uuid)
returns jsonb language sql stable set search_path = ''
as $$ select private.lead_duplicates(p_lead_id) $$;
comment on function public.lead_duplicates(uuid) is 'See private.lead_duplicates.';
grant execute on function public.lead_duplicates(uuid) to authenticated;

create function private.dismiss_duplicates(p_lead_ids uuid[], p_now timestamptz default now())
returns integer
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('operator');
  v_ids uuid[];
  v_count integer;
begin
  perform private.check_ids(coalesce(p_lead_ids, '{}'), 'lead_ids', 20, 2);
  v_ids := array(select distinct x from unnest(p_lead_ids) x order by x);
  if cardinality(v_ids) not between 2 and 20 then
    perform private.refuse_field('lead_ids', 'Name 2 to 20 different leads.');
  end if;
  perform private.refuse_lead(v_org_id, x.id) from unnest(v_ids) x (id)
  where not exists (select from public.leads l where l.org_id = v_org_id and l.id = x.id and l.deleted_at is null);
  insert into private.dismissed_duplicates (org_id, lead_a, lead_b, dismissed_by, dismissed_at)
  select v_org_id, a.id, b.id, (select u.id from public.users u where u.id = auth.uid()), p_now
  from unnest(v_ids) a (id) join unnest(v_ids) b (id) on a.id < b.id order by a.id, b.id
  on conflict do nothing;
  get diagnostics v_count = row_count;
  insert into private.lead_changes (org_id, lead_id) select v_org_id, x from unnest(v_ids) x;
  return v_count;
end;
$$;
comment on function private.dismiss_duplicates(uuid[], timestamptz) is
  'Operators: records that no two of these leads are the same owner, so that they are not suggested as duplicates again. Returns '
  'how many pairs are newly recorded. Raises PT403, PT404, PT422. Security definer: users may not write the table.';
grant execute on function private.dismiss_duplicates(uuid[], timestamptz) to authenticated;

create function public.dismiss_duplicates(p_lead_ids uuid[])
returns integer language sql set search_path = ''
as $$ select private.dismiss_duplicates(p_lead_ids) $$;
comment on function public.dismiss_duplicates(uuid[]) is 'See private.dismiss_duplicates.';
grant execute on function public.dismiss_duplicates(uuid[]) to authenticated;
