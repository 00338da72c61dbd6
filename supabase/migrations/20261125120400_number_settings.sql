-- A number's pace, cap, hours and warming up, as admins set them. Claims read them as they are: a change acts within the second.

create function private.update_number(p_phone_number_id uuid, p_input jsonb, p_now timestamptz default now())
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('admin');
  v_number public.phone_numbers;
begin
  select * into v_number from public.phone_numbers n where n.id = p_phone_number_id and n.org_id = v_org_id for no key update;
  if v_number.id is null then
    perform private.raise_error('PT404', 'not_found', 'No such phone number.', jsonb_build_object('phone_number_id', p_phone_number_id));
  end if;
  if v_number.status = 'released' then
    perform private.raise_error('PT409', 'invalid_state', 'A number that is released sends nothing any more.', jsonb_build_object('status', v_number.status));
  end if;
  if not exists (select 1 from pg_catalog.pg_timezone_names z where z.name = coalesce(p_input ->> 'time_zone', v_number.time_zone)) then
    perform private.refuse_field('time_zone', 'Give the name of a time zone, for example America/Chicago.');
  end if;
  if coalesce((p_input ->> 'quiet_starts')::time, v_number.quiet_starts) = coalesce((p_input ->> 'quiet_ends')::time, v_number.quiet_ends) then
    perform private.refuse_field('quiet_ends', 'Quiet hours that end when they start would say nothing: give two different times.');
  end if;
  update public.phone_numbers n set
    mps = coalesce((p_input ->> 'mps')::numeric, n.mps),
    daily_cap = case when p_input ? 'daily_cap' then (p_input ->> 'daily_cap')::integer else n.daily_cap end,
    time_zone = coalesce(p_input ->> 'time_zone', n.time_zone),
    quiet_starts = coalesce((p_input ->> 'quiet_starts')::time, n.quiet_starts),
    quiet_ends = coalesce((p_input ->> 'quiet_ends')::time, n.quiet_ends),
    warmup_started_on = case when p_input ? 'warmup_started_on' then (p_input ->> 'warmup_started_on')::date else n.warmup_started_on end
  where n.id = p_phone_number_id;
  perform private.record_audit_event(v_org_id, 'number_changed', v_number.e164, null, null, p_input);
end;
$$;
comment on function private.update_number(uuid, jsonb, timestamptz) is
  'Changes the given ones of a number''s mps, daily_cap, time_zone, quiet_starts, quiet_ends and warmup_started_on (null: warm). Waits for claims in flight. Raises PT404, PT409, PT422. Definer: users may not write numbers. Needs admin.';

create function public.update_number(p_phone_number_id uuid, p_input jsonb) returns void
  language sql set search_path = '' as $$ select private.update_number(p_phone_number_id, p_input); $$;
comment on function public.update_number(uuid, jsonb) is 'Calls the private function of the same name, which checks role and organisation, at the time of the call.';
grant execute on function private.update_number(uuid, jsonb, timestamptz), public.update_number(uuid, jsonb) to authenticated;
