-- How well texts work, counted by day from the messages themselves.

create function private.count_text_day(p_org_id uuid, p_day date)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_zone text := (select o.time_zone from public.orgs o where o.id = p_org_id);
begin
  delete from private.text_days d where d.org_id = p_org_id and d.day = p_day;
  insert into private.text_days (org_id, day, campaign_id, step, template_id, version, variant, language, sent, delivered,
    undelivered, filtered, failed, unknown, reached, responded, replied, interested, opted_out, wrong_number, segments, cost)
  select p_org_id, p_day, x.campaign_id, x.step, x.template_id, x.version, x.variant, x.language,
    count(*) filter (where x.is_sent), count(*) filter (where x.status = 'delivered'),
    count(*) filter (where x.status = 'undelivered'), count(*) filter (where x.is_sent and x.error_code in (30004, 30007)),
    count(*) filter (where x.status = 'failed'), count(*) filter (where x.status = 'unknown' and not x.responded),
    count(*) filter (where x.is_sent and (x.status <> 'undelivered' or x.responded)),
    count(*) filter (where x.is_sent and x.responded), count(*) filter (where x.is_sent and x.replied),
    count(*) filter (where x.is_sent and x.interested), count(*) filter (where x.is_sent and x.opted_out),
    count(*) filter (where x.is_sent and x.wrong_number),
    coalesce(sum(x.segments) filter (where x.is_sent), 0), coalesce(sum(x.cost), 0)
  from (
    select m.campaign_id, m.step, m.template_id, m.template_version as version, coalesce(t.variant, 0) as variant, m.language,
      m.status, m.error_code, m.segments, m.cost, a.*,
      -- Who answered was sent it, whatever Twilio said.
      m.status in ('sent', 'delivered', 'undelivered') or (m.status = 'unknown' and a.responded) as is_sent
    from public.messages m
    left join public.campaign_targets t on t.id = m.campaign_target_id
    cross join lateral (
      select count(*) > 0 as responded,
        coalesce(bool_or(private.is_reply(i.classification)), false) as replied,
        coalesce(bool_or(i.interest = 'interested'), false) as interested,
        coalesce(bool_or(i.classification = 'stop' or i.reviewed_as = 'stop'), false) as opted_out,
        coalesce(bool_or(i.classification = 'wrong_number' or i.reviewed_as = 'wrong_number'), false) as wrong_number
      from public.messages i where i.answers_message_id = m.id
    ) a
    where m.org_id = p_org_id and m.kind = 'campaign' and m.campaign_id is not null and m.template_id is not null
      and m.template_version is not null and m.language is not null and m.status not in ('queued', 'sending', 'canceled')
      and m.created_at >= p_day::timestamp at time zone v_zone and m.created_at < (p_day + 1)::timestamp at time zone v_zone
  ) x
  group by x.campaign_id, x.step, x.template_id, x.version, x.variant, x.language;
end;
$$;
comment on function private.count_text_day(uuid, date) is
  'Counts the texts of an organisation''s day anew. What a person wrote belongs to one message (messages.answers_message_id).';

create function private.mark_texts(p_org_id uuid, p_hours timestamptz[])
returns void
language sql
set search_path = ''
as $$
  -- In the order of the key, so that two runs can't deadlock.
  insert into private.text_marks (org_id, hour)
  select distinct p_org_id, e.at
  from unnest(p_hours) h(hour)
  join public.orgs o on o.id = p_org_id
  -- An hour belongs to two days where days begin at half past.
  cross join lateral (values (h.hour), (case when extract(minute from h.hour at time zone o.time_zone) <> 0
    then h.hour + interval '59 minutes' end)) as e(at)
  where e.at is not null
  order by 2 on conflict do nothing;
$$;
comment on function private.mark_texts(uuid, timestamptz[]) is
  'Has the texts of an organisation''s hours (UTC) counted again.';

create function private.count_texts(p_org_id uuid, p_limit interval default '2 seconds')
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_zone text := (select o.time_zone from public.orgs o where o.id = p_org_id);
  v_until timestamptz := clock_timestamp() + p_limit;
  v_day date;
  v_count integer := 0;
begin
  if not pg_try_advisory_xact_lock(hashtextextended('count_texts:' || p_org_id::text, 0)) then
    return 0;
  end if;
  -- The newest first: somebody may be looking at them.
  for v_day in
    select distinct (h.hour at time zone v_zone)::date as day from private.text_marks h where h.org_id = p_org_id order by 1 desc
  loop
    -- Marks that come while the day is counted stay, and have it counted again.
    delete from private.text_marks h where h.org_id = p_org_id
      and h.hour >= v_day::timestamp at time zone v_zone and h.hour < (v_day + 1)::timestamp at time zone v_zone;
    perform private.count_text_day(p_org_id, v_day);
    v_count := v_count + 1;
    exit when clock_timestamp() > v_until;
  end loop;
  if v_count > 0 then
    perform private.pause_texts(p_org_id);
  end if;
  return v_count;
end;
$$;
comment on function private.count_texts(uuid, interval) is
  'Counts the days of an organisation that have marks, the newest first, and returns how many. After p_limit it leaves the rest '
  'to the next call. Texts that turn out to bring opt-outs are paused.';
