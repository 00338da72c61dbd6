-- Everything that our SQL makes, one row an object: kind, name, definition. Two databases are equal if these rows are.
-- What the platform makes is left out, but for what our SQL changes of it: policies, rights, settings, buckets, jobs and queues.
-- Read it with an empty search_path: then every name comes with its schema.
with ours as (
  select n.oid, n.nspname from pg_namespace n where n.nspname in ('public', 'private')
),
rights as (
  select a.kind, a.oid, a.sub,
    string_agg(format('%s=%s%s', case x.grantee when 0 then 'public' else x.grantee::regrole::text end, x.privilege_type,
      case when x.is_grantable then '*' else '' end), ', ' order by x.grantee::regrole::text, x.privilege_type) as acl
  from (
    select 'schema' as kind, n.oid, 0 as sub, coalesce(n.nspacl, acldefault('n', n.nspowner)) as acl
    from pg_namespace n
    union all
    select 'table', c.oid, 0,
      coalesce(c.relacl, acldefault(case c.relkind when 'S' then 's'::"char" else 'r'::"char" end, c.relowner))
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
  where not exists (
    select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
),
platform as (
  select n.oid, n.nspname from pg_namespace n
  where n.nspname not in ('public', 'private', 'pg_catalog', 'information_schema') and n.nspname !~ '^pg_'
)
select 'schema' as kind, n.nspname::text as name,
  concat_ws(E'\n', 'rights: ' || r.acl, 'comment: ' || obj_description(n.oid, 'pg_namespace')) as definition
from pg_namespace n left join rights r on r.kind = 'schema' and r.oid = n.oid
where n.nspname not in ('pg_catalog', 'information_schema') and n.nspname !~ '^pg_'
union all
select 'extension', e.extname, 'schema: ' || n.nspname from pg_extension e join pg_namespace n on n.oid = e.extnamespace
union all
select case c.relkind when 'r' then 'table' when 'p' then 'table' when 'v' then 'view' when 'S' then 'sequence'
    else 'relation ' || c.relkind::text end,
  c.nspname || '.' || c.relname,
  concat_ws(E'\n', 'options: ' || array_to_string(c.reloptions, ', '), 'persistence: ' || c.relpersistence::text,
    'row security: ' || c.relrowsecurity::text || case when c.relforcerowsecurity then ', forced' else '' end,
    'owner: ' || c.relowner::regrole::text, 'rights: ' || r.acl, 'comment: ' || obj_description(c.oid, 'pg_class'),
    case when c.relkind = 'p' then 'partitioned by: ' || pg_get_partkeydef(c.oid) end,
    'partition: ' || pg_get_expr(c.relpartbound, c.oid),
    case when c.relkind in ('v', 'm') then pg_get_viewdef(c.oid) end,
    (select format('%s from %s by %s, %s to %s, cache %s%s', q.seqtypid::regtype, q.seqstart, q.seqincrement, q.seqmin, q.seqmax,
       q.seqcache, case when q.seqcycle then ', cycle' else '' end) from pg_sequence q where q.seqrelid = c.oid))
from relations c left join rights r on r.kind = 'table' and r.oid = c.oid
where c.relkind in ('r', 'v', 'S', 'm', 'p')
union all
-- One row a table, so that a column in another place is one difference and not one for each column behind it.
select 'order of columns', c.nspname || '.' || c.relname,
  (select string_agg(a.attname, ', ' order by a.attnum) from pg_attribute a
   where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped)
from relations c where c.relkind in ('r', 'p')
union all
select 'column', c.nspname || '.' || c.relname || '.' || a.attname,
  concat_ws(E'\n',
    format_type(a.atttypid, a.atttypmod) || case when a.attnotnull then ' not null' else '' end
      || case when a.attcollation <> t.typcollation then ' collate ' || a.attcollation::regcollation::text else '' end,
    case a.attgenerated when 's' then 'generated: ' when '' then 'default: ' end || pg_get_expr(d.adbin, d.adrelid),
    'identity: ' || nullif(a.attidentity::text, ''), 'statistics: ' || a.attstattarget::text,
    case when a.attstorage <> t.typstorage then 'storage: ' || a.attstorage::text end,
    'compression: ' || nullif(a.attcompression::text, ''), 'options: ' || array_to_string(a.attoptions, ', '),
    'rights: ' || r.acl, 'comment: ' || col_description(c.oid, a.attnum))
from relations c
join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
join pg_type t on t.oid = a.atttypid
left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
left join rights r on r.kind = 'column' and r.oid = c.oid and r.sub = a.attnum
where c.relkind in ('r', 'v', 'm', 'p')
union all
select 'constraint', c.nspname || '.' || c.relname || '.' || k.conname,
  concat_ws(E'\n', pg_get_constraintdef(k.oid), 'options of its index: ' || array_to_string(i.reloptions, ', '),
    'comment: ' || obj_description(k.oid, 'pg_constraint'))
from pg_constraint k join relations c on c.oid = k.conrelid
left join pg_class i on i.oid = k.conindid and k.contype in ('p', 'u', 'x')
union all
select 'index', t.nspname || '.' || t.relname || '.' || c.relname,
  concat_ws(E'\n', pg_get_indexdef(c.oid), case when not i.indisvalid then 'not valid' end,
    'statistics: ' || (select string_agg(a.attname || ' ' || a.attstattarget::text, ', ' order by a.attnum) from pg_attribute a
      where a.attrelid = c.oid and a.attstattarget is not null),
    'comment: ' || obj_description(c.oid, 'pg_class'))
from relations c join pg_index i on i.indexrelid = c.oid join relations t on t.oid = i.indrelid
where c.relkind in ('i', 'I')
  and not exists (select from pg_constraint k where k.conindid = c.oid and k.contype in ('p', 'u', 'x'))
union all
select 'trigger', format('%s.%s.%s', n.nspname, c.relname, g.tgname),
  concat_ws(E'\n', pg_get_triggerdef(g.oid), 'enabled: ' || g.tgenabled::text, 'comment: ' || obj_description(g.oid, 'pg_trigger'))
from pg_trigger g join pg_class c on c.oid = g.tgrelid join pg_namespace n on n.oid = c.relnamespace join pg_proc f on f.oid = g.tgfoid
where not g.tgisinternal and (n.oid in (select o.oid from ours o) or f.pronamespace in (select o.oid from ours o))
union all
select 'event trigger', e.evtname, format('on %s, tags %s, enabled %s, calls %s', e.evtevent, e.evttags, e.evtenabled, e.evtfoid::regproc)
from pg_event_trigger e
union all
select 'rule', format('%s.%s', u.ev_class::regclass, u.rulename), pg_get_ruledef(u.oid)
from pg_rewrite u join relations c on c.oid = u.ev_class where u.rulename <> '_RETURN'
union all
select 'policy', format('%s.%s.%s', n.nspname, c.relname, p.polname),
  concat_ws(E'\n', 'for: ' || case p.polcmd when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update'
      when 'd' then 'delete' else 'all' end,
    case when p.polpermissive then 'permissive' else 'restrictive' end,
    'to: ' || (select string_agg(case x when 0 then 'public' else x::regrole::text end, ', ' order by 1) from unnest(p.polroles) x),
    'using: ' || pg_get_expr(p.polqual, p.polrelid), 'check: ' || pg_get_expr(p.polwithcheck, p.polrelid),
    'comment: ' || obj_description(p.oid, 'pg_policy'))
from pg_policy p join pg_class c on c.oid = p.polrelid join pg_namespace n on n.oid = c.relnamespace
union all
select 'function', p.oid::regprocedure::text,
  concat_ws(E'\n',
    case p.prokind when 'a' then (select format('aggregate of %s, %s, %s, begins with %s', g.aggtransfn, g.aggfinalfn,
        g.aggtranstype::regtype, g.agginitval) from pg_aggregate g where g.aggfnoid = p.oid)
      else rtrim(pg_get_functiondef(p.oid), E'\n') end,
    'owner: ' || p.proowner::regrole::text, 'rights: ' || r.acl, 'comment: ' || obj_description(p.oid, 'pg_proc'))
from pg_proc p join ours o on o.oid = p.pronamespace left join rights r on r.kind = 'function' and r.oid = p.oid
where not exists (
  select from pg_depend d where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e')
union all
select 'type', t.oid::regtype::text, concat_ws(E'\n',
  (select string_agg(e.enumlabel, ', ' order by e.enumsortorder) from pg_enum e where e.enumtypid = t.oid),
  (select string_agg(a.attname || ' ' || format_type(a.atttypid, a.atttypmod), ', ' order by a.attnum)
   from pg_attribute a where a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped),
  case t.typtype when 'd' then concat_ws(' ', format_type(t.typbasetype, t.typtypmod),
    case when t.typnotnull then 'not null' end, 'default ' || t.typdefault,
    (select string_agg(pg_get_constraintdef(k.oid), ' ' order by k.conname) from pg_constraint k where k.contypid = t.oid)) end,
  'rights: ' || r.acl, 'comment: ' || coalesce(obj_description(t.oid, 'pg_type'), obj_description(c.oid, 'pg_class')))
from pg_type t join ours o on o.oid = t.typnamespace left join pg_class c on c.oid = t.typrelid
left join rights r on r.kind = 'type' and r.oid = t.oid
where t.typtype in ('e', 'd', 'r') or (t.typtype = 'c' and c.relkind = 'c')
union all
select 'statistics', o.nspname || '.' || s.stxname,
  concat_ws(E'\n', pg_get_statisticsobjdef(s.oid), 'target: ' || s.stxstattarget::text, 'comment: ' || obj_description(s.oid, 'pg_statistic_ext'))
from pg_statistic_ext s join ours o on o.oid = s.stxnamespace
union all
select 'cron job', coalesce(j.jobname, j.command),
  concat_ws(E'\n', 'schedule: ' || j.schedule, 'as: ' || j.username, 'active: ' || j.active::text, j.command)
from cron.job j
union all
select 'task', t.name, concat_ws(E'\n', t.seconds || ' seconds, prompt: ' || t.is_prompt::text || ', active: ' || t.is_active::text, t.due,
  (select string_agg(concat_ws(E'\n', 'part ' || p.place || ' of kind ' || coalesce(p.kind, 'none') || ', seconds: ' || p.seconds, p.items, p.call),
     E'\n' order by p.place) from private.task_parts p where p.task = t.name))
from private.tasks t
union all
select 'queue', q.queue_name, concat_ws(E'\n', 'options: ' || array_to_string(c.reloptions, ', '), 'rights: ' || r.acl,
  (select string_agg(pg_get_indexdef(i.indexrelid), E'\n' order by pg_get_indexdef(i.indexrelid))
   from pg_index i where i.indrelid = c.oid))
from pgmq.list_queues() q join pg_class c on c.oid = format('pgmq.q_%s', q.queue_name)::regclass
left join rights r on r.kind = 'table' and r.oid = c.oid
union all
select 'role', w.rolname, concat_ws(E'\n',
  format('login: %s, inherit: %s, bypass: %s, super: %s', w.rolcanlogin, w.rolinherit, w.rolbypassrls, w.rolsuper),
  'settings: ' || array_to_string(w.rolconfig, ', '),
  'member of: ' || (select string_agg(m.roleid::regrole::text, ', ' order by m.roleid::regrole::text)
    from pg_auth_members m where m.member = w.oid))
from pg_roles w where w.rolname !~ '^pg_'
union all
select 'setting', coalesce(w.rolname, 'everybody'), array_to_string(s.setconfig, E'\n')
from pg_db_role_setting s left join pg_roles w on w.oid = s.setrole
where s.setdatabase = (select d.oid from pg_database d where d.datname = current_database())
union all
select 'rights on the platform''s', format('%s.%s', n.nspname, c.relname), r.acl
from pg_class c join platform n on n.oid = c.relnamespace join rights r on r.kind = 'table' and r.oid = c.oid
where c.relkind in ('r', 'v', 'S', 'm', 'p', 'f') and not (n.nspname = 'pgmq' and c.relname ~ '^[qa]_')
union all
select 'rights on the platform''s', p.oid::regprocedure::text, r.acl
from pg_proc p join platform n on n.oid = p.pronamespace join rights r on r.kind = 'function' and r.oid = p.oid
union all
select 'default rights', concat_ws(' ', d.defaclrole::regrole, case d.defaclobjtype when 'r' then 'tables' when 'S' then 'sequences'
    when 'f' then 'functions' when 'T' then 'types' else 'schemas' end, 'in ' || n.nspname),
  array_to_string(array(select x::text from unnest(d.defaclacl) x order by 1), ', ')
from pg_default_acl d left join pg_namespace n on n.oid = d.defaclnamespace
union all
select 'publication', p.pubname, concat_ws(E'\n',
  format('insert: %s, update: %s, delete: %s, truncate: %s, all tables: %s', p.pubinsert, p.pubupdate, p.pubdelete, p.pubtruncate,
    p.puballtables),
  (select string_agg(format('%s.%s', t.schemaname, t.tablename), ', ' order by t.schemaname, t.tablename)
   from pg_publication_tables t where t.pubname = p.pubname and not p.puballtables))
from pg_publication p
union all
select 'bucket', b.id, concat_ws(E'\n', 'name: ' || b.name, 'public: ' || b.public::text, 'largest file: ' || b.file_size_limit::text,
  'types: ' || b.allowed_mime_types::text)
from storage.buckets b
order by kind, name;
