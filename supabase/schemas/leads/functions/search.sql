-- Lists and searches of leads are security definer functions: under RLS the planner may not use the trigram index, because LIKE
-- is not leakproof (94 ms against 3 ms at 80,000 leads). The organisation is therefore a condition of every query here.

create function private.search_patterns(p_search text)
returns table (pattern text, other text)
language sql
immutable
set search_path = ''
as $$
  -- The words that were typed. A phone written with spaces is one word: it has at least seven digits and otherwise only the signs
  -- of phone numbers.
  with typed as (
    select trim(regexp_replace(private.fold_text(left(coalesce(p_search, ''), 200)), '\s+', ' ', 'g')) as text
  ),
  words as (
    select w.word, w.n
    from typed t,
      unnest(case
        when t.text ~ '^[0-9 +()./-]+$' and length(regexp_replace(t.text, '\D', '', 'g')) >= 7 then array[t.text]
        else string_to_array(t.text, ' ')
      end) with ordinality w (word, n)
    where w.n <= 8
  ),
  keys as (
    select w.n, w.word,
      case
        when w.word ~ '^[0-9 +()./-]+$'
          -- Stored phones have no country code.
          then regexp_replace(regexp_replace(regexp_replace(w.word, '^\+1', ''), '\D', '', 'g'), '^1(?=\d{10}$)', '')
        else w.word
      end as key
    from words w
  )
  select private.like_pattern(k.key), nullif(private.like_pattern(k.word), private.like_pattern(k.key))
  from keys k
  where k.key <> ''
  order by k.n;
$$;
comment on function private.search_patterns(text) is
  'The text of the search box as LIKE patterns for leads.search_text: one row for each word, and all rows must match. A row '
  'matches by pattern or, for a word that may or may not be a phone (78701-1234), by other. Words of one or two letters match '
  'only beginnings of words.';

create function private.count_matching(p_condition text)
returns jsonb
language plpgsql
set search_path = ''
-- Only the first ten thousand are needed. To find them, a merge join would read both sides in the order of ids (0.5 s where
-- lookups take 0.1), and starting parallel workers takes longer than most counts.
set enable_mergejoin = off
set max_parallel_workers_per_gather = 0
as $$
declare
  v_total bigint;
  v_plan jsonb;
begin
  execute format('select count(*) from (select from public.leads l where %s limit 10001) c', p_condition) into v_total;
  if v_total > 10000 then
    execute format('explain (format json) select from public.leads l where %s', p_condition) into v_plan;
  end if;
  return jsonb_build_object(
    'total', greatest(v_total, (v_plan #>> '{0,Plan,Plan Rows}')::bigint),
    'total_is_estimate', v_total > 10000);
end;
$$;
comment on function private.count_matching(text) is
  'How many leads match a condition of private.lead_condition: {total, total_is_estimate}. Exact up to 10,000, above that the '
  'planner''s estimate. Volatile, because EXPLAIN is.';

create function private.lead_order(p_sort_by text)
returns table (expression text, type text, n integer)
language sql
immutable
set search_path = ''
as $$
  select o.expression, o.type, o.n
  from (values
    ('created_at', 'l.created_at', 'timestamptz', 1),
    ('created_at', 'l.id', 'uuid', 2),
    ('score', 'l.score_rank', 'smallint', 1),
    ('score', 'l.created_at', 'timestamptz', 2),
    ('score', 'l.id', 'uuid', 3),
    ('name', 'private.fold_text(coalesce(l.last_name, '''') || '' '' || coalesce(l.first_name, ''''))', 'text', 1),
    ('name', 'l.id', 'uuid', 2)
  ) o (sort_by, expression, type, n)
  where o.sort_by = p_sort_by;
$$;
comment on function private.lead_order(text) is
  'The expressions that a list of leads is ordered by, each order read from an index: created_at, score (hot first if '
  'descending) or name (last name, then first name).';
