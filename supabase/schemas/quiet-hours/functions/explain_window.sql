-- What users may ask about quiet hours: one phone at one moment.

create function private.explain_place(p_e164 text, p_state text, p_window_key text, p_now timestamptz)
returns jsonb
language sql
stable
set search_path = ''
as $$
  with area as (
    select a.area_code, a.state, a.time_zones, a.overlay_of from private.area_codes a
    where p_e164 like '+1%' and a.area_code = substr(p_e164, 3, 3)
  )
  select jsonb_build_object(
    'area_code', (
      select jsonb_build_object('area_code', a.area_code, 'state', a.state, 'time_zones', a.time_zones, 'overlay_of',
        a.overlay_of) from area a),
    'time_zones', (
      select to_jsonb(array_agg(jsonb_build_object(
          'time_zone', z.zone, 'local_time', to_char(p_now at time zone z.zone, 'YYYY-MM-DD"T"HH24:MI:SS'), 'because', b.because,
          'holiday', (select h.name from private.holidays h where h.state = 'US'
            and h.day = (p_now at time zone z.zone)::date))
        order by z.n))
      from unnest(p.time_zones) with ordinality as z(zone, n)
      cross join lateral (
        select case p_window_key when '?' then array['unknown'] else array_remove(array[
          case when exists (select 1 from area a where z.zone = any (a.time_zones)) then 'area_code' end,
          case when exists (select 1 from private.area_codes a where a.state = p_state and z.zone = any (a.time_zones))
            then 'address' end], null) end as because
      ) b),
    'states', (
      select coalesce(to_jsonb(array_agg(jsonb_build_object('state', s.state, 'because', array_remove(array[
          case when exists (select 1 from area a where a.state = s.state) then 'area_code' end,
          case when s.state = p_state then 'address' end], null))
        order by s.state)), '[]')
      from unnest(p.states) as s(state) where s.state not in ('US', '??')))
  from private.window_places(p_window_key) p;
$$;
comment on function private.explain_place(text, text, text, timestamptz) is
  'Where a person may be and why: their area code, and the time zones and states that follow from it and from their address.';

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
    perform private.refuse_field('state', 'Give state or lead_id, not both: a lead has its own address.');
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
    select * into v_number from public.phone_numbers n where n.org_id = v_org_id and n.id = p_phone_number_id
      and n.status <> 'released';
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
    v_next_open_at := private.next_open_with(v_number, v_key, p_now);
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
  'Whether a campaign may write to a phone at p_now (2000 to 2100), when it may next, and by which rules, from the same '
  'functions that planning and claiming use. p_state or p_lead_id give the mailing address (neither: that of the lead with this '
  'phone). p_phone_number_id: the number to send from. p_campaign_id: the campaign whose quiet-hours override is considered. '
  'Raises PT403, PT422. Security definer: users may not call the functions that read rules, places and counts.';
grant execute on function private.explain_window(text, text, uuid, uuid, uuid, timestamptz) to authenticated;

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
  'Calls the private function of the same name, which checks role and organisation. p_at is the moment to explain, by default '
  'now.';
grant execute on function public.explain_window(text, text, uuid, uuid, uuid, timestamptz) to authenticated;
