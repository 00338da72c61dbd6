create table private.template_usage (
  template_id uuid primary key references public.templates (id) on delete cascade,
  uses bigint not null default 0,
  last_used_at timestamptz
) with (fillfactor = 50);
comment on table private.template_usage is
  'How often a template was planned: rotation chooses the one used least. A narrow row, because it changes with every batch.';

alter table private.template_usage enable row level security;
