-- A kept window says from which state of the rules it was made. Emptying the cache when a rule changes was not enough: a plan
-- that had read the old rules and committed after the change put the old answer back, and it held until the window closed.

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
comment on function private.rules_version(uuid) is
  'Which state of the platform''s and the organisation''s rules holds; grows with every change of either.';
