-- The steps of a campaign after its first text, as people give them.

create function private.steps_shape()
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select private.list_shape(private.object_shape(jsonb_build_object(
    'kind', private.word_shape('text', 'next_phone'),
    'wait_hours', '{"type": "integer", "minimum": 1, "maximum": 1440}'::jsonb,
    'template_ids', private.ids_shape(200, 1),
    'category', private.word_shape('initial', 'followup'),
    'variants', private.list_shape(private.object_shape(jsonb_build_object(
      'name', private.line_shape(40), 'template_ids', private.ids_shape(200, 1)), '{name,template_ids}'), 10, 2),
    'stop_on', private.list_shape(private.word_shape(variadic private.stop_words()), 7)), '{wait_hours}'), 8);
$$;
comment on function private.steps_shape() is
  'The shape of a campaign''s steps after the first: at most 8, each at least an hour and at most 60 days after the one before.';

create function private.stop_words()
returns text[]
language sql
immutable
set search_path = ''
as $$
  select '{replied,interested,converted,not_interested,opted_out,wrong_number,do_not_contact}'::text[];
$$;
comment on function private.stop_words() is 'What can end the steps of a person. The first three can be switched off.';

create function private.check_steps(p_steps jsonb)
returns void
language plpgsql
immutable
set search_path = ''
as $$
declare
  v_row record;
  v_next_phones integer := 0;
begin
  for v_row in
    select s.value as step, format('steps[%s]', s.n - 1) as field from jsonb_array_elements(p_steps) with ordinality s(value, n)
  loop
    if v_row.step ?& '{template_ids,variants}' then
      perform private.refuse_field(v_row.field || '.variants',
        format('Give %s.template_ids or %s.variants, not both: each variant lists its own.', v_row.field, v_row.field));
    elsif v_row.step ? 'category' and (v_row.step ?| '{template_ids,variants}' or v_row.step ->> 'kind' = 'next_phone') then
      perform private.refuse_field(v_row.field || '.category',
        format('Leave %s.category out: it chooses the texts of a step of kind text that names none.', v_row.field));
    elsif not v_row.step -> 'stop_on' @> to_jsonb((private.stop_words())[4:]) then
      perform private.refuse_field(v_row.field || '.stop_on',
        format('%s.stop_on must contain %s: they can''t be switched off.', v_row.field,
          array_to_string((private.stop_words())[4:], ', ')));
    end if;
    if v_row.step ->> 'kind' = 'next_phone' then
      v_next_phones := v_next_phones + 1;
      if v_next_phones > 2 then
        perform private.refuse_field(v_row.field || '.kind',
          'Two steps at most may be next_phone: a lead has three phones.');
      end if;
    end if;
  end loop;
end;
$$;
comment on function private.check_steps(jsonb) is
  'Checks what fields of a campaign''s steps demand of each other; private.steps_shape is checked before. Raises PT422 naming '
  'the field.';

create function private.set_step_texts(p_campaign public.campaigns, p_step smallint, p_input jsonb, p_language text,
  p_weights jsonb)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_field text := format('steps[%s]', p_step - 2);
  v_kind text := coalesce(p_input ->> 'kind', 'text');
  -- The first text to a phone has to say who writes and how to stop it.
  v_categories text[] := case v_kind when 'next_phone' then array[p_campaign.template_category] else '{initial,followup}' end;
  v_category text := coalesce(p_input ->> 'category', 'followup');
  v_ids jsonb := p_input -> 'template_ids';
  v_names text[];
  v_variant record;
begin
  if p_input ? 'variants' then
    v_names := array(select v.name from public.campaign_variants v where v.campaign_id = p_campaign.id order by v.name);
    if v_names is distinct from array(
      select trim(v ->> 'name') from jsonb_array_elements(p_input -> 'variants') v order by 1) then
      perform private.refuse_field(v_field || '.variants', case when v_names = '{}'
        then format('Give %s.template_ids: the campaign has no variants.', v_field)
        else format('%s.variants must name each variant of the campaign once: %s.', v_field, array_to_string(v_names, ', ')) end);
    end if;
    for v_variant in
      select v.variant, i.value -> 'template_ids' as ids, i.n
      from jsonb_array_elements(p_input -> 'variants') with ordinality i(value, n)
      join public.campaign_variants v on v.campaign_id = p_campaign.id and v.name = trim(i.value ->> 'name')
      order by i.n
    loop
      perform private.set_campaign_templates(p_campaign, p_step, v_variant.variant, v_variant.ids, p_weights, v_categories,
        format('%s.variants[%s].template_ids', v_field, v_variant.n - 1));
    end loop;
    return;
  elsif v_ids is null and v_kind = 'next_phone' then
    return;
  elsif v_ids is null then
    v_ids := (
      select to_jsonb(array_agg(t.id)) from public.templates t
      where t.org_id = p_campaign.org_id and t.is_active and t.category = v_category and t.language = p_language);
    if v_ids is null then
      perform private.refuse_field(v_field || '.template_ids',
        format('Give %s.template_ids: there is no active %s template in the language %s.', v_field, v_category, p_language));
    end if;
  end if;
  perform private.set_campaign_templates(p_campaign, p_step, null, v_ids, p_weights, v_categories, v_field || '.template_ids');
end;
$$;
comment on function private.set_step_texts(public.campaigns, smallint, jsonb, text, jsonb) is
  'Adds the texts of a step: template_ids, or those of each variant, or without either all active ones of its category in '
  'p_language. A step next_phone without any has those of the first step. Raises PT422 naming the field.';

create function private.set_campaign_steps(p_campaign public.campaigns, p_input jsonb)
returns void
language plpgsql
set search_path = ''
as $$
declare
  -- What follows is in the language of the first texts, if they have but one.
  v_language text := coalesce(p_input ->> 'language', (
    select min(t.language) from public.campaign_templates ct join public.templates t on t.id = ct.template_id
    where ct.campaign_id = p_campaign.id and ct.step = 1 having min(t.language) = max(t.language)),
    (select o.language from public.orgs o where o.id = p_campaign.org_id));
  v_steps public.campaign_steps[] := array(
    select (p_campaign.org_id, p_campaign.id, s.n + 1, coalesce(s.value ->> 'kind', 'text'),
      (s.value ->> 'wait_hours')::numeric, array(
        select w from unnest(private.stop_words()) w where not s.value ? 'stop_on' or s.value -> 'stop_on' ? w order by w)
      )::public.campaign_steps
    from jsonb_array_elements(p_input -> 'steps') with ordinality s(value, n) order by s.n);
  v_row record;
begin
  if p_campaign.status = 'draft' then
    delete from public.campaign_steps s where s.campaign_id = p_campaign.id;
    insert into public.campaign_steps select (s).* from unnest(v_steps) s;
    update public.campaigns c set type = case when v_steps = '{}' then 'broadcast' else 'drip' end where c.id = p_campaign.id;
  elsif v_steps is distinct from array(
    select s from public.campaign_steps s where s.campaign_id = p_campaign.id order by s.step) then
    perform private.raise_error('PT409', 'invalid_state',
      'Only the texts of steps can be changed once the campaign is built. Give the same steps with other texts.',
      jsonb_build_object('status', p_campaign.status, 'fields', '{steps}'::text[]));
  end if;
  delete from public.campaign_templates ct where ct.campaign_id = p_campaign.id and ct.step > 1;
  for v_row in
    select s.value as input, (s.n + 1)::smallint as step
    from jsonb_array_elements(p_input -> 'steps') with ordinality s(value, n)
  loop
    perform private.set_step_texts(p_campaign, v_row.step, v_row.input, v_language,
      coalesce(p_input -> 'template_weights', '{}'));
  end loop;
end;
$$;
comment on function private.set_campaign_steps(public.campaigns, jsonb) is
  'Replaces the steps of a campaign by steps of p_input; of a campaign that is built, only their texts. Raises PT422 naming the '
  'field, PT409. The caller holds the campaign''s lock, and has checked p_input (private.check_campaign).';

create function private.check_steps_fit(p_campaign public.campaigns)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_step smallint;
begin
  if p_campaign.phones = 'all'
    and exists (select from public.campaign_steps s where s.campaign_id = p_campaign.id and s.kind = 'next_phone') then
    perform private.refuse_field('phones',
      'phones must be primary: the campaign has a step next_phone, which goes from one phone of a lead to the next.');
  end if;
  select min(s.step) into v_step from public.campaign_steps s
  where s.campaign_id = p_campaign.id and s.kind = 'text'
    and not exists (select from public.campaign_templates ct where ct.campaign_id = s.campaign_id and ct.step = s.step);
  if v_step is not null then
    perform private.refuse_field('steps',
      format('Give steps too: step %s has texts for the variants that are replaced.', v_step));
  end if;
end;
$$;
comment on function private.check_steps_fit(public.campaigns) is
  'Checks that a campaign''s steps and its other fields fit each other after a change. Raises PT422 naming the field to change.';
