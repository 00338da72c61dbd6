-- How well texts work, as people read it. One definition of each measure: the rates of private.text_rates.

create function private.text_rates(p_rows private.text_days[], p_today date)
returns jsonb
language sql
stable
set search_path = ''
as $$
  select jsonb_build_object(
    'sent', s.sent, 'segments', s.segments, 'cost', s.cost,
    'delivery_rate', private.rate(s.delivered, s.sent, s.last_sent > p_today - 3),
    'confirmed_rate', private.rate(s.delivered, s.delivered + s.undelivered, s.last_sent > p_today - 3),
    'filtered_rate', private.rate(s.filtered, s.sent, s.last_sent > p_today - 3),
    'response_rate', private.rate(s.responded, s.reached, s.last_sent > p_today - 14),
    'reply_rate', private.rate(s.replied, s.reached, s.last_sent > p_today - 14),
    'interest_rate', private.rate(s.interested, s.replied, s.last_sent > p_today - 14),
    'opt_out_rate', private.rate(s.opted_out, s.sent, s.last_sent > p_today - 14),
    'wrong_number_rate', private.rate(s.wrong_number, s.reached, s.last_sent > p_today - 14))
  from (
    select coalesce(sum(d.sent), 0) as sent, coalesce(sum(d.delivered), 0) as delivered,
      coalesce(sum(d.undelivered), 0) as undelivered, coalesce(sum(d.filtered), 0) as filtered,
      coalesce(sum(d.reached), 0) as reached, coalesce(sum(d.responded), 0) as responded,
      coalesce(sum(d.replied), 0) as replied, coalesce(sum(d.interested), 0) as interested,
      coalesce(sum(d.opted_out), 0) as opted_out, coalesce(sum(d.wrong_number), 0) as wrong_number,
      coalesce(sum(d.segments), 0) as segments, coalesce(sum(d.cost), 0) as cost,
      coalesce(max(d.day) filter (where d.sent > 0), '-infinity') as last_sent
    from unnest(p_rows) d
  ) s;
$$;
comment on function private.text_rates(private.text_days[], date) is
  'The rates of rows of private.add_text_days, each with its numerator, denominator and Wilson''s 95 % interval. provisional: '
  'something was sent within 3 days (delivery) or 14 days (answers) of p_today, so that the rate may still change.';

create function private.add_text_days(p_org_id uuid, p_from date, p_to date, p_template_id uuid default null)
returns setof private.text_days
language plpgsql
stable
set search_path = ''
-- A plan for any range would follow the index, and read a page for each row.
set plan_cache_mode = force_custom_plan
as $$
begin
  -- Everything that people read is made of these few rows, so that the days are read once.
  return query
  select p_org_id, coalesce(max(d.day) filter (where d.sent > 0), max(d.day)), d.campaign_id, d.step, d.template_id, d.version,
    0::smallint, '', sum(d.sent)::integer, sum(d.delivered)::integer, sum(d.undelivered)::integer, sum(d.filtered)::integer,
    sum(d.failed)::integer, sum(d.unknown)::integer, sum(d.reached)::integer, sum(d.responded)::integer, sum(d.replied)::integer,
    sum(d.interested)::integer, sum(d.opted_out)::integer, sum(d.wrong_number)::integer, sum(d.segments)::integer,
    sum(d.cost)::numeric(12, 5)
  from private.text_days d
  where d.org_id = p_org_id and d.day >= p_from and d.day < p_to and (p_template_id is null or d.campaign_id in (
    select o.campaign_id from private.text_days o
    where o.org_id = p_org_id and o.template_id = p_template_id and o.day >= p_from and o.day < p_to))
  group by d.campaign_id, d.step, d.template_id, d.version;
end;
$$;
comment on function private.add_text_days(uuid, date, date, uuid) is
  'The days from p_from until before p_to added up: one row for each version of a text in a step of a campaign, with the last '
  'day on which it was sent, without variant and language. p_template_id: only campaigns in which this text was sent.';

create function private.pooled_comparisons(p_rows private.text_days[])
returns table (template_id uuid, comparison jsonb)
language sql
stable
set search_path = ''
as $$
  -- Mantel and Haenszel's pooled ratio of reply rates with the variance of Greenland and Robins: each step of a campaign is
  -- compared with itself, since rotation gives its texts to people who are alike.
  with cells as (
    select d.campaign_id, d.step, d.template_id, sum(d.replied)::double precision as a, sum(d.reached)::double precision as n1
    from unnest(p_rows) d
    group by d.campaign_id, d.step, d.template_id
  ),
  strata as (
    select x.template_id, x.campaign_id, x.a, x.n1, x.m - x.a as b, x.n - x.n1 as n2, x.m, x.n
    from (
      select c.*, sum(c.a) over w as m, sum(c.n1) over w as n
      from cells c window w as (partition by c.campaign_id, c.step)
    ) x
    where x.n1 > 0 and x.n > x.n1
  ),
  sums as (
    select s.template_id, count(distinct s.campaign_id) as campaigns, nullif(sum(s.a * s.n2 / s.n), 0) as r,
      nullif(sum(s.b * s.n1 / s.n), 0) as q, sum((s.m * s.n1 * s.n2 - s.a * s.b * s.n) / (s.n * s.n)) as v,
      sum(s.a - s.n1 * s.m / s.n) as excess, sum(s.n1 * s.n2 * s.m * (s.n - s.m) / (s.n * s.n * greatest(s.n - 1, 1))) as spread
    from strata s
    group by s.template_id
  )
  select u.template_id, jsonb_build_object(
    'campaigns', u.campaigns,
    'ratio', round((u.r / u.q)::numeric, 3),
    'low', round(exp(ln(u.r / u.q) - 1.959963984540054 * sqrt(u.v / (u.r * u.q)))::numeric, 3),
    'high', round(exp(ln(u.r / u.q) + 1.959963984540054 * sqrt(u.v / (u.r * u.q)))::numeric, 3),
    'p', private.chi_square_p(u.excess * u.excess / nullif(u.spread, 0), 1))
  from sums u;
$$;
comment on function private.pooled_comparisons(private.text_days[]) is
  'How the reply rate of each text compares with that of the other texts of the same campaigns and steps: ratio (1: alike) with '
  'its 95 % interval, and p, the chance of such a difference between texts that are alike. No row for a text without a campaign '
  'in which another text was sent in the same step. p_rows: what private.add_text_days returns.';

create function private.read_text_range(p_from date, p_to date, p_zone text, p_now timestamptz, out v_from date, out v_to date)
language plpgsql
stable
set search_path = ''
as $$
begin
  v_to := coalesce(p_to, (p_now at time zone p_zone)::date + 1);
  v_from := coalesce(p_from, v_to - 90);
  if not isfinite(v_from) or not isfinite(v_to) or v_from < '2000-01-01' or v_to > '2100-01-01' then
    perform private.refuse_field('from', 'from and to must lie between the years 2000 and 2100.');
  elsif v_from >= v_to then
    perform private.refuse_field('from', 'from must be before to; the day of to is not included.');
  elsif v_to - v_from > 800 then
    perform private.refuse_field('from', 'A range has 800 days at most.');
  end if;
end;
$$;
comment on function private.read_text_range(date, date, text, timestamptz) is
  'The days from v_from until before v_to; by default the last 90, today included. Raises PT422.';

create function private.template_performance(p_template_id uuid, p_from date default null, p_to date default null,
  p_now timestamptz default now())
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_org public.orgs;
  v_range record;
  v_today date;
  v_rows private.text_days[];
  v_own private.text_days[];
begin
  select * into v_org from public.orgs o where o.id = private.require_role('viewer');
  if not exists (select from public.templates t where t.org_id = v_org.id and t.id = p_template_id) then
    perform private.raise_error('PT404', 'not_found', 'There is no template with this id.');
  end if;
  v_range := private.read_text_range(p_from, p_to, v_org.time_zone, p_now);
  v_today := (p_now at time zone v_org.time_zone)::date;
  v_rows := array(select d from private.add_text_days(v_org.id, v_range.v_from, v_range.v_to, p_template_id) d);
  v_own := array(select d from unnest(v_rows) d where d.template_id = p_template_id);
  return jsonb_build_object('from', v_range.v_from, 'to', v_range.v_to,
    'total', private.text_rates(v_own, v_today),
    'within_campaigns', (select c.comparison from private.pooled_comparisons(v_rows) c where c.template_id = p_template_id),
    'versions', (select coalesce(to_jsonb(array_agg(
        jsonb_build_object('version', v.version) || private.text_rates(v.days, v_today) order by v.version desc)), '[]')
      from (select d.version, array_agg(d) as days from unnest(v_own) d group by d.version) v),
    'campaigns', (select coalesce(to_jsonb(array_agg(
        jsonb_build_object('campaign_id', v.campaign_id) || private.text_rates(v.days, v_today)
        order by v.last_day desc, v.campaign_id)), '[]')
      from (
        select d.campaign_id, array_agg(d) as days, max(d.day) as last_day from unnest(v_own) d group by d.campaign_id
        order by 3 desc, 1 limit 100
      ) v));
end;
$$;
comment on function private.template_performance(uuid, date, date, timestamptz) is
  'How well a text worked on the days from p_from until before p_to: in total, within_campaigns (private.pooled_comparisons), by '
  'version, and by campaign (the latest 100). Raises PT403, PT404, PT422. Security definer: users may not read private tables.';
grant execute on function private.template_performance(uuid, date, date, timestamptz) to authenticated;

create function public.template_performance(p_template_id uuid, p_from date default null, p_to date default null)
  returns jsonb language sql stable set search_path = ''
  as $$ select private.template_performance(p_template_id, p_from, p_to); $$;
comment on function public.template_performance(uuid, date, date) is
  'Calls the private function of the same name, which checks role and organisation, with the current time.';
grant execute on function public.template_performance(uuid, date, date) to authenticated;
