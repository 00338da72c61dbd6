-- Phones that an outside service found on a do-not-call or litigators' list. A hit suppresses the phone in the whole
-- organisation, as an opt-out does (source dnc or litigator). Only a person can lift it: no later answer can, nor can START. The
-- registry data must not be older than 31 days when a person is written to (16 CFR 310.4(b)(3)(iv)), so the service is asked
-- again after 30 days.

create function private.suppress_scrubbed(p_org_id uuid, p_e164 text, p_hit text, p_reason text, p_now timestamptz)
returns boolean
language plpgsql
set search_path = ''
as $$
declare
  v_contact private.contacts := private.lock_contact(p_org_id, p_e164);
begin
  insert into public.opt_outs (org_id, e164, source, reason, created_at)
  values (p_org_id, p_e164, p_hit, left(p_reason, 1000), p_now)
  on conflict (org_id, e164) do update
    set is_active = true, removed_at = null, source = excluded.source, reason = excluded.reason, created_at = excluded.created_at
    where not opt_outs.is_active;
  if v_contact.suppressed_at is not null then
    return false;
  end if;
  update private.contacts c set suppressed_at = p_now where c.org_id = p_org_id and c.e164 = p_e164;
  perform private.cancel_open_targets(p_org_id, p_e164, 'scrubbed', p_now);
  perform private.record_audit_event(p_org_id, 'phone_scrubbed', p_e164, null, null,
    jsonb_build_object('hit', p_hit, 'reason', left(p_reason, 1000)));
  return true;
end;
$$;
comment on function private.suppress_scrubbed(uuid, text, text, text, timestamptz) is
  'Suppresses a phone that is on a list (dnc, litigator): writes an opt-out and an audit event, and cancels open targets. '
  'Records no consent, because the person revoked none. Returns false if the phone was suppressed already.';
