create function private.count_unknown_errors(p_org_id uuid, p_campaign_id uuid, p_code integer, p_count integer,
  p_is_refusal boolean, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_in_a_row constant integer := 10;
  v_successes bigint;
  v_failures integer;
  v_reason text;
begin
  if p_code is null or p_campaign_id is null or (private.error_class(p_code)).class <> 'unknown' then
    return;
  end if;
  select case when p_is_refusal then s.segments + d.segments else s.delivered + d.delivered end into v_successes
  from public.campaign_stats s
  cross join lateral (
    select coalesce(sum(x.segments), 0) as segments, coalesce(sum(x.delivered), 0) as delivered
    from private.campaign_deltas x where x.campaign_id = s.campaign_id
  ) d
  where s.campaign_id = p_campaign_id;
  insert into private.unknown_errors as u (campaign_id, is_refusal, failures, successes, last_at)
  values (p_campaign_id, p_is_refusal, p_count, coalesce(v_successes, 0), p_now)
  on conflict (campaign_id, is_refusal) do update
  set successes = excluded.successes, last_at = excluded.last_at,
    failures = excluded.failures + case when u.successes = excluded.successes and u.last_at > p_now - interval '1 hour'
      and u.last_at >= coalesce((select c.breaker_since from public.campaigns c where c.id = p_campaign_id), '-infinity')
      then u.failures else 0 end
  returning u.failures into v_failures;
  if v_failures < v_in_a_row then
    return;
  end if;
  delete from private.unknown_errors u where u.campaign_id = p_campaign_id and u.is_refusal = p_is_refusal;
  v_reason := format('Twilio error %s, which we do not know, and %s messages in a row that failed with such errors', p_code,
    v_failures);
  perform private.pause_running(p_campaign_id, v_reason, p_now);
  perform private.raise_alert(p_org_id, 'campaign_paused', 'critical',
    format('%s messages in a row failed with error codes that we do not know, the last with %s. The campaign was paused. See '
      'https://www.twilio.com/docs/api/errors/%s, fix the cause, then resume it.', v_failures, p_code, p_code),
    p_campaign_id, null, jsonb_build_object('error_code', p_code, 'in_a_row', v_failures));
end;
$$;
comment on function private.count_unknown_errors(uuid, uuid, integer, integer, boolean, timestamptz) is
  'Counts messages that failed with an error code that is not in the table, and pauses the campaign, with an alert, when ten did '
  'in a row (within an hour of each other, none accepted or delivered in between). Does nothing for other codes. The caller '
  'holds the campaign''s lock, and what private.pause_running needs.';
