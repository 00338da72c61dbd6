create table private.lead_activity (
  lead_id uuid primary key references public.leads (id) on delete cascade,
  org_id uuid not null references public.orgs (id) on delete cascade,
  last_contacted_at timestamptz not null
) with (fillfactor = 70);
comment on table private.lead_activity is 'When a campaign''s text to a lead was last sent. No row: none was ever sent.';
create index lead_activity_contacted_idx on private.lead_activity (org_id, last_contacted_at desc);

alter table private.lead_activity enable row level security;
