-- Writes the decisions of a claim.

create function private.write_claims(p_claims private.claimed_slot[], p_worker_id uuid, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_ids uuid[] := array(select x.message_id from unnest(p_claims) x);
begin
  insert into public.send_attempts (id, org_id, message_id, number, worker_id, slot_at, claimed_at)
  select x.attempt_id, m.org_id, m.id,
    coalesce((select max(a.number) from public.send_attempts a where a.message_id = m.id), 0) + 1, p_worker_id, x.slot_at, p_now
  from unnest(p_claims) x
  join public.messages m on m.id = x.message_id;
  update public.messages m set status = 'sending', attempt_id = x.attempt_id, updated_at = p_now
  from unnest(p_claims) x where m.id = x.message_id;
  update public.campaign_targets t set state = 'sending', updated_at = p_now
  from public.messages m where m.id = any (v_ids) and t.id = m.campaign_target_id and m.kind = 'campaign';
  update private.contacts k
  set last_sent_at = p_now, last_campaign_id = m.campaign_id, phone_number_id = m.phone_number_id
  from public.messages m where m.id = any (v_ids) and m.kind = 'campaign' and k.org_id = m.org_id and k.e164 = m.to_number;
end;
$$;
comment on function private.write_claims(private.claimed_slot[], uuid, timestamptz) is
  'Writes the attempt of each claimed message, and updates message, target and contact. The caller holds the locks of all of '
  'them.';

create function private.advance_clocks(
  p_number_ids uuid[],
  p_number_slots timestamptz[],
  p_campaign_ids uuid[],
  p_campaign_slots timestamptz[],
  p_org_ids uuid[],
  p_org_slots timestamptz[]
)
returns void
language plpgsql
set search_path = ''
as $$
begin
  update private.number_pace p set next_slot_at = x.slot
  from unnest(p_number_ids, p_number_slots) as x(id, slot) where p.phone_number_id = x.id and p.next_slot_at < x.slot;
  if p_campaign_ids is not null then
    update private.campaign_pace p set next_slot_at = x.slot
    from unnest(p_campaign_ids, p_campaign_slots) as x(id, slot) where p.campaign_id = x.id and p.next_slot_at < x.slot;
  end if;
  if p_org_ids is not null then
    update private.org_pace p set next_slot_at = x.slot
    from unnest(p_org_ids, p_org_slots) as x(id, slot) where p.org_id = x.id and p.next_slot_at < x.slot;
  end if;
end;
$$;
comment on function private.advance_clocks(uuid[], timestamptz[], uuid[], timestamptz[], uuid[], timestamptz[]) is
  'Sets when numbers, campaigns and organisations may send next; never moves a time back. The caller holds the locks of their '
  'clocks.';

create function private.put_back_later(p_message_ids uuid[], p_delays integer[])
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_delay integer;
begin
  for v_delay in select distinct d from unnest(p_delays) d loop
    perform private.put_back('replies', array(
      select m.id from unnest(p_message_ids, p_delays) as x(id, delay)
      join public.messages m on m.id = x.id and m.kind <> 'campaign' where x.delay = v_delay), v_delay);
    perform private.put_back('sends', array(
      select m.id from unnest(p_message_ids, p_delays) as x(id, delay)
      join public.messages m on m.id = x.id and m.kind = 'campaign' where x.delay = v_delay), v_delay);
  end loop;
end;
$$;
comment on function private.put_back_later(uuid[], integer[]) is
  'Puts messages back into their queues, each visible after its delay in seconds.';

create function private.claimed_sends(p_claims private.claimed_slot[], p_now timestamptz)
returns setof private.claimed_send
language plpgsql
set search_path = ''
as $$
begin
  return query
  select m.id, x.attempt_id, m.org_id, m.kind,
    extract(epoch from x.slot_at - coalesce(p_now, clock_timestamp()))::double precision * 1000,
    m.to_number, m.from_number, a.account_sid, coalesce(n.messaging_service_sid, a.messaging_service_sid),
    m.content, v.content, m.language, m.variables, m.charged_segments, x.validity_seconds, n.mps::double precision,
    case when m.has_media then array(select p.id from public.message_media p where p.message_id = m.id order by p.ordinal) end
  from unnest(p_claims) x
  join public.messages m on m.id = x.message_id
  join public.phone_numbers n on n.id = m.phone_number_id
  left join public.twilio_accounts a on a.org_id = m.org_id
  left join public.template_versions v on v.template_id = m.template_id and v.version = m.template_version
  order by x.slot_at;
end;
$$;
comment on function private.claimed_sends(private.claimed_slot[], timestamptz) is
  'What the worker posts for a claim, in the order of the slots. p_now is a test''s clock; null means the real one.';
