-- The audience, with what changed around it: variables come from the view, "already a target" from the index over generated columns,
-- and people get their variant as they are added.

create or replace function private.audience_chunk(p_campaign public.campaigns, p_after uuid, p_upto uuid, p_now timestamptz default now())
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
  with people as materialized (
    select l.id, l.status, l.consent_status, l.state from public.leads l
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
  ),
  -- From lead to phone to contact, each by its own index: "is true" and "limit" leave no other way. An organisation that has just
  -- imported is one row to the statistics, and joins that trusted them compared everybody with everybody (50 s for 10,000 leads).
  phones as materialized (
    select l.id as lead_id, l.status, l.consent_status as lead_consent, p.id as lead_phone_id, p.e164,
      array_position(array['primary', 'secondary', 'alternate'], p.role) as role_order,
      p.is_valid, p.line_type, p.consent_status, substr(p.e164, 3, 3) || coalesce(l.state, '') as place, coalesce(l.state, '') as state,
      v.variables,
      c.suppressed_at, c.invalid_at, c.last_sent_at, c.last_campaign_id
    from people l
    join public.lead_phones p on p.lead_id = l.id and (p.org_id = p_campaign.org_id) is true and (p_campaign.phones = 'all' or p.role = 'primary')
    left join lateral (
      select x.suppressed_at, x.invalid_at, x.last_sent_at, x.last_campaign_id
      from private.contacts x where x.org_id = p_campaign.org_id and x.e164 = p.e164 limit 1
    ) c on true
    left join private.lead_values v on v_required is not null and v.lead_id = l.id
    where not v_never_contacted or c.last_sent_at is null
  ),
  -- Of each area code and state, not of each phone.
  places as materialized (
    select jsonb_object_agg(k.place, jsonb_build_array(k.window_key, exists (
        select 1 from public.consent_rules r
        where r.state = any (string_to_array(split_part(k.window_key, '|', 2), ','))
          and r.effective_from <= p_now::date and (r.effective_to is null or r.effective_to > p_now::date)))) as keys
    from (
      select d.place, private.window_key('+1' || substr(d.place, 1, 3) || '5550100', nullif(d.state, '')) as window_key
      from (select distinct x.place, x.state from phones x) d
    ) k
  ),
  judged as (
    select p.*, k.keys -> p.place ->> 0 as window_key,
      case
        when p.is_valid is false or p.invalid_at is not null then 'invalid_phone'
        when p.line_type = 'landline' then 'landline'
        when p.status = 'do_not_contact' then 'do_not_contact'
        when p.suppressed_at is not null then 'suppressed'
        when p.consent_status = 'denied' or p.lead_consent = 'denied' then 'no_consent'
        when 'granted' not in (p.consent_status, p.lead_consent)
          and (v_org.consent_policy = 'required' or (k.keys -> p.place -> 1)::boolean) then 'no_consent'
        when p.last_sent_at > p_now - v_cooldown and p.last_campaign_id is distinct from p_campaign.id then 'recently_contacted'
        when v_required is not null and not exists (
          select 1 from unnest(v_required) needs where p.variables ?& string_to_array(needs, ',')
        ) then 'missing_variable'
      end as verdict
    from phones p cross join places k
  )
  select j.lead_id, j.lead_phone_id, j.e164, j.window_key,
    coalesce(j.verdict, case
      when row_number() over (partition by j.e164, j.verdict is null order by j.lead_id, j.role_order) > 1
        or exists (
          select 1 from public.campaign_targets t
          where t.campaign_id = p_campaign.id and t.e164 = j.e164 and t.step = 1 and t.is_included
        ) then 'duplicate'
    end)
  from judged j
  order by j.lead_id, j.role_order;
end;
$$;

create or replace function private.build_chunk(p_campaign_id uuid, p_limit integer default 10000, p_now timestamptz default now())
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
    where t.id in (
      select x.id from public.campaign_targets x
      where x.org_id = v_campaign.org_id and x.campaign_id = p_campaign_id order by x.ordinal limit p_limit);
    if not found then
      update public.campaign_variants set assigned = 0 where campaign_id = p_campaign_id;
      update public.campaigns set built_at = null where id = p_campaign_id;
    end if;
    return true;
  end if;
  select coalesce(max(t.ordinal), 0) into v_ordinal from public.campaign_targets t
  where t.org_id = v_campaign.org_id and t.campaign_id = p_campaign_id;
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
  if exists (select 1 from public.campaign_variants v where v.campaign_id = p_campaign_id) then
    perform private.assign_variants(p_campaign_id, v_ordinal);
  end if;

  update public.campaigns
  set build_cursor = v_upto,
      status = case when v_upto is null then 'ready' else 'building' end::public.campaign_status,
      built_at = case when v_upto is null then p_now end
  where id = p_campaign_id;
  return v_upto is not null;
end;
$$;

drop function private.lead_variables(public.leads);
