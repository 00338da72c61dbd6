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
    -- Of these the criteria have their own, which would silently win; and nobody writes to leads that were deleted.
    select k into v_strange from unnest(array['ids', 'segment_ids', 'deleted']) k where v_filter ? k limit 1;
    if found then
      perform private.refuse_field('target_criteria.filter.' || v_strange, case v_strange
        when 'deleted' then 'Leave deleted out: a campaign writes to leads that are there.'
        when 'ids' then 'Leave ids out of the filter: name leads in target_criteria.lead_ids.'
        else 'Leave segment_ids out of the filter: name segments in target_criteria.segment_ids.' end);
    end if;
  end if;
  perform private.lead_condition(p_org_id, private.criteria_filter(p_criteria), p_now);
end;
$$;
comment on function private.check_criteria(uuid, jsonb, timestamptz) is
  'Holds a campaign''s target_criteria against their shape, and makes of them the condition by which leads are found. Used when '
  'they are saved and again before each use. Raises PT422 naming the field, also for a segment that is gone.';
