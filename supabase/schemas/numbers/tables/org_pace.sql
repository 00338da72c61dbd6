create table private.org_pace (
  org_id uuid primary key references public.orgs (id) on delete cascade,
  next_slot_at timestamptz not null default '-infinity',
  resting_until timestamptz not null default '-infinity',
  resting_reason text,
  blocked_regions text[] not null default '{}',
  regions_released_at timestamptz not null default '-infinity'
) with (fillfactor = 50);
comment on table private.org_pace is
  'The clock of an organisation: the time of its next slot under its own mps, and until when its account rests (Twilio error '
  '63038).';
comment on column private.org_pace.blocked_regions is
  'Regions that the account may not text (Twilio error 21408): private.phone_region. Their people wait.';
comment on column private.org_pace.regions_released_at is
  'When a person last had the blocked regions tried again. Refusals of earlier attempts block nothing.';

alter table private.org_pace enable row level security;
