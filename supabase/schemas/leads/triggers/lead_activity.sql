create function private.append_sent_leads()
returns trigger
language plpgsql
security definer
set search_path = ''
-- Forces a hash join of old and new rows. The plan is made for the first statement and kept; a nested loop planned for a single
-- row would compare every old row with every new one.
set enable_nestloop = off
as $$
begin
  insert into private.sent_leads (org_id, lead_id, sent_at)
  select a.org_id, a.lead_id, coalesce(a.sent_at, a.updated_at)
  from after_rows a join before_rows b on b.id = a.id
  where a.state = 'sent' and b.state <> 'sent';
  return null;
end;
$$;
comment on function private.append_sent_leads() is
  'Statement trigger: records the leads of targets that were sent. Security definer: the role that settles may not write the '
  'table.';

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
  'Trigger, for replies only: records that a person of the organisation wrote to a lead. Security definer: the role that settles '
  'may not write the table.';
