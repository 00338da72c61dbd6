create table public.quiet_hour_rules (
  id uuid primary key default gen_random_uuid(),
  org_id uuid references public.orgs (id) on delete cascade,
  state text not null check (state ~ '^([A-Z]{2}|\*|\?\?)$'),
  dow smallint not null check (dow between 0 and 6),
  opens time,
  closes time,
  closed_on_holidays boolean not null default false,
  max_per_24h smallint check (max_per_24h between 1 and 1000),
  source text not null check (length(source) between 1 and 500 and source !~ '[\u0001-\u001f\u007f-\u009f\u2028\u2029]'),
  effective_from date not null,
  effective_to date,
  reviewed_at date not null,
  closed_on_state_holidays boolean not null default false,
  check ((opens is null) = (closes is null)),
  check (closes > opens),
  check (effective_to > effective_from),
  constraint quiet_hour_rules_effective_from_check check (effective_from between '1900-01-01' and '2200-01-01'),
  constraint quiet_hour_rules_effective_to_check check (effective_to between '1900-01-01' and '2200-01-01'),
  constraint quiet_hour_rules_reviewed_at_check check (reviewed_at between '1900-01-01' and '2200-01-01')
);
comment on table public.quiet_hour_rules is
  'When a person may be written to, by state and weekday (0 is Sunday), in their local time. If opens and closes are null, they '
  'may not be written to on that day. State US is the federal rule, * is any state without rows of its own, ?? is for people '
  'whose place is unknown. org_id is null for the platform''s rules.';
comment on column public.quiet_hour_rules.closed_on_holidays is 'Closed on federal holidays.';
comment on column public.quiet_hour_rules.closed_on_state_holidays is
  'Closed on the holidays that the state has besides federal ones. A rule for * closes on those of each state it is used for.';
create unique index quiet_hour_rules_key on public.quiet_hour_rules
  (coalesce(org_id, '00000000-0000-0000-0000-000000000000'), state, dow, effective_from);
create index quiet_hour_rules_org_idx on public.quiet_hour_rules (org_id);

alter table public.quiet_hour_rules enable row level security;
create policy "people read the platform's rules and their organisation's" on public.quiet_hour_rules
  for select to authenticated
  using (org_id = (select private.org_id()) or (org_id is null and (select private.org_id()) is not null));
create policy "admins add rules of their organisation" on public.quiet_hour_rules
  for insert to authenticated with check (org_id = (select private.org_id()) and (select private.has_role('admin')));
create policy "admins change rules of their organisation" on public.quiet_hour_rules
  for update to authenticated
  using (org_id = (select private.org_id()) and (select private.has_role('admin')))
  with check (org_id = (select private.org_id()) and (select private.has_role('admin')));
create policy "admins remove rules of their organisation" on public.quiet_hour_rules
  for delete to authenticated using (org_id = (select private.org_id()) and (select private.has_role('admin')));
grant delete, insert, select, update on public.quiet_hour_rules to authenticated, service_role;

create trigger quiet_hour_rules_count_change after insert or update or delete on public.quiet_hour_rules
  for each row execute function private.count_rule_change();
create trigger quiet_hour_rules_audit after insert or update or delete on public.quiet_hour_rules
  for each row execute function private.audit_change('quiet_hour_rule');
create trigger quiet_hour_rules_limit before insert on public.quiet_hour_rules
  for each row execute function private.limit_rows('500');
