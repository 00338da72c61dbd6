create table private.call_lanes (
  id uuid primary key default gen_random_uuid(),
  org_id uuid not null references public.orgs (id) on delete cascade,
  queue text not null check (queue in ('lookups', 'enrichments')),
  service_id uuid unique,
  day date not null default '-infinity',
  charged integer not null default 0 check (charged >= 0),
  answered integer not null default 0 check (answered >= 0),
  failures integer not null default 0 check (failures >= 0),
  failing_since timestamptz,
  rests_until timestamptz,
  last_error text,
  last_error_at timestamptz,
  check ((queue = 'lookups') = (service_id is null)),
  foreign key (org_id, service_id) references public.enrichment_services (org_id, id) on delete cascade
) with (fillfactor = 50);
comment on table private.call_lanes is
  'An outside service that an organisation asks: Twilio Lookup (service_id null), or one of its own. charged and answered count '
  'the calls of day, in the organisation''s time zone. failures counts failures in a row; from 20 on the lane is failing, and '
  'makes one call at a time to find out whether the service works again.';
create unique index call_lanes_lookups_key on private.call_lanes (org_id) where service_id is null;
create index call_lanes_org_idx on private.call_lanes (org_id);
create index call_lanes_service_idx on private.call_lanes (org_id, service_id);

alter table private.call_lanes enable row level security;

create trigger call_lanes_drop_lookups after delete on private.call_lanes
  for each row when (old.queue = 'lookups') execute function private.drop_own_work('lookups', 'lane_id');
create trigger call_lanes_drop_enrichments after delete on private.call_lanes
  for each row when (old.queue = 'enrichments') execute function private.drop_own_work('enrichments', 'lane_id');
