-- The counties of each state, so that every parcel is in one of them. The rows are seeded (scripts/seed/data/us-counties.csv,
-- from lists of the Census Bureau).

create function private.find_county(p_state text, p_text text)
returns private.us_counties
language sql
stable
security definer
set search_path = ''
as $$
  select c.*
  from (select private.county_key(p_text) as full_key, private.county_key(p_text, true) as key offset 0) k
  join private.us_counties c on c.state = p_state and (c.full_key = k.full_key or c.key = k.key)
  -- "Orange County, California" is no county of Texas.
  where coalesce(private.county_state(p_text) = p_state, true)
  order by c.full_key = k.full_key desc, c.kind = 'city', c.fips
  limit 1;
$$;
comment on function private.find_county(text, text) is
  'The county of a state (two letters) that p_text names, in any spelling. If a county and a city have the same name, it is the '
  'county unless the text says "city". Null if there is none. Security definer: the worker uses it for answers of enrichment '
  'services, and may read no tables.';
grant execute on function private.find_county(text, text) to worker;

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
      order by extensions.similarity(c.key, private.county_key(p_text, true)) desc, c.label
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
  'The label of the county of a state (two letters) that p_text names; p_text itself if the state or p_text is null. Raises '
  'PT422 with the nearest names in details.suggestions if the state has no such county.';
