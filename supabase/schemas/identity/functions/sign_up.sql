-- Sign-up: a person who signs up gets a new organisation with default settings and templates.

-- The name comes from a form or an e-mail address. It may contain anything, and must not make the sign-up fail.
create function private.create_org(p_name text)
returns uuid
language plpgsql
set search_path = ''
as $$
declare
  v_org_id uuid;
  v_name text := trim(regexp_replace(p_name,
    '[\u0001-\u0020\u007f-\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff]+', ' ', 'g'));
  v_brand text;
begin
  v_name := coalesce(nullif(left(v_name, 200), ''), 'Organisation');
  v_brand := trim(left(v_name, 25));
  if private.find_link(v_brand) is not null then
    v_brand := coalesce(nullif(trim(translate(v_brand, U&'./:\3002\FF0E\FF61', '      ')), ''), 'Organisation');
  end if;
  insert into public.orgs (name, brand)
  values (v_name, v_brand)
  returning id into v_org_id;
  insert into public.templates (org_id, category, language, name, content, variables, required_variables, encoding,
    worst_segments)
  select v_org_id, d.category, d.language, d.name, d.content, d.variables, d.required_variables, d.encoding, d.worst_segments
  from private.default_templates d
  order by d.key;
  return v_org_id;
end;
$$;
comment on function private.create_org(text) is
  'Creates an organisation with default settings and templates; returns its id. Its name is p_name as one line, cut to 200 '
  'characters. The brand starts as the name, with spaces for dots if it is a link, and should be set before the first '
  'campaign.';
grant execute on function private.create_org(text) to service_role;
