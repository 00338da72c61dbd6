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
  return query select o.* from private.registration_obstacle(v_org_id,
    array(select n.id from private.campaign_numbers(p_campaign_id) n where n.status = 'active'), p_now) o;
  if found then
    return;
  end if;
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
