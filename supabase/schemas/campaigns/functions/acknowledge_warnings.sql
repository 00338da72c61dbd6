-- Warnings: what a person should know before a campaign starts. Some must be acknowledged, because they cost money or time that
-- nobody gets back.

create function private.refuse_unacknowledged(p_campaign public.campaigns, p_acknowledge text[], p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_open jsonb;
begin
  if p_acknowledge is null or cardinality(p_acknowledge) > 20 or array_position(p_acknowledge, null) is not null then
    perform private.refuse_field('acknowledge', 'Give acknowledge as a list of up to 20 codes of warnings.');
  end if;
  select coalesce(array_to_json(array_agg(jsonb_build_object('code', w.code, 'message', w.message, 'details', w.details))), '[]')
  into v_open
  from private.start_warnings(p_campaign, private.preflight_people(p_campaign, p_now),
    private.forecast_of(p_campaign, p_now), p_now) w
  where w.must_acknowledge and w.code <> all (p_acknowledge);
  if v_open <> '[]' then
    perform private.raise_error('PT409', 'warnings_not_acknowledged', format(
      'Read these warnings, then start again with their codes in acknowledge: %s',
      (select string_agg(format('%s: %s', w ->> 'code', w ->> 'message'), ' ') from jsonb_array_elements(v_open) w)),
      jsonb_build_object('warnings', v_open));
  end if;
end;
$$;
comment on function private.refuse_unacknowledged(public.campaigns, text[], timestamptz) is
  'Raises PT409 with the warnings that must be acknowledged and are not in p_acknowledge; PT422 if that is no list of codes.';

create function private.forecast_of(p_campaign public.campaigns, p_now timestamptz)
returns jsonb
language sql
stable
set search_path = ''
as $$
  with days as (
    select f.day, f.messages, f.limited_by from private.campaign_forecast(p_campaign, 30, p_now) f
  ),
  waiting as (
    select count(*) as n from public.campaign_targets t where t.campaign_id = p_campaign.id and t.is_waiting
  )
  select jsonb_build_object(
    'days', coalesce((select array_to_json(array_agg(d order by d.day)) from days d), '[]'),
    'finishes_on', (select max(d.day) from days d having sum(d.messages) >= (select w.n from waiting w)),
    'waiting', (select w.n from waiting w));
$$;
comment on function private.forecast_of(public.campaigns, timestamptz) is
  'The forecast of a campaign for 30 days, and the day on which it ends; finishes_on is null if that is not within them.';

create function private.preflight_cost(p_campaign public.campaigns, p_people bigint)
returns jsonb
language sql
stable
set search_path = ''
as $$
  select jsonb_build_object('segment_price', l.segment_price, 'carrier_fee', l.carrier_fee,
    'segments_high', ceil(x.segments), 'high', round(x.segments::numeric * (l.segment_price + l.carrier_fee), 2))
  from public.sending_limits l
  cross join lateral (
    -- As if nobody answered. A step without texts of its own sends the first ones again.
    select p_people * (private.forecast_segments(p_campaign.id) + coalesce((
      select sum(private.forecast_segments(p_campaign.id, case when exists (
        select from public.campaign_templates ct where ct.campaign_id = s.campaign_id and ct.step = s.step
      ) then s.step else 1 end))
      from public.campaign_steps s where s.campaign_id = p_campaign.id), 0)) as segments
  ) x
  where l.org_id = p_campaign.org_id;
$$;
comment on function private.preflight_cost(public.campaigns, bigint) is
  'The most that a campaign to so many people is expected to cost in US dollars: each message with the segments that planning '
  'charges, at the price and the carrier fee of the organisation''s settings.';
