-- Inbound messages. One transaction assigns a message to its conversation, stores it and acts on it. The caller classifies the
-- text (keywords need no data); the consequences are decided here.

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
  'The help or stop text of an organisation, in the person''s language if there is one.';

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
  'Queues the help or stop text for a person, ahead of campaigns. A stop confirmation is the only message allowed after an '
  'opt-out (47 CFR 64.1200(a)(12)).';

create function private.is_answer(p_classification text)
returns boolean
language sql
immutable
set search_path = ''
as $$
  select coalesce(p_classification, 'reply') <> all (
    array['stop', 'start', 'help', 'automatic', 'disliked', 'reaction']);
$$;
comment on function private.is_answer(text) is
  'Whether a text of this class counts as an answer to a campaign: no keyword, no robot, and of the reactions only a like.';

create function private.is_reply(p_classification text)
returns boolean
language sql
immutable
set search_path = ''
as $$
  select private.is_answer(p_classification) and coalesce(p_classification, 'reply') <> all (array['wrong_number', 'deceased']);
$$;
comment on function private.is_reply(text) is
  'Whether a text of this class is a reply of the person who was meant: an answer that is not about a wrong number or a death.';

create function private.mark_wrong_number(p_org_id uuid, p_e164 text, p_campaign_id uuid, p_lead_id uuid, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
begin
  perform private.cancel_open_targets(p_org_id, p_e164, 'wrong_number', p_now);
  perform private.add_next_phones(array(
    select t.id from public.campaign_targets t
    where t.org_id = p_org_id and t.e164 = p_e164 and t.state = 'canceled' and t.reason = 'wrong_number'
      and t.updated_at = p_now), p_now);
  update private.contacts c set invalid_at = coalesce(c.invalid_at, p_now),
    invalid_reason = coalesce(c.invalid_reason, 'wrong_number')
  where c.org_id = p_org_id and c.e164 = p_e164;
  update public.lead_phones p set is_valid = false, invalid_reason = 'wrong_number'
  where p.org_id = p_org_id and p.e164 = p_e164 and p.is_valid;
  perform private.record_audit_event(p_org_id, 'wrong_number', p_e164, p_campaign_id, p_lead_id);
end;
$$;
comment on function private.mark_wrong_number(uuid, text, uuid, uuid, timestamptz) is
  'A phone belongs to somebody else: cancels what waits for it, and no campaign takes it any more. The caller holds the contact.';

create function private.last_sent(p_account_sid text, p_from text, p_to text)
returns text[]
language plpgsql
stable
security definer
set search_path = ''
-- An organisation that was written to more often than it wrote has few numbers in to_number: by these statistics, reading all of
-- its messages looks cheap (75 ms at 300,000).
set enable_seqscan = off
as $$
begin
  return array(
    select m.content
    from public.phone_numbers n
    join public.twilio_accounts a on a.org_id = n.org_id
    cross join lateral (
      select x.content, x.created_at from public.messages x
      where x.to_number = p_from and (x.org_id = n.org_id) is true and x.content is not null
      order by x.created_at desc limit 3
    ) m
    where n.e164 = p_to and a.account_sid = p_account_sid
    order by m.created_at desc);
end;
$$;
comment on function private.last_sent(text, text, text) is
  'The last three texts that the organisation of our number p_to sent to p_from, the newest first, to tell quotations of them '
  'from the person''s words. Security definer: the worker may not read messages.';
grant execute on function private.last_sent(text, text, text) to worker;
