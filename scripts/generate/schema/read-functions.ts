// Functions and procedures of our schemas: everything a caller sees, without their bodies.
import type postgres from "postgres";
import { GRANTEE } from "./relation-parts.ts";

export interface CatalogFunction {
  /** With its schema. */
  name: string;
  /** Name, arguments with defaults, and what it returns. */
  signature: string;
  /** Language, volatility, security (definer or invoker), and settings while it runs. */
  facts: string[];
  /** Roles that may execute it, besides its owner. */
  mayExecute: string[];
  comment: string | null;
}

/** Ordered by name, then by arguments. */
export async function readFunctions(sql: postgres.Sql): Promise<CatalogFunction[]> {
  return await sql<CatalogFunction[]>`
    select p.pronamespace::regnamespace || '.' || quote_ident(p.proname) as name,
      p.pronamespace::regnamespace || '.' || quote_ident(p.proname) || '(' || pg_get_function_arguments(p.oid) || ')'
        || coalesce(' returns ' || pg_get_function_result(p.oid), '') as signature,
      array_remove(array[
        case p.prokind when 'p' then 'procedure' when 'a' then 'aggregate' when 'w' then 'window function' end,
        l.lanname,
        case p.provolatile when 'i' then 'immutable' when 's' then 'stable' else 'volatile' end,
        case when p.prosecdef then 'security definer' end,
        case when p.proisstrict then 'strict' end,
        case when p.proleakproof then 'leakproof' end,
        case p.proparallel when 's' then 'parallel safe' when 'r' then 'parallel restricted' end,
        case when p.procost <> 100 then 'cost ' || p.procost end,
        case when p.proretset and p.prorows <> 1000 then 'rows ' || p.prorows end,
        case when pg_get_userbyid(p.proowner) <> 'postgres' then 'owner ' || pg_get_userbyid(p.proowner) end,
        case when not coalesce('search_path=""' = any (p.proconfig), false) then 'search_path is the caller''s' end
      ], null) || array(select s from unnest(p.proconfig) s where s <> 'search_path=""' order by s collate "C") as facts,
      array(
        select ${sql.unsafe(GRANTEE)} as role
        from aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) g
        where g.grantee <> p.proowner and g.privilege_type = 'EXECUTE' order by 1) as "mayExecute",
      obj_description(p.oid, 'pg_proc') as comment
    from pg_proc p
    join pg_language l on l.oid = p.prolang
    where p.pronamespace in ('public'::regnamespace, 'private'::regnamespace)
      and not exists (select 1 from pg_depend d where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e')
    order by p.pronamespace::regnamespace::text collate "C", p.proname collate "C", pg_get_function_identity_arguments(p.oid) collate "C"`;
}
