-- Variants: an A/B test splits a campaign's audience exactly, by a stable order; within a variant templates rotate by weight.

create table public.campaign_variants (
  org_id uuid not null,
  campaign_id uuid not null,
  variant smallint not null check (variant between 1 and 10),
  name text not null check (length(trim(name)) between 1 and 40),
  share smallint not null check (share between 1 and 1000),
  assigned integer not null default 0 check (assigned >= 0),
  primary key (campaign_id, variant),
  unique (campaign_id, name),
  foreign key (org_id, campaign_id) references public.campaigns (org_id, id) on delete cascade
);
comment on table public.campaign_variants is
  'The variants of a campaign''s A/B test: share is a part of the sum of all shares. None: the campaign has no test.';
comment on column public.campaign_variants.assigned is 'Targets that building gave this variant: never more than one off its exact share.';
create index campaign_variants_org_idx on public.campaign_variants (org_id, campaign_id);
alter table public.campaign_variants enable row level security;
create policy "people read variants of their organisation" on public.campaign_variants
  for select to authenticated using (org_id = (select private.org_id()));
grant select on public.campaign_variants to authenticated;
grant select, insert, update, delete on public.campaign_variants to service_role;

alter table public.campaign_templates
  add column weight smallint not null default 1 check (weight between 1 and 1000),
  add column variant smallint;
comment on column public.campaign_templates.weight is 'A template of weight 3 is used three times as often as one of weight 1.';
comment on column public.campaign_templates.variant is 'The variant whose people get this template; null where the campaign has none.';
alter table public.campaign_templates
  add foreign key (campaign_id, variant) references public.campaign_variants (campaign_id, variant) on delete cascade;
create index campaign_templates_variant_idx on public.campaign_templates (campaign_id, variant);

alter table public.campaign_targets add column variant smallint;
comment on column public.campaign_targets.variant is 'The variant that building gave this person; null where the campaign has none.';

create function private.set_campaign_templates(p_campaign public.campaigns, p_variant smallint, p_template_ids jsonb, p_weights jsonb, p_field text)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_missing jsonb;
begin
  select jsonb_agg(x) into v_missing from jsonb_array_elements_text(p_template_ids) x
  where not exists (select 1 from public.templates t where t.id = x::uuid and t.org_id = p_campaign.org_id and t.is_active and t.category = p_campaign.template_category);
  if v_missing is not null then
    perform private.raise_error('PT422', 'invalid_input', 'Some templates do not exist, are inactive or are of another category.', jsonb_build_object('errors',
      jsonb_build_array(jsonb_build_object('field', p_field, 'message', format('Remove or replace %s; only active %s templates of your organisation can be used.', v_missing, p_campaign.template_category)))));
  end if;
  insert into public.campaign_templates (org_id, campaign_id, template_id, variant, weight)
  select distinct p_campaign.org_id, p_campaign.id, x::uuid, p_variant, coalesce((p_weights ->> x)::smallint, 1)
  from jsonb_array_elements_text(p_template_ids) x;
exception when unique_violation then
  perform private.raise_error('PT422', 'invalid_input', 'A template is in two variants.', jsonb_build_object('errors',
    jsonb_build_array(jsonb_build_object('field', p_field, 'message', 'List each template in one variant only: else nobody could tell which variant a message is of.'))));
end;
$$;
comment on function private.set_campaign_templates(public.campaigns, smallint, jsonb, jsonb, text) is
  'Adds templates to a campaign (or one variant of it) with their weights (1 where not given). Raises PT422, naming p_field, for what is not the organisation''s or is listed twice.';

create or replace function private.set_campaign_lists(p_campaign public.campaigns, p_input jsonb)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_missing jsonb;
  v_variant record;
begin
  if p_input ? 'variants' then
    if p_campaign.built_at is not null or p_campaign.status <> 'draft' then
      perform private.raise_error('PT409', 'invalid_state', 'Variants can only be changed while the campaign is a draft: its people have theirs already.',
        jsonb_build_object('status', p_campaign.status, 'fields', '{variants}'::text[]));
    end if;
    delete from public.campaign_templates ct where ct.campaign_id = p_campaign.id;
    delete from public.campaign_variants cv where cv.campaign_id = p_campaign.id;
    for v_variant in
      select v.value as input, v.ordinality::smallint as n from jsonb_array_elements(p_input -> 'variants') with ordinality v
    loop
      insert into public.campaign_variants (org_id, campaign_id, variant, name, share)
      values (p_campaign.org_id, p_campaign.id, v_variant.n, v_variant.input ->> 'name', (v_variant.input ->> 'share')::smallint);
      perform private.set_campaign_templates(p_campaign, v_variant.n, v_variant.input -> 'template_ids',
        coalesce(p_input -> 'template_weights', '{}'), format('variants.%s.template_ids', v_variant.n - 1));
    end loop;
  elsif p_input ? 'template_ids' then
    if exists (select 1 from public.campaign_variants cv where cv.campaign_id = p_campaign.id) then
      perform private.raise_error('PT409', 'invalid_state', 'The campaign has variants: each has its own templates.',
        jsonb_build_object('status', p_campaign.status, 'fields', '{template_ids}'::text[]));
    end if;
    delete from public.campaign_templates ct where ct.campaign_id = p_campaign.id;
    perform private.set_campaign_templates(p_campaign, null, p_input -> 'template_ids', coalesce(p_input -> 'template_weights', '{}'), 'template_ids');
  elsif p_input ? 'template_weights' then
    update public.campaign_templates ct set weight = w.value::smallint
    from jsonb_each_text(p_input -> 'template_weights') w where ct.campaign_id = p_campaign.id and ct.template_id = w.key::uuid;
  end if;
  if p_input ? 'phone_number_ids' then
    select jsonb_agg(x) into v_missing from jsonb_array_elements_text(p_input -> 'phone_number_ids') x
    where not exists (select 1 from public.phone_numbers n where n.id = x::uuid and n.org_id = p_campaign.org_id and n.status <> 'released');
    if v_missing is not null then
      perform private.raise_error('PT422', 'invalid_input', 'Some phone numbers do not exist.', jsonb_build_object('errors',
        jsonb_build_array(jsonb_build_object('field', 'phone_number_ids', 'message', format('Remove %s; they are not numbers of your organisation.', v_missing)))));
    end if;
    delete from public.campaign_phone_numbers cn where cn.campaign_id = p_campaign.id;
    insert into public.campaign_phone_numbers (org_id, campaign_id, phone_number_id)
    select distinct p_campaign.org_id, p_campaign.id, x::uuid from jsonb_array_elements_text(p_input -> 'phone_number_ids') x;
  end if;
end;
$$;
comment on function private.set_campaign_lists(public.campaigns, jsonb) is
  'Replaces a campaign''s variants, templates (with weights) and numbers with those of variants, template_ids, template_weights and phone_number_ids, where given. Raises PT422 for what is not the organisation''s, PT409 for variants of an audience that is built.';

create function private.assign_variants(p_campaign_id uuid, p_from bigint)
returns void
language sql
set search_path = ''
as $$
  -- Who gets which: people in the order of a hash of campaign and phone, so the same person gets the same one whenever the audience
  -- is the same; how many: the exact share of all so far, minus who has it, so chunks never drift apart.
  with fresh as (
    select t.id, row_number() over (order by hashtextextended(p_campaign_id::text || t.e164, 0), t.id) as n, count(*) over () as total
    from public.campaign_targets t
    where t.campaign_id = p_campaign_id and t.org_id = (select c.org_id from public.campaigns c where c.id = p_campaign_id)
      and t.ordinal > p_from and t.is_included
  ),
  shares as (
    select v.variant,
      sum(v.share) over (order by v.variant)::numeric / sum(v.share) over () as upto,
      sum(v.assigned) over (order by v.variant) as before,
      sum(v.assigned) over () as all_before
    from public.campaign_variants v where v.campaign_id = p_campaign_id
  ),
  cuts as (
    select s.variant, max(round(s.upto * (s.all_before + f.total)) - s.before) over (order by s.variant) as upto
    from shares s cross join (select coalesce(max(fresh.total), 0) as total from fresh) f
  ),
  given as (
    update public.campaign_targets t set variant = (select min(c.variant) from cuts c where f.n <= c.upto)
    from fresh f where t.id = f.id
    returning t.variant
  )
  update public.campaign_variants v set assigned = v.assigned + g.n
  from (select g.variant, count(*)::integer as n from given g group by g.variant) g
  where v.campaign_id = p_campaign_id and v.variant = g.variant;
$$;
comment on function private.assign_variants(uuid, bigint) is
  'Gives each target after an ordinal its variant: counts are exact to one of the shares over the whole audience, and who gets which follows a stable hash.';
