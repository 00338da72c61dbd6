create function private.check_criteria()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.check_criteria(new.org_id, new.target_criteria);
  return null;
end;
$$;
comment on function private.check_criteria() is
  'Trigger: checks that a campaign''s criteria can be turned into a condition. Raises PT422 naming the field. Security definer: '
  'the role that saves a campaign may not call the functions of conditions.';
