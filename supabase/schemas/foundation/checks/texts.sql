create function private.fold_text(p_text text)
returns text
language sql
immutable
strict
parallel safe
set search_path = ''
as $$
  -- Capitals are in the list too: under the C collation lower() leaves them alone.
  select translate(
    lower(p_text),
    'áàäâãåéèëêíìïîóòöôõúùüûñçÁÀÄÂÃÅÉÈËÊÍÌÏÎÓÒÖÔÕÚÙÜÛÑÇ',
    'aaaaaaeeeeiiiiooooouuuuncaaaaaaeeeeiiiiooooouuuunc'
  );
$$;
comment on function private.fold_text(text) is 'Text as the search compares it: lower case, without accents. Null stays null.';
grant execute on function private.fold_text(text) to service_role;
