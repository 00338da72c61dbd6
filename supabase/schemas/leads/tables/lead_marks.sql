create table private.lead_marks (
  org_id uuid primary key references public.orgs (id) on delete cascade,
  opted_out_until timestamptz not null
);
comment on table private.lead_marks is 'Up to which time the task move-leads has read an organisation''s opt-outs.';

alter table private.lead_marks enable row level security;
