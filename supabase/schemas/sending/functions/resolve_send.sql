-- Decisions of people about sends that stay unknown: send again, or assume sent. Users call the wrappers of the same names in
-- public. A campaign message is sent again as a new message, as with every retry. A reply is sent again as a new attempt of the
-- same message, so that it appears once in its conversation. In both cases the old attempt is remembered: if it turns out to have
-- been sent after all, its replacement is canceled if it is not posted yet, or an alert is raised.

create function private.why_not_resolved(p_message public.messages, p_action text)
returns text
language sql
stable
set search_path = ''
as $$
  select case
    when p_message.status in ('queued', 'sending') then 'The message is being sent: there is nothing to decide yet.'
    when p_message.status <> 'unknown' then format('Nothing is unclear about this message any more: it is %s.', p_message.status)
    when a.looks = 0 and a.next_look_at is not null and p_message.needs_attention is null then format(
      'Twilio is asked first whether it sent this message, at about %s. Decide after that.',
      to_char(a.next_look_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'))
    when p_action = 'assume_sent' then null
    when p_message.exempt = 'confirmation' then 'An opt-out is confirmed once. You can only assume that this was sent.'
    when k.suppressed_at is not null then 'This person has opted out. You can only assume that this was sent.'
    when c.status = 'stopped' then 'The campaign was stopped. You can only assume that this was sent.'
  end
  from (select 1) one
  left join public.send_attempts a on a.id = p_message.attempt_id
  left join private.contacts k on k.org_id = p_message.org_id and k.e164 = p_message.to_number
  left join public.campaigns c on c.id = p_message.campaign_id and p_message.kind = 'campaign';
$$;
comment on function private.why_not_resolved(public.messages, text) is
  'Why a person may not decide about a send now (retry or assume_sent), as a sentence; null if they may. Called under the '
  'message''s lock.';

create function private.resolve_messages(p_messages uuid[], p_action text, p_now timestamptz)
returns uuid[]
language plpgsql
set search_path = ''
as $$
declare
  v_message public.messages;
  v_done uuid[] := '{}';
  v_refunds uuid[] := '{}';
begin
  -- In the usual order; the campaign is locked because it may have to continue.
  if p_action = 'retry' then
    perform 1 from public.campaigns c
    where c.id in (select m.campaign_id from public.messages m where m.id = any (p_messages) and m.kind = 'campaign')
    order by c.id for no key update;
  end if;
  perform 1 from public.campaign_targets t
  where t.id in (select m.campaign_target_id from public.messages m where m.id = any (p_messages))
  order by t.id for no key update;
  perform 1 from public.messages m where m.id = any (p_messages) order by m.id for no key update;
  perform 1 from public.send_attempts a
  where a.id in (select m.attempt_id from public.messages m where m.id = any (p_messages)) order by a.id for no key update;

  for v_message in select m.* from public.messages m where m.id = any (p_messages) order by m.id loop
    continue when private.why_not_resolved(v_message, p_action) is not null;
    v_done := v_done || v_message.id;
    if p_action = 'assume_sent' then
      perform private.assume_sent(v_message, p_now);
    elsif private.send_again(v_message, p_now) then
      v_refunds := v_refunds || v_message.id;
    end if;
    perform private.resolve_send_alerts(v_message.org_id, v_message.campaign_id, p_now);
    perform private.record_audit_event(v_message.org_id, 'send_resolved', v_message.to_number, v_message.campaign_id,
      v_message.lead_id,
      jsonb_build_object('message_id', v_message.id, 'attempt_id', v_message.attempt_id, 'action', p_action, 'reason',
        v_message.needs_attention));
  end loop;
  perform private.refund_usage(v_refunds);
  perform private.charge_direct_anew(m.id, p_now) from public.messages m
  where m.id = any (v_done) and m.kind = 'direct' and m.status = 'queued';
  return v_done;
end;
$$;
comment on function private.resolve_messages(uuid[], text, timestamptz) is
  'Applies a person''s decision to those of these sends about which a person may decide now; returns their ids. The caller has '
  'checked role and organisation.';

create function private.assume_sent(p_message public.messages, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_slot timestamptz;
begin
  update public.send_attempts a
  set outcome = 'assumed_sent', next_look_at = case when p_message.segments is null then p_now + interval '2 minutes' end
  where a.id = p_message.attempt_id returning a.slot_at into v_slot;
  -- provider_rank is not changed, so that later receipts from Twilio still apply to this message.
  update public.messages m set status = 'sent', sent_at = v_slot, needs_attention = null, updated_at = p_now
    where m.id = p_message.id;
  update public.campaign_targets t
  set state = 'sent', delivery = 'unconfirmed', sent_at = v_slot, needs_attention = null, updated_at = p_now
  where t.id = p_message.campaign_target_id and t.message_id = p_message.id;
  if p_message.campaign_id is not null and p_message.segments is not null then
    insert into private.campaign_deltas (org_id, campaign_id, segments) values (p_message.org_id, p_message.campaign_id,
      p_message.segments);
  end if;
end;
$$;
comment on function private.assume_sent(public.messages, timestamptz) is
  'Marks an unknown send as sent, with delivery unconfirmed. The caller holds the locks of target, message and attempt.';

create function private.send_again(p_message public.messages, p_now timestamptz)
returns boolean
language plpgsql
set search_path = ''
as $$
begin
  update public.send_attempts a set outcome = 'resent', next_look_at = null where a.id = p_message.attempt_id;
  update public.messages m
  set status = 'failed', error_message = 'given up by a person, who had it sent again', needs_attention = null,
    settled_at = p_now, updated_at = p_now
  where m.id = p_message.id;
  if private.take_back_earlier(p_message, p_now) then
    return p_message.kind = 'campaign';
  elsif p_message.kind <> 'campaign' then
    update public.messages m set status = 'queued', attempt_id = null, error_message = null, settled_at = null
      where m.id = p_message.id;
    perform private.put_back('replies', array[p_message.id], 0);
    return false;
  end if;
  -- The attempt does not count against the person: a decision ended it, not their phone.
  update public.campaign_targets t
  set state = 'waiting', message_id = null, not_before = p_now, attempts = greatest(t.attempts - 1, 0), needs_attention = null,
    updated_at = p_now
  where t.id = p_message.campaign_target_id and t.message_id = p_message.id;
  perform private.reopen_campaign(p_message.campaign_id);
  return true;
end;
$$;
comment on function private.send_again(public.messages, timestamptz) is
  'Gives up an unknown send and has it sent again. The caller holds the locks of campaign, target, message and attempt, and '
  'refunds the daily caps last if this returns true, and charges a direct text anew.';

create function private.check_resolution(p_action text)
returns void
language plpgsql
set search_path = ''
as $$
begin
  if p_action is null or p_action not in ('retry', 'assume_sent') then
    perform private.raise_error('PT422', 'invalid_input', 'A send is resolved by retry or assume_sent.',
      jsonb_build_object('errors',
      jsonb_build_array(jsonb_build_object('field', 'action', 'message', 'Give retry or assume_sent.'))));
  end if;
end;
$$;
comment on function private.check_resolution(text) is 'Raises PT422 if p_action is not a decision about a send.';

create function private.resolve_send(p_message_id uuid, p_action text, p_now timestamptz default now())
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('operator');
  v_message public.messages;
begin
  perform private.check_resolution(p_action);
  select * into v_message from public.messages m where m.id = p_message_id and m.org_id = v_org_id;
  if v_message.id is null then
    perform private.raise_error('PT404', 'not_found', 'No such message.', jsonb_build_object('message_id', p_message_id));
  end if;
  if v_message.kind = 'campaign' then
    perform private.require_role('campaign_manager');
  end if;
  if cardinality(private.resolve_messages(array[p_message_id], p_action, p_now)) = 0 then
    select * into v_message from public.messages m where m.id = p_message_id;
    perform private.raise_error('PT409', 'invalid_state', private.why_not_resolved(v_message, p_action),
      jsonb_build_object('status', v_message.status, 'next_look_at', a.next_look_at))
    from (select 1) one left join public.send_attempts a on a.id = v_message.attempt_id and a.outcome = 'unknown';
  end if;
end;
$$;
comment on function private.resolve_send(uuid, text, timestamptz) is
  'A person''s decision about one unknown send: retry or assume_sent. Needs operator, or campaign_manager for a campaign '
  'message, because the person may receive it twice and it costs money. Raises PT403, PT404, PT422, or PT409 with the reason why '
  'a person may not decide now. Security definer: users may not write messages.';
grant execute on function private.resolve_send(uuid, text, timestamptz) to authenticated;

create function public.resolve_send(p_message_id uuid, p_action text) returns void
  language sql set search_path = '' as $$ select private.resolve_send(p_message_id, p_action); $$;
comment on function public.resolve_send(uuid, text) is
  'Calls the private function of the same name, which checks role and organisation, with the current time.';
grant execute on function public.resolve_send(uuid, text) to authenticated;

create function private.resolve_campaign_sends(p_campaign_id uuid, p_action text, p_limit integer default 1000,
  p_now timestamptz default now())
returns integer
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('campaign_manager');
begin
  perform private.check_resolution(p_action);
  perform private.find_campaign(v_org_id, p_campaign_id);
  return cardinality(private.resolve_messages(array(
    select m.id from public.messages m
    where m.org_id = v_org_id and m.campaign_id = p_campaign_id and m.is_unknown and private.why_not_resolved(m, p_action) is null
    order by m.id limit p_limit), p_action, p_now));
end;
$$;
comment on function private.resolve_campaign_sends(uuid, text, integer, timestamptz) is
  'The same decision about all unknown sends of a campaign about which a person may decide now, p_limit at most; returns how '
  'many. Needs campaign_manager. Raises PT403, PT404, PT422. Security definer: users may not write messages.';
grant execute on function private.resolve_campaign_sends(uuid, text, integer, timestamptz) to authenticated;

create function public.resolve_campaign_sends(p_campaign_id uuid, p_action text) returns integer
  language sql set search_path = '' as $$ select private.resolve_campaign_sends(p_campaign_id, p_action); $$;
comment on function public.resolve_campaign_sends(uuid, text) is
  'Calls the private function of the same name, which checks role and organisation, with the current time.';
grant execute on function public.resolve_campaign_sends(uuid, text) to authenticated;
