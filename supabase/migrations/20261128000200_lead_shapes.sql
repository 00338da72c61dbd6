-- The shapes of what people send and keep about leads, in the words of private.check_shape: one for each, shared by whoever creates,
-- changes or uses such a value. _shared/leads/lead-values.ts has the same limits; a test holds the two together.

create function private.text_shape(p_most integer, p_least integer default 0)
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select jsonb_build_object('type', 'string', 'format', 'line', 'minLength', p_least, 'maxLength', p_most);
$$;
comment on function private.text_shape(integer, integer) is 'The shape of one line of text, of p_least to p_most characters.';

create function private.list_shape(p_items jsonb, p_most integer, p_least integer default 0)
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select jsonb_build_object('type', 'array', 'minItems', p_least, 'maxItems', p_most, 'items', p_items);
$$;
comment on function private.list_shape(jsonb, integer, integer) is 'The shape of a list of p_least to p_most values, each of the shape p_items.';

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
comment on function private.word_shape(text[]) is 'The shape of a text that is one of these words.';

create function private.object_shape(p_properties jsonb, p_required text[] default '{}')
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select jsonb_build_object('type', 'object', 'properties', p_properties, 'required', to_jsonb(p_required));
$$;
comment on function private.object_shape(jsonb, text[]) is 'The shape of an object with these properties and no others.';

create function private.tags_shape(p_most integer default 50)
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select private.list_shape(
    '{"type": "string", "maxLength": 50, "pattern": "^[A-Z0-9+-]+$", "description": "a tag is made of A-Z, 0-9, + and -."}', p_most);
$$;
comment on function private.tags_shape(integer) is 'The shape of a list of tags: a lead has 50 at most.';

create function private.parcel_shape()
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select private.object_shape(jsonb_build_object(
    'apn', private.null_or(private.text_shape(100)),
    'county', private.null_or(private.text_shape(200)),
    'state', private.null_or('{"type": "string", "pattern": "^([A-Z]{2})?$", "maxLength": 2, "description": "two letters, like TX."}'),
    'situs', private.null_or(private.text_shape(300)),
    'property_type', private.null_or(private.text_shape(100)),
    'acreage', private.null_or('{"type": "number", "minimum": 0, "maximum": 99999999}'),
    'estimated_value', private.null_or('{"type": "number", "minimum": 0, "maximum": 999999999999}')));
$$;
comment on function private.parcel_shape() is 'The shape of a parcel as people write it: acreage in acres, estimated_value in US dollars.';

create function private.custom_fields_shape()
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select jsonb_build_object(
    'type', 'object', 'maxBytes', 32768, 'maxProperties', 500, 'properties', '{}'::jsonb,
    'propertyNames', private.text_shape(210, 1),
    'additionalProperties',
      '{"type": ["string", "number", "boolean", "null"], "maxLength": 10000, "minimum": -1e15, "maximum": 1e15}'::jsonb);
$$;
comment on function private.custom_fields_shape() is 'The shape of a lead''s custom fields: names, each with a text, a number, true, false or null.';

create function private.lead_shape()
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select private.object_shape(jsonb_build_object(
    'first_name', private.null_or(private.text_shape(200)),
    'last_name', private.null_or(private.text_shape(200)),
    'language', private.null_or(private.word_shape('es', 'en')),
    'email', private.null_or(private.text_shape(320) ||
      '{"pattern": "^([^[:space:]@,;]+@[^[:space:]@,;]+[.][^[:space:]@,;]{2,})?$", "description": "an e-mail address, like ana@example.com."}'),
    'address1', private.null_or(private.text_shape(300)),
    'address2', private.null_or(private.text_shape(300)),
    'city', private.null_or(private.text_shape(200)),
    'state', private.parcel_shape() #> '{properties,state}',
    'postal_code', private.null_or(private.text_shape(20)),
    'county', private.null_or(private.text_shape(200)),
    'status', private.word_shape('new', 'contacted', 'interested', 'not_interested', 'do_not_contact'),
    'lead_score', private.word_shape('cold', 'warm', 'hot'),
    'consent_status', private.word_shape('unknown', 'granted', 'denied'),
    'source', private.null_or(private.text_shape(200)),
    'notes', private.null_or('{"type": "string", "maxLength": 10000}'),
    'tags', private.tags_shape(),
    'custom_fields', private.custom_fields_shape(),
    'primary_phone', private.null_or(private.text_shape(100)),
    'secondary_phone', private.null_or(private.text_shape(100)),
    'alternate_phone', private.null_or(private.text_shape(100)),
    'properties', private.list_shape(private.parcel_shape(), 100)))
  || '{"maxBytes": 1000000}';
$$;
comment on function private.lead_shape() is 'The shape of a lead as people create and change it: an empty text empties a field. Phones must be E.164 besides, which private.write_lead_phones asks for.';

create function private.lead_phone_shape()
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select private.object_shape(jsonb_build_object(
    'label', private.null_or(private.text_shape(100)),
    'consent_status', private.word_shape('unknown', 'granted', 'denied'),
    'consent_evidence', '{"type": "string", "maxLength": 4000}'::jsonb,
    'is_valid', '{"type": "boolean"}'::jsonb,
    'invalid_reason', private.text_shape(200),
    'line_type', private.null_or(private.word_shape('mobile', 'landline', 'voip', 'toll_free', 'other'))));
$$;
comment on function private.lead_phone_shape() is 'The shape of changes of one phone of a lead.';

create function private.range_shape(p_value jsonb)
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select private.object_shape(jsonb_build_object('from', p_value, 'to', p_value));
$$;
comment on function private.range_shape(jsonb) is 'The shape of {from, to}, either of which may be left out.';

create function private.lead_filter_shape()
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select private.object_shape(
    -- One line, and not of blanks alone, which would ask nothing.
    (select jsonb_object_agg(f.name, private.list_shape(private.text_shape(200, 1)
        || '{"pattern": "[^[:space:]]", "description": "some text."}', 1000))
      from unnest(array['counties', 'states', 'cities', 'zips', 'sources', 'property_types']) f (name))
    || jsonb_build_object(
      'search', '{"type": "string", "maxLength": 200}'::jsonb,
      'ids', private.ids_shape(10000),
      'tags', private.object_shape((
        -- Each is compared with each tag of a lead.
        select jsonb_object_agg(t.name, private.list_shape(private.text_shape(200, 1)
          || '{"pattern": "[^[:space:]]", "description": "some text."}', 100)) from unnest(array['any', 'all', 'none']) t (name))),
      'statuses', private.list_shape(private.lead_shape() #> '{properties,status}', 5),
      'scores', private.list_shape(private.lead_shape() #> '{properties,lead_score}', 3),
      'consent', private.list_shape(private.lead_shape() #> '{properties,consent_status}', 3),
      'languages', private.list_shape(private.word_shape('es', 'en'), 2),
      'acreage', private.range_shape('{"type": "number", "minimum": -1e15, "maximum": 1e15}'),
      'estimated_value', private.range_shape('{"type": "number", "minimum": -1e15, "maximum": 1e15}'),
      'line_types', private.list_shape(private.word_shape('mobile', 'landline', 'voip', 'toll_free', 'other', 'not_looked_up'), 6),
      'import_ids', private.ids_shape(100),
      'segment_ids', private.ids_shape(20),
      'campaign_ids', private.ids_shape(100),
      'contacted', private.word_shape('never', 'ever'),
      'not_contacted_days', '{"type": "integer", "minimum": 1, "maximum": 9999}'::jsonb,
      'replied', '{"type": "boolean"}'::jsonb,
      'created', private.range_shape(
        '{"type": "string", "format": "date-time", "maxLength": 40, "pattern": "^(19|20|21)", "description": "a time of the years 1900 to 2199, like 2026-01-31T15:00:00Z."}'),
      'custom_fields', jsonb_build_object(
        'type', 'object', 'maxProperties', 20, 'properties', '{}'::jsonb, 'propertyNames', private.text_shape(210, 1),
        'additionalProperties', jsonb_build_object(
          'type', '["string", "number", "boolean", "array"]'::jsonb, 'maxLength', 1000, 'minimum', -1e15, 'maximum', 1e15, 'maxItems', 100,
          'items', '{"type": ["string", "number", "boolean"], "maxLength": 1000, "minimum": -1e15, "maximum": 1e15}'::jsonb)),
      'deleted', '{"type": "boolean"}'::jsonb))
  || '{"maxBytes": 1000000}';
$$;
comment on function private.lead_filter_shape() is 'The shape of a filter of leads, as private.lead_condition reads it.';

create function private.segment_shape()
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select private.object_shape(jsonb_build_object(
    'kind', private.word_shape('filter', 'list'),
    'name', private.text_shape(200, 1),
    'description', private.null_or('{"type": "string", "maxLength": 2000}'),
    -- No segment names another: then none can name itself, however far round.
    'filter', private.lead_filter_shape() #- '{properties,segment_ids}' #- '{properties,deleted}',
    'lead_ids', private.ids_shape(10000)));
$$;
comment on function private.segment_shape() is 'The shape of a segment as people create it, of kind filter with a filter, of kind list with lead_ids.';

create function private.export_options_shape()
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select private.object_shape(jsonb_build_object(
    'format', private.word_shape('csv', 'xlsx'),
    'rows_per', private.word_shape('lead', 'parcel'),
    'columns', private.null_or(private.list_shape(private.word_shape(
      'first_name', 'last_name',
      'primary_phone', 'primary_phone_type', 'primary_phone_consent', 'primary_phone_valid', 'primary_phone_carrier',
      'secondary_phone', 'secondary_phone_type', 'secondary_phone_consent', 'secondary_phone_valid', 'secondary_phone_carrier',
      'alternate_phone', 'alternate_phone_type', 'alternate_phone_consent', 'alternate_phone_valid', 'alternate_phone_carrier',
      'email', 'address1', 'address2', 'city', 'state', 'zip_code', 'county', 'language', 'status', 'lead_score', 'consent_status',
      'source', 'tags', 'notes', 'apn', 'situs', 'property_state', 'property_type', 'acreage', 'estimated_value', 'parcel_county',
      'parcel_count', 'lead_id', 'lead_created_at', 'lead_updated_at'), 42, 1))), '{format,rows_per}');
$$;
comment on function private.export_options_shape() is 'The shape of what is asked of an export besides its filter: format, rows_per, columns (null: all). The names are those of _shared/leads/export-columns.ts.';

create function private.bulk_action_shape()
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select private.object_shape(jsonb_build_object(
    'action', private.word_shape('add_tags', 'remove_tags', 'set_status', 'set_score', 'set_source', 'add_to_segment',
      'remove_from_segment', 'delete', 'restore'),
    -- What suits the action private.check_bulk_value says.
    'value', private.text_shape(1000) || jsonb_build_object('type', '["string", "array", "null"]'::jsonb, 'maxItems', 50, 'items', private.text_shape(50)),
    'filter', private.lead_filter_shape(),
    'dry_run', '{"type": "boolean"}'::jsonb), '{action,filter}');
$$;
comment on function private.bulk_action_shape() is 'The shape of a bulk action as people ask for it: action, value, filter, dry_run.';

create function private.import_columns_shape()
returns jsonb
language sql
immutable
set search_path = ''
as $$
  -- A column's name is 200 characters of the file at most, and a number where another has the same name.
  select private.list_shape(private.text_shape(210, 1), 500, 1) || '{"maxBytes": 524288}';
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
    'content_hash', '{"type": "string", "pattern": "^[0-9a-f]{64}$", "maxLength": 64, "description": "SHA-256 of the file in hexadecimal."}'::jsonb,
    'encoding', private.word_shape('utf-8', 'utf-16le', 'utf-16be', 'windows-1252'),
    'delimiter', '{"type": "string", "minLength": 1, "maxLength": 1, "pattern": "[^\"\n\r]", "description": "one character, and no quotation mark."}'::jsonb,
    'columns', private.import_columns_shape(),
    'next_byte', '{"type": "integer", "minimum": 0, "maximum": 104857600}'::jsonb,
    'next_line', '{"type": "integer", "minimum": 1, "maximum": 104857600}'::jsonb),
    '{file_name,file_bytes,content_hash,encoding,delimiter,columns,next_byte,next_line}');
$$;
comment on function private.import_file_shape() is 'The shape of what is known of a file that is to be imported.';

create function private.import_mapping_shape()
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select jsonb_build_object(
    'type', 'object', 'maxBytes', 262144, 'maxProperties', 500, 'properties', '{}'::jsonb, 'propertyNames', private.text_shape(210, 1),
    'additionalProperties', private.word_shape(
      'first_name', 'last_name', 'full_name', 'primary_phone', 'secondary_phone', 'alternate_phone', 'other_phone',
      'primary_phone_type', 'secondary_phone_type', 'alternate_phone_type',
      'primary_phone_dnc', 'secondary_phone_dnc', 'alternate_phone_dnc', 'other_phone_dnc', 'phone_dnc',
      'email', 'address1', 'address2', 'city', 'state', 'postal_code', 'county', 'language', 'status', 'lead_score', 'consent_status',
      'source', 'notes', 'tags', 'apn', 'situs', 'property_state', 'property_type', 'acreage', 'estimated_value', 'custom_field', 'ignore'));
$$;
comment on function private.import_mapping_shape() is 'The shape of a mapping, {column: field}. The fields are those of _shared/csv/import-fields.ts.';

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
      'upload_date', private.null_or('{"type": "string", "maxLength": 40, "pattern": "^(19|20|21)[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])($|T)", "description": "a date, like 2026-01-31."}')))));
$$;
comment on function private.import_options_shape() is 'The shape of an import''s options. A saved mapping has the same, with tags and without allow_repeat.';
