-- What is asked for in a direct text: its words, its person, and whether it was asked for before.

create function private.read_direct_text(p_body text, p_field text default 'body')
returns text
language plpgsql
immutable
set search_path = ''
as $$
declare
  v_text text;
begin
  -- Much longer texts are not even read.
  if p_body is null or length(p_body) > 10000 then
    perform private.refuse_field(p_field, format('Give %s, a text of 1 to 1,600 characters.', p_field));
  end if;
  -- As templates are stored: Twilio's count and ours are the same only for this form. Braces mean nothing here.
  v_text := private.strip(regexp_replace(normalize(p_body, NFC), E'\r\n?', E'\n', 'g'));
  -- Signs of no width are no text.
  if v_text !~ ('[^[:space:]\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2028-\u202f\u205f-\u206f'
    '\u3164\ufe00-\ufe0f\ufeff\uffa0]')
  then
    perform private.refuse_field(p_field, format('Write the text: %s is empty.', p_field));
  elsif v_text ~ '[\u0001-\u0009\u000b-\u001f\u007f-\u009f]' then
    perform private.refuse_field(p_field,
      format('%s must be plain text: leave out tabs and other control characters.', p_field));
  elsif (private.text_size(v_text)).units > 1600 then
    perform private.refuse_field(p_field, format(
      '%s may have 1,600 characters at most: it counts %s. Emoji and the signs ^ { } \ [ ~ ] | € count as two.',
      p_field, (private.text_size(v_text)).units));
  end if;
  return v_text;
end;
$$;
comment on function private.read_direct_text(text, text) is
  'The words of a direct text as they are sent: NFC, line feeds, no white space at the ends. Raises PT422 naming p_field.';

create function private.person_to_text(p_org_id uuid, p_to text, p_lead_id uuid)
returns public.lead_phones
language plpgsql
stable
set search_path = ''
as $$
declare
  v_phone public.lead_phones;
begin
  if p_to is null and p_lead_id is null then
    perform private.refuse_field('to', 'Give to, a phone of a lead, or lead_id.');
  elsif length(p_to) > 20 or p_to !~ '^\+[1-9][0-9]{6,14}$' then
    perform private.refuse_field('to', 'Write the phone in E.164, for example +15125550123.');
  elsif p_lead_id is not null and not exists (
    select from public.leads l where l.org_id = p_org_id and l.id = p_lead_id and l.deleted_at is null)
  then
    perform private.refuse_lead(p_org_id, p_lead_id);
  end if;
  -- Of a lead, the first phone that may be written to. Of leads that share a phone, the one of its conversation, then the newest,
  -- as for texts that come in.
  select p.* into v_phone
  from public.lead_phones p
  join public.leads l on l.id = p.lead_id and l.deleted_at is null
  left join private.contacts k on k.org_id = p.org_id and k.e164 = p.e164
  left join public.conversations c on c.org_id = p.org_id and c.e164 = p.e164
  where p.org_id = p_org_id and (p_to is null or p.e164 = p_to) and (p_lead_id is null or p.lead_id = p_lead_id)
  order by (p.is_valid and k.suppressed_at is null and k.invalid_at is null and p.consent_status <> 'denied'
      and p.line_type is distinct from 'landline'
      and not exists (select from private.refused_phones r where r.org_id = p.org_id and r.e164 = p.e164)) desc,
    (c.lead_id = p.lead_id) is true desc, array_position(array['primary', 'secondary', 'alternate'], p.role), l.created_at desc,
    p.id
  limit 1;
  if v_phone.id is not null then
    return v_phone;
  elsif p_to is null then
    perform private.refuse_field('lead_id', 'The lead has no phone: add one.');
  elsif p_lead_id is not null then
    perform private.refuse_field('to', 'The lead has no such phone: add it to the lead, or leave one of to and lead_id out.');
  end if;
  perform private.refuse_field('to', 'No lead has this phone, and texts go to leads only: add a lead with it first.');
end;
$$;
comment on function private.person_to_text(uuid, text, uuid) is
  'The phone of a lead to which a direct text goes. p_to (E.164) or p_lead_id may be null. Raises PT404 for no such lead, PT422 '
  'naming to or lead_id if it has no such phone.';

create function private.keyed_direct(p_org_id uuid, p_key text, p_request_hash bytea, p_now timestamptz)
returns uuid
language plpgsql
set search_path = ''
as $$
declare
  v_request private.message_requests;
begin
  if p_key is null then
    return null;
  elsif p_key !~ '^[ -~]{1,200}$' then
    perform private.refuse_field('Idempotency-Key', 'Idempotency-Key must have 1 to 200 characters of ASCII.');
  end if;
  delete from private.message_requests r
  where r.org_id = p_org_id and r.key = p_key and r.created_at <= p_now - interval '24 hours';
  select * into v_request from private.message_requests r where r.org_id = p_org_id and r.key = p_key;
  if v_request.request_hash <> p_request_hash then
    perform private.refuse_field('Idempotency-Key',
      'This Idempotency-Key was used for another request in the last 24 hours. Use a new one for each text.');
  end if;
  return coalesce(v_request.message_id, v_request.scheduled_id);
end;
$$;
comment on function private.keyed_direct(uuid, text, bytea, timestamptz) is
  'The message, or the scheduled text, that was asked for with this Idempotency-Key within 24 hours; null if there is none, or '
  'no key. Raises PT422 if the request was another one. The caller holds the organisation''s lock, so that two requests at once '
  'are one after the other.';
