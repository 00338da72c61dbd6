create function private.strip(p_text text)
returns text
language sql
immutable
set search_path = ''
as $$
  select regexp_replace(p_text, '^[[:space:]\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff]+'
    '|[[:space:]\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff]+$', '', 'g');
$$;
comment on function private.strip(text) is 'A text without white space of any kind at its ends.';

create function private.template_issue(p_code text, p_severity text, p_message text, p_remedy text,
  p_position integer default null)
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select jsonb_build_object('code', p_code, 'severity', p_severity, 'message', p_message, 'remedy', p_remedy,
    'position', p_position);
$$;
comment on function private.template_issue(text, text, text, text, integer) is
  'One fault of a template. p_position: where it begins, from 0, in the text as it is stored, or as it was given if it can''t be '
  'read; null if it is nowhere in particular.';

create function private.read_template(p_content text, p_brand text)
returns private.template_reading
language plpgsql
stable
set search_path = ''
as $$
declare
  v_text text := private.strip(regexp_replace(normalize(p_content, NFC), E'\r\n?', E'\n', 'g'));
  v_read private.template_reading;
  v_piece text;
  v_inside text;
  v_fallback text;
  v_fallbacks text[];
  v_variable private.template_variables;
  v_at integer := 0;
begin
  v_read := ('', '{}', '{}', '', '', '', '[]')::private.template_reading;
  -- Postgres takes the longest alternative, so these pieces are the whole text in order.
  for v_piece in select m[1] from regexp_matches(v_text, '(\{\{[^{}]*\}\}|\{[^{}]*\}|[{}]|[^{}]+)', 'g') m loop
    if v_piece in ('{', '}') then
      v_read.problems := v_read.problems || private.template_issue('unbalanced_brace', 'error',
        format('There is a "%s" without its counterpart.', v_piece),
        'Write variables as {first_name} or {{firstName}}, and no braces elsewhere.', v_at);
    elsif v_piece !~ '^\{' then
      v_read.content := v_read.content || v_piece;
      v_read.fixed := v_read.fixed || v_piece || ' ';
      v_read.rendered := v_read.rendered || v_piece;
      v_read.worst := v_read.worst || v_piece;
    else
      v_inside := btrim(v_piece, '{}');
      v_fallback := case when strpos(v_inside, '|') > 0 then private.strip(substr(v_inside, strpos(v_inside, '|') + 1)) end;
      v_inside := private.strip(split_part(v_inside, '|', 1));
      select * into v_variable from private.template_variables v
      where regexp_replace(lower(v_inside), '[[:space:]_-]+', '', 'g') = any (v.spellings);
      if v_variable.name is null then
        v_read.problems := v_read.problems || private.template_issue('unknown_variable', 'error',
          case v_inside when '' then 'A variable has no name between its braces.'
            else format('{%s} is not a variable.', left(v_inside, 40)) end,
          (select 'Use one of these: ' || string_agg(format('{%s}', v.name), ', ' order by v.name) || '.'
            from private.template_variables v), v_at);
      else
        v_fallbacks := case when v_fallback is not null then array[v_fallback]
          else array_remove(array[v_variable.fallback_es, v_variable.fallback_en], null) end;
        v_read.content := v_read.content || '{' || v_variable.name || coalesce('|' || v_fallback, '') || '}';
        v_read.fixed := v_read.fixed || coalesce(v_fallback, '') || ' ';
        v_read.rendered := v_read.rendered
          || coalesce(case v_variable.name when 'brand' then p_brand end, v_fallback, 'X');
        v_read.worst := v_read.worst || repeat(
          case when v_variable.charset = 'any' or not private.is_gsm(array_to_string(v_fallbacks, '')) then 'Á' else 'm' end,
          greatest(v_variable.max_length, (select max((private.text_size(f)).units) from unnest(v_fallbacks) f)));
        if v_variable.name <> all (v_read.variables) then
          v_read.variables := v_read.variables || v_variable.name;
        end if;
        if cardinality(v_fallbacks) = 0 and v_variable.name <> all (v_read.required_variables) then
          v_read.required_variables := v_read.required_variables || v_variable.name;
        end if;
      end if;
    end if;
    v_at := v_at + length(v_piece);
    exit when jsonb_array_length(v_read.problems) >= 20;
  end loop;
  return v_read;
end;
$$;
comment on function private.read_template(text, text) is
  'Reads a template: both styles of braces, any spelling of a variable, {first_name|neighbour} for a fallback. Stored is one '
  'form: {first_name}, composed letters, LF line ends, no white space at the ends. p_brand: the organisation''s brand; null if '
  'it is not known. Unknown variables and loose braces are in problems, the first 20 of them. Worst values are those of '
  'scripts/seed/lint/worst-case-segments.ts; a test compares the two.';
