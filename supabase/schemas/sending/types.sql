create type public.message_status as enum
  ('queued', 'sending', 'unknown', 'sent', 'delivered', 'undelivered', 'failed', 'canceled', 'received');
comment on type public.message_status is
  'queued (ours), sending (claimed, maybe posted), unknown (posted, outcome not known), sent (Twilio accepted it), delivered, '
  'undelivered, failed, canceled; received for inbound.';

create type private.pool_number as (
  id uuid, e164 text, area_code text, mps numeric, health smallint, day date,
  room integer, segment_room integer, usable boolean, is_open boolean, planned integer,
  is_active boolean
);
comment on type private.pool_number is
  'A number while planning: room is segments it can still take in the horizon, segment_room segments left today, usable whether '
  'it is active and not resting, is_open whether its own hours are open for a minute more, planned segments that are queued on '
  'it, is_active whether it may be waited for.';

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
  mps double precision
);
comment on type private.claimed_send is
  'What a worker posts. slot_in_ms counts from when the claim returned: the POST starts within [slot, slot + 40 ms] or the '
  'message is given back. content is set for replies; campaign messages are rendered from template and variables.';
