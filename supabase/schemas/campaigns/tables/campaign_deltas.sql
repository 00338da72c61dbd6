create table private.campaign_deltas (
  id bigint generated always as identity primary key,
  org_id uuid not null,
  campaign_id uuid not null,
  audience integer not null default 0,
  excluded integer not null default 0,
  canceled integer not null default 0,
  waiting integer not null default 0,
  queued integer not null default 0,
  sending integer not null default 0,
  unknown integer not null default 0,
  sent integer not null default 0,
  failed integer not null default 0,
  delivered integer not null default 0,
  undelivered integer not null default 0,
  replies integer not null default 0,
  opt_outs integer not null default 0,
  segments integer not null default 0,
  step smallint not null default 1
) with (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_cost_delay = 0);
comment on table private.campaign_deltas is
  'Changes of figures that are not folded into campaign_stats yet; rows are only appended. Counting in place would lock one row '
  'for every message.';

alter table private.campaign_deltas enable row level security;
