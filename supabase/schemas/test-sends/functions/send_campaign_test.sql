create function private.send_campaign_test(p_campaign_id uuid, p_to text, p_lead_id uuid, p_now timestamptz default now())
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('campaign_manager');
  v_texts uuid[] := array(
    select ct.template_id
    from public.campaign_templates ct join public.templates t on t.id = ct.template_id and t.is_active
    where ct.campaign_id = p_campaign_id
    group by ct.template_id order by min(ct.step), min(ct.variant), ct.template_id);
  v_lead_id uuid := coalesce(p_lead_id, (
    select t.lead_id from public.campaign_targets t join public.leads l on l.id = t.lead_id and l.deleted_at is null
    where t.campaign_id = p_campaign_id and t.is_waiting limit 1));
  v_id uuid;
  v_sent jsonb := '[]';
begin
  perform private.find_campaign(v_org_id, p_campaign_id);
  if v_texts = '{}' then
    perform private.raise_error('PT409', 'no_templates', 'The campaign has no active template. Add one, then test it.');
  elsif cardinality(v_texts) > 10 then
    perform private.raise_error('PT409', 'invalid_state', format(
      'The campaign has %s texts, and ten tests a day may be sent. Send those you want to see one by one.',
      cardinality(v_texts)), jsonb_build_object('texts', cardinality(v_texts), 'most', 10));
  end if;
  foreach v_id in array v_texts loop
    v_sent := v_sent || jsonb_build_array(
      jsonb_build_object('template_id', v_id) || private.send_test(v_id, p_to, v_lead_id, '{}', p_now));
  end loop;
  return v_sent;
end;
$$;
comment on function private.send_campaign_test(uuid, text, uuid, timestamptz) is
  'Sends each active text of a campaign once to a confirmed test phone, all or none, with the values of a lead (null: somebody '
  'who waits in the campaign). Returns what private.send_test returns for each, with template_id. Needs campaign_manager. Raises '
  'PT403, PT404, PT409 without a text or with more than ten, and as private.send_test. Security definer: users may not write '
  'messages.';
grant execute on function private.send_campaign_test(uuid, text, uuid, timestamptz) to authenticated;

create function public.send_campaign_test(p_campaign_id uuid, p_to text, p_lead_id uuid default null)
  returns jsonb language sql set search_path = '' as $$ select private.send_campaign_test(p_campaign_id, p_to, p_lead_id); $$;
comment on function public.send_campaign_test(uuid, text, uuid) is
  'Calls the private function of the same name, which checks role and organisation, with the current time.';
grant execute on function public.send_campaign_test(uuid, text, uuid) to authenticated;
