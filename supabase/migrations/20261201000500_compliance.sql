-- Written from supabase/schemas/compliance by npm run generate: change it there.

-- A function may call one that comes later.
set check_function_bodies = off;

-- schemas/compliance/triggers/settings_audit.sql

create function private.audit_change()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_old jsonb := case when tg_op <> 'INSERT' then to_jsonb(old) end;
  v_new jsonb := case when tg_op <> 'DELETE' then to_jsonb(new) end;
  v_row jsonb := coalesce(v_new, v_old);
  v_key text := case tg_table_name when 'orgs' then 'id' else 'org_id' end;
  v_org_id uuid := (v_row ->> v_key)::uuid;
  v_changed text[];
begin
  v_changed := array(
    select k from jsonb_object_keys(v_row) k
    where k not in ('created_at', 'updated_at') and coalesce(v_old -> k, 'null') is distinct from coalesce(v_new -> k, 'null')
      order by k);
  -- The platform's own rows belong to no organisation, and rows that are deleted with their organisation need no event.
  if cardinality(v_changed) = 0 or v_org_id is null or not exists (select from public.orgs o where o.id = v_org_id) then
    return null;
  end if;
  perform private.record_audit_event(v_org_id,
    tg_argv[0] || case tg_op when 'INSERT' then '_added' when 'UPDATE' then '_changed' else '_removed' end, null, null, null,
    jsonb_strip_nulls(jsonb_build_object('table', tg_table_name, 'id', v_row -> 'id'))
      || case when v_old is null then '{}'
        else jsonb_build_object('old', private.without_secrets((select jsonb_object_agg(k, v_old -> k)
        from unnest(v_changed) k))) end
      || case when v_new is null then '{}'
        else jsonb_build_object('new', private.without_secrets((select jsonb_object_agg(k, v_new -> k)
        from unnest(v_changed) k))) end);
  return null;
end;
$$;
comment on function private.audit_change() is
  'Row trigger: writes an audit event whose name is tg_argv[0] plus what was done (settings: settings_changed). It has the '
  'table, the row''s id, and the old and new values of the changed columns, with secrets redacted. Security definer: the role '
  'that changes a setting may not write audit events.';
create trigger orgs_audit after update on public.orgs
  for each row when (old.* is distinct from new.*) execute function private.audit_change('settings');

-- schemas/compliance/tables/opt_outs.sql

create table public.opt_outs (
  id uuid primary key default gen_random_uuid(),
  org_id uuid not null references public.orgs (id) on delete cascade,
  e164 text collate "C" not null check (e164 ~ '^\+[1-9][0-9]{6,14}$'),
  source text not null check (source in ('keyword', 'manual', 'complaint', 'carrier', 'import', 'dnc', 'litigator')),
  reason text check (length(reason) <= 1000),
  needs_review boolean not null default false,
  campaign_id uuid,
  is_active boolean not null default true,
  created_by uuid references public.users (id) on delete set null,
  created_at timestamptz not null default now(),
  removed_at timestamptz,
  unique (org_id, e164),
  check (is_active = (removed_at is null))
);
comment on table public.opt_outs is
  'Phones that an organisation may not write to. needs_review: a phrase that is not a keyword was read as a revocation, and a '
  'person should check it.';
create index opt_outs_list_idx on public.opt_outs (org_id, created_at desc);
create index opt_outs_campaign_idx on public.opt_outs (campaign_id) where campaign_id is not null;
create index opt_outs_created_by_idx on public.opt_outs (created_by) where created_by is not null;

alter table public.opt_outs enable row level security;
create policy "people read opt-outs of their organisation" on public.opt_outs
  for select to authenticated using (org_id = (select private.org_id()));
grant select on public.opt_outs to authenticated;
grant delete, insert, select, update on public.opt_outs to service_role;

-- schemas/compliance/tables/consent_records.sql

create table public.consent_records (
  id uuid primary key default gen_random_uuid(),
  org_id uuid not null references public.orgs (id) on delete cascade,
  e164 text collate "C" not null,
  lead_id uuid,
  status text not null check (status in ('granted', 'revoked')),
  method text not null check (method in ('keyword', 'import', 'form', 'manual', 'carrier')),
  evidence text check (length(evidence) <= 4000),
  language text check (language in ('es', 'en')),
  recorded_at timestamptz not null default now(),
  recorded_by uuid references public.users (id) on delete set null,
  import_id uuid
);
comment on table public.consent_records is
  'Append-only: who granted or revoked consent, how, when and in which words (47 CFR 64.1200(a)(10)).';
comment on column public.consent_records.import_id is
  'The import that brought it. Undoing the import deletes it together with the import''s other changes of the lead.';
create index consent_records_phone_idx on public.consent_records (org_id, e164, recorded_at desc);
create index consent_records_recorded_by_idx on public.consent_records (recorded_by) where recorded_by is not null;
create index consent_records_import_idx on public.consent_records (import_id, lead_id) where import_id is not null;
-- For finding the records of a lead: a merge moves them, the history of the lead shows them.
create index consent_records_lead_idx on public.consent_records (lead_id) where lead_id is not null;

alter table public.consent_records enable row level security;
create policy "people read consent records of their organisation" on public.consent_records
  for select to authenticated using (org_id = (select private.org_id()));
grant select on public.consent_records to authenticated;
grant insert, select on public.consent_records to service_role;

-- schemas/compliance/tables/audit_events.sql

create table public.audit_events (
  id uuid primary key default private.uuid_v7(),
  org_id uuid not null references public.orgs (id) on delete cascade,
  event_type text not null check (event_type ~ '^[a-z_]+$'),
  phone_number text collate "C",
  campaign_id uuid,
  lead_id uuid,
  user_id uuid references public.users (id) on delete set null,
  details jsonb not null default '{}',
  compliance_status text not null default 'compliant' check (compliance_status in ('compliant', 'violation', 'review')),
  created_at timestamptz not null default now()
);
comment on table public.audit_events is 'Append-only: what was done, and by whom.';
create index audit_events_list_idx on public.audit_events (org_id, created_at desc);
create index audit_events_type_idx on public.audit_events (org_id, event_type, created_at desc);
create index audit_events_phone_idx on public.audit_events (org_id, phone_number) where phone_number is not null;
create index audit_events_user_idx on public.audit_events (user_id) where user_id is not null;
create index audit_events_lead_idx on public.audit_events (lead_id, created_at desc) where lead_id is not null;

alter table public.audit_events enable row level security;
create policy "people read audit events of their organisation" on public.audit_events
  for select to authenticated using (org_id = (select private.org_id()));
grant select on public.audit_events to authenticated;
grant insert, select on public.audit_events to service_role;

-- schemas/compliance/tables/alerts.sql

create table public.alerts (
  id uuid primary key default gen_random_uuid(),
  org_id uuid not null references public.orgs (id) on delete cascade,
  kind text not null check (kind ~ '^[a-z][a-z0-9_]*$'),
  severity text not null check (severity in ('info', 'warning', 'critical')),
  message text not null,
  campaign_id uuid,
  phone_number_id uuid,
  details jsonb not null default '{}',
  created_at timestamptz not null default now(),
  resolved_at timestamptz,
  resolved_by uuid references public.users (id) on delete set null
);
comment on table public.alerts is
  'Something that a person should see: a campaign that was paused by an error, a number that was quarantined, a message that '
  'nobody can settle.';
comment on column public.alerts.resolved_by is 'Who resolved it; null if it resolved because its cause ended.';
create index alerts_list_idx on public.alerts (org_id, created_at desc);
create unique index alerts_open_key on public.alerts
  (org_id, kind, coalesce(campaign_id, '00000000-0000-0000-0000-000000000000'),
    coalesce(phone_number_id, '00000000-0000-0000-0000-000000000000'))
  where resolved_at is null;
create index alerts_resolved_by_idx on public.alerts (resolved_by) where resolved_by is not null;
-- The order of the list: open alerts first, then the newest.
create index alerts_open_first_idx on public.alerts (org_id, resolved_at desc nulls first, created_at desc, id);

alter table public.alerts enable row level security;
create policy "people read alerts of their organisation" on public.alerts
  for select to authenticated using (org_id = (select private.org_id()));
grant select on public.alerts to authenticated;
grant delete, insert, select, update on public.alerts to service_role;

-- schemas/compliance/functions/alerts.sql

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

-- schemas/compliance/functions/audit_events_and_alerts.sql

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

-- schemas/compliance/functions/settings_audit.sql

-- Audit of settings: who changed what, from which value. Every row of settings that is added, changed or removed gives an audit
-- event, whatever way it is written.

create function private.without_secrets(p_value jsonb)
returns jsonb
language plpgsql
immutable
set search_path = ''
as $$
begin
  case jsonb_typeof(p_value)
    when 'object' then
      return (select coalesce(jsonb_object_agg(e.key, case
          when e.key ~* '(secret|token|passw|api_?key|authorization|credential)'
            and jsonb_typeof(e.value) <> 'null' then to_jsonb('[redacted]'::text)
          else private.without_secrets(e.value) end), '{}')
        from jsonb_each(p_value) e);
    when 'array' then
      return (select coalesce(to_jsonb(array_agg(private.without_secrets(e.value) order by e.n)), '[]')
        from jsonb_array_elements(p_value) with ordinality e(value, n));
    when 'string' then
      -- In a URL, removes the user and password before the host, and the query.
      if strpos(p_value #>> '{}', '://') = 0 then
        return p_value;
      end if;
      return to_jsonb(regexp_replace(regexp_replace(p_value #>> '{}', '(https?://)[^/?#@[:space:]]*@', '\1[redacted]@', 'gi'),
        '[?#][^[:space:]]*', '?[redacted]', 'g'));
    else
      return p_value;
  end case;
end;
$$;
comment on function private.without_secrets(jsonb) is
  'A value that everybody of an organisation may read: values whose key says secret, token, password or the like, and the '
  'credentials and queries of URLs, are replaced by [redacted].';

-- schemas/compliance/functions/suppression.sql

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
