create table private.lead_count_deltas (
  org_id uuid not null,
  dimension text not null,
  value text not null,
  change integer not null
);
comment on table private.lead_count_deltas is
  'Changes to lead_counts that are not folded yet. No index: a fold reads and deletes the rows in any order.';

alter table private.lead_count_deltas enable row level security;
