create function private.rotation_status(p_campaign public.campaigns)
returns text
language sql
stable
set search_path = ''
as $$
  select case
    when p_campaign.rotation = 'even' then 'even'
    when p_campaign.status in ('completed', 'stopped') then 'ended'
    when p_campaign.started_at is null then 'not_started'
    when exists (select from public.campaign_templates ct
      where ct.campaign_id = p_campaign.id and ct.learned_share is not null) then 'learned'
    else 'collecting' end;
$$;
comment on function private.rotation_status(public.campaigns) is
  'even; not_started; collecting: texts are used by their weights until enough people are counted; learned; ended.';

create function private.rotation_texts(p_campaign public.campaigns)
returns table (step smallint, learned_share smallint, is_active boolean, looked_at timestamptz, people bigint, told jsonb)
language sql
stable
set search_path = ''
as $$
  with texts as (
    select ct.step, ct.template_id, ct.variant, ct.learned_share, t.is_active, t.version, t.number, t.name,
      coalesce(ct.learned_share, ct.weight) as weight,
      sum(coalesce(ct.learned_share, ct.weight)) filter (where t.is_active) over (partition by ct.step, ct.variant) as weights
    from public.campaign_templates ct join public.templates t on t.id = ct.template_id
    where ct.campaign_id = p_campaign.id
  ),
  -- What part of the people of a step gets the texts of a variant.
  variants as (
    select v.variant, v.name, case
      when k.promoted is null then v.share::numeric / sum(v.share) over ()
      when k.promoted = v.variant then 1 else 0 end as part
    from public.campaign_variants v left join public.campaign_tests k on k.campaign_id = v.campaign_id
    where v.campaign_id = p_campaign.id
  )
  select t.step, t.learned_share, t.is_active, l.looked_at, r.people, jsonb_build_object(
    'template_id', t.template_id, 'number', t.number, 'name', t.name, 'version', t.version, 'variant', v.name,
    'is_active', t.is_active,
    'share', case when t.is_active then round(100 * coalesce(v.part, 1) * t.weight / t.weights, 1) else 0 end,
    'best', round((100 * b.best)::numeric, 1), 'reply_rate', private.rate(r.replied, r.people))
  from texts t
  left join variants v on v.variant = t.variant
  cross join lateral (
    select coalesce(sum(x.people), 0)::bigint as people, coalesce(sum(x.replied), 0)::bigint as replied
    from private.rotation_trials x
    where x.campaign_id = p_campaign.id and x.step = t.step and x.template_id = t.template_id and x.version = t.version
  ) r
  left join lateral (
    select x.looked_at from public.campaign_rotation_looks x
    where x.campaign_id = p_campaign.id and x.step = t.step order by x.looked_at desc limit 1
  ) l on true
  left join public.campaign_rotation_looks b on t.learned_share is not null and b.campaign_id = p_campaign.id
    and b.step = t.step and b.looked_at = l.looked_at and b.template_id = t.template_id and b.version = t.version;
$$;
comment on function private.rotation_texts(public.campaigns) is
  'The texts of a campaign''s steps with their share of the people, and what rotation thompson counted for them; told is what '
  'people read.';

create function private.campaign_rotation(p_campaign_id uuid)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_campaign public.campaigns := private.find_campaign(private.require_role('viewer'), p_campaign_id);
  v_status text := private.rotation_status(v_campaign);
begin
  return jsonb_build_object('campaign_id', p_campaign_id, 'rotation', v_campaign.rotation, 'status', v_status,
    'counts_from', case when v_status in ('collecting', 'learned') then v_campaign.started_at + private.rotation_maturity() end,
    'next_look_at', case when v_status in ('collecting', 'learned') then (
      select r.look_at from private.rotation_turns r where r.campaign_id = p_campaign_id) end,
    'steps', (
      select coalesce(to_jsonb(array_agg(jsonb_build_object('step', s.step, 'is_learned', s.is_learned,
        'people_counted', s.people, 'people_needed', case when v_campaign.rotation = 'thompson' then 100 * s.active end,
        'looked_at', s.looked_at, 'texts', s.texts) order by s.step)), '[]')
      from (
        select x.step, bool_or(x.learned_share is not null) as is_learned, count(*) filter (where x.is_active) as active,
          max(x.looked_at) as looked_at, sum(x.people) filter (where x.is_active) as people,
          to_jsonb(array_agg(x.told order by (x.told ->> 'number')::integer)) as texts
        from private.rotation_texts(v_campaign) x group by x.step
      ) s));
end;
$$;
comment on function private.campaign_rotation(uuid) is
  'How the texts of a campaign take turns: for each step and text the share (percent), and for rotation thompson what it was '
  'learned from: the reply rate of people who had 48 hours to reply, and best, the probability (percent) that no other text of '
  'the step is better. counts_from: when the first people have had their 48 hours. Needs viewer. Raises PT403, PT404. Security '
  'definer: users may not read private tables.';
grant execute on function private.campaign_rotation(uuid) to authenticated;

create function public.campaign_rotation(p_campaign_id uuid) returns jsonb
  language sql stable set search_path = '' as $$ select private.campaign_rotation(p_campaign_id); $$;
comment on function public.campaign_rotation(uuid) is
  'Calls the private function of the same name, which checks role and organisation.';
grant execute on function public.campaign_rotation(uuid) to authenticated;
