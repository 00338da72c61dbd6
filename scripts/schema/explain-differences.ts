// The text for somebody who changed a schema file without a migration, or the other way round.
import type { Change, Difference } from "./compare-catalogs.ts";
import { findObject } from "./find-object.ts";
import type { SqlFile } from "./read-sql-files.ts";

/** Names the object that differs, how it differs, and where to correct it. */
const SENTENCES: Record<Change, (schemaFile: string, migration: string) => string> = {
  missing: (schemaFile) => `${schemaFile} makes it and no migration does. Write one that makes it.`,
  extra: (schemaFile, migration) =>
    `${migration} makes it and ${schemaFile} does. Write a migration that drops it, or put it into a schema file.`,
  different: (schemaFile) =>
    `The migrations make what - says, ${schemaFile} makes what + says. Write a migration that changes it.`,
};

const LAST_COLUMN = "A migration adds columns at the end: move the new one there in the schema file.";

/** @returns a paragraph for each difference */
export function explainDifferences(
  differences: readonly Difference[],
  schemaFiles: readonly SqlFile[],
  migrations: readonly SqlFile[],
): string[] {
  return differences.map((difference) => {
    const { change, kind, name, lines } = difference;
    const file = findObject(schemaFiles, kind, name);
    const schemaFile = file ?? (change === "extra" ? "no schema file" : "supabase/schemas");
    const migration = findObject(migrations, kind, name) ?? "A migration";
    const remedy = kind === "order of columns" ? LAST_COLUMN : SENTENCES[change](schemaFile, migration);
    return [`${change}: ${kind} ${name}`, `  ${remedy}`, ...lines.map((line) => `    ${line}`)].join("\n");
  });
}
