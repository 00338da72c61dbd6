-- Compliance: opt-outs, consent, audit events, alerts. Users may read them; only functions change them.

create function private.record_audit_event(
  p_org_id uuid,
  p_event_type text,
  p_phone_number text default null,
  p_campaign_id uuid default null,
  p_lead_id uuid default null,
  p_details jsonb default '{}',
  p_compliance_status text default 'compliant'
)
returns void
language sql
set search_path = ''
as $$
  insert into public.audit_events (org_id, event_type, phone_number, campaign_id, lead_id, user_id, details, compliance_status)
  values (p_org_id, p_event_type, p_phone_number, p_campaign_id, p_lead_id,
    (select u.id from public.users u where u.id = auth.uid()), p_details, p_compliance_status);
$$;
comment on function private.record_audit_event(uuid, text, text, uuid, uuid, jsonb, text) is
  'Writes an audit event, with the signed-in user if there is one.';
