create function private.clear_assignments()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  if tg_op = 'UPDATE' and new.org_id = old.org_id then
    return new;
  end if;
  update public.conversations c
  set assignee_id = null, assigned_at = null, is_auto_assigned = false,
    returns_at = case when c.waiting_since is not null then now() end
  where c.org_id = old.org_id and c.assignee_id = old.id;
  update public.conversations c set claimed_by = null, claimed_until = null
  where c.org_id = old.org_id and c.claimed_by = old.id;
  delete from public.quick_responses q where q.org_id = old.org_id and q.owner_id = old.id;
  return case tg_op when 'DELETE' then old else new end;
end;
$$;
comment on function private.clear_assignments() is
  'Trigger: who leaves an organisation leaves its conversations to the others. Security definer: no role may write '
  'conversations.';

create trigger users_clear_assignments before update of org_id or delete on public.users
  for each row execute function private.clear_assignments();
