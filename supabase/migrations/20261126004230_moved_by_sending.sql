-- Leads that were written to become contacted, and those whose last phone opted out elsewhere than by a message become
-- do_not_contact. By a job that reads attempts and opt-outs from where it stopped: sending itself does nothing for it.

create table private.lead_marks (
  org_id uuid primary key references public.orgs (id) on delete cascade,
  sent_until timestamptz not null,
  late_until timestamptz not null,
  opted_out_until timestamptz not null
);
comment on table private.lead_marks is
  'How far the job that moves leads has read an organisation''s attempts (once soon, once again two hours later, when the last receipts are in) and opt-outs.';
alter table private.lead_marks enable row level security;

create function private.contact_leads(p_org_id uuid, p_after timestamptz, p_upto timestamptz, p_limit integer)
returns timestamptz
language plpgsql
set search_path = ''
as $$
declare
  v_upto timestamptz;
  v_leads uuid[];
begin
  -- A claim's attempts share their time, so a batch ends between two times and never within one.
  select x.claimed_at into v_upto from public.send_attempts x
  where x.org_id = p_org_id and x.claimed_at > p_after and x.claimed_at <= p_upto order by x.claimed_at offset p_limit - 1 limit 1;
  v_upto := coalesce(v_upto, p_upto);
  v_leads := array(
    select distinct m.lead_id
    from (
      select a.message_id from public.send_attempts a
      where a.org_id = p_org_id and a.claimed_at > p_after and a.claimed_at <= v_upto and a.outcome in ('accepted', 'assumed_sent') offset 0
    ) a
    cross join lateral (
      select x.lead_id from public.messages x where x.id = a.message_id and x.kind in ('campaign', 'reply') and x.lead_id is not null offset 0
    ) m
    cross join lateral (select from public.leads x where x.id = m.lead_id and x.status = 'new' and x.deleted_at is null offset 0) l);
  -- Whoever is being changed by somebody else is looked at again with the late ones.
  v_leads := array(select l.id from public.leads l where l.id = any (v_leads) and l.status = 'new' order by l.id for no key update skip locked);
  perform private.set_lead_cause('sent');
  update public.leads l set status = 'contacted'
  where l.id = any (v_leads) and not private.is_chosen(l.id, 'status');
  perform private.set_lead_cause(null);
  return v_upto;
end;
$$;
comment on function private.contact_leads(uuid, timestamptz, timestamptz, integer) is
  'Makes new leads contacted that Twilio accepted a message to, of attempts claimed in (p_after, p_upto], the first p_limit or a few more; returns until when it came.';

create function private.move_sent_leads(p_org_id uuid, p_now timestamptz default now(), p_limit integer default 2000)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_mark private.lead_marks;
  v_e164 text;
begin
  insert into private.lead_marks (org_id, sent_until, late_until, opted_out_until)
  select p_org_id, least(p_now, x.first), least(p_now, x.first), least(p_now, x.first)
  from (
    select coalesce(least(
      (select a.claimed_at from public.send_attempts a where a.org_id = p_org_id order by a.claimed_at limit 1),
      (select o.created_at from public.opt_outs o where o.org_id = p_org_id order by o.created_at limit 1)) - interval '1 second', p_now) as first
  ) x
  on conflict do nothing;
  select * into v_mark from private.lead_marks k where k.org_id = p_org_id for no key update skip locked;
  if not found then
    return;
  end if;
  -- A claim is settled within seconds; what is not yet is late, and what was accepted then is found two hours later.
  if v_mark.sent_until < p_now - interval '30 seconds' then
    v_mark.sent_until := private.contact_leads(p_org_id, v_mark.sent_until, p_now - interval '30 seconds', p_limit);
  end if;
  if v_mark.late_until < p_now - interval '2 hours' then
    v_mark.late_until := private.contact_leads(p_org_id, v_mark.late_until, p_now - interval '2 hours', p_limit);
  end if;
  if v_mark.opted_out_until < p_now - interval '30 seconds' then
    for v_e164 in
      select o.e164 from public.opt_outs o
      where o.org_id = p_org_id and o.created_at > v_mark.opted_out_until and o.created_at <= p_now - interval '30 seconds' and o.is_active
      order by o.created_at
    loop
      perform private.leave_alone(p_org_id, v_e164, 'opt_out');
    end loop;
    v_mark.opted_out_until := p_now - interval '30 seconds';
  end if;
  update private.lead_marks k
  set sent_until = v_mark.sent_until, late_until = v_mark.late_until, opted_out_until = v_mark.opted_out_until
  where k.org_id = p_org_id;
end;
$$;
comment on function private.move_sent_leads(uuid, timestamptz, integer) is
  'Moves the leads of one organisation by what was sent and who opted out since the last time, p_limit attempts at most. Takes leads alone, by id: it may be called beside anything.';

create function private.orgs_to_move(p_now timestamptz default now())
returns setof uuid
language sql
stable
set search_path = ''
as $$
  select o.id
  from public.orgs o
  left join private.lead_marks k on k.org_id = o.id
  -- The last by the index: asked whether there is any, the planner reads the table.
  where (select a.claimed_at from public.send_attempts a
         where a.org_id = o.id and a.claimed_at <= p_now - interval '30 seconds' order by a.claimed_at desc limit 1)
      > coalesce(k.sent_until, '-infinity')
    or (select a.claimed_at from public.send_attempts a
        where a.org_id = o.id and a.claimed_at <= p_now - interval '2 hours' order by a.claimed_at desc limit 1)
      > coalesce(k.late_until, '-infinity')
    or (select x.created_at from public.opt_outs x
        where x.org_id = o.id and x.created_at <= p_now - interval '30 seconds' order by x.created_at desc limit 1)
      > coalesce(k.opted_out_until, '-infinity')
  order by o.id;
$$;
comment on function private.orgs_to_move(timestamptz) is 'Organisations in which something was sent or somebody opted out that private.move_sent_leads has not seen.';

-- Each organisation commits by itself: its locks are short, and one that fails stops nobody else.
select cron.schedule('move-leads', '10 seconds', $move$
do $block$
declare
  v_id uuid;
begin
  for v_id in select private.orgs_to_move() loop
    begin
      perform private.move_sent_leads(v_id);
    exception when others then
      raise warning 'leads of organisation % were not moved: % (%)', v_id, sqlerrm, sqlstate;
    end;
    commit;
  end loop;
end;
$block$
$move$);
