create function private.give_up_build(p_campaign public.campaigns, p_reason text, p_now timestamptz default now())
returns void
language plpgsql
set search_path = ''
as $$
begin
  -- built_at is set if there are targets from an earlier build: the next build deletes them first.
  update public.campaigns c
  set status = 'draft', build_cursor = null, starts_when_built = false, needs_attention = left(p_reason, 1000),
      built_at = case when exists (select from public.campaign_targets t where t.org_id = c.org_id and t.campaign_id = c.id)
        then coalesce(c.built_at, p_now) end
  where c.id = p_campaign.id;
  perform private.raise_alert(p_campaign.org_id, 'build_failed', 'critical',
    format('The audience of campaign "%s" was not built; the campaign is a draft again. %s', p_campaign.name,
      left(p_reason, 1000)), p_campaign.id);
end;
$$;
comment on function private.give_up_build(public.campaigns, text, timestamptz) is
  'Makes a campaign that is being built a draft again, with p_reason as needs_attention and the alert build_failed. Its criteria '
  'can be changed then. The caller holds the campaign''s lock.';

create function private.set_aside_build(p_campaign_id uuid, p_message_id bigint, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_campaign public.campaigns;
  v_error text;
  v_reason text;
begin
  perform pgmq.delete('builds', p_message_id);
  select * into v_campaign from public.campaigns c where c.id = p_campaign_id and c.status = 'building' for no key update;
  if not found then
    return;
  end if;
  select f.error into v_error from private.work_failures f where f.kind = 'build' and f.item = p_campaign_id;
  v_reason := format(
    'Its audience could not be built in five tries: %s Change its target_criteria, such as a segment that no longer exists or '
    'an invalid filter, then build it again.',
    coalesce(v_error, 'each ended without an error, mostly because it took too much time or memory.'));
  perform private.give_up_build(v_campaign, v_reason, p_now);
  perform private.clear_failure('build', p_campaign_id, p_now);
  perform private.close_alerts(v_campaign.org_id, 'build_stuck', p_now, p_campaign_id);
end;
$$;
comment on function private.set_aside_build(uuid, bigint, timestamptz) is
  'Gives up a build after five tries: the campaign is a draft again with the reason and the alert build_failed; the message is '
  'deleted.';

create function private.claim_build(p_visibility_seconds integer default 60, p_max_reads integer default 5,
  p_now timestamptz default now())
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_message pgmq.message_record;
  v_id uuid;
begin
  -- Stops after 20 messages, so that what was dropped is committed: a statement that went on until it found work might never end.
  for v_try in 1 .. 20 loop
    v_message := private.read_in_turn('builds', p_visibility_seconds);
    if v_message.msg_id is null then
      return null;
    end if;
    v_id := private.uuid_or_null(v_message.message ->> 'campaign_id');
    begin
      if not exists (select from public.campaigns c where c.id = v_id and c.status = 'building') then
        perform pgmq.delete('builds', v_message.msg_id);
      elsif v_message.read_ct > p_max_reads then
        perform private.set_aside_build(v_id, v_message.msg_id, p_now);
      else
        return jsonb_build_object('message_id', v_message.msg_id, 'read_count', v_message.read_ct, 'campaign_id', v_id,
          'org_id', (select c.org_id from public.campaigns c where c.id = v_id), 'leads',
            (v_message.message ->> 'leads')::integer);
      end if;
    exception when query_canceled or others then
      raise warning 'the build of campaign % can neither be tried nor given up: % (%)', v_id, sqlerrm, sqlstate;
      perform pgmq.set_vt('builds', v_message.msg_id, 3600);
    end;
  end loop;
  return jsonb_build_object('dropped', 20);
end;
$$;
comment on function private.claim_build(integer, integer, timestamptz) is
  'Claims the next chunk to build, in turns between organisations: {message_id, read_count, campaign_id, org_id, leads}. leads: '
  'how many the chunk may have at most, null unless chunks took too long. Returns {dropped} after 20 messages with nothing to '
  'do: more may be due. Null if none is due. The caller commits before run_build, so that every try counts; a message read more '
  'than p_max_reads times is given up. Security definer: the worker may not read the queue.';
grant execute on function private.claim_build(integer, integer, timestamptz) to worker;

create function private.run_build(p_message_id bigint, p_campaign_id uuid, p_limit integer default 10000,
  p_now timestamptz default now())
returns boolean
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_leads jsonb;
begin
  select jsonb_strip_nulls(jsonb_build_object('leads', q.message -> 'leads')) into v_leads from pgmq.q_builds q
    where q.msg_id = p_message_id;
  -- One transaction: the queue row is deleted together with building its chunk. If the row is missing, another worker has built
  -- the chunk.
  if not pgmq.delete('builds', p_message_id) then
    return false;
  end if;
  if private.build_chunk(p_campaign_id, p_limit, p_now) then
    perform private.send_work('builds', (select c.org_id from public.campaigns c where c.id = p_campaign_id),
      jsonb_build_object('campaign_id', p_campaign_id) || v_leads);
  end if;
  perform private.clear_failure('build', p_campaign_id, p_now);
  return true;
end;
$$;
comment on function private.run_build(bigint, uuid, integer, timestamptz) is
  'Builds the chunk that claim_build returned, with at most p_limit leads, and queues the next one with the same limit. Returns '
  'false if the chunk was built already. Raises the errors of building: see fail_build. Security definer: the worker may not '
  'read these tables.';
grant execute on function private.run_build(bigint, uuid, integer, timestamptz) to worker;

create function private.fail_build(
  p_message_id bigint,
  p_campaign_id uuid,
  p_error text,
  p_leads integer default null,
  p_max_reads integer default 5,
  p_now timestamptz default now()
)
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_reads integer;
  v_org_id uuid;
begin
  select q.read_ct into v_reads from pgmq.q_builds q where q.msg_id = p_message_id for update;
  select c.org_id into v_org_id from public.campaigns c where c.id = p_campaign_id;
  if v_reads is null or v_org_id is null then
    return;
  end if;
  if v_reads < p_max_reads then
    perform private.note_failure('build', p_campaign_id, v_org_id, p_error, p_now);
    if p_leads is not null then
      update pgmq.q_builds q set message = q.message || jsonb_build_object('leads', p_leads) where q.msg_id = p_message_id;
    end if;
    perform pgmq.set_vt('builds', p_message_id, (10 * power(2, v_reads - 1))::integer);
  else
    insert into private.work_failures as f (kind, item, org_id, tries, error, failed_at, next_try_at)
    values ('build', p_campaign_id, v_org_id, 1, left(p_error, 500), p_now, p_now)
    on conflict (kind, item) do update set error = excluded.error;
    perform private.set_aside_build(p_campaign_id, p_message_id, p_now);
  end if;
end;
$$;
comment on function private.fail_build(bigint, uuid, text, integer, integer, timestamptz) is
  'Records why a chunk could not be built: it is tried again after 10, 20, 40 and 80 s, and given up at the fifth try. p_leads: '
  'how many leads this chunk and the following ones may have from now on; null leaves the limit as it is. Security definer: the '
  'worker may not write these tables.';
grant execute on function private.fail_build(bigint, uuid, text, integer, integer, timestamptz) to worker;
