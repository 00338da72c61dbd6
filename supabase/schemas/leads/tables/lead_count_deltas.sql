create table private.lead_count_deltas (
  org_id uuid not null,
  dimension text not null,
  value text not null,
  change integer not null
);
comment on table private.lead_count_deltas is
  'Changes of lead_counts that are not folded yet. No index: it is read whole and emptied.';

alter table private.lead_count_deltas enable row level security;
