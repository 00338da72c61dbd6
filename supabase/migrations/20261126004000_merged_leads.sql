-- Leads that were merged into another: hidden like deleted ones, and they say into which. Their rows keep what did not fit.

alter table public.leads
  add column merged_into uuid references public.leads (id) on delete set null,
  add constraint leads_merged_are_deleted check (merged_into is null or deleted_at is not null);
comment on column public.leads.merged_into is 'The lead this one was merged into, and its history moved to. Never a merged lead itself: a later merge takes these along.';
create index leads_merged_into_idx on public.leads (merged_into) where merged_into is not null;

-- What was ever recorded about a lead is found by it: a merge moves it, its history shows it.
create index consent_records_lead_idx on public.consent_records (lead_id) where lead_id is not null;
create index audit_events_lead_idx on public.audit_events (lead_id, created_at desc) where lead_id is not null;

create function private.refuse_lead(p_org_id uuid, p_lead_id uuid)
returns void
language plpgsql
stable
set search_path = ''
as $$
declare
  v_into uuid;
begin
  select l.merged_into into v_into from public.leads l where l.org_id = p_org_id and l.id = p_lead_id;
  perform private.raise_error('PT404', 'not_found',
    case when v_into is null then 'There is no lead with this id.' else format('This lead was merged into the lead %s.', v_into) end,
    jsonb_strip_nulls(jsonb_build_object('merged_into', v_into)));
end;
$$;
comment on function private.refuse_lead(uuid, uuid) is
  'Raises PT404 for a lead that is not there, with details.merged_into where it was merged into another.';

create or replace function private.get_lead(p_lead_id uuid)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('viewer');
  v_lead jsonb;
begin
  select j.lead into v_lead
  from public.leads l, private.leads_json(array[l.id]) j
  where l.org_id = v_org_id and l.id = p_lead_id and l.deleted_at is null;
  if not found then
    perform private.refuse_lead(v_org_id, p_lead_id);
  end if;
  return v_lead;
end;
$$;
comment on function private.get_lead(uuid) is
  'A lead with its phones and parcels, in the same shape as every other lead answer. Raises PT404, with details.merged_into for a merged lead. Definer: the shape is made by a function users may not call.';
