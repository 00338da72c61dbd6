create function private.check_service_input(p_kind text, p_input jsonb)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_row record;
  v_text text;
  v_problem text;
begin
  for v_row in select i.key, i.value, jsonb_typeof(i.value) as type from jsonb_each(p_input) i
    order by i.key <> 'kind', i.key loop
    v_text := v_row.value #>> '{}';
    case v_row.key
      when 'kind' then
        if v_row.type <> 'string' or v_text <> all ('{property,scrub}'::text[]) then
          perform private.refuse_field('kind', 'Give property or scrub.');
        end if;
      when 'name' then
        if v_row.type <> 'string' or length(v_text) > 100 or v_text !~ '\S' or v_text ~ '[[:cntrl:]]' then
          perform private.refuse_field('name', 'Give a name of 1 to 100 characters.');
        end if;
      when 'url' then
        v_problem := case when v_row.type <> 'string' then 'This is no URL.' else private.read_service_url(v_text) end;
        if v_problem is not null then
          perform private.refuse_field('url', v_problem);
        end if;
      when 'method' then
        if v_row.type <> 'string' or v_text <> all ('{GET,POST}'::text[]) then
          perform private.refuse_field('method', 'Give GET or POST.');
        end if;
      when 'request' then
        perform private.check_service_request(p_kind, v_row.value);
      when 'field_map' then
        perform private.check_service_map(p_kind, v_row.value);
      when 'secret_header' then
        if v_row.type <> 'string' or v_text !~ '^[A-Za-z0-9-]{1,60}$' then
          perform private.refuse_field('secret_header', 'Write the name of a header such as x-api-key.');
        -- These headers belong to the connection. With two of one of them, the service would read a different request than we
        -- sent.
        elsif lower(v_text) in ('accept', 'accept-encoding', 'connection', 'content-encoding', 'content-length', 'content-type',
            'cookie', 'expect', 'host', 'keep-alive', 'te', 'trailer', 'transfer-encoding', 'upgrade', 'user-agent', 'via')
          or lower(v_text) like 'proxy-%' or lower(v_text) like 'sec-%' then
          perform private.refuse_field('secret_header', 'This header is not the secret''s.');
        end if;
      when 'secret' then
        if v_row.type not in ('string', 'null') or length(v_text) > 4000 or v_text !~ '^[ -~]*$' then
          perform private.refuse_field('secret', 'A secret is made of at most 4000 printable ASCII characters.');
        end if;
      when 'batch_size' then
        perform private.check_service_number('batch_size', v_row.value, 1, 50);
      when 'daily_budget' then
        perform private.check_service_number('daily_budget', v_row.value, 0, 1000000);
      when 'timeout_ms' then
        perform private.check_service_number('timeout_ms', v_row.value, 1000, 20000);
      when 'is_enabled', 'is_automatic' then
        if v_row.type <> 'boolean' then
          perform private.refuse_field(v_row.key, 'Give true or false.');
        end if;
      else
        perform private.refuse_field(left(v_row.key, 50), 'There is no such field.');
    end case;
  end loop;
end;
$$;
comment on function private.check_service_input(text, jsonb) is
  'Checks the settings of a service of kind p_kind (property, scrub); only this function does so. Raises PT422 naming the first '
  'setting that is unknown or invalid. Does not look for missing settings.';
