create function private.raise_error(
  p_sqlstate text,
  p_code text,
  p_message text,
  p_details jsonb default '{}'
)
returns void
language plpgsql
set search_path = ''
as $$
begin
  raise exception using errcode = p_sqlstate, message = p_message, detail = p_details::text, hint = p_code;
end;
$$;
comment on function private.raise_error(text, text, text, jsonb) is
  'Raises an error that the API understands. p_sqlstate is PT400, PT403, PT404, PT409, PT422 or PT429, which PostgREST answers '
  'with that HTTP status. The error''s hint is the stable snake_case code, its message is the sentence for people, and its '
  'detail is the details as JSON.';

create function private.refuse_field(p_field text, p_message text)
returns void
language plpgsql
set search_path = ''
as $$
begin
  perform private.raise_error('PT422', 'invalid_input', p_message,
    jsonb_build_object('errors', jsonb_build_array(jsonb_build_object('field', p_field, 'message', p_message))));
end;
$$;
comment on function private.refuse_field(text, text) is 'Raises PT422 for one wrong field.';
