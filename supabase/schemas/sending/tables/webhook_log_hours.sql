create table private.webhook_log_hours (
  id bigint generated always as identity primary key,
  org_id uuid references public.orgs (id) on delete cascade,
  is_signed boolean not null,
  hour timestamptz not null,
  rows integer not null,
  unique nulls not distinct (org_id, is_signed)
);
comment on table private.webhook_log_hours is
  'How many webhooks were stored in the current hour, for each organisation that was named (null: an unknown one). Webhooks that '
  'its account signed are counted apart from others, so that forgeries do not crowd them out.';

alter table private.webhook_log_hours enable row level security;
