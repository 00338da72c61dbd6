-- Who changed a setting, and from what: an event for every row of settings that is added, changed or removed, whichever way it
-- went. And how many such rows an organisation may have: every plan reads them.

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
      return (select coalesce(jsonb_agg(private.without_secrets(e.value) order by e.n), '[]')
        from jsonb_array_elements(p_value) with ordinality e(value, n));
    when 'string' then
      -- Of an address: user and password before its host, and what its query gives away.
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
  'A value as everybody of an organisation may read it: what is named a secret, token, password or key, and the credentials and '
  'queries of addresses, are replaced by [redacted].';
