-- If a lead's mailing address changes to another state while campaigns wait to write to the lead, the waiting targets get the
-- hours of the new state. The audience was built with the window key of the old state.

create function private.rekey_targets()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform 1 from public.campaign_targets t
  where t.lead_id = new.id and t.state in ('waiting', 'queued', 'sending', 'unknown') order by t.id for no key update;
  update public.campaign_targets t set window_key = private.window_key(t.e164, new.state), updated_at = now()
  where t.lead_id = new.id and t.state in ('waiting', 'queued', 'sending', 'unknown');
  return null;
end;
$$;
comment on function private.rekey_targets() is
  'Trigger: targets that are not sent yet follow the hours of the state in which the person lives now. Security definer: the '
  'role that changes a lead may not write targets.';
create trigger leads_rekey_targets after update of state on public.leads
  for each row when (old.state is distinct from new.state) execute function private.rekey_targets();
