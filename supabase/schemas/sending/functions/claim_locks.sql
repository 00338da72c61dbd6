-- The rows that a claim locks until it commits.

create function private.other_phones(p_taken uuid[])
returns table (target_id uuid, org_id uuid, e164 text)
language sql
stable
set search_path = ''
as $$
  select distinct t.id, o.org_id, o.e164
  from public.messages m
  join public.campaign_targets t on t.id = m.campaign_target_id
  join public.campaign_targets o on o.lead_id = t.lead_id and o.campaign_id = t.campaign_id and o.e164 <> t.e164
  join private.contacts c on c.org_id = o.org_id and c.e164 = o.e164
  where m.id = any (p_taken) and m.step > 1;
$$;
comment on function private.other_phones(uuid[]) is
  'The other phones of the same leads in the audiences of these messages'' campaigns, for messages of later steps: an answer '
  'from any of them ends the step.';

create function private.claim_windows(p_targets uuid[], p_now timestamptz)
returns private.claim_window[]
language plpgsql
set search_path = ''
as $$
begin
  return (
    select array_agg((k.org_id, k.window_key, w.is_open, w.valid_to, w.next_open_at, w.max_per_24h)::private.claim_window)
    from (select distinct t.org_id, t.window_key from public.campaign_targets t where t.id = any (p_targets)) k
    cross join lateral private.window_state(k.org_id, k.window_key, p_now) w);
end;
$$;
comment on function private.claim_windows(uuid[], timestamptz) is 'The windows of these targets; null if there are none.';
