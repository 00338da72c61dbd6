-- Checks of an account at Twilio: its balance, and the A2P registration of its messaging services. The worker asks Twilio,
-- because only it has the tokens; these functions decide when, and store the answers. The balance is read at most every 10
-- minutes while campaigns run. Registrations are read daily, every 10 minutes while one is not verified, and at once if an
-- account or a messaging service is new.

create function private.messaging_services_of(p_org_id uuid)
returns setof text
language sql
stable
set search_path = ''
as $$
  select distinct x.sid from (
    select a.messaging_service_sid as sid from public.twilio_accounts a where a.org_id = p_org_id
    union all
    select n.messaging_service_sid from public.phone_numbers n where n.org_id = p_org_id and n.status <> 'released'
  ) x
  where x.sid is not null;
$$;
comment on function private.messaging_services_of(uuid) is
  'The messaging services that an organisation sends through: that of its account, and those of numbers that have their own.';

create function private.balance_due_at(p_org_id uuid)
returns timestamptz
language sql
stable
set search_path = ''
as $$
  select case
      when a.balance_checked_at is null then '-infinity'
      -- A campaign was started or resumed after a reading that was too low: money may have been added since.
      when a.balance < l.min_balance and r.begun_at > a.balance_checked_at then '-infinity'
      else a.balance_checked_at + interval '10 minutes'
    end
  from public.twilio_accounts a
  join public.sending_limits l on l.org_id = a.org_id and l.min_balance is not null
  cross join lateral (
    select max(greatest(c.started_at, c.breaker_since)) as begun_at, count(*) as n
    from public.campaigns c where c.org_id = a.org_id and c.status = 'running'
  ) r
  where a.org_id = p_org_id and r.n > 0;
$$;
comment on function private.balance_due_at(uuid) is
  'When an account''s balance should be read next; null if no campaign is running or no minimum balance is set.';

create function private.registration_due_at(p_org_id uuid, p_messaging_service_sid text)
returns timestamptz
language sql
stable
set search_path = ''
as $$
  select coalesce((
    select r.checked_at + case r.status when 'VERIFIED' then interval '1 day' else interval '10 minutes' end
    from public.a2p_registrations r where r.org_id = p_org_id and r.messaging_service_sid = p_messaging_service_sid),
      '-infinity');
$$;
comment on function private.registration_due_at(uuid, text) is
  'When the A2P registration of a messaging service should be read next.';

create function private.next_account_check(p_org_id uuid)
returns timestamptz
language sql
stable
set search_path = ''
as $$
  select coalesce(least(
    private.balance_due_at(p_org_id),
    (select min(private.registration_due_at(p_org_id, s.sid)) from private.messaging_services_of(p_org_id) as s(sid))),
      'infinity');
$$;
comment on function private.next_account_check(uuid) is
  'When Twilio should be asked about an account next; infinity if there is nothing to ask.';

create function private.hasten_account_check(p_org_id uuid)
returns void
language sql
set search_path = ''
as $$
  update private.account_checks k set due_at = '-infinity' where k.org_id = p_org_id and k.due_at > '-infinity';
$$;
comment on function private.hasten_account_check(uuid) is
  'Makes the check of an account due now. Whether there is anything to ask Twilio is decided when the check is claimed.';

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
      -- One worker at a time checks an account; if it dies, another does so in a minute.
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
  'Claims accounts that Twilio should be asked about now: whether for the balance, and for which messaging services'' A2P '
  'registration. Security definer: the worker may not read these tables.';
grant execute on function private.due_account_checks(integer, timestamptz) to worker;
