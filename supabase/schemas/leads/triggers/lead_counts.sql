create function private.count_lead_changes()
returns trigger
language plpgsql
security definer
set search_path = ''
-- Forces a hash join of old and new rows. The plan is made for the first statement and kept; a nested loop planned for a single
-- row would compare every old row with every new one. A nested loop that can't be avoided then has an enormous estimated cost,
-- for which JIT would compile it: hence no JIT.
set enable_nestloop = off
set jit = off
as $$
declare
  v_differs text :=
    '(o.status, o.lead_score, o.consent_status, o.source, o.county, o.state, o.tags, o.phone_digits, o.deleted_at is null)
    is distinct from (n.status, n.lead_score, n.consent_status, n.source, n.county, n.state, n.tags, n.phone_digits,
      n.deleted_at is null)';
  v_insert text := 'insert into private.lead_count_deltas (org_id, dimension, value, change) ';
begin
  if tg_op = 'INSERT' then
    execute v_insert || private.lead_figures_sql('select n.*, 1 as sign from new_rows n where n.deleted_at is null');
  elsif tg_op = 'DELETE' then
    execute v_insert || private.lead_figures_sql('select o.*, -1 as sign from old_rows o where o.deleted_at is null');
  elsif exists (
    -- Most changes of a lead change no figure.
    select 1 from old_rows o join new_rows n on n.id = o.id
    where (o.status, o.lead_score, o.consent_status, o.source, o.county, o.state, o.tags, o.phone_digits, o.deleted_at is null)
      is distinct from (n.status, n.lead_score, n.consent_status, n.source, n.county, n.state, n.tags, n.phone_digits,
        n.deleted_at is null))
  then
    execute v_insert || private.lead_figures_sql(format(
      'select o.*, -1 as sign from old_rows o join new_rows n on n.id = o.id where o.deleted_at is null and %1$s
       union all select n.*, 1 from old_rows o join new_rows n on n.id = o.id where n.deleted_at is null and %1$s', v_differs));
    if exists (select 1 from old_rows o join new_rows n on n.id = o.id
      where (o.deleted_at is null) <> (n.deleted_at is null)) then
      execute v_insert || private.belonging_figures_sql(
        'select n.org_id, n.id, case when n.deleted_at is null then 1 else -1 end as sign
         from old_rows o join new_rows n on n.id = o.id where (o.deleted_at is null) <> (n.deleted_at is null)');
    end if;
  end if;
  return null;
end;
$$;
comment on function private.count_lead_changes() is
  'Statement trigger: records how changed leads change the figures. Security definer: the role that changes leads may not write '
  'the table.';

create function private.count_lost_belongings()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  -- The same as private.belonging_figures_sql, but planned only once: undoing an import deletes thousands of leads.
  insert into private.lead_count_deltas (org_id, dimension, value, change)
  select old.org_id, d.dimension, d.value, -d.n
  from (
    select f.dimension, f.value, count(*) as n
    from public.lead_phones p
    cross join lateral (values ('line_type', coalesce(p.line_type, 'not_looked_up')),
      ('phone_valid', p.is_valid::text)) f (dimension, value)
    where p.org_id = old.org_id and p.lead_id = old.id
    group by 1, 2
    union all
    select 'parcels', '', count(*) from public.lead_properties p where p.org_id = old.org_id and p.lead_id = old.id
      having count(*) > 0
  ) d;
  return old;
end;
$$;
comment on function private.count_lost_belongings() is
  'Trigger: subtracts the phones and parcels of a lead that is deleted for good from the figures, while their rows are still '
  'there. Security definer: the role that deletes leads may not write the table.';

create function private.count_belonging_changes()
returns trigger
language plpgsql
security definer
set search_path = ''
-- A hash join and no JIT, for the reasons given in private.count_lead_changes.
set enable_nestloop = off
set jit = off
as $$
declare
  v_rows text;
begin
  -- Most changes of a phone or a parcel change no figure.
  if tg_op = 'UPDATE' and tg_table_name = 'lead_phones' then
    if not exists (
      select 1 from old_rows o join new_rows n on n.id = o.id
      where (o.line_type, o.is_valid, o.lead_id) is distinct from (n.line_type, n.is_valid, n.lead_id))
    then
      return null;
    end if;
  elsif tg_op = 'UPDATE' then
    if not exists (select 1 from old_rows o join new_rows n on n.id = o.id where o.lead_id <> n.lead_id) then
      return null;
    end if;
  end if;
  v_rows := case tg_op
    when 'INSERT' then 'select n.*, 1 as sign from new_rows n'
    when 'DELETE' then 'select o.*, -1 as sign from old_rows o'
    else 'select o.*, -1 as sign from old_rows o union all select n.*, 1 from new_rows n' end;
  execute format($sql$
    insert into private.lead_count_deltas (org_id, dimension, value, change)
    select r.org_id, d.dimension, d.value, sum(r.sign)
    from (%s) r
    cross join lateral (select 1 from public.leads l where l.id = r.lead_id and l.deleted_at is null offset 0) l
    cross join lateral (values %s) d (dimension, value)
    group by 1, 2, 3 having sum(r.sign) <> 0
    $sql$, v_rows,
    case tg_table_name when 'lead_phones' then $values$('line_type', coalesce(r.line_type, 'not_looked_up')),
      ('phone_valid', r.is_valid::text)$values$
      else $values$('parcels', '')$values$ end);
  return null;
end;
$$;
comment on function private.count_belonging_changes() is
  'Statement trigger: records how changed phones or parcels change the figures. Security definer: the role that changes them may '
  'not write the table.';
