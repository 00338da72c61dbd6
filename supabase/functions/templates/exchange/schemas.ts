// What the import of templates answers.
import { z } from "zod";

const count = z.number().int();

export const importedRow = z.object({
  line: count.describe("The line of the file on which the row begins"),
  name: z.string().nullable(),
  outcome: z.enum(["created", "updated", "refused"]),
  template_id: z.uuid().nullish().describe("Of a row that was written"),
  version: count.nullish(),
  errors: z.array(z.object({ field: z.string(), message: z.string() })).optional(),
});
export type ImportedRow = z.output<typeof importedRow>;

export const importAnswer = z.object({
  dry_run: z.boolean().describe("Whether the rows were only judged"),
  created: count,
  updated: count,
  refused: count,
  ignored_columns: z.array(z.string()).describe("Columns of the file that have no meaning here"),
  rows: z.array(importedRow),
});
export type ImportAnswer = z.output<typeof importAnswer>;
