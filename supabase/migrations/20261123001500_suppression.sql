-- Suppression: what an opt-out does, in the transaction that learns of it. The contact row is locked first, so a claim either
-- saw the person before (and posts within 2 s) or sees the opt-out.

create function private.lock_contact(p_org_id uuid, p_e164 text)
returns private.contacts
language plpgsql
set search_path = ''
as $$
declare
  v_contact private.contacts;
begin
  insert into private.contacts (org_id, e164) values (p_org_id, p_e164) on conflict do nothing;
  select * into v_contact from private.contacts c where c.org_id = p_org_id and c.e164 = p_e164 for no key update;
  return v_contact;
end;
$$;
comment on function private.lock_contact(uuid, text) is 'Locks a person''s contact row, making it where it is missing.';

create function private.cancel_open_targets(p_org_id uuid, p_e164 text, p_reason text, p_now timestamptz default now())
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_targets uuid[];
begin
  -- A claimed message (sending) is not touched: it is posted within 2 s of its claim, or given back and then excluded.
  -- The daily caps are not refunded: that would lock a number after a contact, against the order of locks.
  select array_agg(t.id) into v_targets from (
    select id from public.campaign_targets
    where org_id = p_org_id and e164 = p_e164 and state in ('waiting', 'queued')
    order by id for no key update
  ) t;
  if v_targets is null then
    return 0;
  end if;
  update public.messages m
  set status = 'canceled', error_message = p_reason, settled_at = p_now
  where m.campaign_target_id = any (v_targets) and m.status = 'queued';
  update public.campaign_targets t
  set state = 'canceled', reason = p_reason, message_id = null, updated_at = p_now
  where t.id = any (v_targets) and t.state in ('waiting', 'queued');
  return cardinality(v_targets);
end;
$$;
comment on function private.cancel_open_targets(uuid, text, text, timestamptz) is
  'Cancels what is waiting or queued for a phone in every campaign of an organisation; returns how many targets. The caller holds the contact''s lock.';

create function private.suppress(
  p_org_id uuid,
  p_e164 text,
  p_source text,
  p_reason text,
  p_campaign_id uuid default null,
  p_needs_review boolean default false,
  p_language text default null,
  p_now timestamptz default now()
)
returns boolean
language plpgsql
set search_path = ''
as $$
declare
  v_contact private.contacts;
begin
  v_contact := private.lock_contact(p_org_id, p_e164);
  insert into public.opt_outs (org_id, e164, source, reason, campaign_id, needs_review, created_by, created_at)
  values (p_org_id, p_e164, p_source, left(p_reason, 1000), p_campaign_id, p_needs_review,
    (select u.id from public.users u where u.id = auth.uid()), p_now)
  on conflict (org_id, e164) do update
    set is_active = true, removed_at = null, source = excluded.source, reason = excluded.reason,
        campaign_id = excluded.campaign_id, needs_review = excluded.needs_review, created_at = excluded.created_at
    where not opt_outs.is_active;
  if v_contact.suppressed_at is not null then
    return false;
  end if;
  update private.contacts c set suppressed_at = p_now where c.org_id = p_org_id and c.e164 = p_e164;
  perform private.cancel_open_targets(p_org_id, p_e164, 'opted_out', p_now);
  update public.lead_phones lp set consent_status = 'denied' where lp.org_id = p_org_id and lp.e164 = p_e164;
  insert into public.consent_records (org_id, e164, status, method, evidence, language, recorded_at, recorded_by)
  values (p_org_id, p_e164, 'revoked',
    case p_source when 'keyword' then 'keyword' when 'carrier' then 'carrier' when 'import' then 'import' else 'manual' end,
    left(p_reason, 4000), p_language, p_now, (select u.id from public.users u where u.id = auth.uid()));
  perform private.record_audit_event(p_org_id, 'opt_out', p_e164, p_campaign_id, null,
    jsonb_build_object('source', p_source, 'reason', left(p_reason, 1000)), case when p_needs_review then 'review' else 'compliant' end);
  if p_campaign_id is not null then
    insert into private.campaign_deltas (org_id, campaign_id, opt_outs) values (p_org_id, p_campaign_id, 1);
  end if;
  return true;
end;
$$;
comment on function private.suppress(uuid, text, text, text, uuid, boolean, text, timestamptz) is
  'Opts a phone out of everything an organisation sends, at once: locks the contact, cancels open targets, records opt-out, consent and audit. False where it was suppressed already.';

create function private.unsuppress(p_org_id uuid, p_e164 text, p_method text, p_evidence text, p_language text default null, p_now timestamptz default now())
returns boolean
language plpgsql
set search_path = ''
as $$
declare
  v_contact private.contacts;
begin
  v_contact := private.lock_contact(p_org_id, p_e164);
  update public.opt_outs set is_active = false, removed_at = p_now, needs_review = false
  where org_id = p_org_id and e164 = p_e164 and is_active;
  update private.contacts c set suppressed_at = null where c.org_id = p_org_id and c.e164 = p_e164;
  update public.lead_phones lp set consent_status = 'granted' where lp.org_id = p_org_id and lp.e164 = p_e164;
  insert into public.consent_records (org_id, e164, status, method, evidence, language, recorded_at, recorded_by)
  values (p_org_id, p_e164, 'granted', p_method, left(p_evidence, 4000), p_language, p_now,
    (select u.id from public.users u where u.id = auth.uid()));
  perform private.record_audit_event(p_org_id, 'opt_in', p_e164, null, null, jsonb_build_object('method', p_method));
  return v_contact.suppressed_at is not null;
end;
$$;
comment on function private.unsuppress(uuid, text, text, text, text, timestamptz) is
  'Lets a phone be written to again after the person''s own START or ALTA, with the evidence. True where it was suppressed.';
