-- Sending limits: at which figures the circuit breaker steps in, what a text is estimated to cost, how much of that an
-- organisation may spend a day, and under which balance at Twilio nothing more is sent. One row per organisation, so that
-- what changes together is read in one place; every figure is data with a default.

create function private.add_sending_limits()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  insert into public.sending_limits (org_id) values (new.id) on conflict do nothing;
  return null;
end;
$$;
comment on function private.add_sending_limits() is
  'Trigger: every organisation has its limits. Definer: whoever may add an organisation may not add them.';
create trigger orgs_sending_limits after insert on public.orgs
  for each row execute function private.add_sending_limits();
