create function private.start_obstacle(p_campaign_id uuid, p_now timestamptz default now())
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
  -- The override was saved before the platform refused it, or where Twilio was a simulator.
  if v_override and not private.twilio_is_loopback() then
    return query select 'invalid_state',
      'The campaign asks to send at any hour, which is allowed only while Twilio is a simulator. Turn quiet_hours_override off.',
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
      -- Toll-free numbers have a verification of their own, not A2P 10DLC.
      where n.status = 'active' and coalesce(n.area_code, '') not in ('800', '833', '844', '855', '866', '877', '888')
    ) x
    left join public.a2p_registrations r on r.org_id = v_org_id and r.messaging_service_sid = x.sid
    group by x.sid, r.status, r.errors, r.checked_at
    order by x.sid nulls first
  loop
    if v_row.sid is null then
      if v_limits.a2p_required then
        return query select 'a2p_not_verified', format(
          '%s is in no messaging service, and your settings require a verified A2P registration. Add it to one at Twilio, or '
          'turn a2p_required off.', v_row.e164),
          jsonb_build_object('phone_number', v_row.e164);
        return;
      end if;
    -- Registrations are read daily. One that is older than two days could not be read, so its current status is unknown.
    elsif v_row.status is null or v_row.checked_at < p_now - interval '2 days' then
      return query select 'a2p_not_checked', format(
        'The A2P registration of messaging service %s is being read from Twilio. Try again in a moment.', v_row.sid),
        jsonb_build_object('messaging_service_sid', v_row.sid, 'checked_at', v_row.checked_at, 'retry_after', 5);
      return;
    elsif v_row.status <> 'VERIFIED' then
      return query select 'a2p_not_verified', format(
        'The A2P registration of messaging service %s is %s%s. Campaigns may send when Twilio says VERIFIED: correct it in '
        'Twilio''s console. It is read again every 10 minutes.',
        v_row.sid, v_row.status,
        coalesce(' (' || (select string_agg(coalesce(e ->> 'error_code', e ->> 'message'), ', ')
          from jsonb_array_elements(v_row.errors) e) || ')', '')),
        jsonb_build_object('messaging_service_sid', v_row.sid, 'status', v_row.status, 'errors', v_row.errors, 'checked_at',
          v_row.checked_at);
      return;
    end if;
  end loop;
  if v_limits.daily_spending_limit is not null and private.spending_room(v_org_id, p_now, false) = 0 then
    return query select 'spending_limit_reached', format(
      'Today''s spending limit is %s US dollars, and %s are spent. Raise daily_spending_limit in your settings, '
      'or continue tomorrow.',
      v_limits.daily_spending_limit, round(private.spent_today(v_org_id, p_now), 2)),
      jsonb_build_object('daily_spending_limit', v_limits.daily_spending_limit, 'spent', private.spent_today(v_org_id, p_now));
  end if;
end;
$$;
comment on function private.start_obstacle(uuid, timestamptz) is
  'Why a campaign may not send now, as a code, a sentence and details: invalid_state (it asks to send at any hour, and Twilio is '
  'not a simulator), a2p_not_verified, a2p_not_checked (not read yet) or spending_limit_reached. No row if it may send.';
