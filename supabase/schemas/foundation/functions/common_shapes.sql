create function private.line_shape(p_most integer)
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select jsonb_build_object('type', 'string', 'maxLength', p_most, 'format', 'line',
    'pattern', '[^\u0009-\u000d\u0020\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff]', 'description',
      'it must not be blank.');
$$;
comment on function private.line_shape(integer) is
  'The shape of one line of text that is not blank and has at most p_most characters.';

create function private.text_shape(p_most integer, p_least integer default 0)
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select jsonb_build_object('type', 'string', 'format', 'line', 'minLength', p_least, 'maxLength', p_most);
$$;
comment on function private.text_shape(integer, integer) is 'The shape of one line of text of p_least to p_most characters.';

create function private.list_shape(p_items jsonb, p_most integer, p_least integer default 0)
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select jsonb_build_object('type', 'array', 'minItems', p_least, 'maxItems', p_most, 'items', p_items);
$$;
comment on function private.list_shape(jsonb, integer, integer) is
  'The shape of a list of p_least to p_most values, each of the shape p_items.';

create function private.ids_shape(p_most integer, p_least integer default 0)
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select private.list_shape('{"type": "string", "format": "uuid"}', p_most, p_least);
$$;
comment on function private.ids_shape(integer, integer) is 'The shape of a list of p_least to p_most ids.';

create function private.word_shape(variadic p_words text[])
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select jsonb_build_object('type', 'string', 'enum', to_jsonb(p_words));
$$;
comment on function private.word_shape(text[]) is 'The shape of a text that is one of p_words.';

create function private.object_shape(p_properties jsonb, p_required text[] default '{}')
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select jsonb_build_object('type', 'object', 'properties', p_properties, 'required', to_jsonb(p_required));
$$;
comment on function private.object_shape(jsonb, text[]) is 'The shape of an object with these properties and no others.';

create function private.range_shape(p_value jsonb)
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select private.object_shape(jsonb_build_object('from', p_value, 'to', p_value));
$$;
comment on function private.range_shape(jsonb) is 'The shape of {from, to}; either may be left out.';
