-- Phones looked up at Twilio: what kind of line, whose network, and whether there is such a number. A lookup outranks what an
-- import says of the kind of line; a person outranks both.

alter table public.lead_phones
  add column looked_up_at timestamptz,
  add column line_type_source text check (line_type_source in ('import', 'lookup', 'manual'));
comment on column public.lead_phones.looked_up_at is 'When Twilio Lookup last told of this phone; null where it was never asked.';
comment on column public.lead_phones.line_type_source is
  'Who says what kind of line it is: import (a file), lookup (Twilio, by Lookup or by refusing a text), manual (a person). A later one of these outranks an earlier.';
update public.lead_phones p set line_type_source = 'import' where p.line_type is not null;
create index lead_phones_not_looked_up_idx on public.lead_phones (org_id, e164) where looked_up_at is null;

create function private.name_line_type_source()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  new.line_type_source := 'import';
  return new;
end;
$$;
comment on function private.name_line_type_source() is 'Trigger: a phone that comes with a kind of line and does not say whose word that is has it from a file.';
create trigger lead_phones_line_type_insert before insert on public.lead_phones
  for each row when (new.line_type is not null and new.line_type_source is null) execute function private.name_line_type_source();

create or replace function private.learn_from_error(p_message public.messages, p_code integer, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_class private.error_classes := private.error_class(p_code);
begin
  if v_class.class = 'opt_out' then
    perform private.suppress(p_message.org_id, p_message.to_number, 'carrier', 'Twilio ' || p_code || ': ' || v_class.note, p_message.campaign_id, false, null, p_now);
  elsif v_class.class = 'permanent' then
    update private.contacts c set invalid_at = p_now, invalid_reason = 'twilio_' || p_code
    where c.org_id = p_message.org_id and c.e164 = p_message.to_number and c.invalid_at is null;
    update public.lead_phones lp
    set is_valid = false, invalid_reason = 'twilio_' || p_code,
        line_type = case when v_class.action = 'mark_landline' and lp.line_type_source is distinct from 'manual' then 'landline' else lp.line_type end,
        line_type_source = case when v_class.action = 'mark_landline' and lp.line_type_source is distinct from 'manual' then 'lookup' else lp.line_type_source end
    where lp.org_id = p_message.org_id and lp.e164 = p_message.to_number and lp.is_valid;
  end if;
end;
$$;

create function private.lookup_lane(p_org_id uuid)
returns uuid
language plpgsql
set search_path = ''
as $$
declare
  v_id uuid;
begin
  select l.id into v_id from private.call_lanes l where l.org_id = p_org_id and l.service_id is null;
  if v_id is null then
    insert into private.call_lanes (org_id, queue) values (p_org_id, 'lookups') on conflict do nothing;
    select l.id into v_id from private.call_lanes l where l.org_id = p_org_id and l.service_id is null;
  end if;
  return v_id;
end;
$$;
comment on function private.lookup_lane(uuid) is 'The lane of an organisation''s lookups, made where there is none.';

create function private.find_lookups(p_org_id uuid, p_e164s text[], p_now timestamptz)
returns table (e164 text, looked_up_at timestamptz, line_type text, carrier text, carrier_info jsonb, invalid_reason text)
language sql
stable
set search_path = ''
as $$
  -- One index lookup per phone, whatever the statistics say in the middle of an import.
  select x.e164, k.looked_up_at, k.line_type, k.carrier, k.carrier_info, k.invalid_reason
  from unnest(p_e164s) as x (e164)
  cross join lateral (
    select p.looked_up_at, case when p.line_type_source = 'lookup' then p.line_type end as line_type, p.carrier, p.carrier_info,
      case when p.invalid_reason like 'lookup\_%' then p.invalid_reason end as invalid_reason
    from public.lead_phones p
    where p.org_id = p_org_id and p.e164 = x.e164 and p.looked_up_at > p_now - interval '90 days'
    order by p.looked_up_at desc, (p.line_type_source = 'lookup') desc limit 1
  ) k;
$$;
comment on function private.find_lookups(uuid, text[], timestamptz) is
  'What Twilio told of these phones within 90 days, whichever lead has them: such phones are not asked about again.';

create function private.copy_lookups(p_org_id uuid, p_e164s text[], p_now timestamptz)
returns text[]
language plpgsql
set search_path = ''
as $$
declare
  v_known text[];
begin
  select coalesce(array_agg(k.e164), '{}') into v_known from private.find_lookups(p_org_id, p_e164s, p_now) k;
  if cardinality(v_known) > 0 then
    update public.lead_phones p
    set looked_up_at = k.looked_up_at,
        line_type = case when p.line_type_source = 'manual' then p.line_type else coalesce(k.line_type, p.line_type) end,
        line_type_source = case when p.line_type_source = 'manual' or k.line_type is null then p.line_type_source else 'lookup' end,
        carrier = coalesce(k.carrier, p.carrier),
        carrier_info = k.carrier_info,
        is_valid = p.is_valid and k.invalid_reason is null,
        invalid_reason = coalesce(p.invalid_reason, k.invalid_reason)
    from private.find_lookups(p_org_id, v_known, p_now) k
    where p.org_id = p_org_id and p.e164 = k.e164 and (p.looked_up_at is null or p.looked_up_at <= p_now - interval '90 days');
  end if;
  return v_known;
end;
$$;
comment on function private.copy_lookups(uuid, text[], timestamptz) is
  'Writes what Twilio told of these phones within 90 days to those leads that have them and were not told; returns the phones that are known.';

create function private.queue_new_phones()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_org_id uuid;
  v_lane_id uuid;
  v_e164s text[];
  v_known text[];
begin
  for v_org_id in
    select distinct c.org_id from changed c join public.orgs o on o.id = c.org_id and o.lookup_enabled
  loop
    v_e164s := array(select distinct c.e164 from changed c where c.org_id = v_org_id and c.looked_up_at is null and c.is_valid);
    v_known := private.copy_lookups(v_org_id, v_e164s, now());
    v_lane_id := private.lookup_lane(v_org_id);
    insert into private.outside_calls (lane_id, subject)
    select v_lane_id, e from unnest(v_e164s) e where e <> all (v_known) order by e
    on conflict do nothing;
  end loop;
  return null;
end;
$$;
comment on function private.queue_new_phones() is
  'Statement trigger: phones of new leads, and new phones of old ones, are to be looked up where the organisation has that turned on; what is known of a phone is written to it. Definer: whoever adds phones may not write calls.';
create trigger lead_phones_lookup_insert after insert on public.lead_phones
  referencing new table as changed for each statement execute function private.queue_new_phones();
