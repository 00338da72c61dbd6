-- The audience: which phones a campaign would write to, and why each of the others is excluded. Building fixes it in chunks.

create function private.lead_variables(p_lead public.leads)
returns jsonb
language sql
stable
set search_path = ''
as $$
  select jsonb_strip_nulls(jsonb_build_object(
    'first_name', nullif(trim(p_lead.first_name), ''),
    'last_name', nullif(trim(p_lead.last_name), ''),
    'full_name', nullif(p_lead.full_name, ''),
    'email', nullif(trim(p_lead.email), ''),
    'city', nullif(trim(p_lead.city), ''),
    'state', p_lead.state,
    'zip_code', nullif(trim(p_lead.postal_code), ''),
    'county', coalesce(nullif(trim(p_lead.county), ''), parcel.county),
    'parcel_id', parcel.apn,
    'property_type', parcel.property_type,
    'property_address', parcel.situs,
    'acreage', parcel.acreage
  ))
  from (select 1) one
  left join lateral (
    select nullif(trim(p.county), '') as county, nullif(trim(p.apn), '') as apn,
      nullif(trim(p.property_type), '') as property_type, nullif(trim(p.situs), '') as situs,
      trim_scale(p.acreage)::text as acreage
    from public.lead_properties p
    where p.org_id = p_lead.org_id and p.lead_id = p_lead.id
    order by p.created_at, p.id
    limit 1
  ) parcel on true;
$$;
comment on function private.lead_variables(public.leads) is
  'The template variables a lead has a value for, by canonical name. The first parcel speaks for the lead.';

create function private.audience_chunk(p_campaign public.campaigns, p_after uuid, p_upto uuid, p_now timestamptz default now())
returns table (lead_id uuid, lead_phone_id uuid, e164 text, window_key text, reason text)
language plpgsql
stable
set search_path = ''
as $$
declare
  v_criteria jsonb := p_campaign.target_criteria;
  v_lead_ids uuid[] := array(select x::uuid from jsonb_array_elements_text(v_criteria -> 'lead_ids') x);
  v_tags text[] := array(select jsonb_array_elements_text(v_criteria -> 'tags'));
  v_counties text[] := array(select lower(x) from jsonb_array_elements_text(v_criteria -> 'counties') x);
  v_states text[] := array(select upper(x) from jsonb_array_elements_text(v_criteria -> 'states') x);
  v_statuses text[] := array(select jsonb_array_elements_text(v_criteria -> 'statuses'));
  v_never_contacted boolean := coalesce((v_criteria ->> 'never_contacted')::boolean, false);
  v_import_id uuid := (v_criteria ->> 'import_id')::uuid;
  v_org public.orgs;
  v_cooldown interval;
  v_required text[];
begin
  select * into v_org from public.orgs o where o.id = p_campaign.org_id;
  v_cooldown := make_interval(days => coalesce(p_campaign.cooldown_days, v_org.cooldown_days));
  -- The distinct sets of variables that some template needs of a lead; null where some template needs none, and suits everybody.
  select case when bool_or(r.needs = '') then null else array_agg(distinct r.needs) end
  into v_required
  from public.campaign_templates ct
  join public.templates t on t.id = ct.template_id and t.is_active
  cross join lateral (
    select coalesce(string_agg(v, ',' order by v), '') as needs from unnest(t.required_variables) v where v not in ('brand', 'phone', 'today')
  ) r
  where ct.campaign_id = p_campaign.id;

  return query
  with phones as (
    select l.id as lead_id, l.status, l.consent_status as lead_consent, l.state, p.id as lead_phone_id, p.e164,
      array_position(array['primary', 'secondary', 'alternate'], p.role) as role_order,
      p.is_valid, p.line_type, p.consent_status,
      case when v_required is not null then private.lead_variables(l) end as variables,
      c.suppressed_at, c.invalid_at, c.last_sent_at, c.last_campaign_id
    from public.leads l
    join public.lead_phones p on p.org_id = p_campaign.org_id and p.lead_id = l.id and (p_campaign.phones = 'all' or p.role = 'primary')
    left join private.contacts c on c.org_id = p_campaign.org_id and c.e164 = p.e164
    where l.org_id = p_campaign.org_id
      and l.deleted_at is null
      and (p_after is null or l.id > p_after)
      and (p_upto is null or l.id <= p_upto)
      and (cardinality(v_lead_ids) = 0 or l.id = any (v_lead_ids))
      and (cardinality(v_tags) = 0 or l.tags && v_tags)
      and (cardinality(v_counties) = 0 or lower(l.county) = any (v_counties))
      and (cardinality(v_states) = 0 or l.state = any (v_states))
      and (cardinality(v_statuses) = 0 or l.status = any (v_statuses))
      and (v_import_id is null or l.import_id = v_import_id)
      and (not v_never_contacted or c.last_sent_at is null)
  ),
  -- Materialized: the planner would otherwise work out the key of each phone, not of each area code and state.
  places as materialized (
    select k.area_code, k.state, private.window_key('+1' || k.area_code || '5550100', nullif(k.state, '')) as window_key
    from (select distinct substr(p.e164, 3, 3) as area_code, coalesce(p.state, '') as state from phones p) k
  ),
  keys as materialized (
    select p.*, exists (
        select 1 from public.consent_rules r
        where r.state = any (string_to_array(split_part(p.window_key, '|', 2), ','))
          and r.effective_from <= p_now::date and (r.effective_to is null or r.effective_to > p_now::date)
      ) as needs_consent
    from places p
  ),
  judged as (
    select p.*, k.window_key,
      case
        when p.is_valid is false or p.invalid_at is not null then 'invalid_phone'
        when p.line_type = 'landline' then 'landline'
        when p.status = 'do_not_contact' then 'do_not_contact'
        when p.suppressed_at is not null then 'suppressed'
        when p.consent_status = 'denied' or p.lead_consent = 'denied' then 'no_consent'
        when 'granted' not in (p.consent_status, p.lead_consent) and (v_org.consent_policy = 'required' or k.needs_consent) then 'no_consent'
        when p.last_sent_at > p_now - v_cooldown and p.last_campaign_id is distinct from p_campaign.id then 'recently_contacted'
        when v_required is not null and not exists (
          select 1 from unnest(v_required) needs where p.variables ?& string_to_array(needs, ',')
        ) then 'missing_variable'
      end as verdict
    from phones p
    join keys k on k.area_code = substr(p.e164, 3, 3) and k.state = coalesce(p.state, '')
  )
  select j.lead_id, j.lead_phone_id, j.e164, j.window_key,
    coalesce(j.verdict, case
      when row_number() over (partition by j.e164, j.verdict is null order by j.lead_id, j.role_order) > 1
        or exists (
          select 1 from public.campaign_targets t
          where t.campaign_id = p_campaign.id and t.e164 = j.e164 and t.step = 1 and t.state <> 'excluded'
        ) then 'duplicate'
    end)
  from judged j
  order by j.lead_id, j.role_order;
end;
$$;
comment on function private.audience_chunk(public.campaigns, uuid, uuid, timestamptz) is
  'The phones of the leads that match a campaign''s criteria, from after one lead id up to another (null: no bound), each with the reason it is excluded (null: it is a target).';

create function private.build_chunk(p_campaign_id uuid, p_limit integer default 10000, p_now timestamptz default now())
returns boolean
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_campaign public.campaigns;
  v_upto uuid;
  v_ordinal bigint;
begin
  select * into v_campaign from public.campaigns c where c.id = p_campaign_id for no key update;
  if v_campaign.status is distinct from 'building' then
    return false;
  end if;
  if v_campaign.built_at is not null then
    -- Built before: what that left goes first, in chunks as well.
    delete from public.campaign_targets t
    where t.id in (select x.id from public.campaign_targets x where x.campaign_id = p_campaign_id order by x.ordinal limit p_limit);
    if not found then
      update public.campaigns set built_at = null where id = p_campaign_id;
    end if;
    return true;
  end if;
  select coalesce(max(t.ordinal), 0) into v_ordinal from public.campaign_targets t where t.campaign_id = p_campaign_id;
  -- Chunks are cut by the organisation's leads, matching or not: the work of one is bounded whatever the criteria.
  select l.id into v_upto from public.leads l
  where l.org_id = v_campaign.org_id and (v_campaign.build_cursor is null or l.id > v_campaign.build_cursor)
  order by l.id offset p_limit - 1 limit 1;

  with audience as materialized (
    select a.*, row_number() over (order by a.lead_id) as n
    from private.audience_chunk(v_campaign, v_campaign.build_cursor, v_upto, p_now) a
  ),
  people as (
    insert into private.contacts (org_id, e164)
    select distinct v_campaign.org_id, a.e164 from audience a where a.reason is null order by 2
    on conflict do nothing
  )
  insert into public.campaign_targets (org_id, campaign_id, lead_id, lead_phone_id, e164, ordinal, window_key, state, reason, created_at, updated_at)
  select v_campaign.org_id, p_campaign_id, a.lead_id, a.lead_phone_id, a.e164, v_ordinal + a.n, a.window_key,
    case when a.reason is null then 'waiting' else 'excluded' end::public.target_state, a.reason, p_now, p_now
  from audience a
  order by a.n;

  update public.campaigns
  set build_cursor = v_upto,
      status = case when v_upto is null then 'ready' else 'building' end::public.campaign_status,
      built_at = case when v_upto is null then p_now end
  where id = p_campaign_id;
  return v_upto is not null;
end;
$$;
comment on function private.build_chunk(uuid, integer, timestamptz) is
  'Adds the targets of the next p_limit leads to a campaign that is building; true while more are left. One transaction: a crash repeats or loses nothing. Definer: the worker may not write these tables.';
