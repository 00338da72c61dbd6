create table public.carrier_caps (
  id uuid primary key default gen_random_uuid(),
  org_id uuid not null references public.orgs (id) on delete cascade,
  carrier text not null check (carrier = lower(trim(carrier)) and length(carrier) between 2 and 60),
  daily_segments integer not null check (daily_segments between 0 and 100000000),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (org_id, carrier),
  constraint carrier_caps_carrier_line check (carrier !~ '[\u0001-\u001f\u007f-\u009f\u2028\u2029]')
);
comment on table public.carrier_caps is
  'How many segments a carrier accepts from an organisation''s brand in a day, over all its numbers. Days begin at midnight '
  'Pacific (Twilio error 30023; the cap comes from the campaign''s registration). A phone belongs to a carrier if the carrier''s '
  'name contains this word. A phone with an unknown carrier counts against the smallest cap.';
comment on column public.carrier_caps.carrier is 'A word of the carrier''s name in lower case, such as t-mobile.';

alter table public.carrier_caps enable row level security;
create policy "people read carrier caps of their organisation" on public.carrier_caps
  for select to authenticated using (org_id = (select private.org_id()));
create policy "admins add carrier caps to their organisation" on public.carrier_caps
  for insert to authenticated with check (org_id = (select private.org_id()) and (select private.has_role('admin')));
create policy "admins change carrier caps of their organisation" on public.carrier_caps
  for update to authenticated
  using (org_id = (select private.org_id()) and (select private.has_role('admin')))
  with check (org_id = (select private.org_id()) and (select private.has_role('admin')));
create policy "admins remove carrier caps of their organisation" on public.carrier_caps
  for delete to authenticated using (org_id = (select private.org_id()) and (select private.has_role('admin')));
grant delete, select on public.carrier_caps to authenticated;
grant delete, insert, select, update on public.carrier_caps to service_role;
grant insert (org_id, carrier, daily_segments) on public.carrier_caps to authenticated;
grant update (carrier, daily_segments) on public.carrier_caps to authenticated;

create trigger carrier_caps_updated_at before update on public.carrier_caps
  for each row execute function private.set_updated_at();
create trigger carrier_caps_audit after insert or update or delete on public.carrier_caps
  for each row execute function private.audit_change('carrier_cap');
create trigger carrier_caps_limit before insert on public.carrier_caps
  for each row execute function private.limit_rows('20');
