-- Audit of settings: who changed what, from which value. Every row of settings that is added, changed or removed gives an audit
-- event, whatever way it is written.

create function private.without_secrets(p_value jsonb)
returns jsonb
language plpgsql
immutable
set search_path = ''
as $$
begin
  case jsonb_typeof(p_value)
    when 'object' then
      return (select coalesce(jsonb_object_agg(e.key, case
          when e.key ~* '(secret|token|passw|api_?key|authorization|credential)'
            and jsonb_typeof(e.value) <> 'null' then to_jsonb('[redacted]'::text)
          else private.without_secrets(e.value) end), '{}')
        from jsonb_each(p_value) e);
    when 'array' then
      return (select coalesce(to_jsonb(array_agg(private.without_secrets(e.value) order by e.n)), '[]')
        from jsonb_array_elements(p_value) with ordinality e(value, n));
    when 'string' then
      -- In a URL, removes the user and password before the host, and the query.
      if strpos(p_value #>> '{}', '://') = 0 then
        return p_value;
      end if;
      return to_jsonb(regexp_replace(regexp_replace(p_value #>> '{}', '(https?://)[^/?#@[:space:]]*@', '\1[redacted]@', 'gi'),
        '[?#][^[:space:]]*', '?[redacted]', 'g'));
    else
      return p_value;
  end case;
end;
$$;
comment on function private.without_secrets(jsonb) is
  'A value that everybody of an organisation may read: values whose key says secret, token, password or the like, and the '
  'credentials and queries of URLs, are replaced by [redacted].';
