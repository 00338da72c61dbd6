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
  insert into private.rotation_turns as r (campaign_id, org_id, look_at, counted_to)
  values (p_campaign.id, p_campaign.org_id, p_now, greatest(p_campaign.created_at, p_now - interval '90 days'))
  on conflict (campaign_id) do update
    -- Soon, but whoever saves a campaign again and again does not have it looked at all the time.
    set look_at = least(r.look_at, p_now + interval '1 minute'), step = 0;
end;
$$;
comment on function private.begin_rotation(public.campaigns, timestamptz) is
  'Called if the rotation of a campaign, or what it rotates, was set: has the shares of its texts chosen anew within a minute, '
  'or forgets them. Raises PT422 for thompson together with variants. The caller holds the lock of the campaign.';

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
    -- Who answered was sent it, whatever Twilio said. What did not arrive and was sent again counts as what was sent then.
    and (m.is_live or m.status = 'undelivered' and not exists (
      select from public.messages again
      where again.campaign_id = m.campaign_id and again.to_number = m.to_number and again.step = m.step and again.is_live
        and again.kind = 'campaign'))
    and (m.status in ('sent', 'delivered', 'undelivered') or m.status = 'unknown' and a.has_answered)
  group by 2, 3, 4, 5
  on conflict (campaign_id, step, template_id, version, day) do update
    set people = r.people + excluded.people, replied = r.replied + excluded.replied;
$$;
comment on function private.count_rotation(public.campaigns, timestamptz, timestamptz) is
  'Counts the messages of a campaign that were planned after p_from and until p_to, all of them mature, and what people replied.';

create function private.rotation_counts(p_campaign_id uuid, p_step smallint, p_now timestamptz)
returns private.rotation_text[]
language plpgsql
stable
set search_path = ''
as $$
begin
  return array(
    select (t.id, t.version, coalesce(sum(r.people), 0), coalesce(sum(r.replied), 0),
      -- What people answered long ago says less: it counts 2 % less with every day.
      coalesce(sum(r.people * 0.98 ^ x.age), 0), coalesce(sum(r.replied * 0.98 ^ x.age), 0))::private.rotation_text
    from public.campaign_templates ct
    join public.templates t on t.id = ct.template_id and t.is_active
    join public.orgs o on o.id = ct.org_id
    left join private.rotation_trials r
      on r.campaign_id = ct.campaign_id and r.step = ct.step and r.template_id = t.id and r.version = t.version
    cross join lateral (select greatest((p_now at time zone o.time_zone)::date - r.day, 0) as age) x
    where ct.campaign_id = p_campaign_id and ct.step = p_step
    group by t.id, t.version
    order by t.id);
end;
$$;
comment on function private.rotation_counts(uuid, smallint, timestamptz) is
  'What is counted for the active texts of a step of a campaign, as they are now, by their ids.';

create function private.learned_chances(p_texts private.rotation_text[])
returns double precision[]
language plpgsql
immutable
set search_path = ''
as $$
declare
  v_ripe integer[] := array(
    select n::integer from unnest(p_texts) with ordinality as t(id, version, people, replied, weighed_people, weighed_replied, n)
    where t.people >= 100 order by n);
  v_best double precision[];
begin
  -- More than 20,000 people would only narrow what is known well enough, and take longer.
  select private.chances_to_be_best(
    array_agg(t.weighed_replied * s.part order by r.i), array_agg((t.weighed_people - t.weighed_replied) * s.part order by r.i))
  into v_best
  from unnest(v_ripe) with ordinality as r(n, i)
  cross join lateral (select (p_texts[r.n]).*) t
  cross join lateral (select least(20000 / nullif(t.weighed_people, 0), 1) as part) s;
  return array(
    select v_best[array_position(v_ripe, n::integer)] from generate_series(1, cardinality(p_texts)) n order by n);
end;
$$;
comment on function private.learned_chances(private.rotation_text[]) is
  'The chance of each text to be the best of those for which 100 people are counted; null for the others.';

create function private.choose_shares(p_campaign_id uuid, p_step smallint, p_now timestamptz)
returns boolean
language plpgsql
set search_path = ''
as $$
declare
  v_texts private.rotation_text[] := private.rotation_counts(p_campaign_id, p_step, p_now);
  v_ids uuid[] := array(select t.template_id from unnest(v_texts) t order by 1);
  v_k integer := cardinality(v_texts);
  v_best double precision[];
  v_shares double precision[];
  v_org_id uuid;
begin
  if v_k >= 2 and (select sum(t.people) from unnest(v_texts) t) >= 100 * v_k then
    v_best := private.learned_chances(v_texts);
    -- A text that is new, or was changed, keeps an equal part until it is known as well as the others.
    v_shares := private.bounded_shares(array(
      select coalesce(v_best[n] * cardinality(array_remove(v_best, null)) / v_k, 1.0 / v_k)
      from generate_series(1, v_k) n order by n));
  end if;
  -- Locked only now, and only if nobody changes the campaign: choosing takes a while, and must hold up nobody.
  select c.org_id into v_org_id from public.campaigns c
  where c.id = p_campaign_id and c.rotation = 'thompson' for share skip locked;
  if v_org_id is null or v_ids is distinct from array(
    select ct.template_id from public.campaign_templates ct join public.templates t on t.id = ct.template_id and t.is_active
    where ct.campaign_id = p_campaign_id and ct.step = p_step order by 1)
  then
    return false;
  end if;
  -- A text that is paused has no share.
  update public.campaign_templates ct set learned_share = s.share
  from (
    select x.template_id, greatest(round(10000 * v_shares[a.n]), case when v_shares[a.n] is not null then 1 end) as share
    from public.campaign_templates x
    cross join lateral (select array_position(v_ids, x.template_id) as n) a
    where x.campaign_id = p_campaign_id and x.step = p_step
  ) s
  where ct.campaign_id = p_campaign_id and ct.step = p_step and ct.template_id = s.template_id
    and ct.learned_share is distinct from s.share;
  -- A look that counts nobody more is not kept.
  insert into public.campaign_rotation_looks (org_id, campaign_id, step, looked_at, template_id, version, people, replied,
    weighed_people, weighed_replied, best, share)
  select v_org_id, p_campaign_id, p_step, p_now, t.template_id, t.version, t.people, t.replied, t.weighed_people,
    t.weighed_replied, v_best[t.n], v_shares[t.n]
  from unnest(v_texts) with ordinality as t(template_id, version, people, replied, weighed_people, weighed_replied, n)
  where v_shares is not null and (select sum(x.people) from unnest(v_texts) x) is distinct from (
    select sum(l.people) from public.campaign_rotation_looks l
    where l.campaign_id = p_campaign_id and l.step = p_step and l.looked_at = (
      select max(m.looked_at) from public.campaign_rotation_looks m where m.campaign_id = p_campaign_id and m.step = p_step));
  return true;
end;
$$;
comment on function private.choose_shares(uuid, smallint, timestamptz) is
  'Sets the learned shares of the active texts of a step, and keeps the look. Texts are used by their weights while fewer people '
  'are counted than 100 times the number of texts. Returns false, and does nothing, if somebody is changing the campaign.';

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
  -- Whoever looks holds the turn, and no lock of the campaign: whoever wants to pause it need not wait.
  select * into v_turn from private.rotation_turns r
  where r.campaign_id = p_campaign_id and r.look_at <= p_now for no key update skip locked;
  select * into v_campaign from public.campaigns c where c.id = p_campaign_id;
  if v_turn.campaign_id is null then
    return 'not_due';
  elsif v_campaign.rotation <> 'thompson' or v_campaign.status in ('completed', 'stopped') then
    update private.rotation_turns r set look_at = null where r.campaign_id = p_campaign_id;
    return 'ended';
  elsif v_campaign.started_at is null then
    update private.rotation_turns r set look_at = p_now + interval '6 hours' where r.campaign_id = p_campaign_id;
    return 'not_started';
  elsif v_turn.step = 0 and v_turn.counted_to < v_mature - interval '1 hour' then
    while v_turn.counted_to < v_mature and clock_timestamp() < v_until loop
      v_to := least(v_turn.counted_to + interval '1 hour', v_mature);
      perform private.count_rotation(v_campaign, v_turn.counted_to, v_to);
      v_turn.counted_to := v_to;
    end loop;
    update private.rotation_turns r set counted_to = v_turn.counted_to where r.campaign_id = p_campaign_id;
    return 'counting';
  end if;
  v_step := (select min(ct.step) from public.campaign_templates ct
    where ct.campaign_id = p_campaign_id and ct.step > v_turn.step);
  if v_step is null then
    update private.rotation_turns r set look_at = p_now + interval '6 hours', step = 0 where r.campaign_id = p_campaign_id;
    return 'chosen';
  elsif private.choose_shares(p_campaign_id, v_step, p_now) then
    update private.rotation_turns r set step = v_step where r.campaign_id = p_campaign_id;
    return 'choosing';
  end if;
  return 'busy';
end;
$$;
comment on function private.learn_rotation(uuid, timestamptz) is
  'If a campaign with rotation thompson is due (every six hours), counts its mature messages for about a second; if all are '
  'counted, chooses the shares of the texts of one step. Returns counting or choosing (call it again), busy (somebody changes '
  'the campaign: later), chosen, not_due, not_started or ended.';
