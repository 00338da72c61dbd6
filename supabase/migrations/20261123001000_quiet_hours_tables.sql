-- Quiet hours: dated rules by state with their source, federal holidays, area codes, and the cache of answers.
-- Rules are data, never code: an organisation's own row for a state and weekday replaces the platform's.

create table public.quiet_hour_rules (
  id uuid primary key default gen_random_uuid(),
  org_id uuid references public.orgs (id) on delete cascade,
  state text not null check (state ~ '^([A-Z]{2}|\*|\?\?)$'),
  dow smallint not null check (dow between 0 and 6),
  opens time,
  closes time,
  closed_on_holidays boolean not null default false,
  max_per_24h smallint check (max_per_24h > 0),
  source text not null check (length(source) > 0),
  effective_from date not null,
  effective_to date,
  reviewed_at date not null,
  check ((opens is null) = (closes is null)),
  check (closes > opens),
  check (effective_to > effective_from)
);
comment on table public.quiet_hour_rules is
  'When a person may be written to, by state and weekday (0 is Sunday), in their local time; opens and closes null: not on that day. State US is the federal rule, * a state without rows, ?? nobody knows where. org_id null is the platform''s row.';
create unique index quiet_hour_rules_key on public.quiet_hour_rules
  (coalesce(org_id, '00000000-0000-0000-0000-000000000000'), state, dow, effective_from);
create index quiet_hour_rules_org_idx on public.quiet_hour_rules (org_id);

create table public.consent_rules (
  id uuid primary key default gen_random_uuid(),
  state text not null check (state ~ '^[A-Z]{2}$'),
  source text not null,
  effective_from date not null,
  effective_to date,
  reviewed_at date not null,
  unique (state, effective_from)
);
comment on table public.consent_rules is 'States in which a first text needs consent, whatever the organisation''s policy.';
insert into public.consent_rules (state, source, effective_from, reviewed_at)
values ('WA', 'RCW 19.190.060: commercial texts to Washington residents need consent', '2003-07-27', '2026-11-22');

create table private.holidays (
  day date primary key,
  name text not null
);
comment on table private.holidays is 'Federal holidays, actual and observed.';

create table private.area_codes (
  area_code text primary key check (area_code ~ '^[2-9][0-9]{2}$'),
  state text not null check (state ~ '^[A-Z]{2}$'),
  time_zones text[] not null check (cardinality(time_zones) > 0),
  overlay_of text
);
comment on table private.area_codes is 'US area codes: their state and every time zone in which their phones may be; an overlay inherits the zones of the code it overlays.';

create table private.windows (
  org_id uuid not null references public.orgs (id) on delete cascade,
  window_key text not null,
  is_open boolean not null,
  valid_from timestamptz not null,
  valid_to timestamptz not null,
  next_open_at timestamptz,
  max_per_24h smallint,
  primary key (org_id, window_key)
) with (fillfactor = 70);
comment on table private.windows is
  'For each window key whether it is open, and from when until when that answer holds. Filled on demand, emptied when a rule or an organisation''s hours change.';

create function private.forget_windows()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  if tg_table_name = 'orgs' then
    delete from private.windows w where w.org_id = new.id;
  else
    delete from private.windows w
    where coalesce(case when tg_op = 'DELETE' then old.org_id else new.org_id end, w.org_id) = w.org_id;
  end if;
  return null;
end;
$$;
comment on function private.forget_windows() is 'Trigger: an edited rule acts at once. Definer: whoever edits a rule may not write the cache.';
create trigger quiet_hour_rules_forget_windows after insert or update or delete on public.quiet_hour_rules
  for each row execute function private.forget_windows();
create trigger orgs_forget_windows after update of quiet_starts, quiet_ends, time_zone on public.orgs
  for each row execute function private.forget_windows();

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
grant select, insert, update, delete on public.quiet_hour_rules to authenticated, service_role;

alter table public.consent_rules enable row level security;
create policy "people read consent rules" on public.consent_rules for select to authenticated using ((select private.org_id()) is not null);
grant select on public.consent_rules to authenticated;
grant select, insert, update, delete on public.consent_rules to service_role;

alter table private.holidays enable row level security;
alter table private.area_codes enable row level security;
alter table private.windows enable row level security;
