-- The same change of many conversations: of a few at once, of more by a job.

create function private.check_conversation_change(p_org_id uuid, p_change jsonb, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_assignee_id uuid;
begin
  perform private.check_shape(p_change, private.conversation_change_shape());
  if p_change = '{}' then
    perform private.refuse_field('change', 'Say what to change.');
  elsif p_change ? 'snoozed_until' then
    if p_change ? 'status' then
      perform private.refuse_field('status', 'A snoozed conversation has the status snoozed: leave status out.');
    elsif (p_change ->> 'snoozed_until')::timestamptz not between p_now and p_now + interval '366 days' then
      perform private.refuse_field('snoozed_until', 'Give a time from now on, within a year.');
    end if;
  end if;
  v_assignee_id := p_change ->> 'assignee_id';
  perform private.hold_people(array[auth.uid(), v_assignee_id]);
  perform private.check_assignee(p_org_id, v_assignee_id, 'assignee_id');
end;
$$;
comment on function private.check_conversation_change(uuid, jsonb, timestamptz) is
  'Raises PT422 unless a change of conversations suits private.conversation_change_shape, and its times and people are possible. '
  'Keeps its author and assignee from being removed until the end of the transaction.';

create function private.change_conversation_set(p_org_id uuid, p_ids uuid[], p_change jsonb, p_now timestamptz)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_conversation public.conversations;
  v_changed integer := 0;
  v_is_calm boolean := false;
  v_is_quiet boolean := cardinality(p_ids) > 50;
begin
  -- A label may bring a tag to the lead. Who holds the contact, as where a text comes in, may lock the lead after the
  -- conversation; a merge of leads waits for the contact.
  if exists (
    select from public.labels l
    where l.org_id = p_org_id and l.lead_tag is not null
      and (p_change -> 'label_ids' ? l.id::text or p_change -> 'add_label_ids' ? l.id::text))
  then
    perform private.lock_contact(p_org_id, x.e164)
    from (select c.e164 from public.conversations c where c.org_id = p_org_id and c.id = any (p_ids) order by c.e164) x;
  end if;
  -- Hundreds of broadcasts at once are more than Realtime delivers.
  perform set_config('inbox.is_quiet', case when v_is_quiet then 'on' else '' end, true);
  for v_conversation in
    select c.* from public.conversations c where c.org_id = p_org_id and c.id = any (p_ids) order by c.id for no key update
  loop
    v_is_calm := private.change_conversation(v_conversation, p_change, p_now) or v_is_calm;
    v_changed := v_changed + 1;
  end loop;
  perform set_config('inbox.is_quiet', '', true);
  if v_is_quiet and v_changed > 0 then
    perform realtime.send(jsonb_build_object('id', gen_random_uuid(), 'conversations', v_changed), 'conversations_changed',
      'inbox:' || p_org_id, true);
  end if;
  -- Once, and after all conversations are locked: two that change many would wait for each other's alert.
  if v_is_calm then
    perform private.tell_hot_waiting(p_org_id, p_now);
  end if;
  return v_changed;
end;
$$;
comment on function private.change_conversation_set(uuid, uuid[], jsonb, timestamptz) is
  'Changes conversations of an organisation, locked in the order of their ids, and returns how many there are. More than 50 '
  'broadcast no rows, but one event conversations_changed with their number. The caller has checked the change.';

create function private.change_conversations(p_ids uuid[], p_change jsonb, p_now timestamptz default now())
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('operator');
  v_changed integer;
begin
  perform private.check_ids(p_ids, 'ids', 500, 1);
  perform private.check_conversation_change(v_org_id, p_change, p_now);
  v_changed := private.change_conversation_set(v_org_id, p_ids, p_change, p_now);
  return jsonb_build_object('changed', v_changed, 'not_found', (select count(distinct i) from unnest(p_ids) i) - v_changed);
end;
$$;
comment on function private.change_conversations(uuid[], jsonb, timestamptz) is
  'Changes up to 500 conversations at once (private.conversation_change_shape): {changed, not_found}. Needs operator. Raises '
  'PT403, PT422. Security definer: users may not write conversations.';
grant execute on function private.change_conversations(uuid[], jsonb, timestamptz) to authenticated;

create function public.change_conversations(p_ids uuid[], p_change jsonb) returns jsonb
  language sql set search_path = '' as $$ select private.change_conversations(p_ids, p_change); $$;
comment on function public.change_conversations(uuid[], jsonb) is
  'Calls the private function of the same name, which checks role and organisation, with the current time.';
grant execute on function public.change_conversations(uuid[], jsonb) to authenticated;

create function private.change_filtered_conversations(p_filter jsonb, p_change jsonb, p_is_dry_run boolean,
  p_now timestamptz default now())
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('operator');
  v_filter jsonb := coalesce(p_filter, '{}');
  v_condition record;
  v_most integer;
  v_ids uuid[];
  v_matched integer;
  v_changed integer := 0;
  v_job_id uuid;
begin
  perform private.check_shape(v_filter, private.conversation_filter_shape());
  perform private.check_conversation_change(v_org_id, p_change, p_now);
  perform private.hold_labels(v_org_id, private.filter_ids(p_change, x.field), x.field)
  from unnest(array['label_ids', 'add_label_ids']) x (field) where p_change ? x.field;
  if v_filter ->> 'assignee' = 'me' then
    -- The job has nobody signed in.
    v_filter := v_filter || jsonb_build_object('assignee', auth.uid());
  end if;
  v_condition := private.conversation_condition(v_org_id, v_filter);
  -- To count what many have would take too long.
  v_most := case when v_condition.is_common then 2001 else 10001 end;
  execute format('select array(select c.id from public.conversations c where %s limit %s)', v_condition.condition, v_most)
  into v_ids;
  v_matched := cardinality(v_ids);
  if not coalesce(p_is_dry_run, false) then
    if v_matched <= 500 then
      v_changed := private.change_conversation_set(v_org_id, v_ids, p_change, p_now);
    else
      v_job_id := private.create_job(v_org_id, 'conversation_bulk_change', 'operator',
        jsonb_build_object('filter', v_filter, 'change', p_change), jsonb_build_object('filter', v_filter), p_now);
    end if;
  end if;
  return jsonb_build_object('matched', v_matched, 'matched_is_estimate', v_matched = v_most, 'changed', v_changed, 'not_found', 0,
    'job', (select to_jsonb(j) from public.jobs j where j.id = v_job_id));
end;
$$;
comment on function private.change_filtered_conversations(jsonb, jsonb, boolean, timestamptz) is
  'Changes (private.conversation_change_shape) all conversations that match a filter (private.conversation_filter_shape): up to '
  '500 at once, more by a job. Returns {matched, matched_is_estimate (matched is a lower bound), changed, not_found: 0, job}. '
  'p_is_dry_run only counts. Needs operator. Raises PT403, PT422, PT429. Security definer: users may not write conversations.';
grant execute on function private.change_filtered_conversations(jsonb, jsonb, boolean, timestamptz) to authenticated;

create function public.change_filtered_conversations(p_filter jsonb, p_change jsonb, p_is_dry_run boolean default false)
  returns jsonb
  language sql set search_path = ''
  as $$ select private.change_filtered_conversations(p_filter, p_change, p_is_dry_run); $$;
comment on function public.change_filtered_conversations(jsonb, jsonb, boolean) is
  'Calls the private function of the same name, which checks role and organisation, with the current time.';
grant execute on function public.change_filtered_conversations(jsonb, jsonb, boolean) to authenticated;

create function private.conversation_change_step(p_job public.jobs, p_step integer, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  -- A text that comes in waits for the step that holds its conversation.
  c_chunk constant integer := 200;
  v_state private.job_states;
  v_change jsonb := p_job.input -> 'change';
  v_ids uuid[];
  v_total bigint;
begin
  select * into v_state from private.job_states s where s.job_id = p_job.id;
  if p_step = 0 then
    v_total := private.fix_job_items(p_job.id, format(
      'select c.id, row_number() over (order by c.id) as n from public.conversations c where %s',
      (private.conversation_condition(p_job.org_id, v_state.cursor -> 'filter')).condition), c_chunk);
    perform private.advance_job(p_job.id, 0, v_total = 0, '{"changed": 0}',
      jsonb_build_object('chunks', ceil(v_total::numeric / c_chunk)::integer), p_now);
    return;
  end if;
  -- Who was to get the conversations may have left since.
  perform private.check_assignee(p_job.org_id, (v_change ->> 'assignee_id')::uuid, 'assignee_id');
  select i.item_ids into v_ids from private.job_items i where i.job_id = p_job.id and i.chunk = p_step;
  perform set_config('inbox.acting_person', coalesce(p_job.created_by::text, ''), true);
  perform private.advance_job(p_job.id, cardinality(v_ids), p_step = (v_state.cursor ->> 'chunks')::integer,
    private.add_figures(p_job.result, jsonb_build_object('changed',
      private.change_conversation_set(p_job.org_id, v_ids, v_change, p_now))), '{}', p_now);
end;
$$;
comment on function private.conversation_change_step(public.jobs, integer, timestamptz) is
  'A step of the change of many conversations: the first fixes which ones, each other step changes up to 200 of them. The caller '
  'holds its people and the job''s lock.';
