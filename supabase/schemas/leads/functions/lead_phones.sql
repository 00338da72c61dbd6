-- A phone of a lead as people change it: its label, whether there is such a number, what kind of line it is, and consent, each of
-- which is said of that phone alone. Which numbers a lead has, and in which roles, is update_lead's.

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
  'The phones of an organisation''s leads: how many, valid or not, looked up or not, by kind of line and by consent. A number '
  'that two leads have counts for both. Definer: one pass, where a policy would be asked for each row. Needs viewer.';
grant execute on function private.phone_figures(timestamptz) to authenticated;

create function public.phone_figures() returns jsonb
  language sql stable set search_path = '' as $$ select private.phone_figures(); $$;
comment on function public.phone_figures() is
  'Calls the private function of the same name, which checks role and organisation, at the time of the call.';
grant execute on function public.phone_figures() to authenticated;
