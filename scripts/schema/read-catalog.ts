// The contents of a database in a form that can be compared: each of our objects with its definition, and rows that SQL inserts.
import { readFile } from "node:fs/promises";
import postgres from "postgres";

export interface CatalogObject {
  kind: string;
  /** With its schema, and with its table if it belongs to one. */
  name: string;
  definition: string;
}

/** A function as a migration writes it. */
export interface FunctionText {
  /** `create or replace function …`, without a semicolon. */
  definition: string;
  /** Arguments with names and defaults, and what it returns: `create or replace` can't change all of that. */
  head: string;
  comment: string | null;
  /** Roles that may execute it, its owner left out. */
  grantees: string[];
}

export interface Catalog {
  objects: CatalogObject[];
  /** By the name in `objects`: with its schema and the types of its arguments. */
  functions: Map<string, FunctionText>;
}

/** Functions whose value differs at every migration. */
const CHANGES_WITH_TIME = /\b(now|clock_timestamp|gen_random_uuid|uuid_v7|nextval|random)\(|\bCURRENT_/;

/** @param databaseUrl of a superuser, who sees everything; the database must be unused */
export async function readCatalog(databaseUrl: string): Promise<Catalog> {
  const sql = postgres(databaseUrl, { max: 1, onnotice: () => {} });
  try {
    await sql`set search_path = ''`;
    const query = await readFile(new URL("catalog.sql", import.meta.url), "utf8");
    const objects = (await sql.unsafe(query)).map(({ kind, name, definition }) => ({
      kind: String(kind),
      name: String(name),
      definition: String(definition ?? ""),
    }));
    return { objects: [...objects, ...(await readRows(sql))], functions: await readFunctions(sql) };
  } finally {
    await sql.end({ timeout: 5 });
  }
}

/** Rows that the SQL itself inserts into our tables, such as kinds of work. */
async function readRows(sql: postgres.Sql): Promise<CatalogObject[]> {
  const tables = await sql`
    select n.nspname || '.' || c.relname as name, format('%I.%I', n.nspname, c.relname) as quoted,
      coalesce((select array_agg(a.attname::text order by k.place)
        from pg_index i, unnest(i.indkey) with ordinality as k (attnum, place), pg_attribute a
        where i.indrelid = c.oid and i.indisprimary and a.attrelid = c.oid and a.attnum = k.attnum), '{}') as key,
      coalesce((select array_agg(a.attname::text) from pg_attrdef d join pg_attribute a on a.attrelid = d.adrelid and a.attnum = d.adnum
        where d.adrelid = c.oid and pg_get_expr(d.adbin, d.adrelid) ~ ${CHANGES_WITH_TIME.source.replaceAll("\\b", "\\y")}), '{}') as fleeting
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname in ('public', 'private') and c.relkind = 'r'
    order by 1`;
  const found: CatalogObject[] = [];
  for (const { name, quoted, key, fleeting } of tables) {
    const rows = await sql.unsafe(
      `select to_jsonb(t) - $1::text[] as kept, (select string_agg(to_jsonb(t) ->> k, ', ') from unnest($2::text[]) k) as key
      from ${quoted} t order by to_jsonb(t) - $1::text[]`,
      [fleeting, key.filter((column: string) => !fleeting.includes(column))],
    );
    rows.forEach(({ kept, key: values }, i) => {
      const definition = Object.entries(kept).map(([column, value]) => `${column}: ${JSON.stringify(value)}`);
      found.push({ kind: "row", name: `${name}.${values ?? i + 1}`, definition: definition.join("\n") });
    });
  }
  return found;
}

async function readFunctions(sql: postgres.Sql): Promise<Map<string, FunctionText>> {
  const rows = await sql`
    select p.oid::regprocedure::text as name, pg_get_functiondef(p.oid) as definition, obj_description(p.oid, 'pg_proc') as comment,
      concat_ws(' ', pg_get_function_arguments(p.oid), 'returns', pg_get_function_result(p.oid)) as head,
      array(select case x.grantee when 0 then 'public' else x.grantee::regrole::text end
        from aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) x
        where x.grantee <> p.proowner and x.privilege_type = 'EXECUTE' order by 1) as grantees
    from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where n.nspname in ('public', 'private') and p.prokind in ('f', 'p')
      and not exists (select from pg_depend d where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e')`;
  return new Map(
    rows.map(({ name, definition, head, comment, grantees }) => [
      name as string,
      { definition: (definition as string).trimEnd(), head, comment, grantees },
    ]),
  );
}
