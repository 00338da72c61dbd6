-- The keys by which leads are recognised as the same owner: name and mailing address, folded so that different spellings do not
-- matter. Keys are not computed when leads are written: an import only records which leads are to be compared.

create function private.initial_key(p_address_key bigint, p_name text, p_initial text)
returns bigint
language sql
immutable
parallel safe
set search_path = ''
as $$
  select hashtextextended(p_name || ' ' || p_initial || '.', p_address_key);
$$;
comment on function private.initial_key(bigint, text, text) is
  'The key of a person known by one name and the initial of another, at an address; null without an address.';

-- PL/pgSQL, because it keeps its plan: planning took longer than processing some hundred leads.
create function private.match_keys(p_lead_ids uuid[])
returns table (lead_id uuid, org_id uuid, address_key bigint, owner_key bigint, initial_key bigint, names text[])
language plpgsql
stable
set search_path = ''
as $$
begin
  return query
  with leads as materialized (
    select l.id, l.org_id,
      -- Dots and apostrophes do not separate words: "P.O. Box", "L.L.C.", "O'Brien".
      trim(regexp_replace(translate(replace(private.fold_text(coalesce(l.address1, '') || ' ' || coalesce(l.address2, '')), '#',
        ' apt '),
        '.''’', ''), '[^a-z0-9]+', ' ', 'g')) as street,
      trim(regexp_replace(translate(private.fold_text(l.full_name), '.''’', ''), '[^a-z0-9]+', ' ', 'g')) as person,
      coalesce(substring(l.postal_code from '^\s*([0-9]{5})'), private.fold_text(nullif(trim(l.city), '')) || l.state) as place
    from public.leads l where l.id = any (p_lead_ids) and l.deleted_at is null
  ),
  -- Processes the words within each lead: when leads were joined to their words, the planner expected thousands of words for one
  -- lead and compared all with all.
  keys as (
    select l.id, l.org_id, hashtextextended(s.street || '|' || l.place, 0) as address_key,
      coalesce(p.names, '{}') as names, coalesce(p.initials, '{}') as initials
    from leads l
    cross join lateral (
      select string_agg(coalesce((select m.folded from private.match_words m where m.kind = 'address' and m.word = w.word),
        w.word), ' ' order by w.n) as street
      from unnest(string_to_array(
        regexp_replace(l.street, '\m(p ?o ?box|post office box|p ?o ?b|apartado)\M', 'pobox', 'g'), ' ')) with ordinality w (word,
          n)
    ) s
    cross join lateral (
      select array_agg(c.word order by c.word) filter (where length(c.word) > 1) as names,
        array_agg(c.word order by c.word) filter (where length(c.word) = 1) as initials
      from (
        -- Two owners with four names each have eight. Each name is compared with each other name, so their number is limited.
        select w.word from unnest(string_to_array(l.person, ' ')) with ordinality w (word, n)
        where not exists (select from private.match_words m where m.kind = 'name' and m.word = w.word offset 0)
        order by w.n limit 8
      ) c
    ) p
  )
  select k.id, k.org_id, k.address_key,
    -- If there is only one name, its initials are part of the key. With two names or more, initials are middle initials, which
    -- are often left out.
    case when cardinality(k.names) > 0 then hashtextextended(
      array_to_string(k.names || case when cardinality(k.names) = 1 then k.initials end, ' '), k.address_key) end,
    case when cardinality(k.names) = 1 and cardinality(k.initials) = 1
      then private.initial_key(k.address_key, k.names[1], k.initials[1]) end,
    k.names
  from keys k;
end;
$$;
comment on function private.match_keys(uuid[]) is
  'The keys by which leads that are not deleted are compared: see private.lead_match_keys. The place of an address is its '
  'five-digit ZIP, else city and state; without an address there are no keys. Only the first eight words of a name count.';
