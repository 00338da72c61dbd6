create table private.rotation_turns (
  campaign_id uuid primary key references public.campaigns (id) on delete cascade,
  org_id uuid not null,
  look_at timestamptz,
  counted_to timestamptz not null
) with (fillfactor = 50);
comment on table private.rotation_turns is
  'When a campaign with rotation thompson is looked at next (null: not any more), and up to when its messages are counted.';
create index rotation_turns_look_idx on private.rotation_turns (look_at) where look_at is not null;

alter table private.rotation_turns enable row level security;
