-- What users may call of campaigns: wrappers that run as the caller, of functions that check role and organisation.

create function public.create_campaign(p_input jsonb) returns uuid
  language sql set search_path = '' as $$ select private.create_campaign(p_input); $$;
create function public.update_campaign(p_campaign_id uuid, p_input jsonb) returns void
  language sql set search_path = '' as $$ select private.update_campaign(p_campaign_id, p_input); $$;
create function public.build_targets(p_campaign_id uuid, p_dry_run boolean default false) returns jsonb
  language sql set search_path = '' as $$ select private.build_targets(p_campaign_id, p_dry_run); $$;
create function public.start_campaign(p_campaign_id uuid) returns void
  language sql set search_path = '' as $$ select private.start_campaign(p_campaign_id); $$;
create function public.pause_campaign(p_campaign_id uuid) returns void
  language sql set search_path = '' as $$ select private.pause_campaign(p_campaign_id); $$;
create function public.resume_campaign(p_campaign_id uuid) returns void
  language sql set search_path = '' as $$ select private.resume_campaign(p_campaign_id); $$;
create function public.stop_campaign(p_campaign_id uuid) returns void
  language sql set search_path = '' as $$ select private.stop_campaign(p_campaign_id); $$;

do $$
declare
  v_signature text;
begin
  foreach v_signature in array array[
    'create_campaign(jsonb)', 'update_campaign(uuid, jsonb)', 'build_targets(uuid, boolean%s)', 'start_campaign(uuid%s)',
    'pause_campaign(uuid%s)', 'resume_campaign(uuid%s)', 'stop_campaign(uuid%s)'
  ] loop
    execute format('grant execute on function private.%s to authenticated', format(v_signature, ', timestamptz'));
    execute format('grant execute on function public.%s to authenticated', format(v_signature, ''));
    execute format('comment on function public.%s is %L', format(v_signature, ''),
      'Calls the private function of the same name, which checks role and organisation, at the time of the call.');
  end loop;
end;
$$;
