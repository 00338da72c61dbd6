create table private.error_classes (
  code integer primary key,
  class text not null check (class in ('permanent', 'opt_out', 'transient', 'account', 'campaign', 'sender', 'bug', 'unknown')),
  action text not null,
  retry_after interval,
  max_attempts smallint,
  never_handed_to_carrier boolean not null default false,
  note text not null
);
comment on table private.error_classes is
  'Twilio error codes as data: permanent marks the phone, opt_out suppresses it, transient is retried, account and campaign '
  'pause, sender affects the number, bug is our own error.';

alter table private.error_classes enable row level security;
