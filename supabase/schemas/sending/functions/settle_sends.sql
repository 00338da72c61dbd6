create function private.settle_sends(p_results jsonb, p_now timestamptz default now())
returns integer
language plpgsql
security definer
set search_path = ''
set plan_cache_mode = force_generic_plan
as $$
declare
  v_row record;
  v_message public.messages;
  v_settled integer;
  v_given_back uuid[];
  v_given_back_replies uuid[];
  v_oversize uuid[] := '{}';
  v_refunds uuid[] := '{}';
  v_attempts uuid[];
  v_messages uuid[];
  v_targets uuid[];
  v_has_refusals boolean;
begin
  -- Read once: the messages and targets, and whether anything was refused. Most batches contain only acceptances.
  select array_agg(r.attempt_id), bool_or(r.outcome in ('rejected', 'oversize')) into v_attempts, v_has_refusals
  from jsonb_to_recordset(p_results) as r(attempt_id uuid, outcome text);
  select array_agg(m.id), array_agg(m.campaign_target_id) filter (where m.campaign_target_id is not null)
    into v_messages, v_targets
  from public.send_attempts a join public.messages m on m.id = a.message_id where a.id = any (v_attempts);
  if v_has_refusals then
    v_targets := private.lock_refused(p_results, v_targets, p_now);
  end if;
  perform 1 from public.campaign_targets t where t.id = any (v_targets) order by t.id for no key update;
  perform 1 from public.messages m where m.id = any (v_messages) order by m.id for no key update;

  -- Updates the attempts only once: a result that comes twice changes nothing the second time.
  with r as (
    select * from jsonb_to_recordset(p_results) as x(
      attempt_id uuid, outcome text, provider_sid text, provider_status text, http_status smallint, error_code integer,
      error_message text, content text, segments smallint)
  ),
  settled as (
    update public.send_attempts a
    set outcome = case r.outcome when 'oversize' then 'not_posted' else r.outcome end,
        settled_at = coalesce(a.settled_at, p_now), provider_sid = coalesce(a.provider_sid, r.provider_sid),
          http_status = r.http_status,
        error_code = r.error_code, error_message = left(r.error_message, 1000),
        next_look_at = case when r.outcome = 'unknown' then p_now + interval '2 minutes' end
    from r
    where a.id = r.attempt_id and (
      a.outcome = 'open'
      -- A receipt came before the POST's answer, or rescue considered the worker dead: the answer still has the text and the SID.
      or (r.outcome = 'accepted' and a.outcome in ('accepted', 'unknown') and a.http_status is null))
    returning a.id, a.message_id, r.outcome, r.provider_sid, r.provider_status, r.content, r.segments
  ),
  sent as (
    update public.messages m
    set status = case when m.status in ('sending', 'unknown') then 'sent' else m.status end,
        provider_sid = coalesce(m.provider_sid, s.provider_sid),
        provider_status = case when m.provider_rank < 0 then s.provider_status else m.provider_status end,
        provider_rank = greatest(m.provider_rank, 0),
        content = s.content, segments = s.segments, sent_at = coalesce(m.sent_at, p_now), updated_at = p_now,
        -- The same value that the trigger would set, row by row.
        cost = coalesce(m.cost, (select case when m.has_media then l.mms_price else s.segments * l.segment_price end
          + s.segments * l.carrier_fee from public.sending_limits l where l.org_id = m.org_id))
    from settled s
    where m.id = s.message_id and m.attempt_id = s.id and s.outcome = 'accepted' and m.status not in ('canceled')
    returning m.id, m.campaign_target_id, m.campaign_id, m.org_id, m.segments
  ),
  texts as (
    -- A receipt showed that it was accepted, while the POST itself got no answer.
    update public.messages m set content = r.content, segments = r.segments
    from r join public.send_attempts a on a.id = r.attempt_id
    where m.id = a.message_id and m.attempt_id = a.id and r.outcome = 'unknown' and a.outcome = 'accepted' and m.content is null
    returning m.campaign_id, m.org_id, m.segments
  ),
  unknown as (
    update public.messages m set status = 'unknown', content = coalesce(s.content, m.content), segments = s.segments,
      updated_at = p_now
    from settled s
    where m.id = s.message_id and m.attempt_id = s.id and s.outcome = 'unknown' and m.status = 'sending'
    returning m.id, m.campaign_target_id
  ),
  given_back as (
    update public.messages m set status = 'queued', attempt_id = null, updated_at = p_now
    from settled s
    where m.id = s.message_id and m.attempt_id = s.id and s.outcome = 'not_posted' and m.status = 'sending'
    returning m.id, m.campaign_target_id, m.kind
  ),
  targets as (
    update public.campaign_targets t
    set state = x.state, delivery = case when x.state = 'sent' then 'unconfirmed' end,
        sent_at = case when x.state = 'sent' then p_now else t.sent_at end, error_code = null, updated_at = p_now
    from (
      -- Found by the target's own id: message_id has no index and needs none.
      select id, campaign_target_id, 'sent'::public.target_state as state from sent
      union all select id, campaign_target_id, 'unknown' from unknown
      union all select id, campaign_target_id, 'queued' from given_back
    ) x
    where t.id = x.campaign_target_id and t.message_id = x.id and t.state in ('sending', 'unknown')
    returning t.id
  ),
  figures as (
    insert into private.campaign_deltas (org_id, campaign_id, segments)
    select s.org_id, s.campaign_id, sum(s.segments)
    from (select org_id, campaign_id, segments from sent union all select org_id, campaign_id, segments from texts) s
    where s.campaign_id is not null group by 1, 2
  )
  select (select count(*) from settled),
    array(select g.id from given_back g where g.kind = 'campaign'),
      array(select g.id from given_back g where g.kind <> 'campaign')
  into v_settled, v_given_back, v_given_back_replies;

  -- Visible at once: a worker that misses slots claims fewer messages, and another worker may have room.
  perform private.put_back('sends', v_given_back, 0);
  perform private.put_back('replies', v_given_back_replies, 0);
  if not v_has_refusals then
    return v_settled;
  end if;

  for v_row in
    select m.id as message_id, r.outcome, r.error_code, r.error_message, r.segments
    from jsonb_to_recordset(p_results) as r(attempt_id uuid, outcome text, error_code integer, error_message text,
      segments smallint)
    join public.send_attempts a on a.id = r.attempt_id
    join public.messages m on m.id = a.message_id and m.attempt_id = a.id
    where r.outcome in ('rejected', 'oversize') and m.status = 'sending'
    order by m.campaign_id, m.id
  loop
    select * into v_message from public.messages m where m.id = v_row.message_id;
    if v_row.outcome = 'oversize' then
      update public.campaign_targets t set min_segments = v_row.segments
      where t.message_id = v_message.id and v_row.segments > v_message.charged_segments;
      v_oversize := v_oversize || v_message.id;
    elsif private.close_failed(v_message, 'failed', v_row.error_code, v_row.error_message, true, p_now) then
      v_refunds := v_refunds || v_message.id;
    end if;
  end loop;
  -- Once for all messages, and last: a transaction that holds a cap waits for no other lock.
  perform private.lock_usage(v_oversize || v_refunds);
  perform private.refund_usage(v_refunds);
  perform private.drop_claims(v_oversize, array(select 'waiting'::public.target_state from unnest(v_oversize)),
    array(select 'longer_than_charged' from unnest(v_oversize)), array(select '-infinity'::timestamptz from unnest(v_oversize)),
      p_now);
  return v_settled;
end;
$$;
comment on function private.settle_sends(jsonb, timestamptz) is
  'Records the outcomes of attempts: [{attempt_id, outcome: accepted|rejected|unknown|not_posted|oversize, provider_sid, '
  'provider_status, http_status, error_code, error_message, content, segments}]. Returns how many it settled. Security definer: '
  'the worker may not write these tables.';
grant execute on function private.settle_sends(jsonb, timestamptz) to worker;
