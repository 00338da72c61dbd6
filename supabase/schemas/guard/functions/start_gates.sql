-- What a campaign needs to start or resume: a verified A2P registration of every messaging service it sends through, and money
-- left today. A scheduled campaign is checked again when its time comes, and paused if it fails.

create function private.refuse_start(p_campaign_id uuid, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_row record;
begin
  select * into v_row from private.start_obstacle(p_campaign_id, p_now);
  if v_row.code is not null then
    perform private.raise_error('PT409', v_row.code, v_row.message, v_row.details);
  end if;
end;
$$;
comment on function private.refuse_start(uuid, timestamptz) is
  'Raises PT409 with the reason if a campaign may not send now. Starting looks at more: private.start_blockers.';
