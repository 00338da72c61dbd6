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
