create function private.record_account_check(p_org_id uuid, p_check jsonb, p_now timestamptz default now())
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_error text := p_check ->> 'error';
  v_failures smallint;
  v_limits public.sending_limits;
  v_row record;
begin
  select * into v_limits from public.sending_limits l where l.org_id = p_org_id;
  if p_check ->> 'balance' is not null then
    update public.twilio_accounts a
    set balance = (p_check ->> 'balance')::numeric, balance_currency = p_check ->> 'currency', balance_checked_at = p_now
    where a.org_id = p_org_id;
    if (p_check ->> 'balance')::numeric < v_limits.min_balance then
      perform private.raise_alert(p_org_id, 'balance_low', 'critical',
        format('The balance at Twilio is %s %s, under your minimum of %s. Campaigns are paused: pay in at Twilio, then resume '
          'them.',
          round((p_check ->> 'balance')::numeric, 2), p_check ->> 'currency', v_limits.min_balance),
        null, null, jsonb_build_object('balance', (p_check ->> 'balance')::numeric, 'min_balance', v_limits.min_balance));
    else
      perform private.close_alerts(p_org_id, 'balance_low', p_now);
    end if;
  end if;

  for v_row in
    select s.* from jsonb_to_recordset(coalesce(p_check -> 'services', '[]')) as s(
      messaging_service_sid text, status text, campaign_sid text, brand_sid text, use_case text, rate_limits jsonb, errors jsonb)
    order by s.messaging_service_sid
  loop
    insert into public.a2p_registrations as r
      (org_id, messaging_service_sid, status, campaign_sid, brand_sid, use_case, rate_limits, errors, checked_at)
    values (p_org_id, v_row.messaging_service_sid, v_row.status, v_row.campaign_sid, v_row.brand_sid, v_row.use_case,
      v_row.rate_limits, coalesce(v_row.errors, '[]'), p_now)
    on conflict (org_id, messaging_service_sid) do update
      set status = excluded.status, campaign_sid = excluded.campaign_sid, brand_sid = excluded.brand_sid,
        use_case = excluded.use_case,
          rate_limits = excluded.rate_limits, errors = excluded.errors, checked_at = excluded.checked_at;
  end loop;
  delete from public.a2p_registrations r
  where r.org_id = p_org_id and r.messaging_service_sid not in (select s from private.messaging_services_of(p_org_id) s);
  if not exists (select 1 from public.a2p_registrations r where r.org_id = p_org_id and r.status <> 'VERIFIED') then
    perform private.close_alerts(p_org_id, 'a2p_not_verified', p_now);
  end if;

  if v_error is null then
    update private.account_checks k set failures = 0, last_error = null, due_at = private.next_account_check(p_org_id)
      where k.org_id = p_org_id;
    perform private.close_alerts(p_org_id, 'account_check_failed', p_now);
  else
    -- Tries again in 10, 20, 40 … seconds, an hour at most: at first somebody may be waiting to start.
    update private.account_checks k
    set failures = least(k.failures + 1, 100), last_error = left(v_error, 500),
        due_at = p_now + least(interval '10 seconds' * power(2, least(k.failures, 10)), interval '1 hour')
    where k.org_id = p_org_id
    returning k.failures into v_failures;
    -- Fewer failures are a short disturbance at Twilio: the fifth comes after two and a half minutes.
    if v_failures >= 5 then
      perform private.raise_alert(p_org_id, 'account_check_failed', 'warning',
        format('Reading your account from Twilio failed %s times in a row: %s. Balance and A2P registration are as they were '
          'last read.',
          v_failures, left(v_error, 500)));
    end if;
  end if;
end;
$$;
comment on function private.record_account_check(uuid, jsonb, timestamptz) is
  'Stores Twilio''s answer about an account: {balance, currency, services: [{messaging_service_sid, status, campaign_sid, '
  'brand_sid, use_case, rate_limits, errors}], error}, each if it was asked about. Raises and resolves the alerts that follow. '
  'The guard pauses campaigns. Security definer: the worker may not write these tables.';
grant execute on function private.record_account_check(uuid, jsonb, timestamptz) to worker;
