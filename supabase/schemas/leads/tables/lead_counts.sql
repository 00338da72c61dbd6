create table private.lead_counts (
  org_id uuid not null references public.orgs (id) on delete cascade,
  dimension text not null,
  value text not null,
  count bigint not null,
  primary key (org_id, dimension, value)
) with (fillfactor = 70);
comment on table private.lead_counts is
  'How many leads of an organisation (without deleted ones) have a value in a dimension: total, status, score, consent, source, '
  'county, state, tag, month (of creation, UTC), phones (how many a lead has). Also how many of their phones (line_type, '
  'phone_valid) and parcels there are. An empty value means that the leads have none.';
create index lead_counts_top_idx on private.lead_counts (org_id, dimension, count desc);
create index lead_counts_nought_idx on private.lead_counts (org_id) where count = 0;

alter table private.lead_counts enable row level security;
