create type public.campaign_status as enum
  ('draft', 'building', 'ready', 'scheduled', 'running', 'paused', 'completed', 'stopped');
comment on type public.campaign_status is
  'draft → building → ready → scheduled → running ⇄ paused → completed | stopped.';

create type public.target_state as enum
  ('excluded', 'canceled', 'waiting', 'queued', 'sending', 'unknown', 'sent', 'failed');
comment on type public.target_state is
  'A target is in exactly one of these states; the sum over all states is the audience. delivered, undelivered and unconfirmed '
  'are parts of sent.';
