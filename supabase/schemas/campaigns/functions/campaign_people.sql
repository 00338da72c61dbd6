create function private.campaign_people(p_campaign_ids uuid[], p_now timestamptz default now())
returns table (campaign_id uuid, matching_leads bigint, converted_leads bigint)
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('viewer');
  v_campaign record;
  v_left integer := 50;
  v_until timestamptz := clock_timestamp() + interval '1 second';
begin
  if p_campaign_ids is null or cardinality(p_campaign_ids) > 1000 then
    perform private.refuse_field('campaign_ids', 'Give the ids of up to 1,000 campaigns.');
  end if;
  for v_campaign in
    select c.id, c.target_criteria, coalesce(d.n, 0) as converted,
      -- Figures of a campaign that was just built follow within a second.
      c.status not in ('completed', 'stopped') and coalesce(s.audience, 0) = 0 as is_unbuilt
    from public.campaigns c
    left join public.campaign_stats s on s.campaign_id = c.id
    left join (
      -- Few leads are converted, so their targets are looked up rather than all targets of the campaigns.
      select t.campaign_id, count(distinct t.lead_id) as n
      from public.leads l
      join public.campaign_targets t on t.org_id = l.org_id and t.lead_id = l.id and t.state = 'sent'
      where l.org_id = v_org_id and l.deleted_at is null and l.status = any (private.converted_stages())
        and t.campaign_id = any (p_campaign_ids)
      group by t.campaign_id
    ) d on d.campaign_id = c.id
    where c.org_id = v_org_id and c.id = any (p_campaign_ids)
    order by c.created_at desc, c.id desc
  loop
    campaign_id := v_campaign.id;
    converted_leads := v_campaign.converted;
    matching_leads := null;
    if v_campaign.is_unbuilt and v_left > 0 and clock_timestamp() < v_until then
      v_left := v_left - 1;
      begin
        matching_leads := (private.count_matching(private.lead_condition(v_org_id,
          private.criteria_filter(v_campaign.target_criteria), p_now)) ->> 'total')::bigint;
      exception when sqlstate 'PT422' then
        -- A segment that its criteria name is gone. Building it says so.
        matching_leads := null;
      end;
    end if;
    return next;
  end loop;
end;
$$;
comment on function private.campaign_people(uuid[], timestamptz) is
  'For a list of campaigns: matching_leads, how many leads the criteria of one match that has no figures yet (as '
  'private.count_matching counts; null for others, after 50 such ones or a second, and if a segment of the criteria is gone); '
  'converted_leads, to how many leads it sent that are qualified or further by now. Raises PT403, PT422. Security definer: it '
  'reads what its caller may read anyway, by functions that users may not call.';
grant execute on function private.campaign_people(uuid[], timestamptz) to authenticated;

create function public.campaign_people(p_campaign_ids uuid[])
  returns table (campaign_id uuid, matching_leads bigint, converted_leads bigint)
  language sql set search_path = '' as $$ select * from private.campaign_people(p_campaign_ids); $$;
comment on function public.campaign_people(uuid[]) is
  'Calls the private function of the same name, which checks role and organisation, with the current time.';
grant execute on function public.campaign_people(uuid[]) to authenticated;
