create table private.template_usage (
  template_id uuid primary key references public.templates (id) on delete cascade,
  uses bigint not null default 0,
  last_used_at timestamptz
) with (fillfactor = 50);
comment on table private.template_usage is
  'How often a template was planned: rotation takes the one used least. Narrow, because it changes with every batch.';

alter table private.template_usage enable row level security;
