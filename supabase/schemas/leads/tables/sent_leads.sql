create table private.sent_leads (
  org_id uuid not null,
  lead_id uuid not null,
  sent_at timestamptz not null
);
comment on table private.sent_leads is
  'Leads whose text was sent, until private.fold_lead_activity takes them up. No index: it is read whole and emptied.';

alter table private.sent_leads enable row level security;
