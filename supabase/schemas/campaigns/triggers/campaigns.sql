-- Campaigns: what is sent to whom, the backlog (targets), and figures that reconcile by construction.
-- Figures: a statement trigger on targets appends one delta row per campaign and statement; a fold adds them up once a second.

create function private.add_campaign_rows()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  insert into private.campaign_pace (campaign_id) values (new.id) on conflict do nothing;
  insert into public.campaign_stats (campaign_id, org_id) values (new.id, new.org_id) on conflict do nothing;
  return null;
end;
$$;
comment on function private.add_campaign_rows() is
  'Trigger: every campaign has its clock and its row of figures. Definer: whoever may add a campaign may write neither.';
