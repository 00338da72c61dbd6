create table private.test_turns (
  campaign_id uuid primary key references public.campaigns (id) on delete cascade,
  org_id uuid not null,
  look_at timestamptz,
  as_of timestamptz,
  counted_to bigint not null default 0,
  counts jsonb not null default '[]',
  move_at timestamptz,
  moved_to bigint not null default 0,
  moved integer not null default 0,
  moved_in_pass integer not null default 0,
  since timestamptz
) with (fillfactor = 50);
comment on table private.test_turns is
  'What an A/B test has to do next, and how far it is: counting for a look, and giving people their variant. Both go through the '
  'targets in the order of their ordinals, in parts, and go on where they stopped.';
comment on column private.test_turns.look_at is 'When the next look is due; null if there is none.';
comment on column private.test_turns.as_of is 'The time of the look that is being counted; null between looks.';
comment on column private.test_turns.move_at is
  'When the next part of moving people to their variant is due; null if all are moved.';
comment on column private.test_turns.since is 'When moving began: a message that was planned before may still be given back.';
create index test_turns_look_idx on private.test_turns (look_at) where look_at is not null;
create index test_turns_move_idx on private.test_turns (move_at) where move_at is not null;

alter table private.test_turns enable row level security;
