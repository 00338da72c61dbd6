-- Written from supabase/schemas/leads by npm run generate: change it there.

-- A function may call one that comes later.
set check_function_bodies = off;

-- schemas/leads/checks/county_key.sql

create function private.state_code(p_text text)
returns text
language sql
immutable
strict
parallel safe
set search_path = ''
as $$
  select case
    when length(w.word) = 2 and position(' ' || w.word || ' ' in ' al ak az ar ca co ct de dc fl ga hi id il in ia ks ky la me '
      'md ma mi mn ms mo mt ne nv nh nj nm ny nc nd oh ok or pa pr ri sc sd tn tx ut vt va wa wv wi wy as gu mp vi ') > 0
      then upper(w.word)
    else
      '{"alabama": "AL", "alaska": "AK", "arizona": "AZ", "arkansas": "AR", "california": "CA", "colorado": "CO",
        "connecticut": "CT", "delaware": "DE", "districtofcolumbia": "DC", "florida": "FL", "georgia": "GA", "hawaii": "HI",
        "idaho": "ID", "illinois": "IL", "indiana": "IN", "iowa": "IA", "kansas": "KS", "kentucky": "KY", "louisiana": "LA",
        "maine": "ME", "maryland": "MD", "massachusetts": "MA", "michigan": "MI", "minnesota": "MN", "mississippi": "MS",
        "missouri": "MO", "montana": "MT", "nebraska": "NE", "nevada": "NV", "newhampshire": "NH", "newjersey": "NJ",
        "newmexico": "NM", "newyork": "NY", "northcarolina": "NC", "northdakota": "ND", "ohio": "OH", "oklahoma": "OK",
        "oregon": "OR", "pennsylvania": "PA", "puertorico": "PR", "rhodeisland": "RI", "southcarolina": "SC",
        "southdakota": "SD", "tennessee": "TN", "texas": "TX", "utah": "UT", "vermont": "VT", "virginia": "VA",
        "washington": "WA", "westvirginia": "WV", "wisconsin": "WI", "wyoming": "WY"}'::jsonb ->> w.word
    end
  from (select regexp_replace(lower(p_text), '[^a-z]+', '', 'g') as word) w;
$$;
comment on function private.state_code(text) is 'The code of a state written as its code or English name; null for other texts.';

create function private.county_state(p_text text)
returns text
language sql
immutable
strict
parallel safe
set search_path = ''
as $$
  -- "Lake CO" is Lake County, and no county's own name ends in the code of a state.
  select private.state_code(case
    when t.text like '%,%' then substring(t.text from ',([a-z. ]{2,24})$')
    else coalesce(
      substring(t.text from ' (?:county|parish|borough|co\.?) ([a-z. ]{2,24})$'),
      substring(t.text from ' (?!co$)([a-z]{2})$'))
    end)
  from (select regexp_replace(trim(lower(p_text)), '[, ]{1,9}(?:usa|u\.s\.a\.?|united states)$', '') as text) t;
$$;
comment on function private.county_state(text) is
  'The state that is named after a county: TX for "Harris County, Texas, USA", "Harris County Texas" and "Harris TX"; null if '
  'none is.';

create function private.county_key(p_text text, p_without_kind boolean default false)
returns text
language plpgsql
immutable
strict
parallel safe
set search_path = ''
as $$
declare
  v_words text;
begin
  -- One plain word, as most counties are, has nothing to be spelled in another way but these.
  if p_text ~ '^[A-Za-z]{3,}$' then
    v_words := lower(p_text);
    if v_words not in ('saint', 'sainte', 'fort', 'mount', 'sta', 'sto', 'cnty', 'cty', 'manhattan', 'brooklyn') then
      return v_words;
    end if;
  end if;
  v_words := trim(regexp_replace(private.fold_text(p_text), '\([^()]*\)', ' ', 'g'));
  if private.county_state(v_words) is not null then
    v_words := regexp_replace(v_words, '[, ]{1,9}(?:usa|u\.s\.a\.?|united states)$', '');
    v_words := case
      when v_words ~ ' (?:county|parish|borough|co\.?) [a-z. ]{2,24}$'
        then regexp_replace(v_words, ' (county|parish|borough|co\.?) [a-z. ]{2,24}$', ' \1')
      else regexp_replace(v_words, ',[^,]*$| [a-z]{2}$', '') end;
  end if;
  v_words := trim(regexp_replace(replace(v_words, '&', ' and '), '[^a-z0-9]+', ' ', 'g'));
  v_words := regexp_replace(v_words, '^[0-9]{3,5} (?=[a-z])', '');
  v_words := regexp_replace(v_words, ' (?:cad|(?:central )?appraisal district|assessor|tax office)$', '');
  v_words := regexp_replace(v_words, '\y(?:saint|st)\y', 'st', 'g');
  v_words := regexp_replace(v_words, '\ysainte\y', 'ste', 'g');
  v_words := regexp_replace(v_words, '\yfort\y', 'ft', 'g');
  v_words := regexp_replace(v_words, '\ymount\y', 'mt', 'g');
  v_words := regexp_replace(v_words, '\yst([ao])\y', 'sant\1', 'g');
  v_words := regexp_replace(v_words, '\ycnty\y|\ycty\y|\yco$', 'county', 'g');
  v_words := regexp_replace(v_words, '^city of (.+)$', '\1 city');
  v_words := regexp_replace(v_words, '^co of (.+)$', '\1 county');
  v_words := regexp_replace(v_words, '^(county|parish|borough|municipality|municipio) (?:of|de) (.+)$', '\2 \1');
  v_words := regexp_replace(v_words, '^condado (?:de )?(.+)$', '\1 county');
  if p_without_kind then
    v_words := regexp_replace(v_words,
      '^(.+?) (?:city and borough|census area|planning region|county|parish|borough|municipality|municipio)$', '\1');
  end if;
  v_words := replace(v_words, ' ', '');
  -- Boroughs of the City of New York are counties of other names.
  return case v_words when 'manhattan' then 'newyork' when 'brooklyn' then 'kings' when 'statenisland' then 'richmond'
    when 'thebronx' then 'bronx' else v_words end;
end;
$$;
comment on function private.county_key(text, boolean) is
  'The form in which names of counties are compared: lower case, without accents, spaces or points, with one spelling of Saint, '
  'Fort and Santa, without a state after it. p_without_kind: also without the word for its kind, such as county or parish.';
grant execute on function private.county_key(text, boolean) to service_role;

create function private.county_keys(p_county text, p_parcel_counties text[])
returns text[]
language plpgsql
immutable
parallel safe
set search_path = ''
as $$
declare
  v_key text := nullif(private.county_key(p_county, true), '');
begin
  return case when v_key is null or v_key = any (p_parcel_counties) then p_parcel_counties else v_key || p_parcel_counties end;
end;
$$;
comment on function private.county_keys(text, text[]) is
  'The value of leads.county_keys: the key of the lead''s own county, and those of its parcels'' counties.';
grant execute on function private.county_keys(text, text[]) to service_role;

-- schemas/leads/checks/parcel_key.sql

-- Parcel numbers in the one form in which they are compared. private.identify_parcel says what else makes parcels the same.

create function private.apn_key(p_apn text)
returns text
language plpgsql
immutable
strict
parallel safe
set search_path = ''
as $$
declare
  v_key text;
begin
  if p_apn ~ '^[A-Z1-9][A-Z0-9]*$' then
    return p_apn;
  end if;
  -- Spreadsheets turned these into amounts, dates and errors. Different numbers look the same afterwards.
  if p_apn ~* '^\d(?:[.,]\d+)?e\+\d{2,3}$|^#{2,}$|^#[^0-9 ]{3,14}[?!]$'
    or p_apn ~* '^\d{1,2}[-/](?:jan|feb|mar|apr|may|jun|jul|aug|sept?|oct|nov|dec|ene|abr|ago|dic)(?:[-/](?:\d{2}|\d{4}))?$'
    or p_apn ~* '^(?:jan|feb|mar|apr|may|jun|jul|aug|sept?|oct|nov|dec|ene|abr|ago|dic)[-/](?:\d{2}|\d{4})$'
  then
    return null;
  end if;
  v_key := regexp_replace(upper(p_apn), '[^A-Z0-9]+', '', 'g');
  -- A number of other letters or signs only is compared as it is.
  return case when v_key = '' then lower(trim(p_apn)) when v_key ~ '^0+$' then '0' else ltrim(v_key, '0') end;
end;
$$;
comment on function private.apn_key(text) is
  'The form in which parcel numbers are compared: letters and digits without leading zeros, since spreadsheets drop those. Null '
  'for one that a spreadsheet damaged.';
grant execute on function private.apn_key(text) to service_role;

create function private.parcel_key(p_state text, p_county text, p_apn text)
returns text
language plpgsql
immutable
parallel safe
set search_path = ''
as $$
begin
  return coalesce(p_state, '') || '|' || coalesce(private.county_key(p_county, true), '') || '|' || private.apn_key(p_apn);
end;
$$;
comment on function private.parcel_key(text, text, text) is
  'The text that only one parcel of a lead may have; null without a usable parcel number. private.same_parcel also counts '
  'parcels as the same if one of them has no state or no county.';
grant execute on function private.parcel_key(text, text, text) to service_role;

-- schemas/leads/triggers/apn.sql

create function private.keep_parcel_words()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  update public.leads l
  set apn_text = p.apn_text, parcel_counties = p.counties
  from (
    select c.lead_id, private.apn_text(array_agg(distinct lp.apn order by lp.apn)) as apn_text,
      private.parcel_counties(array_agg(distinct lp.county)) as counties
    from (select distinct org_id, lead_id from changed) c
    left join public.lead_properties lp on lp.org_id = c.org_id and lp.lead_id = c.lead_id
    group by c.lead_id
  ) p
  where l.id = p.lead_id and (l.apn_text <> p.apn_text or l.parcel_counties <> p.counties);
  return null;
end;
$$;
comment on function private.keep_parcel_words() is
  'Statement trigger: updates leads.apn_text and leads.parcel_counties of the leads whose parcels changed.';

-- schemas/leads/triggers/drop_untagged.sql

create function private.drop_untagged()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  new.tags := array_remove(new.tags, 'UNTAGGED');
  return new;
end;
$$;
comment on function private.drop_untagged() is
  'Trigger: UNTAGGED is never a tag. It stands for leads without tags, in what the dashboard shows and asks for.';

-- schemas/leads/triggers/lead_activity.sql

create function private.append_sent_reply()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  insert into private.sent_leads (org_id, lead_id, sent_at) values (new.org_id, new.lead_id,
    coalesce(new.sent_at, new.updated_at));
  return null;
end;
$$;
comment on function private.append_sent_reply() is
  'Trigger, for replies and direct texts only: records that a person of the organisation wrote to a lead. Security definer: the '
  'role that settles may not write the table.';

-- schemas/leads/triggers/lead_counts.sql

create function private.count_lead_changes()
returns trigger
language plpgsql
security definer
set search_path = ''
-- Forces a hash join of old and new rows. The plan is made for the first statement and kept; a nested loop planned for a single
-- row would compare every old row with every new one. A nested loop that can't be avoided then has an enormous estimated cost,
-- for which JIT would compile it: hence no JIT.
set enable_nestloop = off
set jit = off
as $$
declare
  v_differs text :=
    '(o.status, o.lead_score, o.consent_status, o.source, o.county, o.state, o.tags, o.phone_digits, o.deleted_at is null)
    is distinct from (n.status, n.lead_score, n.consent_status, n.source, n.county, n.state, n.tags, n.phone_digits,
      n.deleted_at is null)';
  v_insert text := 'insert into private.lead_count_deltas (org_id, dimension, value, change) ';
begin
  if tg_op = 'INSERT' then
    execute v_insert || private.lead_figures_sql('select n.*, 1 as sign from new_rows n where n.deleted_at is null');
  elsif tg_op = 'DELETE' then
    execute v_insert || private.lead_figures_sql('select o.*, -1 as sign from old_rows o where o.deleted_at is null');
  elsif exists (
    -- Most changes of a lead change no figure.
    select 1 from old_rows o join new_rows n on n.id = o.id
    where (o.status, o.lead_score, o.consent_status, o.source, o.county, o.state, o.tags, o.phone_digits, o.deleted_at is null)
      is distinct from (n.status, n.lead_score, n.consent_status, n.source, n.county, n.state, n.tags, n.phone_digits,
        n.deleted_at is null))
  then
    execute v_insert || private.lead_figures_sql(format(
      'select o.*, -1 as sign from old_rows o join new_rows n on n.id = o.id where o.deleted_at is null and %1$s
       union all select n.*, 1 from old_rows o join new_rows n on n.id = o.id where n.deleted_at is null and %1$s', v_differs));
    if exists (select 1 from old_rows o join new_rows n on n.id = o.id
      where (o.deleted_at is null) <> (n.deleted_at is null)) then
      execute v_insert || private.belonging_figures_sql(
        'select n.org_id, n.id, case when n.deleted_at is null then 1 else -1 end as sign
         from old_rows o join new_rows n on n.id = o.id where (o.deleted_at is null) <> (n.deleted_at is null)');
    end if;
  end if;
  return null;
end;
$$;
comment on function private.count_lead_changes() is
  'Statement trigger: records how changed leads change the figures. Security definer: the role that changes leads may not write '
  'the table.';

create function private.count_lost_belongings()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  -- The same as private.belonging_figures_sql, but planned only once: undoing an import deletes thousands of leads.
  insert into private.lead_count_deltas (org_id, dimension, value, change)
  select old.org_id, d.dimension, d.value, -d.n
  from (
    select f.dimension, f.value, count(*) as n
    from public.lead_phones p
    cross join lateral (values ('line_type', coalesce(p.line_type, 'not_looked_up')),
      ('phone_valid', p.is_valid::text)) f (dimension, value)
    where p.org_id = old.org_id and p.lead_id = old.id
    group by 1, 2
    union all
    select 'parcels', '', count(*) from public.lead_properties p where p.org_id = old.org_id and p.lead_id = old.id
      having count(*) > 0
  ) d;
  return old;
end;
$$;
comment on function private.count_lost_belongings() is
  'Trigger: subtracts the phones and parcels of a lead that is deleted for good from the figures, while their rows are still '
  'there. Security definer: the role that deletes leads may not write the table.';

create function private.count_belonging_changes()
returns trigger
language plpgsql
security definer
set search_path = ''
-- A hash join and no JIT, for the reasons given in private.count_lead_changes.
set enable_nestloop = off
set jit = off
as $$
declare
  v_rows text;
begin
  -- Most changes of a phone or a parcel change no figure.
  if tg_op = 'UPDATE' and tg_table_name = 'lead_phones' then
    if not exists (
      select 1 from old_rows o join new_rows n on n.id = o.id
      where (o.line_type, o.is_valid, o.lead_id) is distinct from (n.line_type, n.is_valid, n.lead_id))
    then
      return null;
    end if;
  elsif tg_op = 'UPDATE' then
    if not exists (select 1 from old_rows o join new_rows n on n.id = o.id where o.lead_id <> n.lead_id) then
      return null;
    end if;
  end if;
  v_rows := case tg_op
    when 'INSERT' then 'select n.*, 1 as sign from new_rows n'
    when 'DELETE' then 'select o.*, -1 as sign from old_rows o'
    else 'select o.*, -1 as sign from old_rows o union all select n.*, 1 from new_rows n' end;
  execute format($sql$
    insert into private.lead_count_deltas (org_id, dimension, value, change)
    select r.org_id, d.dimension, d.value, sum(r.sign)
    from (%s) r
    cross join lateral (select 1 from public.leads l where l.id = r.lead_id and l.deleted_at is null offset 0) l
    cross join lateral (values %s) d (dimension, value)
    group by 1, 2, 3 having sum(r.sign) <> 0
    $sql$, v_rows,
    case tg_table_name when 'lead_phones' then $values$('line_type', coalesce(r.line_type, 'not_looked_up')),
      ('phone_valid', r.is_valid::text)$values$
      else $values$('parcels', '')$values$ end);
  return null;
end;
$$;
comment on function private.count_belonging_changes() is
  'Statement trigger: records how changed phones or parcels change the figures. Security definer: the role that changes them may '
  'not write the table.';

-- schemas/leads/triggers/lead_events.sql

create function private.record_lead_events()
returns trigger
language plpgsql
security definer
set search_path = ''
-- A hash join and no JIT, for the reasons given in private.count_lead_changes.
set enable_nestloop = off
set jit = off
as $$
declare
  v_user_id uuid;
begin
  insert into public.lead_events (org_id, lead_id, kind, old_value, new_value, cause, message_id, user_id)
  select n.org_id, n.id, c.kind, c.old_value, c.new_value,
    coalesce(nullif(current_setting('lead_events.cause', true), ''), case when u.id is null then 'system' else 'manual' end),
    nullif(current_setting('lead_events.message_id', true), '')::uuid, u.id
  from new_rows n join old_rows o on o.id = n.id
  cross join lateral (values ('status', o.status, n.status), ('score', o.lead_score, n.lead_score)) c (kind, old_value, new_value)
  left join public.users u on u.id = (select auth.uid())
  where (n.status, n.lead_score) is distinct from (o.status, o.lead_score) and c.old_value <> c.new_value;
  return null;
end;
$$;
comment on function private.record_lead_events() is
  'Statement trigger: writes an event for every status and score that a statement changed. Security definer: events are written '
  'only by changes of leads, never directly.';

-- schemas/leads/triggers/leads.sql

-- Leads: owners, their phones (up to three), their parcels, and the contact row that sending and opt-outs lock. Users may read
-- these tables. They write through functions (functions/lead_writes.sql), so that a lead always has a primary phone.

create function private.keep_phone_digits()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  update public.leads l
  set phone_digits = coalesce(p.digits, '')
  from (
    select c.lead_id, string_agg(substr(lp.e164, 3), ' ' order by lp.role desc) as digits
    from (select distinct lead_id from changed) c
    left join public.lead_phones lp on lp.lead_id = c.lead_id
    group by c.lead_id
  ) p
  where l.id = p.lead_id and l.phone_digits is distinct from coalesce(p.digits, '');
  return null;
end;
$$;
comment on function private.keep_phone_digits() is
  'Statement trigger: updates leads.phone_digits of the leads whose phones changed.';

create function private.require_primary_phone()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_lead_id uuid;
begin
  if tg_table_name = 'leads' then
    v_lead_id := new.id;
  else
    v_lead_id := old.lead_id;
  end if;
  if not exists (select 1 from public.lead_phones p where p.lead_id = v_lead_id and p.role = 'primary')
    and exists (select 1 from public.leads l where l.id = v_lead_id and l.deleted_at is null)
  then
    perform private.raise_error('PT422', 'invalid_input', 'A lead needs a primary phone.',
      '{"errors": [{"field": "primary_phone", "message": "Give the lead a primary phone."}]}');
  end if;
  return null;
end;
$$;
comment on function private.require_primary_phone() is
  'Constraint trigger, checked at commit: a lead that is not deleted must have a primary phone. Raises PT422. Security definer: '
  'at commit a deferred trigger runs with the rights of the connected role, and the worker may not read leads.';

-- schemas/leads/triggers/refused_phones.sql

-- A lead that refuses contact refuses each of its phones to all leads that share it.

create function private.refuse_phones()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_refusal text := new.refusal;
begin
  -- Phones that a merge left on the merged lead are phones of the kept one's person.
  if new.merged_into is not null then
    v_refusal := (select l.refusal from public.leads l where l.id = new.merged_into);
  end if;
  if v_refusal is not null then
    insert into private.refused_phones (lead_phone_id, org_id, e164, reason)
    select p.id, p.org_id, p.e164, v_refusal
    from public.lead_phones p
    where p.lead_id in (select new.id union all select l.id from public.leads l where l.merged_into = new.id)
    on conflict (lead_phone_id) do update set reason = excluded.reason;
  else
    delete from private.refused_phones r using public.lead_phones p
    where r.lead_phone_id = p.id
      and p.lead_id in (select new.id union all select l.id from public.leads l where l.merged_into = new.id);
  end if;
  return null;
end;
$$;
comment on function private.refuse_phones() is
  'Trigger: a lead began or ceased to refuse its phones, was merged, or was restored. Security definer: the role that changes '
  'leads may not write the table.';

create function private.refuse_new_phones()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  insert into private.refused_phones (lead_phone_id, org_id, e164, reason)
  select n.id, n.org_id, n.e164, l.refusal from new_rows n
  join public.leads l on l.id = n.lead_id and l.refusal is not null;
  return null;
end;
$$;
comment on function private.refuse_new_phones() is
  'Statement trigger: refuses new phones of leads that refuse. Security definer: the role that writes phones may not write the '
  'table.';

create function private.refuse_moved_phone()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  delete from private.refused_phones r where r.lead_phone_id = new.id;
  insert into private.refused_phones (lead_phone_id, org_id, e164, reason)
  select new.id, new.org_id, new.e164, l.refusal from public.leads l
  where l.id = new.lead_id and l.refusal is not null;
  return null;
end;
$$;
comment on function private.refuse_moved_phone() is
  'Trigger: a phone went to another lead, as in a merge, or is another phone now. Security definer: the role that changes phones '
  'may not write the table.';

-- schemas/leads/tables/leads.sql

create table public.leads (
  id uuid primary key default gen_random_uuid(),
  org_id uuid not null references public.orgs (id) on delete cascade,
  first_name text check (length(first_name) <= 200),
  last_name text check (length(last_name) <= 200),
  full_name text generated always as (trim(coalesce(first_name, '') || ' ' || coalesce(last_name, ''))) stored,
  language text check (language in ('es', 'en')),
  email text check (length(email) <= 320),
  address1 text check (length(address1) <= 300),
  address2 text check (length(address2) <= 300),
  city text check (length(city) <= 200),
  state text check (state ~ '^[A-Z]{2}$'),
  postal_code text check (length(postal_code) <= 20),
  county text check (length(county) <= 200),
  status text not null default 'new'
    check (status in ('new', 'contacted', 'interested', 'not_interested', 'qualified', 'appointment', 'contract', 'closed',
      'lost', 'do_not_contact')),
  lead_score text not null default 'cold' check (lead_score in ('cold', 'warm', 'hot')),
  consent_status text not null default 'unknown' check (consent_status in ('unknown', 'granted', 'denied')),
  source text check (length(source) <= 200),
  notes text check (length(notes) <= 10000),
  tags text[] not null default '{}'
    check (
    cardinality(tags) <= 50 and '' <> all (tags)
    -- Tags are joined by a blank, which no tag may contain: with a comma, one tag that contains a comma would pass for two.
    and array_to_string(tags, ' ', '?') ~ '^([A-Z0-9+-]+( [A-Z0-9+-]+)*)?$' and array_to_string(tags, ' ') !~ '[^ ]{51}'),
  custom_fields jsonb not null default '{}'
    check (jsonb_typeof(custom_fields) = 'object' and pg_column_size(custom_fields) <= 32768),
  phone_digits text not null default '',
  search_text text not null generated always as (
    private.fold_text(
      ' ' || coalesce(first_name, '') || ' ' || coalesce(last_name, '') || ' ' || coalesce(email, '') || ' '
      || coalesce(address1, '') || ' ' || coalesce(city, '') || ' ' || coalesce(state, '') || ' '
      || coalesce(postal_code, '') || ' ' || coalesce(county, '') || ' ' || phone_digits || ' ' || apn_text
    )
  ) stored,
  import_id uuid,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  deleted_at timestamptz,
  apn_text text not null default '',
  parcel_counties text[] not null default '{}',
  county_keys text[] not null generated always as (private.county_keys(county, parcel_counties)) stored,
  first_contacted_at timestamptz,
  score_rank smallint not null
    generated always as (case lead_score when 'hot' then 3 when 'warm' then 2 else 1 end) stored,
  merged_into uuid references public.leads (id) on delete set null,
  erased_at timestamptz,
  refusal text generated always as (case
    when status = 'do_not_contact' then 'do_not_contact'
    when consent_status = 'denied' then 'no_consent' end) stored,
  unique (org_id, id),
  foreign key (import_id) references public.imports (id) on delete set null,
  constraint leads_merged_are_deleted check (merged_into is null or deleted_at is not null),
  constraint leads_erased_are_deleted check (erased_at is null or deleted_at is not null),
  -- One pattern over all columns, because an import writes 100,000 rows.
  constraint leads_lines_check check (
    coalesce(first_name, '') || coalesce(last_name, '') || coalesce(email, '') || coalesce(address1, '') || coalesce(address2, '')
      || coalesce(city, '') || coalesce(postal_code, '') || coalesce(county, '') || coalesce(source, '')
      !~ '[\u0001-\u001f\u007f-\u009f\u2028\u2029]')
);
comment on table public.leads is
  'A landowner. The address is the owner''s mailing address, which decides the hours in which they may be written to. Their '
  'parcels are in lead_properties.';
comment on column public.leads.county is 'The county of the land. Each parcel in lead_properties has its own county.';
comment on column public.leads.phone_digits is
  'The digits of all phones of the lead, so that one search box finds any of them; kept up to date by a trigger.';
comment on column public.leads.search_text is
  'The text that the search box searches: lower case, without accents, with a space before every word.';
comment on column public.leads.apn_text is
  'The parcel numbers of the lead, as written and as letters and digits only, so that the search box finds them; kept up to date '
  'by a trigger.';
comment on column public.leads.parcel_counties is
  'The counties of the lead''s parcels, as private.county_key writes them; kept up to date by a trigger.';
comment on column public.leads.county_keys is
  'The counties by which the lead is filtered: its own and those of its parcels, as private.county_key writes them.';
comment on column public.leads.first_contacted_at is
  'When a campaign''s text to this lead was first sent; null if none ever was. Set by private.fold_lead_activity.';
comment on column public.leads.score_rank is 'The score as a number to sort by: hot 3, warm 2, cold 1.';
comment on column public.leads.merged_into is
  'The lead that this one was merged into, and that has its history now. It is never a merged lead itself: a later merge also '
  'updates leads that were merged before.';
comment on column public.leads.erased_at is
  'When the person was erased: this row has no data of them any more and is never restored.';
comment on column public.leads.refusal is
  'Why nothing may be sent to this lead, nor to another lead at a phone of this one (private.refused_phones): do_not_contact or '
  'no_consent; null if nothing forbids it. Of a merged lead that of the kept one counts.';
alter table private.import_changes add foreign key (lead_id) references public.leads (id) on delete cascade;
create index leads_list_idx on public.leads (org_id, created_at desc, id desc) where deleted_at is null;
create index leads_search_idx on public.leads using gin (org_id, search_text extensions.gin_trgm_ops) where deleted_at is null;
create index leads_tags_idx on public.leads using gin (org_id, tags) where deleted_at is null;
create index leads_untagged_idx on public.leads (org_id, created_at desc, id desc) where deleted_at is null and tags = '{}';
create index leads_county_idx on public.leads using gin (org_id, county_keys) where deleted_at is null;
create index leads_state_idx on public.leads (org_id, state, created_at desc) where deleted_at is null;
create index leads_status_idx on public.leads (org_id, status, created_at desc) where deleted_at is null;
-- Each index begins with the organisation and ends with the order of the list, so that a page for a frequent value is read
-- straight from the index.
create index leads_state_status_idx on public.leads (org_id, state, status, created_at desc) where deleted_at is null;
create index leads_city_idx on public.leads (org_id, lower(city), created_at desc) where deleted_at is null;
create index leads_zip_idx on public.leads (org_id, "left"(postal_code, 5), created_at desc) where deleted_at is null;
create index leads_source_idx on public.leads (org_id, lower(source), created_at desc)
  where deleted_at is null and source is not null;
create index leads_language_idx on public.leads (org_id, language, created_at desc)
  where deleted_at is null and language is not null;
create index leads_consent_idx on public.leads (org_id, consent_status, created_at desc)
  where deleted_at is null and consent_status <> 'unknown';
create index leads_score_idx on public.leads (org_id, score_rank desc, created_at desc, id desc) where deleted_at is null;
create index leads_never_contacted_idx on public.leads (org_id, created_at desc, id desc)
  where deleted_at is null and first_contacted_at is null;
create index leads_name_idx on public.leads
  (org_id, private.fold_text(coalesce(last_name, '') || ' ' || coalesce(first_name, '')), id) where deleted_at is null;
create index leads_custom_fields_idx on public.leads using gin (org_id, custom_fields jsonb_path_ops)
  where deleted_at is null and custom_fields <> '{}';
create index leads_deleted_idx on public.leads (org_id, created_at desc, id desc) where deleted_at is not null;
create index leads_live_idx on public.leads (org_id, id) where deleted_at is null;
-- Undo works through the leads of an import in the order of their ids.
create index leads_import_order_idx on public.leads (import_id, id) where import_id is not null;
create index leads_merged_into_idx on public.leads (merged_into) where merged_into is not null;
-- The planner does not use the statistics of partial indexes. Without these statistics it assumes 200 cities, ZIPs and
-- sources that are all equally frequent.
create statistics public.leads_city_stats on (lower(city)) from public.leads;
create statistics public.leads_zip_stats on ("left"(postal_code, 5)) from public.leads;
create statistics public.leads_source_stats on (lower(source)) from public.leads;

alter table public.leads enable row level security;
create policy "people read leads of their organisation" on public.leads
  for select to authenticated using (org_id = (select private.org_id()));
grant select on public.leads to authenticated;
grant delete, insert, select, update on public.leads to service_role;

create trigger leads_updated_at before update on public.leads
  for each row execute function private.set_updated_at();
create constraint trigger leads_have_primary_phone after insert on public.leads
  deferrable initially deferred for each row execute function private.require_primary_phone();
create trigger leads_events after update on public.leads
  referencing old table as old_rows new table as new_rows for each statement execute function private.record_lead_events();
create trigger leads_refuse_phones after update on public.leads
  for each row when (old.refusal is distinct from new.refusal or old.merged_into is distinct from new.merged_into
    or old.deleted_at is not null and new.deleted_at is null)
  execute function private.refuse_phones();
create trigger leads_count_insert after insert on public.leads
  referencing new table as new_rows for each statement execute function private.count_lead_changes();
create trigger leads_count_update after update on public.leads
  referencing old table as old_rows new table as new_rows for each statement execute function private.count_lead_changes();
create trigger leads_count_delete after delete on public.leads
  referencing old table as old_rows for each statement execute function private.count_lead_changes();
-- The dashboard shows this word in place of no tags, and sends it back as if it were one.
create trigger leads_never_untagged before insert or update of tags on public.leads
  for each row when ('UNTAGGED' = any (new.tags)) execute function private.drop_untagged();
create trigger leads_count_belongings before delete on public.leads
  for each row when (old.deleted_at is null) execute function private.count_lost_belongings();

-- schemas/leads/tables/lead_phones.sql

create table public.lead_phones (
  id uuid primary key default gen_random_uuid(),
  org_id uuid not null,
  lead_id uuid not null,
  e164 text collate "C" not null check (e164 ~ '^\+1[2-9][0-9]{9}$'),
  role text not null check (role in ('primary', 'secondary', 'alternate')),
  is_primary boolean generated always as (role = 'primary') stored,
  label text check (length(label) <= 100 and label !~ '[\u0001-\u001f\u007f-\u009f\u2028\u2029]'),
  consent_status text not null default 'unknown' check (consent_status in ('unknown', 'granted', 'denied')),
  is_valid boolean not null default true,
  invalid_reason text,
  line_type text check (line_type in ('mobile', 'landline', 'voip', 'toll_free', 'other')),
  carrier text,
  carrier_info jsonb not null default '{}',
  created_at timestamptz not null default now(),
  looked_up_at timestamptz,
  line_type_source text check (line_type_source in ('import', 'lookup', 'manual')),
  foreign key (org_id, lead_id) references public.leads (org_id, id) on delete cascade,
  unique (lead_id, e164),
  -- Deferrable, so that one statement can swap primary and secondary.
  unique (lead_id, role) deferrable initially immediate,
  check (is_valid = (invalid_reason is null)),
  constraint lead_phones_invalid_reason_check
    check (length(invalid_reason) <= 300 and invalid_reason !~ '[\u0001-\u001f\u007f-\u009f\u2028\u2029]'),
  -- Texts from Twilio; the background worker cuts them to 100 characters each.
  constraint lead_phones_carrier_check check (length(carrier) <= 200),
  constraint lead_phones_carrier_info_check check (pg_column_size(carrier_info) <= 4000)
);
comment on table public.lead_phones is
  'A phone of a lead: primary (required), secondary or alternate. Consent, validity, line type and carrier are per phone.';
comment on column public.lead_phones.looked_up_at is
  'When Twilio Lookup last answered about this phone; null if it was never asked.';
comment on column public.lead_phones.line_type_source is
  'Where line_type comes from: import (a file), lookup (Twilio, by Lookup or by refusing a text), manual (a person). Each of '
  'these overrides the ones before it.';
create index lead_phones_e164_idx on public.lead_phones (org_id, e164);
create index lead_phones_lead_idx on public.lead_phones (org_id, lead_id);
create index lead_phones_line_type_idx on public.lead_phones (org_id, line_type, lead_id);
create index lead_phones_not_looked_up_idx on public.lead_phones (org_id, e164) where looked_up_at is null;

alter table public.lead_phones enable row level security;
create policy "people read lead phones of their organisation" on public.lead_phones
  for select to authenticated using (org_id = (select private.org_id()));
grant select on public.lead_phones to authenticated;
grant delete, insert, select, update on public.lead_phones to service_role;

create trigger lead_phones_digits_insert after insert on public.lead_phones
  referencing new table as changed for each statement execute function private.keep_phone_digits();
create trigger lead_phones_digits_update after update on public.lead_phones
  referencing new table as changed for each statement execute function private.keep_phone_digits();
create trigger lead_phones_digits_delete after delete on public.lead_phones
  referencing old table as changed for each statement execute function private.keep_phone_digits();
create constraint trigger lead_phones_leave_primary after delete on public.lead_phones
  deferrable initially deferred for each row when (old.role = 'primary') execute function private.require_primary_phone();
create trigger lead_phones_count_insert after insert on public.lead_phones
  referencing new table as new_rows for each statement execute function private.count_belonging_changes();
create trigger lead_phones_count_update after update on public.lead_phones
  referencing old table as old_rows new table as new_rows for each statement execute function private.count_belonging_changes();
create trigger lead_phones_count_delete after delete on public.lead_phones
  referencing old table as old_rows for each statement execute function private.count_belonging_changes();
create trigger lead_phones_refuse_new after insert on public.lead_phones
  referencing new table as new_rows for each statement execute function private.refuse_new_phones();
create trigger lead_phones_refuse_moved after update of lead_id, e164 on public.lead_phones
  for each row when (old.lead_id <> new.lead_id or old.e164 <> new.e164) execute function private.refuse_moved_phone();

-- schemas/leads/tables/refused_phones.sql

create table private.refused_phones (
  lead_phone_id uuid primary key references public.lead_phones (id) on delete cascade,
  org_id uuid not null,
  e164 text collate "C" not null,
  reason text not null
);
comment on table private.refused_phones is
  'Phones of leads that are do_not_contact or whose consent is denied, kept by triggers. Such a phone is not written to, '
  'whichever of the leads that share it is meant. It stays when its lead is deleted, or a list that is bought again would end '
  'the refusal.';
comment on column private.refused_phones.reason is 'leads.refusal of the lead.';
create index refused_phones_e164_idx on private.refused_phones (org_id, e164);

alter table private.refused_phones enable row level security;

-- schemas/leads/tables/lead_properties.sql

create table public.lead_properties (
  id uuid primary key default gen_random_uuid(),
  org_id uuid not null,
  lead_id uuid not null,
  apn text check (length(apn) <= 100),
  county text check (length(county) <= 200),
  state text check (state ~ '^[A-Z]{2}$'),
  situs text check (length(situs) <= 300),
  property_type text check (length(property_type) <= 100),
  acreage numeric(12, 4) check (acreage between 0 and 99999999),
  estimated_value numeric(14, 2) check (estimated_value between 0 and 999999999999),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  foreign key (org_id, lead_id) references public.leads (org_id, id) on delete cascade,
  constraint lead_properties_lines_check check (
    coalesce(apn, '') || coalesce(county, '') || coalesce(situs, '')
      || coalesce(property_type, '') !~ '[\u0001-\u001f\u007f-\u009f\u2028\u2029]')
);
comment on table public.lead_properties is
  'A parcel of a lead: APN, county, state, situs (address of the land), acres and value. One owner may have several.';
create index lead_properties_lead_idx on public.lead_properties (org_id, lead_id);
create unique index lead_properties_parcel_key on public.lead_properties (lead_id, private.parcel_key(state, county, apn))
  where apn is not null;
-- These indexes contain lead_id, so that the lead of a matching parcel can be read from the index alone.
create index lead_properties_type_idx on public.lead_properties (org_id, lower(property_type), lead_id) include (property_type);
create index lead_properties_acreage_idx on public.lead_properties (org_id, acreage, lead_id);
create index lead_properties_value_idx on public.lead_properties (org_id, estimated_value, lead_id);
create statistics public.lead_properties_type_stats on (lower(property_type)) from public.lead_properties;

alter table public.lead_properties enable row level security;
create policy "people read parcels of their organisation" on public.lead_properties
  for select to authenticated using (org_id = (select private.org_id()));
grant select on public.lead_properties to authenticated;
grant delete, insert, select, update on public.lead_properties to service_role;

create trigger lead_properties_updated_at before update on public.lead_properties
  for each row execute function private.set_updated_at();
create trigger lead_properties_apn_insert after insert on public.lead_properties
  referencing new table as changed for each statement execute function private.keep_parcel_words();
create trigger lead_properties_apn_update after update on public.lead_properties
  referencing new table as changed for each statement execute function private.keep_parcel_words();
create trigger lead_properties_apn_delete after delete on public.lead_properties
  referencing old table as changed for each statement execute function private.keep_parcel_words();
create trigger lead_properties_count_insert after insert on public.lead_properties
  referencing new table as new_rows for each statement execute function private.count_belonging_changes();
create trigger lead_properties_count_update after update on public.lead_properties
  referencing old table as old_rows new table as new_rows for each statement execute function private.count_belonging_changes();
create trigger lead_properties_count_delete after delete on public.lead_properties
  referencing old table as old_rows for each statement execute function private.count_belonging_changes();

-- schemas/leads/tables/contacts.sql

create table private.contacts (
  org_id uuid not null,
  e164 text collate "C" not null check (e164 ~ '^\+[1-9][0-9]{6,14}$'),
  suppressed_at timestamptz,
  invalid_at timestamptz,
  invalid_reason text,
  phone_number_id uuid,
  last_campaign_id uuid,
  last_sent_at timestamptz,
  last_inbound_at timestamptz,
  held_at timestamptz,
  primary key (org_id, e164)
) with (fillfactor = 50);
comment on table private.contacts is
  'One row for an organisation and a phone. Opt-outs, replies, planning and claiming all lock this row, because the absence of '
  'an opt-out can''t be locked.';
comment on column private.contacts.phone_number_id is 'The number from which this person gets messages (sticky sender).';
create index contacts_phone_number_idx on private.contacts (org_id, phone_number_id) where phone_number_id is not null;

comment on column private.contacts.held_at is
  'Since when nothing of a campaign is sent to this person, because a person must read their answer first; null: not held.';
create index contacts_held_idx on private.contacts (org_id) where held_at is not null;

alter table private.contacts enable row level security;
grant delete, insert, select, update on private.contacts to service_role;

-- schemas/leads/tables/sent_leads.sql

create table private.sent_leads (
  org_id uuid not null,
  lead_id uuid not null,
  sent_at timestamptz not null
);
comment on table private.sent_leads is
  'Leads to whom a text was sent, until private.fold_lead_activity processes them. No index: a fold reads and deletes the rows '
  'in any order.';

alter table private.sent_leads enable row level security;

-- schemas/leads/tables/lead_activity.sql

create table private.lead_activity (
  lead_id uuid primary key references public.leads (id) on delete cascade,
  org_id uuid not null references public.orgs (id) on delete cascade,
  last_contacted_at timestamptz not null
) with (fillfactor = 70);
comment on table private.lead_activity is 'When a campaign''s text to a lead was last sent. No row: none was ever sent.';
create index lead_activity_contacted_idx on private.lead_activity (org_id, last_contacted_at desc);

alter table private.lead_activity enable row level security;

-- schemas/leads/tables/us_counties.sql

create table private.us_counties (
  fips text primary key check (fips ~ '^[0-9]{5}$'),
  state text not null check (state ~ '^[A-Z]{2}$'),
  name text not null,
  kind text not null,
  is_current boolean not null,
  label text generated always as (case when kind = 'city' then name || ' city' else name end) stored,
  key text not null generated always as (private.county_key(name)) stored,
  full_key text not null generated always as (private.county_key(trim(name || ' ' || kind))) stored
);
comment on table private.us_counties is
  'Counties, parishes, boroughs, independent cities and equivalent areas, by FIPS code. Former counties stay, because deeds '
  'still name them. label is the name that is stored with leads and parcels: Harris, St. Louis, St. Louis city. '
  'private.find_county compares key and full_key: the name without and with the word for its kind.';
create index us_counties_state_idx on private.us_counties (state);

alter table private.us_counties enable row level security;

-- schemas/leads/tables/lead_events.sql

create table public.lead_events (
  id uuid primary key default private.uuid_v7(),
  org_id uuid not null references public.orgs (id) on delete cascade,
  lead_id uuid not null references public.leads (id) on delete cascade,
  kind text not null check (kind in ('status', 'score')),
  old_value text not null,
  new_value text not null,
  cause text not null check (cause in ('manual', 'bulk', 'import', 'merge', 'sent', 'reply', 'keyword', 'opt_out', 'wrong_number',
    'system')),
  message_id uuid,
  user_id uuid references public.users (id) on delete set null,
  -- Not the transaction's time: of two changes, the one that was made later must have the later time.
  created_at timestamptz not null default clock_timestamp(),
  constraint lead_events_old_value_check check (length(old_value) <= 100),
  constraint lead_events_new_value_check check (length(new_value) <= 100)
);
comment on table public.lead_events is
  'Changes of a lead''s status and score, with the cause. manual and bulk: made by people. sent, reply, keyword, opt_out and '
  'wrong_number: follow from messages; message_id is the message, if there was one. Kept for two years.';
create index lead_events_lead_idx on public.lead_events (lead_id, created_at desc, id desc);
create index lead_events_list_idx on public.lead_events (org_id, created_at desc);
create index lead_events_user_idx on public.lead_events (user_id) where user_id is not null;
create index lead_events_age_idx on public.lead_events using brin (created_at);

alter table public.lead_events enable row level security;
create policy "people read lead events of their organisation" on public.lead_events
  for select to authenticated using (org_id = (select private.org_id()));
grant select on public.lead_events to authenticated, service_role;

-- schemas/leads/tables/lead_marks.sql

create table private.lead_marks (
  org_id uuid primary key references public.orgs (id) on delete cascade,
  opted_out_until timestamptz not null
);
comment on table private.lead_marks is 'Up to which time the task move-leads has read an organisation''s opt-outs.';

alter table private.lead_marks enable row level security;

-- schemas/leads/tables/lead_counts.sql

create table private.lead_counts (
  org_id uuid not null references public.orgs (id) on delete cascade,
  dimension text not null,
  value text not null,
  count bigint not null,
  primary key (org_id, dimension, value)
) with (fillfactor = 70);
comment on table private.lead_counts is
  'How many leads of an organisation (without deleted ones) have a value in a dimension: total, status, score, consent, source, '
  'county, state, tag, month (of creation, UTC), phones (how many a lead has). Also how many of their phones (line_type, '
  'phone_valid) and parcels there are. An empty value means that the leads have none.';
create index lead_counts_top_idx on private.lead_counts (org_id, dimension, count desc);
create index lead_counts_nought_idx on private.lead_counts (org_id) where count = 0;

alter table private.lead_counts enable row level security;

-- schemas/leads/tables/lead_count_deltas.sql

create table private.lead_count_deltas (
  org_id uuid not null,
  dimension text not null,
  value text not null,
  change integer not null
);
comment on table private.lead_count_deltas is
  'Changes to lead_counts that are not folded yet. No index: a fold reads and deletes the rows in any order.';

alter table private.lead_count_deltas enable row level security;

-- schemas/leads/functions/apn.sql

-- What a lead keeps of its parcels: their numbers for the search box, their counties for the filter.

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
comment on function private.apn_text(text[]) is
  'The value of leads.apn_text for a lead with these parcel numbers, in their order: each as written and, if it has punctuation, '
  'also as letters and digits only.';
grant execute on function private.apn_text(text[]) to service_role;

create function private.parcel_counties(p_counties text[])
returns text[]
language plpgsql
immutable
parallel safe
set search_path = ''
as $$
begin
  -- Nearly every lead has parcels in one county.
  if cardinality(p_counties) = 1 then
    return array_remove(array[nullif(private.county_key(p_counties[1], true), '')], null);
  end if;
  return array(
    select distinct k.key from (select private.county_key(c.county, true) as key from unnest(p_counties) c (county)) k
    where k.key <> '' order by 1);
end;
$$;
comment on function private.parcel_counties(text[]) is
  'The value of leads.parcel_counties for a lead with parcels in these counties.';
grant execute on function private.parcel_counties(text[]) to service_role;

-- schemas/leads/functions/contacts.sql

create function private.lock_contact(p_org_id uuid, p_e164 text)
returns private.contacts
language plpgsql
set search_path = ''
as $$
declare
  v_contact private.contacts;
begin
  insert into private.contacts (org_id, e164) values (p_org_id, p_e164) on conflict do nothing;
  select * into v_contact from private.contacts c where c.org_id = p_org_id and c.e164 = p_e164 for no key update;
  return v_contact;
end;
$$;
comment on function private.lock_contact(uuid, text) is
  'Locks a person''s contact row and returns it; creates it if it is missing.';

-- schemas/leads/functions/counties.sql

-- The counties of each state, so that every parcel is in one of them. The rows are seeded (scripts/seed/data/us-counties.csv,
-- from lists of the Census Bureau).

create function private.find_county(p_state text, p_text text)
returns private.us_counties
language sql
stable
security definer
set search_path = ''
as $$
  select c.*
  from (select private.county_key(p_text) as full_key, private.county_key(p_text, true) as key offset 0) k
  join private.us_counties c on c.state = p_state and (c.full_key = k.full_key or c.key = k.key)
  -- "Orange County, California" is no county of Texas.
  where coalesce(private.county_state(p_text) = p_state, true)
  order by c.full_key = k.full_key desc, c.kind = 'city', c.fips
  limit 1;
$$;
comment on function private.find_county(text, text) is
  'The county of a state (two letters) that p_text names, in any spelling. If a county and a city have the same name, it is the '
  'county unless the text says "city". Null if there is none. Security definer: the worker uses it for answers of enrichment '
  'services, and may read no tables.';
grant execute on function private.find_county(text, text) to worker;

create function private.require_county(p_state text, p_text text, p_field text default 'county')
returns text
language plpgsql
stable
set search_path = ''
as $$
declare
  v_label text;
  v_suggestions text[];
begin
  if p_text is null or p_state is null then
    return p_text;
  end if;
  v_label := (private.find_county(p_state, p_text)).label;
  if v_label is null then
    v_suggestions := array(
      select c.label from private.us_counties c
      where c.state = p_state and c.is_current
      order by extensions.similarity(c.key, private.county_key(p_text, true)) desc, c.label
      limit 3);
    perform private.raise_error('PT422', 'invalid_input',
      format('%s has no county "%s". Did you mean %s?', p_state, p_text, array_to_string(v_suggestions, ', ')),
      jsonb_build_object('suggestions', to_jsonb(v_suggestions), 'errors', jsonb_build_array(jsonb_build_object('field', p_field,
        'message', format('%s has no county "%s". Did you mean %s?', p_state, p_text, array_to_string(v_suggestions, ', '))))));
  end if;
  return v_label;
end;
$$;
comment on function private.require_county(text, text, text) is
  'The label of the county of a state (two letters) that p_text names; p_text itself if the state or p_text is null. Raises '
  'PT422 with the nearest names in details.suggestions if the state has no such county.';

-- schemas/leads/functions/fit_custom_fields.sql

-- Changes custom fields so that the table of leads accepts them.

create function private.fit_custom_fields(p_fields jsonb)
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select coalesce(jsonb_object_agg(f.key, f.value), '{}')
  from (
    select c.key, c.value, row_number() over (order by c.n) as n,
      sum(pg_column_size(c.value) + octet_length(c.key) + 16) over (order by c.n) as bytes
    from (
      select distinct on (left(private.one_line(e.key), 210)) left(private.one_line(e.key), 210) as key, e.n,
        case jsonb_typeof(e.value)
          when 'number' then case when length(e.value::text) <= 40 and abs((e.value::text)::numeric) <= 1e15 then e.value
            else to_jsonb(left(e.value::text, 40)) end
          when 'string' then to_jsonb(left(e.value #>> '{}', 10000))
          when 'object' then to_jsonb(left(e.value::text, 10000)) when 'array' then to_jsonb(left(e.value::text, 10000))
          else e.value end as value
      from jsonb_each(p_fields) with ordinality e (key, value, n)
      where private.one_line(e.key) <> ''
      order by 1, e.n
    ) c
  ) f
  where f.n <= 500 and f.bytes <= 32000;
$$;
comment on function private.fit_custom_fields(jsonb) is
  'Custom fields that fit private.custom_fields_shape: texts are cut to 10,000 characters, objects and lists become text, and '
  'fields beyond the limits are left out.';

-- schemas/leads/functions/known_leads.sql

-- What the preview of an import needs to know of existing leads: which leads have the phones of the file, and what these leads
-- have already.

create function private.find_known_leads(p_e164s text[])
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
-- Forces one index lookup for each phone and each lead, whatever the statistics say: see find_phone_leads.
set enable_seqscan = off
set enable_bitmapscan = off
as $$
declare
  v_org_id uuid := private.require_role('campaign_manager');
  v_answer jsonb;
begin
  -- A preview checks 10,000 rows, each with three phones at most.
  if cardinality(p_e164s) > 30000 then
    perform private.refuse_field('e164s', 'Ask about 30,000 phones at most.');
  elsif exists (select from unnest(p_e164s) e where e is null or length(e) not between 8 and 16) then
    perform private.refuse_field('e164s', 'Each phone must be in E.164, like +15125550123.');
  end if;
  with known as materialized (
    select k.e164, k.lead_id, k.import_id
    from private.find_phone_leads(v_org_id, array(select distinct e from unnest(p_e164s) e)) k
  ),
  leads as materialized (
    select distinct k.lead_id, k.import_id from known k
  )
  select jsonb_build_object(
    'phones', coalesce((select jsonb_object_agg(k.e164, k.lead_id) from known k), '{}'),
    'leads', coalesce((
      select json_object_agg(l.lead_id, jsonb_build_object('import_id', l.import_id, 'phones', p.phones, 'parcels', r.parcels))
      from leads l
      cross join lateral (
        select to_jsonb(array_agg(o.e164)) as phones
        from (select lp.e164 from public.lead_phones lp where lp.org_id = v_org_id and lp.lead_id = l.lead_id offset 0) o
      ) p
      cross join lateral (
        select coalesce(to_jsonb(array_agg(to_jsonb(o))), '[]') as parcels
        from (
          select q.state, q.county, q.apn, q.situs, q.property_type, q.acreage, q.estimated_value
          from public.lead_properties q where q.org_id = v_org_id and q.lead_id = l.lead_id offset 0
        ) o
      ) r)::jsonb, '{}'),
    'imports', coalesce((
      select jsonb_object_agg(i.id, jsonb_build_object('id', i.id, 'file_name', i.file_name, 'created_at', i.created_at))
      from (select distinct l.import_id from leads l where l.import_id is not null) x
      cross join lateral (select * from public.imports o where o.id = x.import_id offset 0) i), '{}'))
  into v_answer;
  return v_answer;
end;
$$;
comment on function private.find_known_leads(text[]) is
  'Campaign managers: which of these phones (E.164, 30,000 at most) leads of the organisation have. Returns {phones: {e164: '
  'lead id}, leads: {id: {import_id, phones: [e164], parcels}}, imports: {id: {id, file_name, created_at}}}. It is one value, '
  'not rows, because the API returns at most 1,000 rows. Security definer: under RLS the planner may not use the indexes that it '
  'needs.';
grant execute on function private.find_known_leads(text[]) to authenticated;

create function public.find_known_leads(p_e164s text[])
returns jsonb language sql stable set search_path = ''
as $$ select private.find_known_leads(p_e164s) $$;
comment on function public.find_known_leads(text[]) is 'See private.find_known_leads.';
grant execute on function public.find_known_leads(text[]) to authenticated;

-- schemas/leads/functions/lead_activity.sql

-- When campaigns last wrote to a lead. This is not stored in the lead's own row, which has a dozen indexes and would change with
-- every message. Sending only appends a row for each message. A fold then writes one small row for each lead; it updates the lead
-- itself only for the first message.

create function private.fold_lead_activity(p_limit integer default 20000, p_org_id uuid default null)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_resting uuid[] := private.resting_orgs('fold_activity', p_org_id, now());
  v_count integer;
begin
  -- One fold at a time: two would wait for each other's leads.
  if not pg_try_advisory_xact_lock(hashtextextended('fold lead activity', 0)) then
    return 0;
  end if;
  perform private.set_lead_cause('sent');
  with locked as materialized (
    -- Locks leads in the order of their ids, as all functions do. A lead that another transaction is changing waits for the next
    -- fold.
    select l.id, l.status, l.first_contacted_at from public.leads l
    where l.id in (select x.lead_id from (select s.lead_id from private.sent_leads s
      where (p_org_id is null or s.org_id = p_org_id) and s.org_id <> all (v_resting) limit p_limit) x)
    order by l.id for no key update skip locked
  ),
  taken as materialized (
    delete from private.sent_leads s
    where s.ctid = any (array(select x.ctid from private.sent_leads x where (p_org_id is null or x.org_id = p_org_id)
      and x.org_id <> all (v_resting) limit p_limit))
      and (s.lead_id in (select k.id from locked k) or not exists (select from public.leads l where l.id = s.lead_id))
    returning s.org_id, s.lead_id, s.sent_at
  ),
  sent as materialized (
    select t.org_id, t.lead_id, min(t.sent_at) as first_at, max(t.sent_at) as last_at
    from taken t join locked k on k.id = t.lead_id
    group by t.org_id, t.lead_id
  ),
  firsts as (
    update public.leads l
    set first_contacted_at = coalesce(l.first_contacted_at, s.first_at),
        status = case when l.status = 'new' and not private.is_chosen(l.id, 'status') then 'contacted' else l.status end
    from sent s
    where l.id = s.lead_id and (l.first_contacted_at is null or l.status = 'new' and not private.is_chosen(l.id, 'status'))
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
comment on function private.fold_lead_activity(integer, uuid) is
  'Processes up to p_limit rows of sent_leads: stores when each lead was last contacted. For leads contacted for the first time '
  'it sets first_contacted_at, and status contacted if the lead is new and no person chose that status. Returns the number of '
  'leads. p_org_id: only this organisation; null: all except those for which this work is resting.';

-- schemas/leads/functions/lead_condition.sql

-- Turns a filter of leads into the condition of a query. Lists, counts, segments, campaigns, exports and bulk actions all use it.

create function private.filter_range(p_filter jsonb, p_field text, p_expression text, p_type text)
returns text
language plpgsql
stable
set search_path = ''
as $$
declare
  v_range jsonb := p_filter -> p_field;
  v_sql text := '';
  v_bound record;
begin
  if coalesce(v_range, 'null') = 'null' then
    return '';
  end if;
  for v_bound in select e.key, e.value from jsonb_each_text(v_range) e where e.value is not null order by e.key loop
    v_sql := v_sql || format(' and %s %s %L::%s', p_expression, case v_bound.key when 'from' then '>=' when 'to' then
      case p_type when 'numeric' then '<=' else '<' end end, v_bound.value, p_type);
  end loop;
  return v_sql;
end;
$$;
comment on function private.filter_range(jsonb, text, text, text) is
  'A condition for a field of a filter of the form {from, to}: numbers include both ends, times exclude the end. Empty if the '
  'filter does not have the field. The caller has checked the filter against its shape.';

create function private.parcel_condition(p_filter jsonb)
returns text
language plpgsql
stable
set search_path = ''
as $$
declare
  v_types text[] := (select array_agg(lower(w)) from unnest(private.filter_words(p_filter, 'property_types')) w);
  v_sql text := private.filter_range(p_filter, 'acreage', 'x.acreage', 'numeric')
    || private.filter_range(p_filter, 'estimated_value', 'x.estimated_value', 'numeric');
begin
  if v_types is not null then
    v_sql := v_sql || format(' and lower(x.property_type) = any (%L::text[])', v_types);
  end if;
  return v_sql;
end;
$$;
comment on function private.parcel_condition(jsonb) is
  'What a filter requires of one parcel (alias x of lead_properties): type, acreage, value. Empty if it requires nothing. The '
  'caller has checked the filter against its shape.';

create function private.history_condition(p_org_id uuid, p_filter jsonb, p_now timestamptz)
returns text
language plpgsql
stable
set search_path = ''
as $$
declare
  v_sql text := '';
  v_days integer;
  v_ids uuid[] := private.filter_ids(p_filter, 'campaign_ids');
  v_replied text;
begin
  if p_filter ? 'contacted' then
    v_sql := v_sql || case p_filter ->> 'contacted' when 'never' then ' and l.first_contacted_at is null'
      else ' and l.first_contacted_at is not null' end;
  end if;
  if p_filter ? 'not_contacted_days' then
    v_days := (p_filter ->> 'not_contacted_days')::numeric::integer;
    v_sql := v_sql || format(
      ' and not exists (select 1 from private.lead_activity a where a.lead_id = l.id and a.last_contacted_at > %L::timestamptz)',
      p_now - make_interval(days => v_days));
  end if;
  if v_ids is not null then
    v_sql := v_sql || format(
      ' and l.id in (select t.lead_id from public.campaign_targets t where t.org_id = %L and t.campaign_id = any (%L::uuid[]) '
      'and t.state = ''sent'')',
      p_org_id, v_ids);
  end if;
  if p_filter ? 'replied' then
    v_replied := format('select k.lead_id from public.conversations k where k.org_id = %L and k.lead_id is not null '
      'and k.first_inbound_at is not null', p_org_id);
    v_sql := v_sql || case when (p_filter ->> 'replied')::boolean
      then format(' and l.id in (%s)', v_replied)
      else format(' and not exists (%s and k.lead_id = l.id)', v_replied) end;
  end if;
  return v_sql;
end;
$$;
comment on function private.history_condition(uuid, jsonb, timestamptz) is
  'What a filter requires of a lead''s history with campaigns: contacted, not_contacted_days, campaign_ids, replied. Empty if it '
  'requires nothing. The caller has checked the filter against its shape.';

create function private.lead_condition(p_org_id uuid, p_filter jsonb, p_now timestamptz default now())
returns text
language plpgsql
stable
set search_path = ''
as $$
declare
  v_sql text := format('l.org_id = %L and l.deleted_at is %s', p_org_id,
    case when p_filter -> 'deleted' = 'true' then 'not null' else 'null' end);
  v_pattern record;
  v_words text[];
  v_ids uuid[];
  v_parcels text;
  v_field record;
begin
  -- After this check every filter can be turned into a condition, now and later: the code below need not check types or numbers.
  perform private.check_shape(coalesce(p_filter, '{}'), private.lead_filter_shape());

  for v_pattern in select s.pattern, s.other from private.search_patterns(p_filter ->> 'search') s loop
    v_sql := v_sql || case when v_pattern.other is null then format(' and l.search_text like %L', v_pattern.pattern)
      else format(' and (l.search_text like %L or l.search_text like %L)', v_pattern.pattern, v_pattern.other) end;
  end loop;

  -- With a single value it compares with =, so that the index also gives the order of the list.
  for v_field in
    select f.expression, w.words
    from (values
      ('cities', 'lower(l.city)', 'lower'),
      ('zips', '"left"(l.postal_code, 5)', 'zip'),
      ('states', 'l.state', 'upper'),
      ('statuses', 'l.status', ''),
      ('scores', 'l.score_rank', 'score'),
      ('sources', 'lower(l.source)', 'lower'),
      ('consent', 'l.consent_status', ''),
      ('languages', 'l.language', '')
    ) f (name, expression, change)
    cross join lateral (
      select array_agg(distinct case f.change
        when 'lower' then lower(w) when 'upper' then upper(w) when 'zip' then left(w, 5)
        when 'score' then case w when 'hot' then '3' when 'warm' then '2' else '1' end else w end) as words
      from unnest(private.filter_words(p_filter, f.name)) w
    ) w
    where w.words is not null
  loop
    v_sql := v_sql || case when cardinality(v_field.words) = 1
      then format(' and %s = %L', v_field.expression, v_field.words[1])
      else format(' and %s = any (%L)', v_field.expression, v_field.words) end;
  end loop;

  v_words := array(select distinct private.county_key(w, true) from unnest(private.filter_words(p_filter, 'counties')) w);
  if cardinality(v_words) > 0 then
    v_sql := v_sql || format(' and l.county_keys && %L::text[]', v_words);
  end if;

  for v_field in
    select t.name, array(select upper(w) from unnest(private.filter_words(p_filter, 'tags.' || t.name)) w) as words
    from unnest(array['any', 'all', 'none']) t (name)
  loop
    if v_field.name = 'any' and p_filter #> '{tags,untagged}' = 'true' then
      v_sql := v_sql || case when cardinality(v_field.words) = 0 then ' and l.tags = ''{}'''
        else format(' and (l.tags = ''{}'' or l.tags && %L::text[])', v_field.words) end;
      continue;
    end if;
    continue when cardinality(v_field.words) = 0;
    v_sql := v_sql || format(case v_field.name
      when 'any' then ' and l.tags && %L::text[]' when 'all' then ' and l.tags @> %L::text[]'
        else ' and not l.tags && %L::text[]' end,
      v_field.words);
  end loop;

  v_ids := private.filter_ids(p_filter, 'ids');
  if v_ids is not null then
    v_sql := v_sql || format(' and l.id = any (%L::uuid[])', v_ids);
  end if;
  v_ids := private.filter_ids(p_filter, 'import_ids');
  if v_ids is not null then
    v_sql := v_sql || format(' and l.import_id = any (%L::uuid[])', v_ids);
  end if;
  v_sql := v_sql || private.filter_range(p_filter, 'created', 'l.created_at', 'timestamptz');

  v_parcels := private.parcel_condition(p_filter);
  if v_parcels <> '' then
    v_sql := v_sql || format(' and l.id in (select x.lead_id from public.lead_properties x where x.org_id = %L%s)', p_org_id,
      v_parcels);
  end if;
  v_words := private.filter_words(p_filter, 'line_types');
  if v_words is not null then
    v_sql := v_sql || format(' and l.id in (select p.lead_id from public.lead_phones p where p.org_id = %L and %s)', p_org_id,
      case when v_words = '{not_looked_up}' then 'p.line_type is null'
        when 'not_looked_up' = any (v_words) then format('(p.line_type is null or p.line_type = any (%L::text[]))', v_words)
        else format('p.line_type = any (%L::text[])', v_words) end);
  end if;

  if p_filter ? 'custom_fields' then
    -- Each value becomes a condition of its own.
    if (select sum(case jsonb_typeof(e.value) when 'array' then jsonb_array_length(e.value) else 1 end)
      from jsonb_each(p_filter -> 'custom_fields') e) > 100 then
      perform private.refuse_field('custom_fields', 'custom_fields may have at most 100 values in all fields together.');
    end if;
    for v_field in select e.key, case jsonb_typeof(e.value) when 'array' then e.value else jsonb_build_array(e.value) end as list
      from jsonb_each(p_filter -> 'custom_fields') e
    loop
      v_sql := v_sql || ' and (false' || (
        select coalesce(string_agg(format(' or l.custom_fields @> %L::jsonb', jsonb_build_object(v_field.key, v)), ''), '')
        from jsonb_array_elements(v_field.list) v) || ') and l.custom_fields <> ''{}''';
    end loop;
  end if;

  return v_sql || private.history_condition(p_org_id, p_filter, p_now) || private.segment_condition(p_org_id, p_filter, p_now);
end;
$$;
comment on function private.lead_condition(uuid, jsonb, timestamptz) is
  'A filter as a condition over the alias l of public.leads. It includes the organisation and "not deleted" (deleted: true '
  'selects only deleted leads); every value in it is a quoted literal. All fields of a filter are optional, and all that are '
  'given must match. search: every word must match a name, address, city, county, e-mail, parcel number or phone in any format. '
  'Lists: ids, counties, states, cities, zips, statuses, scores, sources, consent, languages, import_ids, campaign_ids (any of '
  'them wrote to the lead), segment_ids (the lead is in any of them). tags: {any, all, none, '
  'untagged: leads without tags, beside those of any}. property_types, acreage {from, '
  'to}, estimated_value {from, to}: all of the same parcel. line_types: of any phone, or not_looked_up. contacted: never or '
  'ever. not_contacted_days: not in the last n days. replied: true or false. created {from, to}. custom_fields: {name: value or '
  'list}. Raises PT422 naming the field.';

create function private.filter_words(p_filter jsonb, p_field text)
returns text[]
language sql
immutable
set search_path = ''
as $$
  select nullif(array(select distinct trim(e) from jsonb_array_elements_text(p_filter #> string_to_array(p_field, '.')) e), '{}');
$$;
comment on function private.filter_words(jsonb, text) is
  'The words in the list of a field of a filter (tags.any: a field inside another), trimmed and without duplicates; null if '
  'there are none. The caller has checked the filter against its shape.';

create function private.filter_ids(p_filter jsonb, p_field text)
returns uuid[]
language sql
immutable
set search_path = ''
as $$
  select case when p_filter ? p_field
    then array(select distinct e::uuid from jsonb_array_elements_text(p_filter -> p_field) e) end;
$$;
comment on function private.filter_ids(jsonb, text) is
  'The ids in the list of a field of a filter: null if the field is absent; an empty list, which no lead matches, if its list is '
  'empty. The caller has checked the filter against its shape.';

-- schemas/leads/functions/lead_count_upkeep.sql

-- Folding the figures of leads, and checking them against a count.

create function private.count_leads_anew(p_org_id uuid)
returns table (dimension text, value text, n bigint)
language plpgsql
stable
set search_path = ''
as $$
begin
  return query execute format('select f.dimension, f.value, f.n::bigint from (%s) f',
    private.lead_figures_sql(format('select l.*, 1 as sign from public.leads l where l.org_id = %L and l.deleted_at is null',
      p_org_id)));
  return query
    select d.dimension, d.value, count(*)
    from public.lead_phones p join public.leads l on l.id = p.lead_id and l.deleted_at is null
    cross join lateral (values ('line_type', coalesce(p.line_type, 'not_looked_up')),
      ('phone_valid', p.is_valid::text)) d (dimension, value)
    where p.org_id = p_org_id group by 1, 2;
  return query
    select 'parcels', '', count(*)
    from public.lead_properties p join public.leads l on l.id = p.lead_id and l.deleted_at is null
    where p.org_id = p_org_id having count(*) > 0;
end;
$$;
comment on function private.count_leads_anew(uuid) is
  'What lead_counts should contain for an organisation, counted from its rows. Takes seconds for a million leads.';

create function private.check_lead_counts(p_org_id uuid)
returns table (dimension text, value text, kept bigint, counted bigint)
language sql
stable
set search_path = ''
as $$
  select coalesce(k.dimension, t.dimension), coalesce(k.value, t.value), coalesce(k.n, 0), coalesce(t.n, 0)
  from (
    select x.dimension, x.value, sum(x.n)::bigint as n
    from (
      select c.dimension, c.value, c.count as n from private.lead_counts c where c.org_id = p_org_id
      union all
      select d.dimension, d.value, d.change from private.lead_count_deltas d where d.org_id = p_org_id
    ) x group by 1, 2
  ) k
  full join private.count_leads_anew(p_org_id) t on t.dimension = k.dimension and t.value = k.value
  where coalesce(k.n, 0) <> coalesce(t.n, 0);
$$;
comment on function private.check_lead_counts(uuid) is
  'The figures of an organisation that are wrong, compared with a count in the same snapshot; no rows if all are right.';

create function private.repair_lead_counts(p_org_id uuid)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_wrong integer;
begin
  perform pg_advisory_xact_lock(hashtextextended('fold lead counts', 0));
  -- One statement, and so one snapshot: rows that are appended meanwhile stay, and belong to changes that were not counted.
  with truth as materialized (
    select t.dimension, t.value, t.n from private.count_leads_anew(p_org_id) t
  ),
  taken as (
    delete from private.lead_count_deltas d where d.org_id = p_org_id returning d.dimension, d.value, d.change
  ),
  kept as (
    select x.dimension, x.value, sum(x.n) as n
    from (
      select c.dimension, c.value, c.count as n from private.lead_counts c where c.org_id = p_org_id
      union all
      select t.dimension, t.value, t.change from taken t
    ) x group by 1, 2
  ),
  right_ones as (
    insert into private.lead_counts as c (org_id, dimension, value, count)
    select p_org_id, coalesce(k.dimension, t.dimension), coalesce(k.value, t.value), coalesce(t.n, 0)
    from kept k full join truth t on t.dimension = k.dimension and t.value = k.value
    on conflict (org_id, dimension, value) do update set count = excluded.count where c.count <> excluded.count
  )
  select count(*) into v_wrong
  from kept k full join truth t on t.dimension = k.dimension and t.value = k.value
  where coalesce(k.n, 0) <> coalesce(t.n, 0);
  delete from private.lead_counts c where c.count = 0;
  return v_wrong;
end;
$$;
comment on function private.repair_lead_counts(uuid) is
  'Counts the leads of an organisation anew and stores the result. Returns how many figures were wrong.';

create function private.fold_lead_counts(p_limit integer default 50000, p_org_id uuid default null)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_resting uuid[] := private.resting_orgs('fold_counts', p_org_id, now());
  v_count integer;
begin
  -- One fold at a time: two would wait for each other's figures.
  if not pg_try_advisory_xact_lock(hashtextextended('fold lead counts', 0)) then
    return 0;
  end if;
  with taken as (
    delete from private.lead_count_deltas d
    where d.ctid = any (array(select x.ctid from private.lead_count_deltas x
      where (p_org_id is null or x.org_id = p_org_id) and x.org_id <> all (v_resting) limit p_limit))
    returning d.org_id, d.dimension, d.value, d.change
  ),
  folded as (
    insert into private.lead_counts as c (org_id, dimension, value, count)
    select t.org_id, t.dimension, t.value, sum(t.change)
    from taken t join public.orgs o on o.id = t.org_id
    group by 1, 2, 3 having sum(t.change) <> 0
    on conflict (org_id, dimension, value) do update set count = c.count + excluded.count
  )
  select count(*) into v_count from taken;
  if v_count > 0 then
    delete from private.lead_counts c where c.count = 0;
  end if;
  return v_count;
end;
$$;
comment on function private.fold_lead_counts(integer, uuid) is
  'Adds up to p_limit changes to lead_counts; returns how many. p_org_id: only this organisation; null: all except those for '
  'which this work is resting.';

-- schemas/leads/functions/lead_counts.sql

-- Figures of all leads of an organisation. They are stored, because counting a million leads takes a second. Triggers append each
-- change of leads, phones or parcels, one row for each figure and statement, and lock nothing; a fold adds the rows up. A reader
-- adds the rows that are not folded yet, so that the figures are always right.

create function private.lead_figures_sql(p_rows text)
returns text
language sql
immutable
set search_path = ''
as $$
  select format($sql$
    select r.org_id, d.dimension, coalesce(d.value, '') as value, sum(r.sign) as n
    from (%s) r
    cross join lateral (
      values ('total', ''), ('status', r.status), ('score', r.lead_score), ('consent', r.consent_status), ('source', r.source),
        ('county', r.county), ('state', r.state), ('month', to_char(r.created_at at time zone 'UTC', 'YYYY-MM')),
        -- phone_digits has the phones with spaces between them.
        ('phones', case r.phone_digits when '' then '0'
          else (length(r.phone_digits) - length(replace(r.phone_digits, ' ', '')) + 1)::text end)
      union all
      select 'tag', t.tag from unnest(r.tags) t (tag)
    ) d (dimension, value)
    group by 1, 2, 3 having sum(r.sign) <> 0
    $sql$, p_rows);
$$;
comment on function private.lead_figures_sql(text) is
  'A query for the figures of rows of leads: org_id, dimension, value, n. p_rows: a query with the columns of leads and sign, '
  'which is 1 for leads that are added and -1 for leads that are removed.';

create function private.belonging_figures_sql(p_rows text)
returns text
language sql
immutable
set search_path = ''
as $$
  -- The subquery makes the planner use the index for each lead, whatever the statistics say in the middle of an import.
  select format($sql$
    select r.org_id, d.dimension, d.value, sum(r.sign) as n
    from (%s) r
    cross join lateral (
      select f.dimension, f.value
      from (select p.line_type, p.is_valid from public.lead_phones p where p.org_id = r.org_id and p.lead_id = r.id offset 0) p
      cross join lateral (values ('line_type', coalesce(p.line_type, 'not_looked_up')),
        ('phone_valid', p.is_valid::text)) f (dimension, value)
      union all
      select 'parcels', '' from public.lead_properties p where p.org_id = r.org_id and p.lead_id = r.id
    ) d
    group by 1, 2, 3
    $sql$, p_rows);
$$;
comment on function private.belonging_figures_sql(text) is
  'A query for the figures of the phones and parcels of leads: org_id, dimension, value, n. p_rows: a query with org_id, id and '
  'sign (1 added, -1 removed).';

-- schemas/leads/functions/lead_events.sql

-- Events of leads: every change of status and score, no matter who makes it, with the cause. Creating a lead writes no event.

create function private.set_lead_cause(p_cause text, p_message_id uuid default null)
returns void
language sql
set search_path = ''
as $$
  select set_config('lead_events.cause', coalesce(p_cause, ''), true),
    set_config('lead_events.message_id', coalesce(p_message_id::text, ''), true);
$$;
comment on function private.set_lead_cause(text, uuid) is
  'Sets the cause of changes to leads (see lead_events.cause) until the end of the transaction or the next call; null resets it. '
  'If no cause is set, it is manual if somebody is signed in, else system.';

create function private.prune_lead_events(p_now timestamptz default now(), p_limit integer default 50000,
  p_org_id uuid default null)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_resting uuid[] := private.resting_orgs('prune_events', p_org_id, p_now);
  v_count integer;
begin
  delete from public.lead_events e where e.id in (
    select x.id from public.lead_events x where x.created_at < p_now - interval '2 years'
      and (p_org_id is null or x.org_id = p_org_id) and x.org_id <> all (v_resting) order by x.created_at limit p_limit);
  get diagnostics v_count = row_count;
  return v_count;
end;
$$;
comment on function private.prune_lead_events(timestamptz, integer, uuid) is
  'Deletes a limited batch of events that are older than two years; returns how many. p_org_id: only this organisation; null: '
  'all except those for which this work is resting.';

-- schemas/leads/functions/lead_history.sql

-- The history of one lead, newest first: its events, messages to and from it, consent and merges.

create function private.lead_history(
  p_lead_id uuid,
  p_types text[] default null,
  p_limit integer default 50,
  p_before timestamptz default null,
  p_before_id uuid default null
)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('viewer');
  v_limit integer := least(greatest(coalesce(p_limit, 50), 1), 1000);
  v_before timestamptz := coalesce(p_before, 'infinity');
  v_before_id uuid := coalesce(p_before_id, 'ffffffff-ffff-ffff-ffff-ffffffffffff');
  v_phones text[];
  v_list jsonb;
begin
  if p_types is not null then
    perform private.check_shape(to_jsonb(p_types),
      private.list_shape(private.word_shape('status', 'score', 'sent', 'reply', 'consent', 'merge'), 6), 'type');
  end if;
  if not isfinite(p_before) then
    perform private.refuse_field('cursor', 'The cursor is not of this list: use next_cursor of the page before, unchanged.');
  end if;
  if not exists (select from public.leads l where l.org_id = v_org_id and l.id = p_lead_id and l.deleted_at is null) then
    perform private.refuse_lead(v_org_id, p_lead_id);
  end if;
  v_phones := private.lead_contacts(v_org_id, array[p_lead_id]);
  -- Takes the newest entries of each source by its own index, then the newest of all these.
  select coalesce(to_jsonb(array_agg(x.entry order by x.at desc, x.id desc)), '[]') into v_list
  from (
    select e.* from (
      (select e.created_at as at, e.id, e.kind as type,
        jsonb_build_object('from', e.old_value, 'to', e.new_value, 'cause', e.cause,
          'message_id', e.message_id, 'user_id', e.user_id) as entry
       from public.lead_events e
       where e.lead_id = p_lead_id and (e.created_at, e.id) < (v_before, v_before_id)
         and (p_types is null or e.kind = any (p_types))
       order by e.created_at desc, e.id desc limit v_limit + 1)
      union all
      (select m.created_at, m.id, 'sent', jsonb_build_object('message_id', m.id, 'kind', m.kind, 'phone', m.to_number, 'status',
        m.status,
          'campaign_id', m.campaign_id, 'content', m.content, 'sent_at', m.sent_at)
       from unnest(v_phones) p (e164)
       cross join lateral (
         select x.* from public.messages x
         where x.to_number = p.e164 and (x.org_id = v_org_id) is true and (x.created_at, x.id) < (v_before, v_before_id)
           and x.lead_id = p_lead_id and x.status not in ('queued', 'sending', 'canceled')
         order by x.created_at desc, x.id desc limit v_limit + 1
       ) m
       where p_types is null or 'sent' = any (p_types))
      union all
      (select m.created_at, m.id, 'reply', jsonb_build_object('message_id', m.id, 'phone', m.from_number, 'classification',
        m.classification,
          'campaign_id', m.campaign_id, 'content', m.content)
       from public.conversations c
       cross join lateral (
         select x.* from public.messages x
         where x.conversation_id = c.id and x.kind = 'inbound' and (x.created_at, x.id) < (v_before, v_before_id)
         order by x.created_at desc, x.id desc limit v_limit + 1
       ) m
       where c.org_id = v_org_id and c.lead_id = p_lead_id and (p_types is null or 'reply' = any (p_types)))
      union all
      (select r.recorded_at, r.id, 'consent', jsonb_build_object('phone', r.e164, 'status', r.status, 'method', r.method,
          'evidence', r.evidence, 'user_id', r.recorded_by)
       from public.consent_records r
       where r.org_id = v_org_id and r.e164 = any (v_phones) and (r.recorded_at, r.id) < (v_before, v_before_id)
         and (p_types is null or 'consent' = any (p_types))
       order by r.recorded_at desc, r.id desc limit v_limit + 1)
      union all
      (select a.created_at, a.id, 'merge', jsonb_build_object('merged', a.details -> 'merged', 'user_id', a.user_id)
       from public.audit_events a
       where a.lead_id = p_lead_id and a.event_type = 'leads_merged' and (a.created_at, a.id) < (v_before, v_before_id)
         and (p_types is null or 'merge' = any (p_types))
       order by a.created_at desc, a.id desc limit v_limit + 1)
    ) e
    order by e.at desc, e.id desc limit v_limit + 1
  ) s
  cross join lateral (
    select s.at, s.id, jsonb_build_object('id', s.id, 'at', s.at, 'type', s.type) || jsonb_strip_nulls(s.entry) as entry
  ) x;
  return jsonb_build_object(
    'entries', case when jsonb_array_length(v_list) > v_limit then v_list - v_limit else v_list end,
    'next', case when jsonb_array_length(v_list) > v_limit
      then jsonb_build_object('created_at', v_list -> (v_limit - 1) -> 'at', 'id', v_list -> (v_limit - 1) -> 'id') end);
end;
$$;
comment on function private.lead_history(uuid, text[], integer, timestamptz, uuid) is
  'The history of a lead, newest first: {entries: [{id, at, type, …}], next: {created_at, id}}. next is passed as p_before and '
  'p_before_id to get the next page. p_types: status, score, sent, reply, consent, merge. Raises PT403, PT404 '
  '(details.merged_into), PT422. Security definer: messages are found by phone, which costs many times as much under row-level '
  'security.';
grant execute on function private.lead_history(uuid, text[], integer, timestamptz, uuid) to authenticated;

create function public.lead_history(
  p_lead_id uuid, p_types text[] default null, p_limit integer default 50, p_before timestamptz default null,
    p_before_id uuid default null
)
returns jsonb language sql stable set search_path = ''
as $$ select private.lead_history(p_lead_id, p_types, p_limit, p_before, p_before_id) $$;
comment on function public.lead_history(uuid, text[], integer, timestamptz, uuid) is 'See private.lead_history.';
grant execute on function public.lead_history(uuid, text[], integer, timestamptz, uuid) to authenticated;

-- schemas/leads/functions/lead_phones.sql

-- Figures of the phones of an organisation's leads.

create function private.phone_figures(p_now timestamptz default now())
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('viewer');
begin
  return (
    select jsonb_build_object(
      'phones', count(*),
      'valid', count(*) filter (where p.is_valid), 'invalid', count(*) filter (where not p.is_valid),
      'looked_up', count(p.looked_up_at), 'not_looked_up', count(*) - count(p.looked_up_at),
      'line_type', jsonb_build_object(
        'mobile', count(*) filter (where p.line_type = 'mobile'), 'landline', count(*) filter (where p.line_type = 'landline'),
        'voip', count(*) filter (where p.line_type = 'voip'), 'toll_free', count(*) filter (where p.line_type = 'toll_free'),
        'other', count(*) filter (where p.line_type = 'other'), 'not_known', count(*) filter (where p.line_type is null)),
      'consent', jsonb_build_object(
        'granted', count(*) filter (where p.consent_status = 'granted'), 'denied',
          count(*) filter (where p.consent_status = 'denied'),
        'unknown', count(*) filter (where p.consent_status = 'unknown')))
    from public.lead_phones p join public.leads l on l.id = p.lead_id and l.deleted_at is null
    where p.org_id = v_org_id);
end;
$$;
comment on function private.phone_figures(timestamptz) is
  'The phones of an organisation''s leads: how many, how many valid, how many looked up, by line type and by consent. A number '
  'that two leads have counts twice. Needs viewer. Security definer: one pass over the table; a policy would be checked for each '
  'row.';
grant execute on function private.phone_figures(timestamptz) to authenticated;

create function public.phone_figures() returns jsonb
  language sql stable set search_path = '' as $$ select private.phone_figures(); $$;
comment on function public.phone_figures() is
  'Calls the private function of the same name, which checks role and organisation, with the current time.';
grant execute on function public.phone_figures() to authenticated;

-- schemas/leads/functions/lead_rows.sql

-- Shared by the functions that read or write leads: their JSON, their locks, and the rows of phones, parcels and consent. Users
-- may only read the tables. Each operation is a security definer function in private that checks role and organisation, with a
-- security invoker wrapper of the same name in public. Phones are E.164 here: the API parses what people type.

create function private.leads_json(p_lead_ids uuid[])
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
    -- Only the columns that the API returns, so that a column added later is not exposed by accident.
    select x.id, x.first_name, x.last_name, x.full_name, x.language, x.email, x.address1, x.address2, x.city, x.state,
      x.postal_code, x.county,
      x.status, x.lead_score, x.consent_status, x.source, x.notes, x.tags, x.custom_fields, x.import_id, x.first_contacted_at,
        x.created_at,
      x.updated_at
    from public.leads x
    where x.id = any (p_lead_ids)
  ) l
  left join (
    select p.lead_id, jsonb_object_agg(p.role, p.e164) as by_role,
      to_jsonb(array_agg(
        to_jsonb(p) - array['org_id', 'lead_id', 'carrier_info']
        order by array_position(array['primary', 'secondary', 'alternate'], p.role)
      )) as list
    from public.leads x join public.lead_phones p on p.org_id = x.org_id and p.lead_id = x.id
    where x.id = any (p_lead_ids)
    group by p.lead_id
  ) phones on phones.lead_id = l.id
  left join (
    select p.lead_id, to_jsonb(array_agg(to_jsonb(p) - array['org_id', 'lead_id'] order by p.created_at, p.id)) as list
    from public.leads x join public.lead_properties p on p.org_id = x.org_id and p.lead_id = x.id
    where x.id = any (p_lead_ids)
    group by p.lead_id
  ) parcels on parcels.lead_id = l.id;
$$;
comment on function private.leads_json(uuid[]) is
  'Leads as the API returns them: columns, primary_phone, secondary_phone and alternate_phone in E.164, with all phones and '
  'properties (parcels). It takes many leads at once: a page of 1,000 took 160 ms with one call for each lead.';

create function private.lock_contacts(p_org_id uuid, p_e164s text[])
returns void
language plpgsql
set search_path = ''
as $$
begin
  -- Always locks in E.164 order, so that two transactions with the same phones wait for each other and never deadlock.
  insert into private.contacts (org_id, e164)
  select p_org_id, e.e164 from (select distinct unnest(p_e164s) as e164) e order by e.e164
  on conflict do nothing;
  perform 1 from private.contacts c
  where c.org_id = p_org_id and c.e164 = any (p_e164s)
  order by c.e164 for no key update;
end;
$$;
comment on function private.lock_contacts(uuid, text[]) is
  'Locks the contact rows of several phones in E.164 order, and creates those that are missing. A caller that then looks for '
  'leads with these phones in a new statement sees everything that was committed before.';

create function private.find_phone_leads(p_org_id uuid, p_e164s text[])
returns table (e164 text, lead_id uuid, import_id uuid)
language plpgsql
stable
set search_path = ''
-- Forces one index lookup for each phone and each lead, because the statistics lag far behind in the middle of an import. With
-- statistics of 20 phones for a table of 122,000 the planner hashed the whole table for every row of a chunk, and 0.3 s became 51
-- s. The planner does not reorder lateral subqueries with an offset, and inside them only the right index is left to use.
set enable_seqscan = off
set enable_bitmapscan = off
as $$
begin
  return query
  select distinct on (x.e164) x.e164, l.id, l.import_id
  from unnest(p_e164s) as x (e164)
  cross join lateral (
    select lp.lead_id from public.lead_phones lp where lp.org_id = p_org_id and lp.e164 = x.e164 offset 0
  ) p
  cross join lateral (
    select o.id, o.import_id, o.created_at from public.leads o where o.id = p.lead_id and o.deleted_at is null offset 0
  ) l
  order by x.e164, l.created_at, l.id;
end;
$$;
comment on function private.find_phone_leads(uuid, text[]) is
  'Which of these phones (E.164) leads of the organisation have in any role, with the oldest such lead and the import that it '
  'came from.';

create function private.write_lead_parcels(p_org_id uuid, p_lead_id uuid, p_parcels jsonb)
returns void
language plpgsql
set search_path = ''
as $$
begin
  if exists (
    with parcels as materialized (
      select row_number() over () as n, private.identify_parcel(r) as identity
      from jsonb_array_elements(p_parcels) x, jsonb_populate_record(null::public.lead_properties, private.trim_texts(x)) r
    )
    select from parcels a join parcels b on b.n > a.n and private.same_parcel(a.identity, b.identity)
  ) then
    perform private.raise_error('PT409', 'duplicate', 'Two of these parcels are the same: give each once.',
      '{"field": "properties"}');
  end if;
  delete from public.lead_properties p where p.lead_id = p_lead_id;
  insert into public.lead_properties (org_id, lead_id, apn, county, state, situs, property_type, acreage, estimated_value)
  select p_org_id, p_lead_id, nullif(trim(r.apn), ''), nullif(trim(r.county), ''), nullif(trim(r.state), ''),
    nullif(trim(r.situs), ''),
    nullif(trim(r.property_type), ''), r.acreage, r.estimated_value
  from jsonb_to_recordset(p_parcels) as r (
    apn text, county text, state text, situs text, property_type text, acreage numeric, estimated_value numeric);
end;
$$;
comment on function private.write_lead_parcels(uuid, uuid, jsonb) is
  'Replaces a lead''s parcels by those of a JSON array: apn, county, state, situs, property_type, acreage (acres), '
  'estimated_value (US dollars). Raises PT409 if two of them are the same.';

create function private.record_lead_consent(p_org_id uuid, p_lead_id uuid, p_status text, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
begin
  update public.lead_phones p set consent_status = p_status where p.lead_id = p_lead_id and p.consent_status <> p_status;
  if p_status = 'granted' then
    perform private.end_deleted_refusals(p_org_id, array(
      select p.e164 from public.lead_phones p where p.lead_id = p_lead_id));
  end if;
  if p_status <> 'unknown' then
    insert into public.consent_records (org_id, e164, lead_id, status, method, evidence, recorded_at, recorded_by)
    select p_org_id, p.e164, p_lead_id, case p_status when 'granted' then 'granted' else 'revoked' end, 'manual',
      'Set on the lead by hand.', p_now, (select u.id from public.users u where u.id = auth.uid())
    from public.lead_phones p where p.lead_id = p_lead_id;
  end if;
end;
$$;
comment on function private.record_lead_consent(uuid, uuid, text, timestamptz) is
  'Sets the consent of all phones of a lead, and records who set it (47 CFR 64.1200(a)(10)).';

-- schemas/leads/functions/lead_shapes.sql

-- The shapes of values about leads that people send and that are stored, for private.check_shape. Each is defined once and shared
-- by the functions that create, change or use such a value. _shared/leads/lead-values.ts has the same limits; a test compares the
-- two.

create function private.tags_shape(p_most integer default 50)
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select private.list_shape(
    '{"type": "string", "maxLength": 50, "pattern": "^[A-Z0-9+-]+$", "description": "a tag is made of A-Z, 0-9, + and -."}',
      p_most);
$$;
comment on function private.tags_shape(integer) is 'The shape of a list of p_most tags at most; a lead has at most 50.';

create function private.parcel_shape()
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select private.object_shape(jsonb_build_object(
    'apn', private.null_or(private.text_shape(100)),
    'county', private.null_or(private.text_shape(200)),
    'state', private.null_or('{"type": "string", "pattern": "^([A-Z]{2})?$", "maxLength": 2, "description": "two letters, like '
      'TX."}'),
    'situs', private.null_or(private.text_shape(300)),
    'property_type', private.null_or(private.text_shape(100)),
    'acreage', private.null_or('{"type": "number", "minimum": 0, "maximum": 99999999}'),
    'estimated_value', private.null_or('{"type": "number", "minimum": 0, "maximum": 999999999999}')));
$$;
comment on function private.parcel_shape() is
  'The shape of a parcel as people write it: acreage in acres, estimated_value in US dollars.';

create function private.custom_fields_shape()
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select jsonb_build_object(
    'type', 'object', 'maxBytes', 32768, 'maxProperties', 500, 'properties', '{}'::jsonb,
    'propertyNames', private.text_shape(210, 1),
    'additionalProperties',
      '{"type": ["string", "number", "boolean", "null"], "maxLength": 10000, "minimum": -1e15, "maximum": 1e15}'::jsonb);
$$;
comment on function private.custom_fields_shape() is
  'The shape of a lead''s custom fields: an object whose values are texts, numbers, true, false or null.';

create function private.lead_shape()
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select private.object_shape(jsonb_build_object(
    'first_name', private.null_or(private.text_shape(200)),
    'last_name', private.null_or(private.text_shape(200)),
    'language', private.null_or(private.word_shape('es', 'en')),
    'email', private.null_or(private.text_shape(320) ||
      '{"pattern": "^([^[:space:]@,;]+@[^[:space:]@,;]+[.][^[:space:]@,;]{2,})?$", "description": "an e-mail address, like '
      'ana@example.com."}'),
    'address1', private.null_or(private.text_shape(300)),
    'address2', private.null_or(private.text_shape(300)),
    'city', private.null_or(private.text_shape(200)),
    'state', private.parcel_shape() #> '{properties,state}',
    'postal_code', private.null_or(private.text_shape(20)),
    'county', private.null_or(private.text_shape(200)),
    'status', private.word_shape('new', 'contacted', 'interested', 'not_interested', 'qualified', 'appointment', 'contract',
      'closed', 'lost', 'do_not_contact'),
    'lead_score', private.word_shape('cold', 'warm', 'hot'),
    'consent_status', private.word_shape('unknown', 'granted', 'denied'),
    'source', private.null_or(private.text_shape(200)),
    'notes', private.null_or('{"type": "string", "maxLength": 10000}'),
    'tags', private.tags_shape(),
    'custom_fields', private.custom_fields_shape(),
    'primary_phone', private.null_or(private.text_shape(100)),
    'secondary_phone', private.null_or(private.text_shape(100)),
    'alternate_phone', private.null_or(private.text_shape(100)),
    'properties', private.list_shape(private.parcel_shape(), 100)))
  || '{"maxBytes": 1000000}';
$$;
comment on function private.lead_shape() is
  'The shape of a lead when people create or change it; an empty text empties a field. private.write_lead_phones also checks '
  'that phones are E.164.';

create function private.lead_phone_shape()
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select private.object_shape(jsonb_build_object(
    'label', private.null_or(private.text_shape(100)),
    'consent_status', private.word_shape('unknown', 'granted', 'denied'),
    'consent_evidence', '{"type": "string", "maxLength": 4000}'::jsonb,
    'is_valid', '{"type": "boolean"}'::jsonb,
    'invalid_reason', private.text_shape(200),
    'line_type', private.null_or(private.word_shape('mobile', 'landline', 'voip', 'toll_free', 'other'))));
$$;
comment on function private.lead_phone_shape() is 'The shape of a change to one phone of a lead.';

create function private.lead_filter_shape()
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select private.object_shape(
    -- A blank value is refused, because it would ask for nothing.
    (select jsonb_object_agg(f.name, private.list_shape(private.line_shape(200), 1000))
      from unnest(array['counties', 'states', 'cities', 'zips', 'sources', 'property_types']) f (name))
    || jsonb_build_object(
      'search', '{"type": "string", "maxLength": 200}'::jsonb,
      'ids', private.ids_shape(10000),
      'tags', private.object_shape((
        -- Fewer, because each is compared with each tag of a lead.
        select jsonb_object_agg(t.name, private.list_shape(private.line_shape(200), 100))
        from unnest(array['any', 'all', 'none']) t (name)) || '{"untagged": {"type": "boolean"}}'),
      'statuses', private.list_shape(private.lead_shape() #> '{properties,status}', 10),
      'scores', private.list_shape(private.lead_shape() #> '{properties,lead_score}', 3),
      'consent', private.list_shape(private.lead_shape() #> '{properties,consent_status}', 3),
      'languages', private.list_shape(private.word_shape('es', 'en'), 2),
      'acreage', private.range_shape('{"type": "number", "minimum": 0, "maximum": 1e15}'),
      'estimated_value', private.range_shape('{"type": "number", "minimum": 0, "maximum": 1e15}'),
      'line_types', private.list_shape(private.word_shape('mobile', 'landline', 'voip', 'toll_free', 'other', 'not_looked_up'),
        6),
      'import_ids', private.ids_shape(100),
      'segment_ids', private.ids_shape(20),
      'campaign_ids', private.ids_shape(100),
      'contacted', private.word_shape('never', 'ever'),
      'not_contacted_days', '{"type": "integer", "minimum": 1, "maximum": 9999}'::jsonb,
      'replied', '{"type": "boolean"}'::jsonb,
      'created', private.range_shape(
        '{"type": "string", "format": "date-time", "maxLength": 40, "description": "a time of the years 1900 to 2199, such as '
        '2026-01-31T13:00:00Z.", "pattern": "^(19|20|21)[^T]+T([01][0-9]|2[0-3])(:[0-5][0-9]){2}([.][0-9]{1,9})?'
        '(Z|[+-](0[0-9]|1[0-5]):[0-5][0-9])$"}'),
      'custom_fields', jsonb_build_object(
        'type', 'object', 'maxProperties', 20, 'properties', '{}'::jsonb, 'propertyNames', private.text_shape(210, 1),
        'additionalProperties', jsonb_build_object(
          'type', '["string", "number", "boolean", "array"]'::jsonb, 'maxLength', 1000, 'minimum', -1e15, 'maximum', 1e15,
            'maxItems', 100,
          'items', '{"type": ["string", "number", "boolean"], "maxLength": 1000, "minimum": -1e15, "maximum": 1e15}'::jsonb)),
      'deleted', '{"type": "boolean"}'::jsonb))
  || '{"maxBytes": 1000000}';
$$;
comment on function private.lead_filter_shape() is
  'The shape of a filter of leads for private.lead_condition. The TypeScript schema of filters is generated from it.';

-- schemas/leads/functions/lead_statistics.sql

-- Statistics of leads: of all leads from the stored figures, of a filter by counting.

create function private.statistics_list(p_figures jsonb, p_dimension text, p_limit integer, p_by_value boolean default false)
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select coalesce(to_jsonb(array_agg(jsonb_build_object('value', nullif(x.value, ''), 'count', x.n) order by x.place)), '[]')
  from (
    select f.key as value, f.value::bigint as n,
      row_number() over (order by case when p_by_value then f.key end desc, f.value::bigint desc, f.key) as place
    from jsonb_each_text(p_figures -> p_dimension) f
    where f.value::bigint > 0
    order by place limit p_limit
  ) x;
$$;
comment on function private.statistics_list(jsonb, text, integer, boolean) is
  'The figures of one dimension as the API lists them: [{value, count}]. The largest count comes first, or with p_by_value the '
  'highest value. Value null means none.';

create function private.show_statistics(p_figures jsonb, p_is_estimate boolean)
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select jsonb_build_object(
    'total', coalesce((p_figures -> 'total' ->> '')::bigint, 0),
    'is_estimate', p_is_estimate,
    'by_status', private.statistics_list(p_figures, 'status', 20),
    'by_score', private.statistics_list(p_figures, 'score', 20),
    'by_consent', private.statistics_list(p_figures, 'consent', 20),
    'by_source', private.statistics_list(p_figures, 'source', 100),
    'by_county', private.statistics_list(p_figures, 'county', 100),
    'by_state', private.statistics_list(p_figures, 'state', 100),
    'by_tag', private.statistics_list(p_figures, 'tag', 50),
    'by_month', private.statistics_list(p_figures, 'month', 120, true),
    'phones', jsonb_build_object(
      'per_lead', private.statistics_list(p_figures, 'phones', 20, true),
      'valid', coalesce((p_figures #>> '{phone_valid,true}')::bigint, 0),
      'invalid', coalesce((p_figures #>> '{phone_valid,false}')::bigint, 0),
      'by_line_type', private.statistics_list(p_figures, 'line_type', 20)),
    'parcels', coalesce((p_figures -> 'parcels' ->> '')::bigint, 0));
$$;
comment on function private.show_statistics(jsonb, boolean) is
  'Statistics in the form that the API returns, from {dimension: {value: n}}.';

create function private.kept_figures(p_org_id uuid)
returns jsonb
language sql
stable
set search_path = ''
as $$
  -- If a dimension has more than a thousand values, only the thousand most frequent are read.
  select coalesce(jsonb_object_agg(d.dimension, d.figures), '{}')
  from (
    select x.dimension, jsonb_object_agg(x.value, x.n) as figures
    from (
      select f.dimension, f.value, sum(f.n) as n
      from (
        select c.dimension, c.value, c.count as n
        from unnest(array['total', 'status', 'score', 'consent', 'source', 'county', 'state', 'tag', 'month', 'phones',
          'line_type', 'phone_valid', 'parcels']) w (dimension)
        cross join lateral (
          select k.dimension, k.value, k.count from private.lead_counts k
          where k.org_id = p_org_id and k.dimension = w.dimension order by k.count desc limit 1000
        ) c
        union all
        select d.dimension, d.value, d.change from private.lead_count_deltas d where d.org_id = p_org_id
      ) f
      group by 1, 2
    ) x group by 1
  ) d;
$$;
comment on function private.kept_figures(uuid) is
  'The stored figures of an organisation plus the changes that are not folded yet: {dimension: {value: n}}.';

create function private.lead_statistics(p_filter jsonb default null, p_now timestamptz default now())
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('viewer');
  v_most integer := 20000;
  v_condition text;
  v_figures jsonb;
  v_counted bigint;
  v_total bigint;
begin
  if coalesce(p_filter, '{}') in ('{}', 'null') then
    return private.show_statistics(private.kept_figures(v_org_id), false);
  end if;
  v_condition := private.lead_condition(v_org_id, p_filter, p_now);
  execute format($sql$
    with matched as materialized (select l.* from public.leads l where %1$s limit %2$s + 1),
    figures as (
      select f.dimension, f.value, f.n from (%3$s) f
      union all
      select b.dimension, b.value, b.n from (%4$s) b
    )
    select coalesce(jsonb_object_agg(d.dimension, d.figures), '{}')
    from (select f.dimension, jsonb_object_agg(f.value, f.n) as figures from figures f group by 1) d
    $sql$, v_condition, v_most,
    private.lead_figures_sql('select m.*, 1 as sign from matched m'),
    private.belonging_figures_sql('select m.org_id, m.id, 1 as sign from matched m'))
  into v_figures;
  v_counted := coalesce((v_figures -> 'total' ->> '')::bigint, 0);
  if v_counted <= v_most then
    return private.show_statistics(v_figures, false);
  end if;
  v_total := greatest((private.count_matching(v_condition) ->> 'total')::bigint, v_counted);
  select jsonb_object_agg(d.key, d.figures) into v_figures
  from (
    select e.key, jsonb_object_agg(f.key, round(f.value::numeric * v_total / v_counted)) as figures
    from jsonb_each(v_figures) e cross join lateral jsonb_each_text(e.value) f group by e.key
  ) d;
  return private.show_statistics(v_figures, true);
end;
$$;
comment on function private.lead_statistics(jsonb, timestamptz) is
  'Statistics of all leads of the caller''s organisation, from the stored figures, or of the leads that match a filter, counted: '
  'by status, score, consent, source, county, state (the first 100), tag (50), month of creation (UTC), phones and parcels. If '
  'more than 20,000 leads match a filter, 20,000 are counted and the figures are estimated from them: is_estimate. Raises PT403, '
  'PT422. Security definer: under RLS the planner may not use the indexes that a filter needs.';
grant execute on function private.lead_statistics(jsonb, timestamptz) to authenticated;

create function public.lead_statistics(p_filter jsonb default null)
returns jsonb language sql set search_path = ''
as $$ select private.lead_statistics(p_filter) $$;
comment on function public.lead_statistics(jsonb) is 'See private.lead_statistics.';
grant execute on function public.lead_statistics(jsonb) to authenticated;

-- schemas/leads/functions/lead_writes.sql

-- The operations on single leads that users call. Operators create, change and delete leads; every person of the organisation may
-- read them.

create function private.lead_input_phones(p_input jsonb)
returns text[]
language sql
immutable
set search_path = ''
as $$
  select coalesce(array_agg(i.value), '{}')
  from jsonb_each_text(p_input) i
  where i.key in ('primary_phone', 'secondary_phone', 'alternate_phone') and i.value ~ '^\+1[2-9][0-9]{9}$';
$$;
comment on function private.lead_input_phones(jsonb) is 'The phones in the input for a lead, but only those in E.164.';

create function private.create_lead(p_lead jsonb, p_allow_duplicate_phone boolean default false,
  p_repeat_key text default null, p_now timestamptz default now())
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('operator');
  v_first uuid := private.first_result(v_org_id, 'create_lead', p_repeat_key, p_now);
  v_lead jsonb;
begin
  -- Who deletes what they made and makes it again means it.
  if exists (select from public.leads l where l.id = v_first and l.deleted_at is null) then
    return private.get_lead(v_first);
  end if;
  v_lead := private.save_lead(v_org_id, null, p_lead, p_allow_duplicate_phone, p_now);
  perform private.keep_result(v_org_id, 'create_lead', p_repeat_key, (v_lead ->> 'id')::uuid);
  return v_lead;
end;
$$;
comment on function private.create_lead(jsonb, boolean, text, timestamptz) is
  'Operators: creates a lead from its columns, primary_phone, secondary_phone, alternate_phone (E.164) and properties. Returns '
  'the lead. p_repeat_key: see private.first_result; the same key within a minute returns the same lead. Raises PT403, PT409 '
  'duplicate (details.lead_id), PT422. Security definer: users may not write the tables.';
grant execute on function private.create_lead(jsonb, boolean, text, timestamptz) to authenticated, service_role;

create function public.create_lead(p_lead jsonb, p_allow_duplicate_phone boolean default false, p_repeat_key text default null)
returns jsonb language sql set search_path = ''
as $$ select private.create_lead(p_lead, p_allow_duplicate_phone, p_repeat_key) $$;
comment on function public.create_lead(jsonb, boolean, text) is 'See private.create_lead.';
grant execute on function public.create_lead(jsonb, boolean, text) to authenticated, service_role;

create function private.update_lead(
  p_lead_id uuid,
  p_changes jsonb,
  p_allow_duplicate_phone boolean default false,
  p_now timestamptz default now()
)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('operator');
begin
  if p_lead_id is null then
    perform private.raise_error('PT404', 'not_found', 'There is no lead with this id.');
  end if;
  return private.save_lead(v_org_id, p_lead_id, p_changes, p_allow_duplicate_phone, p_now);
end;
$$;
comment on function private.update_lead(uuid, jsonb, boolean, timestamptz) is
  'Operators: changes the given fields of a lead; null empties a field. properties, if given, replaces all parcels. Returns the '
  'lead. Raises PT403, PT404, PT409 duplicate, PT422. Security definer: users may not write the tables.';
grant execute on function private.update_lead(uuid, jsonb, boolean, timestamptz) to authenticated, service_role;

create function public.update_lead(p_lead_id uuid, p_changes jsonb, p_allow_duplicate_phone boolean default false)
returns jsonb language sql set search_path = ''
as $$ select private.update_lead(p_lead_id, p_changes, p_allow_duplicate_phone) $$;
comment on function public.update_lead(uuid, jsonb, boolean) is 'See private.update_lead.';
grant execute on function public.update_lead(uuid, jsonb, boolean) to authenticated, service_role;

create function private.get_lead(p_lead_id uuid)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('viewer');
  v_lead jsonb;
begin
  select j.lead into v_lead
  from public.leads l, private.leads_json(array[l.id]) j
  where l.org_id = v_org_id and l.id = p_lead_id and l.deleted_at is null;
  if not found then
    perform private.refuse_lead(v_org_id, p_lead_id);
  end if;
  return v_lead;
end;
$$;
comment on function private.get_lead(uuid) is
  'A lead with its phones and parcels, in the same form as in every other answer. Raises PT404, with details.merged_into for a '
  'merged lead. Security definer: users may not call the function that builds this form.';
grant execute on function private.get_lead(uuid) to authenticated, service_role;

create function public.get_lead(p_lead_id uuid)
returns jsonb language sql stable set search_path = ''
as $$ select private.get_lead(p_lead_id) $$;
comment on function public.get_lead(uuid) is 'See private.get_lead.';
grant execute on function public.get_lead(uuid) to authenticated, service_role;

create function private.delete_lead(p_lead_id uuid, p_now timestamptz default now())
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('operator');
  v_phones text[];
  v_e164 text;
begin
  select coalesce(array_agg(p.e164 order by p.e164), '{}') into v_phones
  from public.lead_phones p where p.org_id = v_org_id and p.lead_id = p_lead_id;
  perform private.lock_contacts(v_org_id, v_phones);
  update public.leads l set deleted_at = p_now
  where l.org_id = v_org_id and l.id = p_lead_id and l.deleted_at is null;
  if not found then
    perform private.raise_error('PT404', 'not_found', 'There is no lead with this id.');
  end if;
  -- Sent messages stay. Messages that campaigns have not sent yet are canceled, unless another lead has the same phone.
  foreach v_e164 in array v_phones loop
    if not exists (
      select 1 from public.lead_phones p join public.leads l on l.id = p.lead_id
      where p.org_id = v_org_id and p.e164 = v_e164 and l.deleted_at is null
    ) then
      perform private.cancel_open_targets(v_org_id, v_e164, 'lead_deleted', p_now);
    end if;
  end loop;
  perform private.record_audit_event(v_org_id, 'lead_deleted', null, null, p_lead_id);
end;
$$;
comment on function private.delete_lead(uuid, timestamptz) is
  'Operators: hides a lead for good, and cancels messages that campaigns have not sent to it yet. The history stays. Raises '
  'PT403, PT404. Security definer: users may not write the tables.';
grant execute on function private.delete_lead(uuid, timestamptz) to authenticated, service_role;

create function public.delete_lead(p_lead_id uuid)
returns void language sql set search_path = ''
as $$ select private.delete_lead(p_lead_id) $$;
comment on function public.delete_lead(uuid) is 'See private.delete_lead.';
grant execute on function public.delete_lead(uuid) to authenticated, service_role;

-- schemas/leads/functions/move_leads.sql

-- Status and score change automatically, but only forward: new → contacted → what the person last said. A value that a person of
-- the organisation chose stays, except after an opt-out. So does the stage of a deal, whoever set it.

create function private.deal_stages()
returns text[]
language sql
immutable
set search_path = ''
as $$
  select '{qualified,appointment,contract,closed,lost}'::text[];
$$;
comment on function private.deal_stages() is
  'The statuses of a lead with whom there is or was a deal, in their order.';

create function private.converted_stages()
returns text[]
language sql
immutable
set search_path = ''
as $$
  select array_remove(private.deal_stages(), 'lost');
$$;
comment on function private.converted_stages() is 'The stages of a deal that goes on: a lead in one of them is converted.';

create function private.stage_before_opt_out(p_lead_id uuid)
returns text
language sql
stable
set search_path = ''
as $$
  select case when e.old_value = any (private.deal_stages()) then e.old_value end
  from public.lead_events e
  where e.lead_id = p_lead_id and e.kind = 'status' and e.new_value = 'do_not_contact'
  order by e.created_at desc, e.id desc limit 1;
$$;
comment on function private.stage_before_opt_out(uuid) is
  'The stage of the deal that an opt-out hid, to which START returns the lead. Null if there was none.';

create function private.is_chosen(p_lead_id uuid, p_kind text)
returns boolean
language sql
stable
set search_path = ''
as $$
  select coalesce((
    select e.cause in ('manual', 'bulk') from public.lead_events e
    where e.lead_id = p_lead_id and e.kind = p_kind order by e.created_at desc, e.id desc limit 1), false);
$$;
comment on function private.is_chosen(uuid, text) is
  'Whether the last change of a lead''s status or score was made by a person of the organisation.';

create function private.move_lead(p_lead_id uuid, p_status text, p_score text, p_cause text, p_message_id uuid default null)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_lead public.leads;
  v_status text;
  v_score text;
begin
  select * into v_lead from public.leads l where l.id = p_lead_id and l.deleted_at is null for no key update;
  if not found then
    return;
  end if;
  v_status := case
    when p_status = 'do_not_contact' then p_status
    when p_status is null or p_status = v_lead.status or private.is_chosen(p_lead_id, 'status') then v_lead.status
    -- Only the person's own START ends do_not_contact.
    when v_lead.status = 'do_not_contact' then case p_cause
      when 'keyword' then coalesce(private.stage_before_opt_out(p_lead_id), p_status) else v_lead.status end
    when v_lead.status = any (private.deal_stages()) then v_lead.status
    when p_status = 'contacted' and v_lead.status <> 'new' then v_lead.status
    else p_status
  end;
  v_score := case
    when p_score is null or p_score = v_lead.lead_score or private.is_chosen(p_lead_id, 'score') then v_lead.lead_score
    when p_score = 'warm' and v_lead.lead_score = 'hot' then v_lead.lead_score
    else p_score
  end;
  if (v_status, v_score) is distinct from (v_lead.status, v_lead.lead_score) then
    perform private.set_lead_cause(p_cause, p_message_id);
    update public.leads l set status = v_status, lead_score = v_score where l.id = p_lead_id;
    perform private.set_lead_cause(null);
  end if;
end;
$$;
comment on function private.move_lead(uuid, text, text, text, uuid) is
  'Sets status and score (null: unchanged) of a lead for a cause (see lead_events), unless that would be backward, would end the '
  'stage of a deal, or would be against what a person chose. The caller holds the lock of the contact that caused it.';

create function private.leave_alone(p_org_id uuid, p_e164 text, p_cause text, p_message_id uuid default null)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_lead_id uuid;
  v_count integer := 0;
begin
  -- Locks leads in the order of their ids, as everywhere. The phones of a lead may belong to several people (skip tracing finds
  -- relatives), so the lead becomes do_not_contact only when none of its phones may be written to. Each phone is suppressed in
  -- any case.
  for v_lead_id in
    select l.id from public.lead_phones p join public.leads l on l.id = p.lead_id
    where p.org_id = p_org_id and p.e164 = p_e164 and l.deleted_at is null and l.status <> 'do_not_contact'
      and not exists (
        select from public.lead_phones o left join private.contacts c on c.org_id = o.org_id and c.e164 = o.e164
        where o.lead_id = l.id and o.is_valid and c.suppressed_at is null)
    order by l.id
  loop
    perform private.move_lead(v_lead_id, 'do_not_contact', null, p_cause, p_message_id);
    v_count := v_count + 1;
  end loop;
  return v_count;
end;
$$;
comment on function private.leave_alone(uuid, text, text, uuid) is
  'Called after a phone was suppressed: sets its leads to do_not_contact if no valid phone of the lead is left that is not '
  'suppressed. Returns how many leads changed.';

create function private.move_lead_by_reply(
  p_org_id uuid,
  p_e164 text,
  p_lead_id uuid,
  p_kind text,
  p_interest text,
  p_message_id uuid
)
returns void
language plpgsql
set search_path = ''
as $$
begin
  if p_kind = 'stop' then
    perform private.leave_alone(p_org_id, p_e164, 'opt_out', p_message_id);
  elsif p_kind = 'start' then
    -- Of leads that share the phone, those that became do_not_contact by an opt-out would refuse it to the others.
    perform private.move_lead(x.id, 'contacted', null, 'keyword', p_message_id)
    from (
      select l.id from public.leads l
      where l.id = p_lead_id or l.status = 'do_not_contact' and l.deleted_at is null and l.id in (
        select p.lead_id from public.lead_phones p where p.org_id = p_org_id and p.e164 = p_e164)
      order by l.id
    ) x;
  elsif p_kind = 'wrong_number' then
    -- A stranger's answer must not change the status. Without a valid phone the lead is not warm. It does not become
    -- do_not_contact either, or a better phone that is found later would not be written to.
    if not exists (select from public.lead_phones p where p.lead_id = p_lead_id and p.is_valid) then
      perform private.move_lead(p_lead_id, null, 'cold', 'wrong_number', p_message_id);
    end if;
  elsif p_kind in ('automatic', 'deceased', 'disliked', 'reaction') then
    -- No answer of theirs: nothing is known of what they want.
    return;
  elsif p_kind in ('help', 'review') then
    perform private.move_lead(p_lead_id, 'contacted', null, 'reply', p_message_id);
  elsif p_interest = 'interested' then
    perform private.move_lead(p_lead_id, 'interested', 'hot', 'reply', p_message_id);
  elsif p_interest = 'not_interested' then
    perform private.move_lead(p_lead_id, 'not_interested', 'cold', 'reply', p_message_id);
  else
    perform private.move_lead(p_lead_id, 'contacted', 'warm', 'reply', p_message_id);
  end if;
end;
$$;
comment on function private.move_lead_by_reply(uuid, text, uuid, text, text, uuid) is
  'Changes a lead after a person''s message, in the same transaction. p_kind is the class of message from receive_inbound; '
  'p_interest is interested, not_interested or null, for a reply.';

-- schemas/leads/functions/opted_out_leads.sql

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

-- schemas/leads/functions/parcels.sql

-- Adding, changing and removing single parcels of a lead. update_lead with properties replaces all of them instead.

create function private.add_parcel(p_lead_id uuid, p_parcel jsonb, p_now timestamptz default now())
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.require_role('operator');
  return private.save_parcel(p_lead_id, null, p_parcel, p_now);
end;
$$;
comment on function private.add_parcel(uuid, jsonb, timestamptz) is
  'Operators: adds a parcel, see private.save_parcel. Security definer: users may not write parcels.';
grant execute on function private.add_parcel(uuid, jsonb, timestamptz) to authenticated;

create function public.add_parcel(p_lead_id uuid, p_parcel jsonb) returns jsonb
  language sql set search_path = '' as $$ select private.add_parcel(p_lead_id, p_parcel); $$;
comment on function public.add_parcel(uuid, jsonb) is
  'Calls the private function of the same name, which checks role and organisation, with the current time.';
grant execute on function public.add_parcel(uuid, jsonb) to authenticated;

create function private.update_parcel(p_lead_id uuid, p_property_id uuid, p_changes jsonb, p_now timestamptz default now())
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.require_role('operator');
  if p_property_id is null then
    perform private.raise_error('PT404', 'not_found', 'This lead has no such parcel.');
  end if;
  return private.save_parcel(p_lead_id, p_property_id, p_changes, p_now);
end;
$$;
comment on function private.update_parcel(uuid, uuid, jsonb, timestamptz) is
  'Operators: changes a parcel, see private.save_parcel. Security definer: users may not write parcels.';
grant execute on function private.update_parcel(uuid, uuid, jsonb, timestamptz) to authenticated;

create function public.update_parcel(p_lead_id uuid, p_property_id uuid, p_changes jsonb) returns jsonb
  language sql set search_path = '' as $$ select private.update_parcel(p_lead_id, p_property_id, p_changes); $$;
comment on function public.update_parcel(uuid, uuid, jsonb) is
  'Calls the private function of the same name, which checks role and organisation, with the current time.';
grant execute on function public.update_parcel(uuid, uuid, jsonb) to authenticated;

create function private.remove_parcel(p_lead_id uuid, p_property_id uuid)
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('operator');
  v_parcel public.lead_properties;
begin
  delete from public.lead_properties p
  using public.leads l
  where l.id = p.lead_id and l.deleted_at is null and p.org_id = v_org_id and p.lead_id = p_lead_id and p.id = p_property_id
  returning p.* into v_parcel;
  if v_parcel.id is null then
    perform private.raise_error('PT404', 'not_found', 'This lead has no such parcel.',
      jsonb_build_object('property_id', p_property_id));
  end if;
  perform private.record_audit_event(v_org_id, 'parcel_removed', null, null, p_lead_id,
    to_jsonb(v_parcel) - array['org_id', 'lead_id']);
end;
$$;
comment on function private.remove_parcel(uuid, uuid) is
  'Operators: removes a parcel of a lead; its values stay in the audit event. Raises PT403, PT404. Security definer: users may '
  'not write parcels.';
grant execute on function private.remove_parcel(uuid, uuid) to authenticated;

create function public.remove_parcel(p_lead_id uuid, p_property_id uuid) returns void
  language sql set search_path = '' as $$ select private.remove_parcel(p_lead_id, p_property_id); $$;
comment on function public.remove_parcel(uuid, uuid) is
  'Calls the private function of the same name, which checks role and organisation.';
grant execute on function public.remove_parcel(uuid, uuid) to authenticated;

-- schemas/leads/functions/refused_phones.sql

-- By which lead a phone is refused, and how that ends.

create function private.refused_by(p_org_id uuid, p_e164 text)
returns uuid
language sql
stable
set search_path = ''
as $$
  select h.id
  from private.refused_phones r
  join public.lead_phones p on p.id = r.lead_phone_id
  join public.leads l on l.id = p.lead_id
  join public.leads h on h.id = coalesce(l.merged_into, l.id)
  where r.org_id = p_org_id and r.e164 = p_e164
  order by h.deleted_at is not null, h.created_at, h.id
  limit 1;
$$;
comment on function private.refused_by(uuid, text) is
  'The lead because of which a phone is not written to (private.refused_phones); null if there is none. One that is not deleted '
  'comes first: somebody can change it.';

create function private.end_deleted_refusals(p_org_id uuid, p_e164s text[])
returns void
language sql
set search_path = ''
as $$
  delete from private.refused_phones r using public.lead_phones p, public.leads l, public.leads h
  where r.org_id = p_org_id and r.e164 = any (p_e164s) and p.id = r.lead_phone_id and l.id = p.lead_id
    and h.id = coalesce(l.merged_into, l.id) and h.deleted_at is not null;
$$;
comment on function private.end_deleted_refusals(uuid, text[]) is
  'Called if a person gave consent at these phones: ends what deleted leads refused, because nobody can change those leads.';

-- schemas/leads/functions/same_parcel.sql

-- One meaning of "the same parcel" for imports, the API and merges. _shared/leads/same-parcel.ts has it in TypeScript, for the
-- preview of an import; a test compares them.

create type private.parcel_identity as (state text, county text, own text);
comment on type private.parcel_identity is
  'What parcels of one owner are compared by. own: its number, its address or its values, as text. Identifying a parcel costs '
  'fifty times what comparing two identities does, so every caller identifies each parcel once.';

create function private.identify_parcel(p_parcel public.lead_properties)
returns private.parcel_identity
language plpgsql
immutable
set search_path = ''
as $$
declare
  v_county text := private.county_key(p_parcel.county, true);
  v_apn text := private.apn_key(p_parcel.apn);
  v_situs text;
begin
  if v_apn is not null then
    return (p_parcel.state, v_county, 'apn ' || v_apn);
  end if;
  v_situs := regexp_replace(private.fold_text(p_parcel.situs), '[^a-z0-9]+', '', 'g');
  if v_situs <> '' then
    return (p_parcel.state, v_county, 'situs ' || v_situs);
  end if;
  return (p_parcel.state, v_county, jsonb_build_array(v_county, p_parcel.state, lower(p_parcel.apn),
    lower(p_parcel.property_type), trim_scale(p_parcel.acreage), trim_scale(p_parcel.estimated_value))::text);
end;
$$;
comment on function private.identify_parcel(public.lead_properties) is
  'What a parcel is compared by (private.same_parcel): its parcel number in one form, without it its address, without both all '
  'its other values.';

create function private.same_parcel(p_one private.parcel_identity, p_other private.parcel_identity)
returns boolean
language sql
immutable
set search_path = ''
as $$
  -- Both parcels have one owner, so a county or state that is missing is no difference.
  select p_one.own = p_other.own
    and coalesce(p_one.state = p_other.state, true) and coalesce(p_one.county = p_other.county, true);
$$;
comment on function private.same_parcel(private.parcel_identity, private.parcel_identity) is
  'Whether two parcels of one owner are the same (private.identify_parcel). County and state must agree if both have them. '
  'Imports, the API and merges all use it.';

-- schemas/leads/functions/save_lead.sql

create function private.save_lead(p_org_id uuid, p_lead_id uuid, p_input jsonb, p_allow_duplicate_phone boolean,
  p_now timestamptz)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_lead jsonb;
  v_before public.leads;
  v_new public.leads;
begin
  perform private.check_shape(p_input, private.lead_shape());
  if p_lead_id is not null and p_input = '{}' then
    perform private.refuse_field('input', 'Give at least one field to change.');
  end if;
  p_input := private.trim_texts(p_input);

  -- Locks contacts before leads, as everywhere: an opt-out locks the contact first, and then its lead and targets. A new address
  -- changes the lead's targets too, so their contacts are locked as well.
  perform private.lock_contacts(p_org_id, private.lead_input_phones(p_input) || array(
    select p.e164 from public.lead_phones p where p.org_id = p_org_id and p.lead_id = p_lead_id
    union
    select t.e164 from public.campaign_targets t
    where t.org_id = p_org_id and t.lead_id = p_lead_id and t.state in ('waiting', 'queued', 'sending', 'unknown')));
  if p_lead_id is null then
    v_before.id := gen_random_uuid();
    v_before.org_id := p_org_id;
    v_before.status := 'new';
    v_before.lead_score := 'cold';
    v_before.consent_status := 'unknown';
    v_before.tags := '{}';
    v_before.custom_fields := '{}';
    v_before.phone_digits := '';
  else
    select * into v_before from public.leads l
    where l.org_id = p_org_id and l.id = p_lead_id and l.deleted_at is null for no key update;
    if not found then
      perform private.raise_error('PT404', 'not_found', 'There is no lead with this id.');
    end if;
  end if;
  v_new := jsonb_populate_record(v_before, p_input - array['id', 'org_id']);

  if p_lead_id is null then
    insert into public.leads (
      id, org_id, first_name, last_name, language, email, address1, address2, city, state, postal_code, county, status,
        lead_score,
      consent_status, source, notes, tags, custom_fields, created_at, updated_at)
    values (
      v_new.id, p_org_id, v_new.first_name, v_new.last_name, v_new.language, v_new.email, v_new.address1, v_new.address2,
        v_new.city,
      v_new.state, v_new.postal_code, v_new.county, v_new.status, v_new.lead_score, v_new.consent_status, v_new.source,
        v_new.notes,
      v_new.tags, v_new.custom_fields, p_now, p_now);
  else
    update public.leads l set
      first_name = v_new.first_name, last_name = v_new.last_name, language = v_new.language, email = v_new.email,
      address1 = v_new.address1, address2 = v_new.address2, city = v_new.city, state = v_new.state,
        postal_code = v_new.postal_code,
      county = v_new.county, status = v_new.status, lead_score = v_new.lead_score, consent_status = v_new.consent_status,
      source = v_new.source, notes = v_new.notes, tags = v_new.tags, custom_fields = v_new.custom_fields
    where l.id = p_lead_id;
  end if;
  perform private.write_lead_phones(p_org_id, v_new.id, p_input, coalesce(p_allow_duplicate_phone, false));
  if p_input ? 'properties' then
    perform private.write_lead_parcels(p_org_id, v_new.id, p_input -> 'properties');
  end if;
  if v_new.consent_status <> v_before.consent_status then
    perform private.record_lead_consent(p_org_id, v_new.id, v_new.consent_status, p_now);
  end if;
  select j.lead into v_lead from private.leads_json(array[v_new.id]) j;
  return v_lead;
end;
$$;
comment on function private.save_lead(uuid, uuid, jsonb, boolean, timestamptz) is
  'Creates a lead (p_lead_id null) or changes the fields given in p_input; null empties a field. Returns the lead. Raises PT404, '
  'PT409 duplicate, PT422.';

-- schemas/leads/functions/save_parcel.sql

create function private.save_parcel(p_lead_id uuid, p_property_id uuid, p_input jsonb, p_now timestamptz)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('operator');
  v_lead public.leads;
  v_before public.lead_properties;
  v_new public.lead_properties;
  v_identity private.parcel_identity;
  v_identity_before private.parcel_identity;
begin
  perform private.check_shape(p_input, private.parcel_shape());
  if p_property_id is not null and p_input = '{}' then
    perform private.refuse_field('input', 'Give at least one field to change.');
  elsif p_property_id is null and (select count(*) from public.lead_properties p
    where p.org_id = v_org_id and p.lead_id = p_lead_id) >= 100 then
    perform private.refuse_field('input', 'A lead has 100 parcels at most: remove one first.');
  end if;
  p_input := private.trim_texts(p_input);
  -- Locks the lead, so that two calls that add the same parcel at once run one after the other.
  select * into v_lead from public.leads l
  where l.org_id = v_org_id and l.id = p_lead_id and l.deleted_at is null for no key update;
  if v_lead.id is null then
    perform private.raise_error('PT404', 'not_found', 'There is no lead with this id.', jsonb_build_object('lead_id', p_lead_id));
  end if;
  if p_property_id is null then
    v_before := jsonb_populate_record(null::public.lead_properties, jsonb_build_object(
      'id', gen_random_uuid(), 'org_id', v_org_id, 'lead_id', p_lead_id, 'created_at', p_now, 'updated_at', p_now));
  else
    select * into v_before from public.lead_properties p where p.lead_id = p_lead_id and p.id = p_property_id for no key update;
    if v_before.id is null then
      perform private.raise_error('PT404', 'not_found', 'This lead has no such parcel.',
        jsonb_build_object('property_id', p_property_id));
    end if;
  end if;
  v_new := jsonb_populate_record(v_before, p_input);
  if v_new.apn is null and v_new.county is null and v_new.state is null and v_new.situs is null and v_new.property_type is null
    and v_new.acreage is null and v_new.estimated_value is null
  then
    perform private.refuse_field('apn',
      'A parcel needs at least one of apn, county, state, situs, property_type, acreage and estimated_value.');
  end if;
  if (p_input ? 'county' or p_input ? 'state') and v_new.county is not null then
    v_new.county := private.require_county(v_new.state, v_new.county);
  end if;
  v_identity := private.identify_parcel(v_new);
  v_identity_before := private.identify_parcel(v_before);
  if exists (
    select from (
      select private.identify_parcel(p) as identity
      from public.lead_properties p where p.lead_id = p_lead_id and p.id <> v_new.id offset 0
    ) o
    where private.same_parcel(o.identity, v_identity) and not private.same_parcel(o.identity, v_identity_before)
  ) then
    perform private.raise_error('PT409', 'duplicate', case when v_new.apn is not null
        then 'This lead has a parcel with this APN in this county already.' else 'This lead has this parcel already.' end,
      jsonb_build_object('field', case when v_new.apn is not null then 'apn' when v_new.situs is not null then 'situs'
        else 'county' end));
  end if;
  insert into public.lead_properties as p
    (id, org_id, lead_id, apn, county, state, situs, property_type, acreage, estimated_value, created_at, updated_at)
  values (v_new.id, v_org_id, p_lead_id, v_new.apn, v_new.county, v_new.state, v_new.situs, v_new.property_type, v_new.acreage,
    v_new.estimated_value, v_new.created_at, p_now)
  on conflict (id) do update
    set apn = excluded.apn, county = excluded.county, state = excluded.state, situs = excluded.situs,
        property_type = excluded.property_type, acreage = excluded.acreage, estimated_value = excluded.estimated_value
  returning * into v_new;
  return to_jsonb(v_new) - array['org_id', 'lead_id'];
end;
$$;
comment on function private.save_parcel(uuid, uuid, jsonb, timestamptz) is
  'Adds a parcel to a lead (p_property_id null) or changes the fields given in p_input; null empties a field. The county is '
  'stored as the list of its state writes it. Returns the parcel. Raises PT403, PT404, PT409 duplicate, PT422 with '
  'details.suggestions.';

-- schemas/leads/functions/search.sql

-- Lists and searches of leads are security definer functions: under RLS the planner may not use the trigram index, because LIKE
-- is not leakproof (94 ms against 3 ms at 80,000 leads). The organisation is therefore a condition of every query here.

create function private.search_patterns(p_search text)
returns table (pattern text, other text)
language sql
immutable
set search_path = ''
as $$
  -- The words that were typed. A phone written with spaces is one word: it has at least seven digits and otherwise only the signs
  -- of phone numbers.
  with typed as (
    select trim(regexp_replace(private.fold_text(left(coalesce(p_search, ''), 200)), '\s+', ' ', 'g')) as text
  ),
  words as (
    select w.word, w.n
    from typed t,
      unnest(case
        when t.text ~ '^[0-9 +()./-]+$' and length(regexp_replace(t.text, '\D', '', 'g')) >= 7 then array[t.text]
        else string_to_array(t.text, ' ')
      end) with ordinality w (word, n)
    where w.n <= 8
  ),
  keys as (
    select w.n, w.word,
      case
        when w.word ~ '^[0-9 +()./-]+$'
          -- Stored phones have no country code.
          then regexp_replace(regexp_replace(regexp_replace(w.word, '^\+1', ''), '\D', '', 'g'), '^1(?=\d{10}$)', '')
        else w.word
      end as key
    from words w
  )
  select private.like_pattern(k.key), nullif(private.like_pattern(k.word), private.like_pattern(k.key))
  from keys k
  where k.key <> ''
  order by k.n;
$$;
comment on function private.search_patterns(text) is
  'The text of the search box as LIKE patterns for leads.search_text: one row for each word, and all rows must match. A row '
  'matches by pattern or, for a word that may or may not be a phone (78701-1234), by other. Words of one or two letters match '
  'only beginnings of words.';

create function private.count_matching(p_condition text)
returns jsonb
language plpgsql
set search_path = ''
-- Only the first ten thousand are needed. To find them, a merge join would read both sides in the order of ids (0.5 s where
-- lookups take 0.1), and starting parallel workers takes longer than most counts.
set enable_mergejoin = off
set max_parallel_workers_per_gather = 0
as $$
declare
  v_total bigint;
  v_plan jsonb;
begin
  execute format('select count(*) from (select from public.leads l where %s limit 10001) c', p_condition) into v_total;
  if v_total > 10000 then
    execute format('explain (format json) select from public.leads l where %s', p_condition) into v_plan;
  end if;
  return jsonb_build_object(
    'total', greatest(v_total, (v_plan #>> '{0,Plan,Plan Rows}')::bigint),
    'total_is_estimate', v_total > 10000);
end;
$$;
comment on function private.count_matching(text) is
  'How many leads match a condition of private.lead_condition: {total, total_is_estimate}. Exact up to 10,000, above that the '
  'planner''s estimate. Volatile, because EXPLAIN is.';

create function private.lead_order(p_sort_by text)
returns table (expression text, type text, n integer)
language sql
immutable
set search_path = ''
as $$
  select o.expression, o.type, o.n
  from (values
    ('created_at', 'l.created_at', 'timestamptz', 1),
    ('created_at', 'l.id', 'uuid', 2),
    ('score', 'l.score_rank', 'smallint', 1),
    ('score', 'l.created_at', 'timestamptz', 2),
    ('score', 'l.id', 'uuid', 3),
    ('name', 'private.fold_text(coalesce(l.last_name, '''') || '' '' || coalesce(l.first_name, ''''))', 'text', 1),
    ('name', 'l.id', 'uuid', 2)
  ) o (sort_by, expression, type, n)
  where o.sort_by = p_sort_by;
$$;
comment on function private.lead_order(text) is
  'The expressions that a list of leads is ordered by, each order read from an index: created_at, score (hot first if '
  'descending) or name (last name, then first name).';

-- schemas/leads/functions/search_leads.sql

create function private.search_leads(
  p_filter jsonb default '{}',
  p_sort_by text default 'created_at',
  p_descending boolean default true,
  p_limit integer default 50,
  p_offset integer default 0,
  p_after jsonb default null,
  p_now timestamptz default now()
)
returns jsonb
language plpgsql
security definer
set search_path = ''
set enable_mergejoin = off
set max_parallel_workers_per_gather = 0
as $$
declare
  v_org_id uuid := private.require_role('viewer');
  v_condition text := private.lead_condition(v_org_id, p_filter, p_now);
  v_limit integer := least(greatest(coalesce(p_limit, 50), 1), 1000);
  v_offset integer := case when p_after is null then greatest(coalesce(p_offset, 0), 0) else 0 end;
  v_direction text := case when coalesce(p_descending, true) then 'desc' else 'asc' end;
  v_columns text;
  v_keys text;
  v_order text;
  v_after text := '';
  v_ids uuid[];
  v_places jsonb[];
  v_found integer;
  v_leads jsonb := '[]';
  v_given integer := 0;
  v_bytes bigint := 0;
  v_row record;
  -- The caller has several copies of a page in memory.
  v_most constant bigint := 4000000;
  c_part constant integer := 250;
  v_step integer := c_part;
  v_part uuid[];
begin
  select string_agg(o.expression, ', ' order by o.n), string_agg(o.expression || '::text', ', ' order by o.n),
    string_agg(o.expression || ' ' || v_direction, ', ' order by o.n)
  into v_columns, v_keys, v_order from private.lead_order(p_sort_by) o;
  if v_columns is null then
    perform private.refuse_field('sort_by', 'sort_by must be created_at, name or score.');
  end if;
  if p_after is not null then
    if jsonb_typeof(p_after) <> 'array' or jsonb_array_length(p_after) <> (select count(*) from private.lead_order(p_sort_by))
      or exists (
      select 1 from private.lead_order(p_sort_by) o
      where jsonb_typeof(p_after -> (o.n - 1)) <> 'string' or length(p_after ->> (o.n - 1)) > 1000
        -- Postgres reads "infinity" as a time too.
        or not (o.type = 'text' or (p_after ->> (o.n - 1) ~ '^[0-9a-f]'
          and pg_catalog.pg_input_is_valid(p_after ->> (o.n - 1), o.type)))
    ) then
      perform private.refuse_field('cursor',
        'The cursor is not of this list: use next_cursor of the page before, unchanged.');
    end if;
    select format(' and (%s) %s (%s)', v_columns, case v_direction when 'desc' then '<' else '>' end,
      string_agg(format('%L::%s', p_after ->> (o.n - 1), o.type), ', ' order by o.n))
    into v_after from private.lead_order(p_sort_by) o;
  end if;

  -- Reads one lead more than asked for, to know whether there is a next page.
  execute format(
    'select array_agg(p.id order by p.n), array_agg(p.keys order by p.n)
     from (
       select l.id, jsonb_build_array(%s) as keys, row_number() over (order by %s) as n from public.leads l where %s%s
       order by %s offset %s limit %s
     ) p',
    v_keys, v_order, v_condition, v_after, v_order, v_offset, v_limit + 1)
  into v_ids, v_places;
  v_found := coalesce(cardinality(v_ids), 0);
  -- Reads leads in parts, so that it does not read many more large leads than the page has room for.
  while v_given < least(v_found, v_limit) loop
    v_part := v_ids[v_given + 1:least(v_given + v_step, v_limit)];
    select coalesce(to_jsonb(array_agg(j.lead order by o.n)), '[]') as leads, coalesce(sum(pg_column_size(j.lead)), 0) as bytes
    into v_row
    from unnest(v_part) with ordinality o (id, n) join private.leads_json(v_part) j on j.id = o.id;
    if v_bytes + v_row.bytes <= v_most or (v_given = 0 and cardinality(v_part) = 1) then
      v_leads := v_leads || v_row.leads;
      v_bytes := v_bytes + v_row.bytes;
      v_given := v_given + cardinality(v_part);
      if v_step >= c_part and v_bytes * v_limit <= v_most * v_given then
        v_step := v_limit;
      end if;
    else
      -- Halves the part that is too large, until the page ends between two leads.
      exit when cardinality(v_part) = 1;
      v_step := least(cardinality(v_part), c_part) / 2;
    end if;
  end loop;

  return case
    when v_after = '' and v_found <= v_limit and (v_found > 0 or v_offset = 0)
      then jsonb_build_object('total', v_offset + v_found, 'total_is_estimate', false)
    else private.count_matching(v_condition)
  end || jsonb_build_object('leads', v_leads, 'next', case when v_found > v_given then v_places[v_given] end);
end;
$$;
comment on function private.search_leads(jsonb, text, boolean, integer, integer, jsonb, timestamptz) is
  'Leads of the caller''s organisation that match a filter (private.lead_condition), ordered by created_at, name or score: '
  '{leads, total (exact up to 10,000, above that the planner''s estimate), total_is_estimate, next}. next is passed as p_after '
  'to get the next page; null at the end. At most 1,000 leads; a page ends earlier, with next, when its leads take 4 MB, but has '
  'at least one lead. Raises PT422. Volatile, because EXPLAIN is. Security definer: under RLS the planner may not use the '
  'indexes that a filter needs.';
grant execute on function private.search_leads(jsonb, text, boolean, integer, integer, jsonb, timestamptz) to authenticated,
  service_role;

create function public.search_leads(
  p_filter jsonb default '{}',
  p_sort_by text default 'created_at',
  p_descending boolean default true,
  p_limit integer default 50,
  p_offset integer default 0,
  p_after jsonb default null
)
returns jsonb language sql set search_path = ''
as $$ select private.search_leads(p_filter, p_sort_by, p_descending, p_limit, p_offset, p_after) $$;
comment on function public.search_leads(jsonb, text, boolean, integer, integer, jsonb) is 'See private.search_leads.';
grant execute on function public.search_leads(jsonb, text, boolean, integer, integer, jsonb) to authenticated, service_role;

-- schemas/leads/functions/update_lead_phone.sql

create function private.update_lead_phone(p_lead_id uuid, p_phone_id uuid, p_changes jsonb, p_now timestamptz default now())
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('operator');
  v_e164 text;
  v_before public.lead_phones;
  v_after public.lead_phones;
  v_contact private.contacts;
begin
  perform private.check_shape(p_changes, private.lead_phone_shape());
  if not p_changes ?| array['label', 'consent_status', 'is_valid', 'line_type'] then
    perform private.refuse_field('input', 'Give label, consent_status, is_valid or line_type.');
  elsif p_changes ? 'invalid_reason' and p_changes -> 'is_valid' is distinct from 'false' then
    perform private.refuse_field('invalid_reason', 'Give invalid_reason only together with is_valid: false.');
  elsif p_changes ? 'consent_evidence' and not p_changes ? 'consent_status' then
    perform private.refuse_field('consent_evidence', 'Give consent_evidence only together with consent_status.');
  end if;
  select p.e164 into v_e164
  from public.lead_phones p join public.leads l on l.id = p.lead_id and l.deleted_at is null
  where p.org_id = v_org_id and p.lead_id = p_lead_id and p.id = p_phone_id;
  if v_e164 is null then
    perform private.raise_error('PT404', 'not_found', 'This lead has no such phone.', jsonb_build_object('phone_id', p_phone_id));
  end if;
  -- Locks the contact before the phone, as everywhere.
  v_contact := private.lock_contact(v_org_id, v_e164);
  select * into v_before from public.lead_phones p where p.id = p_phone_id for no key update;
  if p_changes ->> 'consent_status' = 'granted' and v_contact.suppressed_at is not null then
    perform private.raise_error('PT409', 'invalid_state',
      'This person opted out. Only their own START or ALTA, or an admin who removes the opt-out, lets you write to them again.',
      jsonb_build_object('suppressed_at', v_contact.suppressed_at));
  end if;

  update public.lead_phones p
  set label = case when p_changes ? 'label' then nullif(trim(p_changes ->> 'label'), '') else p.label end,
      consent_status = coalesce(p_changes ->> 'consent_status', p.consent_status),
      is_valid = coalesce((p_changes ->> 'is_valid')::boolean, p.is_valid),
      invalid_reason = case
        when coalesce((p_changes ->> 'is_valid')::boolean, p.is_valid)
          then null
        else coalesce(nullif(trim(p_changes ->> 'invalid_reason'), ''), p.invalid_reason, 'manual')
      end,
      line_type = case when p_changes ? 'line_type' then p_changes ->> 'line_type' else p.line_type end,
      line_type_source = case
        when not p_changes ? 'line_type' then p.line_type_source
        when p_changes ->> 'line_type' is not null then 'manual'
      end
  where p.id = p_phone_id
  returning * into v_after;

  if v_after.is_valid <> v_before.is_valid then
    update private.contacts c
    set invalid_at = case when v_after.is_valid then null else p_now end, invalid_reason = v_after.invalid_reason
    where c.org_id = v_org_id and c.e164 = v_e164;
  end if;
  if v_after.consent_status <> v_before.consent_status and v_after.consent_status <> 'unknown' then
    insert into public.consent_records (org_id, e164, lead_id, status, method, evidence, recorded_at, recorded_by)
    values (v_org_id, v_e164, p_lead_id, case v_after.consent_status when 'granted' then 'granted' else 'revoked' end, 'manual',
      coalesce(nullif(trim(p_changes ->> 'consent_evidence'), ''), 'Set on the phone by hand.'), p_now, auth.uid());
  end if;
  if v_after.consent_status = 'granted' then
    perform private.end_deleted_refusals(v_org_id, array[v_e164]);
  end if;
  if v_after.consent_status = 'denied' and v_before.consent_status <> 'denied' then
    with others as (
      update public.lead_phones p set consent_status = 'denied'
      where p.org_id = v_org_id and p.e164 = v_e164 and p.consent_status <> 'denied'
      returning p.lead_id
    )
    insert into public.consent_records (org_id, e164, lead_id, status, method, evidence, recorded_at, recorded_by)
    select v_org_id, v_e164, o.lead_id, 'revoked', 'manual', format('Set on the phone of the lead %s by hand.', p_lead_id), p_now,
      auth.uid()
    from others o;
  end if;
  -- Cancels messages that wait in running campaigns for a phone that may not or can't be written to.
  if not v_after.is_valid or v_after.line_type = 'landline' or v_after.consent_status = 'denied' then
    perform private.cancel_open_targets(v_org_id, v_e164, case
      when not v_after.is_valid then 'invalid_phone' when v_after.line_type = 'landline' then 'landline'
        else 'no_consent' end, p_now);
  end if;
  perform private.record_audit_event(v_org_id, 'lead_phone_changed', v_e164, null, p_lead_id, jsonb_build_object(
    'changes', p_changes,
    'before', (select jsonb_object_agg(b.key, b.value) from jsonb_each(to_jsonb(v_before)) b where p_changes ? b.key)));
  return to_jsonb(v_after) - array['org_id', 'lead_id', 'carrier_info'];
end;
$$;
comment on function private.update_lead_phone(uuid, uuid, jsonb, timestamptz) is
  'Operators: changes label, consent_status (with consent_evidence, kept in consent_records, 47 CFR 64.1200(a)(10)), is_valid '
  '(with invalid_reason) and line_type (null: a lookup may set it) of one phone, and writes an audit event; returns the phone. '
  'Denied consent holds for all leads with this phone. Cancels waiting campaign messages to a phone that may not or can''t be '
  'written to any more. Raises PT403, PT404, PT409 if consent is granted for a person who opted out, PT422. Security definer: '
  'users may not write the tables.';
grant execute on function private.update_lead_phone(uuid, uuid, jsonb, timestamptz) to authenticated;

create function public.update_lead_phone(p_lead_id uuid, p_phone_id uuid, p_changes jsonb) returns jsonb
  language sql set search_path = '' as $$ select private.update_lead_phone(p_lead_id, p_phone_id, p_changes); $$;
comment on function public.update_lead_phone(uuid, uuid, jsonb) is
  'Calls the private function of the same name, which checks role and organisation, with the current time.';
grant execute on function public.update_lead_phone(uuid, uuid, jsonb) to authenticated;

-- schemas/leads/functions/write_lead_phones.sql

create function private.write_lead_phones(p_org_id uuid, p_lead_id uuid, p_input jsonb, p_allow_duplicate boolean)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_wanted jsonb;
  v_clash record;
begin
  -- {role: e164}: the phones that the lead has, changed by those of the input (null removes a phone).
  select coalesce(jsonb_object_agg(r.role, r.e164) filter (where r.e164 is not null), '{}') into v_wanted
  from (
    select roles.role,
      case when p_input ? (roles.role || '_phone') then nullif(trim(p_input ->> (roles.role || '_phone')), '')
        else p.e164 end as e164
    from unnest(array['primary', 'secondary', 'alternate']) roles (role)
    left join public.lead_phones p on p.lead_id = p_lead_id and p.role = roles.role
  ) r;

  if not v_wanted ? 'primary' then
    perform private.raise_error('PT422', 'invalid_input', 'A lead needs a primary phone.',
      '{"errors": [{"field": "primary_phone", "message": "Give the lead a primary phone."}]}');
  end if;
  select w.key || '_phone' as field into v_clash
  from jsonb_each_text(v_wanted) w where w.value !~ '^\+1[2-9][0-9]{9}$' limit 1;
  if found then
    perform private.raise_error('PT422', 'invalid_input', format('%s is not a US phone number in E.164.', v_clash.field),
      jsonb_build_object('errors', jsonb_build_array(jsonb_build_object(
        'field', v_clash.field, 'message', 'Write it like +15125550123.'))));
  end if;
  select w.key || '_phone' as field, o.key || '_phone' as other into v_clash
  from jsonb_each_text(v_wanted) w
  join jsonb_each_text(v_wanted) o on o.value = w.value
    and array_position(array['primary', 'secondary', 'alternate'],
      o.key) < array_position(array['primary', 'secondary', 'alternate'], w.key)
  limit 1;
  if found then
    perform private.raise_error('PT422', 'invalid_input', format('%s is the same number as %s.', v_clash.field, v_clash.other),
      jsonb_build_object('errors', jsonb_build_array(jsonb_build_object(
        'field', v_clash.field, 'message', format('This is the same number as %s: leave one of them out.', v_clash.other)))));
  end if;

  if not p_allow_duplicate then
    select w.key || '_phone' as field, lp.lead_id into v_clash
    from jsonb_each_text(v_wanted) w
    join private.find_phone_leads(p_org_id, array(
      select n.value from jsonb_each_text(v_wanted) n
      where not exists (select 1 from public.lead_phones own where own.lead_id = p_lead_id and own.e164 = n.value)
    )) lp on lp.e164 = w.value
    order by array_position(array['primary', 'secondary', 'alternate'], w.key) limit 1;
    if found then
      perform private.raise_error('PT409', 'duplicate',
        format('Another lead has the number of %s. Open that lead, or send allow_duplicate_phone: true.', v_clash.field),
        jsonb_build_object('field', v_clash.field, 'lead_id', v_clash.lead_id));
    end if;
  end if;

  if exists (select from public.leads l where l.id = p_lead_id and l.refusal is not null)
    and exists (select from public.lead_phones p
      where p.lead_id = p_lead_id and not exists (select from jsonb_each_text(v_wanted) w where w.value = p.e164))
  then
    perform private.raise_error('PT409', 'invalid_state',
      'This lead is do_not_contact, or denied consent. That holds for its phones, so none can be taken from it: add the new one '
      'in another role. If it was a mistake, set status and consent_status first.', '{"field": "status"}');
  end if;
  delete from public.lead_phones p
  where p.lead_id = p_lead_id and not exists (select 1 from jsonb_each_text(v_wanted) w where w.value = p.e164);
  update public.lead_phones p set role = w.key
  from jsonb_each_text(v_wanted) w
  where p.lead_id = p_lead_id and p.e164 = w.value and p.role <> w.key;
  insert into public.lead_phones (org_id, lead_id, e164, role, consent_status)
  select p_org_id, p_lead_id, w.value, w.key,
    -- A phone that is denied stays denied, whichever lead has it.
    case when exists (
      select from public.lead_phones o where o.org_id = p_org_id and o.e164 = w.value and o.consent_status = 'denied')
      then 'denied' else l.consent_status end
  from jsonb_each_text(v_wanted) w
  join public.leads l on l.id = p_lead_id
  where not exists (select 1 from public.lead_phones p where p.lead_id = p_lead_id and p.e164 = w.value);
end;
$$;
comment on function private.write_lead_phones(uuid, uuid, jsonb, boolean) is
  'Sets a lead''s phones from primary_phone, secondary_phone and alternate_phone of the input (E.164; null removes a phone, a '
  'missing key keeps it). Raises PT422 naming the field, PT409 duplicate naming the lead that has the number, PT409 '
  'invalid_state for taking a phone from a lead that refuses contact. The caller holds the locks of the contacts.';

-- schemas/leads/views/lead_own_values.sql

create view private.lead_own_values with (security_invoker) as
  select l.id as lead_id, l.org_id,
    jsonb_strip_nulls(jsonb_build_object(
      'first_name', nullif(trim(l.first_name), ''),
      'last_name', nullif(trim(l.last_name), ''),
      'full_name', nullif(l.full_name, ''),
      'email', nullif(trim(l.email), ''),
      'city', nullif(trim(l.city), ''),
      'state', l.state,
      'zip_code', nullif(trim(l.postal_code), ''),
      'county', nullif(trim(l.county), '')
    )) as variables
  from public.leads l;
comment on view private.lead_own_values is
  'The template variables for which the lead itself has a value, by canonical name. A parcel may give the county if the lead '
  'does not.';

-- schemas/leads/views/lead_values.sql

create view private.lead_values with (security_invoker) as
  select o.lead_id, coalesce(p.variables, '{}') || o.variables as variables
  from private.lead_own_values o
  left join lateral (
    select jsonb_strip_nulls(jsonb_build_object(
      'county', nullif(trim(x.county), ''),
      'parcel_id', nullif(trim(x.apn), ''),
      'property_type', nullif(trim(x.property_type), ''),
      'property_address', nullif(trim(x.situs), ''),
      'acreage', trim_scale(x.acreage)::text
    )) as variables
    from public.lead_properties x
    where x.org_id = o.org_id and x.lead_id = o.lead_id
    order by x.created_at, x.id
    limit 1
  ) p on true;
comment on view private.lead_values is
  'The template variables for which each lead has a value, by canonical name. Values of parcels come from the lead''s first '
  'parcel.';

-- schemas/leads/tasks.sql

insert into private.tasks (name, seconds, due) values
  ('move-leads', 10, 'select exists (select from private.orgs_to_move())'),
  ('fold-lead-counts', 5, 'select exists (select from private.lead_count_deltas)'),
  ('lead-activity', 5, 'select exists (select from private.sent_leads)');

insert into private.task_parts (task, place, kind, items, call, seconds) values
  ('move-leads', 1, 'move_leads', 'select o, o from private.orgs_to_move() o', 'select private.move_opted_out_leads($1)', 8),
  ('fold-lead-counts', 1, 'fold_counts', null, 'select private.fold_lead_counts(p_org_id => $1)', 10),
  ('lead-activity', 1, 'fold_activity', null,
    $$select private.fold_lead_activity(case when private.queue_is_due('sends') then 300 else 20000 end, $1)$$, 10);

-- schemas/leads/cron.sql

select cron.schedule('prune-lead-events', '41 * * * *',
  $$select private.run_apart('prune_events', 'select private.prune_lead_events(p_org_id => $1)')$$);

select cron.schedule('check-lead-counts', '23 9 * * *', $check$
do $block$
declare
  v_id uuid;
  v_wrong integer;
begin
  for v_id in select o.id from public.orgs o order by o.id loop
    v_wrong := private.run_item('check_counts', v_id, v_id, 'select private.repair_lead_counts($1)')::integer;
    if v_wrong > 0 then
      raise warning '% figures of the leads of organisation % were wrong and were corrected', v_wrong, v_id;
    end if;
    commit;
  end loop;
end;
$block$
$check$);
