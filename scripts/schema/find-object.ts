// Finds the SQL file that makes an object of the catalog.
import type { SqlFile } from "./read-sql-files.ts";

/** @returns the path of the last file that makes it; undefined if none does */
export function findObject(files: readonly SqlFile[], kind: string, name: string): string | undefined {
  for (const pattern of patternsFor(kind, name)) {
    const found = files.findLast(({ text }) => pattern.test(text));
    if (found) return found.path;
  }
  return undefined;
}

const EXISTS = "(?:if (?:not )?exists )?";

/** Patterns in order of preference: the statement that makes it, then that of the table it belongs to. */
function patternsFor(kind: string, name: string): RegExp[] {
  const [schema = "", relation = "", ...rest] = name.split(".");
  const own = rest.join(".");
  const table = statement(`create table ${EXISTS}${literal(`${schema}.${relation}`)}`);
  switch (kind) {
    case "function":
      return [
        statement(`create (?:or replace )?(?:function|procedure) ${literal(name.split("(")[0] ?? name)}`),
      ];
    case "table":
    case "order of columns":
      return [table];
    case "view":
      return [statement(`create (?:or replace )?(?:materialized )?view ${literal(name)}`)];
    case "type":
      return [statement(`create (?:type|domain) ${literal(name)}`)];
    case "column":
      return [
        statement(
          `alter table ${EXISTS}${literal(`${schema}.${relation}`)} [^;]*add column ${EXISTS}${literal(own)}`,
        ),
        table,
      ];
    case "constraint":
      return [statement(`constraint ${literal(own)}`), table];
    case "index":
      return [statement(`index (?:concurrently )?${EXISTS}${literal(own)}`), table];
    case "trigger":
      return [statement(`trigger ${literal(own)}`), table];
    case "policy":
      return [statement(`policy "?${literal(own)}"?`), table];
    case "row":
      return [statement(`insert into ${literal(`${schema}.${relation}`)}`), table];
    case "statistics":
      return [statement(`create statistics ${EXISTS}${literal(name)}`)];
    case "cron job":
      return [new RegExp(`cron\\.schedule\\('${literal(name)}'`)];
    case "queue":
      return [new RegExp(`pgmq\\.create\\('${literal(name)}'`)];
    case "bucket":
      return [new RegExp(`storage\\.buckets[\\s\\S]*'${literal(name)}'`)];
    case "schema":
    case "role":
    case "extension":
      return [new RegExp(`\\b${kind} ${EXISTS}${literal(name)}\\b`, "i")];
    default:
      return [];
  }
}

/** @param words a pattern in which a space stands for any white space */
function statement(words: string): RegExp {
  return new RegExp(`\\b${words.replaceAll(" ", "\\s+")}(?!\\w)`, "i");
}

function literal(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/-]/g, "\\$&");
}
