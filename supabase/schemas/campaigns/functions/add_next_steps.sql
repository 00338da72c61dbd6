-- The next step of people. Nothing here waits for a lock that comes before targets, such as a campaign's.

create function private.reopen_for_steps(p_targets uuid[])
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_id uuid;
begin
  for v_id in
    select c.id from public.campaigns c
    where c.status = 'completed' and c.id in (select t.campaign_id from public.campaign_targets t where t.id = any (p_targets))
    order by c.id for no key update skip locked
  loop
    begin
      perform private.reopen_campaign(v_id);
    exception when others then
      -- The organisation has as many running campaigns as it may have. A step less is better than a message not recorded as sent.
      raise warning 'campaign % could not be reopened for its next step: % (%)', v_id, sqlerrm, sqlstate;
    end;
  end loop;
end;
$$;
comment on function private.reopen_for_steps(uuid[]) is
  'Sets completed campaigns running again whose targets were sent after all: their next steps can still come. Leaves out those '
  'that another transaction holds; then no step is added.';

create function private.add_next_phones(p_targets uuid[], p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_campaign public.campaigns;
begin
  for v_campaign in
    select c.* from public.campaigns c
    where c.status in ('running', 'paused')
      and c.id in (select t.campaign_id from public.campaign_targets t where t.id = any (p_targets))
      and exists (select from public.campaign_steps s where s.campaign_id = c.id and s.kind = 'next_phone')
  loop
    v_campaign.phones := 'all';
    v_campaign.target_criteria := jsonb_build_object('lead_ids', array(
      select distinct t.lead_id from public.campaign_targets t
      where t.id = any (p_targets) and t.campaign_id = v_campaign.id order by t.lead_id limit 10000));
    with phones as materialized (
      -- Judged as building judges.
      select a.* from private.audience_chunk(v_campaign, null, null, p_now) with ordinality
        as a(lead_id, lead_phone_id, e164, window_key, reason, n)
      where a.reason is null
    ),
    people as (
      insert into private.contacts (org_id, e164)
      select distinct v_campaign.org_id, p.e164 from phones p order by 2
      on conflict do nothing
    )
    insert into public.campaign_targets (org_id, campaign_id, lead_id, lead_phone_id, e164, step, ordinal, window_key, not_before,
      variant, replies_since, created_at, updated_at)
    select distinct on (t.lead_id) t.org_id, t.campaign_id, t.lead_id, p.lead_phone_id, p.e164, s.step,
      t.ordinal + (s.step - t.step) * 1000000000000, p.window_key,
      case when t.state = 'sent' then t.sent_at else p_now end + make_interval(hours => s.wait_hours),
      t.variant, coalesce(t.replies_since, m.queued_at, t.created_at), t.updated_at, t.updated_at
    from public.campaign_targets t
    cross join lateral (
      -- After a phone that is dead, its other texts make no sense: the next phone comes at once.
      select x.step, x.kind, x.wait_hours from public.campaign_steps x
      where x.campaign_id = t.campaign_id and x.step > t.step and (x.kind = 'next_phone' or t.state = 'sent')
      order by x.step limit 1
    ) s
    join phones p on p.lead_id = t.lead_id
    left join public.messages m on m.id = t.message_id
    where t.id = any (p_targets) and t.campaign_id = v_campaign.id and s.kind = 'next_phone'
      and not exists (
        select from public.campaign_targets o
        where o.lead_id = t.lead_id and o.campaign_id = t.campaign_id and o.is_included
          and (o.step >= s.step or o.e164 = p.e164) offset 0)
      -- The phone of another lead of the campaign: the same person.
      and not exists (
        select from public.campaign_targets o
        where o.campaign_id = t.campaign_id and o.e164 = p.e164 and o.is_included offset 0)
    order by t.lead_id, p.n
    on conflict (campaign_id, e164, step) where is_included do nothing;
  end loop;
end;
$$;
comment on function private.add_next_phones(uuid[], timestamptz) is
  'Adds the first text to the next allowed phone of the leads of p_targets, if that is the next step of their campaign; for '
  'targets that were not sent (a phone that is dead), if any later step is that. A phone to which the campaign wrote is not '
  'tried again, and a lead without another phone has no further step.';

create function private.add_next_steps(p_targets uuid[])
returns void
language plpgsql
set search_path = ''
-- The trigger that calls this forbids nested loops, and here every row is found by its key.
set enable_nestloop = on
as $$
begin
  perform private.reopen_for_steps(p_targets);
  insert into public.campaign_targets as x (org_id, campaign_id, lead_id, lead_phone_id, e164, step, ordinal, window_key,
    not_before, variant, replies_since, created_at, updated_at)
  -- The ordinals of a step come after those of the step before, in the same order, and are distinct in the campaign.
  select t.org_id, t.campaign_id, t.lead_id, t.lead_phone_id, t.e164, s.step, t.ordinal + 1000000000000, t.window_key,
    t.sent_at + make_interval(hours => s.wait_hours), t.variant, coalesce(t.replies_since, m.queued_at, t.sent_at),
    t.updated_at, t.updated_at
  from public.campaign_targets t
  join public.campaigns c on c.id = t.campaign_id and c.status in ('running', 'paused')
  join public.campaign_steps s on s.campaign_id = t.campaign_id and s.step = t.step + 1 and s.kind = 'text'
  left join public.messages m on m.id = t.message_id
  where t.id = any (p_targets)
    -- Two leads that were merged since: the person gets the steps once.
    and (c.phones = 'all' or not exists (
      select from public.campaign_targets o
      where o.lead_id = t.lead_id and o.campaign_id = t.campaign_id and o.is_included and o.step >= s.step and o.e164 <> t.e164
        offset 0))
  order by t.id
  -- It was sent before, had to be sent again, and was: the wait begins again.
  on conflict (campaign_id, e164, step) where is_included do update
    set not_before = greatest(x.not_before, excluded.not_before), updated_at = excluded.updated_at
    where x.state = 'waiting';
  perform private.add_next_phones(p_targets,
    (select max(t.updated_at) from public.campaign_targets t where t.id = any (p_targets)));
end;
$$;
comment on function private.add_next_steps(uuid[]) is
  'Adds the targets of the step that follows p_targets, which were just sent. The caller holds their locks.';
