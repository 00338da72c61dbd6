create function private.set_twilio_reachable(p_is_reachable boolean, p_now timestamptz default now())
returns integer
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_count integer;
begin
  if p_is_reachable then
    update public.alerts a set resolved_at = p_now where a.kind = 'twilio_unreachable' and a.resolved_at is null;
  else
    perform private.raise_alert(o.org_id, 'twilio_unreachable', 'critical',
      'Twilio cannot be reached. Messages wait and are sent as soon as it can be reached.')
    from (select distinct c.org_id from public.campaigns c where c.status = 'running') o;
  end if;
  get diagnostics v_count = row_count;
  return v_count;
end;
$$;
comment on function private.set_twilio_reachable(boolean, timestamptz) is
  'Raises the alert twilio_unreachable for organisations with a running campaign, or resolves it for all; returns how many. '
  'Security definer: the worker may not write alerts.';
grant execute on function private.set_twilio_reachable(boolean, timestamptz) to worker;
