create table private.assignment_turns (
  org_id uuid primary key references public.orgs (id) on delete cascade,
  last_user_id uuid
);
comment on table private.assignment_turns is
  'Who got a conversation last, by the rule round_robin. Every automatic assignment of an organisation locks this row, so that '
  'two at once do not choose the same person.';

alter table private.assignment_turns enable row level security;
