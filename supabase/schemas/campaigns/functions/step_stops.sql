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
    'converted', 'do_not_contact', 'no_consent', 'landline', 'invalid_phone', 'lead_deleted', 'earlier_step_failed']);
$$;
comment on function private.ends_step(text) is
  'Whether this answer of private.step_obstacle, or verdict of a claim, ends a step for good.';

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
