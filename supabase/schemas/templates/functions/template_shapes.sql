-- The shapes of what users write about templates.

create function private.template_categories()
returns text[]
language sql
immutable
set search_path = ''
as $$ select '{initial,followup,nurture,closing,support,custom,help,stop}'::text[]; $$;
comment on function private.template_categories() is 'The categories of templates.';

create function private.template_fields()
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select jsonb_build_object(
    -- White space at the ends and long forms of variables go, so a text may be longer before it is read.
    'content', '{"type": "string", "maxLength": 4000}'::jsonb,
    'category', private.word_shape(variadic private.template_categories()),
    'language', private.word_shape('es', 'en'));
$$;
comment on function private.template_fields() is 'The shapes of a template''s content, category and language.';

create function private.template_text_shape()
returns jsonb
language sql
immutable
set search_path = ''
as $$ select private.object_shape(private.template_fields(), '{content,category,language}'); $$;
comment on function private.template_text_shape() is 'The shape of a text to be judged.';

create function private.new_template_shape()
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select private.object_shape(private.template_fields() || jsonb_build_object(
    'name', private.line_shape(200), 'is_active', '{"type": "boolean"}'::jsonb), '{name,content,category,language}');
$$;
comment on function private.new_template_shape() is 'The shape of a new template.';

create function private.template_changes_shape()
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select private.object_shape(private.new_template_shape() -> 'properties' || jsonb_build_object(
    'expected_version', '{"type": "integer", "minimum": 1, "maximum": 1000000000}'::jsonb));
$$;
comment on function private.template_changes_shape() is
  'The shape of changes to a template. expected_version: the version that the caller has seen.';
