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

alter table private.default_templates enable row level security;
