-- A cached window stores the version of the rules it was made from. Emptying the cache when a rule changes was not enough: a plan
-- that had read the old rules and committed after the change put the old answer back, and it stayed until the window closed.

create function private.rules_version(p_org_id uuid)
returns bigint
language plpgsql
stable
set search_path = ''
as $$
begin
  -- Both versions only grow, so their sum identifies one state of both.
  return (
    select coalesce(sum(v.version), 0)::bigint from private.rule_versions v
    where v.scope in (p_org_id, '00000000-0000-0000-0000-000000000000'));
end;
$$;
comment on function private.rules_version(uuid) is
  'The current version of the rules of the platform and the organisation; it grows with every change of either.';
