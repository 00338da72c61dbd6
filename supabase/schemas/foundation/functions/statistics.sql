-- Statistics of rates. Each formula is here once, and tests hold it against a statistics library.

create function private.wilson_bound(p_numerator double precision, p_denominator double precision, p_sign integer)
returns double precision
language plpgsql
immutable
set search_path = ''
as $$
declare
  -- 97.5 % of a normal distribution are below this many standard errors.
  c_z constant double precision := 1.959963984540054;
  c_z2 constant double precision := 3.841458820694124;
begin
  -- In plpgsql, as private.rate: its plans are kept, where a function in SQL with a search_path is planned at each call.
  return case when p_denominator > 0 and p_numerator between 0 and p_denominator then least(greatest(
    (p_numerator + c_z2 / 2 + p_sign * c_z * sqrt(p_numerator * (p_denominator - p_numerator) / p_denominator + c_z2 / 4))
      / (p_denominator + c_z2), 0), 1) end;
end;
$$;
comment on function private.wilson_bound(double precision, double precision, integer) is
  'The lower (p_sign -1) or upper (1) bound of Wilson''s 95 % interval of a rate; null if the rate is none.';

create function private.wilson_low(p_numerator double precision, p_denominator double precision)
returns double precision
language plpgsql
immutable
set search_path = ''
as $$ begin return private.wilson_bound(p_numerator, p_denominator, -1); end; $$;
comment on function private.wilson_low(double precision, double precision) is
  'The lower bound of Wilson''s 95 % interval of a rate, from 0 to 1; null if the denominator is 0.';

create function private.wilson_high(p_numerator double precision, p_denominator double precision)
returns double precision
language plpgsql
immutable
set search_path = ''
as $$ begin return private.wilson_bound(p_numerator, p_denominator, 1); end; $$;
comment on function private.wilson_high(double precision, double precision) is
  'The upper bound of Wilson''s 95 % interval of a rate, from 0 to 1; null if the denominator is 0.';

create function private.chi_square_p(p_statistic double precision, p_freedom integer)
returns double precision
language plpgsql
immutable
set search_path = ''
as $$
declare
  v_half double precision := p_statistic / 2;
  v_term double precision;
  v_sum double precision := 0;
begin
  if p_statistic is null or p_statistic < 0 or p_freedom is null or p_freedom not between 1 and 100 then
    return null;
  elsif p_statistic > 1400 then
    -- exp() would underflow.
    return 0;
  end if;
  -- For a whole number of degrees of freedom the tail is a finite sum: no series that may not converge.
  if p_freedom % 2 = 0 then
    v_term := exp(-v_half);
    for i in 1 .. p_freedom / 2 loop
      v_sum := v_sum + v_term;
      v_term := v_term * v_half / i;
    end loop;
    return least(v_sum, 1);
  end if;
  v_term := exp(-v_half) * sqrt(v_half) * 2 / sqrt(pi());
  for i in 1 .. (p_freedom - 1) / 2 loop
    v_sum := v_sum + v_term;
    v_term := v_term * v_half / (i + 0.5);
  end loop;
  return least(erfc(sqrt(v_half)) + v_sum, 1);
end;
$$;
comment on function private.chi_square_p(double precision, integer) is
  'The probability of a chi-square statistic at least this large by chance. Null outside 1 to 100 degrees of freedom.';

create function private.rate(p_numerator bigint, p_denominator bigint, p_provisional boolean default false)
returns jsonb
language plpgsql
immutable
set search_path = ''
as $$
begin
  return jsonb_build_object(
    'value', round(100.0 * p_numerator / nullif(p_denominator, 0), 2),
    'numerator', p_numerator,
    'denominator', p_denominator,
    'low', round((100 * private.wilson_low(p_numerator, p_denominator))::numeric, 2),
    'high', round((100 * private.wilson_high(p_numerator, p_denominator))::numeric, 2),
    'enough', p_numerator >= 5 and p_denominator - p_numerator >= 5,
    'provisional', p_provisional);
end;
$$;
comment on function private.rate(bigint, bigint, boolean) is
  'A rate as people read it: percent to two decimals (null if the denominator is 0) with Wilson''s 95 % interval. enough: at '
  'least five on either side. provisional: some of what it counts may still change.';

create function private.log_gamma(p_x double precision)
returns double precision
language plpgsql
immutable
set search_path = ''
as $$
declare
  -- Stirling's series is exact to the last digits from 10 on; smaller numbers are moved there.
  v_x double precision := p_x + 10;
  v_moved double precision := 0;
begin
  if p_x <= 0 then
    return null;
  end if;
  for i in 0 .. 9 loop
    v_moved := v_moved + ln(p_x + i);
  end loop;
  return (v_x - 0.5) * ln(v_x) - v_x + 0.5 * ln(2 * pi()) + 1 / (12 * v_x) - 1 / (360 * v_x ^ 3) + 1 / (1260 * v_x ^ 5)
    - 1 / (1680 * v_x ^ 7) - v_moved;
end;
$$;
comment on function private.log_gamma(double precision) is
  'The logarithm of the gamma function of a number above 0; null for others.';
