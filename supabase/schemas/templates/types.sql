create type private.text_size as (encoding text, segments integer, units integer);
comment on type private.text_size is
  'What a text costs: its encoding, its SMS segments, and its size in the units of the encoding.';

create type private.template_reading as (
  content text, variables text[], required_variables text[], fixed text, rendered text, worst text, problems jsonb
);
comment on type private.template_reading is
  'A template as it was read. content: in the one form in which it is stored. fixed: without variables. rendered: under a brand, '
  'with fallbacks, and one letter for other values. worst: with the longest values. problems: what can''t be read.';

create type private.checked_template as (
  content text, variables text[], required_variables text[], encoding text, worst_segments integer, issues jsonb
);
comment on type private.checked_template is
  'A template that was checked: what is stored of it, and what is wrong with it. issues: a list of objects with code, severity, '
  'message, remedy and position.';
