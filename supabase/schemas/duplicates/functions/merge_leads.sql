-- Merging leads: locks, messages that are not sent yet, history, and the function that operators call.

create function private.lead_contacts(p_org_id uuid, p_lead_ids uuid[])
returns text[]
language sql
stable
set search_path = ''
as $$
  select array(
    select p.e164 from public.lead_phones p where p.org_id = p_org_id and p.lead_id = any (p_lead_ids)
    union
    select t.e164 from public.campaign_targets t where t.org_id = p_org_id and t.lead_id = any (p_lead_ids)
    union
    select c.e164 from public.conversations c where c.org_id = p_org_id and c.lead_id = any (p_lead_ids)
    order by 1);
$$;
comment on function private.lead_contacts(uuid, uuid[]) is
  'Every phone that these leads have, were ever written to at, or wrote from. Their contacts are locked before anything of the '
  'leads is moved, and their messages are found by these phones.';

create function private.lock_leads(p_org_id uuid, p_lead_ids uuid[])
returns text[]
language plpgsql
set search_path = ''
as $$
declare
  v_phones text[];
begin
  -- Waits for campaigns that are being built, and makes them wait: they would otherwise add a target for a lead that no longer
  -- exists.
  perform 1 from public.campaigns c where c.org_id = p_org_id and c.status in ('draft', 'building', 'ready')
    order by c.id for share;
  v_phones := private.lead_contacts(p_org_id, p_lead_ids);
  perform private.lock_contacts(p_org_id, v_phones);
  perform 1 from public.leads l where l.org_id = p_org_id and l.id = any (p_lead_ids) order by l.id for no key update;
  if not private.lead_contacts(p_org_id, p_lead_ids) <@ v_phones then
    perform private.raise_error('PT503', 'try_again', 'Another change got in the way: retry.', '{"retry_after": 1}');
  end if;
  return v_phones;
end;
$$;
comment on function private.lock_leads(uuid, uuid[]) is
  'Locks leads and the contacts of all their phones in the usual order (campaigns being built, contacts by E.164, leads by id), '
  'and returns those phones. Raises PT503 try_again if a lead got another phone meanwhile: locking that one now would break the '
  'order.';

create function private.merge_targets(p_org_id uuid, p_keep_id uuid, p_lead_ids uuid[], p_status text, p_now timestamptz)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_canceled integer;
  v_state text;
  v_moved integer;
begin
  perform 1 from public.campaign_targets t where t.org_id = p_org_id and t.lead_id = any (p_lead_ids)
    order by t.id for no key update;
  -- A person with status do_not_contact is not written to at any phone. Otherwise, a campaign that writes only to the primary
  -- phone of each lead writes once to a person who had several leads: not again if it already wrote to one of them, and
  -- preferably to the kept lead's phone.
  v_canceled := private.cancel_targets(array(
    select t.id
    from (
      select t.id, t.state, c.phones,
        bool_or(t.state in ('sending', 'unknown', 'sent')) over step as was_sent,
        row_number() over (step order by t.state in ('waiting', 'queued') desc, t.lead_id = p_keep_id desc, t.ordinal, t.id) as n
      from public.campaign_targets t join public.campaigns c on c.id = t.campaign_id
      where t.org_id = p_org_id and t.lead_id = any (p_lead_ids) and t.is_included
      window step as (partition by t.campaign_id, t.step)
    ) t
    where t.state in ('waiting', 'queued')
      and (p_status = 'do_not_contact' or (t.phones = 'primary' and (t.was_sent or t.n > 1)))
  ), case p_status when 'do_not_contact' then 'do_not_contact' else 'lead_merged' end, p_now);

  select l.state into v_state from public.leads l where l.id = p_keep_id;
  update public.campaign_targets t
  set lead_id = p_keep_id, lead_phone_id = coalesce((select p.id from public.lead_phones p
    where p.lead_id = p_keep_id and p.e164 = t.e164), t.lead_phone_id),
      window_key = case when t.state in ('waiting', 'queued', 'sending', 'unknown') then private.window_key(t.e164, v_state)
        else t.window_key end,
      updated_at = p_now
  where t.org_id = p_org_id and t.lead_id = any (p_lead_ids) and t.lead_id <> p_keep_id;
  get diagnostics v_moved = row_count;
  return jsonb_build_object('canceled', v_canceled, 'moved', v_moved);
end;
$$;
comment on function private.merge_targets(uuid, uuid, uuid[], text, timestamptz) is
  'Moves the targets of the merged leads to the kept one, and cancels those that may not or need not be sent any more: '
  '{canceled, moved}. p_status is the kept lead''s status after the merge.';

create function private.move_lead_history(p_org_id uuid, p_keep_id uuid, p_other_ids uuid[], p_phones text[])
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_conversations integer;
  v_messages integer;
  v_consent integer;
  v_audit integer;
  v_events integer;
  v_lists integer;
begin
  update public.conversations c set lead_id = p_keep_id where c.org_id = p_org_id and c.lead_id = any (p_other_ids);
  get diagnostics v_conversations = row_count;
  -- Finds messages by phone and by conversation, each by its index: messages have no index by lead.
  update public.messages m set lead_id = p_keep_id
  where m.lead_id = any (p_other_ids) and m.id in (
    select x.id from public.messages x where x.to_number = any (p_phones) and (x.org_id = p_org_id) is true
    union
    select x.id from public.conversations c join public.messages x on x.conversation_id = c.id
    where c.org_id = p_org_id and c.e164 = any (p_phones));
  get diagnostics v_messages = row_count;
  update public.consent_records r set lead_id = p_keep_id where r.org_id = p_org_id and r.lead_id = any (p_other_ids);
  get diagnostics v_consent = row_count;
  update public.audit_events e set lead_id = p_keep_id where e.org_id = p_org_id and e.lead_id = any (p_other_ids);
  get diagnostics v_audit = row_count;
  update public.lead_events e set lead_id = p_keep_id where e.lead_id = any (p_other_ids);
  get diagnostics v_events = row_count;
  insert into public.segment_leads (org_id, segment_id, lead_id, added_at)
  select p_org_id, s.segment_id, p_keep_id, min(s.added_at) from public.segment_leads s
  where s.org_id = p_org_id and s.lead_id = any (p_other_ids) group by s.segment_id
  on conflict do nothing;
  get diagnostics v_lists = row_count;
  delete from public.segment_leads s where s.org_id = p_org_id and s.lead_id = any (p_other_ids);
  -- The kept lead was contacted if any of the leads was.
  insert into private.lead_activity as a (lead_id, org_id, last_contacted_at)
  select p_keep_id, p_org_id, max(o.last_contacted_at) from private.lead_activity o where o.lead_id = any (p_other_ids)
    having count(*) > 0
  on conflict (lead_id) do update set last_contacted_at = greatest(a.last_contacted_at, excluded.last_contacted_at);
  delete from private.lead_activity a where a.lead_id = any (p_other_ids);
  update private.sent_leads s set lead_id = p_keep_id where s.lead_id = any (p_other_ids);
  update public.leads l set first_contacted_at = x.first_at
  from (select min(o.first_contacted_at) as first_at from public.leads o where o.id = any (p_keep_id || p_other_ids)) x
  where l.id = p_keep_id and l.first_contacted_at is distinct from x.first_at;
  -- A lead that is known not to be a duplicate of a merged lead is not one of the kept lead either.
  insert into private.dismissed_duplicates (org_id, lead_a, lead_b, dismissed_by, dismissed_at)
  select distinct on (1, 2, 3) p_org_id, least(p_keep_id, x.id), greatest(p_keep_id, x.id), d.dismissed_by, d.dismissed_at
  from private.dismissed_duplicates d
  cross join lateral (select case when d.lead_a = any (p_other_ids) then d.lead_b else d.lead_a end as id) x
  where (d.lead_a = any (p_other_ids) or d.lead_b = any (p_other_ids)) and x.id <> p_keep_id and x.id <> all (p_other_ids)
  order by 1, 2, 3
  on conflict do nothing;
  return jsonb_build_object('conversations', v_conversations, 'messages', v_messages, 'consent_records', v_consent,
    'audit_events', v_audit,
    'lead_events', v_events, 'segments', v_lists);
end;
$$;
comment on function private.move_lead_history(uuid, uuid, uuid[], text[]) is
  'Moves the conversations, messages, consent records, audit events and lead events of the merged leads to the kept one, and '
  'their places on lists and times of contact; returns how many of each.';

create function private.merge_differences(p_before jsonb, p_keep_id uuid)
returns jsonb
language sql
stable
set search_path = ''
as $$
  select coalesce(to_jsonb(array_agg(jsonb_build_object('field', d.field, 'lead_id', d.lead_id, 'value', d.value)
    order by d.n, d.field)), '[]')
  from (
    select x.n, f.field, x.lead -> 'id' as lead_id, f.value
    from public.leads l cross join jsonb_array_elements(p_before) with ordinality x (lead, n)
    cross join lateral (
      select e.key as field, e.value, to_jsonb(l) -> e.key as now from jsonb_each(x.lead) e
      where e.key in ('first_name', 'last_name', 'language', 'email', 'address1', 'address2', 'city', 'state', 'postal_code',
        'county', 'source')
      union all
      select 'custom_fields.' || e.key, e.value, l.custom_fields -> e.key from jsonb_each(x.lead -> 'custom_fields') e
    ) f
    where l.id = p_keep_id and f.value not in ('null', '""') and f.now is distinct from f.value
  ) d;
$$;
comment on function private.merge_differences(jsonb, uuid) is
  'Values of the merged leads that differ from the kept lead after the merge: [{field, lead_id, value}]. They are stored only in '
  'the audit event and in the rows of the merged leads.';

create function private.merge_leads(
  p_keep_id uuid,
  p_merge_ids uuid[],
  p_prefer jsonb default '{}',
  p_dry_run boolean default false,
  p_now timestamptz default now()
)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('operator');
  v_ids uuid[];
  v_answer jsonb;
  v_wrong text;
begin
  perform private.check_ids(p_merge_ids, 'merge_ids', 20, 1);
  perform private.check_shape(coalesce(p_prefer, '{}'),
    '{"type": "object", "maxProperties": 13, "properties": {}, "propertyNames": {"maxLength": 20}, "additionalProperties": '
    '{"type": "string", "format": "uuid"}}', 'prefer');
  p_prefer := coalesce(p_prefer, '{}');
  p_dry_run := coalesce(p_dry_run, false);
  v_ids := array(select distinct x from unnest(p_merge_ids) x);
  if p_keep_id is null or coalesce(cardinality(v_ids), 0) = 0 or p_keep_id = any (v_ids) then
    perform private.refuse_field('merge_ids', 'Give 1 to 20 leads to merge, without the one that is kept.');
  end if;
  select p.key into v_wrong from jsonb_each_text(p_prefer) p
  where p.key not in ('first_name', 'last_name', 'language', 'email', 'address1', 'address2', 'city', 'state', 'postal_code',
    'county',
      'source', 'status', 'lead_score')
    or not p.value::uuid = any (p_keep_id || v_ids)
  limit 1;
  if found then
    perform private.refuse_field('prefer.' || v_wrong, 'Prefer a field of one of these leads, such as {"email": "<its id>"}.');
  end if;
  begin
    perform private.set_lead_cause('merge');
    v_answer := private.apply_merge(v_org_id, p_keep_id, v_ids, p_prefer, p_now);
    perform private.set_lead_cause(null);
    if p_dry_run then
      -- A dry run gives the same answer but writes nothing: everything is rolled back, locks too.
      raise exception using errcode = 'DRYRN';
    end if;
  exception when sqlstate 'DRYRN' then
    null;
  end;
  return v_answer || jsonb_build_object('dry_run', p_dry_run);
end;
$$;
comment on function private.merge_leads(uuid, uuid[], jsonb, boolean, timestamptz) is
  'Operators: merges 1 to 20 leads into one that is kept. p_prefer {field: lead id} gives the lead whose value a field takes; '
  'p_dry_run writes nothing. Returns {lead, merged, fields: {field: {value, from, because}}, tags_added, custom_fields_added, '
  'left_over, not_taken, properties, targets, history, dry_run}. Raises PT403, PT404 (details.merged_into), PT422, PT503 '
  'try_again. Security definer: users may not write the tables.';
grant execute on function private.merge_leads(uuid, uuid[], jsonb, boolean, timestamptz) to authenticated;

create function public.merge_leads(p_keep_id uuid, p_merge_ids uuid[], p_prefer jsonb default '{}',
  p_dry_run boolean default false)
returns jsonb language sql set search_path = ''
as $$ select private.merge_leads(p_keep_id, p_merge_ids, p_prefer, p_dry_run) $$;
comment on function public.merge_leads(uuid, uuid[], jsonb, boolean) is 'See private.merge_leads.';
grant execute on function public.merge_leads(uuid, uuid[], jsonb, boolean) to authenticated;
