-- Written from supabase/schemas/jobs by npm run generate: change it there.

-- A function may call one that comes later.
set check_function_bodies = off;

-- schemas/jobs/triggers/bulk_changes.sql

create function private.forget_changes()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  delete from private.bulk_changes c where c.lead_id = new.id;
  return null;
end;
$$;
comment on function private.forget_changes() is
  'Trigger: deletes the journal of a lead when its person is erased. Security definer: no other role may write the journal.';
create trigger leads_forget_changes after update of erased_at on public.leads
  for each row when (new.erased_at is not null and old.erased_at is null) execute function private.forget_changes();

-- schemas/jobs/triggers/exports.sql

create function private.remove_export_files()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  delete from private.export_parts p where p.job_id = new.id;
  -- An export whose leads were not fixed has written nothing. The files of one that failed or was canceled may still be written
  -- by a worker that does not know it yet, for as long as a worker lives.
  if new.total_items is not null then
    perform private.send_work('file_removals', new.org_id, jsonb_build_object('folder', new.org_id || '/' || new.id),
      case when new.status = 'completed' then 7 * 86400 else 600 end);
  end if;
  return null;
end;
$$;
comment on function private.remove_export_files() is
  'Trigger: queues the removal of an export''s files, 7 days after it was completed, or 10 minutes after it failed or was '
  'canceled. Queues nothing if the export never began to write. Security definer: no other role may use the queue.';

-- schemas/jobs/triggers/job_queue.sql

create function private.forget_job_state()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  delete from private.job_states s where s.job_id = new.id;
  delete from private.job_items l where l.job_id = new.id;
  return null;
end;
$$;
comment on function private.forget_job_state() is
  'Trigger: deletes the progress of a job that has ended; its result stays. Security definer: no other role may write these '
  'tables.';

-- schemas/jobs/tables/jobs.sql

create table public.jobs (
  id uuid primary key default private.uuid_v7(),
  org_id uuid not null references public.orgs (id) on delete cascade,
  kind text not null check (kind in ('lead_export', 'lead_bulk_action', 'lead_bulk_undo', 'conversation_bulk_change')),
  status text not null default 'queued' check (status in ('queued', 'running', 'completed', 'failed', 'canceled')),
  required_role public.user_role not null,
  input jsonb not null default '{}' check (jsonb_typeof(input) = 'object' and pg_column_size(input) <= 1000000),
  result jsonb not null default '{}' check (jsonb_typeof(result) = 'object'),
  total_items bigint check (total_items >= 0),
  done_items bigint not null default 0 check (done_items >= 0),
  items_per_second numeric(12, 1),
  seconds_left integer,
  error_message text,
  created_by uuid references public.users (id) on delete set null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  started_at timestamptz,
  finished_at timestamptz,
  unique (org_id, id),
  check ((status in ('completed', 'failed', 'canceled')) = (finished_at is not null)),
  check ((status = 'failed') = (error_message is not null)),
  constraint jobs_result_size_check check (pg_column_size(result) <= 65536),
  -- The message may quote the request; fail_job cuts it to this length.
  constraint jobs_error_message_check check (length(error_message) <= 2000),
  constraint jobs_rate_check check (items_per_second between 0 and 99999999999)
);
comment on table public.jobs is
  'Work that a person starts and follows: an export of leads, a bulk action on leads, its undo, or the same change of many '
  'conversations. Items are leads or conversations. Kept for 90 days after the end.';
comment on column public.jobs.required_role is 'The lowest role that may start such a job, and cancel it.';
comment on column public.jobs.input is 'What was requested; a list of ids is replaced by its length.';
comment on column public.jobs.total_items is 'Known once the job has fixed its items.';
comment on column public.jobs.seconds_left is 'Estimated from the pace so far; null before the first step and after the last.';
create index jobs_list_idx on public.jobs (org_id, created_at desc, id desc);
create index jobs_finished_idx on public.jobs (finished_at) where finished_at is not null;
create index jobs_created_by_idx on public.jobs (created_by) where created_by is not null;
create index jobs_active_idx on public.jobs (org_id, status) where finished_at is null;

alter table public.jobs enable row level security;
create policy "people read jobs of their organisation" on public.jobs
  for select to authenticated using (org_id = (select private.org_id()));
grant select on public.jobs to authenticated;
grant delete, insert, select, update on public.jobs to service_role;

create trigger jobs_updated_at before update on public.jobs
  for each row execute function private.set_updated_at();
create trigger jobs_drop_message after update of status on public.jobs
  for each row when (new.finished_at is not null and old.finished_at is null)
  execute function private.drop_own_work('jobs', 'job_id');
create trigger jobs_drop_message_deleted after delete on public.jobs
  for each row when (old.finished_at is null) execute function private.drop_own_work('jobs', 'job_id');
create trigger jobs_forget_state after update of status on public.jobs
  for each row when (new.finished_at is not null and old.finished_at is null) execute function private.forget_job_state();
create trigger jobs_remove_export_files after update of status on public.jobs
  for each row when (new.kind = 'lead_export' and new.finished_at is not null and old.finished_at is null)
  execute function private.remove_export_files();
create trigger jobs_limit_active_insert after insert on public.jobs
  for each row when (new.status = 'queued')
  execute function private.limit_active_work('50', 'jobs under way', '{queued,running}');
create trigger jobs_limit_large_values after insert on public.jobs
  for each row when (octet_length(new.input::text) > 8192) execute function private.limit_large_values('input');
create trigger jobs_forget_large_values after delete on public.jobs
  for each row execute function private.forget_large_values();

-- schemas/jobs/tables/job_states.sql

create table private.job_states (
  job_id uuid primary key references public.jobs (id) on delete cascade,
  step integer not null default 0 check (step >= 0),
  cursor jsonb not null default '{}' check (jsonb_typeof(cursor) = 'object')
);
comment on table private.job_states is
  'The progress of an unfinished job: its next step, and what the step needs to know. Step 0 fixes the leads.';

alter table private.job_states enable row level security;

-- schemas/jobs/tables/job_items.sql

create table private.job_items (
  job_id uuid not null references public.jobs (id) on delete cascade,
  chunk integer not null check (chunk > 0),
  item_ids uuid[] not null,
  primary key (job_id, chunk)
);
comment on table private.job_items is
  'Which leads or conversations an unfinished job is about, in chunks: a million leads are only a few hundred rows. Fixed when '
  'the job began.';

alter table private.job_items enable row level security;

-- schemas/jobs/tables/export_parts.sql

create table private.export_parts (
  job_id uuid not null references public.jobs (id) on delete cascade,
  part integer not null check (part > 0),
  path text not null,
  bytes bigint not null check (bytes >= 0),
  primary key (job_id, part)
);
comment on table private.export_parts is
  'The parts of an unfinished export, in the order in which they are joined into the file.';

alter table private.export_parts enable row level security;

-- schemas/jobs/tables/bulk_changes.sql

create table private.bulk_changes (
  job_id uuid not null references public.jobs (id) on delete cascade,
  lead_id uuid not null references public.leads (id) on delete cascade,
  before jsonb,
  after jsonb,
  primary key (job_id, lead_id)
);
comment on table private.bulk_changes is
  'The journal of bulk actions: for each lead that one changed, the one field that the action is about, before and after. Kept '
  'for 30 days after the job''s end.';
create index bulk_changes_lead_idx on private.bulk_changes (lead_id);

alter table private.bulk_changes enable row level security;

-- schemas/jobs/functions/bulk_actions.sql

-- Bulk actions as people start them. On request they are only counted first. Few leads are changed at once, many by a job.

create function private.check_bulk_value(p_org_id uuid, p_action text, p_value jsonb)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
declare
  v_kind text := jsonb_typeof(coalesce(p_value, 'null'));
  v_word text := p_value #>> '{}';
begin
  case
    when p_action in ('add_tags', 'remove_tags') then
      -- Tags are stored in capitals, however they were typed.
      p_value := case when v_kind <> 'array' then coalesce(p_value, 'null')
        else (select coalesce(to_jsonb(array_agg(case jsonb_typeof(e) when 'string' then to_jsonb(upper(e #>> '{}')) else e end
          order by n)), '[]') from jsonb_array_elements(p_value) with ordinality x (e, n)) end;
      perform private.check_shape(p_value, private.tags_shape() || '{"minItems": 1}', 'value');
      return (select to_jsonb(array_agg(t.tag order by t.n)) from (
        select e #>> '{}' as tag, min(n) as n from jsonb_array_elements(p_value) with ordinality x (e, n) group by 1) t);
    when p_action = 'set_status' then
      perform private.check_shape(p_value, private.lead_shape() #> '{properties,status}', 'value');
    when p_action = 'set_score' then
      perform private.check_shape(p_value, private.lead_shape() #> '{properties,lead_score}', 'value');
    when p_action = 'set_source' then
      perform private.check_shape(coalesce(p_value, 'null'), private.lead_shape() #> '{properties,source}', 'value');
      return coalesce(to_jsonb(nullif(trim(v_word), '')), 'null');
    when p_action in ('add_to_segment', 'remove_from_segment') then
      if v_kind <> 'string' or not exists (
        select 1 from public.segments s where s.org_id = p_org_id and s.id::text = lower(v_word) and s.kind = 'list')
      then
        perform private.refuse_field('value', 'value must be the id of a segment that is a list.');
      end if;
    when p_action in ('delete', 'restore') then
      if v_kind <> 'null' then
        perform private.refuse_field('value', format('%s takes no value.', p_action));
      end if;
      return 'null';
    else
      perform private.refuse_field('action',
        'action must be add_tags, remove_tags, set_status, set_score, set_source, add_to_segment, remove_from_segment, delete '
        'or restore.');
  end case;
  return p_value;
end;
$$;
comment on function private.check_bulk_value(uuid, text, jsonb) is
  'The value of a bulk action in the form in which it is stored. Raises PT422 if the value does not suit the action.';

create function private.change_leads(p_job public.jobs, p_lead_ids uuid[], p_now timestamptz)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_action text := p_job.input ->> 'action';
  v_value jsonb := p_job.input -> 'value';
begin
  perform private.set_lead_cause('bulk');
  return case
    when v_action = 'delete' then private.delete_leads(p_job.org_id, p_job.id, p_lead_ids, p_now)
    when v_action = 'restore' then private.restore_leads(p_job.org_id, p_job.id, p_lead_ids)
    when v_action in ('add_to_segment', 'remove_from_segment') then private.set_segment_leads(
      p_job.org_id, p_job.id, (v_value #>> '{}')::uuid, v_action = 'add_to_segment', p_lead_ids, p_now)
    else private.set_lead_field(p_job.org_id, p_job.id, v_action, v_value, p_lead_ids)
  end;
end;
$$;
comment on function private.change_leads(public.jobs, uuid[], timestamptz) is
  'Does a bulk action to some of its leads. Returns its figures, such as {changed}.';

create function private.bulk_action_step(p_job public.jobs, p_step integer, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_state private.job_states;
  v_ids uuid[];
  v_total bigint;
begin
  select * into v_state from private.job_states s where s.job_id = p_job.id;
  if p_step = 0 then
    v_total := private.fix_job_leads(p_job, v_state.cursor -> 'filter', 1000, 'l.id');
    perform private.advance_job(p_job.id, 0, v_total = 0, '{"changed": 0}',
      jsonb_build_object('chunks', ceil(v_total / 1000.0)::integer), p_now);
    return;
  end if;
  select i.item_ids into v_ids from private.job_items i where i.job_id = p_job.id and i.chunk = p_step;
  perform private.advance_job(p_job.id, cardinality(v_ids), p_step = (v_state.cursor ->> 'chunks')::integer,
    private.add_figures(p_job.result, private.change_leads(p_job, v_ids, p_now)), '{}', p_now);
end;
$$;
comment on function private.bulk_action_step(public.jobs, integer, timestamptz) is
  'A step of a bulk action: the first fixes its leads, each other step changes up to 1,000 of them. The caller holds the job''s '
  'lock.';

create function private.bulk_action_shape()
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select private.object_shape(jsonb_build_object(
    'action', private.word_shape('add_tags', 'remove_tags', 'set_status', 'set_score', 'set_source', 'add_to_segment',
      'remove_from_segment', 'delete', 'restore'),
    -- private.check_bulk_value checks whether the value suits the action.
    'value', private.text_shape(1000)
      || jsonb_build_object('type', '["string", "array", "null"]'::jsonb, 'maxItems', 50, 'items', private.text_shape(50)),
    'filter', private.lead_filter_shape(),
    'dry_run', '{"type": "boolean"}'::jsonb), '{action,filter}');
$$;
comment on function private.bulk_action_shape() is 'The shape of a request for a bulk action: action, value, filter, dry_run.';

-- schemas/jobs/functions/bulk_changes.sql

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

-- schemas/jobs/functions/bulk_undo.sql

-- Undoing a bulk action, within 30 days: each lead gets its former value back, unless somebody has changed the field since.

create function private.undo_changes(p_org_id uuid, p_undo_id uuid, p_job public.jobs, p_lead_ids uuid[], p_now timestamptz)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_action text := p_job.input ->> 'action';
  v_value jsonb := p_job.input -> 'value';
  v_field text;
  v_ids uuid[];
  v_count integer;
  v_figures jsonb;
begin
  perform private.set_lead_cause('bulk');
  if v_action in ('delete', 'restore') then
    v_ids := array(
      select c.lead_id from private.bulk_changes c join public.leads l on l.id = c.lead_id
      where c.job_id = p_job.id and c.lead_id = any (p_lead_ids)
        and l.deleted_at is not distinct from (c.after #>> '{}')::timestamptz
      order by c.lead_id);
    v_figures := case v_action
      when 'delete' then private.restore_leads(p_org_id, p_undo_id, v_ids)
      else private.delete_leads(p_org_id, p_undo_id, v_ids, p_now) end;
    v_count := cardinality(p_lead_ids) - cardinality(v_ids);
  elsif v_action in ('add_to_segment', 'remove_from_segment') then
    v_figures := private.set_segment_leads(p_org_id, p_undo_id, (v_value #>> '{}')::uuid, v_action = 'remove_from_segment',
      p_lead_ids, p_now);
    v_count := cardinality(p_lead_ids) - (v_figures ->> 'changed')::integer;
  else
    select s.field into v_field from private.bulk_action_sql(v_action, v_value) s;
    perform 1 from public.leads l where l.id = any (p_lead_ids) order by l.id for no key update;
    execute format($sql$
      update public.leads l set %1$I = %2$s
      from private.bulk_changes c
      where c.job_id = $1 and c.lead_id = any ($2) and l.id = c.lead_id and l.deleted_at is null
        and coalesce(to_jsonb(l.%1$I), 'null') = coalesce(c.after, 'null')
      $sql$, v_field,
      case v_field when 'tags' then 'array(select jsonb_array_elements_text(c.before))' else 'c.before #>> ''{}''' end)
    using p_job.id, p_lead_ids;
    get diagnostics v_count = row_count;
    v_figures := jsonb_build_object('changed', v_count);
    v_count := cardinality(p_lead_ids) - v_count;
  end if;
  return v_figures || case when v_count > 0 then jsonb_build_object('skipped_changed_since', v_count) else '{}' end;
end;
$$;
comment on function private.undo_changes(uuid, uuid, public.jobs, uuid[], timestamptz) is
  'Gives leads back the values they had before a bulk action (p_job), if the field still has the value that the action set: '
  '{changed, skipped_changed_since} and the figures of restoring or deleting.';

create function private.bulk_undo_step(p_job public.jobs, p_step integer, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_state private.job_states;
  v_original public.jobs;
  v_ids uuid[];
begin
  select * into v_state from private.job_states s where s.job_id = p_job.id;
  if p_step = 0 then
    insert into private.job_items (job_id, chunk, item_ids)
    select p_job.id, n.chunk, array_agg(n.lead_id order by n.lead_id)
    from (
      select c.lead_id, ((row_number() over (order by c.lead_id) - 1) / 1000 + 1)::integer as chunk
      from private.bulk_changes c where c.job_id = (p_job.input ->> 'job_id')::uuid
    ) n
    group by n.chunk;
    perform private.advance_job(p_job.id, 0, false, '{"changed": 0}', jsonb_build_object(
      'chunks', (select max(l.chunk) from private.job_items l where l.job_id = p_job.id)), p_now);
    return;
  end if;
  select * into v_original from public.jobs j where j.id = (p_job.input ->> 'job_id')::uuid;
  select i.item_ids into v_ids from private.job_items i where i.job_id = p_job.id and i.chunk = p_step;
  perform private.advance_job(p_job.id, cardinality(v_ids), p_step = (v_state.cursor ->> 'chunks')::integer,
    private.add_figures(p_job.result, private.undo_changes(p_job.org_id, p_job.id, v_original, v_ids, p_now)), '{}', p_now);
end;
$$;
comment on function private.bulk_undo_step(public.jobs, integer, timestamptz) is
  'A step of an undo: the first fixes its leads, which are those that the action changed; each other step gives up to 1,000 of '
  'them their former values back. The caller holds the job''s lock.';

create function private.undo_bulk_action(p_job_id uuid, p_now timestamptz default now())
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('operator');
  v_original public.jobs;
  v_undo public.jobs;
  v_input jsonb := jsonb_build_object('job_id', p_job_id);
  v_changed bigint;
  v_figures jsonb;
begin
  select * into v_original from public.jobs j
  where j.org_id = v_org_id and j.id = p_job_id and j.kind = 'lead_bulk_action' for no key update;
  if v_original.id is null then
    perform private.raise_error('PT404', 'not_found', 'There is no bulk action with this id.');
  end if;
  perform private.require_role(v_original.required_role);
  if v_original.finished_at is null then
    perform private.raise_error('PT409', 'invalid_state', 'The action has not ended yet: cancel it first.',
      jsonb_build_object('status', v_original.status));
  elsif v_original.finished_at < p_now - interval '30 days' then
    perform private.raise_error('PT409', 'invalid_state', 'A bulk action can be undone only within 30 days of its end.');
  elsif exists (
    select 1 from public.jobs j
    where j.org_id = v_org_id and j.kind = 'lead_bulk_undo' and j.input ->> 'job_id' = p_job_id::text
      and j.status not in ('failed', 'canceled'))
  then
    perform private.raise_error('PT409', 'invalid_state', 'This bulk action was undone already.');
  end if;

  select count(*) into v_changed from (select from private.bulk_changes c where c.job_id = p_job_id limit 1001) c;
  if v_changed > 1000 then
    v_undo.id := private.create_job(v_org_id, 'lead_bulk_undo', v_original.required_role, v_input, '{}', p_now);
    select count(*) into v_changed from private.bulk_changes c where c.job_id = p_job_id;
    update public.jobs j set total_items = v_changed where j.id = v_undo.id;
  else
    insert into public.jobs (org_id, kind, status, required_role, input, created_by, created_at, started_at)
    values (v_org_id, 'lead_bulk_undo', 'running', v_original.required_role, v_input,
      (select u.id from public.users u where u.id = auth.uid()), p_now, p_now)
    returning * into v_undo;
    v_figures := private.undo_changes(v_org_id, v_undo.id, v_original,
      array(select c.lead_id from private.bulk_changes c where c.job_id = p_job_id order by c.lead_id), p_now);
    update public.jobs j
    set status = 'completed', total_items = v_changed, done_items = v_changed, result = v_figures, finished_at = p_now
    where j.id = v_undo.id;
  end if;
  perform private.record_audit_event(v_org_id, 'leads_bulk_undo', null, null, null,
    v_input || jsonb_build_object('undo_job_id', v_undo.id));
  return (select to_jsonb(j) from public.jobs j where j.id = v_undo.id);
end;
$$;
comment on function private.undo_bulk_action(uuid, timestamptz) is
  'For people who may start such an action: undoes a bulk action, also one that was canceled or failed, within 30 days of its '
  'end. Up to 1,000 leads are done at once, more by a job. Returns the job. Raises PT403, PT404, PT409. Security definer: users '
  'may not write leads.';
grant execute on function private.undo_bulk_action(uuid, timestamptz) to authenticated;

create function public.undo_bulk_action(p_job_id uuid)
returns jsonb language sql set search_path = ''
as $$ select private.undo_bulk_action(p_job_id) $$;
comment on function public.undo_bulk_action(uuid) is 'See private.undo_bulk_action.';
grant execute on function public.undo_bulk_action(uuid) to authenticated;

-- schemas/jobs/functions/due_background_work.sql

create function private.due_background_work()
returns jsonb
language sql
stable
security definer
set search_path = ''
as $$
  select jsonb_build_object(
    'imports', private.queue_is_due('imports', '0'),
    'jobs', private.queue_is_due('jobs', '0'),
    'file_removals', private.queue_is_due('file_removals', '0'),
    'lookups', private.queue_is_due('lookups', '0'),
    'enrichments', private.queue_is_due('enrichments', '0'),
    'media', private.queue_is_due('media', '0'));
$$;
comment on function private.due_background_work() is
  'Which kinds of work the background worker has to do now: imports, jobs, removals of files, lookups, enrichments, pictures and '
  'files of messages. Security definer: the worker may not read the queues.';
grant execute on function private.due_background_work() to worker;

-- schemas/jobs/functions/export_page.sql

create function private.export_page(p_job_id uuid, p_chunk integer, p_from integer)
returns jsonb
language plpgsql
security definer
set search_path = ''
-- Forces an index lookup for each lead, whatever the statistics say: see private.find_phone_leads.
set enable_seqscan = off
set enable_bitmapscan = off
as $$
declare
  v_time text := 'YYYY-MM-DD"T"HH24:MI:SSTZH:TZM';
  -- The worker has several copies of a part in memory.
  v_most constant bigint := 5000000;
  v_ids uuid[];
  v_n integer := greatest(p_from, 0);
  v_bytes bigint := 0;
  v_row record;
  v_batches jsonb[] := '{}';
begin
  perform private.check_export(j) from public.jobs j where j.id = p_job_id;
  perform set_config('TimeZone', o.time_zone, true)
  from public.jobs j join public.orgs o on o.id = j.org_id where j.id = p_job_id;
  select j.item_ids into v_ids from private.job_items j where j.job_id = p_job_id and j.chunk = p_chunk;
  -- Reads a hundred leads at a time, so that it does not read many more large leads than the part has room for.
  while v_n < coalesce(cardinality(v_ids), 0) loop
    with found as (
      select o.n, l.lead || jsonb_build_object('parcels', parcels.list) as lead,
        -- A row for each parcel repeats the lead. 600 bytes are added for the columns: a file has hundreds of them, also if they
        -- are empty.
        (pg_column_size(l.lead) + 600) * case j.input ->> 'rows_per'
          when 'parcel' then greatest(jsonb_array_length(parcels.list), 1) else 1 end
          + pg_column_size(parcels.list) as bytes
      from unnest(v_ids[v_n + 1:v_n + 100]) with ordinality o (id, n)
      cross join lateral (
        select x.org_id, jsonb_build_object(
          'id', x.id, 'first_name', x.first_name, 'last_name', x.last_name, 'email', x.email, 'address1', x.address1,
          'address2', x.address2, 'city', x.city, 'state', x.state, 'postal_code', x.postal_code, 'county', x.county,
          'language', x.language, 'status', x.status, 'lead_score', x.lead_score, 'consent_status', x.consent_status,
          'source', x.source, 'notes', x.notes, 'tags', x.tags, 'custom_fields', x.custom_fields,
          'created_at', to_char(x.created_at, v_time), 'updated_at', to_char(x.updated_at, v_time), 'phones',
            phones.by_role) as lead
        from public.leads x
        cross join lateral (
          select coalesce(jsonb_object_agg(p.role, jsonb_build_object(
            'e164', p.e164, 'line_type', p.line_type, 'consent_status', p.consent_status, 'is_valid', p.is_valid, 'carrier',
              p.carrier)), '{}') as by_role
          from public.lead_phones p where p.lead_id = x.id
        ) phones
        where x.id = o.id and x.deleted_at is null offset 0
      ) l
      cross join lateral (
        select coalesce(to_jsonb(array_agg(jsonb_build_object(
          'apn', p.apn, 'county', p.county, 'state', p.state, 'situs', p.situs, 'property_type', p.property_type,
          'acreage', p.acreage, 'estimated_value', p.estimated_value) order by p.created_at, p.id)), '[]') as list
        from public.lead_properties p where p.org_id = l.org_id and p.lead_id = o.id
      ) parcels
      join public.jobs j on j.id = p_job_id
    ),
    summed as (
      select f.n, f.lead, v_bytes + sum(f.bytes) over (order by f.n) as bytes, row_number() over (order by f.n) as place
        from found f
    ),
    told as (
      select s.n, s.lead, s.bytes, s.bytes <= v_most or (v_bytes = 0 and s.place = 1) as fits from summed s
    )
    select coalesce(to_jsonb(array_agg(t.lead order by t.n) filter (where t.fits)), '[]') as leads,
      max(t.bytes) filter (where t.fits) as bytes,
      min(t.n) filter (where not t.fits) as cut
    into v_row from told t;
    v_batches := v_batches || v_row.leads;
    v_bytes := coalesce(v_row.bytes, v_bytes);
    v_n := v_n + coalesce(v_row.cut - 1, least(100, cardinality(v_ids) - v_n));
    exit when v_row.cut is not null;
  end loop;
  return jsonb_build_object(
    'leads', (select coalesce(to_jsonb(array_agg(e.lead order by b.n, e.n)), '[]')
      from unnest(v_batches) with ordinality b (leads, n)
        cross join lateral jsonb_array_elements(b.leads) with ordinality e (lead, n)),
    'passed', v_n - greatest(p_from, 0), 'is_last', v_n >= coalesce(cardinality(v_ids), 0));
end;
$$;
comment on function private.export_page(uuid, integer, integer) is
  'A part of a chunk of an export: {leads, passed, is_last}. The leads start at position p_from (from 0) of the chunk, have '
  'their current values, and do not include leads deleted since the export began. A part has at least one lead, and as many as '
  'make some 5 MB of rows. passed: how many leads of the chunk the part covers, with deleted ones. is_last: whether the chunk '
  'ends with it. A lead has columns, phones by role, parcels, and times in the organisation''s time zone (ISO 8601). Raises '
  'PT422 if the job''s options are invalid. Security definer: the worker may not read leads.';
grant execute on function private.export_page(uuid, integer, integer) to worker;

-- schemas/jobs/functions/exports.sql

-- Exports of leads into a file in bucket exports. The worker writes a part for each chunk of leads and joins the parts at the
-- end: nothing has the whole file in memory, and a worker that dies repeats only one part. Each try uses new paths, so that a try
-- that was overtaken can't overwrite parts that count.

create function private.shown_filter(p_filter jsonb)
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select case when p_filter ? 'ids' then p_filter - 'ids' || jsonb_build_object('ids', jsonb_array_length(p_filter -> 'ids'))
    else p_filter end;
$$;
comment on function private.shown_filter(jsonb) is 'A filter of leads as jobs show it: a list of ids is replaced by its length.';

create function private.create_export(p_filter jsonb, p_options jsonb, p_now timestamptz default now())
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('operator');
  v_id uuid;
  v_job jsonb;
begin
  perform private.check_shape(p_options, private.export_options_shape());
  if p_filter is null then
    perform private.refuse_field('filter', 'filter is required: {} means every lead.');
  end if;
  -- Refuses an invalid filter now, before anybody waits for the job.
  perform private.lead_condition(v_org_id, p_filter, p_now);
  if p_filter -> 'deleted' = 'true' then
    perform private.refuse_field('filter.deleted', 'Deleted leads are not exported: restore them first.');
  end if;
  v_id := private.create_job(v_org_id, 'lead_export', 'operator',
    jsonb_build_object('filter', private.shown_filter(p_filter), 'columns', null) || p_options,
      jsonb_build_object('filter', p_filter), p_now);
  perform private.record_audit_event(v_org_id, 'leads_export_started', null, null, null, jsonb_build_object('job_id', v_id));
  select to_jsonb(j) into v_job from public.jobs j where j.id = v_id;
  return v_job;
end;
$$;
comment on function private.create_export(jsonb, jsonb, timestamptz) is
  'Operators: starts an export of the leads that match the filter. p_options: format (csv, xlsx), columns (null: all), rows_per '
  '(lead, parcel). Returns the job. Raises PT403, PT422. Security definer: users may not write jobs.';
grant execute on function private.create_export(jsonb, jsonb, timestamptz) to authenticated;

create function public.create_export(p_filter jsonb, p_options jsonb)
returns jsonb language sql set search_path = ''
as $$ select private.create_export(p_filter, p_options) $$;
comment on function public.create_export(jsonb, jsonb) is 'See private.create_export.';
grant execute on function public.create_export(jsonb, jsonb) to authenticated;

create function private.begin_export(p_job public.jobs, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_filter jsonb;
  v_total bigint;
  v_fields jsonb;
begin
  perform private.check_export(p_job);
  select s.cursor -> 'filter' into v_filter from private.job_states s where s.job_id = p_job.id;
  v_total := private.fix_job_leads(p_job, v_filter, 2500, 'l.created_at desc, l.id desc');
  -- The columns must be known before the first row is written. This reads the names of all leads' fields once, not their values.
  execute format($sql$
    select coalesce(to_jsonb(array_agg(k.key order by k.n desc, k.key)), '[]')
    from (
      select f.key, count(*) as n from public.leads l cross join lateral jsonb_object_keys(l.custom_fields) f (key)
      where l.custom_fields <> '{}' and %s group by f.key
      -- A file has columns for 500 of them. The 501st only shows that there are more.
      order by n desc, f.key limit 501
    ) k
    $sql$, private.lead_condition(p_job.org_id, v_filter, p_job.created_at))
  into v_fields;
  perform private.advance_job(p_job.id, 0, false, '{}', jsonb_build_object(
    'custom_fields', v_fields, 'chunks', greatest(ceil(v_total / 2500.0), 1)::integer, 'chunk', 1, 'from', 0,
    'file_name', 'leads-' || to_char(p_now at time zone (select o.time_zone from public.orgs o where o.id = p_job.org_id),
      'YYYY-MM-DD-HH24MI')), p_now);
end;
$$;
comment on function private.begin_export(public.jobs, timestamptz) is
  'Step 0 of an export: fixes its leads, newest first, in chunks of 2,500, and the names of their custom fields, the most '
  'frequent first. The caller holds the job''s lock.';

create function private.export_parts(p_job_id uuid)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  perform private.check_export(j) from public.jobs j where j.id = p_job_id;
  return (
    select coalesce(to_jsonb(array_agg(jsonb_build_object('path', p.path, 'bytes', p.bytes) order by p.part)), '[]')
    from private.export_parts p where p.job_id = p_job_id);
end;
$$;
comment on function private.export_parts(uuid) is
  'The parts of an export in their order: [{path, bytes}]. Security definer: the worker may not read the table.';
grant execute on function private.export_parts(uuid) to worker;

create function private.finish_export(
  p_job_id uuid,
  p_step integer,
  p_message_id bigint,
  p_file jsonb,
  p_now timestamptz default now()
)
returns boolean
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_job public.jobs := private.lock_job_step(p_job_id, p_step, p_message_id);
begin
  if v_job.id is null then
    return false;
  end if;
  perform private.advance_job(p_job_id, 0, true,
    jsonb_build_object('file', p_file || jsonb_build_object('expires_at', p_now + interval '7 days')), '{}', p_now);
  return true;
end;
$$;
comment on function private.finish_export(uuid, integer, bigint, jsonb, timestamptz) is
  'Called when the whole file of an export is stored in Storage; completes the job. p_file: path, name, bytes, rows. The file is '
  'kept for 7 days. Returns whether this counts: not if the job has ended, or another worker was first. Security definer: the '
  'worker may not write jobs.';
grant execute on function private.finish_export(uuid, integer, bigint, jsonb, timestamptz) to worker;

create function private.export_options_shape()
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select private.object_shape(jsonb_build_object(
    'format', private.word_shape('csv', 'xlsx'),
    'rows_per', private.word_shape('lead', 'parcel'),
    'columns', private.null_or(private.list_shape(private.word_shape(
      'first_name', 'last_name',
      'primary_phone', 'primary_phone_type', 'primary_phone_consent', 'primary_phone_valid', 'primary_phone_carrier',
      'secondary_phone', 'secondary_phone_type', 'secondary_phone_consent', 'secondary_phone_valid', 'secondary_phone_carrier',
      'alternate_phone', 'alternate_phone_type', 'alternate_phone_consent', 'alternate_phone_valid', 'alternate_phone_carrier',
      'email', 'address1', 'address2', 'city', 'state', 'zip_code', 'county', 'language', 'status', 'lead_score',
        'consent_status',
      'source', 'tags', 'notes', 'apn', 'situs', 'property_state', 'property_type', 'acreage', 'estimated_value', 'parcel_county',
      'parcel_count', 'lead_id', 'lead_created_at', 'lead_updated_at'), 42, 1))), '{format,rows_per}');
$$;
comment on function private.export_options_shape() is
  'The shape of the options of an export: format, rows_per, columns (null: all). The names of columns are those of '
  '_shared/leads/export-columns.ts.';

create function private.check_export(p_job public.jobs)
returns void
language plpgsql
stable
set search_path = ''
as $$
begin
  perform private.check_shape(p_job.input - 'filter', private.export_options_shape());
end;
$$;
comment on function private.check_export(public.jobs) is
  'Raises PT422 naming the field if the options of an export are invalid: the worker names its files by them.';

create function private.record_export_part(
  p_job_id uuid,
  p_step integer,
  p_message_id bigint,
  p_path text,
  p_bytes bigint,
  p_passed integer,
  p_cursor jsonb,
  p_now timestamptz default now()
)
returns boolean
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_job public.jobs := private.lock_job_step(p_job_id, p_step, p_message_id);
begin
  if v_job.id is null then
    return false;
  end if;
  insert into private.export_parts (job_id, part, path, bytes) values (p_job_id, p_step, p_path, p_bytes);
  perform private.advance_job(p_job_id, p_passed, false, '{}', p_cursor, p_now);
  return true;
end;
$$;
comment on function private.record_export_part(uuid, integer, bigint, text, bigint, integer, jsonb, timestamptz) is
  'Records that a part of an export is stored in Storage at p_path, with p_bytes bytes and p_passed leads (see '
  'private.export_page). p_cursor is where the next part begins. Returns whether this counts: not if the job has ended, or '
  'another worker was first. Security definer: the worker may not write these tables.';
grant execute on function private.record_export_part(uuid, integer, bigint, text, bigint, integer, jsonb, timestamptz) to worker;

-- schemas/jobs/functions/file_removals.sql

-- Expired files of exports, parts that were left behind, and files of messages: a queue of folders and files, read in turns.

create function private.claim_file_removal(p_visibility_seconds integer default 60)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_message pgmq.message_record := private.read_in_turn('file_removals', p_visibility_seconds);
begin
  -- Removing files is tried for ever, in the end four times a day: nobody waits for it.
  if v_message.read_ct > 5 then
    perform pgmq.set_vt('file_removals', v_message.msg_id, 21600);
  end if;
  return case when v_message.msg_id is not null then jsonb_build_object('message_id', v_message.msg_id, 'read_count',
    v_message.read_ct, 'org_id', v_message.message ->> 'org_id', 'folder', v_message.message ->> 'folder', 'media',
      v_message.message ->> 'media') end;
end;
$$;
comment on function private.claim_file_removal(integer) is
  'The folder of an export whose files are to be removed, or a file of bucket media, in turns between organisations: '
  '{message_id, read_count, org_id, folder, media}; null if none is due. Security definer: the worker may not read the queue.';
grant execute on function private.claim_file_removal(integer) to worker;

create function private.export_files(p_folder text)
returns jsonb
language sql
stable
security definer
set search_path = ''
as $$
  select coalesce(to_jsonb(array_agg(f.name)), '[]')
  from (
    select o.name from storage.objects o where o.bucket_id = 'exports' and o.name ^@ (p_folder || '/') order by o.name limit 1000
  ) f;
$$;
comment on function private.export_files(text) is
  'The paths of up to 1,000 files in a folder of bucket exports. They are read from Storage, not from our tables, because a '
  'worker that died may have stored files that it did not record. Security definer: the worker may not read Storage''s tables.';
grant execute on function private.export_files(text) to worker;

create function private.release_file_removal(p_message_id bigint, p_delay_seconds integer)
returns void
language sql
security definer
set search_path = ''
as $$
  select pgmq.set_vt('file_removals', p_message_id, p_delay_seconds);
$$;
comment on function private.release_file_removal(bigint, integer) is
  'Makes a removal of files that failed due again after p_delay_seconds. Security definer: the worker may not write the queue '
  'itself.';
grant execute on function private.release_file_removal(bigint, integer) to worker;

create function private.drop_file_removal(p_message_id bigint)
returns void
language sql
security definer
set search_path = ''
as $$
  select pgmq.delete('file_removals', p_message_id);
$$;
comment on function private.drop_file_removal(bigint) is
  'Removes a folder from the queue after its files were removed. Security definer: the worker may not write the queue itself.';
grant execute on function private.drop_file_removal(bigint) to worker;

-- schemas/jobs/functions/job_queue.sql

-- The queue of jobs. Each job has one message at any time, which names its next step and is deleted when the job ends. If a
-- worker dies, its message becomes visible again. A message for a step that is done already is deleted.

create function private.create_job(
  p_org_id uuid,
  p_kind text,
  p_required_role public.user_role,
  p_input jsonb,
  p_cursor jsonb,
  p_now timestamptz default now()
)
returns uuid
language plpgsql
set search_path = ''
as $$
declare
  v_id uuid;
begin
  -- Starting and canceling jobs again and again costs other organisations time, even if only few jobs are active at once.
  if (select count(*) from public.jobs j where j.org_id = p_org_id and j.created_at > p_now - interval '1 hour') >= 200 then
    perform private.raise_error('PT429', 'rate_limited',
      'Your organisation began 200 exports and bulk actions within an hour, which is the most. Wait, then begin this one again.',
      jsonb_build_object('limit', 200));
  end if;
  insert into public.jobs (org_id, kind, required_role, input, created_by, created_at)
  values (p_org_id, p_kind, p_required_role, p_input, (select u.id from public.users u where u.id = auth.uid()), p_now)
  returning id into v_id;
  insert into private.job_states (job_id, cursor) values (v_id, p_cursor);
  perform private.send_work('jobs', p_org_id, jsonb_build_object('job_id', v_id, 'step', 0));
  perform private.call_background_worker();
  return v_id;
end;
$$;
comment on function private.create_job(uuid, text, public.user_role, jsonb, jsonb, timestamptz) is
  'Queues a job of an organisation for the worker; returns its id. p_input is shown to people, p_cursor is only used internally. '
  'Raises PT429 if the organisation has created 200 jobs within an hour.';

create function private.fail_job(p_job_id uuid, p_message_id bigint, p_error text, p_now timestamptz default now())
returns void
language plpgsql
security definer
set search_path = ''
as $$
begin
  update public.jobs j
  set status = 'failed', error_message = left(p_error, 2000), seconds_left = null, finished_at = p_now
  where j.id = p_job_id and j.status in ('queued', 'running');
  perform pgmq.delete('jobs', p_message_id);
end;
$$;
comment on function private.fail_job(uuid, bigint, text, timestamptz) is
  'Ends a job as failed with an error that people see, and deletes its queue message. What the job has done stays done. Security '
  'definer: the worker may not write jobs.';
grant execute on function private.fail_job(uuid, bigint, text, timestamptz) to worker;

create function private.claim_job_step(p_visibility_seconds integer default 30, p_max_reads integer default 5,
  p_now timestamptz default now())
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_message pgmq.message_record;
  v_claim jsonb;
begin
  -- Stops after 20 messages, so that what was dropped is committed: a statement that went on until it found work might never end.
  for v_try in 1 .. 20 loop
    v_message := private.read_in_turn('jobs', p_visibility_seconds);
    if v_message.msg_id is null then
      return null;
    end if;
    begin
      v_claim := private.job_to_do(v_message, p_max_reads, p_now);
    exception when query_canceled or others then
      raise warning 'job % can neither go on nor be given up: % (%)', v_message.message ->> 'job_id', sqlerrm, sqlstate;
      perform pgmq.set_vt('jobs', v_message.msg_id, 3600);
      v_claim := null;
    end;
    if v_claim is not null then
      return v_claim;
    end if;
  end loop;
  return jsonb_build_object('dropped', 20);
end;
$$;
comment on function private.claim_job_step(integer, integer, timestamptz) is
  'Claims the next step that is due, and hides it from other workers for p_visibility_seconds: the job, its progress, and what '
  'kind of work the step is (work: database, export). Returns {dropped} after 20 messages with nothing to do: more may be due. '
  'Null if nothing is due. A job fails if its step was begun p_max_reads times and never finished. Security definer: the worker '
  'may not read these tables.';
grant execute on function private.claim_job_step(integer, integer, timestamptz) to worker;

create function private.release_job_step(p_message_id bigint, p_delay_seconds integer default 0)
returns void
language sql
security definer
set search_path = ''
as $$
  select pgmq.set_vt('jobs', p_message_id, p_delay_seconds);
$$;
comment on function private.release_job_step(bigint, integer) is
  'Makes a claimed step visible again after p_delay_seconds: to give it back if it can''t be done now, or to keep it longer. '
  'Security definer: the worker may not write the queue itself.';
grant execute on function private.release_job_step(bigint, integer) to worker;

create function private.lock_job_step(p_job_id uuid, p_step integer, p_message_id bigint)
returns public.jobs
language plpgsql
set search_path = ''
as $$
declare
  v_job public.jobs;
begin
  select * into v_job from public.jobs j where j.id = p_job_id for no key update;
  perform pgmq.delete('jobs', p_message_id);
  if v_job.status = 'running' and exists (select 1 from private.job_states s where s.job_id = p_job_id and s.step = p_step) then
    return v_job;
  end if;
  return null;
end;
$$;
comment on function private.lock_job_step(uuid, integer, bigint) is
  'First line of every step: locks the job and deletes the message. Returns null unless the job is running and its next step is '
  'p_step: then there is nothing to do.';

create function private.advance_job(
  p_job_id uuid,
  p_done bigint,
  p_is_last boolean,
  p_result jsonb default '{}',
  p_cursor jsonb default '{}',
  p_now timestamptz default now()
)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_step integer;
  v_org_id uuid;
begin
  update public.jobs j
  set done_items = j.done_items + p_done,
      result = j.result || p_result,
      items_per_second = pace.rate,
      seconds_left = case when not p_is_last and pace.rate > 0 then ceil((j.total_items - j.done_items - p_done) / pace.rate) end,
      status = case when p_is_last then 'completed' else 'running' end,
      finished_at = case when p_is_last then p_now end
  from (
    select round(((x.done_items + p_done) / greatest(extract(epoch from p_now - x.started_at), 0.001))::numeric, 1) as rate
    from public.jobs x where x.id = p_job_id
  ) pace
  where j.id = p_job_id
  returning j.org_id into v_org_id;
  if not p_is_last then
    update private.job_states s set step = s.step + 1, cursor = s.cursor || p_cursor where s.job_id = p_job_id returning s.step
      into v_step;
    perform private.send_work('jobs', v_org_id, jsonb_build_object('job_id', p_job_id, 'step', v_step));
  end if;
end;
$$;
comment on function private.advance_job(uuid, bigint, boolean, jsonb, jsonb, timestamptz) is
  'Last line of every step, in the transaction of its changes. Adds p_done items, merges p_result and p_cursor into the stored '
  'ones, and queues the message for the next step, or ends the job. The caller holds the job''s lock.';

create function private.cancel_job(p_job_id uuid, p_now timestamptz default now())
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('operator');
  v_job public.jobs;
begin
  -- Waits for a step that is being done, so that the answer includes what it did.
  select * into v_job from public.jobs j where j.org_id = v_org_id and j.id = p_job_id for no key update;
  if v_job.id is null then
    perform private.raise_error('PT404', 'not_found', 'There is no job with this id.');
  end if;
  perform private.require_role(v_job.required_role);
  if v_job.finished_at is not null then
    perform private.raise_error('PT409', 'invalid_state', format('The job is %s already.', v_job.status),
      jsonb_build_object('status', v_job.status));
  end if;
  update public.jobs j set status = 'canceled', seconds_left = null, finished_at = p_now where j.id = p_job_id returning *
    into v_job;
  perform private.record_audit_event(v_org_id, 'job_canceled', null, null, null,
    jsonb_build_object('job_id', p_job_id, 'kind', v_job.kind, 'done_items', v_job.done_items));
  return to_jsonb(v_job);
end;
$$;
comment on function private.cancel_job(uuid, timestamptz) is
  'For people who may start such a job: ends it where it is; what it has done stays done. Returns the row. Raises PT403, PT404, '
  'PT409. Security definer: users may not write jobs.';
grant execute on function private.cancel_job(uuid, timestamptz) to authenticated;

create function public.cancel_job(p_job_id uuid)
returns jsonb language sql set search_path = ''
as $$ select private.cancel_job(p_job_id) $$;
comment on function public.cancel_job(uuid) is 'See private.cancel_job.';
grant execute on function public.cancel_job(uuid) to authenticated;

create function private.prune_jobs(p_now timestamptz default now(), p_limit integer default 1000, p_org_id uuid default null)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_resting uuid[] := private.resting_orgs('prune_jobs', p_org_id, p_now);
  v_count integer;
begin
  -- A hundred journal rows for each job of p_limit, so the journal of a million leads is deleted in ten hours.
  delete from private.bulk_changes c where (c.job_id, c.lead_id) in (
    select x.job_id, x.lead_id from public.jobs j join private.bulk_changes x on x.job_id = j.id
    where j.finished_at < p_now - interval '30 days' and (p_org_id is null or j.org_id = p_org_id) and j.org_id <> all (v_resting)
      limit p_limit * 100);
  delete from public.jobs j where j.id in (
    select x.id from public.jobs x where x.finished_at < p_now - interval '90 days' and (p_org_id is null or x.org_id = p_org_id)
      and x.org_id <> all (v_resting) order by x.finished_at limit p_limit);
  get diagnostics v_count = row_count;
  return v_count;
end;
$$;
comment on function private.prune_jobs(timestamptz, integer, uuid) is
  'Deletes journals of bulk actions 30 days after the end of the job, and jobs 90 days after their end, at most p_limit jobs; '
  'returns how many jobs. p_org_id: only this organisation; null: all except those for which this work is resting.';

create function private.job_to_do(p_message pgmq.message_record, p_max_reads integer, p_now timestamptz)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_job public.jobs;
  v_state private.job_states;
begin
  select * into v_job from public.jobs j where j.id = (p_message.message ->> 'job_id')::uuid;
  select * into v_state from private.job_states s where s.job_id = v_job.id;
  if v_state.job_id is null or v_state.step <> (p_message.message ->> 'step')::integer then
    perform pgmq.delete('jobs', p_message.msg_id);
    return null;
  elsif p_message.read_ct > p_max_reads then
    perform private.fail_job(v_job.id, p_message.msg_id, format(
      'The job stopped %s times in the same place, after %s of %s items, and was given up. What it had done before stays done.',
      p_max_reads, v_job.done_items, coalesce(v_job.total_items::text, 'an unknown number of')), p_now);
    return null;
  end if;
  update public.jobs j set status = 'running', started_at = p_now where j.id = v_job.id and j.status = 'queued';
  return jsonb_build_object(
    'message_id', p_message.msg_id, 'read_count', p_message.read_ct, 'id', v_job.id, 'org_id', v_job.org_id,
    'kind', v_job.kind, 'input', v_job.input, 'step', v_state.step, 'cursor', v_state.cursor, 'total_items', v_job.total_items,
    -- Only the files of an export need more than the database.
    'work', case when v_job.kind = 'lead_export' and v_state.step > 0 then 'export' else 'database' end);
end;
$$;
comment on function private.job_to_do(pgmq.message_record, integer, timestamptz) is
  'The step that a message of the queue of jobs is for, in the form that claim_job_step returns. Deletes the message and returns '
  'null if the step is done already, or if it was read more than p_max_reads times and the job is given up.';

-- schemas/jobs/functions/job_steps.sql

-- The steps of jobs that need only the database: each is one transaction with its effects. Step 0 of every job fixes which leads
-- or conversations it is about. What is added, deleted or changed after that does not change the job's list.

create function private.fix_job_items(p_job_id uuid, p_items text, p_chunk integer)
returns bigint
language plpgsql
set search_path = ''
as $$
declare
  v_total bigint;
begin
  execute format($sql$
    insert into private.job_items (job_id, chunk, item_ids)
    select $1, n.chunk, array_agg(n.id order by n.n)
    from (select i.id, i.n, ((i.n - 1) / $2 + 1)::integer as chunk from (%s) i) n
    group by n.chunk
    $sql$, p_items)
  using p_job_id, p_chunk;
  select coalesce(sum(cardinality(i.item_ids)), 0) into v_total from private.job_items i where i.job_id = p_job_id;
  update public.jobs j set total_items = v_total where j.id = p_job_id;
  return v_total;
end;
$$;
comment on function private.fix_job_items(uuid, text, integer) is
  'Fixes what a job is about: stores the ids that the query p_items finds now (columns id and n, its place from 1 on), in chunks '
  'of p_chunk. Returns how many. A million take some seconds, because only ids are read.';

create function private.fix_job_leads(p_job public.jobs, p_filter jsonb, p_chunk integer, p_order text)
returns bigint
language sql
set search_path = ''
as $$
  select private.fix_job_items(p_job.id, format(
    'select l.id, row_number() over (order by %s) as n from public.leads l where %s', p_order,
    private.lead_condition(p_job.org_id, p_filter, p_job.created_at)), p_chunk);
$$;
comment on function private.fix_job_leads(public.jobs, jsonb, integer, text) is
  'Fixes the leads of a job that match the filter now, in chunks of p_chunk, in the order p_order (columns of l). Returns how '
  'many.';

create function private.run_job_step(p_job_id uuid, p_step integer, p_message_id bigint, p_now timestamptz default now())
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_job public.jobs;
begin
  -- Before the job is locked: who is deleted is taken from their jobs, which waits for the job.
  perform private.hold_people(array[j.created_by, (j.input #>> '{change,assignee_id}')::uuid])
  from public.jobs j where j.id = p_job_id;
  v_job := private.lock_job_step(p_job_id, p_step, p_message_id);
  if v_job.id is null then
    return jsonb_build_object('applied', false);
  end if;
  case v_job.kind
    when 'lead_export' then perform private.begin_export(v_job, p_now);
    when 'lead_bulk_action' then perform private.bulk_action_step(v_job, p_step, p_now);
    when 'lead_bulk_undo' then perform private.bulk_undo_step(v_job, p_step, p_now);
    when 'conversation_bulk_change' then perform private.conversation_change_step(v_job, p_step, p_now);
  end case;
  return jsonb_build_object('applied', true);
end;
$$;
comment on function private.run_job_step(uuid, integer, bigint, timestamptz) is
  'Does a step that private.claim_job_step returned as work for the database, in one transaction with the message for the next '
  'step. Does nothing unless the job is running and its next step is p_step. Returns {applied}. Security definer: the worker may '
  'not write these tables.';
grant execute on function private.run_job_step(uuid, integer, bigint, timestamptz) to worker;

-- schemas/jobs/functions/start_bulk_action.sql

create function private.start_bulk_action(
  p_input jsonb,
  p_now timestamptz default now()
)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('operator');
  v_role public.user_role := 'operator';
  v_action text;
  v_value jsonb;
  v_filter jsonb;
  v_job public.jobs;
  v_condition text;
  v_changes text;
  v_answer jsonb;
  v_figures jsonb;
  v_ids uuid[];
begin
  perform private.check_shape(p_input, private.bulk_action_shape());
  v_action := p_input ->> 'action';
  v_value := private.check_bulk_value(v_org_id, v_action, p_input -> 'value');
  v_filter := p_input -> 'filter';
  -- An empty list of ids is refused, so that it does not seem to have worked.
  if v_filter ? 'ids' and coalesce(cardinality(private.filter_ids(v_filter, 'ids')), 0) = 0 then
    perform private.refuse_field('ids', 'Name at least one lead.');
  end if;
  if v_action in ('delete', 'restore') or not v_filter ? 'ids' or v_filter - 'ids' - 'deleted' <> '{}' then
    v_role := 'campaign_manager';
    perform private.require_role(v_role);
  end if;
  if v_action <> 'restore' and v_filter -> 'deleted' = 'true' then
    perform private.refuse_field('filter.deleted', 'Deleted leads can only be restored.');
  end if;
  v_filter := v_filter - 'deleted' || case v_action when 'restore' then '{"deleted": true}'::jsonb else '{}' end;
  v_condition := private.lead_condition(v_org_id, v_filter, p_now);
  select s.changes into v_changes from private.bulk_action_sql(v_action, v_value) s;
  execute format(
    'select jsonb_build_object(''matched'', count(*), ''would_change'', count(*) filter (where %s)) from public.leads l where %s',
    v_changes, v_condition) into v_answer;
  if (p_input -> 'dry_run')::boolean then
    execute format(
      'select array_agg(s.id) from (select l.id from public.leads l where %s and %s order by l.created_at desc, l.id desc limit '
      '5) s',
      v_condition, v_changes) into v_ids;
    return v_answer || jsonb_build_object('job', null, 'sample', (
      select coalesce(to_jsonb(array_agg(j.lead order by x.n)), '[]') from unnest(v_ids) with ordinality x (id, n)
        join private.leads_json(v_ids) j on j.id = x.id));
  end if;

  if (v_answer ->> 'matched')::bigint > 1000 then
    v_job.id := private.create_job(v_org_id, 'lead_bulk_action', v_role,
      jsonb_build_object('action', v_action, 'value', v_value, 'filter', private.shown_filter(v_filter)),
      jsonb_build_object('filter', v_filter), p_now);
  else
    execute format('select coalesce(array_agg(l.id order by l.id), ''{}'') from public.leads l where %s', v_condition) into v_ids;
    insert into public.jobs (org_id, kind, status, required_role, input, created_by, created_at, started_at)
    values (v_org_id, 'lead_bulk_action', 'running', v_role,
      jsonb_build_object('action', v_action, 'value', v_value, 'filter', private.shown_filter(v_filter)),
      (select u.id from public.users u where u.id = auth.uid()), p_now, p_now)
    returning * into v_job;
    v_figures := private.change_leads(v_job, v_ids, p_now);
    update public.jobs j
    set status = 'completed', total_items = cardinality(v_ids), done_items = cardinality(v_ids), result = v_figures,
      finished_at = p_now
    where j.id = v_job.id;
  end if;
  perform private.record_audit_event(v_org_id, 'leads_bulk_action', null, null, null, v_answer || jsonb_build_object(
    'job_id', v_job.id, 'action', v_action, 'value', v_value));
  return v_answer || jsonb_build_object('sample', '[]'::jsonb, 'job',
    (select to_jsonb(j) from public.jobs j where j.id = v_job.id));
end;
$$;
comment on function private.start_bulk_action(jsonb, timestamptz) is
  'Changes many leads. p_input (private.bulk_action_shape): action is add_tags, remove_tags (value: tags), set_status, '
  'set_score, set_source (value), add_to_segment, remove_from_segment (value: a list''s id), delete or restore; filter; dry_run. '
  'Operators may choose leads by ids; campaign managers by any filter, and only they may delete and restore. Up to 1,000 leads '
  'are changed at once, more by a job. Returns {matched, would_change, job, sample}. dry_run only counts, with a sample of five '
  'leads that would change. Raises PT403, PT422. Security definer: users may not write leads.';
grant execute on function private.start_bulk_action(jsonb, timestamptz) to authenticated;

create function public.start_bulk_action(p_input jsonb)
returns jsonb language sql set search_path = ''
as $$ select private.start_bulk_action(p_input) $$;
comment on function public.start_bulk_action(jsonb) is 'See private.start_bulk_action.';
grant execute on function public.start_bulk_action(jsonb) to authenticated;

-- schemas/jobs/queues.sql

select pgmq.create('jobs');
-- private.read_in_turn finds the organisation whose turn is next by the first index, private.drop_work the job that has ended by
-- the second.
create index q_jobs_turn_idx on pgmq.q_jobs ((coalesce(message ->> 'org_id', '')), vt);
create index q_jobs_job_idx on pgmq.q_jobs ((message ->> 'job_id'));

-- Files of exports that expire. They have a queue of their own, because there are thousands, due in days; no step waits for them.
select pgmq.create('file_removals');
create index q_file_removals_turn_idx on pgmq.q_file_removals ((coalesce(message ->> 'org_id', '')), vt);

-- schemas/jobs/buckets.sql

insert into storage.buckets (id, name, public, file_size_limit)
values ('exports', 'exports', false, 4294967296)
on conflict (id) do nothing;

-- schemas/jobs/cron.sql

select cron.schedule('prune-jobs', '47 * * * *',
  $$select private.run_apart('prune_jobs', 'select private.prune_jobs(p_org_id => $1)')$$);
