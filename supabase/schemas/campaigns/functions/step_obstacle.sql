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
  -- Whenever the deal began: a buyer who negotiates with somebody writes to them in person.
  elsif v_lead.status = any (private.converted_stages()) and 'converted' = any (v_step.stop_on) then
    return 'converted';
  end if;

  -- An answer from any phone in the campaign's audience is an answer of this person, also from one that was left out: it may have
  -- been written to before, and what seemed to be dead is not.
  v_phones := array(
    select distinct t.e164 from public.campaign_targets t
    where t.lead_id = v_target.lead_id and t.campaign_id = v_target.campaign_id);
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
