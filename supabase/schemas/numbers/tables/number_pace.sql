create table private.number_pace (
  phone_number_id uuid primary key references public.phone_numbers (id) on delete cascade,
  next_slot_at timestamptz not null default '-infinity',
  resting_until timestamptz not null default '-infinity',
  resting_reason text
) with (fillfactor = 50);
comment on table private.number_pace is
  'The clock of a number: the time of its next slot, and until when it rests (Twilio error 21611). A narrow row, because it '
  'changes with every batch.';

alter table private.number_pace enable row level security;
