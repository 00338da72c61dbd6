-- Variants: an A/B test divides a campaign's audience exactly, by a stable order; within a variant templates rotate by weight.

create function private.set_campaign_templates(p_campaign public.campaigns, p_step smallint, p_variant smallint,
  p_template_ids jsonb, p_weights jsonb, p_categories text[], p_field text)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_missing jsonb;
begin
  select to_jsonb(array_agg(x)) into v_missing from jsonb_array_elements_text(p_template_ids) x
  where not exists (select 1 from public.templates t where t.id = x::uuid and t.org_id = p_campaign.org_id and t.is_active
    and t.category = any (p_categories));
  if v_missing is not null then
    perform private.raise_error('PT422', 'invalid_input', 'Some templates do not exist, are inactive or are of another category.',
      jsonb_build_object('errors',
      jsonb_build_array(jsonb_build_object('field', p_field, 'message',
        format('Remove or replace %s; only active %s templates of your organisation can be used.', v_missing,
        array_to_string(p_categories, ' or '))))));
  end if;
  insert into public.campaign_templates (org_id, campaign_id, template_id, variant, step, weight)
  select distinct p_campaign.org_id, p_campaign.id, x::uuid, p_variant, p_step, coalesce((p_weights ->> x)::smallint, 1)
  from jsonb_array_elements_text(p_template_ids) x;
exception when unique_violation then
  perform private.raise_error('PT422', 'invalid_input', 'A template is in two variants.', jsonb_build_object('errors',
    jsonb_build_array(jsonb_build_object('field', p_field, 'message',
      'List each template in one variant only; otherwise the variant of a message would be unclear.'))));
end;
$$;
comment on function private.set_campaign_templates(public.campaigns, smallint, smallint, jsonb, jsonb, text[], text) is
  'Adds templates of p_categories to a step of a campaign (or one variant of it) with their weights (1 if not given). Raises '
  'PT422 naming p_field for templates that are not the organisation''s or are listed twice.';

create function private.assign_variants(p_campaign_id uuid, p_from bigint)
returns void
language sql
set search_path = ''
as $$
  -- People are ordered by a hash of campaign and phone, so that a person gets the same variant whenever the audience is the same.
  -- The number for each variant is its exact share of all targets so far, minus those assigned before, so that chunks never drift
  -- from the shares.
  with fresh as (
    select t.id, row_number() over (order by hashtextextended(p_campaign_id::text || t.e164, 0), t.id) as n,
      count(*) over () as total
    from public.campaign_targets t
    where t.campaign_id = p_campaign_id and t.org_id = (select c.org_id from public.campaigns c where c.id = p_campaign_id)
      and t.ordinal > p_from and t.is_included
  ),
  test as (
    select x.id, x.test_percent, x.held from public.campaign_tests x
    where x.campaign_id = p_campaign_id and x.status = 'running' and x.test_percent < 100
  ),
  shares as (
    select v.variant,
      sum(v.share) over (order by v.variant)::numeric / sum(v.share) over () as upto,
      sum(v.assigned) over (order by v.variant) as before,
      sum(v.assigned) over () as all_before
    from (
      select x.variant, x.share * coalesce((select t.test_percent from test t), 100) as share, x.assigned
      from public.campaign_variants x where x.campaign_id = p_campaign_id
      union all
      -- Those whom a test keeps back are one more share.
      select 11, (100 - t.test_percent) * (
        select sum(x.share) from public.campaign_variants x where x.campaign_id = p_campaign_id), t.held
      from test t
    ) v
  ),
  cuts as (
    select s.variant, max(round(s.upto * (s.all_before + f.total)) - s.before) over (order by s.variant) as upto
    from shares s cross join (select coalesce(max(fresh.total), 0) as total from fresh) f
  ),
  given as (
    update public.campaign_targets t
    set variant = nullif(f.variant, 11), assigned_variant = case f.variant when 11 then 0 end,
      not_before = case f.variant when 11 then 'infinity' else t.not_before end
    from (select x.id, (select min(c.variant) from cuts c where x.n <= c.upto) as variant from fresh x) f
    where t.id = f.id
    returning t.variant
  ),
  held as (
    update public.campaign_tests x set held = x.held + g.n
    from (select count(*)::integer as n from given where given.variant is null) g, test t
    where x.id = t.id and g.n > 0
  )
  update public.campaign_variants v set assigned = v.assigned + g.n
  from (select g.variant, count(*)::integer as n from given g group by g.variant) g
  where v.campaign_id = p_campaign_id and v.variant = g.variant;
$$;
comment on function private.assign_variants(uuid, bigint) is
  'Assigns a variant to each target with an ordinal after p_from. Over the whole audience the numbers are exact to one target, '
  'and a stable hash decides who gets which variant. A test of a part of the audience keeps the others back: they have none, and '
  'are not due until private.move_variants gives them one.';
