create function private.fold_text(p_text text)
returns text
language plpgsql
immutable
strict
parallel safe
set search_path = ''
as $$
begin
  -- Plain ASCII, as nearly all texts of an import are, costs far less. Apostrophes go, because "O'Brien" is also typed as
  -- "OBrien", with a curly apostrophe, or with an accent in its place.
  if octet_length(p_text) = length(p_text) then
    return translate(lower(p_text), '''`', '');
  end if;
  -- Each letter apart from its accent; then the letters that have no such parts. lower() under the C collation knows ASCII only.
  -- The acute accent alone goes first, since it becomes a blank and an accent. Signs that can't be seen come with copied text.
  return translate(
    lower(regexp_replace(
      normalize(translate(p_text, '´', ''), nfkd),
      '[\u0300-\u036f\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff''`‘’‚‛′ʹʻʼʽˈ׳＇]',
      '', 'g')),
    'øłđœæıØŁĐŒÆ‐‑‒–—―−', 'oldoaioldoa-------');
end;
$$;
comment on function private.fold_text(text) is
  'Text as the search compares it: lower case, without accents, apostrophes and signs that can''t be seen, with one hyphen, in '
  'whatever form of Unicode it is written. Null '
  'stays null.';
grant execute on function private.fold_text(text) to service_role;
