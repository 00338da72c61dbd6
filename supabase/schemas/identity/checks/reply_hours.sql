-- The hours in which an organisation answers people.

create function private.reply_hours_fault(p_hours jsonb)
returns text[]
language plpgsql
immutable
set search_path = ''
as $$
declare
  c_time constant text := '^([01][0-9]|2[0-3]):[0-5][0-9]$';
  v_day record;
  v_part record;
  v_count integer := 0;
  v_until text;
begin
  if coalesce(jsonb_typeof(p_hours), 'null') = 'null' then
    return null;
  elsif jsonb_typeof(p_hours) <> 'object' or pg_column_size(p_hours) > 8000 then
    return array['reply_hours', 'Give an object of days, or null for every hour.'];
  end if;
  for v_day in select e.key, e.value from jsonb_each(p_hours) e loop
    if v_day.key <> all (array['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday', 'holidays']) then
      return array['reply_hours.' || left(v_day.key, 40), 'The keys are monday to sunday, and holidays.'];
    elsif jsonb_typeof(v_day.value) <> 'array'
      or jsonb_array_length(v_day.value) > (case v_day.key when 'holidays' then 100 else 6 end)
    then
      return array['reply_hours.' || v_day.key, case v_day.key when 'holidays' then 'Give a list of at most 100 dates.'
        else 'Give a list of at most six intervals.' end];
    end if;
    v_until := '00:00';
    for v_part in select e.value, format('reply_hours.%s[%s]', v_day.key, e.n - 1) as name
      from jsonb_array_elements(v_day.value) with ordinality e (value, n) order by e.n
    loop
      if v_day.key = 'holidays' then
        continue when jsonb_typeof(v_part.value) = 'string'
          and v_part.value #>> '{}' ~ '^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$';
        return array[v_part.name, 'Write each holiday as a date, like 2026-12-25.'];
      elsif jsonb_typeof(v_part.value) <> 'object' or v_part.value - array['from', 'to'] <> '{}'
        or (v_part.value ->> 'from') ~ c_time is not true
        or ((v_part.value ->> 'to') ~ c_time or v_part.value ->> 'to' = '24:00') is not true
      then
        return array[v_part.name, 'Give from and to as HH:MM; to may be 24:00.'];
      elsif v_part.value ->> 'from' >= v_part.value ->> 'to' then
        return array[v_part.name,
          'from must be before to. For hours over midnight, end one day with 24:00 and begin the next with 00:00.'];
      elsif v_part.value ->> 'from' < v_until then
        return array[v_part.name, 'The intervals of a day must be in order and must not overlap.'];
      end if;
      v_until := v_part.value ->> 'to';
      v_count := v_count + 1;
    end loop;
  end loop;
  return case when v_count = 0 then array['reply_hours', 'Give at least one interval on one day, or null for every hour.'] end;
end;
$$;
comment on function private.reply_hours_fault(jsonb) is
  'What is wrong with reply hours, as the name of the field and a sentence; null if they can be used. For each day of the week '
  'up to six intervals {from, to} in order, and up to 100 holidays. A day that is left out has no hours. Null: every hour of '
  'every day.';
grant execute on function private.reply_hours_fault(jsonb) to authenticated, service_role;
