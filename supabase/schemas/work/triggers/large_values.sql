-- PostgREST limits an answer by rows, not by bytes: 1,000 rows of 1 MB each would fill its memory, which all organisations share.
-- So there is a limit on what an organisation stores in large values, and thus on the largest page of a table.

create function private.limit_large_values()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_column constant text := tg_argv[0];
  v_most constant integer := 64000000;
  v_size constant integer := octet_length(to_jsonb(new) ->> v_column);
  v_bytes bigint;
begin
  if v_size <= 8192 then
    delete from private.large_values l where l.table_name = tg_table_name and l.row_id = new.id and l.column_name = v_column;
    return null;
  end if;
  -- Two at the same moment must not both count as the last that fits.
  perform private.lock_count(new.org_id, 'large values of ' || tg_table_name);
  insert into private.large_values (org_id, table_name, row_id, column_name, bytes)
  values (new.org_id, tg_table_name, new.id, v_column, v_size)
  on conflict (table_name, row_id, column_name) do update set bytes = excluded.bytes;
  select sum(l.bytes) into v_bytes from private.large_values l
  where l.org_id = new.org_id and l.table_name = tg_table_name and l.column_name = v_column;
  if v_bytes > v_most then
    perform private.refuse_field(v_column, format(
      'The long values in %s of your %s take %s bytes together; at most %s are allowed. Give a shorter value (a segment instead '
      'of lead ids, a file with fewer columns), or delete a row you no longer need.', v_column, tg_table_name, v_bytes, v_most));
  end if;
  return null;
end;
$$;
comment on function private.limit_large_values() is
  'Trigger, after a row is written with a new value in its column tg_argv[0] (jsonb, or a list of texts): raises PT422 naming '
  'the column if the values of more than 8,192 bytes of JSON in this column take more than 64,000,000 bytes together in the '
  'organisation''s rows. Security definer: people may not write private.large_values.';

create function private.forget_large_values()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  delete from private.large_values l where l.table_name = tg_table_name and l.row_id = old.id;
  return null;
end;
$$;
comment on function private.forget_large_values() is
  'Trigger, after a row is deleted: its large values no longer count. Security definer: people may not write '
  'private.large_values.';
