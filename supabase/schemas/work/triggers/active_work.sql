-- Limits on how much work of one organisation may be active at once. Further work is refused, so that it does not fill the queue
-- that all organisations share.

create function private.limit_rows()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_most integer := tg_argv[0]::integer;
  v_rows integer;
begin
  if new.org_id is null then
    return new;
  end if;
  -- Two inserts at the same time would each count without the other's row.
  perform 1 from public.orgs o where o.id = new.org_id for no key update;
  execute format('select count(*) from (select from public.%I t where t.org_id = $1 limit $2) x', tg_table_name)
    into v_rows using new.org_id, v_most;
  if v_rows >= v_most then
    perform private.raise_error('PT409', 'invalid_state',
      format('An organisation may have %s rows of %s: remove one before you add another.', v_most, tg_table_name),
      jsonb_build_object('table', tg_table_name, 'most', v_most));
  end if;
  return new;
end;
$$;
comment on function private.limit_rows() is
  'Trigger before each row: an organisation may have at most tg_argv[0] rows of this table. Raises PT409. Security definer: it '
  'locks the organisation, so that two inserts at the same time count each other.';

create function private.limit_active_work()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_most constant integer := tg_argv[0]::integer;
  v_what constant text := tg_argv[1];
  v_states constant text[] := tg_argv[2]::text[];
  v_active integer;
begin
  -- Two at the same moment must not both count as the last that fits. It can't deadlock: a session that waits for this lock holds
  -- no lock that the holder takes after it.
  perform pg_advisory_xact_lock(hashtextextended('active ' || tg_argv[1] || new.org_id, 0));
  execute format(
    'select count(*) from (select from %I.%I x where x.org_id = $1 and x.status::text = any ($2) and x.id <> $3 limit $4) a',
    tg_table_schema, tg_table_name)
  into v_active using new.org_id, v_states, new.id, v_most;
  if v_active >= v_most then
    perform private.raise_error('PT429', 'rate_limited', format(
      'Your organisation has %s %s at once, which is the most. Wait until one of them ends, or end one.', v_most, v_what),
      jsonb_build_object('limit', v_most));
  end if;
  return null;
end;
$$;
comment on function private.limit_active_work() is
  'Trigger, after a row has entered one of the states tg_argv[2]: raises PT429 rate_limited if its organisation already has '
  'tg_argv[0] other rows in these states. tg_argv[1] says in the error what the rows are. Security definer: it counts all rows '
  'of the organisation, whatever role writes.';
