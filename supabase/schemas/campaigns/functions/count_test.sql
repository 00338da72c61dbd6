create function private.count_test(p_campaign public.campaigns, p_after bigint, p_limit integer, p_as_of timestamptz,
  p_maturity interval, out p_last bigint, out p_counts jsonb)
language sql
stable
set search_path = ''
as $$
  with page as materialized (
    -- The unit is a person: their first text. The targets of later steps have ordinals above these.
    select t.ordinal, t.variant, t.assigned_variant, t.state, t.reason, t.sent_at, t.message_id, t.e164
    from public.campaign_targets t
    where t.org_id = p_campaign.org_id and t.campaign_id = p_campaign.id and t.ordinal > p_after and t.ordinal <= 1000000000000
    order by t.ordinal limit p_limit
  ),
  people as (
    select p.*, p.state = 'sent' and p.sent_at <= p_as_of - p_maturity as is_mature
    from page p where p.variant is not null and p.assigned_variant is null
  ),
  marks as (
    select p.variant, case
      when p.state = 'sent' then 'sent' when p.state = 'waiting' then 'waiting'
      when p.state in ('queued', 'sending', 'unknown') then 'under_way'
      else 'excluded:' || coalesce(p.reason, 'error') end as mark
    from people p
    union all
    select p.variant, m.mark
    from people p
    cross join lateral (
      -- Only what came within the time of maturity: so a person who is counted never changes, and those who were written to early
      -- have no longer to answer than the others.
      select coalesce(bool_or(private.is_reply(a.classification)), false) as replied,
        coalesce(bool_or(a.interest = 'interested'), false) as interested,
        coalesce(bool_or(a.classification = 'stop' or a.reviewed_as = 'stop'), false) as opted_out
      from (
        select p.message_id as id
        union all
        select x.id from public.messages x
        where p_campaign.type = 'drip' and x.campaign_id = p_campaign.id and x.to_number = p.e164 and x.kind = 'campaign'
          and x.is_live and x.id <> p.message_id
      ) s
      join public.messages a on a.answers_message_id = s.id and a.created_at <= p.sent_at + p_maturity
    ) a
    cross join lateral unnest(array['mature', case when a.replied then 'replied' end,
      case when a.interested then 'interested' end, case when a.opted_out then 'opted_out' end]) as m(mark)
    where p.is_mature and m.mark is not null
  )
  select (select max(p.ordinal) from page p), (
    select coalesce(to_jsonb(array_agg(jsonb_build_object('variant', c.variant, 'mark', c.mark, 'n', c.n))), '[]')
    from (select m.variant, m.mark, count(*) as n from marks m group by 1, 2) c);
$$;
comment on function private.count_test(public.campaigns, bigint, integer, timestamptz, interval) is
  'Counts the next p_limit people of a campaign after an ordinal for a look at its A/B test: [{variant, mark, n}] with the marks '
  'sent, under_way, waiting, excluded:<reason>, and of those who were sent their text p_maturity ago mature, replied, '
  'interested, opted_out. Who was given another variant than building assigned counts for none. p_last: the last ordinal, null '
  'if nobody is left.';

create function private.add_counts(p_counts jsonb)
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select coalesce(to_jsonb(array_agg(jsonb_build_object('variant', c.variant, 'mark', c.mark, 'n', c.n))), '[]')
  from (
    select x.variant, x.mark, sum(x.n) as n
    from jsonb_to_recordset(p_counts) as x(variant smallint, mark text, n bigint) group by 1, 2
  ) c;
$$;
comment on function private.add_counts(jsonb) is 'Adds up counts of private.count_test.';

create function private.test_arms(p_campaign_id uuid, p_counts jsonb)
returns jsonb
language sql
stable
set search_path = ''
as $$
  select coalesce(to_jsonb(array_agg(jsonb_build_object('variant', v.variant, 'name', v.name, 'share', v.share,
    'assigned', v.assigned, 'sent', coalesce(c.sent, 0), 'mature', coalesce(c.mature, 0), 'replied', coalesce(c.replied, 0),
    'interested', coalesce(c.interested, 0), 'opted_out', coalesce(c.opted_out, 0), 'under_way', coalesce(c.under_way, 0),
    'waiting', coalesce(c.waiting, 0), 'excluded', coalesce(c.excluded, '{}')) order by v.variant)), '[]')
  from public.campaign_variants v
  left join lateral (
    select sum(x.n) filter (where x.mark = 'sent') as sent, sum(x.n) filter (where x.mark = 'mature') as mature,
      sum(x.n) filter (where x.mark = 'replied') as replied, sum(x.n) filter (where x.mark = 'interested') as interested,
      sum(x.n) filter (where x.mark = 'opted_out') as opted_out, sum(x.n) filter (where x.mark = 'under_way') as under_way,
      sum(x.n) filter (where x.mark = 'waiting') as waiting,
      jsonb_object_agg(substr(x.mark, 10), x.n) filter (where x.mark like 'excluded:%') as excluded
    from jsonb_to_recordset(p_counts) as x(variant smallint, mark text, n bigint) where x.variant = v.variant
  ) c on true
  where v.campaign_id = p_campaign_id;
$$;
comment on function private.test_arms(uuid, jsonb) is
  'The arms of a campaign''s test with their counts, as looks keep them. p_counts: what private.add_counts returns.';
