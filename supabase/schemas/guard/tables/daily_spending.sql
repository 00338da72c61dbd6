create table public.daily_spending (
  org_id uuid not null references public.orgs (id) on delete cascade,
  day date not null,
  messages integer not null default 0,
  segments integer not null default 0,
  cost numeric(14, 5) not null default 0,
  primary key (org_id, day)
) with (fillfactor = 50);
comment on table public.daily_spending is
  'Messages and segments that Twilio accepted and their estimated cost in US dollars, by day in the organisation''s time zone; '
  'some seconds behind.';

alter table public.daily_spending enable row level security;
create policy "people read the spending of their organisation" on public.daily_spending
  for select to authenticated using (org_id = (select private.org_id()));
grant select on public.daily_spending to authenticated, service_role;
