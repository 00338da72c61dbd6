create function private.drop_untagged()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  new.tags := array_remove(new.tags, 'UNTAGGED');
  return new;
end;
$$;
comment on function private.drop_untagged() is
  'Trigger: UNTAGGED is never a tag. It stands for leads without tags, in what the dashboard shows and asks for.';
