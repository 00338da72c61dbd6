-- Looks into Twilio's list, protected against mistakes: a slow look while a receipt or a person decides, and two sends of one
-- text to one person within minutes. Also recording texts that were not recorded.

create function private.ask_a_person(p_message_id uuid, p_reason text, p_now timestamptz)
returns boolean
language plpgsql
set search_path = ''
as $$
declare
  v_message public.messages;
begin
  select * into v_message from public.messages m where m.id = p_message_id;
  perform 1 from public.campaign_targets t where t.id = v_message.campaign_target_id for no key update;
  select * into v_message from public.messages m where m.id = p_message_id for no key update;
  -- It was settled meanwhile, so there is nothing left to decide.
  if v_message.status <> 'unknown' then
    return false;
  end if;
  update public.campaign_targets t set needs_attention = p_reason, updated_at = p_now
  where t.id = v_message.campaign_target_id and t.message_id = v_message.id;
  update public.messages m set needs_attention = p_reason, updated_at = p_now where m.id = v_message.id;
  perform private.raise_alert(v_message.org_id, 'send_unclear', 'warning',
    'Twilio''s list does not show whether a message was sent. A person must decide.', v_message.campaign_id, null,
    jsonb_build_object('message_id', v_message.id, 'reason', p_reason));
  return true;
end;
$$;
comment on function private.ask_a_person(uuid, text, timestamptz) is
  'Marks an unknown send for a person to decide, with the reason and an alert; returns false if it is settled already.';

create function private.has_rival(p_message public.messages, p_attempt public.send_attempts)
returns boolean
language sql
stable
set search_path = ''
as $$
  -- From a minute before (the POST of an open attempt is at most that late) to the end of the time in which a look searches.
  select exists (
    select 1 from public.messages x
    join public.send_attempts a on a.message_id = x.id
    left join public.template_versions xv on xv.template_id = x.template_id and xv.version = x.template_version
    where x.org_id = p_message.org_id and x.to_number = p_message.to_number and x.from_number = p_message.from_number
      and x.created_at > p_attempt.claimed_at - interval '2 days'
      and a.id <> p_attempt.id and a.provider_sid is null
      and a.outcome in ('open', 'unknown', 'not_accepted', 'assumed_sent', 'resent')
      and a.claimed_at between p_attempt.claimed_at - interval '1 minute' and p_attempt.claimed_at + interval '10 minutes'
      and coalesce(xv.content, x.content) = coalesce(
        (select v.content from public.template_versions v where v.template_id = p_message.template_id
          and v.version = p_message.template_version),
        p_message.content));
$$;
comment on function private.has_rival(public.messages, public.send_attempts) is
  'Whether another send of ours had the same text for the same person at about the same time, and its SID is unknown too: a '
  'message that Twilio lists may be that one.';

create function private.record_text(p_attempt_id uuid, p_content text, p_segments smallint, p_now timestamptz default now())
returns boolean
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_message public.messages;
begin
  update public.messages m set content = coalesce(m.content, p_content), segments = p_segments, updated_at = p_now
  from public.send_attempts a
  where a.id = p_attempt_id and a.outcome in ('accepted', 'assumed_sent') and m.id = a.message_id and m.segments is null
  returning m.* into v_message;
  -- Its worker is dead by now; if it reports its result after all, nothing is counted twice.
  update public.send_attempts a set next_look_at = null, http_status = coalesce(a.http_status, 0)
  where a.id = p_attempt_id and a.outcome in ('accepted', 'assumed_sent');
  if v_message.campaign_id is not null then
    insert into private.campaign_deltas (org_id, campaign_id, segments) values (v_message.org_id, v_message.campaign_id,
      p_segments);
  end if;
  return v_message.id is not null;
end;
$$;
comment on function private.record_text(uuid, text, smallint, timestamptz) is
  'Records text and segments of a message that was sent while its worker died; they were rendered again. Returns false if they '
  'are known already. Security definer: the worker may not write these tables.';
grant execute on function private.record_text(uuid, text, smallint, timestamptz) to worker;
