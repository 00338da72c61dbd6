-- The check of templates. Creating, changing, importing and restoring go through it, so it cannot be passed by.

create function private.check_template(p_content text, p_category text, p_language text, p_brand text)
returns private.checked_template
language plpgsql
stable
set search_path = ''
as $$
declare
  v_read private.template_reading := private.read_template(p_content, p_brand);
  v_size private.text_size := private.text_size(v_read.worst);
  v_issues jsonb := v_read.problems;
  v_is_readable boolean := v_read.problems = '[]';
  v_plain text := private.plain_words(v_read.fixed);
  v_foreign text;
begin
  if v_is_readable and v_read.content = '' then
    v_issues := v_issues || private.template_issue('empty', 'error', 'The template is empty.', 'Write the message.');
  elsif length(v_read.content) > 1600 then
    v_issues := v_issues || private.template_issue('too_long', 'error',
      format('The template has %s characters.', length(v_read.content)), 'Keep it within 1600.', 1600);
  elsif v_size.units > 1600 or v_size.segments > 24 then
    v_issues := v_issues || private.template_issue('too_long', 'error',
      format('With the longest values the message has %s characters.', v_size.units), 'Shorten it.');
  end if;
  if v_is_readable and v_read.content <> '' then
    v_issues := v_issues
      || private.lint_identity(v_read.fixed, v_plain, v_read.variables, p_category, p_brand)
      || private.lint_links(v_read.content, v_read.rendered, p_category, p_brand)
      || private.lint_words(v_read.content, v_plain)
      || private.lint_tone(v_read.fixed, v_plain, p_category)
      || private.lint_language(v_read.fixed, v_plain, p_language);
  end if;
  if v_size.segments > 2 then
    v_issues := v_issues || private.template_issue('many_segments', 'warning',
      format('The message can take %s segments, each charged as one message.', v_size.segments), 'Shorten it.');
  end if;
  if not private.is_gsm(v_read.fixed) then
    v_foreign := (
      select string_agg(c, ' ' order by n) from (
        select c, min(n) as n from regexp_split_to_table(v_read.fixed, '') with ordinality x(c, n)
        where not private.is_gsm(c) group by c order by min(n) limit 20) y);
    v_issues := v_issues || private.template_issue('not_gsm', 'warning',
      format('These characters halve the size of a segment: %s', v_foreign),
      'Spell the text without them, for example a for á, or accept the price.',
      nullif(strpos(v_read.content, left(v_foreign, 1)), 0) - 1);
  end if;
  return (v_read.content, v_read.variables, v_read.required_variables, v_size.encoding, v_size.segments,
    v_issues)::private.checked_template;
end;
$$;
comment on function private.check_template(text, text, text, text) is
  'Reads, measures and judges a template for its category, language and brand. An issue of severity error forbids saving it.';

create function private.lint_template(p_content text, p_category text, p_language text)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('viewer');
  v_checked private.checked_template;
begin
  perform private.check_shape(jsonb_build_object('content', p_content, 'category', p_category, 'language', p_language),
    private.template_text_shape());
  v_checked := private.check_template(p_content, p_category, p_language,
    (select o.brand from public.orgs o where o.id = v_org_id));
  return to_jsonb(v_checked) || jsonb_build_object('ok', not v_checked.issues @> '[{"severity": "error"}]');
end;
$$;
comment on function private.lint_template(text, text, text) is
  'What would be stored of a text, and its issues, under the brand of the signed-in person''s organisation; ok: it can be saved. '
  'Needs viewer. Raises PT403, PT422. Security definer: users may not read private tables.';
grant execute on function private.lint_template(text, text, text) to authenticated;

create function public.lint_template(p_content text, p_category text, p_language text) returns jsonb
  language sql set search_path = '' as $$ select private.lint_template(p_content, p_category, p_language); $$;
comment on function public.lint_template(text, text, text) is
  'Calls the private function of the same name, which checks role and organisation.';
grant execute on function public.lint_template(text, text, text) to authenticated;
