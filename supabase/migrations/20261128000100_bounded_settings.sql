-- Both bounds of every value that an admin can write, whether through a function or straight through REST.
-- "Greater than 0" alone is no bound: NaN is greater than every number. One NaN among the paces stopped the planning of all organisations.

-- What was stored before these checks is mended first: a value out of its range becomes the nearest that is allowed, or none.
update public.orgs o set
  name = coalesce(nullif(trim(regexp_replace(o.name, '[\u0001-\u001f\u007f-\u009f\u2028\u2029]+', ' ', 'g')), ''), 'Organisation'),
  brand = coalesce(nullif(trim(regexp_replace(o.brand, '[\u0001-\u001f\u007f-\u009f\u2028\u2029]+', ' ', 'g')), ''), 'Organisation'),
  support_contact = regexp_replace(o.support_contact, '[\u0001-\u001f\u007f-\u009f\u2028\u2029]+', ' ', 'g')
where concat(o.name, o.brand, o.support_contact) ~ '[\u0001-\u001f\u007f-\u009f\u2028\u2029]';
update public.orgs o set name = 'Organisation' where o.name !~ '[^[:space:]\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000\ufeff]';
update public.orgs o set brand = 'Organisation' where o.brand !~ '[^[:space:]\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000\ufeff]';
update public.orgs o set mps = case when o.mps <> 'NaN' then 10000 end where o.mps > 10000;
update public.orgs o set daily_cap = 100000000 where o.daily_cap > 100000000;
update public.orgs o set lookup_price = 99 where o.lookup_price > 99;
update public.orgs o set warmup_caps = '{100,200,400,800,1600,2000}'
where not (array_ndims(o.warmup_caps) = 1 and array_lower(o.warmup_caps, 1) = 1 and array_position(o.warmup_caps, null) is null and 1000000 >= all (o.warmup_caps));
update public.orgs o set time_zone = 'America/Chicago' where not exists (select from pg_catalog.pg_timezone_names z where z.name = o.time_zone);
update public.orgs o set quiet_starts = '00:00' where o.quiet_starts = '24:00' and o.quiet_ends <> '00:00';
update public.orgs o set quiet_ends = '00:00' where o.quiet_ends = '24:00' and o.quiet_starts <> '00:00';
update public.orgs o set quiet_starts = '20:00', quiet_ends = '08:00' where '24:00' in (o.quiet_starts, o.quiet_ends);
update public.sending_limits l set
  segment_price = least(l.segment_price, 99), carrier_fee = least(l.carrier_fee, 99),
  daily_spending_limit = least(l.daily_spending_limit, 9999999), min_balance = least(l.min_balance, 9999999)
where greatest(l.segment_price, l.carrier_fee) > 99 or greatest(l.daily_spending_limit, l.min_balance) > 9999999;
update public.carrier_caps c set daily_segments = 100000000 where c.daily_segments > 100000000;
delete from public.carrier_caps c where c.carrier ~ '[\u0001-\u001f\u007f-\u009f\u2028\u2029]';
-- A rule that lies beyond the years the calendar knows is of no day.
delete from public.quiet_hour_rules q
where q.org_id is not null and (q.effective_from >= '2200-01-01' or q.effective_to <= '1900-01-01'
  or (q.effective_from < '1900-01-01' and exists (
    select from public.quiet_hour_rules y
    where y.org_id = q.org_id and y.state = q.state and y.dow = q.dow and y.effective_from > q.effective_from and y.effective_from <= '1900-01-01')));
update public.quiet_hour_rules q set
  effective_from = greatest(q.effective_from, '1900-01-01'),
  effective_to = case when q.effective_to <= '2200-01-01' then q.effective_to end,
  reviewed_at = least(greatest(q.reviewed_at, '1900-01-01'), '2200-01-01'),
  max_per_24h = least(q.max_per_24h, 1000),
  source = coalesce(nullif(left(trim(regexp_replace(q.source, '[\u0001-\u001f\u007f-\u009f\u2028\u2029]+', ' ', 'g')), 500), ''), 'not given')
where q.org_id is not null;
update public.phone_numbers n set mps = case when n.mps <> 'NaN' then 10000 else 1 end where n.mps > 10000;
update public.phone_numbers n set daily_cap = 10000000 where n.daily_cap > 10000000;
update public.phone_numbers n set time_zone = 'America/Chicago' where not exists (select from pg_catalog.pg_timezone_names z where z.name = n.time_zone);
update public.phone_numbers n set warmup_started_on = null where not n.warmup_started_on between '2000-01-01' and '2100-01-01';
update public.phone_numbers n set quiet_starts = '00:00' where n.quiet_starts = '24:00' and n.quiet_ends <> '00:00';
update public.phone_numbers n set quiet_ends = '00:00' where n.quiet_ends = '24:00' and n.quiet_starts <> '00:00';
update public.phone_numbers n set quiet_starts = '20:00', quiet_ends = '08:00' where '24:00' in (n.quiet_starts, n.quiet_ends);
update public.phone_numbers n set status_reason = left(n.status_reason, 1000) where length(n.status_reason) > 1000;
update public.campaigns c set name = coalesce(nullif(trim(regexp_replace(c.name, '[\u0001-\u001f\u007f-\u009f\u2028\u2029]+', ' ', 'g')), ''), 'Campaign')
where c.name ~ '[\u0001-\u001f\u007f-\u009f\u2028\u2029]';
update public.campaigns c set name = 'Campaign' where c.name !~ '[^[:space:]\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000\ufeff]';
update public.campaigns c set mps = case when c.mps <> 'NaN' then 1000 end where c.mps > 1000;
update public.campaigns c set daily_cap = 10000000 where c.daily_cap > 10000000;
update public.campaigns c set scheduled_at = '2100-01-01' where c.scheduled_at > '2100-01-01';
update public.campaigns c set scheduled_at = '2000-01-01' where c.scheduled_at < '2000-01-01';
-- Nobody's: a list of a megabyte could only be stored past the API.
update public.campaigns c set target_criteria = '{"lead_ids": ["00000000-0000-0000-0000-000000000000"]}' where pg_column_size(c.target_criteria || '{}') > 1000000;
update public.campaign_variants v set name = 'Variant ' || v.variant where v.name ~ '[\u0001-\u001f\u007f-\u009f\u2028\u2029]';

alter table public.orgs
  add constraint orgs_name_line check (length(name) <= 200 and name !~ '[\u0001-\u001f\u007f-\u009f\u2028\u2029]' and name ~ '[^[:space:]\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000\ufeff]'),
  add constraint orgs_brand_line check (length(brand) <= 25 and brand !~ '[\u0001-\u001f\u007f-\u009f\u2028\u2029]' and brand ~ '[^[:space:]\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000\ufeff]'),
  add constraint orgs_support_contact_line check (support_contact !~ '[\u0001-\u001f\u007f-\u009f\u2028\u2029]'),
  drop constraint orgs_mps_check,
  add constraint orgs_mps_check check (mps between 0.001 and 10000),
  drop constraint orgs_daily_cap_check,
  add constraint orgs_daily_cap_check check (daily_cap between 0 and 100000000),
  drop constraint orgs_lookup_price_check,
  add constraint orgs_lookup_price_check check (lookup_price between 0 and 99),
  drop constraint orgs_warmup_caps_check,
  -- A second dimension, another first index or a null would read as "no cap".
  add constraint orgs_warmup_caps_check check (
    cardinality(warmup_caps) between 1 and 60 and array_ndims(warmup_caps) = 1 and array_lower(warmup_caps, 1) = 1
    and array_position(warmup_caps, null) is null and 1 <= all (warmup_caps) and 1000000 >= all (warmup_caps)),
  add constraint orgs_time_zone_length check (length(time_zone) <= 64),
  add constraint orgs_quiet_starts_check check (quiet_starts < '24:00'),
  add constraint orgs_quiet_ends_check check (quiet_ends < '24:00');

alter table public.sending_limits
  drop constraint sending_limits_segment_price_check,
  add constraint sending_limits_segment_price_check check (segment_price between 0 and 99),
  drop constraint sending_limits_carrier_fee_check,
  add constraint sending_limits_carrier_fee_check check (carrier_fee between 0 and 99),
  drop constraint sending_limits_daily_spending_limit_check,
  add constraint sending_limits_daily_spending_limit_check check (daily_spending_limit between 0 and 9999999),
  drop constraint sending_limits_min_balance_check,
  add constraint sending_limits_min_balance_check check (min_balance between 0 and 9999999);

alter table public.carrier_caps
  drop constraint carrier_caps_daily_segments_check,
  add constraint carrier_caps_daily_segments_check check (daily_segments between 0 and 100000000),
  add constraint carrier_caps_carrier_line check (carrier !~ '[\u0001-\u001f\u007f-\u009f\u2028\u2029]');

alter table public.quiet_hour_rules
  drop constraint quiet_hour_rules_max_per_24h_check,
  add constraint quiet_hour_rules_max_per_24h_check check (max_per_24h between 1 and 1000),
  drop constraint quiet_hour_rules_source_check,
  add constraint quiet_hour_rules_source_check check (length(source) between 1 and 500 and source !~ '[\u0001-\u001f\u007f-\u009f\u2028\u2029]'),
  add constraint quiet_hour_rules_effective_from_check check (effective_from between '1900-01-01' and '2200-01-01'),
  add constraint quiet_hour_rules_effective_to_check check (effective_to between '1900-01-01' and '2200-01-01'),
  add constraint quiet_hour_rules_reviewed_at_check check (reviewed_at between '1900-01-01' and '2200-01-01');

alter table public.phone_numbers
  drop constraint phone_numbers_mps_check,
  -- What update_number takes is less; this much no machine of Twilio's takes from one number.
  add constraint phone_numbers_mps_check check (mps between 0.001 and 10000),
  drop constraint phone_numbers_daily_cap_check,
  add constraint phone_numbers_daily_cap_check check (daily_cap between 0 and 10000000),
  add constraint phone_numbers_time_zone_length check (length(time_zone) <= 64),
  -- An infinite day has no age, and asking for it failed the plans of all organisations.
  add constraint phone_numbers_warmup_started_on_check check (warmup_started_on between '2000-01-01' and '2100-01-01'),
  add constraint phone_numbers_quiet_starts_check check (quiet_starts < '24:00'),
  add constraint phone_numbers_quiet_ends_check check (quiet_ends < '24:00'),
  add constraint phone_numbers_status_reason_check check (length(status_reason) <= 1000);

alter table public.campaigns
  add constraint campaigns_name_line check (length(name) <= 200 and name !~ '[\u0001-\u001f\u007f-\u009f\u2028\u2029]' and name ~ '[^[:space:]\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000\ufeff]'),
  drop constraint campaigns_mps_check,
  add constraint campaigns_mps_check check (mps between 0.001 and 1000),
  drop constraint campaigns_daily_cap_check,
  add constraint campaigns_daily_cap_check check (daily_cap between 0 and 10000000),
  add constraint campaigns_scheduled_at_check check (scheduled_at between '2000-01-01' and '2100-01-01'),
  -- 10,000 ids and a filter beside them are less.
  add constraint campaigns_target_criteria_size check (pg_column_size(target_criteria) <= 1000000);
alter table public.campaign_variants
  add constraint campaign_variants_name_line check (length(name) <= 40 and name !~ '[\u0001-\u001f\u007f-\u009f\u2028\u2029]');

create function private.check_time_zone()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  -- "at time zone" reads offsets and invented zones too, such as X+167; everything else that reads a zone knows names only.
  if not private.is_time_zone(new.time_zone) then
    perform private.refuse_field('time_zone', 'time_zone must be an IANA name such as America/Chicago.');
  end if;
  return new;
end;
$$;
comment on function private.check_time_zone() is
  'Trigger: a time zone is one that Postgres knows by its full name. Raises PT422. Definer: whoever saves a row may not call private functions.';
create trigger orgs_check_new_time_zone before insert on public.orgs
  for each row when (new.time_zone <> 'America/Chicago') execute function private.check_time_zone();
create trigger orgs_check_time_zone before update of time_zone on public.orgs
  for each row when (new.time_zone <> old.time_zone) execute function private.check_time_zone();
create trigger phone_numbers_check_new_time_zone before insert on public.phone_numbers
  for each row when (new.time_zone <> 'America/Chicago') execute function private.check_time_zone();
create trigger phone_numbers_check_time_zone before update of time_zone on public.phone_numbers
  for each row when (new.time_zone <> old.time_zone) execute function private.check_time_zone();

-- The name comes from a form or an address: whatever stands in it, the sign-up goes on.
create or replace function private.create_org(p_name text)
returns uuid
language plpgsql
set search_path = ''
as $$
declare
  v_org_id uuid;
  v_name text := trim(regexp_replace(p_name, '[\u0001-\u0020\u007f-\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff]+', ' ', 'g'));
begin
  v_name := coalesce(nullif(left(v_name, 200), ''), 'Organisation');
  insert into public.orgs (name, brand)
  values (v_name, left(v_name, 25))
  returning id into v_org_id;
  insert into public.templates (org_id, category, language, name, content, variables, required_variables, encoding, worst_segments)
  select v_org_id, d.category, d.language, d.name, d.content, d.variables, d.required_variables, d.encoding, d.worst_segments
  from private.default_templates d
  order by d.key;
  return v_org_id;
end;
$$;
comment on function private.create_org(text) is
  'Creates an organisation with default settings and templates; returns its id. Its name is p_name in one line, cut at 200 characters. The brand starts as the name and should be set before the first campaign.';

update public.templates t set name = regexp_replace(t.name, '[\u0001-\u001f\u007f-\u009f\u2028\u2029]+', ' ', 'g') where t.name ~ '[\u0001-\u001f\u007f-\u009f\u2028\u2029]';
update public.templates t set variables = '{}', required_variables = '{}' where cardinality(t.variables) > 100 or array_position(t.variables, null) is not null;
alter table public.templates
  add constraint templates_variables_check check (cardinality(variables) <= 100 and array_position(variables, null) is null),
  add constraint templates_required_variables_check check (cardinality(required_variables) <= 100 and array_position(required_variables, null) is null),
  add constraint templates_version_check check (version between 1 and 1000000000),
  add constraint templates_name_line check (length(name) <= 200 and name !~ '[\u0001-\u001f\u007f-\u009f\u2028\u2029]');
alter table public.phone_numbers
  add constraint phone_numbers_twilio_sid_check check (length(twilio_sid) <= 64);
alter table public.consent_rules
  add constraint consent_rules_effective_from_check check (effective_from between '1900-01-01' and '2200-01-01'),
  add constraint consent_rules_effective_to_check check (effective_to between '1900-01-01' and '2200-01-01'),
  add constraint consent_rules_reviewed_at_check check (reviewed_at between '1900-01-01' and '2200-01-01');
