create function private.campaign_trouble(p_campaign public.campaigns, p_now timestamptz default now())
returns private.trouble
language plpgsql
stable
set search_path = ''
as $$
declare
  v_limits public.sending_limits;
  v_window private.breaker_window;
  v_trouble private.trouble;
  v_account public.twilio_accounts;
  v_count integer;
begin
  select * into v_limits from public.sending_limits l where l.org_id = p_campaign.org_id;

  select o.code, o.message, o.details into v_trouble
  from private.start_obstacle(p_campaign.id, p_now) o where o.code <> 'a2p_not_checked';
  if v_trouble.kind is not null then
    return v_trouble;
  end if;

  select * into v_account from public.twilio_accounts a where a.org_id = p_campaign.org_id;
  -- A balance that was read before the campaign was resumed may be from before money was added; it will soon be read again.
  if v_account.balance < v_limits.min_balance
    and v_account.balance_checked_at >= coalesce(greatest(p_campaign.started_at, p_campaign.breaker_since), '-infinity') then
    return ('balance_low',
      format('The balance at Twilio is %s %s, under your minimum of %s. Pay in at Twilio, then resume.',
        round(v_account.balance, 2), v_account.balance_currency, v_limits.min_balance),
      jsonb_build_object('balance', v_account.balance, 'min_balance', v_limits.min_balance))::private.trouble;
  end if;

  v_window := private.campaign_window(p_campaign.id, p_now);
  if private.is_over(v_window.opt_outs, v_window.sent, v_limits.opt_out_rate, v_limits.opt_out_volume) then
    -- Counts only people who were sent a message since then: opt-outs that answer messages from before a resume were judged
    -- already.
    select count(*)::integer into v_count from public.opt_outs o
    where o.campaign_id = p_campaign.id and o.created_at > v_window.since and o.created_at <= p_now
      and exists (
        select 1 from public.campaign_targets t
        where t.campaign_id = o.campaign_id and t.e164 = o.e164 and t.state <> 'excluded' and t.sent_at > v_window.since);
    if private.is_over(v_count, v_window.sent, v_limits.opt_out_rate, v_limits.opt_out_volume) then
      return private.rate_trouble('opt_outs', 'were answered by an opt-out', v_count, v_window.sent, v_limits.opt_out_rate,
        v_limits.opt_out_volume,
        'Look at the texts and at where the list came from, then resume; counting begins anew.');
    end if;
  end if;

  if v_window.sent >= v_limits.filtered_volume then
    v_trouble := private.filtered_trouble(p_campaign, v_limits, v_window, p_now);
    if v_trouble.kind is not null then
      return v_trouble;
    end if;
  end if;

  select count(*)::integer into v_count from private.unclear_sends u
  where u.campaign_id = p_campaign.id and u.unclear_at > v_window.since and u.unclear_at <= p_now
    and u.claimed_at > v_window.since;
  if private.is_over(v_count, v_window.sent + v_count, v_limits.unknown_rate, v_limits.unknown_volume) then
    return private.rate_trouble('unknown', 'got no answer that showed whether they were sent', v_count, v_window.sent + v_count,
      v_limits.unknown_rate, v_limits.unknown_volume,
        'Look at Twilio''s status page and your account, then resume; counting begins anew.');
  end if;

  v_count := v_window.failed + v_window.undelivered;
  if private.is_over(v_count, v_window.sent + v_window.failed, v_limits.failed_rate, v_limits.failed_volume) then
    -- Filtered messages have a rule of their own, by which one bad number does not stop a campaign.
    select v_count - count(*)::integer into v_count from public.messages m
    where m.campaign_id = p_campaign.id and m.kind = 'campaign' and m.error_code = 30007
      and m.settled_at > v_window.since and m.settled_at <= p_now;
  end if;
  if private.is_over(v_count, v_window.sent + v_window.failed, v_limits.failed_rate, v_limits.failed_volume) then
    return private.rate_trouble('failed', 'failed or were not delivered', v_count, v_window.sent + v_window.failed,
      v_limits.failed_rate, v_limits.failed_volume,
      'See the reasons in the campaign''s figures (many invalid phones mean an old list), then resume; counting begins anew.');
  end if;
  return null;
end;
$$;
comment on function private.campaign_trouble(public.campaigns, timestamptz) is
  'Why a running campaign must stop: its A2P registration, today''s spending, the balance at Twilio, or one of the circuit '
  'breaker''s rates; null if it may go on.';
