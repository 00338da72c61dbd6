create function private.county_key(p_text text, p_without_kind boolean default false)
returns text
language plpgsql
immutable
strict
parallel safe
set search_path = ''
as $$
declare
  v_words text := trim(regexp_replace(translate(private.fold_text(p_text), '''’`ʻ', ''), '[^a-z0-9]+', ' ', 'g'));
begin
  v_words := regexp_replace(v_words, '\ysaint\y', 'st', 'g');
  v_words := regexp_replace(v_words, '\ysainte\y', 'ste', 'g');
  v_words := regexp_replace(v_words, '\ycnty\y|\ycty\y|\yco$', 'county', 'g');
  v_words := regexp_replace(v_words, '^city of (.+)$', '\1 city');
  v_words := regexp_replace(v_words, '^(county|parish|borough|municipality|municipio) of (.+)$', '\2 \1');
  if p_without_kind then
    v_words := regexp_replace(v_words,
      '^(.+?) (?:city and borough|census area|planning region|county|parish|borough|municipality|municipio)$', '\1');
  end if;
  return replace(v_words, ' ', '');
end;
$$;
comment on function private.county_key(text, boolean) is
  'What a county''s name is compared by: lower case, no accents, spaces or points, one spelling of Saint; without the word for '
  'its kind where asked.';
