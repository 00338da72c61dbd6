create table private.duplicate_leads (
  org_id uuid not null,
  rank smallint not null check (rank in (1, 2)),
  lead_id uuid not null,
  primary key (org_id, rank, lead_id)
);
comment on table private.duplicate_leads is
  'Leads that have a duplicate, so that listing them need not read all leads: rank 1 by phone, 2 only by owner. Rows that are no '
  'longer true are found when they are listed, and checked again.';
create index duplicate_leads_lead_idx on private.duplicate_leads (lead_id);

alter table private.duplicate_leads enable row level security;
