-- Campaigns: what is sent to whom, the backlog (targets), and figures that add up by construction. A statement trigger on targets
-- appends one row of deltas for each campaign and statement; a fold adds them up once a second.

create function private.add_campaign_rows()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  insert into private.campaign_pace (campaign_id) values (new.id) on conflict do nothing;
  insert into private.campaign_turns (campaign_id) values (new.id) on conflict do nothing;
  insert into public.campaign_stats (campaign_id, org_id) values (new.id, new.org_id) on conflict do nothing;
  return null;
end;
$$;
comment on function private.add_campaign_rows() is
  'Trigger: creates the clock, the turns and the row of figures of a new campaign. Security definer: the role that adds a '
  'campaign may write none of them.';

create function private.add_step_figures()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  insert into public.campaign_step_stats (campaign_id, step, org_id) values (new.campaign_id, new.step, new.org_id)
  on conflict do nothing;
  return null;
end;
$$;
comment on function private.add_step_figures() is
  'Trigger: creates the row of figures of a new step. Security definer: the role that adds a step may not write it.';
