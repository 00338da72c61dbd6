create table private.match_words (
  kind text not null check (kind in ('address', 'name')),
  word text not null,
  folded text not null,
  primary key (kind, word)
);
comment on table private.match_words is
  'Words of addresses with the abbreviation that the postal service uses, and words of names that do not identify a person, '
  'folded to an empty text.';

alter table private.match_words enable row level security;

insert into private.match_words (kind, word, folded)
select 'address', w.word, f.folded
from (values
  ('st', 'street str calle'), ('rd', 'road'), ('ave', 'avenue av avn avenida'), ('dr', 'drive drv'), ('ln', 'lane'),
    ('ct', 'court'),
  ('cir', 'circle circ'), ('blvd', 'boulevard boul'), ('hwy', 'highway hiway hway'), ('pkwy', 'parkway'), ('pl', 'place'),
    ('trl', 'trail'),
  ('ter', 'terrace terr'), ('sq', 'square'), ('xing', 'crossing'), ('cv', 'cove'), ('pt', 'point'), ('mtn', 'mountain'),
    ('mt', 'mount'),
  ('crk', 'creek'), ('spgs', 'springs'), ('hts', 'heights'), ('vly', 'valley'), ('rt', 'route rte'), ('rr', 'rural'),
    ('fm', 'farm'),
  ('n', 'north norte'), ('s', 'south sur'), ('e', 'east este'), ('w', 'west oeste'), ('ne', 'northeast'), ('nw', 'northwest'),
  ('se', 'southeast'), ('sw', 'southwest'), ('apt', 'apartment unit suite ste num no trlr trailer lot spc space rm room')
) f (folded, words)
cross join lateral unnest(string_to_array(f.words, ' ')) w (word);

-- Without Sr, because it distinguishes a father from his son, as Jr does.
insert into private.match_words (kind, word, folded)
select 'name', w.word, ''
from unnest(string_to_array(
  'llc inc incorporated corp corporation co company ltd limited lp llp pllc and y the mr mrs ms et al ux etal etux trustee ttee',
    ' ')) w (word);
