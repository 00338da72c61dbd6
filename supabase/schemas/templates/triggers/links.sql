create function private.refuse_template_link()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_link text := private.find_template_link(new.content, (select o.brand from public.orgs o where o.id = new.org_id));
begin
  if v_link is not null then
    perform private.refuse_field('content', format(
      '%s may not have a link (%s). Remove it, or put a space after the dot; send a link once the person has answered.',
      case new.category when 'stop' then 'A stop confirmation' else 'A first message' end, v_link));
  end if;
  return new;
end;
$$;
comment on function private.refuse_template_link() is
  'Trigger: refuses a first message or stop confirmation that has a link when it is sent under the organisation''s brand. '
  'Security definer: the role that writes a template may not read private tables.';

create function private.refuse_brand_link()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_link text := private.find_link(new.brand);
  v_row record;
begin
  if v_link is not null then
    perform private.refuse_field('brand', format(
      'brand is a link (%s), and first messages, which carry it, may have none: carriers filter them. Write the name without the '
      'dot or with a space, for example %s.', v_link, trim(replace(regexp_replace(new.brand, '\.[[:alpha:]]+$', ''), '.', ' '))));
  end if;
  if tg_op = 'UPDATE' then
    select t.name, private.find_template_link(t.content, new.brand) as link into v_row
    from public.templates t
    where t.org_id = new.id and t.is_active and t.category in ('initial', 'stop')
      and private.find_template_link(t.content, new.brand) is not null
    order by t.name limit 1;
    if v_row.link is not null then
      perform private.refuse_field('brand', format(
        'With this brand the template "%s" has a link (%s), which first messages may not have. Change the template or the brand.',
        v_row.name, v_row.link));
    end if;
  end if;
  return new;
end;
$$;
comment on function private.refuse_brand_link() is
  'Trigger: refuses a brand that phones turn into a link, by itself or within an active first message or stop confirmation. '
  'Security definer: users may not read private tables.';
create trigger orgs_refuse_brand_link before insert or update of brand on public.orgs
  for each row execute function private.refuse_brand_link();
