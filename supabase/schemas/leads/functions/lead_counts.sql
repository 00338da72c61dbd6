-- Figures of all leads of an organisation, kept instead of counted: a million leads take a second to count. Whoever changes
-- leads, phones or parcels appends what that changes, one line for each figure and statement, and locks nothing; a fold adds the
-- lines up. Whoever reads adds the lines that are not folded yet, so that the figures are right at every moment.

create function private.lead_figures_sql(p_rows text)
returns text
language sql
immutable
set search_path = ''
as $$
  select format($sql$
    select r.org_id, d.dimension, coalesce(d.value, '') as value, sum(r.sign) as n
    from (%s) r
    cross join lateral (
      values ('total', ''), ('status', r.status), ('score', r.lead_score), ('consent', r.consent_status), ('source', r.source),
        ('county', r.county), ('state', r.state), ('month', to_char(r.created_at at time zone 'UTC', 'YYYY-MM')),
        -- Phones stand in phone_digits with spaces between them.
        ('phones', case r.phone_digits when '' then '0'
          else (length(r.phone_digits) - length(replace(r.phone_digits, ' ', '')) + 1)::text end)
      union all
      select 'tag', t.tag from unnest(r.tags) t (tag)
    ) d (dimension, value)
    group by 1, 2, 3 having sum(r.sign) <> 0
    $sql$, p_rows);
$$;
comment on function private.lead_figures_sql(text) is
  'The figures of rows of leads as a query: org_id, dimension, value, n. p_rows: a query with the columns of leads and sign, 1 '
  'for what is added and -1 for what is taken away.';

create function private.belonging_figures_sql(p_rows text)
returns text
language sql
immutable
set search_path = ''
as $$
  -- By index for each lead, whatever the statistics say in the middle of an import.
  select format($sql$
    select r.org_id, d.dimension, d.value, sum(r.sign) as n
    from (%s) r
    cross join lateral (
      select f.dimension, f.value
      from (select p.line_type, p.is_valid from public.lead_phones p where p.org_id = r.org_id and p.lead_id = r.id offset 0) p
      cross join lateral (values ('line_type', coalesce(p.line_type, 'not_looked_up')),
        ('phone_valid', p.is_valid::text)) f (dimension, value)
      union all
      select 'parcels', '' from public.lead_properties p where p.org_id = r.org_id and p.lead_id = r.id
    ) d
    group by 1, 2, 3
    $sql$, p_rows);
$$;
comment on function private.belonging_figures_sql(text) is
  'The figures of the phones and parcels of leads as a query: org_id, dimension, value, n. p_rows: a query with org_id, id and '
  'sign.';
