-- The guard looks at one campaign and one number after the other: a limit that cannot be reckoned with stops the guard of its owner alone.

create function private.numbers_to_guard()
returns table (id uuid, org_id uuid)
language sql
stable
set search_path = ''
as $$
  select n.id, n.org_id
  from (
    -- Steps from number to number through the index: a plain distinct reads a day of filtered messages.
    with recursive k as (
      (select m.phone_number_id as id from public.messages m where m.error_code = 30007 and m.phone_number_id is not null
       order by m.phone_number_id limit 1)
      union all
      select (select m.phone_number_id from public.messages m where m.error_code = 30007 and m.phone_number_id > k.id
              order by m.phone_number_id limit 1)
      from k where k.id is not null
    )
    select k.id from k where k.id is not null
  ) f
  join public.phone_numbers n on n.id = f.id and n.status = 'active'
  order by n.id;
$$;
comment on function private.numbers_to_guard() is 'Active numbers of which a message was filtered, with their organisations.';

create function private.is_number_troubled(p_phone_number_id uuid, p_now timestamptz default now())
returns boolean
language sql
stable
set search_path = ''
as $$
  select exists (
    select from public.phone_numbers n
    join public.sending_limits l on l.org_id = n.org_id
    cross join lateral private.number_window(n, p_now) w
    where n.id = p_phone_number_id and n.status = 'active' and private.is_over(w.filtered, w.sent, l.filtered_rate, l.filtered_volume));
$$;
comment on function private.is_number_troubled(uuid, timestamptz) is
  'Whether an active number is filtered beyond its organisation''s limit. Locks nothing: guard_number, which does, is asked only then.';

create function private.is_campaign_troubled(p_campaign_id uuid, p_now timestamptz default now())
returns boolean
language sql
stable
set search_path = ''
as $$
  select exists (
    select from public.campaigns c
    where c.id = p_campaign_id and c.status = 'running' and (private.campaign_trouble(c, p_now)).kind is not null);
$$;
comment on function private.is_campaign_troubled(uuid, timestamptz) is
  'Whether a running campaign must be paused. Locks nothing: guard_campaign, which does, is asked only then.';

drop function private.troubled_campaigns(timestamptz);
drop function private.troubled_numbers(timestamptz);
