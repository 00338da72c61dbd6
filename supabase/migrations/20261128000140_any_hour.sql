-- Sending at any hour: one answer, which is the platform's. No caller says what Twilio is, and planning goes by what claims do.

create or replace function private.start_obstacle(p_campaign_id uuid, p_now timestamptz default now())
returns table (code text, message text, details jsonb)
language plpgsql
stable
set search_path = ''
as $$
declare
  v_org_id uuid;
  v_override boolean;
  v_limits public.sending_limits;
  v_row record;
begin
  select c.org_id, c.quiet_hours_override into v_org_id, v_override from public.campaigns c where c.id = p_campaign_id;
  -- Saved before it was refused there, or where Twilio was a simulator.
  if v_override and not private.twilio_is_loopback() then
    return query select 'invalid_state', 'The campaign asks to send at any hour, which is allowed only while Twilio is a simulator. Turn quiet_hours_override off.',
      '{"fields": ["quiet_hours_override"]}'::jsonb;
    return;
  end if;
  select * into v_limits from public.sending_limits l where l.org_id = v_org_id;
  for v_row in
    select x.sid, r.status, r.errors, r.checked_at, min(x.e164) as e164
    from (
      select n.e164, coalesce(n.messaging_service_sid, a.messaging_service_sid) as sid
      from private.campaign_numbers(p_campaign_id) n
      left join public.twilio_accounts a on a.org_id = n.org_id
      -- Toll-free numbers are verified by themselves, not by A2P 10DLC.
      where n.status = 'active' and coalesce(n.area_code, '') not in ('800', '833', '844', '855', '866', '877', '888')
    ) x
    left join public.a2p_registrations r on r.org_id = v_org_id and r.messaging_service_sid = x.sid
    group by x.sid, r.status, r.errors, r.checked_at
    order by x.sid nulls first
  loop
    if v_row.sid is null then
      if v_limits.a2p_required then
        return query select 'a2p_not_verified', format(
          '%s is in no messaging service, and your settings ask for a verified A2P registration. Put it into one at Twilio, or turn a2p_required off.', v_row.e164),
          jsonb_build_object('phone_number', v_row.e164);
        return;
      end if;
    -- Read daily: what is older than two days could not be read, and nobody knows what became of it.
    elsif v_row.status is null or v_row.checked_at < p_now - interval '2 days' then
      return query select 'a2p_not_checked', format(
        'The A2P registration of messaging service %s is being read from Twilio. Try again in a moment.', v_row.sid),
        jsonb_build_object('messaging_service_sid', v_row.sid, 'checked_at', v_row.checked_at, 'retry_after', 5);
      return;
    elsif v_row.status <> 'VERIFIED' then
      return query select 'a2p_not_verified', format(
        'The A2P registration of messaging service %s is %s%s. Campaigns may send when Twilio says VERIFIED: mend it in Twilio''s console. It is read again every 10 minutes.',
        v_row.sid, v_row.status,
        coalesce(' (' || (select string_agg(coalesce(e ->> 'error_code', e ->> 'message'), ', ') from jsonb_array_elements(v_row.errors) e) || ')', '')),
        jsonb_build_object('messaging_service_sid', v_row.sid, 'status', v_row.status, 'errors', v_row.errors, 'checked_at', v_row.checked_at);
      return;
    end if;
  end loop;
  if v_limits.daily_spending_limit is not null and private.spending_room(v_org_id, p_now, false) = 0 then
    return query select 'spending_limit_reached', format(
      'Of today''s spending limit of %s US dollars, %s are spent. Raise daily_spending_limit in your settings, or go on tomorrow.',
      v_limits.daily_spending_limit, round(private.spent_today(v_org_id, p_now), 2)),
      jsonb_build_object('daily_spending_limit', v_limits.daily_spending_limit, 'spent', private.spent_today(v_org_id, p_now));
  end if;
end;
$$;
comment on function private.start_obstacle(uuid, timestamptz) is
  'Why a campaign may not send now, in a code, a sentence and details: invalid_state (it asks to send at any hour, and Twilio is no simulator), a2p_not_verified, a2p_not_checked (not read yet) or spending_limit_reached; no row if it may.';

create or replace function private.campaign_outlook(p_campaign_id uuid, p_now timestamptz default now())
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_campaign public.campaigns;
  v_org public.orgs;
  v_midnight timestamptz;
  v_segments integer;
  v_numbers record;
  v_targets record;
  v_pace record;
  v_in_flight bigint;
  v_reasons jsonb := '[]';
  v_next timestamptz := '-infinity';
  v_can_send boolean;
begin
  select * into v_campaign from public.campaigns c where c.id = p_campaign_id and c.org_id = (select private.org_id()) and c.status = 'running';
  if not found then
    return null;
  end if;
  v_campaign.quiet_hours_override := private.honours_override(v_campaign);
  select * into v_org from public.orgs o where o.id = v_campaign.org_id;
  v_midnight := ((p_now at time zone v_org.time_zone)::date + 1)::timestamp at time zone v_org.time_zone;
  select min(t.worst_segments) into v_segments
  from public.campaign_templates ct join public.templates t on t.id = ct.template_id and t.is_active where ct.campaign_id = p_campaign_id;
  select * into v_numbers from private.outlook_numbers(v_campaign, coalesce(v_segments, 1), p_now);
  select * into v_targets from private.outlook_targets(v_campaign, p_now);
  select count(*) into v_in_flight from public.messages m where m.campaign_id = p_campaign_id and m.is_open and m.kind = 'campaign';
  select op.resting_until, case when v_org.mps is not null then op.next_slot_at end as org_slot,
    case when v_campaign.mps is not null then cp.next_slot_at end as campaign_slot,
    coalesce(ou.messages, 0) >= v_org.daily_cap as org_full, coalesce(cu.messages, 0) >= v_campaign.daily_cap as campaign_full
  into v_pace
  from private.org_pace op
  join private.campaign_pace cp on cp.campaign_id = p_campaign_id
  cross join lateral (select (p_now at time zone v_org.time_zone)::date as day) d
  left join private.daily_usage ou on ou.scope = 'org' and ou.scope_id = v_org.id and ou.day = d.day
  left join private.daily_usage cu on cu.scope = 'campaign' and cu.scope_id = p_campaign_id and cu.day = d.day
  where op.org_id = v_org.id;

  -- Each that must end before anything goes out moves the next time on; one that only a person can end makes it infinite.
  if v_segments is null then
    v_reasons := v_reasons || private.outlook_reason('no_active_template');
    v_next := 'infinity';
  end if;
  if v_numbers.active = 0 then
    v_reasons := v_reasons || private.outlook_reason('no_active_number', v_numbers.stopped);
    v_next := 'infinity';
  end if;
  if v_pace.resting_until > p_now then
    v_reasons := v_reasons || private.outlook_reason('account_resting', null, v_pace.resting_until);
    v_next := greatest(v_next, v_pace.resting_until);
  end if;
  if v_pace.org_full then
    v_reasons := v_reasons || private.outlook_reason('org_daily_cap', null, case when v_org.daily_cap > 0 then v_midnight end, v_org.time_zone);
    v_next := greatest(v_next, case when v_org.daily_cap > 0 then v_midnight else 'infinity' end);
  end if;
  if v_pace.campaign_full then
    v_reasons := v_reasons || private.outlook_reason('campaign_daily_cap', null, case when v_campaign.daily_cap > 0 then v_midnight end, v_org.time_zone);
    v_next := greatest(v_next, case when v_campaign.daily_cap > 0 then v_midnight else 'infinity' end);
  end if;
  v_reasons := v_reasons || coalesce(v_numbers.reasons, '[]');
  v_next := greatest(v_next, v_numbers.free_at);
  if v_targets.shut > 0 then
    v_reasons := v_reasons || private.outlook_reason('outside_hours', v_targets.shut, v_targets.opens_at);
  end if;
  if v_targets.put_off > 0 then
    v_reasons := v_reasons || private.outlook_reason('put_off', v_targets.put_off, v_targets.put_off_until);
  end if;
  if v_targets.shut = 0 and v_targets.put_off = 0 and not v_targets.is_due and v_in_flight = 0 then
    v_reasons := v_reasons || private.outlook_reason('nothing_waiting');
  end if;
  if not v_targets.is_due and v_in_flight = 0 then
    v_next := greatest(v_next, coalesce(least(v_targets.opens_at, v_targets.put_off_until), 'infinity'));
  end if;
  v_can_send := v_next <= p_now;
  if v_pace.campaign_slot > p_now + interval '1 second' then
    v_reasons := v_reasons || private.outlook_reason('campaign_pace', null, v_pace.campaign_slot);
  end if;
  if v_pace.org_slot > p_now + interval '1 second' then
    v_reasons := v_reasons || private.outlook_reason('org_pace', null, v_pace.org_slot);
  end if;
  return jsonb_build_object('can_send', v_can_send, 'next_at', case when not v_can_send and isfinite(v_next) then v_next end,
    'in_flight', v_in_flight, 'reasons', v_reasons);
end;
$$;

drop function public.explain_window(text, text, uuid, uuid, uuid, boolean, timestamptz);
drop function private.explain_window(text, text, uuid, uuid, uuid, boolean, timestamptz);
create function private.explain_window(
  p_e164 text,
  p_state text default null,
  p_lead_id uuid default null,
  p_phone_number_id uuid default null,
  p_campaign_id uuid default null,
  p_now timestamptz default now()
)
returns jsonb
language plpgsql
security definer
set search_path = ''
set timezone = 'UTC'
as $$
declare
  v_org_id uuid := private.require_role('viewer');
  v_state text := upper(p_state);
  v_state_from text := case when p_state is not null then 'request' end;
  v_number public.phone_numbers;
  v_campaign public.campaigns;
  v_key text;
  v_window private.windows;
  v_number_until timestamptz;
  v_is_open boolean;
  v_open_until timestamptz;
  v_next_open_at timestamptz;
  v_today date := (p_now at time zone 'UTC')::date;
  v_texts timestamptz[];
  v_last_inbound_at timestamptz;
  v_blocked_by text[];
  v_is_honoured boolean;
begin
  if not coalesce(p_now between '2000-01-01Z' and '2100-01-01Z', false) then
    perform private.refuse_field('at', 'at must lie between the years 2000 and 2100.');
  elsif p_e164 is null or length(p_e164) > 20 or p_e164 !~ '^\+[1-9][0-9]{6,14}$' then
    perform private.refuse_field('phone', 'Write the phone in E.164, for example +15125550123.');
  elsif p_state is not null and p_lead_id is not null then
    perform private.refuse_field('state', 'Give state or lead_id, not both: the address of a lead is its own.');
  elsif length(p_state) > 2 or v_state !~ '^[A-Z]{2}$' then
    perform private.refuse_field('state', 'Write the postal abbreviation of a state, for example TX.');
  end if;
  if p_lead_id is not null then
    select l.state, 'lead' into v_state, v_state_from from public.leads l
    where l.org_id = v_org_id and l.id = p_lead_id and l.deleted_at is null;
    if not found then
      perform private.refuse_field('lead_id', 'There is no lead with this id.');
    end if;
  elsif p_state is null then
    v_state := private.person_state(v_org_id, p_e164);
    v_state_from := case when v_state is not null then 'phone' end;
  end if;
  if p_phone_number_id is not null then
    select * into v_number from public.phone_numbers n where n.org_id = v_org_id and n.id = p_phone_number_id and n.status <> 'released';
    if not found then
      perform private.refuse_field('phone_number_id', 'There is no phone number with this id.');
    end if;
  end if;
  if p_campaign_id is not null then
    select * into v_campaign from public.campaigns c where c.org_id = v_org_id and c.id = p_campaign_id;
    if not found then
      perform private.refuse_field('campaign_id', 'There is no campaign with this id.');
    end if;
  end if;

  v_key := private.window_key(p_e164, v_state);
  v_window := private.window_state(v_org_id, v_key, p_now);
  if v_number.id is not null then
    v_number_until := private.number_open_until(v_number.quiet_starts, v_number.quiet_ends, v_number.time_zone, p_now);
  end if;
  v_is_open := v_window.is_open and (v_number.id is null or v_number_until is not null);
  if v_is_open then
    v_open_until := least(v_window.valid_to, v_number_until);
  elsif v_number.id is null then
    v_next_open_at := v_window.next_open_at;
  else
    select min(lower(r)) into v_next_open_at
    from unnest(private.window_times(v_org_id, v_key, v_today - 1, v_today + 11) * private.number_times(v_number, p_now)) r
    where lower(r) > p_now;
  end if;

  v_texts := private.texts_in_day(v_org_id, p_e164, p_now);
  select c.last_inbound_at into v_last_inbound_at from private.contacts c
  where c.org_id = v_org_id and c.e164 = p_e164 and c.last_inbound_at <= p_now;
  v_blocked_by := array_remove(array[
    case when not v_window.is_open then 'quiet_hours' end,
    case when v_number.id is not null and v_number_until is null then 'number_quiet_hours' end,
    case when v_open_until < p_now + interval '60 seconds' then 'last_minute' end,
    case when cardinality(v_texts) >= v_window.max_per_24h then 'daily_limit' end], null);
  v_is_honoured := coalesce(private.honours_override(v_campaign), false);

  return private.explain_place(p_e164, v_state, v_key, p_now) || jsonb_build_object(
    'phone', p_e164, 'at', p_now,
    'may_send', cardinality(v_blocked_by) = 0 or v_is_honoured,
    'blocked_by', v_blocked_by,
    'is_open', v_is_open, 'open_until', v_open_until, 'next_open_at', v_next_open_at,
    'address', jsonb_build_object('state', v_state, 'from', v_state_from),
    'rules', private.explain_rules(v_org_id, v_key, v_number, p_now),
    'limit', jsonb_build_object(
      'max_per_24h', v_window.max_per_24h, 'used', cardinality(v_texts),
      'room_at', case when cardinality(v_texts) >= v_window.max_per_24h
        then v_texts[cardinality(v_texts) - v_window.max_per_24h + 1] + interval '24 hours' end),
    'reply', jsonb_build_object(
      'is_exempt', coalesce(v_last_inbound_at > p_now - interval '24 hours', false),
      'last_inbound_at', v_last_inbound_at, 'exempt_until', v_last_inbound_at + interval '24 hours'),
    'override', case when v_campaign.id is not null then jsonb_build_object(
      'campaign_id', v_campaign.id, 'is_asked', v_campaign.quiet_hours_override, 'is_honoured', v_is_honoured) end);
end;
$$;
comment on function private.explain_window(text, text, uuid, uuid, uuid, timestamptz) is
  'Whether a campaign may write to a phone at p_now (2000 to 2100), when it may next and by which rules, from what planning and claiming ask. p_state or p_lead_id say the mailing address (neither: that of the lead with this phone), p_phone_number_id our number, p_campaign_id whose override is meant. Raises PT403, PT422. Definer: the rules, places and counts are read by functions users may not call.';

create function public.explain_window(
  p_e164 text,
  p_state text default null,
  p_lead_id uuid default null,
  p_phone_number_id uuid default null,
  p_campaign_id uuid default null,
  p_at timestamptz default null
)
returns jsonb
language sql
set search_path = ''
as $$
  select private.explain_window(p_e164, p_state, p_lead_id, p_phone_number_id, p_campaign_id, coalesce(p_at, now()));
$$;
comment on function public.explain_window(text, text, uuid, uuid, uuid, timestamptz) is
  'Calls the private function of the same name, which checks role and organisation, for a moment of the caller''s choice, by default now.';
grant execute on function private.explain_window(text, text, uuid, uuid, uuid, timestamptz) to authenticated;
grant execute on function public.explain_window(text, text, uuid, uuid, uuid, timestamptz) to authenticated;
