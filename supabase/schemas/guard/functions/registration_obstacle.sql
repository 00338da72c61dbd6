create function private.registration_obstacle(p_org_id uuid, p_numbers uuid[], p_now timestamptz)
returns table (code text, message text, details jsonb)
language plpgsql
stable
set search_path = ''
as $$
declare
  v_required boolean := (select l.a2p_required from public.sending_limits l where l.org_id = p_org_id);
  v_row record;
begin
  for v_row in
    select x.sid, r.status, r.errors, r.checked_at, min(x.e164) as e164
    from (
      select n.e164, coalesce(n.messaging_service_sid, a.messaging_service_sid) as sid
      from public.phone_numbers n
      left join public.twilio_accounts a on a.org_id = n.org_id
      -- Toll-free numbers have a verification of their own, not A2P 10DLC.
      where n.id = any (p_numbers) and coalesce(n.area_code, '') not in ('800', '833', '844', '855', '866', '877', '888')
    ) x
    left join public.a2p_registrations r on r.org_id = p_org_id and r.messaging_service_sid = x.sid
    group by x.sid, r.status, r.errors, r.checked_at
    order by x.sid nulls first
  loop
    if v_row.sid is null then
      if v_required then
        return query select 'a2p_not_verified', format(
          '%s is in no messaging service, and your settings require a verified A2P registration. Add it to one at Twilio, or '
          'turn a2p_required off.', v_row.e164),
          jsonb_build_object('phone_number', v_row.e164);
        return;
      end if;
    -- Registrations are read daily. One that is older than two days could not be read, so its current status is unknown.
    elsif v_row.status is null or v_row.checked_at < p_now - interval '2 days' then
      return query select 'a2p_not_checked', format(
        'The A2P registration of messaging service %s is being read from Twilio. Try again in a moment.', v_row.sid),
        jsonb_build_object('messaging_service_sid', v_row.sid, 'checked_at', v_row.checked_at, 'retry_after', 5);
      return;
    elsif v_row.status <> 'VERIFIED' then
      return query select 'a2p_not_verified', format(
        'The A2P registration of messaging service %s is %s%s. Nothing may be sent until Twilio says VERIFIED: correct it in '
        'Twilio''s console. It is read again every 10 minutes.',
        v_row.sid, v_row.status,
        coalesce(' (' || (select string_agg(coalesce(e ->> 'error_code', e ->> 'message'), ', ')
          from jsonb_array_elements(v_row.errors) e) || ')', '')),
        jsonb_build_object('messaging_service_sid', v_row.sid, 'status', v_row.status, 'errors', v_row.errors, 'checked_at',
          v_row.checked_at);
      return;
    end if;
  end loop;
end;
$$;
comment on function private.registration_obstacle(uuid, uuid[], timestamptz) is
  'Why these numbers of an organisation may not send, as far as their A2P registrations go: a2p_not_verified or a2p_not_checked '
  '(not read yet). No row if they may.';
