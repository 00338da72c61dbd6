create table private.work_turns (
  queue text not null,
  org_id uuid not null references public.orgs (id) on delete cascade,
  began double precision not null,
  ends double precision not null,
  primary key (queue, org_id)
) with (fillfactor = 50);
comment on table private.work_turns is
  'Turns of organisations at a queue (builds, imports, jobs, file_removals, lookups, enrichments), in seconds of the queue''s '
  'own clock: where an organisation''s last turn began, and where it ends according to the time that its work took. The '
  'organisation whose turn ends first is next.';
create index work_turns_org_idx on private.work_turns (org_id);
create index work_turns_began_idx on private.work_turns (queue, began);

alter table private.work_turns enable row level security;
