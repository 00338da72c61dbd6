create function private.start_when_built(p_campaign public.campaigns, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_blocker record;
begin
  select * into v_blocker from private.start_blockers(p_campaign.id, p_now) b where not b.can_wait limit 1;
  if found then
    update public.campaigns set starts_when_built = false, needs_attention = left(v_blocker.message, 1000)
    where id = p_campaign.id;
    perform private.raise_alert(p_campaign.org_id, 'start_refused', 'critical',
      format('Campaign "%s" is built, and could not start. %s', p_campaign.name, v_blocker.message), p_campaign.id, null,
      v_blocker.details || jsonb_build_object('code', v_blocker.code));
    return;
  end if;
  update public.campaigns
  set status = 'scheduled', scheduled_at = greatest(p_campaign.scheduled_at, p_now), starts_when_built = false
  where id = p_campaign.id;
exception when sqlstate 'PT429' then
  -- The organisation has as many scheduled campaigns as it may: this one waits for a person.
  update public.campaigns set starts_when_built = false, needs_attention = left(sqlerrm, 1000) where id = p_campaign.id;
end;
$$;
comment on function private.start_when_built(public.campaigns, timestamptz) is
  'Has a campaign that was just built start in the next tick, or at its scheduled_at if that is later. If something forbids it '
  'that does not pass by itself, it stays ready, with the reason and the alert start_refused. The caller holds its lock.';

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
  begin
    perform private.check_criteria(v_campaign.org_id, v_campaign.target_criteria, p_now);
  exception when sqlstate 'PT422' then
    perform private.give_up_build(v_campaign,
      format('Its audience could not be built: %s Change its target_criteria, then build it again.', sqlerrm), p_now);
    return false;
  end;
  if v_campaign.built_at is not null then
    -- It was built before: the targets from then are deleted first, also in chunks.
    delete from public.campaign_targets t
    where t.id in (
      select x.id from public.campaign_targets x
      where x.org_id = v_campaign.org_id and x.campaign_id = p_campaign_id order by x.ordinal limit p_limit);
    if not found then
      update public.campaign_variants set assigned = 0 where campaign_id = p_campaign_id;
      update public.campaign_tests set held = 0 where campaign_id = p_campaign_id and held > 0;
      update public.campaigns set built_at = null where id = p_campaign_id;
    end if;
    return true;
  end if;
  select coalesce(max(t.ordinal), 0) into v_ordinal from public.campaign_targets t
  where t.org_id = v_campaign.org_id and t.campaign_id = p_campaign_id;
  -- A chunk is a number of the organisation's leads, whether they match or not. So the work of one chunk is limited, whatever the
  -- criteria.
  select l.id into v_upto from public.leads l
  where l.org_id = v_campaign.org_id and (v_campaign.build_cursor is null or l.id > v_campaign.build_cursor)
  order by l.id offset p_limit - 1 limit 1;

  with audience as materialized (
    select a.*, row_number() over (order by a.lead_id) as n
    from private.campaign_audience(v_campaign, v_campaign.build_cursor, v_upto, p_now) a
  ),
  people as (
    insert into private.contacts (org_id, e164)
    select distinct v_campaign.org_id, a.e164 from audience a where a.reason is null order by 2
    on conflict do nothing
  )
  insert into public.campaign_targets (org_id, campaign_id, lead_id, lead_phone_id, e164, ordinal, window_key, state, reason,
    created_at, updated_at)
  select v_campaign.org_id, p_campaign_id, a.lead_id, a.lead_phone_id, a.e164, v_ordinal + a.n, a.window_key,
    case when a.reason is null then 'waiting' else 'excluded' end::public.target_state, a.reason, p_now, p_now
  from audience a
  order by a.n;
  if exists (select 1 from public.campaign_variants v where v.campaign_id = p_campaign_id) then
    perform private.assign_variants(p_campaign_id, v_ordinal);
  end if;

  update public.campaigns
  set build_cursor = v_upto, needs_attention = null,
      status = case when v_upto is null then 'ready' else 'building' end::public.campaign_status,
      built_at = case when v_upto is null then p_now end
  where id = p_campaign_id;
  if v_upto is null and v_campaign.starts_when_built then
    perform private.start_when_built(v_campaign, p_now);
  end if;
  return v_upto is not null;
end;
$$;
comment on function private.build_chunk(uuid, integer, timestamptz) is
  'Adds the targets of the next p_limit leads to a campaign that is being built; returns true while more leads are left. It is '
  'one transaction, so a crash loses nothing and repeats nothing. Security definer: the worker may not write these tables.';
