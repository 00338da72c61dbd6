create function private.apply_merge(p_org_id uuid, p_keep_id uuid, p_other_ids uuid[], p_prefer jsonb, p_now timestamptz)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_phones text[];
  v_ids uuid[] := p_keep_id || p_other_ids;
  v_before jsonb;
  v_keep jsonb;
  v_others jsonb[];
  v_fields jsonb;
  v_standing jsonb;
  v_extras jsonb;
  v_consent text;
  v_left text[];
  v_answer jsonb;
  v_lead public.leads;
begin
  v_phones := private.lock_leads(p_org_id, v_ids);
  perform private.refuse_lead(p_org_id, x.id)
  from unnest(v_ids) x (id) where not exists (select 1 from public.leads l
    where l.org_id = p_org_id and l.id = x.id and l.deleted_at is null);
  select to_jsonb(array_agg(j.lead order by l.created_at, l.id)), (array_agg(to_jsonb(l)) filter (where l.id = p_keep_id))[1],
    array_agg(to_jsonb(l) order by l.created_at, l.id) filter (where l.id <> p_keep_id),
    array_agg(l.id order by l.created_at, l.id) filter (where l.id <> p_keep_id)
  into v_before, v_keep, v_others, p_other_ids
  from public.leads l join private.leads_json(v_ids) j on j.id = l.id where l.id = any (v_ids);

  v_fields := private.merge_fields(v_keep, v_others, p_prefer - array['status', 'lead_score']);
  v_standing := private.merge_standing(v_keep, v_others, p_prefer);
  v_consent := private.merge_consent(p_org_id, v_ids, p_now);
  v_left := array(select jsonb_array_elements_text(private.merge_phones(p_org_id, p_keep_id, p_other_ids) -> 'left'));
  v_extras := private.merge_extras(v_keep, v_others, v_left);
  v_answer := jsonb_build_object('properties', private.merge_parcels(p_org_id, p_keep_id, p_other_ids));

  v_lead := jsonb_populate_record(null::public.leads, v_fields -> 'value');
  update public.leads l set
    first_name = v_lead.first_name, last_name = v_lead.last_name, language = v_lead.language, email = v_lead.email,
    address1 = v_lead.address1, address2 = v_lead.address2, city = v_lead.city, state = v_lead.state,
      postal_code = v_lead.postal_code,
    county = v_lead.county, source = v_lead.source, consent_status = v_consent,
    status = v_standing #>> '{status,value}', lead_score = v_standing #>> '{lead_score,value}',
    tags = array(select jsonb_array_elements_text(v_extras -> 'tags')), notes = v_extras ->> 'notes',
      custom_fields = v_extras -> 'custom_fields'
  where l.id = p_keep_id;
  update public.leads l set deleted_at = p_now, merged_into = p_keep_id where l.id = any (p_other_ids);
  update public.leads l set merged_into = p_keep_id where l.merged_into = any (p_other_ids);
  v_answer := v_answer || jsonb_build_object(
    'targets', private.merge_targets(p_org_id, p_keep_id, v_ids, v_standing #>> '{status,value}', p_now),
    'history', private.move_lead_history(p_org_id, p_keep_id, p_other_ids, v_phones));

  v_answer := v_answer || jsonb_build_object(
    'merged', to_jsonb(p_other_ids),
    'lead', (select j.lead from private.leads_json(array[p_keep_id]) j),
    'fields', (v_fields -> 'from') || v_standing
      || jsonb_build_object('consent_status', jsonb_build_object('value', v_consent, 'because', 'strictest')),
    'tags_added', v_extras -> 'tags_added', 'custom_fields_added', v_extras -> 'custom_fields_added', 'left_over',
      v_extras -> 'left_over',
    'not_taken', private.merge_differences(v_before, p_keep_id));
  perform private.record_audit_event(p_org_id, 'leads_merged', null, null, p_keep_id,
    jsonb_build_object('merged', to_jsonb(p_other_ids), 'before', v_before, 'done', v_answer - 'lead'));
  return v_answer;
end;
$$;
comment on function private.apply_merge(uuid, uuid, uuid[], jsonb, timestamptz) is
  'Merges leads into one in the caller''s transaction, and returns what was done, field by field. The audit event leads_merged '
  'stores all of them as they were. Raises PT404 (details.merged_into), PT422 for too many custom fields, PT503 try_again.';
