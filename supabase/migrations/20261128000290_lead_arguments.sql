-- The other functions that take lists of ids, ranks and times: each is bounded before anything is locked.

create or replace function private.merge_leads(
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
  perform private.check_shape(coalesce(p_prefer, '{}'), '{"type": "object", "maxProperties": 13, "properties": {}, "propertyNames": {"maxLength": 20}, "additionalProperties": {"type": "string", "format": "uuid"}}', 'prefer');
  p_prefer := coalesce(p_prefer, '{}');
  p_dry_run := coalesce(p_dry_run, false);
  v_ids := array(select distinct x from unnest(p_merge_ids) x);
  if p_keep_id is null or coalesce(cardinality(v_ids), 0) = 0 or p_keep_id = any (v_ids) then
    perform private.refuse_field('merge_ids', 'Name 1 to 20 leads to merge, the one that is kept not among them.');
  end if;
  select p.key into v_wrong from jsonb_each_text(p_prefer) p
  where p.key not in ('first_name', 'last_name', 'language', 'email', 'address1', 'address2', 'city', 'state', 'postal_code', 'county',
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
      -- The same answer, and nothing of it written: what was done is undone, locks included.
      raise exception using errcode = 'DRYRN';
    end if;
  exception when sqlstate 'DRYRN' then
    null;
  end;
  return v_answer || jsonb_build_object('dry_run', p_dry_run);
end;
$$;

create or replace function private.merge_extras(p_keep jsonb, p_others jsonb[], p_phones_left text[])
returns jsonb
language plpgsql
immutable
set search_path = ''
as $$
declare
  v_fields jsonb := p_keep -> 'custom_fields';
  v_notes jsonb := private.merge_notes(p_keep, p_others);
  v_tags text[];
  v_added jsonb := '{}';
  v_row record;
begin
  select array_agg(t.tag order by t.n) into v_tags
  from (
    select t.tag, min(x.n * 1000 + t.n) as n
    from unnest(p_keep || p_others) with ordinality x (lead, n)
    cross join lateral jsonb_array_elements_text(x.lead -> 'tags') with ordinality t (tag, n)
    group by t.tag
  ) t;
  for v_row in
    select distinct on (f.key) f.key, f.value
    from unnest(p_others) with ordinality x (lead, n) cross join lateral jsonb_each(x.lead -> 'custom_fields') f
    where coalesce(v_fields -> f.key, 'null') in ('null', '""') and f.value not in ('null', '""')
    order by f.key, x.n
  loop
    v_fields := v_fields || jsonb_build_object(v_row.key, v_row.value);
    v_added := v_added || jsonb_build_object(v_row.key, v_row.value);
  end loop;
  if cardinality(p_phones_left) > 0 then
    v_fields := private.add_custom_text(v_fields, 'other_phones', array_to_string(p_phones_left, ', '));
  end if;
  if cardinality(v_tags) > 50 then
    v_fields := private.add_custom_text(v_fields, 'other_tags', array_to_string(v_tags[51:], ', '));
  end if;
  for v_row in select n.value #>> '{}' as text from jsonb_array_elements(v_notes -> 'left') n loop
    v_fields := private.add_custom_text(v_fields, 'other_notes', v_row.text);
  end loop;
  if pg_column_size(v_fields) > 32000 then
    perform private.refuse_field('merge_ids', 'Together these leads have more than 32 KB of custom fields and notes: empty some first.');
  end if;
  return jsonb_build_object(
    'tags', to_jsonb(coalesce(v_tags[:50], '{}')), 'notes', v_notes -> 'notes', 'custom_fields', v_fields,
    'tags_added', (select coalesce(jsonb_agg(t), '[]') from unnest(v_tags[:50]) t where not p_keep -> 'tags' ? t),
    'custom_fields_added', v_added,
    'left_over', jsonb_strip_nulls(jsonb_build_object(
      'phones', to_jsonb(nullif(p_phones_left, '{}')), 'tags', case when cardinality(v_tags) > 50 then to_jsonb(v_tags[51:]) end,
      'notes', nullif(jsonb_array_length(v_notes -> 'left'), 0))));
end;
$$;

create or replace function private.dismiss_duplicates(p_lead_ids uuid[], p_now timestamptz default now())
returns integer
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('operator');
  v_ids uuid[];
  v_count integer;
begin
  perform private.check_ids(coalesce(p_lead_ids, '{}'), 'lead_ids', 20, 2);
  v_ids := array(select distinct x from unnest(p_lead_ids) x order by x);
  if cardinality(v_ids) not between 2 and 20 then
    perform private.refuse_field('lead_ids', 'Name 2 to 20 different leads.');
  end if;
  perform private.refuse_lead(v_org_id, x.id) from unnest(v_ids) x (id)
  where not exists (select from public.leads l where l.org_id = v_org_id and l.id = x.id and l.deleted_at is null);
  insert into private.dismissed_duplicates (org_id, lead_a, lead_b, dismissed_by, dismissed_at)
  select v_org_id, a.id, b.id, (select u.id from public.users u where u.id = auth.uid()), p_now
  from unnest(v_ids) a (id) join unnest(v_ids) b (id) on a.id < b.id order by a.id, b.id
  on conflict do nothing;
  get diagnostics v_count = row_count;
  insert into private.lead_changes (org_id, lead_id) select v_org_id, x from unnest(v_ids) x;
  return v_count;
end;
$$;

create or replace function private.lead_history(
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
    perform private.check_shape(to_jsonb(p_types), private.list_shape(private.word_shape('status', 'score', 'sent', 'reply', 'consent', 'merge'), 6), 'type');
  end if;
  if not isfinite(p_before) then
    perform private.refuse_field('cursor', 'The cursor is none of this list''s: take next_cursor of the page before, unchanged.');
  end if;
  if not exists (select from public.leads l where l.org_id = v_org_id and l.id = p_lead_id and l.deleted_at is null) then
    perform private.refuse_lead(v_org_id, p_lead_id);
  end if;
  v_phones := private.lead_contacts(v_org_id, array[p_lead_id]);
  -- Of each source the newest, by its own index; then of them all.
  select coalesce(jsonb_agg(x.entry order by x.at desc, x.id desc), '[]') into v_list
  from (
    select e.* from (
      (select e.created_at as at, e.id, e.kind as type, jsonb_build_object('from', e.old_value, 'to', e.new_value, 'cause', e.cause,
          'message_id', e.message_id, 'user_id', e.user_id) as entry
       from public.lead_events e
       where e.lead_id = p_lead_id and (e.created_at, e.id) < (v_before, v_before_id) and (p_types is null or e.kind = any (p_types))
       order by e.created_at desc, e.id desc limit v_limit + 1)
      union all
      (select m.created_at, m.id, 'sent', jsonb_build_object('message_id', m.id, 'kind', m.kind, 'phone', m.to_number, 'status', m.status,
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
      (select m.created_at, m.id, 'reply', jsonb_build_object('message_id', m.id, 'phone', m.from_number, 'classification', m.classification,
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

create or replace function private.erase_lead(p_lead_id uuid, p_confirm text, p_also_erase uuid[] default '{}', p_now timestamptz default now())
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('admin');
  v_lead public.leads;
  v_id uuid;
begin
  perform private.check_ids(p_also_erase, 'also_erase', 20);
  if coalesce(trim(p_confirm), '') = '' or length(p_confirm) > 1000 then
    perform private.refuse_field('confirm', 'Confirm with the full name of the lead or one of its phones: this can''t be undone.');
  end if;
  select * into v_lead from public.leads l where l.org_id = v_org_id and l.id = p_lead_id;
  if v_lead.erased_at is not null then
    return '{"erased": {}, "targets_canceled": 0, "suppressed": []}';
  end if;
  foreach v_id in array p_lead_id || coalesce(p_also_erase, '{}') loop
    if not exists (select from public.leads l where l.org_id = v_org_id and l.id = v_id and l.deleted_at is null) then
      perform private.refuse_lead(v_org_id, v_id);
    end if;
  end loop;
  if not coalesce(private.fold_text(trim(p_confirm)) = private.fold_text(nullif(v_lead.full_name, '')), false)
    and not exists (select from public.lead_phones p where p.org_id = v_org_id and p.lead_id = p_lead_id and p.e164 = p_confirm) then
    perform private.refuse_field('confirm', 'Confirm with the full name of the lead or one of its phones: this can''t be undone.');
  end if;
  return private.erase(v_org_id, p_lead_id || coalesce(p_also_erase, '{}'), '{}', p_now);
end;
$$;

create or replace function private.request_lookups(p_lead_ids uuid[] default null, p_dry_run boolean default false, p_now timestamptz default now())
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  -- A second or two of the eight that a person's request may take.
  v_at_most constant integer := 20000;
  v_org_id uuid := private.require_role('campaign_manager');
  v_org public.orgs;
  v_lane_id uuid;
  v_found integer;
  v_waiting integer;
  v_wanted text[];
  v_added integer := 0;
begin
  perform private.check_ids(p_lead_ids, 'lead_ids', 10000, 1);
  p_dry_run := coalesce(p_dry_run, false);
  select * into v_org from public.orgs o where o.id = v_org_id;
  if not v_org.lookup_enabled and not p_dry_run then
    perform private.raise_error('PT409', 'invalid_state',
      'Lookups are turned off, since each costs money. An admin turns them on by the setting lookup_enabled.', '{"setting": "lookup_enabled"}');
  end if;
  select l.id into v_lane_id from private.call_lanes l where l.org_id = v_org_id and l.service_id is null;
  if p_lead_ids is null then
    select count(*) into v_found
    from public.lead_phones p join public.leads l on l.id = p.lead_id and l.deleted_at is null
    where p.org_id = v_org_id and p.is_valid and p.looked_up_at is null;
    select count(*) into v_waiting from private.outside_calls c where c.lane_id = v_lane_id and c.given_up_at is null;
  else
    v_wanted := array(
      select distinct p.e164
      from unnest(p_lead_ids) i (id)
      join public.leads l on l.id = i.id and l.org_id = v_org_id and l.deleted_at is null
      join public.lead_phones p on p.lead_id = l.id and p.is_valid and (p.looked_up_at is null or p.looked_up_at <= p_now - interval '90 days'));
    v_found := cardinality(v_wanted);
    select count(*) into v_waiting
    from unnest(v_wanted) w where private.is_waiting(v_lane_id, w);
  end if;
  if not p_dry_run then
    v_lane_id := private.lookup_lane(v_org_id);
    if p_lead_ids is null then
      -- In the order of the index, from the first that does not wait yet.
      v_wanted := array(
        select x.e164 from (
          select distinct p.e164 from public.lead_phones p where p.org_id = v_org_id and p.looked_up_at is null and p.is_valid order by p.e164
        ) x
        where not private.is_waiting(v_lane_id, x.e164)
        limit v_at_most);
    end if;
    insert into private.outside_calls (lane_id, subject, due_at, requested_at)
    select v_lane_id, w, p_now, p_now from unnest(v_wanted) w order by w limit v_at_most
    on conflict do nothing;
    get diagnostics v_added = row_count;
    perform private.wake_call_lanes(v_lane_id, p_now);
    perform private.record_audit_event(v_org_id, 'lookups_requested', null, null, null,
      jsonb_build_object('phones', v_found, 'queued', v_added, 'leads', cardinality(p_lead_ids)));
  end if;
  return jsonb_build_object(
    'phones', v_found, 'queued', v_added, 'already_queued', v_waiting,
    'not_queued', case when p_dry_run then 0 else greatest(v_found - v_waiting - v_added, 0) end,
    'unit_price', v_org.lookup_price, 'estimated_cost', greatest(v_found - v_waiting, 0) * v_org.lookup_price,
    'daily_budget', v_org.lookup_daily_budget,
    'days', case when v_org.lookup_daily_budget > 0 then ceil(v_found::numeric / v_org.lookup_daily_budget) end);
end;
$$;

create or replace function private.request_enrichment(
  p_service_id uuid,
  p_lead_ids uuid[] default null,
  p_overwrite boolean default false,
  p_dry_run boolean default false,
  p_now timestamptz default now()
)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_at_most constant integer := 20000;
  v_org_id uuid := private.require_role('campaign_manager');
  v_service public.enrichment_services;
  v_lane_id uuid;
  v_subjects text[];
  v_queued integer := 0;
begin
  perform private.check_ids(p_lead_ids, 'lead_ids', 10000, 1);
  p_overwrite := coalesce(p_overwrite, false);
  p_dry_run := coalesce(p_dry_run, false);
  select * into v_service from public.enrichment_services s where s.org_id = v_org_id and s.id = p_service_id;
  if v_service.id is null then
    perform private.raise_error('PT404', 'not_found', 'There is no service with this id.', jsonb_build_object('service_id', p_service_id));
  end if;
  if not v_service.is_enabled and not p_dry_run then
    perform private.raise_error('PT409', 'invalid_state', format('The service "%s" is turned off. An admin turns it on.', v_service.name),
      jsonb_build_object('service_id', p_service_id));
  end if;
  select l.id into v_lane_id from private.call_lanes l where l.service_id = p_service_id;
  -- Of all leads: along an index, and no further than what one request takes.
  if v_service.kind = 'property' and p_lead_ids is null then
    v_subjects := array(
      select p.id::text from public.lead_properties p
      where p.org_id = v_org_id and (p_overwrite or p.acreage is null or p.estimated_value is null)
        and not exists (select 1 from public.leads l where l.id = p.lead_id and l.deleted_at is not null)
        and not private.is_waiting(v_lane_id, p.id::text)
      order by p.lead_id limit v_at_most + 1);
  elsif v_service.kind = 'property' then
    v_subjects := array(
      select p.id::text from unnest(p_lead_ids) i (id)
      join public.leads l on l.id = i.id and l.org_id = v_org_id and l.deleted_at is null
      join public.lead_properties p on p.lead_id = l.id and (p_overwrite or p.acreage is null or p.estimated_value is null)
      limit v_at_most + 1);
  else
    v_subjects := array(
      select x.e164 from (
        select distinct p.e164 from public.lead_phones p where p.org_id = v_org_id and p.is_valid and p_lead_ids is null
        union all
        select distinct p.e164 from unnest(p_lead_ids) i (id)
        join public.leads l on l.id = i.id and l.org_id = v_org_id and l.deleted_at is null
        join public.lead_phones p on p.lead_id = l.id and p.is_valid
      ) x
      where not private.is_scrubbed(p_service_id, x.e164, case when p_overwrite then 'infinity' else p_now - interval '30 days' end)
        and (p_lead_ids is not null or not private.is_waiting(v_lane_id, x.e164))
      limit v_at_most + 1);
  end if;
  if not p_dry_run then
    v_queued := private.queue_calls(p_service_id, v_subjects[1 : v_at_most], p_overwrite and v_service.kind = 'property', p_now);
    perform private.wake_call_lanes(v_lane_id, p_now);
    perform private.record_audit_event(v_org_id, 'enrichment_requested', null, null, null, jsonb_build_object(
      'service_id', p_service_id, 'found', cardinality(v_subjects), 'queued', v_queued, 'leads', cardinality(p_lead_ids), 'overwrite', p_overwrite));
  end if;
  return jsonb_build_object(
    'found', least(cardinality(v_subjects), v_at_most), 'queued', v_queued, 'has_more', cardinality(v_subjects) > v_at_most,
    'daily_budget', v_service.daily_budget,
    'days', case when v_service.daily_budget > 0 then ceil(least(cardinality(v_subjects), v_at_most)::numeric / v_service.daily_budget) end);
end;
$$;
