-- Pictures and files that people send: noted with their message, then fetched by the background worker, in turns between
-- organisations.

create function private.receive_media(p_org_id uuid, p_message_id uuid, p_urls text[], p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_media record;
begin
  -- Twilio sends ten at most. More come only from somebody who has the token, and must not make us fetch without end.
  for v_media in
    insert into public.message_media (id, org_id, message_id, ordinal, direction, provider_url, provider_sid, state, reason, path,
      next_at, created_at)
    select u.id, p_org_id, p_message_id, u.n, 'inbound', left(u.url, 2000), substring(u.url from '/Media/(ME[0-9a-f]{32})$'),
      case when u.refusal is null then 'pending' else 'refused' end, u.refusal,
      case when u.refusal is null then p_org_id || '/' || u.id end, case when u.refusal is null then p_now end, p_now
    from (
      select private.uuid_v7() as id, x.url, x.n, case when x.n > 10 then 'A message has ten files at most.'
        when coalesce(length(x.url), 0) not between 1 and 2000 then 'Twilio named no address for it.' end as refusal
      from unnest(p_urls) with ordinality as x (url, n) where x.n <= 50
    ) u
    order by u.n
    returning id, state
  loop
    continue when v_media.state <> 'pending';
    perform private.send_work('media', p_org_id, jsonb_build_object('media_id', v_media.id));
  end loop;
  perform private.call_background_worker();
end;
$$;
comment on function private.receive_media(uuid, uuid, text[], timestamptz) is
  'Notes the files of an inbound message (p_urls: where Twilio keeps them, in order) and queues those that are to be fetched: '
  'ten at most, the others are refused. Calls the worker when the transaction commits, so that nobody waits for it.';

create function private.claim_media(p_now timestamptz default now())
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_work pgmq.message_record;
  v_media public.message_media;
  v_account text;
begin
  for i in 1 .. 50 loop
    v_work := private.read_in_turn('media', 60);
    if v_work.msg_id is null then
      return null;
    end if;
    v_account := (select a.account_sid from public.twilio_accounts a
      where a.org_id = private.uuid_or_null(v_work.message ->> 'org_id'));
    if v_work.message ? 'message_sid' then
      if v_account is not null then
        return jsonb_build_object('work_id', v_work.msg_id, 'read_count', v_work.read_ct, 'org_id', v_work.message ->> 'org_id',
          'account_sid', v_account, 'message_sid', v_work.message ->> 'message_sid', 'tries', v_work.message -> 'tries');
      end if;
    else
      -- A try counts when it begins: a file that ends its worker each time is given up like one that can't be fetched.
      update public.message_media m set attempts = m.attempts + 1, next_at = null
      where m.id = private.uuid_or_null(v_work.message ->> 'media_id') and m.state = 'pending' and m.direction = 'inbound'
        and m.attempts < 6
      returning * into v_media;
      if v_media.id is not null then
        return jsonb_build_object('work_id', v_work.msg_id, 'read_count', v_work.read_ct, 'org_id', v_media.org_id,
          'account_sid', v_account, 'media_id', v_media.id, 'url', v_media.provider_url);
      end if;
      perform private.end_media(private.uuid_or_null(v_work.message ->> 'media_id'), 'gone',
        'Fetching it ended the worker each time.', p_now);
    end if;
    perform pgmq.delete('media', v_work.msg_id);
  end loop;
  return jsonb_build_object('dropped', 50);
end;
$$;
comment on function private.claim_media(timestamptz) is
  'What the worker does next, in turns between organisations. A file to fetch: {work_id, read_count, org_id, account_sid, '
  'media_id, url}; a message whose files Twilio is to delete: {work_id, read_count, org_id, account_sid, message_sid, '
  'tries}; {dropped} if there was much that needs nothing; null if nothing is due. account_sid is null if the organisation '
  'has no account. It comes again after a minute if it is not settled. Security definer: the worker may not read the queue '
  'or the tables.';
grant execute on function private.claim_media(timestamptz) to worker;

create function private.end_media(p_media_id uuid, p_state text, p_reason text, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_media public.message_media;
begin
  if p_state = 'gone' then
    -- Messages are locked before their files, as everywhere.
    update public.messages m
    set needs_attention = coalesce(m.needs_attention, left('A file of this text could not be fetched: ' || p_reason, 500)),
      updated_at = p_now
    where m.id = (select x.message_id from public.message_media x where x.id = p_media_id and x.state = 'pending');
  end if;
  select * into v_media from public.message_media m where m.id = p_media_id and m.state = 'pending' for no key update;
  if v_media.id is null then
    return;
  end if;
  update public.message_media m set state = p_state, reason = left(p_reason, 300), path = null, next_at = null
  where m.id = p_media_id;
  -- A worker that died may have stored the file and not recorded it.
  if v_media.attempts > 1 then
    perform private.send_work('file_removals', v_media.org_id, jsonb_build_object('media', v_media.path), 900);
  end if;
end;
$$;
comment on function private.end_media(uuid, text, text, timestamptz) is
  'Ends the fetching of a file without one: refused or gone, for p_reason. gone is shown at its message (needs_attention).';

create function private.settle_media(
  p_work_id bigint,
  p_org_id uuid,
  p_media_id uuid,
  p_outcome text,
  p_reason text default null,
  p_content_type text default null,
  p_bytes integer default null,
  p_sha256 text default null,
  p_now timestamptz default now()
)
returns text
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_delays constant integer[] := '{10, 60, 300, 1800, 7200}';
  v_tries integer := (select m.attempts from public.message_media m where m.id = p_media_id and m.state = 'pending');
begin
  if not pgmq.delete('media', p_work_id) then
    -- Another worker took it over: this one was too slow.
    return 'settled_before';
  end if;
  if v_tries is null then
    -- Erased while it was fetched.
    if p_outcome = 'stored' then
      perform private.send_work('file_removals', p_org_id, jsonb_build_object('media', p_org_id || '/' || p_media_id));
    end if;
    return 'unknown';
  elsif p_outcome = 'stored' then
    update public.message_media m
    set state = 'stored', content_type = p_content_type, bytes = p_bytes, sha256 = p_sha256, next_at = null
    where m.id = p_media_id;
    return 'stored';
  elsif p_outcome = 'refused' or v_tries > cardinality(v_delays) then
    perform private.end_media(p_media_id, case p_outcome when 'refused' then 'refused' else 'gone' end, p_reason, p_now);
    return case p_outcome when 'refused' then 'refused' else 'gone' end;
  end if;
  update public.message_media m set next_at = p_now + make_interval(secs => v_delays[v_tries]) where m.id = p_media_id;
  -- A new message: its count of reads tells a file that ended a worker from one that Twilio did not give.
  perform private.send_work('media', p_org_id, jsonb_build_object('media_id', p_media_id), v_delays[v_tries]);
  return 'retry';
end;
$$;
comment on function private.settle_media(bigint, uuid, uuid, text, text, text, integer, text, timestamptz) is
  'Records what became of a file that private.claim_media gave: stored (it is in Storage), refused for p_reason, or retry: it is '
  'fetched again after 10 s, 1 min, 5 min, 30 min and 2 h, and then gone. Returns what it is now; settled_before or unknown if '
  'it no longer counts. Security definer: the worker may not write the queue or the tables.';
grant execute on function private.settle_media(bigint, uuid, uuid, text, text, text, integer, text, timestamptz) to worker;

create function private.postpone_media(p_work_id bigint, p_media_id uuid)
returns void
language plpgsql
security definer
set search_path = ''
as $$
begin
  update public.message_media m set attempts = greatest(m.attempts - 1, 0), next_at = clock_timestamp()
  where m.id = p_media_id and m.state = 'pending';
  update pgmq.q_media q set vt = clock_timestamp() + interval '1 second', read_ct = greatest(q.read_ct - 1, 0)
  where q.msg_id = p_work_id;
end;
$$;
comment on function private.postpone_media(bigint, uuid) is
  'Gives back a file or removal that was claimed and not begun: it is due again in a second, and counts as not tried. '
  'Security definer: the worker may not write the queue or the tables.';
grant execute on function private.postpone_media(bigint, uuid) to worker;
