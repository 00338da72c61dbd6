create function private.check_criteria(p_org_id uuid, p_criteria jsonb, p_now timestamptz default now())
returns void
language plpgsql
stable
set search_path = ''
as $$
declare
  v_filter jsonb := p_criteria -> 'filter';
  v_strange text;
begin
  perform private.check_shape(case when jsonb_typeof(p_criteria) = 'object' then p_criteria - 'filter' else p_criteria end,
    private.criteria_shape(), 'target_criteria');
  if p_criteria ? 'filter' then
    if jsonb_typeof(v_filter) <> 'object' then
      perform private.refuse_field('target_criteria.filter', 'target_criteria.filter must be a filter of leads: an object.');
    end if;
    -- target_criteria has fields of its own for ids and segment_ids, which would silently override these; and deleted leads are
    -- never written to.
    select k into v_strange from unnest(array['ids', 'segment_ids', 'deleted']) k where v_filter ? k limit 1;
    if found then
      perform private.refuse_field('target_criteria.filter.' || v_strange, case v_strange
        when 'deleted' then 'Leave deleted out: a campaign writes only to leads that are not deleted.'
        when 'ids' then 'Leave ids out of the filter: name leads in target_criteria.lead_ids.'
        else 'Leave segment_ids out of the filter: name segments in target_criteria.segment_ids.' end);
    end if;
  end if;
  perform private.lead_condition(p_org_id, private.criteria_filter(p_criteria), p_now);
  select k.field into v_strange
  from (
    select 'exclude_campaign_ids' as field, x as id from jsonb_array_elements_text(p_criteria -> 'exclude_campaign_ids') x
    union all
    select f, p_criteria ->> f from unnest(array['failed_in_campaign_id', 'unanswered_campaign_id']) f where p_criteria ? f
  ) k
  where not exists (select from public.campaigns c where c.id = k.id::uuid and c.org_id = p_org_id) limit 1;
  if found then
    perform private.refuse_field('target_criteria.' || v_strange,
      format('Leave target_criteria.%s out, or name campaigns of your organisation: one of these does not exist.', v_strange));
  end if;
end;
$$;
comment on function private.check_criteria(uuid, jsonb, timestamptz) is
  'Checks a campaign''s target_criteria against their shape, and that they can be turned into the condition by which leads are '
  'found. Called when they are saved and again before each use. Raises PT422 naming the field, also for a segment or a campaign '
  'that does not exist.';
