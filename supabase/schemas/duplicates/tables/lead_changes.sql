create table private.lead_changes (
  id bigint generated always as identity primary key,
  org_id uuid not null,
  lead_id uuid not null
) with (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_cost_delay = 0);
comment on table private.lead_changes is
  'Leads whose name, address, phones or deletion changed since private.match_leads last processed them. Rows are only appended; '
  'a lead may be in it twice.';
create index lead_changes_org_idx on private.lead_changes (org_id, id);

alter table private.lead_changes enable row level security;
