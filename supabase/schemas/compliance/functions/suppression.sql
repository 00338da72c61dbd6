-- Suppression: the effects of an opt-out, in the transaction that records it. The contact is locked first: a claim either locked
-- it before (and posts within 2 s) or sees the opt-out.

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
    jsonb_build_object('source', p_source, 'reason', left(p_reason, 1000)), case when p_needs_review then 'review'
      else 'compliant' end);
  insert into private.span_changes (org_id, conversation_id, since)
  select c.org_id, c.id, p_now from public.conversations c
  where c.e164 = p_e164 and (c.org_id = p_org_id) is true and c.waiting_since is not null;
  if p_campaign_id is not null then
    insert into private.campaign_deltas (org_id, campaign_id, opt_outs, step)
    values (p_org_id, p_campaign_id, 1, coalesce((
      select m.step from public.messages m
      where m.to_number = p_e164 and (m.org_id = p_org_id) is true and m.campaign_id = p_campaign_id and m.kind = 'campaign'
        and m.status not in ('queued', 'failed', 'canceled')
      order by m.created_at desc limit 1), 1));
  end if;
  return true;
end;
$$;
comment on function private.suppress(uuid, text, text, text, uuid, boolean, text, timestamptz) is
  'Opts a phone out of all messages of an organisation at once: locks the contact, cancels open targets, and records opt-out, '
  'consent and audit event. Returns false if the phone was suppressed already.';

create function private.unsuppress(p_org_id uuid, p_e164 text, p_method text, p_evidence text, p_language text default null,
  p_now timestamptz default now())
returns boolean
language plpgsql
set search_path = ''
as $$
declare
  v_contact private.contacts;
  v_hit text;
begin
  v_contact := private.lock_contact(p_org_id, p_e164);
  -- max() gives litigator before dnc, because it outranks dnc.
  select max(x.hit) into v_hit from (
    select s.hit from public.phone_scrubs s where s.org_id = p_org_id and s.e164 = p_e164
    union all
    select o.source from public.opt_outs o
    where o.org_id = p_org_id and o.e164 = p_e164 and o.is_active and o.source in ('dnc', 'litigator')
  ) x;
  if v_hit is null then
    update public.opt_outs set is_active = false, removed_at = p_now, needs_review = false
    where org_id = p_org_id and e164 = p_e164 and is_active;
    update private.contacts c set suppressed_at = null where c.org_id = p_org_id and c.e164 = p_e164;
  else
    update public.opt_outs set source = v_hit, needs_review = true,
      reason = 'The person opted in again, but the phone is on a list that outranks that.'
    where org_id = p_org_id and e164 = p_e164 and is_active;
  end if;
  update public.lead_phones lp set consent_status = 'granted' where lp.org_id = p_org_id and lp.e164 = p_e164;
  perform private.end_deleted_refusals(p_org_id, array[p_e164]);
  -- The person who denied consent asks for texts. Their other phones stay denied. All leads that START may move are locked here,
  -- by id: locked later, they would be out of order.
  update public.leads l set consent_status = 'unknown'
  where l.consent_status = 'denied' and l.id in (
    select x.id from public.lead_phones lp join public.leads x on x.id = lp.lead_id
    where lp.org_id = p_org_id and lp.e164 = p_e164 and x.deleted_at is null and x.refusal is not null
    order by x.id for no key update of x);
  insert into public.consent_records (org_id, e164, status, method, evidence, language, recorded_at, recorded_by)
  values (p_org_id, p_e164, 'granted', p_method, left(p_evidence, 4000), p_language, p_now,
    (select u.id from public.users u where u.id = auth.uid()));
  perform private.record_audit_event(p_org_id, 'opt_in', p_e164, null, null,
    jsonb_build_object('method', p_method, 'still_on_list', v_hit),
    case when v_hit is null then 'compliant' else 'review' end);
  return v_contact.suppressed_at is not null and v_hit is null;
end;
$$;
comment on function private.unsuppress(uuid, text, text, text, text, timestamptz) is
  'Allows messages to a phone again after the person''s own START or ALTA, and records the evidence. Returns true if the phone '
  'was suppressed and no longer is. A phone on a do-not-call or litigators'' list stays suppressed and is marked for review by a '
  'person.';
