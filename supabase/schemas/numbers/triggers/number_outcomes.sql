create function private.note_outcome_changes()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  if tg_op = 'INSERT' then
    insert into private.number_outcome_changes (org_id, hour)
    select new.org_id, date_trunc('hour', new.created_at, 'UTC')
    union
    select new.org_id, date_trunc('hour', m.created_at, 'UTC') from public.messages m where m.id = new.answers_message_id;
    return null;
  end if;
  -- Messages that are queued or being posted have no outcome yet, so claiming writes nothing here.
  insert into private.number_outcome_changes (org_id, hour)
  select distinct n.org_id, date_trunc('hour', n.created_at, 'UTC')
  from new_rows n
  where n.status not in ('queued', 'sending') and n.phone_number_id is not null;
  return null;
end;
$$;
comment on function private.note_outcome_changes() is
  'Trigger: records the hours whose messages have an outcome now; for updates once a statement, one row for each organisation '
  'and hour. For an inbound message also the hour of the message that it answers. Security definer: the role that changes a '
  'message may not write private tables.';
