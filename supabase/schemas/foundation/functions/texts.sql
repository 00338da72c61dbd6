create function private.like_pattern(p_word text)
returns text
language sql
immutable
set search_path = ''
as $$
  select case when length(p_word) < 3 then '% ' else '%' end || regexp_replace(p_word, '([\\%_])', '\\\1', 'g') || '%';
$$;
comment on function private.like_pattern(text) is
  'A like-pattern that finds the word anywhere, or at the beginning of a word where it is too short for trigrams.';

create function private.one_line(p_text text)
returns text
language sql
immutable
set search_path = ''
as $$
  select btrim(regexp_replace(p_text, '[[:space:]\u0001-\u001f\u007f-\u009f\u2028\u2029]+', ' ', 'g'));
$$;
comment on function private.one_line(text) is
  'A text as one line: runs of blanks, line breaks and other control characters become one blank.';

create function private.trim_texts(p_input jsonb)
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select coalesce(jsonb_object_agg(e.key, case jsonb_typeof(e.value)
    when 'string' then to_jsonb(nullif(trim(e.value #>> '{}'), '')) else e.value end), '{}')
  from jsonb_each(p_input) e;
$$;
comment on function private.trim_texts(jsonb) is 'An object with its texts trimmed; an empty one is null.';
