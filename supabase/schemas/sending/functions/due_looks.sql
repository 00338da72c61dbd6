create function private.due_looks(p_limit integer default 20, p_now timestamptz default now())
returns table (
  attempt_id uuid, message_id uuid, account_sid text, to_number text, from_number text, content text, template_content text,
  language text, variables jsonb, claimed_at timestamptz, looks smallint, known_sids text[], lacks_only_text boolean
)
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_ids uuid[];
  v_id uuid;
  v_due uuid;
  v_taken uuid[] := '{}';
begin
  -- Of the thousand attempts that have been due longest, it takes those of each organisation in turn: an organisation with many
  -- unknown attempts keeps no other waiting.
  v_ids := array(
    select x.id
    from (
      select d.id, d.next_look_at, row_number() over (partition by d.org_id order by d.next_look_at, d.id) as turn
      from (select a.id, a.org_id, a.next_look_at from public.send_attempts a where a.next_look_at <= p_now
        order by a.next_look_at limit 1000) d
      where not private.is_resting('look', d.id, p_now)
    ) x
    order by x.turn, x.next_look_at, x.id limit p_limit);
  foreach v_id in array v_ids loop
    begin
      -- One worker at a time looks; if it dies, another looks in two minutes.
      update public.send_attempts a
      set next_look_at = case
        -- Its worker was alive, and has recorded the text meanwhile.
        when a.outcome in ('accepted', 'assumed_sent') and m.segments is not null then null
        else p_now + interval '2 minutes' end
      from public.messages m
      where a.id = (select x.id from public.send_attempts x
        where x.id = v_id and x.next_look_at <= p_now for no key update skip locked)
        and m.id = a.message_id
      returning case when a.next_look_at is not null then a.id end into v_due;
      v_taken := v_taken || v_due;
      perform private.clear_failure('look', v_id, p_now);
    exception when query_canceled or others then
      perform private.note_failure('look', v_id, (select a.org_id from public.send_attempts a where a.id = v_id),
        format('%s (%s)', sqlerrm, sqlstate), p_now);
    end;
    v_due := null;
  end loop;
  return query
  select t.id, m.id, ta.account_sid, m.to_number, m.from_number, m.content, v.content, m.language, m.variables, t.claimed_at,
    t.looks,
    array(select x.provider_sid from public.messages x
          where x.to_number = m.to_number and (x.org_id = m.org_id) is true and x.id <> m.id and x.provider_sid is not null
            and x.created_at > t.claimed_at - interval '2 days'),
    t.outcome <> 'unknown'
  from public.send_attempts t
  join public.messages m on m.id = t.message_id
  join public.twilio_accounts ta on ta.org_id = m.org_id
  left join public.template_versions v on v.template_id = m.template_id and v.version = m.template_version
  where t.id = any (v_taken)
  order by array_position(v_taken, t.id);
end;
$$;
comment on function private.due_looks(integer, timestamptz) is
  'Claims attempts to look at now. For unknown attempts Twilio is to be asked; the row has what is needed to recognise the '
  'message in Twilio''s list (To, From, text, time, and the SIDs of our other messages). lacks_only_text: the attempt was sent, '
  'and only its text must be recorded. Security definer: the worker may not read these tables.';
grant execute on function private.due_looks(integer, timestamptz) to worker;
