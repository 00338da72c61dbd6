create function private.note_unclear_send()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  if tg_argv[0] = 'unclear' then
    insert into private.unclear_sends (attempt_id, campaign_id, claimed_at, unclear_at)
    select new.id, m.campaign_id, new.claimed_at, coalesce(new.looked_at, new.settled_at, now())
    from public.messages m where m.id = new.message_id and m.kind = 'campaign' and m.campaign_id is not null
    on conflict (attempt_id) do nothing;
  else
    delete from private.unclear_sends u where u.attempt_id = new.id;
  end if;
  return null;
end;
$$;
comment on function private.note_unclear_send() is
  'Trigger: keeps unclear_sends in step with the attempts. Security definer: the role that changes an attempt may not write '
  'private tables.';
create trigger send_attempts_unclear after update of looks, next_look_at, outcome on public.send_attempts
  for each row when (
    new.outcome in ('unknown', 'not_accepted', 'assumed_sent', 'resent') and (new.looks > 0 or new.next_look_at is null))
  execute function private.note_unclear_send('unclear');
create trigger send_attempts_clear after update of outcome on public.send_attempts
  for each row when (old.outcome in ('unknown', 'not_accepted', 'assumed_sent', 'resent')
    and new.outcome in ('accepted', 'rejected', 'not_posted'))
  execute function private.note_unclear_send('clear');
