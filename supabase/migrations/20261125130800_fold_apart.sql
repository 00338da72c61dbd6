-- Figures are folded, and with that broadcast, at most once a second per campaign, also where a slow run makes the next one late
-- and the two come close together. 50 ms are the scheduler's: at a whole second, a tick that is a moment early would wait for
-- the next, and figures would be two seconds behind every other time.

drop function private.fold_stats(timestamptz);
create function private.fold_stats(p_now timestamptz default now(), p_apart interval default '0')
returns integer
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_count integer;
begin
  if not exists (select 1 from private.campaign_deltas) then
    return 0;
  end if;
  with taken as (
    delete from private.campaign_deltas d
    where p_apart = '0' or not exists (
      select 1 from public.campaign_stats s where s.campaign_id = d.campaign_id and s.updated_at > p_now - p_apart)
    returning d.*
  ),
  sums as (
    select t.campaign_id, sum(t.audience) as audience, sum(t.excluded) as excluded, sum(t.canceled) as canceled, sum(t.waiting) as waiting,
      sum(t.queued) as queued, sum(t.sending) as sending, sum(t.unknown) as unknown, sum(t.sent) as sent, sum(t.failed) as failed,
      sum(t.delivered) as delivered, sum(t.undelivered) as undelivered, sum(t.replies) as replies, sum(t.opt_outs) as opt_outs, sum(t.segments) as segments
    from taken t group by t.campaign_id
  )
  update public.campaign_stats s
  set audience = s.audience + x.audience, excluded = s.excluded + x.excluded, canceled = s.canceled + x.canceled, waiting = s.waiting + x.waiting,
      queued = s.queued + x.queued, sending = s.sending + x.sending, unknown = s.unknown + x.unknown, sent = s.sent + x.sent, failed = s.failed + x.failed,
      delivered = s.delivered + x.delivered, undelivered = s.undelivered + x.undelivered, replies = s.replies + x.replies,
      opt_outs = s.opt_outs + x.opt_outs, segments = s.segments + x.segments, updated_at = p_now
  from sums x where s.campaign_id = x.campaign_id;
  get diagnostics v_count = row_count;
  return v_count;
end;
$$;
comment on function private.fold_stats(timestamptz, interval) is
  'Adds the appended deltas to campaign_stats, leaving those of campaigns that were folded less than p_apart ago for later; returns how many campaigns changed. Definer: cron''s role may not write the table.';

select cron.schedule('fold', '1 second', $$select private.fold_stats(p_apart => '950 milliseconds')$$);
