create function private.has_active_text(p_campaign_id uuid, p_variant smallint)
returns boolean
language sql
stable
set search_path = ''
as $$
  select exists (
    select from public.campaign_templates ct join public.templates t on t.id = ct.template_id
    where ct.campaign_id = p_campaign_id and ct.step = 1 and coalesce(ct.variant, p_variant) = p_variant
      and t.is_active);
$$;
comment on function private.has_active_text(uuid, smallint) is 'Whether a variant of a campaign has a first text that is active.';

create function private.start_blockers(p_campaign_id uuid, p_now timestamptz default now())
returns table (code text, message text, details jsonb, can_wait boolean)
language plpgsql
stable
set search_path = ''
as $$
declare
  v_org_id uuid := (select c.org_id from public.campaigns c where c.id = p_campaign_id);
begin
  if not exists (
    select 1 from public.campaign_templates ct join public.templates t on t.id = ct.template_id
    where ct.campaign_id = p_campaign_id and ct.step = 1 and t.is_active
  ) then
    return query select 'no_templates', 'The campaign has no active template. Add one, then start it.', '{}'::jsonb, false;
  end if;
  return query
  select 'no_templates', format('Step %s has no active template. Add one, then start the campaign.', s.step),
    jsonb_build_object('step', s.step), false
  from public.campaign_steps s
  where s.campaign_id = p_campaign_id and s.kind = 'text' and not exists (
    select from public.campaign_templates ct join public.templates t on t.id = ct.template_id
    where ct.campaign_id = s.campaign_id and ct.step = s.step and t.is_active)
  order by s.step;
  return query
  select 'no_templates', format('Variant %s has no active text. Add one, then start the campaign.', v.name),
    jsonb_build_object('variant', v.name), false
  from public.campaign_variants v
  where v.campaign_id = p_campaign_id and not private.has_active_text(p_campaign_id, v.variant)
  order by v.variant;
  if not exists (select 1 from private.campaign_numbers(p_campaign_id) n where n.status = 'active') then
    return query select 'no_phone_numbers',
      'The campaign has no active phone number. Add or activate one, then start it.', '{}'::jsonb, false;
  end if;
  if not exists (select 1 from public.twilio_accounts a where a.org_id = v_org_id) then
    return query select 'twilio_not_configured',
      'Your organisation has no Twilio account. Connect one, then start the campaign.', '{}'::jsonb, false;
  end if;
  if exists (select from public.campaigns c where c.id = p_campaign_id and c.status in ('draft', 'building')) then
    return query select 'no_targets', 'The audience is not built yet: build it first (build-targets).', '{}'::jsonb, false;
  elsif not exists (select 1 from public.campaign_targets t where t.campaign_id = p_campaign_id and t.is_waiting) then
    return query select 'no_targets',
      'Nobody is left to write to: everybody is excluded. See the reasons in its stats; to change its audience, clone it.',
      '{}'::jsonb, false;
  end if;
  return query select o.code, o.message, o.details, true from private.start_obstacle(p_campaign_id, p_now) o;
end;
$$;
comment on function private.start_blockers(uuid, timestamptz) is
  'Everything that keeps a built campaign from starting, as codes and sentences, in the order in which starting refuses them. '
  'can_wait: a campaign may be scheduled in spite of it, because it is looked at again when its time comes.';
