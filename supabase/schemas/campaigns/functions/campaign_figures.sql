-- A campaign's figures, counted from its targets.

create function private.campaign_figures(p_campaign_id uuid)
returns jsonb
language sql
stable
security definer
set search_path = ''
as $$
  select jsonb_build_object(
    'audience', count(*),
    'excluded', count(*) filter (where t.state = 'excluded'),
    'canceled', count(*) filter (where t.state = 'canceled'),
    'waiting', count(*) filter (where t.state = 'waiting'),
    'queued', count(*) filter (where t.state = 'queued'),
    'sending', count(*) filter (where t.state = 'sending'),
    'unknown', count(*) filter (where t.state = 'unknown'),
    'sent', count(*) filter (where t.state = 'sent'),
    'failed', count(*) filter (where t.state = 'failed'),
    'delivered', count(*) filter (where t.delivery = 'delivered'),
    'undelivered', count(*) filter (where t.delivery = 'undelivered'),
    'unconfirmed', count(*) filter (where t.delivery = 'unconfirmed'),
    'needs_attention', count(*) filter (where t.needs_attention is not null))
  from public.campaign_targets t
  where t.campaign_id = p_campaign_id and t.org_id = (select private.org_id());
$$;
comment on function private.campaign_figures(uuid) is
  'A campaign''s figures, counted from its targets instead of read from the folded figures, for the signed-in user''s '
  'organisation. Security definer for the same reason as campaign_reasons.';
grant execute on function private.campaign_figures(uuid) to authenticated;

create function public.campaign_figures(p_campaign_id uuid) returns jsonb
  language sql stable set search_path = '' as $$ select private.campaign_figures(p_campaign_id); $$;
comment on function public.campaign_figures(uuid) is 'Calls the private function of the same name.';
grant execute on function public.campaign_figures(uuid) to authenticated;

create function private.campaign_reasons(p_campaign_id uuid)
returns jsonb
language sql
stable
security definer
set search_path = ''
as $$
  select jsonb_build_object(
    'excluded', coalesce(jsonb_object_agg(r.reason, r.n) filter (where r.state = 'excluded'), '{}'),
    'canceled', coalesce(jsonb_object_agg(r.reason, r.n) filter (where r.state = 'canceled'), '{}'),
    'failed', coalesce(jsonb_object_agg(r.reason, r.n) filter (where r.state = 'failed'), '{}'))
  from (
    select t.state, coalesce(t.reason, 'error') as reason, count(*) as n
    from public.campaign_targets t
    where t.campaign_id = p_campaign_id and t.org_id = (select private.org_id()) and t.state in ('excluded', 'canceled', 'failed')
    group by 1, 2
  ) r;
$$;
comment on function private.campaign_reasons(uuid) is
  'Why targets of a campaign of the signed-in user''s organisation were excluded, canceled or failed, with the number for each '
  'reason. Security definer: counting a large backlog under row-level security costs several times as much.';
grant execute on function private.campaign_reasons(uuid) to authenticated;

create function public.campaign_reasons(p_campaign_id uuid) returns jsonb
  language sql stable set search_path = '' as $$ select private.campaign_reasons(p_campaign_id); $$;
comment on function public.campaign_reasons(uuid) is 'Calls the private function of the same name.';
grant execute on function public.campaign_reasons(uuid) to authenticated;
