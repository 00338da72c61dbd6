create table private.text_marks (
  org_id uuid not null references public.orgs (id) on delete cascade,
  hour timestamptz not null,
  primary key (org_id, hour)
);
comment on table private.text_marks is
  'Hours (UTC) of an organisation whose campaign messages changed since their texts were counted. Scoring numbers writes them '
  'from what it takes, so that receipts cost nothing more.';

alter table private.text_marks enable row level security;
