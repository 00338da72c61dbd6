-- Statistics of leads: of all leads from the stored figures, of a filter by counting.

create function private.statistics_list(p_figures jsonb, p_dimension text, p_limit integer, p_by_value boolean default false)
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select coalesce(to_jsonb(array_agg(jsonb_build_object('value', nullif(x.value, ''), 'count', x.n) order by x.place)), '[]')
  from (
    select f.key as value, f.value::bigint as n,
      row_number() over (order by case when p_by_value then f.key end desc, f.value::bigint desc, f.key) as place
    from jsonb_each_text(p_figures -> p_dimension) f
    where f.value::bigint > 0
    order by place limit p_limit
  ) x;
$$;
comment on function private.statistics_list(jsonb, text, integer, boolean) is
  'The figures of one dimension as the API lists them: [{value, count}]. The largest count comes first, or with p_by_value the '
  'highest value. Value null means none.';

create function private.show_statistics(p_figures jsonb, p_is_estimate boolean)
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select jsonb_build_object(
    'total', coalesce((p_figures -> 'total' ->> '')::bigint, 0),
    'is_estimate', p_is_estimate,
    'by_status', private.statistics_list(p_figures, 'status', 20),
    'by_score', private.statistics_list(p_figures, 'score', 20),
    'by_consent', private.statistics_list(p_figures, 'consent', 20),
    'by_source', private.statistics_list(p_figures, 'source', 100),
    'by_county', private.statistics_list(p_figures, 'county', 100),
    'by_state', private.statistics_list(p_figures, 'state', 100),
    'by_tag', private.statistics_list(p_figures, 'tag', 50),
    'by_month', private.statistics_list(p_figures, 'month', 120, true),
    'phones', jsonb_build_object(
      'per_lead', private.statistics_list(p_figures, 'phones', 20, true),
      'valid', coalesce((p_figures #>> '{phone_valid,true}')::bigint, 0),
      'invalid', coalesce((p_figures #>> '{phone_valid,false}')::bigint, 0),
      'by_line_type', private.statistics_list(p_figures, 'line_type', 20)),
    'parcels', coalesce((p_figures -> 'parcels' ->> '')::bigint, 0));
$$;
comment on function private.show_statistics(jsonb, boolean) is
  'Statistics in the form that the API returns, from {dimension: {value: n}}.';

create function private.kept_figures(p_org_id uuid)
returns jsonb
language sql
stable
set search_path = ''
as $$
  -- If a dimension has more than a thousand values, only the thousand most frequent are read.
  select coalesce(jsonb_object_agg(d.dimension, d.figures), '{}')
  from (
    select x.dimension, jsonb_object_agg(x.value, x.n) as figures
    from (
      select f.dimension, f.value, sum(f.n) as n
      from (
        select c.dimension, c.value, c.count as n
        from unnest(array['total', 'status', 'score', 'consent', 'source', 'county', 'state', 'tag', 'month', 'phones',
          'line_type', 'phone_valid', 'parcels']) w (dimension)
        cross join lateral (
          select k.dimension, k.value, k.count from private.lead_counts k
          where k.org_id = p_org_id and k.dimension = w.dimension order by k.count desc limit 1000
        ) c
        union all
        select d.dimension, d.value, d.change from private.lead_count_deltas d where d.org_id = p_org_id
      ) f
      group by 1, 2
    ) x group by 1
  ) d;
$$;
comment on function private.kept_figures(uuid) is
  'The stored figures of an organisation plus the changes that are not folded yet: {dimension: {value: n}}.';

create function private.lead_statistics(p_filter jsonb default null, p_now timestamptz default now())
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('viewer');
  v_most integer := 20000;
  v_condition text;
  v_figures jsonb;
  v_counted bigint;
  v_total bigint;
begin
  if coalesce(p_filter, '{}') in ('{}', 'null') then
    return private.show_statistics(private.kept_figures(v_org_id), false);
  end if;
  v_condition := private.lead_condition(v_org_id, p_filter, p_now);
  execute format($sql$
    with matched as materialized (select l.* from public.leads l where %1$s limit %2$s + 1),
    figures as (
      select f.dimension, f.value, f.n from (%3$s) f
      union all
      select b.dimension, b.value, b.n from (%4$s) b
    )
    select coalesce(jsonb_object_agg(d.dimension, d.figures), '{}')
    from (select f.dimension, jsonb_object_agg(f.value, f.n) as figures from figures f group by 1) d
    $sql$, v_condition, v_most,
    private.lead_figures_sql('select m.*, 1 as sign from matched m'),
    private.belonging_figures_sql('select m.org_id, m.id, 1 as sign from matched m'))
  into v_figures;
  v_counted := coalesce((v_figures -> 'total' ->> '')::bigint, 0);
  if v_counted <= v_most then
    return private.show_statistics(v_figures, false);
  end if;
  v_total := greatest((private.count_matching(v_condition) ->> 'total')::bigint, v_counted);
  select jsonb_object_agg(d.key, d.figures) into v_figures
  from (
    select e.key, jsonb_object_agg(f.key, round(f.value::numeric * v_total / v_counted)) as figures
    from jsonb_each(v_figures) e cross join lateral jsonb_each_text(e.value) f group by e.key
  ) d;
  return private.show_statistics(v_figures, true);
end;
$$;
comment on function private.lead_statistics(jsonb, timestamptz) is
  'Statistics of all leads of the caller''s organisation, from the stored figures, or of the leads that match a filter, counted: '
  'by status, score, consent, source, county, state (the first 100), tag (50), month of creation (UTC), phones and parcels. If '
  'more than 20,000 leads match a filter, 20,000 are counted and the figures are estimated from them: is_estimate. Raises PT403, '
  'PT422. Security definer: under RLS the planner may not use the indexes that a filter needs.';
grant execute on function private.lead_statistics(jsonb, timestamptz) to authenticated;

create function public.lead_statistics(p_filter jsonb default null)
returns jsonb language sql set search_path = ''
as $$ select private.lead_statistics(p_filter) $$;
comment on function public.lead_statistics(jsonb) is 'See private.lead_statistics.';
grant execute on function public.lead_statistics(jsonb) to authenticated;
