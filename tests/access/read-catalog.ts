// The objects to protect, read from the database's catalog.
import postgres from "postgres";
import type { TestStack } from "../fixtures/test-stack.ts";

export interface FoundTable {
  name: string;
  /** Columns of the primary key. */
  key: string[];
  columns: string[];
}

/** Tables and views of every kind in schema public. */
export function readTables(stack: TestStack): Promise<FoundTable[]> {
  return read(
    stack,
    (sql) => sql<FoundTable[]>`
      select c.relname as name,
        array(
          select a.attname::text from pg_index i
          join pg_attribute a on a.attrelid = c.oid and a.attnum = any (i.indkey)
          where i.indrelid = c.oid and i.indisprimary order by a.attnum
        ) as key,
        array(
          select a.attname::text from pg_attribute a
          where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped order by a.attnum
        ) as columns
      from pg_class c
      where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v', 'm', 'f')
      order by c.relname`,
  );
}

/** Names of the functions and procedures of schema public. */
export async function readFunctions(stack: TestStack): Promise<string[]> {
  const rows = await read(
    stack,
    (sql) => sql<{ name: string }[]>`
      select p.proname as name from pg_proc p where p.pronamespace = 'public'::regnamespace order by p.proname`,
  );
  return rows.map(({ name }) => name);
}

/** What a database role may execute of schemas public and private, be it by a grant of its own or by one to everybody. */
export async function readExecutables(
  stack: TestStack,
  role: string,
): Promise<{ public: string[]; private: string[] }> {
  const rows = await read(
    stack,
    (sql) => sql<{ schema: string; name: string }[]>`
      select p.pronamespace::regnamespace::text as schema, p.proname as name from pg_proc p
      where p.pronamespace::regnamespace::text in ('public', 'private')
        and has_function_privilege(${role}, p.oid, 'execute')
      order by p.proname`,
  );
  const of = (schema: string) => rows.filter((row) => row.schema === schema).map(({ name }) => name);
  return { public: of("public"), private: of("private") };
}

/** The kinds of channels that a policy knows, and those to which the database's functions and triggers broadcast. */
export async function readChannelKinds(stack: TestStack): Promise<{ joined: string[]; broadcast: string[] }> {
  const rows = await read(
    stack,
    (sql) => sql<{ name: string; source: string; trigger_arguments: string | null }[]>`
      select p.proname as name, p.prosrc as source,
        (select string_agg(encode(t.tgargs, 'escape'), '') from pg_trigger t where t.tgfoid = p.oid) as trigger_arguments
      from pg_proc p
      where p.pronamespace = 'private'::regnamespace
        and (p.proname = 'topic_org_id' or p.prosrc ~ 'broadcast_rows\\(|realtime\\.(send|broadcast_changes)\\(')`,
  );
  const known = rows.find(({ name }) => name === "topic_org_id")?.source.match(/\^\(([a-z_|]+)\):/)?.[1];
  const sent = rows.flatMap(({ source, trigger_arguments }) => [
    ...[...source.matchAll(/'([a-z_]+):' \|\|/g)].map(([, kind]) => kind as string),
    // Pairs of kind and column, each ended by a zero byte.
    ...(trigger_arguments ?? "").split("\\000").filter((_argument, i) => i % 2 === 0),
  ]);
  return {
    joined: known?.split("|").sort() ?? [],
    broadcast: [...new Set(sent)].filter((kind) => kind !== "").sort(),
  };
}

/** The storage buckets, and whether their files are served to all. */
export async function readBuckets(stack: TestStack): Promise<{ id: string; public: boolean }[]> {
  const rows = await read(
    stack,
    (sql) => sql<{ id: string; public: boolean }[]>`select id, public from storage.buckets order by id`,
  );
  return [...rows];
}

async function read<T>(stack: TestStack, query: (sql: postgres.Sql) => Promise<T>): Promise<T> {
  const sql = postgres(stack.ADMIN_DB_URL, { max: 1, onnotice: () => {} });
  try {
    return await query(sql);
  } finally {
    await sql.end();
  }
}
