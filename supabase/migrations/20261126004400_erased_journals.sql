-- An erasure reaches the journals of imports and bulk actions too, and the lists a person was on.

create or replace function private.erase_leads(p_org_id uuid, p_lead_ids uuid[], p_now timestamptz)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_phones integer;
  v_parcels integer;
begin
  perform private.set_lead_cause('opt_out');
  update public.leads l set
    first_name = null, last_name = null, language = null, email = null, address1 = null, address2 = null, city = null, state = null,
    postal_code = null, county = null, source = null, notes = null, tags = '{}', custom_fields = '{}',
    status = 'do_not_contact', lead_score = 'cold', consent_status = 'denied',
    deleted_at = coalesce(l.deleted_at, p_now), erased_at = p_now
  where l.org_id = p_org_id and l.id = any (p_lead_ids);
  perform private.set_lead_cause(null);
  delete from public.lead_phones p where p.org_id = p_org_id and p.lead_id = any (p_lead_ids);
  get diagnostics v_phones = row_count;
  update public.leads l set phone_digits = '' where l.id = any (p_lead_ids) and l.phone_digits <> '';
  delete from public.lead_properties p where p.org_id = p_org_id and p.lead_id = any (p_lead_ids);
  get diagnostics v_parcels = row_count;
  delete from public.segment_leads s where s.org_id = p_org_id and s.lead_id = any (p_lead_ids);
  -- The journal of imports holds leads as they were; an undo finds nothing to put back. That of bulk actions goes by erased_at.
  delete from private.import_changes c where c.lead_id = any (p_lead_ids);
  update public.import_rejections r set raw = '[]', field = null, reason = 'Erased at the person''s request.', lead_id = null
  where r.org_id = p_org_id and r.outcome = 'warning' and r.lead_id = any (p_lead_ids);
  delete from private.lead_match_keys k where k.lead_id = any (p_lead_ids);
  delete from private.duplicate_leads d where d.lead_id = any (p_lead_ids);
  delete from private.dismissed_duplicates d where d.lead_a = any (p_lead_ids) or d.lead_b = any (p_lead_ids);
  return jsonb_build_object('leads', cardinality(p_lead_ids), 'phones', v_phones, 'properties', v_parcels);
end;
$$;
