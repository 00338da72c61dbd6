-- The shapes of values about leads that people send and that are stored, for private.check_shape. Each is defined once and shared
-- by the functions that create, change or use such a value. _shared/leads/lead-values.ts has the same limits; a test compares the
-- two.

create function private.tags_shape(p_most integer default 50)
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select private.list_shape(
    '{"type": "string", "maxLength": 50, "pattern": "^[A-Z0-9+-]+$", "description": "a tag is made of A-Z, 0-9, + and -."}',
      p_most);
$$;
comment on function private.tags_shape(integer) is 'The shape of a list of p_most tags at most; a lead has at most 50.';

create function private.parcel_shape()
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select private.object_shape(jsonb_build_object(
    'apn', private.null_or(private.text_shape(100)),
    'county', private.null_or(private.text_shape(200)),
    'state', private.null_or('{"type": "string", "pattern": "^([A-Z]{2})?$", "maxLength": 2, "description": "two letters, like '
      'TX."}'),
    'situs', private.null_or(private.text_shape(300)),
    'property_type', private.null_or(private.text_shape(100)),
    'acreage', private.null_or('{"type": "number", "minimum": 0, "maximum": 99999999}'),
    'estimated_value', private.null_or('{"type": "number", "minimum": 0, "maximum": 999999999999}')));
$$;
comment on function private.parcel_shape() is
  'The shape of a parcel as people write it: acreage in acres, estimated_value in US dollars.';

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
comment on function private.custom_fields_shape() is
  'The shape of a lead''s custom fields: an object whose values are texts, numbers, true, false or null.';

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
      '{"pattern": "^([^[:space:]@,;]+@[^[:space:]@,;]+[.][^[:space:]@,;]{2,})?$", "description": "an e-mail address, like '
      'ana@example.com."}'),
    'address1', private.null_or(private.text_shape(300)),
    'address2', private.null_or(private.text_shape(300)),
    'city', private.null_or(private.text_shape(200)),
    'state', private.parcel_shape() #> '{properties,state}',
    'postal_code', private.null_or(private.text_shape(20)),
    'county', private.null_or(private.text_shape(200)),
    'status', private.word_shape('new', 'contacted', 'interested', 'not_interested', 'qualified', 'appointment', 'contract',
      'closed', 'lost', 'do_not_contact'),
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
comment on function private.lead_shape() is
  'The shape of a lead when people create or change it; an empty text empties a field. private.write_lead_phones also checks '
  'that phones are E.164.';

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
comment on function private.lead_phone_shape() is 'The shape of a change to one phone of a lead.';

create function private.lead_filter_shape()
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select private.object_shape(
    -- A blank value is refused, because it would ask for nothing.
    (select jsonb_object_agg(f.name, private.list_shape(private.line_shape(200), 1000))
      from unnest(array['counties', 'states', 'cities', 'zips', 'sources', 'property_types']) f (name))
    || jsonb_build_object(
      'search', '{"type": "string", "maxLength": 200}'::jsonb,
      'ids', private.ids_shape(10000),
      'tags', private.object_shape((
        -- Fewer, because each is compared with each tag of a lead.
        select jsonb_object_agg(t.name, private.list_shape(private.line_shape(200), 100))
        from unnest(array['any', 'all', 'none']) t (name)) || '{"untagged": {"type": "boolean"}}'),
      'statuses', private.list_shape(private.lead_shape() #> '{properties,status}', 10),
      'scores', private.list_shape(private.lead_shape() #> '{properties,lead_score}', 3),
      'consent', private.list_shape(private.lead_shape() #> '{properties,consent_status}', 3),
      'languages', private.list_shape(private.word_shape('es', 'en'), 2),
      'acreage', private.range_shape('{"type": "number", "minimum": 0, "maximum": 1e15}'),
      'estimated_value', private.range_shape('{"type": "number", "minimum": 0, "maximum": 1e15}'),
      'line_types', private.list_shape(private.word_shape('mobile', 'landline', 'voip', 'toll_free', 'other', 'not_looked_up'),
        6),
      'import_ids', private.ids_shape(100),
      'segment_ids', private.ids_shape(20),
      'campaign_ids', private.ids_shape(100),
      'contacted', private.word_shape('never', 'ever'),
      'not_contacted_days', '{"type": "integer", "minimum": 1, "maximum": 9999}'::jsonb,
      'replied', '{"type": "boolean"}'::jsonb,
      'created', private.range_shape(
        '{"type": "string", "format": "date-time", "maxLength": 40, "description": "a time of the years 1900 to 2199, such as '
        '2026-01-31T13:00:00Z.", "pattern": "^(19|20|21)[^T]+T([01][0-9]|2[0-3])(:[0-5][0-9]){2}([.][0-9]{1,9})?'
        '(Z|[+-](0[0-9]|1[0-5]):[0-5][0-9])$"}'),
      'custom_fields', jsonb_build_object(
        'type', 'object', 'maxProperties', 20, 'properties', '{}'::jsonb, 'propertyNames', private.text_shape(210, 1),
        'additionalProperties', jsonb_build_object(
          'type', '["string", "number", "boolean", "array"]'::jsonb, 'maxLength', 1000, 'minimum', -1e15, 'maximum', 1e15,
            'maxItems', 100,
          'items', '{"type": ["string", "number", "boolean"], "maxLength": 1000, "minimum": -1e15, "maximum": 1e15}'::jsonb)),
      'deleted', '{"type": "boolean"}'::jsonb))
  || '{"maxBytes": 1000000}';
$$;
comment on function private.lead_filter_shape() is
  'The shape of a filter of leads for private.lead_condition. The TypeScript schema of filters is generated from it.';
