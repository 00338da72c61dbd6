-- Texts that bring opt-outs pause themselves, before the circuit breaker has to pause their campaigns.

create function private.rate_exceeds(p_events bigint, p_trials bigint, p_limit double precision)
returns double precision
language plpgsql
immutable
set search_path = ''
as $$
declare
  v_term double precision;
  v_most double precision;
  v_sum double precision := 1;
begin
  if p_events is null or p_trials is null or p_limit is null or p_events not between 0 and p_trials or p_events > 100000
    or p_limit <= 0 or p_limit >= 1
  then
    return null;
  end if;
  -- The tail of Beta(1 + events, 1 + the others) is that of a binomial distribution of one trial more: a finite sum. Its terms
  -- are added as logarithms, since they may be far below what a number can hold.
  v_term := (p_trials + 1) * ln(1 - p_limit);
  v_most := v_term;
  for j in 1 .. p_events loop
    v_term := v_term + ln((p_trials + 2 - j)::double precision / j) + ln(p_limit / (1 - p_limit));
    if v_term > v_most then
      v_sum := v_sum * exp(greatest(v_most - v_term, -700)) + 1;
      v_most := v_term;
    else
      v_sum := v_sum + exp(greatest(v_term - v_most, -700));
    end if;
  end loop;
  return case when v_most + ln(v_sum) < -700 then 0 else least(exp(v_most + ln(v_sum)), 1) end;
end;
$$;
comment on function private.rate_exceeds(bigint, bigint, double precision) is
  'The probability that a rate is above p_limit after so many events in so many trials, if nothing was known before (a uniform '
  'prior). Null for numbers that make no sense, and above 100,000 events.';

create function private.pause_texts(p_org_id uuid, p_now timestamptz default now())
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_org public.orgs;
  v_limit double precision := (select l.opt_out_rate from public.sending_limits l where l.org_id = p_org_id);
  v_today date;
  v_text record;
  v_template public.templates;
  v_paused jsonb := '[]';
begin
  select * into v_org from public.orgs o where o.id = p_org_id;
  v_today := (p_now at time zone v_org.time_zone)::date;
  for v_text in
    select t.id, s.sent, s.opted_out
    from public.templates t
    cross join lateral (
      -- Each version is judged by its own messages, and one that a person activated again by those since.
      select sum(d.sent) as sent, sum(d.opted_out) as opted_out
      from private.text_days d
      where d.org_id = p_org_id and d.template_id = t.id and d.version = t.version and d.day > v_today - 30
        and (t.activated_at is null or d.day > (t.activated_at at time zone v_org.time_zone)::date)
    ) s
    where t.org_id = p_org_id and t.is_active and t.category not in ('stop', 'help') and s.sent >= 100
      and s.opted_out > s.sent * v_limit and private.rate_exceeds(s.opted_out, s.sent, v_limit) >= 0.95
    order by t.id
  loop
    perform 1 from public.orgs o where o.id = p_org_id for no key update;
    select * into v_template from public.templates t where t.id = v_text.id and t.is_active for no key update;
    continue when not found;
    begin
      perform private.require_unneeded(v_template, 'pause');
    exception when sqlstate 'PT409' then
      -- It is the only text of a campaign: the circuit breaker decides about that.
      continue;
    end;
    update public.templates t set is_active = false where t.id = v_text.id returning * into v_template;
    perform private.note_template(v_template, 'template_paused',
      jsonb_build_object('sent', v_text.sent, 'opted_out', v_text.opted_out, 'limit', v_limit));
    v_paused := v_paused || jsonb_build_object('template_id', v_template.id, 'name', v_template.name, 'sent', v_text.sent,
      'opted_out', v_text.opted_out);
  end loop;
  if v_paused <> '[]' then
    -- One alert is open at a time: it names the texts of the one before, too.
    v_paused := coalesce((select a.details -> 'texts' from public.alerts a
      where a.org_id = p_org_id and a.kind = 'text_paused' and a.resolved_at is null), '[]') || v_paused;
    perform private.close_alerts(p_org_id, 'text_paused', p_now);
    perform private.raise_alert(p_org_id, 'text_paused', 'warning', format(
      'Too many people opt out after these texts, so they are sent no more: %s. Change them, or activate them again.',
      (select string_agg(format('%s (%s of %s)', x ->> 'name', x ->> 'opted_out', x ->> 'sent'), ', ')
        from jsonb_array_elements(v_paused) x)), null, null, jsonb_build_object('texts', v_paused));
  end if;
  return jsonb_array_length(v_paused);
end;
$$;
comment on function private.pause_texts(uuid, timestamptz) is
  'Deactivates each text after whose messages of the last 30 days (100 at least) more people opted out than the organisation''s '
  'limit, with a probability of 0.95, with an audit event and the alert text_paused. The last text of a campaign, a step or a '
  'variant is left to the circuit breaker. Returns how many texts the alert names.';
