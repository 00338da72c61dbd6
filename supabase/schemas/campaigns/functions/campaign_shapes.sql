-- The shapes of a campaign. Each is defined once: creating, changing and using a campaign check the same shape.

create function private.criteria_shape()
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select jsonb_build_object('type', 'object', 'maxBytes', 1000000, 'properties', jsonb_build_object(
    'lead_ids', '{"type": "array", "maxItems": 10000, "items": {"type": "string", "format": "uuid"}}'::jsonb,
    'tags', w.words, 'counties', w.words,
    'states', '{"type": "array", "maxItems": 60, "items": {"type": "string", "pattern": "^[A-Za-z]{2}$", "description": "the '
      'postal abbreviation of a state, such as TX."}}'::jsonb,
    'statuses', private.lead_filter_shape() #> '{properties,statuses}',
    'import_id', '{"type": "string", "format": "uuid"}'::jsonb,
    'segment_ids', '{"type": "array", "maxItems": 20, "items": {"type": "string", "format": "uuid"}}'::jsonb,
    'never_contacted', '{"type": "boolean"}'::jsonb,
    'exclude_campaign_ids', '{"type": "array", "maxItems": 20, "items": {"type": "string", "format": "uuid"}}'::jsonb,
    'failed_in_campaign_id', '{"type": "string", "format": "uuid"}'::jsonb,
    'unanswered_campaign_id', '{"type": "string", "format": "uuid"}'::jsonb))
  from (select jsonb_build_object('type', 'array', 'maxItems', 1000, 'items', private.line_shape(200)) as words) w;
$$;
comment on function private.criteria_shape() is
  'The shape of a campaign''s target_criteria without their filter, which private.lead_condition checks.';

create function private.campaign_shape()
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select jsonb_build_object('type', 'object', 'maxBytes', 1500000, 'properties', jsonb_build_object(
    'name', private.line_shape(200),
    'description', '{"type": ["string", "null"], "maxLength": 2000}'::jsonb,
    'template_category', '{"type": "string", "enum": ["initial", "followup"]}'::jsonb,
    'template_ids', i.ids,
    'template_weights', '{"type": "object", "maxProperties": 200, "propertyNames": {"format": "uuid"}, "additionalProperties": '
      '{"type": "integer", "minimum": 1, "maximum": 1000}}'::jsonb,
    'variants', jsonb_build_object('type', 'array', 'minItems', 2, 'maxItems', 10, 'items', jsonb_build_object(
      'type', 'object', 'required', '["name", "share", "template_ids"]'::jsonb, 'properties', jsonb_build_object(
        'name', private.line_shape(40), 'share', '{"type": "integer", "minimum": 1, "maximum": 1000}'::jsonb, 'template_ids',
          i.ids))),
    'steps', private.steps_shape(),
    'phone_number_ids', '{"type": "array", "maxItems": 400, "items": {"type": "string", "format": "uuid"}}'::jsonb,
    -- Only private.check_criteria reads what is in them.
    'target_criteria', '{"type": "object", "properties": {}}'::jsonb,
    'phones', '{"type": "string", "enum": ["primary", "all"]}'::jsonb,
    'mps', '{"type": ["number", "null"], "minimum": 0.001, "maximum": 1000}'::jsonb,
    'daily_cap', '{"type": ["integer", "null"], "minimum": 0, "maximum": 10000000}'::jsonb,
    'cooldown_days', '{"type": ["integer", "null"], "minimum": 0, "maximum": 3650}'::jsonb,
    'quiet_hours_override', '{"type": "boolean"}'::jsonb,
    'retry_undelivered', '{"type": "boolean"}'::jsonb,
    'rotation', private.word_shape('even', 'thompson'),
    'scheduled_at', '{"type": ["string", "null"], "format": "date-time", "description": "a time such as 2026-01-31T13:00:00Z.",
      "pattern": "T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})$"}'::jsonb))
  from (
    select '{"type": "array", "minItems": 1, "maxItems": 200, "items": {"type": "string", "format": "uuid"}}'::jsonb as ids
  ) i;
$$;
comment on function private.campaign_shape() is
  'The shape of a change to a campaign; private.new_campaign_shape is that of a new one.';

create function private.new_campaign_shape()
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select jsonb_set(jsonb_set(
    jsonb_set(private.campaign_shape(), '{properties,language}', '{"type": "string", "enum": ["es", "en"]}'),
    '{properties,test}', private.campaign_test_shape()),
    '{properties,texts}', private.list_shape(private.object_shape(
      private.template_fields() || '{"id": {"type": "string", "format": "uuid"}}', '{id,content,category,language}'), 20))
    || '{"required": ["name"]}';
$$;
comment on function private.new_campaign_shape() is
  'The shape of a new campaign: that of a change, but with name required, with the language of the templates that it uses by '
  'default, with texts, which become templates, and with the A/B test of its variants.';

create function private.check_campaign(p_org_id uuid, p_input jsonb, p_shape jsonb)
returns void
language plpgsql
stable
set search_path = ''
as $$
declare
  v_at timestamptz;
begin
  perform private.check_shape(
    case when jsonb_typeof(p_input -> 'target_criteria') = 'object' then p_input || '{"target_criteria": {}}'
      else p_input end, p_shape);
  if p_input = '{}' then
    perform private.refuse_field('input', 'Give at least one field to change.');
  end if;
  if p_input ? 'template_ids' and p_input ? 'variants' then
    perform private.refuse_field('variants', 'Give template_ids or variants, not both: each variant lists its own.');
  end if;
  if (select count(distinct trim(v ->> 'name')) < count(*) from jsonb_array_elements(p_input -> 'variants') v) then
    perform private.refuse_field('variants', 'Give each variant a name of its own.');
  end if;
  perform private.check_steps(p_input -> 'steps');
  v_at := p_input ->> 'scheduled_at';
  if not v_at between '2000-01-01Z' and '2100-01-01Z' then
    perform private.refuse_field('scheduled_at', 'scheduled_at must lie between the years 2000 and 2100.');
  end if;
  if p_input -> 'quiet_hours_override' = 'true' and not private.twilio_is_loopback() then
    perform private.refuse_field('quiet_hours_override',
      'Leave quiet_hours_override out: it is allowed only while Twilio is a simulator on this machine.');
  end if;
  if p_input ? 'target_criteria' then
    perform private.check_criteria(p_org_id, p_input -> 'target_criteria');
  end if;
end;
$$;
comment on function private.check_campaign(uuid, jsonb, jsonb) is
  'Checks the fields of a campaign against p_shape (new_campaign_shape or campaign_shape), and fields that depend on each other. '
  'Raises PT422 naming the field. It only reads and takes no locks, so it is called first.';
