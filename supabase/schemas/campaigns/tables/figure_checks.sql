create table private.figure_checks (
  campaign_id uuid primary key references public.campaigns (id) on delete cascade,
  checked_at timestamptz not null
) with (fillfactor = 50);
comment on table private.figure_checks is 'When a campaign''s figures were last compared with its targets.';

alter table private.figure_checks enable row level security;
