-- The worker's part of looking at accounts: what is due, and what Twilio answered.

create function private.due_account_checks(p_limit integer default 10, p_now timestamptz default now())
returns table (org_id uuid, account_sid text, check_balance boolean, messaging_service_sids text[])
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_row record;
begin
  for v_row in
    select k.org_id, a.account_sid, a.auth_token_secret_id is not null as has_token
    from private.account_checks k join public.twilio_accounts a on a.org_id = k.org_id
    where k.due_at <= p_now
    order by k.due_at, k.org_id limit p_limit for no key update of k skip locked
  loop
    org_id := v_row.org_id;
    account_sid := v_row.account_sid;
    check_balance := coalesce(private.balance_due_at(v_row.org_id) <= p_now, false);
    messaging_service_sids := array(
      select s.sid from private.messaging_services_of(v_row.org_id) as s(sid)
      where private.registration_due_at(v_row.org_id, s.sid) <= p_now order by s.sid);
    if v_row.has_token and (check_balance or cardinality(messaging_service_sids) > 0) then
      -- Looked at by one worker at a time; should it die, another looks in a minute.
      update private.account_checks k set due_at = p_now + interval '1 minute' where k.org_id = v_row.org_id;
      return next;
    else
      update private.account_checks k
      set due_at = case when v_row.has_token then private.next_account_check(v_row.org_id) else 'infinity' end
      where k.org_id = v_row.org_id;
    end if;
  end loop;
end;
$$;
comment on function private.due_account_checks(integer, timestamptz) is
  'Accounts that Twilio should be asked about now: whether for the balance, and for which messaging services'' A2P registration. Definer: the worker may not read these tables.';

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
        format('The balance at Twilio is %s %s, under your minimum of %s. Campaigns are paused: pay in at Twilio, then resume them.',
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
      set status = excluded.status, campaign_sid = excluded.campaign_sid, brand_sid = excluded.brand_sid, use_case = excluded.use_case,
          rate_limits = excluded.rate_limits, errors = excluded.errors, checked_at = excluded.checked_at;
  end loop;
  delete from public.a2p_registrations r
  where r.org_id = p_org_id and r.messaging_service_sid not in (select s from private.messaging_services_of(p_org_id) s);
  if not exists (select 1 from public.a2p_registrations r where r.org_id = p_org_id and r.status <> 'VERIFIED') then
    perform private.close_alerts(p_org_id, 'a2p_not_verified', p_now);
  end if;

  if v_error is null then
    update private.account_checks k set failures = 0, last_error = null, due_at = private.next_account_check(p_org_id) where k.org_id = p_org_id;
    perform private.close_alerts(p_org_id, 'account_check_failed', p_now);
  else
    -- Again in 10, 20, 40 … seconds, an hour at most: at first somebody may be waiting to start.
    update private.account_checks k
    set failures = least(k.failures + 1, 100), last_error = left(v_error, 500),
        due_at = p_now + least(interval '10 seconds' * power(2, least(k.failures, 10)), interval '1 hour')
    where k.org_id = p_org_id
    returning k.failures into v_failures;
    -- Less is Twilio's bad minute: the fifth comes after two and a half.
    if v_failures >= 5 then
      perform private.raise_alert(p_org_id, 'account_check_failed', 'warning',
        format('Twilio could not be asked about your account %s times in a row: %s. Balance and A2P registration are as they were last read.',
          v_failures, left(v_error, 500)));
    end if;
  end if;
end;
$$;
comment on function private.record_account_check(uuid, jsonb, timestamptz) is
  'Keeps what Twilio answered about an account: {balance, currency, services: [{messaging_service_sid, status, campaign_sid, brand_sid, use_case, rate_limits, errors}], error}, each where it was asked; raises and closes the alerts that follow. The guard pauses. Definer: the worker may not write these tables.';

create function private.close_alerts(p_org_id uuid, p_kind text, p_now timestamptz, p_campaign_id uuid default null)
returns void
language sql
set search_path = ''
as $$
  update public.alerts a set resolved_at = p_now
  where a.org_id = p_org_id and a.kind = p_kind and a.resolved_at is null and (p_campaign_id is null or a.campaign_id = p_campaign_id);
$$;
comment on function private.close_alerts(uuid, text, timestamptz, uuid) is 'Resolves an organisation''s open alerts of a kind, of one campaign where it is given, because their cause is gone.';

create or replace function private.due_work(p_within interval default '5 seconds', p_now timestamptz default now())
returns jsonb
language sql
stable
security definer
set search_path = ''
as $$
  select jsonb_build_object(
    'sends', private.queue_is_due('sends', p_within),
    'replies', private.queue_is_due('replies', p_within),
    'builds', private.queue_is_due('builds', '0'),
    'imports', private.queue_is_due('imports', '0'),
    -- The first by the index: asked whether any is due, the planner reads the table.
    'looks', coalesce((select a.next_look_at from public.send_attempts a where a.next_look_at is not null order by a.next_look_at limit 1) <= p_now, false),
    'accounts', exists (select 1 from private.account_checks k where k.due_at <= p_now),
    'next_due_ms', (
      select greatest(extract(epoch from min(q.vt) - clock_timestamp()) * 1000, 0)::integer
      from (
        select min(s.vt) as vt from pgmq.q_sends s
        union all
        select min(r.vt) from pgmq.q_replies r
      ) q
      where q.vt <= clock_timestamp() + p_within));
$$;

grant execute on function
  private.due_account_checks(integer, timestamptz),
  private.record_account_check(uuid, jsonb, timestamptz)
to worker;
