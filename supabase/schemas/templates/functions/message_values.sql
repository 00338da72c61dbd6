-- The values that a text would have, for previews and test sends. They are what private.write_plan and private.queue_auto_reply
-- store with a message.

create function private.message_values(p_org_id uuid, p_lead_id uuid, p_e164 text, p_category text, p_language text,
  p_now timestamptz)
returns jsonb
language sql
stable
set search_path = ''
as $$
  select case when p_category in ('help', 'stop')
      then jsonb_build_object('brand', o.brand, 'support_contact', o.support_contact)
      else coalesce((select l.variables from private.lead_values l where l.lead_id = p_lead_id), '{}')
        || jsonb_build_object('brand', o.brand, 'support_contact', o.support_contact,
          'today', to_char(p_now at time zone o.time_zone, case p_language when 'es' then 'DD/MM/YYYY' else 'MM/DD/YYYY' end)) end
    || jsonb_strip_nulls(jsonb_build_object('phone', p_e164))
  from public.orgs o where o.id = p_org_id;
$$;
comment on function private.message_values(uuid, uuid, text, text, text, timestamptz) is
  'Values by variable for a text to a lead and phone, either of which may be null. today is the day of the organisation; a '
  'campaign uses the day where the person is.';

create function private.preview_values(p_lead_id uuid, p_category text, p_language text, p_now timestamptz default now())
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('viewer');
begin
  perform private.check_shape(jsonb_build_object('category', p_category, 'language', p_language),
    private.object_shape(private.template_fields(), '{category,language}'));
  if p_lead_id is not null and not exists (
    select from public.leads l where l.org_id = v_org_id and l.id = p_lead_id and l.deleted_at is null)
  then
    perform private.raise_error('PT404', 'not_found', 'There is no lead with this id.', jsonb_build_object('lead_id', p_lead_id));
  end if;
  return jsonb_build_object(
    'values', private.message_values(v_org_id, p_lead_id, (
      select p.e164 from public.lead_phones p where p.org_id = v_org_id and p.lead_id = p_lead_id
      order by p.role <> 'primary', p.created_at, p.id limit 1), p_category, p_language, p_now),
    'segment_cost', (select l.segment_price + l.carrier_fee from public.sending_limits l where l.org_id = v_org_id));
end;
$$;
comment on function private.preview_values(uuid, text, text, timestamptz) is
  'Values by variable for a text to a lead (null: to nobody, only what is the organisation''s), and the estimated price of a '
  'segment. Needs viewer. Raises PT403, PT404, PT422. Security definer: users may not read private views.';
grant execute on function private.preview_values(uuid, text, text, timestamptz) to authenticated;

create function public.preview_values(p_category text, p_language text, p_lead_id uuid default null) returns jsonb
  language sql set search_path = '' as $$ select private.preview_values(p_lead_id, p_category, p_language); $$;
comment on function public.preview_values(text, text, uuid) is
  'Calls the private function of the same name, which checks role and organisation, with the current time.';
grant execute on function public.preview_values(text, text, uuid) to authenticated;
