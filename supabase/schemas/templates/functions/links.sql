-- First messages and stop confirmations may have no link (carriers filter them), and neither may the brand that they are sent
-- with. scripts/seed/lint has the same rule for writers of templates; here it holds for everybody who can write to the tables.

create function private.find_link(p_text text)
returns text
language plpgsql
stable
set search_path = ''
as $$
declare
  v_text text := regexp_replace(translate(normalize(p_text, NFKC), U&'\3002\FF61', '..'),
    '[\u00ad\u200b-\u200f\u2060-\u2064\ufeff]', '', 'g');
  v_run text;
  v_labels text[];
begin
  if v_text ~* 'https?://[^[:space:]]' then
    return regexp_substr(v_text, 'https?://[^[:space:]]+', 1, 1, 'i');
  end if;
  -- Splits at blanks and at punctuation other than dot, hyphen and at. A host begins where a part begins.
  for v_run in
    select split_part(r, '@', 1)
    from regexp_split_to_table(v_text,
      '[\u0001-\u002c\u002f\u003a-\u003f\u005b-\u0060\u007b-\u00bf\u1680\u2000-\u206f\u3000-\u303f]+') r
    where strpos(r, '.') > 1
  loop
    if v_run ~ '^((25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])\.){3}(25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])\.?$' then
      return v_run;
    end if;
    v_labels := string_to_array(lower(v_run), '.');
    for v_i in 1 .. cardinality(v_labels) loop
      exit when v_labels[v_i] = '';
      if v_i > 1 and exists (select from private.top_level_domains d where d.name = v_labels[v_i]) then
        return v_run;
      end if;
    end loop;
  end loop;
  return null;
end;
$$;
comment on function private.find_link(text) is
  'The first part of a text that phones turn into a link: a name under a top-level domain or an IP address, with or without '
  'http, but no e-mail address. Null if there is none.';

create function private.find_template_link(p_content text, p_brand text)
returns text
language plpgsql
stable
set search_path = ''
as $$
begin
  -- Rendered with the brand; any other value is one letter, or the template's own fallback.
  return private.find_link(regexp_replace(regexp_replace(
    regexp_replace(p_content, '\{\{?\s*(brand|company|(company|business|org)[\s_-]*name)\s*(\|[^{}]*)?\}\}?',
      replace(coalesce(p_brand, ''), '\', '\\'), 'gi'),
    '\{\{?[^{}|]*\|([^{}]*)\}\}?', '\1', 'g'), '\{\{?[^{}|]*\}\}?', 'X', 'g'));
end;
$$;
comment on function private.find_template_link(text, text) is
  'The first link of a template as it is sent under a brand; null if there is none.';
