create type public.message_status as enum
  ('queued', 'sending', 'unknown', 'sent', 'delivered', 'undelivered', 'failed', 'canceled', 'received');
comment on type public.message_status is
  'queued (not posted yet), sending (claimed, perhaps posted), unknown (posted, outcome unknown), sent (Twilio accepted it), '
  'delivered, undelivered, failed, canceled; received for inbound messages.';

create type private.pool_number as (
  id uuid, e164 text, area_code text, mps numeric, health smallint, day date,
  room integer, segment_room integer, usable boolean, is_open boolean, planned integer,
  is_active boolean
);
comment on type private.pool_number is
  'A number while planning. room: segments that it can still take within the horizon. segment_room: segments left today. usable: '
  'whether it is active and not resting. is_open: whether its own hours are open for another minute. planned: segments queued on '
  'it. is_active: whether people may wait for it.';

create type private.open_window as (key text, max_per_24h smallint);
comment on type private.open_window is
  'A window key whose hours are open for another minute, with the most texts to one person in 24 hours; null: no limit.';

create type private.plan_text as (
  id uuid, worst_segments smallint, variant smallint, weight smallint, uses bigint, needs text, step smallint
);
comment on type private.plan_text is
  'A template while planning. worst_segments: its greatest length. needs: the variables that it needs of a lead, separated by '
  'commas.';

create type private.carrier_room as (id uuid, carrier text, room integer);
comment on type private.carrier_room is 'A carrier cap while planning: room is the segments left today, in Pacific time.';

create type private.planned_send as (
  target_id uuid, message_id uuid, number integer, template integer, segments integer, cap integer, variables jsonb, delay integer
);
comment on type private.planned_send is
  'A message that a plan decided on. number, template and cap are indexes into the plan''s lists; delay is the number of seconds '
  'until its slot.';

create type private.excluded_target as (id uuid, reason text);
comment on type private.excluded_target is 'A target that a plan excludes from its campaign, and why.';

create type private.deferred_target as (id uuid, not_before timestamptz, sticky_until timestamptz, needs_attention text);
comment on type private.deferred_target is
  'A target that a plan puts off until not_before. sticky_until: how long it waits for the number its person knows.';

create type private.claimed_send as (
  message_id uuid,
  attempt_id uuid,
  org_id uuid,
  kind text,
  slot_in_ms double precision,
  to_number text,
  from_number text,
  account_sid text,
  messaging_service_sid text,
  content text,
  template_content text,
  language text,
  variables jsonb,
  charged_segments smallint,
  validity_seconds integer,
  mps double precision,
  media_ids uuid[]
);
comment on type private.claimed_send is
  'What a worker posts. slot_in_ms counts from when the claim returned: the POST starts within [slot, slot + 40 ms], or the '
  'message is given back. content is set for replies; campaign messages are rendered from template and variables. media_ids: its '
  'pictures in their order; null for a text without.';

create type private.claim_window as (
  org_id uuid, window_key text, is_open boolean, valid_to timestamptz, next_open_at timestamptz, max_per_24h smallint
);
comment on type private.claim_window is 'The window of a window key at the time of a claim: see private.window_state.';

create type private.claimed_slot as (message_id uuid, attempt_id uuid, slot_at timestamptz, validity_seconds integer);
comment on type private.claimed_slot is
  'A message that a claim takes: its new attempt, when it is to be posted, and how long Twilio may keep trying.';
