-- What ends the steps of a person. Planning and the claim ask the same function; an answer cancels at once what waits.

create function private.says_not_owner(p_rule text)
returns boolean
language sql
immutable
set search_path = ''
as $$
  select coalesce(p_rule = any (array['wrong_number.en.owns no land', 'wrong_number.en.has none', 'wrong_number.en.has no land',
    'wrong_number.en.not mine', 'wrong_number.en.isn''t mine', 'wrong_number.en.not the owner', 'wrong_number.en.renter',
    'wrong_number.es.no soy el dueño', 'wrong_number.es.no es mío', 'wrong_number.es.no tengo terreno',
    'wrong_number.es.nunca tuve']), false);
$$;
comment on function private.says_not_owner(text) is
  'Whether an answer that counts as a wrong number says, by the rule that decided it, that the land is not theirs. That is true '
  'of every phone of the lead; a wrong number is true of one phone.';

create function private.stop_of_answer(p_class text, p_rule text, p_is_same_phone boolean, p_stop_on text[])
returns text
language sql
immutable
set search_path = ''
as $$
  select case
    when p_class in ('automatic', 'start') then null
    when p_class = 'stop' then 'opted_out'
    when p_class in ('deceased', 'not_interested') then p_class
    when p_class = 'wrong_number' then case when p_is_same_phone or private.says_not_owner(p_rule) then 'wrong_number' end
    when p_class in ('interested', 'liked') and 'interested' = any (p_stop_on) then 'interested'
    -- Also a question for help, a dislike or an unclear text: somebody wrote.
    when 'replied' = any (p_stop_on) then 'replied'
  end;
$$;
comment on function private.stop_of_answer(text, text, boolean, text[]) is
  'Why a text of this class, from the phone of a step or from another phone of its lead, ends the step; null if it does not. '
  'p_rule: the rule that decided the class. p_stop_on: campaign_steps.stop_on. Automatic answers and START end nothing.';

create function private.ends_step(p_obstacle text)
returns boolean
language sql
immutable
set search_path = ''
as $$
  select p_obstacle = any (array['opted_out', 'deceased', 'wrong_number', 'not_interested', 'interested', 'replied',
    'do_not_contact', 'no_consent', 'landline', 'invalid_phone', 'lead_deleted', 'earlier_step_failed']);
$$;
comment on function private.ends_step(text) is
  'Whether this answer of private.step_obstacle, or verdict of a claim, ends a step for good.';

create function private.step_obstacle(p_target_id uuid)
returns text
language plpgsql
stable
set search_path = ''
as $$
declare
  v_target public.campaign_targets;
  v_step public.campaign_steps;
  v_before public.target_state;
  v_lead record;
  v_phones text[];
  v_contacts record;
begin
  select * into v_target from public.campaign_targets t where t.id = p_target_id;
  select * into v_step from public.campaign_steps s where s.campaign_id = v_target.campaign_id and s.step = v_target.step;
  if v_step.kind = 'text' then
    select t.state into v_before from public.campaign_targets t
    where t.campaign_id = v_target.campaign_id and t.e164 = v_target.e164 and t.step = v_target.step - 1 and t.is_included;
    if v_before in ('failed', 'canceled') then
      return 'earlier_step_failed';
    elsif v_before <> 'sent' then
      return 'earlier_step_open';
    end if;
  end if;

  select l.status, l.deleted_at, l.consent_status as lead_consent, p.consent_status, p.is_valid, p.line_type into v_lead
  from public.leads l left join public.lead_phones p on p.id = v_target.lead_phone_id where l.id = v_target.lead_id;
  if v_lead.deleted_at is not null then
    return 'lead_deleted';
  elsif v_lead.status = 'do_not_contact' then
    return 'do_not_contact';
  elsif 'denied' in (v_lead.lead_consent, v_lead.consent_status) then
    return 'no_consent';
  elsif v_lead.is_valid is false then
    return 'invalid_phone';
  elsif v_lead.line_type = 'landline' then
    return 'landline';
  end if;

  -- An answer from any phone to which the campaign wrote is an answer of this person.
  v_phones := array(
    select distinct t.e164 from public.campaign_targets t
    where t.lead_id = v_target.lead_id and t.campaign_id = v_target.campaign_id and t.is_included);
  select bool_or(c.held_at is not null) as are_held, max(c.last_inbound_at) as last_inbound_at into v_contacts
  from unnest(v_phones) as x(e164)
  cross join lateral (
    select k.held_at, k.last_inbound_at from private.contacts k
    where k.org_id = v_target.org_id and k.e164 = x.e164 limit 1) c;
  if v_contacts.are_held then
    return 'held';
  end if;
  if v_contacts.last_inbound_at >= v_target.replies_since then
    return (
      select a.stop
      from public.conversations c
      join public.messages m on m.conversation_id = c.id and m.kind = 'inbound' and m.created_at >= v_target.replies_since
      cross join lateral private.stop_of_answer(coalesce(m.reviewed_as, m.classification),
        case when m.reviewed_as is null then m.class_rule end, c.e164 = v_target.e164, v_step.stop_on) as a(stop)
      where c.org_id = v_target.org_id and c.e164 = any (v_phones) and a.stop is not null
      order by array_position(array['opted_out', 'deceased', 'wrong_number', 'not_interested', 'interested', 'replied'], a.stop)
      limit 1);
  end if;
  -- What a person of the organisation noted after a call.
  return (
    select e.new_value from public.lead_events e
    where e.lead_id = v_target.lead_id and e.kind = 'status' and e.new_value = v_lead.status
      and e.created_at >= v_target.replies_since
      and (e.new_value = 'not_interested' or e.new_value = 'interested' and 'interested' = any (v_step.stop_on))
    limit 1);
end;
$$;
comment on function private.step_obstacle(uuid) is
  'Why a target of a step after the first may not be sent: held and earlier_step_open pass; every other one ends the step '
  '(private.ends_step). Null if it may. The caller knows that the phone is neither suppressed nor invalid.';

create function private.stop_steps(p_org_id uuid, p_e164 text, p_now timestamptz)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_targets uuid[];
  v_obstacle text;
  v_count integer := 0;
  v_id uuid;
begin
  -- Those of other phones of the lead too. They are locked only if nobody holds them; else planning or the claim finds the
  -- answer.
  v_targets := array(
    select t.id from public.campaign_targets t
    where t.id in (
        select w.id from public.campaign_targets s
        cross join lateral (
          select o.id from public.campaign_targets o
          where o.lead_id = s.lead_id and o.campaign_id = s.campaign_id and o.step > 1 and o.state in ('waiting', 'queued')
            offset 0
        ) w
        where s.org_id = p_org_id and s.e164 = p_e164)
    order by t.id for no key update skip locked);
  foreach v_id in array v_targets loop
    v_obstacle := private.step_obstacle(v_id);
    if private.ends_step(v_obstacle) then
      v_count := v_count + private.cancel_targets(array[v_id], v_obstacle, p_now);
    end if;
  end loop;
  return v_count;
end;
$$;
comment on function private.stop_steps(uuid, text, timestamptz) is
  'Cancels later steps that an answer from this phone ends, of all campaigns; returns how many. The caller holds the contact.';
