-- How bulk actions change leads: each set of leads in one transaction, with the former values in a journal, so that it can be
-- undone. Locks as everywhere: contacts by phone, then leads by id.

create function private.add_figures(p_figures jsonb, p_more jsonb)
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select p_figures || coalesce(jsonb_object_agg(m.key, case jsonb_typeof(m.value)
    when 'number' then to_jsonb(coalesce((p_figures ->> m.key)::numeric, 0) + m.value::numeric)
    else (select coalesce(to_jsonb(array_agg(x.value order by x.n)), '[]') from (
      select e.value, e.n from jsonb_array_elements(coalesce(p_figures -> m.key, '[]') || m.value) with ordinality e (value, n)
        limit 100) x)
  end), '{}')
  from jsonb_each(p_more) m;
$$;
comment on function private.add_figures(jsonb, jsonb) is
  'Adds the figures of a step to those of the job so far: numbers are added, lists are joined up to 100 items.';

create function private.merge_tags(p_tags text[], p_more text[])
returns text[]
language sql
immutable
set search_path = ''
as $$
  select p_tags || array(select x.tag from unnest(p_more) with ordinality x (tag, n) where x.tag <> all (p_tags) order by x.n);
$$;
comment on function private.merge_tags(text[], text[]) is 'The tags p_tags, followed by those of p_more that it lacks.';

create function private.bulk_action_sql(
  p_action text,
  p_value jsonb,
  out field text,
  out expression text,
  out changes text
)
language plpgsql
stable
set search_path = ''
as $$
declare
  v_tags text[] := case when jsonb_typeof(p_value) = 'array' then array(select jsonb_array_elements_text(p_value)) end;
  v_word text := p_value #>> '{}';
begin
  case p_action
    when 'add_tags' then
      field := 'tags';
      expression := format('private.merge_tags(l.tags, %L::text[])', v_tags);
      changes := format('not l.tags @> %L::text[]', v_tags);
    when 'remove_tags' then
      field := 'tags';
      expression := format('array(select x.tag from unnest(l.tags) with ordinality x (tag, n) where x.tag <> all (%L::text[]) '
        'order by x.n)', v_tags);
      changes := format('l.tags && %L::text[]', v_tags);
    when 'set_status' then
      field := 'status';
      expression := format('%L::text', v_word);
      changes := format('l.status <> %L', v_word);
    when 'set_score' then
      field := 'lead_score';
      expression := format('%L::text', v_word);
      changes := format('l.lead_score <> %L', v_word);
    when 'set_source' then
      field := 'source';
      expression := format('%L::text', v_word);
      changes := format('l.source is distinct from %L::text', v_word);
    when 'add_to_segment' then
      changes := format('not exists (select 1 from public.segment_leads s where s.segment_id = %L and s.lead_id = l.id)', v_word);
    when 'remove_from_segment' then
      changes := format('exists (select 1 from public.segment_leads s where s.segment_id = %L and s.lead_id = l.id)', v_word);
    when 'delete', 'restore' then
      changes := 'true';
  end case;
end;
$$;
comment on function private.bulk_action_sql(text, jsonb) is
  'A bulk action as SQL over the alias l of public.leads, with values as quoted literals: the field it changes (null if it does '
  'not change a field of the lead), the field''s new value, and the condition that the action changes anything.';

create function private.set_lead_field(p_org_id uuid, p_job_id uuid, p_action text, p_value jsonb, p_lead_ids uuid[])
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_sql record;
  v_ids uuid[];
  v_full integer := 0;
  v_count integer;
begin
  select * into v_sql from private.bulk_action_sql(p_action, p_value);
  v_ids := array(
    select l.id from public.leads l
    where l.org_id = p_org_id and l.id = any (p_lead_ids) and l.deleted_at is null order by l.id for no key update);
  if p_action = 'add_tags' then
    execute format('select count(*) from public.leads l where l.id = any ($1) and %s and cardinality(%s) > 50', v_sql.changes,
      v_sql.expression)
    into v_full using v_ids;
  end if;
  -- A statement of its own, so that it sees everything that was committed before the locks were obtained.
  execute format($sql$
    with chosen as materialized (
      select l.id, to_jsonb(l.%1$I) as before, %2$s as after from public.leads l where l.id = any ($1) and %3$s and %4$s
    ),
    changed as (
      update public.leads l set %1$I = c.after from chosen c where l.id = c.id
    )
    insert into private.bulk_changes (job_id, lead_id, before, after)
    select $2, c.id, c.before, to_jsonb(c.after) from chosen c
    $sql$, v_sql.field, v_sql.expression, v_sql.changes,
    case p_action when 'add_tags' then format('cardinality(%s) <= 50', v_sql.expression) else 'true' end)
  using v_ids, p_job_id;
  get diagnostics v_count = row_count;
  return jsonb_build_object('changed', v_count) || case when v_full > 0 then jsonb_build_object('skipped_too_many_tags', v_full)
    else '{}' end;
end;
$$;
comment on function private.set_lead_field(uuid, uuid, text, jsonb, uuid[]) is
  'Changes one field of leads of an organisation for a job, and writes a row of the journal for each lead that changes: '
  '{changed, skipped_too_many_tags}. Leads are locked in the order of their ids. Deleted leads are skipped.';

create function private.lock_leads_phones(p_org_id uuid, p_lead_ids uuid[])
returns text[]
language plpgsql
set search_path = ''
as $$
declare
  v_phones text[];
begin
  v_phones := array(
    select distinct p.e164 from unnest(p_lead_ids) x (id)
    cross join lateral (select lp.e164 from public.lead_phones lp where lp.lead_id = x.id and lp.org_id = p_org_id offset 0) p);
  perform private.lock_contacts(p_org_id, v_phones);
  return v_phones;
end;
$$;
comment on function private.lock_leads_phones(uuid, uuid[]) is
  'Locks the contacts of all phones of these leads, and returns the phones. Called before the leads are locked, as everywhere.';

create function private.delete_leads(p_org_id uuid, p_job_id uuid, p_lead_ids uuid[], p_now timestamptz)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_phones text[] := private.lock_leads_phones(p_org_id, p_lead_ids);
  v_ids uuid[];
  v_canceled integer;
begin
  v_ids := array(
    select l.id from public.leads l
    where l.org_id = p_org_id and l.id = any (p_lead_ids) and l.deleted_at is null order by l.id for no key update);
  update public.leads l set deleted_at = p_now where l.id = any (v_ids);
  insert into private.bulk_changes (job_id, lead_id, after) select p_job_id, x.id, to_jsonb(p_now) from unnest(v_ids) x (id);
  -- Sent messages stay. Messages that campaigns have not sent yet are canceled, unless another lead has the same phone.
  v_canceled := private.cancel_phones_targets(p_org_id,
    array(select p.e164 from unnest(v_phones) p (e164) except select k.e164 from private.find_phone_leads(p_org_id, v_phones) k),
    'lead_deleted', p_now);
  return jsonb_build_object('changed', cardinality(v_ids), 'canceled_targets', v_canceled);
end;
$$;
comment on function private.delete_leads(uuid, uuid, uuid[], timestamptz) is
  'Hides leads of an organisation for a job, as private.delete_lead does with one: {changed, canceled_targets}.';

create function private.restore_leads(p_org_id uuid, p_job_id uuid, p_lead_ids uuid[])
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_phones text[] := private.lock_leads_phones(p_org_id, p_lead_ids);
  v_ids uuid[];
  v_merged uuid[];
  v_phoneless uuid[];
  v_duplicates jsonb;
begin
  v_ids := array(
    select l.id from public.leads l
    where l.org_id = p_org_id and l.id = any (p_lead_ids) and l.deleted_at is not null order by l.id for no key update);
  -- A merged lead is not restored: it is part of another lead now.
  v_merged := array(select l.id from public.leads l where l.id = any (v_ids) and l.merged_into is not null);
  v_ids := array(select x.id from unnest(v_ids) x (id) where x.id <> all (v_merged));
  v_phoneless := array(
    select x.id from unnest(v_ids) x (id)
    where not exists (select 1 from public.lead_phones p where p.lead_id = x.id and p.role = 'primary'));
  -- Leads whose phone another lead has by now, or an older one of these leads. They are skipped and listed, so that nobody gets
  -- two leads of one person unknowingly.
  select coalesce(to_jsonb(array_agg(d.duplicate order by d.lead_id)), '[]') into v_duplicates
  from (
    select distinct on (p.lead_id) p.lead_id,
      jsonb_build_object('lead_id', p.lead_id, 'phone', p.e164, 'other_lead_id', coalesce(k.lead_id, older.lead_id)) as duplicate
    from public.lead_phones p
    join public.leads l on l.id = p.lead_id
    left join private.find_phone_leads(p_org_id, v_phones) k on k.e164 = p.e164
    left join lateral (
      select op.lead_id from public.lead_phones op join public.leads ol on ol.id = op.lead_id
      where op.org_id = p_org_id and op.e164 = p.e164 and op.lead_id = any (v_ids)
        and (ol.created_at, ol.id) < (l.created_at, l.id)
      order by ol.created_at, ol.id limit 1
    ) older on true
    where p.lead_id = any (v_ids) and coalesce(k.lead_id, older.lead_id) is not null
    order by p.lead_id, p.e164
  ) d;
  v_ids := array(
    select x.id from unnest(v_ids) x (id)
    where x.id <> all (v_phoneless)
      and x.id not in (select (e.value ->> 'lead_id')::uuid from jsonb_array_elements(v_duplicates) e));
  insert into private.bulk_changes (job_id, lead_id, before)
  select p_job_id, l.id, to_jsonb(l.deleted_at) from public.leads l where l.id = any (v_ids);
  update public.leads l set deleted_at = null where l.id = any (v_ids);
  return jsonb_build_object('changed', cardinality(v_ids))
    || case when v_duplicates <> '[]' then
      jsonb_build_object('skipped_duplicates', jsonb_array_length(v_duplicates), 'duplicates', v_duplicates) else '{}' end
    || case when v_merged <> '{}' then jsonb_build_object('skipped_merged', cardinality(v_merged)) else '{}' end
    || case when v_phoneless <> '{}' then jsonb_build_object('skipped_without_phone', cardinality(v_phoneless)) else '{}' end;
end;
$$;
comment on function private.restore_leads(uuid, uuid, uuid[]) is
  'Restores deleted leads of an organisation for a job, except those whose phone another lead has by now, those without a phone, '
  'and those merged into another: {changed, skipped_duplicates, duplicates: [{lead_id, phone, other_lead_id}], '
  'skipped_without_phone, skipped_merged}. Messages that were canceled when the leads were deleted stay canceled.';

create function private.set_segment_leads(p_org_id uuid, p_job_id uuid, p_segment_id uuid, p_is_in boolean, p_lead_ids uuid[],
  p_now timestamptz)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_count integer;
begin
  perform 1 from public.segments s where s.org_id = p_org_id and s.id = p_segment_id and s.kind = 'list' for key share;
  if not found then
    perform private.raise_error('PT409', 'invalid_state', 'This list no longer exists.');
  end if;
  if p_is_in then
    with added as (
      insert into public.segment_leads (org_id, segment_id, lead_id, added_at)
      select p_org_id, p_segment_id, l.id, p_now from public.leads l
      where l.org_id = p_org_id and l.id = any (p_lead_ids) and l.deleted_at is null
      order by l.id
      on conflict do nothing
      returning lead_id
    )
    insert into private.bulk_changes (job_id, lead_id, before, after) select p_job_id, a.lead_id, 'false', 'true' from added a;
  else
    with removed as (
      delete from public.segment_leads s
      where s.org_id = p_org_id and s.segment_id = p_segment_id and s.lead_id = any (p_lead_ids) returning s.lead_id
    )
    insert into private.bulk_changes (job_id, lead_id, before, after) select p_job_id, r.lead_id, 'true', 'false' from removed r;
  end if;
  get diagnostics v_count = row_count;
  return jsonb_build_object('changed', v_count);
end;
$$;
comment on function private.set_segment_leads(uuid, uuid, uuid, boolean, uuid[], timestamptz) is
  'Adds leads of an organisation to a list, or removes them from it, for a job: {changed}. Raises PT409 if the list no longer '
  'exists.';
