-- Figures of all leads of an organisation. They are stored, because counting a million leads takes a second. Triggers append each
-- change of leads, phones or parcels, one row for each figure and statement, and lock nothing; a fold adds the rows up. A reader
-- adds the rows that are not folded yet, so that the figures are always right.

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
        -- phone_digits has the phones with spaces between them.
        ('phones', case r.phone_digits when '' then '0'
          else (length(r.phone_digits) - length(replace(r.phone_digits, ' ', '')) + 1)::text end)
      union all
      select 'tag', t.tag from unnest(r.tags) t (tag)
    ) d (dimension, value)
    group by 1, 2, 3 having sum(r.sign) <> 0
    $sql$, p_rows);
$$;
comment on function private.lead_figures_sql(text) is
  'A query for the figures of rows of leads: org_id, dimension, value, n. p_rows: a query with the columns of leads and sign, '
  'which is 1 for leads that are added and -1 for leads that are removed.';

create function private.belonging_figures_sql(p_rows text)
returns text
language sql
immutable
set search_path = ''
as $$
  -- The subquery makes the planner use the index for each lead, whatever the statistics say in the middle of an import.
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
  'A query for the figures of the phones and parcels of leads: org_id, dimension, value, n. p_rows: a query with org_id, id and '
  'sign (1 added, -1 removed).';
