-- Requests that are sent twice create one thing. Both functions run in the transaction that creates it, so that neither a crash
-- nor two at the same instant can make two of it.

create function private.first_result(p_org_id uuid, p_action text, p_key text, p_now timestamptz default now())
returns uuid
language plpgsql
set search_path = ''
as $$
declare
  v_result uuid;
begin
  if p_key is null then
    return null;
  elsif p_key !~ '^[0-9a-f]{64}$' then
    perform private.refuse_field('repeat_key', 'repeat_key must be a SHA-256 in 64 hexadecimal digits.');
  end if;
  -- Waits for another transaction with the same key.
  insert into private.repeated_requests as r (org_id, user_id, action, key, created_at)
  values (p_org_id, auth.uid(), p_action, p_key, p_now)
  on conflict (org_id, user_id, action, key) do update set result = null, created_at = excluded.created_at
    where r.created_at <= excluded.created_at - interval '60 seconds';
  if found then
    return null;
  end if;
  select r.result into v_result from private.repeated_requests r
  where r.org_id = p_org_id and r.user_id = auth.uid() and r.action = p_action and r.key = p_key;
  return v_result;
end;
$$;
comment on function private.first_result(uuid, text, text, timestamptz) is
  'The id of what the same request of the signed-in user created within the last 60 seconds; null if this is the first one, '
  'which then calls keep_result in the same transaction. p_action: the function that creates. p_key: the request''s SHA-256; '
  'null if it is never repeated. Raises PT422.';

create function private.keep_result(p_org_id uuid, p_action text, p_key text, p_result uuid)
returns void
language sql
set search_path = ''
as $$
  update private.repeated_requests r set result = p_result
  where r.org_id = p_org_id and r.user_id = auth.uid() and r.action = p_action and r.key = p_key;
$$;
comment on function private.keep_result(uuid, text, text, uuid) is
  'Records what the first of possibly several equal requests created. Does nothing if p_key is null.';
