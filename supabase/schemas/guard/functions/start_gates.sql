-- What a campaign may not start or resume without: a verified A2P registration of every messaging service it sends through,
-- and money left today. A campaign that was scheduled meets the same gate when its time comes, and is paused there.

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
  'Raises PT409 with what stands in the way of a campaign''s start, where something does.';
