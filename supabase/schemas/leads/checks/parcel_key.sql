-- Parcel numbers in the one form in which they are compared. private.identify_parcel says what else makes parcels the same.

create function private.apn_key(p_apn text)
returns text
language plpgsql
immutable
strict
parallel safe
set search_path = ''
as $$
declare
  v_key text;
begin
  if p_apn ~ '^[A-Z1-9][A-Z0-9]*$' then
    return p_apn;
  end if;
  -- Spreadsheets turned these into amounts, dates and errors. Different numbers look the same afterwards.
  if p_apn ~* '^\d(?:[.,]\d+)?e\+\d{2,3}$|^#{2,}$|^#[^0-9 ]{3,14}[?!]$'
    or p_apn ~* '^\d{1,2}[-/](?:jan|feb|mar|apr|may|jun|jul|aug|sept?|oct|nov|dec|ene|abr|ago|dic)(?:[-/](?:\d{2}|\d{4}))?$'
    or p_apn ~* '^(?:jan|feb|mar|apr|may|jun|jul|aug|sept?|oct|nov|dec|ene|abr|ago|dic)[-/](?:\d{2}|\d{4})$'
  then
    return null;
  end if;
  v_key := regexp_replace(upper(p_apn), '[^A-Z0-9]+', '', 'g');
  -- A number of other letters or signs only is compared as it is.
  return case when v_key = '' then lower(trim(p_apn)) when v_key ~ '^0+$' then '0' else ltrim(v_key, '0') end;
end;
$$;
comment on function private.apn_key(text) is
  'The form in which parcel numbers are compared: letters and digits without leading zeros, since spreadsheets drop those. Null '
  'for one that a spreadsheet damaged.';
grant execute on function private.apn_key(text) to service_role;

create function private.parcel_key(p_state text, p_county text, p_apn text)
returns text
language plpgsql
immutable
parallel safe
set search_path = ''
as $$
begin
  return coalesce(p_state, '') || '|' || coalesce(private.county_key(p_county, true), '') || '|' || private.apn_key(p_apn);
end;
$$;
comment on function private.parcel_key(text, text, text) is
  'The text that only one parcel of a lead may have; null without a usable parcel number. private.same_parcel also counts '
  'parcels as the same if one of them has no state or no county.';
grant execute on function private.parcel_key(text, text, text) to service_role;
