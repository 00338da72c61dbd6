create type private.breaker_window as (since timestamptz, sent integer, failed integer, undelivered integer, opt_outs integer);
comment on type private.breaker_window is
  'What the circuit breaker counts of a campaign: since when, how many were sent (undelivered ones among them), failed, and '
  'opted out.';

create type private.trouble as (kind text, message text, details jsonb);
comment on type private.trouble is
  'Why something must stop: the alert''s kind, what a person reads (figure, limit, what to do), and the figures.';
