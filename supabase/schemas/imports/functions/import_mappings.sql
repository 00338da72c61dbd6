-- Mappings that people save by name, for further files of the same vendor.

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
      select to_jsonb(array_agg(jsonb_build_object('id', m.id, 'name', m.name, 'mapping', m.mapping, 'options', m.options,
        'fingerprint', m.fingerprint) order by m.updated_at desc, m.id))
      from public.import_mappings m where m.org_id = v_org_id), '[]'),
    'last_import', (
      select jsonb_build_object('id', i.id, 'created_at', i.created_at, 'mapping', i.mapping)
      from public.imports i
      where i.org_id = v_org_id and i.columns = p_columns and i.status not in ('failed', 'canceled', 'undoing', 'undone')
      order by i.created_at desc limit 1));
end;
$$;
comment on function private.read_known_mappings(text[]) is
  'Viewers: the mappings that the organisation has for a file with these columns: {saved: [{id, name, mapping, options, '
  'fingerprint}], last_import: {id, created_at, mapping}}. last_import is the last import with exactly the same columns, without '
  'imports that failed, were canceled or undone. It is one value, not rows, because the API returns at most 1,000 rows. Security '
  'definer: it checks the role itself.';
grant execute on function private.read_known_mappings(text[]) to authenticated;

create function public.read_known_mappings(p_columns text[])
returns jsonb language sql stable set search_path = ''
as $$ select private.read_known_mappings(p_columns) $$;
comment on function public.read_known_mappings(text[]) is 'See private.read_known_mappings.';
grant execute on function public.read_known_mappings(text[]) to authenticated;
