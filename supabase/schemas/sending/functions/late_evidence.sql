-- Late evidence: what a delivery receipt or Twilio's list says about an attempt that had been given up, given back, sent again or
-- assumed sent. Whatever was decided meanwhile, Twilio's statement about an attempt applies to that attempt and to no other.

create function private.resolve_send_alerts(p_org_id uuid, p_campaign_id uuid, p_now timestamptz)
returns void
language sql
set search_path = ''
as $$
  update public.alerts a set resolved_at = p_now
  where a.org_id = p_org_id and a.kind = 'send_unclear' and a.campaign_id is not distinct from p_campaign_id
    and a.resolved_at is null
    and not exists (
      select 1 from public.messages m
      where m.org_id = p_org_id and m.campaign_id is not distinct from p_campaign_id and m.is_unknown
        and m.needs_attention is not null);
$$;
comment on function private.resolve_send_alerts(uuid, uuid, timestamptz) is
  'Resolves the alert send_unclear of a campaign (null: of replies) when none of its sends waits for a person any more.';

create function private.charge_again(p_messages uuid[])
returns void
language sql
set search_path = ''
as $$
  insert into private.daily_usage as u (scope, scope_id, day, messages, segments)
  select c.scope, c.scope_id, c.day, c.messages, c.segments from private.charges_of(p_messages) c
  order by array_position(array['org', 'campaign', 'carrier', 'number'], c.scope), c.scope_id, c.day
  on conflict (scope, scope_id, day) do update
    set messages = u.messages + excluded.messages, segments = u.segments + excluded.segments;
$$;
comment on function private.charge_again(uuid[]) is
  'Charges the daily caps with messages that were sent after all, on the days for which they were planned. These are the last '
  'locks of a transaction.';

create function private.take_back_earlier(p_message public.messages, p_now timestamptz)
returns boolean
language plpgsql
set search_path = ''
as $$
declare
  v_earlier record;
begin
  -- The caller has ended p_message, and holds its lock and that of its target.
  select a.id as attempt_id, a.message_id, a.provider_sid, e.status into v_earlier
  from public.send_attempts a
  join public.messages m on m.id = a.message_id
  cross join lateral (
    select x.status from public.message_status_events x
    where x.message_id = a.message_id and x.attempt_id = a.id and private.provider_rank(x.status) >= 0
    order by private.provider_rank(x.status) desc, x.id limit 1) e
  where (m.id = p_message.id or m.campaign_target_id = p_message.campaign_target_id)
    and a.id is distinct from p_message.attempt_id and a.outcome = 'accepted'
      and e.status not in ('failed', 'undelivered', 'canceled')
  order by a.id limit 1;
  if not found then
    return false;
  end if;
  update public.messages m
  set status = case when v_earlier.status in ('delivered', 'read') then 'delivered' else 'sent' end::public.message_status,
      attempt_id = v_earlier.attempt_id, provider_sid = v_earlier.provider_sid, provider_status = v_earlier.status,
      provider_rank = private.provider_rank(v_earlier.status), error_code = null, error_message = null, needs_attention = null,
      sent_at = coalesce(m.sent_at, p_now), updated_at = p_now
  where m.id = v_earlier.message_id;
  update public.campaign_targets t
  set state = 'sent', delivery = case when v_earlier.status in ('delivered', 'read') then 'delivered' else 'unconfirmed' end,
      message_id = v_earlier.message_id, reason = null, error_code = null, needs_attention = null,
        sent_at = coalesce(t.sent_at, p_now), updated_at = p_now
  where t.id = p_message.campaign_target_id;
  update public.alerts a set resolved_at = p_now
  where a.org_id = p_message.org_id and a.kind = 'double_send' and a.resolved_at is null
    and a.details ->> 'message_id' = v_earlier.message_id::text;
  return true;
end;
$$;
comment on function private.take_back_earlier(public.messages, timestamptz) is
  'If an earlier attempt for the same step was sent after it had been given up, and its replacement p_message was not, the '
  'earlier one counts and nothing is sent again. Returns whether this was so.';

create function private.raise_double_send(p_message public.messages, p_replacement_id uuid)
returns void
language sql
set search_path = ''
as $$
  select private.raise_alert(p_message.org_id, 'double_send', 'critical',
    'A message that got no answer from Twilio was sent after all, and so was its replacement. The person may have got it twice.',
      p_message.campaign_id, null,
    jsonb_build_object('message_id', p_message.id, 'replacement_id', p_replacement_id));
$$;
comment on function private.raise_double_send(public.messages, uuid) is
  'Raises the alert about a message that a person may have received twice.';
