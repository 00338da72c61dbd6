-- Regions that an account may not text (Twilio error 21408). That is a setting of the account and nobody's fault. People there
-- wait, Twilio is not asked again for each of them, and all others are written to.

create function private.phone_region(p_e164 text)
returns text
language plpgsql
stable
set search_path = ''
as $$
begin
  return coalesce((
    select a.state from private.area_codes a
    where p_e164 like '+1%' and a.area_code = substr(p_e164, 3, 3) and a.state in ('AS', 'GU', 'MP', 'PR', 'VI')), 'US');
end;
$$;
comment on function private.phone_region(text) is
  'The region by which Twilio permits messages: a territory that has area codes of its own (PR, VI, GU, MP, AS), else US.';

create function private.region_names(p_regions text[])
returns text
language sql
immutable
set search_path = ''
as $$
  select string_agg(coalesce(n.name, r.region) || coalesce(' (+1 ' || n.codes || ')', ''), ', ' order by r.region)
  from unnest(p_regions) as r(region)
  left join (values ('AS', 'American Samoa', '684'), ('GU', 'Guam', '671'), ('MP', 'the Northern Mariana Islands', '670'),
    ('PR', 'Puerto Rico', '787, 939'), ('US', 'the United States', null), ('VI', 'the U.S. Virgin Islands', '340'))
    as n(region, name, codes) on n.region = r.region;
$$;
comment on function private.region_names(text[]) is 'Regions for people to read, with their area codes.';

create function private.block_region(p_org_id uuid, p_e164 text, p_code integer, p_claimed_at timestamptz, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_regions text[];
begin
  -- A refusal of an attempt from before a person released the regions says nothing about now.
  update private.org_pace p set blocked_regions = p.blocked_regions || private.phone_region(p_e164)
  where p.org_id = p_org_id and private.phone_region(p_e164) <> all (p.blocked_regions)
    and p.regions_released_at < p_claimed_at
  returning p.blocked_regions into v_regions;
  if not found then
    return;
  end if;
  -- One alert names all of them.
  perform private.close_alerts(p_org_id, 'region_not_permitted', p_now);
  perform private.raise_alert(p_org_id, 'region_not_permitted', 'critical',
    format('Your Twilio account may not send to %s (error %s). People there wait; all others are written to. Enable it at Twilio '
      '(Messaging, Settings, Geo permissions), then resolve this alert or resume a campaign.',
      private.region_names(v_regions), p_code), null, null, jsonb_build_object('regions', v_regions, 'error_code', p_code));
end;
$$;
comment on function private.block_region(uuid, text, integer, timestamptz, timestamptz) is
  'Lets everybody in the region of a phone wait, with an alert, because Twilio refused an attempt claimed at p_claimed_at.';

create function private.release_regions(p_org_id uuid, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
begin
  update private.org_pace p set blocked_regions = '{}', regions_released_at = p_now
  where p.org_id = p_org_id and p.blocked_regions <> '{}';
  if not found then
    return;
  end if;
  update public.campaign_targets t set not_before = p_now, needs_attention = null, updated_at = p_now
  where t.id = any (array(
    select x.id from public.campaigns c
    join public.campaign_targets x on x.campaign_id = c.id and x.is_waiting and x.error_code = 21408 and x.not_before > p_now
    where c.org_id = p_org_id and c.status in ('running', 'paused')
    order by x.id for no key update of x));
end;
$$;
comment on function private.release_regions(uuid, timestamptz) is
  'Tries an organisation''s blocked regions again: whoever waits for one is due. The caller closes the alert.';

create function private.free_candidates(p_campaign public.campaigns, p_windows private.open_window[], p_quota integer,
  p_now timestamptz)
returns uuid[]
language plpgsql
set search_path = ''
as $$
declare
  v_candidates uuid[] := private.plan_candidates(p_campaign.id, p_windows, p_quota, p_now);
  v_regions text[] := (select p.blocked_regions from private.org_pace p where p.org_id = p_campaign.org_id);
  v_free uuid[];
begin
  if v_candidates = '{}' or v_regions = '{}' then
    return v_candidates;
  end if;
  -- Locked, so that a person who releases the regions meanwhile wakes those who are put off here, too.
  v_regions := (select p.blocked_regions from private.org_pace p where p.org_id = p_campaign.org_id for share);
  for v_round in 1 .. 20 loop
    v_free := array(
      select t.id from public.campaign_targets t
      where t.id = any (v_candidates) and private.phone_region(t.e164) <> all (v_regions));
    update public.campaign_targets t
    set not_before = p_now + interval '1 day', error_code = 21408, updated_at = p_now,
      needs_attention = format('Twilio error 21408: your account may not send to %s.',
        private.region_names(array[private.phone_region(t.e164)]))
    where t.id = any (array(
      select x.id from public.campaign_targets x
      where x.id = any (v_candidates) and x.id <> all (v_free) and x.state = 'waiting'
      order by x.id for no key update skip locked));
    exit when not found or cardinality(v_free) > 0;
    -- Only people of blocked regions came first: others must not wait for them.
    v_candidates := private.plan_candidates(p_campaign.id, p_windows, p_quota, p_now);
  end loop;
  return v_free;
end;
$$;
comment on function private.free_candidates(public.campaigns, private.open_window[], integer, timestamptz) is
  'The candidates of a plan (private.plan_candidates) without those in blocked regions, which it puts off for a day.';
