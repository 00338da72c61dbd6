-- A lead becomes do_not_contact if its last phone was opted out other than by a message. A task reads new opt-outs from where it
-- stopped. private.fold_lead_activity, not this task, sets the status contacted.

create function private.move_opted_out_leads(p_org_id uuid, p_now timestamptz default now())
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_mark private.lead_marks;
  v_e164 text;
begin
  insert into private.lead_marks (org_id, opted_out_until)
  select p_org_id, least(p_now, coalesce(
    (select o.created_at from public.opt_outs o where o.org_id = p_org_id order by o.created_at limit 1) - interval '1 second',
      p_now))
  on conflict do nothing;
  select * into v_mark from private.lead_marks k where k.org_id = p_org_id for no key update skip locked;
  if not found then
    return;
  end if;
  -- An opt-out that commits late has an earlier time than others that are visible already. Half a minute is longer than any such
  -- transaction takes.
  if v_mark.opted_out_until < p_now - interval '30 seconds' then
    for v_e164 in
      select o.e164 from public.opt_outs o
      where o.org_id = p_org_id and o.created_at > v_mark.opted_out_until and o.created_at <= p_now - interval '30 seconds'
        and o.is_active
      order by o.created_at
    loop
      perform private.leave_alone(p_org_id, v_e164, 'opt_out');
    end loop;
    update private.lead_marks k set opted_out_until = p_now - interval '30 seconds' where k.org_id = p_org_id;
  end if;
end;
$$;
comment on function private.move_opted_out_leads(uuid, timestamptz) is
  'Sets leads of one organisation to do_not_contact if their last phone opted out since the last run (private.leave_alone). '
  'Locks only leads, in the order of their ids, so it may run beside any other work.';

create function private.orgs_to_move(p_now timestamptz default now())
returns setof uuid
language sql
stable
set search_path = ''
as $$
  select o.id
  from public.orgs o
  left join private.lead_marks k on k.org_id = o.id
  -- Reads the last row from the index: with exists, the planner would read the table.
  where (select x.created_at from public.opt_outs x
         where x.org_id = o.id and x.created_at <= p_now - interval '30 seconds' order by x.created_at desc limit 1)
      > coalesce(k.opted_out_until, '-infinity')
  order by o.id;
$$;
comment on function private.orgs_to_move(timestamptz) is
  'Organisations with opt-outs that private.move_opted_out_leads has not processed.';
