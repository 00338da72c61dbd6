create function private.campaign_forecast(p_campaign public.campaigns, p_days integer, p_now timestamptz default now())
returns table (day date, messages bigint, limited_by text[])
language plpgsql
stable
set search_path = ''
as $$
declare
  c_limits constant text[] := '{number_caps,campaign_daily_cap,org_daily_cap,spending_limit,number_pace,campaign_pace,org_pace}';
  -- A number's next slot is a little later than its pace says, see claim_messages.
  c_spacing constant double precision := 1.04;
  v_org public.orgs := (select o from public.orgs o where o.id = p_campaign.org_id);
  v_segments double precision := private.forecast_segments(p_campaign.id);
  v_people double precision[];
  v_times tstzmultirange[];
  v_at timestamptz := p_now;
  v_end timestamptz;
  v_hour tstzrange;
  v_seconds double precision;
  v_left double precision;
  v_told bigint := 0;
  v_total double precision;
  v_reach double precision;
  v_send double precision;
  v_rooms double precision[];
  v_bounds double precision[];
begin
  select p.people, p.open_times into v_people, v_times
  from private.forecast_people(p_campaign, (p_now at time zone 'UTC')::date, (p_now at time zone 'UTC')::date + p_days + 1) p;
  select coalesce(sum(x), 0) into v_total from unnest(v_people) x;
  v_left := v_total;
  while v_at < p_now + make_interval(days => p_days) and v_left > 0.5 loop
    if (v_at at time zone v_org.time_zone)::date is distinct from day then
      if day is not null then
        return next;
      end if;
      day := (v_at at time zone v_org.time_zone)::date;
      messages := 0;
      limited_by := '{}';
      v_rooms := private.forecast_rooms(p_campaign, day, v_segments, p_now);
    end if;
    v_end := date_trunc('hour', v_at) + interval '1 hour';
    v_hour := tstzrange(v_at, v_end);
    select sum(x.n), max(extract(epoch from (
        select sum(upper(r) - lower(r)) from unnest(x.times * tstzmultirange(v_hour)) r)))
    into v_reach, v_seconds
    from unnest(v_people, v_times) as x(n, times) where x.n > 0 and x.times && v_hour;
    if v_reach > 0 then
      v_bounds := v_rooms || array[
        private.forecast_numbers(p_campaign, v_at) * v_seconds / v_segments / c_spacing,
        p_campaign.mps * v_seconds / c_spacing, v_org.mps * v_seconds / c_spacing]::double precision[];
      select least(v_reach, min(b)) into v_send from unnest(v_bounds) b;
      if v_send < v_reach then
        limited_by := array(
          select distinct n from (
            select unnest(limited_by) union all
            select c_limits[b.at] from unnest(v_bounds) with ordinality as b(room, at) where b.room = v_send
          ) as l(n) order by 1);
      end if;
      v_people := array(
        select case when x.times && v_hour then x.n * (1 - v_send / v_reach) else x.n end
        from unnest(v_people, v_times) with ordinality as x(n, times, at) order by x.at);
      v_rooms := array(select r.room - v_send from unnest(v_rooms) with ordinality as r(room, at) order by r.at);
      v_left := v_left - v_send;
      -- Rounds what was sent until now, so that the days add up to the whole.
      messages := messages + round(v_total - v_left)::bigint - v_told;
      v_told := round(v_total - v_left)::bigint;
    end if;
    if v_left > 0.5 and (v_end at time zone v_org.time_zone)::date <> day and limited_by = '{}' then
      limited_by := '{outside_hours}';
    end if;
    v_at := v_end;
  end loop;
  if day is not null then
    limited_by := case when v_left > 0.5 then limited_by else '{}' end;
    return next;
  end if;
end;
$$;
comment on function private.campaign_forecast(public.campaigns, integer, timestamptz) is
  'How many messages a campaign can send on each of the next p_days days of the organisation''s time zone, as long as anybody is '
  'waiting, and what keeps a day from sending more: caps and paces of numbers, campaign and organisation, the spending limit, '
  'or the hours of the people (outside_hours). As if no other campaign were sending.';
