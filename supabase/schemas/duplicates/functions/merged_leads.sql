-- Leads that were merged into another: they are hidden like deleted ones and name the lead they were merged into. Their rows keep
-- the values that did not fit.

create function private.refuse_lead(p_org_id uuid, p_lead_id uuid)
returns void
language plpgsql
stable
set search_path = ''
as $$
declare
  v_into uuid;
begin
  select l.merged_into into v_into from public.leads l where l.org_id = p_org_id and l.id = p_lead_id;
  perform private.raise_error('PT404', 'not_found',
    case when v_into is null then 'There is no lead with this id.'
      else format('This lead was merged into the lead %s.', v_into) end,
    jsonb_strip_nulls(jsonb_build_object('merged_into', v_into)));
end;
$$;
comment on function private.refuse_lead(uuid, uuid) is
  'Raises PT404 for a lead that does not exist; details.merged_into is given if it was merged into another.';
