-- Sign-up: who signs up joins the organisation that invited their e-mail address, else gets a new one with its defaults.

create function private.create_org(p_name text)
returns uuid
language plpgsql
set search_path = ''
as $$
declare
  v_org_id uuid;
begin
  insert into public.orgs (name, brand)
  values (trim(p_name), left(trim(p_name), 25))
  returning id into v_org_id;
  insert into public.templates (org_id, category, language, name, content, variables, required_variables, encoding, worst_segments)
  select v_org_id, d.category, d.language, d.name, d.content, d.variables, d.required_variables, d.encoding, d.worst_segments
  from private.default_templates d
  order by d.key;
  return v_org_id;
end;
$$;
comment on function private.create_org(text) is 'Creates an organisation with default settings and templates; returns its id. The brand starts as the name and should be set before the first campaign.';
grant execute on function private.create_org(text) to service_role;

create function private.join_organisation()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_invitation public.invitations;
  v_name text := trim(coalesce(new.raw_user_meta_data ->> 'org_name', ''));
begin
  -- Production keeps e-mail confirmation on: without it, anybody could claim somebody else's invitation by typing their address.
  select * into v_invitation
  from public.invitations i
  where lower(i.email) = lower(new.email) and i.accepted_at is null and i.expires_at > now()
  order by i.created_at desc
  limit 1
  for update;
  if found then
    update public.invitations set accepted_at = now() where id = v_invitation.id;
    insert into public.users (id, org_id, email, role) values (new.id, v_invitation.org_id, new.email, v_invitation.role);
  else
    if v_name = '' then
      v_name := split_part(coalesce(new.email, 'My organisation'), '@', 1);
    end if;
    insert into public.users (id, org_id, email, role)
    values (new.id, private.create_org(left(v_name, 200)), new.email, 'admin');
  end if;
  return null;
end;
$$;
comment on function private.join_organisation() is
  'Trigger on sign-up. Definer: the auth service may write neither organisations nor users. org_name of the user''s metadata names a new organisation; it decides nothing else.';

create trigger on_auth_user_created after insert on auth.users
  for each row execute function private.join_organisation();
