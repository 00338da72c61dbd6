// Imports templates from a CSV; each row has its outcome.
import { z } from "zod";
import { parseAnswer } from "../../_shared/db/parse-answer.ts";
import type { UserContext } from "../../_shared/http/context.ts";
import { readFile } from "./read-file.ts";
import { readRows } from "./read-rows.ts";
import { type ImportAnswer, importedRow } from "./schemas.ts";

/** @throws AppError for a file that can't be read; a wrong row is refused by itself, and the others are written */
export async function importTemplates(
  { db, request }: UserContext,
  { query }: { query: { dry_run: boolean; on_conflict: "refuse" | "update" } },
): Promise<ImportAnswer> {
  const { rows, refused, ignoredColumns } = readRows(await readFile(request));
  const written =
    rows.length === 0
      ? []
      : parseAnswer(
          await db.rpc("import_templates", {
            p_rows: rows.map(({ line, fields }) => ({ line, fields })),
            p_on_conflict: query.on_conflict,
            p_is_dry_run: query.dry_run,
          }),
          z.array(importedRow),
        );
  const all = [...written, ...refused].sort((a, b) => a.line - b.line);
  const countOf = (outcome: string) => all.filter((row) => row.outcome === outcome).length;
  return {
    dry_run: query.dry_run,
    created: countOf("created"),
    updated: countOf("updated"),
    refused: countOf("refused"),
    ignored_columns: ignoredColumns,
    // What a dry run would have created has no id.
    rows: query.dry_run
      ? all.map((row) => (row.outcome === "created" ? { ...row, template_id: null } : row))
      : all,
  };
}
