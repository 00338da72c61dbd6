-- What services outside were asked and told of a person goes with the person. That a phone was on a list stays as its opt-out.

create function private.erase_outside(p_org_id uuid, p_lead_ids uuid[], p_phones text[])
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_subjects text[] := p_phones || array(
    select x.id::text from public.lead_properties x where x.org_id = p_org_id and x.lead_id = any (p_lead_ids));
  v_answers integer;
  v_scrubs integer;
begin
  delete from private.outside_calls c
  using private.call_lanes k
  where k.org_id = p_org_id and c.lane_id = k.id and c.subject = any (v_subjects);
  delete from public.enrichment_answers a where a.org_id = p_org_id and a.subjects && v_subjects;
  get diagnostics v_answers = row_count;
  delete from public.phone_scrubs s where s.org_id = p_org_id and s.e164 = any (p_phones);
  get diagnostics v_scrubs = row_count;
  return jsonb_build_object('enrichment_answers', v_answers, 'phone_scrubs', v_scrubs);
end;
$$;
comment on function private.erase_outside(uuid, uuid[], text[]) is
  'Removes calls to services that wait, what services answered about these phones and the parcels of these leads (answers about several go whole), and what they told of the phones; how many. Before the parcels go.';
