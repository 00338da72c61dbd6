-- Restoring, duplicating and archiving templates. Users call the functions of the same names in public.

create function private.restore_template(p_template_id uuid, p_version integer, p_expected_version integer default null)
returns integer
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_template public.templates := private.own_template(p_template_id);
  v_content text;
begin
  if p_expected_version <> v_template.version then
    perform private.raise_error('PT409', 'conflict', format(
      'Somebody changed the text meanwhile: it has version %s. Read it again, then decide.', v_template.version),
      jsonb_build_object('version', v_template.version));
  end if;
  select v.content into v_content from public.template_versions v
  where v.template_id = p_template_id and v.version = p_version;
  if not found then
    perform private.raise_error('PT404', 'not_found', 'The template has no such version.',
      jsonb_build_object('version', v_template.version));
  end if;
  return private.change_template(v_template, jsonb_build_object('content', v_content), 'template_restored',
    jsonb_build_object('restored_version', p_version));
end;
$$;
comment on function private.restore_template(uuid, integer, integer) is
  'Gives a template the text of an earlier version again, as a new version, and returns that. The text is judged by today''s '
  'rules. Needs campaign_manager. Raises PT403, PT404; PT409 conflict if it has another version than p_expected_version; PT422. '
  'Security definer: users may not write templates.';
grant execute on function private.restore_template(uuid, integer, integer) to authenticated;

create function public.restore_template(p_template_id uuid, p_version integer, p_expected_version integer default null)
  returns integer language sql set search_path = ''
  as $$ select private.restore_template(p_template_id, p_version, p_expected_version); $$;
comment on function public.restore_template(uuid, integer, integer) is
  'Calls the private function of the same name, which checks role and organisation.';
grant execute on function public.restore_template(uuid, integer, integer) to authenticated;

create function private.duplicate_template(p_template_id uuid, p_name text default null)
returns uuid
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_template public.templates := private.own_template(p_template_id);
  v_name text := p_name;
begin
  if v_name is null then
    -- The first free one of "Name (copy)", "Name (copy 2)" and so on.
    select x.name into v_name from (
      select n, left(v_template.name, 185) || case n when 1 then ' (copy)' else format(' (copy %s)', n) end as name
      from generate_series(1, 2001) n) x
    where not exists (select from public.templates t where t.org_id = v_template.org_id and t.name = x.name)
    order by x.n limit 1;
  end if;
  return private.insert_template(v_template.org_id, jsonb_build_object('name', v_name, 'category', v_template.category,
    'language', v_template.language, 'content', v_template.content, 'is_active', v_template.is_active), 'template_created');
end;
$$;
comment on function private.duplicate_template(uuid, text) is
  'Makes a template with the text, category and language of another, active if that is, and returns its id. Without p_name it is '
  'called like the other one, with "(copy)". Needs campaign_manager. Raises PT403, PT404, PT409, PT422. Security definer: users '
  'may not write templates.';
grant execute on function private.duplicate_template(uuid, text) to authenticated;

create function public.duplicate_template(p_template_id uuid, p_name text default null) returns uuid
  language sql set search_path = '' as $$ select private.duplicate_template(p_template_id, p_name); $$;
comment on function public.duplicate_template(uuid, text) is
  'Calls the private function of the same name, which checks role and organisation.';
grant execute on function public.duplicate_template(uuid, text) to authenticated;

create function private.archive_template(p_template_id uuid, p_is_archived boolean, p_now timestamptz default now())
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_template public.templates := private.own_template(p_template_id);
begin
  if p_is_archived is null then
    perform private.refuse_field('is_archived', 'Give is_archived: true or false.');
  elsif p_is_archived = (v_template.archived_at is not null) then
    return;
  elsif p_is_archived then
    perform private.require_unneeded(v_template, 'archive');
  end if;
  update public.templates t set archived_at = case when p_is_archived then p_now end, is_active = false
  where t.id = p_template_id;
  perform private.note_template(v_template, case when p_is_archived then 'template_archived' else 'template_unarchived' end);
end;
$$;
comment on function private.archive_template(uuid, boolean, timestamptz) is
  'Takes a template out of the list and out of use, or puts it back, inactive. Messages that were planned or sent with it keep '
  'its text. Does nothing if it is as asked already. Needs campaign_manager. Raises PT403, PT404; PT409 still_referenced with '
  'the names of the campaigns whose only text it is. Security definer: users may not write templates.';
grant execute on function private.archive_template(uuid, boolean, timestamptz) to authenticated;

create function public.archive_template(p_template_id uuid, p_is_archived boolean default true) returns void
  language sql set search_path = '' as $$ select private.archive_template(p_template_id, p_is_archived); $$;
comment on function public.archive_template(uuid, boolean) is
  'Calls the private function of the same name, which checks role and organisation, with the current time.';
grant execute on function public.archive_template(uuid, boolean) to authenticated;
