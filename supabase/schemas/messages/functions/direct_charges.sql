-- Direct texts and the daily caps, which campaigns charge when they plan.

create function private.carrier_cap_of(p_org_id uuid, p_carrier text)
returns uuid
language sql
stable
set search_path = ''
as $$
  -- As in planning: a phone with an unknown carrier counts against the smallest cap.
  select c.id from public.carrier_caps c
  where c.org_id = p_org_id and (p_carrier is null or position(c.carrier in lower(p_carrier)) > 0)
  order by c.daily_segments, c.id limit 1;
$$;
comment on function private.carrier_cap_of(uuid, text) is 'The carrier cap that counts for a phone of this carrier; null: none.';

create function private.charge_direct(p_message_id uuid, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_row record;
begin
  for v_row in
    select c.scope, c.scope_id, c.day from private.charges_of(array[p_message_id]) c
    order by array_position(array['org', 'campaign', 'carrier', 'number'], c.scope)
  loop
    perform private.open_usage(v_row.scope, array[v_row.scope_id], array[v_row.day]);
  end loop;
  -- A second statement sees what others charged before these locks.
  for v_row in
    select c.scope, l.name, l.most, (c.day + 1)::timestamp at time zone l.time_zone as ends
    from private.charges_of(array[p_message_id]) c
    join private.daily_usage u on u.scope = c.scope and u.scope_id = c.scope_id and u.day = c.day
    cross join lateral (
      select 'organisation' as name, o.daily_cap as most, o.time_zone from public.orgs o
      where c.scope = 'org' and o.id = c.scope_id
      union all
      select 'carrier', k.daily_segments, 'America/Los_Angeles' from public.carrier_caps k
      where c.scope = 'carrier' and k.id = c.scope_id
      union all
      select 'number', private.number_cap(n.daily_cap, n.warmup_started_on, o.warmup_caps, c.day), n.time_zone
      from public.phone_numbers n join public.orgs o on o.id = n.org_id where c.scope = 'number' and n.id = c.scope_id
    ) l
    where case c.scope when 'org' then u.messages + c.messages else u.segments + c.segments end > l.most
  loop
    perform private.refuse_cap(v_row.name, case v_row.name
      when 'organisation' then format('Your organisation may send %s texts a day, and they were sent. Raise daily_cap in your '
        'settings, or try again tomorrow.', v_row.most)
      when 'carrier' then format('The person''s carrier takes %s segments a day from you, which leaves no room for this text. '
        'Raise the carrier cap if your registration allows more, or try again tomorrow.', v_row.most)
      else format('The number may send %s segments today, by its daily_cap or its warm-up, which leaves no room for this text. '
        'Raise daily_cap, activate another number, or try again tomorrow.', v_row.most) end,
      v_row.most, v_row.ends, p_now);
  end loop;
  perform private.charge_again(array[p_message_id]);
end;
$$;
comment on function private.charge_direct(uuid, timestamptz) is
  'Charges a direct text to the daily caps of organisation, carrier and number. Raises PT429 naming the cap that has no room. '
  'These are the last locks of a transaction.';

create function private.charge_direct_anew(p_message_id uuid, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
begin
  perform private.refund_usage(array[p_message_id]);
  update public.messages m set queued_at = p_now, charged_day = (p_now at time zone n.time_zone)::date
  from public.phone_numbers n where m.id = p_message_id and n.id = m.phone_number_id;
  perform private.charge_direct(p_message_id, p_now);
end;
$$;
comment on function private.charge_direct_anew(uuid, timestamptz) is
  'Moves the charge of a direct text that is sent again to today. Raises PT429 as private.charge_direct.';
