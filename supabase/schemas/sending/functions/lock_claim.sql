create function private.lock_claim(
  p_taken uuid[],
  out p_numbers uuid[],
  out p_targets uuid[],
  out p_people_orgs uuid[],
  out p_people_phones text[],
  out p_number_ids uuid[],
  out p_number_slots timestamptz[],
  out p_campaign_ids uuid[],
  out p_campaign_slots timestamptz[],
  out p_org_ids uuid[],
  out p_org_slots timestamptz[]
)
language plpgsql
set search_path = ''
as $$
declare
  v_campaigns uuid[];
  v_orgs uuid[];
  v_message_orgs uuid[];
  v_message_phones text[];
  v_has_steps boolean;
begin
  select array_agg(distinct m.campaign_id) filter (where m.campaign_id is not null), array_agg(distinct m.phone_number_id),
    array_agg(distinct m.org_id),
    array_agg(m.campaign_target_id) filter (where m.campaign_target_id is not null), array_agg(m.org_id), array_agg(m.to_number),
    bool_or(m.step > 1)
  into v_campaigns, p_numbers, v_orgs, p_targets, v_message_orgs, v_message_phones, v_has_steps
  from public.messages m where m.id = any (p_taken) and m.status = 'queued';

  -- In the usual order: campaign → clocks → contact → target → message, each by id.
  perform 1 from public.campaigns c where c.id = any (v_campaigns) order by c.id for share;
  perform 1 from public.phone_numbers n where n.id = any (p_numbers) order by n.id for share;
  select array_agg(p.org_id), array_agg(p.next_slot_at) into p_org_ids, p_org_slots from (
    select x.org_id, x.next_slot_at from private.org_pace x join public.orgs o on o.id = x.org_id
    where o.mps is not null and x.org_id = any (v_orgs)
    order by x.org_id for no key update of x) p;
  select array_agg(p.campaign_id), array_agg(p.next_slot_at) into p_campaign_ids, p_campaign_slots from (
    select x.campaign_id, x.next_slot_at from private.campaign_pace x join public.campaigns c on c.id = x.campaign_id
    where c.mps is not null and x.campaign_id = any (v_campaigns)
    order by x.campaign_id for no key update of x) p;
  select array_agg(p.phone_number_id), array_agg(p.next_slot_at) into p_number_ids, p_number_slots from (
    select x.phone_number_id, x.next_slot_at from private.number_pace x
    where x.phone_number_id = any (p_numbers)
    order by x.phone_number_id for no key update) p;
  if v_has_steps then
    select v_message_orgs || array_agg(o.org_id), v_message_phones || array_agg(o.e164) into v_message_orgs, v_message_phones
    from private.other_phones(p_taken) o;
  end if;
  select array_agg(p.org_id), array_agg(p.e164) into p_people_orgs, p_people_phones from (
    select c.org_id, c.e164 from private.contacts c
    where (c.org_id, c.e164) in (select x.org_id, x.e164 from unnest(v_message_orgs, v_message_phones) as x(org_id, e164))
    order by c.org_id, c.e164 for no key update skip locked) p;
  p_targets := array(
    select t.id from public.campaign_targets t where t.id = any (p_targets) order by t.id for no key update skip locked);
  if v_has_steps then
    -- Somebody else holds another phone of the person, perhaps to record an answer: tried again in a second.
    p_targets := array(
      select x.id from unnest(p_targets) as x(id)
      where not exists (
        select from private.other_phones(p_taken) o
        where o.target_id = x.id
          and (o.org_id, o.e164) not in (
            select h.org_id, h.e164 from unnest(p_people_orgs, p_people_phones) as h(org_id, e164))));
  end if;
end;
$$;
comment on function private.lock_claim(uuid[]) is
  'Locks what a claim of these messages needs; contacts and targets that other transactions hold are skipped. Returns the '
  'numbers (p_numbers), the targets and contacts that it holds, and the clocks of numbers, campaigns and organisations with the '
  'time of their next slot. Campaigns and organisations without a pace of their own have no clock here.';
