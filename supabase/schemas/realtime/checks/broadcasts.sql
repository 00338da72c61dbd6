create function private.topic_org_id(p_topic text)
returns uuid
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_scope text := split_part(p_topic, ':', 1);
  v_id uuid;
  v_org_id uuid;
begin
  if p_topic !~ '^(org|campaign|inbox|conversation|import|job):[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then
    return null;
  end if;
  v_id := split_part(p_topic, ':', 2)::uuid;
  case v_scope
    when 'org', 'inbox' then v_org_id := v_id;
    when 'campaign' then select c.org_id into v_org_id from public.campaigns c where c.id = v_id;
    when 'conversation' then select c.org_id into v_org_id from public.conversations c where c.id = v_id;
    when 'import' then select i.org_id into v_org_id from public.imports i where i.id = v_id;
    when 'job' then select j.org_id into v_org_id from public.jobs j where j.id = v_id;
  end case;
  return v_org_id;
end;
$$;
comment on function private.topic_org_id(text) is
  'The organisation that a channel belongs to; null for a topic that is not one of ours. Security definer: it must see rows of '
  'other organisations to refuse them.';
grant execute on function private.topic_org_id(text) to authenticated;
