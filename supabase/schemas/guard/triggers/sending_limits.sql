-- Sending limits: at which figures the circuit breaker acts, the estimated price of a text, how much an organisation may spend a
-- day, and the balance at Twilio below which nothing more is sent. There is one row for each organisation, so that all of them
-- are read at once; every figure is data with a default.

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
  'Trigger: creates the limits of a new organisation. Security definer: the role that adds an organisation may not add them.';
create trigger orgs_sending_limits after insert on public.orgs
  for each row execute function private.add_sending_limits();
