create function private.withhold_rows_of_account()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.withhold_rows(u.org_id) from public.users u where u.id = new.id;
  return null;
end;
$$;
comment on function private.withhold_rows_of_account() is
  'Trigger: an account that is banned or deleted may still listen on channels it has joined; they carry no contents for as long '
  'as its token lives. Definer: the auth service may write nothing of ours.';
create trigger on_auth_user_banned after update on auth.users
  for each row when (
    (new.banned_until is not null and old.banned_until is distinct from new.banned_until)
    or (new.deleted_at is not null and old.deleted_at is null))
  execute function private.withhold_rows_of_account();
