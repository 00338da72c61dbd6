-- People whose answer somebody must read before anything more of a campaign is sent to them: it may be a wish to stop, a threat,
-- or the news that the person has died.

create function private.hold_person(p_org_id uuid, p_e164 text, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
begin
  update private.contacts c set held_at = p_now where c.org_id = p_org_id and c.e164 = p_e164 and c.held_at is null;
  perform private.raise_alert(p_org_id, 'answers_to_read', 'warning',
    'Somebody''s answer may be a wish to stop, or says that the person has died. Nothing more is sent to them until you have '
    'said what it means.');
end;
$$;
comment on function private.hold_person(uuid, text, timestamptz) is
  'Lets campaigns wait for a person, and raises an alert. What is queued is given back when it is claimed. The caller holds the '
  'contact.';

create function private.release_person(p_org_id uuid, p_e164 text, p_now timestamptz)
returns boolean
language plpgsql
set search_path = ''
as $$
begin
  update private.contacts c set held_at = null where c.org_id = p_org_id and c.e164 = p_e164 and c.held_at is not null;
  if not found then
    return false;
  end if;
  update public.campaign_targets t set not_before = '-infinity', needs_attention = null, updated_at = p_now
  where t.id in (
    select x.id from public.campaign_targets x
    where x.org_id = p_org_id and x.e164 = p_e164 and x.state = 'waiting' and x.not_before > p_now
      -- An A/B test keeps back those who are due at no time.
      and isfinite(x.not_before)
      -- Those who wait for a retry, for their region or for a later step go on waiting for it.
      and x.step = 1 and x.attempts = 0 and x.error_code is distinct from 21408
    order by x.id for no key update);
  if not exists (select from private.contacts c where c.org_id = p_org_id and c.held_at is not null) then
    perform private.close_alerts(p_org_id, 'answers_to_read', p_now);
  end if;
  return true;
end;
$$;
comment on function private.release_person(uuid, text, timestamptz) is
  'Ends the hold of a person; returns whether there was one. First texts that waited for them are due at once, '
  'and the alert is resolved if nobody else is held. The caller holds the contact.';

create function private.end_misreading(p_message public.messages, p_class text)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_former text := coalesce(p_message.reviewed_as, p_message.classification);
begin
  if v_former not in ('wrong_number', 'deceased') or p_class = v_former or exists (
    select from public.messages m
    where m.conversation_id = p_message.conversation_id and m.kind = 'inbound' and m.id <> p_message.id
      and coalesce(m.reviewed_as, m.classification) = v_former)
  then
    return;
  end if;
  update private.contacts c set invalid_at = null, invalid_reason = null
  where c.org_id = p_message.org_id and c.e164 = p_message.from_number and c.invalid_reason = v_former;
  update public.lead_phones p set is_valid = true, invalid_reason = null
  where p.org_id = p_message.org_id and p.e164 = p_message.from_number and p.invalid_reason = v_former;
end;
$$;
comment on function private.end_misreading(public.messages, text) is
  'A text (as it was before the review) that was read as a wrong number or a death means something else: unless another text of '
  'the person says the same, their phone may be written to again. The caller holds the contact.';

create function private.review_answer(p_message_id uuid, p_class text, p_now timestamptz default now())
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('operator');
  v_message public.messages;
begin
  if p_class is null or p_class <> all (array['stop', 'wrong_number', 'deceased', 'interested', 'question', 'not_interested',
    'reply', 'automatic']) then
    perform private.raise_error('PT422', 'invalid_input', 'The text can''t mean that.', jsonb_build_object('errors',
      jsonb_build_array(jsonb_build_object('field', 'class', 'message',
        'Give stop, wrong_number, deceased, interested, question, not_interested, reply or automatic.'))));
  end if;
  select * into v_message from public.messages m where m.id = p_message_id and m.org_id = v_org_id;
  if v_message.id is null then
    perform private.raise_error('PT404', 'not_found', 'No such message.', jsonb_build_object('message_id', p_message_id));
  elsif v_message.kind <> 'inbound' then
    perform private.raise_error('PT409', 'invalid_state',
      'This text is one of ours. Review one that a person wrote: its kind is inbound.',
      jsonb_build_object('message_id', p_message_id));
  end if;
  perform private.hold_people(array[auth.uid()]);
  perform private.lock_contact(v_org_id, v_message.from_number);
  update public.messages m set reviewed_at = p_now, reviewed_by = auth.uid(), reviewed_as = p_class
  where m.id = p_message_id;
  -- What the answer means counts on the day of the text that it answers.
  insert into private.number_outcome_changes (org_id, hour)
  select v_org_id, date_trunc('hour', m.created_at, 'UTC') from public.messages m where m.id = v_message.answers_message_id;
  perform private.record_audit_event(v_org_id, 'answer_reviewed', v_message.from_number, v_message.campaign_id,
    v_message.lead_id, jsonb_build_object('message_id', p_message_id, 'class', v_message.classification, 'rule',
      v_message.class_rule, 'version', v_message.class_version, 'reviewed_as', p_class));
  perform private.end_misreading(v_message, p_class);
  if p_class = 'stop' then
    perform private.suppress(v_org_id, v_message.from_number, 'manual', v_message.content, v_message.campaign_id, false,
      v_message.language, p_now);
  elsif p_class = 'wrong_number' then
    perform private.mark_wrong_number(v_org_id, v_message.from_number, v_message.campaign_id, v_message.lead_id, p_now);
  elsif p_class = 'deceased' then
    perform private.cancel_open_targets(v_org_id, v_message.from_number, 'deceased', p_now);
    update private.contacts c set invalid_at = coalesce(c.invalid_at, p_now),
      invalid_reason = coalesce(c.invalid_reason, 'deceased')
    where c.org_id = v_org_id and c.e164 = v_message.from_number;
  end if;
  perform private.move_lead_by_reply(v_org_id, v_message.from_number, v_message.lead_id, p_class,
    case when p_class in ('interested', 'not_interested') then p_class end, p_message_id);
  -- Another answer of theirs may still be unread.
  if not exists (
    select from public.messages m
    where m.org_id = v_org_id and m.holds and m.reviewed_at is null and m.from_number = v_message.from_number
  ) then
    perform private.release_person(v_org_id, v_message.from_number, p_now);
  end if;
  perform private.stop_steps(v_org_id, v_message.from_number, p_now);
  perform private.note_review(v_message, p_class, p_now);
end;
$$;
comment on function private.review_answer(uuid, text, timestamptz) is
  'What a person says that an inbound text means: stop, wrong_number, deceased, interested, question, not_interested, reply or '
  'automatic. Acts on it, and ends the hold of the person once no text of theirs is unread. Needs operator. Raises PT403, '
  'PT404, PT409, PT422. Security definer: users may not write these tables.';
grant execute on function private.review_answer(uuid, text, timestamptz) to authenticated;

create function public.review_answer(p_message_id uuid, p_class text) returns void
  language sql set search_path = '' as $$ select private.review_answer(p_message_id, p_class); $$;
comment on function public.review_answer(uuid, text) is
  'Calls the private function of the same name, which checks role and organisation, with the current time.';
grant execute on function public.review_answer(uuid, text) to authenticated;
