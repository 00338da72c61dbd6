-- By what leads are known to be the same owner: name and mailing address, folded so that ways of writing them do not matter.
-- Keys are worked out beside the writing of leads, never in it: an import only notes which leads there are to look at.

create table private.match_words (
  kind text not null check (kind in ('address', 'name')),
  word text not null,
  folded text not null,
  primary key (kind, word)
);
comment on table private.match_words is
  'Words of addresses as the postal service shortens them, and words of names that do not say who it is, folded to nothing.';
alter table private.match_words enable row level security;

insert into private.match_words (kind, word, folded)
select 'address', w.word, f.folded
from (values
  ('st', 'street str calle'), ('rd', 'road'), ('ave', 'avenue av avn avenida'), ('dr', 'drive drv'), ('ln', 'lane'), ('ct', 'court'),
  ('cir', 'circle circ'), ('blvd', 'boulevard boul'), ('hwy', 'highway hiway hway'), ('pkwy', 'parkway'), ('pl', 'place'), ('trl', 'trail'),
  ('ter', 'terrace terr'), ('sq', 'square'), ('xing', 'crossing'), ('cv', 'cove'), ('pt', 'point'), ('mtn', 'mountain'), ('mt', 'mount'),
  ('crk', 'creek'), ('spgs', 'springs'), ('hts', 'heights'), ('vly', 'valley'), ('rt', 'route rte'), ('rr', 'rural'), ('fm', 'farm'),
  ('n', 'north norte'), ('s', 'south sur'), ('e', 'east este'), ('w', 'west oeste'), ('ne', 'northeast'), ('nw', 'northwest'),
  ('se', 'southeast'), ('sw', 'southwest'), ('apt', 'apartment unit suite ste num no trlr trailer lot spc space rm room')
) f (folded, words)
cross join lateral unnest(string_to_array(f.words, ' ')) w (word);
-- Not Sr: it tells a father from his son, as Jr does.
insert into private.match_words (kind, word, folded)
select 'name', w.word, ''
from unnest(string_to_array(
  'llc inc incorporated corp corporation co company ltd limited lp llp pllc and y the mr mrs ms et al ux etal etux trustee ttee', ' ')) w (word);

create table private.lead_match_keys (
  lead_id uuid primary key,
  org_id uuid not null,
  address_key bigint,
  owner_key bigint,
  initial_key bigint,
  names text[] not null
);
comment on table private.lead_match_keys is
  'What a lead is compared by, as hashes: its folded mailing address, that with the name in any order, and for names like "M Garcia" that with name and initial. Written by private.match_leads; no foreign key, a trigger removes what is gone.';
comment on column private.lead_match_keys.names is 'The names of two letters and more, sorted.';
create index lead_match_keys_owner_idx on private.lead_match_keys (org_id, owner_key) where owner_key is not null;
create index lead_match_keys_address_idx on private.lead_match_keys (org_id, address_key) where address_key is not null;
create index lead_match_keys_initial_idx on private.lead_match_keys (org_id, initial_key) where initial_key is not null;
alter table private.lead_match_keys enable row level security;

create function private.initial_key(p_address_key bigint, p_name text, p_initial text)
returns bigint
language sql
immutable
parallel safe
set search_path = ''
as $$
  select hashtextextended(p_name || ' ' || p_initial || '.', p_address_key);
$$;
comment on function private.initial_key(bigint, text, text) is 'The key of somebody known by one name and the initial of another, at an address; null without an address.';

create function private.match_keys(p_lead_ids uuid[])
returns table (lead_id uuid, org_id uuid, address_key bigint, owner_key bigint, initial_key bigint, names text[])
language sql
stable
set search_path = ''
as $$
  with leads as materialized (
    select l.id, l.org_id,
      -- Dots and apostrophes part no words: "P.O. Box", "L.L.C.", "O'Brien".
      trim(regexp_replace(translate(replace(private.fold_text(coalesce(l.address1, '') || ' ' || coalesce(l.address2, '')), '#', ' apt '),
        '.''’', ''), '[^a-z0-9]+', ' ', 'g')) as street,
      trim(regexp_replace(translate(private.fold_text(l.full_name), '.''’', ''), '[^a-z0-9]+', ' ', 'g')) as person,
      coalesce(substring(l.postal_code from '^\s*([0-9]{5})'), private.fold_text(nullif(trim(l.city), '')) || l.state) as place
    from public.leads l where l.id = any (p_lead_ids) and l.deleted_at is null
  ),
  -- Word by word within each lead: joining leads to their words, the planner took thousands for one and compared all with all.
  keys as (
    select l.id, l.org_id, hashtextextended(s.street || '|' || l.place, 0) as address_key,
      coalesce(p.names, '{}') as names, coalesce(p.initials, '{}') as initials
    from leads l
    cross join lateral (
      select string_agg(coalesce((select m.folded from private.match_words m where m.kind = 'address' and m.word = w.word), w.word), ' ' order by w.n) as street
      from unnest(string_to_array(
        regexp_replace(l.street, '\m(p ?o ?box|post office box|p ?o ?b|apartado)\M', 'pobox', 'g'), ' ')) with ordinality w (word, n)
    ) s
    cross join lateral (
      select array_agg(w.word order by w.word) filter (where length(w.word) > 1) as names,
        array_agg(w.word order by w.word) filter (where length(w.word) = 1) as initials
      from unnest(string_to_array(l.person, ' ')) w (word)
      where not exists (select from private.match_words m where m.kind = 'name' and m.word = w.word offset 0)
    ) p
  )
  select k.id, k.org_id, k.address_key,
    -- One name alone is told from others by its initials; beside two names they are middle ones, and left out as often as not.
    case when cardinality(k.names) > 0 then hashtextextended(
      array_to_string(k.names || case when cardinality(k.names) = 1 then k.initials end, ' '), k.address_key) end,
    case when cardinality(k.names) = 1 and cardinality(k.initials) = 1
      then private.initial_key(k.address_key, k.names[1], k.initials[1]) end,
    k.names
  from keys k;
$$;
comment on function private.match_keys(uuid[]) is
  'What leads that are not deleted are compared by: see private.lead_match_keys. The place of an address is its five-digit ZIP, else city and state; no address, no keys.';
