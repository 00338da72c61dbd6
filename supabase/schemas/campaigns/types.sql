create type public.campaign_status as enum
  ('draft', 'building', 'ready', 'scheduled', 'running', 'paused', 'completed', 'stopped');
comment on type public.campaign_status is
  'draft → building → ready → scheduled → running ⇄ paused → completed | stopped.';

create type public.target_state as enum
  ('excluded', 'canceled', 'waiting', 'queued', 'sending', 'unknown', 'sent', 'failed');
comment on type public.target_state is
  'A target is in exactly one of these states; the sum over all states is the audience. delivered, undelivered and unconfirmed '
  'are parts of sent.';

create type private.test_arm as (variant smallint, share integer, sent integer, successes integer, opt_outs integer);
comment on type private.test_arm is
  'What a look at an A/B test counted for a variant: people whose first text is mature, and how many of them did what the test '
  'measures, or opted out.';
