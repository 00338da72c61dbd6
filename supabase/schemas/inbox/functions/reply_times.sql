create function private.reply_times(p_from timestamptz, p_to timestamptz, p_group_by text default null)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
set max_parallel_workers_per_gather = 0
as $$
declare
  v_org public.orgs;
  v_key text;
  v_answer jsonb;
begin
  select * into v_org from public.orgs o where o.id = private.require_role('viewer');
  if p_from is null or p_to is null or not p_from < p_to or p_to - p_from > interval '400 days' then
    perform private.refuse_field('from', 'Give from and to: from before to, at most 400 days apart.');
  elsif p_group_by is not null and p_group_by <> all (array['assignee', 'campaign', 'class', 'hour', 'day']) then
    perform private.refuse_field('group_by', 'group_by must be assignee, campaign, class, hour or day.');
  end if;
  v_key := case p_group_by when 'assignee' then 's.answered_by::text' when 'campaign' then 's.campaign_id::text'
    when 'class' then 's.reply_class'
    when 'hour' then format('extract(hour from s.opened_at at time zone %L)::integer::text', v_org.time_zone)
    when 'day' then format('(s.opened_at at time zone %L)::date::text', v_org.time_zone) else 'null::text' end;
  execute format($q$
    select coalesce(to_jsonb(array_agg(g.figures order by g.key nulls last)), '[]') from (
      select k.key, jsonb_build_object('group', k.key, 'spans', count(*), 'answered', count(*) filter (where k.outcome =
        'answered'),
        'dismissed', count(*) filter (where k.outcome = 'dismissed'), 'moot', count(*) filter (where k.outcome = 'moot'),
        'waiting', count(*) filter (where k.outcome is null),
        'median_seconds', round(percentile_cont(0.5) within group (order by k.wall)),
        'p90_seconds', round(percentile_cont(0.9) within group (order by k.wall)),
        'median_working_seconds', round(percentile_cont(0.5) within group (order by k.working)),
        'p90_working_seconds', round(percentile_cont(0.9) within group (order by k.working)),
        'median_assigned_seconds', round(percentile_cont(0.5) within group (order by k.assigned)),
        'within_five_minutes', round(avg((k.working <= 300)::integer) filter (where k.working is not null), 4)) as figures
      from (
        select %s as key, s.outcome,
          case when s.outcome = 'answered' then extract(epoch from s.closed_at - s.opened_at) end as wall,
          s.working_seconds as working, s.assigned_seconds as assigned
        from public.reply_spans s where s.org_id = $1 and s.opened_at >= $2 and s.opened_at < $3
      ) k
      group by k.key order by k.key nulls last limit 1000
    ) g $q$, v_key) into v_answer using v_org.id, p_from, p_to;
  return v_answer;
end;
$$;
comment on function private.reply_times(timestamptz, timestamptz, text) is
  'How long people who wrote between two times waited for an answer, by p_group_by (assignee: who answered; campaign, class, '
  'hour and day of their text; null: all together): spans by outcome, median and 90th percentile in seconds (by the wall clock, '
  'in reply hours, and in reply hours since the assignment), and the share of answers within five minutes of reply hours. Needs '
  'viewer. Raises PT403, PT422. Security definer: one pass over the organisation''s spans.';
grant execute on function private.reply_times(timestamptz, timestamptz, text) to authenticated;

create function public.reply_times(p_from timestamptz, p_to timestamptz, p_group_by text default null) returns jsonb
  language sql set search_path = '' as $$ select private.reply_times(p_from, p_to, p_group_by); $$;
comment on function public.reply_times(timestamptz, timestamptz, text) is 'See private.reply_times.';
grant execute on function public.reply_times(timestamptz, timestamptz, text) to authenticated;
