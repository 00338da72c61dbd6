-- Leads become contacted by the fold of what campaigns sent, with the cause, and not against a person's choice; a merge takes along
-- lists and when the leads were written to. The job that moved leads keeps to opt-outs from elsewhere.

create or replace function private.fold_lead_activity(p_limit integer default 20000)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_count integer;
begin
  -- One at a time: two folds would wait for each other's leads.
  if not pg_try_advisory_xact_lock(hashtextextended('fold lead activity', 0)) then
    return 0;
  end if;
  perform private.set_lead_cause('sent');
  with taken as materialized (
    delete from private.sent_leads s
    where s.ctid = any (array(select x.ctid from private.sent_leads x limit p_limit))
    returning s.org_id, s.lead_id, s.sent_at
  ),
  sent as materialized (
    select t.org_id, t.lead_id, min(t.sent_at) as first_at, max(t.sent_at) as last_at
    from taken t
    -- In the order in which everybody locks leads; one that is gone has no activity.
    join (select l.id from public.leads l where l.id in (select x.lead_id from taken x) order by l.id for no key update) k on k.id = t.lead_id
    group by t.org_id, t.lead_id
  ),
  firsts as (
    update public.leads l
    set first_contacted_at = s.first_at, status = case when l.status = 'new' and not private.is_chosen(l.id, 'status') then 'contacted' else l.status end
    from sent s where l.id = s.lead_id and l.first_contacted_at is null
  ),
  folded as (
    insert into private.lead_activity as a (lead_id, org_id, last_contacted_at)
    select s.lead_id, s.org_id, s.last_at from sent s order by s.lead_id
    on conflict (lead_id) do update set last_contacted_at = greatest(a.last_contacted_at, excluded.last_contacted_at)
  )
  select count(*) into v_count from sent;
  perform private.set_lead_cause(null);
  return v_count;
end;
$$;

drop function private.move_sent_leads(uuid, timestamptz, integer);
drop function private.contact_leads(uuid, timestamptz, timestamptz, integer);
alter table private.lead_marks drop column sent_until, drop column late_until;
comment on table private.lead_marks is 'Until when the job that moves leads has read the opt-outs of an organisation.';

create function private.move_opted_out_leads(p_org_id uuid, p_now timestamptz default now())
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_until timestamptz;
  v_e164 text;
begin
  insert into private.lead_marks (org_id, opted_out_until) values (p_org_id, '-infinity') on conflict do nothing;
  select k.opted_out_until into v_until from private.lead_marks k where k.org_id = p_org_id for no key update skip locked;
  if not found then
    return;
  end if;
  -- What is younger may not be committed yet.
  for v_e164 in
    select o.e164 from public.opt_outs o
    where o.org_id = p_org_id and o.created_at > v_until and o.created_at <= p_now - interval '30 seconds' and o.is_active
    order by o.created_at
  loop
    perform private.leave_alone(p_org_id, v_e164, 'opt_out');
  end loop;
  update private.lead_marks k set opted_out_until = p_now - interval '30 seconds' where k.org_id = p_org_id;
end;
$$;
comment on function private.move_opted_out_leads(uuid, timestamptz) is
  'Makes leads of one organisation do_not_contact whose last phone opted out since the last time. Takes leads alone: it may be called beside anything.';

create or replace function private.orgs_to_move(p_now timestamptz default now())
returns setof uuid
language sql
stable
set search_path = ''
as $$
  select o.id
  from public.orgs o
  left join private.lead_marks k on k.org_id = o.id
  where (select x.created_at from public.opt_outs x
         where x.org_id = o.id and x.created_at <= p_now - interval '30 seconds' order by x.created_at desc limit 1)
      > coalesce(k.opted_out_until, '-infinity')
  order by o.id;
$$;
comment on function private.orgs_to_move(timestamptz) is 'Organisations in which somebody opted out that private.move_opted_out_leads has not seen.';

select cron.schedule('move-leads', '10 seconds', $move$
do $block$
declare
  v_id uuid;
begin
  for v_id in select private.orgs_to_move() loop
    begin
      perform private.move_opted_out_leads(v_id);
    exception when others then
      raise warning 'leads of organisation % were not moved: % (%)', v_id, sqlerrm, sqlstate;
    end;
    commit;
  end loop;
end;
$block$
$move$);

create or replace function private.move_lead_history(p_org_id uuid, p_keep_id uuid, p_other_ids uuid[], p_phones text[])
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_conversations integer;
  v_messages integer;
  v_consent integer;
  v_audit integer;
  v_events integer;
begin
  update public.conversations c set lead_id = p_keep_id where c.org_id = p_org_id and c.lead_id = any (p_other_ids);
  get diagnostics v_conversations = row_count;
  -- By person and by conversation, each by its index: messages have none by lead.
  update public.messages m set lead_id = p_keep_id
  where m.lead_id = any (p_other_ids) and m.id in (
    select x.id from public.messages x where x.to_number = any (p_phones) and (x.org_id = p_org_id) is true
    union
    select x.id from public.conversations c join public.messages x on x.conversation_id = c.id
    where c.org_id = p_org_id and c.e164 = any (p_phones));
  get diagnostics v_messages = row_count;
  update public.consent_records r set lead_id = p_keep_id where r.org_id = p_org_id and r.lead_id = any (p_other_ids);
  get diagnostics v_consent = row_count;
  update public.audit_events e set lead_id = p_keep_id where e.org_id = p_org_id and e.lead_id = any (p_other_ids);
  get diagnostics v_audit = row_count;
  update public.lead_events e set lead_id = p_keep_id where e.lead_id = any (p_other_ids);
  get diagnostics v_events = row_count;
  insert into public.segment_leads (org_id, segment_id, lead_id, added_at)
  select p_org_id, s.segment_id, p_keep_id, min(s.added_at)
  from public.segment_leads s where s.org_id = p_org_id and s.lead_id = any (p_other_ids) group by s.segment_id order by s.segment_id
  on conflict do nothing;
  delete from public.segment_leads s where s.org_id = p_org_id and s.lead_id = any (p_other_ids);
  insert into private.lead_activity as a (lead_id, org_id, last_contacted_at)
  select p_keep_id, p_org_id, max(x.last_contacted_at) from private.lead_activity x where x.lead_id = any (p_other_ids) having count(*) > 0
  on conflict (lead_id) do update set last_contacted_at = greatest(a.last_contacted_at, excluded.last_contacted_at);
  update public.leads l set first_contacted_at = least(l.first_contacted_at, x.first_contacted_at)
  from (select min(o.first_contacted_at) as first_contacted_at from public.leads o where o.id = any (p_other_ids)) x
  where l.id = p_keep_id and x.first_contacted_at < coalesce(l.first_contacted_at, 'infinity');
  -- Who was told apart from a merged lead is told apart from the kept one.
  insert into private.dismissed_duplicates (org_id, lead_a, lead_b, dismissed_by, dismissed_at)
  select distinct on (1, 2, 3) p_org_id, least(p_keep_id, x.id), greatest(p_keep_id, x.id), d.dismissed_by, d.dismissed_at
  from private.dismissed_duplicates d
  cross join lateral (select case when d.lead_a = any (p_other_ids) then d.lead_b else d.lead_a end as id) x
  where (d.lead_a = any (p_other_ids) or d.lead_b = any (p_other_ids)) and x.id <> p_keep_id and x.id <> all (p_other_ids)
  order by 1, 2, 3
  on conflict do nothing;
  return jsonb_build_object('conversations', v_conversations, 'messages', v_messages, 'consent_records', v_consent, 'audit_events', v_audit,
    'lead_events', v_events);
end;
$$;

create or replace function private.erase_leads(p_org_id uuid, p_lead_ids uuid[], p_now timestamptz)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_phones integer;
  v_parcels integer;
begin
  perform private.set_lead_cause('opt_out');
  update public.leads l set
    first_name = null, last_name = null, language = null, email = null, address1 = null, address2 = null, city = null, state = null,
    postal_code = null, county = null, source = null, notes = null, tags = '{}', custom_fields = '{}',
    status = 'do_not_contact', lead_score = 'cold', consent_status = 'denied',
    deleted_at = coalesce(l.deleted_at, p_now), erased_at = p_now
  where l.org_id = p_org_id and l.id = any (p_lead_ids);
  perform private.set_lead_cause(null);
  delete from public.lead_phones p where p.org_id = p_org_id and p.lead_id = any (p_lead_ids);
  get diagnostics v_phones = row_count;
  update public.leads l set phone_digits = '' where l.id = any (p_lead_ids) and l.phone_digits <> '';
  delete from public.lead_properties p where p.org_id = p_org_id and p.lead_id = any (p_lead_ids);
  get diagnostics v_parcels = row_count;
  delete from public.segment_leads s where s.org_id = p_org_id and s.lead_id = any (p_lead_ids);
  -- The journal of imports holds leads as they were; an undo finds nothing to put back. That of bulk actions goes by erased_at.
  delete from private.import_changes c where c.lead_id = any (p_lead_ids);
  update public.import_rejections r set raw = '[]', field = null, reason = 'Erased at the person''s request.', lead_id = null
  where r.org_id = p_org_id and r.outcome = 'warning' and r.lead_id = any (p_lead_ids);
  delete from private.lead_match_keys k where k.lead_id = any (p_lead_ids);
  delete from private.duplicate_leads d where d.lead_id = any (p_lead_ids);
  delete from private.dismissed_duplicates d where d.lead_a = any (p_lead_ids) or d.lead_b = any (p_lead_ids);
  return jsonb_build_object('leads', cardinality(p_lead_ids), 'phones', v_phones, 'properties', v_parcels);
end;
$$;
