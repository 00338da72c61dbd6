-- Phones on a do-not-call or litigators' list, as a service outside told. A hit suppresses the phone in the whole organisation, as an
-- opt-out does (source dnc or litigator), and only a person takes it back: no later answer, and not START either.
-- The registry must not be older than 31 days when somebody is written to (16 CFR 310.4(b)(3)(iv)): what was told 30 days ago is
-- asked again.

alter table public.opt_outs
  drop constraint opt_outs_source_check,
  add constraint opt_outs_source_check check (source in ('keyword', 'manual', 'complaint', 'carrier', 'import', 'dnc', 'litigator'));

create table public.phone_scrubs (
  id uuid primary key default gen_random_uuid(),
  org_id uuid not null,
  service_id uuid not null,
  e164 text collate "C" not null check (e164 ~ '^\+1[2-9][0-9]{9}$'),
  result text not null check (result in ('clean', 'dnc', 'litigator')),
  scrubbed_at timestamptz not null,
  hit text check (hit in ('dnc', 'litigator')),
  hit_at timestamptz,
  unique (service_id, e164),
  foreign key (org_id, service_id) references public.enrichment_services (org_id, id) on delete cascade,
  check ((hit is null) = (hit_at is null))
);
comment on table public.phone_scrubs is
  'What each service told of a phone last (result, scrubbed_at), and the first time it was on a list (hit, hit_at). Older than 31 days it counts no more.';
create index phone_scrubs_phone_idx on public.phone_scrubs (org_id, e164);
create index phone_scrubs_service_idx on public.phone_scrubs (org_id, service_id);
create index phone_scrubs_stale_idx on public.phone_scrubs (service_id, scrubbed_at) where hit is null;

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
  perform private.record_audit_event(p_org_id, 'phone_scrubbed', p_e164, null, null, jsonb_build_object('hit', p_hit, 'reason', left(p_reason, 1000)));
  return true;
end;
$$;
comment on function private.suppress_scrubbed(uuid, text, text, text, timestamptz) is
  'Suppresses a phone that is on a list (dnc, litigator): opt-out, open targets canceled, audit. No consent is recorded: the person revoked none. False where it was suppressed already.';

create or replace function private.unsuppress(p_org_id uuid, p_e164 text, p_method text, p_evidence text, p_language text default null, p_now timestamptz default now())
returns boolean
language plpgsql
set search_path = ''
as $$
declare
  v_contact private.contacts;
  v_hit text;
begin
  v_contact := private.lock_contact(p_org_id, p_e164);
  -- A litigator before a registry: the one that weighs more is told.
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
    update public.opt_outs set source = v_hit, needs_review = true, reason = 'Opted in again, and is on a list that outranks that.'
    where org_id = p_org_id and e164 = p_e164 and is_active;
  end if;
  update public.lead_phones lp set consent_status = 'granted' where lp.org_id = p_org_id and lp.e164 = p_e164;
  insert into public.consent_records (org_id, e164, status, method, evidence, language, recorded_at, recorded_by)
  values (p_org_id, p_e164, 'granted', p_method, left(p_evidence, 4000), p_language, p_now,
    (select u.id from public.users u where u.id = auth.uid()));
  perform private.record_audit_event(p_org_id, 'opt_in', p_e164, null, null, jsonb_build_object('method', p_method, 'still_on_list', v_hit),
    case when v_hit is null then 'compliant' else 'review' end);
  return v_contact.suppressed_at is not null and v_hit is null;
end;
$$;
comment on function private.unsuppress(uuid, text, text, text, text, timestamptz) is
  'Lets a phone be written to again after the person''s own START or ALTA, with the evidence. True where it was suppressed and is no more: a phone on a do-not-call or litigators'' list stays suppressed, for a person to look at.';

alter table public.phone_scrubs enable row level security;
create policy "people read scrubs of their organisation" on public.phone_scrubs
  for select to authenticated using (org_id = (select private.org_id()));
grant select on public.phone_scrubs to authenticated, service_role;
