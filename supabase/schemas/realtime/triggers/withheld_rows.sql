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
  'Trigger: after an account is banned or deleted, its organisation''s broadcasts carry no contents for as long as its token may '
  'be used, because it may still listen on channels it has joined. Security definer: the auth service may not write our tables.';
create trigger on_auth_user_banned after update on auth.users
  for each row when (
    (new.banned_until is not null and old.banned_until is distinct from new.banned_until)
    or (new.deleted_at is not null and old.deleted_at is null))
  execute function private.withhold_rows_of_account();
