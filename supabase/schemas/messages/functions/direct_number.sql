create function private.direct_number(
  p_phone public.lead_phones,
  p_contact private.contacts,
  p_segments integer,
  p_is_exempt boolean,
  p_now timestamptz
)
returns public.phone_numbers
language plpgsql
stable
set search_path = ''
as $$
declare
  v_known uuid := coalesce(p_contact.phone_number_id, (
    select c.phone_number_id from public.conversations c where c.e164 = p_phone.e164 and (c.org_id = p_phone.org_id) is true));
  v_number public.phone_numbers;
  v_obstacle record;
  v_first_obstacle record;
begin
  if not exists (select from public.twilio_accounts a where a.org_id = p_phone.org_id) then
    perform private.raise_error('PT409', 'twilio_not_configured', 'The organisation has no Twilio account yet: set it up first.');
  end if;
  -- As in planning, but at once: somebody waits for the answer. If the known number cannot send today, another one takes over.
  -- Registrations are looked up one by one, the best number's first: mostly that is the only one.
  for v_number in
    select n.*
    from private.number_room(p_phone.org_id, interval '0', p_now) r
    join public.phone_numbers n on n.id = r.id
    where r.is_active and n.e164 <> p_phone.e164
    order by ((r.is_open or p_is_exempt) and r.segment_room >= p_segments) desc, (n.id = v_known) is true desc, r.usable desc,
      (r.area_code = substr(p_phone.e164, 3, 3)) is true desc, r.health desc, r.segment_room desc, n.id
  loop
    select * into v_obstacle from private.registration_obstacle(p_phone.org_id, array[v_number.id], p_now);
    if v_obstacle.code is null then
      return v_number;
    elsif v_first_obstacle is null then
      v_first_obstacle := v_obstacle;
    end if;
  end loop;
  if v_first_obstacle is null then
    perform private.raise_error('PT409', 'no_phone_numbers',
      'The organisation has no active phone number: add or activate one.');
  end if;
  perform private.raise_error('PT409', v_first_obstacle.code, v_first_obstacle.message, v_first_obstacle.details);
  return null;
end;
$$;
comment on function private.direct_number(public.lead_phones, private.contacts, integer, boolean, timestamptz) is
  'The number from which a direct text of p_segments segments goes: one that can send it now (p_is_exempt: its hours do not '
  'count), then the one that the person knows, then one of their area code, then the healthiest. Its hours and caps are still to '
  'be checked. Raises PT409 twilio_not_configured, no_phone_numbers, a2p_not_verified or a2p_not_checked.';
