create function private.template_rows_shape()
returns jsonb
language sql
immutable
set search_path = ''
as $$
  -- What is in a row is judged row by row, so that one wrong row does not refuse the others.
  select private.list_shape(private.object_shape('{"line": {"type": "integer", "minimum": 1, "maximum": 1000000}, "fields": '
    '{"type": "object", "properties": {}, "maxProperties": 20, "additionalProperties": {"type": ["string", "boolean", "null"], '
    '"maxLength": 4000}, "propertyNames": {"maxLength": 60}}}'::jsonb, '{line,fields}'), 500, 1) || '{"maxBytes": 4000000}';
$$;
comment on function private.template_rows_shape() is 'The shape of rows of a file of templates: their lines and fields.';

create function private.import_template(p_org_id uuid, p_fields jsonb, p_is_update_allowed boolean)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_template public.templates;
  v_detail text;
  v_message text;
  v_errors jsonb;
begin
  perform private.check_shape(p_fields, private.new_template_shape());
  if p_is_update_allowed then
    select * into v_template from public.templates t
    where t.org_id = p_org_id and t.name = trim(p_fields ->> 'name') for no key update;
  end if;
  if v_template.id is null then
    return jsonb_build_object('outcome', 'created', 'template_id',
      private.insert_template(p_org_id, p_fields, 'template_imported'));
  elsif v_template.archived_at is not null then
    perform private.refuse_field('name',
      'The template of this name is archived. Take it out of the archive, or use another name.');
  end if;
  return jsonb_build_object('outcome', 'updated', 'template_id', v_template.id, 'version',
    private.change_template(v_template, p_fields - 'name', 'template_imported'));
exception
  -- Only errors of our own: whatever else happens refuses the whole file.
  when sqlstate 'PT422' or sqlstate 'PT409' then
    get stacked diagnostics v_detail = pg_exception_detail, v_message = message_text;
    v_errors := v_detail::jsonb -> 'errors';
    return jsonb_build_object('outcome', 'refused', 'errors', coalesce(v_errors, to_jsonb(array[jsonb_build_object(
      'field', coalesce(v_detail::jsonb ->> 'field', 'row'), 'message', v_message)])));
end;
$$;
comment on function private.import_template(uuid, jsonb, boolean) is
  'Writes one row of a file of templates and returns its outcome: created, updated, or refused with errors by field. If '
  'p_is_update_allowed, a row whose name exists changes that template. The caller holds the organisation''s lock.';

create function private.import_templates(p_rows jsonb, p_on_conflict text, p_is_dry_run boolean)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('campaign_manager');
  v_row jsonb;
  v_results jsonb[] := '{}';
begin
  perform private.check_shape(p_rows, private.template_rows_shape(), 'rows');
  perform private.check_shape(to_jsonb(p_on_conflict), private.word_shape('refuse', 'update'), 'on_conflict');
  perform private.check_shape(to_jsonb(p_is_dry_run), '{"type": "boolean"}', 'dry_run');
  perform 1 from public.orgs o where o.id = v_org_id for no key update;
  begin
    for v_row in select e.value from jsonb_array_elements(p_rows) with ordinality e(value, n) order by e.n loop
      v_results := v_results || (jsonb_build_object('line', v_row -> 'line', 'name', left(v_row #>> '{fields,name}', 200))
        || private.import_template(v_org_id, v_row -> 'fields', p_on_conflict = 'update'));
    end loop;
    if p_is_dry_run then
      -- Takes back what was written, and keeps the results, which are variables.
      raise exception using errcode = 'PT000', message = 'dry run';
    end if;
  exception when sqlstate 'PT000' then
    null;
  end;
  if not p_is_dry_run then
    perform private.record_audit_event(v_org_id, 'templates_imported', null, null, null, (
      select jsonb_object_agg(x.outcome, x.n) from (
        select r ->> 'outcome' as outcome, count(*) as n from unnest(v_results) r group by 1) x));
  end if;
  return to_jsonb(v_results);
end;
$$;
comment on function private.import_templates(jsonb, text, boolean) is
  'Writes up to 500 rows of a file of templates, each {line, fields} (private.new_template_shape), and returns the outcome of '
  'each: created, updated, or refused with errors. A refused row does not hold up the others. p_on_conflict: whether a name that '
  'exists refuses the row or updates that template. p_is_dry_run: judge only, and write nothing. Needs campaign_manager. Raises '
  'PT403, PT422 for what is no list of rows. Security definer: users may not write templates.';
grant execute on function private.import_templates(jsonb, text, boolean) to authenticated;

create function public.import_templates(p_rows jsonb, p_on_conflict text default 'refuse', p_is_dry_run boolean default false)
  returns jsonb language sql set search_path = ''
  as $$ select private.import_templates(p_rows, p_on_conflict, p_is_dry_run); $$;
comment on function public.import_templates(jsonb, text, boolean) is
  'Calls the private function of the same name, which checks role and organisation.';
grant execute on function public.import_templates(jsonb, text, boolean) to authenticated;
