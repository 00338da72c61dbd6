create function private.rescue_sends(p_now timestamptz default now(), p_limit integer default 1000, p_org_id uuid default null)
returns integer
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_resting uuid[] := private.resting_orgs('rescue', p_org_id, p_now);
  v_targets uuid[];
  v_messages uuid[];
  v_attempts uuid[];
  v_lost uuid[];
  v_row record;
  v_dead integer := 0;
begin
  -- Half an hour is twice the time of two looks: Twilio can't be asked (no account, a refused token, an outage), and a person
  -- must know. This comes first, while nothing else is locked; the rest takes only rows that no other transaction holds.
  for v_row in
    select m.id
    from public.send_attempts a join public.messages m on m.id = a.message_id and m.attempt_id = a.id
    where a.next_look_at is not null and a.outcome = 'unknown' and a.claimed_at < p_now - interval '30 minutes'
      and m.status = 'unknown' and m.needs_attention is null and (p_org_id is null or a.org_id = p_org_id)
        and a.org_id <> all (v_resting)
    order by m.campaign_target_id, m.id limit p_limit
  loop
    perform private.ask_a_person(v_row.id,
      'For half an hour Twilio could not be asked whether it sent this message. It is asked again every two minutes.', p_now);
  end loop;

  -- A slot is at most 1 s ahead, and a POST times out after 15 s. A worker that has not settled its attempt 60 s after the claim
  -- is dead.
  select array_agg(a.id), array_agg(a.message_id) into v_attempts, v_messages from (
    select x.id, x.message_id from public.messages m join public.send_attempts x on x.id = m.attempt_id
    where m.is_open and m.status = 'sending' and (p_org_id is null or m.org_id = p_org_id) and m.org_id <> all (v_resting)
      and x.outcome = 'open' and x.claimed_at < p_now - interval '60 seconds'
    order by x.claimed_at limit p_limit) a;
  if v_attempts is not null then
    -- A row that another transaction holds is being settled after all, or will be found again in 30 s.
    v_targets := array(
      select t.id from public.campaign_targets t
      where t.id in (select m.campaign_target_id from public.messages m where m.id = any (v_messages))
      order by t.id for no key update skip locked);
    v_messages := array(
      select m.id from public.messages m
      where m.id = any (v_messages) and (m.campaign_target_id is null or m.campaign_target_id = any (v_targets))
      order by m.id for no key update skip locked);
    update public.send_attempts a
    set outcome = 'unknown', settled_at = p_now, next_look_at = p_now, error_message = 'the worker died before it settled'
    where a.id = any (v_attempts) and a.message_id = any (v_messages) and a.outcome = 'open';
    get diagnostics v_dead = row_count;
    update public.messages m set status = 'unknown', updated_at = p_now
    where m.id = any (v_messages) and m.status = 'sending' and m.attempt_id = any (v_attempts);
    update public.campaign_targets t set state = 'unknown', updated_at = p_now
    from public.messages m where t.id = m.campaign_target_id and t.message_id = m.id and m.id = any (v_messages)
      and m.status = 'unknown' and t.state = 'sending';
  end if;

  -- A queued message without a queue row: the row was deleted by a claim that was rolled back when the server crashed, or was
  -- never put back.
  v_lost := array(
    select m.id from public.messages m
    where m.is_open and m.status = 'queued' and (p_org_id is null or m.org_id = p_org_id) and m.org_id <> all (v_resting)
      and m.queued_at < p_now - interval '30 seconds' and m.updated_at < p_now - interval '30 seconds'
      and not exists (select 1 from private.queued_message_ids() q where q = m.id)
    order by m.queued_at limit p_limit);
  perform private.put_back('sends', array(select m.id from public.messages m where m.id = any (v_lost) and m.kind = 'campaign'),
    0);
  perform private.put_back('replies', array(select m.id from public.messages m
    where m.id = any (v_lost) and m.kind <> 'campaign'), 0);
  return v_dead + cardinality(v_lost);
end;
$$;
comment on function private.rescue_sends(timestamptz, integer, uuid) is
  'Sets attempts of dead workers to unknown, queues messages again that have lost their queue row (returns how many of both), '
  'and raises alerts for sends about which Twilio can''t be asked. p_org_id: only this organisation; null: all except those for '
  'which this work is resting. Security definer: the role of cron jobs may not write these tables.';
