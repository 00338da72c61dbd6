-- The merge as operators call it, for good or as a preview.

create function private.merge_leads(
  p_keep_id uuid,
  p_merge_ids uuid[],
  p_prefer jsonb default '{}',
  p_dry_run boolean default false,
  p_now timestamptz default now()
)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('operator');
  v_ids uuid[] := array(select distinct x from unnest(p_merge_ids) x where x is not null);
  v_answer jsonb;
  v_wrong text;
begin
  if p_keep_id is null or cardinality(v_ids) not between 1 and 20 or p_keep_id = any (v_ids) then
    perform private.refuse_field('merge_ids', 'Name 1 to 20 leads to merge, the one that is kept not among them.');
  end if;
  select p.key into v_wrong from jsonb_each_text(p_prefer) p
  where p.key not in ('first_name', 'last_name', 'language', 'email', 'address1', 'address2', 'city', 'state', 'postal_code', 'county',
      'source', 'status', 'lead_score')
    or not p.value = any ((p_keep_id || v_ids)::text[])
  limit 1;
  if found then
    perform private.refuse_field('prefer.' || v_wrong, 'Prefer a field of one of these leads, such as {"email": "<its id>"}.');
  end if;
  begin
    perform private.set_lead_cause('merge');
    v_answer := private.apply_merge(v_org_id, p_keep_id, v_ids, p_prefer, p_now);
    perform private.set_lead_cause(null);
    if p_dry_run then
      -- The same answer, and nothing of it written: what was done is undone, locks included.
      raise exception using errcode = 'DRYRN';
    end if;
  exception when sqlstate 'DRYRN' then
    null;
  end;
  return v_answer || jsonb_build_object('dry_run', p_dry_run);
end;
$$;
comment on function private.merge_leads(uuid, uuid[], jsonb, boolean, timestamptz) is
  'Operators: merges 1 to 20 leads into one that is kept. p_prefer {field: lead id} says whose value a field takes; p_dry_run writes nothing. Returns {lead, merged, fields: {field: {value, from, because}}, tags_added, custom_fields_added, left_over, not_taken, properties, targets, history, dry_run}. Raises PT403, PT404 (details.merged_into), PT422, PT503 try_again. Definer: users may not write the tables.';

create function public.merge_leads(p_keep_id uuid, p_merge_ids uuid[], p_prefer jsonb default '{}', p_dry_run boolean default false)
returns jsonb language sql set search_path = ''
as $$ select private.merge_leads(p_keep_id, p_merge_ids, p_prefer, p_dry_run) $$;
comment on function public.merge_leads(uuid, uuid[], jsonb, boolean) is 'See private.merge_leads.';

grant execute on function
  private.merge_leads(uuid, uuid[], jsonb, boolean, timestamptz), public.merge_leads(uuid, uuid[], jsonb, boolean)
to authenticated;
