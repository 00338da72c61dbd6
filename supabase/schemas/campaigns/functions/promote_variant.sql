create function private.promote_variant(p_campaign_id uuid, p_variant text, p_now timestamptz default now())
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_campaign public.campaigns := private.lock_campaign(p_campaign_id, 'campaign_manager', '{running,paused}',
    'given a promoted variant');
  v_test public.campaign_tests;
  v_variant smallint;
begin
  v_test := private.lock_test(v_campaign);
  select v.variant into v_variant from public.campaign_variants v
  where v.campaign_id = p_campaign_id and v.name = trim(p_variant);
  if v_variant is null then
    perform private.refuse_field('variant', format('Name one of the variants of the campaign: %s.', (
      select string_agg(v.name, ', ' order by v.variant) from public.campaign_variants v where v.campaign_id = p_campaign_id)));
  elsif v_test.promoted = v_variant then
    return;
  elsif v_test.promoted is not null then
    perform private.raise_error('PT409', 'invalid_state', 'Another variant was promoted already.',
      jsonb_build_object('promoted_at', v_test.promoted_at));
  elsif not private.has_active_text(p_campaign_id, v_variant) then
    perform private.raise_error('PT409', 'no_templates', 'This variant has no active text. Activate one, then promote it.');
  end if;
  update public.campaign_tests t
  set promoted = v_variant, promoted_at = p_now, promoted_by = auth.uid(),
    status = case t.status when 'running' then 'ended' else t.status end, decided_at = coalesce(t.decided_at, p_now)
  where t.id = v_test.id;
  update private.test_turns t set look_at = null, as_of = null, counts = '[]' where t.campaign_id = p_campaign_id;
  perform private.begin_moving(p_campaign_id, p_now);
  perform private.move_variants(p_campaign_id, p_now, p_for => '0');
  perform private.record_audit_event(v_campaign.org_id, 'campaign_variant_promoted', null, p_campaign_id, null,
    jsonb_build_object('variant', trim(p_variant), 'by', 'person', 'status', v_test.status));
  perform private.close_alerts(v_campaign.org_id, 'test_won', p_now, p_campaign_id);
end;
$$;
comment on function private.promote_variant(uuid, text, timestamptz) is
  'Gives the variant of this name to everybody of a running or paused campaign who still waits for their first text: 5,000 at '
  'once, the others within seconds. Who was sent a text, or is being sent one, keeps theirs, in later steps too. An undecided '
  'test ends with that. Needs campaign_manager. Raises PT403, PT404, PT409, PT422. Security definer: users may not '
  'write targets.';
grant execute on function private.promote_variant(uuid, text, timestamptz) to authenticated;

create function public.promote_variant(p_campaign_id uuid, p_variant text) returns void
  language sql set search_path = '' as $$ select private.promote_variant(p_campaign_id, p_variant); $$;
comment on function public.promote_variant(uuid, text) is
  'Calls the private function of the same name, which checks role and organisation, with the current time.';
grant execute on function public.promote_variant(uuid, text) to authenticated;
