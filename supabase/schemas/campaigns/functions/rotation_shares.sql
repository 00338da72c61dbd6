-- The arithmetic of rotation thompson: how probable it is that a text is the best, and the share that it gets for that.

create function private.log_beta(p_a double precision, p_b double precision)
returns double precision
language sql
immutable
set search_path = ''
as $$
  select private.log_gamma(p_a) + private.log_gamma(p_b) - private.log_gamma(p_a + p_b);
$$;
comment on function private.log_beta(double precision, double precision) is 'The logarithm of the beta function.';

create function private.chances_to_be_best(p_replied double precision[], p_not_replied double precision[])
returns double precision[]
language plpgsql
immutable
set search_path = ''
-- With less memory the sums are sorted on disk, which takes ten times as long.
set work_mem = '32MB'
as $$
declare
  v_k integer := cardinality(p_replied);
  v_low double precision;
  v_high double precision;
  v_points integer;
  v_least double precision;
begin
  if v_k = 1 then
    return '{1}';
  end if;
  -- Each rate has a beta distribution (uniform before anything is known). Nothing below the highest lower end can be the best.
  select max(x.mean - 9 * x.deviation), max(x.mean + 9 * x.deviation), min(x.deviation) into v_low, v_high, v_least
  from (
    select t.a / (t.a + t.b) as mean, sqrt(t.a * t.b / ((t.a + t.b + 1) * (t.a + t.b) ^ 2)) as deviation
    from (select r + 1 as a, n + 1 as b from unnest(p_replied, p_not_replied) as x(r, n)) t
  ) x;
  v_low := greatest(v_low, 0);
  v_high := least(v_high, 1);
  -- Four points for the narrowest deviation: with evenly spaced points the error is far below a thousandth.
  v_points := least(greatest(ceil(4 * (v_high - v_low) / v_least)::integer, 400), 100000 / v_k);
  return (
    with texts as materialized (
      select i.n, i.r as a, i.f as b, private.log_beta(i.r + 1, i.f + 1) as log_beta
      from unnest(p_replied, p_not_replied) with ordinality as i(r, f, n)
    ),
    densities as materialized (
      -- What lies below v_low is missing from a density, so the whole of it is the beta function.
      select t.n, x.j, exp(greatest(t.a * ln(x.at) + t.b * ln(1 - x.at) - t.log_beta, -600)) * (v_high - v_low) / v_points as d
      from texts t
      cross join (
        select g as j, v_low + (v_high - v_low) * (g - 0.5) / v_points as at from generate_series(1, v_points) g
      ) x
    ),
    sums as materialized (
      select d.n, d.j, d.d,
        greatest(1 - sum(d.d) over (partition by d.n order by d.j desc) + d.d / 2, 1e-300) as below
      from densities d
    ),
    products as (
      select s.n, exp(greatest(ln(s.d) - ln(s.below) + sum(ln(s.below)) over (partition by s.j), -700)) as part from sums s
    ),
    chances as (select p.n, sum(p.part) as chance from products p group by p.n)
    select array_agg(c.chance / c.total order by c.n) from (select c.*, sum(c.chance) over () as total from chances c) c);
end;
$$;
comment on function private.chances_to_be_best(double precision[], double precision[]) is
  'For each text the probability that its reply rate is the highest, after so many replied and so many did not: what Thompson '
  'sampling chooses by, integrated instead of drawn, so that the same counts give the same shares. The probabilities add up to '
  '1.';

create function private.bounded_shares(p_shares double precision[])
returns double precision[]
language plpgsql
immutable
set search_path = ''
as $$
declare
  v_k integer := cardinality(p_shares);
  v_least double precision := least(0.05, 0.5 / v_k);
  v_most double precision := 0.6;
  v_low double precision := -1;
  v_high double precision := 1;
  v_shift double precision;
begin
  if v_k = 1 then
    return '{1}';
  end if;
  -- The nearest shares within the bounds that add up to 1: all are moved by the same amount, which halving finds.
  for i in 1 .. 60 loop
    v_shift := (v_low + v_high) / 2;
    if (select sum(least(greatest(s + v_shift, v_least), v_most)) from unnest(p_shares) s) < 1 then
      v_low := v_shift;
    else
      v_high := v_shift;
    end if;
  end loop;
  return array(select least(greatest(s + v_shift, v_least), v_most) from unnest(p_shares) with ordinality as x(s, n) order by n);
end;
$$;
comment on function private.bounded_shares(double precision[]) is
  'Shares of at least 5 % (with more than ten texts half of an equal part) and at most 60 %, as near as possible to those given: '
  'no text is ever given up, and none is trusted alone. They add up to 1.';
