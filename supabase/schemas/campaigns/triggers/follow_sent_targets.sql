create function private.follow_sent_targets()
returns trigger
language plpgsql
security definer
set search_path = ''
-- Forces a hash join of old and new rows. The plan is made for the first statement and kept; a nested loop planned for a single
-- row would compare every old row with every new one.
set enable_nestloop = off
as $$
declare
  v_campaigns uuid[];
begin
  insert into private.sent_leads (org_id, lead_id, sent_at)
  select a.org_id, a.lead_id, coalesce(a.sent_at, a.updated_at)
  from after_rows a join before_rows b on b.id = a.id
  where a.state = 'sent' and b.state <> 'sent';
  if not found then
    return null;
  end if;
  v_campaigns := array(select distinct a.campaign_id from after_rows a);
  if exists (select from public.campaign_steps s where s.campaign_id = any (v_campaigns)) then
    perform private.add_next_steps(array(
      select a.id from after_rows a join before_rows b on b.id = a.id where a.state = 'sent' and b.state <> 'sent'));
  end if;
  return null;
end;
$$;
comment on function private.follow_sent_targets() is
  'Statement trigger: records the leads of targets that were sent, and adds the targets of their next steps. It sees every way '
  'in which a target becomes sent, in the transaction that records it: no crash can lose a step. Security definer: the role '
  'that settles may not write these tables.';
