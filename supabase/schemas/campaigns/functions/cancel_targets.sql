create function private.cancel_open_targets(p_org_id uuid, p_e164 text, p_reason text, p_now timestamptz default now())
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_targets uuid[];
begin
  -- A claimed message (sending) is not touched: it is posted within 2 s of its claim, or given back and then excluded. The daily
  -- caps are not refunded: every STOP would wait for the caps that planning holds.
  select array_agg(t.id) into v_targets from (
    select id from public.campaign_targets
    where org_id = p_org_id and e164 = p_e164 and state in ('waiting', 'queued')
    order by id for no key update
  ) t;
  if v_targets is null then
    return 0;
  end if;
  update public.messages m
  set status = 'canceled', error_message = p_reason, settled_at = p_now
  from public.campaign_targets t
  where t.id = any (v_targets) and m.id = t.message_id and m.status = 'queued';
  update public.campaign_targets t
  set state = 'canceled', reason = p_reason, message_id = null, updated_at = p_now
  where t.id = any (v_targets) and t.state in ('waiting', 'queued');
  return cardinality(v_targets);
end;
$$;
comment on function private.cancel_open_targets(uuid, text, text, timestamptz) is
  'Cancels waiting and queued messages to a phone in every campaign of an organisation; returns how many targets. The caller '
  'holds the contact''s lock.';

create function private.cancel_targets(p_targets uuid[], p_reason text, p_now timestamptz)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_count integer;
begin
  perform 1 from public.campaign_targets t where t.id = any (p_targets) order by t.id for no key update;
  update public.messages m set status = 'canceled', error_message = p_reason, settled_at = p_now
  from public.campaign_targets t where t.id = any (p_targets) and m.id = t.message_id and m.status = 'queued';
  update public.campaign_targets t set state = 'canceled', reason = p_reason, message_id = null, updated_at = p_now
  where t.id = any (p_targets) and t.state in ('waiting', 'queued');
  get diagnostics v_count = row_count;
  return v_count;
end;
$$;
comment on function private.cancel_targets(uuid[], text, timestamptz) is
  'Cancels those of the targets that are waiting or queued, as cancel_open_targets does for a phone; returns how many. The '
  'caller holds the locks of their contacts.';

create function private.cancel_phones_targets(p_org_id uuid, p_e164s text[], p_reason text, p_now timestamptz)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_targets uuid[];
begin
  -- The same as private.cancel_open_targets, for several phones.
  v_targets := array(
    select t.id from public.campaign_targets t
    where t.org_id = p_org_id and t.e164 = any (p_e164s) and t.state in ('waiting', 'queued')
    order by t.id for no key update);
  if v_targets = '{}' then
    return 0;
  end if;
  update public.messages m set status = 'canceled', error_message = p_reason, settled_at = p_now
  from public.campaign_targets t
  where t.id = any (v_targets) and m.id = t.message_id and m.status = 'queued';
  update public.campaign_targets t set state = 'canceled', reason = p_reason, message_id = null, updated_at = p_now
  where t.id = any (v_targets) and t.state in ('waiting', 'queued');
  return cardinality(v_targets);
end;
$$;
comment on function private.cancel_phones_targets(uuid, text[], text, timestamptz) is
  'Cancels waiting and queued messages to several phones in every campaign of an organisation; returns how many targets. The '
  'caller holds the locks of the contacts.';
