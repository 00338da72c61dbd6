// Exports the templates of an organisation as a CSV that can be imported again.
import { z } from "zod";
import { writeCsvRow } from "../../_shared/csv/write-csv-row.ts";
import { parseAnswer } from "../../_shared/db/parse-answer.ts";
import type { UserContext } from "../../_shared/http/context.ts";
import { COLUMNS } from "./read-rows.ts";

const PAGE_ROWS = 1000;
const exported = z.object({
  name: z.string(),
  category: z.string(),
  language: z.string(),
  content: z.string(),
  is_active: z.boolean(),
});

/** All that are not archived, or all that are, by name. */
export async function exportTemplates(
  { db, user }: UserContext,
  { query }: { query: { archived: boolean } },
): Promise<Response> {
  // Excel reads accents in a CSV only after a byte order mark.
  let text = `\ufeff${writeCsvRow(COLUMNS)}`;
  for (let from = 0; ; from += PAGE_ROWS) {
    const rows = db
      .from("templates")
      .select("name, category, language, content, is_active")
      .eq("org_id", user.orgId)
      .order("name")
      .range(from, from + PAGE_ROWS - 1);
    const answer = await (query.archived
      ? rows.not("archived_at", "is", null)
      : rows.is("archived_at", null));
    const page = parseAnswer(answer, z.array(exported));
    for (const row of page) text += writeCsvRow(COLUMNS.map((column) => String(row[column])));
    if (page.length < PAGE_ROWS) break;
  }
  return new Response(text, {
    headers: {
      "content-type": "text/csv; charset=utf-8",
      "content-disposition": 'attachment; filename="templates.csv"',
      "cache-control": "no-store",
    },
  });
}
