create function private.campaign_rotation(p_campaign_id uuid)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('viewer');
  v_campaign public.campaigns := private.find_campaign(v_org_id, p_campaign_id);
begin
  return jsonb_build_object('campaign_id', p_campaign_id, 'rotation', v_campaign.rotation,
    'next_look_at', (select r.look_at from private.rotation_turns r where r.campaign_id = p_campaign_id),
    'steps', (
      select coalesce(to_jsonb(array_agg(jsonb_build_object('step', s.step, 'is_learned', s.is_learned,
        'people_needed', 100 * s.active, 'looked_at', s.looked_at, 'texts', s.texts) order by s.step)), '[]')
      from (
        select ct.step, bool_or(ct.learned_share is not null) as is_learned, count(*) filter (where t.is_active) as active,
          l.looked_at, to_jsonb(array_agg(jsonb_build_object('template_id', t.id, 'number', t.number, 'name', t.name,
            'version', t.version, 'is_active', t.is_active, 'share', case when t.is_active
              then round(100.0 * coalesce(ct.learned_share, ct.weight) / w.total, 1) else 0 end,
            'best', round((100 * b.best)::numeric, 1),
            'reply_rate', private.rate(r.replied, r.people)) order by t.number)) as texts
        from public.campaign_templates ct
        join public.templates t on t.id = ct.template_id
        cross join lateral (
          select sum(coalesce(o.learned_share, o.weight)) as total
          from public.campaign_templates o join public.templates ot on ot.id = o.template_id and ot.is_active
          where o.campaign_id = p_campaign_id and o.step = ct.step
        ) w
        cross join lateral (
          select coalesce(sum(x.people), 0)::bigint as people, coalesce(sum(x.replied), 0)::bigint as replied
          from private.rotation_trials x
          where x.campaign_id = p_campaign_id and x.step = ct.step and x.template_id = t.id and x.version = t.version
        ) r
        left join lateral (
          select x.looked_at from public.campaign_rotation_looks x
          where x.campaign_id = p_campaign_id and x.step = ct.step order by x.looked_at desc limit 1
        ) l on true
        left join public.campaign_rotation_looks b on ct.learned_share is not null and b.campaign_id = p_campaign_id
          and b.step = ct.step and b.looked_at = l.looked_at and b.template_id = t.id and b.version = t.version
        where ct.campaign_id = p_campaign_id
        group by ct.step, l.looked_at
      ) s));
end;
$$;
comment on function private.campaign_rotation(uuid) is
  'How the texts of a campaign take turns: for each step and text the share (percent), and for rotation thompson what it was '
  'learned from: the reply rate of people who had 48 hours to reply, and best, the probability (percent) that no other text of '
  'the step is better. Needs viewer. Raises PT403, PT404. Security definer: users may not read private tables.';
grant execute on function private.campaign_rotation(uuid) to authenticated;

create function public.campaign_rotation(p_campaign_id uuid) returns jsonb
  language sql stable set search_path = '' as $$ select private.campaign_rotation(p_campaign_id); $$;
comment on function public.campaign_rotation(uuid) is
  'Calls the private function of the same name, which checks role and organisation.';
grant execute on function public.campaign_rotation(uuid) to authenticated;
