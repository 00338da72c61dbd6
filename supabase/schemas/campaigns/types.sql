create type public.campaign_status as enum
  ('draft', 'building', 'ready', 'scheduled', 'running', 'paused', 'completed', 'stopped');
comment on type public.campaign_status is
  'draft → building → ready → scheduled → running ⇄ paused → completed | stopped.';

create type public.target_state as enum
  ('excluded', 'canceled', 'waiting', 'queued', 'sending', 'unknown', 'sent', 'failed');
comment on type public.target_state is
  'A target is in exactly one of these states; the sum over all states is the audience. delivered, undelivered and unconfirmed '
  'are parts of sent.';

create type private.rotation_text as (
  template_id uuid, version integer, people bigint, replied bigint, weighed_people double precision,
  weighed_replied double precision
);
comment on type private.rotation_text is
  'What rotation thompson knows of a text in a step: people whose text is mature, those of them who replied, and both again with '
  'the older days counted for less.';

create type private.test_arm as (variant smallint, share integer, sent integer, successes integer, opt_outs integer);
comment on type private.test_arm is
  'What a look at an A/B test counted for a variant: people whose first text is mature, and how many of them did what the test '
  'measures, or opted out.';
