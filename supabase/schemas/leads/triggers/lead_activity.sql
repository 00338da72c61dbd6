create function private.append_sent_reply()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  insert into private.sent_leads (org_id, lead_id, sent_at) values (new.org_id, new.lead_id,
    coalesce(new.sent_at, new.updated_at));
  return null;
end;
$$;
comment on function private.append_sent_reply() is
  'Trigger, for replies and direct texts only: records that a person of the organisation wrote to a lead. Security definer: the '
  'role that settles may not write the table.';
