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
  'Trigger: a campaign''s criteria can be made a condition of. Raises PT422 naming the field. Definer: whoever saves a campaign '
  'may not read segments'' conditions.';
