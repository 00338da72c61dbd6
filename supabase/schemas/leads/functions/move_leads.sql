-- Status and score change automatically, but only forward: new → contacted → what the person last said. A value that a person of
-- the organisation chose stays, except after an opt-out. So does the stage of a deal, whoever set it.

create function private.deal_stages()
returns text[]
language sql
immutable
set search_path = ''
as $$
  select '{qualified,appointment,contract,closed,lost}'::text[];
$$;
comment on function private.deal_stages() is
  'The statuses of a lead with whom there is or was a deal, in their order.';

create function private.converted_stages()
returns text[]
language sql
immutable
set search_path = ''
as $$
  select array_remove(private.deal_stages(), 'lost');
$$;
comment on function private.converted_stages() is 'The stages of a deal that goes on: a lead in one of them is converted.';

create function private.stage_before_opt_out(p_lead_id uuid)
returns text
language sql
stable
set search_path = ''
as $$
  select case when e.old_value = any (private.deal_stages()) then e.old_value end
  from public.lead_events e
  where e.lead_id = p_lead_id and e.kind = 'status' and e.new_value = 'do_not_contact'
  order by e.created_at desc, e.id desc limit 1;
$$;
comment on function private.stage_before_opt_out(uuid) is
  'The stage of the deal that an opt-out hid, to which START returns the lead. Null if there was none.';

create function private.is_chosen(p_lead_id uuid, p_kind text)
returns boolean
language sql
stable
set search_path = ''
as $$
  select coalesce((
    select e.cause in ('manual', 'bulk') from public.lead_events e
    where e.lead_id = p_lead_id and e.kind = p_kind order by e.created_at desc, e.id desc limit 1), false);
$$;
comment on function private.is_chosen(uuid, text) is
  'Whether the last change of a lead''s status or score was made by a person of the organisation.';

create function private.move_lead(p_lead_id uuid, p_status text, p_score text, p_cause text, p_message_id uuid default null)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_lead public.leads;
  v_status text;
  v_score text;
begin
  select * into v_lead from public.leads l where l.id = p_lead_id and l.deleted_at is null for no key update;
  if not found then
    return;
  end if;
  v_status := case
    when p_status = 'do_not_contact' then p_status
    when p_status is null or p_status = v_lead.status or private.is_chosen(p_lead_id, 'status') then v_lead.status
    -- Only the person's own START ends do_not_contact.
    when v_lead.status = 'do_not_contact' then case p_cause
      when 'keyword' then coalesce(private.stage_before_opt_out(p_lead_id), p_status) else v_lead.status end
    when v_lead.status = any (private.deal_stages()) then v_lead.status
    when p_status = 'contacted' and v_lead.status <> 'new' then v_lead.status
    else p_status
  end;
  v_score := case
    when p_score is null or p_score = v_lead.lead_score or private.is_chosen(p_lead_id, 'score') then v_lead.lead_score
    when p_score = 'warm' and v_lead.lead_score = 'hot' then v_lead.lead_score
    else p_score
  end;
  if (v_status, v_score) is distinct from (v_lead.status, v_lead.lead_score) then
    perform private.set_lead_cause(p_cause, p_message_id);
    update public.leads l set status = v_status, lead_score = v_score where l.id = p_lead_id;
    perform private.set_lead_cause(null);
  end if;
end;
$$;
comment on function private.move_lead(uuid, text, text, text, uuid) is
  'Sets status and score (null: unchanged) of a lead for a cause (see lead_events), unless that would be backward, would end the '
  'stage of a deal, or would be against what a person chose. The caller holds the lock of the contact that caused it.';

create function private.leave_alone(p_org_id uuid, p_e164 text, p_cause text, p_message_id uuid default null)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_lead_id uuid;
  v_count integer := 0;
begin
  -- Locks leads in the order of their ids, as everywhere. The phones of a lead may belong to several people (skip tracing finds
  -- relatives), so the lead becomes do_not_contact only when none of its phones may be written to. Each phone is suppressed in
  -- any case.
  for v_lead_id in
    select l.id from public.lead_phones p join public.leads l on l.id = p.lead_id
    where p.org_id = p_org_id and p.e164 = p_e164 and l.deleted_at is null and l.status <> 'do_not_contact'
      and not exists (
        select from public.lead_phones o left join private.contacts c on c.org_id = o.org_id and c.e164 = o.e164
        where o.lead_id = l.id and o.is_valid and c.suppressed_at is null)
    order by l.id
  loop
    perform private.move_lead(v_lead_id, 'do_not_contact', null, p_cause, p_message_id);
    v_count := v_count + 1;
  end loop;
  return v_count;
end;
$$;
comment on function private.leave_alone(uuid, text, text, uuid) is
  'Called after a phone was suppressed: sets its leads to do_not_contact if no valid phone of the lead is left that is not '
  'suppressed. Returns how many leads changed.';

create function private.move_lead_by_reply(
  p_org_id uuid,
  p_e164 text,
  p_lead_id uuid,
  p_kind text,
  p_interest text,
  p_message_id uuid
)
returns void
language plpgsql
set search_path = ''
as $$
begin
  if p_kind = 'stop' then
    perform private.leave_alone(p_org_id, p_e164, 'opt_out', p_message_id);
  elsif p_kind = 'start' then
    -- Of leads that share the phone, those that became do_not_contact by an opt-out would refuse it to the others.
    perform private.move_lead(x.id, 'contacted', null, 'keyword', p_message_id)
    from (
      select l.id from public.leads l
      where l.id = p_lead_id or l.status = 'do_not_contact' and l.deleted_at is null and l.id in (
        select p.lead_id from public.lead_phones p where p.org_id = p_org_id and p.e164 = p_e164)
      order by l.id
    ) x;
  elsif p_kind = 'wrong_number' then
    -- A stranger's answer must not change the status. Without a valid phone the lead is not warm. It does not become
    -- do_not_contact either, or a better phone that is found later would not be written to.
    if not exists (select from public.lead_phones p where p.lead_id = p_lead_id and p.is_valid) then
      perform private.move_lead(p_lead_id, null, 'cold', 'wrong_number', p_message_id);
    end if;
  elsif p_kind in ('automatic', 'deceased', 'disliked', 'reaction') then
    -- No answer of theirs: nothing is known of what they want.
    return;
  elsif p_kind in ('help', 'review') then
    perform private.move_lead(p_lead_id, 'contacted', null, 'reply', p_message_id);
  elsif p_interest = 'interested' then
    perform private.move_lead(p_lead_id, 'interested', 'hot', 'reply', p_message_id);
  elsif p_interest = 'not_interested' then
    perform private.move_lead(p_lead_id, 'not_interested', 'cold', 'reply', p_message_id);
  else
    perform private.move_lead(p_lead_id, 'contacted', 'warm', 'reply', p_message_id);
  end if;
end;
$$;
comment on function private.move_lead_by_reply(uuid, text, uuid, text, text, uuid) is
  'Changes a lead after a person''s message, in the same transaction. p_kind is the class of message from receive_inbound; '
  'p_interest is interested, not_interested or null, for a reply.';
