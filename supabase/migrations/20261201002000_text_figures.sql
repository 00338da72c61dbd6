-- Written from supabase/schemas/text-figures by npm run generate: change it there.

-- A function may call one that comes later.
set check_function_bodies = off;

-- schemas/text-figures/tables/text_days.sql

create table private.text_days (
  org_id uuid not null references public.orgs (id) on delete cascade,
  day date not null,
  campaign_id uuid not null,
  step smallint not null,
  template_id uuid not null,
  version integer not null,
  variant smallint not null,
  language text not null,
  sent integer not null,
  delivered integer not null,
  undelivered integer not null,
  filtered integer not null,
  failed integer not null,
  unknown integer not null,
  reached integer not null,
  responded integer not null,
  replied integer not null,
  interested integer not null,
  opted_out integer not null,
  wrong_number integer not null,
  segments integer not null,
  cost numeric(12, 5) not null,
  primary key (org_id, day, template_id, campaign_id, step, version, variant, language)
);
comment on table private.text_days is
  'What became of the messages of each text, by the day they were planned on in the organisation''s time zone. Counted again as '
  'a whole whenever one of the day''s messages changes, so that late receipts and answers are right. Kept for 25 months.';
comment on column private.text_days.step is
  'People answer a second text less than the first, so texts of different steps are never compared.';
comment on column private.text_days.variant is '0: the campaign has no variants.';
comment on column private.text_days.reached is 'Sent, and not known to be undelivered; who answered was reached.';
comment on column private.text_days.opted_out is
  'Whose answer was judged STOP at arrival, or by a person later; wrong_number likewise.';
create index text_days_template_idx on private.text_days (org_id, template_id, day);
create index text_days_campaign_idx on private.text_days (org_id, campaign_id);

alter table private.text_days enable row level security;

-- schemas/text-figures/tables/text_marks.sql

create table private.text_marks (
  org_id uuid not null references public.orgs (id) on delete cascade,
  hour timestamptz not null,
  primary key (org_id, hour)
);
comment on table private.text_marks is
  'Hours (UTC) of an organisation whose campaign messages changed since their texts were counted. Scoring numbers writes them '
  'from what it takes, so that receipts cost nothing more.';

alter table private.text_marks enable row level security;

-- schemas/text-figures/functions/compare_templates.sql

create function private.compare_templates(p_from date default null, p_to date default null, p_now timestamptz default now())
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
begin
  select * into v_org from public.orgs o where o.id = private.require_role('viewer');
  v_range := private.read_text_range(p_from, p_to, v_org.time_zone, p_now);
  v_today := (p_now at time zone v_org.time_zone)::date;
  v_rows := array(select d from private.add_text_days(v_org.id, v_range.v_from, v_range.v_to) d);
  return jsonb_build_object('from', v_range.v_from, 'to', v_range.v_to, 'texts', (
    with texts as materialized (
      select g.template_id, t.number, t.name, g.rates,
        -- With fewer, a rate says next to nothing.
        g.reached >= 200 and g.replied >= 10 as is_ranked,
        (g.rates #>> '{reply_rate,low}')::numeric as low,
        c.comparison as pooled
      from (
        select d.template_id, private.text_rates(array_agg(d), v_today) as rates, sum(d.reached) as reached,
          sum(d.replied) as replied
        from unnest(v_rows) d group by d.template_id
      ) g
      join public.templates t on t.id = g.template_id and t.org_id = v_org.id
      left join private.pooled_comparisons(v_rows) c on c.template_id = g.template_id
    ),
    -- Benjamini and Hochberg: of the differences with q below 0.05, one in twenty is expected to be chance.
    judged as (
      select x.template_id, min(x.p * x.m / x.n) over (order by x.n desc rows unbounded preceding) as q
      from (
        select t.template_id, (t.pooled ->> 'p')::double precision as p, count(*) over () as m,
          row_number() over (order by (t.pooled ->> 'p')::double precision, t.template_id) as n
        from texts t where t.is_ranked and t.pooled ->> 'p' is not null
      ) x
    )
    select coalesce(to_jsonb(array_agg(
      jsonb_build_object('template_id', t.template_id, 'number', t.number, 'name', t.name,
        'rank', case when t.is_ranked then t.n end, 'within_campaigns', t.pooled,
        'q', case when j.q is not null then least(j.q, 1) end) || t.rates
      order by t.n)), '[]')
    from (
      select x.*, row_number() over (order by x.is_ranked desc, x.low desc nulls last, x.number) as n from texts x
    ) t
    left join judged j using (template_id)));
end;
$$;
comment on function private.compare_templates(date, date, timestamptz) is
  'All texts that were sent on the days from p_from until before p_to, the best first: by the lower bound of their reply rate, '
  'if at least 200 people were reached and 10 replied; rank is null for the others, which follow. Rates of different campaigns '
  'are observational: people differ. within_campaigns compares like with like; q is its p, adjusted for the number of texts. '
  'Raises PT403, PT422. Security definer: users may not read private tables.';
grant execute on function private.compare_templates(date, date, timestamptz) to authenticated;

create function public.compare_templates(p_from date default null, p_to date default null)
  returns jsonb language sql stable set search_path = '' as $$ select private.compare_templates(p_from, p_to); $$;
comment on function public.compare_templates(date, date) is
  'Calls the private function of the same name, which checks role and organisation, with the current time.';
grant execute on function public.compare_templates(date, date) to authenticated;

-- schemas/text-figures/functions/count_texts.sql

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

-- schemas/text-figures/functions/pause_texts.sql

-- Texts that bring opt-outs pause themselves, before the circuit breaker has to pause their campaigns.

create function private.rate_exceeds(p_events bigint, p_trials bigint, p_limit double precision)
returns double precision
language plpgsql
immutable
set search_path = ''
as $$
declare
  v_term double precision;
  v_most double precision;
  v_sum double precision := 1;
begin
  if p_events is null or p_trials is null or p_limit is null or p_events not between 0 and p_trials or p_events > 100000
    or p_limit <= 0 or p_limit >= 1
  then
    return null;
  end if;
  -- The tail of Beta(1 + events, 1 + the others) is that of a binomial distribution of one trial more: a finite sum. Its terms
  -- are added as logarithms, since they may be far below what a number can hold.
  v_term := (p_trials + 1) * ln(1 - p_limit);
  v_most := v_term;
  for j in 1 .. p_events loop
    v_term := v_term + ln((p_trials + 2 - j)::double precision / j) + ln(p_limit / (1 - p_limit));
    if v_term > v_most then
      v_sum := v_sum * exp(greatest(v_most - v_term, -700)) + 1;
      v_most := v_term;
    else
      v_sum := v_sum + exp(greatest(v_term - v_most, -700));
    end if;
  end loop;
  return case when v_most + ln(v_sum) < -700 then 0 else least(exp(v_most + ln(v_sum)), 1) end;
end;
$$;
comment on function private.rate_exceeds(bigint, bigint, double precision) is
  'The probability that a rate is above p_limit after so many events in so many trials, if nothing was known before (a uniform '
  'prior). Null for numbers that make no sense, and above 100,000 events.';

create function private.pause_texts(p_org_id uuid, p_now timestamptz default now())
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_org public.orgs;
  v_limit double precision := (select l.opt_out_rate from public.sending_limits l where l.org_id = p_org_id);
  v_today date;
  v_text record;
  v_template public.templates;
  v_paused jsonb := '[]';
begin
  select * into v_org from public.orgs o where o.id = p_org_id;
  v_today := (p_now at time zone v_org.time_zone)::date;
  for v_text in
    select t.id, s.sent, s.opted_out
    from public.templates t
    cross join lateral (
      -- Each version is judged by its own messages, and one that a person activated again by those since.
      select sum(d.sent) as sent, sum(d.opted_out) as opted_out
      from private.text_days d
      where d.org_id = p_org_id and d.template_id = t.id and d.version = t.version and d.day > v_today - 30
        and (t.activated_at is null or d.day > (t.activated_at at time zone v_org.time_zone)::date)
    ) s
    where t.org_id = p_org_id and t.is_active and t.category not in ('stop', 'help') and s.sent >= 100
      and s.opted_out > s.sent * v_limit and private.rate_exceeds(s.opted_out, s.sent, v_limit) >= 0.95
    order by t.id
  loop
    perform 1 from public.orgs o where o.id = p_org_id for no key update;
    select * into v_template from public.templates t where t.id = v_text.id and t.is_active for no key update;
    continue when not found;
    begin
      perform private.require_unneeded(v_template, 'pause');
    exception when sqlstate 'PT409' then
      -- It is the only text of a campaign: the circuit breaker decides about that.
      continue;
    end;
    update public.templates t set is_active = false where t.id = v_text.id returning * into v_template;
    perform private.note_template(v_template, 'template_paused',
      jsonb_build_object('sent', v_text.sent, 'opted_out', v_text.opted_out, 'limit', v_limit));
    v_paused := v_paused || jsonb_build_object('template_id', v_template.id, 'name', v_template.name, 'sent', v_text.sent,
      'opted_out', v_text.opted_out);
  end loop;
  if v_paused <> '[]' then
    -- One alert is open at a time: it names the texts of the one before, too.
    v_paused := coalesce((select a.details -> 'texts' from public.alerts a
      where a.org_id = p_org_id and a.kind = 'text_paused' and a.resolved_at is null), '[]') || v_paused;
    perform private.close_alerts(p_org_id, 'text_paused', p_now);
    perform private.raise_alert(p_org_id, 'text_paused', 'warning', format(
      'Too many people opt out after these texts, so they are sent no more: %s. Change them, or activate them again.',
      (select string_agg(format('%s (%s of %s)', x ->> 'name', x ->> 'opted_out', x ->> 'sent'), ', ')
        from jsonb_array_elements(v_paused) x)), null, null, jsonb_build_object('texts', v_paused));
  end if;
  return jsonb_array_length(v_paused);
end;
$$;
comment on function private.pause_texts(uuid, timestamptz) is
  'Deactivates each text after whose messages of the last 30 days (100 at least) more people opted out than the organisation''s '
  'limit, with a probability of 0.95, with an audit event and the alert text_paused. The last text of a campaign, a step or a '
  'variant is left to the circuit breaker. Returns how many texts the alert names.';

-- schemas/text-figures/functions/text_performance.sql

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

-- schemas/text-figures/triggers/orgs.sql

create function private.mark_texts_of_zone()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  insert into private.text_marks (org_id, hour)
  select distinct new.id, (d.day + n)::timestamp at time zone new.time_zone + interval '12 hours'
  from private.text_days d cross join generate_series(-1, 1) n
  where d.org_id = new.id
  on conflict do nothing;
  return null;
end;
$$;
comment on function private.mark_texts_of_zone() is
  'Trigger: has every counted day, and the days beside it, counted again in the organisation''s new time zone. Security definer: '
  'who changes the settings may not write private tables.';
create trigger orgs_mark_texts after update of time_zone on public.orgs
  for each row when (new.time_zone is distinct from old.time_zone) execute function private.mark_texts_of_zone();

-- schemas/text-figures/tasks.sql

insert into private.work_kinds (kind, title) values ('count_texts', 'counting how well your texts work');

insert into private.tasks (name, seconds, due) values ('count-texts', 20, 'select exists (select from private.text_marks)');

insert into private.task_parts (task, place, kind, items, call, seconds) values
  ('count-texts', 1, 'count_texts', 'select distinct h.org_id, h.org_id from private.text_marks h',
    'select private.count_texts($1)', 10);
