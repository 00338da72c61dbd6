create table public.consent_rules (
  id uuid primary key default gen_random_uuid(),
  state text not null check (state ~ '^[A-Z]{2}$'),
  source text not null,
  effective_from date not null,
  effective_to date,
  reviewed_at date not null,
  unique (state, effective_from),
  constraint consent_rules_effective_from_check check (effective_from between '1900-01-01' and '2200-01-01'),
  constraint consent_rules_effective_to_check check (effective_to between '1900-01-01' and '2200-01-01'),
  constraint consent_rules_reviewed_at_check check (reviewed_at between '1900-01-01' and '2200-01-01')
);
comment on table public.consent_rules is 'States in which a first text needs consent, whatever the organisation''s policy.';

alter table public.consent_rules enable row level security;
create policy "people read consent rules" on public.consent_rules for select to authenticated
  using ((select private.org_id()) is not null);
grant select on public.consent_rules to authenticated;
grant delete, insert, select, update on public.consent_rules to service_role;

insert into public.consent_rules (state, source, effective_from, reviewed_at)
values ('WA', 'RCW 19.190.060: commercial texts to Washington residents need consent', '2003-07-27', '2026-11-22');
