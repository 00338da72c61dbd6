-- Written from supabase/schemas/segments by npm run generate: change it there.

-- A function may call one that comes later.
set check_function_bodies = off;

-- schemas/segments/tables/segments.sql

create table public.segments (
  id uuid primary key default gen_random_uuid(),
  org_id uuid not null references public.orgs (id) on delete cascade,
  name text not null check (length(trim(name)) between 1 and 200 and length(name) <= 250
    and name !~ '[\u0001-\u001f\u007f-\u009f\u2028\u2029]'),
  description text check (length(description) <= 2000),
  kind text not null check (kind in ('filter', 'list')),
  filter jsonb check (jsonb_typeof(filter) = 'object' and pg_column_size(filter) <= 1000000),
  created_by uuid references public.users (id) on delete set null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (org_id, id),
  check ((kind = 'filter') = (filter is not null))
);
comment on table public.segments is
  'Leads under a name. Kind filter: the leads that match it now. Kind list: the leads that were added to it (segment_leads).';
create unique index segments_name_key on public.segments (org_id, lower(trim(name)));
create index segments_created_by_idx on public.segments (created_by) where created_by is not null;

alter table public.segments enable row level security;
create policy "people read segments of their organisation" on public.segments
  for select to authenticated using (org_id = (select private.org_id()));
grant select on public.segments to authenticated;
grant delete, insert, select, update on public.segments to service_role;

create trigger segments_updated_at before update on public.segments
  for each row execute function private.set_updated_at();
create trigger segments_limit_large_values after insert on public.segments
  for each row when (octet_length(new.filter::text) > 8192) execute function private.limit_large_values('filter');
create trigger segments_limit_larger_values after update of filter on public.segments
  for each row when (new.filter is distinct from old.filter) execute function private.limit_large_values('filter');
create trigger segments_forget_large_values after delete on public.segments
  for each row execute function private.forget_large_values();

-- schemas/segments/tables/segment_leads.sql

create table public.segment_leads (
  org_id uuid not null,
  segment_id uuid not null,
  lead_id uuid not null,
  added_at timestamptz not null default now(),
  primary key (segment_id, lead_id),
  foreign key (org_id, segment_id) references public.segments (org_id, id) on delete cascade,
  foreign key (org_id, lead_id) references public.leads (org_id, id) on delete cascade
);
comment on table public.segment_leads is 'The leads of a list.';
create index segment_leads_lead_idx on public.segment_leads (org_id, lead_id);
create index segment_leads_segment_idx on public.segment_leads (org_id, segment_id);

alter table public.segment_leads enable row level security;
create policy "people read lists of their organisation" on public.segment_leads
  for select to authenticated using (org_id = (select private.org_id()));
grant select on public.segment_leads to authenticated;
grant delete, insert, select, update on public.segment_leads to service_role;

-- schemas/segments/functions/save_segment.sql

create function private.save_segment(p_segment_id uuid, p_input jsonb, p_now timestamptz default now())
returns uuid
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('operator');
  v_segment public.segments;
  v_ids uuid[];
begin
  perform private.check_shape(p_input, private.segment_shape());
  v_ids := private.filter_ids(p_input, 'lead_ids');
  if p_segment_id is null then
    perform private.lock_count(v_org_id, 'segments');
    if (select count(*) from public.segments s where s.org_id = v_org_id) >= 500 then
      perform private.raise_error('PT409', 'invalid_state',
        'Your organisation has 500 segments, as many as it may have: delete one you no longer need.',
        '{"limit": 500}');
    end if;
    v_segment.id := gen_random_uuid();
    v_segment.kind := p_input ->> 'kind';
  else
    select * into v_segment from public.segments s where s.org_id = v_org_id and s.id = p_segment_id for no key update;
    if not found then
      perform private.raise_error('PT404', 'not_found', 'There is no segment with this id.');
    elsif p_input = '{}' then
      perform private.refuse_field('input', 'Give at least one field to change.');
    elsif p_input ? 'kind' then
      perform private.refuse_field('kind', 'The kind of a segment can''t change: leave it out, or create another segment.');
    end if;
  end if;
  v_segment.name := trim(case when p_input ? 'name' then p_input ->> 'name' else v_segment.name end);
  v_segment.description := case when p_input ? 'description' then trim(p_input ->> 'description') else v_segment.description end;
  v_segment.filter := case when p_input ? 'filter' then p_input -> 'filter' else v_segment.filter end;
  if coalesce(v_segment.name, '') = '' then
    perform private.refuse_field('name', 'Give the segment a name.');
  elsif coalesce(v_segment.kind, '') not in ('filter', 'list') then
    perform private.refuse_field('kind', 'kind must be "filter" or "list".');
  elsif v_segment.kind = 'filter' and v_segment.filter is null then
    perform private.refuse_field('filter', 'A segment of kind filter needs a filter.');
  elsif v_segment.kind = 'list' and v_segment.filter is not null then
    perform private.refuse_field('filter', 'A list has no filter: give it lead_ids.');
  elsif v_segment.kind = 'filter' and v_ids is not null then
    perform private.refuse_field('lead_ids', 'A segment of kind filter contains the leads that match it: leave lead_ids out.');
  end if;
  if v_segment.filter is not null then
    perform private.check_shape(v_segment.filter, private.segment_shape() #> '{properties,filter}', 'filter');
    perform private.lead_condition(v_org_id, v_segment.filter, p_now);
  end if;
  if exists (select 1 from public.segments s where s.org_id = v_org_id and lower(trim(s.name)) = lower(v_segment.name)
    and s.id <> v_segment.id) then
    perform private.raise_error('PT409', 'duplicate', format('There is a segment %s already.', v_segment.name),
      jsonb_build_object('field', 'name'));
  end if;

  if p_segment_id is null then
    insert into public.segments (id, org_id, name, description, kind, filter, created_by, created_at, updated_at)
    values (v_segment.id, v_org_id, v_segment.name, v_segment.description, v_segment.kind, v_segment.filter,
      (select u.id from public.users u where u.id = auth.uid()), p_now, p_now);
  else
    update public.segments s set name = v_segment.name, description = v_segment.description, filter = v_segment.filter
      where s.id = p_segment_id;
  end if;
  if v_ids is not null then
    perform private.add_to_segment(v_org_id, v_segment.id, v_ids, p_now);
  end if;
  return v_segment.id;
end;
$$;
comment on function private.save_segment(uuid, jsonb, timestamptz) is
  'Operators: creates a segment (p_segment_id null; name, kind filter or list, description, filter) or changes one (name, '
  'description, filter); lead_ids are added to a list. Returns its id. Raises PT403, PT404, PT409 duplicate, PT422. Security '
  'definer: users may not write segments.';
grant execute on function private.save_segment(uuid, jsonb, timestamptz) to authenticated, service_role;

create function public.save_segment(p_input jsonb, p_segment_id uuid default null)
returns uuid language sql set search_path = ''
as $$ select private.save_segment(p_segment_id, p_input) $$;
comment on function public.save_segment(jsonb, uuid) is 'See private.save_segment.';
grant execute on function public.save_segment(jsonb, uuid) to authenticated, service_role;

-- schemas/segments/functions/segments.sql

-- Segments: filters that people store under a name, and fixed lists of leads. Campaigns, lists, exports and bulk actions can use
-- them.

create function private.segment_condition(p_org_id uuid, p_filter jsonb, p_now timestamptz)
returns text
language plpgsql
stable
set search_path = ''
as $$
declare
  v_ids uuid[] := private.filter_ids(p_filter, 'segment_ids');
  v_lists uuid[];
  v_parts text[] := '{}';
  v_segment public.segments;
  v_values integer := 0;
begin
  if v_ids is null then
    return '';
  end if;
  -- Every lead is checked against each segment: this limits the cost of one filter, whatever segments it uses.
  if cardinality(v_ids) > 20 then
    perform private.refuse_field('segment_ids', 'segment_ids may name 20 segments at most.');
  end if;
  for v_segment in select s.* from public.segments s where s.org_id = p_org_id and s.id = any (v_ids) order by s.id loop
    if v_segment.kind = 'list' then
      v_lists := v_lists || v_segment.id;
    else
      begin
        -- A stored filter may be older than the checks of shapes. It may not name segments, or two segments could name each
        -- other.
        perform private.check_shape(v_segment.filter, private.segment_shape() #> '{properties,filter}');
        v_parts := v_parts || format('(%s)', private.lead_condition(p_org_id, v_segment.filter, p_now));
      exception when sqlstate 'PT422' then
        perform private.refuse_field('segment_ids', format('The segment "%s" can''t be used. Save its filter again: %s',
          left(v_segment.name, 100), sqlerrm));
      end;
    end if;
    v_ids := array_remove(v_ids, v_segment.id);
    if v_segment.kind <> 'list' and v_segment.filter ? 'custom_fields' then
      v_values := v_values + (
        select coalesce(sum(case jsonb_typeof(e.value) when 'array' then jsonb_array_length(e.value) else 1 end), 0)
        from jsonb_each(v_segment.filter -> 'custom_fields') e);
    end if;
  end loop;
  if v_values > 200 then
    perform private.refuse_field('segment_ids', format(
      'segment_ids may use 200 values of custom fields at most in all segments together; these use %s. '
      'Name fewer segments.', v_values));
  end if;
  if cardinality(v_ids) > 0 then
    perform private.refuse_field('segment_ids', format('There is no segment %s.', v_ids[1]));
  end if;
  if v_lists is not null then
    v_parts := v_parts || format('l.id in (select sl.lead_id from public.segment_leads sl where sl.org_id = %L and '
      'sl.segment_id = any (%L::uuid[]))',
      p_org_id, v_lists);
  end if;
  return format(' and (%s)', coalesce(nullif(array_to_string(v_parts, ' or '), ''), 'false'));
end;
$$;
comment on function private.segment_condition(uuid, jsonb, timestamptz) is
  'The condition of a filter''s segment_ids: a lead must be in any of these segments, by their current filters. A segment''s own '
  'filter can''t name segments. Empty if no segments are named. Raises PT422 if a segment does not exist, its filter can''t be '
  'read, or the segments use more than 200 values of custom fields together. The caller has checked the filter against its '
  'shape.';

create function private.count_leads(p_filter jsonb default '{}', p_now timestamptz default now())
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('viewer');
begin
  return private.count_matching(private.lead_condition(v_org_id, p_filter, p_now));
end;
$$;
comment on function private.count_leads(jsonb, timestamptz) is
  'How many leads of the caller''s organisation match a filter: {total, total_is_estimate}. Exact up to 10,000, above that the '
  'planner''s estimate. Raises PT422. Volatile, because EXPLAIN is. Security definer: under RLS the planner may not use the '
  'indexes that a filter needs.';
grant execute on function private.count_leads(jsonb, timestamptz) to authenticated, service_role;

create function public.count_leads(p_filter jsonb default '{}')
returns jsonb language sql set search_path = ''
as $$ select private.count_leads(p_filter) $$;
comment on function public.count_leads(jsonb) is 'See private.count_leads.';
grant execute on function public.count_leads(jsonb) to authenticated, service_role;

create function private.add_to_segment(p_org_id uuid, p_segment_id uuid, p_lead_ids uuid[], p_now timestamptz default now())
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_count integer;
begin
  if not exists (select 1 from public.segments s where s.org_id = p_org_id and s.id = p_segment_id and s.kind = 'list') then
    perform private.raise_error('PT409', 'invalid_state',
      'Leads can be added to a list only; a segment of kind filter contains the leads that match it.');
  end if;
  insert into public.segment_leads (org_id, segment_id, lead_id, added_at)
  select p_org_id, p_segment_id, l.id, p_now from public.leads l
  where l.org_id = p_org_id and l.id = any (p_lead_ids) and l.deleted_at is null
  order by l.id
  on conflict do nothing;
  get diagnostics v_count = row_count;
  return v_count;
end;
$$;
comment on function private.add_to_segment(uuid, uuid, uuid[], timestamptz) is
  'Adds leads of the organisation to a list; leads of others and deleted leads are skipped. Returns how many are new on it. '
  'Raises PT409 if the segment is not a list.';

create function private.change_segment_leads(p_segment_id uuid, p_add uuid[], p_remove uuid[], p_now timestamptz default now())
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('operator');
  v_added integer;
  v_removed integer;
begin
  perform private.check_ids(p_add, 'add', 10000);
  perform private.check_ids(p_remove, 'remove', 10000);
  if coalesce(cardinality(p_add), 0) + coalesce(cardinality(p_remove), 0) = 0 then
    perform private.refuse_field('add', 'Give leads to add, to remove, or both.');
  end if;
  perform 1 from public.segments s where s.org_id = v_org_id and s.id = p_segment_id for no key update;
  if not found then
    perform private.raise_error('PT404', 'not_found', 'There is no segment with this id.');
  end if;
  v_added := private.add_to_segment(v_org_id, p_segment_id, coalesce(p_add, '{}'), p_now);
  delete from public.segment_leads sl where sl.segment_id = p_segment_id and sl.lead_id = any (coalesce(p_remove, '{}'));
  get diagnostics v_removed = row_count;
  return jsonb_build_object('added', v_added, 'removed', v_removed);
end;
$$;
comment on function private.change_segment_leads(uuid, uuid[], uuid[], timestamptz) is
  'Operators: adds leads to a list and removes others from it: {added, removed}. Raises PT403, PT404, PT409 if the segment is '
  'not a list, PT422. Security definer: users may not write lists.';
grant execute on function private.change_segment_leads(uuid, uuid[], uuid[], timestamptz) to authenticated, service_role;

create function public.change_segment_leads(p_segment_id uuid, p_add uuid[] default '{}', p_remove uuid[] default '{}')
returns jsonb language sql set search_path = ''
as $$ select private.change_segment_leads(p_segment_id, p_add, p_remove) $$;
comment on function public.change_segment_leads(uuid, uuid[], uuid[]) is 'See private.change_segment_leads.';
grant execute on function public.change_segment_leads(uuid, uuid[], uuid[]) to authenticated, service_role;

create function private.delete_segment(p_segment_id uuid)
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('operator');
  v_campaign record;
begin
  perform 1 from public.segments s where s.org_id = v_org_id and s.id = p_segment_id for update;
  if not found then
    perform private.raise_error('PT404', 'not_found', 'There is no segment with this id.');
  end if;
  -- The audience of a campaign that is built is fixed. A campaign that is not built yet would lose its audience.
  select c.id, c.name into v_campaign from public.campaigns c
  where c.org_id = v_org_id and c.status in ('draft', 'building') and c.target_criteria -> 'segment_ids' ? p_segment_id::text
  order by c.id limit 1;
  if found then
    perform private.raise_error('PT409', 'invalid_state',
      format('The campaign %s, which is not built yet, uses this segment.', v_campaign.name),
      jsonb_build_object('campaign_id', v_campaign.id));
  end if;
  delete from public.segments s where s.id = p_segment_id;
end;
$$;
comment on function private.delete_segment(uuid) is
  'Operators: deletes a segment; its leads stay. Raises PT403, PT404, PT409 if a campaign that is not built yet uses it. '
  'Security definer: users may not write segments.';
grant execute on function private.delete_segment(uuid) to authenticated, service_role;

create function public.delete_segment(p_segment_id uuid)
returns void language sql set search_path = ''
as $$ select private.delete_segment(p_segment_id) $$;
comment on function public.delete_segment(uuid) is 'See private.delete_segment.';
grant execute on function public.delete_segment(uuid) to authenticated, service_role;

create function private.segment_shape()
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select private.object_shape(jsonb_build_object(
    'kind', private.word_shape('filter', 'list'),
    'name', private.text_shape(200, 1),
    'description', private.null_or('{"type": "string", "maxLength": 2000}'),
    -- A segment can't name other segments, so that none can name itself through others.
    'filter', private.lead_filter_shape() #- '{properties,segment_ids}' #- '{properties,deleted}',
    'lead_ids', private.ids_shape(10000)));
$$;
comment on function private.segment_shape() is
  'The shape of a segment when people create it: of kind filter with a filter, or of kind list with lead_ids.';

create function private.lock_count(p_org_id uuid, p_of text)
returns void
language sql
volatile
set search_path = ''
as $$
  select pg_advisory_xact_lock(hashtextextended('count ' || p_of || ' ' || p_org_id, 0));
$$;
comment on function private.lock_count(uuid, text) is
  'Locks one of an organisation''s limited numbers (p_of) until the end of the transaction. Every function that adds to it waits '
  'here, so that two at the same time do not both take the last free place.';

create function private.check_ids(p_ids uuid[], p_field text, p_most integer, p_least integer default 0)
returns void
language plpgsql
immutable
set search_path = ''
as $$
begin
  if cardinality(p_ids) > p_most or cardinality(p_ids) < p_least then
    perform private.refuse_field(p_field, format('%s must list %s to %s ids: it lists %s.', p_field, p_least, p_most,
      cardinality(p_ids)));
  elsif array_ndims(p_ids) > 1 or exists (select from unnest(p_ids) i where i is null) then
    perform private.refuse_field(p_field, format('%s must be a list of ids: it contains null or nested lists.', p_field));
  end if;
end;
$$;
comment on function private.check_ids(uuid[], text, integer, integer) is
  'Raises PT422 naming p_field if a list of ids has more than p_most or fewer than p_least ids, or contains null. Null instead '
  'of a list passes.';
