create function private.archive_campaign(p_campaign_id uuid, p_is_archived boolean, p_now timestamptz default now())
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_campaign public.campaigns := private.own_campaign(p_campaign_id, 'campaign_manager');
begin
  if p_is_archived is null then
    perform private.refuse_field('is_archived', 'Give is_archived: true or false.');
  elsif p_is_archived and v_campaign.status not in ('draft', 'completed', 'stopped') then
    perform private.raise_error('PT409', 'invalid_state', format(
      'A campaign that is %s cannot be archived: stop it first, or wait until it is completed.', v_campaign.status),
      jsonb_build_object('status', v_campaign.status, 'allowed', '{draft,completed,stopped}'::text[]));
  elsif p_is_archived = (v_campaign.archived_at is not null) then
    return;
  end if;
  update public.campaigns set archived_at = case when p_is_archived then p_now end where id = p_campaign_id;
  perform private.record_audit_event(v_campaign.org_id,
    case when p_is_archived then 'campaign_archived' else 'campaign_unarchived' end, null, p_campaign_id);
end;
$$;
comment on function private.archive_campaign(uuid, boolean, timestamptz) is
  'Takes a campaign that is a draft, completed or stopped out of the list, or puts it back. Its messages and figures stay. An '
  'archived draft cannot be changed, built or started. Does nothing if it is as asked already. Needs campaign_manager. Raises '
  'PT403, PT404, PT409. Security definer: users may not write campaigns.';
grant execute on function private.archive_campaign(uuid, boolean, timestamptz) to authenticated;

create function public.archive_campaign(p_campaign_id uuid, p_is_archived boolean default true) returns void
  language sql set search_path = '' as $$ select private.archive_campaign(p_campaign_id, p_is_archived); $$;
comment on function public.archive_campaign(uuid, boolean) is
  'Calls the private function of the same name, which checks role and organisation, with the current time.';
grant execute on function public.archive_campaign(uuid, boolean) to authenticated;
