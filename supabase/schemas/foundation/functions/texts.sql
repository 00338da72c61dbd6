create function private.like_pattern(p_word text)
returns text
language sql
immutable
set search_path = ''
as $$
  select case when length(p_word) < 3 then '% ' else '%' end || regexp_replace(p_word, '([\\%_])', '\\\1', 'g') || '%';
$$;
comment on function private.like_pattern(text) is
  'A LIKE pattern that finds the word anywhere in a text. A word of fewer than 3 characters is too short for trigrams, and is '
  'found only at the beginning of a word.';

create function private.one_line(p_text text)
returns text
language sql
immutable
set search_path = ''
as $$
  select btrim(regexp_replace(p_text, '[[:space:]\u0001-\u001f\u007f-\u009f\u2028\u2029]+', ' ', 'g'));
$$;
comment on function private.one_line(text) is
  'A text as one line: each run of white space, line breaks and other control characters becomes one blank.';

create function private.trim_texts(p_input jsonb)
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select p_input || coalesce(jsonb_object_agg(e.key, nullif(trim(e.value #>> '{}'), '')), '{}')
  from jsonb_each(p_input) e where jsonb_typeof(e.value) = 'string';
$$;
comment on function private.trim_texts(jsonb) is 'An object with its texts trimmed; an empty text becomes null.';
