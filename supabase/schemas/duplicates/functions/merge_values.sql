-- The values of a lead's fields after a merge; the answer names the rule for each. Nothing here writes.

create function private.merge_fields(p_keep jsonb, p_others jsonb[], p_prefer jsonb)
returns jsonb
language plpgsql
immutable
set search_path = ''
as $$
declare
  -- Fields that belong together are filled together: half of one address and half of another is no real address.
  v_groups constant jsonb := '[["first_name", "last_name"], ["address1", "address2", "city", "state", "postal_code"], '
    '["language"], ["email"], ["county"], ["source"]]';
  v_value jsonb := p_keep;
  v_from jsonb := '{}';
  v_group jsonb;
  v_field text;
  v_other jsonb;
begin
  for v_group in select g.value from jsonb_array_elements(v_groups) g loop
    foreach v_other in array p_others loop
      continue when exists (
        select 1 from jsonb_array_elements_text(v_group) f (name)
        where trim(v_value ->> f.name) <> '' and trim(v_other ->> f.name) <> ''
          and private.fold_text(trim(v_value ->> f.name)) <> private.fold_text(trim(v_other ->> f.name)));
      for v_field in select f.name from jsonb_array_elements_text(v_group) f (name) loop
        if coalesce(trim(v_value ->> v_field), '') = '' and trim(v_other ->> v_field) <> '' then
          v_value := jsonb_set(v_value, array[v_field], v_other -> v_field);
          v_from := v_from || jsonb_build_object(v_field, jsonb_build_object(
            'value', v_other -> v_field, 'from', v_other -> 'id', 'because', 'blank_filled'));
        end if;
      end loop;
    end loop;
  end loop;
  for v_field, v_other in
    select p.key, x.lead from jsonb_each_text(p_prefer) p join unnest(p_keep || p_others) x (lead) on x.lead ->> 'id' = p.value
  loop
    v_value := jsonb_set(v_value, array[v_field], v_other -> v_field);
    v_from := v_from || jsonb_build_object(v_field, jsonb_build_object(
      'value', v_other -> v_field, 'from', v_other -> 'id', 'because', 'preferred'));
  end loop;
  return jsonb_build_object('value', v_value, 'from', v_from);
end;
$$;
comment on function private.merge_fields(jsonb, jsonb[], jsonb) is
  'The kept lead (JSON) with its empty fields filled from the others, in their order, and preferred fields ({field: lead id}) '
  'taken: {value: the lead, from: {field: {value, from, because}}}. A name or an address is filled only from a lead that '
  'contradicts no part of it.';

create function private.merge_rank(p_word text)
returns integer
language sql
immutable
set search_path = ''
as $$
  -- A wish not to be contacted is never lost. Then the furthest stage of a deal counts most, then a deal that ended, then an
  -- answer that is worth a reply, then any other answer, then that the person was written to at all.
  select array_position(array['new', 'contacted', 'not_interested', 'interested', 'lost', 'qualified', 'appointment', 'contract',
    'closed', 'do_not_contact', 'cold', 'warm', 'hot'], p_word);
$$;
comment on function private.merge_rank(text) is
  'The weight of a status or score when leads are merged; the highest stays. In falling order: do_not_contact, closed, '
  'contract, appointment, qualified, lost, interested, not_interested, contacted, new; hot, warm, cold.';

create function private.merge_standing(p_keep jsonb, p_others jsonb[], p_prefer jsonb)
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select jsonb_object_agg(f.field, jsonb_build_object('value', w.lead -> f.field, 'from', w.lead -> 'id',
    'because', case when w.lead ->> 'id' = p_prefer ->> f.field then 'preferred' else f.because end))
  from (values ('status', 'heaviest'), ('lead_score', 'hottest')) f (field, because)
  cross join lateral (
    select x.lead from unnest(p_keep || p_others) with ordinality x (lead, n)
    order by x.lead ->> f.field = 'do_not_contact' desc, x.lead ->> 'id' is not distinct from p_prefer ->> f.field desc,
      private.merge_rank(x.lead ->> f.field) desc, x.n
    limit 1
  ) w;
$$;
comment on function private.merge_standing(jsonb, jsonb[], jsonb) is
  'Status and score of the kept lead after a merge: {field: {value, from, because}}. A preference counts, but do_not_contact '
  'always wins.';

create function private.merge_notes(p_keep jsonb, p_others jsonb[])
returns jsonb
language plpgsql
immutable
set search_path = ''
as $$
declare
  v_notes text := nullif(p_keep ->> 'notes', '');
  v_left text[] := '{}';
  v_other jsonb;
begin
  foreach v_other in array p_others loop
    continue when coalesce(v_other ->> 'notes', '') = '' or position(v_other ->> 'notes' in coalesce(v_notes, '')) > 0;
    if length(coalesce(v_notes || E'\n\n', '') || (v_other ->> 'notes')) <= 10000 then
      v_notes := coalesce(v_notes || E'\n\n', '') || (v_other ->> 'notes');
    else
      v_left := v_left || (v_other ->> 'notes');
    end if;
  end loop;
  return jsonb_build_object('notes', v_notes, 'left', to_jsonb(v_left));
end;
$$;
comment on function private.merge_notes(jsonb, jsonb[]) is
  'The notes of merged leads one after the other, and those that do not fit: {notes, left: [text]}. Notes that are the same are '
  'kept once.';

create function private.add_custom_text(p_fields jsonb, p_key text, p_text text)
returns jsonb
language plpgsql
immutable
set search_path = ''
as $$
declare
  v_key text := p_key;
  v_n integer := 1;
begin
  while p_fields ? v_key loop
    v_n := v_n + 1;
    v_key := p_key || '_' || v_n;
  end loop;
  return p_fields || jsonb_build_object(v_key, p_text);
end;
$$;
comment on function private.add_custom_text(jsonb, text, text) is
  'Custom fields with one more, under p_key or, if that is taken, key_2, key_3 ….';

create function private.merge_extras(p_keep jsonb, p_others jsonb[], p_phones_left text[])
returns jsonb
language plpgsql
immutable
set search_path = ''
as $$
declare
  v_fields jsonb := p_keep -> 'custom_fields';
  v_notes jsonb := private.merge_notes(p_keep, p_others);
  v_tags text[];
  v_added jsonb := '{}';
  v_row record;
begin
  select array_agg(t.tag order by t.n) into v_tags
  from (
    select t.tag, min(x.n * 1000 + t.n) as n
    from unnest(p_keep || p_others) with ordinality x (lead, n)
    cross join lateral jsonb_array_elements_text(x.lead -> 'tags') with ordinality t (tag, n)
    group by t.tag
  ) t;
  for v_row in
    select distinct on (f.key) f.key, f.value
    from unnest(p_others) with ordinality x (lead, n) cross join lateral jsonb_each(x.lead -> 'custom_fields') f
    where coalesce(v_fields -> f.key, 'null') in ('null', '""') and f.value not in ('null', '""')
    order by f.key, x.n
  loop
    v_fields := v_fields || jsonb_build_object(v_row.key, v_row.value);
    v_added := v_added || jsonb_build_object(v_row.key, v_row.value);
  end loop;
  if cardinality(p_phones_left) > 0 then
    v_fields := private.add_custom_text(v_fields, 'other_phones', array_to_string(p_phones_left, ', '));
  end if;
  if cardinality(v_tags) > 50 then
    v_fields := private.add_custom_text(v_fields, 'other_tags', array_to_string(v_tags[51:], ', '));
  end if;
  for v_row in select n.value #>> '{}' as text from jsonb_array_elements(v_notes -> 'left') n loop
    v_fields := private.add_custom_text(v_fields, 'other_notes', v_row.text);
  end loop;
  if pg_column_size(v_fields) > 32000 then
    perform private.refuse_field('merge_ids',
      'Together these leads have more than 32 KB of custom fields and notes: empty some first.');
  end if;
  return jsonb_build_object(
    'tags', to_jsonb(coalesce(v_tags[:50], '{}')), 'notes', v_notes -> 'notes', 'custom_fields', v_fields,
    'tags_added', (select coalesce(to_jsonb(array_agg(t)), '[]') from unnest(v_tags[:50]) t where not p_keep -> 'tags' ? t),
    'custom_fields_added', v_added,
    'left_over', jsonb_strip_nulls(jsonb_build_object(
      'phones', to_jsonb(nullif(p_phones_left, '{}')), 'tags', case when cardinality(v_tags) > 50 then to_jsonb(v_tags[51:]) end,
      'notes', nullif(jsonb_array_length(v_notes -> 'left'), 0))));
end;
$$;
comment on function private.merge_extras(jsonb, jsonb[], text[]) is
  'Tags (50 at most), notes and custom fields of merged leads, and which of them were added. What does not fit (phones given, '
  'tags, notes) is stored in custom_fields as other_phones, other_tags, other_notes and listed in left_over.';
