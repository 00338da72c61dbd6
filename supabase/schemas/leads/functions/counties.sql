-- Counties: which there are in a state, so that a parcel lies in one of them. The rows are a seed
-- (scripts/seed/data/us-counties.csv, from lists of the Census Bureau); _shared/leads/normalise-county.ts is the same for what is
-- read from files.

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

create function private.find_county(p_state text, p_text text)
returns private.us_counties
language sql
stable
set search_path = ''
as $$
  select c.*
  from private.us_counties c
  where c.state = p_state
    and (private.county_key(trim(c.name || ' ' || c.kind)) = private.county_key(p_text)
      or private.county_key(c.name) = private.county_key(p_text, true))
  order by private.county_key(trim(c.name || ' ' || c.kind)) = private.county_key(p_text) desc, c.kind = 'city', c.fips
  limit 1;
$$;
comment on function private.find_county(text, text) is
  'The county of a state (two letters) that a text names, however it is written; of a county and a city of one name the county, '
  'unless "city" is said. Null where there is none.';

create function private.require_county(p_state text, p_text text, p_field text default 'county')
returns text
language plpgsql
stable
set search_path = ''
as $$
declare
  v_label text;
  v_suggestions text[];
begin
  if p_text is null or p_state is null then
    return p_text;
  end if;
  v_label := (private.find_county(p_state, p_text)).label;
  if v_label is null then
    v_suggestions := array(
      select c.label from private.us_counties c
      where c.state = p_state and c.is_current
      order by extensions.similarity(private.county_key(c.name), private.county_key(p_text, true)) desc, c.label
      limit 3);
    perform private.raise_error('PT422', 'invalid_input',
      format('%s has no county "%s". Did you mean %s?', p_state, p_text, array_to_string(v_suggestions, ', ')),
      jsonb_build_object('suggestions', to_jsonb(v_suggestions), 'errors', jsonb_build_array(jsonb_build_object('field', p_field,
        'message', format('%s has no county "%s". Did you mean %s?', p_state, p_text, array_to_string(v_suggestions, ', '))))));
  end if;
  return v_label;
end;
$$;
comment on function private.require_county(text, text, text) is
  'A county as it is kept, of a state (two letters); what was given where the state or the county is not. Raises PT422 with the '
  'nearest names in details.suggestions where the state has no such county.';
