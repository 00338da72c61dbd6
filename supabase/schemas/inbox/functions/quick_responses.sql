create function private.quick_response_shape()
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select jsonb_build_object('type', 'object', 'properties', jsonb_build_object(
    'is_shared', '{"type": "boolean"}'::jsonb,
    'category', private.line_shape(50),
    'title', private.line_shape(100),
    'shortcut', private.null_or('{"type": "string", "pattern": "^[a-z0-9][a-z0-9_-]{0,29}$",
      "description": "use up to 30 small letters, digits, - and _."}'),
    'language', private.null_or(private.word_shape('es', 'en')),
    'content', '{"type": "string", "minLength": 1, "maxLength": 10000}'::jsonb,
    'label_ids', private.ids_shape(10),
    'set_status', private.null_or(private.lead_shape() #> '{properties,status}'),
    'media_id', private.null_or('{"type": "string", "format": "uuid"}')));
$$;
comment on function private.quick_response_shape() is 'The shape of a quick response. set_status: what the lead becomes. '
  'media_id: an uploaded picture.';

create function private.own_quick_response(p_org_id uuid, p_id uuid)
returns public.quick_responses
language plpgsql
set search_path = ''
as $$
declare
  v_response public.quick_responses;
begin
  select * into v_response from public.quick_responses q
  where q.org_id = p_org_id and q.id = p_id and (q.owner_id is null or q.owner_id = auth.uid()) for no key update;
  if not found then
    perform private.raise_error('PT404', 'not_found', 'There is no quick response with this id.',
      jsonb_build_object('quick_response_id', p_id));
  elsif v_response.owner_id is null then
    perform private.require_role('campaign_manager');
  end if;
  return v_response;
end;
$$;
comment on function private.own_quick_response(uuid, uuid) is
  'Locks a quick response that the signed-in person may change. Raises PT403, PT404.';

create function private.delete_quick_response(p_id uuid)
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_response public.quick_responses := private.own_quick_response(private.require_role('operator'), p_id);
begin
  delete from public.quick_responses q where q.id = v_response.id;
end;
$$;
comment on function private.delete_quick_response(uuid) is
  'Deletes a quick response: one''s own, or a shared one as campaign_manager. Raises PT403, PT404. Security definer: users may '
  'not write the table.';
grant execute on function private.delete_quick_response(uuid) to authenticated;

create function public.save_quick_response(p_input jsonb, p_id uuid default null) returns uuid
  language sql set search_path = '' as $$ select private.save_quick_response(p_id, p_input); $$;
comment on function public.save_quick_response(jsonb, uuid) is
  'Calls the private function of the same name, which checks role and organisation, with the current time.';
grant execute on function public.save_quick_response(jsonb, uuid) to authenticated;
create function public.delete_quick_response(p_id uuid) returns void
  language sql set search_path = '' as $$ select private.delete_quick_response(p_id); $$;
comment on function public.delete_quick_response(uuid) is
  'Calls the private function of the same name, which checks role and organisation.';
grant execute on function public.delete_quick_response(uuid) to authenticated;
