-- Who changed a setting, and from what: an event for every row of settings that is added, changed or removed, whichever way it went.
-- And how many such rows an organisation may have: every plan reads them.

create function private.without_secrets(p_value jsonb)
returns jsonb
language plpgsql
immutable
set search_path = ''
as $$
begin
  case jsonb_typeof(p_value)
    when 'object' then
      return (select coalesce(jsonb_object_agg(e.key, case
          when e.key ~* '(secret|token|passw|api_?key|authorization|credential)' and jsonb_typeof(e.value) <> 'null' then to_jsonb('[redacted]'::text)
          else private.without_secrets(e.value) end), '{}')
        from jsonb_each(p_value) e);
    when 'array' then
      return (select coalesce(jsonb_agg(private.without_secrets(e.value) order by e.n), '[]') from jsonb_array_elements(p_value) with ordinality e(value, n));
    when 'string' then
      -- Of an address: user and password before its host, and what its query gives away.
      if strpos(p_value #>> '{}', '://') = 0 then
        return p_value;
      end if;
      return to_jsonb(regexp_replace(regexp_replace(p_value #>> '{}', '(https?://)[^/?#@[:space:]]*@', '\1[redacted]@', 'gi'),
        '[?#][^[:space:]]*', '?[redacted]', 'g'));
    else
      return p_value;
  end case;
end;
$$;
comment on function private.without_secrets(jsonb) is
  'A value as everybody of an organisation may read it: what is named a secret, token, password or key, and the credentials and queries of addresses, are replaced by [redacted].';

create function private.audit_change()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_old jsonb := case when tg_op <> 'INSERT' then to_jsonb(old) end;
  v_new jsonb := case when tg_op <> 'DELETE' then to_jsonb(new) end;
  v_row jsonb := coalesce(v_new, v_old);
  v_key text := case tg_table_name when 'orgs' then 'id' else 'org_id' end;
  v_org_id uuid := (v_row ->> v_key)::uuid;
  v_changed text[];
begin
  v_changed := array(
    select k from jsonb_object_keys(v_row) k
    where k not in ('created_at', 'updated_at') and coalesce(v_old -> k, 'null') is distinct from coalesce(v_new -> k, 'null') order by k);
  -- The platform's own rows are of no organisation, and rows that go with their organisation leave nobody to tell.
  if cardinality(v_changed) = 0 or v_org_id is null or not exists (select from public.orgs o where o.id = v_org_id) then
    return null;
  end if;
  perform private.record_audit_event(v_org_id,
    tg_argv[0] || case tg_op when 'INSERT' then '_added' when 'UPDATE' then '_changed' else '_removed' end, null, null, null,
    jsonb_strip_nulls(jsonb_build_object('table', tg_table_name, 'id', v_row -> 'id'))
      || case when v_old is null then '{}' else jsonb_build_object('old', private.without_secrets((select jsonb_object_agg(k, v_old -> k) from unnest(v_changed) k))) end
      || case when v_new is null then '{}' else jsonb_build_object('new', private.without_secrets((select jsonb_object_agg(k, v_new -> k) from unnest(v_changed) k))) end);
  return null;
end;
$$;
comment on function private.audit_change() is
  'Trigger on rows: writes an audit event named by its argument and what was done (settings: settings_changed), with the table, the row''s id and the old and new values of the columns that changed, secrets redacted. Definer: whoever changes a setting may not write audit events.';

create trigger orgs_audit after update on public.orgs
  for each row when (old.* is distinct from new.*) execute function private.audit_change('settings');
create trigger sending_limits_audit after update on public.sending_limits
  for each row when (old.* is distinct from new.*) execute function private.audit_change('settings');
create trigger carrier_caps_audit after insert or update or delete on public.carrier_caps
  for each row execute function private.audit_change('carrier_cap');
create trigger quiet_hour_rules_audit after insert or update or delete on public.quiet_hour_rules
  for each row execute function private.audit_change('quiet_hour_rule');

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
  -- Two at once would each count without the other's row.
  perform 1 from public.orgs o where o.id = new.org_id for no key update;
  execute format('select count(*) from (select from public.%I t where t.org_id = $1 limit $2) x', tg_table_name) into v_rows using new.org_id, v_most;
  if v_rows >= v_most then
    perform private.raise_error('PT409', 'invalid_state', format('An organisation may have %s rows of %s: remove one before you add another.', v_most, tg_table_name),
      jsonb_build_object('table', tg_table_name, 'most', v_most));
  end if;
  return new;
end;
$$;
comment on function private.limit_rows() is
  'Trigger before each row: an organisation has no more rows of this table than the argument says. Raises PT409. Definer: it locks the organisation, so that two who add at once count each other.';
create trigger carrier_caps_limit before insert on public.carrier_caps
  for each row execute function private.limit_rows('20');
create trigger quiet_hour_rules_limit before insert on public.quiet_hour_rules
  for each row execute function private.limit_rows('500');
