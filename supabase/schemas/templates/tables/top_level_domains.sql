create table private.top_level_domains (
  name text collate "C" primary key check (name = lower(name) and name <> '')
);
comment on table private.top_level_domains is
  'IANA''s list of top-level domains, those in other scripts in both spellings: phones make a link of a name under any of them.';

alter table private.top_level_domains enable row level security;
