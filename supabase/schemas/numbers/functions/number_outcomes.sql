-- Number outcomes: the results of each number's messages, counted by hour and by the receiver's carrier. The score of a number is
-- computed from these few rows and never from a week of messages. A statement trigger records the hours in which messages
-- changed, whatever changes them and however late. Scoring then counts those hours again from the messages themselves, so a count
-- is right whatever the number, order and delay of receipts.

create function private.count_outcomes(p_org_id uuid, p_hour timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
begin
  delete from private.number_outcomes o where o.org_id = p_org_id and o.hour = p_hour;
  insert into private.number_outcomes
    (org_id, hour, phone_number_id, carrier, delivered, filtered, unreachable, failed, unconfirmed, unknown, opt_outs)
  select p_org_id, p_hour, x.phone_number_id, x.carrier,
    count(*) filter (where x.outcome = 'delivered'), count(*) filter (where x.outcome = 'filtered'),
    count(*) filter (where x.outcome = 'unreachable'), count(*) filter (where x.outcome = 'failed'),
    count(*) filter (where x.outcome = 'unconfirmed'), count(*) filter (where x.outcome = 'unknown'),
    count(*) filter (where x.outcome = 'opt_out')
  from (
    select m.phone_number_id, coalesce(nullif(lp.carrier, ''), lp.carrier_info ->> 'carrier_name', '') as carrier,
      case
        when m.kind = 'inbound' then case when m.classification = 'stop' then 'opt_out' end
        when m.status = 'delivered' then 'delivered'
        when m.status = 'sent' then 'unconfirmed'
        when m.status = 'unknown' then 'unknown'
        -- Messages that Twilio refused or never handed to a carrier say nothing about the number.
        when m.status not in ('undelivered', 'failed') or m.provider_sid is null or e.never_handed_to_carrier then null
        -- 30004 marks the phone like an invalid one, but the block is the reaction of the receiver or carrier to the sender.
        when e.action = 'score_number' or m.error_code = 30004 then 'filtered'
        when e.class = 'permanent' or m.error_code = 30003 then 'unreachable'
        else 'failed'
      end as outcome
    from public.messages m
    join public.phone_numbers n on n.id = m.phone_number_id
    left join private.error_classes e on e.code = m.error_code
    left join public.lead_phones lp on lp.lead_id = m.lead_id
      and lp.e164 = case m.kind when 'inbound' then m.from_number else m.to_number end
    where m.org_id = p_org_id and m.kind not in ('test', 'code')
      and m.created_at >= p_hour and m.created_at < p_hour + interval '1 hour'
      and m.created_at >= coalesce(n.reactivated_at, '-infinity')
  ) x
  where x.outcome is not null
  group by x.phone_number_id, x.carrier;
end;
$$;
comment on function private.count_outcomes(uuid, timestamptz) is
  'Counts an organisation''s outcomes of one hour anew from its messages; leaves out messages that a number sent before it was '
  'last reactivated.';
