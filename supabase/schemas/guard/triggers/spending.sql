create function private.set_message_cost()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  new.cost := (
    select case when new.has_media then l.mms_price else new.segments * l.segment_price end + new.segments * l.carrier_fee
    from public.sending_limits l where l.org_id = new.org_id);
  return new;
end;
$$;
comment on function private.set_message_cost() is
  'Trigger: sets the estimated cost in US dollars of a message that Twilio accepted, at the organisation''s current prices.';
-- Runs once, when acceptance and length are both known, in whichever order they become known.
create trigger messages_cost before update on public.messages
  for each row
  when (
    new.cost is null and new.sent_at is not null and new.segments is not null and new.kind <> 'inbound'
    and (old.sent_at is null or old.segments is null))
  execute function private.set_message_cost();

create function private.append_accepted()
returns trigger
language plpgsql
security definer
set search_path = ''
set enable_nestloop = off
as $$
begin
  insert into private.accepted_deltas (org_id, phone_number_id, accepted_at, messages, segments, cost)
  -- Tests are spending, but no traffic of a number.
  select n.org_id, x.phone_number_id, max(n.sent_at), count(*), sum(n.segments), sum(n.cost)
  from new_rows n join old_rows o on o.id = n.id
  cross join lateral (select case when n.kind not in ('test', 'code') then n.phone_number_id end as phone_number_id) x
  where n.cost is not null and o.cost is null
  group by n.org_id, x.phone_number_id;
  return null;
end;
$$;
comment on function private.append_accepted() is
  'Statement trigger: appends one row for each organisation and number with the messages that a statement marked as accepted. '
  'Security definer: the role that changes a message may not write private tables.';
create trigger messages_accepted after update on public.messages
  referencing old table as old_rows new table as new_rows for each statement execute function private.append_accepted();
