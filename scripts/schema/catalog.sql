-- Everything our SQL defines, one row an object: kind, name, definition. Two databases are equal if these rows are.
with ours as (
  select n.oid, n.nspname from pg_namespace n where n.nspname in ('public', 'private')
),
rights as (
  select a.kind, a.oid, a.sub,
    string_agg(format('%s=%s%s', case x.grantee when 0 then 'public' else x.grantee::regrole::text end, x.privilege_type,
      case when x.is_grantable then '*' else '' end), ', ' order by x.grantee::regrole::text, x.privilege_type) as acl
  from (
    select 'schema' as kind, n.oid, 0 as sub, coalesce(n.nspacl, acldefault('n', n.nspowner)) as acl
    from pg_namespace n where n.nspname in ('public', 'private')
    union all
    select 'table', c.oid, 0, coalesce(c.relacl, acldefault(case c.relkind when 'S' then 's'::"char" else 'r'::"char" end, c.relowner))
    from pg_class c
    union all
    select 'column', t.attrelid, t.attnum, t.attacl from pg_attribute t where t.attacl is not null
    union all
    select 'function', p.oid, 0, coalesce(p.proacl, acldefault('f', p.proowner)) from pg_proc p
    union all
    select 'type', t.oid, 0, coalesce(t.typacl, acldefault('T', t.typowner)) from pg_type t
  ) a cross join lateral aclexplode(a.acl) x
  group by a.kind, a.oid, a.sub
),
relations as (
  select c.*, ours.nspname from pg_class c join ours on ours.oid = c.relnamespace
  where not exists (select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
)
select 'schema' as kind, o.nspname::text as name, concat_ws(E'\n', 'rights: ' || r.acl, 'comment: ' || obj_description(o.oid, 'pg_namespace')) as definition
from ours o left join rights r on r.kind = 'schema' and r.oid = o.oid
union all
select 'extension', e.extname, n.nspname from pg_extension e join pg_namespace n on n.oid = e.extnamespace
union all
select case c.relkind when 'r' then 'table' when 'v' then 'view' when 'S' then 'sequence' else 'relation ' || c.relkind::text end,
  c.nspname || '.' || c.relname,
  concat_ws(E'\n', 'options: ' || array_to_string(c.reloptions, ', '), 'persistence: ' || c.relpersistence::text,
    'row security: ' || c.relrowsecurity::text || case when c.relforcerowsecurity then ', forced' else '' end,
    'owner: ' || c.relowner::regrole::text, 'rights: ' || r.acl, 'comment: ' || obj_description(c.oid, 'pg_class'),
    case c.relkind when 'v' then pg_get_viewdef(c.oid) end)
from relations c left join rights r on r.kind = 'table' and r.oid = c.oid
where c.relkind in ('r', 'v', 'S', 'm', 'p')
union all
select 'column', c.nspname || '.' || c.relname || '.' || a.attname,
  concat_ws(E'\n',
    format('place: %s', row_number() over (partition by c.oid order by a.attnum)),
    format_type(a.atttypid, a.atttypmod) || case when a.attnotnull then ' not null' else '' end
      || case when a.attcollation <> t.typcollation then ' collate ' || a.attcollation::regcollation::text else '' end,
    case a.attgenerated when 's' then 'generated: ' when '' then 'default: ' end || pg_get_expr(d.adbin, d.adrelid),
    'identity: ' || nullif(a.attidentity::text, ''), 'statistics: ' || a.attstattarget::text, 'rights: ' || r.acl,
    'comment: ' || col_description(c.oid, a.attnum))
from relations c
join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
join pg_type t on t.oid = a.atttypid
left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
left join rights r on r.kind = 'column' and r.oid = c.oid and r.sub = a.attnum
where c.relkind in ('r', 'v', 'm', 'p')
union all
select 'constraint', c.nspname || '.' || c.relname || '.' || k.conname,
  concat_ws(E'\n', pg_get_constraintdef(k.oid), 'comment: ' || obj_description(k.oid, 'pg_constraint'))
from pg_constraint k join relations c on c.oid = k.conrelid
union all
select 'index', c.nspname || '.' || c.relname, concat_ws(E'\n', pg_get_indexdef(c.oid), 'options: ' || array_to_string(c.reloptions, ', '),
  'comment: ' || obj_description(c.oid, 'pg_class'))
from relations c where c.relkind = 'i'
union all
select 'trigger', g.tgrelid::regclass || '.' || g.tgname,
  concat_ws(E'\n', pg_get_triggerdef(g.oid), 'enabled: ' || g.tgenabled::text, 'comment: ' || obj_description(g.oid, 'pg_trigger'))
from pg_trigger g join pg_proc f on f.oid = g.tgfoid join ours o on o.oid = f.pronamespace where not g.tgisinternal
union all
select 'policy', p.polrelid::regclass || '.' || p.polname,
  concat_ws(E'\n', 'for: ' || p.polcmd::text, 'permissive: ' || p.polpermissive::text,
    'to: ' || (select string_agg(case x when 0 then 'public' else x::regrole::text end, ', ' order by 1) from unnest(p.polroles) x),
    'using: ' || pg_get_expr(p.polqual, p.polrelid), 'check: ' || pg_get_expr(p.polwithcheck, p.polrelid),
    'comment: ' || obj_description(p.oid, 'pg_policy'))
from pg_policy p join pg_class c on c.oid = p.polrelid join pg_namespace n on n.oid = c.relnamespace
where n.nspname in ('public', 'private', 'storage', 'realtime')
union all
select 'function', p.oid::regprocedure::text,
  concat_ws(E'\n', pg_get_functiondef(p.oid), 'owner: ' || p.proowner::regrole::text, 'rights: ' || r.acl, 'comment: ' || obj_description(p.oid, 'pg_proc'))
from pg_proc p join ours o on o.oid = p.pronamespace left join rights r on r.kind = 'function' and r.oid = p.oid
where not exists (select from pg_depend d where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e')
union all
select 'type', t.oid::regtype::text, concat_ws(E'\n',
  (select string_agg(e.enumlabel, ', ' order by e.enumsortorder) from pg_enum e where e.enumtypid = t.oid),
  (select string_agg(a.attname || ' ' || format_type(a.atttypid, a.atttypmod), ', ' order by a.attnum)
   from pg_attribute a where a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped),
  'rights: ' || r.acl, 'comment: ' || obj_description(t.oid, 'pg_type'))
from pg_type t join ours o on o.oid = t.typnamespace left join pg_class c on c.oid = t.typrelid
left join rights r on r.kind = 'type' and r.oid = t.oid
where t.typtype in ('e', 'd') or (t.typtype = 'c' and c.relkind = 'c')
union all
select 'statistics', o.nspname || '.' || s.stxname, pg_get_statisticsobjdef(s.oid) from pg_statistic_ext s join ours o on o.oid = s.stxnamespace
union all
select 'cron job', j.jobname, concat_ws(E'\n', j.schedule, j.command, 'as: ' || j.username, 'active: ' || j.active::text) from cron.job j
union all
select 'queue', q.queue_name, concat_ws(E'\n', 'options: ' || array_to_string(c.reloptions, ', '), 'rights: ' || r.acl,
  (select string_agg(pg_get_indexdef(i.indexrelid), E'\n' order by pg_get_indexdef(i.indexrelid)) from pg_index i where i.indrelid = c.oid))
from pgmq.list_queues() q join pg_class c on c.oid = format('pgmq.q_%s', q.queue_name)::regclass
left join rights r on r.kind = 'table' and r.oid = c.oid
union all
select 'role', w.rolname, concat_ws(E'\n', format('login: %s, inherit: %s, bypass: %s, super: %s', w.rolcanlogin, w.rolinherit, w.rolbypassrls, w.rolsuper),
  array_to_string(w.rolconfig, ', '),
  (select string_agg(n.nspname, ', ' order by n.nspname) from pg_namespace n where has_schema_privilege(w.oid, n.oid, 'usage') and n.nspname !~ '^pg_'))
from pg_roles w where w.rolname = 'worker'
union all
select 'right of worker', c.oid::regclass::text, r.acl from pg_class c join pg_namespace n on n.oid = c.relnamespace
join rights r on r.kind = 'table' and r.oid = c.oid
where n.nspname not in ('public', 'private', 'pg_catalog', 'information_schema', 'pg_toast') and r.acl like '%worker%'
union all
select 'default rights', concat_ws(' ', d.defaclrole::regrole, d.defaclobjtype, n.nspname), array_to_string(array(select x::text from unnest(d.defaclacl) x order by 1), ', ')
from pg_default_acl d left join pg_namespace n on n.oid = d.defaclnamespace where d.defaclrole = 'postgres'::regrole
union all
select 'bucket', b.id, concat_ws(', ', b.name, b.public, b.file_size_limit, b.allowed_mime_types::text) from storage.buckets b
union all
select 'rows', c.nspname || '.' || c.relname,
  (xpath('/row/n/text()', query_to_xml(format('select count(*) as n from %I.%I', c.nspname, c.relname), false, true, '')))[1]::text
from relations c where c.relkind = 'r' and c.relname not in ('windows', 'users', 'orgs')
order by kind, name;
