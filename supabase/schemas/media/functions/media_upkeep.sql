-- Files that are needed no longer.

create function private.is_media_used(p_path text)
returns boolean
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return exists (select from public.message_media m where m.path = p_path);
end;
$$;
comment on function private.is_media_used(text) is
  'Whether any message or upload still has this file of bucket media. Once none has it, none can get it: a row gets the file of '
  'another row only while that exists. Security definer: the worker may not read the table.';
grant execute on function private.is_media_used(text) to worker;

create function private.prune_media(p_now timestamptz default now(), p_limit integer default 5000, p_org_id uuid default null)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_resting uuid[] := private.resting_orgs('prune_media', p_org_id, p_now);
  v_count integer;
begin
  delete from public.message_media d where d.id in (
    select m.id from public.message_media m
    where not exists (select from public.quick_responses q where q.media_id = m.id)
      and (m.created_at < p_now - interval '2 years' or m.message_id is null and m.created_at < p_now - interval '24 hours'
        and not exists (
          select from public.scheduled_texts s where s.org_id = m.org_id and s.state = 'waiting' and m.id = any (s.media_ids)))
      and (p_org_id is null or m.org_id = p_org_id) and m.org_id <> all (v_resting)
    -- A file that is just being attached stays.
    order by m.created_at limit p_limit for update skip locked);
  get diagnostics v_count = row_count;
  return v_count;
end;
$$;
comment on function private.prune_media(timestamptz, integer, uuid) is
  'Deletes a limited batch of files: of messages, two years old; uploads in no message, 24 hours old, unless an answer waits '
  'with them. Pictures of quick responses stay. Returns how many. A trigger queues the removal from Storage. p_org_id: only this '
  'organisation; null: all except those for which this work is resting.';
