-- Inbound: a person wrote. One transaction: thread it, store it, act on what it means. The text is classified by the caller
-- (keywords need no data); what follows from the class is decided here.

create function private.system_template(p_org_id uuid, p_category text, p_language text)
returns public.templates
language sql
stable
set search_path = ''
as $$
  select t.* from public.templates t
  where t.org_id = p_org_id and t.category = p_category and t.is_active
  order by (t.language = p_language) desc, t.created_at, t.id
  limit 1;
$$;
comment on function private.system_template(uuid, text, text) is
  'The help or stop text of an organisation, in the person''s language where it has one.';

create function private.queue_auto_reply(
  p_org_id uuid,
  p_conversation public.conversations,
  p_number public.phone_numbers,
  p_to text,
  p_category text,
  p_language text,
  p_now timestamptz
)
returns uuid
language plpgsql
set search_path = ''
as $$
declare
  v_template public.templates := private.system_template(p_org_id, p_category, p_language);
  v_org public.orgs;
  v_id uuid;
begin
  if v_template.id is null then
    perform private.raise_alert(p_org_id, 'no_' || p_category || '_template', 'critical',
      format('There is no active %s template, so a person who asked got no answer. Add one.', p_category));
    return null;
  end if;
  select * into v_org from public.orgs o where o.id = p_org_id;
  insert into public.messages (org_id, kind, conversation_id, lead_id, phone_number_id, template_id, template_version, variables,
    from_number, to_number, language, status, charged_segments, exempt, queued_at, created_at, updated_at)
  values (p_org_id, 'auto_reply', p_conversation.id, p_conversation.lead_id, p_number.id, v_template.id, v_template.version,
    jsonb_strip_nulls(jsonb_build_object('brand', v_org.brand, 'phone', p_to, 'support_contact', v_org.support_contact)),
    p_number.e164, p_to, v_template.language, 'queued', v_template.worst_segments,
    case when p_category = 'stop' then 'confirmation' else 'conversation' end, p_now, p_now, p_now)
  returning id into v_id;
  perform pgmq.send('replies', jsonb_build_object('message_id', v_id, 'org_id', p_org_id));
  return v_id;
end;
$$;
comment on function private.queue_auto_reply(uuid, public.conversations, public.phone_numbers, text, text, text, timestamptz) is
  'Queues the help or stop text for a person, ahead of campaigns. A stop confirmation is the one message allowed after an '
  'opt-out (47 CFR 64.1200(a)(12)).';
