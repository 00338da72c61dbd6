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
  v_members uuid[];
  v_shown integer := 0;
  v_bytes bigint := 0;
  v_until timestamptz := clock_timestamp() + interval '1 second';
begin
  if p_reason not in ('phone', 'owner') then
    perform private.refuse_field('reason', 'reason must be phone or owner.');
  elsif (p_after_rank is null) <> (p_after_id is null) or p_after_rank not between 1 and 2 then
    perform private.refuse_field('cursor', 'The cursor is not of this list: use next_cursor of the page before, unchanged.');
  end if;
  if v_skip > 2000 then
    perform private.refuse_field('page', 'A page this deep can be reached only by cursor: use next_cursor of the page before.');
  end if;
  -- Groups by phone come first. A group is listed at the place of its first lead; its other leads are skipped when they come up.
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
      join private.duplicate_leads d on d.lead_id = g.lead_id and d.org_id = v_org_id
        and (p_reason is distinct from 'phone' or d.rank = 1)
        and (p_after_id is null or (d.rank, d.lead_id) > (v_rank, p_after_id))
      order by d.rank, d.lead_id
    loop
      if cardinality(v_row.members) > 1 and not v_row.is_listed then
        if v_skip > 0 then
          v_skip := v_skip - 1;
        elsif jsonb_array_length(v_groups) = v_limit or v_shown >= 1000 or v_bytes >= 4000000 then
          v_next := jsonb_build_object('rank', v_rank, 'id', p_after_id);
          exit batches;
        else
          -- A group of more leads is not one owner, and nobody looks through so many.
          v_members := array(select x from unnest(v_row.members) x order by x <> v_row.lead_id, x limit 50);
          v_groups := v_groups || jsonb_build_array(array(select x from unnest(v_members) x order by x));
          v_shown := v_shown + cardinality(v_members);
          v_bytes := v_bytes + (
            select sum(octet_length(l.custom_fields::text) + coalesce(octet_length(l.notes), 0)
              + (select count(*) * 1000 from public.lead_properties p where p.org_id = v_org_id and p.lead_id = l.id))
            from public.leads l where l.id = any (v_members));
        end if;
      elsif cardinality(v_row.members) = 1 and p_reason is null then
        insert into private.lead_changes (org_id, lead_id) values (v_org_id, v_row.lead_id);
      end if;
      v_rank := v_row.rank;
      p_after_id := v_row.lead_id;
    end loop;
    -- There may be thousands of leads of groups that were listed before: the page ends here, and the next one continues.
    if clock_timestamp() > v_until then
      v_next := jsonb_build_object('rank', v_rank, 'id', p_after_id);
      exit batches;
    end if;
  end loop;
  if v_next is null and coalesce(p_offset, 0) <= 0 and p_after_rank is null then
    v_total := jsonb_array_length(v_groups);
  else
    -- A group has at least two leads.
    select ceil(count(*) / 2.0) into v_total
    from (select from private.duplicate_leads d where d.org_id = v_org_id and (p_reason is distinct from 'phone' or d.rank = 1)
      limit 20001) c;
  end if;
  return jsonb_build_object(
    'groups', private.duplicates_json(v_org_id, v_groups, p_reason), 'total', v_total,
    'total_is_estimate', v_next is not null or coalesce(p_offset, 0) > 0 or p_after_rank is not null,
    'next', v_next);
end;
$$;
comment on function private.list_duplicates(text, integer, integer, integer, uuid) is
  'Groups of leads that look like one owner, those by phone first: {groups, total, total_is_estimate, next: {rank, id}}. next is '
  'passed as p_after_rank and p_after_id to get the next page. p_reason phone or owner: only for that reason. A page has at most '
  '200 groups, 50 leads of a group and 1,000 leads in all; it ends early, with next, if its leads have 4 MB or it takes a '
  'second. Volatile: leads that no longer have a duplicate are queued for another check. Raises PT403, PT422. Security definer: '
  'users may not read keys and lists.';
grant execute on function private.list_duplicates(text, integer, integer, integer, uuid) to authenticated;

create function public.list_duplicates(
  p_reason text default null, p_limit integer default 50, p_offset integer default 0, p_after_rank integer default null,
    p_after_id uuid default null
)
returns jsonb language sql set search_path = ''
as $$ select private.list_duplicates(p_reason, p_limit, p_offset, p_after_rank, p_after_id) $$;
comment on function public.list_duplicates(text, integer, integer, integer, uuid) is 'See private.list_duplicates.';
grant execute on function public.list_duplicates(text, integer, integer, integer, uuid) to authenticated;
