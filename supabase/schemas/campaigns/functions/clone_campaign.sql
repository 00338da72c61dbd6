create function private.clone_campaign(p_campaign_id uuid, p_name text default null)
returns uuid
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_source public.campaigns := private.own_campaign(p_campaign_id, 'campaign_manager');
  v_org_id uuid := v_source.org_id;
  v_name text := coalesce(trim(p_name), left(v_source.name, 190) || ' (copy)');
  v_clone public.campaigns;
begin
  perform private.check_campaign(v_org_id,
    jsonb_build_object('name', v_name, 'target_criteria', v_source.target_criteria), private.new_campaign_shape());
  insert into public.campaigns (
    org_id, name, description, type, template_category, target_criteria, phones, mps, daily_cap, cooldown_days,
    quiet_hours_override, retry_undelivered, rotation, created_by)
  values (
    v_org_id, v_name, v_source.description, v_source.type, v_source.template_category, v_source.target_criteria, v_source.phones,
    v_source.mps, v_source.daily_cap, v_source.cooldown_days, v_source.quiet_hours_override and private.twilio_is_loopback(),
    v_source.retry_undelivered, v_source.rotation, auth.uid())
  returning * into v_clone;
  insert into public.campaign_variants (org_id, campaign_id, variant, name, share)
  select v.org_id, v_clone.id, v.variant, v.name, v.share from public.campaign_variants v where v.campaign_id = p_campaign_id;
  insert into public.campaign_steps (org_id, campaign_id, step, kind, wait_hours, stop_on)
  select s.org_id, v_clone.id, s.step, s.kind, s.wait_hours, s.stop_on from public.campaign_steps s
  where s.campaign_id = p_campaign_id;
  insert into public.campaign_templates (org_id, campaign_id, template_id, variant, weight, step)
  select t.org_id, v_clone.id, t.template_id, t.variant, t.weight, t.step from public.campaign_templates t
  where t.campaign_id = p_campaign_id;
  insert into public.campaign_phone_numbers (org_id, campaign_id, phone_number_id)
  -- Released numbers, too: without any number, the clone would send from all numbers of the organisation.
  select p.org_id, v_clone.id, p.phone_number_id from public.campaign_phone_numbers p where p.campaign_id = p_campaign_id;
  if v_clone.rotation = 'thompson' then
    perform private.begin_rotation(v_clone);
  end if;
  perform private.record_audit_event(v_org_id, 'campaign_created', null, v_clone.id, null,
    jsonb_build_object('name', v_name, 'cloned_from', p_campaign_id));
  return v_clone.id;
end;
$$;
comment on function private.clone_campaign(uuid, text) is
  'Makes a draft with the definition of a campaign in any state: audience criteria, texts, variants, steps, numbers and pace. '
  'Targets, figures and its time of start are not copied. p_name: null for that of the campaign with (copy). Returns the id. '
  'Needs campaign_manager. Raises PT403, PT404, and PT422 if the criteria name a segment that is gone. Security definer: users '
  'may not write campaigns.';
grant execute on function private.clone_campaign(uuid, text) to authenticated;

create function public.clone_campaign(p_campaign_id uuid, p_name text default null) returns uuid
  language sql set search_path = '' as $$ select private.clone_campaign(p_campaign_id, p_name); $$;
comment on function public.clone_campaign(uuid, text) is
  'Calls the private function of the same name, which checks role and organisation.';
grant execute on function public.clone_campaign(uuid, text) to authenticated;
