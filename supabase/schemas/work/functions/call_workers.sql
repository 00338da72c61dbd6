create function private.kick_workers(p_now timestamptz default now())
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_due integer;
  v_calls integer := 0;
begin
  if exists (select 1 from jsonb_each_text(private.due_background_work()) w where w.value = 'true') then
    perform private.call_background_worker();
  end if;
  if not exists (select 1 from jsonb_each_text(private.due_work('5 seconds', p_now)) w where w.value = 'true') then
    return 0;
  end if;
  select count(*) into v_due from (select 1 from pgmq.q_sends q where q.vt <= clock_timestamp() + interval '5 seconds'
    limit 4000) due;
  v_calls := least(greatest(ceil(v_due / 1000.0)::integer, 1), 4);
  for i in 1 .. v_calls loop
    exit when not private.call_worker();
  end loop;
  return v_calls;
end;
$$;
comment on function private.kick_workers(timestamptz) is
  'Calls the background worker once if it has anything to do. Calls the worker if it has anything to do: once for each 1,000 '
  'sends due, at least once and at most four times. Returns the number of calls to the worker.';

create function private.call_worker()
returns boolean
language sql
security definer
set search_path = ''
as $$
  select private.call_function('/worker/drain');
$$;
comment on function private.call_worker() is
  'Posts one call to the worker when this transaction commits: by a campaign that a person builds, starts or resumes, so that it '
  'begins at once, and by a drain that leaves work to the next one. Returns false if the Vault secrets are not set. Security '
  'definer: the worker may neither read Vault nor post.';
grant execute on function private.call_worker() to worker;

create function private.call_background_worker()
returns boolean
language sql
security definer
set search_path = ''
as $$
  select private.call_function('/background-worker/drain');
$$;
comment on function private.call_background_worker() is
  'Posts one call to the background worker when this transaction commits: by what a person began, so that it begins at once, and '
  'by a drain that leaves work to the next one. Returns false if the Vault secrets are not set. Security definer: the worker may '
  'neither read Vault nor post.';
grant execute on function private.call_background_worker() to worker;

create function private.call_function(p_path text)
returns boolean
language plpgsql
set search_path = ''
as $$
declare
  v_url text := private.vault_secret('functions_url');
  v_secret text := private.vault_secret('worker_secret');
begin
  if v_url is null or v_secret is null then
    raise warning 'workers are not called: set the Vault secrets functions_url and worker_secret';
    return false;
  end if;
  perform net.http_post(
    url := v_url || p_path, body := '{}'::jsonb, params := '{}'::jsonb,
    headers := jsonb_build_object('content-type', 'application/json', 'x-worker-secret', v_secret), timeout_milliseconds := 5000);
  return true;
end;
$$;
comment on function private.call_function(text) is
  'Posts to one of our functions with the worker''s secret, when the transaction commits. p_path begins with /. Returns false if '
  'the Vault secrets are not set. If a call is lost, the next call does its work.';
