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
  -- Rules that are deleted together with their organisation need no count.
  where s.scope = v_platform or exists (select 1 from public.orgs o where o.id = s.scope)
  order by s.scope
  on conflict (scope) do update set version = v.version + 1;
  return null;
end;
$$;
comment on function private.count_rule_change() is
  'Trigger: counts a change of rules, holidays or an organisation''s hours, so that cached windows are ignored and the change '
  'takes effect at once. Security definer: the role that edits a rule may not write the count.';
create trigger orgs_count_rule_change after update of quiet_starts, quiet_ends, time_zone on public.orgs
  for each row execute function private.count_rule_change();

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
comment on function private.drop_rule_version() is
  'Trigger: deletes the count of a deleted organisation. Security definer: the role that deletes an organisation may not write '
  'the count.';
create trigger orgs_drop_rule_version after delete on public.orgs
  for each row execute function private.drop_rule_version();
