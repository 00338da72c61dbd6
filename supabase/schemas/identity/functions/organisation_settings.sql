-- An organisation's settings are stored in two tables, but people change them as one: both tables change, or neither does.

create function private.update_organisation(p_changes jsonb)
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('admin');
  v_org public.orgs;
  v_fault text[];
  v_table record;
begin
  perform private.check_shape(p_changes, private.organisation_shape());
  if p_changes = '{}' then
    perform private.refuse_field('input', 'Give at least one setting to change.');
  end if;
  v_fault := private.reply_hours_fault(p_changes -> 'reply_hours');
  if v_fault is not null then
    perform private.refuse_field(v_fault[1], v_fault[2]);
  end if;
  select * into v_org from public.orgs o where o.id = v_org_id for no key update;
  if coalesce((p_changes ->> 'quiet_starts')::time, v_org.quiet_starts) = coalesce((p_changes ->> 'quiet_ends')::time,
    v_org.quiet_ends) then
    perform private.refuse_field('quiet_ends', 'quiet_ends must differ from quiet_starts: the day would have no hours.');
  end if;
  for v_table in
    select x.name, x.key, string_agg(format('%1$I = x.%1$I', a.attname), ', ') as assignments
    from (values ('orgs', 'id', 'public.orgs'::regclass),
      ('sending_limits', 'org_id', 'public.sending_limits'::regclass)) as x(name, key, id)
    join pg_catalog.pg_attribute a on a.attrelid = x.id and a.attnum > 0 and p_changes ? a.attname::text
    group by x.name, x.key order by x.name
  loop
    execute format('update public.%1$I t set %2$s from jsonb_populate_record(null::public.%1$I, $1) x where t.%3$I = $2',
      v_table.name, v_table.assignments, v_table.key) using p_changes, v_org_id;
  end loop;
end;
$$;
comment on function private.update_organisation(jsonb) is
  'Changes the given settings (private.organisation_shape) of the signed-in user''s organisation: columns of orgs and '
  'sending_limits. Needs admin. Raises PT403, PT422 naming the field. Security definer: users may not write every column of both '
  'tables.';
grant execute on function private.update_organisation(jsonb) to authenticated;

create function public.update_organisation(p_changes jsonb) returns void
  language sql set search_path = '' as $$ select private.update_organisation(p_changes); $$;
comment on function public.update_organisation(jsonb) is
  'Calls the private function of the same name, which checks role and organisation.';
grant execute on function public.update_organisation(jsonb) to authenticated;

create function private.org_day(p_org_id uuid, p_now timestamptz)
returns date
language sql
stable
set search_path = ''
as $$
  select (p_now at time zone o.time_zone)::date from public.orgs o where o.id = p_org_id;
$$;
comment on function private.org_day(uuid, timestamptz) is 'The date at p_now in the organisation''s time zone.';

create function private.organisation_shape()
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select jsonb_build_object('type', 'object', 'properties', jsonb_build_object(
      'name', private.line_shape(200), 'brand', private.line_shape(25)) || '{
    "support_contact": {"type": ["string", "null"], "maxLength": 100, "format": "line"},
    "language": {"type": "string", "enum": ["es", "en"]},
    "time_zone": {"type": "string", "format": "time-zone"},
    "quiet_starts": {"type": "string", "format": "time"},
    "quiet_ends": {"type": "string", "format": "time"},
    "cooldown_days": {"type": "integer", "minimum": 0, "maximum": 3650},
    "consent_policy": {"type": "string", "enum": ["not_required", "required"]},
    "mps": {"type": ["number", "null"], "minimum": 0.001, "maximum": 10000},
    "daily_cap": {"type": ["integer", "null"], "minimum": 0, "maximum": 100000000},
    "warmup_caps": {"type": "array", "minItems": 1, "maxItems": 60, "items": {"type": "integer", "minimum": 1,
      "maximum": 1000000}},
    "health_quarantine_below": {"type": "integer", "minimum": 0, "maximum": 100},
    "health_min_messages": {"type": "integer", "minimum": 10, "maximum": 100000},
    "lookup_enabled": {"type": "boolean"},
    "lookup_daily_budget": {"type": "integer", "minimum": 0, "maximum": 1000000},
    "lookup_price": {"type": "number", "minimum": 0, "maximum": 99},
    "reply_hours": {"type": ["object", "null"], "maxProperties": 8, "propertyNames": {"type": "string", "maxLength": 40},
      "additionalProperties": {"type": "array", "maxItems": 100, "items": {"type": ["object", "string"], "maxProperties": 3,
        "propertyNames": {"type": "string", "maxLength": 40}, "additionalProperties": {"type": "string", "maxLength": 20},
        "maxLength": 20}}},
    "hot_minutes": {"type": "integer", "minimum": 1, "maximum": 1440},
    "assignment": {"type": "string", "enum": ["off", "round_robin", "least_open"]},
    "max_open": {"type": "integer", "minimum": 1, "maximum": 1000},
    "return_minutes": {"type": "integer", "minimum": 0, "maximum": 1440},
    "opt_out_rate": {"type": "number", "minimum": 0, "maximum": 1},
    "opt_out_volume": {"type": "integer", "minimum": 1, "maximum": 1000000},
    "filtered_rate": {"type": "number", "minimum": 0, "maximum": 1},
    "filtered_volume": {"type": "integer", "minimum": 1, "maximum": 1000000},
    "unknown_rate": {"type": "number", "minimum": 0, "maximum": 1},
    "unknown_volume": {"type": "integer", "minimum": 1, "maximum": 1000000},
    "failed_rate": {"type": "number", "minimum": 0, "maximum": 1},
    "failed_volume": {"type": "integer", "minimum": 1, "maximum": 1000000},
    "segment_price": {"type": "number", "minimum": 0, "maximum": 99},
    "carrier_fee": {"type": "number", "minimum": 0, "maximum": 99},
    "mms_price": {"type": "number", "minimum": 0, "maximum": 99},
    "daily_spending_limit": {"type": ["number", "null"], "minimum": 0, "maximum": 9999999},
    "min_balance": {"type": ["number", "null"], "minimum": 0, "maximum": 9999999},
    "a2p_required": {"type": "boolean"}}'::jsonb);
$$;
comment on function private.organisation_shape() is
  'The shape of a change to an organisation''s settings: the columns of orgs and sending_limits that admins may write.';
