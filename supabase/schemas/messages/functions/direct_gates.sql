-- What a direct text must obey: the person's wishes, the law's hours, and the caps of numbers.

create function private.require_writable(p_phone public.lead_phones, p_contact private.contacts)
returns void
language plpgsql
stable
set search_path = ''
as $$
declare
  v_lead public.leads;
  v_refused_by uuid;
begin
  select * into v_lead from public.leads l where l.id = p_phone.lead_id;
  if p_contact.suppressed_at is not null then
    perform private.raise_error('PT409', 'opted_out',
      'This phone opted out, so nothing may be sent to it. Its holder can write START to one of your numbers.');
  elsif v_lead.status = 'do_not_contact' then
    perform private.raise_error('PT409', 'opted_out',
      'The lead''s status is do_not_contact. Set another status first if that was a mistake.', '{"field": "status"}');
  elsif 'denied' in (v_lead.consent_status, p_phone.consent_status) then
    perform private.raise_error('PT409', 'opted_out',
      'The person denied consent. Record their consent first if they gave it since.', '{"field": "consent_status"}');
  end if;
  v_refused_by := private.refused_by(p_phone.org_id, p_phone.e164);
  if v_refused_by is not null then
    select * into v_lead from public.leads l where l.id = v_refused_by;
    perform private.raise_error('PT409', 'opted_out', case when v_lead.deleted_at is null
      then format('Another lead with this phone %s. Change that lead first if that was a mistake.',
        case v_lead.refusal when 'do_not_contact' then 'is do_not_contact' else 'denied consent' end)
      else 'A lead with this phone said no before it was deleted. If the person consented since, set consent_status of this '
        'phone to granted, with consent_evidence.' end,
      jsonb_build_object('lead_id', v_refused_by, 'reason', v_lead.refusal, 'is_deleted', v_lead.deleted_at is not null));
  elsif p_contact.invalid_at is not null or not p_phone.is_valid or p_phone.line_type = 'landline' then
    perform private.raise_error('PT409', 'invalid_state', format('This phone cannot get texts (%s). Use another one.',
      replace(coalesce(p_contact.invalid_reason, p_phone.invalid_reason, p_phone.line_type, 'invalid'), '_', ' ')));
  elsif p_contact.held_at is not null then
    perform private.raise_error('PT409', 'invalid_state',
      'The person''s last text may be a wish to stop, or says that somebody has died. Say what it means first: review it.',
      jsonb_build_object('review', (
        select m.id from public.messages m
        where m.org_id = p_contact.org_id and m.holds and m.reviewed_at is null and m.from_number = p_contact.e164
        order by m.created_at limit 1)));
  end if;
end;
$$;
comment on function private.require_writable(public.lead_phones, private.contacts) is
  'Raises PT409 opted_out or invalid_state if this phone of a lead may not be written to at any hour. The caller holds the '
  'contact.';

create function private.require_consent(p_org public.orgs, p_phone public.lead_phones, p_window_key text, p_now timestamptz)
returns void
language plpgsql
stable
set search_path = ''
as $$
begin
  if (p_org.consent_policy = 'required' or exists (
      select from public.consent_rules r
      where r.state = any (string_to_array(split_part(p_window_key, '|', 2), ','))
        and r.effective_from <= p_now::date and (r.effective_to is null or r.effective_to > p_now::date)))
    and 'granted' not in (p_phone.consent_status, (select l.consent_status from public.leads l where l.id = p_phone.lead_id))
  then
    perform private.raise_error('PT409', 'opted_out',
      'The person''s consent is needed, by your settings or by the law of their state. Record it first if they gave it.',
      '{"field": "consent_status"}');
  end if;
end;
$$;
comment on function private.require_consent(public.orgs, public.lead_phones, text, timestamptz) is
  'Raises PT409 opted_out if an unasked text needs a consent that was not given: the same rules by which campaigns are built.';

create function private.require_hours(p_window private.windows, p_number public.phone_numbers, p_e164 text, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_soon timestamptz := p_now + interval '1 minute';
  v_texts timestamptz[] := private.texts_in_day(p_window.org_id, p_e164, p_now);
  v_queued integer;
  v_until timestamptz;
begin
  if not p_window.is_open or p_window.valid_to < v_soon or coalesce(
    private.number_open_until(p_number.quiet_starts, p_number.quiet_ends, p_number.time_zone, p_now) < v_soon, true)
  then
    v_until := private.next_open_with(p_number, p_window.window_key, p_now);
    perform private.raise_error('PT409', 'outside_hours', format(
      'It is outside the hours in which this person may be written to%s. Only who wrote to you within 24 hours may be answered '
      'at any hour.', coalesce(
        '. Try again from ' || to_char(v_until at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') || ' on', '')),
      jsonb_build_object('next_open_at', v_until));
  end if;
  if p_window.max_per_24h is null then
    return;
  end if;
  select count(*) into v_queued from public.messages m
  where m.to_number = p_e164 and (m.org_id = p_window.org_id) is true and m.status = 'queued'
    and (m.kind = 'campaign' or m.kind = 'direct' and m.exempt is null);
  if cardinality(v_texts) + v_queued >= p_window.max_per_24h then
    v_until := v_texts[greatest(cardinality(v_texts) - p_window.max_per_24h + 1, 1)] + interval '24 hours';
    perform private.refuse_cap('person', format(
      'This person''s state allows %s texts in 24 hours, and they were sent. Try again later.', p_window.max_per_24h),
      p_window.max_per_24h, coalesce(v_until, p_now + interval '1 hour'), p_now);
  end if;
end;
$$;
comment on function private.require_hours(private.windows, public.phone_numbers, text, timestamptz) is
  'Raises PT409 outside_hours, with the next lawful time, if a person may not be written to from a number for another minute, '
  'and PT429 if they got as many texts in 24 hours as their state allows.';

create function private.refuse_cap(p_limit text, p_message text, p_most integer, p_until timestamptz, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
begin
  perform private.raise_error('PT429', 'rate_limited', p_message, jsonb_build_object('limit', p_limit, 'most', p_most,
    'next_at', p_until, 'retry_after', greatest(ceil(extract(epoch from p_until - p_now)), 1)));
end;
$$;
comment on function private.refuse_cap(text, text, integer, timestamptz, timestamptz) is
  'Raises PT429 for a cap that leaves no room until p_until. p_limit: person, organisation, carrier or number.';
