create function private.schedule_campaign(p_campaign_id uuid, p_at timestamptz, p_acknowledge text[] default '{}',
  p_now timestamptz default now())
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_campaign public.campaigns := private.lock_campaign(p_campaign_id, 'campaign_manager', '{ready,scheduled}', 'scheduled');
begin
  if p_at is null and v_campaign.status = 'ready' then
    perform private.refuse_field('scheduled_at', 'Give a time: the campaign has none that could be taken away.');
  elsif p_at is null then
    update public.campaigns set status = 'ready', scheduled_at = null where id = p_campaign_id;
    perform private.record_audit_event(v_campaign.org_id, 'campaign_unscheduled', null, p_campaign_id);
    return;
  elsif p_at <= p_now or p_at > p_now + interval '1 year' then
    perform private.refuse_field('scheduled_at', 'scheduled_at must be in the future, a year away at most.');
  end if;
  update public.campaigns set scheduled_at = p_at where id = p_campaign_id;
  if v_campaign.status = 'ready' then
    perform private.start_campaign(p_campaign_id, p_acknowledge, p_now => p_now);
  else
    perform private.record_audit_event(v_campaign.org_id, 'campaign_scheduled', null, p_campaign_id, null,
      jsonb_build_object('scheduled_at', p_at, 'before', v_campaign.scheduled_at));
  end if;
end;
$$;
comment on function private.schedule_campaign(uuid, timestamptz, text[], timestamptz) is
  'Has a campaign whose audience is built start by itself at p_at, or at another time than it was to; null takes the time away. '
  'A campaign that is ready must have a text, a number and somebody to write to, and its warnings acknowledged, as '
  'start_campaign says. Registration and money are checked at p_at. '
  'Needs campaign_manager. Raises PT403, PT404, PT409, PT422. Security definer: users may not write campaigns.';
grant execute on function private.schedule_campaign(uuid, timestamptz, text[], timestamptz) to authenticated;

create function public.schedule_campaign(p_campaign_id uuid, p_at timestamptz, p_acknowledge text[] default '{}') returns void
  language sql set search_path = '' as $$ select private.schedule_campaign(p_campaign_id, p_at, p_acknowledge); $$;
comment on function public.schedule_campaign(uuid, timestamptz, text[]) is
  'Calls the private function of the same name, which checks role and organisation, with the current time.';
grant execute on function public.schedule_campaign(uuid, timestamptz, text[]) to authenticated;
