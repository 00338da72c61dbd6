-- Platform data that every deployment has: Twilio's error codes by class, and the templates a new organisation begins with.

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
  'Twilio error codes as data: permanent marks the phone, opt_out suppresses, transient is retried, account and campaign pause, sender scores the number, bug is ours.';

create table private.default_templates (
  key text primary key,
  category text not null,
  language text not null,
  name text not null,
  content text not null,
  variables text[] not null,
  required_variables text[] not null,
  encoding text not null,
  worst_segments smallint not null
);
comment on table private.default_templates is 'The templates a new organisation begins with.';

alter table private.error_classes enable row level security;
alter table private.default_templates enable row level security;
