-- Duplicates as people see them: groups page by page, those of one lead, and the word that they are none.

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
    select m.n, jsonb_agg(j.lead order by m.place) as list
    from members m join private.leads_json(array(select x.id from members x)) j on j.id = m.id group by m.n
  ),
  edges as (
    select m.n, jsonb_agg(jsonb_strip_nulls(jsonb_build_object(
        'lead_ids', jsonb_build_array(e.lead_id, e.other_id), 'reason', e.reason, 'phone', e.value,
        'confidence', case e.reason when 'phone' then 'certain' else 'likely' end))
      order by e.reason desc, m.place, e.other_id, e.value) as list
    from members m
    join private.duplicate_edges(p_org_id, array(select x.id from members x), p_reason) e on e.lead_id = m.id and e.lead_id < e.other_id
    group by m.n
  )
  select coalesce(jsonb_agg(jsonb_build_object('leads', l.list, 'links', coalesce(e.list, '[]'),
      'confidence', case when e.list @> '[{"reason": "phone"}]' then 'certain' else 'likely' end) order by l.n), '[]')
  from leads l left join edges e on e.n = l.n;
$$;
comment on function private.duplicates_json(uuid, jsonb, text) is
  'Groups of leads ([[lead id]]) as the API shows them: [{leads, links: [{lead_ids, reason, phone, confidence}], confidence}].';

create function private.list_duplicates(
  p_reason text default null,
  p_limit integer default 50,
  p_offset integer default 0,
  p_after_rank integer default null,
  p_after_id uuid default null
)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('viewer');
  v_limit integer := least(greatest(coalesce(p_limit, 50), 1), 200);
  v_rank integer := p_after_rank;
  v_skip integer := case when p_after_id is null then greatest(coalesce(p_offset, 0), 0) else 0 end;
  v_row record;
  v_batch uuid[];
  v_groups jsonb := '[]';
  v_next jsonb;
  v_total bigint;
begin
  if v_skip > 2000 then
    perform private.refuse_field('page', 'So deep a page is reached by the cursor alone: take next_cursor of the page before.');
  end if;
  -- Those by phone first. A group is listed where its first lead stands; the others that come up are of a group that was.
  <<batches>>
  loop
    v_batch := array(
      select d.lead_id from private.duplicate_leads d
      where d.org_id = v_org_id and (p_reason is distinct from 'phone' or d.rank = 1)
        and (p_after_id is null or (d.rank, d.lead_id) > (v_rank, p_after_id))
      order by d.rank, d.lead_id limit case when v_skip > 0 then 500 else 2 * v_limit end);
    exit when cardinality(v_batch) = 0;
    for v_row in
      select d.rank, d.lead_id, g.members, exists (
          select from private.duplicate_leads o
          where o.lead_id = any (g.members) and o.org_id = v_org_id and (p_reason is distinct from 'phone' or o.rank = 1)
            and (o.rank, o.lead_id) < (d.rank, d.lead_id)) as is_listed
      from private.duplicate_groups(v_org_id, v_batch, p_reason) g
      join private.duplicate_leads d on d.lead_id = g.lead_id and d.org_id = v_org_id and (p_reason is distinct from 'phone' or d.rank = 1)
        and (p_after_id is null or (d.rank, d.lead_id) > (v_rank, p_after_id))
      order by d.rank, d.lead_id
    loop
      if cardinality(v_row.members) > 1 and not v_row.is_listed then
        if v_skip > 0 then
          v_skip := v_skip - 1;
        elsif jsonb_array_length(v_groups) = v_limit then
          v_next := jsonb_build_object('rank', v_rank, 'id', p_after_id);
          exit batches;
        else
          v_groups := v_groups || jsonb_build_array(v_row.members);
        end if;
      elsif cardinality(v_row.members) = 1 and p_reason is null then
        insert into private.lead_changes (org_id, lead_id) values (v_org_id, v_row.lead_id);
      end if;
      v_rank := v_row.rank;
      p_after_id := v_row.lead_id;
    end loop;
  end loop;
  if v_next is null and coalesce(p_offset, 0) <= 0 and p_after_rank is null then
    v_total := jsonb_array_length(v_groups);
  else
    -- Two leads to a group at least.
    select ceil(count(*) / 2.0) into v_total
    from (select from private.duplicate_leads d where d.org_id = v_org_id and (p_reason is distinct from 'phone' or d.rank = 1) limit 20001) c;
  end if;
  return jsonb_build_object(
    'groups', private.duplicates_json(v_org_id, v_groups, p_reason), 'total', v_total,
    'total_is_estimate', v_next is not null or coalesce(p_offset, 0) > 0 or p_after_rank is not null,
    'next', v_next);
end;
$$;
comment on function private.list_duplicates(text, integer, integer, integer, uuid) is
  'Groups of leads that look like one owner, those by phone first: {groups, total, total_is_estimate, next: {rank, id} to go on with as p_after_rank and p_after_id}. p_reason phone or owner: by that alone. Limit at most 200 groups. Volatile: what is listed no more is noted to be looked at again. Raises PT403, PT422. Definer: keys and lists are out of users'' reach.';

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
    select m from private.duplicate_groups(v_org_id, array[p_lead_id]) g cross join unnest(g.members) m order by m <> p_lead_id, m))) -> 0;
end;
$$;
comment on function private.lead_duplicates(uuid) is
  'The group of one lead, itself first: {leads, links, confidence}; without links where nobody looks like it. Raises PT403, PT404. Definer: keys are out of users'' reach.';

create function private.dismiss_duplicates(p_lead_ids uuid[], p_now timestamptz default now())
returns integer
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('operator');
  v_ids uuid[] := array(select distinct x from unnest(p_lead_ids) x where x is not null order by x);
  v_count integer;
begin
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
  'Operators: these leads are not the same owner, each pair of them; they are not suggested as such again. Returns how many pairs that is news of. Raises PT403, PT404, PT422. Definer: users may not write the table.';

create function public.list_duplicates(
  p_reason text default null, p_limit integer default 50, p_offset integer default 0, p_after_rank integer default null, p_after_id uuid default null
)
returns jsonb language sql set search_path = ''
as $$ select private.list_duplicates(p_reason, p_limit, p_offset, p_after_rank, p_after_id) $$;
comment on function public.list_duplicates(text, integer, integer, integer, uuid) is 'See private.list_duplicates.';
create function public.lead_duplicates(p_lead_id uuid)
returns jsonb language sql stable set search_path = ''
as $$ select private.lead_duplicates(p_lead_id) $$;
comment on function public.lead_duplicates(uuid) is 'See private.lead_duplicates.';
create function public.dismiss_duplicates(p_lead_ids uuid[])
returns integer language sql set search_path = ''
as $$ select private.dismiss_duplicates(p_lead_ids) $$;
comment on function public.dismiss_duplicates(uuid[]) is 'See private.dismiss_duplicates.';

grant execute on function
  private.list_duplicates(text, integer, integer, integer, uuid), private.lead_duplicates(uuid), private.dismiss_duplicates(uuid[], timestamptz),
  public.list_duplicates(text, integer, integer, integer, uuid), public.lead_duplicates(uuid), public.dismiss_duplicates(uuid[])
to authenticated;

-- Who was told apart from a merged lead is told apart from the kept one.
