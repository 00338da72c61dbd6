-- A kept window says from which state of the rules it was made. Emptying the cache when a rule changes was not enough: a plan
-- that had read the old rules and committed after the change put the old answer back, and it held until the window closed.

create table private.rule_versions (
  scope uuid primary key,
  version bigint not null default 1
) with (fillfactor = 50);
comment on table private.rule_versions is
  'Counts the changes of what windows are made from: scope is an organisation (its rules and hours), or all zeros for the platform''s rules and holidays.';
alter table private.rule_versions enable row level security;

alter table private.windows add column version bigint not null default 0;
comment on column private.windows.version is 'private.rules_version() before the rules were read: an answer made from older rules counts no more.';
comment on table private.windows is
  'For each window key whether it is open, and from when until when that answer holds. Filled by planning; an answer whose version is not the rules'' own is as good as none.';
delete from private.windows;

create function private.rules_version(p_org_id uuid)
returns bigint
language plpgsql
stable
set search_path = ''
as $$
begin
  -- Both only grow, so their sum names one state of both.
  return (
    select coalesce(sum(v.version), 0)::bigint from private.rule_versions v
    where v.scope in (p_org_id, '00000000-0000-0000-0000-000000000000'));
end;
$$;
comment on function private.rules_version(uuid) is 'Which state of the platform''s and the organisation''s rules holds; grows with every change of either.';

create function private.count_rule_change()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_platform constant uuid := '00000000-0000-0000-0000-000000000000';
  v_scopes uuid[] := '{}';
begin
  if tg_table_name = 'holidays' then
    v_scopes := array[v_platform];
  elsif tg_table_name = 'orgs' then
    v_scopes := array[new.id];
  else
    if tg_op <> 'INSERT' then
      v_scopes := v_scopes || coalesce(old.org_id, v_platform);
    end if;
    if tg_op <> 'DELETE' then
      v_scopes := v_scopes || coalesce(new.org_id, v_platform);
    end if;
  end if;
  insert into private.rule_versions as v (scope)
  select distinct s.scope from unnest(v_scopes) as s(scope)
  -- Rules that go with their organisation leave nothing to count.
  where s.scope = v_platform or exists (select 1 from public.orgs o where o.id = s.scope)
  order by s.scope
  on conflict (scope) do update set version = v.version + 1;
  return null;
end;
$$;
comment on function private.count_rule_change() is 'Trigger: an edited rule acts at once. Definer: whoever edits a rule may not write the count.';

drop trigger quiet_hour_rules_forget_windows on public.quiet_hour_rules;
drop trigger orgs_forget_windows on public.orgs;
drop function private.forget_windows();
create trigger quiet_hour_rules_count_change after insert or update or delete on public.quiet_hour_rules
  for each row execute function private.count_rule_change();
create trigger orgs_count_rule_change after update of quiet_starts, quiet_ends, time_zone on public.orgs
  for each row execute function private.count_rule_change();
create trigger holidays_count_change after insert or update or delete or truncate on private.holidays
  for each statement execute function private.count_rule_change();

create function private.drop_rule_version()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  delete from private.rule_versions v where v.scope = old.id;
  return null;
end;
$$;
comment on function private.drop_rule_version() is 'Trigger: the count goes with its organisation. Definer: whoever removes an organisation may not write the count.';
create trigger orgs_drop_rule_version after delete on public.orgs
  for each row execute function private.drop_rule_version();
