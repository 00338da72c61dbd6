create function private.state_code(p_text text)
returns text
language sql
immutable
strict
parallel safe
set search_path = ''
as $$
  select case
    when length(w.word) = 2 and position(' ' || w.word || ' ' in ' al ak az ar ca co ct de dc fl ga hi id il in ia ks ky la me '
      'md ma mi mn ms mo mt ne nv nh nj nm ny nc nd oh ok or pa pr ri sc sd tn tx ut vt va wa wv wi wy as gu mp vi ') > 0
      then upper(w.word)
    else
      '{"alabama": "AL", "alaska": "AK", "arizona": "AZ", "arkansas": "AR", "california": "CA", "colorado": "CO",
        "connecticut": "CT", "delaware": "DE", "districtofcolumbia": "DC", "florida": "FL", "georgia": "GA", "hawaii": "HI",
        "idaho": "ID", "illinois": "IL", "indiana": "IN", "iowa": "IA", "kansas": "KS", "kentucky": "KY", "louisiana": "LA",
        "maine": "ME", "maryland": "MD", "massachusetts": "MA", "michigan": "MI", "minnesota": "MN", "mississippi": "MS",
        "missouri": "MO", "montana": "MT", "nebraska": "NE", "nevada": "NV", "newhampshire": "NH", "newjersey": "NJ",
        "newmexico": "NM", "newyork": "NY", "northcarolina": "NC", "northdakota": "ND", "ohio": "OH", "oklahoma": "OK",
        "oregon": "OR", "pennsylvania": "PA", "puertorico": "PR", "rhodeisland": "RI", "southcarolina": "SC",
        "southdakota": "SD", "tennessee": "TN", "texas": "TX", "utah": "UT", "vermont": "VT", "virginia": "VA",
        "washington": "WA", "westvirginia": "WV", "wisconsin": "WI", "wyoming": "WY"}'::jsonb ->> w.word
    end
  from (select regexp_replace(lower(p_text), '[^a-z]+', '', 'g') as word) w;
$$;
comment on function private.state_code(text) is 'The code of a state written as its code or English name; null for other texts.';

create function private.county_state(p_text text)
returns text
language sql
immutable
strict
parallel safe
set search_path = ''
as $$
  -- "Lake CO" is Lake County, and no county's own name ends in the code of a state.
  select private.state_code(case
    when t.text like '%,%' then substring(t.text from ',([a-z. ]{2,24})$')
    else coalesce(
      substring(t.text from ' (?:county|parish|borough|co\.?) ([a-z. ]{2,24})$'),
      substring(t.text from ' (?!co$)([a-z]{2})$'))
    end)
  from (select regexp_replace(trim(lower(p_text)), '[, ]{1,9}(?:usa|u\.s\.a\.?|united states)$', '') as text) t;
$$;
comment on function private.county_state(text) is
  'The state that is named after a county: TX for "Harris County, Texas, USA", "Harris County Texas" and "Harris TX"; null if '
  'none is.';

create function private.county_key(p_text text, p_without_kind boolean default false)
returns text
language plpgsql
immutable
strict
parallel safe
set search_path = ''
as $$
declare
  v_words text;
begin
  -- One plain word, as most counties are, has nothing to be spelled in another way but these.
  if p_text ~ '^[A-Za-z]{3,}$' then
    v_words := lower(p_text);
    if v_words not in ('saint', 'sainte', 'fort', 'mount', 'sta', 'sto', 'cnty', 'cty', 'manhattan', 'brooklyn') then
      return v_words;
    end if;
  end if;
  v_words := trim(regexp_replace(private.fold_text(p_text), '\([^()]*\)', ' ', 'g'));
  if private.county_state(v_words) is not null then
    v_words := regexp_replace(v_words, '[, ]{1,9}(?:usa|u\.s\.a\.?|united states)$', '');
    v_words := case
      when v_words ~ ' (?:county|parish|borough|co\.?) [a-z. ]{2,24}$'
        then regexp_replace(v_words, ' (county|parish|borough|co\.?) [a-z. ]{2,24}$', ' \1')
      else regexp_replace(v_words, ',[^,]*$| [a-z]{2}$', '') end;
  end if;
  v_words := trim(regexp_replace(replace(v_words, '&', ' and '), '[^a-z0-9]+', ' ', 'g'));
  v_words := regexp_replace(v_words, '^[0-9]{3,5} (?=[a-z])', '');
  v_words := regexp_replace(v_words, ' (?:cad|(?:central )?appraisal district|assessor|tax office)$', '');
  v_words := regexp_replace(v_words, '\y(?:saint|st)\y', 'st', 'g');
  v_words := regexp_replace(v_words, '\ysainte\y', 'ste', 'g');
  v_words := regexp_replace(v_words, '\yfort\y', 'ft', 'g');
  v_words := regexp_replace(v_words, '\ymount\y', 'mt', 'g');
  v_words := regexp_replace(v_words, '\yst([ao])\y', 'sant\1', 'g');
  v_words := regexp_replace(v_words, '\ycnty\y|\ycty\y|\yco$', 'county', 'g');
  v_words := regexp_replace(v_words, '^city of (.+)$', '\1 city');
  v_words := regexp_replace(v_words, '^co of (.+)$', '\1 county');
  v_words := regexp_replace(v_words, '^(county|parish|borough|municipality|municipio) (?:of|de) (.+)$', '\2 \1');
  v_words := regexp_replace(v_words, '^condado (?:de )?(.+)$', '\1 county');
  if p_without_kind then
    v_words := regexp_replace(v_words,
      '^(.+?) (?:city and borough|census area|planning region|county|parish|borough|municipality|municipio)$', '\1');
  end if;
  v_words := replace(v_words, ' ', '');
  -- Boroughs of the City of New York are counties of other names.
  return case v_words when 'manhattan' then 'newyork' when 'brooklyn' then 'kings' when 'statenisland' then 'richmond'
    when 'thebronx' then 'bronx' else v_words end;
end;
$$;
comment on function private.county_key(text, boolean) is
  'The form in which names of counties are compared: lower case, without accents, spaces or points, with one spelling of Saint, '
  'Fort and Santa, without a state after it. p_without_kind: also without the word for its kind, such as county or parish.';
grant execute on function private.county_key(text, boolean) to service_role;

create function private.county_keys(p_county text, p_parcel_counties text[])
returns text[]
language plpgsql
immutable
parallel safe
set search_path = ''
as $$
declare
  v_key text := nullif(private.county_key(p_county, true), '');
begin
  return case when v_key is null or v_key = any (p_parcel_counties) then p_parcel_counties else v_key || p_parcel_counties end;
end;
$$;
comment on function private.county_keys(text, text[]) is
  'The value of leads.county_keys: the key of the lead''s own county, and those of its parcels'' counties.';
grant execute on function private.county_keys(text, text[]) to service_role;
