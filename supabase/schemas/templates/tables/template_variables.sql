create table private.template_variables (
  name text primary key,
  spellings text[] not null,
  scope text not null check (scope in ('lead', 'org', 'send')),
  charset text not null check (charset in ('any', 'gsm')),
  max_length smallint not null,
  fallback_es text,
  fallback_en text
);
comment on table private.template_variables is
  'The variables of templates. spellings: the names under which they are known, in lower case without blanks, hyphens and '
  'underscores. max_length: the longest value in a text. charset: whether a value can have a letter outside GSM-7. The fallbacks '
  'are used if the value is missing and the text gives none; without one, the text is not sent to that lead.';

alter table private.template_variables enable row level security;
