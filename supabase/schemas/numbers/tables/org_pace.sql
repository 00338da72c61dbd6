create table private.org_pace (
  org_id uuid primary key references public.orgs (id) on delete cascade,
  next_slot_at timestamptz not null default '-infinity',
  resting_until timestamptz not null default '-infinity',
  resting_reason text
) with (fillfactor = 50);
comment on table private.org_pace is
  'The clock of an organisation: its own mps, and until when its account rests (Twilio 63038).';

alter table private.org_pace enable row level security;
