-- The history of one lead, newest first: its events, messages to and from it, consent and merges.

create function private.lead_history(
  p_lead_id uuid,
  p_types text[] default null,
  p_limit integer default 50,
  p_before timestamptz default null,
  p_before_id uuid default null
)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('viewer');
  v_limit integer := least(greatest(coalesce(p_limit, 50), 1), 1000);
  v_before timestamptz := coalesce(p_before, 'infinity');
  v_before_id uuid := coalesce(p_before_id, 'ffffffff-ffff-ffff-ffff-ffffffffffff');
  v_phones text[];
  v_list jsonb;
begin
  if p_types is not null then
    perform private.check_shape(to_jsonb(p_types),
      private.list_shape(private.word_shape('status', 'score', 'sent', 'reply', 'consent', 'merge'), 6), 'type');
  end if;
  if not isfinite(p_before) then
    perform private.refuse_field('cursor', 'The cursor is not of this list: use next_cursor of the page before, unchanged.');
  end if;
  if not exists (select from public.leads l where l.org_id = v_org_id and l.id = p_lead_id and l.deleted_at is null) then
    perform private.refuse_lead(v_org_id, p_lead_id);
  end if;
  v_phones := private.lead_contacts(v_org_id, array[p_lead_id]);
  -- Takes the newest entries of each source by its own index, then the newest of all these.
  select coalesce(to_jsonb(array_agg(x.entry order by x.at desc, x.id desc)), '[]') into v_list
  from (
    select e.* from (
      (select e.created_at as at, e.id, e.kind as type,
        jsonb_build_object('from', e.old_value, 'to', e.new_value, 'cause', e.cause,
          'message_id', e.message_id, 'user_id', e.user_id) as entry
       from public.lead_events e
       where e.lead_id = p_lead_id and (e.created_at, e.id) < (v_before, v_before_id)
         and (p_types is null or e.kind = any (p_types))
       order by e.created_at desc, e.id desc limit v_limit + 1)
      union all
      (select m.created_at, m.id, 'sent', jsonb_build_object('message_id', m.id, 'kind', m.kind, 'phone', m.to_number, 'status',
        m.status,
          'campaign_id', m.campaign_id, 'content', m.content, 'sent_at', m.sent_at)
       from unnest(v_phones) p (e164)
       cross join lateral (
         select x.* from public.messages x
         where x.to_number = p.e164 and (x.org_id = v_org_id) is true and (x.created_at, x.id) < (v_before, v_before_id)
           and x.lead_id = p_lead_id and x.status not in ('queued', 'sending', 'canceled')
         order by x.created_at desc, x.id desc limit v_limit + 1
       ) m
       where p_types is null or 'sent' = any (p_types))
      union all
      (select m.created_at, m.id, 'reply', jsonb_build_object('message_id', m.id, 'phone', m.from_number, 'classification',
        m.classification,
          'campaign_id', m.campaign_id, 'content', m.content)
       from public.conversations c
       cross join lateral (
         select x.* from public.messages x
         where x.conversation_id = c.id and x.kind = 'inbound' and (x.created_at, x.id) < (v_before, v_before_id)
         order by x.created_at desc, x.id desc limit v_limit + 1
       ) m
       where c.org_id = v_org_id and c.lead_id = p_lead_id and (p_types is null or 'reply' = any (p_types)))
      union all
      (select r.recorded_at, r.id, 'consent', jsonb_build_object('phone', r.e164, 'status', r.status, 'method', r.method,
          'evidence', r.evidence, 'user_id', r.recorded_by)
       from public.consent_records r
       where r.org_id = v_org_id and r.e164 = any (v_phones) and (r.recorded_at, r.id) < (v_before, v_before_id)
         and (p_types is null or 'consent' = any (p_types))
       order by r.recorded_at desc, r.id desc limit v_limit + 1)
      union all
      (select a.created_at, a.id, 'merge', jsonb_build_object('merged', a.details -> 'merged', 'user_id', a.user_id)
       from public.audit_events a
       where a.lead_id = p_lead_id and a.event_type = 'leads_merged' and (a.created_at, a.id) < (v_before, v_before_id)
         and (p_types is null or 'merge' = any (p_types))
       order by a.created_at desc, a.id desc limit v_limit + 1)
    ) e
    order by e.at desc, e.id desc limit v_limit + 1
  ) s
  cross join lateral (
    select s.at, s.id, jsonb_build_object('id', s.id, 'at', s.at, 'type', s.type) || jsonb_strip_nulls(s.entry) as entry
  ) x;
  return jsonb_build_object(
    'entries', case when jsonb_array_length(v_list) > v_limit then v_list - v_limit else v_list end,
    'next', case when jsonb_array_length(v_list) > v_limit
      then jsonb_build_object('created_at', v_list -> (v_limit - 1) -> 'at', 'id', v_list -> (v_limit - 1) -> 'id') end);
end;
$$;
comment on function private.lead_history(uuid, text[], integer, timestamptz, uuid) is
  'The history of a lead, newest first: {entries: [{id, at, type, …}], next: {created_at, id}}. next is passed as p_before and '
  'p_before_id to get the next page. p_types: status, score, sent, reply, consent, merge. Raises PT403, PT404 '
  '(details.merged_into), PT422. Security definer: messages are found by phone, which costs many times as much under row-level '
  'security.';
grant execute on function private.lead_history(uuid, text[], integer, timestamptz, uuid) to authenticated;

create function public.lead_history(
  p_lead_id uuid, p_types text[] default null, p_limit integer default 50, p_before timestamptz default null,
    p_before_id uuid default null
)
returns jsonb language sql stable set search_path = ''
as $$ select private.lead_history(p_lead_id, p_types, p_limit, p_before, p_before_id) $$;
comment on function public.lead_history(uuid, text[], integer, timestamptz, uuid) is 'See private.lead_history.';
grant execute on function public.lead_history(uuid, text[], integer, timestamptz, uuid) to authenticated;
