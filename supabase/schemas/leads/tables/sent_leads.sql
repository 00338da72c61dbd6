create table private.sent_leads (
  org_id uuid not null,
  lead_id uuid not null,
  sent_at timestamptz not null
);
comment on table private.sent_leads is
  'Leads to whom a text was sent, until private.fold_lead_activity processes them. No index: a fold reads and deletes the rows '
  'in any order.';

alter table private.sent_leads enable row level security;
