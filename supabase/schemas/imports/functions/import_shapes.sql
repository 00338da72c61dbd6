create function private.import_columns_shape()
returns jsonb
language sql
immutable
set search_path = ''
as $$
  -- A column's name has at most 200 characters of the file, plus a number if another column has the same name.
  select private.list_shape(private.text_shape(210, 1), 500, 1) || '{"maxBytes": 131072}';
$$;
comment on function private.import_columns_shape() is 'The shape of the names of a file''s columns.';

create function private.import_file_shape()
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select private.object_shape(jsonb_build_object(
    'file_name', private.text_shape(300, 1),
    'file_bytes', '{"type": "integer", "minimum": 1, "maximum": 104857600}'::jsonb,
    'content_hash',
      '{"type": "string", "pattern": "^[0-9a-f]{64}$", "maxLength": 64,
        "description": "SHA-256 of the file in hexadecimal."}'::jsonb,
    'encoding', private.word_shape('utf-8', 'utf-16le', 'utf-16be', 'windows-1252', 'macintosh'),
    'delimiter', '{"type": "string", "minLength": 1, "maxLength": 1, "pattern": "[^\"\n\r]", "description": "one character, and '
      'no quotation mark."}'::jsonb,
    'columns', private.import_columns_shape(),
    'next_byte', '{"type": "integer", "minimum": 0, "maximum": 104857600}'::jsonb,
    'next_line', '{"type": "integer", "minimum": 1, "maximum": 104857600}'::jsonb),
    '{file_name,file_bytes,content_hash,encoding,delimiter,columns,next_byte,next_line}');
$$;
comment on function private.import_file_shape() is 'The shape of the description of a file that is to be imported.';

create function private.import_mapping_shape()
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select jsonb_build_object(
    'type', 'object', 'maxBytes', 131072, 'maxProperties', 500, 'properties', '{}'::jsonb, 'propertyNames',
      private.text_shape(210, 1),
    'additionalProperties', private.word_shape(
      'first_name', 'last_name', 'full_name', 'primary_phone', 'secondary_phone', 'alternate_phone', 'other_phone',
      'primary_phone_type', 'secondary_phone_type', 'alternate_phone_type',
      'primary_phone_dnc', 'secondary_phone_dnc', 'alternate_phone_dnc', 'other_phone_dnc', 'phone_dnc',
      'primary_phone_consent', 'secondary_phone_consent', 'alternate_phone_consent', 'other_phone_consent', 'phone_consent',
      'primary_phone_status', 'secondary_phone_status', 'alternate_phone_status', 'other_phone_status', 'phone_status',
      'email', 'address1', 'address2', 'city', 'state', 'postal_code', 'city_state_zip', 'country', 'county', 'language',
      'status', 'lead_score', 'consent_status', 'source', 'notes', 'tags', 'apn', 'situs', 'property_state',
      'property_city_state_zip', 'property_type', 'acreage', 'estimated_value', 'custom_field', 'ignore'));
$$;
comment on function private.import_mapping_shape() is
  'The shape of a mapping, {column: field}. The fields are those of _shared/csv/import-fields.ts.';

create function private.import_options_shape()
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select private.object_shape(jsonb_build_object(
    'merge_strategy', private.word_shape('skip', 'update', 'fill', 'add_phones', 'create'),
    'allow_repeat', '{"type": "boolean"}'::jsonb,
    'keep_case', '{"type": "boolean"}'::jsonb,
    'auto_tags', private.object_shape(jsonb_build_object(
      'time', '{"type": "boolean"}'::jsonb, 'geographic', '{"type": "boolean"}'::jsonb, 'property', '{"type": "boolean"}'::jsonb,
      'upload_date', private.null_or('{"type": "string", "maxLength": 40, "pattern": '
        '"^(19|20|21)[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])($|T)", "description": "a date, like 2026-01-31."}')))));
$$;
comment on function private.import_options_shape() is
  'The shape of an import''s options. The options of a saved mapping have tags in addition, but not allow_repeat.';
