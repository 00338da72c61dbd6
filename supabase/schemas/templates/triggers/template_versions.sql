-- Templates: texts by category, all their versions, and how often each was used (in a narrow row of its own).

create function private.keep_template_versions()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  if tg_op = 'UPDATE' and new.content is distinct from old.content then
    new.version := old.version + 1;
  end if;
  return new;
end;
$$;
comment on function private.keep_template_versions() is 'Trigger: a changed text gets a new version.';

create function private.store_template_version()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  insert into public.template_versions (template_id, version, org_id, content, worst_segments)
  values (new.id, new.version, new.org_id, new.content, new.worst_segments)
  on conflict do nothing;
  insert into private.template_usage (template_id) values (new.id) on conflict do nothing;
  return null;
end;
$$;
comment on function private.store_template_version() is
  'Trigger: stores the version and the usage row. Security definer: the role that writes a template may write neither.';
