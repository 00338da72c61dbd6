// Writes the rows that were not imported as a CSV: the file's own columns and the reason, to be corrected and imported again.
import { writeCsvRow } from "../../_shared/csv/write-csv-row.ts";
import { dataOrThrow } from "../../_shared/db/data-or-throw.ts";
import type { UserContext } from "../../_shared/http/context.ts";
import { getImport } from "./get-import.ts";
import type { LeadImport, Rejection } from "./schemas.ts";
import { selectRejections } from "./select-rejections.ts";

const PAGE_ROWS = 1000;
/** So few rows are never too large an answer: each holds at most one line of the file. */
const FEW_ROWS = 10;
const OWN_COLUMNS = ["import_line", "import_outcome", "import_field", "import_reason"];

/**
 * Streams the rows page by page. Unless outcomes are named, these are the rejected and the duplicate rows: rows with warnings
 * were imported.
 */
export async function downloadRejections(
  ctx: UserContext,
  { params, query }: { params: { id: string }; query: { outcome?: Rejection["outcome"][] } },
): Promise<Response> {
  const leadImport = await getImport(ctx, { params });
  const outcomes = query.outcome?.length ? query.outcome : (["rejected", "duplicate"] as const);
  const pages = writePages(ctx, leadImport, [...outcomes]);
  // The first page is read before the answer begins, so that an error can still be answered as one.
  const first = await pages.next();
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(first.value as Uint8Array),
    async pull(controller) {
      const { done, value } = await pages.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
  });
  const name = leadImport.file_name.replace(/\.\w+$/, "").replace(/[^\w.-]+/g, "-");
  return new Response(body, {
    headers: {
      "content-type": "text/csv; charset=utf-8",
      "content-disposition": `attachment; filename="${name}-rejections.csv"`,
      "cache-control": "no-store",
    },
  });
}

async function* writePages(
  ctx: UserContext,
  { id, columns: all }: LeadImport,
  outcomes: Rejection["outcome"][],
): AsyncGenerator<Uint8Array, undefined> {
  const encoder = new TextEncoder();
  // A file that is itself such a download has our columns already: the new reasons stand in place of its old ones.
  const columns = all.flatMap((name, at) => (OWN_COLUMNS.includes(name) ? [] : [{ name, at }]));
  // Excel reads accents in a CSV only after a byte order mark.
  let text = `\ufeff${writeCsvRow([...columns.map(({ name }) => name), ...OWN_COLUMNS])}`;
  let after: { line: number; id: number } | undefined;
  let limit = PAGE_ROWS;
  for (;;) {
    let rows = selectRejections(ctx, id, outcomes);
    if (after) rows = rows.or(`line.gt.${after.line},and(line.eq.${after.line},id.gt.${after.id})`);
    const answer = await rows.limit(limit);
    if (answer.error?.hint === "page_too_large" && limit > FEW_ROWS) {
      limit = FEW_ROWS;
      continue;
    }
    const page = dataOrThrow(answer);
    for (const { line, outcome, field, reason, raw } of page) {
      const cells = raw as string[];
      // Surplus cells stand to the right of ours. So they shift nothing, and the row is refused again until they are moved.
      const surplus = cells.slice(all.length);
      const isSurplus = surplus.some((cell) => cell.trim() !== "");
      const own = columns.map(({ at }) => cells[at] ?? "");
      text += writeCsvRow([...own, line, outcome, field, reason, ...(isSurplus ? surplus : [])]);
    }
    yield encoder.encode(text);
    const last = page.at(-1);
    if (page.length < limit || !last) return undefined;
    after = { line: last.line, id: last.id };
    text = "";
  }
}
