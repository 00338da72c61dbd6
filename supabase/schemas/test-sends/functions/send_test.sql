create function private.test_values(p_values jsonb)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
declare
  v_part record;
  v_name text;
  v_values jsonb := '{}';
begin
  perform private.check_shape(p_values, '{"type": "object", "properties": {}, "maxProperties": 50, "propertyNames": '
    '{"maxLength": 60}, "additionalProperties": {"type": "string", "maxLength": 500, "format": "line"}}', 'values');
  for v_part in select e.key, e.value from jsonb_each(p_values) e loop
    select v.name into v_name from private.template_variables v
    where regexp_replace(lower(v_part.key), '[[:space:]_-]+', '', 'g') = any (v.spellings);
    if v_name is null then
      perform private.refuse_field('values.' || left(v_part.key, 60), format('{%s} is not a variable. Use one of these: %s.',
        left(v_part.key, 60), (select string_agg(v.name, ', ' order by v.name) from private.template_variables v)));
    end if;
    v_values := v_values || jsonb_build_object(v_name, v_part.value);
  end loop;
  return v_values;
end;
$$;
comment on function private.test_values(jsonb) is
  'Values by any spelling of a variable, keyed by the variable''s own name. Raises PT422 for what is no variable or no line.';

create function private.send_test(p_template_id uuid, p_to text, p_lead_id uuid, p_values jsonb, p_now timestamptz default now())
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_template public.templates := private.own_template(p_template_id);
  v_message public.messages;
  v_first public.messages;
  v_missing text[];
  v_confirmed_at timestamptz;
begin
  select p.confirmed_at into v_confirmed_at from public.test_phones p where p.org_id = v_template.org_id and p.e164 = p_to;
  if not found then
    perform private.refuse_field('to', 'to must be a test phone. Add the phone, and confirm it by the code it gets.');
  elsif v_confirmed_at is null then
    perform private.raise_error('PT409', 'invalid_state', 'This test phone is not confirmed. Confirm it by the code it got.',
      '{"field": "to"}');
  elsif p_lead_id is not null and not exists (
    select from public.leads l where l.org_id = v_template.org_id and l.id = p_lead_id and l.deleted_at is null)
  then
    perform private.raise_error('PT404', 'not_found', 'There is no lead with this id.', jsonb_build_object('lead_id', p_lead_id));
  end if;
  v_message.org_id := v_template.org_id;
  v_message.kind := 'test';
  v_message.to_number := p_to;
  v_message.template_id := p_template_id;
  v_message.template_version := v_template.version;
  v_message.language := v_template.language;
  v_message.charged_segments := v_template.worst_segments;
  v_message.variables := jsonb_strip_nulls(private.message_values(v_template.org_id, p_lead_id, p_to, v_template.category,
    v_template.language, p_now)) || private.test_values(coalesce(p_values, '{}'));
  v_missing := array(select r from unnest(v_template.required_variables) r
    where coalesce(private.strip(v_message.variables ->> r), '') = '');
  if v_missing <> '{}' then
    perform private.refuse_field('values', format(
      'The text needs a value of: %s. Give it in values, or choose a lead that has it.',
      array_to_string(v_missing, ', ')));
  end if;

  -- The same within a minute is a click too many.
  select * into v_first from public.messages m
  where m.org_id = v_message.org_id and m.kind = 'test' and m.created_at > p_now - interval '1 minute' and m.created_at <= p_now
    and m.to_number = p_to and m.template_id = p_template_id and m.template_version = v_message.template_version
    and m.variables = v_message.variables and m.status not in ('failed', 'canceled')
  order by m.created_at limit 1;
  if found then
    return jsonb_build_object('message_id', v_first.id, 'to', p_to, 'from', v_first.from_number, 'deduplicated', true);
  end if;
  if (select count(*) from public.messages m join public.orgs o on o.id = m.org_id
      where m.org_id = v_message.org_id and m.kind = 'test' and m.status <> 'canceled'
        and m.created_at > p_now - interval '2 days'
        and (m.created_at at time zone o.time_zone)::date = (p_now at time zone o.time_zone)::date) >= 10
  then
    perform private.raise_error('PT429', 'rate_limited', 'Ten tests a day may be sent, and they were. Try again tomorrow.',
      '{"most": 10}');
  end if;
  v_message.id := private.queue_test(v_message, p_now);
  perform private.note_template(v_template, 'test_sent', jsonb_build_object('message_id', v_message.id));
  return jsonb_build_object('message_id', v_message.id, 'to', p_to, 'from',
    (select m.from_number from public.messages m where m.id = v_message.id), 'deduplicated', false);
end;
$$;
comment on function private.send_test(uuid, text, uuid, jsonb, timestamptz) is
  'Sends a template to a confirmed test phone, with the values of a lead (null: none) and p_values, which win over them. Returns '
  'message_id, to, from, and whether it is the one that was asked for within the last minute. Needs campaign_manager. Raises '
  'PT403, PT404; PT409 for a phone that is not confirmed, and as private.queue_test; PT422 for no test phone, unknown variables '
  'and missing values; PT429 for more than ten a day. Security definer: users may not write messages.';
grant execute on function private.send_test(uuid, text, uuid, jsonb, timestamptz) to authenticated;

create function public.send_test(p_template_id uuid, p_to text, p_lead_id uuid default null, p_values jsonb default '{}')
  returns jsonb language sql set search_path = ''
  as $$ select private.send_test(p_template_id, p_to, p_lead_id, p_values); $$;
comment on function public.send_test(uuid, text, uuid, jsonb) is
  'Calls the private function of the same name, which checks role and organisation, with the current time.';
grant execute on function public.send_test(uuid, text, uuid, jsonb) to authenticated;
