-- The guard stops what must stop, campaign by campaign and number by number, each in a transaction of its own. Pausing locks
-- targets and messages; holding those of one campaign while locking the next one would break the order of locks.

create function private.filtered_trouble(p_campaign public.campaigns, p_limits public.sending_limits,
  p_window private.breaker_window, p_now timestamptz)
returns private.trouble
language plpgsql
stable
set search_path = ''
as $$
declare
  v_total integer;
  v_most integer;
  v_number public.phone_numbers;
  v_own record;
begin
  -- Messages of a quarantined number do not count for the campaign, also after the number was reactivated: they were judged
  -- already.
  select sum(x.n), max(x.n), (array_agg(x.id order by x.n desc))[1] into v_total, v_most, v_number.id
  from (
    select m.phone_number_id as id, count(*)::integer as n
    from public.messages m left join public.phone_numbers n on n.id = m.phone_number_id
    where m.campaign_id = p_campaign.id and m.kind = 'campaign' and m.error_code = 30007
      and m.settled_at > p_window.since and m.settled_at <= p_now and m.sent_at > p_window.since
      and n.status is distinct from 'quarantined' and m.sent_at > coalesce(n.reactivated_at, '-infinity')
    group by m.phone_number_id
  ) x;
  if not coalesce(private.is_over(v_total, p_window.sent, p_limits.filtered_rate, p_limits.filtered_volume), false) then
    return null;
  end if;
  -- If nearly all filtered messages are of one number and other numbers can go on, the number is the cause, and its own rule
  -- stops it.
  if v_most >= 0.9 * v_total then
    select * into v_number from public.phone_numbers n where n.id = v_number.id;
    select * into v_own from private.number_window(v_number, p_now);
    if v_own.filtered > p_limits.filtered_rate * v_own.sent
      and exists (select 1 from private.campaign_numbers(p_campaign.id) n where n.status = 'active' and n.id <> v_number.id) then
      return null;
    end if;
  end if;
  return private.rate_trouble('filtered', 'were filtered as spam', v_total, p_window.sent, p_limits.filtered_rate,
    p_limits.filtered_volume,
    'Change the texts (no links, less of a sales pitch), then resume; counting begins anew.');
end;
$$;
comment on function private.filtered_trouble(public.campaigns, public.sending_limits, private.breaker_window, timestamptz) is
  'The trouble if a campaign, and not only one of its numbers, is filtered beyond its organisation''s limit; else null.';

create function private.guard_campaign(p_campaign_id uuid, p_now timestamptz default now())
returns boolean
language plpgsql
set search_path = ''
as $$
declare
  v_campaign public.campaigns;
  v_trouble private.trouble;
begin
  -- Waits for claims in flight, as a person's pause does: with skip locked, a busy campaign would hardly ever be free.
  select * into v_campaign from public.campaigns c
  where c.id = p_campaign_id and c.status = 'running' for no key update;
  if not found then
    return false;
  end if;
  v_trouble := private.campaign_trouble(v_campaign, p_now);
  if v_trouble.kind is null then
    return false;
  end if;
  perform private.pause_running(p_campaign_id, v_trouble.message, p_now);
  perform private.record_audit_event(v_campaign.org_id, 'campaign_paused', null, p_campaign_id, null,
    v_trouble.details || jsonb_build_object('cause', v_trouble.kind, 'reason', v_trouble.message));
  -- A rate concerns only this campaign. A2P, balance and spending stop all campaigns of the organisation, and give one alert.
  perform private.raise_alert(v_campaign.org_id, v_trouble.kind, 'critical',
    format('Campaign "%s" was paused. %s', v_campaign.name, v_trouble.message),
    case v_trouble.kind when 'breaker_tripped' then p_campaign_id end, null, v_trouble.details);
  return true;
end;
$$;
comment on function private.guard_campaign(uuid, timestamptz) is
  'Pauses a running campaign that must stop, with the reason, an audit event and an alert; returns false if it may go on. The '
  'caller''s transaction must hold no other locks.';

create function private.guard_number(p_phone_number_id uuid, p_now timestamptz default now())
returns boolean
language plpgsql
set search_path = ''
as $$
declare
  v_number public.phone_numbers;
  v_limits public.sending_limits;
  v_window record;
  v_trouble private.trouble;
begin
  select * into v_number from public.phone_numbers n
  where n.id = p_phone_number_id and n.status = 'active' for no key update;
  if not found then
    return false;
  end if;
  select * into v_limits from public.sending_limits l where l.org_id = v_number.org_id;
  select * into v_window from private.number_window(v_number, p_now);
  if not private.is_over(v_window.filtered, v_window.sent, v_limits.filtered_rate, v_limits.filtered_volume) then
    return false;
  end if;
  v_trouble := private.rate_trouble('filtered', 'of this number were filtered as spam', v_window.filtered, v_window.sent,
    v_limits.filtered_rate, v_limits.filtered_volume,
      'Other numbers take over. Reactivate it after the texts are improved or it has rested; counting begins anew.');
  update public.phone_numbers n set status = 'quarantined', status_reason = v_trouble.message where n.id = p_phone_number_id;
  perform private.record_audit_event(v_number.org_id, 'number_quarantined', v_number.e164, null, null,
    v_trouble.details || jsonb_build_object('reason', v_trouble.message));
  perform private.raise_alert(v_number.org_id, 'number_quarantined', 'critical',
    format('%s was quarantined. %s', v_number.e164, v_trouble.message), null, p_phone_number_id, v_trouble.details);
  return true;
end;
$$;
comment on function private.guard_number(uuid, timestamptz) is
  'Quarantines an active number that is filtered beyond its organisation''s limit, with an audit event and an alert; returns '
  'false if it is not. The caller''s transaction must hold no other locks.';

create function private.numbers_to_guard()
returns table (id uuid, org_id uuid)
language sql
stable
set search_path = ''
as $$
  select n.id, n.org_id
  from (
    -- Skips from number to number in the index: a plain distinct would read a day of filtered messages.
    with recursive k as (
      (select m.phone_number_id as id from public.messages m where m.error_code = 30007 and m.phone_number_id is not null
       order by m.phone_number_id limit 1)
      union all
      select (select m.phone_number_id from public.messages m where m.error_code = 30007 and m.phone_number_id > k.id
              order by m.phone_number_id limit 1)
      from k where k.id is not null
    )
    select k.id from k where k.id is not null
  ) f
  join public.phone_numbers n on n.id = f.id and n.status = 'active'
  order by n.id;
$$;
comment on function private.numbers_to_guard() is 'Active numbers with a filtered message, with their organisations.';

create function private.is_number_troubled(p_phone_number_id uuid, p_now timestamptz default now())
returns boolean
language sql
stable
set search_path = ''
as $$
  select exists (
    select from public.phone_numbers n
    join public.sending_limits l on l.org_id = n.org_id
    cross join lateral private.number_window(n, p_now) w
    where n.id = p_phone_number_id and n.status = 'active'
      and private.is_over(w.filtered, w.sent, l.filtered_rate, l.filtered_volume));
$$;
comment on function private.is_number_troubled(uuid, timestamptz) is
  'Whether an active number is filtered beyond its organisation''s limit. Takes no lock; guard_number, which does, is called '
  'only if this is true.';

create function private.is_campaign_troubled(p_campaign_id uuid, p_now timestamptz default now())
returns boolean
language sql
stable
set search_path = ''
as $$
  select exists (
    select from public.campaigns c
    where c.id = p_campaign_id and c.status = 'running' and (private.campaign_trouble(c, p_now)).kind is not null);
$$;
comment on function private.is_campaign_troubled(uuid, timestamptz) is
  'Whether a running campaign must be paused. Takes no lock; guard_campaign, which does, is called only if this is true.';
