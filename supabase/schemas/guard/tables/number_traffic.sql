create table private.number_traffic (
  phone_number_id uuid not null references public.phone_numbers (id) on delete cascade,
  bin timestamptz not null,
  sent integer not null,
  primary key (phone_number_id, bin)
) with (fillfactor = 50);
comment on table private.number_traffic is
  'Messages of a number that Twilio accepted, for each five minutes of the last day. The circuit breaker compares filtered '
  'messages with them.';
create index number_traffic_bin_idx on private.number_traffic (bin);

alter table private.number_traffic enable row level security;
