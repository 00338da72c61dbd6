create type private.breaker_window as (since timestamptz, sent integer, failed integer, undelivered integer, opt_outs integer);
comment on type private.breaker_window is
  'A campaign''s figures for the circuit breaker: since when they count, and how many messages were sent (including undelivered '
  'ones) or failed, and how many people opted out.';

create type private.trouble as (kind text, message text, details jsonb);
comment on type private.trouble is
  'Why something must stop: the kind of the alert, the message for people (figure, limit, what to do), and the figures.';
