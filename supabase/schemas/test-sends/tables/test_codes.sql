create table private.test_codes (
  test_phone_id uuid primary key references public.test_phones (id) on delete cascade,
  code_hash bytea not null,
  sent_at timestamptz not null,
  tries smallint not null default 0
);
comment on table private.test_codes is
  'The code that was sent to a test phone last, as a hash, and how often a wrong one was given. No user reads it: whoever could '
  'would not have to have the phone.';

alter table private.test_codes enable row level security;
