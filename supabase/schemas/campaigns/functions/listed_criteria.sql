create function private.listed_criteria(p_campaign_ids uuid[])
returns table (campaign_id uuid, criteria jsonb)
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('viewer');
begin
  if p_campaign_ids is null or cardinality(p_campaign_ids) > 1000 then
    perform private.refuse_field('campaign_ids', 'Give the ids of up to 1,000 campaigns.');
  end if;
  return query
  select c.id, coalesce(jsonb_object_agg(e.key, e.value) filter (where not e.is_large), '{}')
    || case when bool_or(e.is_large)
      then jsonb_build_object('left_out', to_jsonb(array_agg(e.key order by e.key) filter (where e.is_large))) else '{}' end
  from public.campaigns c
  left join lateral (
    select p.key, p.value, octet_length(p.value::text) > 4000 as is_large from jsonb_each(c.target_criteria) p
  ) e on true
  where c.org_id = v_org_id and c.id = any (p_campaign_ids)
  group by c.id;
end;
$$;
comment on function private.listed_criteria(uuid[]) is
  'The target_criteria of campaigns as lists show them: without parts of more than 4,000 bytes, such as thousands of lead_ids, '
  'which left_out names. A page of 1,000 campaigns stays small. Raises PT403, PT422. Security definer: it reads what its caller '
  'may read anyway.';
grant execute on function private.listed_criteria(uuid[]) to authenticated;

create function public.listed_criteria(p_campaign_ids uuid[])
  returns table (campaign_id uuid, criteria jsonb)
  language sql stable set search_path = '' as $$ select * from private.listed_criteria(p_campaign_ids); $$;
comment on function public.listed_criteria(uuid[]) is
  'Calls the private function of the same name, which checks role and organisation.';
grant execute on function public.listed_criteria(uuid[]) to authenticated;
