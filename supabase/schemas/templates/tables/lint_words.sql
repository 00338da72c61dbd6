create table private.lint_words (
  kind text not null check (kind in ('forbidden', 'doubtful', 'shortener', 'spam', 'spanish', 'english')),
  word text not null,
  primary key (kind, word)
);
comment on table private.lint_words is
  'What the check of texts looks for: words that carriers forbid or may filter, hosts of link shorteners, patterns of spam, and '
  'the commonest words of each language. Words are in capitals without accents.';

alter table private.lint_words enable row level security;
