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
