-- Rotation thompson: each text of a step is used as often as it is probably the best, by what people answered in this campaign.

create function private.rotation_maturity()
returns interval
language sql
immutable
set search_path = ''
as $$
  select interval '48 hours';
$$;
comment on function private.rotation_maturity() is
  'How long people have to reply before their text is judged, in rotation thompson: nearly all who reply do so within it.';

create function private.begin_rotation(p_campaign public.campaigns, p_now timestamptz default now())
returns void
language plpgsql
set search_path = ''
as $$
begin
  if p_campaign.rotation = 'even' then
    update private.rotation_turns r set look_at = null where r.campaign_id = p_campaign.id;
    update public.campaign_templates ct set learned_share = null
    where ct.campaign_id = p_campaign.id and ct.learned_share is not null;
    return;
  end if;
  if exists (select from public.campaign_variants v where v.campaign_id = p_campaign.id) then
    perform private.refuse_field('rotation', 'rotation must be even in a campaign with variants: people of a variant get its '
      'texts evenly, so that variants can be compared.');
  end if;
  insert into private.rotation_turns (campaign_id, org_id, look_at, counted_to)
  values (p_campaign.id, p_campaign.org_id, p_now, greatest(p_campaign.created_at, p_now - interval '90 days'))
  on conflict (campaign_id) do update set look_at = excluded.look_at;
end;
$$;
comment on function private.begin_rotation(public.campaigns, timestamptz) is
  'Called if the rotation of a campaign, or what it rotates, was set: has the shares of its texts chosen anew, or forgets them. '
  'Raises PT422 for thompson together with variants. The caller holds the lock of the campaign.';

create function private.count_rotation(p_campaign public.campaigns, p_from timestamptz, p_to timestamptz)
returns void
language sql
set search_path = ''
as $$
  insert into private.rotation_trials as r (campaign_id, step, template_id, version, day, people, replied)
  select p_campaign.id, m.step, m.template_id, m.template_version,
    (m.created_at at time zone o.time_zone)::date, count(*), count(*) filter (where a.has_replied)
  from public.messages m
  join public.orgs o on o.id = m.org_id
  cross join lateral (
    -- Only what came within the time of maturity: who was written to early has no longer to answer than the others.
    select count(*) > 0 as has_answered, coalesce(bool_or(private.is_reply(i.classification)), false) as has_replied
    from public.messages i
    where i.answers_message_id = m.id and i.created_at <= m.created_at + private.rotation_maturity()
  ) a
  where m.org_id = p_campaign.org_id and m.created_at > p_from and m.created_at <= p_to and m.kind = 'campaign'
    and m.campaign_id = p_campaign.id and m.template_id is not null and m.template_version is not null
    -- Who answered was sent it, whatever Twilio said.
    and (m.status in ('sent', 'delivered', 'undelivered') or m.status = 'unknown' and a.has_answered)
  group by 2, 3, 4, 5
  on conflict (campaign_id, step, template_id, version, day) do update
    set people = r.people + excluded.people, replied = r.replied + excluded.replied;
$$;
comment on function private.count_rotation(public.campaigns, timestamptz, timestamptz) is
  'Counts the messages of a campaign that were planned after p_from and until p_to, all of them mature, and what people replied.';

create function private.choose_shares(p_campaign public.campaigns, p_step smallint, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_texts private.rotation_text[];
  v_ripe private.rotation_text[];
  v_k integer;
  v_best double precision[];
  v_shares double precision[];
begin
  v_texts := array(
    select (t.id, t.version, coalesce(sum(r.people), 0), coalesce(sum(r.replied), 0),
      -- What people answered long ago says less: it counts 2 % less with every day.
      coalesce(sum(r.people * 0.98 ^ x.age), 0), coalesce(sum(r.replied * 0.98 ^ x.age), 0))::private.rotation_text
    from public.campaign_templates ct
    join public.templates t on t.id = ct.template_id and t.is_active
    join public.orgs o on o.id = ct.org_id
    left join private.rotation_trials r
      on r.campaign_id = ct.campaign_id and r.step = ct.step and r.template_id = t.id and r.version = t.version
    cross join lateral (select greatest((p_now at time zone o.time_zone)::date - r.day, 0) as age) x
    where ct.campaign_id = p_campaign.id and ct.step = p_step
    group by t.id, t.version
    order by t.id);
  v_k := cardinality(v_texts);
  if v_k < 2 or (select sum(t.people) from unnest(v_texts) t) < 100 * v_k then
    update public.campaign_templates ct set learned_share = null
    where ct.campaign_id = p_campaign.id and ct.step = p_step and ct.learned_share is not null;
    return;
  end if;
  -- A text that is new, or was changed, keeps an equal part until it is known as well as the others had to be.
  v_ripe := array(select t from unnest(v_texts) t where t.people >= 100 order by t.template_id);
  v_best := private.chances_to_be_best(array(select t.weighed_replied from unnest(v_ripe) t order by t.template_id),
    array(select t.weighed_people - t.weighed_replied from unnest(v_ripe) t order by t.template_id));
  v_shares := private.bounded_shares(array(
    select coalesce(v_best[r.n] * cardinality(v_ripe) / v_k, 1.0 / v_k)
    from unnest(v_texts) t left join unnest(v_ripe) with ordinality as r(template_id, version, people, replied, weighed_people,
      weighed_replied, n) on r.template_id = t.template_id
    order by t.template_id));
  update public.campaign_templates ct set learned_share = greatest(round(1000 * s.share), 1)
  from unnest(v_texts) with ordinality as t(template_id, version, people, replied, weighed_people, weighed_replied, n)
  join unnest(v_shares) with ordinality as s(share, n) on s.n = t.n
  where ct.campaign_id = p_campaign.id and ct.step = p_step and ct.template_id = t.template_id;
  insert into public.campaign_rotation_looks (org_id, campaign_id, step, looked_at, template_id, version, people, replied,
    weighed_people, weighed_replied, best, share)
  select p_campaign.org_id, p_campaign.id, p_step, p_now, t.template_id, t.version, t.people, t.replied, t.weighed_people,
    t.weighed_replied, v_best[r.n], v_shares[t.n]
  from unnest(v_texts) with ordinality as t(template_id, version, people, replied, weighed_people, weighed_replied, n)
  left join unnest(v_ripe) with ordinality as r(template_id, version, people, replied, weighed_people, weighed_replied, n)
    on r.template_id = t.template_id;
end;
$$;
comment on function private.choose_shares(public.campaigns, smallint, timestamptz) is
  'Sets the learned shares of the active texts of a step, and keeps the look. Texts are used by their weights while fewer than '
  '100 people for each are counted. The caller holds a lock of the campaign against changes of its texts.';

create function private.learn_rotation(p_campaign_id uuid, p_now timestamptz default now())
returns text
language plpgsql
set search_path = ''
as $$
declare
  v_until timestamptz := clock_timestamp() + interval '1 second';
  -- A transaction that is under way may still write a message, or an answer, of ten minutes ago.
  v_mature timestamptz := p_now - private.rotation_maturity() - interval '10 minutes';
  v_turn private.rotation_turns;
  v_campaign public.campaigns;
  v_to timestamptz;
  v_step smallint;
begin
  select * into v_campaign from public.campaigns c where c.id = p_campaign_id;
  select * into v_turn from private.rotation_turns r where r.campaign_id = p_campaign_id and r.look_at <= p_now;
  if v_turn.campaign_id is null then
    return 'not_due';
  elsif v_turn.counted_to < v_mature - interval '1 hour' then
    -- Counts without a lock of the campaign: whoever wants to pause it need not wait.
    select * into v_turn from private.rotation_turns r
    where r.campaign_id = p_campaign_id and r.look_at <= p_now for no key update skip locked;
    if v_turn.campaign_id is null then
      return 'not_due';
    end if;
    while v_turn.counted_to < v_mature and clock_timestamp() < v_until loop
      v_to := least(v_turn.counted_to + interval '1 hour', v_mature);
      perform private.count_rotation(v_campaign, v_turn.counted_to, v_to);
      v_turn.counted_to := v_to;
    end loop;
    update private.rotation_turns r set counted_to = v_turn.counted_to where r.campaign_id = p_campaign_id;
    return 'counting';
  end if;
  -- The campaign before its turn, as whoever changes the rotation locks them.
  select * into v_campaign from public.campaigns c where c.id = p_campaign_id for share skip locked;
  if v_campaign.id is null then
    return 'not_due';
  elsif v_campaign.rotation <> 'thompson' or v_campaign.status in ('completed', 'stopped') then
    update private.rotation_turns r set look_at = null where r.campaign_id = p_campaign_id;
    return 'ended';
  end if;
  for v_step in
    select distinct ct.step from public.campaign_templates ct where ct.campaign_id = p_campaign_id order by ct.step
  loop
    perform private.choose_shares(v_campaign, v_step, p_now);
  end loop;
  update private.rotation_turns r set look_at = p_now + interval '6 hours' where r.campaign_id = p_campaign_id;
  return 'chosen';
end;
$$;
comment on function private.learn_rotation(uuid, timestamptz) is
  'If a campaign with rotation thompson is due (every six hours), counts its mature messages for about a second; if all are '
  'counted, chooses the shares of its texts. Returns not_due, counting (call it again), chosen or ended.';
