// Builds the SQL of pgmq 1.5.1, the version hosted projects have, out of a package that only carries 1.11.1.
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { readTarball } from "./read-tarball.ts";

export const PGMQ_VERSION = "1.5.1";

/**
 * Functions whose text did not change between 1.5.1 and 1.11.1: the base file's are kept. `_extension_exists` was only
 * re-quoted, `_ensure_pg_partman_installed` only re-worded; both return the same.
 */
const UNCHANGED = [
  "_belongs_to_pgmq",
  "_ensure_pg_partman_installed",
  "_extension_exists",
  "_get_partition_col",
  "_get_pg_partman_major_version",
  "_get_pg_partman_schema",
  "create",
  "delete",
  "format_table_name",
  "list_queues",
  "metrics_all",
  "purge_queue",
];

/** Upgrade scripts that hold the 1.5.1 text of everything else, oldest first; a later text replaces an earlier one. */
const HISTORY: { script: string; only?: string[] }[] = [
  { script: "pgmq--1.1.1--1.2.0.sql", only: ["validate_queue_name"] },
  { script: "pgmq--1.4.0--1.4.1.sql", only: ["detach_archive"] },
  { script: "pgmq--1.4.3--1.4.4.sql", only: ["convert_archive_partitioned"] },
  { script: "pgmq--1.4.5--1.5.0.sql" },
  { script: "pgmq--1.5.0--1.5.1.sql" },
];

/** The extension's own schema must not belong to the role that ran `create extension` (as on hosted projects). */
const OWNERSHIP = `
alter schema pgmq owner to current_user;
grant usage, create on schema pgmq to postgres with grant option;
grant all on all tables in schema pgmq to postgres with grant option;
grant all on all sequences in schema pgmq to postgres with grant option;
grant execute on all functions in schema pgmq to postgres with grant option;
`;

/** Removes what is newer than 1.5.1, including `message_record.last_read_at` (the queue tables then lack that column too). */
const BACK_TO_1_5_1 = `
alter extension pgmq drop table pgmq.topic_bindings;
drop table pgmq.topic_bindings;
alter extension pgmq drop table pgmq.notify_insert_throttle;
drop table pgmq.notify_insert_throttle;
do $reduce$
declare
  newer regprocedure;
begin
  for newer in
    select p.oid::regprocedure from pg_catalog.pg_proc p
    where p.pronamespace = 'pgmq'::regnamespace
      and p.proname <> all ('{${UNCHANGED.join(",")}}'::name[])
  loop
    execute pg_catalog.format('drop function %s', newer);
  end loop;
end
$reduce$;
alter type pgmq.message_record drop attribute last_read_at;
`;

/** Returns the text for `pgmq--1.5.1.sql`; throws when the package does not hold the expected scripts. */
export async function buildPgmqSql(): Promise<string> {
  const require = createRequire(import.meta.url);
  const folder = dirname(require.resolve("@electric-sql/pglite-pgmq"));
  const files = await readTarball(join(folder, "pgmq.tar.gz"));
  const base = files.get("pgmq--1.11.1.sql");
  if (!base)
    throw new Error(
      "@electric-sql/pglite-pgmq does not contain pgmq--1.11.1.sql: reinstall the pinned version.",
    );

  const restored = new Map<string, string>();
  for (const { script, only } of HISTORY) {
    const text = files.get(script);
    if (text === undefined)
      throw new Error(`@electric-sql/pglite-pgmq does not contain ${script}: reinstall it.`);
    for (const { name, signature, statement } of createdFunctions(text)) {
      if (!only || only.includes(name)) restored.set(signature, statement);
    }
  }
  return [base, BACK_TO_1_5_1, ...restored.values(), OWNERSHIP].join("\n");
}

/** Every complete plpgsql or SQL `create function pgmq.…` statement of a script. */
function createdFunctions(script: string) {
  const pattern = /CREATE (?:OR REPLACE )?FUNCTION (pgmq\."?(\w+)"?\([^)]*\))[\s\S]*?\$\$ LANGUAGE \w+;/gi;
  return [...script.matchAll(pattern)].map((match) => ({
    name: match[2] ?? "",
    signature: (match[1] ?? "").replace(/\s+/g, " "),
    statement: match[0],
  }));
}
