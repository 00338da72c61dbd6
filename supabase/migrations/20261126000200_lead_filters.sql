-- What the filters and the search box need of leads and of what hangs on them: parcel numbers in what is searched, a rank to sort
-- scores by, whether campaigns wrote to a lead at all, and an index for every filter that may name something rare.

alter table public.leads
  add column apn_text text not null default '',
  add column first_contacted_at timestamptz,
  add column score_rank smallint not null
    generated always as (case lead_score when 'hot' then 3 when 'warm' then 2 else 1 end) stored;
comment on column public.leads.apn_text is 'The parcel numbers of the lead as written and as bare letters and digits, so that the search box finds them; kept by trigger.';
comment on column public.leads.first_contacted_at is 'When a campaign''s text to this lead was first sent; null: never contacted. Kept by private.fold_lead_activity.';
comment on column public.leads.score_rank is 'The score as a number to sort by: hot 3, warm 2, cold 1.';

alter table public.leads alter column search_text set expression as (
  private.fold_text(
    ' ' || coalesce(first_name, '') || ' ' || coalesce(last_name, '') || ' ' || coalesce(email, '') || ' '
    || coalesce(address1, '') || ' ' || coalesce(city, '') || ' ' || coalesce(state, '') || ' '
    || coalesce(postal_code, '') || ' ' || coalesce(county, '') || ' ' || phone_digits || ' ' || apn_text
  )
);

-- Each begins with the organisation and ends with the order of the list: a page of a common value is read off the index as it is.
create index leads_state_status_idx on public.leads (org_id, state, status, created_at desc) where deleted_at is null;
create index leads_city_idx on public.leads (org_id, lower(city), created_at desc) where deleted_at is null;
create index leads_zip_idx on public.leads (org_id, "left"(postal_code, 5), created_at desc) where deleted_at is null;
create index leads_source_idx on public.leads (org_id, lower(source), created_at desc) where deleted_at is null and source is not null;
create index leads_language_idx on public.leads (org_id, language, created_at desc) where deleted_at is null and language is not null;
create index leads_consent_idx on public.leads (org_id, consent_status, created_at desc) where deleted_at is null and consent_status <> 'unknown';
create index leads_score_idx on public.leads (org_id, score_rank desc, created_at desc, id desc) where deleted_at is null;
create index leads_never_contacted_idx on public.leads (org_id, created_at desc, id desc) where deleted_at is null and first_contacted_at is null;
create index leads_name_idx on public.leads
  (org_id, private.fold_text(coalesce(last_name, '') || ' ' || coalesce(first_name, '')), id) where deleted_at is null;
create index leads_custom_fields_idx on public.leads using gin (org_id, custom_fields jsonb_path_ops)
  where deleted_at is null and custom_fields <> '{}';
create index leads_deleted_idx on public.leads (org_id, created_at desc, id desc) where deleted_at is not null;

create index leads_live_idx on public.leads (org_id, id) where deleted_at is null;
-- With the lead beside what is asked about: whom a parcel or phone leads to is then read off the index alone.
create index lead_properties_type_idx on public.lead_properties (org_id, lower(property_type), lead_id) include (property_type);
create index lead_properties_acreage_idx on public.lead_properties (org_id, acreage, lead_id);
create index lead_properties_value_idx on public.lead_properties (org_id, estimated_value, lead_id);
create index lead_phones_line_type_idx on public.lead_phones (org_id, line_type, lead_id);
create index conversations_org_lead_idx on public.conversations (org_id, lead_id) where lead_id is not null;

-- The planner takes no figures from partial indexes: without these every county, city, ZIP and source is one of two hundred to it.
create statistics public.leads_county_stats on (lower(county)) from public.leads;
create statistics public.leads_city_stats on (lower(city)) from public.leads;
create statistics public.leads_zip_stats on ("left"(postal_code, 5)) from public.leads;
create statistics public.leads_source_stats on (lower(source)) from public.leads;
create statistics public.lead_properties_type_stats on (lower(property_type)) from public.lead_properties;

create function private.apn_text(p_apns text[])
returns text
language sql
immutable
set search_path = ''
as $$
  select coalesce(string_agg(
    a.apn || case when a.bare <> a.apn and a.bare <> '' then ' ' || a.bare else '' end, ' ' order by a.n), '')
  from (
    select x.apn, regexp_replace(x.apn, '[^[:alnum:]]', '', 'g') as bare, x.n
    from unnest(p_apns) with ordinality x (apn, n) where x.apn is not null
  ) a;
$$;
comment on function private.apn_text(text[]) is 'leads.apn_text of a lead with these parcel numbers, in their order: each as written, and bare where it has punctuation.';
grant execute on function private.apn_text(text[]) to service_role;

create function private.keep_apn_text()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  update public.leads l
  set apn_text = p.apn_text
  from (
    select c.lead_id, private.apn_text(array_agg(distinct lp.apn order by lp.apn)) as apn_text
    from (select distinct org_id, lead_id from changed) c
    left join public.lead_properties lp on lp.org_id = c.org_id and lp.lead_id = c.lead_id
    group by c.lead_id
  ) p
  where l.id = p.lead_id and l.apn_text <> p.apn_text;
  return null;
end;
$$;
comment on function private.keep_apn_text() is 'Statement trigger: keeps leads.apn_text for the leads whose parcels changed.';
create trigger lead_properties_apn_insert after insert on public.lead_properties
  referencing new table as changed for each statement execute function private.keep_apn_text();
create trigger lead_properties_apn_update after update on public.lead_properties
  referencing new table as changed for each statement execute function private.keep_apn_text();
create trigger lead_properties_apn_delete after delete on public.lead_properties
  referencing old table as changed for each statement execute function private.keep_apn_text();

update public.leads l set apn_text = p.apn_text
from (select lp.lead_id, private.apn_text(array_agg(distinct lp.apn order by lp.apn)) as apn_text from public.lead_properties lp group by lp.lead_id) p
where p.lead_id = l.id and p.apn_text <> '';
update public.leads l set first_contacted_at = t.sent_at
from (
  select x.lead_id, min(coalesce(x.sent_at, x.updated_at)) as sent_at from public.campaign_targets x where x.state = 'sent' group by x.lead_id
) t
where t.lead_id = l.id;

create or replace function private.leads_json(p_lead_ids uuid[])
returns table (id uuid, lead jsonb)
language sql
stable
set search_path = ''
as $$
  select l.id,
    to_jsonb(l)
      || jsonb_build_object(
        'primary_phone', phones.by_role ->> 'primary',
        'secondary_phone', phones.by_role ->> 'secondary',
        'alternate_phone', phones.by_role ->> 'alternate',
        'phones', coalesce(phones.list, '[]'),
        'properties', coalesce(parcels.list, '[]')
      )
  from (
    -- What the API shows and no more: a column that is added is not told by accident.
    select x.id, x.first_name, x.last_name, x.full_name, x.language, x.email, x.address1, x.address2, x.city, x.state, x.postal_code, x.county,
      x.status, x.lead_score, x.consent_status, x.source, x.notes, x.tags, x.custom_fields, x.import_id, x.first_contacted_at, x.created_at,
      x.updated_at
    from public.leads x
    where x.id = any (p_lead_ids)
  ) l
  left join (
    select p.lead_id, jsonb_object_agg(p.role, p.e164) as by_role,
      jsonb_agg(
        to_jsonb(p) - array['org_id', 'lead_id', 'carrier_info']
        order by array_position(array['primary', 'secondary', 'alternate'], p.role)
      ) as list
    from public.leads x join public.lead_phones p on p.org_id = x.org_id and p.lead_id = x.id
    where x.id = any (p_lead_ids)
    group by p.lead_id
  ) phones on phones.lead_id = l.id
  left join (
    select p.lead_id, jsonb_agg(to_jsonb(p) - array['org_id', 'lead_id'] order by p.created_at, p.id) as list
    from public.leads x join public.lead_properties p on p.org_id = x.org_id and p.lead_id = x.id
    where x.id = any (p_lead_ids)
    group by p.lead_id
  ) parcels on parcels.lead_id = l.id;
$$;
