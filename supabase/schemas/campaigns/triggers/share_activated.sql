create function private.share_activated()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  update public.campaign_templates ct set learned_share = s.share
  from (
    select x.campaign_id, x.step, round(10000.0 / count(*)) as share
    from public.campaign_templates x join public.templates t on t.id = x.template_id and t.is_active
    where (x.campaign_id, x.step) in (
      select y.campaign_id, y.step from public.campaign_templates y where y.org_id = new.org_id and y.template_id = new.id)
    group by x.campaign_id, x.step
    having count(x.learned_share) filter (where x.template_id <> new.id) > 0
  ) s
  where ct.campaign_id = s.campaign_id and ct.step = s.step and ct.template_id = new.id;
  return null;
end;
$$;
comment on function private.share_activated() is
  'Trigger: a template that is activated gets an equal part beside texts whose shares were learned, until they are chosen anew. '
  'Security definer: the role that changes templates may not write those of campaigns.';
