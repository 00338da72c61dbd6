create function private.raise_alert(
  p_org_id uuid,
  p_kind text,
  p_severity text,
  p_message text,
  p_campaign_id uuid default null,
  p_phone_number_id uuid default null,
  p_details jsonb default '{}'
)
returns void
language sql
set search_path = ''
as $$
  insert into public.alerts (org_id, kind, severity, message, campaign_id, phone_number_id, details)
  values (p_org_id, p_kind, p_severity, p_message, p_campaign_id, p_phone_number_id, p_details)
  on conflict do nothing;
$$;
comment on function private.raise_alert(uuid, text, text, text, uuid, uuid, jsonb) is
  'Raises an alert, unless an alert of the same kind is open for the same campaign and number.';

create function private.close_alerts(p_org_id uuid, p_kind text, p_now timestamptz, p_campaign_id uuid default null)
returns void
language sql
set search_path = ''
as $$
  update public.alerts a set resolved_at = p_now
  where a.org_id = p_org_id and a.kind = p_kind and a.resolved_at is null
    and (p_campaign_id is null or a.campaign_id = p_campaign_id);
$$;
comment on function private.close_alerts(uuid, text, timestamptz, uuid) is
  'Resolves an organisation''s open alerts of a kind because their cause has ended; if p_campaign_id is given, only those of '
  'this campaign.';

create function private.resolve_alert(p_alert_id uuid, p_now timestamptz default now())
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('operator');
  v_alert public.alerts;
begin
  -- Before the alert is locked, as sending does.
  if exists (select from public.alerts a where a.id = p_alert_id and a.org_id = v_org_id and a.kind = 'region_not_permitted'
    and a.resolved_at is null) then
    perform private.release_regions(v_org_id, p_now);
  end if;
  select * into v_alert from public.alerts a where a.id = p_alert_id and a.org_id = v_org_id for no key update;
  if v_alert.id is null then
    perform private.raise_error('PT404', 'not_found', 'No such alert.', jsonb_build_object('alert_id', p_alert_id));
  end if;
  if v_alert.resolved_at is null then
    update public.alerts a set resolved_at = p_now, resolved_by = auth.uid() where a.id = p_alert_id;
    perform private.record_audit_event(v_org_id, 'alert_resolved', null, v_alert.campaign_id, null,
      jsonb_build_object('alert_id', p_alert_id, 'kind', v_alert.kind, 'message', v_alert.message));
  end if;
end;
$$;
comment on function private.resolve_alert(uuid, timestamptz) is
  'Resolves an alert of the signed-in user''s organisation; does nothing if it is resolved already. If the cause returns, a new '
  'alert is raised. If it was about regions that Twilio refused, they are tried again. Needs operator. Raises PT403, PT404. '
  'Security definer: users may not write alerts.';
grant execute on function private.resolve_alert(uuid, timestamptz) to authenticated;

create function public.resolve_alert(p_alert_id uuid) returns void
  language sql set search_path = '' as $$ select private.resolve_alert(p_alert_id); $$;
comment on function public.resolve_alert(uuid) is
  'Calls the private function of the same name, which checks role and organisation, with the current time.';
grant execute on function public.resolve_alert(uuid) to authenticated;
