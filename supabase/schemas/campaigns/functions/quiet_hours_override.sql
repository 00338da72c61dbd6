create function private.honours_override(p_campaign public.campaigns)
returns boolean
language plpgsql
stable
set search_path = ''
as $$
begin
  return p_campaign.quiet_hours_override and private.twilio_is_loopback()
    -- A worker whose Twilio is not a simulator refused it at the claim. If messages were planned at night again, each would be
    -- canceled again.
    and not exists (
      select from public.alerts a
      where a.org_id = p_campaign.org_id and a.campaign_id = p_campaign.id and a.kind = 'quiet_hours_override_refused'
        and a.resolved_at is null);
end;
$$;
comment on function private.honours_override(public.campaigns) is
  'Whether a campaign''s quiet_hours_override takes effect: only if Twilio is a simulator, and no claim has refused it since. '
  'Planning, the outlook and explanations use this function; claims use their worker''s own environment.';
