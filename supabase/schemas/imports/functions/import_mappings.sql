-- Mappings that people save by name, so that the next file of the same vendor is understood at once.

create function private.read_known_mappings(p_columns text[])
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('viewer');
begin
  perform private.check_shape(to_jsonb(p_columns), private.import_columns_shape(), 'columns');
  return jsonb_build_object(
    'saved', coalesce((
      select jsonb_agg(jsonb_build_object('id', m.id, 'name', m.name, 'mapping', m.mapping, 'options', m.options,
        'fingerprint', m.fingerprint) order by m.updated_at desc, m.id)
      from public.import_mappings m where m.org_id = v_org_id), '[]'),
    'last_import', (
      select jsonb_build_object('id', i.id, 'created_at', i.created_at, 'mapping', i.mapping)
      from public.imports i
      where i.org_id = v_org_id and i.columns = p_columns and i.status not in ('failed', 'canceled', 'undoing', 'undone')
      order by i.created_at desc limit 1));
end;
$$;
comment on function private.read_known_mappings(text[]) is
  'Viewers: what the organisation knows of mappings for a file with these columns: {saved: [{id, name, mapping, options, '
  'fingerprint}], last_import: {id, created_at, mapping} of the last import with the very same columns, but for those that '
  'failed, were canceled or undone}. One value and no rows, as the API cuts rows off at 1,000. Definer: for the role it checks.';
grant execute on function private.read_known_mappings(text[]) to authenticated;

create function public.read_known_mappings(p_columns text[])
returns jsonb language sql stable set search_path = ''
as $$ select private.read_known_mappings(p_columns) $$;
comment on function public.read_known_mappings(text[]) is 'See private.read_known_mappings.';
grant execute on function public.read_known_mappings(text[]) to authenticated;
