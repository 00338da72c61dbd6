-- How conversations are searched. A word that few leads have gives the ids of their conversations. One that many have is looked
-- for in the lead of each conversation, newest first, until the page is full: a list of all of them would take too long.

create function private.lead_patterns(p_search text)
returns text
language sql
immutable
set search_path = ''
as $$
  select string_agg(case when s.other is null then format(' and l.search_text like %L', s.pattern)
    else format(' and (l.search_text like %L or l.search_text like %L)', s.pattern, s.other) end, '')
  from private.search_patterns(p_search) s;
$$;
comment on function private.lead_patterns(text) is
  'What a search requires of a lead (alias l): every word is in its name, address, phones, e-mail or parcels. Null if nothing is '
  'searched.';

create function private.search_condition(p_org_id uuid, p_search text, out condition text, out is_common boolean)
language plpgsql
stable
set search_path = ''
as $$
declare
  v_leads text := private.lead_patterns(p_search);
  v_texts text;
  v_digits text := regexp_replace(coalesce(p_search, ''), '\D', '', 'g');
  v_ids uuid[];
  v_more uuid[];
  v_of_leads text;
  c_few constant integer := 2000;
begin
  if v_leads is null then
    condition := '';
    is_common := false;
    return;
  end if;
  select string_agg(format(' and t.search_text like %L', coalesce(s.other, s.pattern)), '') into v_texts
  from private.search_patterns(p_search) s;
  -- Who looks for a word that everybody writes wants the newest, not all.
  execute format('select array(select t.conversation_id from private.conversation_texts t where t.org_id = %L%s '
    'order by t.message_id desc limit 1000)', p_org_id, v_texts) into v_ids;
  if length(v_digits) between 4 and 15 then
    select array_agg(c.id) into v_more from (
      select c.id from public.conversations c
      where c.org_id = p_org_id and c.lead_id is null and c.e164 like '%' || v_digits || '%' limit 1000) c;
    v_ids := v_ids || coalesce(v_more, '{}');
  end if;
  v_of_leads := format('l.org_id = %L and l.deleted_at is null%s', p_org_id, v_leads);
  execute format('select array(select c.id from public.leads l join public.conversations c on c.lead_id = l.id and c.org_id = %L '
    'where %s limit %s)', p_org_id, v_of_leads, c_few + 1) into v_more;
  is_common := cardinality(v_more) > c_few;
  condition := case when is_common
    then format(' and (c.id = any (%L::uuid[]) or exists (select from public.leads l where l.id = c.lead_id and %s))',
      array(select distinct i from unnest(v_ids) i), v_of_leads)
    else format(' and c.id = any (%L::uuid[])', array(select distinct i from unnest(v_ids || v_more) i)) end;
end;
$$;
comment on function private.search_condition(uuid, text) is
  'The condition of a search in conversations (alias c): every word is in the lead''s name, address, phones or parcels, or '
  'every word is in one of the newest thousand such texts; or the phone of somebody who is no lead. Empty if nothing is '
  'searched. is_common: so many leads match that conversations are not counted.';
