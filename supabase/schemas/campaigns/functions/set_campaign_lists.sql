create function private.set_campaign_lists(p_campaign public.campaigns, p_input jsonb)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_missing jsonb;
  v_variant record;
  v_is_same boolean := false;
begin
  if p_input ? 'variants' then
    -- A draft with built_at is one whose building failed: its targets are deleted before it is built again.
    if p_campaign.status <> 'draft' then
      perform private.raise_error('PT409', 'invalid_state',
        'Variants can only be changed while the campaign is a draft: its targets have their variants already.',
        jsonb_build_object('status', p_campaign.status, 'fields', '{variants}'::text[]));
    end if;
    delete from public.campaign_templates ct where ct.campaign_id = p_campaign.id and ct.step = 1;
    delete from public.campaign_variants cv where cv.campaign_id = p_campaign.id;
    for v_variant in
      select v.value as input, v.ordinality::smallint as n from jsonb_array_elements(p_input -> 'variants') with ordinality v
    loop
      insert into public.campaign_variants (org_id, campaign_id, variant, name, share)
      values (p_campaign.org_id, p_campaign.id, v_variant.n, trim(v_variant.input ->> 'name'),
        (v_variant.input ->> 'share')::numeric::smallint);
      perform private.set_campaign_templates(p_campaign, 1::smallint, v_variant.n, v_variant.input -> 'template_ids',
        coalesce(p_input -> 'template_weights', '{}'), array[p_campaign.template_category],
        format('variants.%s.template_ids', v_variant.n - 1));
    end loop;
  elsif p_input ? 'template_ids' then
    if exists (select 1 from public.campaign_variants cv where cv.campaign_id = p_campaign.id) then
      perform private.raise_error('PT409', 'invalid_state', 'The campaign has variants: each has its own templates.',
        jsonb_build_object('status', p_campaign.status, 'fields', '{template_ids}'::text[]));
    end if;
    -- A page that saves a campaign sends the same texts again: their weights, and what was learned of them, stay.
    v_is_same := not p_input ? 'template_weights' and array(
      select ct.template_id from public.campaign_templates ct where ct.campaign_id = p_campaign.id and ct.step = 1 order by 1)
      = array(select distinct x::uuid from jsonb_array_elements_text(p_input -> 'template_ids') x order by 1);
    if not v_is_same then
      delete from public.campaign_templates ct where ct.campaign_id = p_campaign.id and ct.step = 1;
      perform private.set_campaign_templates(p_campaign, 1::smallint, null, p_input -> 'template_ids',
        coalesce(p_input -> 'template_weights', '{}'), array[p_campaign.template_category], 'template_ids');
    end if;
  elsif p_input ? 'template_weights' then
    update public.campaign_templates ct set weight = w.value::numeric::smallint
    from jsonb_each_text(p_input -> 'template_weights') w where ct.campaign_id = p_campaign.id and ct.template_id = w.key::uuid;
  end if;
  if p_input ? 'steps' then
    perform private.set_campaign_steps(p_campaign, p_input);
  end if;
  if p_input ? 'rotation' or p_campaign.rotation = 'thompson' and p_input ?| '{template_ids,variants,steps}' then
    perform private.begin_rotation(p_campaign);
  end if;
  if p_input ?| '{steps,variants,phones}' then
    perform private.check_steps_fit(p_campaign);
  end if;
  if p_input ? 'phone_number_ids' then
    select to_jsonb(array_agg(x)) into v_missing from jsonb_array_elements_text(p_input -> 'phone_number_ids') x
    where not exists (select 1 from public.phone_numbers n where n.id = x::uuid and n.org_id = p_campaign.org_id
      and n.status <> 'released');
    if v_missing is not null then
      perform private.raise_error('PT422', 'invalid_input', 'Some phone numbers do not exist.', jsonb_build_object('errors',
        jsonb_build_array(jsonb_build_object('field', 'phone_number_ids', 'message',
          format('Remove %s; they are not numbers of your organisation.', v_missing)))));
    end if;
    delete from public.campaign_phone_numbers cn where cn.campaign_id = p_campaign.id;
    insert into public.campaign_phone_numbers (org_id, campaign_id, phone_number_id)
    select distinct p_campaign.org_id, p_campaign.id, x::uuid from jsonb_array_elements_text(p_input -> 'phone_number_ids') x;
  end if;
end;
$$;
comment on function private.set_campaign_lists(public.campaigns, jsonb) is
  'Replaces a campaign''s variants, templates (with weights), steps and numbers by variants, template_ids, template_weights, '
  'steps and phone_number_ids of p_input, if they are given. Raises PT422 for ids that are not the organisation''s, PT409 for '
  'variants of a campaign that is not a draft.';
