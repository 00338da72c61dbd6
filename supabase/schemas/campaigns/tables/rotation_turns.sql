create table private.rotation_turns (
  campaign_id uuid primary key references public.campaigns (id) on delete cascade,
  org_id uuid not null,
  look_at timestamptz,
  counted_to timestamptz not null,
  step smallint not null default 0
) with (fillfactor = 50);
comment on table private.rotation_turns is
  'When a campaign with rotation thompson is looked at next (null: not any more), and up to when its messages are counted.';
comment on column private.rotation_turns.step is 'The last step whose shares were chosen in this look; 0: none yet.';
create index rotation_turns_look_idx on private.rotation_turns (look_at) where look_at is not null;

alter table private.rotation_turns enable row level security;
