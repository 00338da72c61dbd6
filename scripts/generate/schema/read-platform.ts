// What the project adds outside its own schemas: rights on schemas, roles, defaults, and parts of the platform's tables.
import type postgres from "postgres";
import { GRANTEE, type Line, POLICY, TRIGGER } from "./relation-parts.ts";

const schemas = `
  select 'usage of ' || g.schema || ' to ' || g.role as code, null as comment
  from (
    select n.nspname as schema, ${GRANTEE} as role, lower(g.privilege_type) as privilege
    from pg_namespace n, aclexplode(n.nspacl) g
    where n.nspname in ('public', 'private') and g.privilege_type = 'USAGE' and g.grantee <> n.nspowner
  ) g
  union all
  select 'create in ' || n.nspname || ' to ' || ${GRANTEE}, null
  from pg_namespace n, aclexplode(n.nspacl) g
  where n.nspname in ('public', 'private') and g.privilege_type = 'CREATE' and g.grantee <> n.nspowner
  order by 1`;

const defaults = `
  select 'new ' || case d.defaclobjtype when 'r' then 'tables' when 'S' then 'sequences' when 'f' then 'functions'
      when 'T' then 'types' else 'schemas' end
    || coalesce(' in ' || n.nspname, '') || ' of ' || pg_get_userbyid(d.defaclrole) || ': '
    || coalesce((
      select string_agg(lower(g.privilege_type) || ' to ' || ${GRANTEE}, ', ' order by g.grantee::regrole::text collate "C", g.privilege_type)
      from aclexplode(d.defaclacl) g where g.grantee <> d.defaclrole), 'nothing to others') as code,
    null as comment
  from pg_default_acl d
  left join pg_namespace n on n.oid = d.defaclnamespace
  where pg_get_userbyid(d.defaclrole) = 'postgres' and (n.oid is null or n.nspname in ('public', 'private'))
  order by 1`;

/** Roles that Supabase makes are left out: other roles with rights on our objects were made by the project. */
const roles = `
  with granted as (
    select distinct g.grantee from pg_class c, aclexplode(c.relacl) g
    where c.relnamespace in ('public'::regnamespace, 'private'::regnamespace)
    union
    select distinct g.grantee from pg_proc p, aclexplode(p.proacl) g
    where p.pronamespace in ('public'::regnamespace, 'private'::regnamespace)
  )
  select concat_ws(', ',
      r.rolname, case when r.rolcanlogin then 'login' end, case when not r.rolinherit then 'noinherit' end,
      case when r.rolbypassrls then 'bypassrls' end, case when r.rolsuper then 'superuser' end,
      case when r.rolcreaterole then 'createrole' end, case when r.rolcreatedb then 'createdb' end,
      'member of ' || (
        select string_agg(pg_get_userbyid(m.roleid), ', ' order by pg_get_userbyid(m.roleid))
        from pg_auth_members m where m.member = r.oid),
      (select string_agg('set ' || s, ', ' order by s collate "C") from unnest(r.rolconfig) s)) as code,
    null as comment
  from pg_roles r
  join granted on granted.grantee = r.oid
  where r.rolname not in ('postgres', 'anon', 'authenticated', 'service_role', 'authenticator', 'dashboard_user')
  order by 1`;

const policies = `
  select p.polrelid::regclass || ': ' || ${POLICY} as code, obj_description(p.oid, 'pg_policy') as comment
  from pg_policy p
  join pg_class c on c.oid = p.polrelid
  where c.relnamespace::regnamespace::text in ('auth', 'storage', 'realtime')
  order by p.polrelid::regclass::text collate "C", p.polname collate "C"`;

const triggers = `
  select ${TRIGGER} as code, obj_description(t.oid, 'pg_trigger') as comment
  from pg_trigger t
  join pg_class c on c.oid = t.tgrelid
  join pg_proc f on f.oid = t.tgfoid
  where not t.tgisinternal and f.pronamespace in ('public'::regnamespace, 'private'::regnamespace)
    and c.relnamespace not in ('public'::regnamespace, 'private'::regnamespace)
  order by t.tgrelid::regclass::text collate "C", t.tgname collate "C"`;

const buckets = `
  select concat_ws(', ', b.id, case when b.public then 'public' else 'private' end,
      'files of ' || b.file_size_limit || ' bytes at most',
      'types ' || array_to_string(b.allowed_mime_types, ' ')) as code,
    null as comment
  from storage.buckets b order by b.id collate "C"`;

const QUERIES = {
  "Rights on schemas": schemas,
  "Default rights": defaults,
  "Roles made by the project": roles,
  "Policies on the platform's tables": policies,
  "Triggers on the platform's tables": triggers,
  "Storage buckets": buckets,
};

export type PlatformLines = Record<keyof typeof QUERIES, Line[]>;

export async function readPlatform(sql: postgres.Sql): Promise<PlatformLines> {
  const found = {} as PlatformLines;
  for (const [title, query] of Object.entries(QUERIES))
    found[title as keyof PlatformLines] = await sql.unsafe<Line[]>(query);
  return found;
}
