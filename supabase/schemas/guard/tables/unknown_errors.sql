create table private.unknown_errors (
  campaign_id uuid not null references public.campaigns (id) on delete cascade,
  is_refusal boolean not null,
  failures integer not null,
  successes bigint not null,
  last_at timestamptz not null,
  primary key (campaign_id, is_refusal)
);
comment on table private.unknown_errors is
  'How many messages of a campaign failed in a row with error codes that are not in the table: refused POSTs, or failures that '
  'receipts report.';
comment on column private.unknown_errors.successes is
  'The campaign''s accepted segments (for refusals) or delivered messages (for receipts) when the last of them failed: if they '
  'have grown since, the row ended.';

alter table private.unknown_errors enable row level security;
