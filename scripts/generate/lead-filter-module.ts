// The functions' schema of a filter of leads, written from the shape by which the database reads one.
import postgres from "postgres";
import { format, type GeneratedFile } from "../tools/generated-file.ts";
import { type Shape, zodOfShape } from "./zod-of-shape.ts";

const PATH = "supabase/functions/_shared/leads/lead-filter.generated.ts";

/** @param databaseUrl a database with all migrations applied */
export async function leadFilterModule(databaseUrl: string): Promise<GeneratedFile> {
  const sql = postgres(databaseUrl, { max: 1, onnotice: () => {} });
  try {
    const [row] = await sql<{ shape: Shape }[]>`select private.lead_filter_shape() as shape`;
    const fields = Object.entries((row as { shape: Shape }).shape.properties ?? {})
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, shape]) => `${name}: ${zodOfShape(shape)}.optional(),`);
    const text = [
      "// Generated from private.lead_filter_shape by `npm run generate`: do not edit.",
      'import { z } from "zod";',
      'import { exactLine, exactText, oneLine } from "../http/one-line.ts";',
      'import { plainNumber } from "./plain-number.ts";',
      "",
      "export const filterFields = {",
      ...fields,
      "};",
    ].join("\n");
    return { path: PATH, text: await format(PATH, `${text}\n`) };
  } finally {
    await sql.end({ timeout: 5 });
  }
}
